"""A source on loopback that answers by script."""

from __future__ import annotations

from crmcx.testing.loopback import Asked, Loopback, Says
from crmcx.testing.still import BEGIN, StillClock

__all__ = ["BEGIN", "Asked", "Says", "Source", "StillClock"]


class Source(Loopback):
    """A server whose answers are a list, or a function of what was asked."""

    def __init__(self) -> None:
        self.script: list[Says] = []
        super().__init__(self._next)

    def says(self, *answers: Says) -> None:
        self.script.extend(answers)

    def _next(self, _asked: Asked) -> Says:
        with self.lock:
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]
