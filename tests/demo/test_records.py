"""What the systems hold of people: dirt at the rates it is meant to have, and numbers that belong to one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcx.demo import words
from crmcx.demo.dirt import misspelt, written_phone
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.people import HEROINE_LOAN, Person, person
from crmcx.demo.records import (
    DEPARTMENTS,
    Seen,
    System,
    account_number,
    has_duplicate,
    loan_number,
    made_on,
    record_id,
    seen,
)

PEOPLE = [person(11, number) for number in range(3, 6000)]
RECORDS = {
    system: [(who, seen(11, who, system)) for who in PEOPLE if system > 2 or made_on(who, system) is not None]
    for system in System
}
CRM = [pair for system in DEPARTMENTS for pair in RECORDS[system]]


def share(wanted: Callable[[Person, Seen], bool], pairs: list[tuple[Person, Seen]]) -> float:
    return sum(wanted(who, record) for who, record in pairs) / len(pairs)


def digits(text: str) -> str:
    return re.sub(r"^(0049|49|0)", "", re.sub(r"\D", "", text))


def test_a_record_is_a_pure_function() -> None:
    for who, record in CRM[:200]:
        (system,) = [each for each in DEPARTMENTS if record.id == record_id(each, who.number)]
        assert seen(11, who, system) == record


@pytest.mark.parametrize(
    ("system", "mail", "phone", "year"),
    [
        (System.MORTGAGES, 0.18, 0.25, 0.03),
        (System.DEPOSITS, 0.08, 0.4, 0.08),
        (System.SERVICE_CENTRE, 0.25, 0.1, 0.5),
        (System.HELP_DESK, 0.04, 0.8, 1.0),
        (System.SURVEY, 0.05, 1.0, 1.0),
    ],
)
def test_what_is_missing(system: System, mail: float, phone: float, year: float) -> None:
    pairs = RECORDS[system]
    assert share(lambda _, record: not record.email, pairs) == pytest.approx(mail, abs=0.025)
    assert share(lambda _, record: not record.phone, pairs) == pytest.approx(phone, abs=0.025)
    assert share(lambda _, record: record.birth_year is None, pairs) == pytest.approx(year, abs=0.025)


def test_names_are_misspelt_at_the_rates_they_are_meant_to_be() -> None:
    nickname = share(lambda who, record: words.NICKNAMES.get(who.given) in {record.given, record.family}, CRM)
    assert 0.07 < nickname < 0.14
    assert share(lambda _, record: record.given.endswith("."), CRM) == pytest.approx(0.034, abs=0.01)
    assert share(lambda _, record: not record.family, CRM) == pytest.approx(0.02, abs=0.007)
    swapped = share(lambda who, record: record.given == who.family or record.family == who.given, CRM)
    assert swapped == pytest.approx(0.014, abs=0.007)
    clean = share(lambda who, record: (record.given, record.family) == (who.given, who.family), CRM)
    assert 0.68 < clean < 0.8


def test_mailboxes_are_misspelt_shared_and_nobodys() -> None:
    written = [(who, record) for who, record in CRM if record.email]
    assert share(lambda _, record: "+" in record.email, written) == pytest.approx(0.03, abs=0.01)
    assert share(lambda _, record: record.email.isupper(), written) == pytest.approx(0.04, abs=0.01)
    nobodys = share(lambda _, record: record.email in words.PLACEHOLDER_MAILS, CRM)
    assert nobodys == pytest.approx(0.003, abs=0.002)
    role = share(lambda _, record: record.email.startswith(("info@", "office@")), written)
    assert 0.005 < role < 0.02
    family = share(lambda _, record: record.email.lower().startswith("familie."), written)
    assert 0.005 < family < 0.04
    own = [(who, record) for who, record in written if record.email.lower().replace("+", "@").split("@")[0] != ""]
    exact = share(lambda who, record: record.email.lower() == who.email, own)
    assert 0.75 < exact < 0.92


def test_landlines_are_shared_and_mobiles_are_not_but_for_a_few() -> None:
    phones = [(who, record) for who, record in CRM if record.phone]
    landline = share(lambda who, record: bool(record.phone) and digits(record.phone) == digits(who.home.landline), CRM)
    assert landline == pytest.approx(0.23, abs=0.03)
    assert share(lambda _, record: record.phone == words.PLACEHOLDER_PHONE, CRM) == pytest.approx(0.003, abs=0.002)
    hers = {digits(who.mobile): who.number for who in PEOPLE}
    others = share(lambda who, record: hers.get(digits(record.phone), who.number) != who.number, phones)
    assert 0.001 < others < 0.008
    ways = Counter(re.sub(r"\d", "9", record.phone) for _, record in phones)
    assert len([way for way, count in ways.items() if count > 50]) >= 8


@given(st.sampled_from(["030 23125123456", "0176 01234567"]), st.integers(0, 10**6))
def test_a_number_is_the_same_however_it_is_written(number: str, name: int) -> None:
    assert digits(written_phone(Draw(name, Stream.RECORD), number)) == digits(number)


@given(st.text("abcdefgh", min_size=3, max_size=20), st.integers(0, 10**6))
def test_a_slip_is_small(word: str, name: int) -> None:
    slipped = misspelt(Draw(name, Stream.RECORD), word)
    assert slipped[0] == word[0]
    assert abs(len(slipped) - len(word)) <= 1
    assert Counter(word).total() - (Counter(word) & Counter(slipped)).total() <= 1


def test_short_words_have_no_slip() -> None:
    assert misspelt(Draw(1, Stream.RECORD), "Al") == "Al"


def test_departments_know_their_own_numbers_and_few_of_others() -> None:
    for who, record in RECORDS[System.MORTGAGES]:
        assert record.loan == loan_number(who.number)
        assert not record.account
    for who, record in RECORDS[System.DEPOSITS]:
        assert record.account == account_number(who.number)
    both = [pair for pair in RECORDS[System.DEPOSITS] if pair[0].mortgages_day is not None]
    assert share(lambda _, record: bool(record.loan), both) == pytest.approx(0.25, abs=0.04)
    assert not any(record.loan for who, record in RECORDS[System.DEPOSITS] if who.mortgages_day is None)
    carried = [
        (own, number)
        for system, pairs in RECORDS.items()
        for who, record in pairs
        for owner, own, number in (
            (System.MORTGAGES, loan_number(who.number), record.loan),
            (System.DEPOSITS, account_number(who.number), record.account),
        )
        if number and system is not owner
    ]
    wrong = sum(own != number for own, number in carried) / len(carried)
    assert 0 < wrong < 0.01
    assert HEROINE_LOAN not in {number for _, number in carried}


def test_numbers_and_ids_belong_to_one_person() -> None:
    for number in (loan_number, account_number):
        assert len({number(each) for each in range(20_000)}) == 20_000
    for system in System:
        ids = {record_id(system, number, copy) for number in range(20_000) for copy in (0, 1)}
        assert len(ids) == 40_000


def test_some_stand_twice_in_one_system() -> None:
    twice = [(who, system) for who in PEOPLE for system in DEPARTMENTS if has_duplicate(11, who.number, system)]
    assert len(twice) / (3 * len(PEOPLE)) == pytest.approx(0.03, abs=0.006)
    differ = 0
    for who, system in twice:
        if made_on(who, system) is not None:
            first, second = seen(11, who, system), seen(11, who, system, 1)
            assert first.id != second.id
            assert first.created < second.created
            differ += (first.given, first.family, first.email) != (second.given, second.family, second.email)
    assert differ > 10
    assert not any(
        has_duplicate(seed, number, system) for seed in range(50) for number in (0, 1, 2) for system in System
    )
