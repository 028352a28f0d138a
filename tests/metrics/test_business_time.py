"""Times of service by business hours: worked by hand, by published account, and minute by minute."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import company
from tests.wall_clock import shows

from crmcx import Workspace
from crmcx.errors import UsageError
from crmcx.instants import to_us
from crmcx.metrics import BusinessClock, business_time, first_response_time, next_response_time, resolution_time
from crmcx.models import BusinessCalendar, Case, CaseChange, Interaction, OpeningHours

HOUR = timedelta(hours=1)
GRID = timedelta(minutes=10)
RULES = ("now", "at start", "at end", "in force")


def hours(days: range, opens: float, closes: float) -> list[OpeningHours]:
    return [OpeningHours(weekday=day, opens=opens * HOUR, closes=closes * HOUR) for day in days]


def calendar(code: str, zone: str, opening: list[OpeningHours], **more: Any) -> BusinessCalendar:
    return BusinessCalendar(source="ours", source_id=code, code=code, zone=zone, hours=opening, **more)


def step(number: int, of: str, field: str, old: str | None, new: str | None, at: datetime, **more: Any) -> CaseChange:
    return CaseChange(
        source="desk", source_id=str(number), case=f"desk/{of}", field=field, old=old, new=new, changed_at=at, **more
    )


class TestOneTicketTwoLengths:
    """Of one ticket a public account tells 959 business minutes by all its schedules, and 689 by its last one.

    Source: the decision log of the dbt package for Zendesk by Fivetran, business time metrics, read 2026-11-25. It
    rounds the opening (17:01:38) to the minute and writes 959 minutes and 46 seconds as 959.46.
    """

    LEVEL_1 = calendar("level 1", "America/Chicago", hours(range(7), 7, 21))
    LEVEL_2 = calendar("level 2", "America/Los_Angeles", hours(range(5), 8, 17.5))
    OPENED = datetime(2020, 9, 29, 17, 2, tzinfo=UTC)
    CASE = Case(source="desk", source_id="1", status="solved", opened_at=OPENED, team="level 2")
    MOVED = step(1, "1", "team", "level 1", "level 2", datetime(2020, 9, 30, 19, 1, 25, tzinfo=UTC))
    NOTE, REPLY = (
        Interaction(
            source="desk",
            source_id=visibility,
            case="desk/1",
            kind="support_comment",
            occurred_at=datetime(2020, 9, 30, 19, 1, second, tzinfo=UTC),
            initiator="employee",
            visibility=visibility,
        )
        for visibility, second in (("internal", 25), ("customer", 46))
    )

    @pytest.mark.parametrize(
        ("rule", "seconds"),
        [
            ("in force", 959 * 60 + 46),
            ("at end", 689 * 60 + 46),
            ("now", 689 * 60 + 46),
            ("at start", 959 * 60 + 46),
        ],
    )
    def test_both_by_argument(self, rule: str, seconds: int) -> None:
        clock = BusinessClock(calendars=[self.LEVEL_1, self.LEVEL_2], rule=rule)
        found = first_response_time([self.CASE], [self.NOTE, self.REPLY], [self.MOVED], calendar=clock)
        assert found.value == timedelta(seconds=seconds)
        assert dict(found.receipt.definition.parameters)["clock"]["rule"] == rule

    def test_each_rule_is_a_definition_of_its_own(self) -> None:
        both = [self.LEVEL_1, self.LEVEL_2]
        clocks = [None, self.LEVEL_1, self.LEVEL_2, *(BusinessClock(calendars=both, rule=rule) for rule in RULES)]
        clocks.append(self.LEVEL_1.model_copy(update={"zone": "America/Denver"}))
        clocks.append(BusinessClock(calendars=both, rule="now", of={"gold": "level 1"}))
        hashes = [
            first_response_time([self.CASE], [self.REPLY], [], calendar=clock).receipt.definition.hash
            for clock in clocks
        ]
        assert len(set(hashes)) == len(clocks)
        alike = self.LEVEL_1.model_copy(update={"source_id": "other", "hours": tuple(reversed(self.LEVEL_1.hours))})
        assert first_response_time([], [], calendar=alike).receipt.definition.hash == hashes[1]

    def test_several_places_together(self) -> None:
        both = [self.LEVEL_1, self.LEVEL_2]
        end = self.OPENED + 24 * HOUR  # from 12:02 in Chicago; Los Angeles has 8:00 to 17:30, that is 10:00 to 19:30
        assert business_time(self.OPENED, end, BusinessClock(calendars=both, rule="any open")) == 14 * HOUR
        assert business_time(self.OPENED, end, BusinessClock(calendars=both, rule="all open")) == 9.5 * HOUR


class TestPauses:
    def test_the_clock_stands_while_the_customer_is_asked(self) -> None:
        noon = datetime(2025, 3, 3, 12, tzinfo=UTC)
        case = Case(source="desk", source_id="1", status="closed", opened_at=noon, closed_at=noon + 10 * HOUR)
        steps = [
            step(1, "1", "status", "open", "pending", noon + HOUR),
            step(2, "1", "status", "pending", "open", noon + 4 * HOUR),
            step(3, "1", "status", "open", "on_hold", noon + 6 * HOUR),
            step(4, "1", "status", "on_hold", "solved", noon + 7 * HOUR),
        ]
        assert resolution_time([case], steps).value == 10 * HOUR
        assert resolution_time([case], steps, pauses=["pending"]).value == 7 * HOUR
        assert resolution_time([case], steps, pauses=["pending", "on_hold"]).value == 6 * HOUR
        office = calendar("office", "UTC", hours(range(5), 9, 17))
        assert resolution_time([case], steps, calendar=office, pauses=["pending"]).value == 2 * HOUR

    def test_before_its_first_step_a_field_was_what_that_says(self) -> None:
        noon = datetime(2025, 3, 3, 12, tzinfo=UTC)
        case = Case(source="desk", source_id="1", status="open", opened_at=noon)
        steps = [step(1, "1", "status", "pending", "open", noon + 4 * HOUR)]
        replied = [
            Interaction(
                source="desk", source_id="1", case="desk/1", kind="message", direction="outbound", occurred_at=at
            )
            for at in (noon + 5 * HOUR,)
        ]
        assert first_response_time([case], replied, steps, pauses=["pending"]).value == HOUR
        # A step that comes later than the date of knowledge tells what was before it, and no more.
        found = first_response_time([case], replied, steps, pauses=["pending"], as_of=noon + 3 * HOUR)
        assert dict(found.counts) == {"answered": 0, "open": 1}

    def test_what_is_refused(self) -> None:
        with pytest.raises(UsageError, match="needs the changes of the cases"):
            resolution_time([], pauses=["pending"])
        with pytest.raises(UsageError, match="pauses"):
            resolution_time([], [], pauses=["waiting"])
        with pytest.raises(UsageError, match="first resolved"):
            resolution_time([], until="first resolved")


class TestCalendars:
    def test_cases_without_hours_are_set_aside(self) -> None:
        noon = datetime(2025, 3, 3, 12, tzinfo=UTC)
        office = calendar("office", "UTC", hours(range(5), 9, 17), valid_to=date(2025, 3, 4))
        cases = [
            Case(source="desk", source_id=str(number), status="closed", opened_at=noon, closed_at=noon + end, team=team)
            for number, (end, team) in enumerate([(HOUR, "a"), (2 * HOUR, "b"), (3 * HOUR, None), (48 * HOUR, "a")])
        ]
        clock = BusinessClock(calendars=[office], rule="now", of={"a": "office"})
        found = resolution_time(cases, calendar=clock)
        assert (found.value, found.n) == (HOUR, 1)
        assert dict(found.excluded) == {"no_business_hours": 3}
        assert dict(resolution_time(cases, calendar=office).excluded) == {"no_business_hours": 1}

    def test_what_is_refused(self) -> None:
        office, shop = calendar("office", "UTC", []), calendar("shop", "UTC", [])
        with pytest.raises(UsageError, match="found 2 calendars"):
            BusinessClock(calendars=[office, shop])
        with pytest.raises(UsageError, match="has no calendars"):
            BusinessClock(calendars=[])
        with pytest.raises(UsageError, match="expected one of one, any open"):
            BusinessClock(calendars=[office], rule="last")
        with pytest.raises(UsageError, match="names the calendar 'store'"):
            BusinessClock(calendars=[office], rule="now", of={"a": "store"})
        noon = datetime(2025, 3, 3, 12, tzinfo=UTC)
        with pytest.raises(UsageError, match="needs a case to decide"):
            business_time(noon, noon, BusinessClock(calendars=[office], rule="now"))
        with pytest.raises(UsageError, match="before the start"):
            business_time(noon, noon - HOUR, office)
        with pytest.raises(UsageError, match="says nothing of 2025-03-03"):
            business_time(noon, noon + HOUR, office.model_copy(update={"valid_to": date(2025, 3, 2)}))
        twice = [Case(source="desk", source_id="1", status="open", opened_at=noon)] * 2
        with pytest.raises(UsageError, match="2 rows whose key is there more than once"):
            resolution_time(twice, calendar=BusinessClock(calendars=[office], rule="now"))

    def test_nothing_open_at_all(self) -> None:
        never = calendar("never", "UTC", [])
        noon = datetime(2025, 3, 3, 12, tzinfo=UTC)
        case = Case(source="desk", source_id="1", status="closed", opened_at=noon, closed_at=noon + HOUR)
        assert resolution_time([case], calendar=never).value == timedelta()
        assert resolution_time([], calendar=never).reason == "no cases"


def state(steps: list[CaseChange], field: str, now: str | None, at: datetime, as_of: datetime) -> str | None:
    """What a field of a case was: by walking over its steps."""

    def order(each: CaseChange) -> tuple[Any, ...]:
        return each.changed_at, each.known_at or each.changed_at, int(each.source_id.split("-")[1])

    mine = sorted((each for each in steps if each.field == field), key=order)
    found = mine[0].old if mine else now
    for each in mine:
        if each.changed_at <= at and (each.known_at or each.changed_at) <= as_of:
            found = each.new
    return found


@given(st.integers(0, 2**32), st.sampled_from(RULES), st.booleans())
@settings(max_examples=50, deadline=None)
def test_moment_by_moment(seed: int, rule: str, pausing: bool) -> None:
    draw = random.Random(seed)
    start = draw.choice([datetime(2025, 3, 28, 12, tzinfo=UTC), datetime(2025, 10, 3, 12, tzinfo=UTC)])
    places = company.calendars()
    as_of = start + 40 * HOUR
    cases, steps = [], []
    for number in range(4):
        opened = start + draw.randrange(6 * 20) * GRID
        closed = opened + draw.randrange(6 * 30) * GRID
        team, status = draw.choice(["front", "night"]), draw.choice(["pending", "closed"])
        cases.append(
            Case(source="desk", source_id=str(number), status=status, opened_at=opened, closed_at=closed, team=team)
        )
        for turn in range(draw.randrange(6)):
            field = draw.choice(["status", "team", "priority"])
            words = {"status": ["open", "pending"], "team": ["front", "night"], "priority": ["low", "high"]}[field]
            at = start + 3 * draw.randrange(90) * GRID
            old, new = draw.choice(words), draw.choice(words)
            known = draw.choice([None, at, at + 20 * HOUR, at + 90 * HOUR])
            steps.append(
                step(0, str(number), field, old, new, at, known_at=known).model_copy(
                    update={"source_id": f"{number}-{turn}"}
                )
            )
    # Keys are hashes: of steps in one instant the order is theirs, so such cases are left out.
    moments = [(each.case, each.field, each.changed_at) for each in steps]
    steps = [each for each, moment in zip(steps, moments, strict=True) if moments.count(moment) == 1]
    pauses = ["pending"] if pausing else []
    found = resolution_time(
        cases,
        steps,
        by="source_id",
        calendar=BusinessClock(calendars=places, rule=rule),
        pauses=pauses,
        as_of=as_of,
    )
    for case in cases:
        if case.opened_at > as_of or case.closed_at is None or case.closed_at > as_of:
            continue
        mine = [each for each in steps if each.case == case.ref]
        counted = 0
        at = case.opened_at
        while at < case.closed_at:
            looks = {"now": None, "at start": case.opened_at, "at end": case.closed_at, "in force": at}[rule]
            team = case.team if looks is None else state(mine, "team", case.team, looks, as_of)
            (place,) = (each for each in places if each.code == team)
            paused = pausing and state(mine, "status", case.status.value, at, as_of) == "pending"
            counted += not paused and shows(place, to_us(at))[0]
            at += GRID
        assert found[case.source_id].value == counted * GRID, (case, mine)


def test_open_cases_are_not_dropped() -> None:
    """True lengths with a median of 32 days, seen for 55 days: without the open cases the median reads 12 days."""
    start, seen = datetime(2025, 1, 1, tzinfo=UTC), timedelta(days=55)
    draw = random.Random(3)
    cases = []
    for number in range(2000):
        opened, length = draw.random() * seen, timedelta(days=-32 * math.log2(1 - draw.random()))
        done = {"closed_at": start + opened + length, "status": "closed"} if opened + length <= seen else {}
        cases.append(
            Case(source="desk", source_id=str(number), opened_at=start + opened, **({"status": "open"} | done))
        )
    as_of = start + seen
    dropped = resolution_time([case for case in cases if case.closed_at], as_of=as_of)
    found = resolution_time(cases, as_of=as_of)
    assert isinstance(dropped.value, timedelta)
    assert isinstance(found.value, timedelta)
    assert round(dropped.value / timedelta(days=1)) == 12
    assert round(found.value / timedelta(days=1)) == 32
    assert dict(found.counts)["open"] > 1000


class TestNextResponse:
    NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)

    def said(self, *turns: tuple[str, float]) -> list[Interaction]:
        who = {"c": ("customer", "inbound"), "a": ("employee", "outbound"), "b": ("bot", "outbound")}
        return [
            Interaction(
                source="desk",
                source_id=str(number),
                case="desk/1",
                kind="message",
                occurred_at=self.NOON + at * HOUR,
                initiator=who[letter[0]][0],
                direction=who[letter[0]][1],
                visibility="internal" if letter.endswith("i") else "customer",
            )
            for number, (letter, at) in enumerate(turns)
        ]

    def test_from_the_first_message_of_a_turn(self) -> None:
        case = Case(source="desk", source_id="1", status="open", opened_at=self.NOON)
        messages = self.said(
            *(("c", 0), ("c", 1), ("a", 2), ("c", 3), ("b", 3.5), ("c", 4), ("ai", 5), ("a", 6), ("a", 7), ("c", 20))
        )
        found = next_response_time([case], messages, quantile=0.5)
        assert dict(found.counts) == {"answered": 1, "open": 1}
        assert found.value == 3 * HOUR
        every = next_response_time([case], messages, every=True, quantile=0.3)
        assert dict(every.counts) == {"answered": 2, "open": 1}
        assert every.value == 2 * HOUR

    def test_a_turn_after_the_closing_is_open(self) -> None:
        case = Case(source="desk", source_id="1", status="closed", opened_at=self.NOON, closed_at=self.NOON + 2 * HOUR)
        messages = self.said(("a", 1), ("c", 1.5), ("c", 3))
        assert next_response_time([case], messages).n == 1
        after = next_response_time([case], self.said(("a", 1), ("c", 3)), as_of=self.NOON + 9 * HOUR)
        assert (dict(after.counts), dict(after.excluded)) == ({"answered": 0, "open": 1}, {})
        later = next_response_time([case], self.said(("a", 1), ("c", 3), ("a", 4)))
        assert later.value == HOUR

    def test_at_one_instant_the_message_comes_first(self) -> None:
        case = Case(source="desk", source_id="1", status="open", opened_at=self.NOON)
        found = next_response_time([case], self.said(("a", 0), ("a", 1), ("c", 1)))
        assert found.value == timedelta()

    def test_nothing(self) -> None:
        found = next_response_time([], [])
        assert (found.value, found.reason, found.n) == (None, "no turns", 0)


def test_the_first_solve_and_the_last() -> None:
    noon = datetime(2025, 3, 3, 12, tzinfo=UTC)
    case = Case(source="desk", source_id="1", status="solved", opened_at=noon, resolved_at=noon + 9 * HOUR)
    steps = [
        step(1, "1", "status", "open", "solved", noon + 2 * HOUR),
        step(2, "1", "status", "solved", "open", noon + 3 * HOUR),
        step(3, "1", "status", "open", "solved", noon + 9 * HOUR),
    ]
    assert resolution_time([case], steps, until="first resolved").value == 2 * HOUR
    assert resolution_time([case], steps, until="resolved").value == 9 * HOUR
    assert resolution_time([case], [], until="first resolved").value == 9 * HOUR


def test_tables_of_a_workspace_and_lists_without_polars(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The table of hours comes to whatever connection the cases are of."""
    cases, steps = company.cases(random.Random(1)), company.case_changes(random.Random(1))
    clock = BusinessClock(calendars=company.calendars(), rule="in force", of={"front": "front", "night": "night"})
    expected = resolution_time(cases, steps, calendar=clock, pauses=["pending"])
    assert expected.n > 5
    with Workspace(tmp_path / "store.duckdb") as workspace:
        workspace.load(cases, source="desk")
        workspace.load(steps, source="desk")
        tables = workspace.tables
        found = resolution_time(tables.cases, tables.case_changes, calendar=clock, pauses=["pending"])
    monkeypatch.setattr("crmcx.engines.frames.find_spec", lambda name: None)
    without = resolution_time(cases, steps, calendar=clock, pauses=["pending"])
    for each in (found, without):
        assert (each.value, each.counts, each.excluded) == (expected.value, expected.counts, expected.excluded)
        assert each.receipt.definition.hash == expected.receipt.definition.hash
