"""The tables of a snapshot as Parquet files by month, which Spark and others read."""

from __future__ import annotations

import shutil
from pathlib import Path

from attrs import frozen

from crmcx import engines
from crmcx._html import html_table
from crmcx.errors import CountMismatchError, StoreError, StoreFullError
from crmcx.store.ddl import literal, quoted
from crmcx.store.snapshot import Snapshot
from crmcx.tables import TABLES, TableSchema

UNKNOWN = "unknown"
"""The month of a row that does not say when it happened."""


@frozen(kw_only=True)
class ExportedTable:
    """One table of an export."""

    name: str
    """Its name, which is that of its folder."""
    rows: int
    """Its rows."""
    files: int
    """The files that hold them."""


@frozen(kw_only=True, repr=False)
class Exported:
    """What an export wrote. Prints as a table; a notebook shows it as HTML."""

    path: str
    """The folder."""
    snapshot: str
    """Id of the snapshot, as it stands in receipts."""
    tables: tuple[ExportedTable, ...]
    """Every table, also the empty ones."""

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(each.rows for each in self.tables)

    @property
    def files(self) -> int:
        """Files of all tables."""
        return sum(each.files for each in self.tables)

    @property
    def _caption(self) -> str:
        return f"snapshot {self.snapshot} in {self.path}: {self.rows:,} rows in {self.files:,} files"

    def __repr__(self) -> str:
        lines = [f"  {each.name:<20}{each.rows:>12,}{each.files:>8,}" for each in self.tables if each.rows]
        return "\n".join([self._caption, f"  {'table':<20}{'rows':>12}{'files':>8}", *lines])

    def _repr_html_(self) -> str:
        rows = [[each.name, f"{each.rows:,}", f"{each.files:,}"] for each in self.tables if each.rows]
        return html_table(["table", "rows", "files"], rows, self._caption)


def export(snapshot: Snapshot, folder: Path) -> Exported:
    """Write every table of a snapshot: a folder each, by month where its rows happened at an instant.

    Args:
        snapshot: What is written; its transaction ends when writing fails.
        folder: A folder that is empty or not there yet. It has its name only when everything is written.

    Returns:
        Rows and files of each table.

    Raises:
        StoreError: The folder holds something, is a file, or the one it is to stand in is not there.
        StoreFullError: The disk is full; nothing is left behind.
        CountMismatchError: Fewer or more rows were written than the table has; nothing is left behind.
    """
    target = folder.absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        what = "is not empty" if target.is_dir() else "is a file"
        msg = f"the folder {target.name} {what}" if target.is_dir() else f"{target.name} {what}"
        raise StoreError(msg, hint="choose another folder, or empty it first")
    if not target.parent.is_dir():
        msg = f"found no folder {target.parent}"
        raise StoreError(msg, hint="make it, or choose another path")
    unfinished = target.with_name(f".{target.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)  # of an export whose process died
    try:
        unfinished.mkdir()
        tables = tuple(_write(snapshot, schema, unfinished / schema.name) for schema in TABLES.values())
        if target.exists():
            target.rmdir()
        unfinished.rename(target)
    except BaseException as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if engines.could_not_write(error) or (isinstance(error, OSError) and not isinstance(error, StoreError)):
            msg = f"the export {target.name} could not be written: no room on the disk, or no right to write there"
            raise StoreFullError(msg, hint="make room, or choose another folder") from error
        raise
    return Exported(path=str(folder), snapshot=snapshot.id, tables=tables)


def _write(snapshot: Snapshot, schema: TableSchema, folder: Path) -> ExportedTable:
    """Write one table in the columns of its class: whole numbers, floats, text and truth values, and nothing else."""
    columns = ", ".join(quoted(name) for name in schema.names)
    chosen = f"SELECT {columns} FROM analysis.{schema.name}"
    ((expected,),) = snapshot.query(f"SELECT count(*) FROM analysis.{schema.name}")
    if schema.happened and expected:
        month = f"coalesce(strftime(make_timestamp({schema.happened}), '%Y-%m'), '{UNKNOWN}') AS month"
        chosen = f"SELECT {columns}, {month} FROM analysis.{schema.name}"
        place, by_month = folder, ", PARTITION_BY (month)"
    else:
        # An empty table has one file too, so that a reader finds its columns.
        place, by_month = folder / "data_0.parquet", ""
        if schema.happened:
            place = folder / f"month={UNKNOWN}" / "data_0.parquet"
        place.parent.mkdir(parents=True)
    ((written,),) = snapshot.query(f"COPY ({chosen}) TO {literal(str(place))} (FORMAT parquet{by_month})")
    if written != expected:
        msg = f"{written} rows of {schema.name} were written, expected {expected}"
        raise CountMismatchError(msg, hint="nothing was kept; export again, and report it if it stays")
    return ExportedTable(name=schema.name, rows=written, files=sum(1 for _ in folder.rglob("*.parquet")))
