"""HubSpot against its sandbox: all that a connector owes, and no record lost when a sync is killed."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from crmcx.connectors import HubSpot
from crmcx.sandbox import HubSpotSandbox
from crmcx.testing import connector_suite
from crmcx.testing.kills import Kills
from crmcx.testing.world import World

pytestmark = pytest.mark.once
SETTINGS = {"url": "{url}", "token": "pat-eu1-sandbox-token"}
READ = ("owners", "pipelines", "contacts", "consents", "deals", "deal_changes", "calls")


class SomeOfIt(HubSpotSandbox):
    """One kind of record of each way in which HubSpot is read."""

    kinds: ClassVar = {name: HubSpotSandbox.kinds[name] for name in READ}


TestHubSpot = connector_suite(
    HubSpot,
    settings=lambda url: {"url": url, "token": SETTINGS["token"], "leave_out": HubSpotSandbox.kinds.keys() - set(READ)},
    server=SomeOfIt,
)
TestAllOfHubSpot = pytest.mark.deep(connector_suite(HubSpot, settings=SETTINGS, server=HubSpotSandbox))


class OneByOne(HubSpot):
    """HubSpot, with its streams one after the other, so that the failpoints are the same each time."""

    threads = 0


def _news(world: World) -> None:
    for name in world.kinds:
        world.change(name, 1)
        world.add(name, 2)


@pytest.mark.parametrize("again", [False, True], ids=["first sync", "second sync"])
def test_kill_9_loses_and_doubles_nothing(tmp_path: Path, *, again: bool) -> None:
    with Kills(
        OneByOne,
        settings=SETTINGS,
        server=HubSpotSandbox,
        folder=tmp_path,
        records=7,
        rows_per_commit=10,
        news=_news if again else None,
    ) as harness:
        for where in ("step", "answer"):
            for number in harness.spread(where, 2):
                death = harness.kill(where, number)
                assert death.same, (where, number)
                assert death.adds_up, (where, number)
