"""Leads, in numbers: how many come, how many become customers, and how soon somebody turns to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import MissingColumnError, UsageError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable, poisson_interval
from crmcx.estimates.competing import Fates, incidence
from crmcx.instants import Window, duration_us, to_us
from crmcx.metrics._alike import Alike, alike
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import Group, empty_group, grouped
from crmcx.metrics._messages import ANSWER, is_answer
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._sales_options import FlowOptions, LeadConversionOptions, LeadOptions, SpeedOptions
from crmcx.metrics._shares import share
from crmcx.metrics._times import Times, time_estimate, times
from crmcx.models import Interaction, Lead, LeadStatus
from crmcx.tables import Frame, Table, in_window, known_by, latest, same_engine, take, visible_to_customers, words_in

_FAR = 2**62


@overload
def lead_generation(leads: Table, *, by: None = None, **options: Unpack[LeadOptions]) -> Estimate: ...
@overload
def lead_generation(leads: Table, *, by: Groups, **options: Unpack[LeadOptions]) -> EstimateTable: ...
@metric(clock="created_us")
def lead_generation(
    leads: Table,
    *,
    by: By = None,
    unit: str | None = "person_id",
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """How many new leads came: people who became a lead for the first time.

    A lead that was created again, or in a second system, is no new one: of the leads of one person the first counts, in
    the group that it is in. A lead without a person is one by itself.

    Args:
        leads: Leads. Needs `key` and `created_us`, and the unit unless it is None.
        by: Columns to group by, such as `origin`, or `per("month")`.
        unit: Column that tells people apart; None to count every lead.
        window: Days in which leads were created; an earlier lead of the same person still makes a later one no new one.
        as_of: The date up to which all is known; later leads are left away.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A count with the exact Poisson interval of the number to be expected in such a period; with `by` one per group.
        Left out are leads that are `not_the_first` of a person, and those with `no_creation`. None when the table holds
        no lead of the period: then nobody looked, as far as anyone can tell.

    Example:
        >>> import polars as pl
        >>> leads = pl.DataFrame({"key": [1, 2, 3], "person_id": [7, 7, 8], "created_us": [0, 5, 9],
        ...     "origin": ["web", "fair", "fair"]})
        >>> lead_generation(leads, by="origin")
        origin  lead_generation  95 % interval  n  left out
        ------  ---------------  -------------  -  --------
        fair                  1         0 to 6  1         1
        web                   1         0 to 6  1         0
    """
    question = Question(
        name="lead_generation",
        unit="count",
        parameters={"unit": unit},
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    needs = ("key", "created_us", *([unit] if unit else []))
    frame = take(leads, Lead, needs=needs, wants=("known_us",), also=question.by, columns=columns)
    frame = known_by(frame, as_of, "created_us")
    created = nw.col("created_us")
    repeated = nw.lit(1) == 0
    if unit is not None:
        first = nw.when(created.is_null()).then(nw.lit(_FAR)).otherwise(created).min().over(unit)
        lazy = frame.lazy.with_columns(first.alias("first_us"))
        at_first = nw.when(created == nw.col("first_us")).then(nw.col("key"))
        lazy = lazy.with_columns(at_first.min().over(unit).alias("first_key"))
        frame = evolve(frame, lazy=lazy, columns=frame.columns | {"first_us", "first_key"})
        repeated = ~nw.col(unit).is_null() & ~created.is_null() & (nw.col("key") != nw.col("first_key"))
    if window is not None:
        frame = frame.having(in_window(frame, window, "created_us"))
    excluded = {"no_creation": created.is_null(), "not_the_first": repeated}
    groups = grouped(frame, by=question.by, excluded=excluded, value=nw.lit(1))
    receipt = question.receipt(frame)

    def make(found: Group) -> Estimate:
        n = found.sums.n
        nothing = not n and not found.excluded
        return Estimate(
            value=None if nothing else float(n),
            reason="no leads" if nothing else None,
            n=n,
            excluded=found.excluded,
            counts={"new": n},
            interval=None if nothing else poisson_interval(n, level=level),
            receipt=receipt,
        )

    return question.answer(groups, empty_group(), make)


@overload
def lead_conversion(leads: Table, *, by: None = None, **options: Unpack[LeadConversionOptions]) -> Estimate: ...
@overload
def lead_conversion(leads: Table, *, by: Groups, **options: Unpack[LeadConversionOptions]) -> EstimateTable: ...
@metric(clock="created_us")
def lead_conversion(
    leads: Table,
    *,
    within: timedelta,
    by: By = None,
    young: str = "left_out",
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of the leads created in a period that became a deal or a customer within a time: of a cohort.

    See `lead_flow` for what was converted in a period over what was created in it, which is no share.

    Args:
        leads: Leads. Needs `created_us` and `converted_us`; takes `status`.
        within: The longest time from creation to conversion that counts, inclusive.
        by: Columns to group by.
        young: What becomes of leads that were not seen for so long: `left_out`, or `censored` to count them up to their
            age, by the estimate of Kaplan and Meier.
        window: Days in which leads were created.
        as_of: The date up to which all is known; the latest instant in the table unless given.
        cluster: Column that tells which leads belong together; None to take all as independent. Not used where the
            young are censored.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts created and converted; with `by` one per group. Left
        out are leads with `no_creation`, those whose status is converted with `no_conversion_date`, those
        `converted_before_creation`, and those `too_young`. None when no lead is old enough.

    Raises:
        UsageError: The time is not above zero.
    """
    demand_one_of("young", young, ("left_out", "censored"))
    if within <= timedelta():
        msg = f"found within={within}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=90)")
    wants = ["known_us", "status", *([cluster] if cluster else [])]
    frame = take(leads, Lead, needs=("created_us", "converted_us"), wants=wants, also=names_of(by), columns=columns)
    question = Question(
        name="lead_conversion",
        unit="share",
        parameters={"within_s": within.total_seconds(), "young": young},
        by=names_of(by),
        window=window,
        as_of=as_of or latest((frame, "created_us"), (frame, "converted_us")),
        level=level,
        cluster=cluster if young == "left_out" else None,
        min_n=min_n,
    )
    until, limit = (0 if question.as_of is None else to_us(question.as_of)), duration_us(within)
    frame = _created(frame, window, question.as_of)
    created, converted = nw.col("created_us"), nw.col("converted_us")
    excluded = _unusable(frame, until)
    done = ~converted.is_null() & (converted <= until)
    receipt = question.receipt(frame)
    if young == "left_out":
        reached = nw.when(done & (converted - created <= limit)).then(nw.lit(1)).otherwise(nw.lit(0))
        excluded |= {"too_young": ~created.is_null() & (created > until - limit)}
        counts = {"created": nw.lit(1), "converted": reached}
        groups = grouped(
            frame, by=question.by, cluster=question.cluster, excluded=excluded, value=reached, counts=counts
        )
        empty = empty_group(tuple(counts), clustered=question.cluster is not None and question.cluster in frame.columns)
        return question.answer(
            groups, empty, lambda found: share(found, receipt, level=level, nothing="no lead is old enough")
        )
    last = nw.when(done).then(converted).otherwise(nw.lit(until))
    values = {"length": last - created, "done": nw.when(done).then(nw.lit(1)).otherwise(nw.lit(0))}
    aged = alike(frame, by=question.by, excluded=excluded, values=values)

    def make(found: Alike) -> Estimate:
        fates = [
            Fates(int(age), number if ended else 0, 0, 0 if ended else number) for (age, ended), number in found.rows
        ]
        value, interval = incidence(fates, limit, level)
        return Estimate(
            value=value,
            reason="no lead is old enough" if value is None else None,
            n=found.n,
            excluded=found.excluded,
            counts={"created": found.n, "converted": sum(fate.happened for fate in fates if fate.length_us <= limit)},
            interval=interval,
            receipt=receipt,
        )

    return question.answer(aged, Alike(), make)


