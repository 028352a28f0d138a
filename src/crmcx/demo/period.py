"""The time the demo covers: three years that end on a fixed day, in the bank's own zone.

Instants are whole seconds since 1970-01-01T00:00Z; a day is its number within them, 0 for the first.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING

from crmcx.instants import to_us, zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

ZONE_NAME = "Europe/Berlin"
"""The zone of the bank, of its naive times, and of its days."""
FIRST_DAY = date(2022, 7, 1)
"""First day of the exports."""
END_DAY = date(2025, 7, 1)
"""First day after the exports, and the date at which they were made."""
DAYS = (END_DAY - FIRST_DAY).days
"""How many days the exports cover."""
DAY_SECONDS = 86_400
"""Seconds of a common day."""
CLOCK_CHANGES = (
    date(2022, 10, 30),
    date(2023, 3, 26),
    date(2023, 10, 29),
    date(2024, 3, 31),
    date(2024, 10, 27),
    date(2025, 3, 30),
)
"""The days within on which the bank's clocks are set back in autumn, and forward in spring, by an hour."""


@cache
def bank_zone() -> ZoneInfo:
    """The bank's zone."""
    return zone(ZONE_NAME)


@cache
def midnights() -> tuple[int, ...]:
    """The instants at which the days begin in the bank's zone, and the one at which the last ends."""
    days = (FIRST_DAY + timedelta(days=number) for number in range(DAYS + 1))
    return tuple(to_us(datetime.combine(day, time(), tzinfo=bank_zone())) // 1_000_000 for day in days)


def at(day: int, second: int) -> int:
    """The instant so many seconds after the midnight that begins a day; days before the first are 24 hours long."""
    if day < 0:
        return midnights()[0] + day * DAY_SECONDS + second
    return midnights()[day] + second


def day_of(moment: date) -> int:
    """The number of a day; negative before the first.

    Example:
        >>> day_of(date(2022, 7, 3))
        2
    """
    return (moment - FIRST_DAY).days


def date_of(day: int) -> date:
    """The day of a number."""
    return FIRST_DAY + timedelta(days=day)


def end() -> int:
    """The first instant after the exports."""
    return midnights()[DAYS]


def local(instant: int) -> datetime:
    """The bank's wall clock at an instant, with its offset from UTC."""
    return datetime.fromtimestamp(instant, bank_zone())


def german_day(instant: int) -> str:
    """The day in the bank's zone as a German CRM writes it.

    Example:
        >>> german_day(at(0, 3600))
        '01.07.2022'
    """
    return f"{local(instant):%d.%m.%Y}"
