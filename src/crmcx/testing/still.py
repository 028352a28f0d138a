"""A clock that nobody waits for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock

from crmcx.connectors import Clock

BEGIN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""When a still clock begins."""


class StillClock:
    """A clock that moves only when someone sleeps by it, and takes no time for it.

    Args:
        begin: When it begins.

    Example:
        >>> still = StillClock()
        >>> still.clock.sleep(3600)
        >>> still.now() - BEGIN, still.slept
        (datetime.timedelta(seconds=3600), [3600])
    """

    def __init__(self, begin: datetime = BEGIN) -> None:
        self.begin = begin
        self.passed = 0.0
        """Seconds that have passed."""
        self.slept: list[float] = []
        """Seconds that were slept, one by one."""
        self.lock = Lock()
        self.clock = Clock(now=self.now, monotonic=lambda: self.passed, sleep=self.sleep)
        """What a client takes."""

    def now(self) -> datetime:
        """The present instant."""
        return self.begin + timedelta(seconds=self.passed)

    def sleep(self, seconds: float) -> None:
        """Let time pass for someone who waits."""
        with self.lock:
            self.passed += seconds
            self.slept.append(seconds)

    def move(self, by: timedelta) -> None:
        """Let time pass while nobody waits."""
        with self.lock:
            self.passed += by.total_seconds()
