"""Any table of any engine is checked and brought into one form, or refused in words that help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmcx.engines import ColumnStream, frames
from crmcx.errors import (
    ColumnTypeError,
    EngineMismatchError,
    MissingColumnError,
    UnsupportedEngineError,
    UsageError,
)
from crmcx.models import Answer, Case, ContactPoint, Customer, Feedback, Interaction, Scale
from crmcx.tables import DType, StoredTable, rows, rows_of, same_engine, schema_of, take, to_columns, to_frame

AT = datetime(2025, 3, 1, 12, tzinfo=timezone(timedelta(hours=5)))
AT_US = 1_740_812_400_000_000
DTYPES = {"kind": "string", "occurred_us": "int64", "customer_ref": "string", "score": "float64", "met_sla": "bool"}


def call(number: int = 1, **fields: Any) -> Interaction:
    return Interaction(source="web", source_id=str(number), kind="call", occurred_at=AT, **fields)


def polars(**columns: Any) -> Any:
    return pl.DataFrame(columns)


def pandas(**columns: Any) -> Any:
    return pd.DataFrame(columns)


def arrow(**columns: Any) -> Any:
    return pa.table(columns)


def duck(**columns: Any) -> Any:
    connection = duckdb.connect()
    connection.register("given", pa.table(columns))
    connection.execute("CREATE TABLE t AS SELECT * FROM given")
    return connection.table("t")


ENGINES: dict[str, Callable[..., Any]] = {
    "polars": polars,
    "polars lazy": lambda **columns: pl.LazyFrame(columns),
    "pandas": pandas,
    "pyarrow": arrow,
    "duckdb": duck,
    "narwhals": lambda **columns: nw.from_native(pl.DataFrame(columns)),
}
every_engine = pytest.mark.parametrize("engine", ENGINES)


class TestColumns:
    @every_engine
    def test_what_is_needed_and_what_is_wanted(self, engine: str) -> None:
        table = ENGINES[engine](kind=["call", "visit"], occurred_us=[1, 2], outcome=["a", None], other=[1.5, 2.5])
        frame = take(table, Interaction, needs=["occurred_us"], wants=["outcome", "channel", "occurred_us"])
        assert frame.columns == {"occurred_us", "outcome"}
        assert frame.lazy.collect_schema() == {"occurred_us": nw.Int64(), "outcome": nw.String()}
        assert rows(frame.lazy) == [{"occurred_us": 1, "outcome": "a"}, {"occurred_us": 2, "outcome": None}]
        assert frame.snapshot is None
        assert frame.engine == {"polars lazy": "polars", "pyarrow": "polars", "narwhals": "polars"}.get(engine, engine)

    @every_engine
    def test_a_missing_column_is_named_with_what_is_there(self, engine: str) -> None:
        table = ENGINES[engine](kind=["call"], when=[1])
        with pytest.raises(MissingColumnError) as caught:
            take(table, Interaction, needs=["kind", "occurred_us", "customer_ref"])
        assert str(caught.value) == (
            "the interactions table lacks occurred_us, customer_ref; it has: kind, when; "
            'rename the columns, or pass columns={"occurred_us": "your column"} [missing-column]'
        )
        assert caught.value.data == {"missing": ("occurred_us", "customer_ref")}

    def test_of_a_table_without_columns_too(self) -> None:
        with pytest.raises(MissingColumnError, match="lacks kind; it has: none"):
            take(pl.DataFrame(), Interaction, needs=["kind"])

    @every_engine
    def test_renamed(self, engine: str) -> None:
        table = ENGINES[engine](what=["call"], when=[7], kind=["not this"])
        frame = take(table, Interaction, needs=["kind", "occurred_us"], columns={"kind": "what", "occurred_us": "when"})
        assert rows(frame.lazy) == [{"kind": "call", "occurred_us": 7}]

    @every_engine
    @pytest.mark.parametrize("name", ["kimd", "when", "person", "occured_at"])
    def test_a_name_that_the_class_does_not_have(self, engine: str, name: str) -> None:
        with pytest.raises(UsageError, match=rf"columns= names '{name}', which the interactions table does not have"):
            take(ENGINES[engine](kind=["call"]), Interaction, needs=["kind"], columns={name: "kind"})

    @pytest.mark.parametrize("name", ["occurred", "duration", "duration_at"])
    def test_half_a_name_is_no_name(self, name: str) -> None:
        table = polars(occurred_us=[1], mine=[2])
        with pytest.raises(UsageError, match="columns= names"):
            take(table, Interaction, needs=["occurred_us"], wants=["duration_us"], columns={name: "mine"})

    @every_engine
    @pytest.mark.parametrize("name", ["kind", "occurred_us", "occurred_at"])
    def test_a_name_that_the_table_does_not_have(self, engine: str, name: str) -> None:
        table = ENGINES[engine](kind=["call"], other=[1])
        with pytest.raises(MissingColumnError, match=r"'theirs', which the table lacks; it has: kind, other") as caught:
            take(table, Interaction, needs=["kind"], wants=["occurred_us"], columns={name: "theirs"})
        assert caught.value.data == {"missing": ("theirs",)}

    def test_names_with_quotes(self) -> None:
        connection = duckdb.connect()
        relation = connection.sql("""SELECT 5::BIGINT AS "my ""time" """)
        frame = take(relation, Interaction, needs=["occurred_us"], columns={"occurred_us": 'my "time'})
        assert rows(frame.lazy) == [{"occurred_us": 5}]

    def test_names_of_instants_with_quotes(self) -> None:
        connection = duckdb.connect()
        relation = connection.sql("""SELECT TIMESTAMPTZ '2025-03-01 12:00:00+05' AS "my ""time" """)
        frame = take(relation, Interaction, needs=["occurred_us"], columns={"occurred_at": 'my "time'})
        assert rows(frame.lazy) == [{"occurred_us": AT_US}]


class TestGroups:
    @every_engine
    def test_columns_of_the_table_s_own(self, engine: str) -> None:
        table = ENGINES[engine](kind=["call", "visit"], channel=["web", "phone"], region=[1.5, 2.5], other=[1, 2])
        frame = take(table, Interaction, needs=["kind"], also=["region", "channel"])
        assert frame.columns == {"kind", "region", "channel"}
        assert rows(frame.lazy) == [
            {"kind": "call", "channel": "web", "region": 1.5},
            {"kind": "visit", "channel": "phone", "region": 2.5},
        ]

    @every_engine
    def test_one_that_is_not_there(self, engine: str) -> None:
        with pytest.raises(MissingColumnError, match="lacks channel, region; it has: kind"):
            take(ENGINES[engine](kind=["call"]), Interaction, needs=["kind"], also=["region", "channel"])

    def test_one_of_the_class_twice(self) -> None:
        frame = take(polars(kind=["call"]), Interaction, needs=["kind"], wants=["kind"], also=["kind", "kind"])
        assert rows(frame.lazy) == [{"kind": "call"}]

    def test_one_of_the_table_twice(self) -> None:
        frame = take(polars(kind=["call"], region=[1]), Interaction, needs=["kind"], also=["region", "region"])
        assert rows(frame.lazy) == [{"kind": "call", "region": 1}]

    def test_a_frame_keeps_what_it_is_when_filtered(self) -> None:
        frame = take(polars(kind=["call", "visit"], region=[1, 2]), Interaction, needs=["kind"], also=["region"])
        kept = frame.having(nw.col("region") > 1)
        assert rows(kept.lazy) == [{"kind": "visit", "region": 2}]
        assert (kept.columns, kept.engine) == (frame.columns, frame.engine)


class TestTypes:
    @every_engine
    @pytest.mark.parametrize(
        ("cls", "name", "cells", "said"),
        [
            (Interaction, "occurred_us", ["2025"], "expected int64 (microseconds since 1970, UTC)"),
            (Interaction, "occurred_us", [True], "expected int64 (microseconds since 1970, UTC)"),
            (Interaction, "kind", [1], "expected string"),
            (Interaction, "kind", [1.5], "expected string"),
            (Answer, "score", ["9"], "expected float64"),
            (Case, "met_sla", [1], "expected bool"),
            (Case, "met_sla", ["yes"], "expected bool"),
        ],
    )
    def test_a_mistyped_column(self, engine: str, cls: Any, name: str, cells: list[Any], said: str) -> None:
        with pytest.raises(ColumnTypeError) as caught:
            take(ENGINES[engine](mine=cells), cls, needs=[name], columns={name: "mine"})
        assert caught.value.message.startswith("column 'mine' has type ")
        assert caught.value.message.endswith(said)
        assert name in str(caught.value.hint)

    @every_engine
    def test_types_become_the_canonical_ones(self, engine: str) -> None:
        table = ENGINES[engine](score=[1, 2], scale_min=[0.5, 1.5], position=[3, 4], item=["a", "b"])
        frame = take(table, Answer, needs=["score", "scale_min", "position", "item"])
        assert frame.lazy.collect_schema() == {
            "score": nw.Float64(),
            "scale_min": nw.Float64(),
            "position": nw.Int64(),
            "item": nw.String(),
        }
        assert rows(frame.lazy)[0] == {"score": 1.0, "scale_min": 0.5, "position": 3, "item": "a"}

    @every_engine
    @pytest.mark.parametrize("name", ["key", "person_id", "case_key"])
    def test_keys_may_be_text(self, engine: str, name: str) -> None:
        frame = take(ENGINES[engine](mine=["a-1", None]), Interaction, needs=[name], columns={name: "mine"})
        assert rows(frame.lazy) == [{name: "a-1"}, {name: None}]
        assert frame.lazy.collect_schema() == {name: nw.String()}

    def test_narrow_integers_and_categories(self) -> None:
        table = pl.DataFrame(
            {"position": [1], "item": ["a"], "kind": ["nps"]},
            schema={"position": pl.Int8(), "item": pl.Categorical(), "kind": pl.Enum(["nps"])},
        )
        frame = take(table, Answer, needs=["position", "item", "kind"])
        assert rows(frame.lazy) == [{"position": 1, "item": "a", "kind": "nps"}]

    @pytest.mark.parametrize("name", ["score", "item", "position", "state"])
    def test_a_column_of_nothing_in_polars(self, name: str) -> None:
        frame = take(polars(**{name: [None, None]}), Answer, needs=[name])
        assert rows(frame.lazy) == [{name: None}] * 2

    @pytest.mark.parametrize("cells", [[], [None, None]])
    def test_a_column_of_nothing_in_pandas(self, cells: list[None]) -> None:
        frame = take(pd.DataFrame({"score": cells}, dtype=object), Answer, needs=["score"])
        assert rows(frame.lazy) == [{"score": None}] * len(cells)

    def test_objects_of_pandas(self) -> None:
        table = pd.DataFrame({"position": [1, None], "item": ["a", None], "kind": ["x", "y"]}, dtype=object)
        frame = take(table, Answer, needs=["position", "item"])
        assert rows(frame.lazy) == [{"position": 1, "item": "a"}, {"position": None, "item": None}]
        flags = take(pd.DataFrame({"primary": [True, None]}, dtype=object), ContactPoint, needs=["primary"])
        assert rows(flags.lazy) == [{"primary": True}, {"primary": None}]


class TestWholeNumbersAsFloats:
    @every_engine
    def test_small_ones_are_taken(self, engine: str) -> None:
        frame = take(ENGINES[engine](occurred_us=[float(AT_US), -3.0]), Interaction, needs=["occurred_us"])
        found = [row["occurred_us"] for row in rows(frame.lazy)]
        assert found == [AT_US, -3]
        assert {type(us) for us in found} == {int}

    def test_missing_ones_stay_missing(self) -> None:
        frame = take(pd.DataFrame({"occurred_us": [1, None]}), Interaction, needs=["occurred_us"])
        assert rows(frame.lazy) == [{"occurred_us": 1}, {"occurred_us": None}]
        nothing = take(
            pl.DataFrame({"occurred_us": [None]}, schema={"occurred_us": pl.Float64()}),
            Interaction,
            needs=["occurred_us"],
        )
        assert rows(nothing.lazy) == [{"occurred_us": None}]

    @every_engine
    @pytest.mark.parametrize("large", [2.0**62, -(2.0**62), 2.0**53 + 2])
    def test_digits_that_are_lost_are_refused(self, engine: str, large: float) -> None:
        with pytest.raises(ColumnTypeError, match=r"column 'mine' holds whole numbers as floats.* digits are lost"):
            take(ENGINES[engine](mine=[1.0, large]), Interaction, needs=["key"], columns={"key": "mine"})

    def test_the_first_number_that_loses_one(self) -> None:
        with pytest.raises(ColumnTypeError):
            take(polars(key=[float(2**53 + 1)]), Interaction, needs=["key"])

    def test_large_ones_among_objects_keep_their_digits(self) -> None:
        table = pd.DataFrame({"key": [2**62 + 1, None]}, dtype=object)
        assert rows(take(table, Interaction, needs=["key"]).lazy)[0] == {"key": 2**62 + 1}

    @every_engine
    def test_a_fraction_is_refused(self, engine: str) -> None:
        with pytest.raises(ColumnTypeError):
            rows(take(ENGINES[engine](position=[1.5]), Answer, needs=["position"]).lazy)


class TestInstants:
    @pytest.mark.parametrize("name", ["occurred_at", "theirs"])
    @pytest.mark.parametrize("unit", ["ns", "us", "ms"])
    @pytest.mark.parametrize("engine", ["polars", "pyarrow", "duckdb", "pandas", "pandas on arrow"])
    def test_aware_datetimes_are_taken(self, engine: str, unit: str, name: str) -> None:
        unit = "us" if (engine, unit) == ("duckdb", "ns") else unit  # Narwhals does not know its aware nanoseconds
        table = pa.table(
            {name: pa.array([AT, None, datetime(1969, 12, 31, 23, tzinfo=UTC)], pa.timestamp(unit, "Europe/Berlin"))}
        )
        if engine == "polars":
            given_one: Any = pl.from_arrow(table)
        elif engine.startswith("pandas"):
            given_one = table.to_pandas(types_mapper=pd.ArrowDtype if "arrow" in engine else None)
        else:
            given_one = duck(**{name: table[name]}) if engine == "duckdb" else table
        frame = take(given_one, Interaction, needs=["occurred_us"], columns={"occurred_at": name})
        assert rows(frame.lazy) == [{"occurred_us": AT_US}, {"occurred_us": None}, {"occurred_us": -3_600_000_000}]

    def test_integers_come_first(self) -> None:
        frame = take(polars(occurred_us=[1], occurred_at=[AT]), Interaction, needs=["occurred_us"])
        assert rows(frame.lazy) == [{"occurred_us": 1}]

    @every_engine
    @pytest.mark.parametrize("name", ["occurred_at", "theirs"])
    def test_naive_datetimes_are_refused(self, engine: str, name: str) -> None:
        table = ENGINES[engine](**{name: [AT.replace(tzinfo=None)]})
        with pytest.raises(ColumnTypeError, match=f"column '{name}' holds datetimes without a zone") as caught:
            take(table, Interaction, needs=["occurred_us"], columns={"occurred_at": name})
        assert "replace_time_zone" in str(caught.value)

    @every_engine
    def test_under_the_name_of_an_instant_nothing_else_is_taken(self, engine: str) -> None:
        with pytest.raises(ColumnTypeError, match=r"column 'occurred_at' has type .*, expected an aware datetime"):
            take(ENGINES[engine](occurred_at=["2025-03-01"]), Interaction, needs=["occurred_us"])

    def test_a_datetime_is_no_integer(self) -> None:
        with pytest.raises(ColumnTypeError, match="expected int64"):
            take(polars(mine=[AT]), Interaction, needs=["occurred_us"], columns={"occurred_us": "mine"})


class TestModels:
    def test_a_list(self) -> None:
        frame = take(
            [call(1), call(2, outcome="done")], Interaction, needs=["source_id", "occurred_us"], wants=["outcome"]
        )
        assert rows(frame.lazy) == [
            {"source_id": "1", "occurred_us": AT_US, "outcome": None},
            {"source_id": "2", "occurred_us": AT_US, "outcome": "done"},
        ]

    @pytest.mark.parametrize(
        "many", [tuple, iter, lambda found: {str(n): item for n, item in enumerate(found)}.values()]
    )
    def test_other_ways_to_pass_many(self, many: Callable[[list[Any]], Any]) -> None:
        frame = take(many([call(1), call(2)]), Interaction, needs=["source_id"])
        assert [row["source_id"] for row in rows(frame.lazy)] == ["1", "2"]

    def test_one(self) -> None:
        assert rows(take(call(), Interaction, needs=["source_id"]).lazy) == [{"source_id": "1"}]

    def test_none_at_all(self) -> None:
        frame = take([], Interaction, needs=list(schema_of(Interaction).names))
        assert rows(frame.lazy) == []
        assert frame.columns == set(schema_of(Interaction).names)

    def test_parts_come_with_their_parents(self) -> None:
        feedback = Feedback(
            source="s",
            source_id="1",
            instrument="i",
            submitted_at=AT,
            answers=[Answer(item=item, kind="nps", score=9, scale=Scale(min=0, max=10)) for item in "ab"],
        )
        frame = take([feedback], Answer, needs=["item", "score", "instrument"])
        assert rows(frame.lazy) == [{"item": item, "score": 9.0, "instrument": "i"} for item in "ab"]

    @pytest.mark.parametrize(
        ("data", "cls", "said"),
        [
            (
                [call(), Customer(source="a", source_id="1")],
                Interaction,
                "the list holds Customer, expected Interaction",
            ),
            ([1, "x", 2], Interaction, "the list holds int, str, expected Interaction"),
            ([Answer(item="a", kind="text")], Answer, "the list holds Answer, expected Feedback"),
            (Customer(source="a", source_id="1"), Interaction, "the list holds Customer, expected Interaction"),
            ("words", Interaction, "the list holds str, expected Interaction"),
            ({"kind": ["call"]}, Interaction, "the list holds str, expected Interaction"),
        ],
    )
    def test_wrong_classes_in_a_list(self, data: Any, cls: Any, said: str) -> None:
        with pytest.raises(UnsupportedEngineError) as caught:
            take(data, cls, needs=["kind"])
        assert caught.value.message == said


class TestEngines:
    @pytest.mark.parametrize("data", [5, None, object(), pl.Series([1]), pd.Series([1])])
    def test_what_is_no_table(self, data: Any) -> None:
        with pytest.raises(UnsupportedEngineError, match=f"found {type(data).__name__}, which is no table"):
            take(data, Interaction, needs=["kind"])
        with pytest.raises(UnsupportedEngineError):
            rows_of(data)

    @pytest.mark.parametrize(("module", "name"), [("dask.dataframe", "Dask"), ("vaex.dataframe", "Vaex")])
    def test_some_are_refused_by_name(self, module: str, name: str) -> None:
        refused = type("DataFrame", (), {"__module__": module, "columns": ["kind"]})()
        with pytest.raises(UnsupportedEngineError, match=f"{name} is not supported; pass a list of models"):
            take(refused, Interaction, needs=["kind"])

    def test_two_engines(self) -> None:
        first = take(polars(kind=["call"]), Interaction, needs=["kind"])
        second = take(pandas(kind=["call"]), Interaction, needs=["kind"])
        with pytest.raises(EngineMismatchError, match="found tables of pandas and polars in one call"):
            same_engine(first, second)
        same_engine(first, take(arrow(kind=["call"]), Interaction, needs=["kind"]))

    def test_two_connections(self) -> None:
        first, second = (take(duck(kind=["call"]), Interaction, needs=["kind"]) for _ in range(2))
        with pytest.raises(EngineMismatchError, match="two DuckDB connections"):
            same_engine(first, second)
        same_engine(first, first)

    def test_a_table_of_a_workspace(self) -> None:
        connection = duckdb.connect()
        columns = to_columns(Interaction, [call()])
        schema = schema_of(Interaction)
        connection.register(
            "given", ColumnStream(columns, {column.name: column.dtype.value for column in schema.columns})
        )
        connection.execute("CREATE TABLE t AS SELECT * FROM given")
        stored = StoredTable(connection.table("t"), schema, "s7")
        frame = take(stored, Interaction, needs=["kind", "occurred_us"])
        assert (frame.snapshot, frame.engine) == ("s7", "duckdb")
        assert rows(frame.lazy) == [{"kind": "call", "occurred_us": AT_US}]
        assert stored.rows() == rows_of(stored)
        assert stored.rows()[0].keys() == set(schema.names)
        assert repr(stored).startswith(f"interactions of snapshot s7: {len(schema.names)} columns\nkey, source, ")
        assert max(map(len, repr(stored).splitlines())) <= 100
        assert ">occurred_us, " in stored._repr_html_() or ", occurred_us" in stored._repr_html_()
        assert ">microseconds since 1970, UTC</td>" in stored._repr_html_()


class TestWithoutPolars:
    @pytest.fixture(autouse=True)
    def _absent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(frames, "find_spec", lambda name: None if name == "polars" else pytest.fail(name))

    def test_lists_go_to_duckdb(self) -> None:
        frame = take(
            [call(1), call(2, outcome="done")], Interaction, needs=["source_id", "occurred_us"], wants=["outcome"]
        )
        assert frame.engine == "duckdb"
        assert rows(frame.lazy) == [
            {"source_id": "1", "occurred_us": AT_US, "outcome": None},
            {"source_id": "2", "occurred_us": AT_US, "outcome": "done"},
        ]

    def test_tables_of_pyarrow_too(self) -> None:
        frame = take(arrow(kind=["call", None]), Interaction, needs=["kind"])
        assert frame.engine == "duckdb"
        assert rows(frame.lazy) == [{"kind": "call"}, {"kind": None}]

    def test_both_can_be_joined(self) -> None:
        first = take([call(1)], Interaction, needs=["kind"])
        second = take(arrow(kind=["call"]), Interaction, needs=["kind"])
        same_engine(first, second)
        assert rows(first.lazy.join(second.lazy, on="kind")) == [{"kind": "call"}]

    def test_lists_stay_apart(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(frames, "id", lambda _: 7, raising=False)  # as when each list is gone before the next comes
        found = [take([call(number)], Interaction, needs=["source_id"]) for number in range(3)]
        assert [rows(frame.lazy) for frame in found] == [[{"source_id": str(number)}] for number in range(3)]


def test_to_frame() -> None:
    dtypes = {column.name: column.dtype.value for column in schema_of(Interaction).columns if column.name in DTYPES}
    found = to_frame({"kind": ["call", None], "occurred_us": [None, 1], "customer_ref": [None, None]}, dtypes)
    assert rows_of(found) == [
        {"customer_ref": None, "kind": "call", "occurred_us": None},
        {"customer_ref": None, "kind": None, "occurred_us": 1},
    ]
    assert set(DTYPES.values()) == {dtype.value for dtype in DType}
