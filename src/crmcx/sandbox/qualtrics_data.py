"""What the sandbox of Qualtrics holds: the questionnaire of its surveys, and what each kind of record looks like."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

from crmcx.testing.world import Kind

NPS, RATING, WORDS, GRID, REASONS, HELLO = "QID1", "QID2", "QID3", "QID4", "QID5", "QID6"
"""The questions: how likely to recommend, how satisfied, in own words, a grid, several reasons, and a text to read."""
NOT_APPLICABLE = "6"
"""The choice of the rating that is left out of analyses."""

_VALIDATION = {"Settings": {"ForceResponse": "OFF", "ForceResponseType": "ON", "Type": "None"}}
_TAGS = {NPS: "recommend", RATING: "satisfied", WORDS: "comment", GRID: "qualities", REASONS: "reasons", HELLO: "hello"}
_SATISFIED = {
    "1": ("Very satisfied", "Sehr zufrieden"),
    "2": ("Satisfied", "Zufrieden"),
    "3": ("Neither", "Weder noch"),
    "4": ("Dissatisfied", "Unzufrieden"),
    "5": ("Very dissatisfied", "Sehr unzufrieden"),
    NOT_APPLICABLE: ("Does not apply", "Trifft nicht zu"),
}
_REASONS = {"1": ("Price", "Preis"), "2": ("Advice", "Beratung"), "3": ("Something else", "Etwas anderes")}
_QUALITIES = {"1": ("Speed", "Tempo"), "2": ("Kindness", "Freundlichkeit")}
_POINTS = {"1": ("Poor", "Schlecht"), "2": ("Fair", "Mittel"), "3": ("Good", "Gut")}


def _shown(choices: dict[str, tuple[str, str]], language: int) -> dict[str, Any]:
    return {code: {"Display": words[language]} for code, words in choices.items()}


def question(
    code: str,
    kind: str,
    selector: str,
    sub: str,
    words: tuple[str, str],
    *,
    tag: str | None = None,
    **more: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    """A question as the vendor describes it.

    Args:
        code: Its id.
        kind: The vendor's word for its type: `MC`, `TE`, `Matrix`, `DB`.
        selector: How it is shown: `NPS`, `SAVR`, `MAVR`, `ML`, `Likert`.
        sub: How that is shown.
        words: What it asks, in English and in German.
        tag: Its tag in exports.
        more: `choices` and `answers` by code, each in both languages; and what else is said of it.
    """
    choices: dict[str, tuple[str, str]] = more.pop("choices", {})
    answers: dict[str, tuple[str, str]] = more.pop("answers", {})
    german: dict[str, Any] = {"QuestionText": words[1]}
    said: dict[str, Any] = {}
    if choices:
        said |= {"Choices": _shown(choices, 0), "ChoiceOrder": list(choices)}
        german["Choices"] = _shown(choices, 1)
    if answers:
        said |= {"Answers": _shown(answers, 0), "AnswerOrder": list(answers)}
        german["Answers"] = _shown(answers, 1)
    return {
        "QuestionText": words[0],
        "DataExportTag": tag or _TAGS[code],
        "QuestionType": kind,
        "Selector": selector,
        "SubSelector": sub,
        "Configuration": {"QuestionDescriptionOption": "UseText"},
        "QuestionDescription": words[0],
        **said,
        "Validation": _VALIDATION,
        "Language": {"DE": german},
        "DefaultChoices": False,
        "ChoiceDataExportTags": False,
        "NextChoiceId": len(choices) + 1,
        "NextAnswerId": len(answers) + 1,
        "QuestionID": code,
        "QuestionText_Unsafe": words[0],
        **more,
    }


def _questions() -> dict[str, Any]:
    tens = {str(n): (str(n), str(n)) for n in range(11)}
    recommend = ("How likely are you to <b>recommend</b> us?", "Wie wahrscheinlich ist es, dass Sie uns empfehlen?")
    other = question(REASONS, "MC", "MAVR", "TX", ("What counted?", "Was war wichtig?"), choices=_REASONS)
    other["Choices"]["3"]["TextEntry"] = "true"
    return {
        NPS: question(NPS, "MC", "NPS", "TX", recommend, choices=tens),
        RATING: question(
            RATING,
            "MC",
            "SAVR",
            "TX",
            ("How satisfied are you?", "Wie zufrieden sind Sie?"),
            choices=_SATISFIED,
            RecodeValues={**{str(n): str(6 - n) for n in range(1, 6)}, NOT_APPLICABLE: "99"},
            AnalyzeChoices={NOT_APPLICABLE: "No"},
        ),
        WORDS: question(WORDS, "TE", "ML", "", ("Anything else?", "Noch etwas?")),
        GRID: question(
            GRID,
            "Matrix",
            "Likert",
            "SingleAnswer",
            ("Rate us", "Bewerten Sie uns"),
            choices=_QUALITIES,
            answers=_POINTS,
        ),
        REASONS: other,
        HELLO: question(HELLO, "DB", "TB", "", ("Welcome", "Willkommen")),
    }


def definition_of(survey: dict[str, Any]) -> dict[str, Any]:
    """The definition of a survey of the list, in English and German; numbers stand as texts, as the vendor has them."""
    questions = _questions()
    return {
        "SurveyID": survey["id"],
        "SurveyName": survey["name"],
        "SurveyStatus": "Active" if survey["isActive"] else "Inactive",
        "QuestionCount": str(len(questions)),
        "OwnerID": survey["ownerId"],
        "CreatorID": survey["ownerId"],
        "BrandID": "sandbox",
        "DivisionID": None,
        "LastAccessed": None,
        "LastActivated": survey["creationDate"],
        "LastModified": survey["lastModified"],
        "Questions": questions,
        "Blocks": {
            "BL_sandboxblock1": {
                "Type": "Default",
                "Description": "Questions",
                "ID": "BL_sandboxblock1",
                "BlockElements": [{"Type": "Question", "QuestionID": code} for code in questions],
            }
        },
        "SurveyFlow": {
            "FlowID": "FL_1",
            "Type": "Root",
            "Flow": [{"ID": "BL_sandboxblock1", "Type": "Standard", "FlowID": "FL_2"}],
            "Properties": {"Count": 2},
        },
        "SurveyOptions": {
            "ActiveResponseSet": "RS_sandboxresp1",
            "BackButton": "false",
            "BallotBoxStuffingPrevention": "false",
            "Footer": "",
            "Header": "",
            "NextButton": "next",
            "NoIndex": "Yes",
            "PartialData": "+1 week",
            "PreviousButton": "back",
            "ProgressBarDisplay": "None",
            "SecureResponseFiles": "true",
            "Skin": {"brandingId": None, "templateId": "*base", "overrides": None},
            "SkinLibrary": "sandbox",
            "SkinType": "templated",
            "SurveyExpiration": "None",
            "SurveyTermination": "DefaultMessage",
            "ValidationMessage": "",
            "SaveAndContinue": "true",
            "SurveyProtection": "PublicSurvey",
            "SurveyLanguage": "EN",
            "AvailableLanguages": {"EN": [], "DE": []},
            "SurveyStartDate": None,
            "SurveyExpirationDate": None,
            "SurveyCreationDate": survey["creationDate"],
        },
        "ResponseSets": {"RS_sandboxresp1": "Default Response Set"},
        "Scoring": {
            "ScoringCategories": [],
            "ScoringCategoryGroups": [],
            "ScoringSummaryCategory": "SC_sandboxscor1",
            "ScoringSummaryAfterQuestions": False,
            "ScoringSummaryAfterSurvey": False,
            "DefaultScoringCategory": "SC_sandboxscor1",
            "AutoScoringCategory": "",
        },
        "ProjectInfo": {
            "SurveyID": survey["id"],
            "ProjectCategory": "CORE",
            "ProjectType": "Survey",
            "SchemaVersion": "1.1.0",
            "CompositionType": "CORE",
        },
        "BrandBaseURL": "https://sandbox.example.org",
    }


VALUES: dict[str, Any] = {
    "startDate": "{created}",
    "endDate": "{created}",
    "status": 0,
    "ipAddress": None,
    "progress": 100,
    "duration": 42,
    "finished": 1,
    "recordedDate": "{stamp}",
    "_recordId": "R_{n}",
    "distributionChannel": "anonymous",
    "userLanguage": "EN",
    "externalDataReference": "K-{n}",
    NPS: 9,
    f"{NPS}_NPS_GROUP": 3,
    RATING: 4,
    f"{WORDS}_TEXT": "fine",
    f"{GRID}_1": 3,
    REASONS: ["1", "3"],
    f"{REASONS}_3_TEXT": "the coffee",
    "tier": "gold",
}
OF_ANY_SURVEY = frozenset(VALUES) - {name for name in VALUES if name.startswith("QID")} - {"tier"}
"""The fields of a response that are there whatever its survey asks."""
SHOWN = (NPS, RATING, f"{WORDS}_TEXT", f"{GRID}_1", f"{GRID}_2", REASONS, f"{REASONS}_3_TEXT")
"""The fields that a respondent is shown."""

_WAITS = deepcopy(VALUES) | {
    "finished": 0,
    "progress": 40,
    "recordedDate": None,
    "endDate": "{stamp}",
    "_recordId": "FS_{n}",
}

KINDS = {
    "instruments": Kind(
        record={
            "id": "SV_sandboxsurv{n}",
            "name": "Survey {n}",
            "ownerId": "UR_sandboxuser1",
            "lastModified": "{stamp}",
            "creationDate": "{created}",
            "isActive": True,
        },
        stamp="lastModified",
        change="name",
    ),
    "responses": Kind(
        record={"responseId": "R_{n}", "values": VALUES, "labels": {}, "displayedFields": SHOWN, "displayedValues": {}},
        id="responseId",
        stamp=("values", "recordedDate"),
        change=("values", f"{WORDS}_TEXT"),
        parent="instruments",
    ),
    "unfinished": Kind(
        record={
            "responseId": "FS_{n}",
            "values": _WAITS,
            "labels": {},
            "displayedFields": SHOWN,
            "displayedValues": {},
        },
        id="responseId",
        stamp=("values", "endDate"),
        change=("values", f"{WORDS}_TEXT"),
        parent="instruments",
    ),
    "distributions": Kind(
        record={
            "id": "EMD_{n}",
            "parentDistributionId": None,
            "ownerId": "UR_sandboxuser1",
            "organizationId": "sandbox",
            "requestStatus": "Done",
            "requestType": "Invite",
            "sendDate": "{created}",
            "createdDate": "{created}",
            "modifiedDate": "{stamp}",
            "header": {"fromEmail": "ask@example.org", "fromName": "Survey", "subject": "How was it? {n}"},
            "message": {"libraryId": None, "messageId": None, "messageType": "Inline"},
            "recipients": {"mailingListId": "CG_1", "contactId": None, "libraryId": None, "sampleId": None},
            "surveyLink": {"surveyId": "{parent}", "expirationDate": None, "linkType": "Individual"},
        },
        stamp="modifiedDate",
        change=("header", "subject"),
        parent="instruments",
    ),
    "invitations": Kind(
        record={
            "distributionId": "{parent}",
            "contactId": "CID_{n}",
            "contactLookupId": "CGC_{n}",
            "status": "Success",
            "sentAt": "{created}",
            "openedAt": None,
            "responseStartedAt": None,
            "responseCompletedAt": None,
            "responseId": None,
            "surveySessionId": None,
        },
        id="contactLookupId",
        stamp=None,
        change="status",
        words=("Success", "Opened", "SurveyStarted"),
        parent="distributions",
    ),
    "contacts": Kind(
        record={
            "contactId": "CID_{n}",
            "firstName": "Ada",
            "lastName": "Number {n}",
            "email": "ada{n}@example.org",
            "phone": None,
            "extRef": "K-{n}",
            "language": "EN",
            "unsubscribed": False,
            "mailingListUnsubscribed": False,
            "creationDate": "{created}",
            "lastModified": "{stamp}",
            "embeddedData": {"tier": "gold"},
        },
        id="contactId",
        stamp="lastModified",
        change="lastName",
    ),
}
"""The kinds of record, each under the name of the stream that reads it."""

TOKEN_LIFE = timedelta(days=7)
"""How long a continuation token lives."""
