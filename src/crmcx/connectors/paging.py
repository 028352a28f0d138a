"""How to walk through the lists of a source: one generator per way of paging, over a function that asks for a page.

Each yields replies, with where to go on after each: what a `Cursor` keeps, and what comes back as `start`. None ends
the list. A source that leads back to where it was is stopped with an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from pydantic_core import to_json

from crmcx.connectors.conversions import Path, as_path
from crmcx.connectors.http import Api
from crmcx.connectors.replies import ABSENT, Reply, found_at
from crmcx.errors import PagingError

Where: TypeAlias = Path | Callable[[Reply], Any]
"""Where in a reply something stands: a path, or a function that finds it."""


def _at(reply: Reply, where: Where) -> Any:  # noqa: ANN401 - JSON
    return where(reply) if callable(where) else reply.get(*as_path(where))


def _records(reply: Reply, where: Where) -> list[Any]:
    return list(where(reply)) if callable(where) else reply.rows(*as_path(where))


def by_cursor(
    ask: Callable[[Any], Reply],
    *,
    following: Where,
    more: Where | None = None,
    start: Any = None,  # noqa: ANN401 - JSON
) -> Iterator[tuple[Reply, Any]]:
    """Pages of which each names the cursor of the following one.

    Args:
        ask: Asks for the page of a cursor; None for the first.
        following: Where the cursor stands; null, empty or absent at the end.
        more: Where it stands whether there is more, for sources that name a cursor on the last page too.
        start: The cursor to begin at.

    Yields:
        Each reply, and the cursor after it.

    Raises:
        PagingError: A cursor came a second time.

    Example:
        >>> replies = {None: Reply(200, body=b'{"next": "b"}'), "b": Reply(200, body=b'{"next": null}')}
        >>> [token for _, token in by_cursor(replies.get, following="next")]
        ['b', None]
    """
    token, before = start, _Before("cursor", start)
    while True:
        reply = ask(token)
        token = _at(reply, following)
        if any(token is end for end in (None, False)) or token in ("", [], {}):  # 0 is a cursor
            token = None
        if token is None or (more is not None and not _at(reply, more)):
            yield reply, None
            return
        before.demand_new(token)
        yield reply, token


def by_url(
    api: Api, path: str, params: Mapping[str, Any] | None = None, *, following: Where, start: str | None = None
) -> Iterator[tuple[Reply, str | None]]:
    """Pages of which each gives the address of the following one in its body; it is followed as it stands.

    Args:
        api: The client.
        path: The first page.
        params: What is asked for on the first page; the addresses carry it on.
        following: Where the address stands.
        start: The address to begin at.

    Yields:
        Each reply, and the whole address after it.

    Raises:
        PagingError: An address came a second time.
        ForeignHostError: An address leads to a host that is not configured.
    """

    def ask(address: str | None) -> Reply:
        return api.get(path, params) if address is None else api.get(address)

    def whole(reply: Reply) -> str | None:
        link = _at(reply, following)
        return reply.absolute(link) if link else None

    return by_cursor(ask, following=whole, start=start)


def by_link(
    api: Api, path: str, params: Mapping[str, Any] | None = None, *, start: str | None = None
) -> Iterator[tuple[Reply, str | None]]:
    """Pages of which each gives the address of the following one in its Link header; else as `by_url`."""
    return by_url(api, path, params, following=lambda reply: reply.link("next"), start=start)


def by_offset(
    ask: Callable[[int], Reply], *, rows: Where, more: Where | None = None, start: int | None = None
) -> Iterator[tuple[Reply, int | None]]:
    """Pages that are asked for by the number of records before them.

    A page may be shorter than asked for: an empty one ends the list.

    Args:
        ask: Asks for the page at an offset.
        rows: Where the records stand; `()` where the body itself is the list.
        more: Where it stands whether there is more, which spares the empty page at the end.
        start: The offset to begin at; 0 unless given.

    Yields:
        Each reply that holds records, and the offset after it.

    Raises:
        PagingError: A page holds the same records as the one before, as of sources that heed no offset.
    """
    offset = start or 0
    before: list[Any] = []
    while True:
        reply = ask(offset)
        found = _records(reply, rows)
        if not found:
            return
        if found == before:
            raise _led_back("page")
        before = found
        offset += len(found)
        ends = more is not None and not _at(reply, more)
        yield reply, None if ends else offset
        if ends:
            return


def by_number(
    ask: Callable[[int], Reply], *, rows: Where, last: Where | None = None, start: int | None = None
) -> Iterator[tuple[Reply, int | None]]:
    """Pages that are asked for by their number, from 1.

    A page may be shorter than asked for: an empty one ends the list.

    Args:
        ask: Asks for the page of a number.
        rows: Where the records stand; `()` where the body itself is the list.
        last: Where the number of the last page stands, which spares the empty page at the end.
        start: The number to begin at; 0 for sources that count from there, 1 unless given.

    Yields:
        Each reply that holds records, and the number after it.

    Raises:
        PagingError: A page holds the same records as the one before, as of sources that give the last page again.
    """
    number = 1 if start is None else start
    before: list[Any] = []
    while True:
        reply = ask(number)
        found = _records(reply, rows)
        if not found:
            return
        if found == before:
            raise _led_back("page")
        before = found
        end = None if last is None else _at(reply, last)
        number += 1
        ends = end is not None and number > int(end)
        yield reply, None if ends else number
        if ends:
            return


def by_key(
    ask: Callable[[Any], Reply],
    *,
    rows: Where,
    key: Path | Callable[[Any], Any],
    start: Any = None,  # noqa: ANN401 - JSON
) -> Iterator[tuple[Reply, Any]]:
    """Pages that are asked for by the key of the last record before them, such as `id > 4711 order by id`.

    Args:
        ask: Asks for the records after a key, in the order of the key; None for the first.
        rows: Where the records stand; `()` where the body itself is the list.
        key: Where in a record its key stands; no two records have the same.
        start: The key to begin after.

    Yields:
        Each reply that holds records, and the key of its last record.

    Raises:
        PagingError: The last record has no key, or one that came before.
    """
    last, before = start, _Before("key", start)
    while True:
        reply = ask(last)
        found = _records(reply, rows)
        if not found:
            return
        last = key(found[-1]) if callable(key) else _down(found[-1], as_path(key))
        if last is None:
            msg = "the last record of a page has no key by which to go on"
            raise PagingError(msg, hint="ask for the field that the list is ordered by")
        before.demand_new(last)
        yield reply, last


def _down(record: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - JSON
    found = found_at(record, path)
    return None if found is ABSENT else found


class _Before:
    """Where a walk has been; a token may be any JSON."""

    def __init__(self, what: str, start: object) -> None:
        self._what = what
        self._seen = set() if start is None else {to_json(start)}

    def demand_new(self, token: object) -> None:
        key = to_json(token)
        if key in self._seen:
            raise _led_back(self._what)
        self._seen.add(key)


def _led_back(what: str) -> PagingError:
    msg = f"the source leads back to a {what} that was read before"
    return PagingError(msg, hint="report it to the source's support; what was committed stands")
