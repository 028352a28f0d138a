"""Stores of older layouts are brought forward whole, in one transaction, and know afterwards what they knew before."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from tests.store.layouts.write import SECOND, bank, given, write, write_files

from crmcx import Workspace
from crmcx.errors import StoreVersionError
from crmcx.store import Store
from crmcx.store.ddl import STORE_VERSION
from crmcx.store.upcasting import OLDEST, statements_from

LAYOUTS = Path(__file__).parent / "layouts"
PAST = list(range(OLDEST, STORE_VERSION))
LARGEST = 1_000_000


def columns_of(path: Path) -> list[tuple[str, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            """SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
            WHERE database_name = current_database() AND NOT internal ORDER BY ALL"""
        ).fetchall()


def layout_of(path: Path) -> str:
    with duckdb.connect(str(path), read_only=True) as connection:
        ((found,),) = connection.execute("SELECT value FROM books.meta WHERE name = 'store_version'").fetchall()
    return str(found)


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("today") / "bank.crmcx"
    write(path)
    return path


@pytest.fixture(params=PAST)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copy(LAYOUTS / f"layout_{request.param}.crmcx", tmp_path / "bank.crmcx"))


def test_a_small_file_of_every_past_layout_is_kept() -> None:
    kept = sorted(LAYOUTS.glob("layout_*.crmcx"))
    assert [layout_of(path) for path in kept] == [str(layout) for layout in PAST]
    assert max(path.stat().st_size for path in kept) < LARGEST


def test_an_old_store_becomes_one_of_today(old: Path, today: Path) -> None:
    Store(old).close()
    assert layout_of(old) == str(STORE_VERSION)
    assert columns_of(old) == columns_of(today)
    with Store(old) as found, Store(today) as made:
        assert found.digest() == made.digest()


def test_the_next_sync_finds_nothing_new(old: Path, tmp_path: Path) -> None:
    write_files(tmp_path, SECOND)
    with Workspace(old) as ws:
        ws.connect(bank(tmp_path), name="bank")
        report = ws.sync()
        given_again = ws.load(given(), source="app")
    assert (report.counts.read, report.counts.stored, report.counts.unchanged) == (4, 0, 4)
    assert (given_again.counts.read, given_again.counts.stored) == (8, 0)


def test_what_the_store_knew_it_knows(old: Path) -> None:
    with Workspace(old) as ws:
        steps = [(row["deal_ref"], row["field"], row["old"], row["new"]) for row in ws.tables.deal_changes.rows()]
        assert sorted(steps) == [
            ("files:bank/d1", "stage", "offer", "contract"),
            ("files:bank/d1", "status", "open", "won"),
            ("files:bank/d2", "amount", "20.000000 EUR", "25.000000 EUR"),
        ]
        assert [row["precision"] for row in ws.tables.interactions.rows()] == ["instant"]
        assert [row["kind"] for row in ws.tables.feedback.rows()] == ["survey"]
        ws.resolve()
        assert ws.person("files:bank/p1").customers


def test_it_is_all_or_nothing(old: Path) -> None:
    before = layout_of(old)

    def stop(name: str) -> None:
        if name == "commit":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Store(old, step=stop)

    assert layout_of(old) == before
    Store(old).close()
    assert layout_of(old) == str(STORE_VERSION)


def test_a_reader_leaves_an_old_store_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    with pytest.raises(StoreVersionError, match=r"has the older layout \d+; open it once without read_only=True"):
        Store(old, read_only=True)
    assert old.read_bytes() == before


def test_steps_are_pure_and_none_is_needed_today() -> None:
    assert statements_from(OLDEST) == statements_from(OLDEST)
    assert statements_from(STORE_VERSION) == ()
