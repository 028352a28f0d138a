"""Estimates of shares from sums."""

from __future__ import annotations

from collections.abc import Mapping

from crmcx.estimates import Estimate, Receipt, effective_size, wilson_interval
from crmcx.metrics._grouping import Group


def share(
    group: Group, receipt: Receipt, *, level: float, nothing: str, counts: Mapping[str, int] | None = None
) -> Estimate:
    """The share of ones among observations of zero and one, with Wilson's interval.

    Args:
        group: The sums.
        receipt: Where they come from.
        level: Confidence level.
        nothing: The reason to give when there is no observation.
        counts: What the share is made of; the group's own counts unless given.
    """
    sums = group.sums
    told = group.counts if counts is None else counts
    if not sums.n:
        return Estimate(
            value=None,
            reason=nothing,
            n=0,
            n_clusters=group.n_clusters,
            excluded=group.excluded,
            counts=told,
            receipt=receipt,
        )
    size = effective_size(sums)
    value = sums.total / sums.size
    return Estimate(
        value=value,
        n=sums.n,
        n_clusters=group.n_clusters,
        excluded=group.excluded,
        counts=told,
        interval=wilson_interval(min(size, max(0.0, value * size)), size, level),
        receipt=receipt,
    )
