"""How it felt: submissions of surveys and reviews, and their answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from crmcx.models.base import Event, Part
from crmcx.models.interaction import Channel
from crmcx.models.values import Code, Duration, Instant, Label, Language, Real, Ref, Scale, Target, Text


class ItemKind(StrEnum):
    """What an item asks."""

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    LIKERT = "likert"
    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"


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


class Answer(Part):
    """The answer to one item; a score never travels without its scale."""

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
            raise PydanticCustomError(code, "a score needs its scale")
        if self.score is not None and self.scale is not None and not self.scale.holds(self.score):
            code = "score_outside_scale"
            raise PydanticCustomError(code, "the score lies outside its scale")
        return self


class Feedback(Event):
    """One submission of an instrument: a survey, a rating, a review."""

    table: ClassVar[str] = "feedback"
    happened: ClassVar[str | None] = "submitted_at"

    customer: Annotated[Ref | None, Target("customers")] = None
    """Who answered; None when it was anonymous."""
    instrument: Code
    """Code of the questionnaire, the same in every language."""
    submitted_at: Instant
    """When it was handed in."""
    asked_at: Instant | None = None
    """When the customer was asked."""
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
