"""The store as a file: who may open it, what is refused, what a snapshot, a copy and a digest are."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.store import victim
from tests.sync.sources import Clock, books, deal, listing, place_of, rows, run

from crmcx import models
from crmcx.connectors import contact, instant, mapping, ref
from crmcx.errors import (
    CrmcxError,
    StoreError,
    StoreLockedError,
    StoreReadOnlyError,
    StoreVersionError,
    UsageError,
)
from crmcx.store import Snapshot, Store
from crmcx.store.ddl import STORE_VERSION

DEALS = [deal("1", stage="offer"), deal("2", stage="offer"), {"id": "3", "status": "mislaid"}]
CUSTOMERS = mapping(models.Customer, id="id", name="name", parts=(contact("email", "email"), contact("phone", "phone")))
DATED = mapping(
    models.DealChange, id="id", deal=ref("deal"), field="field", old="old", new="new", changed_at=instant("at")
)

FINISHED = {"pass_id": 1, "watermark": None, "whole": True, "sweep": False}


def fill(store: Store) -> None:
    """Two runs over deals, so that there is a change, and one over customers with their parts."""
    run(store, listing(DEALS))
    run(store, listing([deal("1", stage="closing"), *DEALS[1:]]))
    said = [{"id": "1", "name": "Ada", "email": "a@example.org", "phone": "1"}]
    step = {"id": "s", "deal": "2", "field": "stage", "old": "a", "new": "b", "at": "2024-05-01T00:00:00Z"}
    customers = listing(said, maps=CUSTOMERS, name="customers", origin="customers.csv")
    run(store, customers, listing([step], maps=DATED, name="steps", keeps_history=True))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a store in it, closed."""
    found = tmp_path / "bank.crmcx"
    with Store(found, clock=Clock()) as store:
        fill(store)
    return found


@contextmanager
def held(path: Path) -> Iterator[int]:
    """The store open for writing in another process; the number of that process."""
    command = [sys.executable, "-W", "error", victim.__file__, str(path), "--hold"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert [json.loads(child.stdout.readline()) for _ in range(2)] == [{"ready": True}, {"open": True}]
            yield child.pid
            child.communicate(timeout=60)
            assert child.returncode == 0
        finally:
            child.kill()


def elsewhere(path: Path) -> str | None:
    """The code of the error when another process opens the store for writing."""
    command = [sys.executable, "-W", "error", victim.__file__, str(path), "--hold"]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=True, timeout=60)
    found: str | None = json.loads(done.stdout.splitlines()[-1])["code"]
    return found


class TestReadOnly:
    @pytest.mark.parametrize(
        "write",
        [
            pytest.param(lambda store: run(store, listing(DEALS)), id="sync"),
            pytest.param(lambda store: store.start_run("crm"), id="start_run"),
            pytest.param(lambda store: store.register("crm", "listed", {}), id="register"),
            pytest.param(lambda store: store.commit(None), id="commit"),
            pytest.param(lambda store: store.snapshot_to(Path(store.path).with_name("copy")), id="snapshot_to"),
            *(
                pytest.param(
                    write,
                    id=name,
                )
                for name, write in (
                    (
                        "finish_stream",
                        lambda store: store.finish_stream(
                            "crm", "deals", pass_id=1, watermark=None, whole=True, sweep=False
                        ),
                    ),
                    ("finish_run", lambda store: store.finish_run(1, state="done")),
                )
            ),
        ],
    )
    def test_writing_is_refused(self, write: Callable[[Store], object], path: Path) -> None:
        before = path.read_bytes()
        with Store(path, read_only=True) as store:
            digest = store.digest()
            with pytest.raises(StoreReadOnlyError, match=r"bank\.crmcx is open to read only") as raised:
                write(store)
            assert raised.value.code == "store-read-only"
            assert store.digest() == digest
        assert path.read_bytes() == before
        assert [each.name for each in path.parent.iterdir()] == ["bank.crmcx"]

    def test_everything_can_be_read(self, path: Path) -> None:
        with Store(path, read_only=True) as store, Store(path, read_only=True) as another:
            assert store.read_only
            assert [row["stage"] for row in rows(store, "deals")] == ["closing", "offer"]
            assert len(store.quarantine()) == store.status().quarantined == 1
            assert place_of(store) is None
            assert store.stream_state("crm", "deals").pass_id == 2
            assert store.page_body(1).startswith(b'[{"id":"1"')
            assert store.digest() == another.digest()
            assert store.snapshot().id == another.snapshot().id

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"found no store new\.crmcx") as raised:
            Store(tmp_path / "new.crmcx", read_only=True)
        assert raised.value.code == "store"
        assert list(tmp_path.iterdir()) == []

    def test_a_duckdb_file_with_nothing_in_it(self, tmp_path: Path) -> None:
        duckdb.connect(str(tmp_path / "empty.crmcx")).close()

        with pytest.raises(StoreVersionError, match=r"empty\.crmcx holds no crmcx store"):
            Store(tmp_path / "empty.crmcx", read_only=True)
        with Store(tmp_path / "empty.crmcx") as store:
            run(store, listing(DEALS))
        with Store(tmp_path / "empty.crmcx", read_only=True) as store:
            assert len(rows(store, "deals")) == 2


