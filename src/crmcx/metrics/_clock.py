"""By which clock time is counted: all of it, or business hours by a named rule."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from crmcx.errors import UsageError, demand_one_of
from crmcx.instants import from_us, to_us
from crmcx.models import BusinessCalendar
from crmcx.tables import Hours, all_of, any_of, hours_of, open_us

_TOGETHER = ("one", "any open", "all open")
_BY_CHANGES = ("at start", "at end", "in force")
_RULES = (*_TOGETHER, "now", *_BY_CHANGES)
_DIGITS = 16


def _pairs(given: Mapping[str, str] | Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(dict(given).items()))


def _all_of_them(given: Sequence[BusinessCalendar]) -> tuple[BusinessCalendar, ...]:
    return tuple(given)


@frozen(kw_only=True)
class BusinessClock:
    """Business hours of one or of several calendars, and the rule by which a case has which.

    Two rules give one case two lengths, each of which some tool calls its business minutes: so the rule is named.
    """

    calendars: tuple[BusinessCalendar, ...] = field(converter=_all_of_them)
    """The calendars; versions of one carry the same code and their days."""
    rule: str = "one"
    """`one`: there is one calendar, for all. `any open`, `all open`: time counts while at least one of them is open, or
    while all are. By a field of the case: `now`, as the table has it; `at start` and `at end` of what is measured;
    `in force`: each stretch of time by what the field was then."""
    column: str = "team"
    """The field of cases that decides; one whose changes are kept, unless the rule is `now`."""
    of: tuple[tuple[str, str], ...] = field(default=(), converter=_pairs)
    """Which calendar a word of that field has, by its code; unless given, words are codes themselves."""

    def __attrs_post_init__(self) -> None:
        demand_one_of("rule", self.rule, _RULES)
        if not self.calendars:
            msg = "a business clock has no calendars"
            raise UsageError(msg, hint="pass calendars=[BusinessCalendar(...)], or leave the clock out for all hours")
        codes = self._codes
        if self.rule == "one" and len(codes) > 1:
            msg = f"found {len(codes)} calendars ({', '.join(codes)}) and the rule 'one'"
            raise UsageError(msg, hint=f"name the rule: {', '.join(_RULES[1:])}")
        unknown = sorted({code for _, code in self.of} - set(codes))
        if unknown:
            msg = f"of= names the calendar {unknown[0]!r}, which is not there; there are {', '.join(codes)}"
            raise UsageError(msg, hint="pass that calendar too, or leave the word out: its cases are then set aside")

    @property
    def _codes(self) -> tuple[str, ...]:
        return tuple(sorted({each.code for each in self.calendars}))

    @property
    def by_changes(self) -> bool:
        """Whether the changes of cases are needed."""
        return self.rule in _BY_CHANGES

    @property
    def by_field(self) -> bool:
        """Whether the field of a case decides."""
        return self.rule not in _TOGETHER

    @property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """For each place, the words of the field that mean it."""
        told = self.of or tuple((code, code) for code in self._codes)
        return tuple(tuple(word for word, code in told if code == each) for each in self._codes)

    def hours(self, start_us: int, end_us: int) -> list[Hours]:
        """The hours of each place between two instants; one place where all calendars count together."""
        versions = [[each for each in self.calendars if each.code == code] for code in self._codes]
        found = [hours_of(each, start_us, end_us) for each in versions]
        if self.by_field:
            return found
        return [all_of(found) if self.rule == "all open" else any_of(found)]

    def told(self) -> dict[str, Any]:
        """What it means, as plain JSON values; of hours their digest."""
        digests = {code: _digest([each for each in self.calendars if each.code == code]) for code in self._codes}
        by_field = {"column": self.column, "of": dict(self.of)} if self.by_field else {}
        return {"rule": self.rule, "hours": digests, **by_field}


def _digest(versions: Sequence[BusinessCalendar]) -> str:
    def seconds(value: timedelta | None) -> float | None:
        return None if value is None else value.total_seconds()

    told = sorted(
        [
            each.zone,
            str(each.valid_from),
            str(each.valid_to),
            sorted(json.dumps([h.weekday, str(h.day), seconds(h.opens), seconds(h.closes)]) for h in each.hours),
        ]
        for each in versions
    )
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:_DIGITS]


Calendar = BusinessCalendar | BusinessClock | None
"""By what hours time is counted: those of one calendar, by a rule, or all of them."""


def clock_of(calendar: Calendar) -> BusinessClock | None:
    """The clock that is meant."""
    return BusinessClock(calendars=(calendar,)) if isinstance(calendar, BusinessCalendar) else calendar


def business_time(start: datetime, end: datetime, calendar: BusinessCalendar | BusinessClock) -> timedelta:
    """The open time between two instants.

    Args:
        start: The first instant, aware.
        end: The second one, not before it.
        calendar: A calendar, or a clock of the rule `one`, `any open` or `all open`.

    Returns:
        How long it was open.

    Raises:
        UsageError: A datetime is without a zone, the end is before the start, the clock needs a case to decide, or the
            calendar says nothing of some day in between.

    Example:
        >>> from datetime import UTC
        >>> from crmcx.models import OpeningHours
        >>> nine, five = timedelta(hours=9), timedelta(hours=17)
        >>> weekdays = [OpeningHours(weekday=day, opens=nine, closes=five) for day in range(5)]
        >>> office = BusinessCalendar(source="ours", source_id="1", code="office", zone="Europe/Berlin", hours=weekdays)
        >>> friday, monday = datetime(2025, 3, 28, 15, tzinfo=UTC), datetime(2025, 3, 31, 8, tzinfo=UTC)
        >>> business_time(friday, monday, office)
        datetime.timedelta(seconds=7200)
    """
    clock = clock_of(calendar)
    start_us, end_us = to_us(start), to_us(end)
    if clock is None or clock.by_field:
        msg = "this clock needs a case to decide which calendar counts"
        raise UsageError(msg, hint="pass one calendar, or a clock of the rule 'any open' or 'all open'")
    if end_us < start_us:
        msg = f"found an end {from_us(start_us) - from_us(end_us)} before the start"
        raise UsageError(msg, hint="check which is which")
    (found,) = clock.hours(start_us, end_us)
    if found.unknown:
        msg = f"the calendar says nothing of {from_us(found.unknown[0][0]).date()}"
        raise UsageError(msg, hint="pass the version that is for that day too")
    return timedelta(microseconds=open_us(found, start_us, end_us))
