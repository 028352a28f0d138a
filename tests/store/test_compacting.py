"""A store written anew: the same contents in less room, in order, and whole whenever its process dies."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.store import victim
from tests.store.two_sources import HOLDER, OTHER, company, load
from tests.sync.sources import Spoiling

from crmcx import Workspace, engines
from crmcx.errors import CountMismatchError, StoreError, StoreFullError, StoreLockedError, StoreReadOnlyError
from crmcx.store import Store

STEPS_AT_THE_END = ["checkpoint new", "replace", "replaced", "reopen"]


@pytest.fixture(scope="module")
def bloated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose file has more room than it needs, and whose rows lie as they came."""
    path = tmp_path_factory.mktemp("bloated") / "bank.crmcx"
    with company(path, HOLDER, OTHER) as ws:
        ws.resolve()
        with ws.store.writing() as connection:
            connection.execute(
                "INSERT INTO books.bodies SELECT 1000 + i, 0,"
                " (md5(i::VARCHAR) || md5((i + 1)::VARCHAR))::BLOB FROM range(100000) r(i)"
            ).fetchall()
    with Workspace(path) as ws, ws.store.writing() as connection:
        connection.execute("DELETE FROM books.bodies WHERE page_id >= 1000").fetchall()
    return path


@pytest.fixture
def path(bloated: Path, tmp_path: Path) -> Path:
    return shutil.copy(bloated, tmp_path / "bank.crmcx")


@pytest.fixture(scope="module")
def digest(bloated: Path) -> str:
    with Store(bloated, read_only=True) as store:
        return store.digest()


def command(path: Path, *words: str) -> list[str]:
    return [sys.executable, "-W", "error", victim.__file__, str(path), *words]


def taken_elsewhere(path: Path) -> bool:
    """Whether another process could write the store."""
    code = f"import duckdb; duckdb.connect({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0 or "Could not set lock" in done.stderr
    return done.returncode == 0


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def everything(store: Store) -> dict[str, Any]:
    """All rows of all tables of the store, also those that no digest counts."""
    tables = store._read("SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT temporary")
    return {table: sorted(map(repr, store._read(f"SELECT * FROM {table}"))) for (table,) in tables}


def test_it_is_smaller_and_holds_the_same(path: Path, digest: str) -> None:
    with Store(path) as store:
        whole, schema = everything(store), store._read("SELECT sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL")
        before = path.stat().st_size

        made = store.compact()

        assert (made.bytes_before, made.bytes_after) == (before, path.stat().st_size)
        assert made.bytes_after < before * 0.6
        assert repr(made) == f"compacted from {before:,} to {made.bytes_after:,} bytes"
        assert names(path) == ["bank.crmcx"]
        assert store.digest() == digest
        assert everything(store) == whole
        assert store._read("SELECT sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL") == schema
        again = store.compact()
        assert again.bytes_after == again.bytes_before
    with Store(path) as store:
        assert store.digest() == digest
        assert everything(store) == whole


def test_it_goes_on_as_the_store_it_was(path: Path) -> None:
    with Workspace(path, memory="512MiB", threads=1) as ws:
        ws.compact()
        load(ws, "app")
        assert ws.resolve().records == 15
        assert ws.store._read("SELECT current_setting('threads'), current_setting('wal_autocheckpoint')") == [
            (1, "61.0 MiB")
        ]
    with Workspace(path, read_only=True) as ws:
        assert len(ws.tables.customers.rows()) == 15


def order(path: Path, table: str) -> list[tuple[Any, ...]]:
    connection = duckdb.connect(str(path), read_only=True)
    found = connection.execute(f"SELECT customer_key, * FROM {table} ORDER BY rowid").fetchall()
    names = [name for name, *_ in connection.description or []]
    connection.close()
    at = names.index("occurred_us") if "occurred_us" in names else 0
    return [(row[0], row[at]) for row in found]


@pytest.mark.parametrize("table", ["interactions", "contact_points", "deals"])
def test_rows_of_a_customer_lie_together_in_time(table: str, path: Path) -> None:
    before = order(path, table)
    with Store(path) as store:
        store.compact()
    after = order(path, table)
    assert before != sorted(before) == after


def test_a_store_in_memory_stays_as_it_is() -> None:
    with company(":memory:", HOLDER) as ws:
        tables, digest = ws.tables, ws.store.digest()
        made = ws.compact()
        assert (made.bytes_before, made.bytes_after) == (0, 0)
        assert repr(made) == "a store in memory has no file to compact"
        assert ws.store.digest() == digest
        assert ws.tables is tables
        assert len(tables.customers.rows()) == 5


def test_read_only(path: Path) -> None:
    with Workspace(path, read_only=True) as ws, pytest.raises(StoreReadOnlyError):
        ws.compact()


def test_through_a_link(path: Path, digest: str) -> None:
    link = path.with_name("link.crmcx")
    link.symlink_to(path)
    path.chmod(0o640)
    with Store(link) as store:
        store.compact()
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    with Store(path, read_only=True) as store:
        assert store.digest() == digest


