"""What sources have deleted: markers in a commit, and what a whole pass did not show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from attrs import frozen

from crmcx.models.base import Record
from crmcx.models.fields import parts
from crmcx.store.changes import last_said_sql
from crmcx.store.ddl import literal
from crmcx.store.merge import ClassMerge, demand_all, key_sql
from crmcx.store.staging import StagedReject, Unit
from crmcx.tables.schema import RECORDS, TableSchema, parent_key, schema_of

_BEGUN = ""
"""Stands for a table where a pass was noted from its first page on."""


@frozen(kw_only=True)
class Swept:
    """What went at the end of a whole pass."""

    deleted: int = 0
    """Rows."""
    reason: str | None = None
    """Why nothing went, where something might have."""


def bury(connection: Any, merge: ClassMerge, unit: Unit, now_us: int) -> set[int]:  # noqa: ANN401 - a DuckDB connection
    """Note which records are gone, and which of those are there again.

    Args:
        connection: The writing connection, inside a transaction, before the rows are written.
        merge: The judged rows of one class.
        unit: What is committed.
        now_us: The time of recording.

    Returns:
        The raw references of the markers that said something new, as the database returned them.
    """
    name = merge.schema.name
    if not merge.deletions:
        return set()
    # What the record last said is taken from its row, or from an earlier deletion of it.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE buried AS
        SELECT '{name}' AS table_name, j.key, {literal(unit.source)} AS source, j.source_id,
            {literal(unit.stream)} AS stream, j.version, {now_us} AS deleted_us, j.raw_ref, 'marker' AS how,
            CASE WHEN t.key IS NULL THEN d.said ELSE {last_said_sql(merge.schema, "t")} END AS said
        FROM {merge.judged} j LEFT JOIN {name} t ON t.key = j.key
            LEFT JOIN books.deleted d ON d.table_name = '{name}' AND d.key = j.key
        WHERE j.action = 'gone'"""
    ).fetchall()
    connection.execute(
        f"""DELETE FROM books.deleted WHERE table_name = '{name}' AND source = {literal(unit.source)}
            AND key IN (SELECT key FROM {merge.judged} WHERE action IN ('gone', 'new'))"""
    ).fetchall()
    buried = connection.execute("INSERT INTO books.deleted BY NAME SELECT * FROM buried RETURNING raw_ref").fetchall()
    demand_all(len(buried), merge.gone, f"deleted records of {name} were noted")
    return {raw_ref for (raw_ref,) in buried}


def note_present(
    connection: Any,  # noqa: ANN401 - a DuckDB connection
    unit: Unit,
    merges: Sequence[ClassMerge],
    rejected: Sequence[StagedReject],
) -> None:
    """Note which records a whole pass has shown, also those that could not be mapped, and that it was noted at all."""
    given = [unit.source, unit.stream, unit.pass_id]
    known = connection.execute(
        "SELECT 1 FROM books.streams WHERE source = $1 AND stream = $2 AND pass_id = $3", given
    ).fetchall()
    if not known:
        _clear(connection, unit.source, unit.stream)
        connection.execute(f"INSERT INTO books.present VALUES ($1, $2, $3, '{_BEGUN}', NULL)", given).fetchall()
    for merge in merges:
        name = merge.schema.name
        connection.execute(
            f"INSERT INTO books.present SELECT DISTINCT $1, $2, $3, '{name}', key FROM {merge.judged} WHERE NOT gone",
            given,
        ).fetchall()
    for cls in {cls for each in rejected for cls, _ in each.ids}:
        ids = [f"{unit.source}/{number}" for each in rejected for found, number in each.ids if found is cls]
        name = schema_of(cls).name
        connection.execute(
            f"INSERT INTO books.present SELECT $1, $2, $3, '{name}', {key_sql(name, 'ref')} FROM unnest($4) AS r(ref)",
            [*given, ids],
        ).fetchall()
    if any(not each.ids for each in rejected):
        connection.execute("INSERT INTO books.present VALUES ($1, $2, $3, NULL, NULL)", given).fetchall()


