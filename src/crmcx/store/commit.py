"""One transaction: rows, cursor, counts, quarantine and the raw pages, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from crmcx.errors import CountMismatchError, UsageError
from crmcx.models.base import Model
from crmcx.store.aside import set_aside
from crmcx.store.changes import record_changes
from crmcx.store.deleting import bury, note_present
from crmcx.store.merge import SAYS_NEW, ClassMerge, Placed
from crmcx.store.pages import Numbered, keep_pages, note_pages
from crmcx.store.staging import Counts, Unit
from crmcx.tables.schema import RECORDS


def write_unit(connection: Any, unit: Unit, *, now_us: int, step: Callable[[str], None]) -> Counts:  # noqa: ANN401
    """Write one unit inside an open transaction.

    Args:
        connection: The writing connection, inside a transaction.
        unit: What to write.
        now_us: The time of recording.
        step: Called with the name of each step before it is done, so that a test can stop there.

    Returns:
        The counts, each by a count of its own.

    Raises:
        CountMismatchError: They do not add up: a record was lost or counted twice. The caller rolls back.
        KeyCollisionError: Two records have the same key.
    """
    step("pages")
    numbered = keep_pages(connection, unit)
    merges = []
    for cls, placed in _by_class(numbered):
        step(f"stage {cls.__name__}")
        merge = ClassMerge(connection, cls, placed, unit)
        merge.judge()
        merges.append(merge)
    stored: set[int] = set()
    for merge in merges:
        step(f"write {merge.schema.name}")
        if not (unit.keeps_history or unit.replay):
            record_changes(connection, merge, source=unit.source, pass_id=unit.pass_id)
        stored |= bury(connection, merge, unit, now_us) | merge.write()
    if unit.sweeps:
        step("present")
        note_present(connection, unit, merges, [reject for page in unit.pages for reject in page.rejected])
    step("quarantine")
    quarantined = set_aside(connection, unit, numbered, merges, now_us)
    counts = Counts(
        read=sum(page.read for page in unit.pages),
        stored=len(stored),
        unchanged=_count_unchanged(connection, merges),
        quarantined=quarantined,
        deleted=sum(merge.removed for merge in merges),
    )
    if not counts.adds_up:
        msg = (
            f"a commit of {unit.source} {unit.stream} does not add up: {counts.read} read, {counts.stored} stored,"
            f" {counts.unchanged} unchanged, {counts.quarantined} quarantined"
        )
        raise CountMismatchError(msg, hint="nothing of it was stored; run again, and report it if it stays")
    step("books")
    _write_books(connection, unit, numbered, counts, now_us)
    return counts


def _by_class(numbered: Sequence[Numbered]) -> Iterator[tuple[type[Model], list[Placed]]]:
    """The rows of each class over all pages, in the order of the classes.

    Raises:
        UsageError: A class has no table.
    """
    strangers = {rows.cls for each in numbered for rows in each.page.rows} - set(RECORDS)
    if strangers:
        msg = f"{', '.join(sorted(cls.__name__ for cls in strangers))} has no table in a store"
        raise UsageError(msg, hint="derive it from a class of crmcx.models, and give it no table= of its own")
    for cls in RECORDS:
        placed = []
        for number, each in enumerate(numbered):
            gone = tuple(marker for marker in each.page.gone if marker.cls is cls)
            found = [rows for rows in each.page.rows if rows.cls is cls and rows.indices]
            placed += [Placed(rows, (), each.page_id, number, each.page.fetched_us) for rows in found]
            placed += [Placed(None, gone, each.page_id, number, each.page.fetched_us)] if gone else []
        if placed:
            yield cls, placed


def _count_unchanged(connection: Any, merges: Sequence[ClassMerge]) -> int:  # noqa: ANN401 - a DuckDB connection
    if not merges:
        return 0
    judged = " UNION ALL ".join(f"SELECT raw_ref, action FROM {merge.judged}" for merge in merges)
    ((found,),) = connection.execute(
        f"SELECT count(*) FROM (SELECT raw_ref FROM ({judged}) GROUP BY raw_ref HAVING NOT bool_or({SAYS_NEW}))"
    ).fetchall()
    return int(found)


def _write_books(
    connection: Any,  # noqa: ANN401 - a DuckDB connection
    unit: Unit,
    numbered: Sequence[Numbered],
    counts: Counts,
    now_us: int,
) -> None:
    ((last,),) = connection.execute("SELECT coalesce(max(commit_id), 0) FROM books.commits").fetchall()
    connection.execute(
        "INSERT INTO books.commits VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            last + 1,
            unit.run_id,
            unit.source,
            unit.stream,
            now_us,
            counts.read,
            counts.stored,
            counts.unchanged,
            counts.quarantined,
            counts.deleted,
        ],
    ).fetchall()
    note_pages(connection, unit, numbered)
    if unit.replay:
        return
    connection.execute(
        """MERGE INTO books.streams USING (
            SELECT $1 AS source, $2 AS stream, $3 AS cursor, $4::BIGINT AS pass_id, $5::BIGINT AS since) AS now_
        USING (source, stream)
        WHEN MATCHED THEN UPDATE SET cursor = now_.cursor, pass_id = now_.pass_id, finished_us = NULL
        WHEN NOT MATCHED THEN INSERT (source, stream, cursor, pass_id, known_since_us)
            VALUES (now_.source, now_.stream, now_.cursor, now_.pass_id, now_.since)""",
        [unit.source, unit.stream, unit.cursor, unit.pass_id, unit.run_started_us],
    ).fetchall()
