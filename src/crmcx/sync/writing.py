"""The one writer of a run: gathers the pages of all its streams and commits them, each stream's in their order."""

from __future__ import annotations

import gc
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import asdict, define, field

from crmcx.connectors import Plugins
from crmcx.connectors.hookspecs import Gathered
from crmcx.connectors.meter import Waiting
from crmcx.errors import SourceError
from crmcx.store import Counts, Store, Unit
from crmcx.sync.reading import Fetched, Reading
from crmcx.sync.report import Progress, StreamReport

_MOST_BYTES = 64 << 20
"""Bytes of raw pages that a commit waits with at most."""

Listener = Callable[[Progress], None]


@define(kw_only=True)
class Progressing:
    """One stream of a run, with what was read of it and is not committed yet."""

    reading: Reading
    """How it is read."""
    pages: list[Fetched] = field(factory=list)
    """Pages that wait for their commit."""
    rows: int = 0
    """Their records."""
    size: int = 0
    """Their bytes."""
    waits_since: float = 0.0
    """When the first of them came, by the monotonic clock."""
    counts: Counts = field(factory=Counts)
    """What was committed."""
    report: StreamReport | None = None
    """How it ended."""
    refused: SourceError | None = None
    """Why a plugin refused what it brought."""
    error: Exception | None = None
    """What it failed of."""


@define(kw_only=True)
class Writer:
    """Commits what the streams of one run bring.

    A commit takes whole pages: as many as make so many records, or so many bytes, or as came in so many seconds.
    """

    store: Store
    """Where the records go."""
    source: str
    """Name of the connection."""
    numbers: tuple[int, int]
    """The run's number and when it began."""
    listener: Listener
    """Told how far each stream has come."""
    plugins: Plugins | None
    """Whose hooks are called."""
    rows_per_commit: int
    """Records that one transaction takes."""
    seconds_per_commit: float
    """Seconds after which what was read is committed, however little it is."""
    under_way: list[Progressing] = field(factory=list, init=False)
    """The streams of which something waits."""
    _telling: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def take(self, stream: Progressing, fetched: Fetched) -> None:
        """A page was read."""
        if stream.refused is not None:
            return
        if not stream.pages:
            stream.waits_since = time.monotonic()
            self.under_way.append(stream)
        stream.pages.append(fetched)
        stream.rows += fetched.page.read
        stream.size += len(fetched.page.body)
        if stream.rows >= self.rows_per_commit or stream.size >= _MOST_BYTES:
            self.commit(stream)
        elif sum(each.rows for each in self.under_way) >= 2 * self.rows_per_commit:
            self.commit(max(self.under_way, key=lambda each: each.rows))
        else:
            self.commit_what_waits()

    def commit_what_waits(self) -> None:
        """Commit what has waited for too long."""
        now = time.monotonic()
        for each in tuple(self.under_way):
            if now - each.waits_since >= self.seconds_per_commit:
                self.commit(each)

    def commit(self, stream: Progressing) -> None:
        """Commit what waits of a stream.

        Raises:
            StoreError: It could not be written.
        """
        if not stream.pages:
            return
        reading, pages, cursor = stream.reading, tuple(each.page for each in stream.pages), stream.pages[-1].cursor
        unit = Unit(
            run_id=self.numbers[0],
            run_started_us=self.numbers[1],
            pass_id=reading.pass_id,
            source=self.source,
            stream=reading.stream.name,
            mappings=reading.mapping_hashes,
            versioned=reading.versioned,
            volatile=reading.stager.volatile,
            keeps_history=reading.stream.keeps_history,
            sweeps=reading.stream.sweeps and reading.now.whole,
            pages=pages,
            cursor=cursor,
        )
        stream.pages, stream.rows, stream.size = [], 0, 0
        self.under_way.remove(stream)
        if self.plugins is not None:
            try:
                self.plugins.before_commit(gathered_of(unit))
            except SourceError as error:
                stream.refused, reading.given_up = error, True
                return
        stream.counts += self.store.commit(unit)
        gc.collect(1)  # the collector rests during a run; what is young and in cycles goes here
        self.tell(stream, "reading")

    def finish(self, stream: Progressing) -> None:
        """A stream was read to its end: commit the rest, sweep, and leave to the next pass where to begin."""
        self.commit(stream)
        if stream.refused is not None:
            return
        reading = stream.reading
        newest = reading.now.newest
        swept = self.store.finish_stream(
            self.source,
            reading.stream.name,
            pass_id=reading.pass_id,
            watermark=None if newest is None else json.dumps(asdict(newest)),
            sweep=reading.stream.sweeps and reading.now.whole,
            whole=reading.now.whole,
        )
        stream.counts += Counts(deleted=swept.deleted)
        self.end(stream, "done", not_swept=swept.reason)

    def end(self, stream: Progressing, state: str, *, error: str | None = None, not_swept: str | None = None) -> None:
        """Note how a stream ended."""
        reading = stream.reading
        stream.report = StreamReport(
            stream=reading.stream.name,
            counts=stream.counts,
            state=state,
            error=error,
            resumed=reading.resumed,
            whole=reading.reads_all,
            requests=reading.meter.requests,
            waited=reading.meter.waited,
            seconds=(self.store.now_us() - reading.begun_us) / 1_000_000 if reading.begun_us else 0.0,
            drift=reading.drift(),
            not_swept=not_swept,
        )
        self.tell(stream, state)

    def tell(self, stream: Progressing, state: str, waiting: Waiting | None = None) -> None:
        """Tell how far a stream has come, one at a time."""
        said = Progress(
            source=self.source,
            stream=stream.reading.stream.name,
            state=state,
            counts=stream.counts,
            requests=stream.reading.meter.requests,
            waiting=waiting,
        )
        with self._telling:
            self.listener(said)


def gathered_of(unit: Unit) -> Gathered:
    """What a unit is to write, for plugins to look at."""
    rows: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for page in unit.pages:
        for made in page.rows:
            rows[getattr(made.cls, "table", "")] += len(made.indices)
        rejected.update(each.field for each in page.rejected)
    return Gathered(
        source=unit.source,
        stream=unit.stream,
        read=sum(page.read for page in unit.pages),
        rows=dict(rows),
        deleted=sum(len({gone.index for gone in page.gone}) for page in unit.pages),
        rejected=dict(rejected),
    )


@contextmanager
def collector_paused() -> Iterator[None]:
    """The garbage collector rests: a commit's objects all live to its end, and none of them are in cycles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
