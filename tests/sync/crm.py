"""A source in memory that is asked for what is new, deletes, and shows things late; a connector that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from crmcx import models
from crmcx.connectors import Connector, Cursor, Page, Stream, instant, mapping

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
CASE = mapping(models.Case, id="id", status="status", opened_at="opened", subject="subject")
VERSIONED = mapping(
    models.Case, id="id", version=instant("updated"), status="status", opened_at="opened", subject="subject"
)


class Source:
    """Records by id, each with the stamp of its last change."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.records: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[Any, Any]] = []

    def clock(self) -> datetime:
        """The time, a millisecond later at each look."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def put(self, number: object, **values: object) -> None:
        """Make or change a record."""
        before = self.records.get(str(number), {"opened": BEGIN.isoformat(), "status": "open"})
        self.records[str(number)] = {**before, "id": str(number), "updated": self.clock().isoformat(), **values}

    def newer(self, since: datetime | None) -> list[dict[str, Any]]:
        """The records from a stamp on, in its order."""
        found = [each for each in self.records.values() if since is None or each["updated"] >= since.isoformat()]
        return sorted(found, key=lambda each: (each["updated"], each["id"]))


class Reads(Connector):
    """One stream over the source, as it is declared."""

    name: ClassVar[str] = "desk"
    threads: ClassVar[int] = 0

    def __init__(self, source: Source, **declared: Any) -> None:
        super().__init__()
        self.source = source
        self.declared = {"maps": (VERSIONED,), "name": "cases", **declared}
        self.size = 2
        self.tokens = True
        self.before_page: Callable[[int], None] = lambda _number: None

    def streams(self) -> tuple[Stream, ...]:
        return (Stream(read=self.read, **self.declared),)

    def read(self, cursor: Cursor) -> Iterator[Page]:
        self.source.asked.append((cursor.watermark, cursor.token))
        token, number = cursor.token, 0
        while True:
            self.before_page(number)
            # After the last record that was read, by stamp and id: an offset would pass over what moves meanwhile.
            left = [each for each in self.source.newer(cursor.watermark) if token is None or _place(each) > token]
            page, token = left[: self.size], _place(left[self.size - 1]) if len(left) > self.size else None
            yield Page(page, next=token if self.tokens else None)
            if token is None:
                return
            number += 1


def _place(record: dict[str, Any]) -> list[str]:
    return [record["updated"], record["id"]]
