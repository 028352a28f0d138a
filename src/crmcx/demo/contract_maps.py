"""How contracts, consents, staff and the mailing become the model."""

from __future__ import annotations

from functools import partial

from crmcx.connectors import Mapping, at, constant, instant, joined, mapping, ref, words
from crmcx.demo.contracts import CONTRACT_STATUSES, Shelf
from crmcx.demo.period import ZONE_NAME
from crmcx.demo.records import System
from crmcx.models import CampaignTouch, Consent, Employee, Subscription

_RUNS, _CANCELLED, _ENDED = CONTRACT_STATUSES
_day = partial(instant, format="%d.%m.%Y", zone=ZONE_NAME)
GERMAN_STAFF = mapping(
    Employee,
    id="Kürzel",
    code="Kürzel",
    name="Kürzel",
    email="E-Mail",
    team="Team",
    role="Rolle",
    active=words("Aktiv", {"ja": True, "nein": False}),
)
ENGLISH_STAFF = mapping(
    Employee,
    id="employee",
    code="employee",
    name="employee",
    email="email",
    team="team",
    role="role",
    active=words("active", {"yes": True, "no": False}),
)
AGENT = mapping(
    Employee, id="id", code="id", name="name", email="email", team="group", role="role", active=at("active")
)
CONSENT = mapping(
    Consent,
    id=joined("KundenID", "Kanal", "Am"),
    customer=ref("KundenID"),
    purpose=words("Zweck", {"Werbung": "marketing"}),
    channel=words("Kanal", {"E-Mail": "email", "Telefon": "phone"}),
    status=words("Status", {"erteilt": "granted", "verweigert": "denied", "widerrufen": "withdrawn"}),
    status_native="Status",
    basis=constant("consent"),
    captured_at=instant("Am", format="%d.%m.%Y %H:%M", zone=ZONE_NAME),
    proof="Beleg",
    jurisdiction=constant("DE"),
    double_opt_in=words("Bestätigt", {"ja": True, "nein": False}),
)
TOUCH = mapping(
    CampaignTouch,
    id="touch_id",
    campaign="campaign",
    customer=ref("customer_id", source=System.DEPOSITS.source),
    kind="event",
    occurred_at="time",
    variant="subject",
    machine=words("machine", {"true": True, "false": False}),
)


def contract(shelf: Shelf) -> Mapping:
    """A contract that goes on until it is ended; of one under notice the status is still active."""
    return mapping(
        Subscription,
        id="Vertrag",
        customer=ref(shelf.customer),
        product="Produkt",
        status=words("Status", {_RUNS: "active", _CANCELLED: "active", _ENDED: "ended"}),
        status_native="Status",
        started_at=_day("Beginn"),
        cancel_requested_at=_day("Gekündigt am"),
        ended_at=_day("Ende"),
    )
