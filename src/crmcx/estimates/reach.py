"""How far an estimate's interval reaches at any level, found from the interval at one level.

What an estimate says of itself is enough to compare it with another: an interval of a share or of the Net Promoter
Score tells the size of an independent sample that is as sure, clusters included, and with it the interval at every
other level. Other intervals are taken to grow with the normal quantile, each side for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from math import erfc, sqrt

from crmcx.errors import UsageError
from crmcx.estimates.estimate import Estimate, Interval
from crmcx.estimates.intervals import normal_quantile, nps_interval, restricted_share, wilson_interval
from crmcx.models.values import Money

Ends = Callable[[float], tuple[float, float]]
"""The ends of an interval, by the normal quantile of its level."""


def number_of(value: float | timedelta | Money) -> float:
    """A value as a plain number: durations in seconds, amounts in units of their currency."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value.amount) if isinstance(value, Money) else float(value)


def level_of(z: float) -> float:
    """The confidence level whose two-sided normal quantile this is.

    Example:
        >>> round(level_of(1.959964), 6)
        0.95
    """
    return 1 - erfc(z / sqrt(2))


def two_sided(z: float) -> float:
    """The probability that a standard normal variable is at least so far from zero.

    Example:
        >>> round(two_sided(1.959964), 6)
        0.05
    """
    return erfc(abs(z) / sqrt(2))


def ends_of(estimate: Estimate) -> Ends:
    """The ends of an estimate's interval at any level.

    Raises:
        UsageError: The estimate has no interval, or one that is open above.
    """
    value, low, high, interval = bounded(estimate)
    z = normal_quantile(interval.level)
    if interval.method == "Wilson":
        size = _size(value, low, high, z, lambda end: end * (1 - end))
        return _at_levels(lambda level: wilson_interval(min(size, value * size), size, level))
    counts = dict(estimate.counts)
    if interval.method == "score" and {"promoters", "passives", "detractors"} <= set(counts):
        whole = sum(counts[name] for name in ("promoters", "passives", "detractors"))
        p, q, d = shares = [counts[name] / whole for name in ("promoters", "passives", "detractors")]
        size = _size(p - d, low / 100, high / 100, z, lambda end: _score_variance(shares, end))
        return _at_levels(lambda level: nps_interval(size * p, size * q, size * d, level))
    return lambda at: (value - (value - low) * at / z, value + (high - value) * at / z)


def standard_error(estimate: Estimate) -> float:
    """The standard error of an estimate: the width of its interval over twice the normal quantile of its level.

    Unlike the textbook's it is above zero for a share of 0 or 1.

    Raises:
        UsageError: The estimate has no interval, or one that is open above, or one of no width.
    """
    _, low, high, interval = bounded(estimate)
    width = high - low
    if width <= 0:
        msg = f"found an interval of {estimate.receipt.definition.name} without width, expected one that says how sure"
        raise UsageError(msg, hint="a number that is certain can be compared by eye")
    return width / (2 * normal_quantile(interval.level))


def bounded(estimate: Estimate) -> tuple[float, float, float, Interval]:
    """The value of an estimate, the ends of its interval as plain numbers, and the interval.

    Raises:
        UsageError: The estimate has no interval, or one that is open above.
    """
    interval, name = estimate.interval, estimate.receipt.definition.name
    if estimate.value is None or interval is None or interval.high is None:
        lacks = "value" if estimate.value is None else "interval" if interval is None else "upper end of its interval"
        msg = f"found an estimate of {name} without {lacks}, expected a value between two ends"
        raise UsageError(msg, hint=estimate.reason or "only what has an interval can be tested")
    return number_of(estimate.value), number_of(interval.low), number_of(interval.high), interval


def _size(value: float, low: float, high: float, z: float, variance: Callable[[float], float]) -> float:
    """The sample size at which a score interval has these ends: there, (value - end)² = z² · variance(end) / n."""
    end = low if value - low > high - value else high
    return z * z * variance(end) / (value - end) ** 2


def _score_variance(shares: Sequence[float], score: float) -> float:
    """The variance of one answer, were the score this: of 1 for promoters, -1 for detractors."""
    promoters, passives, detractors = shares
    return 2 * restricted_share(promoters, passives, detractors, score) - score - score * score


def _at_levels(make: Callable[[float], Interval]) -> Ends:
    def ends(z: float) -> tuple[float, float]:
        made = make(level_of(z))
        return number_of(made.low), number_of(made.high or 0.0)

    return ends
