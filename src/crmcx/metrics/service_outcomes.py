"""Service, in numbers: how cases went, by single answers, reopening, transfer and escalation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import UsageError
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._case_shares import (
    ENDS,
    SOLVED,
    CaseShares,
    demand_end,
    demand_time,
    latest_of,
    unsolved,
    until_us,
    with_end,
    with_first_solved,
    with_first_step,
)
from crmcx.metrics._case_times import demand_single
from crmcx.metrics._messages import ANSWER, is_answer, known_messages, take_messages
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._service_options import EscalationOptions, OneTouchOptions, ReopenOptions, TransferOptions
from crmcx.metrics._worked import take_changes
from crmcx.models import Case
from crmcx.tables import Frame, Table, flag, known_by, take, words_in


@overload
def one_touch_rate(
    cases: Table, interactions: Table, *, by: None = None, **options: Unpack[OneTouchOptions]
) -> Estimate: ...
@overload
def one_touch_rate(
    cases: Table, interactions: Table, *, by: Groups, **options: Unpack[OneTouchOptions]
) -> EstimateTable: ...
@metric(clock="opened_us")
def one_touch_rate(
    cases: Table,
    interactions: Table,
    *,
    by: By = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    interaction_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of solved cases that took exactly one answer.

    What is an answer `first_response_time` says: notes and bots' replies are none. A case that was solved without any
    answer took more or less than one, and does not count as one touch.

    Args:
        cases: Cases. Needs `key`, `opened_us`, and `resolved_us` or `closed_us`.
        interactions: Interactions. Needs `case_key`, `occurred_us`, and `direction` or `initiator`.
        by: Columns to group by.
        window: Days in which cases were opened.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        cluster: Column that tells which cases belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        interaction_columns: Canonical column name to the interactions' own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts one_touch and other; with `by` one per group. Cases
        that are `not_solved` are left out.

    Raises:
        MissingColumnError: A table lacks a column.
        UsageError: A case is there twice.

    Example:
        >>> import polars as pl
        >>> cases = pl.DataFrame({"key": [1, 2], "opened_us": [0, 0], "resolved_us": [9, 9]})
        >>> said = pl.DataFrame({"case_key": [1, 2, 2], "occurred_us": [1, 2, 3], "initiator": ["employee"] * 3})
        >>> one_touch_rate(cases, said).value
        0.5
    """
    wants = (*ENDS, *([cluster] if cluster else []))
    found = take(cases, Case, needs=("key", "opened_us"), wants=wants, also=names_of(by), columns=columns)
    demand_end(found)
    demand_single(found)
    said = take_messages(interactions, found, interaction_columns)
    question = Question(
        name="one_touch_rate",
        unit="share",
        parameters={"answer": ANSWER},
        by=names_of(by),
        window=window,
        as_of=as_of or latest_of(found, (said, "occurred_us")),
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    answers = (
        known_messages(said, question.as_of)
        .lazy.filter(is_answer(said))
        .select(nw.col("case_key").alias("key"), "occurred_us", nw.lit(1).cast(nw.Int64()).alias("touches"))
        .join(found.lazy.select("key", "opened_us"), on="key", how="inner")
        .filter(nw.col("occurred_us") >= nw.col("opened_us"))
        .group_by("key")
        .agg(nw.col("touches").sum())
    )
    solved = with_end(found)
    frame = evolve(solved, lazy=solved.lazy.join(answers, on="key", how="left"), columns=solved.columns | {"touches"})
    once = flag(nw.col("touches") == 1) == 1
    shares = CaseShares(question=question, nothing="no solved cases", words=("one_touch", "other"))
    return shares.of(frame, once, unsolved(until_us(question)))


@overload
def reopen_rate(
    cases: Table, case_changes: Table, *, by: None = None, **options: Unpack[ReopenOptions]
) -> Estimate: ...
@overload
def reopen_rate(
    cases: Table, case_changes: Table, *, by: Groups, **options: Unpack[ReopenOptions]
) -> EstimateTable: ...
@metric(clock="opened_us")
def reopen_rate(
    cases: Table,
    case_changes: Table,
    *,
    by: By = None,
    within: timedelta | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of solved cases that were opened again at least once.

    A case was solved with its first step to solved or closed, or when it says so itself where no step does. It was
    opened again with a step from one of these to another status; from solved to closed is none.

    Args:
        cases: Cases. Needs `key` and `opened_us`; takes `resolved_us` and `closed_us`.
        case_changes: Their dated steps.
        by: Columns to group by.
        within: Count what was opened again so long after the first solve, its end included, and only cases that were
            seen that long; None counts whatever was opened again up to `as_of`.
        window: Days in which cases were opened.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        cluster: Column that tells which cases belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts reopened and stayed; with `by` one per group. Cases
        that are `not_solved` are left out, and with `within` those `not_observed` so long.

    Raises:
        MissingColumnError: A table lacks a column.
        UsageError: `within` is not above zero, or a case is there twice.

    Example:
        >>> import polars as pl
        >>> cases = pl.DataFrame({"key": [1, 2], "opened_us": [0, 0], "resolved_us": [9, 9]})
        >>> steps = pl.DataFrame({"case_key": [1, 1], "field": ["status"] * 2, "old": ["open", "solved"],
        ...     "new": ["solved", "open"], "changed_us": [5, 6]})
        >>> reopen_rate(cases, steps).value
        0.5
    """
    seconds = demand_time(within)
    wants = (*ENDS, *([cluster] if cluster else []))
    found = take(cases, Case, needs=("key", "opened_us"), wants=wants, also=names_of(by), columns=columns)
    demand_single(found)
    changes = take_changes(case_changes, found, change_columns)
    question = Question(
        name="reopen_rate",
        unit="share",
        parameters={"within_s": seconds},
        by=names_of(by),
        window=window,
        as_of=as_of or latest_of(found, (changes, "changed_us")),
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    back = words_in("field", "status") & words_in("old", *SOLVED)
    back &= ~nw.col("new").is_null() & ~words_in("new", *SOLVED)
    frame = with_first_solved(found, changes, question.as_of)
    frame = with_first_step(frame, known_by(changes, question.as_of, "changed_us").having(back), "again_us")
    shares = CaseShares(question=question, nothing="no solved cases", words=("reopened", "stayed"))
    return shares.followed(
        frame, start="end_us", event=nw.col("again_us"), within=within, excluded=unsolved(until_us(question))
    )


@overload
def transfer_rate(
    cases: Table, case_changes: Table, *, by: None = None, **options: Unpack[TransferOptions]
) -> Estimate: ...
@overload
def transfer_rate(
    cases: Table, case_changes: Table, *, by: Groups, **options: Unpack[TransferOptions]
) -> EstimateTable: ...
@metric(clock="opened_us")
def transfer_rate(
    cases: Table,
    case_changes: Table,
    *,
    by: By = None,
    between: str = "team",
    within: timedelta | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of cases that were handed on at least once.

    A case is handed on with a step from one team to another; the first assignment is none, nor is a step to nobody.
    Cases that go on may still be handed on: so only those that ended count, or with `within` all that were seen so
    long.

    Args:
        cases: Cases. Needs `key` and `opened_us`; without `within` also `resolved_us` or `closed_us`.
        case_changes: Their dated steps.
        by: Columns to group by.
        between: The field whose steps are transfers: `team`, or `assignee`.
        within: Count what was handed on so long after the opening, its end included, and only cases that were seen
            that long; None counts cases that ended, and whatever happened to them up to `as_of`.
        window: Days in which cases were opened.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        cluster: Column that tells which cases belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts transferred and kept; with `by` one per group. Left
        out are cases that are `not_solved`, or with `within` those `not_observed` so long.

    Raises:
        MissingColumnError: A table lacks a column.
        UsageError: `within` is not above zero, or a case is there twice.

    Example:
        >>> import polars as pl
        >>> cases = pl.DataFrame({"key": [1, 2], "opened_us": [0, 0], "closed_us": [9, 9]})
        >>> steps = pl.DataFrame({"case_key": [1, 2], "field": ["team"] * 2, "old": ["first", None],
        ...     "new": ["second", "first"], "changed_us": [5, 6]})
        >>> transfer_rate(cases, steps).value
        0.5
    """
    found = _take_cases(cases, by, cluster, columns, ended=within is None)
    changes = take_changes(case_changes, found, change_columns)
    question = Question(
        name="transfer_rate",
        unit="share",
        parameters={"between": between, "within_s": demand_time(within)},
        by=names_of(by),
        window=window,
        as_of=as_of or latest_of(found, (changes, "changed_us")),
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    moved = ~nw.col("old").is_null() & ~nw.col("new").is_null() & (nw.col("old") != nw.col("new"))
    shares = CaseShares(question=question, nothing=_nothing(within), words=("transferred", "kept"))
    return _with_step(shares, found, changes, words_in("field", between) & moved, within)


@overload
def escalation_rate(
    cases: Table, case_changes: Table, *, by: None = None, **options: Unpack[EscalationOptions]
) -> Estimate: ...
@overload
def escalation_rate(
    cases: Table, case_changes: Table, *, by: Groups, **options: Unpack[EscalationOptions]
) -> EstimateTable: ...
@metric(clock="opened_us")
def escalation_rate(
    cases: Table,
    case_changes: Table,
    *,
    to: str | Sequence[str],
    by: By = None,
    of: str = "team",
    within: timedelta | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of cases that were raised to another level, such as the second line or a high priority.

    A case is raised with a step of a field to one of the words from a word that is none of them. One that had such a
    word from the beginning, or got it as its first, was not raised.

    Args:
        cases: Cases. Needs `key` and `opened_us`; without `within` also `resolved_us` or `closed_us`.
        case_changes: Their dated steps.
        to: The words of the higher level, such as `second_line`.
        by: Columns to group by.
        of: The field that the words are of: `team`, or `priority`.
        within: Count what was raised so long after the opening, its end included, and only cases that were seen that
            long; None counts cases that ended, and whatever happened to them up to `as_of`.
        window: Days in which cases were opened.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        cluster: Column that tells which cases belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts escalated and kept; with `by` one per group. Left out
        are cases that are `not_solved`, or with `within` those `not_observed` so long.

    Raises:
        MissingColumnError: A table lacks a column.
        UsageError: No word is named, `within` is not above zero, or a case is there twice.

    Example:
        >>> import polars as pl
        >>> cases = pl.DataFrame({"key": [1, 2], "opened_us": [0, 0], "closed_us": [9, 9]})
        >>> steps = pl.DataFrame({"case_key": [1], "field": ["priority"], "old": ["low"], "new": ["urgent"],
        ...     "changed_us": [5]})
        >>> escalation_rate(cases, steps, of="priority", to=["high", "urgent"]).value
        0.5
    """
    words = (to,) if isinstance(to, str) else tuple(sorted(set(to)))
    if not words:
        msg = "to= names no word, so nothing could ever be raised"
        raise UsageError(msg, hint="name the higher teams or priorities, such as to='second_line'")
    found = _take_cases(cases, by, cluster, columns, ended=within is None)
    changes = take_changes(case_changes, found, change_columns)
    question = Question(
        name="escalation_rate",
        unit="share",
        parameters={"of": of, "to": list(words), "within_s": demand_time(within)},
        by=names_of(by),
        window=window,
        as_of=as_of or latest_of(found, (changes, "changed_us")),
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    raised = words_in("new", *words) & ~nw.col("old").is_null() & ~words_in("old", *words)
    shares = CaseShares(question=question, nothing=_nothing(within), words=("escalated", "kept"))
    return _with_step(shares, found, changes, words_in("field", of) & raised, within)


def _take_cases(cases: Table, by: By, cluster: str | None, columns: Mapping[str, str] | None, *, ended: bool) -> Frame:
    wants = (*ENDS, *([cluster] if cluster else []))
    found = take(cases, Case, needs=("key", "opened_us"), wants=wants, also=names_of(by), columns=columns)
    if ended:
        demand_end(found)
    demand_single(found)
    return found


def _nothing(within: timedelta | None) -> str:
    return "no solved cases" if within is None else "no cases were seen that long"


def _with_step(
    shares: CaseShares, cases: Frame, changes: Frame, condition: nw.Expr, within: timedelta | None
) -> Estimate | EstimateTable:
    """The share of cases with such a step, of those that ended or were seen so long."""
    until = until_us(shares.question)
    frame = with_end(cases) if within is None else cases
    frame = with_first_step(frame, known_by(changes, shares.question.as_of, "changed_us").having(condition), "step_us")
    excluded = {"no_opening": nw.col("opened_us").is_null()} | (unsolved(until) if within is None else {})
    return shares.followed(frame, start="opened_us", event=nw.col("step_us"), within=within, excluded=excluded)
