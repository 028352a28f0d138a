"""What the generator knows of the people: their true stages, what was planted among them, whose records are whose."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from attrs import field, frozen

from crmcx.demo import period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcx.demo.stages import Step

StageTruth = tuple[int, str, str]
"""A true stage: the number of the day from whose midnight on it holds, the product line, the stage."""
WEIGHT = ("exiting", "repurchase", "existing", "purchase", "consideration", "former", "awareness")
"""Which of the stages in several lines says most about the whole relation: the first of these that holds."""


@frozen(kw_only=True)
class PainPointTruth:
    """A touchpoint after which customers leave sooner."""

    touchpoint: str
    """Its code."""
    hazard_ratio: float
    """How much more often a customer gives notice from her first visit on than she would have without it."""
    people: tuple[tuple[int, date], ...] = field(repr=False)
    """Everybody who met it, with the day of the first time."""
    reach: float
    """Share of all people who met it, 0 to 1."""


@frozen(kw_only=True)
class InitiativeTruth:
    """A change in how the company works."""

    code: str
    """Its code."""
    begins: date
    """Its first day."""
    touchpoint: str
    """The touchpoint it changed."""
    response_factor: float
    """What became of the time to the first response of tickets opened from that day on."""
    nps_raise: float
    """How much higher the answers about the touchpoint handed in from that day on are, of 0 to 10, before clipping."""
    csat_raise: float
    """The same on the scale of 1 to 5."""


@frozen(kw_only=True)
class HeroineTruth:
    """The customer the story is about."""

    person: int
    """Number of the person."""
    loan: str
    """The loan number by which she knows herself."""
    refs: tuple[str, ...]
    """Her records in all systems."""


def stage_at(steps: Sequence[StageTruth], when: date | datetime, line: str | None) -> str | None:
    """The stage that somebody with these steps was in; see `Truth.stage_at`."""
    if isinstance(when, datetime):
        day = period.day_of(when.astimezone(period.bank_zone()).date())
    else:
        day = period.day_of(when)
    held: dict[str, tuple[int, str]] = {}
    for begins, of_line, stage in steps:
        if begins <= day and (line is None or line == of_line) and begins >= held.get(of_line, (begins, ""))[0]:
            held[of_line] = (begins, stage)
    stages = {stage for _, stage in held.values()}
    return next((stage for stage in WEIGHT if stage in stages), None)


def as_truth(steps: Sequence[Step]) -> tuple[StageTruth, ...]:
    """Steps as they are handed out."""
    return tuple((step.day, step.line, step.stage) for step in steps)