def sweep(  # noqa: PLR0917 - each is one thing that is needed
    connection: Any,  # noqa: ANN401 - a DuckDB connection
    source: str,
    stream: str,
    pass_id: int,
    now_us: int,
    step: Callable[[str], None],
) -> Swept:
    """Delete what a whole pass over a stream did not show; inside an open transaction.

    Only rows that this stream brought go. Nothing goes where a record was set aside whose id could not be read, since
    it may be any of them, nor where the pass showed nothing at all, or was not noted from its first page on.
    """
    given = [source, stream, pass_id]
    ((begun, shown, nameless),) = connection.execute(
        f"""SELECT count(*) FILTER (table_name = '{_BEGUN}'), count(*) FILTER (table_name <> '{_BEGUN}'),
            count(*) FILTER (table_name IS NULL) FROM books.present
        WHERE source = $1 AND stream = $2 AND pass_id = $3""",
        given,
    ).fetchall()
    missing = [] if nameless else [(schema_of(cls), *_missing(connection, schema_of(cls), given)) for cls in RECORDS]
    reason = None
    deleted = 0
    if nameless:
        reason = "records were set aside whose id cannot be read"
    elif not shown and any(count for _, _, count in missing):
        reason = "the source showed no record at all"
    elif not begun and any(count for _, _, count in missing):
        reason = "the pass began when it was not noted yet what it shows"
    else:
        for schema, keys, count in missing:
            if count:
                step(f"sweep {schema.name}")
                _delete(connection, schema, keys, count, (source, stream, now_us))
                deleted += count
    _clear(connection, source, stream)
    if deleted:
        connection.execute(
            """INSERT INTO books.commits SELECT (SELECT coalesce(max(commit_id), 0) + 1 FROM books.commits),
                coalesce((SELECT max(run_id) FROM books.runs WHERE source = $2), $1), $2, $3, $4, 0, 0, 0, 0, $5""",
            [pass_id, source, stream, now_us, deleted],
        ).fetchall()
    return Swept(deleted=deleted, reason=reason)


def _missing(connection: Any, schema: TableSchema, given: Sequence[Any]) -> tuple[str, int]:  # noqa: ANN401
    """Which rows that the stream brought the pass did not show: a table of their keys, and how many there are."""
    keys = f"missing_{schema.name}"
    # A step that the store itself noted was not brought by anybody.
    noted = "AND after_us IS NULL" if "after_us" in schema else ""
    ((count,),) = connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE {keys} AS SELECT key FROM {schema.name} t
        WHERE source = $1 {noted}
            AND raw_ref >> 20 IN (SELECT page_id FROM books.pages WHERE source = $1 AND stream = $2)
            AND NOT EXISTS (SELECT 1 FROM books.present p WHERE p.source = $1 AND p.stream = $2 AND p.pass_id = $3
                AND p.table_name = '{schema.name}' AND p.key = t.key)""",
        list(given),
    ).fetchall()
    return keys, int(count)


def _delete(
    connection: Any,  # noqa: ANN401 - a DuckDB connection
    schema: TableSchema,
    keys: str,
    count: int,
    by: tuple[str, str, int],
) -> None:
    name = schema.name
    connection.execute(
        f"""INSERT INTO books.deleted SELECT '{name}', key, $1, source_id, $2, NULL, $3, raw_ref, 'sweep',
            {last_said_sql(schema, "t")} FROM {name} t WHERE key IN (SELECT key FROM {keys})""",
        list(by),
    ).fetchall()
    for part in parts(cast("type[Record]", schema.cls)).values():
        connection.execute(f"DELETE FROM {part.table} WHERE {parent_key(part)} IN (SELECT key FROM {keys})").fetchall()
    ((gone,),) = connection.execute(f"DELETE FROM {name} WHERE key IN (SELECT key FROM {keys})").fetchall()
    demand_all(gone, count, f"rows of {name} were swept")


def _clear(connection: Any, source: str, stream: str) -> None:  # noqa: ANN401 - a DuckDB connection
    connection.execute("DELETE FROM books.present WHERE source = $1 AND stream = $2", [source, stream]).fetchall()
