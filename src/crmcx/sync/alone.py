"""One sync of a store at a time: the second is told which one is under way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from crmcx.errors import StoreLockedError
from crmcx.instants import from_us
from crmcx.store import Store

_UNDER_WAY: WeakKeyDictionary[Store, str] = WeakKeyDictionary()
_LOOKING = threading.Lock()


@contextmanager
def alone(store: Store, what: str) -> Iterator[None]:
    """Within this, no other thread of this process syncs the store; another process cannot open it for writing.

    Args:
        store: The store.
        what: What is done, such as `a sync of hubspot:mortgages`.

    Raises:
        StoreLockedError: Another one is under way.
    """
    with _LOOKING:
        if store in _UNDER_WAY:
            msg = f"{_UNDER_WAY[store]} is under way in this store"
            raise StoreLockedError(msg, hint="wait for it to end, then run again")
        thread = threading.current_thread().name
        _UNDER_WAY[store] = f"{what}, begun {from_us(store.now_us()):%Y-%m-%d %H:%M:%S} UTC by thread {thread},"
    try:
        yield
    finally:
        with _LOOKING:
            _UNDER_WAY.pop(store, None)
