"""The stamps by which a source is asked for what is new."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from attrs import frozen
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from crmcx.connectors.asking import at_path, column_at
from crmcx.connectors.conversions import InstantAs, Plain
from crmcx.connectors.pages import Page
from crmcx.connectors.plan import KNOWN
from crmcx.connectors.straight import instant_us, instants_us
from crmcx.connectors.validators import validated
from crmcx.instants import MICROSECOND, from_us


@frozen(kw_only=True)
class Watermark:
    """A stamp by which a source is asked for what is new.

    Example:
        >>> Watermark(value=0, dated=True).back(timedelta(minutes=5)).isoformat()
        '1969-12-31T23:55:00+00:00'
    """

    value: int
    """Microseconds since 1970, or a number that only grows."""
    dated: bool
    """Whether it is an instant."""

    def back(self, lookback: timedelta) -> Any:  # noqa: ANN401 - a datetime or a number, as the source stamps
        """What a stream is told: the instant, so much earlier, or the number."""
        return from_us(self.value - lookback // MICROSECOND) if self.dated else self.value


class Stamps:
    """Reads the stamps of a page's records; one that is not there, or cannot be read, is passed over.

    Args:
        cursor: Where they stand, and how they are written.
    """

    def __init__(self, cursor: Plain | InstantAs) -> None:
        self._path = cursor.path
        self._adapter: TypeAdapter[Any] | None = None
        if isinstance(cursor, InstantAs):
            self._adapter = TypeAdapter(
                validated(cursor, KNOWN, source="cursor", nullable=True), config=ConfigDict(hide_input_in_errors=True)
            )

    def of(self, page: Page) -> tuple[Sequence[int], Watermark | None]:
        """The stamps, in the order of the records, and the newest of them."""
        said = self._said(page)
        if self._adapter is None:
            with suppress(TypeError, ValueError, LookupError):
                us = [each for each in instants_us(said, required=False) if each is not None]
                return us, Watermark(value=max(us), dated=True) if us else None
        marks = [mark for mark in map(self._read, said) if mark is not None]
        return [mark.value for mark in marks], max(marks, key=lambda mark: mark.value, default=None)

    def _said(self, page: Page) -> Sequence[Any]:
        if page.fields is None:
            return column_at(page.records, self._path)
        place = {name: number for number, name in enumerate(page.fields)}
        return [self._cell(record, place) for record in page.records]

    def _cell(self, record: Any, place: dict[str, int]) -> Any:  # noqa: ANN401 - a record of cells
        at = place.get(str(self._path[0]))
        fits = at is not None and isinstance(record, list | tuple) and at < len(record)
        return at_path(record[at], self._path[1:]) if fits else None

    def _read(self, said: Any) -> Watermark | None:  # noqa: ANN401 - whatever a source wrote
        if said is None or isinstance(said, bool):
            return None
        if self._adapter is not None:
            try:
                us = self._adapter.validate_python(said)
            except ValidationError:
                return None
            return None if us is None else Watermark(value=us, dated=True)
        if isinstance(said, int) or (isinstance(said, str) and said.isascii() and said.isdigit()):
            return Watermark(value=int(said), dated=False)
        try:
            return Watermark(value=instant_us(said), dated=True)
        except PydanticCustomError:
            return None
