"""Service, in numbers: what is open at an instant, and for how long it has been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve, frozen

from crmcx.estimates import Estimate, EstimateTable, Receipt, quantile_of
from crmcx.instants import to_us
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._case_shares import ENDS, SOLVED, latest_of, with_end
from crmcx.metrics._case_times import demand_single
from crmcx.metrics._clock import Calendar
from crmcx.metrics._grouping import Group, empty_group, grouped
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._service_options import BacklogAgeOptions, BacklogOptions
from crmcx.metrics._times import Times, times
from crmcx.metrics._worked import Timing, take_changes, with_worked
from crmcx.models import Case, CaseStatus
from crmcx.tables import Frame, KeyedTable, KnownSince, Table, cases_at, flag, take, words_in

_OPEN = tuple(status.value for status in CaseStatus if status.value not in {*SOLVED, CaseStatus.OTHER.value})


@overload
def backlog(
    cases: Table, case_changes: Table | None = None, *, by: None = None, **options: Unpack[BacklogOptions]
) -> Estimate: ...
@overload
def backlog(
    cases: Table, case_changes: Table | None = None, *, by: Groups, **options: Unpack[BacklogOptions]
) -> EstimateTable: ...
@metric(clock="opened_us")
def backlog(
    cases: Table,
    case_changes: Table | None = None,
    *,
    by: By = None,
    at: datetime | None = None,
    as_of: datetime | None = None,
    known_since: KnownSince = None,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """How many cases were open at an instant, as known at another.

    With changes, the status then is what `tables.cases_at` tells: a case that is closed now was open before its step,
    and one that was opened again was solved in between. Before the first step of a case it takes `known_since` to tell.
    Without changes a case is open from its opening up to its last solve or closing, so that times of being solved in
    between are not seen.

    Args:
        cases: Cases. Needs `key` and `opened_us`; without changes also `resolved_us` or `closed_us`.
        case_changes: Their dated steps.
        by: Columns to group by. Priority, team and assignee are told as they were then where there are changes; other
            columns as they are now.
        at: The instant in the world; the date of knowledge unless given.
        as_of: The date of knowledge; the latest instant in the tables unless given.
        known_since: Since when each source's steps are known, by source, or one instant for all. None: what the
            workspace knows, for a table of it; else nothing, and a case counts from its first step on.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A number of cases, without interval since it is a count of all of them; n is how many were opened by then. With
        `by` one per group. None where there were no cases at all. Left out are cases whose status then nobody can tell,
        as `status_unknown`, among them those with a status of none of the known kinds; and without changes those that
        are solved or closed by now without saying when.

    Raises:
        MissingColumnError: A table lacks a column.
        UsageError: A datetime is without a zone, or a case is there twice.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> day = 86_400_000_000
        >>> cases = pl.DataFrame({"key": [1, 2, 3], "opened_us": [0, 0, 5 * day], "closed_us": [day, None, None]})
        >>> backlog(cases, as_of=datetime(1970, 1, 4, tzinfo=UTC)).value
        1
    """
    look = _Look.of(cases, case_changes, by, (), at, as_of, known_since, columns, change_columns)
    question = Question(
        name="backlog",
        unit="count",
        parameters={"by": "changes" if case_changes is not None else "dates", **look.told},
        by=names_of(by),
        as_of=look.as_of,
        min_n=min_n,
    )
    receipt = question.receipt(look.frame)
    is_open = nw.col("is_open")
    counts = {"open": is_open, "ended": nw.lit(1) - is_open}
    groups = grouped(look.frame, by=question.by, excluded=look.excluded, value=is_open, counts=counts)
    return question.answer(groups, empty_group(tuple(counts)), lambda group: _count(group, receipt))


def _count(group: Group, receipt: Receipt) -> Estimate:
    return Estimate(
        value=group.sums.total if group.sums.n else None,
        reason=None if group.sums.n else "no cases",
        n=group.sums.n,
        excluded=group.excluded,
        counts=group.counts,
        receipt=receipt,
    )


@overload
def backlog_age(
    cases: Table, case_changes: Table | None = None, *, by: None = None, **options: Unpack[BacklogAgeOptions]
) -> Estimate: ...
@overload
def backlog_age(
    cases: Table, case_changes: Table | None = None, *, by: Groups, **options: Unpack[BacklogAgeOptions]
) -> EstimateTable: ...
@metric(clock="opened_us")
def backlog_age(
    cases: Table,
    case_changes: Table | None = None,
    *,
    by: By = None,
    quantile: float = 0.5,
    calendar: Calendar = None,
    pauses: Sequence[str] = (),
    at: datetime | None = None,
    as_of: datetime | None = None,
    known_since: KnownSince = None,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """How long the cases that were open at an instant had been there.

    It tells nothing of how long cases take: long ones are more likely to be open at any instant. Ask `resolution_time`
    for that.

    Args:
        cases: Cases, as for `backlog`.
        case_changes: Their dated steps; needed for pauses, and for calendars that change with the case.
        by: Columns to group by, as for `backlog`.
        quantile: The share of open cases that are not older; 0.5 gives the median.
        calendar: Business hours, as for `first_response_time`.
        pauses: Statuses in which the clock stands.
        at: The instant in the world; the date of knowledge unless given.
        as_of: The date of knowledge; the latest instant in the tables unless given.
        known_since: Since when each source's steps are known, by source, or one instant for all. None: what the
            workspace knows, for a table of it; else nothing, and a case counts from its first step on.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A duration, without interval since it is of all of them; n is how many were open. With `by` one per group. None
        where none was open. Left out are cases that had `ended`, those with `status_unknown`, and with business hours
        those with `no_business_hours`.

    Raises:
        MissingColumnError: A table lacks a column.
        UsageError: A datetime is without a zone, a case is there twice, or changes are needed and were not passed.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> day = 86_400_000_000
        >>> cases = pl.DataFrame({"key": [1, 2, 3], "opened_us": [0, day, 0], "closed_us": [None, None, day]})
        >>> backlog_age(cases, as_of=datetime(1970, 1, 5, tzinfo=UTC)).value
        datetime.timedelta(days=3, seconds=43200)
    """
    timing = Timing.of(calendar, pauses, case_changes)
    look = _Look.of(cases, case_changes, by, timing.wants, at, as_of, known_since, columns, change_columns)
    question = Question(
        name="backlog_age",
        unit="duration",
        parameters={
            "by": "changes" if case_changes is not None else "dates",
            "quantile": quantile,
            **look.told,
            **timing.told(),
        },
        by=names_of(by),
        as_of=look.as_of,
        min_n=min_n,
    )
    receipt = question.receipt(look.frame)
    lazy = look.frame.lazy.with_columns(
        nw.col("opened_us").alias("from_us"), nw.lit(look.at_us).cast(nw.Int64()).alias("to_us")
    )
    spans = evolve(look.frame, lazy=lazy, columns=look.frame.columns | {"from_us", "to_us"})
    changes = None
    if timing.by_changes and case_changes is not None:
        changes = take_changes(case_changes, look.cases, change_columns)
    frame = with_worked(spans, look.cases, changes, timing, look.as_of_us)
    excluded = {**look.excluded, "ended": nw.col("is_open") == 0}
    if timing.clock is not None:
        excluded["no_business_hours"] = nw.col("no_hours") == 1
    everyone = nw.col("is_open") == 1
    groups = times(frame, by=question.by, excluded=excluded, length_us=nw.col("worked_us"), ended=everyone, word="open")

    def age(group: Times) -> Estimate:
        found = sum(each.ended for each in group.durations)
        value, _ = quantile_of(group.durations, quantile)
        reason = None if found else "no open cases"
        told = dict(group.excluded)
        return Estimate(value=value, reason=reason, n=found, excluded=told, counts={"open": found}, receipt=receipt)

    return question.answer(groups, Times(), age)


@frozen(kw_only=True)
class _Look:
    """What there was at an instant, as known at another."""

    frame: Frame
    """Cases that were opened by then, with `is_open`, and `known`: 1 where that can be told."""
    cases: Frame
    """All cases, as they are now."""
    at: datetime | None
    as_of: datetime | None

    @property
    def at_us(self) -> int:
        """The instant in the world; with empty tables any."""
        return 0 if self.at is None else to_us(self.at)

    @property
    def as_of_us(self) -> int:
        """The date of knowledge; with empty tables any."""
        return 0 if self.as_of is None else to_us(self.as_of)

    @property
    def told(self) -> dict[str, Any]:
        """The parameters of a definition."""
        return {"at": "as_of" if self.at == self.as_of or self.at is None else self.at.isoformat()}

    @property
    def excluded(self) -> dict[str, nw.Expr]:
        """Why cases do not count."""
        return {"status_unknown": nw.col("known") == 0}

    @classmethod
    def of(  # noqa: PLR0917 - each is an argument of both metrics
        cls,
        cases: Table,
        case_changes: Table | None,
        by: By,
        wants: Sequence[str],
        at: datetime | None,
        as_of: datetime | None,
        known_since: KnownSince,
        columns: Mapping[str, str] | None,
        change_columns: Mapping[str, str] | None,
    ) -> _Look:
        names = names_of(by)
        wants = ("status", *ENDS, *wants)
        found = take(cases, Case, needs=("key", "opened_us"), wants=wants, also=names, columns=columns)
        demand_single(found)
        steps = () if case_changes is None else ((take_changes(case_changes, found, change_columns), "changed_us"),)
        as_of = as_of or latest_of(found, *steps)
        at = at or as_of
        if case_changes is None or at is None:
            frame = _by_dates(found, 0 if at is None else to_us(at))
        else:
            data = cases.data if isinstance(cases, KeyedTable) else cases
            state = cases_at(
                data,
                case_changes,
                at,
                as_of=as_of,
                known_since=known_since,
                columns=columns,
                change_columns=change_columns,
            )
            frame = _by_state(found, state, names)
        return cls(frame=frame, cases=found, at=at, as_of=as_of)


def _by_dates(cases: Frame, at_us: int) -> Frame:
    """Cases that were opened by then, open unless they had ended by what they say themselves."""
    frame = with_end(cases) if set(ENDS) & cases.columns else cases
    ended = nw.col("end_us") <= at_us if "end_us" in frame.columns else nw.lit(1) == 0
    silent = nw.lit(1) == 0
    if "status" in frame.columns:
        silent = words_in("status", *SOLVED)
        if "end_us" in frame.columns:
            silent &= nw.col("end_us").is_null()
    frame = frame.having(nw.col("opened_us") <= at_us)
    lazy = frame.lazy.with_columns((1 - flag(ended)).alias("is_open"), (1 - flag(silent)).alias("known"))
    return evolve(frame, lazy=lazy, columns=frame.columns | {"is_open", "known"})


def _by_state(cases: Frame, state: Table, names: Sequence[str]) -> Frame:
    """Cases that were there then, open by their status then, grouped by what they were then."""
    tracked = [name for name in names if name in Case.tracked]
    then = take(state, Case, needs=("key", "status"), wants=tracked)
    told = then.lazy.select(
        "key", nw.col("status").alias("status_then"), *(nw.col(name).alias(f"{name}_then") for name in tracked)
    )
    lazy = cases.lazy.join(told, on="key", how="inner").with_columns(
        flag(words_in("status_then", *_OPEN)).alias("is_open"),
        flag(words_in("status_then", *_OPEN, *SOLVED)).alias("known"),
        *(nw.col(f"{name}_then").alias(name) for name in tracked),
    )
    return evolve(cases, lazy=lazy, columns=cases.columns | {"is_open", "known"})
