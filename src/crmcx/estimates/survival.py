"""Quantiles of times of which some have not ended yet: Kaplan and Meier's, with Brookmeyer and Crowley's interval."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import exp, log, sqrt

from attrs import frozen

from crmcx.errors import UsageError
from crmcx.estimates.estimate import Interval
from crmcx.estimates.intervals import normal_quantile

_EQUAL = 1e-12


@frozen
class Durations:
    """How many lasted how long, and how many of them ended then."""

    length_us: int
    """Length in microseconds, not negative."""
    ended: int
    """How many ended after this length."""
    open: int
    """How many were still open after this length, when they were last looked at."""


@frozen
class _Step:
    length_us: int
    share: float
    """Share that is still open after this length."""
    low: float
    high: float


def quantile_of(
    durations: Iterable[Durations], quantile: float = 0.5, level: float = 0.95
) -> tuple[timedelta | None, Interval | None]:
    """The length after which a share of all has ended, open ones included.

    The share still open is estimated by the product of the shares that outlive each length. Its quantile is the first
    length at which it falls to 1 - quantile; where it stands there until the next end, the middle of the two, so that
    without open ones the median is the usual one.

    Args:
        durations: Lengths with counts, in any order.
        quantile: Between 0 and 1; 0.5 is the median.
        level: Confidence level of the interval.

    Returns:
        The quantile, None when too many are open; and its interval (log-log), whose upper end is None when it is not
        reached, and which is None when even its lower end is not.

    Raises:
        UsageError: The quantile or the level does not lie between 0 and 1.

    Source:
        Kaplan and Meier (1958), J. Am. Stat. Assoc. 53:457; Brookmeyer and Crowley (1982), Biometrics 38:29.
    """
    if not 0 < quantile < 1:
        msg = f"found the quantile {quantile}, expected one between 0 and 1"
        raise UsageError(msg, hint="say quantile=0.5 for the median, 0.9 for the time in which nine of ten ended")
    steps = _steps(sorted(durations, key=lambda each: each.length_us), normal_quantile(level))
    target = 1 - quantile
    value = _reach(steps, target)
    low = _first(steps, target, low=True)
    high = _first(steps, target, low=False)
    if low is None:
        return value, None
    return value, Interval(low, high, level, "Brookmeyer-Crowley, log-log")


def _steps(durations: list[Durations], z: float) -> list[_Step]:
    """The estimated share still open after each length at which something ended, with its band."""
    at_risk = sum(each.ended + each.open for each in durations)
    merged: dict[int, list[int]] = {}
    for each in durations:
        counts = merged.setdefault(each.length_us, [0, 0])
        counts[0] += each.ended
        counts[1] += each.open
    found = []
    before, since, variance = 1.0, at_risk, 0.0  # the share and the number at risk when one was last left open
    for length_us, (ended, still_open) in merged.items():
        left = at_risk - ended
        if ended and not left:
            found.append(_Step(length_us, 0.0, 0.0, 1.0))
        elif ended:
            variance += ended / (at_risk * left)
            share = before * (left / since)
            found.append(_Step(length_us, share, *_band(share, variance, z)))
        at_risk = left - still_open
        if still_open and at_risk:
            before, since = before * (left / since), at_risk
    return found


def _band(share: float, variance: float, z: float) -> tuple[float, float]:
    width = z * sqrt(variance) / log(share)
    return exp(log(share) * exp(-width)), exp(log(share) * exp(width))


def _reach(steps: list[_Step], target: float) -> timedelta | None:
    for number, step in enumerate(steps):
        if abs(step.share - target) <= _EQUAL and number + 1 < len(steps):
            return timedelta(microseconds=(step.length_us + steps[number + 1].length_us) / 2)
        if step.share <= target + _EQUAL:
            return timedelta(microseconds=step.length_us)
    return None


def _first(steps: list[_Step], target: float, *, low: bool) -> timedelta | None:
    """The first length at which the lower or the upper end of the band has fallen to the target."""
    for step in steps:
        if (step.low if low else step.high) <= target + _EQUAL:
            return timedelta(microseconds=step.length_us)
    return None
