"""Numbers of days, weeks and months are those of Python's own calendar in every zone, on every engine."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest

from crmcx.engines import ColumnStream
from crmcx.instants import day_of, from_us, to_us
from crmcx.models import Interaction
from crmcx.tables import Frame, Periods, rows, take

ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"),
    *("America/Sao_Paulo", "Africa/Monrovia", "Asia/Amman"),
]
FIRST, LAST = to_us(datetime(1900, 1, 1, tzinfo=UTC)), to_us(datetime(2100, 1, 1, tzinfo=UTC))
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR


@cache
def edges(name: str) -> list[int]:
    """The clock changes of a zone from 1900 to 2100, by looking every six hours."""
    zone = ZoneInfo(name)

    def ahead(us: int) -> timedelta | None:
        return from_us(us).astimezone(zone).utcoffset()

    found = []
    before = ahead(FIRST)
    for us in range(FIRST, LAST, 6 * HOUR):
        now = ahead(us)
        if now != before:
            low, high = us - 6 * HOUR, us
            while high - low > SECOND:
                middle = (low + high) // 2 // SECOND * SECOND
                low, high = (middle, high) if ahead(middle) == before else (low, middle)
            found.append(high)
        before = now
    return found


def instants(name: str) -> list[int]:
    draw = random.Random(name)
    near = [at + shift for at in edges(name) for shift in (-1, 0, draw.randrange(-DAY, DAY))]
    return sorted({draw.randrange(FIRST, LAST) for _ in range(300)} | {us for us in near if us < LAST})


def polars(us: list[int]) -> Any:
    return pl.LazyFrame({"occurred_us": us})


def duck(us: list[int]) -> Any:
    connection = duckdb.connect()
    connection.register("given", ColumnStream({"occurred_us": us}, {"occurred_us": "int64"}))
    connection.execute("CREATE TABLE t AS SELECT * FROM given")
    return connection.table("t")


ENGINES = {"polars": polars, "duckdb": duck}


def frame_of(us: list[int], engine: str = "polars") -> Frame:
    return take(ENGINES[engine](us), Interaction, needs=["occurred_us"])


def over(us: list[int], zone: str, kind: str, until: datetime | None = None, engine: str = "polars") -> Periods:
    return Periods.over(frame_of(us, engine), "occurred_us", zone=zone, kind=kind, until=until)


def numbers(us: list[int], zone: str, kind: str, engine: str, first_us: int = 0) -> dict[int, int]:
    frame = frame_of(us, engine)
    periods = Periods.over(frame, "occurred_us", zone=zone, kind=kind, until=None)
    number = periods.of(nw.col("occurred_us"), nw.lit(first_us)).alias("number")
    return {row["occurred_us"]: row["number"] for row in rows(frame.lazy.select("occurred_us", number))}


def monday(day: date) -> int:
    return (day_of(day - timedelta(days=day.weekday())) + 3) // 7


EXPECTED: dict[str, Callable[[date], int]] = {
    "day": day_of,
    "week": monday,
    "month": lambda day: day.year * 12 + day.month - 1,
}


MONTHS = {("Europe/Berlin", "polars"), ("Pacific/Apia", "polars"), ("Asia/Amman", "duckdb")}
"""2,400 months take seconds."""
CALENDARS = [
    (zone, kind, engine)
    for zone in ZONES
    for kind in EXPECTED
    for engine in ENGINES
    if ((zone, engine) in MONTHS if kind == "month" else engine == "polars" or zone in ZONES[1:5])
]


@pytest.mark.parametrize(("zone", "kind", "engine"), CALENDARS)
def test_the_calendar_of_python(zone: str, kind: str, engine: str) -> None:
    local = ZoneInfo(zone)
    us = instants(zone)
    expected = {at: EXPECTED[kind](from_us(at).astimezone(local).date()) for at in us}
    assert numbers(us, zone, kind, engine) == expected


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "UTC"])
def test_every_clock_change_is_seen(zone: str) -> None:
    changes = over([FIRST, LAST - 1], zone, "day").changes
    assert [at for at, _ in changes[1:]] == edges(zone)
    assert len(changes) > 1
    for at, ahead in changes:
        assert timedelta(microseconds=ahead) == from_us(at).astimezone(ZoneInfo(zone)).utcoffset()


def test_a_change_is_found_from_any_start() -> None:
    (change,) = (at for at in edges("Europe/Berlin") if from_us(at).date() == date(2025, 3, 30))
    for shift in (1, 999_999, SECOND, SECOND + 1, HOUR + 333_333, DAY - 1, DAY, DAY + 1):
        assert over([change - shift, change + HOUR], "Europe/Berlin", "day").changes[1:] == ((change, 2 * HOUR),)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_clock_set_back_into_the_month_before(engine: str) -> None:
    midnight = to_us(datetime(2009, 11, 1, tzinfo=ZoneInfo("America/St_Johns")))
    us = [midnight - SECOND, midnight, midnight + 61 * SECOND, midnight + 2 * HOUR]
    assert [at - us[0] for at in edges("America/St_Johns") if us[0] < at < us[-1]] == [61 * SECOND]
    found = numbers(us, "America/St_Johns", "month", engine)
    assert list(found.values()) == [2009 * 12 + 9, 2009 * 12 + 10, 2009 * 12 + 9, 2009 * 12 + 10]


@pytest.mark.parametrize("engine", ENGINES)
def test_24_hours_are_counted_from_the_first(engine: str) -> None:
    us = [-DAY - 1, -DAY, -1, 0, 1, DAY - 1, DAY, 2 * DAY + 1]
    assert numbers(us, "Europe/Berlin", "24 hours", engine) == dict(zip(us, [-2, -1, -1, 0, 0, 0, 1, 2], strict=True))


@pytest.mark.parametrize(
    ("kind", "number", "first"),
    [
        ("day", 20_000, date(2024, 10, 4)),
        ("week", 0, date(1969, 12, 29)),
        ("week", 2_900, date(2025, 7, 28)),
        ("month", 2025 * 12, date(2025, 1, 1)),
        ("month", 1999 * 12 + 11, date(1999, 12, 1)),
        ("24 hours", 0, date(1970, 1, 1)),
    ],
)
def test_what_a_number_begins_with(kind: str, number: int, first: date) -> None:
    assert over([0], "UTC", kind).begins(number) == first
    if kind in EXPECTED:
        assert EXPECTED[kind](first) == number
        assert EXPECTED[kind](first - timedelta(days=1)) == number - 1


@pytest.mark.parametrize("engine", ENGINES)
def test_without_rows(engine: str) -> None:
    none = over([], "Europe/Berlin", "month", engine=engine)
    assert none.until_us == 0
    assert none.changes == ((0, HOUR),)
    until = datetime(2025, 7, 1, tzinfo=UTC)
    assert over([], "Europe/Berlin", "day", until=until, engine=engine).until_us == to_us(until)


def test_until_is_never_before_the_data() -> None:
    assert over([0, 5 * DAY], "UTC", "day", until=from_us(DAY)).until_us == 5 * DAY
    assert over([0, 5 * DAY], "UTC", "day", until=from_us(9 * DAY)).until_us == 9 * DAY
    assert over([5 * DAY, 6 * DAY], "UTC", "day", until=from_us(DAY)).changes[0][0] == 5 * DAY


def ended(zone: str, kind: str, until: datetime, after: int, first: list[int], first_us: list[int]) -> list[bool]:
    periods = over([to_us(datetime(2025, 1, 1, tzinfo=UTC))], zone, kind, until=until)
    frame = nw.from_native(pl.LazyFrame({"first": first, "first_us": first_us}))
    found = frame.select(periods.ended(nw.col("first"), nw.col("first_us"), after).alias("ended"))
    return [row["ended"] for row in rows(found)]


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_period_of_the_calendar_has_ended(kind: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    until = datetime(2025, 6, 30, 22, 30, tzinfo=UTC)  # already July in Berlin, by its clock of summer
    now = EXPECTED[kind](until.astimezone(berlin).date())
    assert ended("Europe/Berlin", kind, until, 0, [now - 1, now, now + 1], [0] * 3) == [True, False, False]
    assert ended("Europe/Berlin", kind, until, 2, [now - 3, now - 2], [0] * 2) == [True, False]


def test_months_end_where_the_zone_says() -> None:
    until = datetime(2025, 6, 30, 22, 30, tzinfo=UTC)
    june = 2025 * 12 + 5
    assert ended("Europe/Berlin", "month", until, 0, [june], [0]) == [True]
    assert ended("UTC", "month", until, 0, [june], [0]) == [False]


def test_24_hours_have_ended() -> None:
    until = datetime(2025, 6, 30, tzinfo=UTC)
    at = to_us(until)
    assert ended("UTC", "24 hours", until, 0, [0] * 3, [at - DAY, at - DAY + 1, at]) == [True, False, False]
    assert ended("UTC", "24 hours", until, 2, [0] * 2, [at - 3 * DAY, at - 3 * DAY + 1]) == [True, False]
