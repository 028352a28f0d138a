"""Frames handed back: of the kind that was given, as rows, or made of plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx import engines
from crmcx.engines import Kind
from crmcx.tables.asked import AskedTable
from crmcx.tables.frames import Frame, KeyedTable, StoredTable, Table, native_of
from crmcx.tables.schema import Column


def as_given(data: Table, frame: Frame, columns: Sequence[Column] = ()) -> Table:
    """A frame that was made of a table, as a table of the same kind.

    Args:
        data: The table it was made of.
        frame: What was made of it.
        columns: Its columns, for a table of a workspace.

    Returns:
        For a table or an answer of a workspace one of the same snapshot; else a frame of the engine, lazy only where
        the table was.
    """
    if isinstance(data, AskedTable):
        return AskedTable(frame.lazy.to_native(), data.snapshot)
    if isinstance(data, StoredTable):
        schema = evolve(data.schema, columns=tuple(columns))
        return StoredTable(frame.lazy.to_native(), schema, data.snapshot, data.ask_known_since)
    return cast("Table", engines.native(frame.lazy, like=data))


def same_engine(*frames: Frame) -> None:
    """Demand that all frames can be joined.

    Raises:
        EngineMismatchError: They are of two engines, or of two DuckDB connections.
    """
    engines.same_engine(*(frame.lazy for frame in frames))


def rows_of(data: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a table of any engine
    """The rows of any table as dictionaries of plain values, missing ones as None.

    Raises:
        UnsupportedEngineError: It is no table.
    """
    return engines.rows(engines.to_lazy(native_of(data)))


def kind_of(data: Any) -> Kind | None:  # noqa: ANN401 - a table of any engine
    """The kind of frame that a table is, for results of the same kind; None for lists and tables of a workspace."""
    return None if isinstance(data, StoredTable | AskedTable | KeyedTable) else engines.kind_of(data)


def to_frame(columns: Mapping[str, Sequence[Any]], dtypes: Mapping[str, str], kind: Kind | None = None) -> Any:  # noqa: ANN401
    """Columns of plain values as a frame: of a kind, else of Polars when it is installed, else of DuckDB.

    Args:
        columns: Name to values of one length; None is null.
        dtypes: Name to `int64`, `float64`, `string`, `bool` or `date`; the order of columns.
        kind: The kind of frame wanted.
    """
    return engines.frame_of(columns, dtypes, kind)


def rows(lazy: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """The rows of a lazy frame as dictionaries of plain values, missing ones as None."""
    return engines.rows(lazy)


def settled(lazy: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """A lazy frame that is to be used more than once, its work done where its engine can keep it."""
    return engines.settled(lazy)


def counted(lazy: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
    """A lazy frame with how many rows it has, on each row."""
    return engines.counted(lazy, name)


def nullable(lazy: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """A lazy frame in whose columns None stays None, also where columns without gaps are shifted or joined."""
    return engines.nullable(lazy)


def looked_up(lazy: nw.LazyFrame[Any], found: nw.LazyFrame[Any], on: Sequence[str]) -> nw.LazyFrame[Any]:
    """A lazy frame with what is found for its rows, at most one row for each key; None where nothing is."""
    return engines.looked_up(lazy, found, on)


def native(lazy: nw.LazyFrame[Any]) -> Any:  # noqa: ANN401 - a frame of any engine
    """A lazy frame as one of its own engine: of Polars and pandas a data frame, else lazy as it is."""
    return engines.native(lazy)
