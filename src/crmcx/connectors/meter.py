"""What reading a stream takes: requests and waits, counted for whoever reads it, whichever client they go through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from attrs import define, field, frozen


@frozen(kw_only=True)
class Waiting:
    """A connection waits; told before each wait of a second or more."""

    name: str
    """Name of the connection's source."""
    reason: str
    """Why: `throttled`, `in trouble` or `paced`, the last by its own budget."""
    until: datetime
    """When it goes on."""

    @property
    def told(self) -> str:
        """The wait in words: throttled by hubspot until 12.03, and the like."""
        said = {"throttled": "throttled by", "in trouble": "waiting for", "paced": "pacing requests to"}
        return f"{said[self.reason]} {self.name} until {self.until:%H:%M:%S} UTC"


def _silent(_waiting: Waiting) -> None:
    """Tell nobody."""


@define
class Meter:
    """Counts for one stream of one run."""

    listener: Callable[[Waiting], None] = field(default=_silent, repr=False)
    """Told before each wait of a second or more."""
    requests: int = 0
    """Requests sent, each try counted."""
    waited: float = 0.0
    """Seconds waited before requests."""


_METER: ContextVar[Meter | None] = ContextVar("crmcx_meter", default=None)


@contextmanager
def metered(meter: Meter) -> Iterator[None]:
    """Count with this meter what this thread sends and waits for."""
    before = _METER.set(meter)
    try:
        yield
    finally:
        _METER.reset(before)


def meter() -> Meter:
    """The meter of this thread; one that nobody reads where there is none."""
    return _METER.get() or Meter()
