"""Estimates of quantiles of times, open ones included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.estimates import Durations, Estimate, Receipt, quantile_of
from crmcx.metrics._trail import record_of, traced
from crmcx.tables import Frame, rows


@frozen
class Times:
    """The times of one group."""

    durations: tuple[Durations, ...] = ()
    """Lengths with counts."""
    excluded: tuple[tuple[str, int], ...] = ()
    """Rows left out, by the first reason that held."""


def times(
    frame: Frame,
    *,
    by: Sequence[str] = (),
    excluded: Mapping[str, nw.Expr],
    length_us: nw.Expr,
    ended: nw.Expr,
    word: str = "ended",
) -> dict[tuple[Any, ...], Times]:
    """Count equal lengths by group.

    Args:
        frame: The table.
        by: Columns that make the groups.
        excluded: Reason to a boolean that is never null; a row is left out under the first that holds.
        length_us: Length in microseconds.
        ended: Whether it ended then; else it was still open.
        word: The word for those that ended.
    """
    keys = [f"by_{number}" for number in range(len(by))]
    record = record_of(frame)
    why = nw.lit(0)
    for number, reason in reversed(list(enumerate(excluded.values(), start=1))):
        why = nw.when(reason).then(nw.lit(number)).otherwise(why)
    staged = frame.lazy.select(
        *(nw.col(name).alias(key) for name, key in zip(by, keys, strict=True)),
        *((nw.col(record).alias("record"),) if record else ()),
        why.cast(nw.Int64()).alias("why"),
        length_us.cast(nw.Int64()).alias("length_us"),
        nw.when(ended).then(nw.lit(1)).otherwise(nw.lit(0)).alias("ended"),
    ).with_columns(
        *(nw.when(nw.col("why") == 0).then(nw.col(name)).otherwise(nw.lit(0)).alias(name) for name in _COUNTED)
    )
    found = rows(
        staged.with_columns(nw.lit(1).cast(nw.Int64()).alias("one"))
        .group_by(*keys, "why", *_COUNTED)
        .agg(nw.col("one").sum().alias("number"))
    )
    reasons = list(excluded)
    durations: dict[tuple[Any, ...], list[Durations]] = {}
    left_out: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in found:
        key = tuple(row[name] for name in keys)
        number, ended_then = int(row["number"]), bool(row["ended"])
        lengths, aside = durations.setdefault(key, []), left_out.setdefault(key, {})
        if row["why"]:
            aside[reasons[int(row["why"]) - 1]] = number
        else:
            lengths.append(Durations(int(row["length_us"]), number if ended_then else 0, 0 if ended_then else number))
    groups = {key: Times(tuple(durations[key]), tuple(left_out[key].items())) for key in durations}
    trail = staged.with_columns((nw.lit(1) - nw.col("ended")).alias("still_open"))
    return traced(frame, groups, trail, reasons=reasons, parts={"open": "still_open", word: "ended"})


_COUNTED = ("length_us", "ended")


def time_estimate(
    found: Times, receipt: Receipt, *, quantile: float, level: float, ended: str, nothing: str
) -> Estimate:
    """The time in which a share of all ended.

    Args:
        found: The times.
        receipt: Where they come from.
        quantile: The share that ended; 0.5 is the median.
        level: Confidence level.
        ended: The word for those that ended.
        nothing: The reason to give when there is nothing to time.
    """
    ends = sum(each.ended for each in found.durations)
    still_open = sum(each.open for each in found.durations)
    value, interval = quantile_of(found.durations, quantile, level)
    reason = None
    if value is None:
        reason = nothing if not ends + still_open else f"fewer than {100 * quantile:g} % were {ended}"
    return Estimate(
        value=value,
        reason=reason,
        n=ends + still_open,
        excluded=dict(found.excluded),
        counts={ended: ends, "open": still_open},
        interval=interval,
        receipt=receipt,
    )
