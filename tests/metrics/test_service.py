"""First response, resolution and agreed times."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from tests import company

from crmcx.errors import EngineMismatchError, MissingColumnError, UsageError
from crmcx.estimates import Durations, quantile_of
from crmcx.instants import Window
from crmcx.metrics import first_response_time, resolution_time, sla_attainment
from crmcx.models import Case, Interaction

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def case(number: int, hours: float | None = None, **more: Any) -> Case:
    given = {"status": "open", "opened_at": NOON, **more}
    if hours is not None:
        given |= {"closed_at": NOON + hours * HOUR, "status": "closed"}
    return Case(source="desk", source_id=str(number), **given)


def said(number: int, case_number: int, hours: float, **more: Any) -> Interaction:
    given = {"direction": "outbound", "initiator": "employee", **more}
    return Interaction(
        source="desk",
        source_id=str(number),
        kind="message",
        case=f"desk/{case_number}",
        occurred_at=NOON + hours * HOUR,
        **given,
    )


class TestFirstResponseTime:
    def test_what_is_an_answer(self) -> None:
        messages = [
            said(1, 1, 0.1, visibility="internal"),
            said(2, 1, 0.2, initiator="bot"),
            said(3, 1, 0.3, direction="inbound", initiator="customer"),
            said(4, 1, -1.0),
            said(5, 1, 0.4, direction="inbound", initiator="employee"),
            said(6, 1, 2.0),
            said(7, 1, 3.0),
            said(8, 2, 4.0, initiator=None),
            said(9, 3, 5.0, direction=None),
        ]
        found = first_response_time([case(1), case(2), case(3)], messages)
        assert found.value == 4 * HOUR
        assert dict(found.counts) == {"answered": 3, "open": 0}
        assert first_response_time([case(1)], messages).value == 2 * HOUR

    def test_the_unanswered_are_not_forgotten(self) -> None:
        cases = [case(1), case(2), case(3)]
        found = first_response_time(cases, [said(1, 1, 1.0)], as_of=NOON + 9 * HOUR)
        assert found.value is None
        assert found.reason == "fewer than 50 % were answered"
        assert dict(found.counts) == {"answered": 1, "open": 2}
        assert first_response_time(cases, [said(1, 1, 1.0)], quantile=0.25, as_of=NOON + 9 * HOUR).value == HOUR

    def test_a_case_closed_without_answer_is_open_up_to_its_closing(self) -> None:
        cases = [case(1), case(2, 0.5), case(3)]
        messages = [said(1, 1, 1.0), said(2, 3, 2.0)]
        found = first_response_time(cases, messages)
        assert (
            found.value
            == quantile_of(
                [Durations(int(h * 3.6e9), ended, 1 - ended) for h, ended in ((0.5, 0), (1.0, 1), (2.0, 1))]
            )[0]
        )

    def test_what_was_answered_later_was_not_known(self) -> None:
        found = first_response_time([case(1)], [said(1, 1, 5.0)], as_of=NOON + HOUR)
        assert dict(found.counts) == {"answered": 0, "open": 1}
        assert first_response_time([case(1)], [], as_of=NOON - HOUR).n == 0

    def test_as_a_walk_over_cases(self) -> None:
        draw = random.Random(8)
        cases, messages = company.cases(draw), company.interactions(draw)
        last = max([row.occurred_at for row in messages] + [row.opened_at for row in cases])
        last = max([last, *(row.closed_at for row in cases if row.closed_at)])
        lengths = []
        dirty = 0
        for row in cases:
            answers = [
                message.occurred_at
                for message in messages
                if message.case == row.ref
                and message.visibility == "customer"
                and message.occurred_at >= row.opened_at
                and (
                    (message.initiator == "employee" and message.direction in {None, "outbound"})
                    or (message.initiator is None and message.direction == "outbound")
                )
            ]
            end = min(answers) if answers else (row.closed_at or last)
            if end < row.opened_at:
                dirty += 1
                continue
            us = (end - row.opened_at) // timedelta(microseconds=1)
            lengths.append(Durations(us, int(bool(answers)), int(not answers)))
        found = first_response_time(cases, messages)
        assert found.value == quantile_of(lengths)[0]
        assert dict(found.excluded) == ({"ended_before_opening": dirty} if dirty else {})

    def test_tables_that_do_not_fit(self) -> None:
        frame = pl.DataFrame({"key": [1], "opened_us": [0]})
        with pytest.raises(MissingColumnError, match="lacks direction and initiator"):
            first_response_time(frame, pl.DataFrame({"case_key": [1], "occurred_us": [0]}))
        replies = pl.DataFrame({"case_key": [1], "occurred_us": [7_000_000], "initiator": ["employee"]})
        assert first_response_time(frame, replies).value == timedelta(seconds=7)
        with pytest.raises(EngineMismatchError, match="expected one engine"):
            first_response_time(frame, replies.to_pandas())
        other = replies.rename({"case_key": "ticket"})
        assert first_response_time(frame, other, interaction_columns={"case_key": "ticket"}).n == 1

    def test_ids_that_are_text(self) -> None:
        cases = pl.DataFrame({"ticket": ["T-1"], "opened_us": [0]})
        replies = pl.DataFrame({"ticket": ["T-1"], "occurred_us": [7_000_000], "initiator": ["employee"]})
        found = first_response_time(
            cases, replies, columns={"key": "ticket"}, interaction_columns={"case_key": "ticket"}
        )
        assert found.value == timedelta(seconds=7)


class TestResolutionTime:
    def test_open_cases_make_it_longer(self) -> None:
        cases = [case(1, 1), case(2, 2), case(3, 3)]
        assert resolution_time(cases).value == 2 * HOUR
        more = [*cases, case(4), case(5)]
        found = resolution_time(more, as_of=NOON + 10 * HOUR)
        assert found.value == 3 * HOUR
        assert dict(found.counts) == {"closed": 3, "open": 2}

    def test_until_resolved(self) -> None:
        cases = [case(1, 5, resolved_at=NOON + HOUR)]
        assert resolution_time(cases, until="resolved").value == HOUR
        assert resolution_time(cases).value == 5 * HOUR
        with pytest.raises(UsageError, match="expected one of closed, resolved"):
            resolution_time(cases, until="solved")

    def test_dirt_is_counted(self) -> None:
        frame = pl.DataFrame({"opened_us": [5, None, 1], "closed_us": [1, 2, 3]})
        found = resolution_time(frame)
        assert dict(found.excluded) == {"ended_before_opening": 1, "no_opening": 1}
        assert found.n == 1

    def test_nothing(self) -> None:
        found = resolution_time([])
        assert found.value is None
        assert found.reason == "no cases"
        assert found.receipt.as_of is None

    def test_a_window_of_opening(self) -> None:
        cases = [case(1, 1), case(2, 3, opened_at=NOON - timedelta(days=2))]
        assert resolution_time(cases, window=Window(date(2025, 3, 1), date(2025, 3, 2))).value == HOUR


class TestSlaAttainment:
    def test_worked_by_hand(self) -> None:
        cases = [case(1, met_sla=True), case(2, met_sla=True), case(3, met_sla=False), case(4)]
        found = sla_attainment(cases)
        assert found.value == 2 / 3
        assert dict(found.counts) == {"met": 2, "missed": 1}
        assert dict(found.excluded) == {"no_sla": 1}
        window = Window(date(2025, 3, 2), date(2025, 3, 3))
        assert sla_attainment(cases, window=window).reason == "no cases with agreed times"
