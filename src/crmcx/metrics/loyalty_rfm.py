"""How lately, how often and for how much each customer bought, with scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import narwhals.stable.v2 as nw
from attrs import field, frozen

from crmcx._html import html_table
from crmcx.errors import CurrencyError, UsageError
from crmcx.estimates import Definition, Pairs, Receipt
from crmcx.estimates.words import count_words, share_words
from crmcx.instants import Window, to_us
from crmcx.metrics._purchases import NO_PURCHASE, not_purchases, take_orders
from crmcx.models import Money
from crmcx.tables import Frame, Table, counted, in_window, native, rows

_MILLION = 1_000_000
_SAFE = 8e18
"""What a sum of millionths may be at most: it fits into 64 bits."""
_SHOWN = 12
_SCORES = ("recency_score", "frequency_score", "monetary_score")


@frozen(kw_only=True)
class Buyer:
    """How lately, how often and for how much one customer bought."""

    unit: int | str
    """Who."""
    recency: timedelta
    """How long ago she bought last."""
    orders: int
    """How often she bought."""
    amount: Money | None
    """For how much in all; None where no order has an amount."""
    recency_score: int
    """From 1 to the number of bins; higher is more lately."""
    frequency_score: int
    """Likewise; higher is more often."""
    monetary_score: int
    """Likewise; higher is more."""


@frozen(kw_only=True)
class BuyerCell:
    """The customers with the same three scores."""

    recency_score: int
    """How lately they bought."""
    frequency_score: int
    """How often."""
    monetary_score: int
    """For how much."""
    n: int
    """How many they are."""


@frozen(kw_only=True, repr=False, eq=False)
class Rfm:
    """Customers with their scores, on the engine that the orders came from. Prints as a table of the largest cells."""

    bins: int
    """The highest score."""
    currency: str | None
    """The currency of the amounts."""
    excluded: Pairs
    """Orders left out: reason and number."""
    without_amount: int
    """Orders that count, and have no amount: they add nothing to it."""
    receipt: Receipt
    """Where it comes from."""
    _people: nw.LazyFrame[Any] = field()
    _unit: str = field()

    def __iter__(self) -> Iterator[Buyer]:
        for row in rows(self._people.sort(self._unit)):
            amount = None
            if self.currency is not None:
                # Not validated: a sum may be larger than what one record can hold.
                micros = Decimal(int(row["amount_micros"]))
                amount = Money.model_construct(amount=micros / _MILLION, currency=self.currency)
            yield Buyer(
                unit=row[self._unit],
                recency=timedelta(microseconds=int(row["recency_us"])),
                orders=int(row["orders"]),
                amount=amount,
                **{name: int(row[name]) for name in _SCORES},
            )

    def rows(self) -> tuple[Buyer, ...]:
        """All customers, in the order of the unit; for small tables."""
        return tuple(self)

    def cells(self) -> tuple[BuyerCell, ...]:
        """How many customers have the same three scores; the highest scores first."""
        one = nw.lit(1).cast(nw.Int64()).alias("n")
        found = rows(self._people.select(*_SCORES, one).group_by(*_SCORES).agg(nw.col("n").sum()))
        made = [BuyerCell(n=int(row["n"]), **{name: int(row[name]) for name in _SCORES}) for row in found]
        return tuple(sorted(made, key=lambda cell: [-getattr(cell, name) for name in _SCORES]))

    def to_frame(self) -> Any:  # noqa: ANN401 - a frame of the engine the orders came from
        """One row a customer: the unit, `recency_us`, `orders`, `amount_micros`, and the three scores."""
        return native(self._people)

    def _told(self) -> tuple[list[str], list[list[str]], str]:
        cells = self.cells()
        people = sum(cell.n for cell in cells)
        shown = sorted(cells, key=lambda cell: -cell.n)[:_SHOWN]
        told = [
            [
                *(str(getattr(cell, name)) for name in _SCORES),
                count_words(cell.n),
                share_words(cell.n / people),
            ]
            for cell in shown
        ]
        caption = f"rfm of {count_words(people)} customers"
        if len(shown) < len(cells):
            caption += f"; the largest {len(shown)} of {len(cells)} cells"
        return ["recency", "frequency", "monetary", "customers", "share"], told, caption

    def __repr__(self) -> str:
        head, told, caption = self._told()
        if not told:
            return "rfm: nobody bought"
        widths = [max(len(row[column]) for row in [head, *told]) for column in range(len(head))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *told]]
        return "\n".join([caption, *lines])

    def _repr_html_(self) -> str:
        head, told, caption = self._told()
        return html_table(head, told, caption if told else repr(self))


def rfm(
    orders: Table,
    *,
    as_of: datetime,
    bins: int = 5,
    without: Sequence[str] = NO_PURCHASE,
    window: Window | None = None,
    unit: str = "person_id",
    columns: Mapping[str, str] | None = None,
) -> Rfm:
    """How lately, how often and for how much each customer bought, and how she stands in each among all.

    A score is 1 + ⌊bins · share of customers with less⌋, from 1 to `bins`: equal values have equal scores, so that bins
    are unequal where many are equal, as of those who bought once. Orders without an amount count for how lately and how
    often. Left out, and counted, are orders with `no_unit`, `no_instant` and, by their status, `no_purchase`.

    Args:
        orders: Orders. Needs `person_id`, `placed_us`, `total_micros` and `total_currency`; takes `status`.
        as_of: The date from which recency is counted. Orders placed by then count as they stand now.
        bins: The highest score; 2 or more.
        without: Statuses of orders that are no purchases.
        window: Days whose orders count; all unless given.
        unit: Column that tells customers apart.
        columns: Canonical column name to the table's own.

    Returns:
        One row a customer who bought, as objects or as a frame of the engine that the orders came from.

    Raises:
        CurrencyError: The amounts are of several currencies.
        UsageError: There are fewer than 2 bins, there is no such status, or amounts are too large to be summed.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> days = 86_400_000_000
        >>> found = pl.DataFrame({"person_id": [1, 1, 2, 3], "placed_us": [0, 20 * days, 0, 29 * days],
        ...     "total_micros": [5_000_000, 5_000_000, 1_000_000, 1_000_000], "total_currency": ["EUR"] * 4})
        >>> scored = rfm(found, as_of=datetime(1970, 1, 31, tzinfo=UTC), bins=3)
        >>> [(each.unit, each.recency_score, each.frequency_score, each.monetary_score) for each in scored]
        [(1, 2, 3, 3), (2, 1, 1, 1), (3, 3, 1, 1)]
        >>> scored.rows()[0].amount
        Money(amount=Decimal('10'), currency='EUR')

    Source:
        Hughes (1994), Strategic Database Marketing, for the three scores.
    """
    if bins < 2:  # noqa: PLR2004 - one bin tells nothing
        msg = f"found bins={bins}, expected 2 or more"
        raise UsageError(msg, hint="5 is usual")
    frame = take_orders(
        orders,
        unit=unit,
        without=without,
        as_of=as_of,
        needs=("total_micros", "total_currency"),
        columns=columns,
    )
    if window is not None:
        frame = frame.having((nw.col("code") != 0) | in_window(frame, window, "placed_us"))
    definition = Definition(
        "rfm", 1, {"bins": bins, "without": sorted(without), "unit": unit, "rule": "1 + floor(bins * share with less)"}
    )
    receipt = Receipt(definition=definition, unit="score", window=window, as_of=as_of, snapshot=frame.snapshot)
    found = _overview(frame)
    currencies = sorted({row["currency"] for row in found if row["currency"] is not None})
    if len(currencies) > 1:
        msg = f"found amounts in {', '.join(currencies)}, expected one currency"
        raise CurrencyError(msg, hint="ask for the orders of one currency, or convert them before the call")
    if sum(row["size"] or 0.0 for row in found) > _SAFE:
        msg = "found amounts that are too large to be summed exactly"
        raise UsageError(msg, hint="check whether total_micros holds millionths of the currency")
    left_out = dict.fromkeys(not_purchases(), 0)
    for number, reason in enumerate(left_out, start=1):
        left_out[reason] = sum(int(row["n"]) for row in found if row["code"] == number)
    return Rfm(
        bins=bins,
        currency=currencies[0] if currencies else None,
        excluded=tuple(sorted((reason, number) for reason, number in left_out.items() if number)),
        without_amount=sum(int(row["n"]) for row in found if row["code"] == 0 and row["currency"] is None),
        receipt=receipt,
        people=_scored(frame, unit, to_us(as_of), bins),
        unit=unit,
    )


def _has_amount() -> nw.Expr:
    return ~nw.col("total_micros").is_null() & ~nw.col("total_currency").is_null()


def _overview(frame: Frame) -> list[dict[str, Any]]:
    """How many orders there are of each code and, of those that count and have an amount, currency; and their size.

    The size only tells whether sums fit into 64 bits, so that a float is enough.
    """
    counts = (nw.col("code") == 0) & _has_amount()
    staged = frame.lazy.select(
        "code",
        nw.when(counts).then(nw.col("total_currency")).alias("currency"),
        nw.when(counts).then(nw.col("total_micros").cast(nw.Float64()).abs()).otherwise(nw.lit(0.0)).alias("size"),
        nw.lit(1).cast(nw.Int64()).alias("n"),
    )
    return rows(staged.group_by("code", "currency").agg(nw.col("n").sum(), nw.col("size").sum()))


def _scored(frame: Frame, unit: str, now: int, bins: int) -> nw.LazyFrame[Any]:
    """One row a customer, with her scores."""
    one = nw.lit(1).cast(nw.Int64())
    people = (
        frame.lazy.filter(nw.col("code") == 0)
        .select(
            nw.col(unit).alias("unit"),
            nw.col("placed_us").alias("last_us"),
            one.alias("orders"),
            nw.when(_has_amount()).then(nw.col("total_micros")).otherwise(nw.lit(0)).cast(nw.Int64()).alias("micros"),
        )
        .group_by("unit")
        .agg(nw.col("last_us").max(), nw.col("orders").sum(), nw.col("micros").sum())
        .with_columns(nw.col("orders", "micros").cast(nw.Int64()))
    )
    people = counted(people, "people")
    values = dict(zip(_SCORES, ("last_us", "orders", "micros"), strict=True))
    ranks = {score: nw.col(value).rank("min").cast(nw.Int64()).alias(score) for score, value in values.items()}
    people = people.with_columns(*ranks.values())
    return people.select(
        nw.col("unit").alias(unit),
        (nw.lit(now).cast(nw.Int64()) - nw.col("last_us")).alias("recency_us"),
        "orders",
        nw.col("micros").alias("amount_micros"),
        *(_score(name, bins).alias(name) for name in _SCORES),
    )


def _score(rank: str, bins: int) -> nw.Expr:
    """1 + ⌊bins · (rank - 1) / people⌋, by comparing: whole division is dear in SQL, where it rounds towards zero."""
    reached = (nw.col(rank) - 1) * bins
    found = nw.lit(1).cast(nw.Int64())
    for step in range(1, bins):
        found += nw.when(reached >= nw.col("people") * step).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64())
    return found
