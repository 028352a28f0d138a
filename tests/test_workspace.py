"""The workspace: connections, loads, snapshots, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from crmcx import Workspace
from crmcx.connectors import Files, FileStream, mapping
from crmcx.errors import ConnectorError, CrmcxError, SourceFileError, UsageError
from crmcx.models import Account, Deal, Money, Order
from crmcx.sync import Progress, SyncReport


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace(":memory:") as workspace:
        yield workspace


def order(number: int, **more: object) -> Order:
    given = {"source": "app", "placed_at": datetime(2025, 3, number, tzinfo=UTC), **more}
    return Order(source_id=str(number), **given)  # type: ignore[arg-type]


def accounts(folder: Path, *names: str) -> Files:
    file = folder / "accounts.csv"
    file.write_text("id,name\n" + "".join(f"{number},{name}\n" for number, name in enumerate(names)))
    return Files(FileStream(file, mapping(Account, id="id", name="name")))


def test_models_go_in_and_come_out(workspace: Workspace) -> None:
    money = Money(amount="49.90", currency="EUR")
    report = workspace.load([order(1, total=money), order(2)], source="app")
    assert report.counts.stored == 2
    assert str(report).splitlines()[0].split() == [
        "source", "stream", "read", "stored", "unchanged", "quarantined", "seconds",
    ]  # fmt: skip
    found = sorted(workspace.tables.orders.rows(), key=lambda row: row["source_id"])
    assert [row["total_micros"] for row in found] == [49_900_000, None]
    again = workspace.load(order(1, total=money), source="app")
    assert (again.counts.stored, again.counts.unchanged) == (0, 1)


def cells(html: str) -> list[str]:
    return re.findall(r"<td[^>]*>(.*?)</td>", html)


def test_how_reports_print(workspace: Workspace) -> None:
    rows = [{"nr": 1, "state": "won"}, {"nr": 2, "state": "odd"}]
    report = workspace.load(rows, source="app", maps=mapping(Deal, id="nr", status="state"))
    assert repr(report).splitlines()[-1] == "1 record could not be mapped and is in quarantine"
    for shown in (report._repr_html_(), SyncReport((report,))._repr_html_()):
        assert cells(shown)[:6] == ["app", "records", "2", "1", "0", "1"]
        assert "<caption>1 record could not be mapped and is in quarantine</caption>" in shown
    status = workspace.status()
    assert "store :memory:" in repr(status)
    assert "<p>store :memory:</p>" in status._repr_html_()
    assert cells(status._repr_html_())[:7] == ["deals", "1", "quarantined", "1", "app", "records", "2"]


def test_rows_and_frames_with_a_mapping(workspace: Workspace) -> None:
    deals = mapping(Deal, id="nr", status="state")
    assert workspace.load([{"nr": 1, "state": "won"}], source="app", maps=deals).counts.stored == 1
    frame = pl.DataFrame({"nr": [1, 2, 3], "state": ["won", "lost", "odd"]})
    report = workspace.load(frame, source="app", maps=[deals])
    assert (report.counts.stored, report.counts.unchanged, report.counts.quarantined) == (1, 1, 1)
    (aside,) = workspace.quarantine()
    assert aside.field == "Deal.status"


def test_what_cannot_be_loaded(workspace: Workspace) -> None:
    with pytest.raises(CrmcxError, match="other"):
        workspace.load([order(1, source="other")], source="app")
    with pytest.raises(UsageError, match="is not a name"):
        workspace.load([order(1)], source="No Name")


def test_a_connection_is_named_once(workspace: Workspace, tmp_path: Path) -> None:
    files = accounts(tmp_path, "Ada")
    assert workspace.connect(files, name="crm") == "files:crm"
    with pytest.raises(UsageError, match="connected already"):
        workspace.connect(files, name="crm")
    with pytest.raises(UsageError, match="is not a name"):
        workspace.connect(files, name="c r m")
    with pytest.raises(ConnectorError, match="nosuch"):
        workspace.connect("nosuch")


def test_a_missing_file_is_found_before_anything_is_written(workspace: Workspace, tmp_path: Path) -> None:
    workspace.connect(accounts(tmp_path, "Ada"), name="good")
    workspace.connect(Files(FileStream(tmp_path / "no.csv", mapping(Account, id="id", name="name"))), name="bad")
    with pytest.raises(SourceFileError, match=r"found no file no\.csv"):
        workspace.sync()
    assert workspace.status().rows == ()


def test_progress_and_snapshots(workspace: Workspace, tmp_path: Path) -> None:
    told: list[Progress] = []
    workspace.connect(accounts(tmp_path, "Ada", "Ben"), name="crm")
    before = workspace.tables
    report = workspace.sync(listener=told.append)
    assert [(progress.state, progress.counts.read) for progress in told] == [("reading", 2), ("done", 2)]
    assert report.counts.stored == 2
    assert "files:crm" in str(report)
    assert before.accounts.rows() == []
    after = workspace.refresh()
    assert len(after.accounts.rows()) == 2
    assert before.accounts.rows() == []
    assert before.snapshot != after.snapshot
    assert after.accounts.snapshot == after.snapshot
    assert "accounts" in dir(after)
    assert after.snapshot in repr(after)
    assert "accounts" in repr(after.accounts)
    with pytest.raises(AttributeError, match="no table 'acounts'"):
        _ = after.acounts


def test_a_file_is_kept_and_read_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "bank.duckdb"
    with Workspace(path, memory="500MB", threads=1) as workspace:
        workspace.load([order(1)], source="app")
        copy = workspace.snapshot_to(tmp_path / "copy.duckdb")
        assert "orders" in str(workspace.status())
    for kept in (path, copy):
        with Workspace(kept, read_only=True) as reading:
            assert len(reading.tables.orders.rows()) == 1
