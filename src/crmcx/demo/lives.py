"""What happens to the customers within the year: visits, applications, calls, tickets, surveys, as a light plan.

The plan says who, when and what; the words of each export are drawn when the row is written. So a year of 50,000
customers fits in memory, and every export can be written in the order of time, as a real system would.
"""

from __future__ import annotations

from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

from crmcx.demo import period
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.people import Person, person
from crmcx.demo.sales import Deal, Purpose, Visit, counter_deal, web_deal

if TYPE_CHECKING:
    from collections.abc import Iterator

_WEB_HOURS = (6 * 3600, 22 * 3600)
_OFFICE_HOURS = (8 * 3600, 18 * 3600)
_NIGHT_HOURS = (1800, 6 * 3600)
_QUOTE_DAYS = ((0, 160), (185, 345))
_FREE = ((Purpose.BANKING, 0.62), (Purpose.LOOKING, 0.2), (Purpose.HELPING, 0.18))
_TOPICS = ("account", "card", "loan", "transfer", "fees", "online_banking")
_ASKED_ABOUT = (("account_overview", 0.4), ("hotline", 0.25), ("branch", 0.15), ("help", 0.2))
_ASKED_IN_THE_NIGHT = 0.012


class ActivityKind(StrEnum):
    """What the CRM calls a talk with a customer."""

    CALL = "call"
    BRANCH_VISIT = "branch_visit"


@frozen
class Ticket:
    """A matter brought to the help desk."""

    at: int
    """Instant at which it comes in."""
    number: int
    """Position of the customer."""
    index: int
    """Tells her tickets apart."""


@frozen
class Response:
    """A survey handed in."""

    at: int
    """Instant at which it is recorded."""
    number: int
    """Position of the customer."""
    index: int
    """Tells her responses apart."""
    language: str
    """Language of the questionnaire."""
    satisfaction: float
    """Latent satisfaction of the customer."""
    touchpoint: str
    """What she is asked about."""


@frozen
class Activity:
    """A call or a visit to a branch."""

    at: int
    """Instant at which it begins."""
    number: int
    """Position of the customer."""
    index: int
    """Tells her activities apart."""
    kind: ActivityKind
    """Call or visit."""
    topic: str
    """What it is about."""


@define
class Plan:
    """What happens, to one customer or to all."""

    visits: list[Visit] = Factory(list)
    """Visits to the website."""
    deals: list[Deal] = Factory(list)
    """Deals of the sales team."""
    tickets: list[Ticket] = Factory(list)
    """Tickets of the help desk."""
    responses: list[Response] = Factory(list)
    """Surveys handed in."""
    activities: list[Activity] = Factory(list)
    """Calls and visits to branches."""


_LISTS = attrgetter("visits", "deals", "tickets", "responses", "activities")
_IN_TIME = attrgetter("at", "number", "index")


def gather(seed: int, customers: int) -> Plan:
    """The year of all customers, and of as many strangers who only look at the website.

    Args:
        seed: The bank's seed.
        customers: How many customers the bank has.

    Returns:
        One plan, each of its lists in the order of time, then of customers.
    """
    everything = Plan()
    for number in range(customers):
        plan = _year(person(seed, number), Draw(seed, Stream.LIFE, number))
        plan.visits.extend(_strange_visits(customers + number, Draw(seed, Stream.STRANGER, number)))
        for all_of_them, hers in zip(_LISTS(everything), _LISTS(plan), strict=True):
            all_of_them.extend(hers)
    for all_of_them in _LISTS(everything):
        all_of_them.sort(key=_IN_TIME)
    return everything


def _year(who: Person, draw: Draw) -> Plan:
    plan = Plan()
    for days in _QUOTE_DAYS:
        if draw.chance(0.34):
            _apply_on_the_web(plan, who, draw, draw.between(*days))
    share = (who.last_day - who.first_day) / period.DAYS
    if draw.chance(0.4 * share):
        _apply_in_person(plan, who, draw)
    for _ in range(int(draw.skewed(3, 30) * share)):
        purpose = draw.weighted(_FREE)
        known = purpose is Purpose.BANKING or draw.chance(0.5)
        plan.visits.append(Visit(_moment(who, draw, _WEB_HOURS), who.number, len(plan.visits), purpose, "", known))
    for _ in range(int(draw.skewed(1, 16) * share)):
        kind = ActivityKind.CALL if draw.chance(0.7) else ActivityKind.BRANCH_VISIT
        _act(plan, who, _moment(who, draw, _OFFICE_HOURS), kind, draw.pick(_TOPICS))
    # The less satisfied a customer, the more she has to ask.
    for _ in range(int(draw.skewed(0, int(7 - 1.5 * who.satisfaction)) * share)):
        plan.tickets.append(Ticket(_moment(who, draw, _WEB_HOURS), who.number, len(plan.tickets)))
    for _ in range(2):
        # The very pleased and the very annoyed answer more often than the rest.
        if draw.chance((0.36 + 0.1 * abs(who.satisfaction)) * share):
            _answer(plan, who, draw)
    return plan


def _moment(who: Person, draw: Draw, hours: tuple[int, int]) -> int:
    return period.at(draw.between(who.first_day, who.last_day - 1), draw.between(*hours))


def _apply_on_the_web(plan: Plan, who: Person, draw: Draw, day: int) -> None:
    if not who.first_day <= day < who.last_day:
        return
    steps, deal = web_deal(who, draw, day, index=len(plan.deals))
    for at, purpose in steps:
        plan.visits.append(Visit(at, who.number, len(plan.visits), purpose, deal.product, known=True))
    # Half of those who only asked for a quote never become a record of the sales team.
    if len(steps) > 1 or draw.chance(0.5):
        plan.deals.append(deal)


def _apply_in_person(plan: Plan, who: Person, draw: Draw) -> None:
    opened = _moment(who, draw, _OFFICE_HOURS)
    kind = ActivityKind.BRANCH_VISIT if draw.chance(0.65) else ActivityKind.CALL
    deal = counter_deal(who, draw, opened, origin=kind.value, index=len(plan.deals))
    plan.deals.append(deal)
    _act(plan, who, opened, kind, deal.product)
    if deal.closed is not None:
        _act(plan, who, deal.closed, ActivityKind.CALL, deal.product)


def _act(plan: Plan, who: Person, at: int, kind: ActivityKind, topic: str) -> None:
    plan.activities.append(Activity(at, who.number, len(plan.activities), kind, topic))


def _answer(plan: Plan, who: Person, draw: Draw) -> None:
    about = draw.weighted(_ASKED_ABOUT)
    at = _moment(who, draw, _WEB_HOURS)
    night = (draw.pick(period.CLOCK_CHANGES) - period.FIRST_DAY).days
    if draw.chance(_ASKED_IN_THE_NIGHT) and who.first_day <= night < who.last_day:
        # Some of the mailing went out on the evening before the clocks changed.
        at = period.at(night, draw.between(*_NIGHT_HOURS))
    response = Response(at, who.number, len(plan.responses), who.language, who.satisfaction, about)
    plan.responses.append(response)


def _strange_visits(number: int, draw: Draw) -> Iterator[Visit]:
    for index in range(draw.between(1, 2)):
        at = period.at(draw.below(period.DAYS), draw.between(*_WEB_HOURS))
        yield Visit(at, number, index, Purpose.PASSING, "", known=False)
