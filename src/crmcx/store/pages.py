"""The raw pages: kept as their sources sent them, in parts, and read again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import field, frozen

from crmcx.engines import ColumnStream, handed_over
from crmcx.errors import StoreError
from crmcx.store.merge import demand_all
from crmcx.store.staging import StagedPage, Unit

_PART = 16_384
"""Bytes of a part: DuckDB holds 2,048 values of a column in memory at once, and compresses texts above 4,096 best."""
_BODIES_AT_A_TIME = 4
_OF_STREAM = """SELECT page_id FROM books.pages p WHERE source = $1 AND stream = $2
        AND ($3 OR EXISTS (SELECT 1 FROM books.quarantine q WHERE q.raw_ref >> 20 = p.page_id))
    ORDER BY seen_us, page_id"""
"""The pages of a stream, as they came; all, or those of which records were set aside."""


@frozen
class Numbered:
    """A page with its number in the store."""

    page: StagedPage
    """The page."""
    page_id: int
    """Its number."""


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


def keep_pages(connection: Any, unit: Unit) -> list[Numbered]:  # noqa: ANN401 - a DuckDB connection
    """Store the bodies that are new; a page that is there already, byte for byte, keeps its id.

    Pages of one commit have ids of their own even where their
    bodies are equal, since a record is told from another by page and place. Of equal pages that are there already the
    one that was not seen for longest comes again, so that each does, however a pass is cut into commits.
    """
    hashes = [hashlib.sha256(page.body).hexdigest() for page in unit.pages]
    known: dict[str, list[int]] = {}
    for body_hash, page_id in connection.execute(
        "SELECT body_hash, page_id FROM books.pages"
        " WHERE source = $1 AND stream = $2 AND body_hash IN (SELECT unnest($3)) ORDER BY seen_us DESC, page_id DESC",
        [unit.source, unit.stream, hashes],
    ).fetchall():
        known.setdefault(body_hash, []).append(page_id)
    ((last,),) = connection.execute("SELECT coalesce(max(page_id), 0) FROM books.pages").fetchall()
    numbered, fresh = [], []
    for page, body_hash in zip(unit.pages, hashes, strict=True):
        ids = known.get(body_hash)
        if page.page_id is not None:
            numbered.append(Numbered(page, page.page_id))
        elif ids:
            numbered.append(Numbered(page, ids.pop()))
        else:
            last += 1
            numbered.append(Numbered(page, last))
            fresh.append((numbered[-1], body_hash))
    if fresh:
        _insert_pages(connection, unit, fresh)
    return numbered


def _insert_pages(connection: Any, unit: Unit, fresh: Sequence[tuple[Numbered, str]]) -> None:  # noqa: ANN401
    pages = [each.page for each, _ in fresh]
    columns: dict[str, Sequence[Any]] = {
        "page_id": [each.page_id for each, _ in fresh],
        "run_id": [unit.run_id] * len(fresh),
        "source": [unit.source] * len(fresh),
        "stream": [unit.stream] * len(fresh),
        "mappings": [unit.mappings] * len(fresh),
        "fetched_us": [page.fetched_us for page in pages],
        "origin": [page.origin for page in pages],
        "first_row": [page.first_row for page in pages],
        "records": [page.read for page in pages],
        "body_hash": [body_hash for _, body_hash in fresh],
        "form": [page.form for page in pages],
        "seen_us": [page.fetched_us for page in pages],
    }
    numbers = {"page_id", "run_id", "fetched_us", "first_row", "records", "seen_us"}
    types = {name: "int64" if name in numbers else "string" for name in columns}
    _insert(connection, "books.pages", columns, types)
    parts = [(each.page_id, number, part) for each, _ in fresh for number, part in enumerate(_parts(each.page.body))]
    bodies: dict[str, Sequence[Any]] = {
        "page_id": [page_id for page_id, _, _ in parts],
        "part": [number for _, number, _ in parts],
        "body": [part for _, _, part in parts],
    }
    _insert(connection, "books.bodies", bodies, {"page_id": "int64", "part": "int64", "body": "binary"})


def _insert(connection: Any, table: str, columns: dict[str, Sequence[Any]], types: dict[str, str]) -> None:  # noqa: ANN401
    with handed_over(connection, "incoming", ColumnStream(columns, types)):
        ((written,),) = connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming").fetchall()
    demand_all(written, len(columns["page_id"]), f"rows of {table} were kept")


def _parts(body: bytes) -> list[bytes]:
    """A body in parts; an empty one is one empty part."""
    return [body[start : start + _PART] for start in range(0, len(body), _PART)] or [b""]


def note_pages(connection: Any, unit: Unit, numbered: Sequence[Numbered]) -> None:  # noqa: ANN401
    """Note by which mappings pages were read, and when they came last; at the end, since the judgement asks for it."""
    seen = "" if unit.replay else ", seen_us = p.seen_us"
    connection.execute(
        f"""UPDATE books.pages SET mappings = $1, form = p.form{seen} FROM (
            SELECT unnest($2) AS page_id, unnest($3::VARCHAR[]) AS form, unnest($4) AS seen_us) p
        WHERE books.pages.page_id = p.page_id AND (
            mappings <> $1 OR books.pages.form IS DISTINCT FROM p.form OR books.pages.seen_us < p.seen_us)""",
        [
            unit.mappings,
            [each.page_id for each in numbered],
            [each.page.form for each in numbered],
            [each.page.fetched_us for each in numbered],
        ],
    ).fetchall()


def read_pages(read: Any, source: str, stream: str, *, quarantined: bool) -> Iterator[StoredPage]:  # noqa: ANN401
    """The pages of a stream as they came, some at a time, so that others may write meanwhile.

    Args:
        read: Runs a SELECT with parameters.
        source: The source.
        stream: The stream.
        quarantined: Only those of which records were set aside.
    """
    ids = [number for (number,) in read(_OF_STREAM, [source, stream, not quarantined])]
    for start in range(0, len(ids), _BODIES_AT_A_TIME):
        some = ids[start : start + _BODIES_AT_A_TIME]
        bodies = _bodies(read, some)
        for page_id, form, origin, first_row, records, fetched_us in read(
            """SELECT page_id, form, origin, first_row, records, fetched_us FROM books.pages
            WHERE page_id IN (SELECT unnest($1)) ORDER BY seen_us, page_id""",
            [some],
        ):
            yield StoredPage(
                page_id=page_id,
                body=bodies[page_id],
                form=form,
                origin=origin,
                first_row=first_row,
                records=records,
                fetched_us=fetched_us,
            )


def body_of(read: Any, page_id: int) -> bytes:  # noqa: ANN401
    """A page as its source sent it.

    Raises:
        StoreError: There is no such page.
    """
    found = _bodies(read, [page_id])
    if not found:
        msg = f"there is no page {page_id}"
        raise StoreError(msg, hint="take the page from a row's raw_ref: raw_ref >> 20")
    return found[page_id]


def _bodies(read: Any, page_ids: Sequence[int]) -> dict[int, bytes]:  # noqa: ANN401
    parts: dict[int, list[bytes]] = {}
    for page_id, body in read(
        "SELECT page_id, body FROM books.bodies WHERE page_id IN (SELECT unnest($1)) ORDER BY page_id, part",
        [page_ids],
    ):
        parts.setdefault(page_id, []).append(bytes(body))
    return {page_id: b"".join(found) for page_id, found in parts.items()}
