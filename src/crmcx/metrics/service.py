"""Service, in numbers: time to the first response, time to resolution, agreed times kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import MissingColumnError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window, to_us
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import empty_group, grouped
from crmcx.metrics._options import Clustered, Dated, Sampled
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._shares import share
from crmcx.metrics._times import Times, time_estimate, times
from crmcx.models import Case, Flow, Initiator, Interaction, Visibility
from crmcx.tables import Frame, Table, in_window, latest, same_engine, take, words_in


class ResolutionOptions(Dated, Sampled, total=False):
    """What `resolution_time` takes."""

    quantile: float
    until: str


class ResponseOptions(Dated, Sampled, total=False):
    """What `first_response_time` takes."""

    quantile: float
    interaction_columns: Mapping[str, str] | None


_UNTIL = {"closed": "closed_us", "resolved": "resolved_us"}


@overload
def first_response_time(
    cases: Table, interactions: Table, *, by: None = None, **options: Unpack[ResponseOptions]
) -> Estimate: ...
@overload
def first_response_time(
    cases: Table, interactions: Table, *, by: Groups, **options: Unpack[ResponseOptions]
) -> EstimateTable: ...
@metric(clock="opened_us")
def first_response_time(
    cases: Table,
    interactions: Table,
    *,
    by: By = None,
    quantile: float = 0.5,
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    interaction_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The time from the opening of a case to the first answer of a human that the customer could see.

    An answer is an interaction of the case, not before its opening, that is visible to the customer, goes outbound (or
    does not say) and is initiated by an employee (or does not say, and goes outbound). Internal notes and bots' replies
    are none. Cases that were never answered are not left out: they count as open up to their closing, or up to `as_of`.

    Args:
        cases: Cases. Needs `key` and `opened_us`.
        interactions: Interactions. Needs `case_key`, `occurred_us`, and `direction` or `initiator`.
        by: Columns of the cases to group by.
        quantile: The share of cases after whose answering the clock stops; 0.5 gives the median.
        window: Days in which cases were opened.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        interaction_columns: Canonical column name to the interactions' own.

    Returns:
        A duration by the clock (not by business hours), by Kaplan and Meier, with the counts answered and open; None
        when too few were answered. With `by` one per group.

    Raises:
        MissingColumnError: A table lacks a column.
        EngineMismatchError: The tables are of two engines.
    """
    wants = ("closed_us", "resolved_us")
    found = take(cases, Case, needs=("key", "opened_us"), wants=wants, also=names_of(by), columns=columns)
    said = take(
        interactions,
        Interaction,
        needs=("case_key", "occurred_us"),
        wants=("direction", "initiator", "visibility"),
        columns=interaction_columns,
    )
    same_engine(found, said)
    question = Question(
        name="first_response_time",
        unit="duration",
        parameters={"quantile": quantile, "clock": "calendar", "answer": "visible, outbound, human"},
        by=names_of(by),
        window=window,
        as_of=as_of or latest((found, "opened_us"), (found, "closed_us"), (said, "occurred_us")),
        level=level,
        min_n=min_n,
    )
    answers = (
        said.lazy.filter(_is_answer(said))
        .select(nw.col("case_key").alias("key"), nw.col("occurred_us").alias("answered_us"))
        .join(found.lazy.select("key", "opened_us"), on="key", how="inner")
        .filter(nw.col("answered_us") >= nw.col("opened_us"))
        .group_by("key")
        .agg(nw.col("answered_us").min().alias("answered_us"))
    )
    joined = evolve(found, lazy=found.lazy.join(answers, on="key", how="left"), columns=found.columns | {"answered_us"})
    return _time_until(joined, "answered_us", question, quantile, "answered")


def _is_answer(said: Frame) -> nw.Expr:
    if not {"direction", "initiator"} & said.columns:
        msg = "the interactions table lacks direction and initiator, and needs one of them to tell an answer"
        raise MissingColumnError(msg, hint="pass the one it has with interaction_columns=", missing=("direction",))
    conditions = [~nw.col("case_key").is_null()]
    if "visibility" in said.columns:
        conditions.append(nw.col("visibility").is_null() | words_in("visibility", Visibility.CUSTOMER.value))
    outbound = words_in("direction", Flow.OUTBOUND.value) if "direction" in said.columns else None
    human = words_in("initiator", Initiator.EMPLOYEE.value) if "initiator" in said.columns else None
    if outbound is not None and human is not None:
        silent = nw.col("initiator").is_null()
        conditions.append((human & (nw.col("direction").is_null() | outbound)) | (silent & outbound))
    else:
        conditions += [each for each in (outbound, human) if each is not None]
    return nw.all_horizontal(*conditions, ignore_nulls=True)


