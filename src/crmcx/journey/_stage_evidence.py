"""The rows that are evidence of stages, of all tables in one frame."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.errors import UsageError
from crmcx.instants import to_us
from crmcx.journey._stage_says import CODE, KNOWN, ONBOARDED, OVER, SCOPE, UNIT, Look, instant_of, parts_of
from crmcx.journey.stages import StageEvidence, StageRules
from crmcx.tables import TABLES, Frame, Table, rows, same_engine, take


@frozen
class Rows:
    """Evidence in one frame."""

    lazy: nw.LazyFrame[Any]
    """Unit, scope, instant, half of the instant, code, number of the rule, key, when known, and how the number of
    contracts that last changes."""
    text: bool
    """Whether keys are text."""
    excluded: dict[str, int]
    """Rows that would be evidence, left out."""
    unseen: tuple[str, ...]
    """Columns, as `table.column`, at which the rules find evidence, and that were not given."""
    snapshot: str | None
    """Id of the workspace snapshot."""


def evidence_rows(
    rules: StageRules,
    tables: Mapping[str, Table],
    *,
    as_of: datetime,
    unit: str,
    columns: Mapping[str, Mapping[str, str]],
) -> Rows:
    """Collect what is evidence, known by a date, of all tables.

    Raises:
        UsageError: There is a table, or names of its columns, of which the rules take no evidence; or none at all.
        MissingColumnError: A table lacks a column that the rules need.
        EngineMismatchError: The tables are of several engines.
    """
    used = {each.table for each in rules.evidence}
    for name in [*tables, *columns]:
        if name not in used:
            msg = f"the rules {rules.label} take no evidence from {name!r}"
            raise UsageError(msg, hint=f"they take it from {', '.join(sorted(used))}")
    if not tables:
        msg = "found no table to derive stages from"
        raise UsageError(msg, hint=f"pass at least one of {', '.join(sorted(used))}")
    frames = {name: _taken(rules, name, data, unit, columns.get(name)) for name, data in tables.items()}
    same_engine(*frames.values())
    _demand_one_type(frames, unit)
    text = any(_type(frame, "key") == nw.String() for frame in frames.values() if "key" in frame.columns)
    parts: list[nw.LazyFrame[Any]] = []
    unseen = []
    numbered = list(enumerate(rules.evidence))
    look = Look(unit=unit, as_of_us=to_us(as_of), onboarding=rules.onboarding, text=text)
    for (name, at), group in groupby(sorted(numbered, key=_place), key=lambda each: (each[1].table, each[1].at)):
        evidence = list(group)
        instant = instant_of(frames[name], evidence) if name in frames else None
        if instant is None:
            unseen.append(f"{name}.{at}")
        else:
            parts.extend(parts_of(look, frames[name], instant, evidence))
    if not parts:
        msg = f"none of the tables has a column at which the rules {rules.label} find evidence"
        raise UsageError(msg, hint=f"they look at {', '.join(unseen)}; rename yours with columns=")
    lazy = nw.concat(parts, how="vertical")
    return Rows(
        lazy=lazy.filter(~nw.col(UNIT).is_null(), ~nw.col(SCOPE).is_null(), nw.col(KNOWN) <= look.as_of_us),
        text=text,
        excluded=_left_out(lazy, look.as_of_us),
        unseen=tuple(unseen),
        snapshot=next((frame.snapshot for frame in frames.values() if frame.snapshot), None),
    )


def _place(numbered: tuple[int, StageEvidence]) -> tuple[str, str, int]:
    return numbered[1].table, numbered[1].at, numbered[0]


def _taken(rules: StageRules, name: str, data: Table, unit: str, columns: Mapping[str, str] | None) -> Frame:
    """A table with what the rules look at. What may be empty by the model may be absent; conditions may not."""
    schema = TABLES[name]
    mine = [each for each in rules.evidence if each.table == name]
    times = {at for each in mine for at in (each.at, each.day, each.after, each.until) if at is not None}
    needs = [at for at in sorted(times) if not schema[at].nullable]
    conditions = [condition[0] for each in mine for condition in each.where]
    scopes = [each.scope_from for each in mine if each.scope_from is not None]
    spared = [condition[0] for each in mine for condition in each.unless if condition[0] in schema]
    own = [condition[0] for each in mine for condition in each.unless if condition[0] not in schema]
    wants = ["key", "known_us", *sorted(times), *spared]
    return take(data, schema.cls, needs=needs, wants=wants, also=(unit, *conditions, *scopes, *own), columns=columns)


def _type(frame: Frame, name: str) -> nw.dtypes.DType:
    return frame.lazy.collect_schema()[name]


def _demand_one_type(frames: Mapping[str, Frame], unit: str) -> None:
    """Demand that the unit is a number in all tables or a text in all."""
    kinds = {name: "numbers" if _type(frame, unit).is_numeric() else "text" for name, frame in frames.items()}
    if len(set(kinds.values())) > 1:
        msg = f"found {unit} as {', '.join(f'{kind} in {name}' for name, kind in sorted(kinds.items()))}"
        raise UsageError(msg, hint="make it the same kind in all tables, or nobody of one is found in another")


def _left_out(lazy: nw.LazyFrame[Any], as_of_us: int) -> dict[str, int]:
    """How many rows would be evidence, under the first reason why they are not."""
    reasons = {
        "no_unit": nw.col(UNIT).is_null(),
        "no_scope": nw.col(SCOPE).is_null(),
        "not_known": nw.col(KNOWN) > as_of_us,
    }
    why = nw.lit("")
    for name, reason in reversed(reasons.items()):
        why = nw.when(reason).then(nw.lit(name)).otherwise(why)
    told = lazy.filter((nw.col(CODE) != ONBOARDED) & (nw.col(CODE) != OVER)).select(why.alias("why"))
    counted = told.filter(nw.col("why") != "").with_columns(nw.lit(1).cast(nw.Int64()).alias("n"))
    return {row["why"]: int(row["n"]) for row in rows(counted.group_by("why").agg(nw.col("n").sum()))}
