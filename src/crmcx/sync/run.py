"""One run over the streams of one connection: read, map, commit, and go on where the last run stood."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress

from attrs import field, frozen

from crmcx.connectors import Connector, Plugins, Stream
from crmcx.connectors.meter import Meter, Waiting
from crmcx.errors import ConnectorError, CrmcxError, PagingError, SourceError, StoreError
from crmcx.store import Store
from crmcx.sync.alone import alone
from crmcx.sync.reading import Reading
from crmcx.sync.report import Progress, RunReport
from crmcx.sync.threads import Came, at_once, in_order
from crmcx.sync.writing import Ahead, Listener, Progressing, Writer, collector_paused

ROWS_PER_COMMIT = 20_000
"""Records that one transaction takes; fewer cost more per record, more gain little."""
SECONDS_PER_COMMIT = 30.0
"""Seconds after which what was read is committed, however little it is."""
_LOG = logging.getLogger("crmcx.sync")


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
    """Told how far each stream has come; by another thread where it is about a wait."""
    rows_per_commit: int = ROWS_PER_COMMIT
    """Records that one transaction takes."""
    seconds_per_commit: float = SECONDS_PER_COMMIT
    """Seconds after which what was read is committed, however little it is."""
    whole: bool = False
    """Whether everything is to be read, not only what is new."""
    plugins: Plugins | None = None
    """Whose hooks are called; None for nobody's."""
    stop: threading.Event = field(factory=threading.Event, repr=False)
    """Set it to end the run at its next commit."""


def sync(run: Run) -> RunReport:
    """Read all streams of one connection into the store.

    A stream that fails does not hinder the others; what was read of it before is committed.

    Args:
        run: Store, connection and settings.

    Returns:
        What was read, stored, left unchanged, set aside and deleted, per stream.

    Raises:
        SourceError: The source is not as described; found before anything is written where the connector can tell. Its
            `data["report"]` tells of the streams that were read.
        StoreError: The store cannot be written, or another sync of it is under way.
    """
    with alone(run.store, f"a sync of {run.source}"):
        run.connector.check()
        readings = readings_of(run)
        run.store.register(run.source, run.connector.name, run.connector.describe())
        numbers = run.store.start_run(run.source)
        for each in readings:
            each.run_id = numbers[0]
        writer = Writer(
            store=run.store,
            source=run.source,
            numbers=numbers,
            listener=run.listener,
            plugins=run.plugins,
            rows_per_commit=run.rows_per_commit,
            seconds_per_commit=run.seconds_per_commit,
        )
        try:
            report, errors = _all(
                run, writer, [Progressing(reading=each, ahead=Ahead(run.rows_per_commit)) for each in readings]
            )
        except BaseException as error:
            with suppress(StoreError):  # a store that failed takes no note, and what it failed of is what counts
                run.store.finish_run(numbers[0], state="failed", reason=type(error).__name__)
            raise
        finally:
            run.connector.close()
        state = "failed" if errors else "stopped" if run.stop.is_set() else "done"
        reason = ", ".join(dict.fromkeys(type(error).__name__ for error in errors)) or None
        run.store.finish_run(numbers[0], state=state, reason=reason)
    if run.plugins is not None:
        run.plugins.after_run(report)
    if errors:
        raise _failed(errors, report)
    return report


def readings_of(run: Run) -> list[Reading]:
    """The streams of the connection, ready to be read.

    Raises:
        ConnectorError: Two have one name, or one has parents that are not there.
    """
    streams = run.connector.streams()
    names = [stream.name for stream in streams]
    if len(set(names)) != len(names):
        msg = f"the connector {run.connector.name} has two streams of one name: {', '.join(sorted(names))}"
        raise ConnectorError(msg, hint="give each stream a name of its own")
    return [_reading(run, stream, streams) for stream in streams]


def _reading(run: Run, stream: Stream, streams: Sequence[Stream]) -> Reading:
    maps = stream.maps
    if run.plugins is not None:
        maps = tuple(run.plugins.mapped(run.connector.name, stream.name, each) for each in maps)
    tables = {each.name: each.maps[0].cls.table for each in streams if each.maps}
    if stream.parents is not None and stream.parents.stream not in tables:
        msg = f"the stream {stream.name} has the parents {stream.parents.stream!r}; there are: {', '.join(tables)}"
        raise ConnectorError(msg, hint="name a stream of the same connector")
    return Reading(
        store=run.store,
        source=run.source,
        stream=stream,
        maps=maps,
        run_id=0,
        whole=run.whole,
        stop=run.stop,
        meter=Meter(),
        parent_tables=tables,
    )


