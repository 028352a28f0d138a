"""Agreed times by the target in force: by hand, and by walking over objects."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from tests import company

from crmcx.errors import MissingColumnError, UsageError
from crmcx.metrics import business_time, evidence, target_attainment
from crmcx.models import BusinessCalendar, Case, CaseChange, Interaction, OpeningHours, SlaTarget
from crmcx.tables import key_of

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def case(number: int, *targets: SlaTarget, **more: Any) -> Case:
    given = {"status": "open", "opened_at": NOON, **more}
    return Case(source="desk", source_id=str(number), targets=targets, **given)


def target(hours: float, *, since: float | None = 0, **more: Any) -> SlaTarget:
    applied = None if since is None else NOON + since * HOUR
    return SlaTarget(**({"metric": "resolution", "target": hours * HOUR, "applied_at": applied} | more))


def resolved(cases: list[Case], **more: Any) -> dict[str, int]:
    return dict(target_attainment(cases, cases, of="resolution", **more).counts)


class TestTheTargetInForce:
    def test_a_priority_that_changed_afterwards_changes_nothing(self) -> None:
        """The mistake of others: today's priority decides for all of the past."""
        cases = [
            case(1, target(8), target(1, since=6), resolved_at=NOON + 5 * HOUR),
            case(2, target(8), target(1, since=3), resolved_at=NOON + 5 * HOUR),
            case(3, target(1), target(8, since=0.5), resolved_at=NOON + 5 * HOUR),
        ]
        found = target_attainment(cases, cases, of="resolution")
        assert dict(found.counts) == {"met": 2, "missed": 1}
        assert evidence(found, cases, cases, part="missed").keys == (key_of("cases", "desk/2"),)

    def test_open_cases_that_are_overdue_were_missed(self) -> None:
        cases = [case(1, target(2)), case(2, target(9)), case(3)]
        found = target_attainment(cases, cases, of="resolution", as_of=NOON + 3 * HOUR)
        assert dict(found.counts) == {"met": 0, "missed": 1}
        assert dict(found.excluded) == {"no_target": 1, "not_due": 1}
        assert target_attainment(cases, cases, of="resolution", as_of=NOON + 2 * HOUR).n == 0

    def test_its_end_is_included(self) -> None:
        cases = [case(1, target(2), resolved_at=NOON + 2 * HOUR)]
        due = [case(1, target(9, due_at=NOON + 2 * HOUR), resolved_at=NOON + 2 * HOUR)]
        late = [case(1, target(9, due_at=NOON + 2 * HOUR), resolved_at=NOON + 2 * HOUR + timedelta(microseconds=1))]
        assert [resolved(each)["met"] for each in (cases, due, late)] == [1, 1, 0]

    def test_business_hours_and_pauses(self) -> None:
        hours = [OpeningHours(weekday=day, opens=timedelta(hours=9), closes=timedelta(hours=17)) for day in range(5)]
        office = BusinessCalendar(source="ours", source_id="1", code="office", zone="UTC", hours=hours)
        cases = [case(1, target(6, calendar="office"), resolved_at=NOON + 23 * HOUR)]  # 5 h on Monday, 2 h on Tuesday
        assert resolved(cases, calendars=[office]) == {"met": 0, "missed": 1}
        assert dict(target_attainment(cases, cases, of="resolution").excluded) == {"no_business_hours": 1}
        steps = [
            CaseChange(
                source="desk",
                source_id=new,
                case="desk/1",
                field="status",
                old=old,
                new=new,
                changed_at=NOON + at * HOUR,
            )
            for old, new, at in (("open", "pending", 1), ("pending", "open", 2))
        ]
        found = target_attainment(cases, cases, None, steps, of="resolution", calendars=[office], pauses=["pending"])
        assert dict(found.counts) == {"met": 1, "missed": 0}

    def test_first_response(self) -> None:
        promise = target(2, metric="first_response")
        cases = [
            case(1, promise),
            case(2, promise),
            case(3, promise, closed_at=NOON + HOUR),
            case(4, promise, closed_at=NOON + 3 * HOUR),
            case(5, target(2)),
        ]
        replies = [
            Interaction(
                source="desk",
                source_id=str(of),
                case=f"desk/{of}",
                kind="message",
                occurred_at=NOON + at * HOUR,
                **({"initiator": "employee"} | more),
            )
            for of, at, more in (
                (1, 1.0, {}),
                (2, 1.0, {"initiator": "bot"}),
                (2, 1.5, {"visibility": "internal"}),
                (2, 3.0, {}),
            )
        ]
        found = target_attainment(cases, cases, replies)
        assert dict(found.counts) == {"met": 1, "missed": 2}
        assert dict(found.excluded) == {"ended_without": 1, "no_target": 1}

    def test_what_is_refused(self) -> None:
        with pytest.raises(UsageError, match="needs the interactions"):
            target_attainment([], [])
        with pytest.raises(UsageError, match="expected one of first_response, resolution"):
            target_attainment([], [], of="next_response")
        frame = pl.DataFrame({"key": [1], "opened_us": [0], "closed_us": [1]})
        with pytest.raises(MissingColumnError, match="lacks due_us and target_us"):
            target_attainment(frame, pl.DataFrame({"case_key": [1], "metric": ["resolution"]}), of="resolution")
        with pytest.raises(UsageError, match="needs the changes"):
            target_attainment([], [], of="resolution", pauses=["pending"])
        assert target_attainment([], [], of="resolution").reason == "no cases with agreed times"


