"""All tables of a store as they stand at one moment, in one read transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from crmcx.instants import from_us
from crmcx.models.base import Model
from crmcx.store.ddl import literal
from crmcx.store.extension import extended
from crmcx.store.status import known_since_sql
from crmcx.tables import TABLES, StoredTable, TableSchema, schema_of


class Snapshot:
    """All tables of the store as they stand at one moment; syncs do not touch it."""

    def __init__(self, cursor: Any, demand_open: Callable[[], None]) -> None:  # noqa: ANN401 - a DuckDB cursor
        self._cursor = cursor
        self._demand_open = demand_open
        self._lock = threading.RLock()
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        ((commit, identity),) = cursor.execute(
            "SELECT (SELECT coalesce(max(commit_id), 0) FROM books.commits),"
            " (SELECT coalesce(max(version), 0) FROM identity.versions)"
        ).fetchall()
        self.id = f"c{commit}-i{identity}"
        """What receipts call it: the last commit and the version of identity."""

    def table(self, name: str) -> StoredTable:
        """One table."""
        return self._table(f"SELECT * FROM analysis.{TABLES[name].name}", TABLES[name])

    def _table(self, sql: str, schema: TableSchema) -> StoredTable:
        since, first = partial(self.known_since, schema.name), partial(self._first_seen, schema.name)
        return StoredTable(self._cursor.sql(sql), schema, self.id, since, first)

    def _first_seen(self, table: str) -> Any:  # noqa: ANN401 - a DuckDB relation
        """When each row of a table was first seen, where a source keeps no history: `key`, `first_us`."""
        return self._cursor.sql(f"SELECT key, first_us FROM books.seen WHERE table_name = {literal(table)}")

    def known_since(self, table: str) -> dict[str, datetime]:
        """Since when each source of a table is known; see `Store.known_since`.

        Raises:
            UsageError: There is no such table.
            StoreError: The store is closed.
        """
        return {source: from_us(us) for source, us in self.query(known_since_sql(table))}

    def extended(self, cls: type[Model]) -> StoredTable:
        """The table of a class of one's own that adds fields to one of the model, with their columns."""
        return self._table(extended(cls), schema_of(cls))

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a question, for the rooms above the store.

        Raises:
            StoreError: The store is closed.
        """
        with self._lock:
            self._demand_open()
            return list(self._cursor.execute(sql, list(parameters)).fetchall())

    def dicts(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a question, by name.

        Raises:
            StoreError: The store is closed.
        """
        with self._lock:
            self._demand_open()
            found = self._cursor.execute(sql, list(parameters))
            names = [name for name, *_ in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def close(self) -> None:
        """Let the snapshot go."""
        self._cursor.close()
