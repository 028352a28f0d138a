"""Our own Arrow stream is read by DuckDB, Polars and pyarrow alike, and lets go of its memory."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW

from crmcx.engines import ColumnStream, arrow
from crmcx.testing.strategies import reals, wholes, words

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int64": wholes(),
    "float64": reals(),
    "string": words(),
    "bool": st.booleans(),
    "binary": st.binary(max_size=40),
}
EXAMPLES: dict[str, list[Any]] = {
    "int64": [0, -(2**63), 2**63 - 1, None],
    "float64": [0.1, -1e308, 5e-324, None],
    "string": ["", "ü€😀", "a\0b", "x" * 5_000, None],
    "bool": [True, False, True, None],
    "binary": [b"", b"\0\xff", b"x" * 5_000, None],
}


def by_duckdb(stream: ColumnStream) -> dict[str, list[Any]]:
    with duckdb.connect(":memory:") as connection:
        connection.register("given", stream)
        found = connection.execute("SELECT * FROM given")
        names = [name for name, *_ in found.description]
        rows = found.fetchall()
        connection.unregister("given")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def by_pyarrow(stream: ColumnStream) -> dict[str, list[Any]]:
    table = pa.table(stream)
    table.validate(full=True)
    return table.to_pydict()


def by_polars(stream: ColumnStream) -> dict[str, list[Any]]:
    return pl.DataFrame(stream).to_dict(as_series=False)


READERS = {"duckdb": by_duckdb, "pyarrow": by_pyarrow, "polars": by_polars}
every_reader = pytest.mark.parametrize("reader", READERS)


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """Whatever a test hands over is released when it ends."""
    before = (set(arrow._ALIVE), set(arrow._CAPSULES))
    yield
    if not (set(arrow._ALIVE) <= before[0] and set(arrow._CAPSULES) <= before[1]):
        gc.collect()
    assert set(arrow._ALIVE) <= before[0]
    assert set(arrow._CAPSULES) <= before[1]


@every_reader
@given(data=st.data())
@LAW
def test_every_type_with_nulls(reader: str, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, 20))
    columns = {
        dtype: data.draw(st.lists(values | st.none(), min_size=length, max_size=length))
        for dtype, values in VALUES.items()
    }
    dtypes = {dtype: dtype for dtype in VALUES}
    assert READERS[reader](ColumnStream(columns, dtypes)) == columns


@every_reader
@pytest.mark.parametrize("dtype", EXAMPLES)
@pytest.mark.parametrize("take", [slice(None), slice(-1), slice(0, 1), slice(-1, None), slice(0, 0)])
def test_edges(reader: str, dtype: str, take: slice) -> None:
    values = EXAMPLES[dtype][take]
    assert READERS[reader](ColumnStream({"x": values}, {"x": dtype})) == {"x": values}


@every_reader
@pytest.mark.parametrize("length", [1, 7, 8, 9, 63, 64, 65, 3_000])
def test_bitmaps_of_any_length(reader: str, length: int) -> None:
    columns: dict[str, Sequence[Any]] = {
        "flag": [at % 3 == 0 for at in range(length)],
        "gaps": [None if at % 5 == 2 else at for at in range(length)],
        "flags with gaps": [None if at % 2 else at % 4 == 0 for at in range(length)],
        "nothing": [None] * length,
    }
    dtypes = {"flag": "bool", "gaps": "int64", "flags with gaps": "bool", "nothing": "string"}
    assert READERS[reader](ColumnStream(columns, dtypes)) == columns


@every_reader
def test_names_and_order_are_those_of_the_types(reader: str) -> None:
    stream = ColumnStream({"b": [1], "größe": ["x"], "left out": [0]}, {"größe": "string", "b": "int64"})
    assert list(READERS[reader](stream).items()) == [("größe", ["x"]), ("b", [1])]


@every_reader
def test_a_stream_is_read_as_often_as_one_likes(reader: str) -> None:
    stream = ColumnStream({"x": ["a", None]}, {"x": "string"})
    assert [READERS[reader](stream) for _ in range(3)] == [{"x": ["a", None]}] * 3


def test_the_schema_says_the_types() -> None:
    schema = pa.table(ColumnStream({name: [] for name in VALUES}, {name: name for name in VALUES})).schema
    assert schema.types == [pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.binary()]
    assert all(field.nullable for field in schema)


def test_no_bitmap_without_nulls() -> None:
    array = pa.table(ColumnStream({"x": [1, 2]}, {"x": "int64"})).column("x").chunk(0)
    assert array.buffers()[0] is None
    assert array.null_count == 0


@pytest.mark.parametrize(
    ("dtype", "values", "error"),
    [
        ("int64", [2**63], OverflowError),
        ("int64", ["1"], TypeError),
        ("string", [1], TypeError),
        ("float64", ["x"], TypeError),
        ("binary", [0], TypeError),
        ("binary", ["x"], TypeError),
    ],
)
def test_values_of_another_type_are_refused_at_once(dtype: str, values: list[Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        ColumnStream({"x": values}, {"x": dtype})


def test_data_outlive_the_stream() -> None:
    stream = ColumnStream({"x": [f"word {at}" for at in range(1_000)]}, {"x": "string"})
    table = pa.table(stream)
    assert arrow._ALIVE
    del stream
    gc.collect()
    assert table.column("x").to_pylist() == [f"word {at}" for at in range(1_000)]


def test_memory_is_released_when_the_reader_lets_go() -> None:
    before = len(arrow._ALIVE)
    table = pa.table(ColumnStream({"x": [1, None]}, {"x": "int64"}))
    assert len(arrow._ALIVE) > before
    del table
    gc.collect()
    assert len(arrow._ALIVE) == before


def test_a_capsule_that_nobody_read_is_released() -> None:
    before = len(arrow._ALIVE)
    stream = ColumnStream({"x": [1]}, {"x": "int64"})
    capsule = stream.__arrow_c_stream__()
    assert len(arrow._ALIVE) == before + 1
    assert len(arrow._CAPSULES) > 0
    del capsule
    assert len(arrow._ALIVE) == before


class TestTheInterfaceByHand:
    """What a consumer in C may do and the three readers above do not."""

    @pytest.fixture
    def stream(self) -> Iterator[Any]:
        capsule = ColumnStream({"x": [1, None], "y": ["a", "b"]}, {"x": "int64", "y": "string"}).__arrow_c_stream__()
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        yield arrow._Stream.from_address(pointer(capsule, b"arrow_array_stream"))
        del capsule

    def test_one_batch_then_none(self, stream: Any) -> None:
        batch = arrow._Array()
        assert stream.get_next(stream, batch) == 0
        assert (batch.length, batch.n_children, batch.null_count) == (2, 2, 0)
        assert [batch.children[at].contents.null_count for at in range(2)] == [1, 0]
        batch.release(batch)
        assert not batch.release
        for _ in range(2):
            assert stream.get_next(stream, batch) == 0
            assert not batch.release
        assert stream.get_last_error(stream) is None

    def test_a_child_may_be_moved_out(self, stream: Any) -> None:
        schema, moved = arrow._Schema(), arrow._Schema()
        before = set(arrow._ALIVE)
        assert stream.get_schema(stream, schema) == 0
        assert len(set(arrow._ALIVE) - before) == 3
        child = schema.children[1]
        ctypes.memmove(ctypes.byref(moved), child, ctypes.sizeof(moved))
        child.contents.release = type(moved.release)()
        schema.release(schema)
        assert set(arrow._ALIVE) - before == {moved.private_data}
        assert (moved.name, moved.format) == (b"y", b"u")
        moved.release(moved)
        assert set(arrow._ALIVE) == before

    def test_a_stream_released_by_its_reader_is_not_released_again(self, stream: Any) -> None:
        stream.release(stream)
        assert not stream.release
