"""The embedded store: one DuckDB file that one process writes."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from crmcx import engines
from crmcx.errors import StoreError, StoreFullError, StoreReadOnlyError, StoreVersionError
from crmcx.instants import from_us, to_us
from crmcx.store import compacting, ddl, deleting, forgetting, pages, runs, streams
from crmcx.store.commit import write_unit
from crmcx.store.digest import digest_of
from crmcx.store.opening import claim, copy_store, layout_of, look_first, settings
from crmcx.store.quarantine import Quarantine, read_quarantine
from crmcx.store.snapshot import Snapshot
from crmcx.store.staging import Counts, Unit
from crmcx.store.status import Status, known_since_sql, read_status
from crmcx.store.upcasting import statements_from

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class Store:
    """One store file, opened.

    Args:
        path: The file; `:memory:` for one that is gone at the end. It is made when it is not there.
        read_only: Open to read only; any number of processes may.
        memory: The most memory DuckDB takes, such as `2GB`; None for its own default.
        threads: The most threads DuckDB takes; None for its own default.
        clock: What tells the time of recording.
        step: Called with the name of each step of a commit, so that a test can stop there.

    Raises:
        UsageError: The memory or the threads cannot be read.
        StoreVersionError: It is no crmcx store, or one of a newer version.
        StoreLockedError: Another process has it open for writing.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        read_only: bool = False,
        memory: str | None = None,
        threads: int | None = None,
        clock: Clock = wall_clock,
        step: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self.path = str(path)
        self.read_only = read_only
        self._clock = clock
        self._step = step
        self._lock = threading.RLock()
        self._broken: str | None = None
        self._closed = False
        self._config = settings(read_only=read_only, memory=memory, threads=threads)
        self._snapshots: weakref.WeakSet[Snapshot] = weakref.WeakSet()
        self._writing = None if read_only else claim(self.path)
        if self._writing is not None:
            weakref.finalize(self, self._writing)
        try:
            if not read_only:
                look_first(self.path)
            self._connection = engines.connect(self.path, self._config, read_only=read_only)
        except BaseException:
            self._release()
            raise
        try:
            self._open()
            if not read_only:
                compacting.clear_unfinished(self.path)
        except BaseException as error:
            self._connection.close()
            self._release()
            if engines.lacks_memory(error):
                msg = f"the store {Path(self.path).name} cannot be opened with the memory it was given"
                raise StoreError(msg, hint="pass more, such as memory='500MB'") from None
            raise

    def _release(self) -> None:
        """Let others write."""
        if self._writing is not None:
            self._writing()

    # -- opening -------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        layout = layout_of(self._connection, Path(self.path).name)
        if layout == ddl.STORE_VERSION:
            return
        if self.read_only:
            found = "holds no crmcx store" if layout is None else f"has the older layout {layout}"
            msg = f"{Path(self.path).name} {found}"
            raise StoreVersionError(msg, hint="open it once without read_only=True, which makes it one of today's")
        if layout is not None:
            with self._transaction():
                for statement in statements_from(layout):
                    self._connection.execute(statement).fetchall()
            return
        with self._transaction():
            self._connection.execute(";".join(ddl.create_all())).fetchall()
            for name, value in (("store_version", str(ddl.STORE_VERSION)), ("hash_version", "1")):
                self._connection.execute("INSERT INTO books.meta VALUES ($1, $2)", [name, value]).fetchall()

    def close(self) -> None:
        """Close the file; snapshots of it can no longer be read."""
        with self._lock:
            self._closed = True
            self._connection.close()
            self._release()

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close it."""
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """The connection to this thread alone."""
        with self._lock:
            self._demand_open()
            yield

    def _demand_open(self) -> None:
        if self._closed:
            msg = f"the store {Path(self.path).name} is closed"
            raise StoreError(msg, hint="open it again")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing; a full disk or a broken file becomes an error of ours."""
        with self._reading():
            self._demand_sound()
            try:
                self._connection.execute("BEGIN TRANSACTION").fetchall()
                yield
                self._step("commit")
                self._connection.execute("COMMIT").fetchall()
                self._step("committed")
            except BaseException as error:
                if not engines.roll_back(self._connection):
                    self._broken = "DuckDB gave the connection up"
                if engines.lacks_memory(error):
                    msg = "the store lacks the memory for this step"
                    hint = "give it more with memory=, or smaller commits; close it, open it again and run again"
                    raise StoreError(msg, hint=hint) from error
                if engines.could_not_write(error):
                    self._broken = "it could not be written"
                    msg = "the store could not be written: no room on the disk, or a limit on the file's size"
                    raise StoreFullError(msg, hint="make room, open it again and run again") from error
                raise

    def _demand_sound(self) -> None:
        if self._broken:
            msg = f"the store failed before: {self._broken}"
            raise StoreError(msg, hint="close it and open it again; what was committed stands")

    def _demand_writable(self) -> None:
        if self.read_only:
            msg = f"{Path(self.path).name} is open to read only"
            raise StoreReadOnlyError(msg, hint="open it without read_only=True to write")

    def now_us(self) -> int:
        """The time of recording, in microseconds since 1970."""
        return to_us(self._clock())

    # -- writing -------------------------------------------------------------------------------------------------

    def commit(self, unit: Unit) -> Counts:
        """Write pages, rows, quarantine, counts and cursor in one transaction.

        Raises:
            CountMismatchError: A record would be lost; nothing was written.
            StoreFullError: The disk is full; nothing of the unit was written.
        """
        self._demand_writable()
        with self._transaction():
            return write_unit(self._connection, unit, now_us=self.now_us(), step=self._step)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """The connection inside a transaction, for overlays such as the map of people: all or nothing.

        Raises:
            StoreReadOnlyError: The store is open to read only.
            StoreFullError: The disk is full; nothing was written.
        """
        self._demand_writable()
        with self._transaction():
            yield self._connection

    def register(self, source: str, connector: str, settings: Mapping[str, Any]) -> None:
        """Keep a connection's settings; there is nothing secret in them.

        Raises:
            UsageError: The source is not a name that records can carry.
            StoreError: The name belongs to a connection of another connector.
        """
        with self.writing() as connection:
            runs.register(connection, source, connector, settings)

    def start_run(self, source: str, *, kind: str = "sync") -> tuple[int, int]:
        """Note that a run begins, a `sync` or a `replay`; its number and when it began."""
        with self.writing() as connection:
            connection.execute(ddl.NO_VACUUM).fetchall()
            return runs.start(connection, source, kind, self.now_us())

    def finish_stream(
        self, source: str, stream: str, *, pass_id: int, watermark: str | None, whole: bool, sweep: bool
    ) -> deleting.Swept:
        """Note that a stream was read to its end: the next run begins anew.

        Args:
            source: The source.
            stream: The stream.
            pass_id: The run that began the pass.
            watermark: The newest stamp that was read, as JSON; None to leave the one of before.
            whole: Whether the pass read everything.
            sweep: Whether to delete what it did not show.

        Returns:
            What was deleted.
        """
        with self.writing() as connection:
            self._step("finish")
            now = self.now_us()
            swept = deleting.Swept()
            if sweep:
                swept = deleting.sweep(connection, source, stream, pass_id, now, self._step)
            connection.execute(streams.FINISH, [source, stream, now, watermark, whole]).fetchall()
        return swept

    def begin_anew(self, source: str, stream: str) -> None:
        """Forget where a pass that was broken off stood: the next one begins anew."""
        with self.writing() as connection:
            connection.execute(streams.BEGIN_ANEW, [source, stream]).fetchall()

    def keep_fields(self, source: str, stream: str, fields: str) -> None:
        """Note which fields the records of a stream have, as JSON."""
        with self.writing() as connection:
            connection.execute(streams.KEEP_FIELDS, [source, stream, fields]).fetchall()

    def finish_run(self, run_id: int, *, state: str, reason: str | None = None) -> None:
        """Note how a run ended: `done`, `stopped` or `failed`, and why."""
        with self.writing() as connection:
            runs.finish(connection, run_id, state, reason, self.now_us())
            if run_id % ddl.RUNS_PER_VACUUM == 0:
                connection.execute(ddl.VACUUM).fetchall()

    def forget(self, source: str) -> forgetting.Disconnected:
        """Delete all that a source brought, in one transaction; compact then, so that the file loses it too."""
        with self.writing() as connection:
            return forgetting.forget(connection, source, now_us=self.now_us())

    def compact(self) -> compacting.Compacted:
        """Write the file anew, smaller and with each customer's rows together; snapshots given out before end.

        Raises:
            StoreFullError: There is no room for a second copy; the store is as it was.
            StoreError: Something else in this process has the file open, or another process took it at the end.
        """
        self._demand_writable()
        if self.path == ":memory:":
            return compacting.Compacted(bytes_before=0, bytes_after=0)
        with self._reading():
            self._demand_sound()
            for snapshot in tuple(self._snapshots):
                snapshot.end("the store was compacted")
            compacting.demand_alone(self._connection)
            before = Path(self.path).stat().st_size
            compacting.replace(self._connection, self.path, self._step, reopen=self._reopen)
            return compacting.Compacted(bytes_before=before, bytes_after=Path(self.path).stat().st_size)

    def _reopen(self) -> None:
        self._connection.close()
        try:
            self._connection = engines.connect(self.path, self._config, read_only=False)
        except BaseException:
            self.close()
            raise

    # -- reading -------------------------------------------------------------------------------------------------

    def _read(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with self._reading():
            return list(self._connection.execute(sql, parameters or []).fetchall())

    def sources(self) -> tuple[str, ...]:
        """Every source that was ever read and not forgotten."""
        with self._reading():
            return forgetting.sources_of(self._connection)

    def stream_state(self, source: str, stream: str) -> streams.StreamState | None:
        """Where a stream stands; None when it was never read."""
        return streams.state_of(self._read(streams.STATE, [source, stream]))

    def pages(self, source: str, stream: str, *, quarantined: bool) -> Iterator[pages.StoredPage]:
        """The raw pages of a stream as they came; with `quarantined` those of which records were set aside."""
        return pages.read_pages(self._read, source, stream, quarantined=quarantined)

    def ids_of(
        self, source: str, stream: str, table: str, *, after: str | None, since_run: int | None, limit: int
    ) -> list[str]:
        """The ids of the rows of a table that a stream brought, in their order.

        Args:
            source: The source.
            stream: The stream.
            table: The table.
            after: Only those after this one.
            since_run: Only those that this run, or a later one, brought or changed.
            limit: How many at most.
        """
        sql = streams.KEYS.format(table=table)
        return [number for (number,) in self._read(sql, [source, stream, after, since_run, limit])]

    def snapshot(self) -> Snapshot:
        """The tables as they stand now."""
        with self._reading():
            made = Snapshot(self._connection.cursor(), self._demand_open)
            self._snapshots.add(made)
            return made

    def status(self) -> Status:
        """What is stored, from where, and what was set aside."""
        with self._reading():
            return read_status(self._connection, self.path)

    def quarantine(self, *, source: str | None = None, limit: int | None = None) -> Quarantine:
        """The records that could not be mapped, newest first.

        Raises:
            UsageError: The limit is below 0.
        """
        with self._reading():
            return read_quarantine(self._connection, source=source, limit=limit)

    def known_since(self, table: str) -> dict[str, datetime]:
        """Since when each source of a table is known: before that, nobody watched for its changes.

        Args:
            table: Name of a table, such as `deals`.

        Returns:
            Source to when the stream that gave its rows was first read; of several streams the last that was. Sources
            without a row in the table are not among them.

        Raises:
            UsageError: There is no such table.
        """
        return {source: from_us(us) for source, us in self._read(known_since_sql(table))}

    def page_body(self, page_id: int) -> bytes:
        """A page as its source sent it."""
        return pages.body_of(self._read, page_id)

    def digest(self) -> str:
        """SHA-256 over the contents, whatever the order of rows, runs and times of recording.

        Two stores with the same records have the same digest, however many runs and breaks it took. Compare within one
        version of DuckDB, whose hash of a row it builds on.
        """
        with self._reading():
            return digest_of(self._connection)

    def snapshot_to(self, path: str | Path) -> Path:
        """Write a copy of the store as it stands now, for readers in other processes.

        Args:
            path: A file that is not there yet.

        Raises:
            StoreError: The file is there, or its folder is not.
            StoreFullError: The disk is full; nothing is left behind.
        """
        self._demand_writable()
        target = Path(path)
        with self._reading():
            copy_store(self._connection, target)
        return target
