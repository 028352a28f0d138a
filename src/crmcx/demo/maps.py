"""How the bank's exports become the model: one mapping per file, as a user would write it."""

from __future__ import annotations

from crmcx.connectors import (
    Csv,
    Files,
    FileStream,
    JsonLines,
    Mapping,
    answer,
    at,
    constant,
    contact,
    day,
    duration,
    instant,
    mapping,
    money,
    number,
    present,
    ref,
    words,
)
from crmcx.demo.bank import Exports
from crmcx.demo.questionnaires import CHANNELS, ENGLISH, GERMAN, NOT_APPLICABLE, STATUSES, Questionnaire
from crmcx.models import Case, Customer, Deal, Feedback, Interaction, Scale, StageChange

ZONE = "Europe/Berlin"
CRM = "files:crm"
"""The source whose customers the other systems refer to."""
HELP_DESK_CHANNELS = {"email": "email", "web": "web", "chat": "webchat", "phone": "phone"}

CONTACT = mapping(
    Customer,
    id="KundenNr",
    given_name="Vorname",
    family_name="Nachname",
    language=words("Sprache", {"Deutsch": "de", "Englisch": "en"}),
    country="Land",
    birth_year="Geburtsjahr",
    created_at=instant("Angelegt am", format="%d.%m.%Y %H:%M", zone=ZONE),
    owner="Betreuer",
    parts=(contact("email", "E-Mail"), contact("phone", "Telefon")),
)
LEFT = mapping(
    StageChange,
    id="KundenNr",
    customer=ref("KundenNr"),
    stage=constant("former"),
    changed_at=instant("Gekündigt am", format="%d.%m.%Y", zone=ZONE),
    when=present("Gekündigt am"),
)
DEAL = mapping(
    Deal,
    id="DealNr",
    customer=ref("KundenNr"),
    name="Bezeichnung",
    product="Pipeline",
    pipeline="Pipeline",
    stage="Phase",
    status=words("Status", {"offen": "open", "gewonnen": "won", "verloren": "lost", "zurückgezogen": "abandoned"}),
    amount=money(number("Betrag", decimal=","), currency=at("Währung")),
    opened_on=day("Eröffnet", format="%d.%m.%Y"),
    closed_on=day("Geschlossen", format="%d.%m.%Y"),
    lost_reason="Verlustgrund",
    owner="Betreuer",
)
ACTIVITY = mapping(
    Interaction,
    id="activity_id",
    customer=ref("customer_id"),
    kind=words("kind", {"call": "call", "branch_visit": "visit"}),
    channel=words("kind", {"call": "phone", "branch_visit": "in_person"}),
    occurred_at=instant("started", zone=ZONE),
    duration=duration("duration_s"),
    direction=words("direction", {"in": "inbound", "out": "outbound"}),
    touchpoint="touchpoint",
    employee="employee",
    outcome="outcome",
)
TICKET = mapping(
    Case,
    id="id",
    customer=ref(("requester", "external_id"), source=CRM),
    status=words(
        "status",
        {"new": "new", "open": "open", "pending": "pending", "hold": "on_hold", "solved": "solved", "closed": "closed"},
    ),
    priority="priority",
    category="category",
    channel=words("channel", HELP_DESK_CHANNELS),
    team="group",
    assignee=at("assignee", "id"),
    reopened="reopens",
    met_sla=at("sla", "met"),
    opened_at="created_at",
    resolved_at="solved_at",
    version=instant("updated_at"),
)
COMMENT = mapping(
    Interaction,
    id="id",
    customer=ref(("requester", "external_id"), source=CRM),
    case=ref("ticket_id"),
    kind=constant("support_comment"),
    channel=words("channel", HELP_DESK_CHANNELS),
    occurred_at="created_at",
    touchpoint=constant("help_desk"),
    visibility=words("public", {"True": "customer", "False": "internal"}),
    initiator=words(("author", "role"), {"end-user": "customer", "agent": "employee", "bot": "bot"}),
    direction=words(("author", "role"), {"end-user": "inbound", "agent": "outbound", "bot": "outbound"}),
    employee=at("author", "id"),
)
EVENT = mapping(
    Interaction,
    id="event_id",
    customer=ref("user_id", source=CRM),
    kind=constant("page_view"),
    channel=constant("web"),
    occurred_at=instant("time_ms", unit="ms"),
    touchpoint="touchpoint",
    device="device",
    session="session_id",
    initiator=constant("customer"),
    direction=constant("inbound"),
)


def _response(form: Questionnaire) -> Mapping:
    """The same instrument in each language: headings and labels differ, codes do not."""
    respondent, customer, recorded, status, seconds, touchpoint, recommend, satisfied, channel, comment = form.columns
    none = {str(NOT_APPLICABLE): "not_applicable"}
    return mapping(
        Feedback,
        id=respondent,
        customer=ref(customer, source=CRM),
        instrument=constant("relationship"),
        submitted_at=instant(recorded, format=form.time_format, zone=ZONE),
        status=words(status, dict(zip(form.statuses, STATUSES, strict=True))),
        duration=duration(seconds),
        touchpoint=touchpoint,
        language=constant(form.language),
        parts=(
            answer("Q1_NPS", recommend, kind="nps", scale=Scale(min=0, max=10), states=none),
            answer("Q2_CSAT", satisfied, kind="csat", scale=Scale(min=1, max=5), states=none),
            answer("Q3_CHANNEL", channel, kind="choice", choices=dict(zip(form.channels, CHANNELS, strict=True))),
            answer("Q4_COMMENT", comment, kind="text", lang=form.language),
        ),
    )


def connections(exports: Exports) -> dict[str, Files]:
    """The bank's four systems as connections, by name."""
    german = Csv(delimiter=GERMAN.form.delimiter, encoding=GERMAN.form.encoding)
    return {
        "crm": Files(
            FileStream(exports.contacts, (CONTACT, LEFT), format=Csv(delimiter=";", encoding="cp1252")),
            FileStream(exports.deals, DEAL, format=Csv(delimiter=";")),
            FileStream(exports.activities, ACTIVITY),
        ),
        "helpdesk": Files(
            FileStream(exports.tickets, TICKET, format=JsonLines()),
            FileStream(exports.comments, COMMENT, format=JsonLines()),
        ),
        "survey": Files(
            FileStream(exports.responses_en, _response(ENGLISH)),
            FileStream(exports.responses_de, _response(GERMAN), format=german),
        ),
        "web": Files(FileStream(exports.events, EVENT)),
    }
