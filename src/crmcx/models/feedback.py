"""How it felt: submissions of surveys and reviews, and their answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from crmcx.models.base import Entity, Event, Part
from crmcx.models.interaction import Channel
from crmcx.models.values import Code, Duration, Instant, Label, Language, Real, Ref, Scale, Target, Text, Whole


class ItemKind(StrEnum):
    """What an item asks."""

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    LIKERT = "likert"
    CHOICE = "choice"
    MULTI = "multi"
    RANK = "rank"
    TEXT = "text"
    NUMBER = "number"
    DAY = "day"


class AnswerState(StrEnum):
    """What became of an item: only an answered one counts in a denominator."""

    ANSWERED = "answered"
    SKIPPED = "skipped"
    NOT_SHOWN = "not_shown"
    NOT_APPLICABLE = "not_applicable"


class FeedbackStatus(StrEnum):
    """How far a submission got."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    SCREENED_OUT = "screened_out"
    TEST = "test"


class FeedbackKind(StrEnum):
    """What sort of feedback it is."""

    SURVEY = "survey"
    RATING = "rating"
    REVIEW = "review"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"


class InvitationStatus(StrEnum):
    """What became of an invitation."""

    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    OPENED = "opened"
    STARTED = "started"
    COMPLETED = "completed"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"


class Invitation(Entity):
    """Someone was asked for feedback: the denominator of every response rate."""

    table: ClassVar[str] = "invitations"
    happened: ClassVar[str | None] = "sent_at"
    spans: ClassVar[tuple[tuple[str, str], ...]] = (("sent_at", "completed_at"),)

    customer: Annotated[Ref | None, Target("customers")] = None
    """Who was asked."""
    instrument: Code
    """Code of the questionnaire."""
    sent_at: Instant
    """When she was first asked."""
    status: InvitationStatus
    """What became of it; suppressed was never sent."""
    status_native: Label | None = None
    """The source's word for that."""
    channel: Channel | None = None
    """Over what."""
    touchpoint: Code | None = None
    """Code of the touchpoint it asks about."""
    reminders: Whole | None = None
    """How often she was reminded."""
    completed_at: Instant | None = None
    """When she handed it in."""


class Answer(Part):
    """The answer to one item; a score never travels without its scale. Of several choices each is an answer."""

    table: ClassVar[str] = "answers"
    inherits: ClassVar[tuple[str, ...]] = (
        "customer",
        "instrument",
        "touchpoint",
        "channel",
        "language",
        "submitted_at",
        "case",
        "weight",
        "status",
    )

    item: Code
    """Code of the item, the same in every language."""
    kind: ItemKind
    """What the item asks."""
    state: AnswerState = AnswerState.ANSWERED
    """Answered, skipped, not shown or not applicable."""
    state_native: Label | None = None
    """The source's code when it was no answer."""
    score: Real | None = None
    """The number given."""
    scale: Scale | None = None
    """The scale of the score."""
    choice: Label | None = None
    """Code of the choice, the same in every language."""
    text: Text | None = None
    """Words given as the answer."""

    @model_validator(mode="after")
    def _score_has_its_scale(self) -> Self:
        if self.score is not None and self.scale is None:
            code = "score_without_scale"
            raise PydanticCustomError(code, "a score needs its scale: say scale=Scale(min=..., max=...)")
        if self.score is not None and self.scale is not None and not self.scale.holds(self.score):
            code = "score_outside_scale"
            msg = "the score lies outside its scale, which goes from {low} to {high}: check which scale was used"
            raise PydanticCustomError(code, msg, {"low": self.scale.min, "high": self.scale.max})
        return self


class Feedback(Event):
    """One submission of an instrument: a survey, a rating, a review."""

    table: ClassVar[str] = "feedback"
    happened: ClassVar[str | None] = "submitted_at"
    spans: ClassVar[tuple[tuple[str, str], ...]] = (("started_at", "submitted_at"),)

    kind: FeedbackKind = FeedbackKind.SURVEY
    """Survey, rating, review, complaint or suggestion."""
    customer: Annotated[Ref | None, Target("customers")] = None
    """Who answered; None when it was anonymous."""
    instrument: Code
    """Code of the questionnaire, the same in every language."""
    submitted_at: Instant
    """When it was handed in."""
    asked_at: Instant | None = None
    """When the customer was asked."""
    started_at: Instant | None = None
    """When she began."""
    invitation: Annotated[Ref | None, Target("invitations")] = None
    """The invitation that she followed."""
    duration: Duration | None = None
    """How long it took to fill in."""
    status: FeedbackStatus = FeedbackStatus.COMPLETE
    """Complete or not."""
    language: Language | None = None
    """BCP 47 tag of the questionnaire's language."""
    channel: Channel | None = None
    """Over what it was asked."""
    touchpoint: Code | None = None
    """Code of the touchpoint it is about."""
    case: Annotated[Ref | None, Target("cases")] = None
    """The case it is about."""
    interaction: Annotated[Ref | None, Target("interactions")] = None
    """The interaction it is about."""
    weight: Real | None = None
    """Sampling weight, when the survey comes with one."""
    answers: tuple[Answer, ...] = ()
    """One answer per item."""