class TestLock:
    def test_another_process_writes(self, path: Path) -> None:
        with held(path) as pid:
            for read_only in (False, True):
                with pytest.raises(StoreLockedError, match=rf"another process \(PID {pid}\)") as raised:
                    Store(path, read_only=read_only)
                assert raised.value.code == "store-locked"
                assert "snapshot_to()" in str(raised.value)
        with Store(path) as store:
            assert len(rows(store, "deals")) == 2

    @pytest.mark.parametrize("read_only", [False, True])
    def test_no_other_process_may_write_beside_this_one(self, read_only: bool, path: Path) -> None:
        with Store(path, read_only=read_only):
            assert elsewhere(path) == "store-locked"
        assert elsewhere(path) is None

    @pytest.mark.parametrize("settings", [{"read_only": True}, {"memory": "1GB"}, {"threads": 1}])
    def test_the_same_process_with_other_settings(self, settings: dict[str, Any], path: Path) -> None:
        with Store(path) as store:
            with pytest.raises(StoreLockedError, match="in this process"):
                Store(path, **settings)
            run(store, listing(DEALS))

    def test_two_writers_in_one_process(self, path: Path) -> None:
        with Store(path), pytest.raises(StoreLockedError, match="open for writing in this process"):
            Store(path)
        with Store(path):
            pass

    def test_one_that_was_let_go_without_closing(self, path: Path) -> None:
        store = Store(path)
        run(store, listing([deal("9")]))
        del store
        gc.collect()
        with Store(path) as again:
            assert [row["source_id"] for row in rows(again, "deals")].count("9") == 1

    @pytest.mark.parametrize("version", [str(STORE_VERSION + 1), "10", "999"])
    @pytest.mark.parametrize("read_only", [False, True])
    def test_a_newer_layout_is_refused(self, version: str, read_only: bool, path: Path) -> None:
        with duckdb.connect(str(path)) as connection:
            connection.execute("UPDATE books.meta SET value = $1 WHERE name = 'store_version'", [version]).fetchall()
        before = path.read_bytes()

        with pytest.raises(StoreVersionError, match=f"has layout {version}, this .* up to {STORE_VERSION}") as raised:
            Store(path, read_only=read_only)

        assert raised.value.code == "store-version"
        assert "update crmcx" in str(raised.value)
        assert path.read_bytes() == before

    @pytest.mark.parametrize("read_only", [False, True])
    def test_a_layout_that_is_no_longer_read_is_refused(self, read_only: bool, path: Path) -> None:
        with duckdb.connect(str(path)) as connection:
            connection.execute("UPDATE books.meta SET value = '0' WHERE name = 'store_version'").fetchall()
        before = path.read_bytes()

        with pytest.raises(StoreVersionError, match="has layout 0, which this crmcx"):
            Store(path, read_only=read_only)

        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        "said",
        ["CREATE TABLE t AS SELECT 1 AS a", "CREATE VIEW v AS SELECT 1", "CREATE SEQUENCE s", "CREATE SCHEMA books"],
    )
    def test_a_duckdb_file_of_someone_else(self, said: str, tmp_path: Path) -> None:
        path = tmp_path / "other.db"
        with duckdb.connect(str(path)) as connection:
            connection.execute(said).fetchall()
        before = path.read_bytes()

        for read_only in (False, True):
            with pytest.raises(StoreVersionError, match=r"other\.db is a DuckDB file without a crmcx store"):
                Store(path, read_only=read_only)

        assert path.read_bytes() == before
        assert [each.name for each in tmp_path.iterdir()] == ["other.db"]

    @pytest.mark.parametrize(
        "spoil",
        [
            "DELETE FROM books.meta",
            "UPDATE books.meta SET value = 'one' WHERE name = 'store_version'",
            "ALTER TABLE books.meta ADD COLUMN more VARCHAR",
        ],
    )
    def test_a_store_that_does_not_say_its_layout(self, spoil: str, path: Path) -> None:
        with duckdb.connect(str(path)) as connection:
            connection.execute(spoil).fetchall()

        with pytest.raises(StoreVersionError, match="without a crmcx store"):
            Store(path)

    def test_someone_elses_file_with_a_log(self, tmp_path: Path) -> None:
        path = tmp_path / "other.db"
        script = (
            "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('CREATE TABLE t (a INT)'); os._exit(0)"
        )
        subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)
        before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
        assert len(before) == 2

        with pytest.raises(StoreVersionError, match="the file was not touched"):
            Store(path)

        assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before

    @pytest.mark.parametrize("read_only", [False, True])
    def test_a_file_that_is_no_database(self, read_only: bool, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("what Ada said\n" * 2_000, encoding="utf-8")
        before = path.read_bytes()

        with pytest.raises(StoreVersionError, match=r"notes\.txt is no DuckDB file"):
            Store(path, read_only=read_only)

        assert path.read_bytes() == before

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"the store bank\.crmcx cannot be opened"):
            Store(tmp_path / "none" / "bank.crmcx")
        with pytest.raises(StoreError):
            Store(tmp_path)


