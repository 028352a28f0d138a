"""How objects are read: the first time by list, then by search, then what is in the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from crmcx.connectors import Cursor, Page, Reply, Window, paging, windows
from crmcx.connectors.hubspot.client import Portal, chunks, dictionary, items
from crmcx.connectors.hubspot.shaping import merged_ids, shaped
from crmcx.connectors.hubspot.steps import steps_of
from crmcx.connectors.hubspot.tables import KINDS, MERGED, STEPS, Kind
from crmcx.errors import PagingError

Rows: TypeAlias = list[Any]
_FOLLOWING = ("paging", "next", "after")
_FIRST = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


def objects(portal: Portal, cursor: Cursor, type_: str) -> Iterator[Page]:
    """The objects of a type: all, or those that were changed; then those that are gone."""
    kind = KINDS[type_]
    names = portal.properties(kind)
    listed, *more = chunks(names, portal.settings.url_length)

    def whole(rows: Rows) -> Rows:
        ids = _ids(rows)
        rest = [portal.read(kind, ids, properties=each) for each in more] if ids else []
        return _enriched(portal, kind, _with_more(rows, rest))

    def found(rows: Rows) -> Rows:
        return _enriched(portal, kind, rows)

    phase = _phase(cursor)
    if phase == "list":
        for reply, after in _listed(lambda after: portal.listed(kind, after, listed), cursor.token):
            yield from _told(kind, whole(_rows(reply)), _next("list", after) or _next("archive"))
    elif phase == "search":
        for reply, following in _searched(portal, kind, cursor, names):
            yield from _told(kind, found(_rows(reply)), following or _next("archive"))
    token = cursor.token if phase == "archive" else None
    for reply, after in _listed(lambda after: portal.archived(kind, after, (MERGED,)), token):
        gone = [each for each in items(reply.get("results")) if each.get("archived") is True]
        keys = [
            _key(kind, id_)
            for each in gone
            for id_ in (each.get("id"), *merged_ids(dictionary(each.get("properties"))))
        ]
        yield Page(keys, deleted=True, next=_next("archive", after))


def steps(portal: Portal, cursor: Cursor, stream: str) -> Iterator[Page]:
    """The steps of all objects, or of those that were changed."""
    told = STEPS[stream]
    kind = KINDS[told.of]

    def made(rows: Rows) -> Rows:
        return [
            step
            for each in rows
            for step in (steps_of(portal, stream, kind, told, each) if _is_object(each) else (each,))
        ]

    if _phase(cursor) == "list":
        for reply, after in _listed(lambda after: portal.listed_with_history(kind, after, told), cursor.token):
            yield Page(made(_rows(reply)), next=_next("list", after))
        return
    for reply, following in _searched(portal, kind, cursor, [kind.modified], tuple(told.fields)):
        read = portal.read(kind, _ids(_rows(reply)), properties=[kind.modified], history=list(told.fields))
        yield Page(made(list(read.values())), next=following)


def _phase(cursor: Cursor) -> str:
    said = dictionary(cursor.window).get("phase")
    return said if isinstance(said, str) else "list" if cursor.watermark is None else "search"


def _next(phase: str, after: str | None = None) -> Cursor | None:
    """Where to go on; None behind the last page of a list."""
    if phase == "archive" and after is None:
        return Cursor(window={"phase": phase})
    return None if after is None else Cursor(token=after, window={"phase": phase})


def _listed(ask: Callable[[Any], Reply], start: Any) -> Iterator[tuple[Reply, Any]]:  # noqa: ANN401 - JSON
    return paging.by_cursor(ask, following=_FOLLOWING, start=start)


def _rows(reply: Reply) -> Rows:
    """The records of a page; what is no object stands as it is, and is put aside."""
    reply.rows("results")  # says what is wrong where there is no list
    found = reply.get("results")
    return list(found) if isinstance(found, list) else []


def _is_object(record: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(record, dict) and isinstance(record.get("properties"), dict) and record.get("id") is not None


def _ids(rows: Rows) -> list[str]:
    return [str(each["id"]) for each in rows if _is_object(each)]


def _with_more(rows: Rows, rest: list[dict[str, dict[str, Any]]]) -> Rows:
    """The records with the properties that were asked for apart, by id."""
    if not rest:
        return rows
    made = []
    for each in rows:
        if _is_object(each):
            more = {name: value for by_id in rest for name, value in _properties(by_id.get(str(each["id"]))).items()}
            each = {**each, "properties": {**more, **each["properties"]}}  # noqa: PLW2901 - the same record, with more
        made.append(each)
    return made


def _properties(record: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return dictionary(dictionary(record).get("properties"))


def _enriched(portal: Portal, kind: Kind, rows: Rows) -> Rows:
    """The records with what their links say. One whose properties are no object is passed on without its id."""
    ids = _ids(rows)
    links = {other: portal.links(kind.type, ids, other) for other in kind.linked}
    return [
        shaped(portal, kind, each, {other: by_id.get(str(each["id"]), []) for other, by_id in links.items()})
        if _is_object(each)
        else _aside(each)
        for each in rows
    ]


def _aside(record: Any) -> Any:  # noqa: ANN401 - JSON
    """A record that is not understood, so that it does not take the place of what is known of it."""
    return {"not_understood": record} if isinstance(record, dict) else record


def _key(kind: Kind, id_: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"id": id_, "key": f"{kind.word}-{id_}" if kind.word else id_}


def _told(kind: Kind, rows: Rows, following: Cursor | None) -> Iterator[Page]:
    """A page, and before it those that were merged into its records, which are gone."""
    merged = [_key(kind, id_) for each in rows if _is_object(each) for id_ in merged_ids(each["properties"])]
    if merged:
        yield Page(merged, deleted=True)
    yield Page(rows, next=following)


def _searched(
    portal: Portal, kind: Kind, cursor: Cursor, names: list[str], having: tuple[str, ...] = ()
) -> Iterator[tuple[Reply, Cursor | None]]:
    """What was changed since the watermark: in windows that a search can show whole, each by id.

    Within a window each page asks for the ids after the last one, so that a record that is changed meanwhile, and so
    leaves the window, moves no other onto a page that was read.
    """
    place = dictionary(cursor.window)

    def ask(window: Window, beyond: str | None = None) -> Reply:
        return portal.found(kind, window.start, window.end, beyond=beyond, properties=names, having=having)

    since = datetime.fromisoformat(place["since"]) if "since" in place else cursor.watermark
    since, until = max(since, _FIRST), portal.now + _AHEAD
    if "end" in place:
        window = Window(since, datetime.fromisoformat(place["end"]))
        yield from _window(ask, window, beyond=cursor.token, shown=None)
        since = window.end
    shown: dict[datetime, Reply] = {}

    def count(window: Window) -> int:
        reply = ask(window)
        shown.clear()
        shown[window.start] = reply
        return _total(reply)

    for window in windows(count, since, until, cap=portal.settings.search_ceiling):
        yield from _window(ask, window, beyond=None, shown=shown.get(window.start))


def _total(reply: Reply) -> int:
    total = reply.get("total")
    return total if type(total) is int else len(_rows(reply))


def _window(
    ask: Callable[[Window, str | None], Reply], window: Window, *, beyond: str | None, shown: Reply | None
) -> Iterator[tuple[Reply, Cursor | None]]:
    while True:
        reply = shown or ask(window, beyond)
        shown = None
        rows = _rows(reply)
        last = max((int(each) for each in _ids(rows) if each.isdigit()), default=None)
        if rows and (last is None or (beyond is not None and last <= int(beyond))):
            msg = "a search leads back to records that were read before"
            raise PagingError(msg, hint="report it to the source's support; what was committed stands")
        beyond = None if last is None else str(last)
        start, end = window.start.isoformat(), window.end.isoformat()
        if not rows or _total(reply) <= len(rows):
            yield reply, Cursor(window={"phase": "search", "since": end})
            return
        yield reply, Cursor(token=beyond, window={"phase": "search", "since": start, "end": end})
