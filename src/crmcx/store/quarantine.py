"""Records that could not be mapped, kept with the reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
from attrs import frozen

from crmcx._html import html_table
from crmcx.errors import UsageError
from crmcx.instants import from_us

_HEAD = ["id", "where", "what", "why"]
_SHOWN = 12


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


class Quarantine(tuple[Quarantined, ...]):
    """Records that were set aside, as a tuple that prints as a table; a notebook shows it as HTML.

    Shows where each record came from and why it was set aside, never what it says.
    """

    __slots__ = ()

    def _told(self) -> tuple[list[list[str]], str]:
        told = [
            [str(each.id), f"{each.origin or each.stream} row {each.row}", each.field or "record", each.reason]
            for each in self[:_SHOWN]
        ]
        rest = len(self) - len(told)
        return told, f"... and {rest:,} more" if rest else ""

    def __repr__(self) -> str:
        if not self:
            return "nothing is in quarantine"
        told, rest = self._told()
        rows = [_HEAD, *told]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [
            "  ".join([*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]])
            for row in rows
        ]
        return "\n".join([*lines, *([rest] if rest else [])])

    def _repr_html_(self) -> str:
        told, rest = self._told()
        return html_table(_HEAD, [*told, *([[rest, "", "", ""]] if rest else [])]) if self else repr(self)


def read_quarantine(connection: Any, *, source: str | None, limit: int | None) -> Quarantine:  # noqa: ANN401
    """The records that were set aside, newest first.

    Raises:
        UsageError: The limit is below 0.
    """
    if limit is not None and limit < 0:
        msg = f"found limit={limit}, expected 0 or more"
        raise UsageError(msg, hint="leave it out for all of them")
    found = connection.execute(
        'SELECT quarantine_id, source, stream, origin, "row", field, reason, recorded_us, raw FROM books.quarantine'
        " WHERE $1 IS NULL OR source = $1 ORDER BY quarantine_id DESC LIMIT $2",
        [source, limit if limit is not None else 2**62],
    ).fetchall()
    return Quarantine(
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
