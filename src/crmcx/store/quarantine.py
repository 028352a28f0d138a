"""Records that could not be mapped, kept with the reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
from attrs import frozen

from crmcx.instants import from_us


@frozen(kw_only=True)
class Quarantined:
    """One record that was set aside."""

    id: int
    """Its number in the store."""
    source: str
    """Name of the connection."""
    stream: str
    """Name of the stream."""
    origin: str | None
    """The file or address it came from."""
    row: int
    """Number of the record at its origin, counted from 1."""
    field: str
    """What is wrong, as class and field; empty when it is the record as a whole."""
    reason: str
    """Why, without a customer's words."""
    recorded_at: datetime
    """When it was set aside."""
    raw: str = attrs.field(repr=False)
    """The record as the source said it; may hold personal data."""


def read_quarantine(connection: Any, *, source: str | None, limit: int | None) -> tuple[Quarantined, ...]:  # noqa: ANN401
    """The records that were set aside, newest first."""
    found = connection.execute(
        'SELECT quarantine_id, source, stream, origin, "row", field, reason, recorded_us, raw FROM books.quarantine'
        " WHERE $1 IS NULL OR source = $1 ORDER BY quarantine_id DESC LIMIT $2",
        [source, limit if limit is not None else 2**62],
    ).fetchall()
    return tuple(
        Quarantined(
            id=number,
            source=origin_source,
            stream=stream,
            origin=origin,
            row=row,
            field=name,
            reason=reason,
            recorded_at=from_us(recorded),
            raw=raw,
        )
        for number, origin_source, stream, origin, row, name, reason, recorded, raw in found
    )
