"""Stage changes of a source and of rules in one shape, and in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.journey.derived import DerivedStages
from crmcx.models import Stage, StageChange, StageMode
from crmcx.tables import Frame, Table, native, rows, same_engine, take, words_in

_EMPTY = ("scope", "stage_native", "rule")


def stages_together(
    observed: Table | DerivedStages,
    derived: Table | DerivedStages,
    *,
    unit: str = "person_id",
    columns: Mapping[str, str] | None = None,
) -> Any:  # noqa: ANN401 - a frame of the engine the tables came from
    """Put what a source says of stages and what is derived into one table of stage changes. Both are kept.

    The later change counts, whoever says it. Of one instant and product line what the source says counts: `stage_mix`
    reads such a table so.

    Args:
        observed: Stage changes that a source says.
        derived: What rules derived, or stage changes.
        unit: Column that tells people apart.
        columns: Canonical column name to that of the table of observed changes.

    Returns:
        One row a change: the unit, `scope`, `stage`, `stage_native`, `changed_us`, `known_us`, `mode`, `rule`.

    Raises:
        MissingColumnError: A table lacks a column.
        EngineMismatchError: The tables are of two engines.

    Example:
        >>> import polars as pl
        >>> crm = pl.DataFrame({"person_id": [1], "changed_us": [0], "stage": ["consideration"]})
        >>> done = pl.DataFrame({"person_id": [1], "changed_us": [0], "stage": ["existing"]})
        >>> both = stages_together(crm, done)
        >>> both.select("stage", "mode").rows()
        [('consideration', 'observed'), ('existing', 'derived')]
        >>> from crmcx.journey import stage_mix
        >>> [share.stage for share in stage_mix(both)]
        ['consideration']
    """
    both = [changes_of(observed, unit, StageMode.OBSERVED, columns), changes_of(derived, unit, StageMode.DERIVED)]
    same_engine(*both)
    made = nw.concat([frame.lazy for frame in both], how="vertical")
    told = (nw.when(nw.col(name) != "").then(nw.col(name)).alias(name) for name in ("stage_native", "rule"))
    return native(made.with_columns(*told))


def changes_of(
    data: Table | DerivedStages, unit: str, mode: StageMode, columns: Mapping[str, str] | None = None
) -> Frame:
    """Stage changes with all columns that two tables are to share, and in their order.

    Args:
        data: Stage changes, or intervals that were derived.
        unit: Column that tells people apart.
        mode: What a change is that does not say how it came to be known.
        columns: Canonical column name to the table's own.
    """
    table = data.to_changes() if isinstance(data, DerivedStages) else data
    wants = (*_EMPTY, "known_us", "mode")
    frame = take(table, StageChange, needs=("changed_us", "stage"), wants=wants, also=(unit,), columns=columns)

    def filled(name: str, value: nw.Expr) -> nw.Expr:
        if name in frame.columns:
            value = nw.when(nw.col(name).is_null()).then(value).otherwise(nw.col(name))
        return value.alias(name)

    empty = {name: filled(name, nw.lit("")) for name in _EMPTY}
    shared = {
        unit: nw.col(unit),
        "scope": empty["scope"],
        "stage": nw.col("stage"),
        "stage_native": empty["stage_native"],
        "changed_us": nw.col("changed_us"),
        "known_us": filled("known_us", nw.col("changed_us")),
        "mode": filled("mode", nw.lit(mode.value)),
        "rule": empty["rule"],
    }
    snapshot = data.receipt.snapshot if isinstance(data, DerivedStages) else frame.snapshot
    return evolve(frame, lazy=frame.lazy.select(*shared.values()), columns=frozenset(shared), snapshot=snapshot)


def usable(changes: Frame, unit: str, mode: StageMode, as_of_us: int) -> tuple[nw.LazyFrame[Any], dict[str, int]]:
    """The changes of a mode that happened by an instant, and how many do not count, under the first reason."""
    reasons = {
        "no_unit": nw.col(unit).is_null(),
        "no_instant": nw.col("changed_us").is_null(),
        "no_stage": ~words_in("stage", *(stage.value for stage in Stage)),
        "other_mode": nw.col("mode") != mode.value,
        "not_known": nw.col("known_us") > as_of_us,
    }
    why = nw.lit("")
    for name, reason in reversed(reasons.items()):
        why = nw.when(reason).then(nw.lit(name)).otherwise(why)
    happened = nw.col("changed_us").is_null() | (nw.col("changed_us") <= as_of_us)
    told = changes.lazy.filter(happened).with_columns(why.alias("why"))
    counted = told.filter(nw.col("why") != "").select("why", nw.lit(1).cast(nw.Int64()).alias("n"))
    left_out = {row["why"]: int(row["n"]) for row in rows(counted.group_by("why").agg(nw.col("n").sum()))}
    return told.filter(nw.col("why") == ""), left_out
