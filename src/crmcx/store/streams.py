"""Where each stream stands: what a pass left behind, what the next one goes on from, and the pages that were kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import field, frozen

_BODIES_AT_A_TIME = 4


@frozen(kw_only=True)
class StreamState:
    """What the books know of a stream."""

    cursor: str | None
    """Where a pass that was broken off goes on, as JSON; None when the next one begins anew."""
    pass_id: int | None
    """The run that began the last pass."""
    watermark: str | None
    """The newest stamp that was read, as JSON; None where the stream has none."""
    finished_us: int | None
    """When it was last read to its end."""
    whole_us: int | None
    """When a pass over everything last came to its end."""
    fields: str | None
    """Which fields its records had, as JSON."""


@frozen(kw_only=True)
class StoredPage:
    """A page as it was kept."""

    page_id: int
    """Its number in the store."""
    body: bytes = field(repr=False)
    """The page as the source sent it, or its records as JSON."""
    form: str | None
    """How its records are found in the body, as JSON; None where nobody knows."""
    origin: str | None
    """The file or address it came from."""
    first_row: int
    """Number of the first record at its origin."""
    records: int
    """How many records it brought."""
    fetched_us: int
    """When it came first."""


def state_of(rows: list[tuple[Any, ...]]) -> StreamState | None:
    """The state that a row of `STATE` tells; None for a stream that was never read."""
    if not rows:
        return None
    ((cursor, pass_id, watermark, finished, whole, fields),) = rows
    return StreamState(
        cursor=cursor, pass_id=pass_id, watermark=watermark, finished_us=finished, whole_us=whole, fields=fields
    )


STATE = """SELECT cursor, pass_id, watermark, finished_us, whole_us, fields FROM books.streams
    WHERE source = $1 AND stream = $2"""
"""The row of a stream."""
FINISH = """MERGE INTO books.streams USING (
        SELECT $1 AS source, $2 AS stream, $3::BIGINT AS now, $4 AS watermark, $5::BOOLEAN AS whole) AS done
    USING (source, stream)
    WHEN MATCHED THEN UPDATE SET cursor = NULL, finished_us = now,
        watermark = coalesce(done.watermark, streams.watermark),
        whole_us = CASE WHEN done.whole THEN now ELSE streams.whole_us END
    WHEN NOT MATCHED THEN INSERT (source, stream, known_since_us, finished_us, watermark, whole_us)
        VALUES (done.source, done.stream, now, now, done.watermark, CASE WHEN done.whole THEN now END)"""
"""Notes that a stream was read to its end."""
BEGIN_ANEW = "UPDATE books.streams SET cursor = NULL WHERE source = $1 AND stream = $2"
"""Forgets where a stream stood."""
KEEP_FIELDS = "UPDATE books.streams SET fields = $3 WHERE source = $1 AND stream = $2"
"""Notes which fields the records of a stream have."""
PAGES = """SELECT page_id FROM books.pages p WHERE source = $1 AND stream = $2
        AND ($3 OR EXISTS (SELECT 1 FROM books.quarantine q WHERE q.raw_ref >> 20 = p.page_id))
    ORDER BY seen_us, page_id"""
"""The pages of a stream, as they came; all, or those of which records were set aside."""
KEYS = """SELECT t.source_id FROM {table} t JOIN books.pages p ON p.page_id = t.raw_ref >> 20
    WHERE t.source = $1 AND p.source = $1 AND p.stream = $2 AND ($3 IS NULL OR t.source_id > $3)
        AND ($4 IS NULL OR p.run_id >= $4)
    ORDER BY t.source_id LIMIT $5"""
"""The ids of a table's rows that a stream brought, in their order."""


def read_pages(read: Any, source: str, stream: str, *, quarantined: bool) -> Iterator[StoredPage]:  # noqa: ANN401
    """The pages of a stream as they came, some at a time, so that others may write meanwhile.

    Args:
        read: Runs a SELECT with parameters.
        source: The source.
        stream: The stream.
        quarantined: Only those of which records were set aside.
    """
    ids = [number for (number,) in read(PAGES, [source, stream, not quarantined])]
    for start in range(0, len(ids), _BODIES_AT_A_TIME):
        some = ids[start : start + _BODIES_AT_A_TIME]
        for page_id, body, form, origin, first_row, records, fetched_us in read(
            """SELECT page_id, body, form, origin, first_row, records, fetched_us FROM books.pages
            WHERE page_id IN (SELECT unnest($1)) ORDER BY seen_us, page_id""",
            [some],
        ):
            yield StoredPage(
                page_id=page_id,
                body=bytes(body),
                form=form,
                origin=origin,
                first_row=first_row,
                records=records,
                fetched_us=fetched_us,
            )
