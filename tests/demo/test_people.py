"""The bank's customers: the same under the same number, invented, within the time they are customers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcx.demo import period, words
from crmcx.demo.people import crm_id, person

PEOPLE = [person(7, number) for number in range(3000)]


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_a_person_is_a_pure_function_of_seed_and_number(seed: int, number: int) -> None:
    who = person(seed, number)
    assert who == person(seed, number)
    assert who.id == crm_id(number)
    assert 0 <= who.first_day < who.last_day <= period.DAYS
    assert who.created < period.end()
    assert who.created < period.at(who.first_day + 1, 0)


def test_names_come_from_the_invented_lists_and_addresses_lead_nowhere() -> None:
    for who in PEOPLE:
        assert who.given in words.GIVEN[who.language]
        assert who.family in words.FAMILY[who.language]
        assert who.name == f"{who.given} {who.family}"
        assert not who.email or who.email.lower().endswith("@mail.example")
        assert who.email.isascii()
        assert not who.phone or who.phone[:-4] in words.PHONE_RANGES
    addresses = [who.email.lower() for who in PEOPLE if who.email]
    assert len(set(addresses)) == len(addresses)


def test_shares() -> None:
    assert sum(who.language == "de" for who in PEOPLE) / 3000 == pytest.approx(0.6, abs=0.03)
    assert sum(not who.email for who in PEOPLE) / 3000 == pytest.approx(0.04, abs=0.015)
    assert sum(who.birth_year is None for who in PEOPLE) / 3000 == pytest.approx(0.1, abs=0.02)
    assert sum(who.satisfaction for who in PEOPLE) / 3000 == pytest.approx(0, abs=0.06)
    assert any(who.balance_cents < 0 for who in PEOPLE)
    assert any(who.first_day > 0 for who in PEOPLE)


def test_the_dissatisfied_leave_more_often() -> None:
    ordered = sorted(PEOPLE, key=lambda who: who.satisfaction)
    unhappy, happy = ordered[:1000], ordered[2000:]
    assert sum(who.left for who in unhappy) > 2 * sum(who.left for who in happy) > 0
    for who in PEOPLE:
        assert who.left == (who.until < period.end())


def test_offices_are_open_when_a_record_is_made() -> None:
    for who in PEOPLE:
        assert 7 <= period.local(who.created).hour <= 18


def test_days_of_the_bank_begin_at_its_midnights() -> None:
    assert len(period.midnights()) == period.DAYS + 1 == 366
    assert period.local(period.end()).isoformat() == "2025-07-01T00:00:00+02:00"
    assert period.german_day(period.end() - 1) == "30.06.2025"
    for day, midnight in enumerate(period.midnights()):
        wall = period.local(midnight)
        assert wall.date() == period.FIRST_DAY + timedelta(days=day)
        assert (wall.hour, wall.minute) == (0, 0)
    lengths = {later - sooner for sooner, later in zip(period.midnights(), period.midnights()[1:], strict=False)}
    assert lengths == {23 * 3600, 24 * 3600, 25 * 3600}
    assert period.at(-2, 5) == period.midnights()[0] - 2 * period.DAY_SECONDS + 5
