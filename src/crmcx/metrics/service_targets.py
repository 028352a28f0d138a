"""Agreed times of cases, in numbers: how often they were kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import MissingColumnError, UsageError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._case_shares import ENDS, CaseShares, demand_end, latest_of, until_us, with_end
from crmcx.metrics._case_times import demand_single
from crmcx.metrics._clock import BusinessClock
from crmcx.metrics._messages import known_messages, take_messages, with_answer
from crmcx.metrics._options import Clustered
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._service_options import TargetOptions
from crmcx.metrics._worked import Timing, take_changes, with_worked
from crmcx.models import BusinessCalendar, Case, OpeningHours, SlaMetric, SlaTarget
from crmcx.tables import Frame, Table, flag, nullable, same_engine, take, words_in

_EVER = 2**62


@overload
def sla_attainment(cases: Table, *, by: None = None, **options: Unpack[Clustered]) -> Estimate: ...
@overload
def sla_attainment(cases: Table, *, by: Groups, **options: Unpack[Clustered]) -> EstimateTable: ...
@metric(clock="opened_us")
def sla_attainment(
    cases: Table,
    *,
    by: By = None,
    window: Window | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of cases whose agreed times were kept, by what the source says of each.

    Where the targets themselves are there, `target_attainment` tells it without relying on that word.

    Args:
        cases: Cases. Needs `met_sla`; cases of which nothing is said are left out as `no_sla`.
        by: Columns to group by.
        window: Days in which cases were opened.
        cluster: Column that tells which cases belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval, and the counts met and missed; with `by` one per group. None for no
        cases.
    """
    question = Question(
        name="sla_attainment",
        unit="share",
        parameters={},
        by=names_of(by),
        window=window,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    needs = ("met_sla", *(("opened_us",) if window else ()))
    frame = take(cases, Case, needs=needs, wants=[cluster] if cluster else [], also=question.by, columns=columns)
    shares = CaseShares(question=question, nothing="no cases with agreed times", words=("met", "missed"))
    return shares.of(frame, nw.col("met_sla"), {"no_sla": nw.col("met_sla").is_null()})


@overload
def target_attainment(
    cases: Table,
    sla_targets: Table,
    interactions: Table | None = None,
    case_changes: Table | None = None,
    *,
    by: None = None,
    **options: Unpack[TargetOptions],
) -> Estimate: ...
@overload
def target_attainment(
    cases: Table,
    sla_targets: Table,
    interactions: Table | None = None,
    case_changes: Table | None = None,
    *,
    by: Groups,
    **options: Unpack[TargetOptions],
) -> EstimateTable: ...
@metric(clock="opened_us")
def target_attainment(
    cases: Table,
    sla_targets: Table,
    interactions: Table | None = None,
    case_changes: Table | None = None,
    *,
    of: str = "first_response",
    by: By = None,
    calendars: Sequence[BusinessCalendar] = (),
    pauses: Sequence[str] = (),
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    target_columns: Mapping[str, str] | None = None,
    interaction_columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of cases whose agreed time was kept, by the target that was in force when it mattered.

    Of the targets of a case the one counts that was applied last, not later than the answer or the solve; for a case
    that still waits, not later than `as_of` or its closing. So a priority that changed afterwards changes nothing. It
    was kept when the answer or the solve came by `due_us`; where a target has no such date, within `target_us` from the
    opening, in the hours of its calendar and without pauses. A case that still waits and is overdue was missed; one
    that still may be kept is left out.

    Args:
        cases: Cases. Needs `key` and `opened_us`; for `resolution` also `resolved_us` or `closed_us`.
        sla_targets: Targets as they were applied. Needs `case_key`, `metric`, and `due_us` or `target_us`; takes
            `applied_us` (without one, it counts from the beginning), `calendar` and `position`, which decides between
            targets that were applied at one instant.
        interactions: Interactions; needed for `first_response`.
        case_changes: The dated steps of the cases; needed for pauses.
        of: `first_response` or `resolution`.
        by: Columns of the cases to group by.
        calendars: The business calendars that targets name by their codes.
        pauses: Statuses in which the clock of a target without `due_us` stands.
        window: Days in which cases were opened.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        cluster: Column that tells which cases belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        target_columns: Canonical column name to the targets' own.
        interaction_columns: Canonical column name to the interactions' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A share from 0 to 1 with Wilson's interval, and the counts met and missed; with `by` one per group. Left out are
        cases with `no_target`, those that were `not_due` yet, those that were closed before without it as
        `ended_without`, those with `no_opening`, and those whose target names a calendar that was not passed, or that
        says nothing of some day, as `no_business_hours`.

    Raises:
        MissingColumnError: A table lacks a column.
        UsageError: `of` is unknown, a case is there twice, or a table that is needed was not passed.

    Example:
        >>> import polars as pl
        >>> hour = 3_600_000_000
        >>> cases = pl.DataFrame({"key": [1, 2], "opened_us": [0, 0], "resolved_us": [3 * hour, 5 * hour]})
        >>> targets = pl.DataFrame({"case_key": [1, 2], "metric": ["resolution"] * 2, "target_us": [4 * hour] * 2})
        >>> target_attainment(cases, targets, of="resolution").value
        0.5
    """
    demand_one_of("of", of, (SlaMetric.FIRST_RESPONSE.value, SlaMetric.RESOLUTION.value))
    answers = of == SlaMetric.FIRST_RESPONSE.value
    if answers and interactions is None:
        msg = "of='first_response' needs the interactions to tell what was answered"
        raise UsageError(msg, hint="pass interactions as the third table, or ask of='resolution'")
    clock = BusinessClock(calendars=(*calendars, _ALWAYS), rule="now", column="calendar")
    timing = Timing.of(clock, pauses, case_changes)
    wants = (*ENDS, *(("status",) if pauses else ()), *([cluster] if cluster else []))
    found = take(cases, Case, needs=("key", "opened_us"), wants=wants, also=names_of(by), columns=columns)
    demand_single(found)
    said = None
    if answers and interactions is not None:
        said = take_messages(interactions, found, interaction_columns)
    else:
        demand_end(found)
    targets = _take_targets(sla_targets, found, of, target_columns)
    changes = None
    if timing.by_changes and case_changes is not None:
        changes = take_changes(case_changes, found, change_columns)
    question = Question(
        name="target_attainment",
        unit="share",
        parameters={"of": of, "pauses": list(timing.pauses), "hours": clock.told()["hours"], "rule": "at the event"},
        by=names_of(by),
        window=window,
        as_of=as_of or latest_of(found, *([] if said is None else [(said, "occurred_us")])),
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    until = until_us(question)
    frame = with_end(found) if said is None else with_answer(found, known_messages(said, question.as_of))
    event = nw.col("end_us" if said is None else "answered_us")
    done = ~event.is_null() & (event <= until)
    closed = nw.col("closed_us") if said is not None and "closed_us" in frame.columns else None
    waits = nw.lit(until) if closed is None else nw.when(closed <= until).then(closed).otherwise(nw.lit(until))
    lazy = frame.lazy.with_columns(
        nw.col("opened_us").alias("from_us"),
        nw.when(done).then(event).otherwise(waits).cast(nw.Int64()).alias("to_us"),
        flag(done).alias("done"),
        (flag(closed <= until) if closed is not None else nw.lit(0).cast(nw.Int64())).alias("over"),
    )
    lazy = lazy.join(_in_force(lazy, targets), on="key", how="left")
    made = frozenset({"from_us", "to_us", "done", "over", "target_us", "due_us", "calendar"})
    spans = evolve(frame, lazy=nullable(lazy), columns=frame.columns | made)
    spans = with_worked(spans, spans, changes, timing, until)
    by_date = ~nw.col("due_us").is_null()
    late = (
        nw.when(by_date).then(nw.col("to_us") > nw.col("due_us")).otherwise(nw.col("worked_us") > nw.col("target_us"))
    )
    met, overdue = (nw.col("done") == 1) & ~late, flag(late) == 1
    excluded = {
        "no_opening": nw.col("opened_us").is_null(),
        "no_target": nw.col("due_us").is_null() & nw.col("target_us").is_null(),
        "no_business_hours": ~by_date & (nw.col("no_hours") == 1),
        "ended_without": (nw.col("done") == 0) & ~overdue & (nw.col("over") == 1),
        "not_due": (nw.col("done") == 0) & ~overdue,
    }
    shares = CaseShares(question=question, nothing="no cases with agreed times", words=("met", "missed"))
    return shares.of(spans, met, excluded)


_ALWAYS = BusinessCalendar(
    source="crmcx",
    source_id="always",
    code="crmcx.always",
    zone="UTC",
    hours=tuple(OpeningHours(weekday=day, opens=timedelta(), closes=timedelta(days=1)) for day in range(7)),
)
"""The calendar of targets that name none: the whole day."""


def _take_targets(targets: Table, beside: Frame, of: str, columns: Mapping[str, str] | None) -> Frame:
    """The targets of one kind, with `since_us`, `target_us`, `due_us` and `calendar`."""
    wants = ("applied_us", "due_us", "target_us", "calendar", "position")
    frame = take(targets, SlaTarget, needs=("case_key", "metric"), wants=wants, columns=columns)
    same_engine(beside, frame)
    if not {"due_us", "target_us"} & frame.columns:
        msg = "the sla_targets table lacks due_us and target_us, and needs one of them"
        raise MissingColumnError(msg, hint="pass the one it has with target_columns=", missing=("due_us", "target_us"))
    frame = frame.having(words_in("metric", of) & ~nw.col("case_key").is_null())
    (present, *_) = (name for name in ("due_us", "target_us") if name in frame.columns)
    nothing = nw.when(nw.col(present).is_null()).then(nw.col(present))
    applied = nw.col("applied_us") if "applied_us" in frame.columns else nothing
    calendar = nw.lit(_ALWAYS.code)
    if "calendar" in frame.columns:
        calendar = nw.when(nw.col("calendar").is_null()).then(calendar).otherwise(nw.col("calendar"))
    lazy = frame.lazy.select(
        nw.col("case_key").alias("key"),
        nw.when(applied.is_null()).then(nw.lit(-_EVER)).otherwise(applied).cast(nw.Int64()).alias("since_us"),
        *(nw.col(name) if name in frame.columns else nothing.alias(name) for name in ("due_us", "target_us")),
        calendar.alias("calendar"),
        (nw.col("position") if "position" in frame.columns else nw.lit(0).cast(nw.Int64())).alias("position"),
    )
    return evolve(frame, lazy=lazy, columns=frame.columns | {"key", "since_us", "due_us", "target_us", "calendar"})


def _in_force(spans: nw.LazyFrame[Any], targets: Frame) -> nw.LazyFrame[Any]:
    """For each case its target that was in force at the end of its span."""
    joined = targets.lazy.join(spans.select("key", "to_us"), on="key", how="inner")
    joined = joined.filter(nw.col("since_us") <= nw.col("to_us")).with_columns(nw.lit(1).cast(nw.Int64()).alias("one"))
    order = ["since_us", "position", "calendar"]
    ranked = joined.with_columns(
        nw.col("one").cum_sum().over("key", order_by=order).alias("row"), nw.col("one").sum().over("key").alias("rows")
    )
    last = ranked.filter(nw.col("row") == nw.col("rows"))
    return last.select("key", "due_us", "target_us", "calendar")
