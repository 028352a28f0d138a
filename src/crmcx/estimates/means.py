"""Intervals of means, ratios, rates and differences, from sums."""

from __future__ import annotations

from math import hypot, sqrt

from attrs import frozen

from crmcx.errors import UsageError
from crmcx.estimates._quantiles import gamma_quantile, t_quantile
from crmcx.estimates.estimate import Interval
from crmcx.estimates.intervals import normal_quantile, wilson_interval
from crmcx.estimates.sums import Sums


def mean_interval(sums: Sums, level: float = 0.95) -> Interval | None:
    """The interval of a mean, by Student's t over clusters.

    The variance of the mean is G/(G-1) · Σ_g(Σ_i w(x - mean))² / (Σw)² for G clusters, with G - 1 degrees of freedom.
    With clusters of one observation and without weights that is the usual interval, s/√n.

    Args:
        sums: Sums over observations and clusters.
        level: Confidence level.

    Returns:
        The interval; None from fewer than two clusters, or where all observations are equal: nothing tells how far
        off they may be.

    Source:
        Liang and Zeger (1986), Biometrika 73:13, for the variance over clusters.
    """
    normal_quantile(level)
    if sums.clusters <= 1 or not sums.spread:
        return None
    mean = sums.total / sums.size
    error = sqrt(float(sums.between * sums.clusters / (sums.clusters - 1))) / sums.size
    margin = t_quantile(level, sums.clusters - 1) * error
    return Interval(mean - margin, mean + margin, level, "t" if _is_plain(sums) else "t, robust over clusters")


def _is_plain(sums: Sums) -> bool:
    return sums.clusters == sums.n and sums.weight is None


@frozen(kw_only=True)
class RatioSums:
    """Sums over clusters, for the ratio of two totals."""

    above: float
    """Total above the line."""
    below: float
    """Total below the line."""
    clusters: int
    """Clusters that either comes from."""
    above_squares: float
    """Over the clusters, the sum of squared totals above."""
    products: float
    """Over the clusters, the sum of total above times total below."""
    below_squares: float
    """Over the clusters, the sum of squared totals below."""


def ratio_interval(sums: RatioSums, level: float = 0.95) -> Interval | None:
    """The interval of a ratio of two totals, by the delta method over clusters.

    The variance of R = Y/X is G/(G-1) · Σ_g(y_g - R·x_g)² / X², with G - 1 degrees of freedom.

    Args:
        sums: Sums over clusters.
        level: Confidence level.

    Returns:
        The interval; None from fewer than two clusters, or without any spread between them.

    Raises:
        UsageError: The total below the line is not above 0.

    Source:
        Cochran (1977), Sampling Techniques, 3rd edition, section 6.4.
    """
    if sums.below <= 0:
        msg = f"found the total {sums.below} below the line, expected one above 0"
        raise UsageError(msg, hint="a ratio over nothing is undefined")
    normal_quantile(level)
    if sums.clusters <= 1:
        return None
    ratio = sums.above / sums.below
    between = sums.above_squares - 2 * ratio * sums.products + ratio * ratio * sums.below_squares
    if between <= 1e-12 * max(sums.above_squares, ratio * ratio * sums.below_squares):
        return None
    error = sqrt(between * sums.clusters / (sums.clusters - 1)) / sums.below
    margin = t_quantile(level, sums.clusters - 1) * error
    return Interval(ratio - margin, ratio + margin, level, "delta method over clusters")


def poisson_interval(events: int, exposure: float = 1.0, level: float = 0.95) -> Interval:
    """The exact interval of a rate: events per unit of exposure.

    Args:
        events: Events, 0 or more.
        exposure: Units over which they were counted, above 0.
        level: Confidence level.

    Returns:
        The interval, from 0 up.

    Raises:
        UsageError: There is no exposure, or the events are fewer than none.

    Example:
        >>> found = poisson_interval(10)
        >>> round(found.low, 4), round(found.high, 4)
        (4.7954, 18.3904)

    Source:
        Garwood (1936), Biometrika 28:437.
    """
    if events < 0 or exposure <= 0:
        msg = f"found {events} events over the exposure {exposure}, expected events from 0 and an exposure above 0"
        raise UsageError(msg, hint="a rate over no exposure is undefined")
    normal_quantile(level)
    tail = (1 - level) / 2
    low = gamma_quantile(tail, events) if events else 0.0
    return Interval(low / exposure, gamma_quantile(1 - tail, events + 1) / exposure, level, "Poisson, exact")


def difference_of_shares_interval(
    first: float, first_n: float, second: float, second_n: float, level: float = 0.95
) -> Interval:
    """The interval of the first share less the second, from their Wilson intervals.

    Args:
        first: Successes of the first sample; may be a fraction when it was shrunk for clusters.
        first_n: Its trials, above 0; likewise.
        second: Successes of the second.
        second_n: Its trials.
        level: Confidence level.

    Returns:
        The interval; its ends lie between -1 and 1.

    Raises:
        UsageError: A sample has no trials, or more successes than trials.

    Example:
        >>> found = difference_of_shares_interval(56, 70, 48, 80)
        >>> round(found.low, 4), round(found.high, 4)
        (0.0524, 0.3339)

    Source:
        Newcombe (1998), Stat. Med. 17:873, method 10 and table II.
    """
    one, other = wilson_interval(first, first_n, level), wilson_interval(second, second_n, level)
    share, second_share = first / first_n, second / second_n
    difference = share - second_share
    low = difference - hypot(share - _end(one.low), _end(other.high) - second_share)
    high = difference + hypot(_end(one.high) - share, second_share - _end(other.low))
    return Interval(max(-1.0, low), min(1.0, high), level, "Newcombe")


def _end(end: object) -> float:
    assert isinstance(end, float)  # noqa: S101 - ends of shares are numbers
    return end
