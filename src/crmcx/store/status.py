"""What a store holds, in numbers."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any

from attrs import frozen

from crmcx._html import html_table
from crmcx.errors import demand_one_of
from crmcx.instants import from_us
from crmcx.store.staging import Counts
from crmcx.tables.schema import TABLES


@frozen(kw_only=True)
class StreamStatus:
    """One stream of one connection."""

    source: str
    """Name of the connection."""
    stream: str
    """Name of the stream."""
    known_since: datetime
    """When it was first read; before that, nothing is known of what changed."""
    finished_at: datetime | None
    """When it was last read to its end; None while a run is open or broken off."""
    counts: Counts
    """Source records over all runs."""


@frozen(kw_only=True, repr=False)
class Status:
    """What is stored, from where, and what was set aside. Prints as text; a notebook shows it as HTML."""

    path: str
    """The store's file."""
    rows: tuple[tuple[str, int], ...]
    """Rows per table, without the empty ones."""
    streams: tuple[StreamStatus, ...]
    """Every stream that was ever read."""
    quarantined: int
    """Records that are set aside now."""

    def __repr__(self) -> str:
        lines = [f"store {self.path}"]
        lines += [f"  {name:<16}{count:>12,}" for name, count in self.rows]
        lines += [f"  {'quarantined':<16}{self.quarantined:>12,}", ""]
        for each in self.streams:
            until = f"read to its end {each.finished_at:%Y-%m-%d %H:%M}Z" if each.finished_at else "not read to its end"
            lines.append(f"  {each.source} {each.stream}: {each.counts.read:,} records read in all, {until}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        held = [[name, f"{count:,}"] for name, count in [*self.rows, ("quarantined", self.quarantined)]]
        streams = [
            [
                each.source,
                each.stream,
                f"{each.counts.read:,}",
                f"{each.finished_at:%Y-%m-%d %H:%M}Z" if each.finished_at else "no",
            ]
            for each in self.streams
        ]
        heads = ["source", "stream", "records read in all", "read to its end"]
        return f"<p>store {escape(self.path)}</p>{html_table(['table', 'rows'], held)}{html_table(heads, streams)}"


def read_status(connection: Any, path: str) -> Status:  # noqa: ANN401 - a DuckDB connection
    """Read the numbers of a store."""
    rows = []
    for name in TABLES:
        ((count,),) = connection.execute(f"SELECT count(*) FROM {name}").fetchall()
        if count:
            rows.append((name, count))
    streams = connection.execute(
        """SELECT s.source, s.stream, s.known_since_us, s.finished_us, coalesce(sum(c."read"), 0),
            coalesce(sum(c.stored), 0), coalesce(sum(c.unchanged), 0), coalesce(sum(c.quarantined), 0)
            , coalesce(sum(c.deleted), 0)
        FROM books.streams s LEFT JOIN books.commits c ON c.source = s.source AND c.stream = s.stream
            AND c.run_id NOT IN (SELECT run_id FROM books.runs WHERE kind = 'replay')
        GROUP BY ALL ORDER BY min(c.commit_id) NULLS LAST, s.source, s.stream"""
    ).fetchall()
    ((quarantined,),) = connection.execute("SELECT count(*) FROM books.quarantine").fetchall()
    return Status(
        path=path,
        rows=tuple(rows),
        streams=tuple(
            StreamStatus(
                source=source,
                stream=stream,
                known_since=from_us(since),
                finished_at=None if finished is None else from_us(finished),
                counts=Counts(read=read, stored=stored, unchanged=unchanged, quarantined=aside, deleted=deleted),
            )
            for source, stream, since, finished, read, stored, unchanged, aside, deleted in streams
        ),
        quarantined=quarantined,
    )


def known_since_sql(table: str) -> str:
    """The statement that tells since when each source of a table is known, in microseconds.

    Raises:
        UsageError: There is no such table.
    """
    demand_one_of("table", table, TABLES)
    schema = TABLES[table]
    name = schema.name if schema.parent is None else schema.parent.table
    return f"""SELECT s.source, max(s.known_since_us)
        FROM (SELECT DISTINCT raw_ref >> 20 AS page_id FROM main.{name}) JOIN books.pages p USING (page_id)
            JOIN books.streams s ON s.source = p.source AND s.stream = p.stream
        GROUP BY s.source ORDER BY s.source"""
