"""Compiled mappings: records in, rows out, bad records apart; none is lost and none speaks of a person."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from crmcx.connectors import (
    Batch,
    Compiled,
    Mapping,
    Unreadable,
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
from crmcx.models import (
    Case,
    ContactPoint,
    Customer,
    Deal,
    Feedback,
    Interaction,
    OrderLine,
    Scale,
    StageChange,
)

LAW = settings(max_examples=60, deadline=None, derandomize=True, database=None)
NOON = "2025-03-01T12:00:00Z"
ADDRESS = "ada.lovelace@example.org"
DEAL = mapping(Deal, id="id", status="status", name="name")


def run(made: Mapping | tuple[Mapping, ...], *records: Any, fields: tuple[str, ...] | None = None) -> Batch:
    maps = made if isinstance(made, tuple) else (made,)
    return Compiled(maps, source="crm").run(records, fields=fields)


def ids(batch: Batch, number: int = 0) -> list[str]:
    return list(batch.rows[number].cells["source_id"])


def extra(batch: Batch, number: int = 0) -> list[Any]:
    return [None if each is None else json.loads(each) for each in batch.rows[number].cells["extra"]]


class TestPaths:
    def test_down_through_names_and_places(self) -> None:
        made = mapping(Deal, id=at("ids", 1), status=constant("open"), name=("owner", "names", 0, "first"))
        batch = run(made, {"ids": ["a", "b"], "owner": {"names": [{"first": "Ada"}]}})
        assert (ids(batch), batch.rows[0].cells["name"]) == (["b"], ["Ada"])

    @pytest.mark.parametrize(
        "said", [{}, {"owner": None}, {"owner": 5}, {"owner": {"names": []}}, {"owner": {"names": {}}}, {"owner": "x"}]
    )
    def test_a_way_that_ends_early_leads_to_nothing(self, said: dict[str, Any]) -> None:
        made = mapping(Deal, id="id", status=constant("open"), name=("owner", "names", 0))
        batch = run(made, {"id": "1", **said})
        assert batch.rows[0].cells["name"] == [None]

    def test_a_name_with_dots_is_one_name(self) -> None:
        made = mapping(Deal, id="a.b", status=constant("open"))
        assert ids(run(made, {"a.b": "1", "a": {"b": "2"}})) == ["1"]

    def test_the_names_that_are_read(self) -> None:
        made = mapping(Deal, id=joined("a", ("b", "c")), status=words(("d", 0), {"x": "won"}), when=present("e"))
        assert Compiled((made,), source="crm").paths == {"a", "b", "d", "e"}


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "said", "applies"),
        [
            (present("x"), None, False),
            (present("x"), "", False),
            (present("x"), 0, True),
            (present("x"), False, True),
            (present("x"), "a", True),
            (equals("x", "a", "b"), "b", True),
            (equals("x", "a", "b"), "c", False),
            (equals("x", "1"), 1, True),
            (equals("x", "1"), 1.0, True),
            (equals("x", "True"), True, True),
            (equals("x", "a"), None, False),
        ],
    )
    def test_when_it_applies(self, condition: Any, said: object, applies: bool) -> None:
        both = (mapping(Customer, id="id"), mapping(Deal, id="id", status=constant("open"), when=condition))
        batch = run(both, {"id": "1", "x": said})
        assert list(batch.rows[1].indices) == ([0] if applies else [])
        assert batch.rejected == ()

    def test_a_condition_on_a_nested_value(self) -> None:
        made = mapping(Deal, id="id", status=constant("open"), when=equals(("k", 0), "deal"))
        batch = run(made, {"id": "1", "k": ["deal"]}, {"id": "2", "k": []})
        assert ids(batch) == ["1"]
        assert [(each.index, each.field, each.reason) for each in batch.rejected] == [
            (1, "", "no mapping of the stream applies to it")
        ]

    def test_what_a_class_needs_it_needs_only_where_it_applies(self) -> None:
        left = mapping(
            StageChange,
            id="id",
            customer=ref("c"),
            stage=constant("former"),
            changed_at=instant("t"),
            when=present("x"),
        )
        batch = run(
            (mapping(Customer, id="id"), left),
            {"id": "1", "c": None, "t": None, "x": None},
            {"id": "2", "c": None, "t": None, "x": "yes"},
            {"id": "3", "c": "7", "t": NOON, "x": "yes"},
        )
        assert ids(batch) == ["1", "3"]
        assert (list(batch.rows[1].indices), batch.rows[1].cells["customer_ref"]) == ([2], ["crm/7"])
        (rejected,) = batch.rejected
        assert (rejected.index, rejected.field) == (1, "StageChange.customer, StageChange.changed_at")
        assert rejected.reason == (
            "'c': nothing is there, and a value is needed; 't': nothing is there, and a value is needed"
        )

    def test_what_a_part_needs_it_needs_only_where_it_applies(self) -> None:
        made = mapping(
            Customer, id="id", parts=(part(ContactPoint, kind="kind", value="value", when=present("value")),)
        )
        batch = run(
            made,
            {"id": "1"},
            {"id": "2", "value": "x", "kind": "email"},
            {"id": "3", "value": "x", "kind": None},
        )
        assert ids(batch) == ["1", "2"]
        (points,) = batch.rows[0].parts
        assert (list(points.indices), points.cells["kind"]) == ([1], ["email"])
        assert [(each.index, each.field) for each in batch.rejected] == [(2, "ContactPoint.kind")]


class TestSeveralClasses:
    BOTH = (
        mapping(Customer, id="party", name="name", when=present("party")),
        mapping(Deal, id="deal", status="status", customer=ref("party"), when=present("deal")),
    )

    def test_one_row_to_several(self) -> None:
        batch = run(
            self.BOTH,
            {"party": "p1", "name": "Ada", "deal": "d1", "status": "open"},
            {"party": "p2", "name": "Bo"},
            {"deal": "d2", "status": "won"},
            {"name": "nobody"},
        )
        assert [(rows.cls, list(rows.indices)) for rows in batch.rows] == [(Customer, [0, 1]), (Deal, [0, 2])]
        assert [list(rows.cells["source_id"]) for rows in batch.rows] == [["p1", "p2"], ["d1", "d2"]]
        assert [each.index for each in batch.rejected] == [3]

    def test_a_record_is_bad_as_a_whole(self) -> None:
        batch = run(self.BOTH, {"party": "p1", "deal": "d1", "status": "odd"})
        assert [list(rows.indices) for rows in batch.rows] == [[], []]
        assert [each.field for each in batch.rejected] == ["Deal.status"]

    def test_a_class_without_a_condition_takes_every_record(self) -> None:
        batch = run((self.BOTH[0], mapping(Deal, id="deal", status=constant("open"))), {"deal": "1"}, {"deal": "2"})
        assert [list(rows.indices) for rows in batch.rows] == [[], [0, 1]]
        assert batch.rejected == ()


class TestExtra:
    def test_what_no_mapping_reads_is_kept_under_its_name(self) -> None:
        batch = run(DEAL, {"id": "1", "status": "open", "zeta": [1, {"a": None}], "alpha": "ä", "name": None})
        assert extra(batch) == [{"alpha": "ä", "zeta": [1, {"a": None}]}]
        assert list(batch.rows[0].cells["extra"]) == ['{"alpha":"ä","zeta":[1,{"a":null}]}']

    def test_nothing_left_is_none(self) -> None:
        assert extra(run(DEAL, {"id": "1", "status": "open"})) == [None]

    def test_of_nested_values_what_is_not_read(self) -> None:
        made = mapping(Deal, id="id", status=constant("open"), name=("o", "name"), owner=("l", 0))
        said = {"id": "1", "o": {"name": "Ada", "mail": "m"}, "l": ["x", "y"]}
        assert extra(run(made, said)) == [{"o": {"mail": "m"}, "l": ["x", "y"]}]
        assert extra(run(made, {"id": "1", "o": {"name": "Ada"}, "l": None})) == [None]
        assert extra(run(made, {"id": "1", "o": "text"})) == [{"o": "text"}]

    @pytest.mark.parametrize("paths", [("o", ("o", "name")), (("o", "name"), "o")])
    def test_what_is_read_whole_leaves_nothing(self, paths: tuple[Any, Any]) -> None:
        first, second = (present(path) for path in paths)
        made = mapping(
            Customer,
            id="id",
            when=first,
            parts=(part(ContactPoint, kind=constant("other"), value=constant("v"), when=second),),
        )
        batch = run(made, {"id": "1", "o": {"name": "Ada", "mail": "m"}})
        assert (ids(batch), extra(batch)) == (["1"], [None])

    def test_only_the_first_class_keeps_it(self) -> None:
        batch = run((mapping(Customer, id="id"), DEAL), {"id": "1", "status": "open", "z": 1})
        assert (extra(batch, 0), extra(batch, 1)) == ([{"z": 1}], [None])

    def test_it_follows_the_rows_of_a_condition(self) -> None:
        made = mapping(Deal, id="id", status=constant("open"), when=present("x"))
        batch = run(made, {"id": "1", "z": 1}, {"id": "2", "x": 1, "z": 2}, {"id": "3", "x": 1})
        assert extra(batch) == [{"z": 2}, None]

    def test_among_bad_rows(self) -> None:
        batch = run(DEAL, {"id": "1", "status": "odd", "z": 1}, {"id": "2", "status": "open", "z": 2})
        assert extra(batch) == [{"z": 2}]

    def test_it_is_kept_where_the_first_class_does_not_apply(self) -> None:
        batch = run((mapping(Customer, id="id", when=present("p")), DEAL), {"id": "1", "status": "open", "z": 1})
        assert extra(batch, 1) == [{"z": 1}]

    def test_a_number_that_json_does_not_have(self) -> None:
        batch = run(DEAL, {"id": "1", "status": "open", "z": float("nan")})
        json.loads(batch.rows[0].cells["extra"][0], parse_constant=pytest.fail)

    @pytest.mark.parametrize("said", ["\ud800", b"\xff"], ids=["half a character", "bytes"])
    def test_what_utf_8_does_not_have(self, said: object) -> None:
        batch = run(DEAL, {"id": "1", "status": "open", "z": said})
        assert len(batch.rejected) + len(batch.rows[0].indices) == 1

    def test_objects_of_python_are_written_as_text(self) -> None:
        assert extra(run(DEAL, {"id": "1", "status": "open", "z": {Fraction(1, 2)}})) == [{"z": ["1/2"]}]


class TestRejects:
    def test_bad_rows_are_named_and_good_rows_pass(self) -> None:
        batch = run(
            DEAL,
            {"id": "1", "status": "open"},
            {"id": None, "status": "odd"},
            {"id": "3", "status": "won"},
            {"id": "4"},
        )
        assert (ids(batch), list(batch.rows[0].indices)) == (["1", "3"], [0, 2])
        first, second = batch.rejected
        assert (first.index, first.field) == (1, "Deal.source_id, Deal.status")
        assert first.reason.startswith("'id': nothing is there, and a value is needed; 'status': found 'odd', input")
        assert (second.index, second.field, second.reason) == (
            3,
            "Deal.status",
            "'status': nothing is there, and a value is needed",
        )

    def test_rejects_of_every_kind_stand_in_order(self) -> None:
        left = mapping(Deal, id="id", status="status", when=present("x"))
        batch = run(
            left,
            {"id": "0"},
            {"id": "1", "x": 1, "status": None},
            {"id": "2", "x": 1, "status": "odd"},
            Unreadable("broken", "raw"),
        )
        assert [(each.index, each.field) for each in batch.rejected] == [
            (0, ""),
            (1, "Deal.status"),
            (2, "Deal.status"),
            (3, ""),
        ]
        assert batch.rejected[3].reason == "broken"

    @pytest.mark.parametrize("said", [None, "text", 5, ["a"]])
    def test_what_is_no_record(self, said: object) -> None:
        (rejected,) = run(DEAL, said).rejected
        assert (rejected.field, rejected.reason) == (
            "",
            f"the record is {type(said).__name__}, expected names and values",
        )

    def test_a_record_that_passes_at_the_second_look_is_rejected_all_the_same(self) -> None:
        compiled = Compiled((DEAL,), source="crm")
        compiled._checker._one = TypeAdapter(Any)
        (rejected,) = compiled.run([{"id": "1", "status": "odd"}]).rejected
        assert (rejected.field, rejected.reason) == ("", "could not be mapped")

    def test_no_records_no_rows(self) -> None:
        batch = run(DEAL)
        assert (list(batch.rows[0].indices), batch.rejected) == ([], ())
        assert all(len(values) == 0 for values in batch.rows[0].cells.values())

    def test_long_values_are_not_shown(self) -> None:
        assert "found '" + 40 * "x" + "'" in run(DEAL, {"id": "1", "status": 40 * "x"}).rejected[0].reason
        assert "found str of 41 characters" in run(DEAL, {"id": "1", "status": 41 * "x"}).rejected[0].reason

    def test_a_number_that_python_does_not_write_out(self) -> None:
        assert run(DEAL, {"id": "1", "status": 10**5000}).rejected[0].field == "Deal.status"


class TestPrivacy:
    """A reject's reason is read by people who may not read the record."""

    @pytest.mark.parametrize(
        ("made", "said"),
        [
            pytest.param(mapping(Customer, id="id", name="x"), {"x": [ADDRESS]}, id="name"),
            pytest.param(mapping(Customer, id="id", given_name="x"), {"x": {"a": ADDRESS}}, id="given name"),
            pytest.param(mapping(Customer, id="id", birth_year="x"), {"x": ADDRESS}, id="year of birth"),
            pytest.param(
                mapping(Customer, id="id", birth_year=number("x", decimal=",")), {"x": ADDRESS}, id="converted"
            ),
            pytest.param(
                mapping(Customer, id="id", parts=(contact("email", "x"),)), {"x": [ADDRESS]}, id="contact point"
            ),
            pytest.param(
                mapping(Case, id="id", status=constant("open"), opened_at=constant(NOON), subject="x"),
                {"x": {ADDRESS: 1}},
                id="subject",
            ),
            pytest.param(
                mapping(Interaction, id="id", kind=constant("call"), occurred_at=constant(NOON), text=text("x")),
                {"x": [ADDRESS]},
                id="text",
            ),
            pytest.param(
                mapping(
                    Feedback,
                    id="id",
                    instrument=constant("q"),
                    submitted_at=constant(NOON),
                    parts=(answer("q", "x", kind="text"),),
                ),
                {"x": [ADDRESS]},
                id="answer",
            ),
            pytest.param(
                mapping(Deal, id="id", status="s", when=present("x")), {"x": ADDRESS, "s": None}, id="condition"
            ),
            pytest.param(mapping(Deal, id="id", status="s"), {"s": "odd", "x": ADDRESS}, id="not mapped"),
        ],
    )
    def test_a_personal_value_is_never_shown(self, made: Mapping, said: dict[str, Any]) -> None:
        (rejected,) = run(made, {"id": "1", **said}).rejected
        assert rejected.reason
        assert ADDRESS not in repr(rejected)
        assert "ada" not in repr(rejected).lower()

    def test_a_private_value_is_told_by_type_and_length(self) -> None:
        (rejected,) = run(mapping(Customer, id="id", birth_year="x"), {"id": "1", "x": ADDRESS}).rejected
        assert rejected.reason.startswith(f"'x': found str of {len(ADDRESS)} characters, input should be")

    def test_a_public_value_is_shown(self) -> None:
        (rejected,) = run(mapping(Customer, id="id", country="x"), {"id": "1", "x": "Germany"}).rejected
        assert "found 'Germany'" in rejected.reason

    @LAW
    @given(st.text(st.sampled_from("0123456789.,-eN:TZ"), min_size=6, max_size=12).map(lambda tail: "zq" + tail))
    def test_whatever_the_value_is(self, secret: str) -> None:
        for compiled in _PRIVATE:
            for said in (secret, [secret], {secret: secret}):
                for rejected in compiled.run([{"id": None, "x": said}]).rejected:
                    assert secret not in repr(rejected)


