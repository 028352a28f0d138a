"""Syncs by the command line: connections from a file, secrets from the environment, text and JSON."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli import plugged

from crmcx import Workspace, cli
from crmcx.connectors import Plugins, plugins
from crmcx.connectors.plugins import Failed

SECRET = "hush-hush"  # noqa: S105 - a test's own
CONFIG = """
store = "desk.duckdb"

[connections.main]
connector = "desk"
url = "https://desk.example"
token = { env = "DESK_TOKEN" }
"""
OPENED = "2025-01-01T00:00:00Z"


def case(number: object, status: str = "open", **values: object) -> dict[str, Any]:
    return {"id": str(number), "status": status, "opened": OPENED, "updated": OPENED, **values}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugins]:
    found = Plugins(())
    found._add("desk", plugged.Plugin())
    plugins.installed.cache_clear()
    for module in ("crmcx.connectors.plugins", "crmcx.cli.config", "crmcx.cli.commands", "crmcx.workspace"):
        monkeypatch.setattr(f"{module}.installed", lambda: found)
    plugged.PAGES[:] = [[case(1), case(2)], [case(3, "mislaid")]]
    plugged.TOKENS.clear()
    yield found
    plugins.installed.cache_clear() if hasattr(plugins.installed, "cache_clear") else None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "crmcx.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DESK_TOKEN", SECRET)
    return tmp_path


Ran = tuple[int, str, str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def run(*words: object) -> Ran:
        status = cli.main([str(word) for word in words])
        said = capsys.readouterr()
        assert SECRET not in said.out + said.err
        return status, said.out, said.err

    return run


def test_sync_by_the_file_of_the_folder(folder: Path, run: Callable[..., Ran]) -> None:
    status, out, err = run("sync")
    assert status == 0
    assert out.splitlines()[1].split()[:6] == ["desk:main", "cases", "3", "2", "0", "1"]
    assert "desk:main cases: 3 read, 2 stored" in err.splitlines()
    assert "desk:main cases: 3 read, 2 stored, done" in err.splitlines()
    assert plugged.TOKENS == [SECRET]
    assert SECRET.encode() not in (folder / "desk.duckdb").read_bytes()
    assert run("status")[1].startswith("store ")
    assert "Case.status" in run("quarantine", "list")[1]


def test_sync_as_data(folder: Path, run: Callable[..., Ran]) -> None:
    told = json.loads(run("sync", "--json")[1])
    assert [(each["stream"], each["read"], each["state"]) for each in told] == [
        ("cases", 3, "done"),
        ("notes", 0, "done"),
    ]
    told = json.loads(run("sync", "--json", "--whole", "main")[1])
    assert told[0]["unchanged"] == 2
    assert folder


def test_replay(folder: Path, run: Callable[..., Ran]) -> None:
    run("sync")
    requests = len(plugged.TOKENS)
    status, out, _ = run("quarantine", "replay")
    assert (status, out.splitlines()[1].split()[:6]) == (0, ["desk:main", "cases", "1", "0", "0", "1"])
    assert json.loads(run("quarantine", "replay", "--all", "--json", "main")[1])[0]["read"] == 3
    assert len(plugged.TOKENS) == requests
    assert folder


def test_a_source_that_fails_is_told_with_what_was_read(folder: Path, run: Callable[..., Ran]) -> None:
    plugged.PAGES[1:] = [[{"fail": True}]]
    status, out, err = run("sync")
    assert status == cli.BAD_INPUT
    assert "desk:main cases: failed: the door is closed" in out
    assert err.splitlines()[-1] == "crmcx: the door is closed [source]"
    with Workspace(folder / "desk.duckdb", read_only=True) as ws:
        assert len(ws.tables.cases.rows()) == 2


def test_ctrl_c_ends_it_with_a_summary(folder: Path, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "crmcx.cli.progress._lines",
        lambda progress: progress.state == "reading" and os.kill(os.getpid(), signal.SIGINT),
    )
    monkeypatch.setattr("crmcx.sync.run.ROWS_PER_COMMIT", 1)
    plugged.PAGES[:] = [[case(f"{page}-{number}") for number in range(20_000)] for page in range(3)]
    status, out, err = run("sync")
    assert status == cli.INTERRUPTED
    assert "desk:main cases: stopped" in out
    assert "the next one goes on from there" in err
    assert folder


def test_connectors_and_streams(run: Callable[..., Ran], installed: Plugins) -> None:
    assert [line.split() for line in run("connectors")[1].splitlines()[1:4]] == [
        ["desk", "tests", "2"],
        ["files", "crmcx", "0"],
        ["hubspot", "crmcx", "16"],
    ]
    installed.failed = (Failed("odd", "ImportError: no"),)
    assert "the plugin odd failed to load and is skipped: ImportError: no" in run("connectors")[1]
    assert json.loads(run("connectors", "--json")[1])["failed"][0]["plugin"] == "odd"
    lines = run("streams", "desk")[1].splitlines()
    assert lines[0].split()[:2] == ["stream", "becomes"]
    assert "what is new by updated - 0:05:00" in lines[1]
    assert "flag" in lines[1]
    assert json.loads(run("streams", "desk", "--json")[1])[1]["of each"] == "cases"
    assert run("streams", "files")[1] == "what files reads is said when it is connected\n"
    assert "no connector is called 'other'" in run("streams", "other")[2]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("", "does not say which store= it is for"),
        ("store = 3", "does not say which store= it is for"),
        ("store = 'a'\nstores = 'b'", "crmcx.toml says stores; it has store and connections"),
        ("store = [", "crmcx.toml is no TOML"),
        ("store = 'a'\n[connections.main]\nurl = 'x'", "main in crmcx.toml does not say which connector= it is of"),
        ("store = 'a'\n[connections.main]\nconnector = 'odd'", "no connector is called 'odd'"),
        (
            CONFIG.replace('{ env = "DESK_TOKEN" }', f'"{SECRET}"'),
            "token of the connection main is a secret and stands",
        ),
        (CONFIG.replace("DESK_TOKEN", "NO_TOKEN"), "is to come from the variable NO_TOKEN, which is not set"),
        (CONFIG + "pages = 'many'", "settings of the connection main cannot be used: pages: "),
        (CONFIG.replace("url =", "url_ ="), "settings of the connection main cannot be used: url: Field required"),
    ],
)
def test_a_file_that_cannot_be_used(config: str, told: str, folder: Path, run: Callable[..., Ran]) -> None:
    (folder / "crmcx.toml").write_text(config, encoding="utf-8")
    status, out, err = run("sync")
    assert (status, out) == (cli.BAD_INPUT, "")
    assert told in err
    assert not (folder / "desk.duckdb").exists()


def test_no_file_at_all(folder: Path, run: Callable[..., Ran]) -> None:
    (folder / "crmcx.toml").unlink()
    assert "found no file crmcx.toml in" in run("sync")[2]
    assert "found no file other.toml in" in run("--config", "other.toml", "status")[2]


def test_a_connection_that_is_not_there(folder: Path, run: Callable[..., Ran]) -> None:
    assert "there is no connection other; there are: main" in run("sync", "other")[2]
    assert folder


def test_the_store_lies_beside_the_file(folder: Path, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert run("--config", folder / "crmcx.toml", "sync")[0] == 0
    assert (folder / "desk.duckdb").is_file()


def test_a_connection_named_as_its_connector(folder: Path, run: Callable[..., Ran]) -> None:
    (folder / "crmcx.toml").write_text(CONFIG.replace("connections.main", "connections.desk"), encoding="utf-8")
    assert run("sync")[1].splitlines()[1].split()[0] == "desk"
