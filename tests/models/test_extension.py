"""Fields of one's own: seen by type checkers, mapped, kept with their types, there again as columns and objects."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, create_model
from tests.law import LAW

from crmcx import Workspace, metrics
from crmcx.connectors import Compiled, at, mapping, money, words
from crmcx.errors import UsageError
from crmcx.models import ContactPoint, Customer, Deal, Money, Scale, values
from crmcx.models.extension import custom_leaves, stored_class
from crmcx.models.extra import read_extra, write_extra
from crmcx.tables import TABLES, schema_of, to_columns, to_objects
from crmcx.testing.strategies import lists_of, records


class AcmeDeal(Deal):
    """A deal with a field of every kind added."""

    region: Literal["north", "south"] | None = None
    margin: values.Exact | None = None
    fee: Money | None = None
    signed_at: values.Instant | None = None
    first: values.Day | None = None
    took: values.Duration | None = None
    seats: values.Whole | None = None
    vip: bool | None = None
    share: values.Share | None = None
    partner: Annotated[values.Ref | None, values.Target("accounts")] = None


FULL: dict[str, Any] = {
    "region": "north",
    "margin": Decimal("1.25"),
    "fee": Money(amount=Decimal("12.5"), currency="KWD"),
    "signed_at": datetime(2025, 3, 30, 1, 30, tzinfo=UTC),
    "first": date(2024, 2, 29),
    "took": timedelta(hours=-1, microseconds=1),
    "seats": 5,
    "vip": False,
    "share": 0.5,
    "partner": "app/9",
}


KNOWN = datetime(2025, 1, 1, tzinfo=UTC)


def deal(**fields: Any) -> AcmeDeal:
    return AcmeDeal(source="app", source_id="1", status="won", **fields)


def rows_in(columns: Any) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


class TestClasses:
    def test_it_is_kept_in_the_table_of_the_class_it_extends(self) -> None:
        assert stored_class(AcmeDeal) is Deal
        assert stored_class(Deal) is Deal
        assert custom_leaves(Deal) == ()
        assert {leaf.path[0] for leaf in custom_leaves(AcmeDeal)} == set(FULL)
        assert schema_of(AcmeDeal).name == "deals"
        added = [name for name in schema_of(AcmeDeal).names if name not in TABLES["deals"]]
        assert added == [
            *("region", "margin_micros", "fee_micros", "fee_currency", "signed_us", "first_day", "took_us", "seats"),
            *("vip", "share", "partner_ref", "partner_key"),
        ]

    def test_a_deeper_one_too(self) -> None:
        class Deeper(AcmeDeal):
            colour: str | None = None

        assert stored_class(Deeper) is Deal
        assert [leaf.column for leaf in custom_leaves(Deeper)][-1] == "colour"

    def test_its_fields_are_checked(self) -> None:
        with pytest.raises(ValidationError, match="region"):
            deal(region="west")

    def test_a_column_that_is_there_already_is_refused(self) -> None:
        class Clash(Deal):
            amount_micros: values.Whole | None = None
            raw_ref: str | None = None

        with pytest.raises(UsageError, match=r"the column amount_micros, raw_ref, which Deal has already; give the"):
            schema_of(Clash)

    def test_capitals_do_not_tell_columns_apart(self) -> None:
        class Loud(Deal):
            Stage: str | None = None

        class Twice(Deal):
            colour: str | None = None
            Colour: str | None = None

        for cls, column in ((Loud, "stage"), (Twice, "colour")):
            with pytest.raises(UsageError, match=f"a field for the column {column}, which Deal has already"):
                schema_of(cls)

    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            (float, "is float, which converts what it should refuse; use values.Real"),
            (int, "use values.Whole"),
            (Decimal, "use values.Exact"),
            (datetime, "use values.Instant"),
            (list[str], "has a type that no column holds"),
            (dict[str, str], "has a type that no column holds"),
            (tuple[str, ...], "has a type that no column holds"),
            (int | str, "has a type that no column holds"),
        ],
    )
    def test_a_type_that_no_column_holds_is_named(self, kind: Any, said: str) -> None:
        cls = create_model("Odd", __base__=Deal, odd=(kind | None, None))
        with pytest.raises(UsageError, match=rf"Odd\.odd .*{said}"):
            schema_of(cls)

    def test_a_field_of_the_model_keeps_its_kind(self) -> None:
        cls = create_model("Other", __base__=Deal, stage=(values.Whole | None, None))
        with pytest.raises(UsageError, match="Other turns stage of Deal into another kind of value"):
            schema_of(cls)
        narrow = create_model("Narrow", __base__=Deal, stage=(Literal["a", "b"] | None, None))
        assert schema_of(narrow).names == TABLES["deals"].names

    def test_a_list_of_parts_is_refused(self) -> None:
        class Listed(Deal):
            points: tuple[ContactPoint, ...] = ()

        with pytest.raises(UsageError, match="Listed adds the parts points to Deal; it can add single values only"):
            schema_of(Listed)


class TestFrames:
    @given(st.data())
    @LAW
    def test_list_to_frame_to_list(self, data: st.DataObject) -> None:
        objects = data.draw(lists_of(AcmeDeal))
        assert to_objects(AcmeDeal, rows_in(to_columns(AcmeDeal, objects)), {}) == objects

    def test_metrics_group_by_it(self) -> None:
        deals = [deal(region="north"), deal(region="south").model_copy(update={"source_id": "2", "status": "lost"})]
        found = {group: estimate.value for group, estimate in metrics.win_rate(deals, by="region")}
        assert found == {("north",): 1.0, ("south",): 0.0}


class TestStore:
    @given(st.data())
    @LAW
    def test_objects_come_back_as_they_were(self, data: st.DataObject) -> None:
        some = data.draw(lists_of(AcmeDeal, source="app", known_at=KNOWN))
        with Workspace() as ws:
            ws.load(some, source="app")
            by_ref = {item.ref: item for item in some}
            for rows in (ws.tables.of(AcmeDeal).rows(), ws.tables.deals.rows()):
                assert {item.ref: item for item in to_objects(AcmeDeal, rows, {})} == by_ref

    def test_columns(self) -> None:
        with Workspace() as ws:
            ws.load(deal(**FULL, odd=[Decimal("1.20"), None]), source="app")
            (row,) = ws.tables.of(AcmeDeal).rows()
            (plain,) = to_objects(Deal, ws.tables.of(Deal).rows(), {})
        (expected,) = rows_in(to_columns(AcmeDeal, [deal(**FULL)]))
        for name in schema_of(AcmeDeal).names:
            if name not in TABLES["deals"]:
                assert row[name] == expected[name], name
        assert plain.extra["odd"] == [Decimal("1.20"), None]
        assert plain.extra["fee"] == {"amount": Decimal("12.5"), "currency": "KWD"}
        assert {plain.extra[name] == FULL[name] for name in FULL if name != "fee"} == {True}

    def test_what_is_not_there_or_cannot_be_read_is_null(self) -> None:
        odd = Deal(source="app", source_id="1", status="won", seats="many", margin="1.5", first={"a": 1}, vip="true")
        with Workspace() as ws:
            ws.load(odd, source="app")
            (row,) = ws.tables.of(AcmeDeal).rows()
        assert (row["seats"], row["margin_micros"], row["first_day"], row["vip"]) == (None, 1_500_000, None, None)
        assert row["partner_key"] is None

    def test_a_class_without_a_table_is_refused(self) -> None:
        class Other(Customer):
            table: ClassVar[str] = "others"

        with (
            Workspace() as ws,
            pytest.raises(UsageError, match="Other has no table in a store; derive it from a class"),
        ):
            ws.tables.of(Other)
        with (
            Workspace() as ws,
            pytest.raises(UsageError, match="Other has no table in a store; derive it from a class"),
        ):
            ws.load(Other(source="app", source_id="1"), source="app")


class TestMapping:
    MADE = mapping(
        AcmeDeal,
        id="id",
        status=words("s", {"w": "won"}),
        region=words("r", {"N": "north"}),
        margin="m",
        fee=money("f", currency=at("c")),
        signed_at="t",
    )
    SAID: ClassVar[dict[str, Any]] = {"id": "1", "s": "w", "r": "N", "m": "1.25", "f": "9", "c": "EUR", "z": 1}

    def test_fields_land_in_the_extension(self) -> None:
        with Workspace() as ws:
            report = ws.load(
                [{**self.SAID, "t": "2025-01-01T00:00:00+01:00", "region": "Nord"}], source="crm", maps=self.MADE
            )
            again = ws.load(
                [{**self.SAID, "t": "2025-01-01T00:00:00+01:00", "region": "Nord"}], source="crm", maps=self.MADE
            )
            (found,) = to_objects(AcmeDeal, ws.tables.of(AcmeDeal).rows(), {})
        assert (report.counts.stored, again.counts.unchanged) == (1, 1)
        assert (found.region, found.margin, found.signed_at) == (
            "north",
            Decimal("1.25"),
            datetime(2024, 12, 31, 23, tzinfo=UTC),
        )
        assert found.fee == Money(amount=9, currency="EUR")
        assert found.extra == {"region_said": "Nord", "z": 1}, "the source's own field of that name is kept"

    def test_what_is_wrong_is_said_of_the_class(self) -> None:
        (rejected,) = Compiled((self.MADE,), source="crm").run([{**self.SAID, "r": "W", "m": 1.5}]).rejected
        assert rejected.field == "AcmeDeal.region, AcmeDeal.margin"


class TestDefaults:
    class Plain(Deal):
        region: values.Label | None = "north"
        scale: Scale | None = Scale(min=0, max=10)
        tag: values.Label = Field(default_factory=lambda: "new")

    def test_none_is_not_the_default(self) -> None:
        said = [
            self.Plain(source="app", source_id="1", status="won", region=None, scale=None, known_at=KNOWN),
            self.Plain(source="app", source_id="2", status="won", known_at=KNOWN),
        ]
        assert to_objects(self.Plain, rows_in(to_columns(self.Plain, said)), {}) == said
        with Workspace() as ws:
            ws.load(said, source="app")
            for rows in (ws.tables.of(self.Plain).rows(), ws.tables.deals.rows()):
                assert sorted(to_objects(self.Plain, rows, {}), key=lambda deal: deal.source_id) == said

    def test_what_no_mapping_says_is_the_default(self) -> None:
        made_by = mapping(self.Plain, id="id", status=words("s", {"w": "won"}))
        with Workspace() as ws:
            ws.load([{"id": "1", "s": "w"}], source="crm", maps=made_by)
            (found,) = to_objects(self.Plain, ws.tables.of(self.Plain).rows(), {})
        assert (found.region, found.scale, found.tag) == ("north", Scale(min=0, max=10), "new")


class TestRoom:
    def test_what_the_source_said_under_the_same_names_is_kept(self) -> None:
        class Mine(Deal):
            region: values.Label | None = None
            region_said: values.Label | None = None

        made_by = mapping(Mine, id="id", status=words("s", {"w": "won"}), region="r")
        said = {"id": "1", "s": "w", "r": "mine", "region": "a", "region_said": "b"}
        with Workspace() as ws:
            ws.load([said], source="crm", maps=made_by)
            (found,) = to_objects(Mine, ws.tables.of(Mine).rows(), {})
        assert (found.region, found.region_said) == ("mine", None)
        assert sorted(found.extra.values()) == ["a", "b"]


class TestExtra:
    TYPES: ClassVar[dict[str, Any]] = {
        "exact": Decimal("-1.20"),
        "instant": datetime(2025, 1, 1, tzinfo=UTC),
        "naive": datetime(2025, 1, 1),  # noqa: DTZ001 - as a source may say it
        "day": date(2025, 1, 1),
        "took": timedelta(days=-1, microseconds=1),
        "nested": [{"$decimal": "1"}, {"$said": {"$day": 1}}, {"a": [Decimal(1)]}, None, True, 1.5, "x"],
    }

    def test_every_class_has_a_json_schema(self) -> None:
        assert Deal.model_json_schema()["properties"]["extra"]["type"] == "object"

    def test_a_moment_before_the_first_year(self) -> None:
        early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
        assert read_extra(write_extra({"at": early}))["at"] == early

    def test_types_survive(self) -> None:
        found = read_extra(write_extra(self.TYPES))
        assert found == self.TYPES
        assert [type(found[name]) for name in self.TYPES] == [type(value) for value in self.TYPES.values()]
        assert read_extra(None) == {}
        assert write_extra({}) is None

    def test_a_record_keeps_them_through_a_store(self) -> None:
        known = {name: value for name, value in self.TYPES.items() if name != "naive"}
        with Workspace() as ws:
            ws.load(Customer(source="app", source_id="1", extra=known), source="app")
            (found,) = to_objects(Customer, ws.tables.customers.rows(), {})
        assert found.extra == known

    @given(records(Customer))
    @LAW
    def test_what_is_written_is_read(self, found: Customer) -> None:
        assert read_extra(write_extra(found.extra)) == found.extra
