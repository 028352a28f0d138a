"""For the tests of store and sync: pages out of lists, a clock that is told the time, a store that loses rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from crmcx import models
from crmcx.connectors import Connector, Cursor, Page, Stream, mapping, money, ref
from crmcx.connectors.mapping import Mapping as ClassMapping
from crmcx.store import Store
from crmcx.sync import Run, RunReport, sync

Records = Sequence[Any]
DEAL = mapping(
    models.Deal,
    id="id",
    status="status",
    stage="stage",
    amount=money("amount", currency="EUR"),
    owner="owner",
    customer=ref("customer"),
    expected_close="expected",
)
VERSIONED = mapping(models.Deal, id="id", version="version", status="status", stage="stage")


def deal(number: str, **values: object) -> dict[str, object]:
    """A record of a deal."""
    return {"id": number, "status": "open", **values}


class Clock:
    """A clock that stands until it is told the time, but for a millisecond a look."""

    def __init__(self) -> None:
        self.now = datetime(2025, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def on(self, day: int) -> None:
        """Go to the beginning of a day of January 2025."""
        self.now = datetime(2025, 1, day, tzinfo=UTC)


class Listed(Connector):
    """A connector whose streams are given to it, read in order."""

    name: ClassVar[str] = "listed"
    threads: ClassVar[int] = 0

    def __init__(self, *given: Stream) -> None:
        super().__init__()
        self._given = given

    def streams(self) -> tuple[Stream, ...]:
        return self._given


def listing(
    *pages: Records,
    maps: ClassMapping | tuple[ClassMapping, ...] = DEAL,
    name: str = "deals",
    origin: str | None = "deals.csv",
    keeps_history: bool = False,
    resumes: bool = True,
) -> Stream:
    """A stream of these pages, which goes on behind the page that a cursor names."""

    def read(cursor: Cursor) -> Iterator[Page]:
        row = 1
        for number, records in enumerate(pages, start=1):
            if number > (cursor.token or 0):
                yield Page(records, next=Cursor(token=number), origin=origin, first_row=row)
            row += len(records)

    made = maps if isinstance(maps, tuple) else (maps,)
    return Stream(name=name, maps=made, read=read, keeps_history=keeps_history, resumes=resumes)


def run(store: Store, *streams: Stream, source: str = "crm", rows_per_commit: int = 20_000) -> RunReport:
    """One run over the streams."""
    return sync(Run(store=store, source=source, connector=Listed(*streams), rows_per_commit=rows_per_commit))


def rows(store: Store, table: str) -> list[dict[str, Any]]:
    """The rows of a table, by source id or position."""
    snapshot = store.snapshot()
    found = snapshot.table(table).rows()
    snapshot.close()
    return sorted(found, key=lambda row: (str(row.get("source_id")), row.get("position") or 0))


def books(store: Store, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """The rows of one of the books."""
    return store._read(f"SELECT {columns} FROM books.{table} ORDER BY ALL")


def place_of(store: Store, stream: str = "deals") -> str | None:
    """Where a stream goes on, as JSON."""
    found = store.stream_state("crm", stream)
    assert found is not None
    return found.cursor


def counts(report: RunReport) -> tuple[int, int, int, int]:
    """Read, stored, unchanged and quarantined."""
    found = report.counts
    return found.read, found.stored, found.unchanged, found.quarantined


class Spoiling:
    """A connection on whose way statements are changed, as an error of ours or of the engine would."""

    def __init__(self, connection: Any, spoils: Mapping[str, Callable[[str], str]]) -> None:
        self._connection = connection
        self._spoils = spoils
        self.spoiled: list[str] = []

    def execute(self, sql: str, *parameters: Any) -> Any:
        for beginning, spoil in self._spoils.items():
            if sql.startswith(beginning):
                sql = spoil(sql)
                self.spoiled.append(beginning)
        return self._connection.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
