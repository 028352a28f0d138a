"""What a new HubSpot portal comes with, and examples of each kind of record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

OBJECTS = (
    *("companies", "contacts", "deals", "tickets"),
    *("calls", "emails", "meetings", "notes", "tasks", "feedback_submissions"),
)
"""The types of object."""
MODIFIED = "hs_lastmodifieddate"
"""The property that says when a record was changed."""
MODIFIED_OF = {"contacts": "lastmodifieddate"}
"""Where another one says it."""
KINDS = {"calls": "call", "emails": "email", "meetings": "meeting", "notes": "note", "tasks": "task"}
"""The types of engagement, with their word for one."""


@frozen(kw_only=True)
class Steps:
    """A kind of record that is the history of some properties of another."""

    of: str
    """The type of object."""
    fields: Mapping[str, tuple[str, ...]]
    """The properties, with what a step of each is called."""
    values: tuple[str, ...]
    """The values that the first property takes in turn."""


HISTORIES: Mapping[str, Steps] = {
    "lifecycle_changes": Steps(
        of="contacts",
        fields={"lifecyclestage": ("stage",)},
        values=("subscriber", "lead", "opportunity", "customer"),
    ),
    "consents": Steps(of="contacts", fields={"hs_email_optout": ("email",)}, values=("true", "false")),
    "deal_changes": Steps(
        of="deals",
        fields={"dealstage": ("stage", "status"), "amount": ("amount",), "hubspot_owner_id": ("owner",)},
        values=("appointmentscheduled", "contractsent", "closedwon", "closedlost"),
    ),
    "ticket_changes": Steps(
        of="tickets",
        fields={
            "hs_pipeline_stage": ("status",),
            "hs_ticket_priority": ("priority",),
            "hubspot_owner_id": ("assignee",),
        },
        values=("1", "2", "4"),
    ),
}
"""The histories that are read as records of their own."""

DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("createdate", "domain", MODIFIED, "hs_object_id", "name"),
    "deals": ("amount", "closedate", "createdate", "dealname", "dealstage", MODIFIED, "hs_object_id", "pipeline"),
    "tickets": ("content", "createdate", MODIFIED, "hs_object_id", "hs_pipeline", "hs_pipeline_stage", "subject"),
}
"""The properties that come without being asked for."""
ALWAYS = ("createdate", MODIFIED, "hs_object_id")
"""Those of all other types, whether asked for or not."""


def _stage(id_: str, label: str, order: int, **metadata: str) -> dict[str, Any]:
    return {"id": id_, "label": label, "displayOrder": order, "metadata": metadata, "archived": False}


def _sale(id_: str, label: str, order: int, probability: str) -> dict[str, Any]:
    closed = probability in {"0.0", "1.0"}
    return _stage(id_, label, order, isClosed=str(closed).lower(), probability=probability)


def pipelines() -> dict[str, list[dict[str, Any]]]:
    """The pipelines of a new portal, by type of object."""
    return {
        "deals": [
            {
                "id": "default",
                "label": "Sales Pipeline",
                "displayOrder": 0,
                "archived": False,
                "stages": [
                    _sale("appointmentscheduled", "Appointment Scheduled", 0, "0.2"),
                    _sale("qualifiedtobuy", "Qualified To Buy", 1, "0.4"),
                    _sale("contractsent", "Contract Sent", 2, "0.9"),
                    _sale("closedwon", "Closed Won", 3, "1.0"),
                    _sale("closedlost", "Closed Lost", 4, "0.0"),
                ],
            }
        ],
        "tickets": [
            {
                "id": "0",
                "label": "Support Pipeline",
                "displayOrder": 0,
                "archived": False,
                "stages": [
                    _stage("1", "New", 0, ticketState="OPEN", isClosed="false"),
                    _stage("2", "Waiting on contact", 1, ticketState="OPEN", isClosed="false"),
                    _stage("3", "Waiting on us", 2, ticketState="OPEN", isClosed="false"),
                    _stage("4", "Closed", 3, ticketState="CLOSED", isClosed="true"),
                ],
            }
        ],
    }


def example(kind: str, n: int) -> dict[str, str | None]:
    """The properties of an invented record."""
    said = _EXAMPLES[kind]
    return {name: value and value.replace("{n}", str(n)) for name, value in said.items()}


CHANGES = {
    "companies": "industry",
    "contacts": "phone",
    "deals": "dealname",
    "tickets": "subject",
    "calls": "hs_call_body",
    "emails": "hs_email_subject",
    "meetings": "hs_meeting_title",
    "notes": "hs_note_body",
    "tasks": "hs_task_subject",
    "feedback_submissions": "hs_content",
}
"""The property of each type that an example changes."""
_EXAMPLES: Mapping[str, Mapping[str, str | None]] = {
    "companies": {"name": "Company {n}", "domain": "c{n}.example.org", "numberofemployees": "{n}0", "country": None},
    "contacts": {
        "email": "ada{n}@example.org",
        "firstname": "Ada",
        "lastname": "Number {n}",
        "phone": "+49 40 {n}",
        "lifecyclestage": "lead",
        "hs_language": "de",
    },
    "deals": {
        "dealname": "Deal {n}",
        "pipeline": "default",
        "dealstage": "appointmentscheduled",
        "amount": "{n}00.50",
        "deal_currency_code": "EUR",
        "closedate": "2026-05-01T00:00:00Z",
    },
    "tickets": {
        "subject": "Matter {n}",
        "hs_pipeline": "0",
        "hs_pipeline_stage": "1",
        "hs_ticket_priority": "HIGH",
        "source_type": "EMAIL",
    },
    "calls": {
        "hs_timestamp": "2026-02-01T08:00:10Z",
        "hs_call_direction": "INBOUND",
        "hs_call_duration": "{n}000",
        "hs_call_body": "call {n}",
    },
    "emails": {"hs_timestamp": "1769932800000", "hs_email_direction": "INCOMING_EMAIL", "hs_email_subject": "mail {n}"},
    "meetings": {"hs_timestamp": "2026-02-01T10:00:00.250Z", "hs_meeting_title": "meeting {n}"},
    "notes": {"hs_timestamp": "2026-02-01T11:00:00Z", "hs_note_body": "note {n}"},
    "tasks": {"hs_timestamp": "2026-02-01T12:00:00Z", "hs_task_subject": "task {n}", "hs_task_status": "NOT_STARTED"},
    "feedback_submissions": {
        "hs_survey_id": "77",
        "hs_survey_type": "NPS",
        "hs_value": "9",
        "hs_content": "words {n}",
        "hs_submission_timestamp": "2026-02-02T08:00:00Z",
    },
}
