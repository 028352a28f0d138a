"""The tables of a snapshot as users hold them, each under its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmcx.errors import UsageError
from crmcx.models.base import Model
from crmcx.store.snapshot import Snapshot
from crmcx.tables import TABLES, AskedTable, StoredTable


class Tables:
    """The tables of one snapshot, each under its name; syncs do not touch them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @property
    def snapshot(self) -> str:
        """Id of the snapshot, as it stands in receipts."""
        return self._snapshot.id

    def __getattr__(self, name: str) -> StoredTable:
        if name.startswith("_") or name not in TABLES:
            msg = f"there is no table {name!r}; there are: {', '.join(TABLES)}"
            raise AttributeError(msg)
        return self._snapshot.table(name)

    def of(self, cls: type[Model]) -> StoredTable:
        """The table of a class; one of your own that adds fields to one of the model has their columns too.

        Raises:
            UsageError: The class has no table here.
        """
        schema = TABLES.get(getattr(cls, "table", ""))
        if schema is None or not issubclass(cls, schema.cls):
            msg = f"{cls.__name__} has no table in a store"
            raise UsageError(msg, hint="derive it from a class of crmcx.models, and give it no table= of its own")
        return self._snapshot.table(schema.name) if cls is schema.cls else self._snapshot.extended(cls)

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> AskedTable:
        """The answer to one SELECT over these tables; see `Workspace.sql`."""
        return self._snapshot.ask(query, parameters)

    def __dir__(self) -> list[str]:
        return [*TABLES, "of", "snapshot", "sql"]

    def __repr__(self) -> str:
        return f"<tables of snapshot {self.snapshot}: {', '.join(TABLES)}>"
