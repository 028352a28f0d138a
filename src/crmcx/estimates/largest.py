"""The probability that the largest of many standardised differences is beyond a threshold by chance."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import erfc, exp, fsum, pi, sqrt

from crmcx.estimates.gauss import legendre
from crmcx.estimates.reach import two_sided

_FEWEST_NODES, _MOST_NODES = 48, 480
_NODES_PER_STEP = 12
_FAR = 8.0
_NEGLIGIBLE = 1e-10


def largest_beyond(threshold: float, gains: Sequence[float]) -> float:
    """The probability that any of the standardised differences is beyond a threshold when nothing changed.

    The differences are a Markov chain of standard normal variables: two that follow each other, with gains a and b, are
    correlated by a / b. The density of the chain that stayed within the threshold is carried from split to split, by
    numerical integration. Splits that are nearly the same as the one before, which so many nodes would not tell apart,
    are added by the sum of probabilities, which is at most too large.

    Args:
        threshold: Above 0.
        gains: For each split the root of the information before it over that after it; increasing.
    """
    alone = two_sided(threshold)
    if alone * len(gains) < _NEGLIGIBLE:
        return alone * len(gains)
    narrowest = _NODES_PER_STEP * threshold / _MOST_NODES
    ratios, added, kept = [], 0.0, gains[0]
    for gain in gains[1:]:
        spread = sqrt(1 - (kept / gain) ** 2)
        if spread < narrowest:
            added += _only_the_next(threshold, spread)
        else:
            ratios.append(kept / gain)
            kept = gain
    widths = [sqrt(1 - ratio * ratio) for ratio in ratios]
    nodes, weights = legendre(max(_FEWEST_NODES, round(_NODES_PER_STEP * threshold / min(widths, default=1.0))))
    points = [threshold * node for node in nodes]
    sizes = [threshold * weight for weight in weights]
    density = [_normal(point) for point in points]
    for ratio, spread in zip(ratios, widths, strict=True):
        density = _carried(density, points, sizes, ratio, spread)
    within = fsum(each * size for each, size in zip(density, sizes, strict=True))
    return min(1.0, alone * len(gains), max(1 - within + added, alone))


def _carried(
    density: Sequence[float], points: Sequence[float], sizes: Sequence[float], ratio: float, spread: float
) -> list[float]:
    """The density one split later."""
    mass = [each * size for each, size in zip(density, sizes, strict=True)]
    starts = [ratio * point for point in points]
    found = []
    for point in points:
        near = range(bisect_left(starts, point - _FAR * spread), bisect_right(starts, point + _FAR * spread))
        found.append(fsum(mass[place] * _normal((point - starts[place]) / spread) for place in near) / spread)
    return found


def _only_the_next(threshold: float, spread: float) -> float:
    """The probability that a variable is beyond the threshold and the one before it is not."""
    ratio = sqrt(1 - spread * spread)
    nodes, weights = legendre(_FEWEST_NODES)
    half = min(_FAR * spread, 2 * threshold) / 2
    points = [threshold - half + half * node for node in nodes]
    beyond = [erfc((threshold - ratio * point) / (spread * sqrt(2))) / 2 for point in points]
    return (
        2
        * half
        * fsum(weight * _normal(point) * part for weight, point, part in zip(weights, points, beyond, strict=True))
    )


def _normal(value: float) -> float:
    return exp(-0.5 * value * value) / sqrt(2 * pi)
