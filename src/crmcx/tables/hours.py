"""Business hours: calendars as stretches of time, and as a table by day with which every engine measures alike.

An instant is open when the clock of the place then shows a time within the hours of that day, or of a day before whose
hours reach over midnight. So an hour that the clock shows twice counts twice, and one that it leaves out does not
count. A special day counts alone: it replaces the hours of its weekday. Hours belong to the day they begin on.

No engine is asked for a time zone. The hours become stretches of UTC in Python, clipped to days of UTC; the open time
up to an instant is that before its day, plus what its day has had by then. That is an equality join and whole numbers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx import engines
from crmcx.errors import UsageError
from crmcx.instants import DAY_US, clock_changes, date_of, day_of, duration_us, from_us
from crmcx.models.company import BusinessCalendar

Stretches = tuple[tuple[int, int], ...]
"""Beginnings and ends in microseconds, in order, apart from each other."""
_MOST_DAYS = 80_000
_DAYS_OF_400_YEARS = 146_097


def _joined(stretches: Iterable[tuple[int, int]]) -> Stretches:
    """Stretches in order, those that touch or overlap made one; without empty ones."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def _within(stretches: Stretches, start: int, end: int) -> list[tuple[int, int]]:
    """What of the stretches lies between two instants."""
    first = bisect_right(stretches, start, key=lambda each: each[1])
    found = []
    for low, high in stretches[first:]:
        if low >= end:
            break
        found.append((max(low, start), min(high, end)))
    return found


@frozen
class Hours:
    """When a place is open, over some time."""

    open: Stretches
    """When it is open."""
    unknown: Stretches = ()
    """When nobody says whether it is."""


def hours_of(versions: Sequence[BusinessCalendar], start_us: int, end_us: int) -> Hours:
    """When the place of a calendar is open between two instants.

    Args:
        versions: The calendar, or its versions with their days; days that none is for are unknown.
        start_us: The first instant.
        end_us: The first instant after.

    Raises:
        UsageError: Two versions are for one day, or a zone is not known.
    """
    _demand_apart(versions)
    shown = [_shown(version, start_us, end_us) for version in versions]
    opens = _joined(each for found, _ in shown for each in found)
    covered = _joined(each for _, found in shown for each in found)
    return Hours(opens, _rest(covered, start_us, end_us))


def _demand_apart(versions: Sequence[BusinessCalendar]) -> None:
    """Demand that no day has two versions."""
    spans = sorted((each.valid_from or date.min, each.valid_to or date.max) for each in versions)
    if any(second[0] <= first[1] for first, second in pairwise(spans)):
        msg = f"two versions of the calendar {versions[0].code!r} are for the same day"
        raise UsageError(msg, hint="end the older one the day before with valid_to")


def _shown(calendar: BusinessCalendar, start_us: int, end_us: int) -> tuple[Stretches, Stretches]:
    """When it is open, and over what days it is, between two instants."""
    margin = max((each.closes or timedelta() for each in calendar.hours), default=timedelta()).days + 2
    first, last = (day_of(from_us(us).date()) for us in (start_us, end_us))
    first_valid = max(first - margin, day_of(calendar.valid_from) if calendar.valid_from else first - margin)
    last_valid = min(last + 2, day_of(calendar.valid_to) if calendar.valid_to else last + 2)
    weekly: dict[int, list[tuple[int, int]]] = {}
    special: dict[date, list[tuple[int, int]]] = {}
    for each in calendar.hours:
        listed = special.setdefault(each.day, []) if each.day else weekly.setdefault(each.weekday or 0, [])
        if each.opens is not None and each.closes is not None:
            listed.append((duration_us(each.opens), duration_us(each.closes)))
    on_the_clock = _joined(
        (day * DAY_US + opens, day * DAY_US + closes)
        for day in range(first_valid, last_valid + 1)
        for opens, closes in special.get(date_of(day), weekly.get((day + 3) % 7, []))
    )
    days = _joined([(first_valid * DAY_US, (last_valid + 1) * DAY_US)])
    pieces = _pieces(calendar.zone, start_us, end_us)
    return _in_utc(on_the_clock, pieces), _in_utc(days, pieces)


def _pieces(zone: str, start_us: int, end_us: int) -> list[tuple[int, int, int]]:
    """Beginning, end and distance from UTC of the times between two changes of a clock."""
    changes = clock_changes(zone, from_us(start_us), from_us(end_us))
    ends = [at for at, _ in changes[1:]] + [end_us]
    return [(at, end, ahead) for (at, ahead), end in zip(changes, ends, strict=True)]


def _in_utc(on_the_clock: Stretches, pieces: Sequence[tuple[int, int, int]]) -> Stretches:
    return _joined(
        (low - ahead, high - ahead)
        for start, end, ahead in pieces
        for low, high in _within(on_the_clock, start + ahead, end + ahead)
    )


def _rest(stretches: Stretches, start_us: int, end_us: int) -> Stretches:
    """What is left between two instants."""
    edges = [start_us, *(us for stretch in _within(stretches, start_us, end_us) for us in stretch), end_us]
    return _joined(zip(edges[::2], edges[1::2], strict=True))


