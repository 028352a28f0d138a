"""Service, in numbers: times to a response and to a resolution, by the clock or by business hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import UsageError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._case_shares import with_first_solved
from crmcx.metrics._case_times import CaseTimes
from crmcx.metrics._clock import Calendar
from crmcx.metrics._messages import ANSWER, is_answer, is_question, known_messages, take_messages, with_answer
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._service_options import ResolutionOptions, ResponseOptions, TurnOptions
from crmcx.metrics._worked import Timing, take_changes
from crmcx.models import Case
from crmcx.tables import Frame, Table, flag, latest, take

_UNTIL = {"closed": "closed_us", "resolved": "resolved_us", "first resolved": "end_us"}


@overload
def first_response_time(
    cases: Table,
    interactions: Table,
    case_changes: Table | None = None,
    *,
    by: None = None,
    **options: Unpack[ResponseOptions],
) -> Estimate: ...
@overload
def first_response_time(
    cases: Table,
    interactions: Table,
    case_changes: Table | None = None,
    *,
    by: Groups,
    **options: Unpack[ResponseOptions],
) -> EstimateTable: ...
@metric(clock="opened_us")
def first_response_time(
    cases: Table,
    interactions: Table,
    case_changes: Table | None = None,
    *,
    by: By = None,
    quantile: float = 0.5,
    calendar: Calendar = None,
    pauses: Sequence[str] = (),
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    interaction_columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The time from the opening of a case to the first answer of a human that the customer could see.

    An answer is an interaction of the case, not before its opening, that is visible to the customer, goes outbound (or
    does not say) and is initiated by an employee (or does not say, and goes outbound). Internal notes and bots' replies
    are none. A case that the company opened with its own message was answered at once. Cases that were never answered
    are not left out: they count as open up to their closing, or up to `as_of`.

    Args:
        cases: Cases. Needs `key` and `opened_us`.
        interactions: Interactions. Needs `case_key`, `occurred_us`, and `direction` or `initiator`.
        case_changes: The dated steps of the cases. Needed for pauses, and for calendars that change with the case.
        by: Columns of the cases to group by.
        quantile: The share of cases after whose answering the clock stops; 0.5 gives the median.
        calendar: Business hours: a `BusinessCalendar` for all cases, or a `BusinessClock` that names the rule by which
            a case has one; None counts all hours.
        pauses: Statuses in which the clock stands, such as `pending` and `on_hold`.
        window: Days in which cases were opened.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        interaction_columns: Canonical column name to the interactions' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A duration by Kaplan and Meier, with the counts answered and open; None when too few were answered. With `by`
        one per group. Left out are cases with `no_opening`, those that `ended_before_opening`, and with business hours
        those of which nobody says which count, as `no_business_hours`.

    Raises:
        MissingColumnError: A table lacks a column.
        EngineMismatchError: The tables are of two engines.
        UsageError: A pause is no status, a case is there twice, or changes are needed and were not passed.

    Example:
        >>> import polars as pl
        >>> hour = 3_600_000_000
        >>> cases = pl.DataFrame({"key": [1, 2, 3], "opened_us": [0, 0, 0]})
        >>> replies = pl.DataFrame({"case_key": [1, 2], "occurred_us": [hour, 3 * hour], "initiator": ["employee"] * 2})
        >>> first_response_time(cases, replies).value
        datetime.timedelta(seconds=10800)
    """
    timing = Timing.of(calendar, pauses, case_changes)
    wants = ("closed_us", "resolved_us", *timing.wants)
    found = take(cases, Case, needs=("key", "opened_us"), wants=wants, also=names_of(by), columns=columns)
    said = take_messages(interactions, found, interaction_columns)
    changes = (
        take_changes(case_changes, found, change_columns) if timing.by_changes and case_changes is not None else None
    )
    question = Question(
        name="first_response_time",
        unit="duration",
        parameters={"quantile": quantile, "answer": ANSWER, **timing.told()},
        by=names_of(by),
        window=window,
        as_of=as_of or latest((found, "opened_us"), (found, "closed_us"), (said, "occurred_us")),
        level=level,
        min_n=min_n,
    )
    joined = with_answer(found, known_messages(said, question.as_of))
    return CaseTimes(question, quantile, timing, found, changes).until(joined, "answered_us", "answered")


