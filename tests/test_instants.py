"""Instants, days, durations, zones and windows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW

from crmcx.errors import UsageError
from crmcx.instants import Window, date_of, day_of, duration_us, from_us, to_us, zone
from crmcx.testing.strategies import days, durations, instants

HOUR = 3_600_000_000
LOWEST, HIGHEST = -62_135_596_800_000_000, 253_402_300_799_999_999


class TestMicroseconds:
    @given(instants())
    @LAW
    def test_round_trip(self, instant: datetime) -> None:
        found = from_us(to_us(instant))
        assert found == instant.astimezone(UTC)
        assert found.tzinfo is UTC

    @given(st.integers(LOWEST, HIGHEST))
    @LAW
    def test_back_again(self, us: int) -> None:
        assert to_us(from_us(us)) == us

    @pytest.mark.parametrize(
        ("instant", "us"),
        [
            (datetime(1970, 1, 1, tzinfo=UTC), 0),
            (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), -1),
            (datetime.min.replace(tzinfo=UTC), LOWEST),
            (datetime.max.replace(tzinfo=UTC), HIGHEST),
            (datetime(2025, 3, 1, tzinfo=ZoneInfo("Europe/Berlin")), 1_740_783_600_000_000),
        ],
    )
    def test_known_ones(self, instant: datetime, us: int) -> None:
        assert to_us(instant) == us

    def test_an_hour_that_comes_twice(self) -> None:
        first = datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
        assert to_us(first.replace(fold=1)) - to_us(first) == HOUR

    def test_a_naive_time(self) -> None:
        with pytest.raises(UsageError, match="found a datetime without a zone, expected an aware one; attach the zone"):
            to_us(datetime(2025, 1, 1))  # noqa: DTZ001


class TestDaysAndDurations:
    @given(days())
    @LAW
    def test_round_trip(self, day: date) -> None:
        assert date_of(day_of(day)) == day
        assert date(1970, 1, 1) + timedelta(days=day_of(day)) == day

    @given(durations())
    @LAW
    def test_durations_are_exact(self, value: timedelta) -> None:
        assert timedelta(microseconds=duration_us(value)) == value


class TestZones:
    @pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
    def test_known_ones(self, name: str) -> None:
        assert zone(name) == ZoneInfo(name)

    @pytest.mark.parametrize(
        "name", ["Europe/Atlantis", "", "Europe", "../etc/passwd", "/etc/passwd", "a\0b", "CET-ish"]
    )
    def test_unknown_ones(self, name: str) -> None:
        with pytest.raises(UsageError, match="no time zone is called") as caught:
            zone(name)
        assert "Europe/Berlin" in str(caught.value)
        assert repr(name) in caught.value.message


class TestWindow:
    def test_of_a_zone(self) -> None:
        window = Window(date(2025, 3, 1), date(2025, 4, 1), zone="Europe/Berlin")
        assert from_us(window.start_us) == datetime(2025, 2, 28, 23, tzinfo=UTC)
        assert from_us(window.end_us) == datetime(2025, 3, 31, 22, tzinfo=UTC)
        assert (date_of(window.start_day), date_of(window.end_day)) == (window.start, window.end)
        assert str(window) == "[2025-03-01, 2025-04-01) Europe/Berlin"

    def test_of_utc_unless_said(self) -> None:
        window = Window(date(1970, 1, 1), date(1970, 1, 2))
        assert (window.zone, window.start_us, window.end_us) == ("UTC", 0, 24 * HOUR)

    @pytest.mark.parametrize(
        ("name", "day", "hours"),
        [
            ("Europe/Berlin", date(2025, 3, 30), 23),
            ("Europe/Berlin", date(2025, 10, 26), 25),
            ("Australia/Lord_Howe", date(2025, 4, 6), 24.5),
            ("America/Sao_Paulo", date(2018, 11, 4), 23),  # there is no midnight
            ("America/Sao_Paulo", date(2018, 2, 17), 25),
            ("UTC", date(2025, 3, 30), 24),
        ],
    )
    def test_days_are_as_long_as_they_are(self, name: str, day: date, hours: float) -> None:
        window = Window(day, day + timedelta(days=1), zone=name)
        assert (window.end_us - window.start_us) / HOUR == hours
        last = from_us(window.end_us - 1).astimezone(ZoneInfo(name))
        first = from_us(window.start_us).astimezone(ZoneInfo(name))
        assert (first.date(), last.date()) == (day, day)

    @given(
        days().filter(lambda day: date(1900, 1, 1) <= day < date(2100, 1, 1))
        | st.dates(date(2020, 1, 1), date(2030, 1, 1))
    )
    @LAW
    def test_windows_meet(self, day: date) -> None:
        middle, end = day + timedelta(days=1), day + timedelta(days=9)
        first, second = (Window(*days, zone="America/New_York") for days in ((day, middle), (middle, end)))
        assert first.end_us == second.start_us
        assert first.end_day == second.start_day

    @pytest.mark.parametrize("end", [date(2025, 3, 1), date(2025, 2, 28)])
    def test_it_ends_after_it_starts(self, end: date) -> None:
        with pytest.raises(UsageError, match=r"a window must end after it starts, found 2025-03-01 to 2025-0[23]"):
            Window(date(2025, 3, 1), end)

    @pytest.mark.parametrize("at", [0, 1])
    def test_it_goes_from_day_to_day(self, at: int) -> None:
        days: list[Any] = [date(2025, 3, 1), date(2025, 4, 1)]
        days[at] = datetime(2025, 3, 1, tzinfo=UTC)
        with pytest.raises(UsageError, match="found a datetime; pass dates"):
            Window(*days)

    def test_its_zone_is_one(self) -> None:
        with pytest.raises(UsageError, match="no time zone is called 'Mars'"):
            Window(date(2025, 3, 1), date(2025, 4, 1), zone="Mars")

    def test_it_is_frozen_and_compares(self) -> None:
        window = Window(date(2025, 3, 1), date(2025, 4, 1))
        assert window == Window(date(2025, 3, 1), date(2025, 4, 1), "UTC")
        assert hash(window) == hash(Window(date(2025, 3, 1), date(2025, 4, 1)))
        assert window != Window(date(2025, 3, 1), date(2025, 4, 1), "Europe/Berlin")
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            window.zone = "UTC"  # type: ignore[misc]
