"""What a run brought, as a value and as a table for people."""

from __future__ import annotations

from attrs import frozen

from crmcx._html import html_table
from crmcx.store import Counts

_COLUMNS = ("read", "stored", "unchanged", "quarantined")


@frozen(kw_only=True)
class StreamReport:
    """One stream of a run."""

    stream: str
    """Its name."""
    counts: Counts
    """Its records, each counted once."""
    resumed: bool
    """Whether the run went on where an earlier one was broken off."""
    seconds: float
    """How long it took."""


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

    def dicts(self) -> list[dict[str, object]]:
        """One dictionary a stream."""
        return [
            {
                "source": run.source,
                "stream": each.stream,
                **{name: getattr(each.counts, name) for name in _COLUMNS},
                "resumed": each.resumed,
                "seconds": each.seconds,
            }
            for run in self.runs
            for each in run.streams
        ]

    @property
    def _told_aside(self) -> str:
        aside = self.counts.quarantined
        several = f"{aside:,} records could not be mapped and are in quarantine"
        return "1 record could not be mapped and is in quarantine" if aside == 1 else several if aside else ""

    def __repr__(self) -> str:
        lines = [f"{'source':<24}{'stream':<18}" + "".join(f"{name:>12}" for name in _COLUMNS) + f"{'seconds':>9}"]
        lines += [
            f"{row['source']:<24}{row['stream']:<18}"
            + "".join(f"{row[name]:>12,}" for name in _COLUMNS)
            + f"{row['seconds']:>9.1f}"
            for row in self.dicts()
        ]
        return "\n".join([*lines, *([self._told_aside] if self._told_aside else [])])

    def _repr_html_(self) -> str:
        rows = [
            [
                str(row["source"]),
                str(row["stream"]),
                *(f"{row[name]:,}" for name in _COLUMNS),
                f"{row['seconds']:.1f}",
            ]
            for row in self.dicts()
        ]
        return html_table(["source", "stream", *_COLUMNS, "seconds"], rows, self._told_aside)