@overload
def resolution_time(cases: Table, *, by: None = None, **options: Unpack[ResolutionOptions]) -> Estimate: ...
@overload
def resolution_time(cases: Table, *, by: Groups, **options: Unpack[ResolutionOptions]) -> EstimateTable: ...
@metric(clock="opened_us")
def resolution_time(
    cases: Table,
    *,
    by: By = None,
    until: str = "closed",
    quantile: float = 0.5,
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The time from the opening of a case to its end, by the clock.

    Cases that have not ended count as open up to `as_of`; leaving them out would make the time look short.

    Args:
        cases: Cases. Needs `opened_us` and `closed_us` or `resolved_us`.
        by: Columns to group by.
        until: `closed`, or `resolved` for the last time it was solved.
        quantile: The share of cases after whose end the clock stops; 0.5 gives the median.
        window: Days in which cases were opened.
        as_of: The date up to which all is known; the latest instant in the table unless given.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A duration by Kaplan and Meier with the counts ended and open; None when too few have ended. With `by` one per
        group.

    Raises:
        MissingColumnError: The table lacks a column.
    """
    demand_one_of("until", until, _UNTIL)
    end = _UNTIL[until]
    found = take(cases, Case, needs=("opened_us", end), also=names_of(by), columns=columns)
    question = Question(
        name="resolution_time",
        unit="duration",
        parameters={"quantile": quantile, "clock": "calendar", "until": until},
        by=names_of(by),
        window=window,
        as_of=as_of or latest((found, "opened_us"), (found, end)),
        level=level,
        min_n=min_n,
    )
    return _time_until(found, end, question, quantile, until)


def _time_until(frame: Frame, end: str, question: Question, quantile: float, ended: str) -> Estimate | EstimateTable:
    """The time from opening to an end; open up to the closing, or to the date up to which all is known."""
    if question.window is not None:
        frame = frame.having(in_window(frame, question.window, "opened_us"))
    receipt = question.receipt(frame)
    until = 0
    if question.as_of is not None:
        until = to_us(question.as_of)
        frame = frame.having(nw.col("opened_us").is_null() | (nw.col("opened_us") <= until))
    opened, end_us = nw.col("opened_us"), nw.col(end)
    done = ~end_us.is_null() & (end_us <= until)
    stopped = nw.lit(until)
    if end != "closed_us" and "closed_us" in frame.columns:
        closed = nw.col("closed_us")
        stopped = nw.when(~closed.is_null() & (closed <= until)).then(closed).otherwise(nw.lit(until))
    last = nw.when(done).then(end_us).otherwise(stopped)
    excluded = {"no_opening": opened.is_null(), "ended_before_opening": ~opened.is_null() & (last < opened)}
    groups = times(frame, by=question.by, excluded=excluded, length_us=last - opened, ended=done)
    return question.answer(
        groups,
        Times(),
        lambda group: time_estimate(
            group, receipt, quantile=quantile, level=question.level, ended=ended, nothing="no cases"
        ),
    )


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
    needs = ["met_sla", *(["opened_us"] if window else [])]
    frame = take(cases, Case, needs=needs, wants=[cluster] if cluster else [], also=question.by, columns=columns)
    if window is not None:
        frame = frame.having(in_window(frame, window, "opened_us"))
    unknown = nw.col("met_sla").is_null()
    met = nw.when(~unknown & nw.col("met_sla")).then(nw.lit(1)).otherwise(nw.lit(0))
    missed = nw.when(~unknown & ~nw.col("met_sla")).then(nw.lit(1)).otherwise(nw.lit(0))
    counts = {"met": met, "missed": missed}
    groups = grouped(frame, by=question.by, cluster=cluster, excluded={"no_sla": unknown}, value=met, counts=counts)
    empty = empty_group(tuple(counts), clustered=cluster is not None and cluster in frame.columns)
    receipt = question.receipt(frame)
    return question.answer(
        groups, empty, lambda group: share(group, receipt, level=level, nothing="no cases with agreed times")
    )
