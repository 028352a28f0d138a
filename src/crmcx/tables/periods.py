"""Calendar periods of instants, as integers that every engine makes alike.

No engine is asked for a time zone: each has its own idea of which one is meant. The zone's clock changes over the data
are looked up once and become a sum of steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx import engines
from crmcx.instants import DAY_US, EPOCH, ONE_DAY, clock_changes, date_of, day_of, duration_us, from_us, to_us, zone
from crmcx.tables.frames import Frame


def _month_of(day: int) -> int:
    found = date_of(day)
    return found.year * 12 + found.month - 1


def _months(name: str, start: datetime, end: datetime, changes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """From when on it is which month in a zone; a clock that is set back over midnight brings the old month back."""
    local = zone(name)

    def month(us: int) -> int:
        at = from_us(us).astimezone(local)
        return at.year * 12 + at.month - 1

    first, last = month(to_us(start)), month(to_us(end))
    begins = [datetime(number // 12, number % 12 + 1, 1, tzinfo=local) for number in range(first + 1, last + 1)]
    moments = {to_us(begin.replace(fold=fold)) for begin in begins for fold in (0, 1)} | {at for at, _ in changes}
    found = [(to_us(start), first)]
    for at in sorted(moments):
        if at > found[0][0] and month(at) != found[-1][1]:
            found.append((at, month(at)))
    return found


def _one_from(at_us: int, us: nw.Expr) -> nw.Expr:
    """1 from an instant on, 0 before."""
    return nw.when(us >= at_us).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64())


def _stepped(first: nw.Expr, steps: Sequence[tuple[int, int]], us: nw.Expr) -> nw.Expr:
    """The first value, plus the difference of each later step from its instant on."""
    return _sum([first, *(_one_from(at, us) * (now - before) for (_, before), (at, now) in pairwise(steps))])


def _sum(parts: list[nw.Expr]) -> nw.Expr:
    """The sum of many expressions as a shallow tree: engines walk deep ones by recursion."""
    while len(parts) > 1:
        parts = [left + right for left, right in zip(parts[::2], parts[1::2], strict=False)] + (
            parts[-1:] if len(parts) % 2 else []
        )
    return parts[0]


@frozen
class Periods:
    """How instants become numbers of periods."""

    kind: str
    """`day`, `week`, `month` or `24 hours`."""
    changes: tuple[tuple[int, int], ...]
    """Clock changes of the zone over the data."""
    months: tuple[tuple[int, int], ...]
    """From when on it is which month, over the data; empty unless months are asked for."""
    until_us: int
    """The instant up to which all is known."""
    length_us: int = DAY_US
    """How long periods are that begin anew for each person."""

    @classmethod
    def over(
        cls,
        frame: Frame,
        column: str,
        *,
        zone: str,
        kind: str,
        until: datetime | None,
        length: timedelta = ONE_DAY,
    ) -> Periods:
        """The periods over the instants of a column.

        Args:
            frame: The table.
            column: Its column of microseconds.
            zone: IANA name of the zone.
            kind: Kind of period.
            until: The instant up to which all is known.
            length: How long `24 hours` are: periods that begin anew for each person.
        """
        ((low, high),) = (
            (row["low"], row["high"])
            for row in engines.rows(
                frame.lazy.select(nw.col(column).min().alias("low"), nw.col(column).max().alias("high"))
            )
        )
        start = EPOCH if low is None else from_us(int(low))
        end = max([start, *([] if high is None else [from_us(int(high))]), *([] if until is None else [until])])
        changes = tuple(clock_changes(zone, start, end))
        months = tuple(_months(zone, start, end, changes)) if kind == "month" else ()
        return cls(kind, changes, months, to_us(end), duration_us(length))

    def of(self, us: nw.Expr, first_us: nw.Expr) -> nw.Expr:
        """The number of the period of an instant.

        Args:
            us: The instant.
            first_us: From when 24 hours are counted.
        """
        if self.kind == "24 hours":
            return (us - first_us) // self.length_us
        if self.kind == "month":
            return _stepped(nw.lit(self.months[0][1]), self.months, us)
        local = _stepped(us + self.changes[0][1], self.changes, us)
        return local // DAY_US if self.kind == "day" else (local + 3 * DAY_US) // (7 * DAY_US)

    def ended(self, first: nw.Expr, first_us: nw.Expr, after: int) -> nw.Expr:
        """Whether the period so many after the first was over by the instant up to which all is known."""
        if self.kind == "24 hours":
            return first_us + (after + 1) * self.length_us <= self.until_us
        ahead = next(ahead for at, ahead in reversed(self.changes) if at <= self.until_us)
        day = (self.until_us + ahead) // DAY_US
        return first + after < self.holding(date_of(day))

    def holding(self, day: date) -> int:
        """The number of the period of the calendar that a day lies in."""
        number = day_of(day)
        return {"day": number, "week": (number + 3) // 7, "month": _month_of(number)}[self.kind]

    def begins(self, number: int) -> date:
        """The first day of a period of the calendar; 1970-01-01 for 24 hours."""
        if self.kind == "week":
            return date_of(number * 7 - 3)
        if self.kind == "month":
            return date(number // 12, number % 12 + 1, 1)
        return date_of(number)