class TestCopy:
    def test_it_is_read_while_the_writer_is_open(self, path: Path, tmp_path: Path) -> None:
        with Store(path) as store:
            copy = store.snapshot_to(tmp_path / "copy.crmcx")
            assert copy == tmp_path / "copy.crmcx"
            with Store(copy, read_only=True) as reader:
                assert reader.digest() == store.digest()
                assert reader.snapshot().id == store.snapshot().id
                assert str(reader.status()).splitlines()[1:] == str(store.status()).splitlines()[1:]
                for book in ("commits", "connections", "meta", "pages", "quarantine", "runs", "seen", "streams"):
                    assert books(reader, book) == books(store, book)

                run(store, listing([deal("4")], name="later"))

                assert len(rows(store, "deals")) == 3
                assert len(rows(reader, "deals")) == 2
        assert sorted(each.name for each in tmp_path.iterdir()) == ["bank.crmcx", "copy.crmcx"]

    def test_it_goes_on_as_a_store(self, path: Path, tmp_path: Path) -> None:
        with Store(path) as store:
            copy = store.snapshot_to(str(tmp_path / "copy.crmcx"))
            run(store, listing([deal("4")], name="later"))
            digest = store.digest()
        with Store(copy) as store:
            run(store, listing([deal("4")], name="later"))
            assert store.digest() == digest

    def test_out_of_memory_into_a_file(self, tmp_path: Path) -> None:
        with Store(":memory:") as store:
            fill(store)
            store.snapshot_to(tmp_path / "it's a copy.crmcx")
            with Store(tmp_path / "it's a copy.crmcx", read_only=True) as reader:
                assert reader.digest() == store.digest()

    def test_a_file_that_is_there_is_refused(self, path: Path, tmp_path: Path) -> None:
        taken = tmp_path / "taken.txt"
        taken.write_text("mine", encoding="utf-8")
        with Store(path) as store:
            for target in (taken, path):
                with pytest.raises(StoreError, match=f"the file {target.name} is there already"):
                    store.snapshot_to(target)
            with pytest.raises(StoreError, match="found no folder"):
                store.snapshot_to(tmp_path / "none" / "copy.crmcx")
        assert taken.read_text(encoding="utf-8") == "mine"
        assert sorted(each.name for each in tmp_path.iterdir()) == ["bank.crmcx", "taken.txt"]

    def test_what_a_broken_off_copy_left_is_no_hindrance(self, path: Path, tmp_path: Path) -> None:
        for name in (".copy.crmcx.part", ".copy.crmcx.part.wal"):
            (tmp_path / name).write_text("half", encoding="utf-8")
        with Store(path) as store:
            store.snapshot_to(tmp_path / "copy.crmcx")
        assert sorted(each.name for each in tmp_path.iterdir()) == ["bank.crmcx", "copy.crmcx"]


