"""The strategies of the kit: valid objects of every class, edges that really occur, fields that stay as given."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, cast

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from tests.law import LAW

from crmcx.errors import MissingExtraError, UsageError
from crmcx.models import Answer, Customer, Deal, Direction, Feedback, Money, Order, Scale, Text, values
from crmcx.models.fields import leaves
from crmcx.tables import PARTS, RECORDS
from crmcx.testing import strategies
from crmcx.testing.strategies import lists_of, money, parts, records

CLASSES = [*RECORDS, *PARTS]
TYPES: dict[str, Any] = {
    "codes": values.Code,
    "countries": values.Country,
    "currencies": values.Currency,
    "days": values.Day,
    "durations": values.Duration,
    "exacts": values.Exact,
    "instants": values.Instant,
    "languages": values.Language,
    "money": Money,
    "reals": values.Real,
    "refs": values.Ref,
    "scales": Scale,
    "shares": values.Share,
    "sources": values.SourceName,
    "texts": Text,
    "wholes": values.Whole,
    "words": values.Label,
}
AGREEING = {"weekday", "day", "opens", "closes"}
"""Fields of which one says whether the other may be there."""
MANY = settings(LAW, max_examples=100)
LARGEST = values.LARGEST_AMOUNT


@cache
def sample(name: str, size: int = 1_000) -> list[Any]:
    """What the strategy of a name draws: of a class, or of a value."""
    drawn: list[Any] = []

    @given(of(name))
    @settings(LAW, max_examples=size)
    def draw(found: Any) -> None:
        drawn.append(found)

    draw()
    return drawn


def of(name: str) -> st.SearchStrategy[Any]:
    cls: Any = next((found for found in CLASSES if found.__name__ == name), None)
    if cls is None:
        return cast("st.SearchStrategy[Any]", getattr(strategies, name)())
    return records(cls) if cls in RECORDS else parts(cls)


def occurs(name: str, condition: Callable[[Any], object]) -> bool:
    return any(condition(found) for found in sample(name))


def simplest(strategy: st.SearchStrategy[Any], condition: Callable[[Any], object] = lambda _: True) -> Any:
    return find(strategy, lambda found: bool(condition(found)), settings=settings(LAW, max_examples=500))


class TestClasses:
    @pytest.mark.parametrize("cls", CLASSES)
    def test_objects_are_valid_and_between_them_fill_every_field_and_leave_it_out(self, cls: Any) -> None:
        drawn = sample(cls.__name__, 300)
        assert len(drawn) >= 200
        assert all(type(found) is cls and cls.model_validate(found.model_dump()) == found for found in drawn)
        filled = {name for found in drawn for name in found.model_fields_set if getattr(found, name) not in (None, ())}
        assert filled == set(cls.model_fields)
        for name in {leaf.path[0] for leaf in leaves(cls) if leaf.nullable} - AGREEING:
            assert any(name not in found.model_fields_set for found in drawn), name
            assert any(name in found.model_fields_set and getattr(found, name) is None for found in drawn), name

    @pytest.mark.parametrize("cls", [Deal, Customer, Order, Answer])
    def test_the_simplest_has_what_is_required_and_no_more(self, cls: Any) -> None:
        found = simplest(of(cls.__name__))
        assert found.model_fields_set == {name for name, info in cls.model_fields.items() if info.is_required()}

    def test_one_condition_fills_one_field(self) -> None:
        assert repr(simplest(records(Deal), lambda deal: deal.closed_on is not None)) == (
            "Deal(source='crm', source_id='1', status=<DealStatus.OPEN: 'open'>, closed_on=datetime.date(2000, 1, 1))"
        )

    @pytest.mark.parametrize("cls", RECORDS)
    @given(data=st.data())
    @LAW
    def test_records_of_a_list_are_told_apart(self, cls: Any, data: st.DataObject) -> None:
        found = data.draw(lists_of(cls, min_size=1, max_size=4, source="crm"))
        assert 1 <= len(found) <= 4
        assert len({item.ref for item in found}) == len(found)
        assert {item.source for item in found} == {"crm"}

    def test_a_class_of_ones_own_has_its_strategy(self) -> None:
        class Member(Customer):
            table: ClassVar[str] = "members"
            tier: values.Code
            fee: Money | None = None
            joined_on: values.Day | None = None

        found = simplest(records(Member), lambda member: member.fee)
        assert (found.tier, found.joined_on, found.fee) == ("1", None, Money(amount=0, currency="EUR"))

    def test_what_a_class_of_ones_own_refuses_is_named(self) -> None:
        class Strict(Customer):
            table: ClassVar[str] = "strict"
            tier: values.Annotated[str, values.StringConstraints(pattern="^gold$")]

        with pytest.raises(UsageError, match="Strict refuses what was drawn for tier; give it a value or a strategy"):
            simplest(records(Strict))
        assert simplest(records(Strict, tier="gold")).tier == "gold"


class TestFixed:
    @given(deal=records(Deal, status="won", source="crm", owner=None, amount=money()))
    @LAW
    def test_values_and_strategies_hold(self, deal: Deal) -> None:
        assert (deal.status, deal.source, deal.owner) == ("won", "crm", None)
        assert isinstance(deal.amount, Money)
        assert deal.model_fields_set >= {"status", "source", "owner", "amount"}

    @given(feedback=records(Feedback, answers=st.tuples(parts(Answer, item="q1"))))
    @LAW
    def test_parts_too(self, feedback: Feedback) -> None:
        assert [answer.item for answer in feedback.answers] == ["q1"]

    @pytest.mark.parametrize(("make", "cls"), [(records, Deal), (lists_of, Deal), (parts, Answer)])
    def test_an_unknown_field_is_named_with_the_known_ones(self, make: Any, cls: Any) -> None:
        with pytest.raises(UsageError) as caught:
            make(cls, stauts="won", scroe=1)
        assert caught.value.message == (
            f"{cls.__name__} has no scroe, stauts; its fields are {', '.join(sorted(cls.model_fields))}"
        )
        assert caught.value.data == {"unknown": ("scroe", "stauts")}

    def test_a_value_that_the_class_refuses_is_not_shown(self) -> None:
        with pytest.raises(UsageError, match="Deal refuses what was drawn for amount") as caught:
            simplest(records(Deal, amount="hush hush"))
        assert "hush" not in str(caught.value)
        assert caught.value.__suppress_context__

    @pytest.mark.parametrize(("make", "cls", "kind"), [(records, Answer, "records"), (parts, Deal, "parts")])
    def test_a_class_of_the_other_kind(self, make: Any, cls: Any, kind: str) -> None:
        with pytest.raises(UsageError, match=f"found {cls.__name__}, expected a class of {kind}"):
            make(cls)
        with pytest.raises(UsageError, match=f"found Money, expected a class of {kind}"):
            make(Money)


class TestScores:
    @given(answer=parts(Answer))
    @MANY
    def test_a_score_lies_on_its_scale(self, answer: Answer) -> None:
        assert answer.score is None or (answer.scale is not None and answer.scale.holds(answer.score))

    @given(answer=parts(Answer, score=9))
    @MANY
    def test_a_score_that_is_given_has_a_scale_that_holds_it(self, answer: Answer) -> None:
        assert answer.score == 9
        assert answer.scale is not None

    @given(answer=parts(Answer, score=st.sampled_from([1.7976931348623157e308, -1.7976931348623157e308, 5e-324, -0.0])))
    @MANY
    def test_any_score_has_one(self, answer: Answer) -> None:
        assert answer.score is not None
        assert answer.scale is not None

    @pytest.mark.parametrize("scale", [{"min": 1, "max": 5}, Scale(min=1, max=5), st.just(Scale(min=1, max=5))])
    def test_a_scale_that_is_given_has_its_ends_and_what_lies_between(self, scale: object) -> None:
        scores = set()

        @given(parts(Answer, item="q1", kind="nps", scale=scale))
        @settings(LAW, max_examples=200)
        def draw(answer: Answer) -> None:
            assert answer.scale == Scale(min=1, max=5)
            scores.add(answer.score)

        draw()
        assert scores >= {None, 1, 2, 3, 4, 5}
        assert any(score is not None and score % 1 for score in scores)

    def test_neither_and_a_scale_alone(self) -> None:
        assert simplest(parts(Answer, score=None, scale=None)).score is None
        assert any(answer.scale and answer.score is None for answer in sample("Answer", 200))

    @pytest.mark.parametrize("score", ["high", float("nan"), float("inf")])
    def test_a_score_that_is_none_at_all(self, score: object) -> None:
        with pytest.raises(UsageError, match="Answer refuses what was drawn for score"):
            simplest(parts(Answer, score=score))


class TestValues:
    @pytest.mark.parametrize("name", TYPES)
    def test_they_are_of_their_type(self, name: str) -> None:
        read = TypeAdapter(TYPES[name]).validate_python
        for found in sample(name):
            assert read(found) == (found.astimezone(UTC) if isinstance(found, datetime) else found)

    def test_each_is_listed(self) -> None:
        assert set(strategies.__all__) == {*TYPES, "records", "parts", "lists_of"}
        assert sorted(strategies.__all__) == strategies.__all__

    @pytest.mark.parametrize("moment", [datetime.min, datetime.max, datetime(1970, 1, 1)])  # noqa: DTZ001, DTZ901
    def test_the_ends_of_time(self, moment: datetime) -> None:
        assert occurs("instants", lambda found: found == moment.replace(tzinfo=UTC))

    @pytest.mark.parametrize("times", [0, 2])
    @pytest.mark.parametrize("fold", [0, 1])
    @pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe"])
    def test_times_on_the_wall_that_do_not_come_or_come_twice(self, zone: str, fold: int, times: int) -> None:
        assert occurs(
            "instants",
            lambda found: (getattr(found.tzinfo, "key", ""), found.fold, comes(found)) == (zone, fold, times),
        )

    @pytest.mark.parametrize("minutes", [0, 30, 45])
    def test_zones_whole_and_part_hours_off(self, minutes: int) -> None:
        assert occurs("instants", lambda found: found.utcoffset() % timedelta(hours=1) == timedelta(minutes=minutes))

    @pytest.mark.parametrize("name", ["instants", "days"])
    def test_leap_days(self, name: str) -> None:
        assert occurs(name, lambda day: (day.month, day.day, day.year % 100) == (2, 29, 0))
        assert occurs(name, lambda day: (day.month, day.day, day.year) == (2, 29, 2024))

    def test_moments_of_another_day_in_utc_and_with_microseconds(self) -> None:
        assert occurs("instants", lambda found: comes(found) == 1 and found.astimezone(UTC).date() != found.date())
        assert occurs("instants", lambda found: found.microsecond == 999_999)

    @pytest.mark.parametrize("day", [date.min, date.max, date(1970, 1, 1)])
    def test_the_ends_of_the_calendar(self, day: date) -> None:
        assert occurs("days", lambda found: found == day)

    @pytest.mark.parametrize("us", [0, 1, -1, 2**63 - 1, -(2**63)])
    def test_no_time_at_all_and_the_longest(self, us: int) -> None:
        assert occurs("durations", lambda found: found == timedelta(microseconds=us))
        assert us in {0, 1, -1} or occurs("wholes", lambda found: found == us)

    @pytest.mark.parametrize("amount", [0, LARGEST, -LARGEST, Decimal("0.000001"), Decimal("-0.01")])
    def test_amounts_at_the_edge(self, amount: Decimal) -> None:
        assert occurs("money", lambda found: found.amount == amount)
        assert occurs("exacts", lambda found: found == amount)

    def test_currencies_with_three_decimals_and_with_none(self) -> None:
        thousandths = {
            price.currency for price in sample("money") if price.amount * 1_000 % 10 and not price.amount * 1_000 % 1
        }
        assert thousandths >= {"KWD", "BHD", "TND"}
        whole = [price for price in sample("money") if price.currency in {"JPY", "KRW"}]
        assert len(whole) > 100
        assert all(price.amount % 1 == 0 for price in whole)

    @pytest.mark.parametrize("name", ["words", "texts"])
    @pytest.mark.parametrize(
        "script",
        [
            *("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "CJK", "HIRAGANA", "HANGUL"),
            *("COMBINING", "FULLWIDTH", "ZERO WIDTH JOINER", "ZERO WIDTH NON-JOINER", "EMOJI MODIFIER"),
            *("RIGHT-TO-LEFT MARK", "RIGHT-TO-LEFT OVERRIDE", "NO-BREAK SPACE", "ZERO WIDTH NO-BREAK SPACE"),
        ],
    )
    def test_scripts(self, script: str, name: str) -> None:
        assert occurs(name, lambda found: any(script in unicodedata.name(char, "") for char in plain(found)))

    @pytest.mark.parametrize("way", ["R", "AL"])
    def test_words_from_right_to_left(self, way: str) -> None:
        assert occurs("words", lambda found: way in map(unicodedata.bidirectional, found))

    @pytest.mark.parametrize("edge", ["", " ", "a\0b"])
    def test_words_at_the_edge(self, edge: str) -> None:
        assert occurs("words", lambda found: found == edge)
        assert occurs("texts", lambda found: found.value == edge)

    def test_words_composed_and_letter_by_mark(self) -> None:
        for form, other in (("NFC", "NFD"), ("NFD", "NFC")):
            assert any(
                unicodedata.is_normalized(form, found) and not unicodedata.is_normalized(other, found)
                for found in sample("words")
            )

    @pytest.mark.parametrize("ends", [(0, 10), (1, 5), (1, 7)])
    def test_scales_that_surveys_use(self, ends: tuple[float, float]) -> None:
        assert occurs("scales", lambda scale: (scale.min, scale.max) == ends)

    @pytest.mark.parametrize("direction", Direction)
    def test_scales_of_either_direction(self, direction: Direction) -> None:
        assert occurs("scales", lambda scale: scale.direction is direction and scale.max > 1_000)


def plain(found: Any) -> str:
    return found.value if isinstance(found, Text) else str(found)


def comes(moment: datetime) -> int:
    """How often the time on the wall of a moment comes: 0, 1 or 2 times."""
    if not 1 < moment.year < 9999:
        return 1
    wall, zone = moment.replace(tzinfo=None), moment.tzinfo
    read = {moment.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sum(instant.astimezone(zone).replace(tzinfo=None, fold=0) == wall.replace(fold=0) for instant in read)


class TestLoading:
    def test_without_hypothesis_the_error_names_the_extra(self) -> None:
        code = """
import sys
sys.modules["hypothesis"] = None
try:
    from crmcx.testing import strategies
except ImportError as error:
    print(type(error).__name__, error.hint)
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.strip() == f'{MissingExtraError.__name__} install it with: pip install "crmcx[testing]"'

    def test_no_other_room_loads_the_kit(self) -> None:
        """The demo alone does, whose servers stand on a part of it; what tests stand on is not loaded even there."""
        code = """
import sys
import crmcx, crmcx.cli, crmcx.workspace, crmcx.report, crmcx.sync, crmcx.identity
for name in crmcx.__all__:
    getattr(crmcx, name)
print([name for name in ("hypothesis", "pytest", "crmcx.testing") if name in sys.modules])
import crmcx.demo.run
print([name for name in ("hypothesis", "pytest") if name in sys.modules])
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.split() == ["[]", "[]"]