def _all(run: Run, writer: Writer, streams: Sequence[Progressing]) -> tuple[RunReport, list[Exception]]:
    """Read all streams, and commit what they bring."""
    for each in streams:
        each.reading.meter.listener = _teller(writer, each)
    ordered = _parents_first(streams)
    threads = run.connector.threads
    came_of = in_order(ordered) if threads < 1 else at_once(ordered, threads)
    with collector_paused(), closing(came_of):
        for came in came_of:
            _take(came, writer, stopped=run.stop.is_set())
            for each in streams:
                if each.refused is not None and each.report is None:
                    _note(each, each.refused, writer)
            _skip_children(writer, streams)
            if run.stop.is_set():
                break
    for each in streams:
        if each.report is None:
            writer.commit(each)
            writer.end(each, "stopped")
    reports = tuple(each.report for each in streams if each.report is not None)
    return RunReport(source=run.source, streams=reports), [each.error for each in streams if each.error is not None]


def _take(came: Came, writer: Writer, *, stopped: bool) -> None:
    """Do what is to be done about what came."""
    if came.stream is None:
        writer.commit_what_waits()
    elif came.page is not None:
        writer.take(came.stream, came.page)
    elif came.stream.refused is None:
        _end_of(came.stream, came.error, writer, stopped=stopped)


def _end_of(stream: Progressing, error: BaseException | None, writer: Writer, *, stopped: bool) -> None:
    """A stream ended: what was read before is committed, also of one that failed."""
    if isinstance(error, StoreError) or not isinstance(error, Exception | None):
        raise error
    if error is None and not stopped:
        writer.finish(stream)
        return
    writer.commit(stream)
    if error is not None:
        _note(stream, error, writer)
    else:
        writer.end(stream, "stopped")


def _note(stream: Progressing, error: Exception, writer: Writer) -> None:
    """Note of what a stream failed."""
    stream.error = error
    if isinstance(error, PagingError):  # where a source does not lead on, nobody knows which of its pages were right
        writer.store.begin_anew(writer.source, stream.reading.stream.name)
    told = str(error) if isinstance(error, CrmcxError) else type(error).__name__
    _LOG.warning("%s %s failed: %s", stream.reading.source, stream.reading.stream.name, told)
    writer.end(stream, "failed", error=told)


def _skip_children(writer: Writer, streams: Sequence[Progressing]) -> None:
    """Do not read the children of what was not read to its end."""
    failed = {
        each.reading.stream.name
        for each in streams
        if each.report is not None and each.report.state in {"failed", "not read"}
    }
    for each in streams:
        parents = each.reading.stream.parents
        if each.report is None and parents is not None and parents.stream in failed:
            writer.end(each, "not read")
            _skip_children(writer, streams)


def _teller(writer: Writer, stream: Progressing) -> Callable[[Waiting], None]:
    def tell(waiting: Waiting) -> None:
        writer.tell(stream, "waiting", waiting)

    return tell


def _parents_first(streams: Sequence[Progressing]) -> list[Progressing]:
    """The streams in their order, but none before that of its parents."""
    ordered: list[Progressing] = []
    left = list(streams)
    while left:
        placed = {each.reading.stream.name for each in ordered}
        ready = [
            each for each in left if each.reading.stream.parents is None or each.reading.stream.parents.stream in placed
        ]
        if not ready:
            names = ", ".join(each.reading.stream.name for each in left)
            msg = f"the streams {names} are each other's parents"
            raise ConnectorError(msg, hint="have one of them without parents=")
        ordered.append(ready[0])
        left.remove(ready[0])
    return ordered


def _failed(errors: Sequence[Exception], report: RunReport) -> Exception:
    """The error of a run: that of the one stream that failed, or one that tells of all."""
    if len(errors) == 1:
        if isinstance(errors[0], CrmcxError):
            errors[0].data["report"] = report
        return errors[0]
    failed = [each for each in report.streams if each.state == "failed"]
    told = "; ".join(f"{each.stream}: {each.error}" for each in failed)
    msg = f"{len(failed)} streams of {report.source} failed: {told}"
    return SourceError(
        msg, hint="what was committed stands; mend them and run again", report=report, errors=tuple(errors)
    )
