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
    equals,
    identifier,
    instant,
    joined,
    mapping,
    money,
    number,
    present,
    ref,
    words,
)
from crmcx.demo.bank import Exports
from crmcx.demo.history import DEPOSITS_HISTORY, MORTGAGES_HISTORY, History
from crmcx.demo.questionnaires import CHANNELS, ENGLISH, GERMAN, NOT_APPLICABLE, STATUSES, Questionnaire
from crmcx.demo.records import DEPARTMENTS, System
from crmcx.models import Case, Customer, Deal, Feedback, Interaction, Scale, StageChange, Touchpoint

ZONE = "Europe/Berlin"
HELP_DESK_CHANNELS = {"email": "email", "web": "web", "chat": "webchat", "phone": "phone"}

MORTGAGES = mapping(
    Customer,
    id="Kundennr",
    given_name="Vorname",
    family_name="Nachname",
    language=words("Sprache", {"Deutsch": "de", "Englisch": "en"}),
    birth_year="Geburtsjahr",
    created_at=instant("Angelegt am", format="%d.%m.%Y %H:%M", zone=ZONE),
    owner="Betreuer",
    parts=(
        contact("email", "E-Mail"),
        contact("phone", "Telefon"),
        contact("address", "Anschrift"),
        identifier("loan", "Darlehensnummer"),
    ),
)
DEPOSITS = mapping(
    Customer,
    id="KundenID",
    given_name="Vorname",
    family_name="Nachname",
    language="Sprache",
    birth_year="Jahrgang",
    created_at=instant("Kunde seit", format="%d.%m.%Y", zone=ZONE),
    parts=(
        contact("email", "Mail"),
        contact("phone", "Tel"),
        contact("address", "Adresse"),
        identifier("account", "Kontonummer"),
        identifier("loan", "Darlehen"),
    ),
)
SERVICE_CENTRE = mapping(
    Customer,
    id="contact_id",
    given_name="first_name",
    family_name="last_name",
    language="language",
    birth_year="birth_year",
    created_at="created",
    parts=(
        contact("email", "email"),
        contact("phone", "phone"),
        contact("address", "address"),
        identifier("loan", "loan_no"),
        identifier("account", "account_no"),
    ),
)
CALL = mapping(
    Interaction,
    id="call_id",
    customer=ref("contact_id"),
    kind=constant("call"),
    channel=constant("phone"),
    occurred_at=instant("started", zone=ZONE),
    duration=duration("duration_s"),
    direction=words("direction", {"in": "inbound", "out": "outbound"}),
    initiator=words("direction", {"in": "customer", "out": "employee"}),
    visibility=constant("customer"),
    touchpoint="touchpoint",
    employee="employee",
    outcome="outcome",
)
REQUESTER = mapping(
    Customer,
    id=("requester", "id"),
    name=at("requester", "name"),
    language=at("requester", "locale"),
    parts=(
        contact("email", ("requester", "email")),
        contact("phone", ("requester", "phone")),
        identifier("account", ("requester", "external_id")),
    ),
    version=instant("created_at"),
)
DEAL = mapping(
    Deal,
    id="DealNr",
    customer=ref("Kunde"),
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
TICKET = mapping(
    Case,
    id="id",
    customer=ref(("requester", "id")),
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
    customer=ref(("requester", "id")),
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
    customer=ref("user_id", source=System.DEPOSITS.source),
    kind=constant("page_view"),
    channel=constant("web"),
    occurred_at=instant("time_ms", unit="ms"),
    touchpoint="touchpoint",
    device="device",
    session="session_id",
    initiator=constant("customer"),
    direction=constant("inbound"),
    visibility=constant("customer"),
)
TOUCHPOINT = mapping(
    Touchpoint, id="code", code="code", name="name", stage="stage", channel="channel", owner_team="team"
)


def _history(history: History) -> Mapping:
    """The steps of the lifecycle, in the department's own words; it says itself when it wrote each down."""
    customer, line, stage, since, known = history.columns
    return mapping(
        StageChange,
        id=joined(customer, line, since),
        customer=ref(customer),
        scope=line,
        stage=words(stage, history.stages),
        changed_at=instant(since, format="%d.%m.%Y", zone=ZONE),
        known_at=instant(known, format="%d.%m.%Y", zone=ZONE),
    )


def _visit(system: System) -> Mapping:
    """A visit to a branch: the clerk typed the number of one department."""
    return mapping(
        Interaction,
        id="visit_id",
        customer=ref("customer_no", source=system.source),
        kind=constant("visit"),
        channel=constant("in_person"),
        occurred_at=instant("started", zone=ZONE),
        duration=duration("duration_s"),
        direction=constant("inbound"),
        initiator=constant("customer"),
        visibility=constant("customer"),
        touchpoint="touchpoint",
        employee="employee",
        when=equals("department", system.name.lower()),
    )


def _response(form: Questionnaire) -> Mapping:
    """The same instrument in each language: headings and labels differ, codes do not."""
    respondent, customer, _, _, _, _, recorded, status, seconds, touchpoint, *items = form.columns
    recommend, satisfied, channel, comment = items
    none = {str(NOT_APPLICABLE): "not_applicable"}
    return mapping(
        Feedback,
        id=respondent,
        customer=ref(customer),
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


def _respondent(form: Questionnaire) -> Mapping:
    """Whom the platform wrote to; the latest response says what it knows of her."""
    contact_id, given, family, email, account, recorded = form.columns[1:7]
    return mapping(
        Customer,
        id=contact_id,
        given_name=given,
        family_name=family,
        language=constant(form.language),
        parts=(contact("email", email), identifier("account", account)),
        version=instant(recorded, format=form.time_format, zone=ZONE),
        when=present(contact_id),
    )


def connections(exports: Exports) -> dict[str, Files]:
    """The bank's seven systems as connections, by name."""
    cp1252, marked = Csv(delimiter=";", encoding="cp1252"), Csv(delimiter=";")
    return {
        "mortgages": Files(
            FileStream(exports.mortgages_customers, MORTGAGES, format=cp1252),
            FileStream(exports.mortgages_stages, _history(MORTGAGES_HISTORY), format=cp1252, keeps_history=True),
            FileStream(exports.mortgages_deals, DEAL, format=cp1252),
        ),
        "deposits": Files(
            FileStream(exports.deposits_customers, DEPOSITS, format=marked),
            FileStream(exports.deposits_stages, _history(DEPOSITS_HISTORY), format=marked, keeps_history=True),
            FileStream(exports.deposits_deals, DEAL, format=marked),
        ),
        "service_centre": Files(
            FileStream(exports.service_contacts, SERVICE_CENTRE),
            FileStream(exports.service_calls, CALL),
        ),
        "help_desk": Files(
            FileStream(exports.tickets, (TICKET, REQUESTER), format=JsonLines()),
            FileStream(exports.comments, COMMENT, format=JsonLines()),
        ),
        "survey": Files(
            FileStream(exports.responses_en, (_response(ENGLISH), _respondent(ENGLISH))),
            FileStream(exports.responses_de, (_response(GERMAN), _respondent(GERMAN)), format=marked),
            FileStream(exports.touchpoints, TOUCHPOINT),
        ),
        "web": Files(FileStream(exports.events, EVENT)),
        "branches": Files(FileStream(exports.branch_visits, tuple(_visit(system) for system in DEPARTMENTS))),
    }
