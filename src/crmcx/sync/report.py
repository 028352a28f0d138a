"""What a run brought, as a value and as a table for people."""

from __future__ import annotations

from typing import Any

from attrs import asdict, frozen

from crmcx._html import html_table
from crmcx.connectors.drift import Drift
from crmcx.connectors.meter import Waiting
from crmcx.store import Counts

_COUNTS = ("read", "stored", "unchanged", "quarantined", "deleted")
_WHERE_SOME = ("deleted", "requests", "waited")
"""Columns that a table has only where there is something to tell."""


@frozen(kw_only=True)
class Progress:
    """How far a stream has come; told when it begins, after every commit, before a wait, and at its end."""

    source: str
    """Name of the connection."""
    stream: str
    """Name of the stream."""
    state: str
    """`reading`, `waiting`, `done`, `failed` or `stopped`."""
    counts: Counts
    """Records of this run so far."""
    requests: int = 0
    """Requests sent so far."""
    waiting: Waiting | None = None
    """Until when, and why, it waits."""


@frozen(kw_only=True)
class StreamReport:
    """One stream of a run."""

    stream: str
    """Its name."""
    counts: Counts
    """Its records, each counted once."""
    state: str = "done"
    """`done`, `failed`, `stopped`, or `not read` because the stream of its parents was not read to its end."""
    error: str | None = None
    """What it failed of."""
    resumed: bool = False
    """Whether the run went on where an earlier one was broken off."""
    whole: bool = True
    """Whether everything was asked for, not only what is new."""
    requests: int = 0
    """Requests sent, each try counted."""
    waited: float = 0.0
    """Seconds waited before requests, for the source or its budget."""
    seconds: float
    """How long it took."""
    drift: Drift = Drift()  # noqa: RUF009 - frozen
    """What of its fields is other than in earlier runs."""
    not_swept: str | None = None
    """Why what a whole pass did not show was left."""
    not_replayed: int = 0
    """Of a replay the raw pages whose records could not be found in them again."""


@frozen(kw_only=True, repr=False)
class RunReport:
    """One run over one connection. Prints as a table; a notebook shows it as HTML."""

    source: str
    """Name of the connection."""
    streams: tuple[StreamReport, ...]
    """Its streams in order."""

    @property
    def counts(self) -> Counts:
        """All records of the run."""
        return sum((each.counts for each in self.streams), Counts())

    def __repr__(self) -> str:
        return repr(SyncReport((self,)))

    def _repr_html_(self) -> str:
        return SyncReport((self,))._repr_html_()


@frozen(repr=False)
class SyncReport:
    """Runs over all connections of a workspace. Prints as a table; a notebook shows it as HTML."""

    runs: tuple[RunReport, ...]
    """One run a connection."""

    @property
    def counts(self) -> Counts:
        """All records of all runs."""
        return sum((each.counts for each in self.runs), Counts())

    def dicts(self) -> list[dict[str, Any]]:
        """One dictionary a stream."""
        return [
            {
                "source": run.source,
                "stream": each.stream,
                **{name: getattr(each.counts, name) for name in _COUNTS},
                **{
                    name: value
                    for name, value in asdict(each, recurse=False).items()
                    if name not in {"stream", "counts", "drift"}
                },
                "drift": asdict(each.drift),
            }
            for run in self.runs
            for each in run.streams
        ]

    def _table(self) -> list[list[str]]:
        told = self.dicts()
        columns = (*_COUNTS, "requests", "waited", "seconds")
        shown = [name for name in columns if name not in _WHERE_SOME or any(row[name] for row in told)]
        rows = [[row["source"], row["stream"], *(_spelled(row[name]) for name in shown)] for row in told]
        return [["source", "stream", *shown], *rows]

    def _notes(self) -> list[str]:
        """What is to be known beyond the numbers."""
        notes = []
        for run in self.runs:
            for each in run.streams:
                name = f"{run.source} {each.stream}"
                if each.state != "done":
                    notes.append(f"{name}: {each.state}" + (f": {each.error}" if each.error else ""))
                if each.not_swept:
                    notes.append(f"{name}: nothing was deleted: {each.not_swept}")
                if each.not_replayed:
                    pages = "1 raw page" if each.not_replayed == 1 else f"{each.not_replayed:,} raw pages"
                    notes.append(f"{name}: {pages} could not be taken apart: read the source anew")
                if each.drift:
                    notes.append(f"{name}: {each.drift.told}")
        aside = self.counts.quarantined
        if aside:
            several = f"{aside:,} records could not be mapped and are in quarantine"
            notes.append("1 record could not be mapped and is in quarantine" if aside == 1 else several)
        return notes

    def __repr__(self) -> str:
        table = self._table()
        widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        lines = [
            "  ".join(
                cell.ljust(width) if column < 2 else cell.rjust(width)  # noqa: PLR2004 - the names stand on the left
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
        return "\n".join([*lines, *self._notes()])

    def _repr_html_(self) -> str:
        head, *rows = self._table()
        return html_table(head, rows, "; ".join(self._notes()))


def _spelled(value: object) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
