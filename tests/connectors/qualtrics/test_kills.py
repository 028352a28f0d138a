"""A sync of Qualtrics that dies at any moment is made up for by the next."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from crmcx.connectors import Qualtrics
from crmcx.sandbox.qualtrics import TOKEN, QualtricsSandbox
from crmcx.testing.kills import Death, Kills, Where
from crmcx.testing.still import StillClock
from crmcx.testing.world import World

pytestmark = pytest.mark.once
EACH = 25
"""Kills at either kind of failpoint."""
FILES_AGAIN = 4
"""Exports that may be asked for again: those that one commit takes, and the one that was read."""


class OneByOne(Qualtrics):
    """Its streams one after the other, so that the failpoints are the same each time."""

    threads = 0


class Unhurried(QualtricsSandbox):
    """It takes any number of requests: all kills are at one moment of its clock, which no child moves on."""

    def __init__(self, still: StillClock | None = None) -> None:
        super().__init__(still)
        self.per_minute = sys.maxsize


def news(world: World) -> None:
    """What happens between the first sync and the one that is killed."""
    for kind in ("instruments", "responses", "unfinished", "contacts", "distributions", "invitations"):
        world.add(kind, 5)
        world.change(kind, 2)
        world.delete(kind, 5)


@pytest.fixture(scope="module", params=["first", "second"])
def kills(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    with Kills(
        OneByOne,
        settings={"url": "{url}", "token": TOKEN},
        server=Unhurried,
        folder=tmp_path_factory.mktemp("stores"),
        page_size=5,
        rows_per_commit=5,
        news=news if request.param == "second" else None,
    ) as made:
        yield made


def demand_made_up_for(death: Death) -> None:
    assert death.same, death
    assert death.adds_up, death
    assert death.again.get("responses", 0) <= FILES_AGAIN, death


@pytest.mark.parametrize("where", ["step", "answer"])
def test_a_sync_that_is_killed_is_made_up_for(where: Where, kills: Kills) -> None:
    for number in kills.spread(where, 3)[1:2]:
        demand_made_up_for(kills.kill(where, number))


@pytest.mark.deep
@pytest.mark.parametrize("place", range(EACH))
@pytest.mark.parametrize("where", ["step", "answer"])
def test_many_kills(where: Where, place: int, kills: Kills) -> None:
    demand_made_up_for(kills.kill(where, kills.spread(where, EACH)[place]))
