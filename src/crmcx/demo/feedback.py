"""The bank's survey behind Qualtrics' protocol: its exports, taken up into a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import Factory, define

from crmcx.connectors import Qualtrics
from crmcx.demo.bank import Exports
from crmcx.demo.departments import PLAIN_FORM
from crmcx.demo.files import good_rows
from crmcx.demo.invitations import CONTACTS_BROKEN, INVITATIONS_BROKEN
from crmcx.demo.period import bank_zone
from crmcx.demo.questionnaires import ENGLISH, GERMAN, NOT_APPLICABLE, STATUSES, Questionnaire
from crmcx.demo.survey import broken_of
from crmcx.sandbox import QualtricsSandbox, StillClock
from crmcx.sandbox.qualtrics_data import question

NAME = "survey"
"""Name of the connection."""
_NPS, _CSAT, _CHANNEL, _COMMENT = "QID1", "QID2", "QID3", "QID4"
_CODES = (_NPS, _CSAT, _CHANNEL, _COMMENT)
_OFF = "6"
_FATES = {
    "Sent": "Success",
    "Bounced": "HardBounce",
    "Opened": "Opened",
    "Started": "SurveyStarted",
    "Completed": "SurveyFinished",
}


@define
class Survey:
    """The survey platform, with what the bank's own exports call each thing."""

    server: QualtricsSandbox
    """What answers."""
    survey: str
    """The id of the survey."""
    contacts: dict[str, str] = Factory(dict)
    """The bank's contacts to the platform's."""
    invitations: dict[str, str] = Factory(dict)
    """The bank's invitations to the platform's."""
    responses: dict[str, str] = Factory(dict)
    """The bank's responses to the platform's."""

    def connector(self) -> Qualtrics:
        """The connector to the platform, as its users would set it up."""
        return Qualtrics(
            url=self.server.url,
            token=self.server.token,
            kinds={ENGLISH.items[1][0]: "csat"},
            touchpoint_field="touchpoint",
            external_namespace="account",
        )


def survey(exports: Exports, still: StillClock) -> Survey:
    """A platform that holds the bank's survey: whom it asked, and what they said.

    Args:
        exports: The bank's exports.
        still: The clock by which things happen there.
    """
    server = QualtricsSandbox(still)
    server.page_size = 100
    made = Survey(server, server.world.create("instruments", name="How is your relation with the bank?"))
    server.world.questions[made.survey] = {"Questions": _questions(), "QuestionCount": str(len(_CODES))}
    for row in good_rows(exports.survey_contacts, PLAIN_FORM, CONTACTS_BROKEN):
        _take_contact(made, row)
    mailings: dict[tuple[str, str], str] = {}
    for row in good_rows(exports.invitations, PLAIN_FORM, INVITATIONS_BROKEN):
        _take_invitation(made, row, mailings)
    for form, path in ((ENGLISH, exports.responses_en), (GERMAN, exports.responses_de)):
        for row in good_rows(path, form.form, broken_of(form)):
            _take_response(made, dict(zip(ENGLISH.columns, row.values(), strict=True)), form)
    return made


def _questions() -> dict[str, Any]:
    (nps, csat, channel, comment), german = ENGLISH.items, [words for _, words in GERMAN.items]
    tens = {str(n): (str(n), str(n)) for n in range(11)}
    boxes = {str(n): (str(n), str(n)) for n in range(1, 6)} | {_OFF: ("Does not apply", "Trifft nicht zu")}
    labels = zip(ENGLISH.channels, GERMAN.channels, strict=True)
    ways = {str(place): pair for place, pair in enumerate(labels, 1)}
    recode = {str(n): str(n) for n in range(1, 6)} | {_OFF: str(NOT_APPLICABLE)}
    return {
        _NPS: question(_NPS, "MC", "NPS", "TX", (nps[1], german[0]), tag=nps[0], choices=tens),
        _CSAT: question(
            *(_CSAT, "MC", "SAVR", "TX", (csat[1], german[1])),
            tag=csat[0],
            choices=boxes,
            RecodeValues=recode,
            AnalyzeChoices={_OFF: "No"},
        ),
        _CHANNEL: question(_CHANNEL, "MC", "SAVR", "TX", (channel[1], german[2]), tag=channel[0], choices=ways),
        _COMMENT: question(_COMMENT, "TE", "ML", "", (comment[1], german[3]), tag=comment[0]),
    }


def _take_contact(made: Survey, row: Mapping[str, str]) -> None:
    made.contacts[row["Contact ID"]] = made.server.world.create(
        "contacts",
        at=datetime.fromisoformat(row["Added"]).astimezone(UTC),
        firstName=row["First Name"],
        lastName=row["Last Name"],
        email=row["Email"] or None,
        extRef=row["External Reference"] or None,
        language=row["Language"].upper(),
        embeddedData={},
    )


def _take_invitation(made: Survey, row: Mapping[str, str], mailings: dict[tuple[str, str], str]) -> None:
    """One line of the history of a mailing; there is one mailing a touchpoint and quarter."""
    sent = datetime.fromisoformat(row["Sent"]).astimezone(UTC)
    batch = (row["Touchpoint"], f"{sent.year} {(sent.month + 2) // 3}")
    if batch not in mailings:
        subject = f"How was it? {row['Touchpoint']}"
        mailings[batch] = made.server.world.create(
            "distributions", made.survey, at=sent, sendDate=_iso(sent), header={"subject": subject}
        )
    ended = datetime.fromisoformat(row["Completed"]).astimezone(UTC) if row["Completed"] else None
    made.invitations[row["Invitation ID"]] = made.server.world.create(
        "invitations",
        mailings[batch],
        at=sent,
        contactId=made.contacts[row["Contact ID"]],
        status=_FATES[row["Status"]],
        sentAt=_iso(sent),
        responseCompletedAt=ended and _iso(ended),
    )


def _take_response(made: Survey, row: Mapping[str, str], form: Questionnaire) -> None:
    """A response; an anonymous one names no contact."""
    columns = ENGLISH.columns
    wall = datetime.strptime(row["Recorded Date"], form.time_format).replace(tzinfo=bank_zone())
    at, seconds = wall.astimezone(UTC), int(row["Duration (seconds)"])
    whole = form.statuses.index(row["Status"]) == STATUSES.index("complete")
    nps, csat, channel, comment = (row[name] for name in columns[10:14])
    made.responses[row["Response ID"]] = made.server.world.answer(
        made.survey,
        at=at,
        **said(nps, csat, str(form.channels.index(channel) + 1) if channel else "", comment),
        startDate=_iso(at - timedelta(seconds=seconds)),
        endDate=_iso(at),
        recordedDate=_iso(at),
        duration=seconds,
        finished=int(whole),
        progress=100 if whole else 25,
        userLanguage=form.language.upper(),
        distributionChannel="email",
        externalDataReference=row["External Reference"] or None,
        contactId=made.contacts.get(row["Contact ID"]),
        touchpoint=row["Touchpoint"],
    )


def said(nps: str, csat: str, channel: str, comment: str) -> dict[str, Any]:
    """The answers of a response; of one that did not apply the platform keeps nothing for the first question."""
    answers = {
        _NPS: "" if nps == str(NOT_APPLICABLE) else nps,
        _CSAT: csat,
        _CHANNEL: channel,
    }
    told: dict[str, Any] = {code: int(value) for code, value in answers.items() if value}
    return told | ({f"{_COMMENT}_TEXT": comment} if comment else {})


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
