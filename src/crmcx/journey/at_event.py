"""In which lifecycle stage somebody stood when something happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import ColumnTypeError, UsageError
from crmcx.journey._standing import CODES, codes_of
from crmcx.models import Stage, StageChange
from crmcx.tables import (
    Column,
    DType,
    StoredTable,
    Table,
    as_given,
    event_of,
    known_by,
    looked_up,
    same_engine,
    take,
    take_whole,
)

_UNIT, _AT, _CODE, _LATE = "unit", "us", "code", "late"


def in_stage(
    events: Table,
    stage_changes: Table,
    *,
    at: str | None = None,
    unit: str = "person_id",
    scope: str | None = None,
    as_of: datetime | None = None,
    name: str = "stage",
    columns: Mapping[str, str] | None = None,
    stage_columns: Mapping[str, str] | None = None,
) -> Any:  # noqa: ANN401 - a table of the kind that was given
    """Tell of each event in which lifecycle stage the person stood when it happened.

    That is the stage of her last change that was not later than the event: never the stage of today. Of several product
    lines the stage nearest to the company counts, and changes of one instant follow each other, as `stage_mix` has
    both. Predicted changes do not count.

    Args:
        events: A table of what happened: answers, interactions, orders; or of things with an instant, such as cases. A
            list of feedback stands for its answers.
        stage_changes: Stage changes. Needs `changed_us`, `stage` and the unit; takes `scope`, `mode`, `known_us` and
            `key` when they are there.
        at: The column of the instant, by its canonical name, such as `opened_us` of cases; that by which events
            happened unless given.
        unit: Column that tells people apart, in both tables.
        scope: Only the changes of this product line; `""` for those of the whole relation alone.
        as_of: Only changes that had happened, and were known, by then.
        name: Name of the new column.
        columns: Canonical column name to the events' own.
        stage_columns: Canonical column name to the stage changes' own.

    Returns:
        The events with all their columns, and one more, the stage: None before a person's first change, and for a row
        without person or instant. A table of a workspace for one of a workspace, with its snapshot; else a frame of the
        same engine, for a list one of Polars where that is installed.

    Raises:
        UsageError: The events have a column of that name already, or several that say when they happened.
        MissingColumnError: A table lacks a column.
        ColumnTypeError: The two tables name people in different types.
        EngineMismatchError: The tables are of two engines.

    Example:
        >>> import polars as pl
        >>> answers = pl.DataFrame({"person_id": [1, 1, 2], "submitted_us": [4, 6, 6], "score": [9, 3, 10]})
        >>> changes = pl.DataFrame({"person_id": [1, 1], "changed_us": [0, 5], "stage": ["existing", "exiting"]})
        >>> in_stage(answers, changes)["stage"].to_list()
        ['existing', 'exiting', None]
        >>> from crmcx.metrics import nps
        >>> from crmcx.models import Scale
        >>> by_stage = nps(in_stage(answers, changes), by="stage", scale=Scale(min=0, max=10))
        >>> [(stage, found.value) for (stage,), found in by_stage]
        [('existing', 100.0), ('exiting', -100.0), (None, 100.0)]
    """
    cls, at = event_of(events, at, columns)
    whole = take_whole(events, cls, needs=(at,), also=(unit,), columns=columns)
    if taken := [column for column in whole.own if column.lower() == name.lower()]:
        msg = f"the table has a column {taken[0]!r} already"
        raise UsageError(msg, hint='name the new column otherwise, such as name="lifecycle_stage"')
    changes = take(
        stage_changes,
        StageChange,
        needs=("changed_us", "stage", *(() if scope is None else ("scope",))),
        wants=("scope", "mode", "known_us", "key"),
        also=(unit,),
        columns=stage_columns,
    )
    same_engine(whole.frame, changes)
    changes = known_by(changes, as_of, "changed_us")
    if scope is not None:
        changes = changes.having(nw.col("scope") == scope)
    codes = codes_of(changes, unit=unit, several=scope is None and "scope" in changes.columns)
    keys = {_UNIT: whole.held[unit], _AT: whole.held[at]}
    events_of = whole.frame.lazy
    kind = _kind(events_of, keys[_UNIT], codes, unit)
    points = events_of.select(nw.col(key).alias(part) for part, key in keys.items())
    points = points.filter(~nw.col(_UNIT).is_null() & ~nw.col(_AT).is_null()).unique()
    found = _stood(points, codes, kind).select(
        *(nw.col(part).alias(key) for part, key in keys.items()), nw.col(_CODE).alias(f"{keys[_AT]}_code")
    )
    joined = looked_up(events_of.with_columns(nw.col(keys[_UNIT]).cast(kind)), found, list(keys.values()))
    stage = _word(nw.col(f"{keys[_AT]}_code")).alias(name)
    lazy = joined.with_columns(stage).select(*whole.own, name)
    made = evolve(whole.frame, lazy=lazy, columns=frozenset([*whole.own, name]))
    schema = events.schema.columns if isinstance(events, StoredTable) else ()
    return as_given(events, made, (*schema, Column(name, DType.STRING)))


def _kind(events: nw.LazyFrame[Any], unit: str, codes: nw.LazyFrame[Any], name: str) -> nw.dtypes.DType:
    """The type in which both tables name people."""
    one, other = events.collect_schema()[unit], codes.collect_schema()[_UNIT]
    if one == other:
        return one
    if one.is_integer() and other.is_integer():
        return nw.Int64()
    msg = f"the events have {name} of type {one}, the stage changes of type {other}"
    raise ColumnTypeError(msg, hint="convert one of them before the call; both name the same people")


def _stood(points: nw.LazyFrame[Any], codes: nw.LazyFrame[Any], kind: nw.dtypes.DType) -> nw.LazyFrame[Any]:
    """The code of the last change of each unit at each of these instants.

    Codes grow from change to change, so that the greatest until then is the last. That is one pass over both, whatever
    the number of events of one person; a join of each event with all changes before it is not.
    """

    def told(late: int, code: nw.Expr) -> tuple[nw.Expr, ...]:
        return (
            nw.col(_UNIT).cast(kind),
            nw.col(_AT).cast(nw.Int64()),
            nw.lit(late).cast(nw.Int64()).alias(_LATE),
            code.cast(nw.Int64()).alias(_CODE),
        )

    both = nw.concat([codes.select(*told(0, nw.col(_CODE))), points.select(*told(1, nw.lit(0)))], how="vertical")
    latest = nw.col(_CODE).cum_max().over(_UNIT, order_by=[_AT, _LATE, _CODE])
    ran = both.with_columns(latest.alias("latest")).filter((nw.col(_LATE) == 1) & (nw.col("latest") > 0))
    return ran.select(_UNIT, _AT, nw.col("latest").alias(_CODE))


def _word(code: nw.Expr) -> nw.Expr:
    """The stage of a code, None where there is none."""
    place = code % CODES
    word = nw.lit(None, dtype=nw.String)
    for number, stage in enumerate(Stage):
        word = nw.when(place == number).then(nw.lit(stage.value)).otherwise(word)
    return word
