"""How the bank's exports become the model: one mapping per file, as a user would write it."""

from __future__ import annotations

from collections.abc import Mapping as Named

from attrs import evolve

from crmcx.connectors import (
    Csv,
    Files,
    FileStream,
    JsonLines,
    Mapping,
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
    part,
    ref,
    words,
)
from crmcx.connectors.conversions import Conversion, RefTo
from crmcx.demo.bank import Exports
from crmcx.demo.contract_maps import AGENT, CONSENT, ENGLISH_STAFF, GERMAN_STAFF, TOUCH, contract
from crmcx.demo.contracts import DEPOSITS_CONTRACTS, MORTGAGES_CONTRACTS
from crmcx.demo.history import DEPOSITS_HISTORY, MORTGAGES_HISTORY, History
from crmcx.demo.period import ZONE_NAME as ZONE
from crmcx.demo.records import DEPARTMENTS, System
from crmcx.demo.survey_maps import survey
from crmcx.models import (
    Case,
    Customer,
    Deal,
    Interaction,
    Link,
    Participant,
    Preference,
    SlaTarget,
    StageChange,
)

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
SPOKEN = mapping(Preference, id="KundenID", customer=ref("KundenID"), language="Sprache", stated=constant(value=True))
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
DEAL_TALKED_OF = tuple(
    part(
        Link,
        kind=constant("deals"),
        to=ref("deal_no", source=system.source),
        when=equals("deal_department", system.name.lower()),
    )
    for system in (System.MORTGAGES, System.DEPOSITS)
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
    parts=DEAL_TALKED_OF,
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
    parts=(
        part(
            SlaTarget,
            metric=at("sla", "metric"),
            policy=at("sla", "policy"),
            target=duration(("sla", "target_minutes"), unit="minutes"),
            applied_at="created_at",
            due_at=at("sla", "due_at"),
            met=at("sla", "met"),
        ),
    ),
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


_AUTHORS = ("end-user", "agent", "bot")


def _comment(role: str) -> Mapping:
    """A comment: its author is the customer, or somebody on the bank's side."""
    author, hers = ("author", "id"), role == "end-user"
    side = {} if hers else {"employee": author}
    return mapping(
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
        parts=(
            part(Participant, role=constant("requester"), customer=ref(author))
            if hers
            else part(Participant, role=constant("agent" if role == "agent" else "other"), employee=at(*author)),
        ),
        when=equals(("author", "role"), role),
        **side,
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
        parts=DEAL_TALKED_OF,
        when=equals("department", system.name.lower()),
    )


def pointing(told: Mapping, sources: Named[str | None, str]) -> Mapping:
    """A mapping whose references lead to other sources.

    Args:
        told: The mapping.
        sources: Source to that in its place; None stands for the mapping's own.
    """

    def moved(said: Conversion) -> Conversion:
        return evolve(said, source=sources[said.source]) if isinstance(said, RefTo) and said.source in sources else said

    def all_moved(fields: tuple[tuple[str, Conversion], ...]) -> tuple[tuple[str, Conversion], ...]:
        return tuple((name, moved(said)) for name, said in fields)

    parts = tuple(evolve(each, fields=all_moved(each.fields)) for each in told.parts)
    return evolve(told, fields=all_moved(told.fields), parts=parts)


def connections(exports: Exports) -> dict[str, Files]:
    """The bank's eight systems as connections that read their exports, by name."""
    return {name: Files(*streams) for name, streams in files_of(exports).items()}


def files_of(exports: Exports) -> dict[str, tuple[FileStream, ...]]:
    """The files of the bank's eight systems, by name, each with how it becomes the model."""
    cp1252, marked = Csv(delimiter=";", encoding="cp1252"), Csv(delimiter=";")
    return {
        "mortgages": (
            FileStream(exports.mortgages_customers, MORTGAGES, format=cp1252),
            FileStream(exports.mortgages_stages, _history(MORTGAGES_HISTORY), format=cp1252, keeps_history=True),
            FileStream(exports.mortgages_deals, DEAL, format=cp1252),
            FileStream(exports.mortgages_contracts, contract(MORTGAGES_CONTRACTS), format=cp1252),
            FileStream(exports.mortgages_staff, GERMAN_STAFF, format=cp1252),
        ),
        "deposits": (
            FileStream(exports.deposits_customers, (DEPOSITS, SPOKEN), format=marked),
            FileStream(exports.deposits_stages, _history(DEPOSITS_HISTORY), format=marked, keeps_history=True),
            FileStream(exports.deposits_deals, DEAL, format=marked),
            FileStream(exports.deposits_contracts, contract(DEPOSITS_CONTRACTS), format=marked),
            FileStream(exports.deposits_consents, CONSENT, format=marked),
            FileStream(exports.deposits_staff, GERMAN_STAFF, format=marked),
        ),
        "service_centre": (
            FileStream(exports.service_contacts, SERVICE_CENTRE),
            FileStream(exports.service_calls, CALL),
            FileStream(exports.service_staff, ENGLISH_STAFF),
        ),
        "help_desk": (
            FileStream(exports.tickets, (TICKET, REQUESTER), format=JsonLines()),
            FileStream(exports.comments, tuple(_comment(role) for role in _AUTHORS), format=JsonLines()),
            FileStream(exports.agents, AGENT, format=JsonLines()),
        ),
        "survey": survey(exports),
        "web": (FileStream(exports.events, EVENT),),
        "branches": (
            FileStream(exports.branch_visits, tuple(_visit(system) for system in DEPARTMENTS)),
            FileStream(exports.branches_staff, ENGLISH_STAFF),
        ),
        "mailings": (FileStream(exports.mailing_touches, TOUCH),),
    }
