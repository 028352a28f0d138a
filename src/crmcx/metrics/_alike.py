"""Rows of a group that are alike, with how many there are: what kernels need that plain sums do not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.metrics._trail import record_of, traced
from crmcx.tables import Frame, rows


@frozen
class Alike:
    """One group."""

    rows: tuple[tuple[tuple[Any, ...], int], ...] = ()
    """Values with the number of rows that have them, in an order that is the same on every engine."""
    excluded: tuple[tuple[str, int], ...] = ()
    """Rows left out, by the first reason that held."""

    @property
    def n(self) -> int:
        """Rows that count."""
        return sum(number for _, number in self.rows)


def alike(
    frame: Frame,
    *,
    by: Sequence[str] = (),
    excluded: Mapping[str, nw.Expr],
    values: Mapping[str, nw.Expr],
    parts: Mapping[str, nw.Expr] | None = None,
) -> dict[tuple[Any, ...], Alike]:
    """Count equal rows by group.

    Args:
        frame: The table.
        by: Columns that make the groups.
        excluded: Reason to a boolean that is never null; a row is left out under the first that holds.
        values: Name to what the kernel needs of a row that counts.
        parts: Name to an integer that is not 0 for the rows that stand behind a count, for evidence.
    """
    keys = [f"by_{number}" for number in range(len(by))]
    named = {f"x_{number}": value for number, value in enumerate(values.values())}
    counted = {f"c_{number}": part for number, part in enumerate((parts or {}).values())}
    record = record_of(frame)
    why = nw.lit(0)
    for number, reason in reversed(list(enumerate(excluded.values(), start=1))):
        why = nw.when(reason).then(nw.lit(number)).otherwise(why)
    staged = frame.lazy.select(
        *(nw.col(name).alias(key) for name, key in zip(by, keys, strict=True)),
        *((nw.col(record).alias("record"),) if record else ()),
        why.cast(nw.Int64()).alias("why"),
        *(value.alias(name) for name, value in named.items()),
        *(part.cast(nw.Int64()).alias(name) for name, part in counted.items()),
    )
    found = rows(
        staged.with_columns(
            *(nw.when(nw.col("why") == 0).then(nw.col(name)).alias(name) for name in named),
            nw.lit(1).cast(nw.Int64()).alias("one"),
        )
        .group_by(*keys, "why", *named)
        .agg(nw.col("one").sum().alias("number"))
    )
    reasons = list(excluded)
    counts: dict[tuple[Any, ...], list[tuple[tuple[Any, ...], int]]] = {}
    left_out: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in found:
        key = tuple(row[name] for name in keys)
        kept, aside = counts.setdefault(key, []), left_out.setdefault(key, {})
        if row["why"]:
            aside[reasons[int(row["why"]) - 1]] = int(row["number"])
        else:
            kept.append((tuple(row[name] for name in named), int(row["number"])))
    groups = {key: Alike(tuple(sorted(counts[key], key=_order)), tuple(left_out[key].items())) for key in counts}
    return traced(frame, groups, staged, reasons=reasons, parts=dict(zip(parts or {}, counted, strict=True)))


def _order(row: tuple[tuple[Any, ...], int]) -> tuple[tuple[bool, Any], ...]:
    return tuple((value is None, 0 if value is None else value) for value in row[0])