def stages(snapshot: Snapshot) -> list[tuple[str, str | None]]:
    return sorted((row["source_id"], row["stage"]) for row in snapshot.table("deals").rows())


class TestSnapshot:
    def test_it_does_not_see_a_later_sync(self) -> None:
        with Store(":memory:") as store:
            run(store, listing(DEALS))
            old = store.snapshot()
            table = old.table("deals")

            run(store, listing([deal("1", stage="closing"), *DEALS[1:], deal("4")]))

            before = [("1", "offer"), ("2", "offer")]
            assert stages(old) == before
            assert sorted((row["source_id"], row["stage"]) for row in table.rows()) == before
            assert old.table("deal_changes").rows() == []
            new = store.snapshot()
            assert stages(new) == [("1", "closing"), ("2", "offer"), ("4", None)]
            assert len(new.table("deal_changes").rows()) == 1
            assert stages(old) == before

    def test_its_id_tells_commits_apart(self) -> None:
        with Store(":memory:") as store:
            ids = [store.snapshot().id]
            for stream in (listing([deal("1")], [deal("2")]), listing([deal("1")], name="other")):
                run(store, stream, rows_per_commit=1)
                ids.append(store.snapshot().id)
                assert store.snapshot().id == ids[-1]
            assert ids == ["c0-i0", "c2-i0", "c3-i0"]

    def test_its_tables_carry_its_id(self) -> None:
        with Store(":memory:") as store:
            run(store, listing(DEALS))
            snapshot = store.snapshot()
            assert snapshot.table("deals").snapshot == snapshot.id == "c1-i0"
            with pytest.raises(KeyError):
                snapshot.table("no_table")

    def test_one_in_the_middle_of_a_commit_sees_nothing_of_it(self) -> None:
        seen: list[tuple[str, int]] = []

        def step(name: str) -> None:
            if name in {"books", "committed"}:
                snapshot = store.snapshot()
                seen.append((snapshot.id, len(stages(snapshot))))
                snapshot.close()

        with Store(":memory:") as store:
            store._step = step
            run(store, listing([deal("1"), deal("2")]))
        assert ("c0-i0", 0) in seen
        assert seen[seen.index(("c0-i0", 0)) :][-1] == ("c1-i0", 2)
        assert {number for _, number in seen} == {0, 2}

    def test_others_stay_when_one_is_closed(self) -> None:
        with Store(":memory:") as store:
            run(store, listing(DEALS))
            one, other = store.snapshot(), store.snapshot()
            one.close()
            assert len(stages(other)) == 2


