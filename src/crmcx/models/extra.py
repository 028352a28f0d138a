"""What a source said beyond the fields of a class: kept under its own names, with its types, as JSON.

JSON has no exact numbers, instants, days and lengths of time. They are written as an object of one name that begins
with `$`, such as `{"$decimal": "1.20"}`, and come back as what they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import GetPydanticSchema, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticSerializationError, core_schema, to_json

if TYPE_CHECKING:
    ExtraValue: TypeAlias = (
        bool
        | int
        | float
        | str
        | Decimal
        | datetime
        | date
        | timedelta
        | list["ExtraValue"]
        | dict[str, "ExtraValue"]
        | None
    )
    """What a value beyond the class can be."""
else:
    ExtraValue = Any  # whoever reads type hints at run time need not resolve a type that names itself

_PLAIN = frozenset({str, int, float, bool, type(None)})
_MICROSECOND = timedelta(microseconds=1)
_SAID = "$said"


def _instant_text(value: datetime) -> str:
    """An instant in UTC; as it was given where it has no zone, or UTC no such year."""
    try:
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    except OverflowError:
        return value.isoformat()


_WRITE: dict[type, tuple[str, Callable[[Any], Any]]] = {
    Decimal: ("$decimal", str),
    datetime: ("$instant", _instant_text),
    date: ("$day", date.isoformat),
    timedelta: ("$duration_us", lambda value: value // _MICROSECOND),
}
_READ: dict[str, Callable[[Any], Any]] = {
    "$decimal": Decimal,
    "$instant": datetime.fromisoformat,
    "$day": date.fromisoformat,
    "$duration_us": lambda value: timedelta(microseconds=value),
}


def _checked(value: object) -> dict[str, ExtraValue]:
    if not isinstance(value, Mapping):
        code = "dict_type"
        raise PydanticCustomError(code, "extra holds names and values: pass a dictionary")
    return {_name(name): _copied(inner) for name, inner in value.items()}


def _name(name: object) -> str:
    if not isinstance(name, str):
        code = "extra_name"
        raise PydanticCustomError(code, "a name in extra is a text: pass the source's own name of the field")
    return name


def _copied(value: object) -> Any:  # noqa: ANN401 - nested data
    if type(value) in _PLAIN or isinstance(value, str | int | float | Decimal | date | timedelta):
        return value
    if isinstance(value, Mapping):
        return {_name(name): _copied(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(inner) for inner in value]
    code = "extra_value"
    msg = "a value in extra is JSON, a Decimal, a datetime, a date or a timedelta: write {kind} as one of these"
    raise PydanticCustomError(code, msg, {"kind": type(value).__name__})


Extra = Annotated[
    dict[str, ExtraValue],
    GetPydanticSchema(lambda _source, _handler: core_schema.no_info_plain_validator_function(_checked)),
    WithJsonSchema({"type": "object"}),
]
"""Names and values beyond the class."""


def write_extra(extra: Mapping[str, Any]) -> str | None:
    """What a source said beyond a class, as JSON with its names in order; None when that is nothing.

    Example:
        >>> write_extra({"margin": Decimal("1.20"), "colour": "red"})
        '{"colour":"red","margin":{"$decimal":"1.20"}}'
    """
    if not extra:
        return None
    named = sorted((name if type(name) is str else str(name), value) for name, value in extra.items())
    return as_json({name: value if type(value) in _PLAIN else _tagged(value) for name, value in named})


def as_json(value: object) -> str:
    """Anything as JSON, whatever it holds: what a source said must be kept even where it is broken.

    Half a character, which UTF-8 cannot write, becomes its escape; what JSON has no word for becomes text; what is
    nested too deep to be written becomes the text that Python shows of it.
    """
    try:
        return to_json(value, fallback=str, inf_nan_mode="null", bytes_mode="base64").decode()
    except (PydanticSerializationError, ValueError):
        pass
    try:
        return json.dumps(value, default=str, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        return json.dumps(_shown(value))


def _shown(value: object) -> str:
    try:
        return repr(value)
    except (RecursionError, ValueError):
        return f"<{type(value).__name__} that cannot be written>"


def read_extra(text: str | None) -> dict[str, Any]:
    """What `write_extra` wrote, with its types.

    Example:
        >>> read_extra('{"margin":{"$decimal":"1.20"}}')
        {'margin': Decimal('1.20')}
    """
    if not text:
        return {}
    found = json.loads(text)
    return {name: value if type(value) in _PLAIN else _read(value) for name, value in found.items()}


def _tagged(value: Any) -> Any:  # noqa: ANN401 - nested data
    for kind, (tag, write) in _WRITE.items():
        if isinstance(value, kind):
            return {tag: write(value)}
    if isinstance(value, dict):
        inner = {name: _tagged(each) for name, each in value.items()}
        return {_SAID: inner} if _is_tag(value) else inner
    return [_tagged(each) for each in value] if isinstance(value, list | tuple) else value


def _is_tag(value: Mapping[Any, Any]) -> bool:
    """Whether an object would be read as one that was written for something else."""
    return len(value) == 1 and not {*_READ, _SAID}.isdisjoint(value)


def _read(value: Any) -> Any:  # noqa: ANN401 - nested data
    if isinstance(value, list):
        return [_read(each) for each in value]
    if not isinstance(value, dict):
        return value
    if _is_tag(value):
        ((tag, inner),) = value.items()
        return {name: _read(each) for name, each in inner.items()} if tag == _SAID else _READ[tag](inner)
    return {name: _read(each) for name, each in value.items()}
