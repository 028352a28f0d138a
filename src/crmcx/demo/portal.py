"""The deposits department's CRM behind HubSpot's protocol: its exports, taken up into a sandbox as a clerk would."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crmcx.connectors import HubSpot
from crmcx.demo import words
from crmcx.demo.bank import Exports
from crmcx.demo.deals import DEPOSITS_BOOK
from crmcx.demo.departments import DEPOSITS
from crmcx.demo.files import good_rows
from crmcx.demo.history import DEPOSITS_HISTORY
from crmcx.demo.period import bank_zone
from crmcx.demo.sales import Phase, Status
from crmcx.models import DealStatus, Stage
from crmcx.sandbox import HubSpotSandbox, StillClock
from crmcx.sandbox.hubspot_world import iso

NAME = "deposits"
"""Name of the connection."""
LIFECYCLE: Mapping[str, Stage] = {
    "lead": Stage.AWARENESS,
    "marketingqualifiedlead": Stage.CONSIDERATION,
    "opportunity": Stage.PURCHASE,
    "customer": Stage.EXISTING,
    "leaving": Stage.EXITING,
    "second_product": Stage.REPURCHASE,
    "former": Stage.FORMER,
}
"""The portal's lifecycle stages, some of them its own."""
_WORDS = {stage.value: word for word, stage in LIFECYCLE.items()}
_PHASES = {
    Phase.OFFER: "offer",
    Phase.APPLICATION: "application",
    Phase.DOCUMENTS: "documents",
    Phase.CONTRACT: "contract",
}
_ENDS = {Status.WON: "won", Status.LOST: "lost", Status.ABANDONED: "withdrawn"}
_NOON = timedelta(hours=12)


def portal(exports: Exports, still: StillClock) -> HubSpotSandbox:
    """A portal that holds the customers of the deposits department, their stages and their deals.

    Args:
        exports: The bank's exports.
        still: The clock by which things happen there.
    """
    made = HubSpotSandbox(still)
    made.world.pipelines["deals"] = [_pipeline(product) for product in DEPOSITS_BOOK.products]
    owners = {name: made.world.add_owner(*_owner(name)) for name in words.ADVISERS}
    stages = _stages(exports)
    for row in good_rows(exports.deposits_customers, DEPOSITS.form, DEPOSITS.broken):
        _take_customer(made, row, stages.get(row["KundenID"], []))
    for row in good_rows(exports.deposits_deals, DEPOSITS_BOOK.form, DEPOSITS_BOOK.broken):
        _take_deal(made, row, owners)
    return made


def connector(made: HubSpotSandbox) -> HubSpot:
    """The connector to the portal, as its users would set it up."""
    return HubSpot(
        url=made.url,
        token=made.token,
        lifecycle=LIFECYCLE,
        lifecycle_scope=DEPOSITS_HISTORY.line,
        deal_stages={stage_id(product, Status.ABANDONED): DealStatus.ABANDONED for product in DEPOSITS_BOOK.products},
        identifiers={"account": "account_number", "loan": "loan_number"},
        leave_out=frozenset(
            {
                *(
                    "companies",
                    "consents",
                    "tickets",
                    "ticket_changes",
                    "calls",
                    "emails",
                    "meetings",
                    "notes",
                    "tasks",
                ),
                "feedback_submissions",
            }
        ),
    )


def stage_id(product: str, at: Phase | Status) -> str:
    """The id of a stage of a product's pipeline."""
    return f"{product}_{_PHASES[at] if isinstance(at, Phase) else _ENDS[at]}"


def _stage(product: str, at: Phase | Status, order: int) -> dict[str, Any]:
    chance = (
        {Status.WON: "1.0", Status.LOST: "0.0", Status.ABANDONED: "0.0"}.get(at) if isinstance(at, Status) else None
    )
    metadata = {"isClosed": "true" if chance else "false", "probability": chance or f"0.{2 * order + 2}"}
    return {
        "id": stage_id(product, at),
        "label": at.value,
        "displayOrder": order,
        "metadata": metadata,
        "archived": False,
    }


def _pipeline(product: str) -> dict[str, Any]:
    steps = (*Phase, Status.WON, Status.LOST, Status.ABANDONED)
    stages = [_stage(product, at, order) for order, at in enumerate(steps)]
    return {"id": product, "label": product, "displayOrder": 0, "archived": False, "stages": stages}


def _owner(name: str) -> tuple[str, str, str]:
    first, _, family = name.partition(" ")
    plain = family.lower().replace("ä", "ae").replace("ü", "ue").replace("ö", "oe")
    return f"{plain}@bank.example", first, family


def _day(cell: str) -> datetime:
    """When a day begins in the bank's zone, written as a German CRM does."""
    return datetime.strptime(cell, "%d.%m.%Y").replace(tzinfo=bank_zone()).astimezone(UTC)


def _stages(exports: Exports) -> dict[str, list[tuple[datetime, str]]]:
    """Each customer's stages in the order of time."""
    customer, _, stage, since, _ = DEPOSITS_HISTORY.columns
    found: dict[str, list[tuple[datetime, str]]] = {}
    broken = DEPOSITS_HISTORY.broken
    for row in good_rows(exports.deposits_stages, DEPOSITS_HISTORY.form, broken):
        word = _WORDS[DEPOSITS_HISTORY.stages[row[stage]]]
        found.setdefault(row[customer], []).append((_day(row[since]), word))
    return {name: sorted(steps, key=lambda step: step[0]) for name, steps in found.items()}


def _take_customer(made: HubSpotSandbox, row: Mapping[str, str], steps: list[tuple[datetime, str]]) -> None:
    created = min([_day(row["Kunde seit"]), *(at for at, _ in steps)])
    first = steps[0][1] if steps and steps[0][0] == created else None
    properties = {
        "firstname": row["Vorname"],
        "lastname": row["Nachname"],
        "email": row["Mail"],
        "phone": row["Tel"],
        "address": row["Adresse"],
        "date_of_birth": row["Jahrgang"],
        "hs_language": row["Sprache"],
        "account_number": row["Kontonummer"],
        "loan_number": row["Darlehen"],
        "lifecyclestage": first,
    }
    said = {name: value for name, value in properties.items() if value}
    id_ = made.world.create("contacts", said, at=created, number=int(row["KundenID"]))
    for at, word in steps[1 if first else 0 :]:
        made.world.update("contacts", id_, {"lifecyclestage": word}, at=at)


def _take_deal(made: HubSpotSandbox, row: Mapping[str, str], owners: Mapping[str, str]) -> None:
    product, status = row["Pipeline"], Status(row["Status"])
    opened = _day(row["Eröffnet"])
    said = {
        "dealname": row["Bezeichnung"],
        "pipeline": product,
        "dealstage": stage_id(product, Phase(row["Phase"])),
        "amount": row["Betrag"].replace(",", "."),
        "deal_currency_code": row["Währung"],
        "deal_origin": row["Herkunft"],
        "hubspot_owner_id": owners[row["Betreuer"]],
    }
    id_ = made.world.create("deals", said, at=opened, number=int(row["DealNr"]))
    made.world.associate("deals", id_, "contacts", row["Kunde"])
    if status is not Status.OPEN:
        closed = max(_day(row["Geschlossen"]) + _NOON, opened)
        reason = {"closed_lost_reason": row["Verlustgrund"]} if row["Verlustgrund"] else {}
        end = {"dealstage": stage_id(product, status), "closedate": iso(closed), **reason}
        made.world.update("deals", id_, end, at=closed)
