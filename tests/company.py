"""A few records of every kind, with gaps, ties and several answers a person: what the engines must agree on."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from crmcx.models import (
    Answer,
    BusinessCalendar,
    Case,
    CaseChange,
    Deal,
    DealChange,
    Feedback,
    Interaction,
    Invitation,
    InvitationStatus,
    Lead,
    Money,
    OpeningHours,
    Order,
    Scale,
    SlaTarget,
    Stage,
    StageChange,
    Subscription,
)

START = datetime(2025, 1, 30, 22, tzinfo=UTC)
NPS = Scale(min=0, max=10)
CSAT = Scale(min=1, max=5)


def interactions(draw: random.Random, people: int = 40) -> list[Interaction]:
    """Web steps and the messages of cases."""
    made = []
    for number in range(people * 12):
        person = draw.randrange(people)
        made.append(
            Interaction(
                source="web",
                source_id=str(number),
                customer=None if draw.random() < 0.03 else f"web/{person}",
                kind="page_view",
                occurred_at=START + timedelta(hours=draw.randrange(24 * 70)),
                touchpoint=draw.choice(["quote", "apply", "sign", "help", None]),
                channel=draw.choice(["web", "mobile_app"]),
                visibility=draw.choice(["customer"] * 9 + ["internal"]),
            )
        )
    for number in range(people):
        made.extend(
            Interaction(
                source="desk",
                source_id=f"{number}-{turn}",
                customer=f"web/{number}",
                kind="message",
                occurred_at=START + timedelta(hours=number, minutes=draw.randrange(-30, 900)),
                case=f"desk/{number}",
                direction=draw.choice(["outbound", "outbound", "inbound", None]),
                initiator=draw.choice(["employee", "employee", "bot", "customer", None]),
                visibility=draw.choice(["customer"] * 4 + ["internal"]),
            )
            for turn in range(draw.randrange(2, 6))
        )
    talk = random.Random(6)
    made.extend(
        Interaction(
            source="desk",
            source_id=f"{number}-more-{turn}",
            customer=f"web/{number}",
            kind="message",
            occurred_at=START + timedelta(hours=number, minutes=talk.randrange(900, 4000)),
            case=f"desk/{number}",
            direction=talk.choice(["outbound", "inbound"]),
        )
        for number in range(0, people, 2)
        for turn in range(talk.randrange(7))
    )
    return made


def cases(draw: random.Random, people: int = 40) -> list[Case]:
    """Cases, some open, some dirty."""
    made = []
    for number in range(people):
        opened = START + timedelta(hours=number)
        closed = opened + timedelta(hours=draw.randrange(-1, 90)) if draw.random() < 0.8 else None
        made.append(
            Case(
                source="desk",
                source_id=str(number),
                customer=f"web/{number % 13}",
                status="closed" if closed else "open",
                opened_at=opened,
                closed_at=closed,
                resolved_at=closed,
                met_sla=draw.choice([True, True, False, None]),
                priority=draw.choice(["low", "high", None]),
            )
        )
    teams = random.Random(5)
    return [
        case.model_copy(
            update={
                "team": teams.choice(TEAMS),
                "category": teams.choice(["bill", "login", None]),
                "reopened": teams.choice([0, 0, 0, 1, None]),
                "targets": targets(teams, case.opened_at),
            }
        )
        for case in made
    ]


TEAMS = ("front", "back", "night", None)
CASE_STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")


def targets(draw: random.Random, opened: datetime) -> tuple[SlaTarget, ...]:
    """Agreed times, some with a date and some in hours of a calendar, some applied later, or in one instant."""
    made = []
    for _ in range(draw.randrange(4)):
        applied = draw.choice([None, opened, opened + timedelta(hours=draw.randrange(9))])
        due = draw.choice([None, (applied or opened) + timedelta(hours=draw.randrange(40))])
        made.append(
            SlaTarget(
                metric=draw.choice(["first_response", "resolution"]),
                applied_at=applied,
                due_at=due,
                target=draw.choice([None, timedelta(hours=draw.randrange(20))]) if due else timedelta(hours=4),
                calendar=draw.choice([None, "front", "night", "nowhere"]),
            )
        )
    return tuple(made)


def case_changes(draw: random.Random, people: int = 40) -> list[CaseChange]:
    """Steps of the same cases: statuses, teams and priorities, many in one instant, some that were known late."""
    made = []
    for number in range(people):
        for turn in range(draw.randrange(6)):
            field = draw.choice(["status", "status", "team", "priority"])
            words = {"status": CASE_STATUSES, "team": TEAMS, "priority": ("low", "high", None)}[field]
            at = START + timedelta(hours=number, minutes=30 * draw.randrange(-2, 200))
            made.append(
                CaseChange(
                    source="desk",
                    source_id=f"{number}-{turn}",
                    case=f"desk/{number}",
                    field=field,
                    old=draw.choice(words),
                    new=draw.choice(words),
                    changed_at=at,
                    known_at=draw.choice([None, at, at + timedelta(hours=draw.randrange(90))]),
                )
            )
    return made


def calendars() -> list[BusinessCalendar]:
    """Hours by day, over midnight, and on some days only."""

    def hours(opens: int, closes: int, days: range) -> list[OpeningHours]:
        return [OpeningHours(weekday=day, opens=timedelta(hours=opens), closes=timedelta(hours=closes)) for day in days]

    front = [*hours(9, 12, range(5)), *hours(13, 18, range(5)), OpeningHours(day=(START + timedelta(days=4)).date())]
    told = {"front": ("Europe/Berlin", front), "night": ("Australia/Lord_Howe", hours(20, 30, range(7)))}
    return [
        BusinessCalendar(source="ours", source_id=code, code=code, zone=zone, hours=opening)
        for code, (zone, opening) in told.items()
    ]


def deals(draw: random.Random, people: int = 60) -> list[Deal]:
    """Deals, with and without amounts."""
    return [
        Deal(
            source="crm",
            source_id=str(number),
            customer=f"web/{number % 17}",
            account=None if number % 11 == 0 else f"crm/{number % 9}",
            stage=DEAL_STAGES[number % 4],
            probability=None if number % 13 == 0 else number % 5 / 4,
            created_at=None if number % 7 == 0 else START - timedelta(days=number),
            opened_on=None if number % 14 == 0 else (START - timedelta(days=number)).date(),
            expected_close=None if number % 6 == 0 else (START + timedelta(days=number)).date(),
            status=draw.choice(["won", "won", "lost", "open", "abandoned"]),
            amount=None
            if draw.random() < 0.1
            else Money(amount=str(draw.randrange(-500, 9_000_000)) + ".123456", currency="EUR"),
            product=draw.choice(["loan", "card", None]),
            closed_at=None if draw.random() < 0.3 else START + timedelta(days=draw.randrange(60)),
            closed_on=(START + timedelta(days=draw.randrange(60))).date(),
        )
        for number in range(people)
    ]


DEAL_STAGES = ("talk", "offer", "deal", None)


def deal_changes(draw: random.Random, people: int = 60) -> list[DealChange]:
    """Steps of the same deals: stages, statuses and amounts, many in one instant, some that were known late."""
    words = {
        "stage": DEAL_STAGES,
        "status": ("open", "open", "open", "won", "lost", "odd"),
        "amount": ("9.5 EUR", "70000.25 EUR", "12 EUR", "3000 EUR", "odd", None),
    }
    made = []
    for number in range(people):
        for turn in range(draw.randrange(5)):
            field = draw.choice(list(words))
            at = START + timedelta(hours=6 * draw.randrange(-100, 240))
            made.append(
                DealChange(
                    source="crm",
                    source_id=f"{number}-{turn}",
                    deal=f"crm/{number}",
                    field=field,
                    old=draw.choice(words[field]),
                    new=draw.choice(words[field]),
                    changed_at=at,
                    known_at=draw.choice([None, at, at + timedelta(hours=draw.randrange(900))]),
                )
            )
    return made


def leads(draw: random.Random, people: int = 70) -> list[Lead]:
    """Leads, some of them twice, some that were converted, some dirty."""
    made = []
    for number in range(people):
        hours = draw.randrange(30) if number % 2 else 12 * draw.randrange(90)
        created = START + timedelta(hours=hours) if draw.random() < 0.95 else None
        status = draw.choice(["new", "working", "converted", "converted", "disqualified"])
        turned = START + timedelta(hours=7 * draw.randrange(200)) if draw.random() < 0.9 else None
        made.append(
            Lead(
                source="crm",
                source_id=str(number),
                customer=None if draw.random() < 0.1 else f"web/{draw.randrange(40)}",
                status=status,
                origin=draw.choice(["web", "fair", None]),
                created_at=created,
                converted_at=turned if status == "converted" else None,
            )
        )
    return made


def feedback(draw: random.Random, people: int = 200) -> list[Feedback]:
    """Submissions with an NPS and a CSAT item; people answer more than once, or anonymously."""
    return [
        Feedback(
            source="survey",
            source_id=str(number),
            customer=None if draw.random() < 0.2 else f"web/{draw.randrange(50)}",
            instrument="relation",
            submitted_at=START + timedelta(hours=draw.randrange(24 * 70)),
            status=draw.choice(["complete"] * 8 + ["partial", "test", "screened_out"]),
            touchpoint=draw.choice(["quote", "sign", None]),
            language=draw.choice(["en", "de"]),
            answers=[_answer(draw, "recommend", "nps", NPS), _answer(draw, "satisfied", "csat", CSAT)],
        )
        for number in range(people)
    ]


def surveys(draw: random.Random, people: int = 150) -> list[Feedback]:
    """Submissions with items of effort, of what was and what was expected, and of three factors; with gaps."""
    seven, five, back = Scale(min=1, max=7), Scale(min=1, max=5), Scale(min=1, max=5, direction="lower_is_better")
    items = [("effort", "ces", seven), ("was", "likert", seven), ("should", "likert", seven)]
    items += [("done", "likert", five), ("easy", "likert", back), ("felt", "likert", seven), ("stay", "likert", NPS)]
    return [
        Feedback(
            source="survey",
            source_id=f"s{number}",
            customer=None if draw.random() < 0.2 else f"web/{draw.randrange(50)}",
            instrument="visit",
            submitted_at=START + timedelta(hours=draw.randrange(24 * 70)),
            status=draw.choice(["complete"] * 8 + ["partial", "test", "screened_out"]),
            kind=draw.choice(["survey", "survey", "complaint"]),
            touchpoint=draw.choice(["quote", "sign", None]),
            language=draw.choice(["en", "de"]),
            answers=[_answer(draw, item, kind, scale) for item, kind, scale in items if draw.random() < 0.95],
        )
        for number in range(people)
    ]


def invitations(draw: random.Random, people: int = 200) -> list[Invitation]:
    """Invitations of every fate."""
    made = []
    for number in range(people):
        sent = START + timedelta(hours=draw.randrange(24 * 40))
        status = draw.choice([*InvitationStatus, InvitationStatus.COMPLETED, InvitationStatus.COMPLETED])
        completed = sent + timedelta(hours=draw.randrange(400)) if status is InvitationStatus.COMPLETED else None
        made.append(
            Invitation(
                source="survey",
                source_id=str(number),
                customer=None if draw.random() < 0.1 else f"web/{draw.randrange(50)}",
                instrument="relation",
                sent_at=sent,
                status=status,
                channel=draw.choice(["email", "sms", None]),
                completed_at=completed if draw.random() < 0.9 else None,
            )
        )
    return made


def stage_changes(draw: random.Random, people: int = 40) -> list[StageChange]:
    """Steps of the whole relation and of two product lines, many in one instant, some predicted."""
    return [
        StageChange(
            source="crm",
            source_id=str(number),
            customer=f"web/{draw.randrange(people)}",
            scope=draw.choice(["", "loan", "card"]),
            stage=draw.choice(list(Stage)),
            changed_at=START + timedelta(hours=12 * draw.randrange(140)),
            known_at=draw.choice([None, START + timedelta(hours=12 * draw.randrange(140))]),
            mode=draw.choice(["observed"] * 4 + ["derived", "predicted"]),
        )
        for number in range(people * 8)
    ]


def subscriptions(draw: random.Random, people: int = 40) -> list[Subscription]:
    """Contracts, several a person, with gaps and without, some on trial, some cancelled before they began."""
    made = []
    for number in range(people * 2):
        start = START + timedelta(hours=12 * draw.randrange(-80, 80))
        made.append(
            Subscription(
                source="billing",
                source_id=str(number),
                customer=None if draw.random() < 0.05 else f"web/{draw.randrange(people)}",
                product=draw.choice(["loan", "card", None]),
                status=draw.choice(["active", "active", "ended", "trial"]),
                started_at=None if draw.random() < 0.05 else start,
                trial_ends_at=start + timedelta(days=10) if draw.random() < 0.1 else None,
                ended_at=start + timedelta(hours=12 * draw.randrange(-1, 90)) if draw.random() < 0.6 else None,
            )
        )
    return made


def orders(draw: random.Random, people: int = 40) -> list[Order]:
    """Orders, with ties, some cancelled, some without an amount or a customer."""
    return [
        Order(
            source="shop",
            source_id=str(number),
            customer=None if draw.random() < 0.05 else f"web/{int(people * draw.random() ** 2)}",
            placed_at=START + timedelta(hours=6 * draw.randrange(280)),
            status=draw.choice(["paid"] * 5 + ["placed", "cancelled", "refunded"]),
            total=None if draw.random() < 0.05 else Money(amount=f"{draw.randrange(1, 40)}.50", currency="EUR"),
            channel=draw.choice(["web", "phone", None]),
        )
        for number in range(people * 6)
    ]


def _answer(draw: random.Random, item: str, kind: str, scale: Scale) -> Answer:
    state: Any = draw.choice(["answered"] * 7 + ["skipped", "not_shown", "not_applicable"])
    answered = state == "answered"
    score = draw.randrange(int(scale.min), int(scale.max) + 1) if answered else None
    return Answer(item=item, kind=kind, state=state, score=score, scale=scale if answered else None)
