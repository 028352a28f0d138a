"""Whether a place is open, by looking at the clock on its wall: what business hours are compared with."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from crmcx.instants import from_us
from crmcx.models import BusinessCalendar


def shows(calendar: BusinessCalendar, us: int) -> tuple[bool, bool]:
    """Whether it is open at an instant, and whether the calendar is for that day."""
    wall = from_us(us).astimezone(ZoneInfo(calendar.zone))
    clock = wall.replace(tzinfo=None)

    def valid(day: date) -> bool:
        return (calendar.valid_from or date.min) <= day <= (calendar.valid_to or date.max)

    found = False
    for back in range(4):
        day = wall.date() - timedelta(days=back)
        special = [each for each in calendar.hours if each.day == day]
        weekly = [each for each in calendar.hours if each.weekday == day.weekday()]
        for each in special or weekly:
            if each.opens is not None and each.closes is not None and valid(day):
                since = clock - datetime.combine(day, datetime.min.time())
                found = found or each.opens <= since < each.closes
    return found, valid(wall.date())
