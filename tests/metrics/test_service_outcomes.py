"""First contacts, single answers, reopening, transfer and escalation: by hand, and by walking over objects."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests import company

from crmcx.errors import MissingColumnError, UsageError
from crmcx.metrics import (
    escalation_rate,
    evidence,
    first_contact_resolution,
    one_touch_rate,
    reopen_rate,
    transfer_rate,
)
from crmcx.models import Case, CaseChange, Interaction
from crmcx.tables import key_of

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DONE = {"solved", "closed"}


def case(number: int, hours: float | None = None, **more: Any) -> Case:
    given = {"status": "open", "opened_at": NOON, "customer": f"desk/{number}", **more}
    if hours is not None:
        given |= {"resolved_at": given["opened_at"] + hours * HOUR, "status": "solved"}
    return Case(source="desk", source_id=str(number), **given)


def step(number: int, of: int, field: str, old: str | None, new: str | None, hours: float) -> CaseChange:
    return CaseChange(
        source="desk",
        source_id=str(number),
        case=f"desk/{of}",
        field=field,
        old=old,
        new=new,
        changed_at=NOON + hours * HOUR,
    )


def said(number: int, of: int, hours: float, **more: Any) -> Interaction:
    given = {"initiator": "employee", "direction": "outbound", **more}
    return Interaction(
        source="desk",
        source_id=str(number),
        case=f"desk/{of}",
        kind="message",
        occurred_at=NOON + hours * HOUR,
        **given,
    )


class TestFirstContactResolution:
    def test_who_comes_back_with_the_same_matter(self) -> None:
        one = {"customer": "desk/ada", "category": "bill"}
        cases = [
            case(1, 2, **one),
            case(2, 5, **one, opened_at=NOON + 6 * DAY),
            case(3, 5, **one, opened_at=NOON + 20 * DAY),
            case(4, 1, customer="desk/ada", category="login"),
            case(5, 1, customer="desk/bob", category="bill"),
            case(6, category="bill"),
            case(7, 1),
            case(8, 1, customer=None, category="bill"),
            case(9, 1, category="bill", reopened=2),
            case(10, 1, category="bill", opened_at=NOON + 30 * DAY),
        ]
        found = first_contact_resolution(cases, as_of=NOON + 36 * DAY)
        assert dict(found.counts) == {"resolved": 4, "again": 2}
        assert dict(found.excluded) == {"no_customer": 1, "no_topic": 1, "not_observed": 1, "not_solved": 1}
        assert evidence(found, cases, part="again").keys == tuple(
            sorted(key_of("cases", f"desk/{number}") for number in (1, 9))
        )
        anything = first_contact_resolution(cases, as_of=NOON + 36 * DAY, same=())
        assert dict(anything.counts) == {"resolved": 4, "again": 3}

    def test_one_reply_is_not_a_first_contact(self) -> None:
        """The mistake of others: a case with one answer is counted, though the customer came back."""
        cases = [case(1, 2, category="bill", customer="desk/ada")]
        cases.append(case(2, 3, category="bill", customer="desk/ada", opened_at=NOON + DAY))
        answers = [said(1, 1, 1), said(2, 2, 25)]
        assert one_touch_rate(cases, answers).value == 1.0
        assert first_contact_resolution(cases, as_of=NOON + 30 * DAY).value == 0.5

    def test_messages_in_the_case_itself(self) -> None:
        cases = [case(1, 2, category="bill")]
        late = [said(1, 1, 3, initiator="customer", direction="inbound")]
        before = [said(1, 1, 2, initiator="customer", direction="inbound")]
        when = NOON + 30 * DAY
        assert first_contact_resolution(cases, as_of=when).value == 1.0
        assert first_contact_resolution(cases, late, as_of=when).value == 0.0
        assert first_contact_resolution(cases, before, as_of=when).value == 1.0
        assert first_contact_resolution(cases, late, as_of=when, within=timedelta(minutes=30)).value == 1.0

    def test_its_end_is_included(self) -> None:
        one = {"customer": "desk/ada", "category": "bill"}
        cases = [case(1, 0, **one), case(2, 0, **one, opened_at=NOON + 7 * DAY)]
        when = NOON + 40 * DAY
        assert first_contact_resolution(cases, as_of=when).value == 0.5
        assert first_contact_resolution(cases, as_of=when, within=7 * DAY - HOUR).value == 1.0
        seen = first_contact_resolution(cases[:1], as_of=NOON + 7 * DAY)
        assert seen.n == 1
        assert first_contact_resolution(cases[:1], as_of=NOON + 7 * DAY - HOUR).n == 0

    def test_as_a_walk_over_cases(self) -> None:
        draw = random.Random(8)
        cases = company.cases(draw, people=120)
        as_of, within = NOON, 3 * DAY
        counts = {"resolved": 0, "again": 0}
        for each in cases:
            end = each.resolved_at
            if end is None or end > as_of or each.category is None or end + within > as_of:
                continue
            others = [
                other
                for other in cases
                if other is not each
                and other.customer == each.customer
                and other.category == each.category
                and other.opened_at > each.opened_at
                and other.opened_at <= min(end + within, as_of)
            ]
            counts["again" if others or each.reopened else "resolved"] += 1
        found = first_contact_resolution(cases, as_of=as_of, within=within)
        assert min(counts.values()) > 3
        assert dict(found.counts) == counts

    def test_what_is_refused(self) -> None:
        with pytest.raises(UsageError, match="expected a time above zero"):
            first_contact_resolution([], within=timedelta())
        with pytest.raises(UsageError, match="more than once"):
            first_contact_resolution([case(1, category="a")] * 2)
        assert first_contact_resolution([]).reason == "no solved cases"


class TestOneTouchRate:
    def test_what_counts(self) -> None:
        cases = [case(1, 9), case(2, 9), case(3, 9), case(4), case(5, 9)]
        messages = [
            said(1, 1, 1),
            said(2, 1, 2, visibility="internal"),
            said(3, 1, 3, initiator="bot"),
            said(4, 2, 1),
            said(5, 2, 2),
            said(6, 4, 1),
            said(7, 5, -1),
        ]
        found = one_touch_rate(cases, messages)
        assert dict(found.counts) == {"one_touch": 1, "other": 3}
        assert dict(found.excluded) == {"not_solved": 1}

    def test_a_table_without_ends(self) -> None:
        import polars as pl

        frame = pl.DataFrame({"key": [1], "opened_us": [0]})
        with pytest.raises(MissingColumnError, match="lacks resolved_us and closed_us"):
            one_touch_rate(frame, [])


class TestReopenRate:
    STEPS = (
        step(1, 1, "status", "open", "solved", 2),
        step(2, 1, "status", "solved", "open", 30),
        step(3, 1, "status", "open", "solved", 60),
        step(4, 2, "status", "open", "solved", 2),
        step(5, 2, "status", "solved", "closed", 3),
        step(6, 3, "status", "open", "pending", 3),
        step(7, 4, "team", "solved", "open", 3),
    )
    CASES = (case(1, 60), case(2, 2), case(3), case(4, 5))

    def test_by_hand(self) -> None:
        found = reopen_rate(self.CASES, self.STEPS)
        assert dict(found.counts) == {"reopened": 1, "stayed": 2}
        assert dict(found.excluded) == {"not_solved": 1}

    def test_within(self) -> None:
        found = reopen_rate(self.CASES, self.STEPS, within=28 * HOUR, as_of=NOON + 90 * HOUR)
        assert dict(found.counts) == {"reopened": 1, "stayed": 2}
        assert dict(reopen_rate(self.CASES, self.STEPS, within=27 * HOUR).counts) == {"reopened": 0, "stayed": 3}
        late = reopen_rate(self.CASES, self.STEPS, within=28 * HOUR, as_of=NOON + 31 * HOUR)
        assert dict(late.excluded) == {"not_observed": 1, "not_solved": 1}

    def test_what_came_later_was_not_known(self) -> None:
        found = reopen_rate(self.CASES, self.STEPS, as_of=NOON + 10 * HOUR)
        assert dict(found.counts) == {"reopened": 0, "stayed": 3}
        # It was solved at first; that it is solved again later is not known yet either.
        assert dict(found.excluded) == {"not_solved": 1}


def walked(pick: Callable[[CaseChange], bool], within: timedelta | None, as_of: datetime) -> dict[bool, int]:
    """Cases with and without such a step, by walking over objects."""
    cases, steps = tables()
    found = {True: 0, False: 0}
    for each in cases:
        if within is None and (each.resolved_at is None or each.resolved_at > as_of):
            continue
        if within is not None and each.opened_at + within > as_of:
            continue
        found[
            any(
                pick(move)
                for move in steps
                if move.case == each.ref
                and move.changed_at <= as_of
                and (move.known_at is None or move.known_at <= as_of)
                and (within is None or move.changed_at <= each.opened_at + within)
            )
        ] += 1
    return found


def tables() -> tuple[list[Case], list[CaseChange]]:
    draw = random.Random(4)
    return company.cases(draw, 160), company.case_changes(draw, 160)


@pytest.mark.parametrize("within", [None, DAY, 3 * DAY])
@pytest.mark.parametrize("as_of", [company.START + 4 * DAY, company.START + 6 * DAY])
class TestTransferAndEscalation:
    def test_transfers(self, within: timedelta | None, as_of: datetime) -> None:
        cases, steps = tables()

        def pick(move: CaseChange) -> bool:
            return move.field == "team" and None not in {move.old, move.new} and move.old != move.new

        found = dict(transfer_rate(cases, steps, within=within, as_of=as_of).counts)
        expected = walked(pick, within, as_of)
        assert sum(expected.values()) > 5
        assert found == {"transferred": expected[True], "kept": expected[False]}

    def test_escalations(self, within: timedelta | None, as_of: datetime) -> None:
        cases, steps = tables()

        def pick(move: CaseChange) -> bool:
            return move.field == "priority" and move.new == "high" and move.old == "low"

        found = dict(escalation_rate(cases, steps, of="priority", to="high", within=within, as_of=as_of).counts)
        expected = walked(pick, within, as_of)
        assert sum(expected.values()) > 5
        assert found == {"escalated": expected[True], "kept": expected[False]}


def test_cases_that_came_later_are_not_even_left_out() -> None:
    cases, before = [case(1, 2, category="bill"), case(2, category="bill")], NOON - HOUR
    for found in (
        first_contact_resolution(cases, as_of=before),
        one_touch_rate(cases, [], as_of=before),
        reopen_rate(cases, [], as_of=before),
        transfer_rate(cases, [], as_of=before, within=DAY),
        escalation_rate(cases, [], to="high", as_of=before),
    ):
        assert (found.value, found.n, dict(found.excluded)) == (None, 0, {})


def test_what_escalation_refuses() -> None:
    with pytest.raises(UsageError, match="names no word"):
        escalation_rate([], [], to=())
    assert transfer_rate([], []).reason == "no solved cases"
    assert transfer_rate([], [], within=DAY).reason == "no cases were seen that long"
