"""Parts of lists: one of each item, the rest of an item in `extra`, a record aside when one of its items is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW

from crmcx import Workspace
from crmcx.connectors import (
    Compiled,
    Fate,
    Mapping,
    at,
    constant,
    equals,
    loss_report,
    mapping,
    money,
    part,
    present,
    ref,
    words,
)
from crmcx.models import (
    Campaign,
    ContactPoint,
    Customer,
    Deal,
    Identifier,
    Interaction,
    Link,
    Participant,
    Pipeline,
    PipelineStage,
    Spend,
)
from crmcx.tables import key_of, to_objects

PIPELINE = mapping(
    Pipeline,
    id="id",
    code="id",
    parts=(
        part(
            PipelineStage,
            each="stages",
            stage="id",
            name="label",
            status=words(("metadata", "isClosed"), {"True": "lost", "False": "open"}),
            probability=("metadata", "probability"),
        ),
    ),
)
CALL = mapping(
    Interaction,
    id="id",
    kind=constant("call"),
    occurred_at="at",
    parts=(
        part(Participant, each=("to", "people"), role=constant("recipient"), customer=ref("id")),
        part(Link, each="about", kind=words("type", {"deal": "deals", "ticket": "cases"}), to=ref("id"), role="label"),
    ),
)
AT = "2025-01-01T00:00:00Z"


def only(made_by: Mapping, *records: Any) -> Any:
    batch = Compiled((made_by,), source="crm").run(list(records))
    assert not batch.rejected
    return batch.rows[0]


def refused(made_by: Mapping, record: Any) -> tuple[str, str]:
    (found,) = Compiled((made_by,), source="crm").run([record]).rejected
    return found.field, found.reason


def stage(number: str, closed: bool = False, **more: Any) -> dict[str, Any]:
    return {"id": number, "label": number.upper(), "metadata": {"isClosed": closed, "probability": 0.5}, **more}


def test_each_item_makes_a_part_in_their_order() -> None:
    rows = only(
        PIPELINE, {"id": "p", "stages": [stage("b"), stage("a", closed=True)]}, {"id": "q", "stages": [stage("c")]}
    )
    (stages,) = rows.parts
    assert (list(stages.indices), list(stages.items)) == ([0, 0, 1], [0, 1, 0])
    assert stages.cells["stage"] == ["b", "a", "c"]
    assert stages.cells["status"] == ["open", "lost", "open"]
    assert stages.cells["probability"] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    "record", [{"id": "p"}, {"id": "p", "stages": None}, {"id": "p", "stages": []}, {"id": "p", "stages": [None]}]
)
def test_no_list_and_an_empty_one_make_none(record: dict[str, Any]) -> None:
    (stages,) = only(PIPELINE, record).parts
    assert list(stages.indices) == []


def test_what_of_an_item_nobody_reads_is_in_extra() -> None:
    said = [{"id": "p", "stages": [stage("a", order=1), stage("b")]}, {"id": "q", "stages": [stage("c")], "z": 1}]
    extras = [text and json.loads(text) for text in only(PIPELINE, *said).cells["extra"]]
    assert extras == [{"stages": [{"order": 1}, {}]}, {"z": 1}]


@pytest.mark.parametrize(
    ("stages", "field", "why"),
    [
        ("x", "PipelineStage", "'stages': found str, expected a list"),
        ({"a": 1}, "PipelineStage", "'stages': found dict, expected a list"),
        (["x"], "", "stages[0]: the record is str, expected names and values"),
        (
            [stage("a"), {"id": None, "metadata": {"isClosed": "?", "probability": 5}}],
            "PipelineStage.stage, PipelineStage.status, PipelineStage.probability",
            (
                "stages[1]: 'id': nothing is there, and a value is needed; "
                "'metadata.isClosed': found '?', is not one of 'False', 'True'; "
                "'metadata.probability': found 5, input should be less than or equal to 1"
            ),
        ),
    ],
)
def test_a_wrong_item_puts_its_record_aside(stages: Any, field: str, why: str) -> None:
    assert refused(PIPELINE, {"id": "p", "stages": stages}) == (field, why)


def test_the_others_of_the_page_stay() -> None:
    said = [{"id": "p", "stages": [{}]}, {"id": "q", "stages": [stage("a")]}, {"id": None, "stages": [stage("b")]}]
    batch = Compiled((PIPELINE,), source="crm").run(said)
    assert [each.index for each in batch.rejected] == [0, 2]
    (rows,) = batch.rows
    assert list(rows.indices) == [1]
    assert (list(rows.parts[0].indices), rows.parts[0].cells["stage"]) == ([0], ["a"])


def test_a_condition_is_of_the_item() -> None:
    made_by = mapping(
        Customer,
        id="id",
        parts=(
            part(ContactPoint, each="points", kind=constant("email"), value="value", when=equals("type", "mail")),
            part(ContactPoint, each="points", kind=constant("phone"), value="value", when=equals("type", "tel")),
        ),
    )
    points = [{"type": "tel", "value": "1"}, {"type": "mail", "value": "a@b"}, {"type": "fax"}]
    mails, phones = only(made_by, {"id": "1", "points": points}).parts
    assert (mails.cells["value"], list(mails.items)) == (["a@b"], [1])
    assert (phones.cells["value"], list(phones.items)) == (["1"], [0])


def test_a_class_that_applies_to_some_records() -> None:
    made_by = mapping(Deal, id="id", status=constant("open"), when=equals("kind", "deal"))
    people = mapping(
        Customer,
        id="id",
        when=equals("kind", "person"),
        parts=(part(Identifier, each="ids", namespace="n", value="v"),),
    )
    ids = [{"n": "loan", "v": "1"}]
    said = [{"id": "1", "kind": "deal", "ids": ids}, {"id": "2", "kind": "person", "ids": [*ids, *ids]}]
    _, customers = Compiled((made_by, people), source="crm").run(said).rows
    assert (list(customers.indices), list(customers.parts[0].indices)) == ([1], [0, 0])


def test_spans_and_money_of_items() -> None:
    spend = part(Spend, each="spend", day="day", amount=money("amount", currency=at("currency")))
    made_by = mapping(Campaign, id="id", code="id", parts=(spend,))
    rows = only(made_by, {"id": "c", "spend": [{"day": "2025-01-01", "amount": "1.5", "currency": "EUR"}]})
    assert rows.parts[0].cells["amount_micros"] == [1_500_000]
    field, why = refused(made_by, {"id": "c", "spend": [{"day": "2025-01-01", "amount": "1.5"}]})
    assert (field, why) == ("Spend.amount.currency", "spend[0]: 'currency': nothing is there, and a value is needed")


def test_a_list_below_and_references() -> None:
    said = {"id": "1", "at": AT, "to": {"people": [{"id": 7}, {"id": 8}]}, "about": [{"type": "deal", "id": "d"}]}
    with Workspace() as ws:
        ws.load([said], source="crm", maps=CALL)
        (link,) = ws.tables.links.rows()
        people = ws.tables.participants.rows()
        tables = {Participant: people, Link: [link]}
        (call,) = to_objects(Interaction, ws.tables.interactions.rows(), tables)
        again = ws.load([said], source="crm", maps=CALL)
    assert [each.customer for each in call.participants] == ["crm/7", "crm/8"]
    assert (link["to_ref"], link["to_key"]) == ("crm/d", key_of("deals", "crm/d"))
    assert [row["person_id"] for row in people] == [key_of("customers", "crm/7"), key_of("customers", "crm/8")]
    assert again.counts.unchanged == 1
    assert call.extra == {}


def test_cells_of_a_page_can_hold_lists() -> None:
    batch = Compiled((PIPELINE,), source="crm").run([("p", [stage("a")], 1)], fields=("id", "stages", "z"))
    (rows,) = batch.rows
    assert rows.parts[0].cells["stage"] == ["a"]
    assert rows.cells["extra"] == ['{"z":1}']


def test_the_loss_report_follows_items() -> None:
    said = [{"id": "p", "stages": [stage("a", order=1), stage("b")]}]
    report = loss_report(PIPELINE, said)
    assert report.field("stages", "[]", "id").lands_in == ("PipelineStage.stage",)
    assert report.field("stages", "[]", "order").fate is Fate.EXTRA
    assert report.share(Fate.TYPED) == 9 / 10


def test_it_is_part_of_the_mapping_as_data() -> None:
    (told,) = PIPELINE.describe()["parts"]
    assert told["each"] == ["stages"]
    without = mapping(Customer, id="id", parts=(part(Identifier, namespace="n", value="v", when=present("v")),))
    assert "each" not in without.describe()["parts"][0]


ITEM = st.dictionaries(st.sampled_from("nvz"), st.sampled_from(["1", "2", None]), max_size=3) | st.sampled_from(
    ["x", None]
)
LISTS = st.none() | st.lists(ITEM, max_size=3) | st.just("no list")


@given(st.lists(st.fixed_dictionaries({"id": st.sampled_from(["1", None]), "ids": LISTS}), max_size=5))
@LAW
def test_as_one_record_after_the_other(said: list[dict[str, Any]]) -> None:
    """The same as a plain walk over records and items, which shares no code."""
    made_by = mapping(Customer, id="id", parts=(part(Identifier, each="ids", namespace="n", value="v"),))
    expected, aside = [], set()
    for index, record in enumerate(said):
        items = record["ids"] or []
        items = [x for x in items if x is not None] if isinstance(items, list) else items
        right = isinstance(items, list) and all(isinstance(x, dict) and x.get("n") and x.get("v") for x in items)
        if record["id"] is None or not right:
            aside.add(index)
        else:
            expected.append((index, [(x["n"], x["v"]) for x in items]))
    batch = Compiled((made_by,), source="crm").run(said)
    (rows,) = batch.rows
    (ids,) = rows.parts
    found = [
        (
            place,
            [
                (n, v)
                for at_, n, v in zip(ids.indices, ids.cells["namespace"], ids.cells["value"], strict=True)
                if at_ == row
            ],
        )
        for row, place in enumerate(rows.indices)
    ]
    assert found == expected
    assert {each.index for each in batch.rejected} == aside
