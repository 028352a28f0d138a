"""What the transport knows of time, in one place, so that a test can hold it."""

from __future__ import annotations

import time
from collections.abc import Callable
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
