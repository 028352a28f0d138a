"""Quantiles of times of which some have not ended yet: Kaplan and Meier's, with Brookmeyer and Crowley's interval."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import exp, fsum, inf, log, sqrt

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
    entered: int = 0
    """How many came to be watched only after this length, having lasted so long before; all others were watched from
    their beginning."""


@frozen
class Step:
    """The share that is still open after a length at which something ended."""

    length_us: int
    """The length in microseconds."""
    at_risk: int
    """How many were open, and watched, until then."""
    ended: int
    """How many ended then."""
    share: float
    """Share of all that is still open."""
    variance: float
    """Greenwood's sum up to here: the variance of the logarithm of the share; infinite where nothing is left."""
    low: float
    """Lower end of the band (log-log)."""
    high: float
    """Upper end of it."""

    @property
    def error(self) -> float:
        """Greenwood's standard error of the share."""
        return self.share * sqrt(self.variance) if self.share else 0.0


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
    steps = steps_of(durations, level)
    target = 1 - quantile
    value = _reach(steps, target)
    low = _first(steps, target, low=True)
    high = _first(steps, target, low=False)
    if low is None:
        return value, None
    return value, Interval(low, high, level, "Brookmeyer-Crowley, log-log")


def steps_of(durations: Iterable[Durations], level: float = 0.95) -> list[Step]:
    """Kaplan and Meier's estimate, step by step.

    Who came to be watched late counts among those at risk after the length she then had, and not before.

    Args:
        durations: Lengths with counts, in any order.
        level: Confidence level of the band.

    Returns:
        A step for each length at which something ended, in order.

    Raises:
        UsageError: The level does not lie between 0 and 1.
    """
    z = normal_quantile(level)
    merged = _merged(durations)
    at_risk = sum(ended + still_open - entered for _, ended, still_open, entered in merged)
    found = []
    before, since, variance = 1.0, at_risk, 0.0  # the share and the number at risk when that last changed otherwise
    for length_us, ended, still_open, entered in merged:
        left = at_risk - ended
        if ended and not left:
            variance = inf
            found.append(Step(length_us, at_risk, ended, 0.0, inf, 0.0, 1.0))
            before = 0.0
        elif ended:
            variance += ended / (at_risk * left)
            share = before * (left / since)
            low, high = _band(share, variance, z) if share else (0.0, 1.0)
            found.append(Step(length_us, at_risk, ended, share, variance, low, high))
        at_risk = left - still_open + entered
        if still_open or entered:
            before, since = before * (left / since) if since else before, at_risk
    return found


def has_gap(durations: Iterable[Durations]) -> bool:
    """Whether at some length nobody was watched, although somebody was later: what ended there is not known."""
    merged = _merged(durations)
    at_risk = sum(ended + still_open - entered for _, ended, still_open, entered in merged)
    later = sum(entered for *_, entered in merged)
    for _, ended, still_open, entered in merged:
        if not at_risk and later:
            return True
        at_risk += entered - ended - still_open
        later -= entered
    return False


def restricted_mean(
    durations: Iterable[Durations], until: timedelta, level: float = 0.95
) -> tuple[timedelta | None, Interval | None]:
    """The mean length when none is followed for longer than a time: the area under the estimate up to it.

    Args:
        durations: Lengths with counts, in any order.
        until: The time, above zero.
        level: Confidence level of the interval.

    Returns:
        The mean, None where nothing was watched so long and not all had ended; and its interval, by Greenwood's
        variance and the normal distribution, which is None where nothing ended or nothing is left.

    Raises:
        UsageError: The time is not above zero, or the level does not lie between 0 and 1.

    Source:
        Klein and Moeschberger (2003), Survival Analysis, 2nd edition, section 4.5.
    """
    if until <= timedelta():
        msg = f"found until={until}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=365)")
    given = list(durations)
    end = until // timedelta(microseconds=1)
    steps = [step for step in steps_of(given, level) if step.length_us < end]
    longest = max((each.length_us for each in given if each.ended or each.open), default=0)
    gone = bool(steps) and not steps[-1].share
    if longest < end and not gone:
        return None, None
    starts = [0, *(step.length_us for step in steps)]
    ends = [*starts[1:], end]
    shares = [1.0, *(step.share for step in steps)]
    areas = [share * (last - first) for share, first, last in zip(shares, starts, ends, strict=True)]
    mean = fsum(areas)
    beyond = mean
    terms = []
    for step, area in zip(steps, areas, strict=False):
        beyond -= area
        left = step.at_risk - step.ended
        if left:
            terms.append(beyond * beyond * step.ended / (step.at_risk * left))
    error = sqrt(fsum(terms))
    value = timedelta(microseconds=mean)
    if not error:
        return value, None
    margin = normal_quantile(level) * error
    low, high = max(0.0, mean - margin), min(float(end), mean + margin)
    ends_of = timedelta(microseconds=low), timedelta(microseconds=high)
    return value, Interval(*ends_of, level, "normal, Greenwood")


def _merged(durations: Iterable[Durations]) -> list[tuple[int, int, int, int]]:
    """Each length once, in order: how many ended, were open and entered."""
    counts: dict[int, tuple[int, int, int]] = {}
    for each in durations:
        ended, still_open, entered = counts.get(each.length_us, (0, 0, 0))
        counts[each.length_us] = (ended + each.ended, still_open + each.open, entered + each.entered)
    return [(length_us, *counts[length_us]) for length_us in sorted(counts)]


def _band(share: float, variance: float, z: float) -> tuple[float, float]:
    width = z * sqrt(variance) / log(share)
    return exp(log(share) * exp(-width)), exp(log(share) * exp(width))


def _reach(steps: list[Step], target: float) -> timedelta | None:
    for number, step in enumerate(steps):
        if abs(step.share - target) <= _EQUAL and number + 1 < len(steps):
            return timedelta(microseconds=(step.length_us + steps[number + 1].length_us) / 2)
        if step.share <= target + _EQUAL:
            return timedelta(microseconds=step.length_us)
    return None


def _first(steps: list[Step], target: float, *, low: bool) -> timedelta | None:
    """The first length at which the lower or the upper end of the band has fallen to the target."""
    for step in steps:
        if (step.low if low else step.high) <= target + _EQUAL:
            return timedelta(microseconds=step.length_us)
    return None
