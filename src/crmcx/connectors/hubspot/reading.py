"""How objects are read: the first time by list, then by search, then what is in the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from crmcx.connectors import Cursor, Page, Reply, Window, paging, windows
from crmcx.connectors.hubspot.client import Linked, Portal, chunks, dictionary, following, records
from crmcx.connectors.hubspot.shaping import merged_ids, shaped, whole_number, yes
from crmcx.connectors.hubspot.steps import steps_of
from crmcx.connectors.hubspot.tables import KINDS, MERGED, Kind
from crmcx.errors import PagingError

Rows: TypeAlias = list[Any]
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
            yield from _told(kind, whole(records(reply)), _next("list", after) or _next("archive"))
    elif phase == "search":
        for reply, then in _searched(portal, kind, cursor, names):
            yield from _told(kind, found(records(reply)), then or _next("archive"))
    token = cursor.token if phase == "archive" else None
    for reply, after in _listed(lambda after: portal.archived(kind, after, (MERGED,)), token):
        keys = [key for each in records(reply) for key in _gone(kind, each)]
        yield Page(keys, deleted=True, next=_next("archive", after))


def steps(portal: Portal, cursor: Cursor, stream: str) -> Iterator[Page]:
    """The steps of all objects, or of those that were changed."""
    told = portal.steps(stream)
    kind = KINDS[told.of]

    def made(rows: Rows) -> Rows:
        return [
            step
            for each in rows
            for step in (steps_of(portal, stream, kind, told, each) if _is_object(each) else (each,))
        ]

    if _phase(cursor) == "list":
        for reply, after in _listed(lambda after: portal.listed_with_history(kind, after, told), cursor.token):
            yield Page(made(records(reply)), next=_next("list", after))
        return
    for reply, then in _searched(portal, kind, cursor, [kind.modified], tuple(told.fields)):
        ids = [id_ for each in records(reply) if (id_ := _id(each)) is not None]
        read = portal.read(kind, ids, properties=[kind.modified], history=list(told.fields))
        yield Page(made(read), next=then)


def _phase(cursor: Cursor) -> str:
    said = dictionary(cursor.window).get("phase")
    return said if isinstance(said, str) else "list" if cursor.watermark is None else "search"


def _next(phase: str, after: str | None = None) -> Cursor | None:
    """Where to go on; None behind the last page of a list."""
    if phase == "archive" and after is None:
        return Cursor(window={"phase": phase})
    return None if after is None else Cursor(token=after, window={"phase": phase})


def _listed(ask: Callable[[Any], Reply], start: Any) -> Iterator[tuple[Reply, Any]]:  # noqa: ANN401 - JSON
    return paging.by_cursor(ask, following=lambda reply: following(reply.data), start=start)


def _id(record: Any) -> str | None:  # noqa: ANN401 - JSON
    """The id of a record, as text; None where there is none."""
    said = dictionary(record).get("id")
    return str(said) if isinstance(said, str | int) and not isinstance(said, bool) and said != "" else None


def _is_object(record: Any) -> bool:  # noqa: ANN401 - JSON
    return _id(record) is not None and isinstance(record.get("properties"), dict)


def _ids(rows: Rows) -> list[str]:
    return [str(each["id"]) for each in rows if _is_object(each)]


def _with_more(rows: Rows, rest: list[list[Any]]) -> Rows:
    """The records with the properties that were asked for apart, by id.

    One that is told apart in a way that is not understood is put aside: it would lose those properties.
    """
    for told in rest:
        understood = {str(each["id"]): each["properties"] for each in told if _is_object(each)}
        rows = [_joined(each, understood, clear=all(map(_is_object, told))) for each in rows]
    return rows


def _joined(record: Any, more: dict[str, dict[str, Any]], *, clear: bool) -> Any:  # noqa: ANN401 - JSON
    if not _is_object(record):
        return record
    there = more.get(str(record["id"]))
    if there is None:
        return record if clear else _aside(record)
    return {**record, "properties": {**there, **record["properties"]}}


def _enriched(portal: Portal, kind: Kind, rows: Rows) -> Rows:
    """The records with what their links say. One whose properties are no object is passed on without its id."""
    ids = _ids(rows)
    links = {other: portal.links(kind.type, ids, other) if ids else {} for other in kind.linked}
    return [
        shaped(portal, kind, each, {other: by_id.get(str(each["id"]), Linked()) for other, by_id in links.items()})
        if _is_object(each)
        else _aside(each)
        for each in rows
    ]


def _aside(record: Any) -> Any:  # noqa: ANN401 - JSON
    """A record that is not understood, so that it does not take the place of what is known of it."""
    return {"not_understood": record} if isinstance(record, dict) else record


def _gone(kind: Kind, record: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON
    """The keys of what is in the archive, and of what was merged into it; what is not understood is put aside."""
    id_, said = _id(record), dictionary(record)
    archived = said.get("archived")
    if id_ is not None and (yes(archived) or (archived is None and said.get("archivedAt"))):
        yield from (_key(kind, each) for each in (id_, *merged_ids(dictionary(said.get("properties")))))
    elif id_ is None or str(archived).lower() != "false":
        yield _aside(record)


def _key(kind: Kind, id_: str) -> dict[str, Any]:
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
        total = _total(reply)
        return len(records(reply)) if total is None else total

    for window in windows(count, since, until, cap=portal.settings.search_ceiling):
        yield from _window(ask, window, beyond=None, shown=shown.get(window.start))


def _total(reply: Reply) -> int | None:
    """How many records a search finds; None where it does not say."""
    return whole_number(reply.get("total"))


def _window(
    ask: Callable[[Window, str | None], Reply], window: Window, *, beyond: str | None, shown: Reply | None
) -> Iterator[tuple[Reply, Cursor | None]]:
    while True:
        reply = shown or ask(window, beyond)
        shown = None
        rows, total = records(reply), _total(reply)
        start, end = window.start.isoformat(), window.end.isoformat()
        if not rows or (total is not None and total <= len(rows)):
            yield reply, Cursor(window={"phase": "search", "since": end})
            return
        numbers = (whole_number(_id(each)) for each in rows)
        last = max((each for each in numbers if each is not None), default=None)
        if last is None or (beyond is not None and last <= int(beyond)):
            msg = "a search leads back to records that were read before"
            msg = "a search shows no id by which to go on" if last is None else msg
            raise PagingError(msg, hint="report it to the source's support; what was committed stands")
        beyond = str(last)
        yield reply, Cursor(token=beyond, window={"phase": "search", "since": start, "end": end})