def _created(frame: Frame, window: Window | None, as_of: datetime | None) -> Frame:
    """The leads that were created in the window, as far as they were known."""
    if window is not None:
        frame = frame.having(in_window(frame, window, "created_us"))
    if as_of is None:
        return frame
    return frame.having(nw.col("created_us").is_null() | (nw.col("created_us") <= to_us(as_of)))


def _unusable(frame: Frame, until: int) -> dict[str, nw.Expr]:
    """Reason to condition, for leads of which nobody can tell when they were converted."""
    created, converted = nw.col("created_us"), nw.col("converted_us")
    reasons = {"no_creation": created.is_null()}
    if "status" in frame.columns:
        reasons["no_conversion_date"] = words_in("status", LeadStatus.CONVERTED.value) & converted.is_null()
    early = ~converted.is_null() & ~created.is_null() & (converted < created) & (converted <= until)
    return reasons | {"converted_before_creation": early}


@overload
def lead_flow(leads: Table, *, by: None = None, **options: Unpack[FlowOptions]) -> Estimate: ...
@overload
def lead_flow(leads: Table, *, by: Groups, **options: Unpack[FlowOptions]) -> EstimateTable: ...
@metric(clock="created_us")
def lead_flow(
    leads: Table,
    *,
    window: Window,
    by: By = None,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """Leads converted in a period over leads created in it: a flow, of two crowds of people.

    It is no share: it rises when fewer leads come, and may be above 1. `lead_conversion` tells what becomes of leads.

    Args:
        leads: Leads. Needs `created_us` and `converted_us`.
        window: The days of the period.
        by: Columns to group by.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A ratio from 0 up, without an interval, with the counts created and converted; with `by` one per group. None
        when no lead was created.
    """
    question = Question(name="lead_flow", unit="ratio", parameters={}, by=names_of(by), window=window, min_n=min_n)
    frame = take(leads, Lead, needs=("created_us", "converted_us"), also=question.by, columns=columns)
    created, converted = in_window(frame, window, "created_us"), in_window(frame, window, "converted_us")
    frame = frame.having(created | converted)
    counts = {
        "created": nw.when(created).then(nw.lit(1)).otherwise(nw.lit(0)),
        "converted": nw.when(converted).then(nw.lit(1)).otherwise(nw.lit(0)),
    }
    groups = grouped(frame, by=question.by, excluded={}, value=nw.lit(1), counts=counts)
    receipt = question.receipt(frame)

    def make(found: Group) -> Estimate:
        n = found.counts["created"]
        return Estimate(
            value=found.counts["converted"] / n if n else None,
            reason=None if n else "no lead was created",
            n=n,
            counts=found.counts,
            receipt=receipt,
        )

    return question.answer(groups, empty_group(tuple(counts)), make)


@overload
def speed_to_lead(
    leads: Table, interactions: Table, *, by: None = None, **options: Unpack[SpeedOptions]
) -> Estimate: ...
@overload
def speed_to_lead(
    leads: Table, interactions: Table, *, by: Groups, **options: Unpack[SpeedOptions]
) -> EstimateTable: ...
@metric(clock="created_us")
def speed_to_lead(
    leads: Table,
    interactions: Table,
    *,
    by: By = None,
    quantile: float = 0.5,
    unit: str = "person_id",
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    interaction_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The time from the creation of a lead to the first time that a human of the company turned to the person.

    Leads to whom nobody turned are not left out: they count as open up to `as_of`.

    Args:
        leads: Leads. Needs `created_us` and the unit.
        interactions: Interactions. Needs the unit, `occurred_us`, and `direction` or `initiator`; what goes outbound,
            is not a bot's, and is visible to the customer counts.
        by: Columns of the leads to group by.
        quantile: The share of leads after whose contact the clock stops; 0.5 gives the median.
        unit: Column of both tables that tells people apart.
        window: Days in which leads were created.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the leads' own.
        interaction_columns: Canonical column name to the interactions' own.

    Returns:
        A duration by the clock, by Kaplan and Meier, with the counts contacted and open; None when too few were. With
        `by` one per group. Left out are leads with `no_creation`, and with `no_person`, whom nobody could be seen to
        turn to.

    Raises:
        MissingColumnError: A table lacks a column.
        EngineMismatchError: The tables are of two engines.

    Example:
        >>> import polars as pl
        >>> leads = pl.DataFrame({"person_id": [1, 2, 3], "created_us": [0, 0, 0]})
        >>> calls = pl.DataFrame({"person_id": [1, 2], "occurred_us": [60_000_000, 3_600_000_000],
        ...     "initiator": ["employee"] * 2})
        >>> speed_to_lead(leads, calls).value_words
        '1 h'
    """
    found = take(leads, Lead, needs=("created_us", unit), also=names_of(by), columns=columns)
    wants = ("direction", "initiator", "visibility", "known_us")
    said = take(interactions, Interaction, needs=(unit, "occurred_us"), wants=wants, columns=interaction_columns)
    same_engine(found, said)
    if not {"direction", "initiator"} & said.columns:
        msg = "the interactions table lacks direction and initiator, and needs one of them to tell who turned to whom"
        raise MissingColumnError(msg, hint="pass the one it has with interaction_columns=", missing=("direction",))
    question = Question(
        name="speed_to_lead",
        unit="duration",
        parameters={"quantile": quantile, "clock": "calendar", "contact": ANSWER, "unit": unit},
        by=names_of(by),
        window=window,
        as_of=as_of or latest((found, "created_us"), (said, "occurred_us")),
        level=level,
        min_n=min_n,
    )
    said = known_by(visible_to_customers(said), question.as_of, "occurred_us")
    frame = _with_contact(_created(found, window, question.as_of), said.having(is_answer(said)), unit)
    receipt = question.receipt(frame)
    until = 0 if question.as_of is None else to_us(question.as_of)
    created, contacted = nw.col("created_us"), nw.col("contacted_us")
    done = ~contacted.is_null()
    excluded = {"no_creation": created.is_null(), "no_person": nw.col(unit).is_null()}
    length = nw.when(done).then(contacted).otherwise(nw.lit(until)) - created
    groups = times(frame, by=question.by, excluded=excluded, length_us=length, ended=done, word="contacted")
    return question.answer(
        groups,
        Times(),
        lambda times_found: time_estimate(
            times_found, receipt, quantile=quantile, level=level, ended="contacted", nothing="no leads"
        ),
    )


def _with_contact(leads: Frame, said: Frame, unit: str) -> Frame:
    """The leads with `contacted_us`, when somebody first turned to the person not before the lead was created."""
    pairs = leads.lazy.select(nw.col(unit).alias("who"), nw.col("created_us").alias("since")).unique()
    contacts = said.lazy.select(nw.col(unit).alias("who"), nw.col("occurred_us").alias("at")).unique()
    first = (
        pairs.join(contacts, on="who", how="inner")
        .filter(nw.col("at") >= nw.col("since"))
        .group_by("who", "since")
        .agg(nw.col("at").min().alias("contacted_us"))
    )
    joined = leads.lazy.join(first, left_on=[unit, "created_us"], right_on=["who", "since"], how="left")
    return evolve(leads, lazy=joined, columns=leads.columns | {"contacted_us"})
