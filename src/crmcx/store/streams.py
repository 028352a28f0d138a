"""Where each stream stands: what a pass left behind, and what the next one goes on from."""

from __future__ import annotations

from typing import Any

from attrs import frozen


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
KEYS = """SELECT t.source_id FROM {table} t JOIN books.pages p ON p.page_id = t.raw_ref >> 20
    WHERE t.source = $1 AND p.source = $1 AND p.stream = $2 AND ($3 IS NULL OR t.source_id > $3)
        AND ($4 IS NULL OR p.run_id >= $4)
    ORDER BY t.source_id LIMIT $5"""
"""The ids of a table's rows that a stream brought, in their order."""
