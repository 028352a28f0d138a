"""Columns of plain Python values as an Arrow stream, in a few structs of our own.

It is the Arrow C data interface, handed over in a PyCapsule named `arrow_array_stream`. Each array keeps its buffers
alive in `_ALIVE` until the consumer calls its release function, as the interface demands. pyarrow would build the
arrays in half the time, but its first use costs a process about a second, as much as half a million rows cost here.

Source: Apache Arrow, "The Arrow C data interface", "The Arrow C stream interface", "The Arrow PyCapsule Interface".
"""

from __future__ import annotations

import ctypes
import itertools
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

_FORMATS = {"int64": b"l", "float64": b"g", "string": b"u", "bool": b"b", "binary": b"z"}
_NULLABLE = 2
_DIGITS = bytes.maketrans(b"\x00\x01", b"01")
_STREAM_NAME = b"arrow_array_stream"
_ALIVE: dict[int, tuple[object, ...]] = {}
_TOKENS = itertools.count(1)


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


class _Stream(ctypes.Structure):
    pass


_RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))
_RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))
_RELEASE_STREAM = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stream))
_GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema))
_GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array))
_LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))

_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.POINTER(_Schema)),
    ("release", _RELEASE_SCHEMA),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.POINTER(_Array)),
    ("release", _RELEASE_ARRAY),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    ("get_schema", _GET_SCHEMA),
    ("get_next", _GET_NEXT),
    ("get_last_error", _LAST_ERROR),
    ("release", _RELEASE_STREAM),
    ("private_data", ctypes.c_void_p),
]


def _release(pointer: Any) -> None:  # noqa: ANN401 - a ctypes pointer to any of the structs
    struct = pointer.contents
    for index in range(getattr(struct, "n_children", 0)):
        child = struct.children[index]
        if child.contents.release:
            child.contents.release(child)
    token = struct.private_data
    struct.release = type(struct.release)()
    _ALIVE.pop(token, None)


_release_schema = _RELEASE_SCHEMA(_release)
_release_array = _RELEASE_ARRAY(_release)
_release_stream = _RELEASE_STREAM(_release)


def _keep(*objects: object) -> int:
    token = next(_TOKENS)
    _ALIVE[token] = objects
    return token


