"""What happens to people within the three years: visits, applications, calls, tickets, surveys, as a light plan.

The plan says who, when and what; the words of each export are drawn when the row is written. So the lives of 50,000
people fit in memory, and every export can be written in the order of time, as a real system would.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from crmcx.demo import heroine, period
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.effects import INITIATIVE_TOUCHPOINT, PAIN_POINT, initiative_begins
from crmcx.demo.people import HEROINE, Person, person
from crmcx.demo.plan import BranchVisit, Call, Invitation, Plan, Response, Ticket
from crmcx.demo.records import DEPARTMENTS, System, made_on
from crmcx.demo.relations import relation
from crmcx.demo.sales import Purpose, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcx.demo.stages import Relation

_WEB_HOURS = (6 * 3600, 22 * 3600)
_OFFICE_HOURS = (8 * 3600, 18 * 3600)
_NIGHT_HOURS = (1800, 6 * 3600)
_FREE = ((Purpose.BANKING, 0.62), (Purpose.LOOKING, 0.2), (Purpose.HELPING, 0.18))
_TOPICS = ("account", "card", "loan", "transfer", "fees", "online_banking")
_ASKED_IN_THE_NIGHT = 0.012
_OUTCOMES = (("done", 0.78), ("forwarded", 0.1), ("no_answer", 0.07), ("repeated", 0.05))
_CALLBACKS = ((1, 0.5), (2, 0.3), (3, 0.2))
_ANSWERED = {
    "account_overview": 0.05,
    "apply": 0.2,
    "branch": 0.12,
    "callback": 0.4,
    "help": 0.12,
    "help_desk": 0.24,
    "hotline": 0.12,
    "sign": 0.4,
    "upload_documents": 0.6,
}
_SILENT = 2.4
"""For every share that answers, how large a share of the others is asked as well, and stays silent."""
_FATES = (("sent", 0.66), ("opened", 0.3), ("bounced", 0.04))
_ASKED_AFTER = {
    Purpose.BANKING: "account_overview",
    Purpose.HELPING: "help",
    Purpose.APPLYING: "apply",
    Purpose.UPLOADING: "upload_documents",
    Purpose.SIGNING: "sign",
}


_LISTS = attrgetter("visits", "deals", "tickets", "invitations", "responses", "calls", "branch_visits")
_IN_TIME = attrgetter("at", "number", "index")


def gather(seed: int, customers: int, *, effects: bool = True) -> tuple[Plan, tuple[Relation, ...]]:
    """The three years of all people, and of as many strangers who only look at the website.

    Args:
        seed: The bank's seed.
        customers: How many people the bank has.
        effects: Whether pain point and initiative do what they do.

    Returns:
        One plan, each of its lists in the order of time, then of people; and what became of each of them.
    """
    everything, relations = Plan(), []
    for number in range(customers):
        who = person(seed, number)
        relations.append(relation(seed, who, effects=effects))
        draws = Draw(seed, Stream.LIFE, number), Draw(seed, Stream.INVITATION, number)
        plan = _Life(who, relations[-1], *draws, effects=effects).plan()
        plan.visits.extend(_strange_visits(customers + number, Draw(seed, Stream.STRANGER, number)))
        for all_of_them, hers in zip(_LISTS(everything), _LISTS(plan), strict=True):
            all_of_them.extend(hers)
    for all_of_them in _LISTS(everything):
        all_of_them.sort(key=_IN_TIME)
    return everything, tuple(relations)


class _Life:
    """One person's three years in the making."""

    def __init__(self, who: Person, with_bank: Relation, draw: Draw, asking: Draw, *, effects: bool) -> None:
        self._who, self._with_bank, self._draw, self._effects = who, with_bank, draw, effects
        # Whom the platform asks shifts nothing else: draws of its own.
        self._asking = asking
        self._made = Plan(deals=list(with_bank.deals))
        self._known = sorted(
            (day, system) for system in DEPARTMENTS for day in (made_on(who, system),) if day is not None
        )

    def plan(self) -> Plan:
        """All that happens to her."""
        for at, purpose, product in self._with_bank.visits:
            self._visit(at, purpose, product, known=True)
        if self._who.number == HEROINE:
            self._the_story()
        else:
            self._sold_and_left()
            self._everyday()
        return self._made

    def _the_story(self) -> None:
        made, number = self._made, self._who.number
        for at in heroine.heroine_banking():
            made.visits.append(Visit(at, number, len(made.visits), Purpose.BANKING, "", known=True))
        for day, hour, touchpoint, topic, outcome in heroine.CALLS:
            made.calls.append(Call(heroine.hour(day, hour), number, len(made.calls), touchpoint, topic, outcome))
        for day, hour, touchpoint, topic in heroine.BRANCH_VISITS:
            self._branch(heroine.hour(day, hour), touchpoint, topic)
        for day, hour in heroine.TICKETS:
            self._ticket(heroine.hour(day, hour))
        for day, touchpoint in heroine.ANSWERS:
            self._invited(heroine.hour(day, 18), touchpoint, self._response(heroine.hour(day, 20), touchpoint))

    # -- what comes of deals, of the pain point and of notice ------------------------------------------------------

    def _sold_and_left(self) -> None:
        draw, bank = self._draw, self._with_bank
        for deal in bank.deals:
            if deal.origin == "call":
                touchpoint = "renewal_offer" if bank.since is not None and bank.since < 0 else "hotline"
                self._call(deal.at, touchpoint, deal.product, "done", deal=deal.index)
            elif deal.origin == "branch_visit":
                self._branch(deal.at, "advice", deal.product, deal=deal.index)
                if deal.closed is not None:
                    self._branch(deal.closed, "advice", deal.product, deal=deal.index)
        if bank.touched is not None:
            at = period.at(bank.touched, draw.between(9 * 3600, 11 * 3600))
            self._call(at, "hotline", draw.pick(_TOPICS), "forwarded")
            at += draw.between(3600, 3 * 3600)
            for _ in range(draw.weighted(_CALLBACKS)):
                self._call(at, PAIN_POINT, draw.pick(_TOPICS), "repeated")
                at += draw.between(1, 3) * period.DAY_SECONDS
        if bank.notice is not None:
            at = period.at(bank.notice, draw.between(*_OFFICE_HOURS))
            if System.SERVICE_CENTRE in self._doors(at) and draw.chance(0.6):
                self._call(at, "cancellation", "cancellation", "done")
            else:
                self._branch(at, "cancellation", "cancellation")

    # -- everyday life ---------------------------------------------------------------------------------------------

    def _everyday(self) -> None:
        who, draw, bank = self._who, self._draw, self._with_bank
        share = (bank.last_day - who.first_day) / period.DAYS
        for _ in range(int(draw.skewed(2, 34) * share)):
            purpose = draw.weighted(_FREE)
            at, signed = self._moment(who.first_day, _WEB_HOURS), draw.chance(0.5)
            if purpose is Purpose.BANKING and who.deposits_day is None:
                purpose = Purpose.LOOKING
            self._visit(at, purpose, "", known=purpose is Purpose.BANKING or signed)
        if who.service_day is not None and who.service_day < bank.last_day:
            for _ in range(int(draw.skewed(2, 24) * share)):
                at = self._moment(who.service_day, _OFFICE_HOURS)
                self._call(at, "hotline", draw.pick(_TOPICS), draw.weighted(_OUTCOMES))
        for _ in range(int(draw.skewed(0, 9) * share)):
            self._branch(self._moment(who.first_day, _OFFICE_HOURS), "branch", draw.pick(_TOPICS))
        # The less satisfied a customer, the more she has to ask.
        wanted = int(draw.skewed(0, int(11 - 2.4 * who.satisfaction)) * share)
        for at in sorted(self._moment(who.first_day, _WEB_HOURS) for _ in range(wanted)):
            self._ticket(at)

    def _moment(self, since: int, hours: tuple[int, int]) -> int:
        first = min(max(0, since), self._with_bank.last_day - 1)
        return period.at(self._draw.between(first, self._with_bank.last_day - 1), self._draw.between(*hours))

    # -- one of each -----------------------------------------------------------------------------------------------

    def _visit(self, at: int, purpose: Purpose, product: str, *, known: bool) -> None:
        made, who = self._made, self._who
        known = known and who.deposits_day is not None and at >= period.at(who.deposits_day, 0)
        if purpose is Purpose.BANKING and not known:
            purpose = Purpose.LOOKING
        made.visits.append(Visit(at, who.number, len(made.visits), purpose, product, known))
        if known:
            self._ask(at, _ASKED_AFTER.get(purpose))

    def _call(self, at: int, touchpoint: str, topic: str, outcome: str, *, deal: int | None = None) -> None:
        made = self._made
        if at < self._with_bank.until:
            made.calls.append(Call(at, self._who.number, len(made.calls), touchpoint, topic, outcome, deal))
            self._ask(at, touchpoint)

    def _branch(self, at: int, touchpoint: str, topic: str, *, deal: int | None = None) -> None:
        made = self._made
        system, index = self._draw.pick(self._doors(at)), len(made.branch_visits)
        made.branch_visits.append(BranchVisit(at, self._who.number, index, touchpoint, topic, system, deal))
        self._ask(at, touchpoint)

    def _doors(self, at: int) -> list[System]:
        """The departments that know her by then."""
        return [system for day, system in self._known if day <= 0 or period.at(day, 0) <= at]

    def _ticket(self, at: int) -> None:
        made = self._made
        quick = self._effects and at >= initiative_begins()
        made.tickets.append(Ticket(at, self._who.number, len(made.tickets), quick))
        self._ask(at, "help_desk")

    def _ask(self, at: int, touchpoint: str | None) -> None:
        """Perhaps she is asked how it was, and answers: the very pleased and the very annoyed more often."""
        draw, who, bank = self._draw, self._who, self._with_bank
        share = _ANSWERED.get(touchpoint or "", 0.0)
        if touchpoint is None or not share or who.number == HEROINE:
            return
        asking = self._asking
        sent = at + asking.between(600, 3000)
        if not draw.chance(share * (0.75 + 0.3 * abs(who.satisfaction))):
            if asking.chance(share * _SILENT):
                self._invited(sent, touchpoint, None)
            return
        at += draw.between(3600, 4 * period.DAY_SECONDS)
        if draw.chance(_ASKED_IN_THE_NIGHT):
            # Some of the mailing went out in the night in which the clocks changed.
            night = period.day_of(draw.pick(period.CLOCK_CHANGES))
            if who.first_day <= night < bank.last_day:
                at = period.at(night, draw.between(*_NIGHT_HOURS))
                sent = period.at(night, asking.between(0, 1500))
        self._invited(sent, touchpoint, self._response(at, touchpoint) if at < bank.until else None)

    def _invited(self, at: int, touchpoint: str, response: Response | None) -> None:
        made, fate = self._made, self._asking.weighted(_FATES)
        if response is not None:
            reminders = int(response.at - at > 2 * period.DAY_SECONDS)
        else:
            reminders = int(fate != "bounced" and self._asking.chance(0.6))
        if at < self._with_bank.until:
            index = len(made.invitations)
            made.invitations.append(Invitation(at, self._who.number, index, touchpoint, fate, reminders, response))

    def _response(self, at: int, touchpoint: str) -> Response:
        made, who = self._made, self._who
        raised = self._effects and touchpoint == INITIATIVE_TOUCHPOINT and at >= initiative_begins()
        index = len(made.responses)
        made.responses.append(Response(at, who.number, index, who.language, who.satisfaction, touchpoint, raised))
        return made.responses[-1]


def _strange_visits(number: int, draw: Draw) -> Iterator[Visit]:
    for index in range(draw.between(1, 2)):
        at = period.at(draw.below(period.DAYS), draw.between(*_WEB_HOURS))
        yield Visit(at, number, index, Purpose.PASSING, "", known=False)
