"""Values are strict where a silent conversion would lie, frozen, and silent about what they were given."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.law import LAW

from crmcx.models import Answer, Direction, Money, Scale, Text
from crmcx.models.cells import micros
from crmcx.models.values import (
    LARGEST_AMOUNT,
    Code,
    Country,
    Currency,
    Day,
    Duration,
    Exact,
    Instant,
    Label,
    Language,
    Real,
    Ref,
    SourceName,
    Whole,
)
from crmcx.testing.strategies import exacts, money, scales, texts

NPS = Scale(min=0, max=10)


def read(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def code_of(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        read(kind, value)
    (error,) = caught.value.errors()
    return str(error["type"])


class TestAmounts:
    @pytest.mark.parametrize("value", [1.5, 1.0, float("nan"), float("inf"), -0.0])
    def test_a_float_is_refused(self, value: float) -> None:
        assert code_of(Exact, value) == "float_amount"

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ("1.1234567", "decimal_max_places"),
            (Decimal("0.0000001"), "decimal_max_places"),
            ("NaN", "finite_number"),
            ("Infinity", "finite_number"),
            ("9000000000000.000001", "less_than_equal"),
            ("-9000000000000.000001", "greater_than_equal"),
            ("12,50", "decimal_parsing"),
            ("", "decimal_parsing"),
            (True, "decimal_type"),
            (None, "decimal_type"),
        ],
    )
    def test_what_is_no_exact_amount(self, value: object, code: str) -> None:
        assert code_of(Exact, value) == code

    @pytest.mark.parametrize("value", ["12.50", 12, Decimal("12.5"), "-3", "0.000001", LARGEST_AMOUNT, -LARGEST_AMOUNT])
    def test_exact_amounts(self, value: str | int | Decimal) -> None:
        assert read(Exact, value) == Decimal(value)

    @given(exacts())
    @LAW
    def test_millionths_are_exact_and_fit_a_column(self, amount: Decimal) -> None:
        found = micros(read(Exact, amount))
        assert Decimal(found) == amount * 10**6
        assert -(2**63) <= found < 2**63

    @pytest.mark.parametrize("currency", ["eur", "EURO", "EU", "", "E1R", "EUR ", "EUR\n", "€"])
    def test_a_currency_is_three_capitals(self, currency: str) -> None:
        assert code_of(Currency, currency) == "currency_unknown"
        with pytest.raises(ValidationError):
            Money(amount=1, currency=currency)

    def test_money_needs_its_currency(self) -> None:
        with pytest.raises(ValidationError, match="Field required"):
            Money(amount=1)  # type: ignore[call-arg]


class TestInstants:
    @pytest.mark.parametrize("value", [0, 1, -1, 1.5, True, "1700000000", "1700000000.5", "0"])
    def test_a_bare_number_is_no_instant(self, value: object) -> None:
        assert code_of(Instant, value) == "instant_number"

    @pytest.mark.parametrize("value", ["-1700000000", "+17", "1.5e9", Decimal(1_700_000_000), b"1700000000"])
    def test_nor_is_a_bare_number_in_another_spelling(self, value: object) -> None:
        with pytest.raises(ValidationError):
            read(Instant, value)

    @pytest.mark.parametrize(
        "value",
        [datetime(2025, 1, 1), "2025-01-01T00:00:00", "2025-01-01", date(2025, 1, 1)],  # noqa: DTZ001
    )
    def test_a_naive_time_is_no_instant(self, value: object) -> None:
        assert code_of(Instant, value) == "instant_naive"

    @pytest.mark.parametrize("value", ["", "soon", "2025-13-01T00:00Z", "2025-02-29T00:00Z", None])
    def test_what_is_no_time_at_all(self, value: object) -> None:
        assert code_of(Instant, value).startswith("datetime_")

    @pytest.mark.parametrize(
        "value",
        [
            "2025-01-01T02:00:00+02:00",
            "2025-01-01T00:00:00Z",
            datetime(2025, 1, 1, 5, tzinfo=timezone(timedelta(hours=5))),
        ],
    )
    def test_an_instant_is_kept_in_utc(self, value: object) -> None:
        found = read(Instant, value)
        assert found == datetime(2025, 1, 1, tzinfo=UTC)
        assert found.tzinfo is UTC

    def test_utc_stays_the_same_object(self) -> None:
        given_one = datetime(2025, 1, 1, tzinfo=UTC)
        assert read(Instant, given_one) is given_one

    @pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-01:00"])
    def test_an_instant_beyond_the_calendar_is_refused(self, value: str) -> None:
        with pytest.raises(ValidationError):
            read(Instant, value)


class TestDays:
    def test_a_day(self) -> None:
        assert read(Day, "2025-01-31") == read(Day, date(2025, 1, 31)) == date(2025, 1, 31)

    def test_an_instant_is_no_day(self) -> None:
        assert code_of(Day, datetime(2025, 1, 1, tzinfo=UTC)) == "day_from_instant"

    @pytest.mark.parametrize("value", ["2025-02-30", "2025-01-01T10:00:00Z", "", True, 20_000])
    def test_what_is_no_day(self, value: object) -> None:
        assert code_of(Day, value).startswith(("date_", "day_from_instant"))

    @pytest.mark.parametrize("value", ["2025-01-01T00:00:00Z", "2025-01-01T10:00:00+02:00", 20_000, "0", 0.0, True])
    def test_nor_is_the_text_or_number_of_a_midnight(self, value: object) -> None:
        with pytest.raises(ValidationError):
            read(Day, value)


class TestDurations:
    @pytest.mark.parametrize("value", [0, 90, 1.5, "90", "-1", "1e3", Decimal(90), b"90", True])
    def test_a_bare_number_is_no_duration(self, value: object) -> None:
        assert code_of(Duration, value) == "duration_number"

    def test_a_duration(self) -> None:
        assert read(Duration, "PT90S") == timedelta(seconds=90)

    def test_a_duration_fits_its_column(self) -> None:
        with pytest.raises(ValidationError):
            read(Duration, timedelta.max)


class TestNumbersAndNames:
    @pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 1.5, "x", float("nan")])
    def test_what_is_no_whole_number(self, value: object) -> None:
        with pytest.raises(ValidationError):
            read(Whole, value)

    def test_whole_numbers_have_64_bits(self) -> None:
        assert [read(Whole, value) for value in (2**63 - 1, -(2**63))] == [2**63 - 1, -(2**63)]

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), "nan"])
    def test_a_real_is_finite(self, value: object) -> None:
        assert code_of(Real, value) == "finite_number"

    @pytest.mark.parametrize(
        ("kind", "good", "bad"),
        [
            (Country, ["DE", "US"], ["de", "DEU", "D", "", "DE\n"]),
            (Language, ["en", "de-AT", "zh-Hant-TW", "und"], ["e", "en_GB", "", "en-", "abcdefghi", "en\n"]),
            (SourceName, ["crm", "hubspot:mortgages", "a.b-c_d:X-1", "7"], ["CRM", "", ":a", "a:", "a/b", "-a", "a\n"]),
            (Ref, ["crm/1", "crm:bank/a/b c", "a/ü"], ["crm", "crm/", "/1", "CRM/1", ""]),
            (Code, ["x", "a b"], ["", "  ", "\t\n"]),
        ],
    )
    def test_patterns(self, kind: Any, good: list[str], bad: list[str]) -> None:
        assert [read(kind, value) for value in good] == good
        for value in bad:
            assert code_of(kind, value) in {"string_pattern_mismatch", "string_too_short"}, value

    @pytest.mark.parametrize("kind", [Code, Label])
    def test_a_number_is_taken_as_a_name(self, kind: Any) -> None:
        assert read(kind, 4711) == "4711"

    def test_a_code_is_stripped_and_a_label_is_not(self) -> None:
        assert (read(Code, " a "), read(Label, " a ")) == ("a", " a ")

    @pytest.mark.parametrize("kind", [Code, Label])
    def test_an_empty_label_is_a_label_and_none_is_not(self, kind: Any) -> None:
        assert code_of(kind, None) == "string_type"
        assert read(Label, "") == ""


class TestScales:
    @pytest.mark.parametrize(("low", "high"), [(3, 3), (10, 0), (0.1, -0.1)])
    def test_the_highest_is_above_the_lowest(self, low: float, high: float) -> None:
        with pytest.raises(ValidationError, match="scale_order"):
            Scale(min=low, max=high)

    def test_both_ends_are_on_it(self) -> None:
        assert [NPS.holds(score) for score in (-0.1, 0, 5, 10, 10.1)] == [False, True, True, True, False]

    @given(scales())
    @LAW
    def test_any_scale_holds_its_ends(self, scale: Scale) -> None:
        assert scale.holds(scale.min)
        assert scale.holds(scale.max)

    def test_higher_is_better_unless_said(self) -> None:
        assert NPS.direction is Direction.HIGHER
        assert Scale(min=1, max=7, direction="lower_is_better").direction is Direction.LOWER

    def test_a_score_without_a_scale(self) -> None:
        with pytest.raises(ValidationError, match="score_without_scale"):
            Answer(item="i", kind="nps", score=3)

    @pytest.mark.parametrize("score", [-1, 11, 10.000001])
    def test_a_score_outside_its_scale(self, score: float) -> None:
        with pytest.raises(ValidationError, match="score_outside_scale"):
            Answer(item="i", kind="nps", score=score, scale=NPS)

    @pytest.mark.parametrize("score", [0, 10, None])
    def test_a_score_on_its_scale(self, score: float | None) -> None:
        assert Answer(item="i", kind="nps", score=score, scale=NPS).score == score


class TestFrozenAndSilent:
    @given(money() | scales() | texts())
    @LAW
    def test_values_are_frozen_and_hashable(self, value: Money | Scale | Text) -> None:
        assert hash(value) == hash(value.model_copy())
        for name in type(value).model_fields:
            with pytest.raises(ValidationError, match="frozen_instance"):
                setattr(value, name, getattr(value, name))

    @pytest.mark.parametrize(
        ("cls", "fields"),
        [(Money, {"amount": 1, "currency": "EUR"}), (Scale, {"min": 0, "max": 1}), (Text, {"value": "x"})],
    )
    def test_values_have_no_more_fields(self, cls: Any, fields: dict[str, Any]) -> None:
        assert cls(**fields)
        with pytest.raises(ValidationError, match="extra_forbidden") as caught:
            cls(**fields, other="hush hush")
        assert "hush" not in str(caught.value)

    @pytest.mark.parametrize(
        ("cls", "fields"),
        [
            (Money, {"amount": "hush", "currency": "hush"}),
            (Scale, {"min": "hush", "max": "hush", "direction": "hush"}),
            (Text, {"value": ["hush"], "lang": "hush hush"}),
            (Text, "hush"),
        ],
    )
    def test_errors_do_not_show_the_input(self, cls: Any, fields: Any) -> None:
        with pytest.raises(ValidationError) as caught:
            cls.model_validate(fields)
        assert "hush" not in str(caught.value)
        assert "hush" not in repr(caught.value)

    @given(st.text("xyz", min_size=3))
    @LAW
    def test_a_text_shows_its_length(self, words: str) -> None:
        shown = f"Text({len(words)} characters, lang='en')"
        text = Text(value=words, lang="en")
        assert [repr(text), str(text), f"{text}"] == [shown] * 3

    def test_a_text_has_an_unknown_language_unless_said(self) -> None:
        assert Text(value="x").lang == "und"

    def test_rich_shows_no_words_either(self) -> None:
        assert "hush" not in str(list(Text(value="hush").__rich_repr__()))
