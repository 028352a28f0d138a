"""Tables of any engine in, plain rows out."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmcx.engines import engine_name, frames, from_columns, nullable, rows, same_engine, to_lazy, with_instants
from crmcx.errors import EngineMismatchError, MissingExtraError, UnsupportedEngineError

COLUMNS: dict[str, list[Any]] = {
    "whole": [2**62 + 1, None],
    "real": [0.5, None],
    "word": ["ü", None],
    "flag": [True, None],
}
DTYPES = {"flag": "bool", "word": "string", "real": "float64", "whole": "int64"}
ROWS = [{"flag": True, "word": "ü", "real": 0.5, "whole": 2**62 + 1}, dict.fromkeys(DTYPES)]


def without_polars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "find_spec", lambda name: None if name == "polars" else pytest.fail(name))


class TestFromColumns:
    def test_polars_when_it_is_there(self) -> None:
        found = from_columns(COLUMNS, DTYPES)
        assert isinstance(found, pl.DataFrame)
        assert dict(found.schema) == {
            "flag": pl.Boolean(),
            "word": pl.String(),
            "real": pl.Float64(),
            "whole": pl.Int64(),
        }
        assert rows(to_lazy(found)) == ROWS

    def test_else_duckdb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        without_polars(monkeypatch)
        found = from_columns(COLUMNS, DTYPES)
        assert isinstance(found, duckdb.DuckDBPyRelation)
        assert (found.columns, [str(dtype) for dtype in found.types]) == (
            list(DTYPES),
            ["BOOLEAN", "VARCHAR", "DOUBLE", "BIGINT"],
        )
        assert rows(to_lazy(found)) == ROWS

    @pytest.mark.parametrize("there", [True, False])
    def test_without_rows(self, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
        if not there:
            without_polars(monkeypatch)
        lazy = to_lazy(from_columns({name: [] for name in DTYPES}, DTYPES))
        assert rows(lazy) == []
        assert lazy.collect_schema().names() == list(DTYPES)

    def test_each_duckdb_table_is_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        without_polars(monkeypatch)
        monkeypatch.setattr(frames, "id", lambda _: 7, raising=False)  # as when each list is gone before the next comes
        found = [from_columns({"x": [number]}, {"x": "int64"}) for number in range(3)]
        assert [relation.fetchall() for relation in found] == [[(number,)] for number in range(3)]


class TestToLazy:
    @pytest.mark.parametrize(
        ("data", "engine"),
        [
            (pl.DataFrame({"x": [1]}), "polars"),
            (pl.LazyFrame({"x": [1]}), "polars"),
            (pd.DataFrame({"x": [1]}), "pandas"),
            (pa.table({"x": [1]}), "polars"),
            (nw.from_native(pd.DataFrame({"x": [1]})), "pandas"),
            (nw.from_native(pl.LazyFrame({"x": [1]})), "polars"),
            (nw.from_native(pa.table({"x": [1]})), "polars"),
        ],
    )
    def test_tables(self, data: Any, engine: str) -> None:
        lazy = to_lazy(data)
        assert isinstance(lazy, nw.LazyFrame)
        assert engine_name(lazy) == engine
        assert rows(lazy) == [{"x": 1}]

    def test_pyarrow_without_polars(self, monkeypatch: pytest.MonkeyPatch) -> None:
        without_polars(monkeypatch)
        lazy = to_lazy(pa.table({"x": [1, None]}))
        assert engine_name(lazy) == "duckdb"
        assert rows(lazy) == [{"x": 1}, {"x": None}]

    def test_dask_behind_narwhals(self, monkeypatch: pytest.MonkeyPatch) -> None:
        dask = SimpleNamespace(implementation=nw.Implementation.DASK)
        monkeypatch.setattr(frames.nw, "from_native", lambda data: dask)
        with pytest.raises(UnsupportedEngineError, match="Dask is not supported"):
            to_lazy(object())

    @pytest.mark.parametrize("module", ["dask", "dask.dataframe.core", "vaex.dataframe"])
    def test_refused_by_name(self, module: str) -> None:
        with pytest.raises(UnsupportedEngineError, match="is not supported"):
            to_lazy(type("DataFrame", (), {"__module__": module})())

    def test_only_the_package_counts(self) -> None:
        with pytest.raises(UnsupportedEngineError, match="found Mine, which is no table"):
            to_lazy(type("Mine", (), {"__module__": "daskish.dask"})())


class TestRows:
    def test_missing_is_none_in_pandas(self) -> None:
        table = pd.DataFrame(
            {
                "float": [1.5, None],
                "int": pd.array([1, None], "Int64"),
                "text": pd.array(["a", None], "string"),
                "object": pd.Series([Decimal("1.5"), pd.NA], dtype=object),
                "time": pd.to_datetime([datetime(2025, 1, 1, tzinfo=UTC), None], utc=True),
            }
        )
        first, second = rows(to_lazy(table))
        assert first == {
            "float": 1.5,
            "int": 1,
            "text": "a",
            "object": Decimal("1.5"),
            "time": datetime(2025, 1, 1, tzinfo=UTC),
        }
        assert second == dict.fromkeys(first)
        assert type(first["int"]) is int

    def test_not_a_number_is_none(self) -> None:
        assert rows(to_lazy(pl.DataFrame({"x": [float("nan"), float("inf")]}))) == [{"x": None}, {"x": float("inf")}]
        relation = duckdb.sql("SELECT 'nan'::DOUBLE AS x UNION ALL SELECT 2.5")
        assert sorted(map(str, (row["x"] for row in rows(to_lazy(relation))))) == ["2.5", "None"]

    def test_scalars_of_numpy_become_plain(self) -> None:
        table = pd.DataFrame({"x": [1, 2]})
        assert [type(row["x"]) for row in rows(to_lazy(table))] == [int, int]
        assert frames._plain(table["x"].to_numpy()[0]) == 1
        assert type(frames._plain(table["x"].to_numpy()[0])) is int


class TestNullable:
    def test_pandas(self) -> None:
        found = nullable(to_lazy(pd.DataFrame({"x": [1, None]})))
        assert found.collect_schema()["x"] == nw.Int64()
        assert rows(found) == [{"x": 1}, {"x": None}]

    def test_others_stay(self) -> None:
        lazy = to_lazy(pl.DataFrame({"x": [1.0]}))
        assert nullable(lazy) is lazy


class TestWithInstants:
    AT = datetime(2025, 3, 1, 7, tzinfo=UTC)
    US = 1_740_812_400_000_000

    def test_none_asked_for(self) -> None:
        lazy = to_lazy(pl.DataFrame({"x": [1]}))
        assert with_instants(lazy, {}) is lazy

    @pytest.mark.parametrize("engine", [pl.DataFrame, pd.DataFrame, duckdb.connect().from_arrow])
    def test_added(self, engine: Any) -> None:
        columns = {"at": [self.AT, None], "then": [None, self.AT]}
        table = engine(columns if isinstance(engine, type) else pa.table(columns))
        found = rows(with_instants(to_lazy(table), {"us": "at", "then_us": "then"}))
        assert [(row["us"], row["then_us"]) for row in found] == [(self.US, None), (None, self.US)]

    def spark(self) -> Any:
        """What this function asks of a frame of PySpark, which needs Java."""
        native = SimpleNamespace(withColumns=lambda added: pl.DataFrame({name: [made] for name, made in added.items()}))
        return SimpleNamespace(implementation=nw.Implementation.PYSPARK, to_native=lambda: native)

    def test_pyspark(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sql = ModuleType("pyspark.sql")
        sql.functions = SimpleNamespace(col=lambda name: f"col {name}", unix_micros="unix_micros of {}".format)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
        monkeypatch.setitem(sys.modules, "pyspark.sql", sql)
        monkeypatch.setattr(frames, "find_spec", lambda name: object() if name == "pyspark" else pytest.fail(name))
        assert rows(with_instants(self.spark(), {"us": "at"})) == [{"us": "unix_micros of col at"}]

    def test_pyspark_that_is_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(frames, "find_spec", lambda name: None)
        with pytest.raises(MissingExtraError, match=r"pip install \"crmcx\[spark\]\""):
            with_instants(self.spark(), {"us": "at"})


class TestSameEngine:
    def test_one(self) -> None:
        polars, other = to_lazy(pl.DataFrame({"x": [1]})), to_lazy(pl.DataFrame({"y": [1]}))
        same_engine(polars)
        same_engine(polars, other)
        same_engine()

    def test_one_connection(self) -> None:
        with duckdb.connect() as connection:
            first, second = (to_lazy(connection.sql(f"SELECT {number} AS x")) for number in range(2))
            same_engine(first, second, first)

    def test_two_connections(self) -> None:
        with duckdb.connect() as one, duckdb.connect() as two:
            first, second, third = (to_lazy(connection.sql("SELECT 1 AS x")) for connection in (one, one, two))
            with pytest.raises(EngineMismatchError, match=r"two DuckDB connections .*; convert one of the tables"):
                same_engine(first, second, third)

    def test_three_engines(self) -> None:
        tables = (pl.DataFrame({"x": [1]}), pd.DataFrame({"x": [1]}), duckdb.sql("SELECT 1 AS x"))
        with pytest.raises(EngineMismatchError, match="found tables of duckdb and pandas and polars in one call"):
            same_engine(*map(to_lazy, tables))