def setting(store: Store, name: str) -> object:
    ((found,),) = store._read("SELECT current_setting($1)", [name])
    return found


class TestSettings:
    @pytest.mark.parametrize("read_only", [False, True])
    def test_they_arrive(self, read_only: bool, path: Path) -> None:
        with Store(path, read_only=read_only, memory="512MiB", threads=3) as store:
            assert setting(store, "memory_limit") == "512.0 MiB"
            assert setting(store, "threads") == 3

    @pytest.mark.parametrize("memory", ["1 GiB", "1gib", "1024MiB", "1.0GiB"])
    def test_spellings_of_a_size(self, memory: str) -> None:
        with Store(":memory:", memory=memory) as store:
            assert setting(store, "memory_limit") == "1.0 GiB"

    def test_without_them_they_are_duckdbs_own(self) -> None:
        with Store(":memory:") as store, duckdb.connect(":memory:") as plain:
            for name in ("memory_limit", "threads"):
                assert [(setting(store, name),)] == plain.execute("SELECT current_setting($1)", [name]).fetchall()

    @pytest.mark.parametrize("memory", ["", "much", "2", "GB", "-1GB", "0GB", "0.0GB", "80%", "2GBs", 2, 2.5, b"2GB"])
    def test_a_memory_that_is_no_size(self, memory: object, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="expected a size such as '2GB'"):
            Store(tmp_path / "bank.crmcx", memory=memory)  # type: ignore[arg-type]
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("threads", [0, -1, 1.0, "2", True, False])
    def test_threads_that_are_no_number(self, threads: object, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="expected a whole number above 0"):
            Store(tmp_path / "bank.crmcx", threads=threads)  # type: ignore[arg-type]
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "settings",
        [
            {"threads": 2**70},
            {"memory": "9999999999999999999TB"},
            pytest.param(
                {"memory": "1KB"},
            ),
        ],
    )
    def test_what_duckdb_refuses(self, settings: dict[str, Any]) -> None:
        with pytest.raises(CrmcxError):
            Store(":memory:", **settings)


CELLS = [
    "UPDATE deals SET stage = 'Offer' WHERE source_id = '2'",
    "UPDATE deals SET owner = '' WHERE source_id = '2'",
    "UPDATE deals SET source = 'crm:two' WHERE source_id = '2'",
    "UPDATE deals SET extra = '{}' WHERE source_id = '2'",
    "UPDATE deals SET stage = owner, owner = stage WHERE source_id = '2'",
    "UPDATE deals SET key = key + 1 WHERE source_id = '2'",
    "UPDATE customers SET name = 'Eve'",
    "UPDATE contact_points SET value = '2' WHERE kind = 'phone'",
    "UPDATE contact_points SET position = 1 - position",
    "UPDATE deal_changes SET new = 'lost' WHERE after_us IS NOT NULL",
    "UPDATE deal_changes SET changed_us = changed_us + 1 WHERE after_us IS NULL",
    "UPDATE books.quarantine SET reason = 'none'",
    "UPDATE books.quarantine SET raw = '{}'",
    "DELETE FROM books.quarantine",
    "DELETE FROM contact_points WHERE kind = 'phone'",
    "INSERT INTO contact_points SELECT * FROM contact_points",
    "INSERT INTO deals SELECT * FROM deals WHERE source_id = '2'",
]
RECORDING = [
    "UPDATE deals SET known_us = known_us + 1, raw_ref = 0, content_hash = 0",
    "UPDATE deal_changes SET changed_us = changed_us + 1, after_us = after_us - 1 WHERE after_us IS NOT NULL",
    "UPDATE books.quarantine SET recorded_us = 0, run_id = 9, quarantine_id = 9, raw_ref = 0",
    "DELETE FROM books.runs",
    "DELETE FROM books.pages",
]


