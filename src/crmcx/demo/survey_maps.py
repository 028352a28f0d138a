"""How the exports of the bank's survey platform become the model: one survey in two languages, and who was asked."""

from __future__ import annotations

from crmcx.connectors import (
    Csv,
    FileStream,
    Mapping,
    answer,
    constant,
    contact,
    duration,
    identifier,
    instant,
    mapping,
    present,
    ref,
    words,
)
from crmcx.demo.bank import Exports
from crmcx.demo.period import ZONE_NAME
from crmcx.demo.questionnaires import CHANNELS, ENGLISH, GERMAN, NOT_APPLICABLE, STATUSES, Questionnaire
from crmcx.models import Customer, Feedback, Invitation, Scale, Touchpoint

TOUCHPOINT = mapping(
    Touchpoint, id="code", code="code", name="name", stage="stage", channel="channel", owner_team="team"
)
CONTACT = mapping(
    Customer,
    id="Contact ID",
    given_name="First Name",
    family_name="Last Name",
    language="Language",
    parts=(contact("email", "Email"), identifier("account", "External Reference")),
    version=instant("Added"),
)
INVITATION = mapping(
    Invitation,
    id="Invitation ID",
    customer=ref("Contact ID"),
    instrument="Survey",
    touchpoint="Touchpoint",
    channel=constant("email"),
    sent_at="Sent",
    reminders="Reminders",
    status=words("Status", {name.capitalize(): name for name in ("sent", "bounced", "opened", "started", "completed")}),
    completed_at="Completed",
)


def _response(form: Questionnaire) -> Mapping:
    """The same instrument in each language: headings and labels differ, codes do not."""
    respondent, customer, _, _, _, _, recorded, status, seconds, touchpoint, *items, invitation = form.columns
    recommend, satisfied, channel, comment = items
    none = {str(NOT_APPLICABLE): "not_applicable"}
    return mapping(
        Feedback,
        id=respondent,
        customer=ref(customer),
        instrument=constant("relationship"),
        invitation=ref(invitation),
        submitted_at=instant(recorded, format=form.time_format, zone=ZONE_NAME),
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
        version=instant(recorded, format=form.time_format, zone=ZONE_NAME),
        when=present(contact_id),
    )


def survey(exports: Exports) -> tuple[FileStream, ...]:
    """The files of the survey platform."""
    return (
        FileStream(exports.survey_contacts, CONTACT),
        FileStream(exports.invitations, INVITATION),
        FileStream(exports.responses_en, (_response(ENGLISH), _respondent(ENGLISH))),
        FileStream(exports.responses_de, (_response(GERMAN), _respondent(GERMAN)), format=Csv(delimiter=";")),
        FileStream(exports.touchpoints, TOUCHPOINT),
    )