@overload
def next_response_time(
    cases: Table,
    interactions: Table,
    case_changes: Table | None = None,
    *,
    by: None = None,
    **options: Unpack[TurnOptions],
) -> Estimate: ...
@overload
def next_response_time(
    cases: Table,
    interactions: Table,
    case_changes: Table | None = None,
    *,
    by: Groups,
    **options: Unpack[TurnOptions],
) -> EstimateTable: ...
@metric(clock="opened_us")
def next_response_time(
    cases: Table,
    interactions: Table,
    case_changes: Table | None = None,
    *,
    by: By = None,
    every: bool = False,
    quantile: float = 0.5,
    calendar: Calendar = None,
    pauses: Sequence[str] = (),
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    interaction_columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The time that a customer waits for an answer after the first one, over all her turns.

    A turn begins with the first message of the customer after an answer and ends with the next answer, whatever she
    writes in between. At one instant a message comes before an answer. Turns without an answer count as open up to the
    closing of the case, or up to `as_of` where the message came after it. What is an answer `first_response_time` says;
    a message is visible, goes inbound (or does not say) and is the customer's (or does not say, and goes inbound).

    Args:
        cases: Cases. Needs `key` and `opened_us`.
        interactions: Interactions. Needs `case_key`, `occurred_us`, and `direction` or `initiator`.
        case_changes: The dated steps of the cases, as for `first_response_time`.
        by: Columns of the cases to group by.
        every: Count the turn before the first answer too, from the customer's first message on.
        quantile: The share of turns after whose answering the clock stops; 0.5 gives the median.
        calendar: Business hours, as for `first_response_time`.
        pauses: Statuses in which the clock stands.
        window: Days in which turns began.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        interaction_columns: Canonical column name to the interactions' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A duration by Kaplan and Meier, with the counts of turns answered and open; None when too few were answered.
        With `by` one per group.

    Raises:
        MissingColumnError: A table lacks a column.
        EngineMismatchError: The tables are of two engines.
        UsageError: A pause is no status, a case is there twice, or changes are needed and were not passed.

    Example:
        >>> import polars as pl
        >>> minute = 60_000_000
        >>> cases = pl.DataFrame({"key": [1], "opened_us": [0]})
        >>> said = pl.DataFrame({"case_key": [1] * 4, "occurred_us": [minute * at for at in (1, 20, 25, 50)],
        ...     "initiator": ["employee", "customer", "customer", "employee"]})
        >>> next_response_time(cases, said).value
        datetime.timedelta(seconds=1800)
    """
    timing = Timing.of(calendar, pauses, case_changes)
    wants = ("closed_us", *timing.wants)
    found = take(cases, Case, needs=("key", "opened_us"), wants=wants, also=names_of(by), columns=columns)
    said = take_messages(interactions, found, interaction_columns)
    changes = (
        take_changes(case_changes, found, change_columns) if timing.by_changes and case_changes is not None else None
    )
    question = Question(
        name="next_response_time",
        unit="duration",
        parameters={"quantile": quantile, "answer": ANSWER, "every": every, **timing.told()},
        by=names_of(by),
        window=window,
        as_of=as_of or latest((found, "opened_us"), (found, "closed_us"), (said, "occurred_us")),
        level=level,
        min_n=min_n,
    )
    turns = _turns(known_messages(said, question.as_of), found, every=every)
    return CaseTimes(question, quantile, timing, found, changes).until(turns, "answered_us", "answered", unit="turns")


def _turns(said: Frame, cases: Frame, *, every: bool) -> Frame:
    """One row per turn of a customer: when it began, and when it was answered."""
    us, answers = nw.col("us"), nw.col("answers")
    messages = (
        said.lazy.with_columns(flag(is_answer(said)).alias("answers"), flag(is_question(said)).alias("asks"))
        .filter((answers == 1) | (nw.col("asks") == 1))
        .select(nw.col("case_key").alias("key"), nw.col("occurred_us").alias("us"), "answers", "asks")
        .join(cases.lazy.select("key", "opened_us"), on="key", how="inner")
        .filter(us >= nw.col("opened_us"))
    )
    # An answer belongs to the turn that it ends: the number of answers before it.
    numbered = messages.with_columns(
        (answers.cum_sum().over("key", order_by=["us", "answers", "asks"]) - answers).alias("turn")
    )
    turns = (
        numbered.with_columns(
            nw.when(nw.col("asks") == 1).then(us).alias("from_us"), nw.when(answers == 1).then(us).alias("answered_us")
        )
        .group_by("key", "turn")
        .agg(nw.col("from_us").min(), nw.col("answered_us").min())
        .filter(~nw.col("from_us").is_null() & (nw.col("turn") >= (0 if every else 1)))
    )
    return evolve(
        cases,
        lazy=turns.join(cases.lazy, on="key", how="inner"),
        columns=cases.columns | {"turn", "from_us", "answered_us"},
    )


@overload
def resolution_time(
    cases: Table, case_changes: Table | None = None, *, by: None = None, **options: Unpack[ResolutionOptions]
) -> Estimate: ...
@overload
def resolution_time(
    cases: Table, case_changes: Table | None = None, *, by: Groups, **options: Unpack[ResolutionOptions]
) -> EstimateTable: ...
@metric(clock="opened_us")
def resolution_time(
    cases: Table,
    case_changes: Table | None = None,
    *,
    by: By = None,
    until: str = "closed",
    quantile: float = 0.5,
    calendar: Calendar = None,
    pauses: Sequence[str] = (),
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The time from the opening of a case to its end.

    Cases that have not ended count as open up to `as_of`; leaving them out would make the time look short.

    Args:
        cases: Cases. Needs `opened_us` and `closed_us` or `resolved_us`; `key` too with changes.
        case_changes: The dated steps of the cases. Needed for `first resolved`, for pauses, and for calendars that
            change with the case.
        by: Columns to group by.
        until: `closed`; `resolved` for the last time it was solved; or `first resolved` for the first step to solved or
            closed that the changes tell, and without one the dates of the case.
        quantile: The share of cases after whose end the clock stops; 0.5 gives the median.
        calendar: Business hours: a `BusinessCalendar` for all cases, or a `BusinessClock` that names the rule by which
            a case has one; None counts all hours.
        pauses: Statuses in which the clock stands, such as `pending` and `on_hold`.
        window: Days in which cases were opened.
        as_of: The date up to which all is known; the latest instant in the table unless given.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A duration by Kaplan and Meier with the counts ended and open; None when too few have ended. With `by` one per
        group.

    Raises:
        MissingColumnError: A table lacks a column.
        UsageError: `until` is unknown, a pause is no status, a case is there twice, or changes are needed and were not
            passed.

    Example:
        >>> import polars as pl
        >>> day = 86_400_000_000
        >>> resolution_time(pl.DataFrame({"opened_us": [0, 0, 0], "closed_us": [day, 3 * day, None]})).value
        datetime.timedelta(days=3)
    """
    demand_one_of("until", until, _UNTIL)
    timing = Timing.of(calendar, pauses, case_changes)
    first = until == "first resolved"
    if first and case_changes is None:
        msg = "until='first resolved' needs the changes of the cases"
        raise UsageError(msg, hint="pass case_changes as the second table, or ask for until='resolved'")
    by_key = ("key",) if first or timing.by_case else ()
    needs = ("opened_us", *by_key, *(() if first else (_UNTIL[until],)))
    wants = (*timing.wants, *(("resolved_us", "closed_us") if first else ()))
    found = take(cases, Case, needs=needs, wants=wants, also=names_of(by), columns=columns)
    changes = take_changes(case_changes, found, change_columns) if by_key and case_changes is not None else None
    question = Question(
        name="resolution_time",
        unit="duration",
        parameters={"quantile": quantile, "until": until, **timing.told()},
        by=names_of(by),
        window=window,
        as_of=as_of
        or latest(
            *((found, name) for name in ("opened_us", "resolved_us", "closed_us")),
            *([] if changes is None else [(changes, "changed_us")]),
        ),
        level=level,
        min_n=min_n,
    )
    frame = with_first_solved(found, changes, question.as_of) if first and changes is not None else found
    return CaseTimes(question, quantile, timing, found, changes).until(frame, _UNTIL[until], until)
