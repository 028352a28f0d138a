"""What values as written stand for, and what is no key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW

from crmcx.identity.names import NICKNAMES
from crmcx.identity.readings import Reading, masked, read_email, read_id, read_phone


class TestEmail:
    @pytest.mark.parametrize(
        ("said", "key"),
        [
            ("Ada@Mail.Example", "ada@mail.example"),
            (" mailto:ada@mail.example ", "ada@mail.example"),
            ("ada+shop@mail.example", "ada@mail.example"),
            ("\uff41\uff44\uff41@mail.example", "ada@mail.example"),
            ("a.d.a@googlemail.com", "ada@gmail.com"),
            ("a.d.a@mail.example", "a.d.a@mail.example"),
            ("info.berg@mail.example", "info.berg@mail.example"),
            ("STRASSE@mail.example", "strasse@mail.example"),
            ("почта.ада@пример.example", "почта.ада@пример.example"),
        ],
    )
    def test_the_mailbox(self, said: str, key: str) -> None:
        assert read_email(said) == Reading(key)

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ("", "no e-mail address"),
            ("ada", "no e-mail address"),
            ("ada@mail", "no e-mail address"),
            ("ada@@mail.example", "no e-mail address"),
            ("ada berg@mail.example", "no e-mail address"),
            ("Info@mail.example", "role mailbox"),
            ("kontakt1@mail.example", "role mailbox"),
            ("no-reply@mail.example", "placeholder"),
            ("test123@mail.example", "placeholder"),
            ("xxxx@mail.example", "placeholder"),
            ("+tag@mail.example", "placeholder"),
        ],
    )
    def test_what_is_none(self, said: str, why: str) -> None:
        assert read_email(said) == Reading(None, why)

    def test_a_tag_may_be_a_part_of_it(self) -> None:
        assert read_email("ada+shop@mail.example", plus_tags=False).key == "ada+shop@mail.example"

    @given(st.emails())
    @LAW
    def test_reading_twice_is_reading_once(self, said: str) -> None:
        found = read_email(said)
        assert (found.key is None) == (found.aside is not None)
        if found.key is not None:
            assert read_email(found.key) == found


class TestPhone:
    @pytest.mark.parametrize("said", ["030 23125 123", "(030) 23125-123", "+49 (0)30 23125123", "0049 30 23125123"])
    def test_the_line(self, said: str) -> None:
        assert read_phone(said, "DE") == Reading("+493023125123")

    def test_the_country_counts(self) -> None:
        assert read_phone("01 5123456", "AT").key == "+4315123456"
        assert read_phone("+43 1 5123456", None).key == "+4315123456"
        assert read_phone("030 23125123", None) == Reading(None, "no country to read it in")

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ("", "placeholder"),
            ("000000", "placeholder"),
            ("0123456789", "placeholder"),
            ("030 1111111", "placeholder"),
            ("030 12", "placeholder"),
            ("+49 30 2312512312312312312", "no phone number"),
        ],
    )
    def test_what_is_none(self, said: str, why: str) -> None:
        assert read_phone(said, "DE") == Reading(None, why)

    def test_without_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("crmcx.identity.readings.find_spec", lambda _name: None)
        assert read_phone("030 23125 123", "DE") == Reading(None, 'needs the extra "phone"')


class TestId:
    @pytest.mark.parametrize(
        ("said", "key"), [("4711", "4711"), (" DL-47 11", "dl4711"), ("007", "007"), ("11111", "11111")]
    )
    def test_the_number(self, said: str, key: str) -> None:
        assert read_id(said) == Reading(key)

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            (" ", "empty"),
            ("0000", "placeholder"),
            ("n/a", None),
            ("unbekannt", "placeholder"),
            ("999999", "placeholder"),
        ],
    )
    def test_what_is_none(self, said: str, why: str | None) -> None:
        assert read_id(said).aside == why

    def test_ids_of_salesforce_differ_by_case(self) -> None:
        assert read_id("006A000000JBCaU").key != read_id("006A000000JBCau").key
        assert read_id("006A000000JBCaUIAX") == read_id("006A000000JBCaU") == Reading("006A000000JBCaU")
        assert read_id(" 006A000000JBCaU ") == Reading("006A000000JBCaU")

    @pytest.mark.parametrize(
        "said",
        ["006A000000JBCaUIAY", "006A000000JBCa", "ABCDEFGHIJKLMNO", "abcdefghijklmno", "AbcdefGhijklmno", "DL-4711-ab"],
    )
    def test_other_ids_do_not(self, said: str) -> None:
        assert read_id(said) == read_id(said.upper()) == read_id(said.lower())


def test_a_key_is_shown_masked() -> None:
    assert masked("email", "ada.berg@mail.example") == "a***@mail.example"
    assert masked("phone", "+493023125123") == "+49***23"
    assert masked("id", "dl4711") == "***11"
    assert masked("id", "4711") == masked("id", "7") == "***"
    assert "ada" not in repr(read_email("ada@mail.example"))


def test_nicknames_are_lower_case_groups() -> None:
    assert all(len(group) > 1 and all(name == name.lower().strip() for name in group) for group in NICKNAMES)
