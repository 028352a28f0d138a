"""Records that a program hands over itself: models as they are, or rows with a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar

from crmcx.connectors.compiled import Batch, Compiled, Rows
from crmcx.connectors.mapping import Mapping as ClassMapping
from crmcx.connectors.pages import Cursor, Page
from crmcx.connectors.sdk import Connector
from crmcx.connectors.streams import Stream
from crmcx.errors import UsageError
from crmcx.instants import to_us
from crmcx.models.base import Record
from crmcx.models.cells import cells_of
from crmcx.models.extra import write_extra
from crmcx.models.fields import leaves, parts

ROWS_PER_PAGE = 5_000


class Given(Connector):
    """One stream of records from memory.

    Args:
        records: Models; or rows by name, together with `maps`.
        stream: Name of the stream.
        maps: What each row becomes; none for models.
    """

    name: ClassVar[str] = "given"
    threads: ClassVar[int] = 0

    def __init__(self, records: Iterable[Any], *, stream: str, maps: tuple[ClassMapping, ...] = ()) -> None:
        super().__init__()
        self._records = records
        self._stream = stream
        self._maps = maps

    def streams(self) -> tuple[Stream, ...]:
        """The one stream; it cannot resume, since nobody else holds the records."""
        return (Stream(name=self._stream, maps=self._maps, read=self._read, resumes=False),)

    def _read(self, _cursor: Cursor) -> Iterator[Page]:
        records = iter(self._records)
        while taken := list(islice(records, ROWS_PER_PAGE)):
            yield Page(taken)


class FromModels:
    """Models as rows of their tables: the place that `Compiled` has for records of a source.

    Args:
        source: The source that the models must carry.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def run(self, records: Sequence[Any], *, fields: Sequence[str] | None = None) -> Batch:  # noqa: ARG002 - as Compiled
        """The models of one page as rows, class by class.

        Raises:
            UsageError: Something else than a record of this source is among them.
        """
        places: dict[type[Record], list[int]] = {}
        for place, record in enumerate(records):
            if not isinstance(record, Record):
                msg = f"found {type(record).__name__} among the records, expected models such as Customer or Order"
                raise UsageError(msg, hint="pass maps= to say what rows become")
            if record.source != self._source:
                msg = f"a {type(record).__name__} carries the source {record.source!r}, expected {self._source!r}"
                raise UsageError(msg, hint="load the records of each source in a call of their own")
            places.setdefault(type(record), []).append(place)
        return Batch(tuple(_rows(cls, found, records) for cls, found in places.items()), ())


def _rows(cls: type[Record], places: Sequence[int], records: Sequence[Any]) -> Rows:
    objects = [records[place] for place in places]
    cells = cells_of(leaves(cls), objects) | {
        "source_id": [item.source_id for item in objects],
        "version": [item.version for item in objects],
        "known_us": [None if item.known_at is None else to_us(item.known_at) for item in objects],
        "extra": [write_extra(item.extra) for item in objects],
    }
    nested = []
    for name, part in parts(cls).items():
        pairs = [(number, each) for number, item in enumerate(objects) for each in getattr(item, name)]
        columns = cells_of(leaves(part), [each for _, each in pairs])
        nested.append(Rows(part, [number for number, _ in pairs], columns))
    return Rows(cls, places, cells, tuple(nested))


def mapper(stream: Stream, *, source: str) -> Compiled | FromModels:
    """What makes rows of a stream's records."""
    return Compiled(stream.maps, source=source) if stream.maps else FromModels(source)
