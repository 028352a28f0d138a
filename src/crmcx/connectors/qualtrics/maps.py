"""What the records of Qualtrics become. What stands under `read` was read out of the rest of the record."""

from __future__ import annotations

from crmcx.connectors import (
    Mapping,
    at,
    constant,
    contact,
    duration,
    joined,
    mapping,
    part,
    ref,
    scale,
    text,
)
from crmcx.connectors.qualtrics.settings import QualtricsSettings
from crmcx.models import Answer, Campaign, Choice, Customer, Feedback, Identifier, Instrument, Invitation, Item, Wording

READ = "read"
"""Where in a record stands what was read out of it."""

INSTRUMENT = mapping(
    Instrument,
    id="id",
    code="id",
    name="name",
    parts=(
        part(
            Item,
            each=(READ, "items"),
            item="item",
            kind="kind",
            measures="measures",
            scale=scale("low", "high", direction="direction"),
        ),
        part(Choice, each=(READ, "choices"), item="item", choice="choice", value="value"),
        part(Wording, each=(READ, "wordings"), item="item", choice="choice", language="language", text="text"),
    ),
)
CONTACT = mapping(
    Customer,
    id="contactId",
    given_name="firstName",
    family_name="lastName",
    language=(READ, "language"),
    created_at=(READ, "created"),
    parts=(
        contact("email", (READ, "email")),
        contact("phone", (READ, "phone")),
        part(Identifier, each=(READ, "numbers"), namespace="namespace", value="value"),
    ),
)
DISTRIBUTION = mapping(
    Campaign,
    id=joined("id", ("surveyLink", "surveyId")),
    code="id",
    name=(READ, "name"),
    channel=(READ, "channel"),
    objective=(READ, "objective"),
)
INVITATION = mapping(
    Invitation,
    id=joined("distributionId", "contactLookupId"),
    customer=ref("contactId"),
    instrument=(READ, "instrument"),
    sent_at=(READ, "sent"),
    status=(READ, "status"),
    status_native=(READ, "native"),
    channel=(READ, "channel"),
    completed_at=(READ, "completed"),
)


def response(settings: QualtricsSettings | None = None, *, unfinished: bool = False) -> Mapping:
    """What a response becomes.

    Args:
        settings: Where its links lead to.
        unfinished: Whether it is still open: then its id has a mark, so that it stands beside what it will be, and its
            answers, which may still change, are kept in `extra`, where no metric counts them.
    """
    said = settings or QualtricsSettings.model_construct()
    return mapping(
        Feedback,
        id=joined("responseId", ("values", "finished")) if unfinished else "responseId",
        kind=constant("survey"),
        instrument=(READ, "instrument"),
        customer=ref((READ, "customer"), source=said.customer_source),
        interaction=ref((READ, "interaction"), source=said.interaction_source),
        case=ref((READ, "case"), source=said.case_source),
        submitted_at=(READ, "submitted"),
        started_at=(READ, "started"),
        duration=duration((READ, "duration")),
        status=(READ, "status"),
        language=(READ, "language"),
        channel=(READ, "channel"),
        touchpoint=(READ, "touchpoint"),
        parts=()
        if unfinished
        else (
            part(
                Answer,
                each=(READ, "answers"),
                item="item",
                kind="kind",
                state="state",
                state_native="native",
                score="score",
                scale=scale("low", "high", direction="direction"),
                choice="choice",
                text=text("text", lang=at("lang")),
            ),
        ),
    )


RESPONSE = response()
UNFINISHED = response(unfinished=True)
