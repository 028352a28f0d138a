"""The loss report: every value of a sample is counted once, where the rows really have it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcx.connectors import (
    Batch,
    Compiled,
    Cursor,
    Fate,
    Files,
    FileStream,
    JsonLines,
    LossReport,
    Mapping,
    Page,
    Stream,
    Unreadable,
    answer,
    at,
    constant,
    contact,
    equals,
    instant,
    joined,
    loss_of,
    loss_report,
    mapping,
    money,
    number,
    part,
    present,
    ref,
    text,
    words,
)
from crmcx.errors import UsageError
from crmcx.models import Account, ContactPoint, Customer, Deal, Feedback, Identifier, Interaction, Scale

LAW = settings(max_examples=150, deadline=None, derandomize=True, database=None)
NOON = "2025-03-01T12:00:00Z"
DEAL = mapping(Deal, id="id", status="status", name="name")
ADDRESS = "ada.lovelace@example.org"


def fates(report: LossReport, *path: str) -> dict[str, int]:
    """What the values of a field met, without zeros."""
    found = report.field(*path)
    return {fate.value: found.count(fate) for fate in Fate if found.count(fate)}


class TestFates:
    def test_each_has_its_own(self) -> None:
        made = mapping(Deal, id="id", status=constant("open"), name="name", when=equals("kind", "deal"))
        other = mapping(Customer, id="id")
        report = loss_report(
            (other, made),
            [
                {"id": "1", "kind": "deal", "name": "a", "z": 1},
                {"id": "2", "kind": "lead", "name": "b"},
                {"id": None, "kind": "deal", "name": "c", "z": 2},
            ],
        )
        assert fates(report, "id") == {"typed": 2}
        assert fates(report, "kind") == {"condition": 2, "rejected": 1}
        assert fates(report, "name") == {"typed": 1, "nowhere": 1, "rejected": 1}
        assert fates(report, "z") == {"extra": 1, "rejected": 1}
        assert report.field("id").lands_in == ("Customer.source_id", "Deal.source_id")
        assert report.field("name").why == (("Deal does not apply", 1),)
        assert (report.records, report.rejected, report.values) == (3, 1, 10)
        assert [report.count(fate) for fate in Fate] == [3, 0, 1, 2, 1, 3]
        assert [report.share(fate) for fate in Fate] == [0.3, 0, 0.1, 0.2, 0.1, 0.3]
        assert [report.share_of_fields(fate) for fate in Fate] == [0.5, 0, 0.25, 0.25, 0, 0]

    def test_a_field_of_ones_own_is_an_extension(self) -> None:
        made = (
            mapping(AcmeDeal, id="id", status=constant("open"), region="region", name="title", fee="title"),
            mapping(Customer, id="id", name="title", when=equals("kind", "person")),
        )
        report = loss_report(made, [{"id": "1", "region": "north", "title": "7", "kind": None, "z": 1}])
        assert fates(report, "region") == {"extension": 1}
        assert fates(report, "title") == {"typed": 1}, "what is in a field of the model too is typed"
        assert report.field("title").lands_in == ("AcmeDeal.fee", "AcmeDeal.name")
        assert fates(report, "z") == {"extra": 1}

    def test_reasons_of_rejects_are_counted(self) -> None:
        said = [{"id": "1", "status": "odd"}, {"id": "2", "status": "odd"}, {"id": "3"}, {"id": "4", "status": "won"}]
        report = loss_report(DEAL, said)
        assert [count for _, count in report.reasons] == [2, 1]
        assert report.reasons[0][0].startswith("'status': found 'odd'")
        assert report.rejected == 3
        assert report.field("id").share(Fate.REJECTED) == 0.75

    def test_one_record_to_several_classes(self) -> None:
        both = (
            mapping(Customer, id="party", name="name", when=present("party")),
            mapping(Deal, id="deal", status="status", customer=ref("party"), when=present("deal")),
        )
        report = loss_report(
            both,
            [
                {"party": "p", "deal": "d", "status": "open", "name": "Ada", "z": 1},
                {"deal": "d", "status": "open", "name": "Bo", "z": 2},
            ],
        )
        assert fates(report, "party") == {"typed": 1}
        assert report.field("party").lands_in == ("Customer.source_id", "Deal.customer")
        assert fates(report, "name") == {"typed": 1, "nowhere": 1}
        assert fates(report, "z") == {"extra": 2}

    def test_nested_values_are_told_apart(self) -> None:
        made = mapping(Deal, id="id", status=constant("open"), name=("o", "name"))
        report = loss_report(made, [{"id": "1", "o": {"name": "a", "mail": "m", "deep": {"x": 0}}, "o.name": "b"}])
        assert [each.path for each in report.fields] == [
            ("id",),
            ("o", "name"),
            ("o", "mail"),
            ("o", "deep", "x"),
            ("o.name",),
        ]
        assert fates(report, "o", "name") == {"typed": 1}
        assert fates(report, "o", "mail") == fates(report, "o", "deep", "x") == fates(report, "o.name") == {"extra": 1}

    def test_what_is_null_or_empty_holds_no_value(self) -> None:
        said = [{"id": "1", "status": "won", "o": None, "n": None, "e": [], "f": {}}, {"id": "2", "status": "won"}]
        report = loss_report(DEAL, [*said, {"id": "3", "status": "won", "o": {"x": 1}}])
        assert [each.name for each in report.fields] == ["id", "status", "n", "o.x"]
        nothing = report.field("n")
        assert (nothing.values, nothing.fate, nothing.share(Fate.EXTRA)) == (0, None, None)
        assert report.share_of_fields(Fate.TYPED) == 2 / 3

    def test_false_zero_and_empty_text_are_values(self) -> None:
        report = loss_report(DEAL, [{"id": "1", "status": "won", "a": False, "b": 0, "c": ""}])
        assert [fates(report, name) for name in "abc"] == [{"extra": 1}] * 3

    def test_items_of_lists(self) -> None:
        made = mapping(Deal, id="id", status=constant("open"), owner=("tags", -1))
        report = loss_report(made, [{"id": "1", "tags": ["x", "y"], "l": [{"a": 1}, {"a": 2, "b": None}]}])
        assert fates(report, "tags", "[]") == {"extra": 2}  # the list stays whole in `extra`
        assert report.field("tags", "[]").lands_in == ("Deal.owner",)
        assert report.field("tags", "[]").name == "tags[]"
        assert fates(report, "l", "[]", "a") == {"extra": 2}
        assert report.field("l", "[]", "b").values == 0

    def test_a_character_of_a_text(self) -> None:
        made = mapping(Deal, id="id", status=constant("open"), owner=("code", 0))
        report = loss_report(made, [{"id": "1", "code": "xy"}])
        assert fates(report, "code") == {"extra": 1}
        assert report.field("code").lands_in == ("Deal.owner",)

    def test_a_list_that_is_read_whole(self) -> None:
        made = mapping(Interaction, id="id", kind=words("k", {}, other="other"), occurred_at=constant(NOON))
        report = loss_report(made, [{"id": "1", "k": ["a", "b"]}])
        assert fates(report, "k", "[]") == {"typed": 2}
        assert report.field("k", "[]").lands_in == ("Interaction.kind_native",)
        assert report.turned[0].words == ()

    def test_joined_ids(self) -> None:
        made = mapping(Deal, id=joined("a", "b"), status=constant("open"), pipeline=joined("a", "c"))
        report = loss_report(made, [{"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}, {"a": "1", "c": "5"}])
        assert report.field("a").lands_in == ("Deal.pipeline", "Deal.source_id")
        assert fates(report, "b") == {"typed": 2}
        assert fates(report, "c") == {"typed": 1, "rejected": 1}
        alone = loss_report(
            mapping(Deal, id="a", status=constant("open"), owner=joined("b", "c")), [{"a": "1", "c": "2"}]
        )
        assert alone.field("c").why == (("another of the joined values is not there", 1),)

    def test_money_and_text_pairs(self) -> None:
        made = mapping(Deal, id="id", status=constant("open"), amount=money(number("n"), currency=at("cur")))
        report = loss_report(
            made, [{"id": "1", "n": "5", "cur": "EUR"}, {"id": "2", "cur": "EUR"}, {"id": "3", "n": "5"}]
        )
        assert fates(report, "cur") == {"typed": 1, "nowhere": 1}
        assert report.field("cur").why == (("there is no amount that it belongs to", 1),)
        assert fates(report, "n") == {"typed": 1, "rejected": 1}

        said = mapping(
            Interaction, id="id", kind=constant("call"), occurred_at=constant(NOON), text=text("t", lang=at("l"))
        )
        report = loss_report(said, [{"id": "1", "t": "hello", "l": "en"}, {"id": "2", "l": "en"}])
        assert fates(report, "l") == {"typed": 1, "nowhere": 1}
        assert report.field("t").lands_in == ("Interaction.text.value",)

    def test_answers_with_states(self) -> None:
        made = mapping(
            Feedback,
            id="id",
            instrument=constant("q"),
            submitted_at=constant(NOON),
            parts=(
                answer("s", "s", kind="nps", scale=Scale(min=0, max=10), states={"99": "not_applicable"}),
                answer("t", "t", kind="text"),
            ),
        )
        report = loss_report(made, [{"id": "1", "s": "7", "t": "good"}, {"id": "2", "s": 99}, {"id": "3"}])
        assert fates(report, "s") == {"typed": 2}
        assert report.field("s").lands_in == ("Answer.score", "Answer.state", "Answer.state_native")
        assert report.field("t").lands_in == ("Answer.text.value",)

    def test_an_empty_reference(self) -> None:
        report = loss_report(mapping(Deal, id="id", status=constant("open"), customer=ref("c")), [{"id": "1", "c": ""}])
        assert report.field("c").why == (("an empty id refers to nothing", 1),)

    def test_parts_and_their_conditions(self) -> None:
        made = mapping(
            Customer,
            id="id",
            when=present("id"),
            parts=(part(ContactPoint, kind="kind", value="value", when=equals("kind", "email")),),
        )
        whole = mapping(Account, id="n", name="n", when=present("n"))
        report = loss_report(
            (made, whole),
            [
                {"id": "1", "kind": "email", "value": "x"},
                {"id": "2", "kind": "phone", "value": "5"},
                {"n": "3", "kind": "email", "value": "y"},
            ],
        )
        assert fates(report, "value") == {"typed": 1, "nowhere": 2}
        assert report.field("value").why == (("ContactPoint does not apply", 2),)
        assert fates(report, "kind") == {"typed": 1, "condition": 2}

    def test_a_number_that_json_does_not_have(self) -> None:
        report = loss_report(DEAL, [{"id": "1", "status": "open", "z": float("nan")}])
        assert report.field("z").why == (("JSON has no such number", 1),)

    def test_a_number_of_thousands_of_digits(self) -> None:
        assert fates(loss_report(DEAL, [{"id": "1", "status": "open", "z": 10**4000}]), "z") == {"extra": 1}


class TestTurnedWords:
    def test_words_in_no_table_are_counted(self) -> None:
        made = mapping(
            Interaction,
            id="id",
            kind=words("k", {"c": "call", "m*": "meeting"}, other="other"),
            direction=words("d", {"in": "inbound"}, other="outbound"),
            occurred_at=constant(NOON),
        )
        said = [("c", "in"), ("meet", "x"), ("fax", "x"), ("fax", None), (7, "in"), (None, "in")]
        report = loss_report(made, [{"id": str(n), "k": k, "d": d} for n, (k, d) in enumerate(said[:5])])
        first, second = report.turned
        assert (first.field, first.path, first.into, first.count) == ("Interaction.direction", "d", "outbound", 2)
        assert first.words == (("x", 2),)
        assert (second.field, second.count, second.words) == ("Interaction.kind", 3, (("fax", 2), ("7", 1)))
        assert fates(report, "k") == {"typed": 5}  # the native word is kept beside ours
        assert fates(report, "d") == {"typed": 2, "nowhere": 2}
        assert report.field("d").why == (("the word is not in the table and became outbound", 2),)

    def test_personal_and_long_words_are_not_shown(self) -> None:
        made = (
            mapping(Deal, id="id", status=words("s", {}, other="open"), name="n"),
            mapping(Customer, id="id", name="s"),
        )
        report = loss_report(made, [{"id": "1", "s": ADDRESS}])
        assert (report.turned[0].count, report.turned[0].words) == (1, ())
        assert ADDRESS not in repr(report) + report._repr_html_() + json.dumps(report.to_dict())
        long = loss_report(mapping(Deal, id="id", status=words("s", {}, other="open")), [{"id": "1", "s": 41 * "x"}])
        assert (long.turned[0].count, long.turned[0].words) == (1, ())

    def test_a_personal_field(self) -> None:
        made = mapping(Customer, id="id", name=words("s", {"a": "A"}, other="B"))
        assert loss_report(made, [{"id": "1", "s": "Ada"}]).turned[0].words == ()

    def test_a_class_that_does_not_apply_turns_nothing(self) -> None:
        made = mapping(Deal, id="id", status=words("s", {}, other="open"), when=present("x"))
        assert loss_report((mapping(Customer, id="id"), made), [{"id": "1", "s": "odd"}]).turned == ()


class TestSamples:
    def test_an_empty_sample(self) -> None:
        report = loss_report(DEAL, [])
        assert (report.records, report.values, report.fields) == (0, 0, ())
        assert {report.share(fate) for fate in Fate} == {report.share_of_fields(fate) for fate in Fate} == {None}
        assert report.reason == "the sample holds no value"
        assert "the sample holds no value" in str(report)
        assert loss_report(DEAL, [{"id": 1, "status": "won"}]).reason is None

    def test_what_is_no_record_has_no_fields(self) -> None:
        said: list[Any] = [Unreadable("ragged", "1;2"), None, "text", {"id": "1", "status": "won"}]
        report = loss_report(DEAL, said)
        assert (report.records, report.rejected, report.unreadable, report.values) == (4, 3, 3, 2)
        assert ("ragged", 1) in report.reasons

    def test_cells_under_names(self) -> None:
        cells = [["1", "won", "x", None], ("2", "odd", "y", "z"), Unreadable("ragged", "3")]
        report = loss_report(DEAL, cells, fields=("id", "status", "z", "name"))
        by_name = loss_report(
            DEAL,
            [
                {"id": "1", "status": "won", "z": "x", "name": None},
                {"id": "2", "status": "odd", "z": "y", "name": "z"},
                Unreadable("ragged", "3"),
            ],
        )
        assert report == by_name
        assert fates(report, "z") == {"extra": 1, "rejected": 1}

    def test_the_sample_is_not_changed(self) -> None:
        said = [{"id": "1", "status": "won", "o": {"x": [1]}}]
        kept = json.dumps(said)
        loss_report(DEAL, said)
        assert json.dumps(said) == kept

    def test_an_unknown_field_is_a_key_error(self) -> None:
        with pytest.raises(KeyError):
            loss_report(DEAL, []).field("id")


class AcmeDeal(Deal):
    region: str | None = None
    fee: str | None = None


class TestShown:
    REPORT = loss_report(
        mapping(Deal, id="id", status=words("s", {}, other="open"), customer=ref("c")),
        [{"id": "1", "s": "<b>", "c": "", "z": 1}, *({"id": None, "s": n} for n in range(12))],
    )

    def test_as_text(self) -> None:
        lines = str(self.REPORT).splitlines()
        assert lines[0] == "13 records, 12 of them rejected; 16 values"
        assert lines[2].split() == [
            "field",
            "values",
            "typed",
            "extension",
            "extra",
            "condition",
            "nowhere",
            "rejected",
            "lands",
            "in",
        ]
        assert lines[3].split() == ["of", "the", "values", "16", "12.5%", "0.0%", "6.2%", "0.0%", "6.2%", "75.0%"]
        assert "  c: an empty id refers to nothing (1)" in lines
        assert "  Deal.status from s: 1 became open: '<b>' (1)" in lines
        assert lines[-1] == "  'id': nothing is there, and a value is needed (12)"

    def test_long_names_and_many_reasons(self) -> None:
        said = [{"id": "1", "status": f"odd{n}", 60 * "x": 1} for n in range(12)]
        shown = str(loss_report(DEAL, said))
        assert shown.endswith("and 2 other reasons")
        assert 60 * "x" not in shown
        turned = mapping(Deal, id="id", status=words("s", {}, other="open"))
        assert "and 2 more" in str(loss_report(turned, [{"id": "1", "s": str(n)} for n in range(12)]))

    def test_as_html(self) -> None:
        html = self.REPORT._repr_html_()
        assert html.startswith("<table><caption>13 records")
        assert "&lt;b&gt;" in html
        assert "<b>" not in html

    def test_as_plain_data(self) -> None:
        plain = json.loads(json.dumps(self.REPORT.to_dict()))
        assert (plain["records"], plain["values"], plain["shares"]["typed"]) == (13, 16, 0.125)
        assert plain["fields"][2] == {
            "path": ["c"],
            "values": 1,
            "typed": 0,
            "extension": 0,
            "extra": 0,
            "condition": 0,
            "nowhere": 1,
            "rejected": 0,
            "lands_in": [],
            "why": {"an empty id refers to nothing": 1},
        }
        assert plain["turned"][0]["words"] == {"<b>": 1}
        assert loss_report(DEAL, []).to_dict()["shares"]["typed"] is None


class TestStreams:
    def test_the_first_records_over_pages(self, tmp_path: Path) -> None:
        file = tmp_path / "deals.jsonl"
        file.write_text("".join(json.dumps({"id": n, "status": "won", "z": n}) + "\n" for n in range(10)))
        (stream,) = Files(FileStream(file, DEAL, format=JsonLines(), rows_per_page=3)).streams()
        report = loss_of(stream, sample_rows=7)
        assert (report.records, fates(report, "z")) == (7, {"extra": 7})
        assert loss_of(stream).records == 10
        assert loss_of(stream) == loss_report(DEAL, [{"id": n, "status": "won", "z": n} for n in range(10)])

    def test_no_more_pages_are_read_than_needed_and_the_reader_is_closed(self) -> None:
        told: list[str] = []

        def read(_cursor: Cursor) -> Iterator[Page]:
            try:
                for _ in range(5):
                    told.append("page")
                    yield Page([["1", "won"]], fields=("id", "status"))
            finally:
                told.append("closed")

        loss_of(Stream(name="s", maps=(DEAL,), read=read), sample_rows=2)
        assert told == ["page", "page", "closed"]

    def test_a_reader_that_is_no_generator(self) -> None:
        stream = Stream(name="s", maps=(DEAL,), read=lambda _cursor: iter([Page([{"id": "1", "status": "won"}])]))
        assert loss_of(stream).records == 1

    def test_too_small_a_sample_is_refused(self) -> None:
        stream = Stream(name="s", maps=(DEAL,), read=lambda _cursor: iter(()))
        with pytest.raises(UsageError, match="found sample_rows=0"):
            loss_of(stream, sample_rows=0)

    def test_what_changes_by_itself_is_in_the_raw_page_alone(self) -> None:
        def read(_cursor: Cursor) -> Iterator[Page]:
            yield Page([{"id": 1, "status": "won", "seen": "today", "at": {"hour": 7}}])

        report = loss_of(Stream(name="s", maps=(DEAL,), read=read, volatile=(("seen",), ("at",))))
        for path in (("seen",), ("at", "hour")):
            assert report.field(*path).fate is Fate.NOWHERE
            assert report.field(*path).why == (("it changes by itself, and stays in the raw page alone", 1),)

    def test_what_only_says_what_is_gone_is_no_record(self) -> None:
        def read(_cursor: Cursor) -> Iterator[Page]:
            yield Page([{"id": 2}], deleted=True)
            yield Page([{"id": 1, "status": "won"}])

        report = loss_of(Stream(name="s", maps=(DEAL,), read=read), sample_rows=1)
        assert (report.records, report.rejected) == (1, 0)


_NAMES = tuple("abcdefgh")
_VALUES = st.one_of(
    st.sampled_from(["", "1", "7,5", NOON, "2025-03-01", "EUR", "de", "won", "email", "99", "x", 7, 99, True, False]),
    st.none(),
    st.floats(),
    st.integers(-(10**20), 10**20),
)
_NESTED = st.recursive(
    _VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=4,
)
_SETS: tuple[tuple[Mapping, ...], ...] = (
    (
        mapping(
            Customer,
            id="a",
            name="b",
            language=words("c", {"1": "de"}, other="en"),
            version="f",
            parts=(contact("email", ("g", "a")), part(ContactPoint, kind="c", value="d", when=equals("h", "1", "99"))),
            when=present("a"),
        ),
        mapping(
            Deal,
            id=joined("a", ("b", "a")),
            status=words("c", {"won": "won", "": "open"}, other="lost"),
            amount=money(number("d", decimal=","), currency=at("e")),
            customer=ref("g"),
            owner=("h", 0),
            when=present(("b", "a")),
        ),
    ),
    (
        mapping(
            Feedback,
            id="a",
            instrument=constant("q"),
            submitted_at=instant("b", unit="ms"),
            parts=(
                answer("q1", ("g", "a"), kind="nps", scale=Scale(min=0, max=10), states={"99": "not_applicable"}),
                answer("q2", "h", kind="text", lang=at("e")),
            ),
            when=present("b"),
        ),
        mapping(Interaction, id="a", kind=words("c", {}, other="other"), occurred_at=constant(NOON), case=ref("d")),
    ),
    (mapping(Account, id="a", name=("b", "a"), industry_native="c", domain=("b", "b", -1)),),
    (
        mapping(
            Customer,
            id="a",
            name="c",
            parts=(
                part(ContactPoint, each="g", kind=words("b", {"1": "email"}, other="other"), value="a"),
                part(Identifier, each=("b", "g"), namespace=constant("x"), value="b", when=present("b")),
                part(Identifier, each="g", namespace="d", value=("e", "f"), when=equals("h", "1")),
            ),
        ),
    ),
)


def values(said: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The field of every value of nested data that is not null."""
    if isinstance(said, dict):
        for name, inner in said.items():
            yield from values(inner, (*path, name))
    elif isinstance(said, list):
        for inner in said:
            yield from values(inner, (*path, "[]"))
    elif said is not None:
        yield path


