"""What is read out of contacts, distributions and their history."""

from __future__ import annotations

from typing import Any

from crmcx.connectors import Said
from crmcx.connectors.qualtrics.safe import fields, language, stamp, word
from crmcx.connectors.qualtrics.settings import CHANNELS, INVITATION_STATUSES, LANGUAGES, QualtricsSettings


def contact_read(said: Said, settings: QualtricsSettings) -> dict[str, Any]:
    """What is read out of a contact."""
    told = fields(said)
    external = word(told.get("extRef"))
    return {
        "language": language(told.get("language"), {**LANGUAGES, **settings.languages}),
        "email": word(told.get("email")),
        "phone": word(told.get("phone")),
        "numbers": [] if external is None else [{"namespace": settings.external_namespace, "value": external}],
        "created": stamp(told.get("creationDate")),
    }


def distribution_read(said: Said, settings: QualtricsSettings) -> dict[str, Any]:
    """What is read out of a distribution."""
    told = fields(said)
    return {
        "name": word(fields(told.get("header")).get("subject")),
        "channel": _channel(told, settings),
        "objective": word(told.get("requestType")),
    }


def invitation_read(said: Said, mailing: dict[str, Any], survey: str, settings: QualtricsSettings) -> dict[str, Any]:
    """What is read out of a line of a distribution's history.

    Args:
        said: The line.
        mailing: The distribution.
        survey: Id of the survey.
        settings: The words for what became of it.
    """
    told = fields(said)
    native = word(told.get("status"))
    table = {**INVITATION_STATUSES, **settings.invitation_statuses}
    completed = stamp(told.get("responseCompletedAt"))
    began, opened = stamp(told.get("responseStartedAt")), stamp(told.get("openedAt"))
    by_stamps = "completed" if completed else "started" if began else "opened" if opened else "sent"
    return {
        "instrument": survey,
        "sent": stamp(told.get("sentAt")) or stamp(mailing.get("sendDate")),
        "status": table.get((native or "").lower(), by_stamps),
        "native": native,
        "channel": _channel(mailing, settings),
        "completed": completed,
    }


def _channel(mailing: dict[str, Any], settings: QualtricsSettings) -> str | None:
    said = (word(mailing.get("distributionChannel")) or "email").lower()
    return {**CHANNELS, **settings.channels}.get(said, "other")
