"""What requests go over, so that a cassette can stand in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO, TYPE_CHECKING, Protocol, TypeAlias

from crmcx.connectors.replies import Fault, Reply

if TYPE_CHECKING:
    from crmcx.connectors._wire import Request


class Exchange(Protocol):
    """Sends requests, one by one, as they stand: signed, and with all that is secret in them."""

    def exchange(self, request: Request, into: IO[bytes] | None) -> Reply | Fault:
        """Send a request once.

        Args:
            request: What to send.
            into: Where the body of a good answer goes, instead of into memory.
        """

    def close(self) -> None:
        """Close what is open."""


Wiring: TypeAlias = "Callable[[Callable[[], Exchange]], Exchange]"
"""Makes what requests go over, out of a function that makes the real thing."""

_WIRING: ContextVar[Wiring | None] = ContextVar("crmcx_wiring", default=None)


def _real(make: Callable[[], Exchange]) -> Exchange:
    return make()


@contextmanager
def wired(wiring: Wiring) -> Iterator[None]:
    """Let the requests of every client that is made meanwhile go over what this makes."""
    before = _WIRING.set(wiring)
    try:
        yield
    finally:
        _WIRING.reset(before)


def wiring() -> Wiring:
    """What is wired, or the network."""
    return _WIRING.get() or _real
