"""Which orders are purchases, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import demand_one_of
from crmcx.instants import to_us
from crmcx.models import Order, OrderStatus
from crmcx.tables import Frame, Table, rows, take, words_in

NO_PURCHASE = ("cancelled", "refunded")
"""The statuses of orders that are no purchases."""
_REASONS = ("no_unit", "no_instant", "no_purchase")


def take_orders(
    orders: Table,
    *,
    unit: str,
    without: Sequence[str],
    as_of: datetime | None,
    by: Sequence[str] = (),
    needs: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
) -> Frame:
    """Orders that were placed by a date, as they stand now, with a `code`: 0, or why it is no purchase.

    Raises:
        UsageError: There is no such status.
    """
    for word in without:
        demand_one_of("without", word, [status.value for status in OrderStatus])
    frame = take(
        orders,
        Order,
        needs=("placed_us", *needs),
        wants=("status",),
        also=(unit, *by),
        columns=columns,
    )
    if as_of is not None:  # when an order was known counts for nothing: its last change made that later
        frame = frame.having(nw.col("placed_us").is_null() | (nw.col("placed_us") <= to_us(as_of)))
    code = nw.lit(0)
    if "status" in frame.columns and without:
        code = nw.when(words_in("status", *without)).then(nw.lit(3)).otherwise(code)
    code = nw.when(nw.col("placed_us").is_null()).then(nw.lit(2)).otherwise(code)
    code = nw.when(nw.col(unit).is_null()).then(nw.lit(1)).otherwise(code).cast(nw.Int64())
    return evolve(frame, lazy=frame.lazy.with_columns(code.alias("code")), columns=frame.columns | {"code"})


def not_purchases() -> dict[str, nw.Expr]:
    """Reason to condition, for rows that are no purchases."""
    return {reason: nw.col("code") == number for number, reason in enumerate(_REASONS, start=1)}


def with_rows(frame: Frame, unit: str) -> nw.LazyFrame[Any]:
    """The orders with `unit`, `us` and `row`: 0 for purchases, and for each other a number of its own.

    So that those that are none stay rows of their own, and are counted one by one, when orders are put together.
    """
    lazy = frame.lazy.with_columns(
        nw.col(unit).alias("unit"),
        nw.when(nw.col("placed_us").is_null())
        .then(nw.lit(0))
        .otherwise(nw.col("placed_us"))
        .cast(nw.Int64())
        .alias("us"),
        nw.lit(0).cast(nw.Int64()).alias("row"),
    )
    others = rows(lazy.filter(nw.col("code") != 0).select(nw.col("code").max().alias("any")))
    if others[0]["any"] is None:
        return lazy
    number = nw.lit(1).cast(nw.Int64()).alias("row")
    lazy = lazy.with_columns(number).with_columns(nw.col("row").cum_sum().over("code", order_by=["us"]))
    return lazy.with_columns(nw.when(nw.col("code") == 0).then(nw.lit(0)).otherwise(nw.col("row")).alias("row"))
