"""Records that could not be mapped: how they are put aside, and when they go again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from crmcx.engines import ColumnStream, handed_over
from crmcx.models.base import Record
from crmcx.store.merge import ClassMerge
from crmcx.store.pages import Numbered
from crmcx.store.staging import StagedReject, Unit


def set_aside(
    connection: Any,  # noqa: ANN401 - a DuckDB connection
    unit: Unit,
    numbered: Sequence[Numbered],
    merges: Sequence[ClassMerge],
    now_us: int,
) -> int:
    """Put what could not be mapped aside.

    What an earlier pass put aside goes, where it stood at the same place of a file, or on the same page, or where the
    same record came again: right this time, or wrong once more.

    Args:
        connection: The writing connection, inside a transaction, after the rows were judged.
        unit: What is committed.
        numbered: Its pages.
        merges: The judged rows of each class.
        now_us: The time of recording.

    Returns:
        How many records were put aside, as the database returned them.
    """
    if not unit.replay:
        connection.execute(
            """DELETE FROM books.quarantine q USING (
                SELECT unnest($4::VARCHAR[]) AS origin, unnest($5) AS first_row, unnest($6) AS records) p
            WHERE q.source = $1 AND q.stream = $2 AND q.run_id < $3
                AND q.origin = p.origin AND q."row" >= p.first_row AND q."row" < p.first_row + p.records""",
            [
                unit.source,
                unit.stream,
                unit.pass_id,
                [each.page.origin for each in numbered],
                [each.page.first_row for each in numbered],
                [each.page.read for each in numbered],
            ],
        ).fetchall()
    connection.execute(
        "DELETE FROM books.quarantine WHERE run_id < $1 AND raw_ref >> 20 IN (SELECT unnest($2))",
        [unit.pass_id, [each.page_id for each in numbered]],
    ).fetchall()
    found = [(each, reject) for each in numbered for reject in each.page.rejected]
    if not unit.replay:
        _drop_named(connection, unit, merges)
    if not found:
        return 0
    ((last,),) = connection.execute("SELECT coalesce(max(quarantine_id), 0) FROM books.quarantine").fetchall()
    columns: dict[str, Sequence[Any]] = {
        "quarantine_id": range(last + 1, last + 1 + len(found)),
        "run_id": [unit.run_id] * len(found),
        "source": [unit.source] * len(found),
        "stream": [unit.stream] * len(found),
        "origin": [each.page.origin for each, _ in found],
        "row": [each.page.first_row + reject.index for each, reject in found],
        "field": [reject.field for _, reject in found],
        "reason": [reject.reason for _, reject in found],
        "raw": [reject.raw for _, reject in found],
        "raw_ref": [each.page_id << 20 | reject.index for each, reject in found],
        "recorded_us": [now_us] * len(found),
        "record": [record_of(reject) if each.page.origin is None else None for each, reject in found],
    }
    numbers = {"quarantine_id", "run_id", "row", "raw_ref", "recorded_us"}
    types = {name: "int64" if name in numbers else "string" for name in columns}
    with handed_over(connection, "incoming", ColumnStream(columns, types)):
        written = connection.execute(
            "INSERT INTO books.quarantine BY NAME SELECT * FROM incoming RETURNING raw_ref"
        ).fetchall()
    if unit.replay:
        _drop_superseded(connection, unit, numbered)
    else:
        _drop_earlier(connection, unit, numbered, merges, last)
    return len(written)


def record_of(reject: StagedReject) -> str | None:
    """The record that something was wrong with, as one text; None where its ids could not all be read."""
    return _text(reject.ids) if reject.named else None


def _text(ids: Iterable[tuple[type[Record], str]]) -> str:
    return "\n".join(sorted(f"{cls.__dict__['table']}/{number}" for cls, number in ids))


def _came_sql(merges: Sequence[ClassMerge], aside: str) -> str:
    """The SELECT of the records of a commit that could be mapped, as texts, with where they came.

    Only of those that may be among the ones put aside, since few are.

    Args:
        merges: The judged rows of each class.
        aside: The SELECT of the texts of the ones put aside, as `record`.
    """
    judged = " UNION ALL ".join(
        f"SELECT raw_ref, arrived, '{merge.schema.name}/' || source_id AS named FROM {merge.judged}" for merge in merges
    )
    return f"""SELECT string_agg(named, chr(10) ORDER BY named) AS record, max(arrived) AS arrived
        FROM ({judged}) WHERE raw_ref IN (
            SELECT raw_ref FROM ({judged}) WHERE named IN (SELECT split_part(record, chr(10), 1) FROM ({aside})))
        GROUP BY raw_ref"""


def _drop_named(connection: Any, unit: Unit, merges: Sequence[ClassMerge]) -> None:  # noqa: ANN401
    """Take out what earlier commits put aside of records that come again in this one."""
    rejected = [record_of(reject) for page in unit.pages for reject in page.rejected]
    known = connection.execute(
        "SELECT 1 FROM books.quarantine WHERE source = $1 AND stream = $2 AND record IS NOT NULL LIMIT 1",
        [unit.source, unit.stream],
    ).fetchall()
    if not known:
        return
    aside = "SELECT record FROM books.quarantine WHERE source = $1 AND stream = $2 AND record IS NOT NULL"
    came = f" UNION SELECT record FROM ({_came_sql(merges, aside)})" if merges else ""
    connection.execute(
        f"""DELETE FROM books.quarantine WHERE source = $1 AND stream = $2
            AND record IN (SELECT unnest($3::VARCHAR[]){came})""",
        [unit.source, unit.stream, rejected],
    ).fetchall()


def _drop_earlier(
    connection: Any,  # noqa: ANN401 - a DuckDB connection
    unit: Unit,
    numbered: Sequence[Numbered],
    merges: Sequence[ClassMerge],
    last: int,
) -> None:
    """Take out what this commit itself put aside of records that came once more in it, later."""
    aside = [
        (number << 20 | reject.index, record_of(reject) if each.page.origin is None else None)
        for number, each in enumerate(numbered)
        for reject in each.page.rejected
    ]
    if all(record is None for _, record in aside):
        return
    mine = "SELECT unnest($3::VARCHAR[]) AS record"
    came = f" UNION ALL SELECT record, arrived FROM ({_came_sql(merges, mine)})" if merges else ""
    connection.execute(
        f"""DELETE FROM books.quarantine q USING (
            SELECT unnest($2) AS arrived, unnest($3::VARCHAR[]) AS record, unnest($4) AS quarantine_id) mine
        WHERE q.quarantine_id = mine.quarantine_id AND q.run_id = $1 AND EXISTS (
            SELECT 1 FROM (SELECT unnest($3::VARCHAR[]) AS record, unnest($2) AS arrived{came}) c
            WHERE c.record = mine.record AND c.arrived > mine.arrived)""",
        [
            unit.run_id,
            [arrived for arrived, _ in aside],
            [record for _, record in aside],
            list(range(last + 1, last + 1 + len(aside))),
        ],
    ).fetchall()


def _drop_superseded(connection: Any, unit: Unit, numbered: Sequence[Numbered]) -> None:  # noqa: ANN401
    """Take out what is wrong on replayed pages in whose place others came since: of them nothing is aside any more."""
    connection.execute(
        """DELETE FROM books.quarantine q USING books.pages mine, books.pages later
        WHERE mine.page_id IN (SELECT unnest($3)) AND q.raw_ref >> 20 = mine.page_id
            AND later.source = $1 AND later.stream = $2 AND later.origin = q.origin
            AND q."row" >= later.first_row AND q."row" < later.first_row + later.records
            AND (later.seen_us, later.page_id) > (mine.seen_us, mine.page_id)""",
        [unit.source, unit.stream, [each.page_id for each in numbered]],
    ).fetchall()
