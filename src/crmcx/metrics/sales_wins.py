"""Sales, in numbers: what share of the money and of a cohort is won, how long deals take, and how fast money comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import UsageError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable, Interval, Receipt, ratio_interval
from crmcx.estimates.competing import Fates, incidence
from crmcx.instants import Window, duration_us, to_us
from crmcx.metrics._alike import Alike, alike
from crmcx.metrics._amounts import AMOUNT, MILLION, Amounts, has_amount, money
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._deals import DAY_US, begun_by, closed_deals, dated_deals, is_decided
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._ratios import ratio_of
from crmcx.metrics._sales_options import CohortOptions, CycleOptions, WinOptions
from crmcx.metrics._times import Times, time_estimate, times
from crmcx.metrics._trail import made_of
from crmcx.models import DealStatus
from crmcx.tables import Frame, Table, in_window, latest, words_in

_WON, _LOST = 1, 2


@overload
def win_rate_by_amount(deals: Table, *, by: None = None, **options: Unpack[WinOptions]) -> Estimate: ...
@overload
def win_rate_by_amount(deals: Table, *, by: Groups, **options: Unpack[WinOptions]) -> EstimateTable: ...
@metric(clock="closed_us")
def win_rate_by_amount(
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
    """The share of the money of decided deals that was won: amounts won / (amounts won + amounts lost).

    One large deal weighs as much as many small ones; `win_rate` counts each deal once.

    Args:
        deals: Deals. Needs `status`, `amount_micros` and `amount_currency`.
        by: Columns to group by; with `amount_currency` among them, currencies are kept apart.
        abandoned: `left_out`, or `lost` to count abandoned deals as lost.
        window: Days in which deals were closed, by `closed_us`, or by `closed_day` where a deal knows only its day.
        cluster: Column that tells which deals belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with an interval by the delta method over clusters (cut to 0 and 1; none from one cluster)
        and the counts won and lost; with `by` one per group. Left out are open deals, those with `no_amount` and those
        with a `negative_amount`. None when no amount was decided.

    Raises:
        CurrencyError: The amounts are of several currencies.

    Example:
        >>> import polars as pl
        >>> deals = pl.DataFrame({"status": ["won", "lost", "lost"], "amount_micros": [6_000_000, 1_000_000, 1_000_000],
        ...     "amount_currency": ["EUR"] * 3})
        >>> win_rate_by_amount(deals).value
        0.75
    """
    demand_one_of("abandoned", abandoned, ("left_out", "lost"))
    question = Question(
        name="win_rate_by_amount",
        unit="share",
        parameters={"abandoned": abandoned},
        by=names_of(by),
        window=window,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    frame = closed_deals(deals, question, cluster, AMOUNT, columns)
    won = words_in("status", DealStatus.WON.value)
    lost = words_in("status", DealStatus.LOST.value, *([DealStatus.ABANDONED.value] if abandoned == "lost" else []))
    Amounts.of(frame, question.by, won | lost)
    amount = nw.col("amount_micros")
    excluded = {
        "open": words_in("status", DealStatus.OPEN.value),
        "abandoned": words_in("status", DealStatus.ABANDONED.value) & ~lost,
        "unknown_status": ~won & ~lost,
        "no_amount": ~has_amount(),
        "negative_amount": has_amount() & (amount < 0),
    }
    parts = {"won": nw.when(won).then(nw.lit(1)).otherwise(nw.lit(0)), "lost": nw.when(lost).then(1).otherwise(0)}
    values = {
        "cluster": _cluster(frame, cluster),
        "won": nw.when(won).then(amount).otherwise(nw.lit(0)),
        "decided": amount,
        "is_won": parts["won"],
    }
    groups = alike(frame, by=question.by, excluded=excluded, values=values, parts=parts)
    receipt = question.receipt(frame)

    def make(found: Alike) -> Estimate:
        ratio = ratio_of(Alike(tuple((row[:3], number) for row, number in found.rows)))
        n_won = sum(number for row, number in found.rows if row[3])
        reason = None if ratio.below else "no amount was decided"
        return Estimate(
            value=ratio.above / ratio.below if ratio.below else None,
            reason=reason,
            n=found.n,
            n_clusters=ratio.sums.clusters if receipt.cluster else None,
            excluded=found.excluded,
            counts={"won": n_won, "lost": found.n - n_won},
            interval=None if reason else _cut(ratio_interval(ratio.sums, level)),
            receipt=receipt,
        )

    return question.answer(groups, Alike(), make)


def _cluster(frame: Frame, cluster: str | None) -> nw.Expr:
    return nw.col(cluster) if cluster is not None and cluster in frame.columns else nw.lit(None).cast(nw.Int64())


def _cut(found: Interval | None) -> Interval | None:
    """The interval, cut to what a share can be."""
    if found is None or isinstance(found.low, timedelta) or found.high is None or isinstance(found.high, timedelta):
        return None
    return Interval(max(0.0, found.low), min(1.0, found.high), found.level, found.method)


@overload
def cohort_win_rate(deals: Table, *, by: None = None, **options: Unpack[CohortOptions]) -> Estimate: ...
@overload
def cohort_win_rate(deals: Table, *, by: Groups, **options: Unpack[CohortOptions]) -> EstimateTable: ...
@metric(clock="created_us")
def cohort_win_rate(
    deals: Table,
    *,
    within: timedelta,
    by: By = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of the deals begun in a period that are won by an age; lost and abandoned ones no longer can be.

    `win_rate` looks at deals by the date of their end, and rises when nobody closes what is lost. Here all deals of the
    period count: open ones up to their age, by the estimate of Aalen and Johansen.

    Args:
        deals: Deals. Needs `status`, `created_us` or `opened_day`, and `closed_us` or `closed_day`; where a deal knows
            only its day, the beginning of that day in UTC counts.
        within: The age by which deals are won, inclusive.
        by: Columns to group by.
        window: Days in which deals began.
        as_of: The date up to which all is known, at which open deals are looked at last; the latest instant in the
            table unless given. What ended later was open then.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval at the effective size, and the counts of deals won and lost by that
        age and still open when last looked at or at that age; with `by` one per group. Left out are deals with
        `no_beginning`, with `no_end` though decided, and those that `ended_before_beginning`. None when no deal began,
        or when none was watched so long.

    Raises:
        UsageError: The age is not above zero.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> day = 86_400_000_000
        >>> deals = pl.DataFrame({"status": ["won", "lost", "open", "won"], "created_us": [0, 0, 0, 0],
        ...     "closed_us": [day, 2 * day, None, 4 * day]})
        >>> cohort_win_rate(deals, within=timedelta(days=4), as_of=datetime(1970, 1, 5, tzinfo=UTC)).value
        0.5
    """
    if within <= timedelta():
        msg = f"found within={within}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=90)")
    question = Question(
        name="cohort_win_rate",
        unit="share",
        parameters={"within_s": within.total_seconds()},
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    frame, question, excluded = _aged(deals, question, columns)
    limit = duration_us(within)
    groups = alike(
        frame, by=question.by, excluded=excluded, values={"length": nw.col("length_us"), "fate": nw.col("fate")}
    )
    receipt = question.receipt(frame)

    def make(found: Alike) -> Estimate:
        fates = [
            Fates(int(length), *(number if fate == wanted else 0 for wanted in (_WON, _LOST, 0)))
            for (length, fate), number in found.rows
        ]
        value, interval = incidence(fates, limit, level)
        won, lost = (
            sum(number for (length, fate), number in found.rows if fate == wanted and length <= limit)
            for wanted in (_WON, _LOST)
        )
        nothing = "no deal was watched so long" if found.n else "no deal began"
        return Estimate(
            value=value,
            reason=nothing if value is None else None,
            n=found.n,
            excluded=found.excluded,
            counts={"won": won, "lost": lost, "open": found.n - won - lost},
            interval=interval,
            receipt=receipt,
        )

    return question.answer(groups, Alike(), make)


def _aged(
    deals: Table, question: Question, columns: Mapping[str, str] | None
) -> tuple[Frame, Question, dict[str, nw.Expr]]:
    """Deals with `length_us` up to their end or the date of knowledge, and `fate`; and why some do not count."""
    frame = dated_deals(deals, question, columns)
    if question.as_of is None:
        question = evolve(question, as_of=latest((frame, "began_us"), (frame, "ended_us")))
    until = 0 if question.as_of is None else to_us(question.as_of)
    frame = begun_by(frame, question)
    began, ended = nw.col("began_us"), nw.col("ended_us")
    decided = is_decided(won=True) | is_decided(won=False)
    done = decided & ~ended.is_null() & (ended <= until)
    fate = nw.when(done & is_decided(won=True)).then(nw.lit(_WON)).otherwise(nw.when(done).then(_LOST).otherwise(0))
    last = nw.when(done).then(ended).otherwise(nw.lit(until))
    excluded = {
        "unknown_status": ~decided & ~words_in("status", DealStatus.OPEN.value),
        "no_beginning": began.is_null(),
        "no_end": decided & ended.is_null(),
        "ended_before_beginning": ~began.is_null() & (last < began),
    }
    lazy = frame.lazy.with_columns((last - began).alias("length_us"), fate.alias("fate"))
    return evolve(frame, lazy=lazy, columns=frame.columns | {"length_us", "fate"}), question, excluded


@overload
def sales_cycle(deals: Table, *, by: None = None, **options: Unpack[CycleOptions]) -> Estimate: ...
@overload
def sales_cycle(deals: Table, *, by: Groups, **options: Unpack[CycleOptions]) -> EstimateTable: ...
@metric(clock="created_us")
def sales_cycle(
    deals: Table,
    *,
    by: By = None,
    quantile: float = 0.5,
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The time from the beginning of a deal to its decision, won, lost or abandoned.

    Deals that are still open count as open up to `as_of`: the slow ones are among them, and leaving them out would make
    the cycle look short.

    Args:
        deals: Deals. Needs `status`, `created_us` or `opened_day`, and `closed_us` or `closed_day`; where a deal knows
            only its day, the beginning of that day in UTC counts.
        by: Columns to group by.
        quantile: The share of deals after whose decision the clock stops; 0.5 gives the median.
        window: Days in which deals began.
        as_of: The date up to which all is known; the latest instant in the table unless given.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A duration by Kaplan and Meier with the counts decided and open; None when too few are decided. With `by` one
        per group. Left out as for `cohort_win_rate`.
    """
    question = Question(
        name="sales_cycle",
        unit="duration",
        parameters={"quantile": quantile},
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    frame, question, excluded = _aged(deals, question, columns)
    receipt = question.receipt(frame)
    length, ended = nw.col("length_us"), nw.col("fate") > 0
    groups = times(frame, by=question.by, excluded=excluded, length_us=length, ended=ended)
    return question.answer(
        groups,
        Times(),
        lambda found: time_estimate(
            found, receipt, quantile=quantile, level=level, ended="decided", nothing="no deal began"
        ),
    )


@overload
def sales_velocity(deals: Table, *, by: None = None, **options: Unpack[WinOptions]) -> Estimate: ...
@overload
def sales_velocity(deals: Table, *, by: Groups, **options: Unpack[WinOptions]) -> EstimateTable: ...
@metric(clock="closed_us")
def sales_velocity(
    deals: Table,
    *,
    by: By = None,
    abandoned: str = "lost",
    window: Window | None = None,
    cluster: str | None = "account_key",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """How much money a day the deals bring: deals · share won · mean amount won / mean days from beginning to decision.

    All four are of one cohort, the deals that were decided in the window; for them the product is n · Σ amounts won /
    Σ days. Multiplying figures of several cohorts would give the speed of no deals at all.

    Args:
        deals: Deals. Needs `status`, `amount_micros`, `amount_currency`, `created_us` or `opened_day`, and `closed_us`
            or `closed_day`.
        by: Columns to group by; with `amount_currency` among them, currencies are kept apart.
        abandoned: `lost`, or `left_out` to leave abandoned deals out.
        window: Days in which deals were closed.
        cluster: Column that tells which deals belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        Money a day with the counts won and lost, and an interval in units of the currency by the delta method over
        clusters, for so many deals; with `by` one per group. Left out are open deals, won ones with `no_amount`, and
        those without their dates or with dates in the wrong order. None when no deal is left, or all took no time.

    Raises:
        CurrencyError: The amounts are of several currencies.
    """
    demand_one_of("abandoned", abandoned, ("left_out", "lost"))
    question = Question(
        name="sales_velocity",
        unit="money",
        parameters={"abandoned": abandoned, "per": "day"},
        by=names_of(by),
        window=window,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    wants = [*AMOUNT, *([cluster] if cluster else [])]
    frame = _closed_in(dated_deals(deals, question, columns, wants=wants), question)
    won = is_decided(won=True)
    lost = words_in("status", DealStatus.LOST.value, *([DealStatus.ABANDONED.value] if abandoned == "lost" else []))
    amounts = Amounts.of(frame, question.by, won)
    began, ended = nw.col("began_us"), nw.col("ended_us")
    undated = began.is_null() | ended.is_null()
    excluded = {
        "open": words_in("status", DealStatus.OPEN.value),
        "abandoned": words_in("status", DealStatus.ABANDONED.value) & ~lost,
        "unknown_status": ~won & ~lost,
        "no_dates": undated,
        "ended_before_beginning": ~undated & (ended < began),
        "no_amount": won & ~has_amount(),
    }
    parts = {"won": nw.when(won).then(nw.lit(1)).otherwise(nw.lit(0)), "lost": nw.when(lost).then(1).otherwise(0)}
    values = {
        "cluster": _cluster(frame, cluster),
        "won": nw.when(won).then(nw.col("amount_micros")).otherwise(nw.lit(0)),
        "length": ended - began,
        "is_won": parts["won"],
    }
    groups = alike(frame, by=question.by, excluded=excluded, values=values, parts=parts)
    receipt = question.receipt(frame)
    made = made_of(groups, lambda key, found: (found, amounts.currency(key)))
    return question.answer(made, (Alike(), None), lambda each: _velocity(each[0], each[1], receipt, level))


def _velocity(found: Alike, currency: str | None, receipt: Receipt, level: float) -> Estimate:
    ratio = ratio_of(Alike(tuple((row[:3], number) for row, number in found.rows)))
    won = sum(number for row, number in found.rows if row[3])
    value: Any = None
    interval = None
    reason = "no deal was decided" if not found.n else "no won deal has an amount" if currency is None else None
    if reason is None and not ratio.below:
        reason = "the deals took no time"
    if reason is None and currency is not None:
        value = money(Fraction(ratio.above * found.n * DAY_US, ratio.below), currency)
        made = ratio_interval(ratio.sums, level)
        if made is not None:
            per_day = found.n * DAY_US / MILLION
            low, high = (float(end) * per_day for end in (made.low, made.high) if isinstance(end, float))
            interval = Interval(low, high, level, made.method)
    return Estimate(
        value=value,
        reason=reason,
        n=found.n,
        n_clusters=ratio.sums.clusters if receipt.cluster else None,
        excluded=found.excluded,
        counts={"won": won, "lost": found.n - won},
        interval=interval,
        receipt=receipt,
    )


def _closed_in(frame: Frame, question: Question) -> Frame:
    if question.window is None:
        return frame
    return frame.having(in_window(frame, question.window, "closed_us", "closed_day"))