@pytest.mark.parametrize("of", ["first_response", "resolution"])
@pytest.mark.parametrize("hours", [70, 2000])
def test_as_a_walk_over_cases(of: str, hours: int) -> None:
    draw = random.Random(21)
    cases, messages = company.cases(draw, 150), company.interactions(draw, 150)
    places = {each.code: each for each in company.calendars()}
    as_of = company.START + hours * HOUR
    found = {"met": 0, "missed": 0}
    excluded = {"no_target": 0, "not_due": 0, "ended_without": 0, "no_business_hours": 0}

    def waited(case: Case) -> tuple[bool, datetime]:
        """Whether it came, and when; or up to when it was waited for."""
        closed = case.closed_at if case.closed_at and case.closed_at <= as_of else None
        if of == "resolution":
            return closed is not None, closed or as_of
        answers = [
            each.occurred_at
            for each in messages
            if each.case == case.ref
            and each.visibility == "customer"
            and case.opened_at <= each.occurred_at <= as_of
            and (
                (each.initiator == "employee" and each.direction in {None, "outbound"})
                or (each.initiator is None and each.direction == "outbound")
            )
        ]
        return bool(answers), min(answers) if answers else closed or as_of

    for each in cases:
        if each.opened_at > as_of:
            continue
        done, at = waited(each)
        mine = [
            (promise.applied_at or datetime.min.replace(tzinfo=UTC), place, promise)
            for place, promise in enumerate(each.targets)
            if promise.metric == of and (promise.applied_at is None or promise.applied_at <= at)
        ]
        if not mine or (
            mine
            and max(mine, key=lambda one: one[:2])[2].due_at is None
            and max(mine, key=lambda one: one[:2])[2].target is None
        ):
            excluded["no_target"] += 1
            continue
        promise = max(mine, key=lambda one: one[:2])[2]
        if promise.due_at is not None:
            late = at > promise.due_at
        elif promise.calendar == "nowhere" and at > each.opened_at:
            excluded["no_business_hours"] += 1
            continue
        else:
            place = places.get(promise.calendar or "")
            length = max(at - each.opened_at, timedelta())
            late = (business_time(each.opened_at, max(at, each.opened_at), place) if place else length) > promise.target
        if done:
            found["missed" if late else "met"] += 1
        elif late:
            found["missed"] += 1
        else:
            over = of == "first_response" and each.closed_at and each.closed_at <= as_of
            excluded["ended_without" if over else "not_due"] += 1
    told = target_attainment(cases, cases, messages, of=of, calendars=list(places.values()), as_of=as_of)
    assert min(found.values()) > 3
    assert dict(told.counts) == found
    assert dict(told.excluded) == {reason: number for reason, number in excluded.items() if number}
