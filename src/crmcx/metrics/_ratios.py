"""Ratios of two totals from rows that are alike."""

from __future__ import annotations

from collections.abc import Hashable

from attrs import frozen

from crmcx.estimates import RatioSums
from crmcx.metrics._alike import Alike


@frozen
class Ratio:
    """Two totals, with what their ratio's interval needs."""

    above: int
    """Total above the line."""
    below: int
    """Total below the line."""
    sums: RatioSums
    """Sums over clusters."""


def ratio_of(found: Alike) -> Ratio:
    """The totals of rows of (cluster, above, below), with their sums over clusters; exact up to the last step.

    A row without a cluster is its own.
    """
    clusters: dict[Hashable, list[int]] = {}
    parts: list[tuple[int, int, int]] = []
    for (cluster, above, below), number in found.rows:
        if cluster is None:
            parts.append((int(above), int(below), number))
            continue
        totals = clusters.setdefault(cluster, [0, 0])
        totals[0] += int(above) * number
        totals[1] += int(below) * number
    parts += [(above, below, 1) for above, below in clusters.values()]
    return Ratio(
        sum(above * number for above, _, number in parts),
        sum(below * number for _, below, number in parts),
        RatioSums(
            above=float(sum(above * number for above, _, number in parts)),
            below=float(sum(below * number for _, below, number in parts)),
            clusters=sum(number for _, _, number in parts),
            above_squares=float(sum(above * above * number for above, _, number in parts)),
            products=float(sum(above * below * number for above, below, number in parts)),
            below_squares=float(sum(below * below * number for _, below, number in parts)),
        ),
    )
