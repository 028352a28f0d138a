"""The streams of a run, read in order or in threads; what they bring comes out in one place, one thing at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Sequence
from contextlib import suppress
from contextvars import copy_context

from attrs import frozen

from crmcx.sync.reading import Fetched
from crmcx.sync.writing import Load, Progressing

_PAGES_AHEAD = 4
_LOOK_AGAIN = 0.1
_WAIT_AT_THE_END = 1.0


@frozen
class Came:
    """Something that came of a stream: a page, an error, or the end; nothing where some time has passed."""

    stream: Progressing | None = None
    page: Fetched | None = None
    error: BaseException | None = None


def in_order(streams: Sequence[Progressing]) -> Generator[Came, None, None]:
    """Read the streams one after the other, in this thread."""
    for each in streams:
        if each.report is not None:
            continue
        error: BaseException | None = None
        try:
            each.reading.begin()
            for page in each.reading.pages():
                each.ahead.add(Load.of(page))
                yield Came(each, page)
        except GeneratorExit:
            raise
        except BaseException as raised:  # noqa: BLE001 - told to the writer, which raises it again
            error = raised
        yield Came(each, error=error)


def at_once(streams: Sequence[Progressing], threads: int) -> Generator[Came, None, None]:
    """Read the streams in threads, a child stream after that of its parents.

    A thread is ahead of its commits by one commit at most.
    """
    said: queue.Queue[Came] = queue.Queue(maxsize=_PAGES_AHEAD)
    left = threading.Event()
    waiting, running = list(streams), dict[int, threading.Thread]()
    ended: set[str] = set()
    try:
        while waiting or running:
            waiting = [each for each in waiting if each.report is None]
            for each in tuple(waiting):
                parents = each.reading.stream.parents
                if len(running) < threads and (parents is None or parents.stream in ended):
                    waiting.remove(each)
                    running[id(each)] = _started(each, said, left)
            if not running:
                break
            try:
                came = said.get(timeout=_LOOK_AGAIN)
            except queue.Empty:
                yield Came()
                continue
            yield came
            if came.page is None and came.stream is not None:
                running.pop(id(came.stream)).join()
                ended.add(came.stream.reading.stream.name)
    finally:
        left.set()
        for thread in running.values():
            thread.join(_WAIT_AT_THE_END)


def _started(stream: Progressing, said: queue.Queue[Came], left: threading.Event) -> threading.Thread:
    context = copy_context()
    name = f"crmcx {stream.reading.source} {stream.reading.stream.name}"
    thread = threading.Thread(target=context.run, args=(_read, stream, said, left), name=name, daemon=True)
    thread.start()
    return thread


def _read(stream: Progressing, said: queue.Queue[Came], left: threading.Event) -> None:
    error: BaseException | None = None
    try:
        stream.reading.begin()
        for page in stream.reading.pages():
            stream.ahead.add(Load.of(page))
            if not _put(said, Came(stream, page), left):
                return
            stream.ahead.wait(left)
    except BaseException as raised:  # noqa: BLE001 - told to the writer, which raises it again
        error = raised
    _put(said, Came(stream, error=error), left)


def _put(said: queue.Queue[Came], came: Came, left: threading.Event) -> bool:
    """Hand something on, unless nobody takes it any more."""
    while not left.is_set():
        with suppress(queue.Full):
            said.put(came, timeout=_LOOK_AGAIN)
            return True
    return False
