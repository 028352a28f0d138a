"""Files of stores: the settings they are opened with, whether one holds a store, copies."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from crmcx import engines
from crmcx.errors import StoreError, StoreFullError, StoreLockedError, StoreVersionError, UsageError
from crmcx.store.ddl import SETTINGS, STORAGE_FORMAT, STORE_VERSION, literal, quoted
from crmcx.store.upcasting import OLDEST

_MEMORY = re.compile(r"(\d+|\d*\.\d+) ?[KMGT]i?B", re.IGNORECASE)


def settings(*, read_only: bool, memory: object, threads: object) -> dict[str, Any]:
    """DuckDB's settings for a store.

    Raises:
        UsageError: The memory is no size, or the threads are no whole number above 0.
    """
    config: dict[str, Any] = {} if read_only else {**SETTINGS}
    if memory is not None:
        if not (isinstance(memory, str) and _MEMORY.fullmatch(memory) and memory.strip("0. ")[0].isdigit()):
            msg = f"found memory={memory!r}, expected a size such as '2GB' or '500MB'"
            raise UsageError(msg, hint="leave it out for DuckDB's own default")
        config["memory_limit"] = memory
    if threads is not None:
        if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
            msg = f"found threads={threads!r}, expected a whole number above 0"
            raise UsageError(msg, hint="leave it out for one thread a core")
        config["threads"] = threads
    return config


_CLAIMED: set[Path] = set()
"""Files that this process has open for writing: DuckDB itself would let two connections of a process write."""
_CLAIMING = threading.Lock()


def claim(path: str) -> Callable[[], None] | None:
    """Claim a file for the one store that writes it.

    Returns:
        What lets it go again; None for a store in memory, of which each is its own.

    Raises:
        StoreLockedError: Another store of this process writes it.
    """
    if path == ":memory:":
        return None
    file = Path(path).resolve()
    with _CLAIMING:
        if file in _CLAIMED:
            msg = f"the store {file.name} is open for writing in this process already"
            raise StoreLockedError(msg, hint="use the one that is open, or close it first")
        _CLAIMED.add(file)
    return lambda: _CLAIMED.discard(file)


def look_first(path: str) -> None:
    """See that a file is ours before it is opened for writing, which would take in its log.

    Raises:
        StoreVersionError: It holds something else, or a store of a newer version.
    """
    file = Path(path)
    if path == ":memory:" or not file.with_name(f"{file.name}.wal").is_file() or not file.is_file():
        return
    connection = engines.connect(path, {}, read_only=True)
    try:
        layout_of(connection, file.name)
    finally:
        connection.close()


def layout_of(connection: Any, name: str) -> int | None:  # noqa: ANN401 - a DuckDB connection
    """The layout of the store that a DuckDB file holds; None when it holds nothing at all.

    Args:
        connection: A connection to the file.
        name: Name of the file, for messages.

    Raises:
        StoreVersionError: It is a store of a newer version, or holds something else.
    """
    ((marked, anything),) = connection.execute(
        """SELECT
            (SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'books'
                AND table_name = 'meta'),
            (SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database())
            + (SELECT count(*) FROM duckdb_views() WHERE database_name = current_database() AND NOT internal)
            + (SELECT count(*) FROM duckdb_sequences() WHERE database_name = current_database())
            + (SELECT count(*) FROM duckdb_schemas() WHERE database_name = current_database() AND NOT internal)"""
    ).fetchall()
    if not anything:
        return None
    rows = connection.execute("SELECT * FROM books.meta").fetchall() if marked else []
    found = dict(row for row in rows if len(row) == len(("name", "value")))
    layout = str(found.get("store_version"))
    if not layout.isdigit():
        msg = f"{name} is a DuckDB file without a crmcx store"
        raise StoreVersionError(msg, hint="choose another path; the file was not touched")
    if int(layout) > STORE_VERSION:
        msg = f"the store {name} has layout {layout}, this crmcx {version('crmcx')} knows up to {STORE_VERSION}"
        raise StoreVersionError(msg, hint="update crmcx to open it")
    if int(layout) < OLDEST:
        msg = f"the store {name} has layout {layout}, which this crmcx {version('crmcx')} no longer reads"
        raise StoreVersionError(msg, hint="choose another path, and sync the sources into a new store")
    return int(layout)


def copy_store(connection: Any, target: Path) -> None:  # noqa: ANN401 - a DuckDB connection
    """Copy a store into a new file, which has its name only when it is whole.

    Raises:
        StoreError: The file is there, or its folder is not.
        StoreFullError: The disk is full; nothing is left behind.
    """
    if target.exists():
        msg = f"the file {target.name} is there already"
        raise StoreError(msg, hint="choose another path, or delete it first")
    if not target.parent.is_dir():
        msg = f"found no folder {target.parent}"
        raise StoreError(msg, hint="make it, or choose another path")
    unfinished = target.with_name(f".{target.name}.part")
    log = unfinished.with_name(f"{unfinished.name}.wal")
    unfinished.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    spelled = literal(str(unfinished))
    try:
        connection.execute(f"ATTACH {spelled} AS copy_to (STORAGE_VERSION {literal(STORAGE_FORMAT)})").fetchall()
        try:
            connection.execute(f"COPY FROM DATABASE {quoted(name)} TO copy_to").fetchall()
        finally:
            connection.execute("DETACH copy_to").fetchall()
        unfinished.rename(target)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
        if engines.could_not_write(error):
            msg = f"the copy {target.name} could not be written: no room on the disk, or a limit on the file's size"
            raise StoreFullError(msg, hint="make room, or choose another disk") from error
        raise
