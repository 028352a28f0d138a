"""The plugin of pytest: loaded by its entry point, cheap, and with fixtures that need no more code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points

from tests.testing.helpdesk import TOKEN, HelpdeskInSmall

from crmcx.connectors import Api, Bearer
from crmcx.testing import Platform, StillClock


def loaded(code: str, *names: str) -> str:
    told = f"import sys; {code}; print([name for name in {names!r} if name in sys.modules])"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", told], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


def test_pytest_finds_it_by_its_entry_point() -> None:
    (found,) = entry_points(group="pytest11", name="crmcx")
    assert found.value == "crmcx.testing.plugin"


def test_it_loads_next_to_nothing() -> None:
    heavy = ("hypothesis", "duckdb", "pydantic", "httpx", "crmcx.connectors", "crmcx.models", "crmcx.testing.suite")
    assert loaded("import crmcx.testing.plugin", *heavy) == "[]"


def test_the_kit_loads_neither_pytest_nor_hypothesis_before_it_must() -> None:
    assert loaded("from crmcx.testing import Platform, StillClock, cassettes, kills", "pytest", "hypothesis") == "[]"


def test_clients_go_by_the_still_clock(still_clock: StillClock) -> None:
    assert Api("https://example.org").clock is still_clock.clock


def test_platforms_answer_by_the_still_clock(
    platforms: Callable[[type[Platform]], Platform], still_clock: StillClock
) -> None:
    platform = platforms(HelpdeskInSmall)
    platform.world.add("people", 2)
    with Api(platform.url, auth=Bearer(TOKEN)) as api:
        assert len(api.get("/people").rows("people")) == 2
    assert platform.still is still_clock
