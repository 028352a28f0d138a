"""A clock that nobody waits for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Condition

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
        self.looks = 0
        """How often somebody looked how much time has passed."""
        self._moved = Condition()
        self.clock = Clock(now=self.now, monotonic=self._look, sleep=self.sleep)
        """What a client takes."""

    def now(self) -> datetime:
        """The present instant."""
        return self.begin + timedelta(seconds=self.passed)

    def sleep(self, seconds: float) -> None:
        """Let time pass for someone who waits."""
        with self._moved:
            self.passed += seconds
            self.slept.append(seconds)

    def move(self, by: timedelta) -> None:
        """Let time pass while nobody waits."""
        with self._moved:
            self.passed += by.total_seconds()

    def wait_for_a_look(self, since: int, *, at_most: float = 1.0) -> int:
        """Wait until somebody has looked at the clock, as a client does at each piece of an answer.

        Args:
            since: How often it had been looked at.
            at_most: Seconds of the real time to wait.

        Returns:
            How often it has been looked at by now.
        """
        with self._moved:
            self._moved.wait_for(lambda: self.looks > since, at_most)
            return self.looks

    def _look(self) -> float:
        with self._moved:
            self.looks += 1
            self._moved.notify_all()
            return self.passed
