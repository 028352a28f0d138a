"""Small results as frames of the kind that the question's table was of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw
from attrs import field, frozen

from crmcx.engines.frames import PANDAS_TYPES, from_columns
from crmcx.instants import day_of

_DUCKDB = {"int64": "BIGINT", "float64": "DOUBLE", "string": "VARCHAR", "bool": "BOOLEAN", "date": "DATE"}
_SPARK = {"int64": "bigint", "float64": "double", "string": "string", "bool": "boolean", "date": "date"}


@frozen
class Kind:
    """The kind of frame that a table is: of which engine, and where its frames live. Pickles without the place."""

    name: str
    """`pandas`, `polars`, `pyarrow`, `duckdb` or `pyspark`."""
    place: Any = field(default=None, eq=False, repr=False)
    """A relation or a frame without rows, on whose connection or session new ones are made."""

    def __reduce__(self) -> tuple[type[Kind], tuple[str]]:
        return Kind, (self.name,)


def kind_of(data: Any) -> Kind | None:  # noqa: ANN401 - a table of any engine
    """The kind of a frame; None where it is of none that results can be made of."""
    try:
        frame = nw.from_native(data)
    except TypeError:
        return None
    implementation = frame.implementation
    native = frame.to_native()
    if implementation.is_duckdb():
        return Kind("duckdb", native.limit(0))
    if implementation.is_pyspark():
        return Kind("pyspark", native.limit(0))
    known = {"pandas": implementation.is_pandas(), "polars": implementation.is_polars()}
    known |= {"pyarrow": implementation.is_pyarrow()}
    return next((Kind(name) for name, fits in known.items() if fits), None)


def frame_of(columns: Mapping[str, Sequence[Any]], dtypes: Mapping[str, str], kind: Kind | None = None) -> Any:  # noqa: ANN401
    """Columns of plain values as a frame of a kind.

    Args:
        columns: Name to values of one length; None is null.
        dtypes: Name to `int64`, `float64`, `string`, `bool` or `date`; the order of columns.
        kind: The kind; without it of Polars when it is installed, else of an in-memory DuckDB.

    Returns:
        A frame, or a relation where the engine has no frames.
    """
    name = kind.name if kind is not None else ""
    if name == "pandas":
        return _pandas(columns, dtypes)
    if name == "pyarrow":
        return _pyarrow(columns, dtypes)
    if kind is not None and kind.place is not None:
        rows = list(zip(*(columns[name] for name in dtypes), strict=True))
        return _relation(kind.place, rows, dtypes) if name == "duckdb" else _spark(kind.place, rows, dtypes)
    days = [name for name, dtype in dtypes.items() if dtype == "date"]
    numbers = {name: [None if day is None else day_of(day) for day in columns[name]] for name in days}
    made = from_columns({**columns, **numbers}, {**dtypes, **dict.fromkeys(days, "int64")})
    if not days:
        return made
    return _with_days(made, days)


def _with_days(made: Any, days: Sequence[str]) -> Any:  # noqa: ANN401 - native
    """The frame with columns of days since 1970 as dates."""
    frame = nw.from_native(made)
    if frame.implementation.is_duckdb():
        told = ", ".join(f"DATE '1970-01-01' + CAST({_quoted(day)} AS INTEGER) AS {_quoted(day)}" for day in days)
        return made.project(f"* REPLACE ({told})")
    import polars as pl  # noqa: PLC0415 - an optional engine, loaded at first use

    return made.with_columns(pl.col(list(days)).cast(pl.Int32()).cast(pl.Date()))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _pandas(columns: Mapping[str, Sequence[Any]], dtypes: Mapping[str, str]) -> Any:  # noqa: ANN401 - native
    import pandas as pd  # noqa: PLC0415 - an optional engine, loaded at first use

    return pd.DataFrame(
        {
            name: pd.Series(list(columns[name]), dtype=PANDAS_TYPES.get(dtype, "object"))
            for name, dtype in dtypes.items()
        }
    )


def _pyarrow(columns: Mapping[str, Sequence[Any]], dtypes: Mapping[str, str]) -> Any:  # noqa: ANN401 - native
    import pyarrow as pa  # noqa: PLC0415 - an optional engine, loaded at first use

    types = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string(), "bool": pa.bool_()}
    types |= {"date": pa.date32()}
    return pa.table({name: pa.array(list(columns[name]), type=types[dtype]) for name, dtype in dtypes.items()})


def _relation(place: Any, rows: Sequence[Sequence[Any]], dtypes: Mapping[str, str]) -> Any:  # noqa: ANN401 - native
    """A relation on the connection of another: what is made there has no other way in than a question's text."""
    names = ", ".join(map(_quoted, dtypes))
    kinds = list(map(_DUCKDB.__getitem__, dtypes.values()))
    filled = [f"({', '.join(map(_literal, row, kinds))})" for row in rows]
    empty = f"({', '.join(f'NULL::{kind}' for kind in kinds)})"
    values = ", ".join(filled or [empty])
    return place.query("given", f"SELECT * FROM (VALUES {values}) t({names}){'' if filled else ' WHERE false'}")


def _literal(value: object, kind: str) -> str:
    if value is None:
        return f"NULL::{kind}"
    if isinstance(value, str | date):
        text = str(value).replace("'", "''")
        return f"'{text}'::{kind}"
    return f"{value!r}::{kind}"


def _spark(place: Any, rows: Sequence[Sequence[Any]], dtypes: Mapping[str, str]) -> Any:  # noqa: ANN401 - native
    told = ", ".join(f"`{name.replace('`', '``')}` {_SPARK[dtype]}" for name, dtype in dtypes.items())
    return place.sparkSession.createDataFrame(list(rows), told)
