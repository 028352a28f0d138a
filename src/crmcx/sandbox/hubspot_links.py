"""Associations v4 of the HubSpot sandbox."""

from __future__ import annotations

import re
from typing import Any

from crmcx.sandbox.hubspot_data import OBJECTS
from crmcx.sandbox.hubspot_faults import FaultError
from crmcx.sandbox.hubspot_world import HubSpotWorld, Thing
from crmcx.testing.loopback import Asked, Says

_MOST = 1_000


def linked(world: HubSpotWorld, asked: Asked, rest: str, now: str) -> Says:
    """What is answered to a request below `/crm/v4/`.

    Args:
        world: The objects.
        asked: The request.
        rest: Its path from there on.
        now: The present, as it is written.
    """
    one = re.fullmatch(r"objects/([a-z_]+)/([^/]+)/associations/([a-z_]+)", rest)
    if one and asked.method == "GET":
        _demand_types(one[1], one[3])
        return _of_one(world, asked, *one.groups())
    default = re.fullmatch(r"objects/([a-z_]+)/([^/]+)/associations/(?:default/)?([a-z_]+)/([^/]+)", rest)
    if default and asked.method in {"PUT", "DELETE"}:
        type_, id_, other, other_id = default.groups()
        _demand_types(type_, other)
        if asked.method == "DELETE":
            world.dissociate(type_, id_, other, other_id)
            return Says(204)
        world.associate(type_, id_, other, other_id)
        return Says(data={"status": "COMPLETE", "results": [], "startedAt": now, "completedAt": now})
    pair = re.fullmatch(r"associations/([a-z_]+)/([a-z_]+)/(batch/read|labels)", rest)
    if pair is None:
        raise FaultError(404, "OBJECT_NOT_FOUND", "resource not found")
    _demand_types(pair[1], pair[2])
    if pair[3] == "labels" and asked.method == "GET":
        return Says(data={"results": [_type_of(label) for label in [None, *_labels(world, pair[1], pair[2])]]})
    if pair[3] == "batch/read" and asked.method == "POST":
        return _of_many(world, pair[1], pair[2], asked.json.get("inputs") or [], now)
    raise FaultError(405, "VALIDATION_ERROR", "method not allowed")


def _demand_types(*types: str) -> None:
    if not set(types) <= set(OBJECTS):
        raise FaultError(400, "VALIDATION_ERROR", "Unable to infer object type from the path")


def _labels(world: HubSpotWorld, type_: str, other: str) -> list[str]:
    found = {label for each in world.living(type_) for labels in each.links.get(other, {}).values() for label in labels}
    return sorted(found)


def _type_of(label: str | None) -> dict[str, Any]:
    """A type of association; its number is drawn from its label."""
    if label is None:
        return {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}
    primary = label == "Primary"
    number = 1 if primary else 1_000 + sum(map(ord, label))
    return {"category": "HUBSPOT_DEFINED" if primary else "USER_DEFINED", "typeId": number, "label": label}


def _ends(world: HubSpotWorld, thing: Thing, other: str) -> list[dict[str, Any]]:
    there = world.links_of(thing).get(other, {})
    return [
        {"toObjectId": int(id_), "associationTypes": [_type_of(label) for label in [*there[id_], None]]}
        for id_ in sorted(there, key=int)
    ]


def _of_one(world: HubSpotWorld, asked: Asked, type_: str, id_: str, other: str) -> Says:
    thing = world.find(type_, id_)
    if thing is None or thing.archived_at is not None:
        raise FaultError(404, "OBJECT_NOT_FOUND", "Object not found")
    ends, after, limit = (
        _ends(world, thing, other),
        int(asked.query.get("after", 0)),
        int(asked.query.get("limit", 500)),
    )
    data: dict[str, Any] = {"results": ends[after : after + limit]}
    if len(ends) > after + limit:
        data["paging"] = {"next": {"after": str(after + limit)}}
    return Says(data=data)


def _of_many(world: HubSpotWorld, type_: str, other: str, inputs: list[dict[str, Any]], now: str) -> Says:
    if len(inputs) > _MOST:
        raise FaultError(400, "VALIDATION_ERROR", f"{len(inputs)} inputs are more than allowed: {_MOST}")
    results, errors = [], []
    for each in inputs:
        thing = world.find(type_, str(each.get("id")))
        ends = [] if thing is None or thing.archived_at is not None else _ends(world, thing, other)
        if ends:
            results.append({"from": {"id": str(each["id"])}, "to": ends})
        else:
            errors.append(
                {
                    "status": "error",
                    "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": "No associations were found",
                    "context": {"fromObjectId": [str(each.get("id"))]},
                }
            )
    data: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    return Says(207, data | {"numErrors": len(errors), "errors": errors}) if errors else Says(data=data)
