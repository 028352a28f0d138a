"""A store written anew: DuckDB does not shrink a file, and rows lie in it as they came.

The new file is whole before it takes the name of the old one, and this process holds the lock of the one that has the
name at every moment in between, so that no other writes into the one that goes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen

from crmcx import engines
from crmcx.errors import CountMismatchError, StoreError, StoreFullError
from crmcx.store.ddl import STORAGE_FORMAT, literal, quoted
from crmcx.tables import TABLES

_NEW = "written_anew"


@frozen(kw_only=True, repr=False)
class Compacted:
    """How large a store was and is. Prints as a sentence."""

    bytes_before: int
    """Bytes of its file before; 0 for a store in memory."""
    bytes_after: int
    """Bytes of its file after; 0 for a store in memory."""

    def __repr__(self) -> str:
        if not self.bytes_before:
            return "a store in memory has no file to compact"
        return f"compacted from {self.bytes_before:,} to {self.bytes_after:,} bytes"


def unfinished(path: str) -> Path:
    """The file beside a store that is to take its place."""
    file = Path(path).resolve()
    return file.with_name(f".{file.name}.part")


def clear_unfinished(path: str) -> None:
    """Take away what a compaction left whose process died."""
    if path != ":memory:":
        unfinished(path).unlink(missing_ok=True)
        _log(unfinished(path)).unlink(missing_ok=True)


def _log(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


def demand_alone(connection: Any) -> None:  # noqa: ANN401 - a DuckDB connection
    """Demand that nothing else in this process has the file open, which would go on with the old one.

    Raises:
        StoreError: Something has.
    """
    ((connections,),) = connection.execute("SELECT * FROM duckdb_connection_count()").fetchall()
    if connections != 1:
        msg = f"the store has {connections} connections in this process, expected only its own"
        raise StoreError(msg, hint="close the others, such as one of duckdb.connect(), and compact again")


def replace(connection: Any, path: str, step: Callable[[str], None], *, reopen: Callable[[], None]) -> None:  # noqa: ANN401
    """Write the store anew beside itself, and put the new file into its place.

    Args:
        connection: The only connection to the store.
        path: The store's file.
        step: Called with the name of each step before it is done, so that a test can stop there.
        reopen: Closes the connection and opens the new file; called however it ends once that has its place.

    Raises:
        StoreFullError: The disk is full; the store is as it was.
        StoreError: The log of the store could not be taken in; it is as it was.
    """
    old, new = Path(path).resolve(), unfinished(path)
    clear_unfinished(path)
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    step("checkpoint")
    try:
        connection.execute("CHECKPOINT").fetchall()
        connection.execute(
            f"ATTACH {literal(str(new))} AS {_NEW} (STORAGE_VERSION {literal(STORAGE_FORMAT)})"
        ).fetchall()
        try:
            _copy(connection, name, step)
            step("checkpoint new")
            connection.execute(f"CHECKPOINT {_NEW}").fetchall()
            if _log(old).exists() or _log(new).exists():
                msg = f"the log of {old.name} could not be taken into its file"
                raise StoreError(msg, hint="close the store, open it and compact again; it is as it was")
            # Neither file may be opened here: when a process closes a file, it loses the locks it has on it.
            shutil.copymode(old, new)
            step("replace")
        except BaseException:
            connection.execute(f"DETACH {_NEW}").fetchall()
            raise
    except BaseException as error:
        clear_unfinished(path)
        if engines.could_not_write(error):
            msg = f"the store {old.name} could not be compacted: no room on the disk, or a limit on the file's size"
            raise StoreFullError(msg, hint="make room for a second copy; the store is as it was") from error
        raise
    new.replace(old)
    try:
        step("replaced")
        _to_disk(old.parent)
        connection.execute(f"USE {_NEW}").fetchall()
        connection.execute(f"DETACH {quoted(name)}").fetchall()
        step("reopen")
    finally:
        reopen()


def _copy(connection: Any, name: str, step: Callable[[str], None]) -> None:  # noqa: ANN401 - a DuckDB connection
    connection.execute(f"COPY FROM DATABASE {quoted(name)} TO {_NEW} (SCHEMA)").fetchall()
    tables = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $1 ORDER BY ALL", [name]
    ).fetchall()
    for schema, table in tables:
        step(f"copy {table}")
        spelled = f"{quoted(schema)}.{quoted(table)}"
        ((written,),) = connection.execute(
            f"INSERT INTO {_NEW}.{spelled} SELECT * FROM {quoted(name)}.{spelled}"
            f" {_order(table) if schema == 'main' else ''}"
        ).fetchall()
        ((expected,),) = connection.execute(f"SELECT count(*) FROM {quoted(name)}.{spelled}").fetchall()
        if written != expected:
            msg = f"{written} rows of {table} were copied, expected {expected}"
            raise CountMismatchError(msg, hint="the store is as it was; compact again, and report it if it stays")


def _order(table: str) -> str:
    """The order in which the rows of a table are written.

    By the record of the customer, not by person: a person is a few records, each of which then lies in one place, and
    DuckDB knows of each block its least and its largest key. A person's id is in no table, so it could skip no block.
    """
    if table not in TABLES or "customer_key" not in TABLES[table]:
        return ""
    schema = TABLES[table]
    rest = [name for name in (schema.happened, "key", "position") if name is not None and name in schema]
    return f"ORDER BY {', '.join(map(quoted, ['customer_key', *rest]))}"


def _to_disk(folder: Path) -> None:
    """See that what a folder lists outlives a loss of power; DuckDB itself sees to the files."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
