"""Tables of any engine in, plain rows out: the only place that tells engines apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from crmcx.engines.arrow import ColumnStream
from crmcx.engines.database import handed_over
from crmcx.errors import EngineMismatchError, MissingExtraError, UnsupportedEngineError

if TYPE_CHECKING:
    import duckdb

_REFUSED = {"dask": "Dask is not supported", "vaex": "Vaex is not supported"}
_KNOWN = "a list of models, or a table of pandas, Polars, PyArrow, DuckDB, PySpark or Narwhals"


def from_columns(columns: Mapping[str, Sequence[Any]], dtypes: Mapping[str, str]) -> Any:  # noqa: ANN401 - native
    """Columns of plain values as a frame: of Polars when it is installed, else of an in-memory DuckDB.

    Args:
        columns: Name to values; None is null. All of one length.
        dtypes: Name to `int64`, `float64`, `string` or `bool`; the order of columns.
    """
    if find_spec("polars") is None:
        return _relation(ColumnStream(columns, dtypes))
    import polars as pl  # noqa: PLC0415 - an optional engine, loaded at first use

    kinds = {"int64": pl.Int64(), "float64": pl.Float64(), "string": pl.String(), "bool": pl.Boolean()}
    return pl.DataFrame(dict(columns), schema={name: kinds[dtype] for name, dtype in dtypes.items()})


def beside(frame: nw.LazyFrame[Any], columns: Mapping[str, Sequence[int]]) -> nw.LazyFrame[Any]:
    """A small table of whole numbers on the engine of a frame, to be joined with it.

    Args:
        frame: The frame; of DuckDB its connection is meant.
        columns: Name to values, without gaps. All of one length.
    """
    implementation, native = frame.implementation, frame.to_native()
    if implementation.is_duckdb():
        # A relation does not tell its connection, but asks it: so the numbers are a part of the question.
        told = ", ".join(f"unnest({list(values)}::BIGINT[]) AS {_quoted(name)}" for name, values in columns.items())
        return to_lazy(native.query("asked", f"SELECT {told}"))
    if implementation.is_pyspark():
        schema = ", ".join(f"{name} BIGINT" for name in columns)
        return to_lazy(native.sparkSession.createDataFrame(list(zip(*columns.values(), strict=True)), schema))
    if implementation.is_pandas():
        import pandas as pd  # noqa: PLC0415 - an optional engine, loaded at first use

        return to_lazy(pd.DataFrame({name: pd.array(list(values), "Int64") for name, values in columns.items()}))
    return to_lazy(from_columns(columns, dict.fromkeys(columns, "int64")))


_NUMBERS = count()
"""Numbers of the tables in memory; each list has one of its own."""


@cache
def _memory() -> duckdb.DuckDBPyConnection:
    """The in-memory DuckDB of this process for lists: one, so that two lists can be joined."""
    import duckdb  # noqa: PLC0415 - an engine, loaded at first use

    return duckdb.connect(":memory:")


def _relation(stream: ColumnStream) -> Any:  # noqa: ANN401 - a DuckDB relation
    connection = _memory()
    name = f"rows_{next(_NUMBERS)}"
    with handed_over(connection, name, stream):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE t_{name} AS SELECT * FROM {name}")
    return connection.table(f"t_{name}")


def to_lazy(data: Any) -> nw.LazyFrame[Any]:  # noqa: ANN401 - a table of any engine
    """A table of any engine as a Narwhals lazy frame.

    Raises:
        UnsupportedEngineError: It is no table, or of an engine that is refused.
        MissingExtraError: A PyArrow table needs Polars, or DuckDB's own reading of it.
    """
    module = type(data).__module__.split(".", 1)[0]
    if module in _REFUSED:
        raise UnsupportedEngineError(_REFUSED[module], hint=f"pass {_KNOWN}")
    try:
        frame = nw.from_native(data)
    except TypeError:
        msg = f"found {type(data).__name__}, which is no table"
        raise UnsupportedEngineError(msg, hint=f"pass {_KNOWN}") from None
    if frame.implementation.is_dask():
        raise UnsupportedEngineError(_REFUSED["dask"], hint=f"pass {_KNOWN}")
    if frame.implementation.is_pyarrow():
        return to_lazy(_arrow_to_frame(frame.to_native()))
    return frame.lazy() if isinstance(frame, nw.DataFrame) else frame


def _arrow_to_frame(table: Any) -> Any:  # noqa: ANN401 - a PyArrow table in, a frame out
    """PyArrow cannot order or window: its tables are read by Polars when there, else by DuckDB."""
    if find_spec("polars") is None:
        return _memory().from_arrow(table)
    import polars as pl  # noqa: PLC0415 - an optional engine, loaded at first use

    return pl.from_arrow(table)


def engine_name(frame: nw.LazyFrame[Any]) -> str:
    """The engine that works on a frame, in lower case."""
    return str(frame.implementation.value if hasattr(frame.implementation, "value") else frame.implementation).lower()


PANDAS_TYPES = {"int64": "Int64", "float64": "Float64", "string": "string", "bool": "boolean"}


def nullable(
    frame: nw.LazyFrame[Any], dtypes: Mapping[str, str] | None = None, only: Sequence[str] | None = None
) -> nw.LazyFrame[Any]:
    """The frame with columns in which None stays None; pandas' classic columns turn it into NaN and floats.

    Args:
        frame: The frame.
        dtypes: Name to the type that is wanted, as for `from_columns`; a column without a value becomes that.
        only: The columns that may change; all of them unless given.
    """
    if not frame.implementation.is_pandas():
        return frame
    native = frame.to_native()
    exact = {}
    for name, dtype in (dtypes or {}).items():
        series = native[name]
        if series.isna().all():
            exact[name] = series.astype("object").where(series.notna(), None).astype(PANDAS_TYPES[dtype])
        elif dtype == "int64" and series.dtype == object:
            with suppress(TypeError, ValueError):  # other things than whole numbers: refused by their type
                exact[name] = series.astype("Int64")
    if only is None:
        return to_lazy(native.assign(**exact).convert_dtypes())
    converted = native[list(only)].assign(**exact).convert_dtypes()
    return to_lazy(native.assign(**{name: converted[name] for name in only}))


def with_instants(frame: nw.LazyFrame[Any], instants: Mapping[str, str]) -> nw.LazyFrame[Any]:
    """The frame with aware datetime columns added as integers of microseconds.

    Args:
        frame: The frame.
        instants: New column name to the name of the datetime column.
    """
    if not instants:
        return frame
    native = frame.to_native()
    if frame.implementation.is_duckdb():
        added = ", ".join(f"epoch_us({_quoted(old)}) AS {_quoted(new)}" for new, old in instants.items())
        return to_lazy(native.project(f"*, {added}"))
    if frame.implementation.is_pyspark():
        if find_spec("pyspark") is None:
            msg = "PySpark is not installed"
            raise MissingExtraError(msg, hint='install it with: pip install "crmcx[spark]"')
        from pyspark.sql import functions  # noqa: PLC0415 - an optional engine, loaded at first use

        return to_lazy(
            native.withColumns({new: functions.unix_micros(functions.col(old)) for new, old in instants.items()})
        )
    return frame.with_columns(nw.col(old).dt.timestamp("us").alias(new) for new, old in instants.items())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def same_engine(*frames: nw.LazyFrame[Any]) -> None:
    """Demand that all frames can be joined.

    Raises:
        EngineMismatchError: They are of two engines, or of two DuckDB connections.
    """
    names = sorted({engine_name(frame) for frame in frames})
    hint = "convert one of the tables, or pass all of them as lists of models or as tables of one workspace"
    if len(names) > 1:
        msg = f"found tables of {' and '.join(names)} in one call, expected one engine"
        raise EngineMismatchError(msg, hint=hint)
    if names != ["duckdb"]:
        return
    import duckdb  # noqa: PLC0415 - an engine, loaded at first use

    first, *others = (frame.to_native() for frame in frames)
    for other in others:
        try:
            first.set_alias("a").cross(other.set_alias("b"))
        except duckdb.InvalidInputException:
            msg = "found tables of two DuckDB connections in one call, expected one"
            raise EngineMismatchError(msg, hint=hint) from None


def settled(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The frame with its work done where its engine would do it anew at each use and can keep it: on Polars."""
    return frame.collect().lazy() if frame.implementation.is_polars() else frame


