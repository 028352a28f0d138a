"""A local server that speaks HubSpot's protocol, over a portal whose truth is known."""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from crmcx.errors import UsageError
from crmcx.sandbox.hubspot_batch import batch
from crmcx.sandbox.hubspot_data import ALWAYS, DEFAULTS, HISTORIES, OBJECTS
from crmcx.sandbox.hubspot_faults import FaultError
from crmcx.sandbox.hubspot_links import linked
from crmcx.sandbox.hubspot_search import found_by
from crmcx.sandbox.hubspot_world import HubSpotWorld, Thing, iso
from crmcx.testing.loopback import Asked, Says
from crmcx.testing.platform import Found, Platform
from crmcx.testing.still import StillClock
from crmcx.testing.world import Kind

TOKEN = "pat-eu1-sandbox-token"  # noqa: S105 - opens nothing but the sandbox
_MOST_LISTED, _MOST_FOUND = 100, 200
_MOST_WITH_HISTORY = 50
_Route: TypeAlias = Callable[..., Says]
_DAY = 86_400


def _kinds() -> dict[str, Kind]:
    def kind(**told: Any) -> Kind:  # noqa: ANN401 - as of Kind
        return Kind(record={"id": "{n}"}, stamp="updatedAt", change="id", **told)

    return {
        "owners": kind(),
        "pipelines": kind(),
        **{name: kind(tombstone={"id": "{n}"}) for name in OBJECTS},
        **{name: kind() for name in HISTORIES},
    }


