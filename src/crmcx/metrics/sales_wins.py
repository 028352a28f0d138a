"""Sales, in numbers: what share of the money is won, and of the deals of a cohort."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Unpack, overload

import narwhals.stable.v2 as nw

from crmcx.errors import UsageError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable, Interval, ratio_interval
from crmcx.estimates.competing import Fates, incidence
from crmcx.instants import Window, duration_us
from crmcx.metrics._alike import Alike, alike
from crmcx.metrics._amounts import AMOUNT, Amounts, has_amount
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._deals import LOST, WON, aged_deals, closed_deals, cluster_of
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._ratios import ratio_of
from crmcx.metrics._sales_options import CohortOptions, WinOptions
from crmcx.models import DealStatus
from crmcx.tables import Table, words_in


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
        "cluster": cluster_of(frame, cluster),
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
    frame, question, excluded = aged_deals(deals, question, columns)
    limit = duration_us(within)
    groups = alike(
        frame, by=question.by, excluded=excluded, values={"length": nw.col("length_us"), "fate": nw.col("fate")}
    )
    receipt = question.receipt(frame)

    def make(found: Alike) -> Estimate:
        fates = [
            Fates(int(length), *(number if fate == wanted else 0 for wanted in (WON, LOST, 0)))
            for (length, fate), number in found.rows
        ]
        value, interval = incidence(fates, limit, level)
        won, lost = (
            sum(number for (length, fate), number in found.rows if fate == wanted and length <= limit)
            for wanted in (WON, LOST)
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
