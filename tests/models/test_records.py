"""Records keep what they do not know, tell nothing personal, and come apart into leaves."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.law import LAW

from crmcx import models
from crmcx.models import (
    Case,
    Channel,
    ContactPoint,
    Customer,
    Deal,
    Feedback,
    Identifier,
    Interaction,
    Model,
    Money,
    Privacy,
    Text,
)
from crmcx.models.cells import cells_of, reach
from crmcx.models.extra import write_extra
from crmcx.models.fields import Kind, leaves, parts
from crmcx.tables import PARTS, RECORDS
from crmcx.testing import strategies

SECRET = "hush-Ada-Lovelace"  # noqa: S105 - a name, no password


def customer(**fields: Any) -> Customer:
    return Customer(source="crm", source_id="1", **fields)


def interaction(**fields: Any) -> Interaction:
    given_ones = {"source": "web", "source_id": "1", "kind": "call", "occurred_at": "2025-01-01T00:00Z"}
    return Interaction(**{**given_ones, **fields})


class TestUnknownFields:
    def test_they_go_to_extra_under_their_own_names(self) -> None:
        found = customer(Plan="gold", score=[1, {"a": None}])
        assert found.extra == {"Plan": "gold", "score": [1, {"a": None}]}

    def test_they_join_what_is_there(self) -> None:
        assert customer(extra={"a": 1, "b": 2}, b=3, c=None).extra == {"a": 1, "b": 3, "c": None}

    def test_from_json_too(self) -> None:
        text = json.dumps({"source": "crm", "source_id": "1", "odd": {"x": 1}})
        assert Customer.model_validate_json(text).extra == {"odd": {"x": 1}}

    def test_what_the_caller_passed_is_left_as_it_was(self) -> None:
        data = {"source": "crm", "source_id": "1", "odd": 1, "extra": {"x": 2}}
        before = json.dumps(data)
        Customer.model_validate(data)
        assert json.dumps(data) == before

    def test_without_any_there_is_no_extra(self) -> None:
        assert customer().extra == {}
        assert customer().extra is not customer().extra

    def test_a_record_is_its_own_record(self) -> None:
        found = customer(odd=1)
        assert Customer.model_validate(found) is found

    @pytest.mark.parametrize("value", [None, SECRET, [("source", "crm")], 5])
    def test_a_record_is_made_of_a_dictionary(self, value: object) -> None:
        with pytest.raises(ValidationError, match="model_type") as caught:
            Customer.model_validate(value)
        assert SECRET not in str(caught.value)

    def test_what_has_no_spelling_is_refused(self) -> None:
        with pytest.raises(
            ValidationError, match="is JSON, a Decimal, a datetime, a date or a timedelta: write object as one of these"
        ):
            customer(odd=object())

    @pytest.mark.parametrize("part", PARTS)
    def test_parts_have_none(self, part: type[Model]) -> None:
        with pytest.raises(ValidationError, match="extra_forbidden"):
            part.model_validate({"odd": 1})

    @pytest.mark.parametrize("extra", [None, "x", [1]])
    def test_an_extra_that_is_none_is_refused_as_such(self, extra: object) -> None:
        with pytest.raises(ValidationError):
            customer(extra=extra, odd=1)

    def test_names_that_are_no_text_are_refused_as_such(self) -> None:
        with pytest.raises(ValidationError):
            Customer.model_validate({"source": "crm", "source_id": "1", 2: 3, "x": 1})

    def test_written_in_order(self) -> None:
        assert write_extra({"b": 1, "a": {"z": 1, "y": "ü"}}) == '{"a":{"z":1,"y":"ü"},"b":1}'
        assert write_extra({}) is None

    def test_written_as_json_that_anybody_reads(self) -> None:
        text = write_extra(customer(odd=float("nan")).extra)
        assert text is not None
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))

    def test_half_a_character_is_kept_as_its_escape(self) -> None:
        text = write_extra(customer(odd=json.loads('"\\ud800"')).extra)
        assert text == '{"odd":"\\ud800"}'


class TestAbsentNullAndEmpty:
    @pytest.mark.parametrize("cls", RECORDS)
    def test_what_is_optional_may_be_left_out_or_null(self, cls: type[Model]) -> None:
        for leaf in leaves(cls):
            info = cls.model_fields[leaf.path[0]]
            if leaf.nullable:
                assert not info.is_required()
                assert info.default is None
            assert leaf.default is None or not leaf.nullable or len(leaf.path) > 1

    def test_left_out_is_told_from_null(self) -> None:
        assert "name" not in customer().model_fields_set
        assert "name" in customer(name=None).model_fields_set
        assert customer() == customer(name=None)

    def test_empty_is_told_from_null(self) -> None:
        assert customer(name="").name == ""
        assert customer(name="") != customer(name=None)
        assert interaction(text={"value": ""}).text == Text(value="")
        assert interaction(text={"value": ""}) != interaction()

    def test_a_default_is_not_a_null(self) -> None:
        assert interaction().visibility == "customer"
        with pytest.raises(ValidationError):
            interaction(visibility=None)

    @pytest.mark.parametrize("cls", RECORDS)
    def test_required_fields_are_named(self, cls: type[Model]) -> None:
        with pytest.raises(ValidationError) as caught:
            cls.model_validate({})
        missing = {error["loc"][0] for error in caught.value.errors()}
        assert missing == {name for name, info in cls.model_fields.items() if info.is_required()}
        assert {"source", "source_id"} <= missing


class TestSilence:
    def test_a_repr_masks_what_is_personal(self) -> None:
        found = customer(
            name=SECRET, stage_native="Bob", odd=SECRET, contact_points=[{"kind": "email", "value": SECRET}]
        )
        for shown in (repr(found), str(found), f"{found}", str(list(found.__rich_repr__()))):
            assert SECRET not in shown
            assert "name=<17 characters>" in shown or "'name', <17 characters>" in shown
            assert "Bob" in shown
            assert "odd" not in shown
        assert repr(found.contact_points[0]) == (
            "ContactPoint(kind=<ContactPointKind.EMAIL: 'email'>, value=<17 characters>)"
        )

    def test_a_repr_leaves_out_what_is_not_set(self) -> None:
        assert repr(customer()) == "Customer(source='crm', source_id='1', kind=<CustomerKind.PERSON: 'person'>)"

    def test_a_repr_says_nothing_of_words(self) -> None:
        case = Case(source="desk", source_id="1", status="open", opened_at="2025-01-01T00:00Z", subject=SECRET)
        assert SECRET not in repr(case) + repr(interaction(text={"value": SECRET}))
        assert "subject=<17 characters>" in repr(case)

    def test_a_repr_masks_personal_numbers(self) -> None:
        assert "1815" not in repr(customer(birth_year=1815))

    @pytest.mark.parametrize("cls", [*RECORDS, *PARTS])
    @pytest.mark.parametrize("value", [SECRET, [SECRET], {"x": SECRET}, SECRET.encode()])
    def test_errors_do_not_show_the_input(self, cls: type[Model], value: object) -> None:
        with pytest.raises(ValidationError) as caught:
            cls.model_validate(dict.fromkeys([*cls.model_fields, "unheard_of"], value))
        assert SECRET not in str(caught.value)
        assert SECRET not in repr(caught.value)

    def test_nor_does_the_error_of_an_assignment(self) -> None:
        with pytest.raises(ValidationError) as caught:
            customer().name = SECRET  # type: ignore[misc]
        assert SECRET not in str(caught.value)

    @given(st.data())
    @settings(LAW, max_examples=5)
    def test_no_text_of_any_record_is_shown(self, data: st.DataObject) -> None:
        for cls in RECORDS:
            hidden = [leaf for leaf in leaves(cls) if leaf.privacy is not Privacy.NONE and leaf.kind is Kind.WORD]
            found = data.draw(strategies.records(cls))
            given_ones: dict[str, Any] = {leaf.path[0]: SECRET for leaf in hidden if len(leaf.path) == 1}
            given_ones |= {leaf.path[0]: Text(value=SECRET) for leaf in hidden if len(leaf.path) > 1}
            assert SECRET not in repr(found.model_copy(update=given_ones))


class TestFrozen:
    @pytest.mark.parametrize("cls", RECORDS)
    @given(data=st.data())
    @settings(LAW, max_examples=2)
    def test_records_are_frozen(self, cls: Any, data: st.DataObject) -> None:
        found = data.draw(strategies.records(cls))
        for name in cls.model_fields:
            with pytest.raises(ValidationError, match="frozen_instance"):
                setattr(found, name, getattr(found, name))

    @pytest.mark.parametrize("part", PARTS)
    @given(data=st.data())
    @settings(LAW, max_examples=5)
    def test_parts_are_frozen_and_hashable(self, part: Any, data: st.DataObject) -> None:
        found = data.draw(strategies.parts(part))
        assert hash(found) == hash(found.model_copy())
        name = next(iter(part.model_fields))
        with pytest.raises(ValidationError, match="frozen_instance"):
            setattr(found, name, getattr(found, name))


class TestReferences:
    def test_a_reference_names_source_and_id(self) -> None:
        assert Customer(source="crm:bank", source_id="4711").ref == "crm:bank/4711"

    def test_any_reference_can_be_referred_to(self) -> None:
        ref = Customer(source="crm", source_id="1\n2").ref
        assert interaction(customer=ref).customer == ref

    @pytest.mark.parametrize("version", [2**63, -(2**63) - 1])
    def test_a_version_fits_its_column(self, version: int) -> None:
        with pytest.raises(ValidationError):
            customer(version=version)

    @pytest.mark.parametrize("cls", RECORDS)
    def test_what_happened_and_what_is_tracked_are_fields(self, cls: Any) -> None:
        ends = {name for span in cls.spans for name in span}
        assert {*cls.tracked, *ends, cls.happened} - {None} <= cls.model_fields.keys()
        assert bool(cls.tracked) is (cls.log is not None)

    @pytest.mark.parametrize("part", PARTS)
    def test_parts_inherit_fields_of_their_parent(self, part: Any) -> None:
        (parent,) = (cls for cls in RECORDS if part in parts(cls).values())
        assert set(part.inherits) <= parent.model_fields.keys()

    def test_every_target_is_a_table(self) -> None:
        tables = {cls.table for cls in RECORDS}
        targets = {leaf.target for cls in RECORDS for leaf in leaves(cls)} - {None}
        assert targets <= tables
        assert {cls.log for cls in RECORDS} - {None} <= tables
        assert {kind.value for kind in models.LinkKind} <= tables
        assert targets >= {"customers", "accounts", "cases", "deals", "orders"}


class TestLeaves:
    def test_a_class_comes_apart(self) -> None:
        found = {leaf.column: leaf for leaf in leaves(Deal)}
        assert found["amount_micros"].path == ("amount", "amount")
        assert found["amount_currency"].path == ("amount", "currency")
        assert found["customer_ref"].target == "customers"
        assert (found["closed_us"].kind, found["closed_day"].kind) == (Kind.INSTANT, Kind.DAY)
        assert found["expected_close_day"].path == ("expected_close",)
        assert found["status"].enum is models.DealStatus
        assert (found["status"].nullable, found["name"].nullable) == (False, True)
        assert not {"source", "source_id", "known_us", "extra"} & found.keys()

    def test_defaults_are_words(self) -> None:
        found = {leaf.column: leaf.default for leaf in leaves(models.Answer)}
        assert (found["state"], found["scale_direction"], found["text_lang"]) == (
            "answered",
            "higher_is_better",
            "und",
        )
        assert found["item"] is None

    def test_a_part_has_its_own_field_called_source(self) -> None:
        assert parts(Feedback) == {"answers": models.Answer}
        assert parts(Customer) == {
            "contact_points": ContactPoint,
            "identifiers": Identifier,
            "accounts": models.AccountLink,
        }
        assert parts(Deal) == {}

    @pytest.mark.parametrize("cls", [*RECORDS, *PARTS])
    def test_no_two_leaves_share_a_column(self, cls: type[Model]) -> None:
        columns = [leaf.column for leaf in leaves(cls)]
        assert len(set(columns)) == len(columns)

    def test_cells(self) -> None:
        deal = Deal(
            source="crm",
            source_id="1",
            status="won",
            amount=Money(amount="12.5", currency="EUR"),
            closed_at=datetime(1970, 1, 2, tzinfo=UTC),
            closed_on=date(1970, 1, 3),
        )
        cells = cells_of(leaves(Deal), [deal, Deal(source="crm", source_id="2", status="open")])
        assert cells["amount_micros"] == [12_500_000, None]
        assert cells["amount_currency"] == ["EUR", None]
        assert cells["closed_us"] == [86_400_000_000, None]
        assert cells["closed_day"] == [2, None]
        assert cells["status"] == ["won", "open"]
        line = models.OrderLine(
            source="s", source_id="1", order="s/1", quantity=Decimal("-2.5"), placed_at=deal.closed_at
        )
        assert cells_of(leaves(models.OrderLine), [line])["quantity_micros"] == [-2_500_000]
        call = interaction(duration=timedelta(milliseconds=1))
        assert cells_of(leaves(Interaction), [call, interaction()])["duration_us"] == [1000, None]

    def test_reach_ends_where_the_way_ends(self) -> None:
        assert reach(interaction(), ("text", "value")) is None
        assert reach(interaction(channel="web"), ("channel",)) == "web"

    def test_channels_of_the_internet(self) -> None:
        assert {channel.value for channel in Channel if channel.online} == {
            *("web", "mobile_app", "email", "webchat", "messaging", "social", "api")
        }
