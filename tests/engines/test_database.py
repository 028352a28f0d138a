"""Opening a DuckDB file, and what its errors mean."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crmcx.engines import connect, could_not_write, roll_back
from crmcx.errors import StoreError, StoreLockedError, StoreVersionError

HOLD = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read(); c.close()"


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = str(tmp_path / "store.duckdb")
    with connect(path, {}, read_only=False) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    return path


@pytest.fixture
def memory() -> Iterator[Any]:
    with connect(":memory:", {"threads": 1}, read_only=False) as connection:
        yield connection


class TestConnect:
    def test_settings_are_passed_on(self, memory: Any) -> None:
        assert memory.execute("SELECT current_setting('threads')").fetchall() == [(1,)]

    def test_a_file_is_kept(self, file: str) -> None:
        with connect(file, {}, read_only=True) as connection:
            assert connection.execute("SELECT * FROM t").fetchall() == [(1,)]
            with pytest.raises(duckdb.InvalidInputException):
                connection.execute("INSERT INTO t VALUES (2)")

    @pytest.mark.parametrize("name", ["none.duckdb", "."])
    def test_nothing_there_to_read(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(StoreError, match=r"found no store .*; check the path") as caught:
            connect(str(tmp_path / name), {}, read_only=True)
        assert type(caught.value) is StoreError
        assert not list(tmp_path.iterdir())

    def test_open_in_this_process_with_other_settings(self, file: str) -> None:
        with connect(file, {}, read_only=False), pytest.raises(StoreLockedError, match=r"store.duckdb is open in this"):
            connect(file, {"threads": 1}, read_only=False)

    @pytest.mark.parametrize("read_only", [True, False])
    def test_open_in_another_process(self, file: str, read_only: bool) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as holder:
            assert holder.stdin
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(StoreLockedError, match=rf"in another process \(PID {holder.pid}\); close it there"):
                connect(file, {}, read_only=read_only)
            holder.stdin.close()
            assert holder.wait(30) == 0
        connect(file, {}, read_only=read_only).close()

    def test_a_lock_without_a_holder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        refuse(monkeypatch, duckdb.IOException("IO Error: Could not set LOCK on file"))
        with pytest.raises(StoreLockedError, match="in another process; close it there"):
            connect("store.duckdb", {}, read_only=False)

    def test_no_duckdb_file(self, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("no database " * 2_000)
        with pytest.raises(StoreVersionError, match=r"notes.txt is no DuckDB file; .* the file was not touched"):
            connect(str(path), {}, read_only=False)
        assert path.read_text() == "no database " * 2_000

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="cannot be opened; check that the folder is there") as caught:
            connect(str(tmp_path / "none" / "store.duckdb"), {}, read_only=False)
        assert type(caught.value) is StoreError
        assert isinstance(caught.value.__cause__, duckdb.IOException)

    def test_a_setting_that_duckdb_refuses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        refuse(monkeypatch, duckdb.InvalidInputException("Invalid: threads\nLINE 1"))
        with pytest.raises(StoreError, match=r"refuses a setting of the store store.duckdb: Invalid: threads; pass"):
            connect("store.duckdb", {"threads": "x"}, read_only=False)

    @pytest.mark.parametrize(
        "config",
        [
            {"threads": "many"},
            {"memory_limit": "lots"},
            {"threads": -1},
        ],
    )
    def test_settings_that_make_no_sense(self, config: dict[str, Any]) -> None:
        with pytest.raises(StoreError, match="DuckDB refuses a setting"):
            connect(":memory:", config, read_only=False)


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def connecting(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(duckdb, "connect", connecting)


class TestRollBack:
    def test_an_open_transaction(self, memory: Any) -> None:
        memory.execute("CREATE TABLE t (x INTEGER)")
        memory.execute("BEGIN")
        memory.execute("INSERT INTO t VALUES (1)")
        assert roll_back(memory)
        assert memory.execute("SELECT count(*) FROM t").fetchall() == [(0,)]

    def test_none_is_open(self, memory: Any) -> None:
        assert roll_back(memory)
        assert memory.execute("SELECT 1").fetchall() == [(1,)]

    def test_after_a_fatal_error(self) -> None:
        class Broken:
            def execute(self, statement: str) -> None:
                raise duckdb.FatalException(statement)

        assert not roll_back(Broken())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (duckdb.FatalException("x"), True),
        (duckdb.IOException("x"), True),
        (duckdb.ConversionException("x"), False),
        (OSError("x"), False),
    ],
)
def test_could_not_write(error: BaseException, expected: bool) -> None:
    assert could_not_write(error) is expected
