"""A sync that dies at any moment is made up for by the next: the same store, and few pages fetched again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.testing.helpdesk import SETTINGS, Helpdesk, HelpdeskInSmall

from crmcx.errors import UsageError
from crmcx.testing.kills import Death, Kills, Where
from crmcx.testing.world import World

PAGE = 5
PAGES_PER_COMMIT = 2
OF_CHILDREN = 5 + 20
"""Pages of comments that make up a commit: two on each, and those of the tickets that have none."""
EACH = 25
"""Kills at either kind of failpoint, in each of three syncs."""


class OneByOne(Helpdesk):
    threads = 0


def news(world: World) -> None:
    """What happens between the first sync and the one that is killed."""
    for kind in ("people", "tickets"):
        world.add(kind, 7)
        for n in (2, 3, 21, 38):
            world.change(kind, n)
        for n in (30, 40):
            world.delete(kind, n)
    world.add("comments", 4)


@pytest.fixture(
    scope="module",
    params=[("first", Helpdesk), ("second", Helpdesk), ("second", OneByOne)],
    ids=["first", "second", "second, one by one"],
)
def kills(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    which, connector = request.param
    with Kills(
        connector,
        settings=SETTINGS,
        server=HelpdeskInSmall,
        folder=tmp_path_factory.mktemp("stores"),
        page_size=PAGE,
        rows_per_commit=PAGE * PAGES_PER_COMMIT,
        news=news if which == "second" else None,
    ) as made:
        yield made


def demand_made_up_for(death: Death, kills: Kills) -> None:
    assert death.same, death
    assert death.adds_up, death
    for kind, pages in death.again.items():
        assert pages <= (OF_CHILDREN if kind == "comments" else PAGES_PER_COMMIT), death


@pytest.mark.parametrize("where", ["step", "answer"])
def test_a_sync_that_is_killed_is_made_up_for(where: Where, kills: Kills) -> None:
    for number in kills.spread(where, 3)[1:2]:
        demand_made_up_for(kills.kill(where, number), kills)


@pytest.mark.deep
@pytest.mark.parametrize("place", range(EACH))
@pytest.mark.parametrize("where", ["step", "answer"])
def test_many_kills(where: Where, place: int, kills: Kills) -> None:
    points = kills.spread(where, EACH)
    assert len(points) == EACH
    demand_made_up_for(kills.kill(where, points[place]), kills)


def test_a_failpoint_that_a_sync_does_not_come_to_is_told(tmp_path: Path) -> None:
    with (
        Kills(OneByOne, settings=SETTINGS, server=HelpdeskInSmall, folder=tmp_path, records=2) as few,
        pytest.raises(UsageError, match="before step 10000"),
    ):
        few.kill("step", 10_000)


def test_a_child_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the process of a sync ended with 1") as caught:
        Kills(OneByOne, settings={"url": "{url}", "token": "wrong-token"}, server=HelpdeskInSmall, folder=tmp_path)
    assert "sign-in" in str(caught.value)
    assert "wrong-token" not in str(caught.value)
