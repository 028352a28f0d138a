"""The plugin of pytest: fixtures for tests of connectors, and asserts of the suite that tell what they compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from crmcx.testing.platform import Platform
    from crmcx.testing.still import StillClock

pytest.register_assert_rewrite(
    "crmcx.testing._contract",
    "crmcx.testing._hostility",
    "crmcx.testing._judging",
    "crmcx.testing._laws",
    "crmcx.testing._secrecy",
)


@pytest.fixture
def still_clock() -> Iterator[StillClock]:
    """A clock that nobody waits for; every `Api` that the test makes goes by it."""
    from crmcx.connectors.clock import held  # noqa: PLC0415 - pytest loads this module at its start
    from crmcx.testing.still import StillClock  # noqa: PLC0415 - as above

    still = StillClock()
    with held(still.clock):
        yield still


@pytest.fixture
def platforms(still_clock: StillClock) -> Iterator[Callable[[type[Platform]], Platform]]:
    """Makes platforms in small that answer until the test ends, by the still clock."""
    made: list[Platform] = []

    def make(platform: type[Platform]) -> Platform:
        made.append(platform(still_clock).start())
        return made[-1]

    yield make
    for each in made:
        each.close()