def any_of(places: Sequence[Hours]) -> Hours:
    """When at least one of several places is open."""
    return Hours(_joined(each for place in places for each in place.open), _unknown(places))


def all_of(places: Sequence[Hours]) -> Hours:
    """When all of several places are open at once."""
    found, *others = (place.open for place in places)
    for other in others:
        found = _joined(each for low, high in found for each in _within(other, low, high))
    return Hours(found, _unknown(places))


def _unknown(places: Sequence[Hours]) -> Stretches:
    return _joined(each for place in places for each in place.unknown)


def open_us(hours: Hours, start_us: int, end_us: int) -> int:
    """The open time between two instants, in microseconds."""
    return sum(high - low for low, high in _within(hours.open, start_us, end_us))


@frozen
class DayTable:
    """Several places' hours by day of UTC, beside a frame on its engine."""

    lazy: nw.LazyFrame[Any]
    """One row per place and day."""
    parts: dict[str, int]
    """How many stretches a day has at most: of `open`, and of `unknown`."""

    @classmethod
    def beside(
        cls, frame: nw.LazyFrame[Any], make: Callable[[int, int], Sequence[Hours]], start_us: int, end_us: int
    ) -> DayTable:
        """The table for all days between two instants.

        Args:
            frame: A frame with which it is to be joined.
            make: From two instants to the hours of each place between them. Place 0 is one of which nothing is known;
                these are 1 and on.
            start_us: The first instant.
            end_us: The last one.

        Raises:
            UsageError: There are too many days: some instants must be wrong.
        """
        first, last = start_us // DAY_US, end_us // DAY_US
        if last - first > _MOST_DAYS:
            years = (last - first) * 400 // _DAYS_OF_400_YEARS
            msg = f"found instants over {years} years, too many to look up business hours for"
            raise UsageError(msg, hint="leave out rows with wrong dates; instants are microseconds since 1970 in UTC")
        whole = (first * DAY_US, (last + 1) * DAY_US)
        places = [Hours((), (whole,)), *make(*whole)]
        kinds = {
            "open": [_by_day(place.open, first, last) for place in places],
            "unknown": [_by_day(place.unknown, first, last) for place in places],
        }
        parts = {kind: max(len(ends) for place in found for _, ends in place) for kind, found in kinds.items()}
        columns: dict[str, list[int]] = {
            "place": [number for number in range(len(places)) for _ in range(first, last + 1)],
            "day": [day for _ in places for day in range(first, last + 1)],
        }
        for kind, found in kinds.items():
            columns[f"{kind}_before"] = [before for place in found for before, _ in place]
            for part in range(parts[kind]):
                padded = [ends[part] if part < len(ends) else (0, 0) for place in found for _, ends in place]
                columns[f"{kind}_from_{part}"] = [low for low, _ in padded]
                columns[f"{kind}_to_{part}"] = [high for _, high in padded]
        return cls(engines.beside(frame, columns), parts)

    def passed(self, frame: nw.LazyFrame[Any], at: str, into: str) -> nw.LazyFrame[Any]:
        """Add how much open and unknown time had passed at an instant: `open_<into>` and `unknown_<into>`.

        Args:
            frame: A frame with a column `place`.
            at: Its column of instants.
            into: The end of the names of the new columns.
        """
        named = self.lazy.select(
            "place",
            nw.col("day").alias("on_day"),
            *(nw.col(name).alias(f"day_{name}") for name in self._names()),
        )
        frame = frame.with_columns((nw.col(at) // DAY_US).alias("on_day"))
        joined = frame.join(named, on=["place", "on_day"], how="left")
        of_day = nw.col(at) - nw.col("on_day") * DAY_US
        made = []
        for kind, number in self.parts.items():
            total = nw.col(f"day_{kind}_before")
            for part in range(number):
                low, high = nw.col(f"day_{kind}_from_{part}"), nw.col(f"day_{kind}_to_{part}")
                now = nw.when(of_day <= low).then(nw.lit(0)).when(of_day >= high).then(high - low)
                total += now.otherwise(of_day - low)
            made.append(total.cast(nw.Int64()).alias(f"{kind}_{into}"))
        return joined.with_columns(*made).drop("on_day", *(f"day_{name}" for name in self._names()))

    def _names(self) -> list[str]:
        ends = [f"{kind}_{end}_{n}" for kind, most in self.parts.items() for n in range(most) for end in ("from", "to")]
        return [*(f"{kind}_before" for kind in self.parts), *ends]


def _by_day(stretches: Stretches, first: int, last: int) -> list[tuple[int, list[tuple[int, int]]]]:
    """For each day of UTC what came before it, and its own stretches, counted from its midnight."""
    found = []
    passed = number = 0
    for day in range(first, last + 1):
        start, end = day * DAY_US, (day + 1) * DAY_US
        ends = []
        before = passed
        while number < len(stretches) and stretches[number][0] < end:
            low, high = max(stretches[number][0], start), min(stretches[number][1], end)
            ends.append((low - start, high - start))
            passed += high - low
            if stretches[number][1] > end:
                break
            number += 1
        found.append((before, ends))
    return found
