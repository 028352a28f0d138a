"""How products are sold: the visits of an application on the website, and the deal that the sales team keeps."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from crmcx.demo import period

if TYPE_CHECKING:
    from crmcx.demo.draw import Draw

FUNNEL = ("quote", "apply", "sign")
"""Touchpoints that an application on the website passes, in this order."""
FUNNEL_DAYS = 14
"""An application on the website takes less than this many days from its quote to its signature."""
PRODUCTS = ("mortgage", "account", "credit_card")
"""Products; each has a pipeline of its own."""

_AMOUNTS = {"mortgage": (8_000_000, 60_000_000), "account": (6_000, 40_000), "credit_card": (2_500, 15_000)}
_REASONS = ("Zinssatz", "Bonität", "Wettbewerber", "Keine Rückmeldung")
_FIRST_HOUR = 7 * 3600
_LAST_HOUR = 21 * 3600


class Purpose(StrEnum):
    """Why somebody comes to the website."""

    BANKING = "banking"
    LOOKING = "looking"
    HELPING = "helping"
    QUOTING = "quoting"
    APPLYING = "applying"
    UPLOADING = "uploading"
    SIGNING = "signing"
    PASSING = "passing"


class Phase(StrEnum):
    """Stage of a deal, in the words of the sales team."""

    OFFER = "Angebot"
    APPLICATION = "Antrag"
    DOCUMENTS = "Unterlagen"
    CONTRACT = "Vertrag"


class Status(StrEnum):
    """Whether a deal is decided, in the words of the sales team."""

    OPEN = "offen"
    WON = "gewonnen"
    LOST = "verloren"
    ABANDONED = "zurückgezogen"


_PHASES = {
    Purpose.QUOTING: Phase.OFFER,
    Purpose.APPLYING: Phase.APPLICATION,
    Purpose.UPLOADING: Phase.DOCUMENTS,
    Purpose.SIGNING: Phase.CONTRACT,
}


@frozen
class Visit:
    """A visit to the website."""

    at: int
    """Instant at which it begins."""
    number: int
    """Position of the person; at or above the number of people it is a stranger."""
    index: int
    """Tells her visits apart."""
    purpose: Purpose
    product: str
    """What an application is for, else empty."""
    known: bool
    """Whether the visitor is signed in, or signs in on the way."""


@frozen
class Deal:
    """A sale in the making."""

    at: int
    """Instant at which it begins."""
    number: int
    """Position of the person."""
    index: int
    """Tells her deals apart."""
    product: str
    """What is to be sold, and the name of the pipeline."""
    origin: str
    """Where it began: `web`, `call` or `branch_visit`."""
    phase: Phase
    """How far it came."""
    status: Status
    """Whether it is decided."""
    closed: int | None
    """Instant at which it was decided."""
    cents: int
    """What it is worth to the sales team, in cents."""
    reason: str
    """Why it was lost, else empty."""


def web_deal(
    draw: Draw, satisfaction: float, product: str, day: int, *, number: int, index: int
) -> tuple[list[tuple[int, Purpose]], Deal]:
    """An application on the website that begins with a quote on a day.

    The next visit comes one to four days after the one before, so that the signature is there within `FUNNEL_DAYS`
    of the quote. The more satisfied a customer, the further she goes.

    Args:
        draw: Her draws.
        satisfaction: How satisfied she is at heart.
        product: What she wants.
        day: Day of the quote.
        number: Position of the person.
        index: Tells her deals apart.

    Returns:
        Her visits, each an instant and a purpose, and the deal as it would end if she stayed with the bank.
    """
    plan = [(Purpose.QUOTING, 1.0), (Purpose.APPLYING, 0.6 + 0.12 * satisfaction)]
    if product == "mortgage":
        plan.append((Purpose.UPLOADING, 0.88))
    plan.append((Purpose.SIGNING, 0.72 + 0.12 * satisfaction))
    steps: list[tuple[int, Purpose]] = []
    gave_up = False
    for purpose, probability in plan:
        gave_up = not draw.chance(probability)
        if gave_up or day >= period.DAYS:
            break
        steps.append((period.at(day, draw.between(_FIRST_HOUR, _LAST_HOUR)), purpose))
        day += draw.between(1, 4)
    last, purpose = steps[-1]
    status, closed = Status.OPEN, None
    if purpose is Purpose.SIGNING:
        status, closed = Status.WON, last
    elif gave_up:
        status = Status.LOST if len(steps) > 1 and draw.chance(0.6) else Status.ABANDONED
        closed = last + draw.between(5, 30) * period.DAY_SECONDS
    deal = Deal(
        at=steps[0][0],
        number=number,
        index=index,
        product=product,
        origin="web",
        phase=_PHASES[purpose],
        status=status,
        closed=closed,
        cents=draw.skewed(*_AMOUNTS[product]),
        reason=draw.pick(_REASONS),
    )
    return steps, deal


def counter_deal(
    draw: Draw, satisfaction: float, product: str, opened: int, *, origin: str, number: int, index: int
) -> Deal:
    """A deal that begins with an employee, in a branch or on the phone, as it would end if she stayed with the bank.

    Args:
        draw: The customer's draws.
        satisfaction: How satisfied she is at heart.
        product: What she wants.
        opened: When the talk begins.
        origin: What sort of talk it is.
        number: Position of the person.
        index: Tells her deals apart.
    """
    phase, status = Phase.CONTRACT, Status.WON
    if not draw.chance(0.6 + 0.12 * satisfaction):
        phase = draw.pick((Phase.OFFER, Phase.APPLICATION, Phase.DOCUMENTS))
        status = Status.LOST if draw.chance(0.75) else Status.ABANDONED
    return Deal(
        at=opened,
        number=number,
        index=index,
        product=product,
        origin=origin,
        phase=phase,
        status=status,
        closed=opened + draw.between(2, 60) * period.DAY_SECONDS,
        cents=draw.skewed(*_AMOUNTS[product]),
        reason=draw.pick(_REASONS),
    )


def as_known(deal: Deal, until: int) -> Deal:
    """The deal when the export is made: one whose customer left before its end was never decided."""
    if deal.closed is not None and deal.closed >= until:
        phase = Phase.DOCUMENTS if deal.phase is Phase.CONTRACT else deal.phase
        return evolve(deal, phase=phase, status=Status.OPEN, closed=None, reason="")
    return deal if deal.status is Status.LOST else evolve(deal, reason="")
