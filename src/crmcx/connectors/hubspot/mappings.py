"""What the records of each stream become. What stands under `crmcx` is resolved by the connector (`RESOLVED`)."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from crmcx.connectors import (
    answer,
    at,
    constant,
    contact,
    duration,
    identifier,
    joined,
    mapping,
    money,
    part,
    present,
    ref,
    text,
)
from crmcx.connectors.hubspot.tables import SURVEYS
from crmcx.models import (
    Account,
    AccountLink,
    Case,
    CaseChange,
    Consent,
    Customer,
    Deal,
    DealChange,
    Employee,
    Feedback,
    Identifier,
    Interaction,
    Link,
    Participant,
    Pipeline,
    PipelineStage,
    Scale,
    StageChange,
)

RESOLVED: Mapping[str, str] = {
    "account": "the company that is linked under the most preferred label, then that with the lowest id",
    "accounts": "all linked companies, with their labels",
    "address": "street, postcode and town in one",
    "birth_year": "the year in the date of birth",
    "case": "the linked ticket, chosen as `account` is",
    "channel": "over what it came, by a table of HubSpot's words",
    "closed_at": "the close date of a deal that is closed",
    "country": "the country's code, where it is one of two letters",
    "customer": "the linked contact, chosen as `account` is",
    "expected_close": "the day, in UTC, of the close date of a deal that is open",
    "flow": "who turned to whom, by a table of HubSpot's words",
    "identifiers": "numbers of other systems, by the setting `identifiers`",
    "instrument": "the survey's id, else its name, else its type",
    "language": "the language, where it is written as a tag",
    "links": "the linked companies and deals of an engagement, with their labels",
    "merged": "the ids of the records that were merged into it",
    "modified": "when it was changed, whatever the property is called",
    "money": "the amount with its currency; the portal's own where it names none; none where that is not known either",
    "name": "the name, made of its parts; of a company its domain where it has no name",
    "others": "the linked contacts beside the first",
    "score": "the score of a survey, under what it asks, which its type says",
    "stage": "the lifecycle stage, by the setting `lifecycle`",
    "status": "open, won or lost, or where a ticket stands, by the stages of the pipelines",
    "text": "the words of an engagement",
    "outcome": "how an engagement ended",
    "at": "when it happened or was created, else when the record was created",
}
"""What the connector works out, beside what HubSpot says."""


def _of(name: str) -> tuple[str, str]:
    return ("properties", name)


def _said(name: str) -> tuple[str, str]:
    return ("crmcx", name)


CONTACT = mapping(
    Customer,
    id="id",
    name=_said("name"),
    given_name=_of("firstname"),
    family_name=_of("lastname"),
    language=_said("language"),
    country=_said("country"),
    zone=_of("hs_timezone"),
    account=ref(_said("account")),
    stage=_said("stage"),
    stage_native=_of("lifecyclestage"),
    owner=_of("hubspot_owner_id"),
    birth_year=_said("birth_year"),
    created_at=_said("at"),
    parts=(
        contact("email", _of("email"), primary=True),
        contact("phone", _of("phone")),
        contact("phone", _of("mobilephone"), label="mobile"),
        contact("address", _said("address")),
        identifier("hubspot_contact", "id"),
        part(Identifier, each=_said("merged"), namespace=constant("hubspot_contact"), value="id"),
        part(Identifier, each=_said("identifiers"), namespace="namespace", value="value"),
        part(AccountLink, each=_said("accounts"), account=ref("id"), role="label", primary="primary"),
    ),
)
COMPANY = mapping(
    Account,
    id="id",
    name=_said("name"),
    domain=_of("domain"),
    industry_native=_of("industry"),
    country=_of("country"),
    employees=_said("employees"),
    annual_revenue=money(at("crmcx", "money", "amount"), currency=at("crmcx", "money", "currency")),
    segment=_of("type"),
    owner=_of("hubspot_owner_id"),
    parent=ref(_of("hs_parent_company_id")),
    created_at=_said("at"),
)
DEAL = mapping(
    Deal,
    id="id",
    customer=ref(_said("customer")),
    account=ref(_said("account")),
    name=_of("dealname"),
    pipeline=_of("pipeline"),
    stage=_of("dealstage"),
    status=_said("status"),
    status_native=_of("dealstage"),
    amount=money(at("crmcx", "money", "amount"), currency=at("crmcx", "money", "currency")),
    probability=_said("probability"),
    forecast_native=_of("hs_manual_forecast_category"),
    owner=_of("hubspot_owner_id"),
    created_at=_said("at"),
    closed_at=_said("closed_at"),
    expected_close=_said("expected_close"),
    lost_reason=_of("closed_lost_reason"),
)
TICKET = mapping(
    Case,
    id="id",
    customer=ref(_said("customer")),
    account=ref(_said("account")),
    subject=_of("subject"),
    status=_said("status"),
    status_native=_of("hs_pipeline_stage"),
    priority=_of("hs_ticket_priority"),
    category=_of("hs_ticket_category"),
    channel=_said("channel"),
    channel_native=_of("source_type"),
    opened_at=_said("at"),
    closed_at=_of("closed_date"),
    assignee=_of("hubspot_owner_id"),
)
ENGAGEMENT = mapping(
    Interaction,
    id=joined("kind", "id", separator="-"),
    customer=ref(_said("customer")),
    kind=_said("kind"),
    kind_native="kind",
    occurred_at=_said("at"),
    channel=_said("channel"),
    direction=_said("flow"),
    visibility=_said("visibility"),
    case=ref(_said("case")),
    employee=_of("hubspot_owner_id"),
    duration=duration(_of("hs_call_duration"), unit="milliseconds"),
    outcome=_said("outcome"),
    text=text(at("crmcx", "text")),
    parts=(
        part(Participant, each=_said("others"), role=constant("other"), customer=ref("id")),
        part(Link, each=_said("links"), kind="kind", to=ref("id"), role="label"),
    ),
)
FEEDBACK = mapping(
    Feedback,
    id="id",
    customer=ref(_said("customer")),
    instrument=_said("instrument"),
    submitted_at=_said("at"),
    language=_said("language"),
    channel=_said("channel"),
    case=ref(_said("case")),
    parts=(
        *(
            evolve(
                answer("score", ("crmcx", "score", kind), kind=kind, scale=Scale(min=low, max=high)),
                when=present(("crmcx", "score", kind)),
            )
            for kind, low, high in SURVEYS.values()
        ),
        answer("comment", _of("hs_content"), kind="text"),
    ),
)
OWNER = mapping(
    Employee, id="id", code="id", name=_said("name"), email="email", team=("teams", 0, "id"), active=_said("active")
)
PIPELINE = mapping(
    Pipeline,
    id="id",
    code="id",
    name="label",
    parts=(
        part(PipelineStage, each="stages", stage="id", name="label", status="status", probability=("probability",)),
    ),
)
_STEP = joined("of", "field", "ms", separator="-")
DEAL_CHANGE = mapping(
    DealChange, id=_STEP, deal=ref("of"), field="field", old="old", new="new", changed_at="at", known_at="at", by="by"
)
TICKET_CHANGE = mapping(
    CaseChange, id=_STEP, case=ref("of"), field="field", old="old", new="new", changed_at="at", known_at="at", by="by"
)
LIFECYCLE_CHANGE = mapping(
    StageChange,
    id=_STEP,
    customer=ref("of"),
    scope="scope",
    stage="new",
    stage_native="value",
    previous="old",
    changed_at="at",
    known_at="at",
)
CONSENT = mapping(
    Consent,
    id=_STEP,
    customer=ref("of"),
    purpose=constant("marketing"),
    channel=constant("email"),
    topic="field",
    status="new",
    status_native="value",
    captured_at="at",
    known_at="at",
)
