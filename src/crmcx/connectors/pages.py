"""What a stream yields: pages of records as the source said them, each with where to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from attrs import field, frozen

from crmcx.errors import ConnectorError
from crmcx.models.extra import as_json

MAX_PAGE = 1 << 20
"""The most records a page may hold."""


@frozen
class Unreadable:
    """A record that could not even be taken apart, in the place of the record."""

    reason: str
    """What is wrong, without the words of the record."""
    raw: str = field(repr=False)
    """The record as it stands in the source."""


Said: TypeAlias = Mapping[str, Any] | Sequence[Any] | Unreadable
"""A record as a page holds it: by name, as cells under the page's names, or unreadable."""


class RecordsAt(list[Said]):
    """The records that stand at a path of an answer's JSON, which keep the answer with them.

    Args:
        records: The records.
        at: The path, step by step down.
        body: The whole answer.
    """

    def __init__(self, records: Sequence[Said], *, at: tuple[str | int, ...], body: bytes) -> None:
        super().__init__(records)
        self.at = at
        self.body = body


@frozen(kw_only=True)
class Cursor:
    """Where a stream goes on; everything in it can be written as JSON but the watermark, which the engine keeps."""

    watermark: Any = None
    """From where on to ask for what is new: an aware datetime or a whole number; None for everything."""
    token: Any = None
    """The next page of an answer that goes on."""
    window: Any = None
    """The part of time that is being read."""


def _how_many(records: Sequence[Any]) -> str:
    return f"<{len(records)} records>"


def _page_of_fair_size(_page: Page, _attribute: Any, records: Sequence[Any]) -> None:  # noqa: ANN401 - attrs' signature
    if len(records) > MAX_PAGE:
        msg = f"a page holds {len(records)} records, at most {MAX_PAGE} are allowed"
        raise ConnectorError(msg, hint="yield smaller pages")


def _cursor(given: Any) -> Cursor | None:  # noqa: ANN401 - a token is any JSON
    return given if isinstance(given, Cursor | None) else Cursor(token=given)


@frozen
class Page:
    """What one request brought.

    Example:
        >>> Page([{"id": 7}], next="b").next
        Cursor(watermark=None, token='b', window=None)
    """

    records: Sequence[Said] = field(validator=_page_of_fair_size, repr=_how_many)
    """The records, unchanged: dictionaries, or sequences of cells when `fields` names them."""
    next: Cursor | None = field(default=None, converter=_cursor, kw_only=True)
    """Where to go on after this page: a token, or a cursor; after a break, a page without one is read again."""
    body: bytes | None = field(kw_only=True, repr=False)
    """The page as the source sent it, which `reply.rows()` brings with it; without it, the records are kept as JSON."""
    origin: str | None = field(default=None, kw_only=True)
    """The file or address it came from, without anything secret."""
    first_row: int = field(default=1, kw_only=True)
    """Number of the first record at its origin, counted from 1."""
    fields: tuple[str, ...] | None = field(default=None, kw_only=True)
    """The names of the cells, when the records are sequences."""
    deleted: bool = field(default=False, kw_only=True)
    """Whether its records are of those that the source has deleted, of a stream with `Deletes.endpoint`."""

    @body.default
    def _body(self) -> bytes | None:
        return self.records.body if isinstance(self.records, RecordsAt) else None

    def as_body(self) -> bytes:
        """The page as the source sent it, or else its records as JSON."""
        return self.body if self.body is not None else as_json(list(self.records)).encode()

    def as_said(self, index: int) -> str:
        """One record as the source said it: as it stands there, or as JSON."""
        record = self.records[index]
        if isinstance(record, Unreadable):
            return record.raw
        by_name = self.fields is not None and isinstance(record, list | tuple) and len(record) == len(self.fields)
        return as_json(dict(zip(self.fields or (), record, strict=True)) if by_name else record)
