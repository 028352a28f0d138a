"""Periods of a calendar as groups: a day, week, month, quarter or year of an instant in a named zone."""

from __future__ import annotations

from datetime import date

import narwhals.stable.v2 as nw
from attrs import evolve, field, frozen

from crmcx.errors import demand_one_of
from crmcx.instants import zone
from crmcx.tables.frames import Frame, MadeColumn
from crmcx.tables.periods import Periods

PERIODS = {
    "day": ("day", 1),
    "week": ("week", 1),
    "month": ("month", 1),
    "quarter": ("month", 3),
    "year": ("month", 12),
}
"""Period to the kind it is counted in, and how many of these make one."""


def _known_period(_period: object, _attribute: object, value: str) -> None:
    demand_one_of("period", value, PERIODS)


def _known_zone(_period: object, _attribute: object, value: str) -> None:
    zone(value)


@frozen
class Period:
    """Groups by the period of the calendar that an instant lies in."""

    kind: str = field(validator=_known_period)
    """`day`, `week` (from Monday), `month`, `quarter` or `year`."""
    zone: str = field(default="UTC", validator=_known_zone)
    """IANA name of the zone whose midnights part the periods."""
    of: str | None = None
    """Column of the instant, such as `submitted_us`; the one that the metric is about unless given."""


class PeriodColumn(MadeColumn):
    """The name of a column that holds the number of the period of each row; missing where the instant is."""

    period: Period

    @classmethod
    def made(cls, period: Period, clock: str) -> PeriodColumn:
        """The column of a period.

        Args:
            period: The period.
            clock: The column of instants, where the period names none.
        """
        column = cls(period.kind)
        column.period = period
        column.of = period.of or clock
        return column

    @property
    def told(self) -> str:
        """What it is made of, in words."""
        return f"{self.period.kind} of {self.of} in {self.period.zone}"

    def add(self, frame: Frame) -> Frame:
        """The frame with this column."""
        kind, length = PERIODS[self.period.kind]
        periods = Periods.over(frame, self.of, zone=self.period.zone, kind=kind, until=None)
        us = nw.col(self.of)
        number = nw.when(~us.is_null()).then(periods.of(us, us) // length).alias(str(self))
        return evolve(frame, lazy=frame.lazy.with_columns(number), columns=frame.columns | {str(self)})

    def begins(self, number: int) -> date:
        """The first day of a period of a number."""
        kind, length = PERIODS[self.period.kind]
        return Periods(kind, (), (), 0).begins(number * length)
