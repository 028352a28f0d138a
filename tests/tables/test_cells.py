"""Objects to columns and back gives equal objects, for every class and through an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW

from crmcx.engines import from_columns
from crmcx.models import Answer, ContactPoint, Customer, Feedback, Interaction, Model, Scale
from crmcx.models.fields import parts
from crmcx.tables import RECORDS, key_of, rows_of, schema_of, to_columns, to_objects
from crmcx.testing.strategies import lists_of

Columns = Mapping[str, Sequence[Any]]


def rows_in(columns: Columns) -> list[dict[str, Any]]:
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def rows_by_engine(columns: Columns, cls: type[Model]) -> list[dict[str, Any]]:
    return rows_of(from_columns(columns, {column.name: column.dtype.value for column in schema_of(cls).columns}))


@pytest.mark.parametrize("cls", RECORDS)
@given(data=st.data())
@LAW
def test_round_trip(cls: Any, data: st.DataObject) -> None:
    objects = data.draw(lists_of(cls))
    columns = {found: to_columns(found, objects) for found in (cls, *parts(cls).values())}
    for read in (lambda _cls, cells: rows_in(cells), lambda found, cells: rows_by_engine(cells, found)):
        nested = {part: list(reversed(read(part, columns[part]))) for part in parts(cls).values()}
        assert to_objects(cls, read(cls, columns[cls]), nested) == objects
    for found, cells in columns.items():
        assert set(cells) == set(schema_of(found).names)
        names = [field for field, part in parts(cls).items() if part is found]
        count = sum(len(getattr(item, field)) for field in names for item in objects) if names else len(objects)
        assert {len(values) for values in cells.values()} == {count}
        for column in schema_of(found).columns:
            if not column.nullable:
                assert None not in cells[column.name], column.name


def test_keys_and_people() -> None:
    step = Interaction(
        source="web",
        source_id="7",
        kind="visit",
        occurred_at=datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
        customer="crm/1",
    )
    nobody = step.model_copy(update={"customer": None, "source_id": "8"})
    columns = to_columns(Interaction, [step, nobody])
    assert columns["key"] == [key_of("interactions", "web/7"), key_of("interactions", "web/8")]
    assert columns["customer_key"] == columns["person_id"] == [key_of("customers", "crm/1"), None]
    assert columns["occurred_us"] == [1_000_000] * 2
    assert columns["raw_ref"] == columns["content_hash"] == columns["extra"] == [None, None]
    customer = to_columns(
        Customer, [Customer(source="crm", source_id="1", known_at=datetime(1970, 1, 2, tzinfo=UTC), odd=1)]
    )
    assert customer["person_id"] == customer["key"] == [key_of("customers", "crm/1")]
    assert customer["known_us"] == [86_400_000_000]
    assert customer["extra"] == ['{"odd":1}']


def test_parts_carry_their_parent() -> None:
    nps = Scale(min=0, max=10)
    feedback = Feedback(
        source="survey",
        source_id="1",
        customer="crm/1",
        instrument="relation",
        submitted_at=datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
        weight=0.5,
        answers=[Answer(item="a", kind="nps", score=9, scale=nps), Answer(item="b", kind="text", text={"value": ""})],
    )
    empty = feedback.model_copy(update={"source_id": "2", "answers": ()})
    columns = to_columns(Answer, [empty, feedback])
    assert columns["feedback_key"] == [key_of("feedback", "survey/1")] * 2
    assert columns["position"] == [0, 1]
    assert columns["item"] == ["a", "b"]
    assert columns["score"] == [9, None]
    assert columns["text"] == [None, ""]
    assert columns["weight"] == [0.5, 0.5]
    assert columns["person_id"] == [key_of("customers", "crm/1")] * 2


def test_parts_find_their_parent_and_their_place() -> None:
    people = [
        Customer(
            source="crm", source_id=name, contact_points=[{"kind": "email", "value": f"{name}{n}"} for n in range(3)]
        )
        for name in "ab"
    ]
    rows = rows_in(to_columns(ContactPoint, people))
    shuffled = [rows[at] for at in (5, 0, 3, 2, 4, 1)]
    assert to_objects(Customer, rows_in(to_columns(Customer, people)), {ContactPoint: shuffled}) == people


def test_without_the_rows_of_parts_there_are_none() -> None:
    person = Customer(source="crm", source_id="a", contact_points=[{"kind": "email", "value": "x"}])
    (found,) = to_objects(Customer, rows_in(to_columns(Customer, [person])), {})
    assert found == person.model_copy(update={"contact_points": ()})


def test_nothing_is_nothing() -> None:
    for cls in RECORDS:
        assert to_objects(cls, rows_in(to_columns(cls, [])), {}) == []
