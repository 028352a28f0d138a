"""Packages with connectors: found by their entry points; one that goes wrong is named, and does not hurt the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.packaged import PACKAGES, example_tests, install, run

EXAMPLE, HOSTILE = PACKAGES / "crmcx-example", PACKAGES / "crmcx-hostile"
BROKEN = {
    "hostile-import": "RuntimeError: broken at import",
    "hostile-exit": "SystemExit: this plugin ends the process",
    "hostile-missing": "ModuleNotFoundError",
    "hostile-register": "RuntimeError: broken at registration",
    "hostile-rubbish": "which is no Connector class",
    "hostile-nothing": "TypeError",
    "hostile-name": "'files' is taken",
    "hostile-twice": "'one' is taken",
}
CRMCX = ("-m", "crmcx.cli")


_TESTS = example_tests()
TestExample = _TESTS.TestExample


@pytest.fixture
def desk() -> Iterator[Any]:
    with _TESTS.ExampleInSmall() as platform:
        platform.world.add("tickets", 4)
        yield platform


@pytest.fixture
def site(tmp_path: Path, desk: Any) -> Path:
    """A folder of packages with the example, and a file that connects it to the platform."""
    site = tmp_path / "site"
    install(EXAMPLE, site)
    connect(site, "example", url=desk.url)
    return site


def connect(site: Path, connector: str, **settings: str) -> None:
    config = site / "crmcx.toml"
    lines = ["" if config.exists() else 'store = "company.duckdb"', f"[connections.{connector}]"]
    lines += [f'connector = "{connector}"', *(f'{name} = "{value}"' for name, value in settings.items())]
    lines += ['token = { env = "DESK_TOKEN" }'] if settings else []
    with config.open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))


def synced(site: Path, *names: str) -> tuple[int, list[dict[str, Any]], str]:
    ended = run(*CRMCX, "sync", "--json", *names, site=site, DESK_TOKEN=_TESTS.TOKEN)
    return ended.returncode, json.loads(ended.stdout) if ended.stdout else [], ended.stderr


def test_the_example_is_at_most_40_lines() -> None:
    text = (EXAMPLE / "src" / "crmcx_example" / "__init__.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40


def test_an_installed_package_is_found_by_its_entry_point(site: Path) -> None:
    told = json.loads(run(*CRMCX, "connectors", "--json", site=site).stdout)
    assert {"name": "example", "brought by": "crmcx_example", "streams": 1} in told["connectors"]
    assert told["failed"] == []
    status, streams, told_else = synced(site)
    assert (status, [each["stored"] for each in streams]) == (0, [4]), told_else


def test_plugins_that_fail_to_load_are_named_and_skipped(site: Path) -> None:
    install(HOSTILE, site, only=BROKEN)
    told = json.loads(run(*CRMCX, "connectors", "--json", site=site).stdout)
    assert [each["name"] for each in told["connectors"]] == ["example", "files", "hubspot", "qualtrics"]
    failed = {each["plugin"]: each["reason"] for each in told["failed"]}
    assert failed.keys() == BROKEN.keys()
    for name, reason in BROKEN.items():
        assert reason in failed[name]
    text = run(*CRMCX, "connectors", site=site)
    assert text.returncode == 0
    for name in BROKEN:
        assert f"the plugin {name} failed to load and is skipped" in text.stdout
    status, streams, told_else = synced(site)
    assert (status, [each["stored"] for each in streams]) == (0, [4]), told_else


ASK = """
import sys
from crmcx.connectors import installed
from crmcx.errors import ConnectorError
for name in sys.argv[1:]:
    try:
        installed().connector(name)
    except ConnectorError as error:
        print(error)
"""


def test_asked_for_by_name_they_are_an_error(site: Path) -> None:
    install(HOSTILE, site, only=BROKEN)
    told = run("-c", ASK, *BROKEN, site=site)
    lines = told.stdout.splitlines()
    assert len(lines) == len(BROKEN), told.stderr
    for line, (name, reason) in zip(lines, BROKEN.items(), strict=True):
        assert line.startswith(f"the plugin {name!r} failed to load (")
        assert reason in line
        assert line.endswith("; repair or reinstall it [connector]")
    ended = run(*CRMCX, "streams", "hostile-exit", site=site)
    assert ended.returncode == 2
    assert ended.stderr.startswith("crmcx: the plugin 'hostile-exit' failed to load")


def test_streams_of_rubbish_fail_alone(site: Path) -> None:
    install(HOSTILE, site, only=["hostile-pages"])
    connect(site, "hostile-pages")
    status, streams, told_else = synced(site)
    assert status == 2, told_else
    by_name = {each["stream"]: each for each in streams}
    assert by_name["tickets"]["stored"] == 4
    wrong = {name for name, each in by_name.items() if each["error"]}
    assert wrong == {"strings", "nones", "no_generator", "no_token", "raising"}, told_else
    assert by_name["no_records"]["quarantined"] == 4
    assert "Traceback" not in told_else


def test_a_stream_that_ends_the_process_fails_alone(site: Path) -> None:
    install(HOSTILE, site, only=["hostile-pages"])
    connect(site, "hostile-ending")
    status, streams, told_else = synced(site)
    assert status == 2, told_else
    assert {each["stream"]: bool(each["error"]) for each in streams} == {"tickets": False, "exiting": True}


@pytest.mark.parametrize(
    ("plugin", "hook"),
    [
        ("hostile-mapping", "raised RuntimeError in crmcx_map_custom_fields"),
        ("hostile-other", "gave str in the place of the mapping of Case"),
        ("hostile-commit", "raised RuntimeError in crmcx_before_commit"),
    ],
)
def test_a_hook_that_stops_a_run_is_named_and_nothing_is_written(site: Path, plugin: str, hook: str) -> None:
    install(HOSTILE, site, only=[plugin])
    status, _, told = synced(site)
    assert status == 2
    assert f"the plugin {plugin} {hook}" in told
    assert "Traceback" not in told
    (next(site.glob("crmcx_hostile-*.dist-info")) / "entry_points.txt").unlink()
    status, streams, told = synced(site)
    assert (status, [each["stored"] for each in streams]) == (0, [4]), told


def test_a_hook_after_a_run_changes_nothing(site: Path) -> None:
    install(HOSTILE, site, only=["hostile-after"])
    status, streams, told = synced(site)
    assert (status, [each["stored"] for each in streams]) == (0, [4]), told
