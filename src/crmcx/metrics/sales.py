"""Sales, in numbers: win rate, value won, conversion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import UsageError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable, Receipt
from crmcx.instants import Window, duration_us, to_us
from crmcx.metrics._amounts import AMOUNT, Amounts, Into, has_amount
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._deals import closed_deals
from crmcx.metrics._grouping import Group, empty_group, grouped
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._sales_options import AmountOptions, ConversionOptions, WinOptions
from crmcx.metrics._shares import share
from crmcx.metrics._trail import made_of
from crmcx.models import DealStatus, Interaction, Money
from crmcx.tables import Frame, Table, in_window, known_by, take, visible_to_customers, words_in


@overload
def win_rate(deals: Table, *, by: None = None, **options: Unpack[WinOptions]) -> Estimate: ...
@overload
def win_rate(deals: Table, *, by: Groups, **options: Unpack[WinOptions]) -> EstimateTable: ...
@metric(clock="closed_us")
def win_rate(
    deals: Table,
    *,
    by: By = None,
    abandoned: str = "left_out",
    window: Window | None = None,
    cluster: str | None = "account_key",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of decided deals that were won: won / (won + lost).

    Open deals are left out under `open`. A deal that was decided again counts as it stands.

    Args:
        deals: Deals. Needs `status`.
        by: Columns to group by.
        abandoned: `left_out`, or `lost` to count abandoned deals as lost.
        window: Days in which deals were closed, by `closed_us`, or by `closed_day` where a deal knows only its day.
        cluster: Column that tells which deals belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts won and lost; with `by` one per group. None when no
        deal was decided: nothing lost is no win rate of 100 %, nor of 0 %.

    Example:
        >>> import polars as pl
        >>> win_rate(pl.DataFrame({"status": ["won", "won", "lost", "open"]}))
        win_rate: 66.7 %; 95 % interval 20.8 % to 93.9 %; n = 3; left out 1: open 1
    """
    demand_one_of("abandoned", abandoned, ("left_out", "lost"))
    question = Question(
        name="win_rate",
        unit="share",
        parameters={"abandoned": abandoned},
        by=names_of(by),
        window=window,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    frame = closed_deals(deals, question, cluster, (), columns)
    lost_words = [DealStatus.LOST.value, *([DealStatus.ABANDONED.value] if abandoned == "lost" else [])]
    won = nw.when(words_in("status", DealStatus.WON.value)).then(nw.lit(1)).otherwise(nw.lit(0))
    lost = nw.when(words_in("status", *lost_words)).then(nw.lit(1)).otherwise(nw.lit(0))
    excluded = {
        "open": words_in("status", DealStatus.OPEN.value),
        "abandoned": words_in("status", DealStatus.ABANDONED.value) & (lost == 0),
        "unknown_status": (won == 0) & (lost == 0),
    }
    counts = {"won": won, "lost": lost}
    groups = grouped(frame, by=question.by, cluster=cluster, excluded=excluded, value=won, counts=counts)
    empty = empty_group(tuple(counts), clustered=cluster is not None and cluster in frame.columns)
    receipt = question.receipt(frame)
    return question.answer(
        groups, empty, lambda group: share(group, receipt, level=level, nothing="no deal was decided")
    )


@overload
def won_value(deals: Table, *, by: None = None, **options: Unpack[AmountOptions]) -> Estimate: ...
@overload
def won_value(deals: Table, *, by: Groups, **options: Unpack[AmountOptions]) -> EstimateTable: ...
@metric(clock="closed_us")
def won_value(
    deals: Table,
    *,
    by: By = None,
    into: Into | None = None,
    window: Window | None = None,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The sum of the amounts of won deals, exact.

    Args:
        deals: Deals. Needs `status`, `amount_micros` and `amount_currency`.
        by: Columns to group by; with `amount_currency` among them, currencies are kept apart.
        into: The currency to convert amounts into, with the rates; None where all are of one currency.
        window: Days in which deals were closed, by `closed_us`, or by `closed_day` where a deal knows only its day.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        Money without an interval, since it is a fact and no sample; won deals without an amount are left out as
        `no_amount`. With `by` one per group. None when no won deal has an amount.

    Raises:
        CurrencyError: The amounts are of several currencies, or a rate is lacking.
    """
    question = Question(
        name="won_value",
        unit="money",
        parameters={} if into is None else into.told(),
        by=names_of(by),
        window=window,
        min_n=min_n,
    )
    frame = closed_deals(deals, question, None, AMOUNT, columns)
    frame = frame.having(words_in("status", DealStatus.WON.value))
    amounts = Amounts.of(frame, question.by, ~nw.col("status").is_null(), into)
    excluded = {"no_amount": ~has_amount()}
    counts = amounts.counts("won", nw.col("amount_micros"))
    groups = grouped(frame, by=question.by, excluded=excluded, value=nw.lit(1), counts=counts)
    receipt = question.receipt(frame)
    made = made_of(groups, lambda key, group: (group, amounts.money("won", group.counts, key)))
    return question.answer(made, (empty_group(), None), lambda each: _sum(each[0], each[1], receipt))


def _sum(group: Group, total: Money | None, receipt: Receipt) -> Estimate:
    value = total if group.sums.n else None
    return Estimate(
        value=value,
        reason=None if value is not None else "no won deal has an amount",
        n=group.sums.n,
        excluded=group.excluded,
        receipt=receipt,
    )


@overload
def conversion(interactions: Table, *, by: None = None, **options: Unpack[ConversionOptions]) -> Estimate: ...
@overload
def conversion(interactions: Table, *, by: Groups, **options: Unpack[ConversionOptions]) -> EstimateTable: ...
@metric(clock="occurred_us")
def conversion(
    interactions: Table,
    *,
    start: str | Sequence[str],
    goal: str | Sequence[str],
    within: timedelta,
    step: str = "touchpoint",
    by: By = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    unit: str = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of people who reach a goal within a time after their first start.

    Counted from the first start alone, once per person; a goal at the instant of the start counts, unless one kind of
    step is both. See `journey.funnel` for later attempts and for steps in between.

    Args:
        interactions: Interactions that the customer could see. Needs the column of the steps, `person_id` and
            `occurred_us`.
        start: The step, or the steps, that begin.
        goal: The step, or the steps, to reach.
        within: The longest time from start to goal that counts, inclusive.
        step: Column that tells the step.
        by: Columns to group by, with their value at the start; among equal instants the greatest.
        window: Days in which people started.
        as_of: The date up to which all is known. People who started less than `within` before it are left out as
            `too_young`; without it nobody is.
        unit: Column that tells people (or sessions) apart.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts started and converted; with `by` one per group. None
        when nobody started.

    Raises:
        UsageError: The time is not above zero.
    """
    if within <= timedelta():
        msg = f"found within={within}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=14)")
    starts, goals = ([given] if isinstance(given, str) else list(given) for given in (start, goal))
    question = Question(
        name="conversion",
        unit="share",
        parameters={"start": starts, "goal": goals, "within_s": within.total_seconds(), "step": step, "unit": unit},
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    wants = ("known_us", "visibility")
    frame = take(
        interactions, Interaction, needs=(unit, "occurred_us"), wants=wants, also=(step, *question.by), columns=columns
    )
    receipt = question.receipt(frame)
    frame = visible_to_customers(frame)
    frame = known_by(frame, as_of, "occurred_us")
    people = _first_starts(
        frame, question, unit=unit, step=step, starts=starts, goals=goals, within_us=duration_us(within)
    )
    if window is not None:
        people = people.having(in_window(people, window, "entry_us"))
    young = nw.lit(False)  # noqa: FBT003 - a column of false
    if as_of is not None:
        young = nw.col("entry_us") > to_us(as_of) - duration_us(within)
    counts = {"started": nw.lit(1), "converted": nw.col("reached")}
    groups = grouped(people, by=question.by, excluded={"too_young": young}, value=nw.col("reached"), counts=counts)
    return question.answer(
        groups, empty_group(tuple(counts)), lambda group: share(group, receipt, level=level, nothing="nobody started")
    )


def _first_starts(
    frame: Frame,
    question: Question,
    *,
    unit: str,
    step: str,
    starts: Sequence[str],
    goals: Sequence[str],
    within_us: int,
) -> Frame:
    """One row per person who started: when, whether the goal was reached in time, and the groups at the start."""
    at = nw.col("occurred_us")
    is_start, is_goal = words_in(step, *starts), words_in(step, *goals)
    named = [(f"by_{number}", name) for number, name in enumerate(question.by)]
    staged = frame.lazy.filter(~nw.col(unit).is_null() & ~at.is_null() & (is_start | is_goal)).select(
        nw.col(unit).alias("unit"),
        at.alias("us"),
        is_start.alias("is_start"),
        is_goal.alias("is_goal"),
        *(nw.col(name).alias(key) for key, name in named),
    )
    entered = staged.with_columns(
        nw.when(nw.col("is_start")).then(nw.col("us")).otherwise(nw.lit(2**62)).min().over("unit").alias("entry_us")
    ).filter((nw.col("us") >= nw.col("entry_us")) & (nw.col("us") <= nw.col("entry_us") + within_us))
    late_enough = nw.col("us") > nw.col("entry_us") if set(starts) & set(goals) else nw.col("us") >= nw.col("entry_us")
    at_entry = nw.col("is_start") & (nw.col("us") == nw.col("entry_us"))
    per_unit = (
        entered.with_columns(
            nw.when(nw.col("is_goal") & late_enough).then(nw.lit(1)).otherwise(nw.lit(0)).alias("reached"),
            *(nw.when(at_entry).then(nw.col(key)).alias(key) for key, _ in named),
        )
        .group_by("unit")
        .agg(nw.col("entry_us").min(), nw.col("reached").max(), *(nw.col(key).max() for key, _ in named))
    )
    renamed = per_unit.select("unit", "entry_us", "reached", *(nw.col(key).alias(name) for key, name in named))
    return evolve(frame, lazy=renamed, columns=frozenset({"unit", "entry_us", "reached", *question.by}))
