"""A source forgotten: its rows, pages, books and its share of the map of people, as if it had never been there."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from crmcx._html import html_table
from crmcx.tables import TABLES

_BOOKS = ("quarantine", "pages", "streams", "commits", "runs", "connections", "deleted", "present")


@frozen(kw_only=True, repr=False)
class Disconnected:
    """What went with a connection; nothing of the store unless it was to be forgotten. Prints as a table."""

    source: str
    """The source."""
    forgotten: bool
    """Whether its records went too."""
    rows: tuple[tuple[str, int], ...] = ()
    """Rows per table, without those that had none."""
    pages: int = 0
    """Raw pages."""
    quarantined: int = 0
    """Records that were set aside."""
    streams: int = 0
    """Streams, with where each stood."""
    runs: int = 0
    """Runs, with their counts."""
    edges: int = 0
    """Links between records of which at least one was the source's."""
    mapped: int = 0
    """Customer records of the source that had a person."""
    apart: int = 0
    """Customer records of other sources whose person had a record of this one: each is a person of its own now."""

    def _told(self) -> list[tuple[str, int]]:
        told = [
            *self.rows,
            ("raw pages", self.pages),
            ("quarantined", self.quarantined),
            ("streams", self.streams),
            ("runs", self.runs),
            ("records that had a person", self.mapped),
            ("links between records", self.edges),
        ]
        return [(name, count) for name, count in told if count]

    @property
    def _caption(self) -> str:
        if not self.forgotten:
            return f"{self.source} is disconnected; what it brought stays"
        apart = f"; resolve() again: {self.apart:,} records of other sources lost their person" if self.apart else ""
        return f"{self.source} is forgotten{apart}"

    def __repr__(self) -> str:
        return "\n".join([self._caption, *(f"  {name:<28}{count:>12,}" for name, count in self._told())])

    def _repr_html_(self) -> str:
        if not self.forgotten:
            return self._caption
        return html_table(["what", "how many"], [[name, f"{count:,}"] for name, count in self._told()], self._caption)


def sources_of(connection: Any) -> tuple[str, ...]:  # noqa: ANN401 - a DuckDB connection
    """Every source that the books know."""
    found = " UNION ".join(f"SELECT source FROM books.{book}" for book in ("connections", "runs", "streams"))
    return tuple(source for (source,) in connection.execute(f"{found} ORDER BY source").fetchall())


def forget(connection: Any, source: str, *, now_us: int) -> Disconnected:  # noqa: ANN401 - a DuckDB connection
    """Delete all that a source brought, inside an open transaction.

    What other sources say of its records stays as they said it.

    Args:
        connection: The writing connection, inside a transaction.
        source: The source.
        now_us: The time of recording.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE forgotten AS SELECT key FROM main.customers WHERE source = $1", [source]
    ).fetchall()
    try:
        mapped, apart, edges = _forget_people(connection)
        rows = []
        for schema in TABLES.values():
            if "key" in schema:
                connection.execute(
                    f"""DELETE FROM books.seen WHERE table_name = '{schema.name}'
                        AND key IN (SELECT key FROM {schema.name} WHERE source = $1)""",
                    [source],
                ).fetchall()
            rows.append((schema.name, _delete(connection, schema.name, "source = $1", source)))
        # A commit of nobody's takes the number that follows, so that no later snapshot has the id of an earlier one.
        connection.execute(
            'INSERT INTO books.commits (commit_id, at_us, "read", stored, unchanged, quarantined)'
            " SELECT coalesce(max(commit_id), 0) + 1, $1, 0, 0, 0, 0 FROM books.commits",
            [now_us],
        ).fetchall()
        connection.execute(
            "DELETE FROM books.bodies WHERE page_id IN (SELECT page_id FROM books.pages WHERE source = $1)", [source]
        ).fetchall()
        gone = {book: _delete(connection, f"books.{book}", "source = $1", source) for book in _BOOKS}
    finally:
        connection.execute("DROP TABLE IF EXISTS forgotten").fetchall()
    return Disconnected(
        source=source,
        forgotten=True,
        rows=tuple((name, count) for name, count in rows if count),
        pages=gone["pages"],
        quarantined=gone["quarantine"],
        streams=gone["streams"],
        runs=gone["runs"],
        edges=edges,
        mapped=mapped,
        apart=apart,
    )


def _forget_people(connection: Any) -> tuple[int, int, int]:  # noqa: ANN401 - a DuckDB connection
    """Take the records out of the map of people, and those apart that only they may have joined.

    Returns:
        Its records that had a person, the records of others that have none now, and the edges that went.
    """
    mine = "IN (SELECT key FROM forgotten)"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE parted AS SELECT customer_key FROM person_map
        WHERE person_id IN (SELECT person_id FROM person_map WHERE customer_key {mine}) AND NOT (customer_key {mine})"""
    ).fetchall()
    apart = _delete(connection, "person_map", "customer_key IN (SELECT customer_key FROM parted)")
    connection.execute("DROP TABLE parted").fetchall()
    mapped = _delete(connection, "person_map", f"customer_key {mine}")
    edges = _delete(connection, "identity.edges", f"a {mine} OR b {mine}")
    _delete(connection, "identity.keys", f"customer_key {mine}")
    _delete(connection, "identity.aside", f"customer_key {mine}")
    # What was read out of values does not say whose they were; the next resolution reads those that are left again.
    _delete(connection, "identity.readings", "TRUE")
    return mapped, apart, edges


def _delete(connection: Any, table: str, where: str, *parameters: str) -> int:  # noqa: ANN401 - a DuckDB connection
    ((deleted,),) = connection.execute(f"DELETE FROM {table} WHERE {where}", list(parameters)).fetchall()
    return int(deleted)
