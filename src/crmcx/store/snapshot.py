"""All tables of a store as they stand at one moment, in one read transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from crmcx import engines
from crmcx.errors import StoreError
from crmcx.instants import from_us
from crmcx.models.base import Model
from crmcx.store.asking import SCHEMA, demand_question
from crmcx.store.ddl import literal
from crmcx.store.extension import extended
from crmcx.store.status import known_since_sql
from crmcx.tables import TABLES, AskedTable, StoredTable, TableSchema, schema_of


class Snapshot:
    """All tables of the store as they stand at one moment; syncs do not touch it."""

    def __init__(self, cursor: Any, demand_open: Callable[[], None]) -> None:  # noqa: ANN401 - a DuckDB cursor
        self._cursor = cursor
        self._demand_open = demand_open
        self._lock = threading.RLock()
        self._ended: str | None = None
        self.id = _begin(cursor)
        """What receipts call it: the last commit and the version of identity."""
        # Questions have a transaction of their own, since an error in one ends its transaction.
        self._asked = self._begin_asking()

    def table(self, name: str) -> StoredTable:
        """One table.

        Raises:
            StoreError: The snapshot has ended.
        """
        return self._table(f"SELECT * FROM analysis.{TABLES[name].name}", TABLES[name])

    def extended(self, cls: type[Model]) -> StoredTable:
        """The table of a class of one's own that adds fields to one of the model, with their columns.

        Raises:
            StoreError: The snapshot has ended.
        """
        return self._table(extended(cls), schema_of(cls))

    def _table(self, sql: str, schema: TableSchema) -> StoredTable:
        self._demand_going()
        since, first = partial(self.known_since, schema.name), partial(self._first_seen, schema.name)
        return StoredTable(self._cursor.sql(sql), schema, self.id, since, first)

    def _first_seen(self, table: str) -> Any:  # noqa: ANN401 - a DuckDB relation
        """When each row of a table was first seen, where a source keeps no history: `key`, `first_us`."""
        self._demand_going()
        return self._cursor.sql(f"SELECT key, first_us FROM books.seen WHERE table_name = {literal(table)}")

    def known_since(self, table: str) -> dict[str, datetime]:
        """Since when each source of a table is known; see `Store.known_since`.

        Raises:
            UsageError: There is no such table.
            StoreError: The store is closed.
        """
        return {source: from_us(us) for source, us in self.query(known_since_sql(table))}

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a question, for the rooms above the store.

        Raises:
            StoreError: The store is closed.
        """
        with self._lock:
            self._demand_going()
            return list(self._cursor.execute(sql, list(parameters)).fetchall())

    def dicts(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a question, by name.

        Raises:
            StoreError: The store is closed.
        """
        with self._lock:
            self._demand_going()
            found = self._cursor.execute(sql, list(parameters))
            names = [name for name, *_ in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def ask(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> AskedTable:
        """The answer to a SELECT that somebody else wrote.

        Args:
            sql: One SELECT over the tables, by their plain names.
            parameters: Values for `$1`, `$2` or, by name, for `$name`.

        Raises:
            UsageError: It is no SELECT over the tables, or DuckDB cannot answer it.
            StoreError: The snapshot has ended, or the store has changed and an error ended its questions.
        """
        with self._lock:
            self._demand_going()
            if not engines.is_sound(self._asked):
                self._asked.close()
                self._asked = self._begin_asking()
            demand_question(self._asked, sql)
            return AskedTable(engines.relation_of(self._asked, sql, parameters), self.id)

    def _begin_asking(self) -> Any:  # noqa: ANN401 - a DuckDB cursor
        cursor = self._cursor.cursor()
        cursor.execute(f"SET schema = '{SCHEMA}'").fetchall()
        if _begin(cursor) != self.id:
            cursor.close()
            msg = f"an error ended the questions to snapshot {self.id}, and the store has changed since"
            raise StoreError(msg, hint="ask the next snapshot: refresh()")
        return cursor

    def _demand_going(self) -> None:
        self._demand_open()
        if self._ended:
            msg = f"the snapshot {self.id} ended: {self._ended}"
            raise StoreError(msg, hint="take the next one: refresh()")

    def close(self) -> None:
        """Let the snapshot go."""
        self.end("it was closed")

    def end(self, why: str) -> None:
        """Let it go, and tell who asks it later why."""
        with self._lock:
            self._ended = self._ended or why
            self._asked.close()
            self._cursor.close()


def _begin(cursor: Any) -> str:  # noqa: ANN401 - a DuckDB cursor
    """Begin to read; the id of the moment. DuckDB fixes it when something is read first."""
    cursor.execute("BEGIN TRANSACTION READ ONLY").fetchall()
    ((commit, identity),) = cursor.execute(
        "SELECT (SELECT coalesce(max(commit_id), 0) FROM books.commits),"
        " (SELECT coalesce(max(version), 0) FROM identity.versions)"
    ).fetchall()
    return f"c{commit}-i{identity}"
