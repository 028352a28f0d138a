"""Who buys again, and how customers are scored: by a walk over customers, on every engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.test_engines_agree import ENGINES

import crmcx
from crmcx.errors import CurrencyError, MissingColumnError, UsageError
from crmcx.instants import Window
from crmcx.metrics import evidence, repeat_purchase_rate, rfm
from crmcx.models import Money, Order

DAY = 86_400_000_000
Bought = tuple[int | None, int | None, str | None, int | None]
"""Customer, day, status and amount."""


def day(number: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)


def table(orders: Sequence[Bought], currency: str = "EUR") -> pl.DataFrame:
    amounts = [None if amount is None else amount * 1_000_000 for *_, amount in orders]
    days = [None if number is None else number * DAY for _, number, *_ in orders]
    return pl.DataFrame(
        {
            "key": pl.Series(range(len(orders)), dtype=pl.Int64),
            "person_id": pl.Series([order[0] for order in orders], dtype=pl.Int64),
            "placed_us": pl.Series(days, dtype=pl.Int64),
            "status": pl.Series([order[2] for order in orders], dtype=pl.String),
            "total_micros": pl.Series(amounts, dtype=pl.Int64),
            "total_currency": pl.Series([None if each is None else currency for each in amounts], dtype=pl.String),
        }
    )


ORDERS = st.lists(
    st.tuples(
        st.none() | st.integers(1, 6),
        st.none() | st.integers(0, 30),
        st.sampled_from(["paid", "paid", "paid", None, "cancelled", "refunded"]),
        st.none() | st.integers(-2, 5),
    ),
    max_size=25,
)
AS_OF = 25


def purchases(orders: Sequence[Bought]) -> dict[int, list[tuple[int, int]]]:
    """Day and amount of the purchases of each customer, until the date."""
    found: dict[int, list[tuple[int, int]]] = {}
    for person, number, status, amount in orders:
        if person is not None and number is not None and number <= AS_OF and status in {"paid", None}:
            found.setdefault(person, []).append((number, amount or 0))
    return found


def none_of(orders: Sequence[Bought]) -> dict[str, int]:
    there = [order for order in orders if order[1] is None or order[1] <= AS_OF]
    counts = {
        "no_unit": sum(order[0] is None for order in there),
        "no_instant": sum(order[0] is not None and order[1] is None for order in there),
        "no_purchase": sum(None not in order[:2] and order[2] in {"cancelled", "refunded"} for order in there),
    }
    return {reason: number for reason, number in counts.items() if number}


@settings(deadline=None, max_examples=80)
@given(ORDERS, st.integers(1, 12), st.integers(0, 3))
def test_buying_again_as_a_walk_over_customers(orders: list[Bought], within: int, apart: int) -> None:
    apart = min(apart, within)
    young = customers = again = 0
    for bought in purchases(orders).values():
        first = min(number for number, _ in bought)
        if first + within > AS_OF:
            young += 1
            continue
        customers += 1
        others = [number for number, _ in bought]
        others.remove(first)
        again += any(apart <= number - first <= within for number in others)
    found = repeat_purchase_rate(
        table(orders), within=timedelta(days=within), apart=timedelta(days=apart), as_of=day(AS_OF)
    )
    assert dict(found.counts) == {"customers": customers, "again": again}
    assert found.value == (again / customers if customers else None)
    assert dict(found.excluded) == none_of(orders) | ({"too_young": young} if young else {})


@pytest.mark.parametrize("engine", ENGINES)
def test_scores_as_a_walk_over_customers(engine: str) -> None:
    @settings(deadline=None, max_examples=60 if engine == "polars" else 10)
    @given(ORDERS, st.integers(2, 6))
    def check(orders: list[Bought], bins: int) -> None:
        values = {
            person: (max(number for number, _ in bought), len(bought), sum(amount for _, amount in bought))
            for person, bought in purchases(orders).items()
        }
        found = rfm(ENGINES[engine](table(orders)), as_of=day(AS_OF), bins=bins)
        assert [each.unit for each in found] == sorted(values)
        for each in found:
            own = values[int(each.unit)]
            below = [sum(other[place] < own[place] for other in values.values()) for place in range(3)]
            scores = (each.recency_score, each.frequency_score, each.monetary_score)
            assert scores == tuple(1 + bins * number // len(values) for number in below)
            assert max(scores) <= bins
            assert (each.recency, each.orders) == (timedelta(days=AS_OF - own[0]), own[1])
            assert each.amount == (None if found.currency is None else Money(amount=own[2], currency="EUR"))
        assert sum(cell.n for cell in found.cells()) == len(values)
        assert dict(found.excluded) == none_of(orders)

    check()


def test_young_customers_are_in_no_denominator() -> None:
    """Of two who had thirty days one bought again; eight joined last week. One of ten would be the silent error."""
    orders: list[Bought] = [(1, 0, "paid", 1), (1, 9, "paid", 1), (2, 0, "paid", 1)]
    orders += [(number, 20, "paid", 1) for number in range(3, 11)]
    found = repeat_purchase_rate(table(orders), within=timedelta(days=15), as_of=day(AS_OF))
    assert found.value == 0.5
    assert dict(found.excluded) == {"too_young": 8}


def test_one_basket_in_two_orders() -> None:
    orders: list[Bought] = [(1, 0, "paid", 1), (1, 0, "paid", 1), (2, 0, "paid", 1), (2, 3, "paid", 1)]
    frame = table(orders)
    assert repeat_purchase_rate(frame, within=timedelta(days=5), as_of=day(9)).value == 1
    assert repeat_purchase_rate(frame, within=timedelta(days=5), as_of=day(9), apart=timedelta(days=1)).value == 0.5


def test_groups_windows_statuses_and_keys() -> None:
    orders: list[Bought] = [(1, 0, "paid", 1), (1, 3, "refunded", 1), (2, 2, "paid", 1), (2, 3, "paid", 1)]
    frame = table(orders).with_columns(channel=pl.Series(["web", "phone", "phone", "web"]))
    found = repeat_purchase_rate(frame, within=timedelta(days=5), as_of=day(9), by="channel")
    assert [(key, each.value) for key, each in found] == [(("phone",), 1), (("web",), 0)]
    assert evidence(found, frame, channel="phone", part="again").keys == (2,)
    assert dict(found["phone"].excluded) == {"no_purchase": 1}
    assert repeat_purchase_rate(frame, within=timedelta(days=5), as_of=day(9), without=()).value == 1
    window = Window(date(1970, 1, 2), date(1970, 2, 1))
    assert repeat_purchase_rate(frame, within=timedelta(days=5), as_of=day(9), window=window).n == 1
    assert repeat_purchase_rate(frame, within=timedelta(days=1)).n == 2


def test_equal_values_have_equal_scores() -> None:
    """Nine of ten bought once: all of them have the lowest score, and none is put into another bin by the row order."""
    orders: list[Bought] = [(number, 1, "paid", 5) for number in range(1, 11)] + [(10, 2, "paid", 5)]
    for frame in (table(orders), table(orders[::-1])):
        found = rfm(frame, as_of=day(AS_OF))
        assert {each.frequency_score for each in found if each.unit != 10} == {1}
        assert [(cell.recency_score, cell.frequency_score, cell.monetary_score, cell.n) for cell in found.cells()] == [
            (5, 5, 5, 1),
            (1, 1, 1, 9),
        ]


def test_how_scores_print_and_what_they_are_made_of() -> None:
    found = rfm(table([(1, 1, "paid", 5), (1, 2, "paid", None), (2, 2, None, 3), (3, 2, "cancelled", 9)]), as_of=day(9))
    assert repr(found).splitlines() == [
        "rfm of 2 customers",
        "recency  frequency  monetary  customers   share",
        "      1          3         3          1  50.0 %",
        "      1          1         1          1  50.0 %",
    ]
    assert found._repr_html_().count("<tr>") == 3
    assert (found.without_amount, found.excluded, found.currency) == (1, (("no_purchase", 1),), "EUR")
    assert found.rows()[0].amount == Money(amount=Decimal(5), currency="EUR")
    assert found.to_frame().columns == [
        "person_id", "recency_us", "orders", "amount_micros", "recency_score", "frequency_score", "monetary_score",
    ]  # fmt: skip
    many: list[Bought] = [(n, n, "paid", n) for n in range(20)]
    assert repr(rfm(table(many), as_of=day(AS_OF), bins=20)).splitlines()[0].endswith("largest 12 of 20 cells")
    assert repr(rfm([], as_of=day(1))) == "rfm: nobody bought"
    assert "nobody" in rfm([], as_of=day(1))._repr_html_()


def test_the_frame_is_of_the_kind_that_was_given() -> None:
    assert isinstance(rfm(table([(1, 1, None, 1)]).to_pandas(), as_of=day(2)).to_frame(), pd.DataFrame)
    order: dict[str, Any] = {"source": "shop", "customer": "crm/1", "total": Money(amount=3, currency="EUR")}
    with crmcx.Workspace(":memory:") as ws:
        ws.load([Order(**order, source_id=str(number), placed_at=day(number)) for number in (1, 2)], source="shop")
        found = rfm(ws.tables.orders, as_of=day(3))
        assert [(each.orders, each.recency) for each in found] == [(2, timedelta(days=1))]
        assert found.receipt.snapshot == ws.tables.orders.snapshot


def test_what_makes_no_sense() -> None:
    frame = table([(1, 1, "paid", 1)])
    for given_times in ({"within": timedelta()}, {"within": timedelta(1), "apart": timedelta(2)}):
        with pytest.raises(UsageError, match="expected within above zero"):
            repeat_purchase_rate(frame, **given_times)
    with pytest.raises(UsageError, match="found without='gone'"):
        rfm(frame, as_of=day(1), without=["gone"])
    with pytest.raises(UsageError, match="found bins=1"):
        rfm(frame, as_of=day(1), bins=1)
    with pytest.raises(MissingColumnError, match="lacks total_micros"):
        rfm(frame.drop("total_micros"), as_of=day(1))
    with pytest.raises(CurrencyError, match="found amounts in EUR, USD"):
        rfm(pl.concat([frame, table([(1, 1, "paid", 1)], "USD")]), as_of=day(2))
    with pytest.raises(UsageError, match="too large"):
        rfm(frame.with_columns(total_micros=pl.lit(9 * 10**18 + 1)), as_of=day(2))