def _bits(flags: Sequence[bool]) -> bytes:
    """The flags as a bitmap, the first in the lowest bit."""
    if not flags:
        return b""
    text = bytes(reversed(flags)).translate(_DIGITS)
    return int(text, 2).to_bytes((len(flags) + 7) // 8, "little")


def _buffers(values: Sequence[Any], dtype: str) -> tuple[list[object], int]:
    """The buffers of one column (bytes, arrays or None for no bitmap) and its number of nulls."""
    nulls = values.count(None)
    if nulls == len(values):
        return _all_null(len(values), dtype), nulls
    valid = _bits([value is not None for value in values]) if nulls else None
    if dtype == "string":
        return [valid, *_texts([value or "" for value in values] if nulls else values)], nulls
    if dtype == "binary":
        return [valid, *_bytes([b"" if value is None else value for value in values] if nulls else values)], nulls
    if dtype == "bool":
        return [valid, _bits([bool(value) for value in values])], nulls
    filled = values if not nulls else [0 if value is None else value for value in values]
    return [valid, array("q" if dtype == "int64" else "d", filled)], nulls


def _texts(values: Sequence[str]) -> tuple[array[int], bytes]:
    """Where each text ends, and all of them together; where all is ASCII, they are not encoded one by one."""
    together = "".join(values)
    if not together.isascii():
        return _bytes([*map(str.encode, values)])
    return array("i", [0, *itertools.accumulate(map(len, values))]), together.encode()


def _bytes(values: Sequence[bytes]) -> tuple[array[int], bytes]:
    return array("i", [0, *itertools.accumulate(map(len, values))]), b"".join(values)


def _all_null(length: int, dtype: str) -> list[object]:
    """The buffers of a column without a value."""
    widths = {"int64": 8, "float64": 8, "string": 4, "bool": 1, "binary": 4}
    none = bytes((length + 7) // 8 or 1)
    data = bytes(widths[dtype] * (length + 1))
    return [none, data, b""] if dtype in {"string", "binary"} else [none, data]


def _address(buffer: object) -> int | None:
    if buffer is None:
        return None
    if isinstance(buffer, array):
        return buffer.buffer_info()[0]
    return ctypes.cast(ctypes.c_char_p(buffer), ctypes.c_void_p).value  # type: ignore[arg-type]


def _fill_array(target: _Array, length: int, buffers: list[object], nulls: int, children: list[_Array]) -> None:
    addresses = (ctypes.c_void_p * len(buffers))(*(_address(buffer) for buffer in buffers))
    pointers = (ctypes.POINTER(_Array) * len(children))(*(ctypes.pointer(child) for child in children))
    target.length, target.null_count, target.offset = length, nulls, 0
    target.n_buffers, target.n_children = len(buffers), len(children)
    target.buffers = ctypes.cast(addresses, ctypes.POINTER(ctypes.c_void_p))
    target.children = ctypes.cast(pointers, ctypes.POINTER(ctypes.POINTER(_Array)))
    target.dictionary = ctypes.POINTER(_Array)()
    target.release = _release_array
    target.private_data = _keep(buffers, addresses, pointers, children)


def _fill_schema(target: _Schema, name: bytes, form: bytes, children: list[_Schema]) -> None:
    pointers = (ctypes.POINTER(_Schema) * len(children))(*(ctypes.pointer(child) for child in children))
    target.format, target.name, target.flags, target.n_children = form, name, _NULLABLE, len(children)
    target.children = ctypes.cast(pointers, ctypes.POINTER(ctypes.POINTER(_Schema)))
    target.metadata = None
    target.dictionary = ctypes.POINTER(_Schema)()
    target.release = _release_schema
    target.private_data = _keep(name, form, pointers, children)


class ColumnStream:
    """One batch of columns that any Arrow consumer can read, as often as it likes, without pyarrow.

    Args:
        columns: Name to values; None is null. All of one length.
        dtypes: Name to `int64`, `float64`, `string`, `bool` or `binary`.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]], dtypes: Mapping[str, str]) -> None:
        self._dtypes = dict(dtypes)
        self._length = len(next(iter(columns.values()), ()))
        self._data = {name: _buffers(columns[name], dtype) for name, dtype in dtypes.items()}

    def _schema(self, target: _Schema) -> None:
        children = []
        for name, dtype in self._dtypes.items():
            child = _Schema()
            _fill_schema(child, name.encode(), _FORMATS[dtype], [])
            children.append(child)
        _fill_schema(target, b"", b"+s", children)

    def _batch(self, target: _Array) -> None:
        children = []
        for buffers, nulls in self._data.values():
            child = _Array()
            _fill_array(child, self._length, buffers, nulls, [])
            children.append(child)
        _fill_array(target, self._length, [None], 0, children)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A fresh capsule over the same buffers; a requested schema is not followed, as the interface allows."""
        sent = False

        def get_schema(_stream: Any, out: Any) -> int:  # noqa: ANN401 - ctypes pointers
            self._schema(out.contents)
            return 0

        def get_next(_stream: Any, out: Any) -> int:  # noqa: ANN401 - ctypes pointers
            nonlocal sent
            if sent:
                out.contents.release = _RELEASE_ARRAY()
            else:
                self._batch(out.contents)
                sent = True
            return 0

        stream = _Stream()
        callbacks = (_GET_SCHEMA(get_schema), _GET_NEXT(get_next), _LAST_ERROR(lambda _stream: None))
        stream.get_schema, stream.get_next, stream.get_last_error = callbacks
        stream.release = _release_stream
        stream.private_data = _keep(callbacks, self)
        return _capsule(stream)


def _capsule(stream: _Stream) -> object:
    capsule = _new_capsule(ctypes.addressof(stream), _STREAM_NAME, _destroy_capsule)
    _CAPSULES[id(capsule)] = stream
    return capsule


def _destroy(capsule: int) -> None:
    stream = _CAPSULES.pop(capsule)
    if stream.release:
        stream.release(ctypes.pointer(stream))


_CAPSULES: dict[int, _Stream] = {}
_DESTRUCTOR = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, _DESTRUCTOR]
_destroy_capsule = _DESTRUCTOR(_destroy)
