"""The company's own side and what is asked: hours, rates, instruments."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from crmcx.models import BusinessCalendar, Choice, Instrument, Item, LinkKind, OpeningHours, RateTable, Wording
from crmcx.models.currencies import CURRENCIES, IN_USE, WITHDRAWN
from crmcx.tables import TABLES
from crmcx.testing._values import _DECIMALS

HEAD: dict[str, Any] = {"source": "bank", "source_id": "1", "code": "c"}


class TestCurrencies:
    def test_codes(self) -> None:
        assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
        assert not IN_USE & WITHDRAWN
        assert {"EUR", "USD", "JPY", "KWD", "CLF"} <= IN_USE
        assert {"DEM", "HRK", "VEF"} <= WITHDRAWN
        assert not {"XXX", "XTS", "XAU", "EEC"} & CURRENCIES

    def test_those_of_the_strategies_are_known(self) -> None:
        assert {code for codes in _DECIMALS.values() for code in codes} <= CURRENCIES


class TestOpeningHours:
    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({}, "are for a weekday or for one special day: say one of them"),
            ({"weekday": 0, "day": date(2025, 1, 1)}, "are for a weekday or for one special day: say one of them"),
            ({"weekday": 7}, "a weekday is 0 for Monday to 6 for Sunday"),
            ({"weekday": -1}, "a weekday is 0 for Monday to 6 for Sunday"),
            ({"weekday": 0, "opens": timedelta(hours=9)}, "have both ends, or neither when it is closed: say both"),
        ],
    )
    def test_what_is_no_opening(self, fields: dict[str, Any], said: str) -> None:
        with pytest.raises(ValidationError, match=said):
            OpeningHours(**fields)

    def test_a_calendar(self) -> None:
        hours = [OpeningHours(weekday=0, opens=timedelta(hours=9), closes=timedelta(hours=17))]
        holiday = OpeningHours(day=date(2025, 12, 25))
        found = BusinessCalendar(**HEAD, zone="Europe/Berlin", hours=[*hours, holiday])
        assert found.hours == (hours[0], holiday)


class TestRates:
    TABLE = RateTable(
        **HEAD,
        base="EUR",
        rates=[
            {"currency": "USD", "day": date(2025, 1, 3), "rate": "1.10"},
            {"currency": "USD", "day": date(2025, 1, 1), "rate": "1.05"},
            {"currency": "JPY", "day": date(2025, 1, 1), "rate": "160"},
        ],
    )

    @pytest.mark.parametrize(
        ("currency", "day", "rate"),
        [
            ("USD", 1, "1.05"),
            ("USD", 2, "1.05"),
            ("USD", 3, "1.10"),
            ("USD", 31, "1.10"),
            ("JPY", 9, "160"),
            ("EUR", 1, "1"),
        ],
    )
    def test_the_latest_on_or_before_the_day(self, currency: str, day: int, rate: str) -> None:
        assert self.TABLE.rate(currency, date(2025, 1, day)) == Decimal(rate)

    def test_none_where_there_is_none(self) -> None:
        assert self.TABLE.rate("USD", date(2024, 12, 31)) is None
        assert self.TABLE.rate("CHF", date(2025, 1, 1)) is None


class TestInstruments:
    ITEMS = (Item(item="q1", kind="choice"), Item(item="q2", kind="text"))

    def test_words_in_each_language(self) -> None:
        words = {("q1", None, "en"): "Where?", ("q1", "b", "en"): "Branch", ("q1", "b", "de"): "Filiale"}
        found = Instrument(
            **HEAD,
            items=self.ITEMS,
            choices=[Choice(item="q1", choice="b", value=1)],
            wordings=[
                Wording(item=item, choice=choice, language=language, text=text)
                for (item, choice, language), text in words.items()
            ],
        )
        for (item, choice, language), text in words.items():
            assert found.wording(item, choice, language=language) == text
        assert found.wording("q2", language="en") is None

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"items": [ITEMS[0], ITEMS[0]]}, "a code stands twice"),
            ({"items": ITEMS, "choices": [Choice(item="q1", choice="b")] * 2}, "a code stands twice"),
            ({"choices": [Choice(item="q1", choice="b")]}, "names a code that is not there"),
            ({"wordings": [Wording(item="q1", language="de", text="x")]}, "names a code that is not there"),
            (
                {"items": ITEMS, "wordings": [Wording(item="q1", choice="b", language="de", text="x")]},
                "names a code that is not there",
            ),
        ],
    )
    def test_codes_are_known_and_unique(self, fields: dict[str, Any], said: str) -> None:
        with pytest.raises(ValidationError, match=said):
            Instrument(**HEAD, **fields)


def test_a_link_points_to_tables_that_there_are() -> None:
    assert {kind.value for kind in LinkKind} <= set(TABLES)
