"""Sales, in numbers: how long deals take, and how fast money comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any, Unpack, overload

import narwhals.stable.v2 as nw

from crmcx.errors import demand_one_of
from crmcx.estimates import Estimate, EstimateTable, Interval, Receipt, ratio_interval
from crmcx.instants import Window
from crmcx.metrics._alike import Alike, alike
from crmcx.metrics._amounts import AMOUNT, MILLION, Amounts, has_amount, money
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._deals import DAY_US, aged_deals, cluster_of, dated_deals, is_decided
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._ratios import ratio_of
from crmcx.metrics._sales_options import CycleOptions, WinOptions
from crmcx.metrics._times import Times, time_estimate, times
from crmcx.metrics._trail import made_of
from crmcx.models import DealStatus
from crmcx.tables import Frame, Table, in_window, words_in


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
    frame, question, excluded = aged_deals(deals, question, columns)
    receipt = question.receipt(frame)
    length, ended = nw.col("length_us"), nw.col("fate") > 0
    groups = times(frame, by=question.by, excluded=excluded, length_us=length, ended=ended, word="decided")
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
        "cluster": cluster_of(frame, cluster),
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
