"""A mapping is data: it is checked when it is written, can be written as JSON, and its hash tells any change."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from crmcx.connectors import (
    Mapping,
    answer,
    at,
    constant,
    contact,
    day,
    duration,
    equals,
    instant,
    joined,
    mapping,
    money,
    number,
    part,
    present,
    ref,
    shortest_decimal,
    text,
    words,
)
from crmcx.connectors.compiled import Compiled
from crmcx.connectors.conversions import as_path
from crmcx.errors import MappingError
from crmcx.models import ContactPoint, Customer, Deal, Feedback, Interaction, Scale, StageChange, Text

NPS = Scale(min=0, max=10)


def full(**changed: object) -> Mapping:
    """A mapping of many conversions, some of which a test changes."""
    given: dict[str, object] = {
        "id": joined("a", "b"),
        "status": words("Status", {"offen": "open", "gewonnen": "won"}),
        "customer": ref("customer"),
        "amount": money(number("Betrag", decimal=",", thousands="."), currency=at("money", "code")),
        "opened_on": day("Beginn", format="%d.%m.%Y"),
        "created_at": instant("made", zone="Europe/Berlin"),
        "version": "version",
        "known_at": instant("known"),
        "when": equals("kind", "deal"),
    }
    return mapping(Deal, **{**given, **changed})  # type: ignore[arg-type]


def visit(**changed: object) -> Mapping:
    given: dict[str, object] = {
        "id": "id",
        "kind": constant("visit"),
        "occurred_at": "at",
        "duration": duration("d"),
        "text": text("said", lang="de"),
    }
    return mapping(Interaction, **{**given, **changed})  # type: ignore[arg-type]


def person(*parts: object) -> Mapping:
    return mapping(Customer, id="id", parts=parts)  # type: ignore[arg-type]


class TestChecks:
    def test_an_unknown_field_is_named_with_the_known_ones(self) -> None:
        with pytest.raises(MappingError, match=r"Deal has no field colour, weight; it has: .*status") as error:
            mapping(Deal, id="id", status="s", weight="w", colour="c")
        assert error.value.code == "mapping"
        assert "extra" in str(error.value)

    def test_a_required_field_that_is_left_out(self) -> None:
        with pytest.raises(MappingError, match="leaves out customer, stage, which every StageChange has") as error:
            mapping(StageChange, id="id", changed_at="at")
        assert error.value.code == "mapping"

    def test_parts_are_checked_alike(self) -> None:
        with pytest.raises(MappingError, match="ContactPoint has no field street"):
            part(ContactPoint, kind=constant("email"), value="v", street="s")
        with pytest.raises(MappingError, match="ContactPoint leaves out kind"):
            part(ContactPoint, value="v")

    def test_nested_parts_are_no_fields(self) -> None:
        with pytest.raises(MappingError, match="Customer has no field contact_points"):
            mapping(Customer, id="id", contact_points="emails")

    @pytest.mark.parametrize("call", [lambda: instant("x", unit="ns"), lambda: duration("x", unit="weeks")])
    def test_an_unknown_unit(self, call: Callable[[], object]) -> None:
        with pytest.raises(MappingError, match=r"found unit '(ns|weeks)', expected .*s") as error:
            call()
        assert error.value.code == "mapping"

    @pytest.mark.parametrize("kind", ["nps", "csat", "ces", "likert", "number"])
    def test_a_score_needs_its_scale(self, kind: str) -> None:
        with pytest.raises(MappingError, match="item 'Q1' has scores and no scale") as error:
            answer("Q1", "q1", kind=kind)
        assert error.value.code == "mapping"

    @pytest.mark.parametrize("kind", ["choice", "text"])
    def test_choices_and_texts_need_no_scale(self, kind: str) -> None:
        assert dict(answer("Q1", "q1", kind=kind).fields)["item"] == constant("Q1")

    def test_words_that_the_model_does_not_have(self) -> None:
        wrong = mapping(Deal, id="id", status=words("s", {"x": "won", "y": "sold"}, other="gone"))
        with pytest.raises(
            MappingError, match=r"words.. for status gives gone, sold; allowed: abandoned, lost"
        ) as error:
            Compiled((wrong,), source="crm")
        assert error.value.code == "mapping"

    @pytest.mark.parametrize(("field", "word"), [("language", "not a language!"), ("birth_year", "abc")])
    def test_words_for_other_fields_are_checked_too(self, field: str, word: str) -> None:
        with pytest.raises(MappingError):
            Compiled((mapping(Customer, id="id", **{field: words("x", {"a": word})}),), source="crm")

    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"name": money("x", currency="EUR")}, id="money for a name"),
            pytest.param({"amount": "x"}, id="one value for money"),
            pytest.param({"opened_on": instant("x")}, id="an instant for a day"),
            pytest.param({"created_at": day("x")}, id="a day for an instant"),
            pytest.param({"name": duration("x")}, id="a duration for a name"),
        ],
    )
    def test_a_conversion_that_does_not_fit_its_field(self, fields: dict[str, object]) -> None:
        with pytest.raises(MappingError):
            Compiled((mapping(Deal, id="id", status=constant("open"), **fields),), source="crm")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "made",
        [
            lambda: mapping(Deal, id="id", status=constant("sold")),
            lambda: mapping(Deal, id="id", status=constant("open"), amount=money("x", currency="euro")),
            lambda: person(contact("mail", "e")),
            lambda: mapping(
                Feedback, id="id", instrument="i", submitted_at="t", parts=(answer("q", "q", kind="npss", scale=NPS),)
            ),
        ],
    )
    def test_a_constant_that_its_field_does_not_take(self, made: Callable[[], Mapping]) -> None:
        with pytest.raises(MappingError):
            Compiled((made(),), source="crm")

    def test_a_state_that_the_model_does_not_have(self) -> None:
        with pytest.raises(MappingError):
            Compiled(
                (
                    mapping(
                        Feedback,
                        id="id",
                        instrument="i",
                        submitted_at="t",
                        parts=(answer("q", "q", kind="nps", scale=NPS, states={"99": "unsaid"}),),
                    ),
                ),
                source="crm",
            )


class TestPaths:
    def test_a_text_is_one_key_as_it_stands(self) -> None:
        assert as_path("a.b c") == ("a.b c",)
        assert as_path(("a", 0, "b")) == ("a", 0, "b")
        assert at("a", 0).path == instant(("a", 0)).path == ("a", 0)

    def test_a_list_may_be_a_path(self) -> None:
        assert as_path(["a", 1]) == ("a", 1)  # type: ignore[arg-type]


class TestDescription:
    @pytest.mark.parametrize(
        "made",
        [
            full(),
            visit(),
            person(contact("email", "e", label="home", primary=True), contact("phone", ("p", 0))),
            mapping(
                Feedback,
                id="id",
                instrument="i",
                submitted_at="t",
                weight=shortest_decimal("w"),
                parts=(
                    answer("c", "c", kind="choice", choices={"Ja": "yes"}, states={"9": "not_shown"}),
                    answer("t", "t", kind="text", lang=at("lang")),
                ),
            ),
        ],
    )
    def test_it_is_json_and_says_everything(self, made: Mapping) -> None:
        said = made.describe()

        again = json.loads(json.dumps(said))
        assert again["class"] == made.cls.__name__
        assert set(again["fields"]) == {name for name, _ in made.fields}
        assert len(again["parts"]) == len(made.parts)

    def test_it_names_conversions_and_what_they_were_given(self) -> None:
        said = json.loads(json.dumps(full().describe()))

        assert said["id"] == {"conversion": "Joined", "paths": [["a"], ["b"]], "separator": "#"}
        assert said["fields"]["amount"] == {
            "conversion": "MoneyOf",
            "amount": {"conversion": "NumberAs", "path": ["Betrag"], "decimal": ",", "thousands": "."},
            "currency": {"conversion": "Plain", "path": ["money", "code"]},
        }
        assert said["when"] == {"path": ["kind"], "values": ["deal"]}
        assert said["version"] == {"conversion": "Plain", "path": ["version"]}

    def test_what_is_not_there_is_none(self) -> None:
        said = mapping(Deal, id="id", status="s").describe()
        assert (said["version"], said["known_at"], said["when"], said["parts"]) == (None, None, None, [])

    def test_a_part_says_when_it_applies(self) -> None:
        (said,) = person(contact("email", "e")).describe()["parts"]
        assert (said["class"], said["when"]) == ("ContactPoint", {"path": ("e",), "values": ()})

    def test_an_answer_with_a_scale_is_json_too(self) -> None:
        made = mapping(
            Feedback, id="id", instrument="i", submitted_at="t", parts=(answer("q", "q", kind="nps", scale=NPS),)
        )
        assert '"max": 10' in json.dumps(made.describe())


class TestHash:
    def test_equal_mappings_have_one_hash(self) -> None:
        assert full().hash == full().hash
        assert full() == full()
        assert len(full().hash) == 16
        int(full().hash, 16)

    def test_any_change_changes_it(self) -> None:
        variants = [
            full(),
            full(id="a"),
            full(id=joined("b", "a")),
            full(id=joined("a", "b", separator="/")),
            full(status=words("Status", {"offen": "open"})),
            full(status=words("Status", {"offen": "open", "gewonnen": "lost"})),
            full(status=words("Status", {"offen": "open", "gewonnen": "won"}, other="open")),
            full(customer=ref("customer", source="other")),
            full(customer=ref("customer", prefix="p")),
            full(amount=money(number("Betrag", decimal=","), currency=at("money", "code"))),
            full(amount=money(number("Betrag", decimal=",", thousands="."), currency="EUR")),
            full(amount=money("Betrag", currency=at("money", "code"))),
            full(amount=money(shortest_decimal("Betrag"), currency=at("money", "code"))),
            full(opened_on=day("Beginn")),
            full(opened_on="Beginn"),
            full(created_at=instant("made", zone="Europe/London")),
            full(created_at=instant("made", unit="s")),
            full(created_at=instant("made", unit="ms")),
            full(created_at=instant("made", zone="Europe/Berlin", format="%Y")),
            full(version="other"),
            full(version=instant("version")),
            full(known_at=None),
            full(when=None),
            full(when=present("kind")),
            full(when=equals("kind", "deal", "sale")),
            full(owner="owner"),
            visit(),
            visit(duration=duration("d", unit="minutes")),
            visit(text=text("said")),
            visit(text=text("said", lang=at("lang"))),
            visit(kind=constant("call")),
            person(),
            person(contact("email", "e")),
            person(contact("email", "f")),
            person(contact("phone", "e")),
            person(contact("email", "e", label="home")),
            person(contact("email", "e", primary=True)),
            person(contact("email", "e", primary=False)),
            person(contact("email", "e"), contact("phone", "p")),
            person(contact("phone", "p"), contact("email", "e")),
            person(part(ContactPoint, kind=constant("email"), value="e")),
            person(part(ContactPoint, kind=constant("email"), value="e", when=equals("e", "x"))),
        ]
        assert len({made.hash for made in variants}) == len(variants)

    def test_the_scale_of_an_answer_counts(self) -> None:
        def survey(scale: Scale) -> Mapping:
            made = answer("q", "q", kind="nps", scale=scale)
            return mapping(Feedback, id="id", instrument="i", submitted_at="t", parts=(made,))

        assert survey(NPS).hash != survey(Scale(min=1, max=10)).hash
        assert survey(NPS).hash == survey(Scale(min=0, max=10)).hash

    def test_the_words_of_a_constant_text_count(self) -> None:
        assert visit(text=constant(Text(value="aaa"))).hash != visit(text=constant(Text(value="bbb"))).hash
