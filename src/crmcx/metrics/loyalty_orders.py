"""Who buys again, and how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import UsageError
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window, duration_us, to_us
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import empty_group, grouped
from crmcx.metrics._options import Dated, Sampled
from crmcx.metrics._purchases import NO_PURCHASE, not_purchases, take_orders, with_rows
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._shares import share
from crmcx.tables import Frame, Table, in_window, latest


class RepeatOptions(Dated, Sampled, total=False):
    """What `repeat_purchase_rate` takes."""

    apart: timedelta
    without: Sequence[str]
    unit: str


@overload
def repeat_purchase_rate(
    orders: Table, *, within: timedelta, by: None = None, **options: Unpack[RepeatOptions]
) -> Estimate: ...
@overload
def repeat_purchase_rate(
    orders: Table, *, within: timedelta, by: Groups, **options: Unpack[RepeatOptions]
) -> EstimateTable: ...
@metric(clock="placed_us")
def repeat_purchase_rate(
    orders: Table,
    *,
    within: timedelta,
    by: By = None,
    apart: timedelta = timedelta(0),
    without: Sequence[str] = NO_PURCHASE,
    window: Window | None = None,
    as_of: datetime | None = None,
    unit: str = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of customers who buy again within a time after their first purchase.

    Customers whose first purchase was less than that time before `as_of` are left out as `too_young`: they had no time
    to buy again. Orders that are none are left out too, with `no_unit`, `no_instant`, or as `no_purchase` by their
    status.

    Args:
        orders: Orders. Needs `person_id` and `placed_us`; takes `status`.
        within: The longest time from the first to the next purchase that counts, inclusive.
        by: Columns to group by, with their value at the first purchase; among equal instants the greatest.
        apart: How long after the first an order must be to be another: with one day, parts of one basket that were
            ordered in the same hour are one purchase.
        without: Statuses of orders that are no purchases.
        window: Days of the first purchase.
        as_of: The date up to which all is known; the latest order in the table unless given. Orders placed by then
            count as they stand now.
        unit: Column that tells customers apart.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts customers and again; with `by` one per group. None
        when nobody could be observed so long.

    Raises:
        UsageError: `within` is not above zero, `apart` is negative or longer than it, or there is no such status.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> days = 86_400_000_000
        >>> found = pl.DataFrame({"person_id": [1, 1, 2, 3], "placed_us": [0, 20 * days, 0, 80 * days]})
        >>> repeat_purchase_rate(found, within=timedelta(days=30), as_of=datetime(1970, 4, 1, tzinfo=UTC))
        repeat_purchase_rate: 50.0 %; 95 % interval 9.5 % to 90.5 %; n = 2; left out 1: too_young 1
    """
    if within <= timedelta() or not timedelta() <= apart <= within:
        msg = f"found within={within} and apart={apart}, expected within above zero, and apart from zero up to it"
        raise UsageError(msg, hint="pass timedeltas, such as within=timedelta(days=365), apart=timedelta(days=1)")
    frame = take_orders(orders, unit=unit, without=without, as_of=as_of, by=names_of(by), columns=columns)
    question = Question(
        name="repeat_purchase_rate",
        unit="share",
        parameters={
            "within_s": within.total_seconds(),
            "apart_s": apart.total_seconds(),
            "without": sorted(without),
            "unit": unit,
        },
        by=names_of(by),
        window=window,
        as_of=as_of or latest((frame, "placed_us")),
        level=level,
        min_n=min_n,
    )
    receipt = question.receipt(frame)
    people = _first_purchases(frame, question.by, unit, duration_us(within), duration_us(apart))
    if window is not None:
        people = people.having((nw.col("code") != 0) | in_window(people, window, "first_us"))
    young = nw.lit(False)  # noqa: FBT003 - a column of false
    if question.as_of is not None:
        young = nw.col("first_us") > to_us(question.as_of) - duration_us(within)
    counts = {"customers": nw.lit(1), "again": nw.col("again")}
    groups = grouped(
        people,
        by=question.by,
        excluded={**not_purchases(), "too_young": young},
        value=nw.col("again"),
        counts=counts,
    )
    return question.answer(
        groups,
        empty_group(tuple(counts)),
        lambda group: share(group, receipt, level=level, nothing="nobody could be observed that long"),
    )


def _first_purchases(frame: Frame, by: Sequence[str], unit: str, within_us: int, apart_us: int) -> Frame:
    """One row a customer: when she bought first, and whether she did again; and one for each order that is none."""
    keys = [f"by_{place}" for place in range(len(by))]
    who = ("unit", "code", "row")
    named = (nw.col(name).alias(key) for name, key in zip(by, keys, strict=True))
    lazy = with_rows(frame, unit).select(*who, "us", *named)
    lazy = lazy.with_columns(nw.col("us").min().over(*who).alias("first_us"))
    us, first = nw.col("us"), nw.col("first_us")
    counts = (us - first >= apart_us) & (us - first <= within_us)
    lazy = lazy.with_columns(
        nw.when(counts).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64()).alias("bought"),
        *(nw.when(us == first).then(nw.col(key)).alias(key) for key in keys),
    )
    lazy = lazy.group_by(*who).agg(
        nw.col("first_us").min(), nw.col("bought").sum(), *(nw.col(key).max() for key in keys)
    )
    enough = 1 if apart_us else 2  # the first is among them where no time has to pass
    again = nw.when(nw.col("bought") >= enough).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64())
    lazy = lazy.select(
        "unit",
        "code",
        "first_us",
        again.alias("again"),
        *(nw.col(key).alias(name) for key, name in zip(keys, by, strict=True)),
    )
    return evolve(frame, lazy=lazy, columns=frozenset({"unit", "code", "first_us", "again", *by}), key=None)
