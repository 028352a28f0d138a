"""Estimates of means from sums."""

from __future__ import annotations

from collections.abc import Mapping

from crmcx.estimates import Estimate, Interval, Receipt, mean_interval
from crmcx.metrics._grouping import Group


def mean(
    group: Group,
    receipt: Receipt,
    *,
    level: float,
    nothing: str,
    counts: Mapping[str, int] | None = None,
    zero: float = 0.0,
    unit: float = 1.0,
) -> Estimate:
    """The mean of observations, with Student's t interval over clusters.

    Args:
        group: The sums.
        receipt: Where they come from.
        level: Confidence level.
        nothing: The reason to give when there is no observation.
        counts: What the mean is made of; the group's own counts unless given.
        zero: Where the result has its zero: it is unit · (mean - zero).
        unit: What one becomes in the result.
    """
    sums = group.sums
    made = mean_interval(sums, level) if sums.n else None
    interval = None
    if made is not None:
        ends = sorted(unit * (_number(end) - zero) for end in (made.low, made.high))
        interval = Interval(ends[0], ends[1], made.level, made.method)
    return Estimate(
        value=unit * (sums.total / sums.size - zero) if sums.n else None,
        reason=None if sums.n else nothing,
        n=sums.n,
        n_clusters=group.n_clusters,
        excluded=group.excluded,
        counts=group.counts if counts is None else counts,
        interval=interval,
        receipt=receipt,
    )


def _number(end: object) -> float:
    assert isinstance(end, float)  # noqa: S101 - ends of means are numbers
    return end