_PRIVATE = [
    Compiled((made,), source="crm")
    for made in (
        mapping(Customer, id="id", name="x", parts=(contact("email", "x"),)),
        mapping(Customer, id="id", birth_year="x"),
        mapping(Case, id="id", status=constant("open"), opened_at=constant(NOON), subject="x"),
        mapping(Interaction, id="id", kind=constant("call"), occurred_at=constant(NOON), text=text("x")),
    )
]


class TestCells:
    """Records as cells under common names become what the same records by name become."""

    def test_cells_in_any_order(self) -> None:
        batch = run(DEAL, ["Ada", "open", "1"], ("Bo", "odd", "2"), fields=("name", "status", "id"))
        assert (ids(batch), batch.rows[0].cells["name"]) == (["1"], ["Ada"])
        assert [(each.index, each.field) for each in batch.rejected] == [(1, "Deal.status")]

    def test_a_name_that_is_not_there_is_nothing(self) -> None:
        batch = run(DEAL, ["1", "open"], fields=("id", "status"))
        assert batch.rows[0].cells["name"] == [None]

    def test_one_value_alone(self) -> None:
        batch = run(mapping(Deal, id="id", status=constant("open")), ["1", "x"], fields=("id", "z"))
        assert (ids(batch), extra(batch)) == (["1"], [{"z": "x"}])

    def test_unreadable_among_cells(self) -> None:
        for fields in (("id", "status", "name"), ("id", "status", "other")):
            batch = run(DEAL, ["1", "open", None], Unreadable("ragged", "2"), fields=fields)
            assert ids(batch) == ["1"]
            assert [(each.index, each.reason) for each in batch.rejected] == [(1, "ragged")]

    def test_extra_of_cells(self) -> None:
        batch = run(
            DEAL, ["1", "open", "n", None, 5], ["2", "won", "n", None, None], fields=("id", "status", "name", "b", "a")
        )
        assert extra(batch) == [{"a": 5}, None]
        assert extra(run(DEAL, ["1", "open", "n"], fields=("id", "status", "name"))) == [None]

    def test_extra_of_nested_cells(self) -> None:
        made = mapping(Deal, id="id", status=constant("open"), name=("o", "name"))
        batch = run(made, ["1", {"name": "a", "m": 1}, None], fields=("id", "o", "z"))
        assert (batch.rows[0].cells["name"], extra(batch)) == (["a"], [{"o": {"m": 1}}])

    def test_joined_cells(self) -> None:
        batch = run(mapping(Deal, id=joined("a", "b"), status=constant("open")), ["1", "2"], fields=("a", "b"))
        assert ids(batch) == ["1#2"]

    @LAW
    @given(
        st.lists(
            st.fixed_dictionaries(
                {
                    "id": st.sampled_from(["1", "2", "", None, 7]),
                    "status": st.sampled_from(["open", "won", "odd", None]),
                    "name": st.one_of(st.text(max_size=4), st.booleans()),
                    "z": st.text(max_size=4),
                }
            ),
            max_size=5,
        )
    )
    def test_both_forms_agree(self, said: list[dict[str, Any]]) -> None:
        names = ("z", "id", "name", "status")
        by_name = run(DEAL, *said)
        by_cell = run(DEAL, *([each[name] for name in names] for each in said), fields=names)
        assert by_name == by_cell


_VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "open",
            "gewonnen",
            "1",
            "7,5",
            "1e400",
            "NaN",
            NOON,
            "2025-03-01",
            "EUR",
            "de",
            "x@y.z",
            "email",
            "99",
            "True",
        ]
    ),
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=3), max_size=2),
)
_NAMES = tuple("abcdefgh")
_MIXED = Compiled(
    (
        mapping(
            Customer,
            id="a",
            name="b",
            language="c",
            birth_year=number("d", thousands="."),
            created_at=instant("e", zone="Europe/Berlin"),
            version="f",
            parts=(contact("email", "g"), part(ContactPoint, kind="c", value="d", when=equals("h", "1", "99"))),
            when=present("a"),
        ),
        mapping(
            Deal,
            id=joined("a", ("b", "a")),
            status=words("c", {"gewonnen": "won", "": "open"}, other="lost"),
            amount=money(number("d", decimal=","), currency=at("e")),
            opened_on=day("f"),
            customer=ref("g"),
            when=present(("b", "a")),
        ),
        mapping(
            OrderLine,
            id="h",
            order=ref("g"),
            quantity=shortest_decimal("d"),
            placed_at=instant("e", unit="ms"),
            when=present("h"),
        ),
        mapping(
            Feedback,
            id="b",
            instrument="c",
            submitted_at="e",
            duration=duration("d", unit="hours"),
            weight="f",
            parts=(
                answer("q1", "g", kind="nps", scale=Scale(min=0, max=10), states={"99": "not_applicable"}),
                answer("q2", "h", kind="text"),
            ),
            when=present("f"),
        ),
    ),
    source="crm",
)
_ONE = [
    Compiled((made,), source="crm")
    for made in (
        mapping(Customer, id="a", name="b", language="c", birth_year="d", created_at="e", version="f"),
        mapping(Deal, id="a", status="b", amount=money("d", currency="EUR"), customer="g", closed_on="f"),
        mapping(Interaction, id="a", kind=words("b", {"1": "call"}, other="other"), occurred_at="e", duration="d"),
        mapping(Customer, id="a", country="b", parts=(contact("email", "g", label="home"),)),
    )
]


