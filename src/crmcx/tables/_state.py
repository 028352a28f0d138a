"""The state of things that last, put together: what the log tells, what was seen until its first step, what is unknown.

A row's own columns say what is now. They are right for an earlier date only where no step came in between and somebody
was watching; otherwise the step after that date says what was before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import narwhals.stable.v2 as nw
from attrs import evolve, frozen

from crmcx import engines
from crmcx.models.base import Entity
from crmcx.models.fields import Kind, Leaf, leaves
from crmcx.tables._spelled import flag, with_read
from crmcx.tables._steps import (
    BEFORE,
    HEARD,
    KIND,
    LATER,
    NEVER,
    NONE,
    TOLD,
    UNHEARD,
    KnownSince,
    Look,
    demand_known_since,
    no_instant,
    since,
    steps_of,
    with_told,
)
from crmcx.tables.frames import Frame, StoredTable, Table, take
from crmcx.tables.handed import as_given, same_engine
from crmcx.tables.schema import TABLES, Column, DType, TableSchema, leaf_columns, schema_of

REASONS = (Column("before_history", DType.STRING), Column("unreadable", DType.STRING))
"""Names of the fields that are not known, and of those that the log says in words that are no value."""
_BEGINNINGS = ("created_us", "opened_us", "opened_day", "started_us")
"""When a thing came to be; the first of these that it has counts."""


@frozen
class _Fields:
    """What is told of a class, of the columns that a table has."""

    tracked: dict[str, tuple[Leaf, ...]]
    """Each tracked field with its leaves, in the order of the class."""
    beginnings: tuple[str, ...]
    """Columns that say when it came to be."""
    dated: tuple[Leaf, ...]
    """Leaves that say when something else happened to it."""
    columns: tuple[Column, ...]
    """All columns that are told, in their order."""

    @classmethod
    def of(cls, schema: TableSchema, present: frozenset[str] | None = None) -> _Fields:
        def there(leaf: Leaf) -> bool:
            return present is None or leaf.column in present

        found = leaves(schema.cls)
        by_name = {name: tuple(leaf for leaf in found if leaf.path[0] == name) for name in _entity(schema).tracked}
        tracked = {name: field for name, field in by_name.items() if all(map(there, field))}
        rest = [leaf for leaf in found if leaf.path[0] not in by_name and there(leaf)]
        dates = [leaf for leaf in rest if leaf.kind in {Kind.INSTANT, Kind.DAY}]
        chosen = [leaf for leaf in rest if leaf in dates or leaf.key_column is not None]
        names = {"key", "source", "source_id", "person_id"}
        names |= {column.name for leaf in chosen for column in leaf_columns(leaf)}
        names |= {leaf.column for field in tracked.values() for leaf in field}
        return cls(
            tracked,
            tuple(name for name in _BEGINNINGS if any(leaf.column == name for leaf in dates)),
            tuple(leaf for leaf in dates if leaf.column not in _BEGINNINGS),
            tuple(
                column for column in schema.columns if column.name in names and (not present or column.name in present)
            ),
        )


def _entity(schema: TableSchema) -> type[Entity]:
    return cast("type[Entity]", schema.cls)


def state_of(
    cls: type[Entity],
    entities: Table,
    changes: Table,
    at: datetime,
    *,
    as_of: datetime | None,
    known_since: KnownSince,
    zone: str,
    columns: Mapping[str, str] | None,
    change_columns: Mapping[str, str] | None,
) -> Table:
    """The state of the entities of one class; see `history`."""
    look = Look.of(at, as_of, zone)
    if known_since is None and isinstance(entities, StoredTable):
        known_since = entities.known_since()
    schema = schema_of(cls)
    wants = [*(column.name for column in _Fields.of(schema).columns), "known_us"]
    frame = take(entities, cls, needs=("key", *demand_known_since(known_since)), wants=wants, columns=columns)
    if isinstance(entities, StoredTable) and entities.ask_first_seen is not None:
        frame = _since_first_seen(frame, entities.ask_first_seen())
    fields = _Fields.of(schema, frame.columns)
    told = _told(cls, changes, fields, look, change_columns, frame)
    lazy = frame.lazy.join(told, on="key", how="left").with_columns(since(known_since, frame).alias("since"))
    lazy = engines.nullable(lazy)
    lazy = _with_grounds(lazy, frame, fields, look).filter(_existed(frame, fields, look))
    lazy = with_read(lazy, [(f"text_{number}", field) for number, field in enumerate(fields.tracked.values())])
    lazy = lazy.select(*_columns(fields, look))
    return as_given(entities, evolve(frame, lazy=lazy), (*fields.columns, *REASONS))


def _since_first_seen(frame: Frame, seen: Any) -> Frame:  # noqa: ANN401 - a table of any engine
    """The rows, each known from when it was first seen: its own `known_us` is when it was last said otherwise."""
    lazy = frame.lazy.join(engines.to_lazy(seen), on="key", how="left")
    known, first = nw.col("known_us"), nw.col("first_us")
    earlier = nw.when(~first.is_null() & (known.is_null() | (first < known))).then(first).otherwise(known)
    return evolve(frame, lazy=lazy.with_columns(earlier.alias("known_us")).drop("first_us"))


def _told(  # noqa: PLR0917 - each is one thing that is needed
    cls: type[Entity],
    changes: Table,
    fields: _Fields,
    look: Look,
    columns: Mapping[str, str] | None,
    entities: Frame,
) -> nw.LazyFrame[Any]:
    """One row per entity with steps: for each field the kind of step that tells it and what that says."""
    log = TABLES[cast("str", cls.log)]
    (ref,) = (leaf for leaf in leaves(log.cls) if leaf.target == cls.table)
    key = cast("str", ref.key_column)
    needs = (key, "field", "old", "new", "changed_us")
    frame = take(changes, cast("Any", log.cls), needs=needs, wants=("key", "known_us", "after_us"), columns=columns)
    same_engine(entities, frame)
    names = list(fields.tracked)
    frame = frame.having(~nw.col(key).is_null() & nw.col("field").is_in(names))
    after = nw.col("after_us") if "after_us" in frame.columns else no_instant("changed_us")
    tie = nw.col("key") if "key" in frame.columns else nw.lit(0)
    steps = steps_of(
        frame,
        "changed_us",
        nw.col(key).alias("entity"),
        nw.col("field"),
        nw.col("old"),
        nw.col("new"),
        after.alias("after_us"),
        tie.alias("tie"),
        *(_filled(name) for name in ("old", "new")),
    )
    late = flag(nw.col(HEARD) > look.as_of_us).max().over("entity", "field")
    steps = with_told(
        steps.with_columns(late.alias("late")),
        ("entity", "field"),
        look,
        ties=("tie", "old_tie", "new_tie"),
    ).filter(nw.col(TOLD) == 1)
    said = nw.when(nw.col(KIND) == BEFORE).then(nw.col("new")).otherwise(nw.col("old"))
    steps = steps.with_columns(said.alias("said"))
    cells = []
    for number, name in enumerate(names):
        mine = nw.col("field") == name
        cells += [
            nw.when(mine).then(nw.col(KIND)).otherwise(nw.lit(NONE)).cast(nw.Int64()).alias(f"kind_{number}"),
            nw.when(mine).then(nw.col("said")).alias(f"said_{number}"),
            nw.when(mine).then(nw.col("after_us")).alias(f"after_{number}"),
        ]
    restated = nw.when(nw.col("field") == "status").then(nw.col("late")).otherwise(nw.lit(0)).cast(nw.Int64())
    wide = engines.nullable(steps.select(nw.col("entity").alias("key"), *cells, restated.alias("restated")))
    # The greatest of one value and nothing is that value: the portable way to turn rows into columns.
    return wide.group_by("key").agg(
        nw.col("restated").max(),
        *(nw.col(f"{kind}_{number}").max() for number in range(len(names)) for kind in ("kind", "said", "after")),
    )


def _filled(name: str) -> nw.Expr:
    """A text to sort by: engines sort gaps first or last, so that there may be none."""
    text = nw.col(name)
    return nw.when(text.is_null()).then(nw.lit("")).otherwise(nw.concat_str(nw.lit("="), text)).alias(f"{name}_tie")


def _with_grounds(lazy: nw.LazyFrame[Any], frame: Frame, fields: _Fields, look: Look) -> nw.LazyFrame[Any]:
    """Add for each field on what ground it is told: `text_<n>` of the log, `present_<n>`, or `unknown_<n>`."""
    watched = nw.col("since")
    if "known_us" in frame.columns:
        first = nw.col("known_us")
        watched = nw.when(~first.is_null() & (first > watched)).then(first).otherwise(watched)
    numbers = range(len(fields.tracked))
    lazy = lazy.with_columns(
        flag(watched <= look.at_us).alias("watched_at"),
        flag(watched <= look.seen_us).alias("watched"),
        flag(nw.col("restated") == 1).alias("restated"),
        *(
            nw.when(nw.col(f"kind_{number}").is_null())
            .then(nw.lit(NONE))
            .otherwise(nw.col(f"kind_{number}"))
            .cast(nw.Int64())
            .alias(f"kind_{number}")
            for number in numbers
        ),
    )
    grounds = []
    for number in numbers:
        kind, after = nw.col(f"kind_{number}"), nw.col(f"after_{number}")
        was_there = after.is_null() | (after <= look.at_us) | (nw.col("watched_at") == 1)
        by_log = (kind == BEFORE) | ((kind == LATER) & was_there) | ((kind == UNHEARD) & (nw.col("watched") == 1))
        grounds += [
            flag(by_log).alias(f"log_{number}"),
            flag((kind == NONE) & (nw.col("watched") == 1)).alias(f"present_{number}"),
        ]
    lazy = lazy.with_columns(*grounds)
    return lazy.with_columns(
        *(
            nw.when(nw.col(f"log_{number}") == 1).then(nw.col(f"said_{number}")).alias(f"text_{number}")
            for number in numbers
        )
    )


def _existed(frame: Frame, fields: _Fields, look: Look) -> nw.Expr:
    """Whether a thing had come to be, and was known: or nobody watched yet, and its own date says that it was there."""
    begun = _by(fields.beginnings, look.at_us, look.at_day)
    seen = _by(fields.beginnings, look.seen_us, look.seen_day)
    known = seen
    if "known_us" in frame.columns:
        first = nw.col("known_us")
        known = nw.when(first.is_null()).then(seen).otherwise(flag(first <= look.as_of_us))
    heard = nw.lit(0)
    for number in range(len(fields.tracked)):
        heard += flag(nw.col(f"kind_{number}").is_in([BEFORE, LATER]))
    too_early = flag((nw.col("since") > look.as_of_us) & (nw.col("since") < NEVER))
    return (begun == 1) & ((known == 1) | (heard > 0) | ((too_early == 1) & (seen == 1)))


def _by(beginnings: Sequence[str], us: int, day: int) -> nw.Expr:
    """1 where the first of these dates that a row has is not later than a date; also where it has none."""
    by = nw.lit(1).cast(nw.Int64())
    for name in reversed(beginnings):
        limit = day if name.endswith("_day") else us
        by = nw.when(nw.col(name).is_null()).then(by).otherwise(flag(nw.col(name) <= limit))
    return by


def _columns(fields: _Fields, look: Look) -> list[nw.Expr]:
    """What is told, in the order of the class, and then the reasons."""
    told: dict[str, nw.Expr] = {}
    for name in fields.beginnings:
        limit = look.at_day if name.endswith("_day") else look.at_us
        told[name] = nw.when(nw.col(name) <= limit).then(nw.col(name))
    for leaf in fields.dated:
        limit = look.seen_day if leaf.kind is Kind.DAY else look.seen_us
        unmoved = (nw.col(leaf.column) <= limit) & (nw.col("restated") == 0)
        told[leaf.column] = nw.when(unmoved).then(nw.col(leaf.column))
    unknown, unreadable = {}, {}
    for number, (name, field) in enumerate(fields.tracked.items()):
        by_log, as_now = nw.col(f"log_{number}") == 1, nw.col(f"present_{number}") == 1
        for leaf in field:
            present = nw.when(as_now).then(nw.col(leaf.column))
            told[leaf.column] = nw.when(by_log).then(nw.col(f"read_{leaf.column}")).otherwise(present)
        unknown[name] = ~by_log & ~as_now
        unreadable[name] = nw.col(f"text_{number}_bad") == 1
    reasons = [_names(unknown).alias(REASONS[0].name), _names(unreadable).alias(REASONS[1].name)]
    return [
        *(told.get(column.name, nw.col(column.name)).alias(column.name) for column in fields.columns),
        *reasons,
    ]


def _names(holds: Mapping[str, nw.Expr]) -> nw.Expr:
    """The names of the conditions that hold, with commas; nothing where none does."""
    text = nw.lit("")
    for name, condition in holds.items():
        text = nw.concat_str(text, nw.when(condition).then(nw.lit(f", {name}")).otherwise(nw.lit("")))
    return nw.when(text != "").then(text.str.slice(2))
