"""The command line: text and JSON, exit status 2 for bad input, one sentence on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crmcx import Workspace, cli
from crmcx.connectors import mapping
from crmcx.models import Customer, Deal


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "bank.duckdb"
    with Workspace(path) as workspace:
        workspace.load(
            [{"nr": 1, "state": "won"}, {"nr": 2, "state": "odd"}],
            source="app",
            maps=mapping(Deal, id="nr", status="state"),
        )
        workspace.load(
            [{"nr": 1, "name": "Ada Secret", "kind": "odd"}],
            source="crm",
            maps=mapping(Customer, id="nr", name="name", kind="kind"),
        )
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = cli.main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_status(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "status", store)
    assert (status, err) == (0, "")
    assert "deals" in out
    told = json.loads(run(capsys, "status", store, "--json")[1])
    assert told["rows"] == [["deals", 1]]
    assert told["quarantined"] == 2


def test_quarantine(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "quarantine", "list", store)
    assert status == 0
    assert "Deal.status" in out
    assert "Secret" not in out
    told = json.loads(run(capsys, "quarantine", "list", store, "--json")[1])
    assert [each["source"] for each in told] == ["crm", "app"]
    assert all("raw" not in each for each in told)
    one = run(capsys, "quarantine", "list", store, "--source", "app", "--limit", 1)[1]
    assert len(one.splitlines()) == 1
    number = told[0]["id"]
    assert "Secret" not in run(capsys, "quarantine", "show", store, number)[1]
    assert "Ada Secret" in run(capsys, "quarantine", "show", store, number, "--raw")[1]
    assert "Ada Secret" in json.loads(run(capsys, "quarantine", "show", store, number, "--raw", "--json")[1])[0]["raw"]


def test_export(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "export", store, tmp_path / "out")
    assert (status, err) == (0, "")
    assert out.splitlines()[2].split() == ["deals", "1", "1"]
    assert (tmp_path / "out" / "deals" / "data_0.parquet").is_file()
    assert run(capsys, "export", store, tmp_path / "out")[0] == cli.BAD_INPUT
    told = json.loads(run(capsys, "export", store, tmp_path / "again", "--json")[1])
    assert sum(each["rows"] for each in told["tables"]) == 1


def test_compact(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "compact", store)
    assert (status, err) == (0, "")
    assert out.startswith("compacted from ")
    told = json.loads(run(capsys, "compact", store, "--json")[1])
    assert told["bytes_before"] == told["bytes_after"] == store.stat().st_size


def test_bad_input_has_status_2_and_one_sentence(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        ("status", tmp_path / "no.duckdb"),
        ("compact", tmp_path / "no.duckdb"),
        ("quarantine", "show", store, 99),
    ):
        status, out, err = run(capsys, *words)
        assert (status, out) == (cli.BAD_INPUT, "")
        assert err.startswith("crmcx: ")
        assert len(err.splitlines()) == 1
    for words in (["nosuch"], ["demo", "--customers", "0"], ["demo", "--customers", "many"], []):
        with pytest.raises(SystemExit) as stopped:
            cli.main(words)
        assert stopped.value.code == cli.BAD_INPUT
        capsys.readouterr()


def test_nothing_in_quarantine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Workspace(tmp_path / "empty.duckdb"):
        pass
    assert run(capsys, "quarantine", "list", tmp_path / "empty.duckdb")[1] == "nothing is in quarantine\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out.startswith("crmcx ")
