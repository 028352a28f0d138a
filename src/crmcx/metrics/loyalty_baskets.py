"""How often customers buy, and for how much at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.estimates import Estimate, EstimateTable, Receipt
from crmcx.instants import Window
from crmcx.metrics._amounts import AMOUNT, Amounts, Into, has_amount, money
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import Group, empty_group, grouped
from crmcx.metrics._means import mean
from crmcx.metrics._options import Dated, Sampled
from crmcx.metrics._purchases import NO_PURCHASE, not_purchases, take_orders, with_rows
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._trail import made_of
from crmcx.tables import Frame, Table, in_window

_TOTAL = ("total_micros", "total_currency")


class FrequencyOptions(Dated, Sampled, total=False):
    """What `purchase_frequency` takes."""

    without: Sequence[str]
    unit: str


class OrderValueOptions(Dated, total=False):
    """What `order_value` takes."""

    without: Sequence[str]
    into: Into | None
    unit: str


@overload
def purchase_frequency(orders: Table, *, by: None = None, **options: Unpack[FrequencyOptions]) -> Estimate: ...
@overload
def purchase_frequency(orders: Table, *, by: Groups, **options: Unpack[FrequencyOptions]) -> EstimateTable: ...
@metric(clock="placed_us")
def purchase_frequency(
    orders: Table,
    *,
    by: By = None,
    without: Sequence[str] = NO_PURCHASE,
    window: Window | None = None,
    as_of: datetime | None = None,
    unit: str = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """How many orders a customer places in a time, on average over those who placed any.

    Orders that are none are left out, with `no_unit`, `no_instant`, or as `no_purchase` by their status.

    Args:
        orders: Orders. Needs `person_id` and `placed_us`; takes `status`.
        by: Columns to group by: each group has the customers who placed orders of it, and those orders alone.
        without: Statuses of orders that are no purchases.
        window: The days; all that there are unless given.
        as_of: Only orders placed by then, as they stand now.
        unit: Column that tells customers apart.
        level: Confidence level.
        min_n: How many customers a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        Orders for a customer, 1 or more, with Student's t interval and the counts customers and orders; with `by` one
        per group. None when nobody bought.

    Raises:
        UsageError: There is no such status.

    Example:
        >>> import polars as pl
        >>> found = pl.DataFrame({"person_id": [1, 1, 1, 2], "placed_us": [0, 1, 2, 0]})
        >>> purchase_frequency(found).value
        2.0
    """
    question = Question(
        name="purchase_frequency",
        unit="orders",
        parameters={"without": sorted(without), "unit": unit},
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    frame = take_orders(orders, unit=unit, without=without, as_of=as_of, by=question.by, columns=columns)
    receipt = question.receipt(frame)
    customers = _customers(_inside(frame, window), question.by, unit)
    number = nw.col("orders")
    counts = {"customers": nw.lit(1), "orders": number}
    groups = grouped(customers, by=question.by, excluded=not_purchases(), value=number, counts=counts)
    return question.answer(
        groups, empty_group(tuple(counts)), lambda group: mean(group, receipt, level=level, nothing="nobody bought")
    )


@overload
def order_value(orders: Table, *, by: None = None, **options: Unpack[OrderValueOptions]) -> Estimate: ...
@overload
def order_value(orders: Table, *, by: Groups, **options: Unpack[OrderValueOptions]) -> EstimateTable: ...
@metric(clock="placed_us")
def order_value(
    orders: Table,
    *,
    by: By = None,
    into: Into | None = None,
    without: Sequence[str] = NO_PURCHASE,
    window: Window | None = None,
    as_of: datetime | None = None,
    unit: str = "person_id",
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """For how much an order is on average: the exact sum of the amounts over the number of orders.

    Each order counts once, whoever placed it. Left out are orders without an amount, as `no_amount`, and those that are
    none: with `no_unit`, `no_instant`, or as `no_purchase` by their status.

    Args:
        orders: Orders. Needs `person_id`, `placed_us`, `total_micros` and `total_currency`; takes `status`.
        by: Columns to group by; with `total_currency` among them, currencies are kept apart.
        into: The currency to convert amounts into, with the rates; None where all are of one currency.
        without: Statuses of orders that are no purchases.
        window: The days; all that there are unless given.
        as_of: Only orders placed by then, as they stand now.
        unit: Column that tells customers apart.
        min_n: How many orders a value must rest on; with fewer it is None.
        columns: Canonical column name to the table's own.

    Returns:
        Money, rounded to millionths, without an interval, since it is a fact and no sample; with `by` one per group.
        None when no order has an amount.

    Raises:
        CurrencyError: The amounts are of several currencies, or a rate is lacking.
        UsageError: There is no such status.

    Example:
        >>> import polars as pl
        >>> found = pl.DataFrame({"person_id": [1, 2], "placed_us": [0, 1], "total_micros": [5_000_000, 2_500_000],
        ...     "total_currency": ["EUR", "EUR"]})
        >>> order_value(found)
        order_value: 3.75 EUR; n = 2
    """
    question = Question(
        name="order_value",
        unit="money",
        parameters={"without": sorted(without), "unit": unit} | ({} if into is None else into.told()),
        by=names_of(by),
        window=window,
        as_of=as_of,
        min_n=min_n,
    )
    frame = take_orders(orders, unit=unit, without=without, as_of=as_of, by=question.by, needs=_TOTAL, columns=columns)
    receipt = question.receipt(frame)
    frame = _inside(frame, window)
    same = dict(zip(_TOTAL, AMOUNT, strict=True))
    named = [nw.col(name).alias(amount) for name, amount in same.items()]
    frame = evolve(frame, lazy=frame.lazy.with_columns(*named), columns=frame.columns | {*AMOUNT})
    counts = nw.col("code") == 0
    amounts = Amounts.of(frame, [same.get(name, name) for name in question.by], counts, into)
    groups = grouped(
        frame,
        by=question.by,
        excluded={**not_purchases(), "no_amount": ~has_amount()},
        value=nw.lit(1),
        counts=amounts.counts("total", nw.col("amount_micros")),
    )
    made = made_of(groups, lambda key, group: (group, amounts, amounts.currency(key)))
    return question.answer(made, (empty_group(), amounts, None), lambda each: _average(*each, receipt))


def _average(group: Group, amounts: Amounts, currency: str | None, receipt: Receipt) -> Estimate:
    value = None
    if group.sums.n and currency is not None:
        value = money(amounts.micros("total", group.counts) / group.sums.n, currency)
    return Estimate(
        value=value,
        reason=None if value is not None else "no order has an amount",
        n=group.sums.n,
        excluded=group.excluded,
        receipt=receipt,
    )


def _inside(frame: Frame, window: Window | None) -> Frame:
    """The orders of a window; those without an instant, which may be of any, stay to be counted."""
    return (
        frame if window is None else frame.having(nw.col("placed_us").is_null() | in_window(frame, window, "placed_us"))
    )


def _customers(frame: Frame, by: Sequence[str], unit: str) -> Frame:
    """One row a customer, and group, with the number of orders; and one for each order that is none."""
    keys = [f"by_{place}" for place in range(len(by))]
    who = ("unit", "code", "row")
    named = [nw.col(name).alias(key) for name, key in zip(by, keys, strict=True)]
    one = nw.lit(1).cast(nw.Int64()).alias("orders")
    lazy = with_rows(frame, unit).select(*who, *named, one).group_by(*who, *keys).agg(nw.col("orders").sum())
    own = [nw.col(key).alias(name) for key, name in zip(keys, by, strict=True)]
    lazy = lazy.select("unit", "code", "orders", *own)
    return evolve(frame, lazy=lazy, columns=frozenset({"unit", "code", "orders", *by}), key=None)
