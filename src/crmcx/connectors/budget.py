"""How many requests a connection may send: one budget for all its threads, narrower after a source complains."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Condition
from typing import Any

from attrs import field, frozen

from crmcx.connectors.clock import Clock
from crmcx.errors import UsageError

_LEAST_SHARE = 1 / 1024
_LEAST_SLEEP = 0.001
_WINDOW_WITHOUT_RATE = 60.0
_STEP_UP = 0.1


def _positive(_rate: Any, attribute: Any, value: Any) -> None:  # noqa: ANN401 - attrs' signature
    if not value > type(value)():
        msg = f"found {attribute.name}={value!r}, expected more than nothing"
        raise UsageError(msg, hint="say what the source allows, such as Rate(100, per=timedelta(seconds=10))")


@frozen
class Rate:
    """So many requests in any stretch of time of this length.

    Example:
        >>> Rate(100, per=timedelta(seconds=10)).requests
        100
    """

    requests: int = field(validator=_positive)
    """Requests at most."""
    per: timedelta = field(kw_only=True, validator=_positive)
    """In any stretch of time of this length."""


class Budget:
    """What a connection may spend, shared by all who hold it.

    A source that says it was asked too often halves the share of the rates, and of the requests at a time, that is
    used; each quiet stretch gives a tenth back. What several threads hear of one crowd counts once.

    Args:
        rates: All of them hold; none for no bound.
        concurrency: Requests under way at a time; None for no bound.

    Example:
        >>> budget = Budget(Rate(10, per=timedelta(seconds=1)), Rate(150, per=timedelta(minutes=1)), concurrency=4)
        >>> budget.share
        1.0
    """

    def __init__(self, *rates: Rate, concurrency: int | None = None) -> None:
        if concurrency is not None and concurrency < 1:
            msg = f"found concurrency={concurrency}, expected at least 1"
            raise UsageError(msg, hint="leave it out for no bound")
        self.rates = rates
        self.concurrency = concurrency
        self._room = Condition()
        self._sent: deque[float] = deque(maxlen=max((rate.requests for rate in rates), default=1))
        self._window = max((rate.per.total_seconds() for rate in rates), default=_WINDOW_WITHOUT_RATE)
        self._share = 1.0
        self._changed = -math.inf
        self._cut = -math.inf
        self._rest_until = -math.inf
        self._under_way = 0

    def __repr__(self) -> str:
        said = [*map(repr, self.rates), *([] if self.concurrency is None else [f"concurrency={self.concurrency}"])]
        return f"Budget({', '.join(said)})"

    @property
    def share(self) -> float:
        """The part of the rates that is used at present, above 0, at most 1."""
        return self._share

    @contextmanager
    def admitted(self, clock: Clock, waits: Callable[[float], None]) -> Iterator[float]:
        """Wait for room, and hold it for one request.

        Args:
            clock: By which to count and wait.
            waits: Told the seconds before each wait.

        Yields:
            When the request may be sent, by the clock's monotonic seconds.
        """
        sent = self._enter(clock, waits)
        try:
            yield sent
        finally:
            with self._room:
                self._under_way -= 1
                self._room.notify_all()

    def _enter(self, clock: Clock, waits: Callable[[float], None]) -> float:
        while True:
            with self._room:
                while self._under_way >= self._abreast():
                    self._room.wait()
                now = clock.monotonic()
                self._recover(now)
                free = self._free_at()
                if free <= now:
                    self._under_way += 1
                    self._sent.append(now)
                    return now
            # Others may take the room meanwhile, or the source may complain: what holds is asked again afterwards.
            waits(free - now)
            clock.sleep(max(free - now, _LEAST_SLEEP))

    def _abreast(self) -> float:
        return math.inf if self.concurrency is None else max(1, int(self.concurrency * self._share))

    def _free_at(self) -> float:
        free = self._rest_until
        for rate in self.rates:
            allowed = max(1, int(rate.requests * self._share))
            if len(self._sent) >= allowed:
                free = max(free, self._sent[-allowed] + rate.per.total_seconds())
        return free

    def _recover(self, now: float) -> None:
        since = max(self._changed, self._rest_until)  # that nobody complains while all rest says nothing
        if self._share < 1 and now - since >= self._window:
            self._share = min(1.0, self._share + _STEP_UP * int((now - since) / self._window))
            self._changed = now

    def rest(self, until: float) -> None:
        """Nobody sends before this instant, by the clock's monotonic seconds."""
        with self._room:
            self._rest_until = max(self._rest_until, until)

    def throttled(self, sent: float, now: float) -> None:
        """The source complained of a request.

        Args:
            sent: When it was sent; one that was sent before the last cut says nothing new.
            now: The present, by the same clock.
        """
        with self._room:
            if sent > self._cut:
                self._share = max(self._share / 2, _LEAST_SHARE)
                self._cut = self._changed = now