class HubSpotSandbox(Platform):
    """A portal on loopback: objects, search, associations, owners, pipelines, properties; `world` is what lies behind.

    Args:
        still: The clock by which records are stamped; it moves with what happens, and with `still.move`.

    Example:
        >>> portal = HubSpotSandbox()
        >>> ada = portal.world.create("contacts", {"email": "ada@example.org"})
        >>> asked = Asked("GET", f"/crm/v3/objects/contacts/{ada}", {}, {"authorization": f"Bearer {TOKEN}"}, b"")
        >>> portal.answer(asked).data["properties"]["email"]
        'ada@example.org'
    """

    kinds: ClassVar = _kinds()
    world: HubSpotWorld

    def __init__(self, still: StillClock | None = None) -> None:
        super().__init__(still)
        self.world = HubSpotWorld(self.kinds, self.still)
        self.page_size = _MOST_FOUND
        self.token = TOKEN
        """The token that is taken."""
        self.version = "v3"
        """The version in the paths of objects: `v3`, or a dated one such as `2026-03`."""
        self.ceiling = 10_000
        """The most results that one search leads to."""
        self.index_lag = timedelta()
        """How long after a change the search knows of it."""
        self.per_ten_seconds: int | None = None
        """Requests that are answered within ten seconds; None for no bound."""
        self.per_day: int | None = None
        """Requests that are answered in all; None for no bound."""
        self._served: deque[datetime] = deque()
        self._count = 0

    # -- the way of a request -----------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Says:
        """What is answered to a request."""
        try:
            headers = self._admit(asked)
            says = self._routed(asked)
        except FaultError as fault:
            return Says(fault.status, {**fault.body, "correlationId": self._correlation()}, headers=fault.headers)
        searches = asked.path.endswith("/search")
        return says if searches else Says(says.status, says.data, headers=headers, rows=says.rows, kind=says.kind)

    def _correlation(self) -> str:
        return str(UUID(int=self._count, version=4))

    def _admit(self, asked: Asked) -> dict[str, str]:
        """The headers that tell what is left, of a request that is signed and not one too many."""
        self._count += 1
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            raise FaultError(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        now = self.still.now()
        while self._served and self._served[0] <= now - timedelta(seconds=10):
            self._served.popleft()
        if self.per_day is not None and self._count > self.per_day:
            raise FaultError.too_many("DAILY", "You have reached your daily limit.")
        if self.per_ten_seconds is not None and len(self._served) >= self.per_ten_seconds:
            raise FaultError.too_many("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit.")
        self._served.append(now)
        day, most = self.per_day or 250_000, self.per_ten_seconds or 100
        return {
            "X-HubSpot-RateLimit-Daily": str(day),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, day - self._count)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(max(0, most - len(self._served))),
        }

    def _routed(self, asked: Asked) -> Says:
        at = "/crm/v3/objects" if self.version == "v3" else f"/crm/objects/{re.escape(self.version)}"
        if self.version.startswith("v"):
            at = f"/crm/{re.escape(self.version)}/objects"
        one = r"(?P<id>[^/]+)"
        routes: tuple[tuple[str, str, _Route], ...] = (
            ("GET", f"{at}/TYPE", self._list),
            ("POST", f"{at}/TYPE", self._create),
            ("POST", f"{at}/TYPE/search", self._search),
            ("POST", f"{at}/TYPE/merge", self._merge),
            ("POST", f"{at}/TYPE/gdpr-delete", self._gdpr_delete),
            ("POST", f"{at}/TYPE/batch/(?P<what>[a-z]+)", self._batch),
            ("GET", f"{at}/TYPE/{one}", self._one),
            ("PATCH", f"{at}/TYPE/{one}", self._update),
            ("DELETE", f"{at}/TYPE/{one}", self._archive),
            ("GET", "/crm/v3/owners/?", self._owners),
            ("GET", "/crm/v3/pipelines/(?P<type>[a-z]+)", self._pipelines),
            ("GET", "/crm/v3/properties/TYPE", self._properties),
            (".*", "/crm/v4/(?P<rest>(objects|associations)/.+)", self._links),
        )
        for method, path, route in routes:
            found = re.fullmatch(path.replace("TYPE", r"(?P<type>[a-z_]+)"), asked.path)
            if found and re.fullmatch(method, asked.method):
                named = found.groupdict()
                if named.get("type", OBJECTS[0]) not in OBJECTS:
                    raise FaultError(400, "VALIDATION_ERROR", "Unable to infer object type from the path")
                return route(asked, **named)
        raise FaultError(404, "OBJECT_NOT_FOUND", "resource not found")

    # -- objects ------------------------------------------------------------------------------------------------------

    def said(
        self, thing: Thing, *, wanted: Iterable[str] = (), history: Iterable[str] = (), at: datetime | None = None
    ) -> dict[str, Any]:
        """An object as it is answered.

        Args:
            thing: The object.
            wanted: The properties that are asked for besides the usual ones.
            history: Those that are asked for with all their values.
            at: As of when; now unless given.
        """
        known = thing.as_of(at)
        names = dict.fromkeys([*DEFAULTS.get(thing.type, ALWAYS), *wanted])
        told: dict[str, Any] = {
            "id": thing.id,
            "properties": {name: known.get(name) for name in names},
            "createdAt": iso(thing.created),
            "updatedAt": iso(thing.updated(at)),
            "archived": thing.archived_at is not None,
        }
        if thing.archived_at is not None:
            told["archivedAt"] = iso(thing.archived_at)
        asked = list(history)
        if asked:
            told["propertiesWithHistory"] = {
                name: [
                    {
                        "value": each.value or "",
                        "timestamp": iso(each.at),
                        "sourceType": "CRM_UI",
                        "sourceId": "userId:1",
                    }
                    for each in reversed(thing.history.get(name, ()))
                ]
                for name in asked
            }
        return told

    def _list(self, asked: Asked, type: str) -> Says:  # noqa: A002 - named by the route
        history = listed(asked.query.get("propertiesWithHistory"))
        most = _MOST_WITH_HISTORY if history else _MOST_LISTED
        limit = whole(asked.query.get("limit"), 10)
        if limit > most:
            raise FaultError(400, "VALIDATION_ERROR", f"limit {limit} is larger than allowed: {most}")
        archived = asked.query.get("archived") == "true"
        things = self.world.things[type].values()
        wanted = listed(asked.query.get("properties"))
        there = [each for each in things if (each.archived_at is not None) is archived]
        kind = next((name for name, told in HISTORIES.items() if history and set(told.fields) <= set(history)), type)
        others = listed(asked.query.get("associations"))

        def say(thing: Thing) -> dict[str, Any]:
            record = self.said(thing, wanted=wanted, history=history)
            links = self.world.links_of(thing) if others else {}
            if linked_to := {other: _v3_links(type, other, links[other]) for other in others if other in links}:
                record["associations"] = linked_to
            return record

        return self._page(self._in_order(kind, [(each.id, each) for each in there], say), asked, limit, kind)

    def _in_order(
        self, kind: str, told: list[tuple[str, Any]], say: Callable[[Any], dict[str, Any]] | None = None
    ) -> Found:
        """The records by id, or in the order that the kit draws; with the first ones again where it says so."""
        if self.order is None or kind not in self.scattered:
            keyed = sorted((f"{int(key) if key.isdigit() else 0:012} {key}", record) for key, record in told)
        else:
            keyed = sorted((hashlib.sha256(f"{self.order} {key}".encode()).hexdigest(), record) for key, record in told)
        again = (
            [(f"{keyed[self.again - 1][0]}~{key}", said) for key, said in keyed[: self.again]]
            if keyed[self.again :]
            else []
        )
        return Found(kind, [*keyed[: self.again], *again, *keyed[self.again :]], say)

    def _page(self, found: Found, asked: Asked, limit: int, kind: str) -> Says:
        size, self.page_size = self.page_size, min(limit, self.page_size)
        try:
            records, following = self.cut(found, asked.query.get("after"))
        finally:
            self.page_size = size
        data: dict[str, Any] = {"results": records}
        if following is not None:
            data["paging"] = {"next": {"after": following, "link": f"{self.url}{asked.path}?after={following}"}}
        return Says(data=data, rows=("results",), kind=kind)

    def _there(self, type_: str, id_: str) -> Thing:
        thing = self.world.find(type_, id_)
        if thing is None or thing.archived_at is not None:
            raise FaultError(404, "OBJECT_NOT_FOUND", "Object not found")
        return thing

    def _one(self, asked: Asked, type: str, id: str) -> Says:  # noqa: A002 - named by the route
        wanted, history = listed(asked.query.get("properties")), listed(asked.query.get("propertiesWithHistory"))
        archived = asked.query.get("archived") == "true"
        thing = self.world.find(type, id) if archived else self._there(type, id)
        if thing is None:
            raise FaultError(404, "OBJECT_NOT_FOUND", "Object not found")
        return Says(data=self.said(thing, wanted=wanted, history=history))

    def _create(self, asked: Asked, type: str) -> Says:  # noqa: A002 - named by the route
        properties = _body(asked).get("properties") or {}
        made = self.world.things[type][self.world.create(type, properties)]
        return Says(201, self.said(made, wanted=properties))

    def _update(self, asked: Asked, type: str, id: str) -> Says:  # noqa: A002 - named by the route
        thing = self._there(type, id)
        properties = _body(asked).get("properties") or {}
        self.world.update(type, thing.id, properties)
        return Says(data=self.said(thing, wanted=properties))

    def _archive(self, _asked: Asked, type: str, id: str) -> Says:  # noqa: A002 - named by the route
        thing = self.world.find(type, id)
        if thing is not None and thing.archived_at is None:
            self.world.archive(type, thing.id)
        return Says(204)

    def _merge(self, asked: Asked, type: str) -> Says:  # noqa: A002 - named by the route
        body = _body(asked)
        try:
            self.world.merge(type, str(body["primaryObjectId"]), str(body["objectIdToMerge"]))
        except (KeyError, UsageError):
            raise FaultError(400, "VALIDATION_ERROR", "Two objects of the type are needed") from None
        return Says(data=self.said(self._there(type, str(body["primaryObjectId"]))))

    def _gdpr_delete(self, asked: Asked, type: str) -> Says:  # noqa: A002 - named by the route
        thing = self.world.find(type, str(_body(asked).get("objectId")))
        if thing is not None:
            self.world.gdpr_delete(type, thing.id)
        return Says(204)

    def _batch(self, asked: Asked, type: str, what: str) -> Says:  # noqa: A002 - named by the route
        return batch(self, type, what, _body(asked))

    def _search(self, asked: Asked, type: str) -> Says:  # noqa: A002 - named by the route
        return found_by(self, type, _body(asked), most=min(self.page_size, _MOST_FOUND))

    def _links(self, asked: Asked, rest: str) -> Says:
        return linked(self.world, asked, rest, iso(self.still.now()))

    # -- reference data -----------------------------------------------------------------------------------------------

    def _owners(self, asked: Asked) -> Says:
        archived = asked.query.get("archived") == "true"
        told = [(each["id"], dict(each)) for each in self.world.owners if each["archived"] is archived]
        limit = min(whole(asked.query.get("limit"), 100), 500)
        return self._page(self._in_order("owners", told), asked, limit, "owners")

    def _pipelines(self, _asked: Asked, type: str) -> Says:  # noqa: A002 - named by the route
        at = iso(self.still.begin)
        found = [
            {**each, "createdAt": at, "updatedAt": at}
            | {"stages": [{**stage, "createdAt": at, "updatedAt": at} for stage in each["stages"]]}
            for each in self.world.pipelines.get(type, ())
        ]
        return Says(
            data={"results": found}, rows=("results",), kind="pipelines" if type == "deals" else f"{type} steps"
        )

    def _properties(self, _asked: Asked, type: str) -> Says:  # noqa: A002 - named by the route
        names = dict.fromkeys([*DEFAULTS.get(type, ALWAYS)])
        for each in self.world.things[type].values():
            names.update(dict.fromkeys(each.history))
        told = {
            "groupName": f"{type}information",
            "type": "string",
            "fieldType": "text",
            "description": "",
            "options": [],
        }
        return Says(data={"results": [{"name": name, "label": name, **told} for name in names]})


def _v3_links(type_: str, other: str, ends: Iterable[str]) -> dict[str, Any]:
    name = f"{type_.removesuffix('s')}_to_{other.removesuffix('s')}"
    return {"results": [{"id": id_, "type": name} for id_ in sorted(ends, key=int)]}


def _body(asked: Asked) -> dict[str, Any]:
    try:
        found = asked.json
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise FaultError(400, "VALIDATION_ERROR", "Invalid input JSON")
    return found


def whole(said: str | None, default: int) -> int:
    """A whole number of a query."""
    if said is None:
        return default
    if not said.isdigit() or int(said) < 1:
        raise FaultError(400, "VALIDATION_ERROR", "limit is no number above 0")
    return int(said)


def listed(said: str | None) -> list[str]:
    """Names that are separated by commas."""
    return [each for each in (said or "").split(",") if each]
