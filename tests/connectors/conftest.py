"""Sources on loopback that are stopped, and clients that are closed, when a test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.loopback import Source, StillClock

from crmcx.connectors import Api


@pytest.fixture
def sources() -> Iterator[Callable[[], Source]]:
    """Makes sources, each of an origin of its own."""
    made: list[Source] = []

    def make() -> Source:
        made.append(Source())
        return made[-1]

    yield make
    for source in made:
        source.close()


@pytest.fixture
def source(sources: Callable[[], Source]) -> Source:
    return sources()


@pytest.fixture
def still() -> StillClock:
    return StillClock()


@pytest.fixture
def connect(still: StillClock) -> Iterator[Callable[..., Api]]:
    """Makes clients that are closed when the test ends."""
    made: list[Api] = []

    def make(base: str, **options: Any) -> Api:
        made.append(Api(base, **{"clock": still.clock, "name": "shop", **options}))
        return made[-1]

    yield make
    for api in made:
        api.close()