def looked_up(frame: nw.LazyFrame[Any], found: nw.LazyFrame[Any], on: Sequence[str]) -> nw.LazyFrame[Any]:
    """The frame with what is found for its rows, None where nothing is; on Polars and pandas the rows keep their order.

    Args:
        frame: The frame.
        found: What is looked up, at most one row for each key.
        on: The columns that make the key.
    """
    if frame.implementation.is_polars():  # whose joins keep no order unless told
        kept = frame.to_native().join(found.to_native(), on=list(on), how="left", maintain_order="left")
        return to_lazy(kept)
    return frame.join(found, on=list(on), how="left")


def counted(frame: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
    """The frame with how many rows it has, on each row: DuckDB is told without parts, which it would hash."""
    if frame.implementation.is_duckdb():
        return to_lazy(frame.to_native().project(f"*, count(*) OVER () AS {_quoted(name)}"))
    one = nw.lit(1).cast(nw.Int64()).alias(name)
    return frame.with_columns(one).with_columns(nw.col(name).sum())


def native(frame: nw.LazyFrame[Any], like: Any = None) -> Any:  # noqa: ANN401 - a frame of any engine
    """The frame as one of its own engine: of Polars and pandas a data frame, else lazy as it is.

    Args:
        frame: The frame.
        like: The table that it was made of: where that is lazy, the frame stays so.
    """
    implementation = frame.implementation
    eager = implementation.is_polars() or implementation.is_pandas()
    if not eager or isinstance(nw.from_native(like, pass_through=True), nw.LazyFrame):
        return frame.to_native()
    return frame.collect().to_native()


def rows(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """The rows of a frame as dictionaries of plain Python values, missing ones as None."""
    if frame.implementation.is_duckdb():
        relation = frame.to_native()
        names = relation.columns
        return [dict(zip(names, map(_plain, row), strict=True)) for row in relation.fetchall()]
    collected = frame.collect()
    names = collected.columns
    return [dict(zip(names, map(_plain, row), strict=True)) for row in collected.iter_rows()]


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever an engine holds
    if value is None or isinstance(value, str | int):
        return value
    if hasattr(value, "item"):
        return _plain(value.item())
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return None if type(value).__name__ in {"NAType", "NaTType"} else value