class TestNoRecordIsLost:
    @LAW
    @given(st.lists(st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=8), max_size=4))
    def test_of_several_classes(self, said: list[dict[str, Any]]) -> None:
        batch = _MIXED.run(said)

        rejected = [each.index for each in batch.rejected]
        mapped = {index for rows in batch.rows for index in rows.indices}
        assert max(Counter(rejected).values(), default=1) == 1
        assert not mapped & set(rejected)
        assert mapped | set(rejected) == set(range(len(said)))

    @LAW
    @given(st.lists(st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=8), max_size=4))
    def test_of_one_class(self, said: list[dict[str, Any]]) -> None:
        for compiled in _ONE:
            batch = compiled.run(said)
            assert sorted([*batch.rows[0].indices, *(each.index for each in batch.rejected)]) == list(range(len(said)))

    @LAW
    @given(st.lists(st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=8), max_size=4))
    def test_every_column_has_a_cell_for_every_row(self, said: list[dict[str, Any]]) -> None:
        for rows in _MIXED.run(said).rows:
            assert {len(cells) for cells in rows.cells.values()} == {len(rows.indices)}
            for nested in rows.parts:
                assert {len(cells) for cells in nested.cells.values()} == {len(nested.indices)}
                assert set(nested.indices) <= set(range(len(rows.indices)))

    @LAW
    @given(st.lists(st.dictionaries(st.sampled_from(_NAMES), st.text(max_size=5), max_size=8), min_size=1, max_size=4))
    def test_a_record_is_judged_alone(self, said: list[dict[str, str]]) -> None:
        together = {each.index: (each.field, each.reason) for each in _MIXED.run(said).rejected}
        alone = {
            number: (each.field, each.reason)
            for number, record in enumerate(said)
            for each in _MIXED.run([record]).rejected
        }
        assert together == alone