class TestSnapshots:
    def test_those_given_out_before_say_that_they_ended(self, path: Path) -> None:
        with Workspace(path) as ws:
            tables, deals, answer = ws.tables, ws.tables.deals, ws.sql("SELECT * FROM deals")
            ada = ws.person(f"{HOLDER}/{HOLDER}-1")

            ws.compact()

            for use in (lambda: tables.deals, lambda: tables.sql("SELECT 1"), ada.timeline):
                with pytest.raises(StoreError, match=r"the snapshot c8-i1 ended: the store was compacted"):
                    use()
            with pytest.raises(duckdb.ConnectionException):
                deals.rows()
            with pytest.raises(StoreError, match="closed"):
                answer.rows()
            assert len(ws.tables.deals.rows()) == 8
            assert ws.tables.snapshot == tables.snapshot

    def test_a_connection_that_is_not_ours_is_in_the_way(self, path: Path, digest: str) -> None:
        with Store(path) as store:
            stranger = store._connection.cursor()
            with pytest.raises(StoreError, match="2 connections in this process, expected only its own; close"):
                store.compact()
            assert store.digest() == digest
            stranger.close()
            store.compact()
            assert store.digest() == digest

    def test_those_of_a_store_that_was_closed_are_in_nobodys_way(self, path: Path, digest: str) -> None:
        with Store(path) as earlier:
            left = earlier.snapshot()
        with Store(path) as store:
            store.compact()
            assert store.digest() == digest
        left.close()


class TestOthers:
    def test_nobody_else_gets_in(self, path: Path, digest: str) -> None:
        found = {}

        def look(step: str) -> None:
            if step in {"replaced", "reopen"}:
                found[step] = taken_elsewhere(path)

        with Store(path, step=look) as store:
            store.compact()
            assert store.digest() == digest
            found["afterwards"] = taken_elsewhere(path)
        assert found == dict.fromkeys(["replaced", "reopen", "afterwards"], False)
        assert taken_elsewhere(path)

    def test_one_that_takes_it_at_the_end(self, path: Path, digest: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def taken(*_given: object, **_more: object) -> None:
            msg = "the store is open for writing in another process"
            raise StoreLockedError(msg)

        with Store(path) as store:
            with monkeypatch.context() as patch:
                patch.setattr(engines, "connect", taken)
                with pytest.raises(StoreLockedError):
                    store.compact()
            with pytest.raises(StoreError, match="is closed; open it again"):
                store.digest()
            with Store(path) as again:
                assert again.digest() == digest


class TestFailing:
    @pytest.mark.parametrize("step", ["copy deals", "replace", "replaced", "reopen"])
    def test_an_error_at_a_step(self, step: str, path: Path, digest: str) -> None:
        def fail(name: str) -> None:
            if name == step:
                raise KeyboardInterrupt

        with Store(path, step=fail) as store:
            with pytest.raises(KeyboardInterrupt):
                store.compact()
            assert names(path) == ["bank.crmcx"]
            assert store.digest() == digest
            store._step = lambda _name: None
            store.compact()
            assert store.digest() == digest
            assert store.start_run("app")[0] == 9

    def test_a_row_that_is_missing(self, path: Path, digest: str) -> None:
        with Store(path) as store:
            connection = store._connection
            store._connection = Spoiling(connection, {
                'INSERT INTO written_anew."main"."deals"': lambda sql: f"{sql} LIMIT 7"
            })  # fmt: skip
            with pytest.raises(CountMismatchError, match="7 rows of deals were copied, expected 8"):
                store.compact()
            store._connection = connection
            assert names(path) == ["bank.crmcx"]
            assert store.digest() == digest

    def test_a_full_disk(self, path: Path, digest: str) -> None:
        words = command(path, "--compact", "--limit", "1000000")
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
        assert json.loads(done.stdout.splitlines()[-1])["error"] == StoreFullError.__name__
        assert names(path) == ["bank.crmcx"]
        with Store(path, read_only=True) as store:
            assert store.digest() == digest


@pytest.fixture(scope="module")
def steps(bloated: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The steps of a compaction."""
    found: list[str] = []
    copy = shutil.copy(bloated, tmp_path_factory.mktemp("steps") / "bank.crmcx")
    with Store(copy, step=found.append) as store:
        store.compact()
    assert found[0] == "checkpoint"
    assert found[-4:] == STEPS_AT_THE_END
    return found


def demand_whole(path: Path, digest: str) -> None:
    """Demand all that a store owes after a death: it can be read as it lies, and writing it takes away what is left."""
    with Store(path, read_only=True) as store:
        assert store.digest() == digest
    with Store(path) as store:
        assert store.digest() == digest
        assert [each for each in names(path) if not each.endswith(".wal")] == ["bank.crmcx"]
    assert names(path) == ["bank.crmcx"]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(0, marks=pytest.mark.deep),
        0.5,
        pytest.param(-4, marks=pytest.mark.deep),
        -3,
        -2,
        pytest.param(-1, marks=pytest.mark.deep),
    ],
)
def test_killed_at_a_step(place: float, steps: list[str], path: Path, digest: str) -> None:
    number = 1 + (int(place * len(steps)) if place >= 0 else len(steps) + int(place))
    words = command(path, "--compact", "--kill-at", str(number))
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    demand_whole(path, digest)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(10))
def test_killed_at_random_moments(part: int, bloated: Path, tmp_path: Path, digest: str) -> None:
    draw = random.Random(part)
    for number in range(6):
        (tmp_path / str(number)).mkdir()
        path = shutil.copy(bloated, tmp_path / str(number) / "bank.crmcx")
        with subprocess.Popen(command(path, "--compact"), stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert json.loads(child.stdout.readline()) == {"ready": True}
            time.sleep(draw.random() * 0.5)
            child.kill()
        demand_whole(path, digest)
