"""The one writer of a run: gathers the pages of all its streams and commits them, each stream's in their order."""

from __future__ import annotations

import gc
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import asdict, define, field, frozen

from crmcx.connectors import Plugins
from crmcx.connectors.hookspecs import Gathered
from crmcx.connectors.meter import Waiting
from crmcx.errors import SourceError
from crmcx.store import Counts, Store, Unit
from crmcx.sync.reading import Fetched, Reading
from crmcx.sync.report import Progress, StreamReport

_MOST_BYTES = 64 << 20
"""Bytes of raw pages that a commit waits with at most."""
_MOST_STEPS = 200
"""Pages, and parents without children, that a commit waits with at most."""
_LOOK_AGAIN = 0.1

Listener = Callable[[Progress], None]


@frozen
class Load:
    """How much a commit takes, or waits with."""

    rows: int = 0
    """Records."""
    steps: int = 0
    """Pages, and parents that were read to their end."""
    size: int = 0
    """Bytes of raw pages."""

    @classmethod
    def of(cls, fetched: Fetched) -> Load:
        """That of one page."""
        return cls(0, 1) if fetched.page is None else cls(fetched.page.read, 1, len(fetched.page.body))

    def __add__(self, other: Load) -> Load:
        return Load(self.rows + other.rows, self.steps + other.steps, self.size + other.size)

    def __sub__(self, other: Load) -> Load:
        return Load(self.rows - other.rows, self.steps - other.steps, self.size - other.size)

    def fills(self, rows_per_commit: int) -> bool:
        """Whether it is a whole commit."""
        return self.rows >= rows_per_commit or self.steps >= _MOST_STEPS or self.size >= _MOST_BYTES


@define
class Ahead:
    """How far the reader of a stream is ahead of its commits: never by more than one takes.

    What was read and not committed is what has to be asked for again after a death.
    """

    rows_per_commit: int
    """Records that one commit takes."""
    _load: Load = field(factory=Load, init=False)
    _changed: threading.Condition = field(factory=threading.Condition, init=False, repr=False)

    def add(self, load: Load) -> None:
        """Something was read."""
        with self._changed:
            self._load += load

    def committed(self, load: Load) -> None:
        """Something was committed."""
        with self._changed:
            self._load -= load
            self._changed.notify_all()

    def wait(self, left: threading.Event) -> None:
        """Wait until there is room, or nobody commits any more."""
        with self._changed:
            while self._load.fills(self.rows_per_commit) and not left.is_set():
                self._changed.wait(_LOOK_AGAIN)


@define(kw_only=True)
class Progressing:
    """One stream of a run, with what was read of it and is not committed yet."""

    reading: Reading
    """How it is read."""
    ahead: Ahead
    """How far its reader is ahead."""
    waiting: list[Fetched] = field(factory=list)
    """What waits for its commit."""
    load: Load = field(factory=Load)
    """How much that is."""
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
        """A page was read, or a parent to its end."""
        if stream.refused is not None:
            stream.ahead.committed(Load.of(fetched))
            return
        if not stream.waiting:
            stream.waits_since = time.monotonic()
            self.under_way.append(stream)
        stream.waiting.append(fetched)
        stream.load += Load.of(fetched)
        if stream.load.fills(self.rows_per_commit):
            self.commit(stream)
        elif sum(each.load.rows for each in self.under_way) >= 2 * self.rows_per_commit:
            self.commit(max(self.under_way, key=lambda each: each.load.rows))
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
        if not stream.waiting:
            return
        reading, load, cursor = stream.reading, stream.load, stream.waiting[-1].cursor
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
            pages=tuple(each.page for each in stream.waiting if each.page is not None),
            cursor=cursor,
        )
        stream.waiting, stream.load = [], Load()
        self.under_way.remove(stream)
        try:
            if self.plugins is not None and unit.pages:
                self.plugins.before_commit(gathered_of(unit))
            stream.counts += self.store.commit(unit)
        except SourceError as error:
            stream.refused, reading.given_up = error, True
            return
        finally:
            stream.ahead.committed(load)
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
