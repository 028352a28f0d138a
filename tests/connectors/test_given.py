"""Records that a program hands over: models become the rows of their tables, and rows are mapped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crmcx.connectors import Compiled, Cursor, FromModels, Given, mapper, mapping
from crmcx.connectors.given import ROWS_PER_PAGE
from crmcx.errors import UsageError
from crmcx.instants import day_of, to_us
from crmcx.models import (
    Account,
    AccountLink,
    Answer,
    ContactPoint,
    Customer,
    Deal,
    Feedback,
    Identifier,
    ItemKind,
    Money,
    Scale,
    Text,
)

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
DEAL = mapping(Deal, id="id", status="status")


def customer(number: str, *points: ContactPoint, **values: Any) -> Customer:
    return Customer(source="crm", source_id=number, contact_points=points, **values)


def pages(given: Given) -> list[Any]:
    (stream,) = given.streams()
    return [page.records for page in stream.read(Cursor())]


class TestStream:
    def test_it_cannot_resume(self) -> None:
        (stream,) = Given([], stream="deals", maps=(DEAL,)).streams()
        assert (stream.name, stream.maps, stream.resumes, stream.keeps_history) == ("deals", (DEAL,), False, False)

    def test_any_iterable_in_pages(self) -> None:
        def many() -> Iterator[dict[str, int]]:
            yield from ({"id": number} for number in range(ROWS_PER_PAGE + 1))

        first, second = pages(Given(many(), stream="deals"))
        assert (len(first), second) == (ROWS_PER_PAGE, [{"id": ROWS_PER_PAGE}])

    def test_nothing_is_no_page(self) -> None:
        assert pages(Given([], stream="deals")) == []

    def test_what_makes_rows_of_it(self) -> None:
        (mapped,) = Given([], stream="deals", maps=(DEAL,)).streams()
        (models,) = Given([], stream="deals").streams()
        assert isinstance(mapper(mapped, source="crm"), Compiled)
        assert isinstance(mapper(models, source="crm"), FromModels)

    def test_rows_with_a_mapping(self) -> None:
        given = Given([{"id": "1", "status": "won"}, {"id": "2", "status": "odd"}], stream="deals", maps=(DEAL,))
        (stream,) = given.streams()
        (records,) = pages(given)
        batch = mapper(stream, source="crm").run(records)
        assert batch.rows[0].cells["source_id"] == ["1"]
        assert [each.field for each in batch.rejected] == ["Deal.status"]


class TestModels:
    def test_class_by_class_with_their_places(self) -> None:
        deal = Deal(source="crm", source_id="d", status="won")  # type: ignore[arg-type]
        batch = FromModels("crm").run([customer("1"), deal, customer("2")])
        assert [(rows.cls, list(rows.indices)) for rows in batch.rows] == [(Customer, [0, 2]), (Deal, [1])]
        assert batch.rows[0].cells["source_id"] == ["1", "2"]
        assert batch.rejected == ()

    def test_values_as_cells(self) -> None:
        deal = Deal(
            source="crm",
            source_id="d",
            status="won",  # type: ignore[arg-type]
            amount=Money(amount=Decimal("1.5"), currency="EUR"),
            opened_on=date(2025, 3, 1),
            created_at=NOON,
            version=7,
            known_at=NOON,
            extra={"z": 1, "a": [None]},
        )
        (rows,) = FromModels("crm").run([deal]).rows
        expected = {
            "status": "won",
            "amount_micros": 1_500_000,
            "amount_currency": "EUR",
            "opened_day": day_of(date(2025, 3, 1)),
            "created_us": to_us(NOON),
            "version": 7,
            "known_us": to_us(NOON),
            "extra": '{"a":[null],"z":1}',
            "name": None,
        }
        assert {name: rows.cells[name][0] for name in expected} == expected

    def test_what_is_not_said(self) -> None:
        (rows,) = FromModels("crm").run([customer("1")]).rows
        assert [rows.cells[name] for name in ("version", "known_us", "extra", "name")] == [[None]] * 4

    def test_parts_know_their_parent(self) -> None:
        first = ContactPoint(kind="email", value="a@example.org")  # type: ignore[arg-type]
        second = ContactPoint(kind="phone", value="1", label="home", primary=True)  # type: ignore[arg-type]
        (rows,) = FromModels("crm").run([customer("1", first, second), customer("2"), customer("3", second)]).rows
        points, identifiers, accounts = rows.parts
        assert (points.cls, list(points.indices)) == (ContactPoint, [0, 0, 2])
        assert points.cells["kind"] == ["email", "phone", "phone"]
        assert points.cells["label"] == [None, "home", "home"]
        assert (identifiers.cls, list(identifiers.indices)) == (Identifier, [])
        assert (accounts.cls, list(accounts.indices)) == (AccountLink, [])

    def test_values_of_several_leaves_in_parts(self) -> None:
        form = Feedback(
            source="crm",
            source_id="f",
            instrument="q",
            submitted_at=NOON,
            answers=(
                Answer(item="q1", kind=ItemKind.NPS, score=9, scale=Scale(min=0, max=10)),
                Answer(item="q2", kind=ItemKind.TEXT, text=Text(value="gut", lang="de")),
            ),
        )
        (rows,) = FromModels("crm").run([form]).rows
        (answers,) = rows.parts
        assert [answers.cells[name] for name in ("score", "scale_min", "scale_max")] == [
            [9, None],
            [0, None],
            [10, None],
        ]
        assert [answers.cells[name] for name in ("text", "text_lang")] == [[None, "gut"], [None, "de"]]

    def test_models_and_their_mapping_agree(self) -> None:
        said = [{"id": "1", "name": "Ada"}, {"id": "2", "name": None, "z": 1}]
        made = Compiled((mapping(Customer, id="id", name="name"),), source="crm").run(said).rows[0]
        models = FromModels("crm").run([customer("1", name="Ada"), customer("2", extra={"z": 1})]).rows[0]
        assert {name: list(cells) for name, cells in made.cells.items()} == dict(models.cells)

    def test_no_records(self) -> None:
        assert FromModels("crm").run([]).rows == ()

    @pytest.mark.parametrize("said", [{"id": "1"}, None, "Ada", ContactPoint(kind="email", value="x")])  # type: ignore[arg-type]
    def test_what_is_no_record(self, said: object) -> None:
        with pytest.raises(UsageError, match=f"found {type(said).__name__} among the records, expected") as error:
            FromModels("crm").run([customer("1"), said])
        assert error.value.code == "usage"
        assert "maps=" in str(error.value)
        assert "Ada" not in str(error.value)

    def test_records_of_another_source(self) -> None:
        stranger = Account(source="shop", source_id="1", name="Ltd")
        with pytest.raises(UsageError, match="a Account carries the source 'shop', expected 'crm'") as error:
            FromModels("crm").run([customer("1"), stranger])
        assert error.value.code == "usage"