class TestDigest:
    def test_of_two_stores_at_different_times(self) -> None:
        digests = []
        for day, rows_per_commit in ((1, 20_000), (20, 1)):
            clock = Clock()
            clock.on(day)
            with Store(":memory:", clock=clock) as store:
                for stage in ("offer", "closing"):
                    said = [deal("1", stage=stage)], [deal("2"), {"id": "3", "status": "mislaid"}]
                    run(store, listing(*said), rows_per_commit=rows_per_commit)
                    run(store, listing(*said), rows_per_commit=rows_per_commit)
                assert len(rows(store, "deal_changes")) == 1
                digests.append(store.digest())
        assert digests[0] == digests[1]
        assert len(digests[0]) == 64

    @pytest.mark.parametrize("statement", CELLS)
    def test_it_notices_a_changed_cell(self, statement: str) -> None:
        with Store(":memory:", clock=Clock()) as store:
            fill(store)
            before = store.digest()
            store._connection.execute(statement).fetchall()
            assert store.digest() != before

    @pytest.mark.parametrize("statement", RECORDING)
    def test_it_ignores_what_recording_added(self, statement: str) -> None:
        with Store(":memory:", clock=Clock()) as store:
            fill(store)
            before = store.digest()
            ((touched,),) = store._connection.execute(statement).fetchall()
            assert touched
            assert store.digest() == before

    def test_the_order_of_rows_does_not_matter(self) -> None:
        digests = set()
        for said in (DEALS[:2], DEALS[1::-1]):
            with Store(":memory:") as store:
                run(store, listing(said))
                digests.add(store.digest())
        assert len(digests) == 1


class TestClosed:
    @pytest.mark.parametrize(
        "use",
        [
            Store.status,
            Store.snapshot,
            Store.digest,
            Store.quarantine,
            lambda store: store.stream_state("crm", "deals"),
            lambda store: store.page_body(1),
            lambda store: store.start_run("crm"),
            lambda store: run(store, listing(DEALS)),
            lambda store: store.snapshot_to(Path(store.path).with_name("copy.crmcx")),
        ],
    )
    def test_it_says_so(self, use: Callable[[Store], object], path: Path) -> None:
        store = Store(path)
        store.close()
        store.close()

        with pytest.raises(StoreError, match=r"the store bank\.crmcx is closed; open it again"):
            use(store)

        assert [each.name for each in path.parent.iterdir()] == ["bank.crmcx"]
        with Store(path) as again:
            assert len(rows(again, "deals")) == 2


def test_it_is_found_as_it_was_left(tmp_path: Path) -> None:
    path = tmp_path / "bank.crmcx"
    with Store(path) as store:
        fill(store)
        digest, status = store.digest(), store.status()
    with Store(str(path)) as store:
        assert (store.digest(), store.status()) == (digest, status)
    assert [each.name for each in tmp_path.iterdir()] == ["bank.crmcx"]


def test_it_tells_the_time_it_is_told() -> None:
    noon = datetime(2025, 1, 1, 12, tzinfo=UTC)
    with Store(":memory:", clock=lambda: noon) as store:
        run(store, listing(DEALS))
        assert store.status().streams[0].finished_at == noon
        assert {at for (at,) in books(store, "commits", "at_us")} == {store.now_us()} == {1_735_732_800_000_000}


class TestRegister:
    def test_a_name_belongs_to_one_connector(self) -> None:
        with Store(":memory:") as store:
            store.register("crm", "hubspot", {"b": 1, "a": 2})
            store.register("crm", "hubspot", {"a": 3})
            with pytest.raises(StoreError, match="the name 'crm' belongs to a connection of hubspot"):
                store.register("crm", "salesforce", {})
            assert books(store, "connections") == [("crm", "hubspot", '{"a": 3}')]

    @pytest.mark.parametrize("name", ["", "a b", "a/b", "it's"])
    def test_a_name_that_is_none(self, name: str) -> None:
        with Store(":memory:") as store:
            with pytest.raises(UsageError, match="is not a name"):
                store.register(name, "files", {})
            assert books(store, "connections") == []
