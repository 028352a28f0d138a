"""Opening a DuckDB file, and what its errors mean to a store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from crmcx.engines.arrow import ColumnStream
from crmcx.errors import StoreError, StoreFullError, StoreLockedError, StoreVersionError

_HEADERS = 3 * 4096
_MAGIC, _MAGIC_AT = b"DUCK", 8
_NO_MEMORY = "failed to pin block"


def connect(path: str, config: Mapping[str, Any], *, read_only: bool) -> Any:  # noqa: ANN401 - a DuckDB connection
    """A connection to a DuckDB file, which is made when it is not there.

    Args:
        path: The file, or `:memory:`.
        config: DuckDB's settings by name.
        read_only: Open to read only.

    Raises:
        StoreLockedError: Another process has it open for writing.
        StoreVersionError: It is no DuckDB file.
        StoreFullError: There is no room to make it.
        StoreError: It cannot be opened, or is not there and was to be read only.
    """
    import duckdb  # noqa: PLC0415 - an engine, loaded at first use

    name = Path(path).name
    if read_only and not Path(path).is_file():
        msg = f"found no store {name} in {Path(path).parent}"
        raise StoreError(msg, hint="check the path; a store is made by opening it without read_only=True")
    if not read_only:
        _clear_unfinished(Path(path))
    try:
        return duckdb.connect(path, config=dict(config), read_only=read_only)
    except duckdb.ConnectionException:
        msg = f"the store {name} is open in this process with other settings"
        raise StoreLockedError(msg, hint="use the workspace that is open, or close it first") from None
    except duckdb.IOException as error:
        text = str(error)
        if "lock" in text.lower():
            holder = re.search(r"PID (\d+)", text)
            msg = f"the store {name} is open for writing in another process{f' (PID {holder[1]})' if holder else ''}"
            raise StoreLockedError(msg, hint="close it there, or read a copy made by snapshot_to()") from None
        if "not a valid DuckDB database" in text:
            msg = f"{name} is no DuckDB file"
            raise StoreVersionError(msg, hint="choose another path; the file was not touched") from None
        if "could not write" in text.lower():
            msg = f"the store {name} could not be made: no room on the disk, or a limit on the file's size"
            raise StoreFullError(msg, hint="make room, or choose another disk") from error
        msg = f"the store {name} cannot be opened"
        raise StoreError(msg, hint="check that the folder is there and may be written") from error
    except duckdb.Error as error:
        msg = f"DuckDB refuses a setting of the store {name}: {str(error).splitlines()[0]}"
        raise StoreError(msg, hint="pass memory such as '2GB' and a whole number of threads") from None


def _clear_unfinished(file: Path) -> None:
    """Take away a file whose making was broken off: shorter than DuckDB's headers, and nothing else's."""
    if not file.is_file() or file.stat().st_size >= _HEADERS:
        return
    begun = file.read_bytes()
    if not begun.strip(b"\0") or begun[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] == _MAGIC:
        file.unlink()


def roll_back(connection: Any) -> bool:  # noqa: ANN401 - a DuckDB connection
    """Undo the open transaction.

    Returns:
        Whether the connection can go on: after a fatal error DuckDB has rolled back by itself and takes no statement.
    """
    import duckdb  # noqa: PLC0415 - an engine, loaded at first use

    try:
        connection.execute("ROLLBACK").fetchall()
    except duckdb.FatalException:
        return False
    except duckdb.TransactionException:
        return True  # DuckDB had ended the transaction itself
    return True


@contextmanager
def handed_over(connection: Any, name: str, columns: ColumnStream) -> Iterator[None]:  # noqa: ANN401
    """Columns as a view of the connection, while the block runs."""
    import duckdb  # noqa: PLC0415 - an engine, loaded at first use

    connection.register(name, columns)
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # the transaction may be over, and the error that ended it is the one to tell
            connection.unregister(name)
        raise
    connection.unregister(name)


def lacks_memory(error: BaseException) -> bool:
    """Whether an error means that the memory that was given does not suffice."""
    import duckdb  # noqa: PLC0415 - an engine, loaded at first use

    at_commit = isinstance(error, duckdb.TransactionException | duckdb.FatalException)
    return isinstance(error, duckdb.OutOfMemoryException) or (at_commit and _NO_MEMORY in str(error))


def could_not_write(error: BaseException) -> bool:
    """Whether an error means that the file could not be written."""
    import duckdb  # noqa: PLC0415 - an engine, loaded at first use

    if lacks_memory(error):
        return False
    if isinstance(error, duckdb.TransactionException):
        return "could not write" in str(error).lower()  # the log could not be written at COMMIT
    return isinstance(error, duckdb.FatalException | duckdb.IOException)
