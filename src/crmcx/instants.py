"""Instants, days, zones and windows: one representation of time for the whole house.

An instant is aware UTC; in columns it is an integer of microseconds since 1970-01-01T00:00Z. A day is a date; in
columns it is an integer of days since 1970-01-01.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from crmcx.errors import UsageError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
MICROSECOND = timedelta(microseconds=1)
DAY_US = 86_400_000_000
ONE_DAY = timedelta(days=1)


def to_us(instant: datetime) -> int:
    """Microseconds since the epoch of an aware instant.

    Args:
        instant: An aware datetime, in any zone.

    Returns:
        An exact integer, negative before 1970.

    Raises:
        UsageError: The datetime is naive.

    Example:
        >>> to_us(datetime(1970, 1, 2, tzinfo=UTC))
        86400000000
    """
    if instant.tzinfo is None:
        msg = "found a datetime without a zone, expected an aware one"
        raise UsageError(msg, hint="attach the zone it was written in, e.g. value.replace(tzinfo=timezone.utc)")
    return (instant - EPOCH) // MICROSECOND


def from_us(us: int) -> datetime:
    """The aware UTC datetime of microseconds since the epoch.

    Example:
        >>> from_us(86400000000).isoformat()
        '1970-01-02T00:00:00+00:00'
    """
    return EPOCH + timedelta(microseconds=us)


def day_of(value: date) -> int:
    """Days since the epoch of a date.

    Example:
        >>> day_of(date(1970, 1, 3))
        2
    """
    return value.toordinal() - EPOCH_ORDINAL


def date_of(day: int) -> date:
    """The date of days since the epoch.

    Example:
        >>> date_of(2).isoformat()
        '1970-01-03'
    """
    return date.fromordinal(day + EPOCH_ORDINAL)


def duration_us(value: timedelta) -> int:
    """A duration as an exact integer of microseconds.

    Example:
        >>> duration_us(timedelta(seconds=2))
        2000000
    """
    return value // MICROSECOND


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Args:
        name: For example `Europe/Berlin` or `UTC`.

    Raises:
        UsageError: No such zone is known on this machine.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        msg = f"no time zone is called {name!r}"
        raise UsageError(msg, hint="use an IANA name such as Europe/Berlin") from None


def clock_changes(name: str, start: datetime, end: datetime) -> list[tuple[int, int]]:
    """From when on a zone's clock is how far ahead of UTC, in microseconds; the first entry holds at the start.

    Args:
        name: IANA name of the zone.
        start: The first instant to look at.
        end: The last one.

    Raises:
        UsageError: No such zone is known on this machine.

    Example:
        >>> clock_changes("Europe/Berlin", datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC))
        [(1740787200000000, 3600000000), (1743296400000000, 7200000000)]
    """
    local = zone(name)

    def ahead(at: datetime) -> timedelta:
        return at.astimezone(local).utcoffset() or timedelta()

    found = [(to_us(start), ahead(start) // MICROSECOND)]
    at = start
    while at < end:
        later = min(at + ONE_DAY, end)
        if ahead(later) != ahead(at):
            low, high = at, later
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if ahead(middle) == ahead(at) else (low, middle)
            change = high.replace(microsecond=0)
            found.append((to_us(change), ahead(later) // MICROSECOND))
        at = later
    return found


def _as_date(value: date) -> date:
    if isinstance(value, datetime):
        msg = "a window goes from day to day, found a datetime"
        raise UsageError(msg, hint="pass dates; name the zone whose midnights are meant with zone=")
    return value


@frozen(kw_only=False)
class Window:
    """Days from `start` up to, and not including, `end`, at the midnights of a named zone.

    The one value serves columns of instants (`start_us`, `end_us`) and columns of days (`start_day`, `end_day`).

    Example:
        >>> Window(date(2025, 3, 1), date(2025, 4, 1), zone="Europe/Berlin").start_us
        1740783600000000
    """

    start: date = field(converter=_as_date)
    """First day that counts."""
    end: date = field(converter=_as_date)
    """First day that no longer counts."""
    zone: str = "UTC"
    """IANA name of the zone whose midnights bound the days."""

    def __attrs_post_init__(self) -> None:
        zone(self.zone)
        if self.end <= self.start:
            msg = f"a window must end after it starts, found {self.start} to {self.end}"
            raise UsageError(msg, hint="the end is the first day that no longer counts")

    @property
    def start_us(self) -> int:
        """The first instant inside."""
        return self._midnight(self.start)

    @property
    def end_us(self) -> int:
        """The first instant after."""
        return self._midnight(self.end)

    @property
    def start_day(self) -> int:
        """The first day inside, as days since the epoch."""
        return day_of(self.start)

    @property
    def end_day(self) -> int:
        """The first day after, as days since the epoch."""
        return day_of(self.end)

    def _midnight(self, day: date) -> int:
        return to_us(datetime.combine(day, time(), tzinfo=zone(self.zone)))

    def __str__(self) -> str:
        return f"[{self.start}, {self.end}) {self.zone}"
