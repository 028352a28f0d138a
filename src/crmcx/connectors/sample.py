"""The first records of a stream, for what looks at a source without storing anything."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from crmcx.connectors.pages import Cursor, Said
from crmcx.connectors.streams import Stream
from crmcx.errors import UsageError

SAMPLE_ROWS = 1_000
"""How many records are looked at, unless said otherwise."""


def sampled(stream: Stream, rows: int) -> Iterator[tuple[Sequence[Said], tuple[str, ...] | None]]:
    """The first records of a stream, page by page, with the names of their cells; none that only say what is gone.

    Raises:
        UsageError: `rows` is less than 1.
    """
    if rows < 1:
        msg = f"found sample_rows={rows}, expected at least 1"
        raise UsageError(msg, hint="say how many records are to be read")
    return _pages(stream, rows)


def _pages(stream: Stream, rows: int) -> Iterator[tuple[Sequence[Said], tuple[str, ...] | None]]:
    pages = stream.read(Cursor())
    try:
        for page in pages:
            if page.deleted:
                continue
            yield page.records[:rows], page.fields
            rows -= len(page.records)
            if rows <= 0:
                break
    finally:
        if isinstance(pages, Generator):  # what it holds open is not left to the garbage collector
            pages.close()
