"""Searches that show no more than so many results: time is cut into windows that each stay below that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from attrs import field, frozen

from crmcx.errors import UsageError
from crmcx.instants import MICROSECOND, from_us, to_us

MILLISECOND = timedelta(milliseconds=1)


@frozen
class Window:
    """A part of time that a search can show whole.

    Example:
        >>> from datetime import UTC
        >>> day = Window(datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 3, 2, tzinfo=UTC))
        >>> day.last.isoformat()
        '2025-03-01T23:59:59.999000+00:00'
    """

    start: datetime
    """The first instant in it."""
    end: datetime
    """The first instant after it."""
    step: timedelta = field(default=MILLISECOND, kw_only=True, repr=False)
    """How finely the source keeps time."""
    tied: bool = field(default=False, kw_only=True)
    """Whether more records than a search shows have this one stamp: read them by another order, such as by id."""

    @property
    def last(self) -> datetime:
        """The last instant in it, for sources whose upper bound belongs to what is asked for."""
        return self.end - self.step


def windows(
    count: Callable[[Window], int],
    since: datetime,
    until: datetime,
    *,
    cap: int,
    step: timedelta = MILLISECOND,
    widest: timedelta | None = None,
) -> Iterator[Window]:
    """Cut a stretch of time into windows with no more records than a search shows.

    A window with more is halved, until it is one step of the source's clock wide: then its records are tied, and no
    search by time can tell them apart. The windows come in the order of time, and each is counted only after the one
    before was used; the `end` of the last one that was read is where to go on.

    Args:
        count: How many records a search over a window finds.
        since: The first instant; moved back to a whole step.
        until: The first instant after; moved on to a whole step.
        cap: The most records that a search shows.
        step: How finely the source keeps time.
        widest: The widest window to ask for; None for no bound.

    Yields:
        Windows without gap or overlap; those without records are left out.

    Raises:
        UsageError: A cap below 1, or a step or a widest window of nothing.

    Example:
        >>> from datetime import UTC
        >>> march = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC)
        >>> [each.start.day for each in windows(lambda window: (window.end - window.start).days, *march, cap=10)]
        [1, 8, 16, 24]
    """
    tick = step // MICROSECOND
    if cap < 1 or tick < 1 or (widest is not None and widest < step):
        msg = f"found cap={cap}, step={step}, widest={widest}, expected a cap of at least 1, and widths above nothing"
        raise UsageError(msg, hint="say how many results the source shows, and how finely it keeps time")
    at, end = to_us(since) // tick, -(-to_us(until) // tick)
    stride = end - at if widest is None else widest // step
    while at < end:
        beyond = min(at + stride, end)
        waiting = [(at, beyond)]
        while waiting:
            low, high = waiting.pop()
            window = Window(from_us(low * tick), from_us(high * tick), step=step)
            found = count(window)
            if found <= cap:
                if found:
                    yield window
            elif high - low == 1:
                yield Window(window.start, window.end, step=step, tied=True)
            else:
                middle = (low + high) // 2
                waiting += [(middle, high), (low, middle)]
        at = beyond
