"""The people of the bank: the same under the same number, invented, in households, with what the story needs."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcx.demo import period, words
from crmcx.demo.people import DAUGHTER, FATHER, HEROINE, Person, person, scattered

PEOPLE = [person(7, number) for number in range(4000)]
OTHERS = PEOPLE[3:]


def homes() -> dict[int, list[Person]]:
    found: dict[int, list[Person]] = defaultdict(list)
    for who in PEOPLE:
        found[who.home.first].append(who)
    return found


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_a_person_is_a_pure_function_of_seed_and_number(seed: int, number: int) -> None:
    who = person(seed, number)
    person.cache_clear()
    assert who == person(seed, number)
    assert who.home.first <= number < who.home.first + who.home.size
    assert who.home.first // 100 == number // 100
    days = [day for day in (who.mortgages_day, who.deposits_day, who.service_day) if day is not None]
    assert 1 <= len(days) <= 3
    assert all(day < period.DAYS - 14 for day in days)
    assert 0 <= who.first_day == max(0, min(days))


def test_names_come_from_the_invented_lists_and_addresses_lead_nowhere() -> None:
    for who in OTHERS:
        assert who.given in words.GIVEN[who.language]
        assert who.family in words.FAMILY[who.language]
        for address in (who.email, who.work_email, who.home.mailbox):
            assert address.isascii()
            assert not address or address.endswith(".example")
        assert who.mobile.startswith(words.MOBILE)
        assert len(who.mobile) == len("0176 01234567")
        assert not who.home.landline or who.home.landline.startswith(words.LANDLINES)


def test_mailboxes_and_numbers_belong_to_one_person() -> None:
    for values in ([who.email for who in PEOPLE], [who.mobile for who in PEOPLE]):
        assert len(set(values)) == len(values)
    landlines = {who.home.first: who.home.landline for who in PEOPLE if who.home.landline}
    assert len(set(landlines.values())) == len(landlines)
    mailboxes = {who.home.first: who.home.mailbox for who in PEOPLE if who.home.mailbox}
    assert len(set(mailboxes.values())) == len(mailboxes) > 20


@given(st.sets(st.integers(0, 9_000_000), min_size=2), st.sampled_from([7_368_787, 3_141_593, 6_700_417]))
def test_scattered_numbers_differ(numbers: set[int], factor: int) -> None:
    found = {scattered(number, factor) for number in numbers}
    assert len(found) == len(numbers)
    assert all(0 <= number < 10**7 for number in found)


def test_many_people_share_a_name() -> None:
    names = Counter((who.given, who.family) for who in PEOPLE)
    namesakes = sum(count for count in names.values() if count > 1)
    assert 0.2 < namesakes / len(PEOPLE) < 0.6
    assert names.most_common(1)[0][1] > 5


def test_households() -> None:
    sizes = Counter(members[0].home.size for members in homes().values())
    total = sum(sizes.values())
    for size, share in ((1, 0.45), (2, 0.3), (3, 0.12), (4, 0.09), (5, 0.04)):
        assert sizes[size] / total == pytest.approx(share, abs=0.035)
    shared = [who.family == who.home.family for who in OTHERS if who.number > who.home.first]
    assert sum(shared) / len(shared) == pytest.approx(0.8, abs=0.03)
    for members in homes().values():
        assert len({(who.home.street, who.home.town, who.language) for who in members}) == 1


def test_shares() -> None:
    count = len(PEOPLE)
    assert sum(who.language == "de" for who in PEOPLE) / count == pytest.approx(0.6, abs=0.04)
    assert sum(who.satisfaction for who in PEOPLE) / count == pytest.approx(0, abs=0.06)
    records = sum(day is not None for who in PEOPLE for day in (who.mortgages_day, who.deposits_day, who.service_day))
    assert records / count == pytest.approx(1.65, abs=0.07)
    assert any(who.first_day > 0 for who in PEOPLE)


def test_whoever_waits_for_a_callback_is_known_to_the_service_centre_before() -> None:
    waiting = [who for who in PEOPLE if who.pain is not None]
    assert len(waiting) > 200
    for who in waiting:
        assert who.service_day is not None
        assert who.service_day <= min(day for day in (who.mortgages_day, who.deposits_day, 9999) if day is not None)


def test_the_people_of_the_story() -> None:
    for seed in (1, 7, 2024):
        heroine, father, daughter = (person(seed, number) for number in (HEROINE, FATHER, DAUGHTER))
        assert heroine.home.size == 1
        assert heroine.mortgages_day is not None
        assert heroine.deposits_day is not None
        assert heroine.mortgages_day < 0 < heroine.deposits_day
        assert (father.given, father.family, father.home) == (daughter.given, daughter.family, daughter.home)
        assert father.home.landline
        assert father.birth_year + 20 < daughter.birth_year
        assert father.mobile != daughter.mobile
        assert father.email != daughter.email


def test_days_of_the_bank_begin_at_its_midnights() -> None:
    assert len(period.midnights()) == period.DAYS + 1 == 1097
    assert period.local(period.end()).isoformat() == "2025-07-01T00:00:00+02:00"
    assert period.german_day(period.end() - 1) == "30.06.2025"
    for day, midnight in enumerate(period.midnights()):
        wall = period.local(midnight)
        assert wall.date() == period.FIRST_DAY + timedelta(days=day) == period.date_of(day)
        assert period.day_of(wall.date()) == day
        assert (wall.hour, wall.minute) == (0, 0)
    pairs = list(zip(period.midnights(), period.midnights()[1:], strict=False))
    assert {later - sooner for sooner, later in pairs} == {23 * 3600, 24 * 3600, 25 * 3600}
    changed = tuple(period.date_of(day) for day, (sooner, later) in enumerate(pairs) if later - sooner != 24 * 3600)
    assert changed == period.CLOCK_CHANGES
    assert period.at(-2, 5) == period.midnights()[0] - 2 * period.DAY_SECONDS + 5