def in_extra(batch: Batch) -> Counter[tuple[str, ...]]:
    told = (text for rows in batch.rows for text in rows.cells["extra"] if text is not None)
    return Counter(path for text in told for path in values(json.loads(text)))


class TestLaws:
    @LAW
    @given(
        st.sampled_from(_SETS),
        st.lists(
            st.fixed_dictionaries({"a": st.sampled_from(["1", "2", None])}).flatmap(
                lambda first: st.dictionaries(st.sampled_from(_NAMES[1:]), _NESTED, max_size=7).map(first.__or__)
            ),
            max_size=4,
        ),
    )
    def test_every_value_is_counted_once_where_it_is(
        self, maps: tuple[Mapping, ...], said: list[dict[str, Any]]
    ) -> None:
        report = loss_report(maps, said)
        batch = Compiled(maps, source="sample").run(said)
        aside = {each.index for each in batch.rejected}

        assert Counter({each.path: each.values for each in report.fields if each.values}) == Counter(
            path for record in said for path in values(record)
        )
        assert Counter({each.path: each.extra for each in report.fields if each.extra}) == in_extra(batch)
        assert Counter({each.path: each.rejected for each in report.fields if each.rejected}) == Counter(
            path for index, record in enumerate(said) if index in aside for path in values(record)
        )
        assert report.rejected == len(aside)
        for each in report.fields:
            assert sum(count for _, count in each.why) == each.nowhere
            assert not each.typed or each.lands_in
        if report.values:
            assert sum(report.share(fate) or 0 for fate in Fate) == pytest.approx(1)

    @LAW
    @given(
        st.lists(
            st.fixed_dictionaries({name: st.sampled_from([True, True, False]) for name in (*_NAMES, "nested")}),
            min_size=1,
            max_size=4,
        )
    )
    def test_typed_is_what_stands_in_a_cell(self, there: list[dict[str, bool]]) -> None:
        """Every value is a word that occurs once in the sample, so that each can be looked for in the rows."""
        maps = (
            mapping(Customer, id="a", name="b", parts=(contact("email", "c"),), when=present("a")),
            mapping(
                Deal,
                id="d",
                status=constant("open"),
                owner=("n", "nested"),
                customer=ref("b"),
                pipeline=joined("c", "h"),
                when=present("d"),
            ),
            mapping(Account, id=joined("a", "d", "e"), name="f", when=present("g")),
        )
        said = [
            {
                **{name: f"{name}{n}" for name in _NAMES if each[name]},
                "n": {name: f"{name}{n}n" for name in ("nested", "rest") if each["nested"]},
            }
            for n, each in enumerate(there)
        ]
        report = loss_report(maps, said)
        batch = Compiled(maps, source="sample").run(said)
        cells = {
            word
            for top in batch.rows
            for rows in (top, *top.parts)
            for column, found in rows.cells.items()
            if column != "extra"
            for cell in found
            if cell is not None
            for word in str(cell).removeprefix("sample/").split("#")
        }
        for each in report.fields:
            at_place = [record.get(each.path[0]) for record in said]
            if len(each.path) > 1:
                at_place = [record["n"].get(each.path[1]) for record in said]
            assert each.typed == len([word for word in at_place if word in cells])
