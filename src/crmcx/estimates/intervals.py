"""Intervals from counts: shares by Wilson's, the Net Promoter Score by Tango's score interval.

Both test the value instead of adding a margin to it, which keeps their level in small samples. Where one customer
gives several observations, the counts are shrunk to the size of an independent sample that is as sure.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import sqrt
from statistics import NormalDist

from crmcx.errors import UsageError
from crmcx.estimates.estimate import Interval
from crmcx.estimates.sums import Sums

_STEPS = 80


def normal_quantile(level: float) -> float:
    """The two-sided normal quantile of a confidence level.

    Raises:
        UsageError: The level does not lie between 0 and 1.
    """
    if not 0 < level < 1:
        msg = f"found the confidence level {level}, expected one between 0 and 1"
        raise UsageError(msg, hint="say level=0.95 for 95 %")
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson_interval(successes: float, n: float, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share.

    Args:
        successes: Successes; may be a fraction when it was shrunk for clusters.
        n: Trials, above 0; likewise.
        level: Confidence level.

    Returns:
        The interval; its ends lie between 0 and 1.

    Raises:
        UsageError: There are no trials, or more successes than trials.

    Example:
        >>> found = wilson_interval(15, 148)
        >>> round(found.low, 4), round(found.high, 4)
        (0.0624, 0.1605)

    Source:
        Wilson (1927), J. Am. Stat. Assoc. 22:209; the example is Newcombe (1998), Stat. Med. 17:857, table I.
    """
    if not 0 <= successes <= n or n <= 0:
        msg = f"found {successes} successes of {n} trials, expected 0 <= successes <= trials and trials above 0"
        raise UsageError(msg, hint="an empty sample has no interval")
    z = normal_quantile(level)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    margin = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes == 0 else max(0.0, centre - margin)
    high = 1.0 if successes == n else min(1.0, centre + margin)
    return Interval(low, high, level, "Wilson")


def nps_interval(promoters: float, passives: float, detractors: float, level: float = 0.95) -> Interval:
    """The score interval of the Net Promoter Score: all values that a test at this level does not reject.

    Args:
        promoters: Answers of 9 and 10; may be a fraction when the counts were shrunk for clusters.
        passives: Answers of 7 and 8.
        detractors: Answers of 0 to 6.
        level: Confidence level.

    Returns:
        The interval in points, from -100 to 100.

    Raises:
        UsageError: A count is negative, or all are 0.

    Source:
        The score interval of a difference of two shares of one sample, Tango (1998), Stat. Med. 17:891.
    """
    n = promoters + passives + detractors
    if min(promoters, passives, detractors) < 0 or n <= 0:
        msg = f"found {promoters} promoters, {passives} passives and {detractors} detractors, expected counts above 0"
        raise UsageError(msg, hint="an empty sample has no interval")
    z = normal_quantile(level)
    found = (promoters - detractors) / n

    def rejected(value: float) -> bool:
        """Whether the score test rejects this difference of the shares."""
        most_likely = restricted_share(promoters, passives, detractors, value)
        variance = max(0.0, 2 * most_likely - value - value * value) / n
        return (found - value) ** 2 > z * z * variance

    low = _edge(rejected, inside=found, outside=-1.0)
    high = _edge(rejected, inside=found, outside=1.0)
    return Interval(100 * low, 100 * high, level, "score")


def restricted_share(promoters: float, passives: float, detractors: float, difference: float) -> float:
    """The most likely share of promoters when promoters and detractors differ by just this much.

    The likelihood's root of 2np² - ((a+c)(1+d) + 2d(a+b))p + a·d(1+d) = 0, for a promoters, b passives, c detractors.
    """
    n = promoters + passives + detractors
    b = (promoters + detractors) * (1 + difference) + 2 * difference * (promoters + passives)
    c = promoters * difference * (1 + difference)
    root = (b + sqrt(max(0.0, b * b - 8 * n * c))) / (4 * n)
    return min(max(root, difference, 0.0), (1 + difference) / 2)


def _edge(rejected: Callable[[float], bool], *, inside: float, outside: float) -> float:
    """Where the test begins to reject, by halving."""
    if not rejected(outside):
        return outside
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if middle in {inside, outside}:
            break
        if rejected(middle):
            outside = middle
        else:
            inside = middle
    return inside


def effective_size(sums: Sums) -> float:
    """The size of an independent sample that would be as sure as this one, at most `n`.

    The variance of a mean of n observations from G clusters is taken between the clusters,
    G/(G-1) · Σ_g(Σ_i w(x - mean))² / (Σw)², and compared with that of n independent ones. Where all observations are
    equal the two cannot be compared, and each cluster counts once; with weights, (Σw)² / Σ_g(Σ_i w)² of them count.

    Args:
        sums: Sums over observations and clusters.

    Returns:
        A number between 1 and `n`; 0 for an empty sample. One cluster counts as one observation.

    Source:
        Korn and Graubard (1998), Survey Methodology 24:193, for the effective size in intervals of shares.
    """
    n, clusters = sums.n, sums.clusters
    if not clusters or (clusters == n and sums.weight is None):
        return float(n)
    if clusters == 1:
        return 1.0
    size = Fraction(sums.size)
    if not sums.spread:
        return float(clusters) if sums.weight is None else float(size * size / Fraction(sums.cluster_sizes))
    effect = sums.between * n * clusters / (size * size * sums.spread * (clusters - 1))
    return float(n / max(Fraction(1), effect))
