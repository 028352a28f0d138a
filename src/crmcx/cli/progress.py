"""How far a sync has come, on a terminal as a table that moves, elsewhere as lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from crmcx.sync import Progress

if TYPE_CHECKING:
    from rich.table import Table

Show = Callable[[Progress], None]
_HEAD = ("source", "stream", "read", "stored", "unchanged", "quarantined", "deleted", "requests")


@contextmanager
def shown() -> Iterator[Show]:
    """Show the progress of a sync on standard error, as long as the context is."""
    if find_spec("rich") is None or not sys.stderr.isatty():
        yield _lines
        return
    from rich.console import Console  # noqa: PLC0415 - an optional package, loaded at first use
    from rich.live import Live  # noqa: PLC0415

    latest: dict[tuple[str, str], Progress] = {}
    with Live(console=Console(stderr=True, highlight=False), refresh_per_second=8, transient=True) as live:

        def show(progress: Progress) -> None:
            latest[progress.source, progress.stream] = progress
            live.update(_table(latest.values()))

        yield show


def _lines(progress: Progress) -> None:
    """One line for each thing that is told."""
    counts = progress.counts
    numbers = f"{counts.read:,} read, {counts.stored:,} stored"
    state = "" if progress.state == "reading" else f", {_state(progress)}"
    print(f"{progress.source} {progress.stream}: {numbers}{state}", file=sys.stderr, flush=True)


def _table(streams: Iterable[Progress]) -> Table:
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for name in _HEAD:
        table.add_column(name, justify="left" if name in {"source", "stream"} else "right", no_wrap=True)
    table.add_column("", no_wrap=False)
    for each in streams:
        counts = each.counts
        numbers = (counts.read, counts.stored, counts.unchanged, counts.quarantined, counts.deleted, each.requests)
        table.add_row(each.source, each.stream, *(f"{number:,}" for number in numbers), Text(_state(each)))
    return table


def _state(progress: Progress) -> str:
    return progress.waiting.told if progress.waiting is not None else progress.state
