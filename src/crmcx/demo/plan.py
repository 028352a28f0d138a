"""What happens to people, as a light plan: who, when and what, before anything is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

if TYPE_CHECKING:
    from crmcx.demo.records import System
    from crmcx.demo.sales import Deal, Visit


@frozen
class Ticket:
    """A matter brought to the help desk."""

    at: int
    """Instant at which it comes in."""
    number: int
    """Position of the person."""
    index: int
    """Tells her tickets apart, in the order of time."""
    quick: bool
    """Whether the initiative shortens the time to its first response."""


@frozen
class Response:
    """A survey handed in."""

    at: int
    """Instant at which it is recorded."""
    number: int
    """Position of the person."""
    index: int
    """Tells her responses apart."""
    language: str
    """Language of the questionnaire."""
    satisfaction: float
    """Latent satisfaction of the person."""
    touchpoint: str
    """What she is asked about."""
    raised: bool
    """Whether the initiative raises its scores."""


@frozen
class Invitation:
    """A mail that asks how something was."""

    at: int
    """Instant at which it is sent."""
    number: int
    """Position of the person."""
    index: int
    """Tells her invitations apart."""
    touchpoint: str
    """What she is asked about."""
    fate: str
    """What became of it, when she did not answer: `sent`, `bounced` or `opened`."""
    reminders: int
    """How often she was reminded."""
    response: Response | None
    """What she answered."""


@frozen
class Call:
    """A call with the service centre."""

    at: int
    """Instant at which it begins."""
    number: int
    """Position of the person."""
    index: int
    """Tells her calls apart."""
    touchpoint: str
    """At which designed moment."""
    topic: str
    """What it is about."""
    outcome: str
    """How it ended: done, forwarded, no_answer, repeated."""
    deal: int | None = None
    """Which of her deals it began; None for a talk about anything else."""


@frozen
class BranchVisit:
    """A visit to a branch."""

    at: int
    """Instant at which it begins."""
    number: int
    """Position of the person."""
    index: int
    """Tells her visits apart."""
    touchpoint: str
    """At which designed moment."""
    topic: str
    """What it is about."""
    system: System
    """Whose number the clerk typed."""
    deal: int | None = None
    """Which of her deals it belongs to; None for a visit about anything else."""


@define
class Plan:
    """What happens, to one person or to all."""

    visits: list[Visit] = Factory(list)
    """Visits to the website."""
    deals: list[Deal] = Factory(list)
    """Deals of the sales teams."""
    tickets: list[Ticket] = Factory(list)
    """Tickets of the help desk."""
    invitations: list[Invitation] = Factory(list)
    """Mails that ask how something was."""
    responses: list[Response] = Factory(list)
    """Surveys handed in."""
    calls: list[Call] = Factory(list)
    """Calls with the service centre."""
    branch_visits: list[BranchVisit] = Factory(list)
    """Visits to branches."""
