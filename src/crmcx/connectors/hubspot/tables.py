"""What is read of each type of object: its properties, and the types that it is linked with."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from crmcx.models import Channel

MERGED = "hs_merged_object_ids"
"""The property that lists the ids of the objects that were merged into one."""
_COMMON = ("hs_object_id", "hubspot_owner_id", MERGED)


@frozen(kw_only=True)
class Kind:
    """One type of object."""

    type: str
    """Its name in paths."""
    properties: tuple[str, ...]
    """The properties that are read."""
    times: tuple[str, ...] = ()
    """Those that are instants, written as ISO 8601 or in milliseconds."""
    numbers: tuple[str, ...] = ()
    """Those that are numbers; one that is empty is none."""
    linked: tuple[str, ...] = ()
    """The types that its links are read of."""
    modified: str = "hs_lastmodifieddate"
    """The property that says when it was changed."""
    created: str = "createdate"
    """The property that says when it was created."""
    word: str = ""
    """Of an engagement its word for one."""

    @property
    def asked(self) -> tuple[str, ...]:
        """All properties that are asked for."""
        return tuple(dict.fromkeys((self.created, self.modified, *_COMMON, *self.properties)))


def _engagement(type_: str, word: str, *properties: str, numbers: tuple[str, ...] = ()) -> Kind:
    return Kind(
        type=type_,
        properties=("hs_timestamp", *properties),
        times=("hs_timestamp",),
        numbers=numbers,
        linked=("contacts", "companies", "deals", "tickets"),
        created="hs_createdate",
        word=word,
    )


KINDS: Mapping[str, Kind] = {
    kind.type: kind
    for kind in (
        Kind(
            type="companies",
            properties=(
                *("name", "domain", "industry", "country", "numberofemployees", "annualrevenue", "type"),
                "hs_parent_company_id",
            ),
        ),
        Kind(
            type="contacts",
            properties=(
                *("email", "hs_additional_emails", "firstname", "lastname", "phone", "mobilephone", "lifecyclestage"),
                *("country", "hs_country_region_code", "hs_language", "hs_timezone", "hs_email_optout"),
                *("address", "zip", "city", "date_of_birth"),
            ),
            linked=("companies",),
            modified="lastmodifieddate",
        ),
        Kind(
            type="deals",
            properties=(
                *("dealname", "pipeline", "dealstage", "amount", "deal_currency_code", "closedate"),
                *("hs_is_closed", "hs_is_closed_won", "hs_deal_stage_probability", "hs_manual_forecast_category"),
                "closed_lost_reason",
            ),
            times=("closedate",),
            linked=("contacts", "companies"),
        ),
        Kind(
            type="tickets",
            properties=(
                *("subject", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "hs_ticket_category"),
                *("source_type", "closed_date"),
            ),
            times=("closed_date",),
            linked=("contacts", "companies"),
        ),
        _engagement(
            "calls",
            "call",
            *("hs_call_direction", "hs_call_duration", "hs_call_disposition", "hs_call_title", "hs_call_body"),
            numbers=("hs_call_duration",),
        ),
        _engagement("emails", "email", "hs_email_direction", "hs_email_subject", "hs_email_text", "hs_email_status"),
        _engagement(
            "meetings",
            "meeting",
            *("hs_meeting_title", "hs_meeting_body", "hs_meeting_start_time", "hs_meeting_end_time"),
            "hs_meeting_outcome",
        ),
        _engagement("notes", "note", "hs_note_body"),
        _engagement("tasks", "task", "hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_type"),
        Kind(
            type="feedback_submissions",
            properties=(
                *("hs_survey_id", "hs_survey_name", "hs_survey_type", "hs_survey_channel", "hs_value", "hs_content"),
                *("hs_submission_timestamp", "hs_response_group", "hs_language"),
            ),
            times=("hs_submission_timestamp",),
            linked=("contacts", "tickets"),
        ),
    )
}
"""The types of object, by name."""


@frozen(kw_only=True)
class Steps:
    """The history of some properties of a type of object."""

    of: str
    """The type of object."""
    fields: Mapping[str, tuple[str, ...]]
    """Its properties, with the fields that a step of each is one of."""


STEPS: Mapping[str, Steps] = {
    "lifecycle_changes": Steps(of="contacts", fields={"lifecyclestage": ("stage",)}),
    "consents": Steps(of="contacts", fields={"hs_email_optout": ("email",)}),
    "deal_changes": Steps(
        of="deals", fields={"dealstage": ("stage", "status"), "amount": ("amount",), "hubspot_owner_id": ("owner",)}
    ),
    "ticket_changes": Steps(
        of="tickets",
        fields={
            "hs_pipeline_stage": ("status",),
            "hs_ticket_priority": ("priority",),
            "hubspot_owner_id": ("assignee",),
        },
    ),
}
"""The histories that are read, by stream."""
CHANNELS: Mapping[str, Channel] = {
    "CHAT": Channel.WEBCHAT,
    "EMAIL": Channel.EMAIL,
    "FORM": Channel.WEB,
    "PHONE": Channel.PHONE,
    "SMS": Channel.SMS,
}
"""Over what tickets and surveys come, by HubSpot's word."""
FLOWS: Mapping[str, str] = {
    "INBOUND": "inbound",
    "OUTBOUND": "outbound",
    "INCOMING_EMAIL": "inbound",
    "EMAIL": "outbound",
    "FORWARDED_EMAIL": "outbound",
}
"""Who turned to whom, by HubSpot's word for the direction of a call or an e-mail."""
SURVEYS: Mapping[str, tuple[str, float, float]] = {"NPS": ("nps", 0, 10), "CSAT": ("csat", 1, 5), "CES": ("ces", 1, 7)}
"""What a survey asks, with its scale, by HubSpot's type of survey."""
PLAIN = frozenset(
    {
        *(
            "value",
            "hs_value",
            "hs_survey_type",
            "lifecyclestage",
            "dealstage",
            "hs_pipeline_stage",
            "amount",
            "closedate",
        ),
        *("deal_currency_code", "hs_call_duration", "hs_timestamp", "hs_submission_timestamp", "hs_email_optout"),
        *(
            "annualrevenue",
            "numberofemployees",
            "createdate",
            "hs_createdate",
            "hs_lastmodifieddate",
            "lastmodifieddate",
        ),
        *("toObjectId", "probability", "isClosed", "ticketState", "hs_object_id", MERGED, "after"),
    }
)
"""The fields that the connector reads itself, and that say nothing of a person."""
