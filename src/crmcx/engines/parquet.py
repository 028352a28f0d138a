"""Reading Parquet files row by row, by DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crmcx.errors import SourceFileError


def parquet_columns(path: Path) -> tuple[str, ...]:
    """The column names of a Parquet file.

    Raises:
        SourceFileError: It is missing or no Parquet file.
    """
    with _reading(path) as connection:
        found = connection.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(path)])
        return tuple(name for name, *_ in found.fetchall())


def parquet_rows(path: Path, rows: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a Parquet file in their order, `rows` at a time."""
    with _reading(path) as connection:
        found = connection.execute("SELECT * FROM read_parquet($1)", [str(path)])
        while taken := found.fetchmany(rows):
            yield taken


class _reading:  # noqa: N801 - reads as a verb where it is used
    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Any:  # noqa: ANN401 - a DuckDB connection
        import duckdb  # noqa: PLC0415 - an engine, loaded at first use

        if not self._path.is_file():
            msg = f"found no file {self._path.name} in {self._path.parent}"
            raise SourceFileError(msg, hint="check the path, or export the file again", file=self._path.name)
        self._connection = duckdb.connect(":memory:", config={"threads": 1, "preserve_insertion_order": True})
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        import duckdb  # noqa: PLC0415 - an engine, loaded at first use

        self._connection.close()
        if isinstance(error, duckdb.Error):
            msg = f"{self._path.name} cannot be read as Parquet"
            raise SourceFileError(msg, hint="check that the export is a Parquet file", file=self._path.name) from None
