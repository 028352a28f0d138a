"""A source forgotten: the store is as if it had never been there, and the others are untouched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.store.two_sources import CUSTOMERS, HOLDER, OTHER, company, customers, load
from tests.sync.sources import Spoiling, books

from crmcx import Workspace
from crmcx.connectors import Files, FileStream, mapping, ref
from crmcx.errors import StoreReadOnlyError, UnknownPersonError, UsageError
from crmcx.models import Deal
from crmcx.tables import key_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three sources, closed."""
    path = tmp_path_factory.mktemp("made") / "bank.crmcx"
    company(path, HOLDER, OTHER, "app").close()
    return path


@pytest.fixture
def ws(made: Path, tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(shutil.copy(made, tmp_path / "bank.crmcx")) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def never() -> Iterator[Workspace]:
    """A store that never had the other source."""
    with company(":memory:", HOLDER, "app") as workspace:
        workspace.resolve()
        yield workspace


def people(ws: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    """The map of people and what it rests on, without versions."""
    return {
        "map": ws.store._read("SELECT customer_key, person_id FROM person_map ORDER BY ALL"),
        **{
            name: ws.store._read(f"SELECT * FROM identity.{name} ORDER BY ALL")
            for name in ("keys", "edges", "aside", "readings")
        },
    }


def traces(ws: Workspace, source: str) -> dict[str, int]:
    """Rows anywhere that name a source, its records or its keys."""
    keys = {
        str(key_of("customers", f"{source}/{source}-{number}")) for number in range(5)
    }  # those of its customers, whose people it may have joined
    found = {}
    tables = ws.store._read("SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT temporary")
    for (table,) in tables:
        rows = [str(row) for row in ws.store._read(f"SELECT * FROM {table}")]
        found[table] = sum(source in row or any(key in row for key in keys) for row in rows)
    assert len(found) > 50
    return {table: count for table, count in found.items() if count}


@pytest.mark.parametrize("resolved", [False, True])
def test_it_is_as_if_it_had_never_been_there(resolved: bool, ws: Workspace, never: Workspace) -> None:
    before = ws.resolve() if resolved else None
    assert traces(ws, OTHER)["main.interactions"] == 30

    gone = ws.disconnect(OTHER, forget=True)

    assert traces(ws, OTHER) == {}
    kept = ws.store._read("SELECT DISTINCT page_id FROM books.bodies ORDER BY ALL")
    assert kept == books(ws.store, "pages", "page_id")
    assert ws.store.digest() == never.store.digest()
    assert dict(gone.rows) == {
        "customers": 5, "interactions": 30, "deals": 4, "deal_changes": 4, "contact_points": 10,
    }  # fmt: skip
    assert (gone.quarantined, gone.streams, gone.runs, gone.pages) == (1, 3, 4, 4)
    assert (gone.mapped, gone.apart) == ((5, 10) if before else (0, 0))
    assert bool(gone.edges) == resolved
    assert ws.store.sources() == ("app", HOLDER)
    assert [each.counts for each in ws.status().streams] == [each.counts for each in never.status().streams]
    after = ws.resolve()
    assert people(ws) == people(never)
    assert before is None or (before.people, after.people, after.version) == (5, 5, 2)


def test_people_are_taken_apart_until_the_next_resolution(ws: Workspace) -> None:
    """The forgotten record was the oldest, so that her id was its key, and others may have been joined only by it."""
    ws.resolve()
    old = key_of("customers", f"{OTHER}/{OTHER}-1")
    assert ws.person(f"{HOLDER}/{HOLDER}-1").id == old

    gone = ws.disconnect(OTHER, forget=True)

    ws.refresh()
    assert {row["person_id"] == row["key"] for row in ws.tables.customers.rows()} == {True}
    assert repr(gone).splitlines()[0] == (
        f"{OTHER} is forgotten; resolve() again: 10 records of other sources lost their person"
    )
    ws.resolve()
    assert ws.person(f"{HOLDER}/{HOLDER}-1").id == key_of("customers", f"{HOLDER}/{HOLDER}-1")
    with pytest.raises(UnknownPersonError):
        ws.person(str(old))


def test_people_it_had_no_part_in_stay(ws: Workspace) -> None:
    load(ws, "late", numbers=(7, 8))
    ws.resolve()
    (kept,) = ws.store._read("SELECT * FROM person_map WHERE customer_key = $1", [key_of("customers", "late/late-7")])

    assert ws.disconnect(OTHER, forget=True).apart == 10

    assert ws.store._read("SELECT * FROM person_map WHERE customer_key = $1", [kept[0]]) == [kept]


def test_the_others_go_on(ws: Workspace, never: Workspace) -> None:
    whole = ws.store.digest()
    ws.disconnect(OTHER, forget=True)
    seen = books(ws.store, "seen")
    assert len(seen) == len(books(never.store, "seen")) > 0

    report = ws.load(
        customers("app", range(5), "2023-01-01T00:00:00Z"), source="app", maps=CUSTOMERS, stream="customers"
    )
    assert (report.counts.stored, report.counts.unchanged) == (0, 5)
    load(ws, OTHER)
    assert ws.store.digest() == whole


def test_references_to_it_stay_as_text(ws: Workspace) -> None:
    deals = mapping(Deal, id="id", status="status", customer=ref("customer", source=OTHER))
    ws.load([{"id": 1, "status": "open", "customer": f"{OTHER}-1"}], source="desk", maps=deals)
    ws.disconnect(OTHER, forget=True)
    (row,) = (each for each in ws.refresh().deals.rows() if each["source"] == "desk")
    assert row["customer_ref"] == f"{OTHER}/{OTHER}-1"
    assert row["customer_key"] == row["person_id"] == key_of("customers", f"{OTHER}/{OTHER}-1")


def test_no_later_snapshot_has_the_id_of_an_earlier_one(ws: Workspace) -> None:
    ids = [ws.tables.snapshot]
    tables = ws.tables
    ws.disconnect("app", forget=True)
    ids.append(ws.refresh().snapshot)
    load(ws, "app")
    ids.append(ws.refresh().snapshot)
    assert ids == ["c12-i0", "c13-i0", "c17-i0"]
    assert {row["source"] for row in tables.customers.rows()} == {HOLDER, OTHER, "app"}


def test_all_or_nothing(ws: Workspace) -> None:
    ws.resolve()
    digest, before, counts = ws.store.digest(), people(ws), ws.status()

    def fail(_sql: str) -> str:
        msg = "no more"
        raise RuntimeError(msg)

    connection = ws.store._connection
    ws.store._connection = Spoiling(connection, {"DELETE FROM books.connections": fail})
    with pytest.raises(RuntimeError, match="no more"):
        ws.disconnect(OTHER, forget=True)
    ws.store._connection = connection

    assert (ws.store.digest(), people(ws), ws.status()) == (digest, before, counts)
    assert ws.disconnect(OTHER, forget=True).mapped == 5


class TestConnections:
    def test_without_forgetting_all_stays(self, tmp_path: Path) -> None:
        (tmp_path / "deals.csv").write_text("id,status\n1,open\n")
        with Workspace(":memory:") as ws:
            files = Files(FileStream(tmp_path / "deals.csv", mapping(Deal, id="id", status="status")))
            name = ws.connect(files, name="a")
            ws.sync()
            digest = ws.store.digest()

            gone = ws.disconnect(name)

            assert repr(gone) == gone._repr_html_() == "files:a is disconnected; what it brought stays"
            assert not gone.forgotten
            assert ws.sync().runs == ()
            assert ws.store.digest() == digest
            assert ws.connect(files, name="a") == name

    def test_one_that_was_never_synced(self, tmp_path: Path) -> None:
        with Workspace(":memory:") as ws:
            files = Files(FileStream(tmp_path / "deals.csv", mapping(Deal, id="id", status="status")))
            name = ws.connect(files)
            assert repr(ws.disconnect(name, forget=True)) == "files is forgotten"
            with pytest.raises(UsageError, match="there are: none"):
                ws.disconnect(name)

    def test_an_unknown_one(self, ws: Workspace) -> None:
        for forget in (False, True):
            with pytest.raises(UsageError, match=f"no source 'crm'; there are: app, {OTHER}, {HOLDER}"):
                ws.disconnect("crm", forget=forget)

    def test_it_prints_as_a_table(self, ws: Workspace) -> None:
        gone = ws.disconnect(OTHER, forget=True)
        assert repr(gone).splitlines()[:2] == [f"{OTHER} is forgotten", f"  {'customers':<28}{5:>12}"]
        assert ">interactions</td>" in gone._repr_html_()

    def test_read_only(self, tmp_path: Path) -> None:
        company(tmp_path / "bank.crmcx", HOLDER).close()
        with Workspace(tmp_path / "bank.crmcx", read_only=True) as ws:
            assert not ws.disconnect(HOLDER).forgotten
            with pytest.raises(StoreReadOnlyError):
                ws.disconnect(HOLDER, forget=True)
