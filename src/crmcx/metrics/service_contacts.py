"""Service, in numbers: how often customers turn to the company, and whether they have to again."""

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
from crmcx.metrics._case_shares import ENDS, CaseShares, demand_end, demand_time, latest_of, until_us, with_end
from crmcx.metrics._case_times import demand_single
from crmcx.metrics._messages import is_question, known_messages, take_messages
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._service_options import FirstContactOptions, SelfServiceOptions
from crmcx.models import Case, Interaction
from crmcx.tables import (
    Frame,
    Table,
    known_by,
    latest,
    nullable,
    same_engine,
    take,
    visible_to_customers,
    words_in,
)

_FAR = 2**62
_WEEK = timedelta(days=7)


@overload
def first_contact_resolution(
    cases: Table, interactions: Table | None = None, *, by: None = None, **options: Unpack[FirstContactOptions]
) -> Estimate: ...
@overload
def first_contact_resolution(
    cases: Table, interactions: Table | None = None, *, by: Groups, **options: Unpack[FirstContactOptions]
) -> EstimateTable: ...
@metric(clock="opened_us")
def first_contact_resolution(
    cases: Table,
    interactions: Table | None = None,
    *,
    by: By = None,
    within: timedelta = _WEEK,
    same: Sequence[str] = ("category",),
    unit: str = "person_id",
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    interaction_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of solved cases after which the customer did not turn to the company again about the same matter.

    A further contact is another case of the same customer and topic that was opened after this one and not later than
    `within` after its end, at whatever place; or that this one was opened again, where `reopened` says so. With
    interactions it is also a message of the customer in the case itself, in that time after its end. A case that took
    one answer is not by that a first contact: see `one_touch_rate`.

    Args:
        cases: Cases. Needs `key`, `opened_us`, the unit, the columns of `same`, and `resolved_us` or `closed_us`; takes
            `reopened`.
        interactions: Interactions, when messages in the same case are to count: also those that only say thanks.
        by: Columns to group by.
        within: How long after the end a further contact counts, its end included.
        same: Columns that are equal when two cases are about the same matter, such as `category`, or `parent_key` for
            cases that are linked to a larger one; none, to count any further case.
        unit: Column that tells customers apart.
        window: Days in which cases were opened.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        cluster: Column that tells which cases belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        interaction_columns: Canonical column name to the interactions' own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts resolved and again; with `by` one per group. Left out
        are cases that are `not_solved`, those with `no_customer` or `no_topic`, and as `not_observed` those that ended
        less than `within` before `as_of`: whether the customer comes back is not known yet.

    Raises:
        MissingColumnError: A table lacks a column.
        UsageError: `within` is not above zero, or a case is there twice.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> day = 86_400_000_000
        >>> cases = pl.DataFrame({"key": [1, 2, 3], "person_id": [1, 1, 2], "category": ["bill"] * 3,
        ...     "opened_us": [0, 3 * day, 0], "resolved_us": [day, 4 * day, day]})
        >>> found = first_contact_resolution(cases, as_of=datetime(1970, 2, 1, tzinfo=UTC))
        >>> dict(found.counts)
        {'resolved': 2, 'again': 1}
    """
    seconds = demand_time(within)
    same = tuple(dict.fromkeys(same))
    wants = (*ENDS, "reopened", *([cluster] if cluster else []))
    found = take(cases, Case, needs=("key", "opened_us", unit, *same), wants=wants, also=names_of(by), columns=columns)
    demand_end(found)
    demand_single(found)
    said = None if interactions is None else take_messages(interactions, found, interaction_columns)
    question = Question(
        name="first_contact_resolution",
        unit="share",
        parameters={"within_s": seconds, "same": sorted(same), "unit": unit, "messages": interactions is not None},
        by=names_of(by),
        window=window,
        as_of=as_of or latest_of(found, *([] if said is None else [(said, "occurred_us")])),
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    frame = _with_next_case(with_end(found), (unit, *same))
    again = [nw.col("next_us")]
    if said is not None:
        frame = _with_next_message(frame, known_messages(said, question.as_of))
        again.append(nw.col("said_us"))
    if "reopened" in frame.columns:
        again.append(nw.when(nw.col("reopened") > 0).then(nw.col("end_us")).otherwise(nw.lit(_FAR)))
    until, nobody = until_us(question), nw.lit(1) == 0
    topics = [nw.col(name).is_null() for name in same]
    excluded = {
        "no_opening": nw.col("opened_us").is_null(),
        "not_solved": nw.col("end_us").is_null() | (nw.col("end_us") > until),
        "no_customer": nw.col(unit).is_null(),
        "no_topic": nw.any_horizontal(*topics, ignore_nulls=True) if topics else nobody,
    }
    shares = CaseShares(question=question, nothing="no solved cases", words=("resolved", "again"), opposite=True)
    soonest = nw.min_horizontal(*again)
    return shares.followed(frame, start="end_us", event=soonest, within=within, excluded=excluded)


def _with_next_case(cases: Frame, alike: Sequence[str]) -> Frame:
    """Add `next_us`: when the next case of the same customer and topic was opened; far off where there is none."""
    opened = nw.when(nw.col("opened_us").is_null()).then(nw.lit(_FAR)).otherwise(nw.col("opened_us"))
    following = nw.col("turn_us").cast(nw.Float64()).shift(-1)  # pandas cannot shift whole numbers with gaps
    lazy = cases.lazy.with_columns(opened.cast(nw.Int64()).alias("turn_us"))
    lazy = lazy.with_columns(following.over(*alike, order_by=["turn_us", "key"]).alias("next_us"))
    filled = nw.when(nw.col("next_us").is_null()).then(nw.lit(float(_FAR))).otherwise(nw.col("next_us"))
    lazy = lazy.with_columns(filled.cast(nw.Int64()).alias("next_us")).drop("turn_us")
    return evolve(cases, lazy=lazy, columns=cases.columns | {"next_us"})


def _with_next_message(cases: Frame, said: Frame) -> Frame:
    """Add `said_us`: when the customer wrote in the case after its end; far off where she did not."""
    later = (
        said.lazy.filter(is_question(said))
        .select(nw.col("case_key").alias("key"), nw.col("occurred_us").alias("said_us"))
        .join(cases.lazy.select("key", "end_us"), on="key", how="inner")
        .filter(nw.col("said_us") > nw.col("end_us"))
        .group_by("key")
        .agg(nw.col("said_us").min())
    )
    joined = cases.lazy.join(later, on="key", how="left")
    filled = nw.when(nw.col("said_us").is_null()).then(nw.lit(_FAR)).otherwise(nw.col("said_us"))
    lazy = joined.with_columns(filled.cast(nw.Int64()).alias("said_us"))
    return evolve(cases, lazy=lazy, columns=cases.columns | {"said_us"})


@overload
def self_service_rate(
    interactions: Table, cases: Table, *, by: None = None, **options: Unpack[SelfServiceOptions]
) -> Estimate: ...
@overload
def self_service_rate(
    interactions: Table, cases: Table, *, by: Groups, **options: Unpack[SelfServiceOptions]
) -> EstimateTable: ...
@metric(clock="occurred_us")
def self_service_rate(
    interactions: Table,
    cases: Table,
    *,
    views: str | Sequence[str],
    by: By = None,
    step: str = "touchpoint",
    within: timedelta = _WEEK,
    unit: str = "person_id",
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    case_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of views of a help page after which the customer opened no case.

    It says what happened, not what the page brought about: who did not turn to the company might have given up, or
    might never have asked. So it is no number of contacts saved; that takes a comparison with customers without help.

    Args:
        interactions: Interactions that the customer could see. Needs the column of the steps, the unit and
            `occurred_us`.
        cases: Cases. Needs the unit and `opened_us`.
        views: The step, or the steps, that are views of help, such as `faq`.
        by: Columns of the interactions to group by.
        step: Column that tells the step.
        within: How long after the view a case counts; from the instant of the view on, its end included.
        unit: Column that tells customers apart, in both tables.
        window: Days in which views were.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        cluster: Column that tells which views belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the interactions' own.
        case_columns: Canonical column name to the cases' own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts no_case and case; with `by` one per group. Left out
        are views with `no_customer`, and as `not_observed` those less than `within` before `as_of`.

    Raises:
        MissingColumnError: A table lacks a column.
        UsageError: `within` is not above zero, or no step is named.

    Example:
        >>> import polars as pl
        >>> day = 86_400_000_000
        >>> seen = pl.DataFrame({"person_id": [1, 2, 1], "occurred_us": [0, 0, 20 * day],
        ...     "touchpoint": ["faq", "faq", "faq"]})
        >>> cases = pl.DataFrame({"person_id": [2], "opened_us": [day]})
        >>> dict(self_service_rate(seen, cases, views="faq").counts)
        {'no_case': 1, 'case': 1}
    """
    seconds = demand_time(within)
    pages = (views,) if isinstance(views, str) else tuple(sorted(set(views)))
    if not pages:
        msg = "views= names no step, so there is nothing to look at"
        raise UsageError(msg, hint="name the touchpoints of help, such as views='faq'")
    wants = ("known_us", "visibility", *([cluster] if cluster else []))
    seen = take(
        interactions, Interaction, needs=(unit, "occurred_us"), wants=wants, also=(step, *names_of(by)), columns=columns
    )
    found = take(cases, Case, needs=(unit, "opened_us"), columns=case_columns)
    same_engine(seen, found)
    question = Question(
        name="self_service_rate",
        unit="share",
        parameters={"views": list(pages), "step": step, "within_s": seconds, "unit": unit},
        by=names_of(by),
        window=window,
        as_of=as_of or latest((seen, "occurred_us"), (found, "opened_us")),
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    seen = known_by(visible_to_customers(seen), question.as_of, "occurred_us")
    seen = seen.having(words_in(step, *pages) & ~nw.col("occurred_us").is_null())
    frame = _with_following(seen, found, unit)
    shares = CaseShares(
        question=question,
        nothing="no views of help were seen that long",
        words=("no_case", "case"),
        opposite=True,
        instant="occurred_us",
    )
    return shares.followed(
        frame,
        start="occurred_us",
        event=nw.col("next_us"),
        within=within,
        excluded={"no_customer": nw.col(unit).is_null()},
    )


def _with_following(views: Frame, cases: Frame, unit: str) -> Frame:
    """Add to views `next_us`: when the customer opened a case next; far off where she did not.

    Both tables become one, in which the running minimum from the end tells the next case: a join of views with cases
    would grow with those who have many of both.
    """
    ours, theirs = nw.col("occurred_us"), nw.col("opened_us")
    none = nw.lit(-_FAR).cast(nw.Int64())
    parts = (
        views.lazy.filter(~nw.col(unit).is_null()).select(
            nw.col(unit).alias("unit"),
            ours.alias("at_us"),
            (nw.lit(0) - ours).cast(nw.Int64()).alias("from_end"),
            none.alias("case_us"),
            nw.lit(1).cast(nw.Int64()).alias("view"),
        ),
        cases.lazy.filter(~nw.col(unit).is_null() & ~theirs.is_null()).select(
            nw.col(unit).alias("unit"),
            theirs.alias("at_us"),
            (nw.lit(0) - theirs).cast(nw.Int64()).alias("from_end"),
            (nw.lit(0) - theirs).cast(nw.Int64()).alias("case_us"),
            nw.lit(0).cast(nw.Int64()).alias("view"),
        ),
    )
    both = nullable(nw.concat(parts, how="vertical")).with_columns(
        nw.col("case_us").cum_max().over("unit", order_by=["from_end", "view"]).alias("case_us")
    )
    following = (
        both.filter(nw.col("view") == 1)
        .select(
            nw.col("unit").alias(unit),
            nw.col("at_us").alias("occurred_us"),
            (nw.lit(0) - nw.col("case_us")).alias("next_us"),
        )
        .group_by(unit, "occurred_us")
        .agg(nw.col("next_us").min())
    )
    lazy = views.lazy.join(following, on=[unit, "occurred_us"], how="left")
    return evolve(views, lazy=lazy, columns=views.columns | {"next_us"})
