"""The store against what lies behind the systems: record by record, in what a person would look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from attrs import frozen

from crmcx.demo.bank import Exports
from crmcx.demo.platforms import PLATFORM, PORTAL, Platforms
from crmcx.demo.portal import LIFECYCLE
from crmcx.demo.records import System
from crmcx.demo.week import tickets
from crmcx.sandbox.hubspot_world import HubSpotWorld
from crmcx.workspace import Workspace

_MICRO = 1_000_000
_BROKEN_TICKETS = 900_000
_Sides = tuple[str, dict[str, Any], dict[str, Any]]


@frozen(kw_only=True)
class Compared:
    """How many records were held against the truth, and which are otherwise."""

    records: int
    """Records of either side."""
    different: tuple[str, ...]
    """Table and id of each that differs, or that only one side has."""

    def __str__(self) -> str:
        if not self.different:
            return f"{self.records:,} records were compared with what the systems hold: all are equal"
        shown = ", ".join(self.different[:5])
        return f"{self.records:,} records were compared, {len(self.different):,} differ: {shown}"


def compare(workspace: Workspace, made: Platforms, exports: Exports) -> Compared:
    """Hold the store against the truth of the portal, the survey platform and the help desk's file.

    Args:
        workspace: A workspace that was synced.
        made: The systems that answer over HTTP.
        exports: The bank's exports.
    """
    workspace.refresh()
    records, different = 0, []
    for name, truth, found in (*_portal(workspace, made), *_survey(workspace, made), _help_desk(workspace, exports)):
        ids = truth.keys() | found.keys()
        records += len(ids)
        different += [f"{name} {id_}" for id_ in sorted(ids) if truth.get(id_) != found.get(id_)]
    return Compared(records=records, different=tuple(different))


def _rows(workspace: Workspace, source: str, query: str) -> list[dict[str, Any]]:
    return workspace.sql(query, [source]).rows()


def _portal(workspace: Workspace, made: Platforms) -> Iterator[_Sides]:
    world = made.portal.world
    truth = world.truth
    people = _rows(
        workspace,
        PORTAL,
        "SELECT c.source_id, c.stage, max(p.value) FILTER (p.kind = 'email') AS email FROM customers c"
        " LEFT JOIN contact_points p ON p.customer_key = c.key WHERE c.source = ? GROUP BY ALL",
    )
    yield (
        "contact",
        {id_: _contact(said["properties"]) for id_, said in truth["contacts"].items()},
        {row["source_id"]: (row["email"], row["stage"]) for row in people},
    )
    deals = _rows(
        workspace,
        PORTAL,
        "SELECT source_id, stage, status, amount_micros, customer_ref FROM deals WHERE source = ?",
    )
    yield (
        "deal",
        {id_: _deal(said) for id_, said in truth["deals"].items()},
        {
            row["source_id"]: (row["stage"], row["status"], row["amount_micros"], _today(world, row["customer_ref"]))
            for row in deals
        },
    )


def _today(world: HubSpotWorld, ref: str | None) -> str | None:
    """Whom a link leads to now.

    The portal moves links when customers are merged or deleted, without changing the deal; the connector declares that
    it learns of that with the deal's next change.
    """
    found = None if ref is None else world.find("contacts", ref.partition("/")[2])
    return None if found is None or found.archived_at is not None else f"{PORTAL}/{found.id}"


def _contact(said: Mapping[str, str | None]) -> tuple[str | None, str | None]:
    stage = LIFECYCLE.get(said.get("lifecyclestage") or "")
    return said.get("email"), None if stage is None else stage.value


def _deal(said: Mapping[str, Any]) -> tuple[Any, ...]:
    properties, customers = said["properties"], sorted(said["links"].get("contacts", {}), key=int)
    stage = str(properties["dealstage"])
    ends = {"won": "won", "lost": "lost", "withdrawn": "abandoned"}
    status = ends.get(stage.rpartition("_")[2], "open")
    customer = f"{PORTAL}/{customers[0]}" if customers else None
    return stage, status, int(Decimal(properties["amount"]) * _MICRO), customer


def _survey(workspace: Workspace, made: Platforms) -> Iterator[_Sides]:
    truth = made.survey.server.world.truth
    people = _rows(workspace, PLATFORM, "SELECT source_id, family_name FROM customers WHERE source = ?")
    yield "survey contact", truth["customers"], {row["source_id"]: row["family_name"] or "" for row in people}
    asked = _rows(
        workspace, PLATFORM, "SELECT source_id, status_native, customer_ref FROM invitations WHERE source = ?"
    )
    yield (
        "invitation",
        truth["invitations"],
        {row["source_id"]: (row["status_native"], row["customer_ref"].partition("/")[2]) for row in asked},
    )
    answers = _rows(
        workspace,
        PLATFORM,
        "SELECT f.source_id, f.status, max(a.score) FILTER (a.kind = 'nps') AS nps FROM feedback f"
        " LEFT JOIN answers a ON a.feedback_key = f.key WHERE f.source = ? GROUP BY ALL",
    )
    yield (
        "response",
        {id_: (said["status"], said.get("nps")) for id_, said in truth["feedback"].items()},
        {row["source_id"]: (row["status"], row["nps"]) for row in answers},
    )


def _help_desk(workspace: Workspace, exports: Exports) -> _Sides:
    source = System.HELP_DESK.source
    found = _rows(workspace, source, "SELECT source_id, status_native FROM cases WHERE source = ?")
    told = {str(row["id"]): row["status"] for row in tickets(exports) if row["id"] and row["id"] < _BROKEN_TICKETS}
    return "ticket", told, {row["source_id"]: row["status_native"] for row in found}
