"""Business hours are what the clock on the wall says, minute by minute, in every zone and on every engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wall_clock import shows

from crmcx.errors import UsageError
from crmcx.instants import EPOCH, to_us
from crmcx.models import BusinessCalendar, OpeningHours
from crmcx.tables import rows
from crmcx.tables.hours import DayTable, Hours, all_of, any_of, hours_of, open_us

MINUTE = 60_000_000
HOUR = 60 * MINUTE
ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"),
    *("America/Sao_Paulo", "Africa/Casablanca", "Asia/Amman", "Antarctica/Troll"),
]
TIGHT = [
    datetime(2025, 3, 29, tzinfo=UTC),  # the clock goes forward in Europe a day later
    datetime(2025, 10, 25, tzinfo=UTC),  # and back
    datetime(2025, 3, 8, tzinfo=UTC),
    datetime(2025, 11, 1, tzinfo=UTC),
    datetime(2025, 4, 5, tzinfo=UTC),
    datetime(2011, 12, 28, tzinfo=UTC),  # Apia leaves out a day
    datetime(2025, 12, 30, tzinfo=UTC),
]


def minutes(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda count: timedelta(minutes=count))


@st.composite
def opening(draw: st.DrawFn, day: dict[str, Any]) -> OpeningHours:
    if draw(st.integers(0, 4)) == 0:
        return OpeningHours(**day)
    opens = draw(minutes(0, 24 * 60))
    return OpeningHours(**day, opens=opens, closes=opens + draw(minutes(0, 30 * 60)))


@st.composite
def calendars(draw: st.DrawFn, near: datetime) -> BusinessCalendar:
    weekly = [draw(opening({"weekday": weekday})) for weekday in draw(st.lists(st.integers(0, 6), max_size=10))]
    shifts = draw(st.lists(st.integers(-1, 4), max_size=3))
    special = [draw(opening({"day": (near + timedelta(days=shift)).date()})) for shift in shifts]
    lasts = draw(st.sampled_from([{}, {"valid_from": (near + timedelta(days=1)).date()}, {"valid_to": near.date()}]))
    zone = draw(st.sampled_from(ZONES))
    return BusinessCalendar(source="ours", source_id="1", code="office", zone=zone, hours=[*weekly, *special], **lasts)


@given(st.data(), st.sampled_from(TIGHT), st.integers(0, 60 * 40), st.integers(0, 60 * 50))
@settings(max_examples=60, deadline=None)
def test_minute_by_minute(data: st.DataObject, near: datetime, begins: int, lasts: int) -> None:
    calendar = data.draw(calendars(near))
    start = to_us(near) + begins * MINUTE
    end = start + lasts * MINUTE
    looked = [shows(calendar, us) for us in range(start, end, MINUTE)]
    found = hours_of([calendar], start, end)
    assert open_us(found, start, end) == MINUTE * sum(is_open for is_open, _ in looked)
    assert sum(high - low for low, high in found.unknown) == MINUTE * sum(not valid for _, valid in looked)


def office(*hours: OpeningHours, zone: str = "Europe/Berlin", **more: Any) -> BusinessCalendar:
    return BusinessCalendar(source="ours", source_id="1", code="office", zone=zone, hours=hours, **more)


def daily(opens: int, closes: int) -> list[OpeningHours]:
    return [OpeningHours(weekday=day, opens=timedelta(hours=opens), closes=timedelta(hours=closes)) for day in range(7)]


def hours_between(calendar: BusinessCalendar, start: datetime, end: datetime) -> float:
    return open_us(hours_of([calendar], to_us(start), to_us(end)), to_us(start), to_us(end)) / HOUR


def test_worked_by_hand() -> None:
    shop = office(*daily(9, 17), OpeningHours(day=date(2025, 12, 25)))
    assert hours_between(shop, datetime(2025, 12, 24, tzinfo=UTC), datetime(2025, 12, 27, tzinfo=UTC)) == 16
    night = office(*daily(22, 30))
    # The hour from 2 to 3 is left out in March and comes twice in October.
    assert hours_between(night, datetime(2025, 3, 29, 12, tzinfo=UTC), datetime(2025, 3, 30, 12, tzinfo=UTC)) == 7
    assert hours_between(night, datetime(2025, 10, 25, 12, tzinfo=UTC), datetime(2025, 10, 26, 12, tzinfo=UTC)) == 9


def test_the_night_before_a_holiday_belongs_to_its_own_day() -> None:
    night = office(*daily(22, 30), OpeningHours(day=date(2025, 12, 25)), zone="UTC")
    assert hours_between(night, datetime(2025, 12, 25, tzinfo=UTC), datetime(2025, 12, 26, 12, tzinfo=UTC)) == 6


def test_versions_follow_each_other() -> None:
    old = office(*daily(9, 17), zone="UTC", valid_to=date(2025, 6, 30))
    new = office(*daily(9, 12), zone="UTC", valid_from=date(2025, 7, 1))
    start, end = to_us(datetime(2025, 6, 30, tzinfo=UTC)), to_us(datetime(2025, 7, 2, tzinfo=UTC))
    assert hours_of([new, old], start, end) == Hours(
        ((start + 9 * HOUR, start + 17 * HOUR), (start + 33 * HOUR, start + 36 * HOUR))
    )
    with pytest.raises(UsageError, match="two versions of the calendar 'office' are for the same day"):
        hours_of([old, office(valid_from=date(2025, 6, 30))], start, end)
    assert hours_of([new], start, end).unknown == ((start, start + 24 * HOUR),)


def test_any_and_all() -> None:
    early, late = Hours(((0, 5), (10, 20)), ((30, 40),)), Hours(((3, 12), (18, 25)))
    assert any_of([early, late]) == Hours(((0, 25),), ((30, 40),))
    assert all_of([early, late]) == Hours(((3, 5), (10, 12), (18, 20)), ((30, 40),))


def pandas(frame: pl.DataFrame) -> Any:
    return frame.to_pandas(use_pyarrow_extension_array=True).convert_dtypes(dtype_backend="numpy_nullable")


CONNECTION = duckdb.connect()


def relation(frame: pl.DataFrame) -> Any:
    CONNECTION.register("given", frame.to_arrow())
    CONNECTION.execute("CREATE OR REPLACE TABLE t AS SELECT * FROM given")
    return CONNECTION.table("t")


ENGINES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "pandas": pandas,
    "pandas on arrow": lambda frame: frame.to_pandas(use_pyarrow_extension_array=True),
    "polars": lambda frame: frame,
    "duckdb": relation,
}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_table_by_day_measures_the_same(engine: str) -> None:
    shop = office(*daily(9, 12), *daily(13, 26), zone="Australia/Lord_Howe")
    bounded = office(*daily(8, 30), valid_from=date(2025, 4, 3))
    start, end = to_us(datetime(2025, 4, 1, tzinfo=UTC)), to_us(datetime(2025, 4, 12, tzinfo=UTC))
    at = [start, end, *range(start, end, 7 * HOUR + 11)]
    frame = pl.DataFrame({"us": at * 3, "place": [number for number in range(3) for _ in at]})
    lazy = nw.from_native(ENGINES[engine](frame)).lazy()

    def make(low: int, high: int) -> list[Hours]:
        return [hours_of([each], low, high) for each in (shop, bounded)]

    found = rows(DayTable.beside(lazy, make, start, end).passed(lazy, "us", "then"))
    assert len(found) == 3 * len(at)
    places = [Hours((), ((start, end + 24 * HOUR),)), *make(start, end + 24 * HOUR)]
    for row in found:
        place = places[row["place"]]
        assert row["open_then"] == open_us(place, start, row["us"])
        assert row["unknown_then"] == open_us(Hours(place.unknown), start, row["us"])


def test_wrong_dates_are_refused() -> None:
    lazy = nw.from_native(pl.DataFrame({"us": [0]})).lazy()
    with pytest.raises(UsageError, match="over 2024 years"):
        DayTable.beside(lazy, lambda low, high: [], to_us(EPOCH.replace(year=1)), to_us(EPOCH.replace(year=2025)))
