"""The plan of three years: in order, within the time of the customer, driven by latent satisfaction."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from crmcx.demo import period
from crmcx.demo.conversations import Conversation, conversation
from crmcx.demo.effects import PAIN_POINT
from crmcx.demo.lives import gather
from crmcx.demo.people import person
from crmcx.demo.plan import Plan
from crmcx.demo.records import made_on
from crmcx.demo.sales import FUNNEL_DAYS, Phase, Purpose, Status, Visit
from crmcx.demo.stages import Relation

CUSTOMERS = 1500
JOURNEY = (Purpose.QUOTING, Purpose.APPLYING, Purpose.UPLOADING, Purpose.SIGNING)
LISTS = ("visits", "deals", "tickets", "invitations", "responses", "calls", "branch_visits")


@pytest.fixture(scope="module")
def lives() -> tuple[Plan, tuple[Relation, ...]]:
    """The lives of 1,500 people."""
    return gather(7, CUSTOMERS)


@pytest.fixture(scope="module")
def plan(lives: tuple[Plan, tuple[Relation, ...]]) -> Plan:
    """What happens to them."""
    return lives[0]


@pytest.fixture(scope="module")
def talks(plan: Plan) -> list[tuple[int, Conversation]]:
    """The conversation of each ticket with the instant it was opened."""
    return [(ticket.at, conversation(7, ticket)) for ticket in plan.tickets]


def test_everything_is_in_order_and_within_the_three_years(plan: Plan) -> None:
    for name in LISTS:
        keys = [(event.at, event.number, event.index) for event in getattr(plan, name)]
        assert keys == sorted(set(keys))
        assert period.at(0, 0) <= keys[0][0] < keys[-1][0] < period.end()
        assert len({(number, index) for _, number, index in keys}) == len(keys)


def test_nothing_happens_to_somebody_whom_the_bank_does_not_know(
    lives: tuple[Plan, tuple[Relation, ...]],
) -> None:
    plan, relations = lives
    people = [person(7, number) for number in range(CUSTOMERS)]
    for name in LISTS:
        for event in getattr(plan, name):
            if event.number < CUSTOMERS:
                assert period.at(people[event.number].first_day, 0) <= event.at < relations[event.number].until
    for call in plan.calls:
        day = people[call.number].service_day
        assert day is not None
        assert day <= 0 or period.at(day, 0) <= call.at
    for visit in plan.branch_visits:
        day = made_on(people[visit.number], visit.system)
        assert day is not None
        assert day <= 0 or period.at(day, 0) <= visit.at
    for visit in plan.visits:
        if visit.known:
            day = people[visit.number].deposits_day
            assert day is not None
            assert day <= 0 or period.at(day, 0) <= visit.at


@pytest.mark.parametrize("seed", [4, 5])
def test_only_customers_are_asked_in_the_nights_in_which_the_clocks_change(seed: int) -> None:
    # Banks in which the mailing has to leave out somebody who has gone, or has not come yet.
    plan, relations = gather(seed, 1500)
    nights = {period.day_of(day) for day in period.CLOCK_CHANGES}
    asked = [
        response
        for response in plan.responses
        if period.day_of(period.local(response.at).date()) in nights and period.local(response.at).hour < 6
    ]
    assert len(asked) > 8
    for response in asked:
        who = person(seed, response.number)
        assert period.at(who.first_day, 0) <= response.at < relations[response.number].until


def test_strangers_only_pass_by(plan: Plan) -> None:
    strangers = [visit for visit in plan.visits if visit.number >= CUSTOMERS]
    assert len({visit.number for visit in strangers}) == CUSTOMERS
    assert {visit.purpose for visit in strangers} == {Purpose.PASSING}
    assert not any(visit.known for visit in strangers)
    assert Purpose.PASSING not in {visit.purpose for visit in plan.visits if visit.number < CUSTOMERS}


def test_a_deal_is_open_until_it_is_decided(plan: Plan) -> None:
    assert {deal.status for deal in plan.deals} == set(Status)
    for deal in plan.deals:
        assert (deal.closed is None) == (deal.status is Status.OPEN)
        assert deal.closed is None or deal.at <= deal.closed < period.end()
        assert (deal.phase is Phase.CONTRACT) == (deal.status is Status.WON)
        assert bool(deal.reason) == (deal.status is Status.LOST)
        assert deal.cents > 0


def test_an_application_on_the_web_is_quick_and_is_won_by_its_signature(plan: Plan) -> None:
    journeys: defaultdict[int, list[Visit]] = defaultdict(list)
    for visit in plan.visits:
        if visit.purpose in JOURNEY:
            journeys[visit.number].append(visit)
    signed = 0
    for visits in journeys.values():
        assert visits[0].purpose is Purpose.QUOTING
        quoted = 0
        for before, visit in zip([None, *visits], visits, strict=False):
            assert visit.known
            assert visit.product
            if visit.purpose is Purpose.QUOTING:
                quoted = visit.at
            else:
                assert before is not None
                assert JOURNEY.index(before.purpose) < JOURNEY.index(visit.purpose)
                assert before.product == visit.product
                assert visit.at - before.at > 6 * 3600
            assert visit.at - quoted < FUNNEL_DAYS * period.DAY_SECONDS - 7200
            signed += visit.purpose is Purpose.SIGNING
    won = Counter(deal.origin for deal in plan.deals if deal.status is Status.WON)
    assert won["web"] == signed > 0


def test_talks_about_a_deal_are_calls_and_visits(plan: Plan) -> None:
    talks = {(each.number, each.at) for each in (*plan.calls, *plan.branch_visits)}
    counter = [deal for deal in plan.deals if deal.origin != "web"]
    assert {deal.origin for deal in counter} == {"call", "branch_visit"}
    for deal in counter:
        assert (deal.number, deal.at) in talks
        assert deal.origin == "call" or deal.closed is None or (deal.number, deal.closed) in talks


def test_whoever_gives_notice_does_so_at_a_touchpoint(lives: tuple[Plan, tuple[Relation, ...]]) -> None:
    plan, relations = lives
    told = Counter(each.number for each in (*plan.calls, *plan.branch_visits) if each.touchpoint == "cancellation")
    assert told == Counter(number for number, relation in enumerate(relations) if relation.notice is not None)
    assert len(told) > 150


def test_the_pain_point_is_met_by_those_of_whom_it_is_said(lives: tuple[Plan, tuple[Relation, ...]]) -> None:
    plan, relations = lives
    met: dict[int, int] = {}
    for call in plan.calls:
        if call.touchpoint == PAIN_POINT:
            met.setdefault(call.number, period.day_of(period.local(call.at).date()))
    assert met == {number: each.touched for number, each in enumerate(relations) if each.touched is not None}
    for number, day in met.items():
        assert any(call.number == number and call.touchpoint == "hotline" for call in plan.calls)
        assert relations[number].notice is None or day < (relations[number].notice or 0)


def test_satisfaction_drives_deals_and_tickets(plan: Plan) -> None:
    mood = [person(7, number).satisfaction for number in range(CUSTOMERS)]
    decided = [deal for deal in plan.deals if deal.status is not Status.OPEN]

    def won(*, happy: bool) -> float:
        group = [deal.status is Status.WON for deal in decided if (mood[deal.number] > 0) == happy]
        return sum(group) / len(group)

    assert won(happy=True) > won(happy=False) + 0.1
    assert sum(mood[deal.number] > 0 for deal in decided) > 0.52 * len(decided)
    tickets = Counter(mood[ticket.number] > 0 for ticket in plan.tickets)
    assert tickets[False] > 1.1 * tickets[True]
    per_head = Counter(response.number for response in plan.responses)
    extreme = [per_head[number] for number, value in enumerate(mood) if abs(value) > 1.2]
    assert sum(extreme) / len(extreme) > 1.1 * len(plan.responses) / CUSTOMERS


def test_the_first_response_is_a_public_one_of_an_employee(talks: list[tuple[int, Conversation]]) -> None:
    notes_before = bots = 0
    for opened, talk in talks:
        assert talk.comments[0].at == opened
        assert talk.comments[0].role == "end-user"
        assert list(talk.comments) == sorted(talk.comments, key=lambda comment: comment.at)
        assert talk.comments[-1].at < period.end()
        employee = [comment for comment in talk.comments if comment.role == "agent"]
        public = [comment.at for comment in employee if comment.public]
        assert talk.first_response == (min(public) if public else None)
        notes_before += bool(public) and employee[0].at < public[0]
        bots += any(comment.role == "bot" for comment in talk.comments)
        assert all(comment.public for comment in talk.comments if comment.role != "agent")
    assert notes_before > 0
    assert bots > 0


def test_a_ticket_stands_where_its_times_say(talks: list[tuple[int, Conversation]]) -> None:
    for opened, talk in talks:
        if talk.first_response is None:
            assert talk.status == "new"
            assert talk.met_sla is None or opened + 8 * 3600 < period.end()
        else:
            assert talk.met_sla == (talk.first_response - opened <= 8 * 3600)
        assert (talk.status in {"solved", "closed"}) == (talk.solved is not None)
        assert talk.solved is None or opened < talk.solved < period.end()
    assert {talk.met_sla for _, talk in talks} == {True, False} or None in {talk.met_sla for _, talk in talks}


def test_a_response_carries_the_customers_language_and_satisfaction(plan: Plan) -> None:
    assert {response.language for response in plan.responses} == {"de", "en"}
    for response in plan.responses:
        who = person(7, response.number)
        assert (response.language, response.satisfaction) == (who.language, who.satisfaction)
