"""Retention: the published edge cases, and a walk over people."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from tests import company

from crmcx.errors import UsageError
from crmcx.instants import to_us
from crmcx.metrics import retention


def visits(*rows: tuple[int, datetime]) -> pl.DataFrame:
    return pl.DataFrame({"person_id": [row[0] for row in rows], "occurred_us": [to_us(row[1]) for row in rows]})


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0, month: int = 6) -> datetime:
    return datetime(2025, month, day, hour, minute, second, tzinfo=UTC)


LATE = datetime(2026, 1, 1, tzinfo=UTC)


def back_in(first: datetime, then: datetime, period: str) -> int:
    """Which period a return falls into, found by asking for each."""
    frame = visits((1, first), (1, then))
    return next((n for n in range(1, 10) if retention(frame, after=n, period=period, as_of=LATE).value == 1), 0)


@pytest.mark.parametrize(
    ("first", "then", "hours", "days", "weeks"),
    [
        (at(3, 23, 45), at(4, 0, 1), 0, 1, 0),
        (at(3, 10, 0, 1), at(4, 10, 0, 0), 0, 1, 0),
        (at(3, 10, 59, 59), at(4, 10, 0, 1), 0, 1, 0),
        (at(8, 23), at(9, 1), 0, 1, 1),
        (at(8, 23), at(15, 22), 6, 7, 1),
    ],
)
def test_period_rules(first: datetime, then: datetime, hours: int, days: int, weeks: int) -> None:
    """8 June 2025 is a Sunday; weeks begin on Monday."""
    assert back_in(first, then, "24 hours") == hours
    assert back_in(first, then, "day") == days
    assert back_in(first, then, "week") == weeks


def test_on_and_on_or_after() -> None:
    """Back on day 1, on day 5, never: 1, 0, ..., 1 against 2, 1, 1, 1, 1."""
    frame = visits((1, at(1)), (1, at(2)), (2, at(1)), (2, at(6)), (3, at(1)))
    on = [dict(retention(frame, after=n, period="day", as_of=LATE).counts)["returned"] for n in range(1, 7)]
    later = [
        dict(retention(frame, after=n, period="day", as_of=LATE, or_later=True).counts)["returned"] for n in range(1, 7)
    ]
    assert on == [1, 0, 0, 0, 1, 0]
    assert later == [2, 1, 1, 1, 1, 0]


@pytest.mark.parametrize(("first", "last"), [(1, 1), (1, 3), (2, 5), (5, 6)])
def test_a_bracket_of_days(first: int, last: int) -> None:
    """Back on day 1, on days 2 and 5, never; the bracket must have ended."""
    frame = visits((1, at(1)), (1, at(2)), (2, at(1)), (2, at(3)), (2, at(6)), (3, at(1)))
    on = {1: {1}, 2: {2, 5}, 3: set[int]()}
    expected = sum(any(first <= day <= last for day in days) for days in on.values())
    found = retention(frame, after=first, until=last, period="day", as_of=LATE)
    assert dict(found.counts) == {"began": 3, "returned": expected}
    young = retention(frame, after=first, until=last, period="day", as_of=at(1 + last))
    assert young.value is None
    assert retention(frame, after=first, until=last, period="day", as_of=at(2 + last)).n == 3


def test_exact_periods_of_any_length() -> None:
    frame = visits((1, at(1, 6)), (1, at(1, 17)), (2, at(1, 6)), (2, at(1, 19)))
    half = timedelta(hours=12)
    assert retention(frame, period=half, as_of=LATE).value == 0.5
    assert retention(frame, period=half, as_of=at(2, 5, 59)).value is None
    assert retention(frame, period=half, as_of=at(2, 6)).value == 0.5
    day = retention(frame, period=timedelta(days=1), as_of=LATE)
    assert day.counts == retention(frame, period="24 hours", as_of=LATE).counts
    assert dict(retention(frame, period=half, as_of=LATE).receipt.definition.parameters)["period"] == "43200 s"


def test_what_was_not_observed_is_no_loss() -> None:
    frame = visits((1, at(1)), (1, at(3, month=7)), (2, at(20, month=7)))
    found = retention(frame, period="month", as_of=datetime(2025, 8, 1, tzinfo=UTC))
    assert found.value == 1
    assert dict(found.excluded) == {"not_observed": 1}
    assert retention(frame, period="month", as_of=datetime(2025, 9, 1, tzinfo=UTC)).value == 0.5
    early = retention(frame, period="month", as_of=datetime(2025, 7, 31, tzinfo=UTC))
    assert early.value is None
    assert early.reason == "nobody could be observed that long"


def test_24_hours_must_have_passed() -> None:
    frame = visits((1, at(1)), (1, at(2, 1)))
    assert retention(frame, period="24 hours", as_of=at(2, 23, 59)).value is None
    assert retention(frame, period="24 hours", as_of=at(3)).value == 1


def test_cohorts() -> None:
    frame = visits((1, at(30, 22, 30)), (1, at(5, month=8)), (2, at(2)), (2, at(5, month=7)))
    table = retention(frame, period="month", by="cohort", zone="Europe/Berlin", as_of=LATE)
    assert [(key, found.value) for key, found in table] == [((date(2025, 6, 1),), 1), ((date(2025, 7, 1),), 1)]
    weeks = retention(frame, period="week", by="cohort", as_of=LATE)
    assert [key for key, _ in weeks] == [(date(2025, 6, 2),), (date(2025, 6, 30),)]
    days = retention(frame, period="day", by=["cohort"], as_of=LATE)
    assert [key for key, _ in days] == [(date(2025, 6, 2),), (date(2025, 6, 30),)]


def test_what_makes_no_sense() -> None:
    with pytest.raises(UsageError, match="expected 1 or more"):
        retention(visits(), after=0)
    with pytest.raises(UsageError, match="expected one of day, week, month, 24 hours"):
        retention(visits(), period="year")
    with pytest.raises(UsageError, match="make no cohorts"):
        retention(visits(), period="24 hours", by="cohort")
    with pytest.raises(UsageError, match="expected a bracket"):
        retention(visits(), after=3, until=2)
    with pytest.raises(UsageError, match="expected a bracket"):
        retention(visits(), until=2, or_later=True)
    with pytest.raises(UsageError, match="found period=0:00:00"):
        retention(visits(), period=timedelta())


@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"])
def test_as_a_walk_over_people(period: str, zone: str) -> None:
    rows = company.interactions(random.Random(5))
    seen = [row for row in rows if row.customer and row.visibility == "customer"]
    local = ZoneInfo(zone)
    as_of = datetime(2025, 3, 25, 3, tzinfo=UTC)

    def number(moment: datetime) -> int:
        day = moment.astimezone(local).date()
        if period == "month":
            return day.year * 12 + day.month
        return day.toordinal() if period == "day" else (day - timedelta(days=day.weekday())).toordinal() // 7

    began = returned = young = 0
    for person in {row.customer for row in seen if row.occurred_at <= as_of}:
        own = {number(row.occurred_at) for row in seen if row.customer == person and row.occurred_at <= as_of}
        if min(own) + 1 >= number(as_of):
            young += 1
            continue
        began += 1
        returned += min(own) + 1 in own
    found = retention(rows, period=period, zone=zone, as_of=as_of)
    assert dict(found.counts) == {"began": began, "returned": returned}
    assert dict(found.excluded) == ({"not_observed": young} if young else {})
