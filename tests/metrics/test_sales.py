"""Win rate, value won and conversion."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from tests import company

from crmcx.errors import CurrencyError, MissingColumnError, UsageError
from crmcx.instants import Window, from_us
from crmcx.metrics import conversion, win_rate, won_value
from crmcx.models import Deal, Money

HOUR = timedelta(hours=1)


def deal(number: int, status: str, **more: Any) -> Deal:
    return Deal(source="crm", source_id=str(number), status=status, **more)


def euros(amount: str) -> Money:
    return Money(amount=amount, currency="EUR")


class TestWinRate:
    def test_worked_by_hand(self) -> None:
        deals = [deal(n, status) for n, status in enumerate(["won", "won", "won", "lost", "open", "abandoned"])]
        found = win_rate(deals)
        assert found.value == 0.75
        assert dict(found.counts) == {"won": 3, "lost": 1}
        assert dict(found.excluded) == {"open": 1, "abandoned": 1}
        assert win_rate(deals, abandoned="lost").value == 0.6
        assert win_rate(deals, abandoned="lost").receipt.definition != found.receipt.definition

    def test_nothing_lost_is_no_zero_and_nothing_decided_is_nothing(self) -> None:
        assert win_rate([deal(1, "won")]).value == 1
        for deals in ([], [deal(1, "open")]):
            found = win_rate(deals)
            assert found.value is None
            assert found.reason == "no deal was decided"

    def test_a_window_takes_the_instant_or_else_the_day(self) -> None:
        deals = [
            deal(1, "won", closed_at=datetime(2025, 1, 31, 23, 30, tzinfo=UTC), closed_on=date(2025, 1, 5)),
            deal(2, "lost", closed_on=date(2025, 1, 31)),
            deal(3, "lost", closed_on=date(2025, 2, 1)),
            deal(4, "lost"),
        ]
        january = win_rate(deals, window=Window(date(2025, 1, 1), date(2025, 2, 1), zone="Europe/Berlin"))
        assert dict(january.counts) == {"won": 0, "lost": 1}
        assert win_rate(deals, window=Window(date(2025, 1, 1), date(2025, 2, 1))).value == 0.5
        frame = pl.DataFrame({"status": ["won"]})
        with pytest.raises(MissingColumnError, match="lacks closed_us and closed_day"):
            win_rate(frame, window=Window(date(2025, 1, 1), date(2025, 2, 1)))

    def test_clusters_and_unknown_words(self) -> None:
        frame = pl.DataFrame(
            {"status": ["won"] * 20 + ["lost"] * 20 + ["odd", None], "account_key": [1] * 20 + [2] * 22}
        )
        found = win_rate(frame, cluster="account_key")
        assert found.n_clusters == 2
        assert dict(found.excluded) == {"unknown_status": 2}
        alone = win_rate(frame, cluster=None)
        assert win_rate(frame) == found
        assert found.interval is not None
        assert alone.interval is not None
        assert found.interval.low < alone.interval.low  # type: ignore[operator]
        with pytest.raises(UsageError, match="expected one of left_out, lost"):
            win_rate(frame, abandoned="won")


class TestWonValue:
    def test_exact_to_the_last_digit(self) -> None:
        amounts = ["0.1", "0.2", "-0.000001", "8999999999999.999999", "8999999999999", "123456.654321"]
        found = won_value([deal(n, "won", amount=euros(amount)) for n, amount in enumerate(amounts)])
        assert isinstance(found.value, Money)
        assert found.value.amount == sum(map(Decimal, amounts))
        assert found.interval is None
        assert found.n == 6

    def test_currencies_are_kept_apart(self) -> None:
        deals = [
            deal(1, "won", amount=euros("5")),
            deal(2, "won", amount=Money(amount="7", currency="USD")),
            deal(3, "won"),
            deal(4, "lost", amount=Money(amount="7", currency="CHF")),
        ]
        with pytest.raises(CurrencyError, match="found amounts in EUR, USD"):
            won_value(deals)
        table = won_value(deals, by="amount_currency")
        assert table["EUR"].value == euros("5")
        assert table["USD"].value == Money(amount="7", currency="USD")
        assert table[None].value is None
        assert dict(table[None].excluded) == {"no_amount": 1}

    def test_nothing(self) -> None:
        assert won_value([]).value is None
        assert won_value([deal(1, "won")]).reason == "no won deal has an amount"
        assert dict(won_value([deal(1, "won")]).excluded) == {"no_amount": 1}


def steps(*rows: tuple[int, float, str], **more: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_id": [row[0] for row in rows],
            "occurred_us": [int(row[1] * 3_600_000_000) for row in rows],
            "touchpoint": [row[2] for row in rows],
            **more,
        }
    )


class TestConversion:
    def test_worked_by_hand(self) -> None:
        frame = steps((1, 0, "a"), (1, 5, "b"), (2, 0, "a"), (2, 6, "b"), (3, 1, "b"), (3, 2, "a"), (4, 0, "b"))
        found = conversion(frame, start="a", goal="b", within=5 * HOUR)
        assert found.value == 1 / 3
        assert dict(found.counts) == {"started": 3, "converted": 1}

    def test_the_first_start_alone_counts(self) -> None:
        frame = steps((1, 0, "a"), (1, 9, "a"), (1, 10, "b"))
        assert conversion(frame, start="a", goal="b", within=5 * HOUR).value == 0
        assert conversion(frame, start="a", goal="b", within=10 * HOUR).value == 1

    def test_one_instant(self) -> None:
        assert conversion(steps((1, 0, "b"), (1, 0, "a")), start="a", goal="b", within=HOUR).value == 1
        assert conversion(steps((1, 0, "a")), start="a", goal="a", within=HOUR).value == 0
        assert conversion(steps((1, 0, "a"), (1, 1, "a")), start="a", goal=["a", "b"], within=HOUR).value == 1

    def test_the_young_are_left_out(self) -> None:
        frame = steps((1, 0, "a"), (1, 1, "b"), (2, 8, "a"), (2, 9, "b"), (3, 20, "a"))
        found = conversion(frame, start="a", goal="b", within=5 * HOUR, as_of=from_us(12 * 3_600_000_000))
        assert found.n == 1
        assert dict(found.excluded) == {"too_young": 1}

    def test_groups_at_the_start_and_windows(self) -> None:
        frame = steps((1, 0, "a"), (1, 1, "b"), (2, 30, "a"), channel=["web", "phone", "phone"])
        table = conversion(frame, start="a", goal="b", within=5 * HOUR, by="channel")
        assert (table["web"].value, table["phone"].value) == (1, 0)
        day = Window(date(1970, 1, 2), date(1970, 1, 3))
        assert conversion(frame, start="a", goal="b", within=HOUR, window=day).n == 1

    def test_nobody_and_bad_input(self) -> None:
        assert conversion(steps((1, 0, "x")), start="a", goal="b", within=HOUR).reason == "nobody started"
        with pytest.raises(UsageError, match="a time above zero"):
            conversion(steps(), start="a", goal="b", within=timedelta())

    def test_as_a_walk_over_people(self) -> None:
        rows = company.interactions(random.Random(3))
        seen = [row for row in rows if row.customer and row.visibility == "customer"]
        within = timedelta(days=3)
        started = converted = 0
        for person in {row.customer for row in seen}:
            own = [row for row in seen if row.customer == person]
            starts = [row.occurred_at for row in own if row.touchpoint == "quote"]
            if starts:
                first = min(starts)
                started += 1
                converted += any(row.touchpoint == "sign" and first <= row.occurred_at <= first + within for row in own)
        found = conversion(rows, start="quote", goal="sign", within=within)
        assert dict(found.counts) == {"started": started, "converted": converted}
        assert 0 < converted < started
