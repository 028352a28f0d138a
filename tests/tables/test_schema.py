"""One column schema per class: names, types, privacy, keys and what parts inherit."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from tests.law import LAW

from crmcx import models
from crmcx.models import Answer, ContactPoint, Customer, Feedback, Identifier, Interaction, Model, Privacy
from crmcx.tables import PARTS, RECORDS, TABLES, Column, DType, key_of, schema_of
from crmcx.testing.strategies import refs

ENVELOPE = ("key", "source", "source_id", "known_us", "version", "raw_ref", "content_hash", "extra")
CLASSES = [*RECORDS, *PARTS]


class TestNames:
    @pytest.mark.parametrize("cls", RECORDS)
    def test_a_record_begins_with_its_envelope(self, cls: type[Model]) -> None:
        schema = schema_of(cls)
        assert schema.names[:8] == ENVELOPE
        assert schema.parent is None
        assert {column.name for column in schema.columns if not column.nullable} >= {"key", "source", "source_id"}

    @pytest.mark.parametrize("cls", CLASSES)
    def test_names_are_unique_and_found(self, cls: type[Model]) -> None:
        schema = schema_of(cls)
        assert len(set(schema.names)) == len(schema.names)
        assert all(schema[name].name == name and name in schema for name in schema.names)
        assert "no_such" not in schema
        assert 5 not in schema
        assert TABLES[schema.name] is schema

    def test_every_class_has_its_table(self) -> None:
        listed = {
            found
            for found in vars(models).values()
            if isinstance(found, type) and issubclass(found, models.Record | models.Part)
        } - {models.Record, models.Entity, models.Event, models.Change, models.Part}
        assert listed == set(CLASSES)
        assert len(TABLES) == len(CLASSES)

    def test_deals(self) -> None:
        assert schema_of(models.Deal).names[8:] == (
            *("customer_ref", "customer_key", "account_ref", "account_key", "name", "pipeline", "stage", "status"),
            *("status_native", "amount_micros", "amount_currency", "probability", "forecast_native", "product"),
            *("campaign", "owner", "created_us", "opened_day", "closed_us", "closed_day", "expected_close_day"),
            *("lost_reason", "person_id"),
        )

    def test_person_ids(self) -> None:
        with_person = {schema.name for schema in TABLES.values() if "person_id" in schema}
        assert with_person == {
            *("customers", "contact_points", "identifiers", "account_links", "interactions", "participants", "links"),
            *("stage_changes", "invitations", "feedback", "answers", "leads", "deals", "cases", "sla_targets"),
            *("orders", "order_lines", "payments", "subscriptions", "campaign_touches", "consents", "preferences"),
        }

    def test_when_it_happened(self) -> None:
        assert {name: schema.happened for name, schema in TABLES.items() if schema.happened} == {
            "interactions": "occurred_us",
            "stage_changes": "changed_us",
            "feedback": "submitted_us",
            "deal_changes": "changed_us",
            "case_changes": "changed_us",
            "orders": "placed_us",
            "order_lines": "placed_us",
            "answers": "submitted_us",
            "account_changes": "changed_us",
            "subscription_changes": "changed_us",
            "participants": "occurred_us",
            "links": "occurred_us",
            "invitations": "sent_us",
            "payments": "paid_us",
            "campaign_touches": "occurred_us",
            "consents": "captured_us",
        }

    def test_other_classes_have_no_table(self) -> None:
        with pytest.raises(TypeError, match="Model has no table"):
            schema_of(Model)


class TestTypes:
    def test_every_kind_of_leaf(self) -> None:
        deal, answer, case = schema_of(models.Deal), schema_of(Answer), schema_of(models.Case)
        assert deal["amount_micros"].dtype is DType.INT64
        assert deal["amount_micros"].unit == "millionths"
        assert deal["closed_us"].unit == "microseconds since 1970, UTC"
        assert deal["closed_day"].unit == "days since 1970"
        assert schema_of(Interaction)["duration_us"].unit == "microseconds"
        assert (answer["score"].dtype, answer["score"].unit) == (DType.FLOAT64, None)
        assert case["met_sla"].dtype is DType.BOOL
        assert case["reopened"].dtype is DType.INT64
        assert case["status"].dtype is DType.STRING
        assert (case["status"].nullable, case["team"].nullable) == (False, True)

    @pytest.mark.parametrize("cls", CLASSES)
    def test_names_tell_the_type(self, cls: type[Model]) -> None:
        for column in schema_of(cls).columns:
            if column.name.endswith(("_us", "_day", "_micros", "_key", "_id")) and column.name != "source_id":
                assert column.dtype is DType.INT64, column.name
            if column.name.endswith(("_ref", "_native", "_currency", "_lang")) and column.name != "raw_ref":
                assert column.dtype is DType.STRING, column.name

    @pytest.mark.parametrize("cls", CLASSES)
    def test_a_reference_has_a_key_beside_it(self, cls: type[Model]) -> None:
        schema = schema_of(cls)
        for column in schema.columns:
            if column.leaf is not None and column.leaf.key_column is not None:
                beside = schema.columns[schema.columns.index(column) + 1]
                expected = Column(column.name.replace("_ref", "_key"), DType.INT64, nullable=column.nullable)
                assert beside == expected

    def test_privacy(self) -> None:
        found = {
            (schema.name, column.name): column.privacy
            for schema in TABLES.values()
            for column in schema.columns
            if column.privacy is not Privacy.NONE and column.name != "extra"
        }
        contact, sensitive = Privacy.CONTACT, Privacy.SENSITIVE
        logs = [f"{name}_changes" for name in ("account", "deal", "case", "subscription")]
        owned = ("customers", "accounts", "leads", "deals", "initiatives")
        assert {place for place, privacy in found.items() if privacy is contact} == {
            *(("customers", name) for name in ("name", "given_name", "family_name")),
            *((table, "owner") for table in owned),
            *((table, "by") for table in logs),
            *((table, "employee") for table in ("interactions", "participants")),
            *(("employees", name) for name in ("code", "name", "email")),
            *((table, "number") for table in ("cases", "orders")),
            *(
                ("contact_points", "value"),
                ("identifiers", "value"),
                ("consents", "contact_point"),
                ("cases", "assignee"),
            ),
        }
        assert {place for place, privacy in found.items() if privacy is sensitive} == {
            *((table, name) for table in logs for name in ("old", "new")),
            *((table, "lost_reason") for table in ("leads", "deals")),
            *(("customers", "birth_year"), ("cases", "subject"), ("deals", "name"), ("subscriptions", "cancel_reason")),
            *(("interactions", "text"), ("interactions", "outcome"), ("answers", "text"), ("consents", "proof")),
        }
        assert all(schema_of(cls)["extra"].privacy is sensitive for cls in RECORDS)


class TestParts:
    def test_answers_repeat_what_they_inherit(self) -> None:
        schema, parent = schema_of(Answer), schema_of(Feedback)
        assert schema.parent is Feedback
        assert schema.names[:4] == ("feedback_key", "position", "source", "known_us")
        inherited = (
            *("customer_ref", "customer_key", "instrument", "submitted_us", "status"),
            *("language", "channel", "touchpoint", "case_ref", "case_key", "weight"),
        )
        assert schema.names[4:15] == inherited
        assert [schema[name] for name in inherited] == [parent[name] for name in inherited]
        assert schema.names[15:] == (
            *("item", "kind", "state", "state_native", "score", "scale_min", "scale_max", "scale_direction"),
            *("choice", "text", "text_lang", "person_id"),
        )

    def test_contact_points(self) -> None:
        schema = schema_of(ContactPoint)
        assert schema.parent is Customer
        assert schema.names == (
            *("customer_key", "position", "source", "known_us", "kind", "value", "label", "primary", "verified"),
            "person_id",
        )
        assert not schema["position"].nullable

    def test_identifiers(self) -> None:
        names = ("customer_key", "position", "source", "known_us", "namespace", "value", "person_id")
        assert schema_of(Identifier).names == names


class TestKeys:
    @given(refs())
    @LAW
    def test_duckdb_computes_the_same(self, ref: str) -> None:
        with duckdb.connect(":memory:") as connection:
            for table in ("customers", "deals"):
                ((found,),) = connection.execute(
                    "SELECT (md5_number_lower($1) & 9223372036854775807)::BIGINT", [f"{table}/{ref}"]
                ).fetchall()
                assert key_of(table, ref) == found

    def test_a_key_is_what_it_was(self) -> None:
        assert key_of("customers", "crm:bank/4711") == 5_150_922_148_923_198_658

    def test_keys_have_63_bits(self) -> None:
        keys = [key_of("customers", f"crm/{number}") for number in range(2_000)]
        assert len(set(keys)) == len(keys)
        assert 0 <= min(keys) < 2**62 < max(keys) < 2**63

    def test_columns_of_keys(self) -> None:
        keys = {column.name for schema in TABLES.values() for column in schema.columns if column.is_key}
        assert keys == {
            *("key", "person_id", "customer_key", "account_key", "parent_key", "case_key", "interaction_key"),
            *("deal_key", "order_key", "feedback_key", "invitation_key", "subscription_key", "to_key"),
            *("merged_into_key", "instrument_key", "pipeline_key", "campaign_key", "business_calendar_key"),
            "rate_table_key",
        }

    def test_tables_have_keys_of_their_own(self) -> None:
        assert key_of("customers", "crm/1") != key_of("accounts", "crm/1")
