"""One run over the streams of one connection: read, map, commit, and go on where the last run stood."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import cast

from attrs import asdict, evolve, field, frozen

from crmcx.connectors import Compiled, Connector, Cursor, FromModels, Page, Rejected, Rows, Stream, mapper
from crmcx.errors import ConnectorError, StoreError
from crmcx.store import Counts, StagedPage, StagedReject, StagedRows, Store, Unit
from crmcx.sync.report import RunReport, StreamReport

ROWS_PER_COMMIT = 20_000
"""Records that one transaction takes; fewer cost more per record, more gain little."""


@frozen(kw_only=True)
class Progress:
    """How far a run has come; told after every commit."""

    source: str
    """Name of the connection."""
    stream: str
    """Name of the stream."""
    counts: Counts
    """Records of this run so far."""


Listener = Callable[[Progress], None]


def _silent(_progress: Progress) -> None:
    """Tell nobody."""


@frozen(kw_only=True)
class Run:
    """What a run works with."""

    store: Store
    """Where the records go."""
    source: str
    """Name of the connection."""
    connector: Connector
    """The connector."""
    listener: Listener = _silent
    """Told after every commit."""
    rows_per_commit: int = ROWS_PER_COMMIT
    """Records that one transaction takes."""
    numbers: tuple[int, int] = field(default=(0, 0), init=True)
    """The run's number and when it began."""


def sync(run: Run) -> RunReport:
    """Read all streams of one connection into the store.

    Args:
        run: Store, connection and settings.

    Returns:
        What was read, stored, left unchanged and set aside, per stream.

    Raises:
        SourceError: The source is not as described; found before anything is written where the connector can tell.
        StoreError: The store cannot be written.
    """
    run.connector.check()
    streams = run.connector.streams()
    names = [stream.name for stream in streams]
    if len(set(names)) != len(names):
        msg = f"the connector {run.connector.name} has two streams of one name: {', '.join(sorted(names))}"
        raise ConnectorError(msg, hint="give each stream a name of its own")
    mappers = [mapper(stream, source=run.source) for stream in streams]
    run.store.register(run.source, run.connector.name, run.connector.describe())
    run = evolve(run, numbers=run.store.start_run(run.source))
    reports = []
    try:
        for stream, mapping in zip(streams, mappers, strict=True):
            reports.append(_read_stream(run, stream, mapping))
    except BaseException as error:
        with suppress(StoreError):  # a store that failed takes no note, and what it failed of is what counts
            run.store.finish_run(run.numbers[0], state="failed", reason=type(error).__name__)
        raise
    finally:
        run.connector.close()
    run.store.finish_run(run.numbers[0], state="done")
    return RunReport(source=run.source, streams=tuple(reports))


def _read_stream(run: Run, stream: Stream, compiled: Compiled | FromModels) -> StreamReport:
    begun = run.store.now_us()
    total = Counts()
    said = run.store.cursor(run.source, stream.name) if stream.resumes else None
    pass_id: int | None = run.store.pass_id(run.source, stream.name) if said else None
    pages = (_page(page, compiled, run.store) for page in stream.read(_cursor(said)))
    with _collector_paused():
        for gathered in _commits(pages, run.rows_per_commit):
            if pass_id is None or (total.read == 0 and _starts_anew(gathered[0][0])):
                pass_id = run.numbers[0]
            unit = Unit(
                run_id=run.numbers[0],
                run_started_us=run.numbers[1],
                pass_id=pass_id,
                source=run.source,
                stream=stream.name,
                mappings=" ".join(mapping.hash for mapping in stream.maps),
                versioned=frozenset(mapping.cls.table for mapping in stream.maps if mapping.version is not None),
                keeps_history=stream.keeps_history,
                pages=tuple(staged for staged, _ in gathered),
                cursor=gathered[-1][1],
            )
            total += run.store.commit(unit)
            run.listener(Progress(source=run.source, stream=stream.name, counts=total))
    run.store.finish_stream(run.source, stream.name)
    seconds = (run.store.now_us() - begun) / 1_000_000
    resumed = pass_id not in {None, run.numbers[0]}
    return StreamReport(stream=stream.name, counts=total, resumed=resumed, seconds=seconds)


def _starts_anew(page: StagedPage) -> bool:
    """Whether a connector that was told where to go on began again, as it must when a file has become another."""
    return page.origin is not None and page.first_row == 1


def _cursor(said: str | None) -> Cursor:
    return Cursor(**json.loads(said)) if said else Cursor()


def _page(page: object, compiled: Compiled | FromModels, store: Store) -> tuple[StagedPage, str | None]:
    """A page, mapped as it comes, and as JSON the cursor behind it."""
    if not isinstance(page, Page):
        msg = f"the stream yielded {type(page).__name__}, expected Page"
        raise ConnectorError(msg, hint="yield Page(records, next=...)")
    next_, body = cast("tuple[object, object]", (page.next, page.body))
    if not isinstance(next_, Cursor | None) or not isinstance(body, bytes | None):
        found = f"next={type(next_).__name__}, body={type(body).__name__}"
        msg = f"the stream yielded a page with {found}, expected a Cursor or None, and bytes or None"
        raise ConnectorError(msg, hint="yield Page(records, next=Cursor(token=...), body=answer.content)")
    try:
        cursor = None if page.next is None else json.dumps(asdict(page.next), sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        msg = "the stream yielded a page whose cursor cannot be written as JSON"
        raise ConnectorError(msg, hint="put texts, numbers, lists and dictionaries into the Cursor") from None
    return _staged(page, compiled, store.now_us()), cursor


def _commits(
    pages: Iterator[tuple[StagedPage, str | None]], rows: int
) -> Iterator[list[tuple[StagedPage, str | None]]]:
    """Pages gathered until a commit is full."""
    gathered: list[tuple[StagedPage, str | None]] = []
    read = 0
    for each in pages:
        gathered.append(each)
        read += each[0].read
        if read >= rows:
            yield gathered
            gathered, read = [], 0
    if gathered:
        yield gathered


@contextmanager
def _collector_paused() -> Iterator[None]:
    """The garbage collector rests: a commit's objects all live to its end, and none of them are in cycles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _staged(page: Page, compiled: Compiled | FromModels, fetched_us: int) -> StagedPage:
    batch = compiled.run(page.records, fields=page.fields)
    return StagedPage(
        read=len(page.records),
        rows=tuple(map(_rows, batch.rows)),
        rejected=tuple(_reject(rejected, page) for rejected in batch.rejected),
        body=page.as_body(),
        fetched_us=fetched_us,
        origin=page.origin,
        first_row=page.first_row,
    )


def _rows(made: Rows) -> StagedRows:
    rows = made.as_stored()
    return StagedRows(
        cls=rows.cls,
        indices=rows.indices,
        cells=rows.cells,
        parts=tuple(map(_rows, rows.parts)),
    )


def _reject(rejected: Rejected, page: Page) -> StagedReject:
    raw = page.as_said(rejected.index)
    return StagedReject(index=rejected.index, field=rejected.field, reason=rejected.reason, raw=raw)
