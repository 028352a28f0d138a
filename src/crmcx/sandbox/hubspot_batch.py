"""Batches of the HubSpot sandbox: many objects in one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmcx.sandbox.hubspot_faults import FaultError
from crmcx.sandbox.hubspot_world import Thing, iso
from crmcx.testing.loopback import Says

if TYPE_CHECKING:
    from crmcx.sandbox.hubspot import HubSpotSandbox

_MOST, _MOST_WITH_HISTORY = 100, 50


def batch(portal: HubSpotSandbox, type_: str, what: str, body: Mapping[str, Any]) -> Says:
    """What a batch comes to.

    Args:
        portal: The sandbox.
        type_: The type of object.
        what: `read`, `create`, `update`, `upsert` or `archive`.
        body: The batch.
    """
    inputs = body.get("inputs") or []
    history = body.get("propertiesWithHistory") or []
    most = _MOST_WITH_HISTORY if what == "read" and history else _MOST
    if len(inputs) > most:
        raise FaultError(400, "VALIDATION_ERROR", f"{len(inputs)} inputs are more than allowed: {most}")
    if what == "archive":
        for each in inputs:
            thing = portal.world.find(type_, str(each["id"]))
            if thing is not None and thing.archived_at is None:
                portal.world.archive(type_, thing.id)
        return Says(204)
    if what not in {"read", "create", "update", "upsert"}:
        raise FaultError(404, "OBJECT_NOT_FOUND", "resource not found")
    results, missing = [], []
    for each in inputs:
        thing = _done(portal, type_, what, each, str(each.get("idProperty") or body.get("idProperty") or ""))
        wanted = body.get("properties") or [] if what == "read" else each.get("properties") or {}
        if thing is None:
            missing.append(str(each.get("id")))
        else:
            results.append(portal.said(thing, wanted=wanted, history=history))
    now = iso(portal.still.now())
    data: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if not missing:
        return Says(201 if what == "create" else 200, data)
    data |= {"numErrors": 1, "errors": [_not_there(missing)]}
    return Says(207, data)


def _not_there(ids: list[str]) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some objects, they may be deleted or not exist.",
        "context": {"ids": ids},
    }


def _done(portal: HubSpotSandbox, type_: str, what: str, each: Mapping[str, Any], key: str) -> Thing | None:
    world = portal.world
    said = each.get("properties") or {}
    if what == "create":
        return world.things[type_][world.create(type_, said)]
    id_ = str(each.get("id"))
    if key and key != "hs_object_id":
        thing = next((one for one in world.living(type_) if one.as_of().get(key) == id_), None)
    else:
        thing = world.find(type_, id_)
        thing = None if thing is None or thing.archived_at is not None else thing
    if thing is None and what == "upsert" and key:
        return world.things[type_][world.create(type_, {**said, key: id_})]
    if thing is not None and what in {"update", "upsert"}:
        world.update(type_, thing.id, said)
    return thing
