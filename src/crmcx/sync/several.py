"""Runs over several connections: one that fails does not hinder the others, and Ctrl-C ends them at a commit."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from attrs import evolve

from crmcx.errors import SourceError
from crmcx.sync.report import RunReport, SyncReport
from crmcx.sync.run import Run


class SyncInterrupted(KeyboardInterrupt):
    """A sync that somebody ended; what was committed stands, and the next one goes on from there.

    Args:
        report: What was read until then.
    """

    def __init__(self, report: SyncReport) -> None:
        super().__init__("the sync was ended; what was committed stands, and the next one goes on from there")
        self.report = report


@contextmanager
def ended_by_ctrl_c(stop: threading.Event) -> Iterator[None]:
    """Within this, the first Ctrl-C sets an event, and the second interrupts as it always does.

    Outside the main thread, or where the program has a handler of its own, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread() or (
        signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield
        return

    def first(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop.set()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def over_all(runs: Sequence[Run], do: Callable[[Run], RunReport]) -> SyncReport:
    """Do the same over several connections.

    Args:
        runs: One run a connection.
        do: What is done, such as `sync`.

    Raises:
        SourceError: That of the first connection that failed, with notes of the others; `data["report"]` tells what was
            read of all.
        SyncInterrupted: Ctrl-C was pressed.
    """
    stop = threading.Event()
    reports: list[RunReport] = []
    errors: list[SourceError] = []
    with ended_by_ctrl_c(stop):
        for run in runs:
            try:
                reports.append(do(evolve(run, stop=stop)))
            except SourceError as error:
                errors.append(error)
                found = error.data.get("report")
                reports += [found] if isinstance(found, RunReport) else []
            if stop.is_set():
                raise SyncInterrupted(SyncReport(tuple(reports)))
    if errors:
        first, *others = errors
        first.data["report"] = SyncReport(tuple(reports))
        for other in others:
            first.add_note(f"and also: {other}")
        raise first
    return SyncReport(tuple(reports))
