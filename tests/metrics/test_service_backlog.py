"""What was open at an instant, and for how long: by hand, and by walking over objects."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from tests import company

from crmcx.errors import UsageError
from crmcx.metrics import BusinessClock, backlog, backlog_age, evidence
from crmcx.models import BusinessCalendar, Case, CaseChange, OpeningHours
from crmcx.tables import key_of

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVER = NOON - timedelta(days=999)


def case(number: int, hours: float | None = None, **more: Any) -> Case:
    given = {"status": "open", "opened_at": NOON, **more}
    if hours is not None:
        given |= {"closed_at": NOON + hours * HOUR, "status": "closed", **more}
    return Case(source="desk", source_id=str(number), **given)


def step(number: int, of: int, field: str, old: str | None, new: str | None, hours: float, **more: Any) -> CaseChange:
    return CaseChange(
        source="desk",
        source_id=str(number),
        case=f"desk/{of}",
        field=field,
        old=old,
        new=new,
        changed_at=NOON + hours * HOUR,
        **more,
    )


class TestBacklog:
    def test_by_dates(self) -> None:
        cases = [case(1), case(2, 5), case(3, 9), case(4, opened_at=NOON + 8 * HOUR), case(5, status="solved")]
        found = backlog(cases, as_of=NOON + 7 * HOUR)
        assert (found.value, found.n, found.unit) == (2, 3, "count")
        assert dict(found.counts) == {"open": 2, "ended": 1}
        assert dict(found.excluded) == {"status_unknown": 1}
        assert found.interval is None
        assert repr(found).startswith("backlog: 2; n = 3")
        assert backlog(cases, as_of=NOON + 5 * HOUR).value == 2
        assert backlog(cases, as_of=NOON + 4 * HOUR).value == 3

    def test_todays_status_does_not_count_for_a_past_date(self) -> None:
        """The mistake of others: a case that is closed by now is no part of the backlog of last week."""
        cases = [case(1, 9), case(2, 4)]
        steps = [
            step(1, 1, "status", "open", "closed", 9),
            step(2, 2, "status", "open", "solved", 1),
            step(3, 2, "status", "solved", "open", 2),
            step(4, 2, "status", "open", "closed", 4),
        ]
        looks = [NOON + at * HOUR for at in (0, 1, 2, 4, 9)]
        assert [backlog(cases, steps, as_of=at, known_since=EVER).value for at in looks] == [2, 1, 2, 1, 0]
        # The dates of the case cannot tell that it was solved for an hour.
        assert [backlog(cases, as_of=at).value for at in looks] == [2, 2, 2, 1, 0]

    def test_what_was_known_later_is_not_in_it(self) -> None:
        cases = [case(1, 9)]
        steps = [step(1, 1, "status", "open", "closed", 2, known_at=NOON + 6 * HOUR)]
        assert backlog(cases, steps, as_of=NOON + 3 * HOUR, known_since=EVER).value == 1
        later = backlog(cases, steps, at=NOON + 3 * HOUR, as_of=NOON + 7 * HOUR)
        assert later.value == 0
        assert dict(later.receipt.definition.parameters)["at"] == "2025-03-03T15:00:00+00:00"

    def test_groups_are_those_of_then(self) -> None:
        cases = [case(1, priority="high", category="bill")]
        steps = [
            step(1, 1, "priority", "low", "high", 5),
            step(2, 1, "status", "new", "open", 1),
        ]
        then = backlog(cases, steps, as_of=NOON + 2 * HOUR, by=["priority", "category"], known_since=EVER)
        assert then["low", "bill"].value == 1
        assert backlog(cases, steps, as_of=NOON + 6 * HOUR, by="priority")["high"].value == 1
        assert backlog(cases, as_of=NOON + 2 * HOUR, by="priority")["high"].value == 1

    def test_a_status_of_no_known_kind(self) -> None:
        cases = [case(1)]
        steps = [step(1, 1, "status", "open", "other", 1)]
        found = backlog(cases, steps, as_of=NOON + 2 * HOUR)
        assert (found.value, found.reason) == (None, "no cases")
        assert dict(found.excluded) == {"status_unknown": 1}

    def test_nothing(self) -> None:
        assert backlog([]).reason == "no cases"
        assert backlog([], []).reason == "no cases"
        assert backlog([case(1)], as_of=NOON - HOUR).value is None
        with pytest.raises(UsageError, match="more than once"):
            backlog([case(1), case(1)])

    @pytest.mark.parametrize("watched", [True, False])
    @pytest.mark.parametrize("hours", [60, 85, 110])
    def test_as_a_walk_over_steps(self, hours: int, watched: bool) -> None:
        draw = random.Random(4)
        cases, steps = company.cases(draw, 90), company.case_changes(draw, 90)
        steps = [each for each in steps if each.old and each.new]
        moments = [(each.case, each.field, each.changed_at) for each in steps]
        steps = [each for each, moment in zip(steps, moments, strict=True) if moments.count(moment) == 1]
        at = company.START + hours * HOUR
        found = {"open": 0, "ended": 0, "unknown": 0}
        for each in cases:
            if each.opened_at > at:
                continue
            mine = [move for move in steps if move.case == each.ref and move.field == "status"]

            def heard(move: CaseChange) -> datetime:
                return move.known_at or move.changed_at

            by_then = [move for move in mine if move.changed_at <= at and heard(move) <= at]
            unheard = [move for move in mine if heard(move) > at]
            status = each.status.value if watched else None
            if by_then:
                status = max(by_then, key=lambda move: move.changed_at).new
            elif unheard and watched:
                status = min(unheard, key=lambda move: (heard(move), move.changed_at)).old
            found["ended" if status in {"solved", "closed"} else "open" if status else "unknown"] += 1
        counted = backlog(cases, steps, as_of=at, known_since=EVER if watched else None)
        assert min(found["open"], found["ended"]) > 3
        assert dict(counted.excluded) == ({"status_unknown": found["unknown"]} if found["unknown"] else {})
        assert dict(counted.counts) == {"open": found["open"], "ended": found["ended"]}


class TestBacklogAge:
    CASES = (case(1), case(2, opened_at=NOON + HOUR), case(3, opened_at=NOON + 4 * HOUR), case(4, 2))

    def test_by_hand(self) -> None:
        found = backlog_age(self.CASES, as_of=NOON + 10 * HOUR)
        assert found.value == median([10, 9, 6]) * HOUR
        assert (found.n, found.interval) == (3, None)
        assert dict(found.excluded) == {"ended": 1}
        assert backlog_age(self.CASES, as_of=NOON + 10 * HOUR, quantile=0.9).value == 10 * HOUR
        assert evidence(found, self.CASES, part="open").keys == tuple(
            sorted(key_of("cases", f"desk/{number}") for number in (1, 2, 3))
        )

    def test_in_business_hours_without_pauses(self) -> None:
        hours = [OpeningHours(weekday=day, opens=timedelta(hours=9), closes=timedelta(hours=17)) for day in range(5)]
        office = BusinessCalendar(source="ours", source_id="1", code="office", zone="UTC", hours=hours)
        steps = [
            step(1, 1, "status", "open", "pending", 1),
            step(2, 1, "status", "pending", "open", 3),
            step(3, 2, "status", "new", "open", 2),
            step(4, 3, "status", "new", "open", 4),
            step(5, 4, "status", "open", "closed", 2),
        ]
        when = NOON + 24 * HOUR
        assert backlog_age(self.CASES, steps, as_of=when, calendar=office, by="source_id")["1"].value == 8 * HOUR
        told = backlog_age(self.CASES, steps, as_of=when, calendar=office, pauses=["pending"], by="source_id")
        assert [told[name].value for name in ("1", "2", "3")] == [6 * HOUR, 7 * HOUR, 4 * HOUR]
        lost = BusinessClock(calendars=[office], rule="now")
        assert dict(backlog_age(self.CASES, as_of=when, calendar=lost).excluded) == {"ended": 1, "no_business_hours": 3}

    def test_nothing(self) -> None:
        found = backlog_age([])
        assert (found.value, found.reason, found.n) == (None, "no open cases", 0)
