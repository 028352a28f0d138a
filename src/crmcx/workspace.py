"""The workspace: one object that ties connections, store, tables and people together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Named
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from crmcx.connectors import Connector, Given, Mapping, installed
from crmcx.errors import UsageError, demand_one_of
from crmcx.identity import Person, Policy, Resolution, Why, person, resolve, why
from crmcx.models import Record
from crmcx.store import Compacted, Disconnected, Exported, Quarantine, Status, Store, Tables, export
from crmcx.sync import (
    Listener,
    Progress,
    Run,
    RunReport,
    SyncReport,
    over_all,
    replay,
    sync,
)
from crmcx.tables import AskedTable, rows_of

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*(:[A-Za-z0-9_.-]+)?")


class Workspace:
    """A store with its connections.

    Args:
        path: The store's file, made when it is not there; `:memory:` for one that is gone at the end.
        read_only: Open to read only; any number of processes may, while none writes.
        memory: The most memory the store's engine takes, such as `2GB`.
        threads: The most threads it takes.

    Example:
        >>> with Workspace(":memory:") as ws:
        ...     ws.tables.deals.rows()
        []
    """

    def __init__(
        self,
        path: str | Path = ":memory:",
        *,
        read_only: bool = False,
        memory: str | None = None,
        threads: int | None = None,
    ) -> None:
        self.store = Store(path, read_only=read_only, memory=memory, threads=threads)
        self._connections: dict[str, Connector] = {}
        self._tables: Tables | None = None

    # -- connections and syncs -----------------------------------------------------------------------------------

    def connect(self, connector: Connector | str, *, name: str | None = None, **settings: Any) -> str:  # noqa: ANN401
        """Add a connection.

        Args:
            connector: A connector, or the name of an installed one, which then takes `settings`.
            name: What tells this connection from others of the same system.
            settings: Settings of the connector, when it was given by name.

        Returns:
            The source that its records carry: the connector's name, or connector and name as in `hubspot:mortgages`.

        Raises:
            UsageError: The name is taken or not a name.
            ConnectorError: No such connector is installed.
        """
        made = installed().connector(connector)(**settings) if isinstance(connector, str) else connector
        source = f"{made.name}:{name}" if name else made.name
        self._demand_free(source)
        self._connections[source] = made
        return source

    @property
    def connections(self) -> tuple[str, ...]:
        """The sources that are connected, in their order."""
        return tuple(self._connections)

    def disconnect(self, source: str, *, forget: bool = False) -> Disconnected:
        """Remove a connection.

        Args:
            source: What `connect` returned, or the source of a load.
            forget: Also delete all that it brought: rows, raw pages, what was set aside, cursors, counts and settings,
                and its records' share of the map of people, in one transaction. People that had a record of it are
                taken apart until the next `resolve`. What other sources say of its records stays as text. The bytes
                leave the file when it is compacted; tables given out before stay as they were.

        Returns:
            How much went; prints as a table.

        Raises:
            UsageError: There is no such source.
            StoreReadOnlyError: It is to be forgotten, and the store is open to read only.
        """
        known = sorted({*self._connections, *self.store.sources()})
        if source not in known:
            msg = f"there is no source {source!r}; there are: {', '.join(known) or 'none'}"
            raise UsageError(msg, hint="pass what connect() returned, or the source= of a load")
        gone = self.store.forget(source) if forget else Disconnected(source=source, forgotten=False)
        self._connections.pop(source, None)
        return gone

    def _demand_free(self, source: str) -> None:
        if not _NAME.fullmatch(source):
            msg = f"the source {source!r} is not a name; allowed are letters, digits, '_', '.' and '-'"
            raise UsageError(msg, hint="choose a short name such as mortgages")
        if source in self._connections:
            msg = f"the source {source!r} is connected already"
            raise UsageError(msg, hint="pass another name=")

    def sync(self, *, whole: bool = False, listener: Listener | None = None) -> SyncReport:
        """Read all connections into the store, each from where it stood.

        A stream or a connection that fails does not hinder the others. Ctrl-C ends it at the next commit, a second one
        at once; both leave a store that goes on.

        Args:
            whole: Read everything, also what streams with a cursor have read before.
            listener: Called with a `Progress` when a stream begins to wait, after every commit, and at its end.

        Returns:
            What was read, stored, left unchanged, set aside and deleted; prints as a table.

        Raises:
            SourceError: A source is not as described. Connections are looked at before anything is written. Its
                `data["report"]` tells what was read of the others.
            StoreLockedError: Another sync of this workspace is under way.
            SyncInterrupted: Ctrl-C was pressed; it holds the report.
        """
        for connector in self._connections.values():
            connector.check()
        runs = [self._run_of(source, made, listener, whole=whole) for source, made in self._connections.items()]
        return over_all(runs, sync)

    def replay(
        self,
        source: str | None = None,
        *,
        only: Literal["quarantined", "all"] = "quarantined",
        listener: Listener | None = None,
    ) -> SyncReport:
        """Map what was read before anew, by today's mappings and without a request, such as after one was mended.

        Args:
            source: The connection; None for all of them.
            only: The pages of which records were set aside, or `all`.
            listener: As of `sync`.

        Returns:
            What was mapped, stored, left unchanged and set aside again; prints as a table.

        Raises:
            UsageError: There is no such connection, or `only` is another word.
            StoreLockedError: A sync of this workspace is under way.
        """
        demand_one_of("only", only, ("quarantined", "all"))
        if source is not None and source not in self._connections:
            msg = f"there is no connection {source!r}; there are: {', '.join(self._connections) or 'none'}"
            raise UsageError(msg, hint="connect it first: its mappings are what is replayed by")
        sources = tuple(self._connections) if source is None else (source,)
        runs = [self._run_of(each, self._connections[each], listener) for each in sources]
        return over_all(runs, lambda run: replay(run, only))

    def load(
        self,
        data: Any,  # noqa: ANN401 - models, rows or a table of any engine
        *,
        source: str,
        maps: Mapping | Sequence[Mapping] = (),
        stream: str = "records",
    ) -> RunReport:
        """Store records that a program holds itself, without a connector.

        Args:
            data: A model, or an iterable of models that carry `source`. With `maps`: rows as dictionaries, or a table
                of pandas, Polars, PyArrow or DuckDB.
            source: The source that the records carry, such as `app`.
            maps: What each row becomes.
            stream: Name under which the load stands in status and quarantine.

        Returns:
            What was stored, left unchanged and set aside.

        Raises:
            UsageError: Something that is no model, or a model of another source, is among the records.
        """
        self._demand_free(source)
        made = (maps,) if isinstance(maps, Mapping) else tuple(maps)
        records = [data] if isinstance(data, Record) else data
        if made and not isinstance(data, list | tuple | Iterator):
            records = rows_of(data)
        return sync(self._run_of(source, Given(records, stream=stream, maps=made), None))

    def _run_of(self, source: str, connector: Connector, listener: Listener | None, *, whole: bool = False) -> Run:
        return Run(
            store=self.store,
            source=source,
            connector=connector,
            listener=listener or _nobody,
            plugins=installed(),
            whole=whole,
        )

    # -- people --------------------------------------------------------------------------------------------------

    def resolve(self, policy: Policy | None = None) -> Resolution:
        """Make people out of the records of all sources; tables given out before stay as they were.

        Args:
            policy: What may join two records; None for the defaults.

        Returns:
            How many people there are, what joined them and what was set aside; prints as a summary.
        """
        return resolve(self.store, policy)

    def person(self, value: str, *, namespace: str | None = None) -> Person:
        """The person that an identifier of any source means.

        Args:
            value: A number or address of hers in any source, a record as `source/id`, or the id of a person, also an
                earlier one.
            namespace: What kind it is: `loan` or another namespace of identifiers, a source whose id it is, `email`,
                `phone`; None for any of them.

        Raises:
            UnknownPersonError: Nobody is known by it.
            AmbiguousPersonError: Several people are.
        """
        snapshot = self.store.snapshot()
        try:
            return person(snapshot, value, namespace=namespace)
        except BaseException:
            snapshot.close()
            raise

    def why(self, a: str, b: str) -> Why:
        """Why two records, named as `source/id` or by an identifier, are one person's; prints as the chain of evidence.

        Raises:
            UnknownPersonError: There is no such record.
            AmbiguousPersonError: It could be several people's.
        """
        with closing(self.store.snapshot()) as snapshot:
            return why(snapshot, a, b)

    # -- tables --------------------------------------------------------------------------------------------------

    @property
    def tables(self) -> Tables:
        """The tables of a snapshot that stays as it is until `refresh`."""
        if self._tables is None:
            self._tables = Tables(self.store.snapshot())
        return self._tables

    def refresh(self) -> Tables:
        """The tables as they stand now; the ones given out before stay as they were."""
        self._tables = Tables(self.store.snapshot())
        return self._tables

    def sql(self, query: str, parameters: Sequence[Any] | Named[str, Any] = ()) -> AskedTable:
        """The answer to one SELECT over the tables, as `tables` shows them; nothing else is let through.

        Args:
            query: The SELECT; tables go by their names, instants are `*_us` and also timestamps in UTC, `*_at`.
            parameters: Values for `$1`, `$2` or, by name, for `$name`.

        Returns:
            A table that metrics and journeys take; `.rows()` gives dictionaries.

        Raises:
            UsageError: It writes, reads something else than the tables, or cannot be answered.

        Example:
            >>> with Workspace(":memory:") as ws:
            ...     ws.sql("SELECT count(*) AS n FROM deals WHERE status = $1", ["won"]).rows()
            [{'n': 0}]
        """
        return self.tables.sql(query, parameters)

    # -- the store -----------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """What is stored, from where, and what was set aside; prints as a table."""
        return self.store.status()

    def known_since(self, table: str) -> dict[str, datetime]:
        """Since when each source of a table is known: before that, nobody watched for its changes.

        Args:
            table: Name of a table, such as `deals`.

        Returns:
            Source to when the stream that gave its rows was first read; of several streams the last that was.

        Raises:
            UsageError: There is no such table.
        """
        return self.store.known_since(table)

    def quarantine(self, *, source: str | None = None, limit: int | None = None) -> Quarantine:
        """The records that could not be mapped, newest first; prints as a table."""
        return self.store.quarantine(source=source, limit=limit)

    def snapshot_to(self, path: str | Path) -> Path:
        """Write a copy of the store for readers in other processes.

        Raises:
            StoreError: The file is there already.
        """
        return self.store.snapshot_to(path)

    def export(self, folder: str | Path) -> Exported:
        """Write all tables as they stand now as Parquet files, a folder each, which Spark and others read.

        Tables whose rows happened at an instant are partitioned by its month in UTC, as in `month=2025-03`, or
        `month=unknown`. Columns are those of the classes with `person_id`; instants are whole microseconds.

        Args:
            folder: One that is empty or not there yet; it has its name only when everything is written.

        Returns:
            Rows and files of each table; prints as a table.

        Raises:
            StoreError: The folder holds something, or the one it is to stand in is not there.
            StoreFullError: The disk is full; nothing is left behind.
        """
        with closing(self.store.snapshot()) as snapshot:
            return export(snapshot, Path(folder))

    def compact(self) -> Compacted:
        """Write the store's file anew: smaller after many changes, and each customer's rows in one place.

        Tables, people and answers given out before end, and say so when they are used; take `tables` again. There must
        be room for a second copy. A store in memory stays as it is.

        Returns:
            Bytes before and after.

        Raises:
            StoreReadOnlyError: The store is open to read only.
            StoreFullError: There is no room; the store is as it was.
            StoreError: Something else in this process has the file open.
        """
        made = self.store.compact()
        if made.bytes_before:
            self._tables = None
        return made

    def close(self) -> None:
        """Close the store's file."""
        self.store.close()

    def __enter__(self) -> Self:
        """The workspace itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close it."""
        self.close()


def _nobody(_progress: Progress) -> None:
    """Tell nobody."""
