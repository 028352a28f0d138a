"""What is asked of HubSpot, request by request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from attrs import evolve, frozen

from crmcx.connectors import DIALECTS, Api, Bearer, Budget, Rate, Reply
from crmcx.connectors.hubspot.settings import HubSpotSettings
from crmcx.connectors.hubspot.tables import STEPS, Kind, Steps
from crmcx.connectors.paging import by_cursor
from crmcx.errors import PagingError

_MOST_GROUPS = 5
"""The most alternatives of a search."""


@frozen
class End:
    """The other end of a link."""

    id: str
    labels: tuple[str, ...]


@frozen
class Linked:
    """The links of an object with the objects of one type."""

    ends: tuple[End, ...] = ()
    """Their other ends, in the order of their ids."""
    unread: tuple[Any, ...] = ()
    """What stands in the place of a link and is none."""


def chunks(names: Iterable[str], length: int) -> Iterator[list[str]]:
    """Names in groups that are no longer than so many characters together; one that is longer is a group of its own.

    Example:
        >>> list(chunks(["a", "bb", "cc", "d"], 6))
        [['a', 'bb'], ['cc', 'd']]
    """
    group: list[str] = []
    size = 0
    for name in names:
        if group and size + len(name) + 1 > length:
            yield group
            group, size = [], 0
        group.append(name)
        size += len(name) + 1
    if group:
        yield group


def dictionary(said: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An object of an answer; an empty one where something else stands in its place."""
    return said if isinstance(said, dict) else {}


