"""Leads in numbers, against walks over them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from tests import company

from crmcx.errors import MissingColumnError, UsageError
from crmcx.estimates import Durations, poisson_interval, quantile_of
from crmcx.instants import Window
from crmcx.metrics import evidence, lead_conversion, lead_flow, lead_generation, per, speed_to_lead
from crmcx.models import Interaction, Lead

DAY = timedelta(days=1)
START = datetime(2025, 1, 1, tzinfo=UTC)


def lead(number: int, person: int | None, days: float | None, converted: float | None = None, **more: Any) -> Lead:
    given: dict[str, Any] = {"status": "new", **more}
    return Lead(
        source="crm",
        source_id=str(number),
        customer=None if person is None else f"crm/{person}",
        created_at=None if days is None else START + days * DAY,
        converted_at=None if converted is None else START + converted * DAY,
        **given,
    )


def said(number: int, person: int, days: float, **more: Any) -> Interaction:
    given = {"direction": "outbound", "initiator": "employee", **more}
    return Interaction(
        source="crm",
        source_id=str(number),
        kind="call",
        customer=f"crm/{person}",
        occurred_at=START + days * DAY,
        **given,
    )


class TestGeneration:
    LEADS = (
        lead(1, 7, 1, origin="web"),
        lead(2, 7, 40, origin="fair"),
        lead(3, 8, 40, origin="fair"),
        lead(4, None, 41, origin="fair"),
        lead(5, None, 42, origin="web"),
        lead(6, 9, None, origin="web"),
    )

    def test_a_person_is_new_once(self) -> None:
        found = lead_generation(self.LEADS)
        assert found.value == 4
        assert dict(found.excluded) == {"no_creation": 1, "not_the_first": 1}
        assert found.interval == poisson_interval(4)
        assert lead_generation(self.LEADS, unit=None).value == 5
        february = Window(date(2025, 2, 1), date(2025, 3, 1))
        assert lead_generation(self.LEADS, window=february).value == 3
        assert len(evidence(found, self.LEADS, left_out="not_the_first").keys) == 1

    def test_by_source_and_month(self) -> None:
        table = lead_generation(self.LEADS, by=["origin", per("month")])
        told = {key: found.value for key, found in table}
        assert told["web", date(2025, 1, 1)] == 1
        assert told["fair", date(2025, 2, 1)] == 2

    def test_two_of_one_instant_are_one(self) -> None:
        assert lead_generation([lead(1, 7, 1), lead(2, 7, 1)]).value == 1

    def test_what_came_later_was_not_known(self) -> None:
        assert lead_generation(self.LEADS, as_of=START + 9 * DAY).value == 1
        late = [lead(1, 7, 1, known_at=START + 20 * DAY)]
        assert lead_generation(late, as_of=START + 9 * DAY).reason == "no leads"
        assert lead_generation([]).value is None

    def test_as_a_walk_over_people(self) -> None:
        leads = company.leads(random.Random(5))
        dated = [row for row in leads if row.created_at is not None]
        people = {row.customer for row in dated if row.customer} | {row.source_id for row in dated if not row.customer}
        assert lead_generation(leads).value == len(people)


class TestConversion:
    LEADS = (
        lead(1, 1, 0, 5, status="converted"),
        lead(2, 2, 0, 20, status="converted"),
        lead(3, 3, 0),
        lead(4, 4, 25, 26, status="converted"),
        lead(5, 5, 0, status="converted"),
        lead(6, 6, 9, 3, status="converted"),
        lead(7, 7, None),
    )

    def test_worked_by_hand(self) -> None:
        found = lead_conversion(self.LEADS, within=10 * DAY, as_of=START + 30 * DAY)
        assert found.value == pytest.approx(1 / 3)
        assert dict(found.counts) == {"created": 3, "converted": 1}
        assert dict(found.excluded) == {
            "converted_before_creation": 1,
            "no_conversion_date": 1,
            "no_creation": 1,
            "too_young": 1,
        }

    def test_the_young_can_count_up_to_their_age(self) -> None:
        found = lead_conversion(self.LEADS, within=10 * DAY, as_of=START + 30 * DAY, young="censored")
        # Of four one converts on its first day; of the three that are left one on its fifth.
        assert found.value == pytest.approx(1 - 3 / 4 * 2 / 3)
        assert dict(found.counts) == {"created": 4, "converted": 2}

    def test_what_converted_later_was_not_known(self) -> None:
        found = lead_conversion(self.LEADS[:3], within=4 * DAY, as_of=START + 4 * DAY)
        assert found.value == 0
        assert lead_conversion(self.LEADS[:3], within=9 * DAY, as_of=START + 4 * DAY).reason == "no lead is old enough"

    def test_bad_input(self) -> None:
        with pytest.raises(UsageError, match="a time above zero"):
            lead_conversion(self.LEADS, within=-DAY)
        with pytest.raises(UsageError, match="expected one of left_out, censored"):
            lead_conversion(self.LEADS, within=DAY, young="kept")
        assert lead_conversion([], within=DAY).value is None
        assert lead_conversion([], within=DAY, young="censored").value is None

    def test_a_flow_is_no_share(self) -> None:
        window = Window(date(2025, 1, 20), date(2025, 2, 1))
        found = lead_flow(self.LEADS, window=window)
        assert (found.value, found.unit, found.interval) == (2, "ratio", None)
        assert dict(found.counts) == {"created": 1, "converted": 2}
        empty = lead_flow(self.LEADS, window=Window(date(2025, 3, 1), date(2025, 3, 2)))
        assert empty.reason == "no lead was created"


class TestSpeed:
    def test_what_is_a_contact(self) -> None:
        leads = [lead(1, 1, 1)]
        talk = [
            said(1, 1, 0.5),
            said(2, 1, 1.1, initiator="bot"),
            said(3, 1, 1.2, direction="inbound", initiator="customer"),
            said(4, 1, 1.3, visibility="internal"),
            said(5, 2, 1.4),
            said(6, 1, 2),
            said(7, 1, 3),
        ]
        assert speed_to_lead(leads, talk).value == DAY
        assert speed_to_lead(leads, talk, as_of=START + 1.5 * DAY).counts == (("contacted", 0), ("open", 1))

    def test_whom_nobody_called_is_not_forgotten(self) -> None:
        leads = [lead(n, n, 0) for n in range(1, 4)] + [lead(4, None, 0), lead(5, 5, None)]
        found = speed_to_lead(leads, [said(1, 1, 1)], as_of=START + 9 * DAY)
        assert found.reason == "fewer than 50 % were contacted"
        assert dict(found.counts) == {"contacted": 1, "open": 2}
        assert dict(found.excluded) == {"no_creation": 1, "no_person": 1}

    def test_each_lead_of_a_person_has_its_own_clock(self) -> None:
        leads = [lead(1, 1, 0), lead(2, 1, 10)]
        found = speed_to_lead(leads, [said(1, 1, 2), said(2, 1, 11)])
        assert found.value == 1.5 * DAY

    def test_as_a_walk_over_leads(self) -> None:
        draw = random.Random(4)
        leads = company.leads(draw)
        talk = [
            said(n, draw.randrange(40), draw.randrange(60), initiator=draw.choice(["employee", "bot"]))
            for n in range(90)
        ]
        talk = [each.model_copy(update={"customer": f"web/{str(each.customer).split('/')[1]}"}) for each in talk]
        as_of = START + 90 * DAY
        lengths = []
        for row in leads:
            if row.created_at is None or row.customer is None:
                continue
            calls = [
                each.occurred_at
                for each in talk
                if each.customer == row.customer
                and each.initiator == "employee"
                and row.created_at <= each.occurred_at <= as_of
            ]
            us = (min(calls, default=as_of) - row.created_at) // timedelta(microseconds=1)
            lengths.append(Durations(us, int(bool(calls)), int(not calls)))
        found = speed_to_lead(leads, talk, quantile=0.1, as_of=as_of)
        assert found.value == quantile_of(lengths, 0.1)[0]
        assert found.value is not None

    def test_bad_input(self) -> None:
        frame = pl.DataFrame({"person_id": [1], "created_us": [0]})
        with pytest.raises(MissingColumnError, match="lacks direction and initiator"):
            speed_to_lead(frame, pl.DataFrame({"person_id": [1], "occurred_us": [0]}))
        assert speed_to_lead([], []).reason == "no leads"
