"""What the transport knows of time, in one place, so that a test can hold it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from attrs import frozen


def _now() -> datetime:
    return datetime.now(UTC)


@frozen(kw_only=True)
class Clock:
    """The clocks of this machine, and how to wait by them.

    Example:
        >>> Clock(sleep=lambda seconds: None).sleep(3600)
    """

    now: Callable[[], datetime] = _now
    """The present instant; sources speak of time by it."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds that only grow; what is counted here is counted by it."""
    sleep: Callable[[float], None] = time.sleep
    """Waits for some seconds."""


_HELD: ContextVar[Clock | None] = ContextVar("crmcx_clock", default=None)


@contextmanager
def held(clock: Clock) -> Iterator[Clock]:
    """Let every client that is made meanwhile, and is given no clock, go by this one.

    Threads go by it where they run in a copy of the context, as those of a sync do.

    Example:
        >>> from crmcx.connectors import Api
        >>> with held(Clock(sleep=lambda seconds: None)) as clock:
        ...     Api("https://example.org").clock is clock
        True
    """
    before = _HELD.set(clock)
    try:
        yield clock
    finally:
        _HELD.reset(before)


def present() -> Clock:
    """The clock that is held, or that of this machine."""
    return _HELD.get() or Clock()