def items(said: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The objects of a list of an answer; none where something else stands in its place."""
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []


def following(said: Any) -> str | None:  # noqa: ANN401 - JSON
    """Where a list goes on, as an answer or a part of it says; None where it ends.

    Raises:
        PagingError: What it says is not understood: to end there would leave out what follows.
    """
    place = said
    for name in ("paging", "next", "after"):
        place = dictionary(place).get(name)
        if place is None:
            return None
        odd = isinstance(place, bool | list | dict) or place == "" if name == "after" else not isinstance(place, dict)
        if odd:
            msg = f"the answer holds a JSON {type(place).__name__} at {name}, which does not say how its list goes on"
            raise PagingError(msg, hint="report it to the source's support; what was committed stands")
    return str(place)


class Portal:
    """A portal, signed in.

    Args:
        settings: The settings of the connection.
        name: What waits and errors call it.
    """

    def __init__(self, settings: HubSpotSettings, name: str) -> None:
        def api(*rates: Rate) -> Api:
            return Api(
                settings.url,
                auth=Bearer(settings.token),
                dialect=DIALECTS["hubspot"],
                budget=Budget(*rates),
                name=name,
            )

        self.settings = settings
        self._api = api(Rate(settings.per_ten_seconds, per=timedelta(seconds=10)))
        self._finder = api(Rate(settings.searches_per_second, per=timedelta(seconds=1)))
        self._lock = Lock()
        self._pipelines: dict[str, list[Any]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._api.close()
        self._finder.close()

    @property
    def now(self) -> datetime:
        """The present."""
        return self._api.clock.now()

    def _objects(self, type_: str) -> str:
        version = self.settings.version
        return f"/crm/{version}/objects/{type_}" if version.startswith("v") else f"/crm/objects/{version}/{type_}"

    def get(self, path: str, **query: Any) -> Reply:  # noqa: ANN401 - as of Api.get
        """Read anything."""
        return self._api.get(path, **query)

    def properties(self, kind: Kind) -> list[str]:
        """The properties to read of a type of object."""
        more = {str(name): told for name, told in self.settings.properties.items()}
        numbers = self.settings.identifiers.values() if kind.type == "contacts" else ()
        return list(dict.fromkeys([*kind.asked, *numbers, *more.get(kind.type, ())]))

    def steps(self, stream: str) -> Steps:
        """The properties whose history a stream reads."""
        told = STEPS[stream]
        if stream != "consents":
            return told
        topics = {name: (topic,) for name, topic in self.settings.subscriptions.items()}
        return evolve(told, fields={**told.fields, **topics})

    def listed(self, kind: Kind, after: str | None, properties: Sequence[str]) -> Reply:
        """A page of the objects that are there, by id."""
        return self._api.get(
            self._objects(kind.type),
            limit=self.settings.page_size,
            after=after,
            properties=",".join(properties),
            archived="false",
        )

    def listed_with_history(self, kind: Kind, after: str | None, steps: Steps) -> Reply:
        """A page of the objects that are there, by id, with the values that some properties ever had."""
        return self._api.get(
            self._objects(kind.type),
            limit=self.settings.history_page_size,
            after=after,
            properties=kind.modified,
            propertiesWithHistory=",".join(steps.fields),
            archived="false",
        )

    def archived(self, kind: Kind, after: str | None, properties: Sequence[str]) -> Reply:
        """A page of the objects that are in the archive."""
        return self._api.get(
            self._objects(kind.type),
            limit=self.settings.page_size,
            after=after,
            properties=",".join(properties),
            archived="true",
        )

    def found(
        self,
        kind: Kind,
        start: datetime,
        end: datetime,
        *,
        beyond: str | None,
        properties: Sequence[str],
        having: Iterable[str] = (),
    ) -> Reply:
        """The objects that were changed from a time on and before another, by id.

        Args:
            kind: The type of object.
            start: From when on.
            end: Before when.
            beyond: The id after which to go on.
            properties: The properties to read.
            having: Only objects that have one of these; of all unless given.
        """
        filters = [
            {"propertyName": kind.modified, "operator": "GTE", "value": _ms(start)},
            {"propertyName": kind.modified, "operator": "LT", "value": _ms(end)},
        ]
        if beyond is not None:
            filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": beyond})
        wanted = tuple(having)
        if len(wanted) > _MOST_GROUPS:  # more than a search can name: then all that were changed
            wanted = ()
        groups = [[*filters, {"propertyName": name, "operator": "HAS_PROPERTY"}] for name in wanted] or [filters]
        body = {
            "filterGroups": [{"filters": group} for group in groups],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": list(properties),
            "limit": self.settings.search_page_size,
        }
        return self._finder.post(f"{self._objects(kind.type)}/search", body, reads_only=True)

    def read(
        self, kind: Kind, ids: Sequence[str], *, properties: Sequence[str], history: Sequence[str] = ()
    ) -> list[Any]:
        """The records of objects, as many as are still there."""
        size = min(self.settings.batch_size, self.settings.history_page_size) if history else self.settings.batch_size
        made: list[Any] = []
        for place in range(0, len(ids), size):
            body: dict[str, Any] = {
                "inputs": [{"id": id_} for id_ in ids[place : place + size]],
                "properties": list(properties),
            }
            if history:
                body["propertiesWithHistory"] = list(history)
            made += records(self._api.post(f"{self._objects(kind.type)}/batch/read", body, reads_only=True))
        return made

    def links(self, type_: str, ids: Sequence[str], other: str) -> dict[str, Linked]:
        """The links of objects with those of another type, by id."""
        found: dict[str, list[Any]] = {}
        path = f"/crm/v4/associations/{type_}/{other}/batch/read"
        for place in range(0, len(ids), self.settings.batch_size):
            asked = ids[place : place + self.settings.batch_size]
            told = records(self._api.post(path, {"inputs": [{"id": id_} for id_ in asked]}, reads_only=True))
            unclear = False
            for each in told:
                id_ = str(dictionary(dictionary(each).get("from")).get("id"))
                ends = dictionary(each).get("to")
                if id_ not in asked or not isinstance(ends, list):
                    unclear = True
                    continue
                found.setdefault(id_, []).extend(ends)
                if (after := following(each)) is not None:
                    found[id_] += self._rest(type_, id_, other, after)
            for id_ in asked if unclear else ():
                if id_ not in found:
                    found[id_] = self._rest(type_, id_, other, None)
        return {id_: _linked(said) for id_, said in found.items()}

    def _rest(self, type_: str, id_: str, other: str, after: str | None) -> list[Any]:
        """The links of one object, from some place on."""

        def ask(token: str | None) -> Reply:
            return self._api.get(f"/crm/v4/objects/{type_}/{id_}/associations/{other}", limit=500, after=token)

        return [
            each
            for reply, _ in by_cursor(ask, following=lambda reply: following(reply.data), start=after)
            for each in records(reply)
        ]

    def pipelines(self, type_: str) -> list[Any]:
        """The pipelines of a type of object, asked for once."""
        with self._lock:
            if type_ not in self._pipelines:
                self._pipelines[type_] = records(self._api.get(f"/crm/v3/pipelines/{type_}"))
            return self._pipelines[type_]


def records(reply: Reply) -> list[Any]:
    """The records of an answer as they stand; what is no object is put aside by whoever maps it.

    Raises:
        SourceError: There is no list of them.
    """
    reply.rows("results")  # says what is wrong where there is no list
    return list(reply.get("results") or ())


def _ms(at: datetime) -> str:
    return str(int(at.timestamp()) * 1000 + at.microsecond // 1000)


def _linked(said: list[Any]) -> Linked:
    ends, unread = [], []
    for each in said:
        id_ = dictionary(each).get("toObjectId")
        if isinstance(id_, str | int) and not isinstance(id_, bool) and id_ != "":
            labels = (one.get("label") for one in items(each.get("associationTypes")))
            ends.append(End(str(id_), tuple(label for label in labels if isinstance(label, str) and label)))
        elif each is not None:
            unread.append(each)
    return Linked(tuple(sorted(ends, key=lambda end: (len(end.id), end.id))), tuple(unread))
