"""Every conversion: what it makes of each spelling that a source may use, and what it refuses."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcx.connectors import (
    Mapping,
    answer,
    at,
    constant,
    contact,
    day,
    duration,
    instant,
    joined,
    mapping,
    money,
    number,
    present,
    ref,
    shortest_decimal,
    text,
    words,
)
from crmcx.connectors.compiled import Compiled, Rejected
from crmcx.connectors.conversions import Conversion
from crmcx.connectors.mapping import PartMapping
from crmcx.connectors.validators import validated
from crmcx.errors import UsageError
from crmcx.instants import day_of, to_us
from crmcx.models import Case, Customer, Deal, Feedback, Interaction, OrderLine, Scale, StageChange
from crmcx.models.fields import leaves

LAW = settings(max_examples=60, deadline=None, derandomize=True, database=None)
NOON = "2025-03-01T12:00:00+00:00"
NPS = Scale(min=0, max=10)


def deal(**fields: Any) -> Mapping:
    return mapping(Deal, id="id", **{"status": constant("open"), **fields})


def visit(**fields: Any) -> Mapping:
    return mapping(Interaction, id="id", **{"kind": constant("visit"), "occurred_at": constant(NOON), **fields})


def customer(*parts: PartMapping, **fields: Any) -> Mapping:
    return mapping(Customer, id="id", parts=parts, **fields)


def survey(*parts: PartMapping, **fields: Any) -> Mapping:
    return mapping(Feedback, id="id", instrument=constant("q"), submitted_at=constant(NOON), parts=parts, **fields)


def cells(made: Mapping, **said: Any) -> dict[str, Any]:
    """The cells that one record becomes."""
    batch = Compiled((made,), source="crm").run([{"id": "1", **said}])
    assert batch.rejected == ()
    return {column: values[0] for column, values in batch.rows[0].cells.items()}


def parts(made: Mapping, **said: Any) -> list[dict[str, Any]]:
    """The cells of the parts that one record becomes."""
    batch = Compiled((made,), source="crm").run([{"id": "1", **said}])
    assert batch.rejected == ()
    return [
        {column: values[number] for column, values in each.cells.items()}
        for each in batch.rows[0].parts
        for number in range(len(each.indices))
    ]


def refused(made: Mapping, **said: Any) -> Rejected:
    """What is said of a record that cannot be mapped."""
    batch = Compiled((made,), source="crm").run([{"id": "1", **said}])
    assert [len(rows.indices) for rows in batch.rows] == [0]
    (rejected,) = batch.rejected
    return rejected


def us(*when: int) -> int:
    return to_us(datetime(*when, tzinfo=UTC))  # type: ignore[misc,arg-type]


class TestInstants:
    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ("2025-03-01 12:00", us(2025, 3, 1, 11)),
            ("2025-07-01 12:00", us(2025, 7, 1, 10)),
            ("2025-03-01T12:00:00Z", us(2025, 3, 1, 12)),
            ("2025-03-01T12:00:00-05:00", us(2025, 3, 1, 17)),
            ("2025-03-01", us(2025, 2, 28, 23)),
            (datetime(2025, 3, 1, 12), us(2025, 3, 1, 11)),  # noqa: DTZ001 - naive on purpose
            (datetime(2025, 3, 1, 12, tzinfo=UTC), us(2025, 3, 1, 12)),
        ],
    )
    def test_a_naive_time_is_of_the_zone_and_an_offset_is_kept(self, said: object, expected: int) -> None:
        made = visit(occurred_at=instant("x", zone="Europe/Berlin"))
        assert cells(made, x=said)["occurred_us"] == expected

    def test_an_hour_that_came_twice_is_the_first_of_both(self) -> None:
        made = visit(occurred_at=instant("x", zone="Europe/Berlin"))
        assert cells(made, x="2025-10-26 02:30")["occurred_us"] == us(2025, 10, 26, 0, 30)
        assert cells(made, x="2025-10-26 01:59")["occurred_us"] == us(2025, 10, 25, 23, 59)
        assert cells(made, x="2025-10-26 03:00")["occurred_us"] == us(2025, 10, 26, 2)

    def test_an_hour_that_never_was_is_counted_from_before_it(self) -> None:
        made = visit(occurred_at=instant("x", zone="Europe/Berlin"))
        assert cells(made, x="2025-03-30 02:30")["occurred_us"] == us(2025, 3, 30, 1, 30)
        assert cells(made, x="2025-03-30 03:30")["occurred_us"] == us(2025, 3, 30, 1, 30)

    def test_a_format_of_its_own(self) -> None:
        made = visit(occurred_at=instant("x", format="%d.%m.%Y %H:%M", zone="Europe/Berlin"))
        assert cells(made, x="01.03.2025 12:00")["occurred_us"] == us(2025, 3, 1, 11)
        rejected = refused(made, x="2025-03-01 12:00")
        assert rejected.field == "Interaction.occurred_at"
        assert rejected.reason == "'x': found '2025-03-01 12:00', is not written as %d.%m.%Y %H:%M"

    def test_a_format_with_an_offset_needs_no_zone(self) -> None:
        made = visit(occurred_at=instant("x", format="%Y%m%d %H%M %z"))
        assert cells(made, x="20250301 1200 +0130")["occurred_us"] == us(2025, 3, 1, 10, 30)

    @pytest.mark.parametrize("said", ["2025-03-01 12:00", datetime(2025, 3, 1)])  # noqa: DTZ001 - naive on purpose
    def test_a_naive_time_without_a_zone_is_refused(self, said: object) -> None:
        assert (
            "has no offset, and the mapping names no zone=" in refused(visit(occurred_at=instant("x")), x=said).reason
        )

    @pytest.mark.parametrize("said", [1740826800, 1.5, True, ["2025-03-01"], date(2025, 3, 1)])
    def test_what_is_neither_text_nor_datetime(self, said: object) -> None:
        assert "is no date and time" in refused(visit(occurred_at=instant("x", zone="UTC")), x=said).reason

    @pytest.mark.parametrize("said", ["", "  ", "10:00", "2025-13-01", "1740826800", "yesterday"])
    def test_what_is_not_iso(self, said: str) -> None:
        assert "is not written as ISO 8601" in refused(visit(occurred_at=instant("x", zone="UTC")), x=said).reason

    @pytest.mark.parametrize(
        "said", [5, 1.5, True, "1740826800", "20250301T1000Z", "2025-03-01", "2025-03-01T12:00:00", [], {}, ""]
    )
    def test_as_it_stands_only_iso_with_its_offset(self, said: object) -> None:
        assert "is no date and time in ISO 8601 with its offset" in refused(visit(occurred_at="x"), x=said).reason

    @pytest.mark.parametrize("said", [NOON, "2025-03-01T13:00:00+01:00", datetime(2025, 3, 1, 12, tzinfo=UTC)])
    def test_as_it_stands(self, said: object) -> None:
        assert cells(visit(occurred_at="x"), x=said)["occurred_us"] == us(2025, 3, 1, 12)

    def test_nothing_is_nothing_where_it_may_be(self) -> None:
        for given_ in ("x", instant("x"), instant("x", unit="s")):
            assert cells(deal(created_at=given_), x=None)["created_us"] is None
            assert refused(visit(occurred_at=given_)).reason == "'x': nothing is there, and a value is needed"

    def test_a_zone_that_nobody_knows(self) -> None:
        with pytest.raises(UsageError, match="no time zone is called 'Mars/Base'") as error:
            Compiled((visit(occurred_at=instant("x", zone="Mars/Base")),), source="crm")
        assert error.value.code == "usage"

    @LAW
    @given(st.datetimes(min_value=datetime(2, 1, 1), timezones=st.sampled_from([UTC, ZoneInfo("Asia/Kolkata")])))  # noqa: DTZ001
    def test_iso_text_says_the_moment(self, moment: datetime) -> None:
        assert cells(visit(occurred_at="x"), x=moment.isoformat())["occurred_us"] == to_us(moment)
        assert cells(visit(occurred_at=instant("x")), x=moment.isoformat())["occurred_us"] == to_us(moment)

    @pytest.mark.parametrize("said", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:00:00-10:00"])
    @pytest.mark.parametrize("conversion", ["x", instant("x")])
    def test_a_moment_that_utc_cannot_write_is_refused(self, said: str, conversion: Any) -> None:
        assert refused(visit(occurred_at=conversion), x=said).field == "Interaction.occurred_at"


class TestEpochNumbers:
    @pytest.mark.parametrize(
        ("unit", "said"),
        [
            ("s", 1740830400),
            ("s", "1740830400"),
            ("s", 1740830400.0),
            ("s", Decimal(1740830400)),
            ("ms", 1740830400000),
            ("ms", "1740830400000"),
            ("us", 1740830400000000),
        ],
    )
    def test_a_count_since_1970(self, unit: str, said: object) -> None:
        assert cells(visit(occurred_at=instant("x", unit=unit)), x=said)["occurred_us"] == us(2025, 3, 1, 12)

    def test_fractions_and_years_before_1970(self) -> None:
        made = visit(occurred_at=instant("x", unit="s"))
        assert cells(made, x=0.25)["occurred_us"] == 250_000
        assert cells(made, x="1.000001")["occurred_us"] == 1_000_001
        assert cells(made, x=-1)["occurred_us"] == -1_000_000

    @pytest.mark.parametrize("said", ["soon", "", "NaN", "Infinity", True, 10**15, -(10**15), NOON, []])
    def test_what_is_no_count(self, said: object) -> None:
        assert "is no count of time since 1970" in refused(visit(occurred_at=instant("x", unit="s")), x=said).reason

    @LAW
    @given(st.integers(to_us(datetime(1, 1, 1, tzinfo=UTC)), to_us(datetime(9999, 12, 31, tzinfo=UTC))))
    def test_microseconds_are_exact(self, count: int) -> None:
        assert cells(visit(occurred_at=instant("x", unit="us")), x=count)["occurred_us"] == count
        assert cells(visit(occurred_at=instant("x", unit="us")), x=str(count))["occurred_us"] == count


class TestDays:
    def test_formats(self) -> None:
        assert cells(deal(opened_on=day("x")), x="2025-03-01")["opened_day"] == day_of(date(2025, 3, 1))
        assert cells(deal(opened_on=day("x", format="%d.%m.%Y")), x="01.03.2025")["opened_day"] == day_of(
            date(2025, 3, 1)
        )
        assert cells(deal(opened_on=day("x")), x=date(1969, 12, 31))["opened_day"] == -1
        assert cells(deal(opened_on=day("x", format="%Y%m%d")), x=19700102)["opened_day"] == 1
        assert cells(deal(opened_on=day("x")), x=None)["opened_day"] is None

    @pytest.mark.parametrize(
        "said",
        ["2025-02-29", "01.03.2025", "", "2025-03-01T12:00:00", 20250301, datetime(2025, 3, 1, tzinfo=UTC)],
    )
    def test_what_is_no_day(self, said: object) -> None:
        rejected = refused(deal(opened_on=day("x")), x=said)
        assert rejected.field == "Deal.opened_on"
        assert "is no day written as %Y-%m-%d" in rejected.reason

    @LAW
    @given(st.dates(min_value=date(1000, 1, 1)))
    def test_a_day_is_read_as_it_was_written(self, said: date) -> None:
        assert cells(deal(opened_on=day("x", format="%d.%m.%Y")), x=said.strftime("%d.%m.%Y"))["opened_day"] == day_of(
            said
        )

    def test_as_it_stands(self) -> None:
        assert cells(deal(opened_on="x"), x="2025-03-01")["opened_day"] == day_of(date(2025, 3, 1))
        assert "is no day" in refused(deal(opened_on="x"), x=datetime(2025, 3, 1, tzinfo=UTC)).reason

    @pytest.mark.parametrize("said", [0, 86400, "1740787200", "2025-03-01T00:00:00Z"])
    def test_as_it_stands_a_number_or_an_instant_is_no_day(self, said: object) -> None:
        assert refused(deal(opened_on="x"), x=said).field == "Deal.opened_on"


class TestDurations:
    @pytest.mark.parametrize(
        ("unit", "said", "expected"),
        [
            ("milliseconds", 1500, 1_500_000),
            ("seconds", "90", 90_000_000),
            ("seconds", 0.5, 500_000),
            ("seconds", -2, -2_000_000),
            ("minutes", Decimal("1.5"), 90_000_000),
            ("hours", 1, 3_600_000_000),
            ("days", "2", 172_800_000_000),
            ("days", None, None),
        ],
    )
    def test_units(self, unit: str, said: object, expected: int | None) -> None:
        assert cells(visit(duration=duration("x", unit=unit)), x=said)["duration_us"] == expected

    @pytest.mark.parametrize("said", ["long", "", "NaN", "Infinity", "-Infinity", True, 10**18, "1:30", []])
    def test_what_is_no_number(self, said: object) -> None:
        rejected = refused(visit(duration=duration("x", unit="minutes")), x=said)
        assert rejected.field == "Interaction.duration"
        assert "is no number of minutes" in rejected.reason

    @LAW
    @given(st.integers(-(10**9), 10**9))
    def test_a_count_is_exact(self, count: int) -> None:
        assert cells(visit(duration=duration("x")), x=count)["duration_us"] == count * 1_000_000

    def test_as_it_stands(self) -> None:
        assert cells(visit(duration="x"), x="PT5M")["duration_us"] == 300_000_000
        assert cells(visit(duration="x"), x=timedelta(seconds=1))["duration_us"] == 1_000_000

    def test_as_it_stands_a_number_is_no_duration(self) -> None:
        assert refused(visit(duration="x"), x=90).field == "Interaction.duration"


@pytest.mark.parametrize(
    "made", [visit(duration=duration("x")), visit(occurred_at=instant("x", unit="s"))], ids=["duration", "instant"]
)
def test_an_absurd_exponent_is_refused(made: Mapping) -> None:
    assert refused(made, x="1e9999999").index == 0


def test_an_absurd_exponent_of_an_amount_costs_no_time() -> None:
    compiled = Compiled((deal(amount=money("x", currency="EUR")),), source="crm")
    begun = time.process_time()
    assert len(compiled.run([{"id": "1", "x": "1e4000000"}]).rejected) == 1
    assert time.process_time() - begun < 0.4


class TestNumbers:
    @pytest.mark.parametrize(
        ("conversion", "said", "expected"),
        [
            (number("x", decimal=",", thousands="."), "1.234.567,50", 1_234_567_500_000),
            (number("x", decimal=",", thousands="."), "-80,5", -80_500_000),
            (number("x", decimal=",", thousands=" "), "1 234,5", 1_234_500_000),
            (number("x", decimal=","), "0,000001", 1),
            (number("x", thousands=","), "1,234.5", 1_234_500_000),
            (number("x"), "12.5", 12_500_000),
            (number("x", decimal=","), 12, 12_000_000),
            (number("x", decimal=","), Decimal("12.5"), 12_500_000),
            (number("x", decimal=","), None, None),
        ],
    )
    def test_separators(self, conversion: Conversion, said: object, expected: int | None) -> None:
        assert cells(deal(amount=money(conversion, currency="EUR")), x=said)["amount_micros"] == expected

    @pytest.mark.parametrize("said", ["achtzig", "", "1,2,3", "0,0000001", "NaN", "Infinity", "9000000000000,1", True])
    def test_what_is_no_exact_number(self, said: object) -> None:
        rejected = refused(deal(amount=money(number("x", decimal=","), currency="EUR")), x=said)
        assert rejected.field == "Deal.amount.amount"
        assert "is no exact number with at most six decimals" in rejected.reason

    def test_a_number_that_is_needed(self) -> None:
        made = mapping(OrderLine, id="id", order=ref("id"), quantity=number("x", decimal=","), placed_at=constant(NOON))
        assert cells(made, x="1,5")["quantity_micros"] == 1_500_000
        assert refused(made, x=None).reason == "'x': nothing is there, and a value is needed"

    def test_a_number_that_need_not_be_exact(self) -> None:
        made = survey(weight=number("x", decimal=","))
        assert cells(made, x="1,25")["weight"] == 1.25
        assert cells(made, x=None)["weight"] is None
        assert refused(made, x="viel").field == "Feedback.weight"
        assert refused(made, x="nan").field == "Feedback.weight"

    def test_a_whole_number(self) -> None:
        made = customer(birth_year=number("x", thousands="."))
        assert cells(made, x="1.980")["birth_year"] == 1980

    @LAW
    @given(st.integers(-9_000_000_000_000_000_000, 9_000_000_000_000_000_000))
    def test_a_german_amount_is_read_to_the_millionth(self, millionths: int) -> None:
        sign = "-" if millionths < 0 else ""
        whole, rest = divmod(abs(millionths), 1_000_000)
        said = f"{sign}{whole:,}".replace(",", ".") + f",{rest:06}"
        made = deal(amount=money(number("x", decimal=",", thousands="."), currency="EUR"))
        assert cells(made, x=said)["amount_micros"] == millionths

    def test_a_point_is_no_decimal_point_where_the_comma_is(self) -> None:
        assert refused(deal(amount=money(number("x", decimal=","), currency="EUR")), x="1.234").index == 0

    def test_an_underscore_is_no_separator(self) -> None:
        assert refused(deal(amount=money("x", currency="EUR")), x="1_000").index == 0


class TestShortestDecimal:
    def test_floats(self) -> None:
        made = deal(amount=money(shortest_decimal("x"), currency="EUR"))
        assert cells(made, x=0.1)["amount_micros"] == 100_000
        assert cells(made, x=2.675)["amount_micros"] == 2_675_000
        assert cells(made, x="2.5")["amount_micros"] == 2_500_000
        assert cells(made, x=3)["amount_micros"] == 3_000_000
        assert cells(made, x=None)["amount_micros"] is None

    @pytest.mark.parametrize("said", [0.1 + 0.2, float("nan"), float("inf"), 1e300, "x"])
    def test_what_has_no_exact_number(self, said: object) -> None:
        made = deal(amount=money(shortest_decimal("x"), currency="EUR"))
        assert "is no exact number" in refused(made, x=said).reason

    def test_a_float_as_it_stands_is_no_money(self) -> None:
        assert "is no exact number" in refused(deal(amount=money("x", currency="EUR")), x=0.5).reason

    @LAW
    @given(st.integers(-(10**9), 10**9))
    def test_cents_survive_a_float(self, cents: int) -> None:
        made = deal(amount=money(shortest_decimal("x"), currency="EUR"))
        assert cells(made, x=cents / 100)["amount_micros"] == cents * 10_000


class TestMoney:
    def test_a_constant_currency_follows_the_amount(self) -> None:
        made = deal(amount=money("x", currency="EUR"))
        assert [cells(made, x="1.5")[name] for name in ("amount_micros", "amount_currency")] == [1_500_000, "EUR"]
        assert [cells(made, x=None)[name] for name in ("amount_micros", "amount_currency")] == [None, None]

    def test_a_currency_of_its_own_column_follows_the_amount(self) -> None:
        made = deal(amount=money("x", currency=at("money", "code")))
        assert cells(made, x="1", money={"code": "CHF"})["amount_currency"] == "CHF"
        assert cells(made, x=None, money={"code": "CHF"})["amount_currency"] is None
        rejected = refused(made, x="1", money={"code": "Fr."})
        assert (rejected.field, rejected.reason[:30]) == ("Deal.amount.currency", "'money.code': found 'Fr.', no ")

    def test_an_amount_without_its_currency_is_refused(self) -> None:
        assert refused(deal(amount=money("x", currency=at("code"))), x="1", code=None).field == "Deal.amount.currency"


class TestWords:
    def test_a_table(self) -> None:
        made = deal(status=words("x", {"gewonnen": "won", "offen": "open"}))
        said = cells(made, x="gewonnen")
        assert (said["status"], said["status_native"]) == ("won", "gewonnen")

    def test_an_unknown_word_names_the_known_ones(self) -> None:
        rejected = refused(deal(status=words("x", {"gewonnen": "won", "offen": "open"})), x="vielleicht")
        assert rejected.field == "Deal.status"
        assert rejected.reason == "'x': found 'vielleicht', is not one of 'gewonnen', 'offen'"

    def test_another_word_for_the_rest(self) -> None:
        made = deal(status=words("x", {"gewonnen": "won"}, other="open"))
        assert cells(made, x="vielleicht")["status"] == "open"
        assert refused(made, x=None).reason == "'x': nothing is there, and a value is needed"

    def test_nothing_may_be_a_word_of_the_table(self) -> None:
        made = deal(status=words("x", {"": "open", "1": "won"}))
        assert [cells(made, x=said)["status"] for said in (None, "", "1")] == ["open", "open", "won"]

    def test_nothing_where_it_may_be(self) -> None:
        assert cells(visit(channel=words("x", {"mail": "email"})), x=None)["channel"] is None

    def test_flags(self) -> None:
        made = mapping(
            Case,
            id="id",
            status=constant("open"),
            opened_at=constant(NOON),
            met_sla=words("x", {"ja": True, "nein": False}),
        )
        assert [cells(made, x=said)["met_sla"] for said in ("ja", "nein", None)] == [True, False, None]
        assert "is not one of 'ja', 'nein'" in refused(made, x="oft").reason

    def test_flags_of_no_flag(self) -> None:
        made = mapping(
            Case, id="id", status=constant("open"), opened_at=constant(NOON), met_sla=words("x", {"ja": "yes"})
        )
        with pytest.raises(UsageError, match="gives yes; allowed: False, True") as error:
            Compiled((made,), source="crm")
        assert error.value.code == "mapping"

    @pytest.mark.parametrize("said", [6, 6.0, "6"])
    def test_numbers_are_words_as_they_are_written(self, said: object) -> None:
        assert cells(visit(channel=words("x", {"6": "email"})), x=said)["channel"] == "email"

    def test_the_sources_word_may_have_a_column_of_its_own(self) -> None:
        made = deal(status=words("x", {"1": "won"}), status_native="y")
        assert cells(made, x="1", y="closed won")["status_native"] == "closed won"

    def test_a_word_with_a_star_is_a_beginning(self) -> None:
        made = deal(status=words("x", {"Closed Won": "won", "Closed*": "lost", "Cl*": "open"}))
        found = [cells(made, x=said)["status"] for said in ("Closed Won", "Closed Wonder", "Closed", "Closing")]
        assert found == ["won", "lost", "lost", "open"]
        assert cells(made, x="Closed Lost")["status_native"] == "Closed Lost"
        assert refused(made, x="closed").field == "Deal.status"
        made = deal(status=words("x", {"Closed*": "lost"}, other="open"))
        assert [cells(made, x=said)["status"] for said in ("Closed 2", "New")] == ["lost", "open"]

    def test_words_for_a_language(self) -> None:
        assert cells(customer(language=words("x", {"Deutsch": "de"})), x="Deutsch")["language"] == "de"

    def test_a_flag_may_be_a_word_of_a_status(self) -> None:
        assert cells(deal(status=words("x", {"True": "won", "False": "open"})), x=True)["status"] == "won"


class TestPlain:
    def test_enumerations_by_their_words(self) -> None:
        assert cells(deal(status="x"), x="won")["status"] == "won"
        assert "'open', 'won', 'lost' or 'abandoned'" in refused(deal(status="x"), x="Won").reason

    def test_codes_are_stripped_and_needed(self) -> None:
        batch = Compiled((deal(),), source="crm").run(
            [{"id": " 7 "}, {"id": 7}, {"id": "  "}, {"id": None}, {"id": 1.5}]
        )
        assert list(batch.rows[0].cells["source_id"]) == ["7", "7", "1.5"]
        assert [(each.index, each.field) for each in batch.rejected] == [(2, "Deal.source_id"), (3, "Deal.source_id")]

    def test_a_reference_as_it_stands_names_its_source(self) -> None:
        assert cells(deal(customer="x"), x="crm/7")["customer_ref"] == "crm/7"
        assert refused(deal(customer="x"), x="7").field == "Deal.customer"

    def test_version_and_known_at(self) -> None:
        made = deal(version="v", known_at=instant("k", unit="s"))
        said = cells(made, v="7", k=1)
        assert (said["version"], said["known_us"]) == (7, 1_000_000)
        assert refused(made, v="seven").field == "Deal.version"
        assert cells(deal(version=instant("v")), v=NOON)["version"] == us(2025, 3, 1, 12)
        assert [cells(deal())[name] for name in ("version", "known_us")] == [None, None]

    def test_what_is_not_mapped_has_its_default(self) -> None:
        assert cells(customer())["kind"] == "person"
        assert cells(customer())["name"] is None

    def test_a_conversion_without_a_validator(self) -> None:
        with pytest.raises(TypeError, match="no validator for Conversion"):
            validated(Conversion(), leaves(Deal)[0], source="crm", nullable=True)


class TestRefs:
    def test_ids_of_this_source_or_another(self) -> None:
        assert cells(deal(customer=ref("x")), x="7")["customer_ref"] == "crm/7"
        assert cells(deal(customer=ref("x")), x=7)["customer_ref"] == "crm/7"
        assert cells(deal(customer=ref("x")), x=" 7 ")["customer_ref"] == "crm/7"
        assert cells(deal(customer=ref("x", source="shop:eu")), x="7")["customer_ref"] == "shop:eu/7"
        assert cells(deal(customer=ref("x", source="shop", prefix="c-")), x="7")["customer_ref"] == "shop/c-7"

    @pytest.mark.parametrize("said", [None, "", "  "])
    def test_nothing_refers_to_nothing(self, said: object) -> None:
        assert cells(deal(customer=ref("x")), x=said)["customer_ref"] is None

    @pytest.mark.parametrize("said", [1.5, True, [], {}])
    def test_what_is_no_id(self, said: object) -> None:
        rejected = refused(deal(customer=ref("x")), x=said)
        assert rejected.field == "Deal.customer"
        assert "is no id: neither text nor a whole number" in rejected.reason

    @pytest.mark.parametrize("said", [None, "", "  "])
    def test_a_reference_that_is_needed(self, said: object) -> None:
        made = mapping(StageChange, id="id", customer=ref("x"), stage=constant("former"), changed_at=constant(NOON))
        assert refused(made, x=said).field == "StageChange.customer"

    @pytest.mark.parametrize("said", ["", "  "])
    def test_a_reference_that_is_needed_where_the_class_applies(self, said: str) -> None:
        made = mapping(
            StageChange,
            id="id",
            customer=ref("x"),
            stage=constant("former"),
            changed_at=constant(NOON),
            when=present("id"),
        )
        assert refused(made, x=said).field == "StageChange.customer"


class TestJoined:
    def test_values_in_their_order(self) -> None:
        made = mapping(Deal, id=joined("b", ("n", 0)), status=constant("open"))
        assert cells(made, b=7, n=["x"])["source_id"] == "7#x"
        made = mapping(Deal, id=joined("b", "a", separator="/"), status=constant("open"))
        assert cells(made, a=1, b=2)["source_id"] == "2/1"

    def test_one_that_is_missing(self) -> None:
        rejected = refused(mapping(Deal, id=joined("a", "b"), status=constant("open")), a=1, b=None)
        assert (rejected.field, rejected.reason) == (
            "Deal.source_id",
            "'a+b': nothing is there, and a value is needed",
        )


class TestTexts:
    def test_words_and_their_language(self) -> None:
        said = cells(visit(text=text("x", lang="de")), x="gut")
        assert (said["text"], said["text_lang"]) == ("gut", "de")
        said = cells(visit(text=text("x", lang=at("l"))), x="bien", l="fr-CA")
        assert (said["text"], said["text_lang"]) == ("bien", "fr-CA")
        assert cells(visit(text=text("x")), x="gut")["text_lang"] == "und"

    def test_no_words_no_language(self) -> None:
        said = cells(visit(text=text("x", lang=at("l"))), x=None, l="fr")
        assert (said["text"], said["text_lang"]) == (None, None)

    def test_what_is_no_language(self) -> None:
        assert refused(visit(text=text("x", lang=at("l"))), x="bien", l="!").field == "Interaction.text.lang"

    def test_a_language_that_nobody_said(self) -> None:
        assert cells(visit(text=text("x", lang=at("l"))), x="bien", l=None)["text_lang"] == "und"


class TestAnswers:
    def test_scores_with_their_scale(self) -> None:
        made = survey(answer("Q1", "x", kind="nps", scale=NPS))
        (said,) = parts(made, x="7")
        expected = {"item": "Q1", "kind": "nps", "state": "answered", "state_native": None, "score": 7.0}
        assert {name: said[name] for name in expected} == expected
        assert [said[f"scale_{name}"] for name in ("min", "max", "direction")] == [0.0, 10.0, "higher_is_better"]

    def test_nothing_is_skipped(self) -> None:
        (said,) = parts(survey(answer("Q1", "x", kind="nps", scale=NPS)), x=None)
        assert (said["state"], said["score"], said["state_native"]) == ("skipped", None, None)

    @pytest.mark.parametrize("code", ["99", 99, 99.0])
    def test_codes_that_are_no_answers(self, code: object) -> None:
        made = survey(answer("Q1", "x", kind="csat", scale=NPS, states={"99": "not_applicable"}))
        (said,) = parts(made, x=code)
        assert (said["state"], said["score"], said["state_native"]) == ("not_applicable", None, "99")
        (said,) = parts(made, x=3)
        assert (said["state"], said["score"], said["state_native"]) == ("answered", 3.0, None)
        (said,) = parts(made, x=None)
        assert (said["state"], said["score"], said["state_native"]) == ("skipped", None, None)

    @pytest.mark.parametrize("said", [11, -1, "much", "nan", ""])
    def test_a_score_off_its_scale(self, said: object) -> None:
        rejected = refused(survey(answer("Q1", "x", kind="nps", scale=NPS)), x=said)
        assert rejected.field == "Answer.score"
        assert rejected.reason.startswith(f"'x': found {said!r}, is no score on its scale")

    def test_choices(self) -> None:
        made = survey(answer("Q1", "x", kind="choice", choices={"Ja": "yes", "Nein": "no"}))
        assert [parts(made, x=said)[0]["choice"] for said in ("Ja", "Nein", None)] == ["yes", "no", None]
        assert "is not one of 'Ja', 'Nein'" in refused(made, x="Oft").reason
        assert parts(survey(answer("Q1", "x", kind="choice")), x="Ja")[0]["choice"] == "Ja"

    def test_texts(self) -> None:
        (said,) = parts(survey(answer("Q1", "x", kind="text", lang="de")), x="gut")
        assert (said["text"], said["text_lang"], said["state"]) == ("gut", "de", "answered")
        (said,) = parts(survey(answer("Q1", "x", kind="text", lang=at("l"))), x=None, l="fr")
        assert (said["text"], said["text_lang"], said["state"]) == (None, None, "skipped")

    @pytest.mark.parametrize("choices", [{"Ja": "yes"}, None])
    def test_a_code_that_is_no_choice(self, choices: dict[str, str] | None) -> None:
        made = survey(answer("Q1", "x", kind="choice", choices=choices, states={"99": "not_applicable"}))
        (said,) = parts(made, x="99")
        assert (said["state"], said["choice"]) == ("not_applicable", None)

    def test_a_code_that_is_no_text(self) -> None:
        (said,) = parts(survey(answer("Q1", "x", kind="text", states={"99": "not_applicable"})), x="99")
        assert (said["state"], said["text"], said["text_lang"]) == ("not_applicable", None, None)


class TestContacts:
    def test_one_part_for_each_that_is_there(self) -> None:
        made = customer(contact("email", "e", label="home", primary=True), contact("phone", ("p", 0)))
        found = parts(made, e="ada@example.org", p=[4930])
        assert [(each["kind"], each["value"], each["label"], each["primary"]) for each in found] == [
            ("email", "ada@example.org", "home", True),
            ("phone", "4930", None, None),
        ]

    @pytest.mark.parametrize("said", [{}, {"e": None}, {"e": ""}])
    def test_none_where_there_is_none(self, said: dict[str, Any]) -> None:
        assert parts(customer(contact("email", "e")), **said) == []
