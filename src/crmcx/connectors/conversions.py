"""What each named conversion does to one value: the code behind the data of `mapping.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache, singledispatch
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator
from pydantic_core import PydanticCustomError

from crmcx.connectors.mapping import (
    Codes,
    Condition,
    Conversion,
    DayAs,
    DurationIn,
    InstantAs,
    Joined,
    NumberAs,
    Plain,
    RefTo,
    ShortestDecimal,
    StateOf,
    Unless,
    Words,
)
from crmcx.instants import from_us, zone
from crmcx.models.fields import Leaf

_PER_SECOND = {"s": 1_000_000, "ms": 1_000, "us": 1}
_EMPTY = PydanticCustomError("empty", "nothing is there, and a value is needed")


def _bad(code: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(code, message)  # type: ignore[arg-type] - pydantic wants literal text


def plain_type(leaf: Leaf) -> Any:  # noqa: ANN401 - a type hint
    """The type that a value must have as it stands; an enumeration is checked by its words."""
    return Literal[tuple(member.value for member in leaf.enum)] if leaf.enum else leaf.annotation


def _code(value: object) -> str:
    """A source's value as the text under which a table lists it."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _function(convert: Callable[[Any], Any], *, nullable: bool) -> Any:  # noqa: ANN401 - a type hint
    """A type whose validation is one function of ours; None passes where nothing may be there."""

    def validate(value: Any) -> Any:  # noqa: ANN401 - whatever a source wrote
        if value is not None:
            return convert(value)
        if nullable:
            return None
        raise _EMPTY

    return Annotated[object, PlainValidator(validate)]


@singledispatch
def validated(conversion: Conversion, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401 - a type hint
    """The type that validates what the conversion finds at its path.

    Args:
        conversion: The conversion.
        leaf: The leaf that the value is for.
        source: Name of the connection, which references carry.
        nullable: Whether nothing may be there.
    """
    msg = f"no validator for {type(conversion).__name__}"
    raise TypeError(msg)


@validated.register(Plain)
@validated.register(Joined)
def _(_conversion: Conversion, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    kind = plain_type(leaf)
    return kind | None if nullable else kind


@validated.register
def _(conversion: InstantAs, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    if conversion.unit:
        factor = _PER_SECOND[conversion.unit]
        return _function(lambda value: _since_1970(value, factor), nullable=nullable)
    tz = zone(conversion.zone) if conversion.zone else None
    form = conversion.format

    @lru_cache(maxsize=1 << 16)
    def parse(value: str) -> datetime:
        try:
            return datetime.strptime(value, form) if form else datetime.fromisoformat(value)  # noqa: DTZ007 - below
        except ValueError:
            raise _bad("instant_format", f"is not written as {form or 'ISO 8601'}") from None

    def convert(value: object) -> datetime:
        found = value if isinstance(value, datetime) else parse(value) if isinstance(value, str) else None
        if found is None:
            code = "instant_format"
            raise _bad(code, "is no date and time")
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        if tz is None:
            code = "instant_naive"
            raise _bad(code, "has no offset, and the mapping names no zone=")
        return found.replace(tzinfo=tz).astimezone(UTC)

    return _function(convert, nullable=nullable)


def _since_1970(value: object, factor: int) -> datetime:
    try:
        return from_us(int(Decimal(str(value)) * factor))
    except (InvalidOperation, OverflowError, ValueError):
        code = "instant_number"
        raise _bad(code, "is no count of time since 1970") from None


@validated.register
def _(conversion: DayAs, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    @lru_cache(maxsize=1 << 16)
    def parse(value: str) -> date:
        try:
            return datetime.strptime(value, conversion.format).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise _bad("day_format", f"is no day written as {conversion.format}") from None

    def convert(value: object) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        return parse(str(value))

    return _function(convert, nullable=nullable)


@validated.register
def _(conversion: DurationIn, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    one = timedelta(**{conversion.unit: 1}) // timedelta(microseconds=1)

    def convert(value: object) -> timedelta:
        try:
            return timedelta(microseconds=int(Decimal(str(value)) * one))
        except (InvalidOperation, OverflowError, ValueError):
            raise _bad("duration_number", f"is no number of {conversion.unit}") from None

    return _function(convert, nullable=nullable)


@validated.register
def _(conversion: NumberAs, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    def convert(value: object) -> object:
        if not isinstance(value, str):
            return value
        bare = value.replace(conversion.thousands, "") if conversion.thousands else value
        return bare.replace(conversion.decimal, ".")

    kind = leaf.annotation | None if nullable else leaf.annotation
    return Annotated[kind, BeforeValidator(convert)]


@validated.register
def _(_conversion: ShortestDecimal, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    def convert(value: object) -> object:
        return Decimal(repr(value)) if isinstance(value, float) else value

    kind = leaf.annotation | None if nullable else leaf.annotation
    return Annotated[kind, BeforeValidator(convert)]


@validated.register
def _(conversion: Words, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    table: Mapping[str, object] = dict(conversion.table)
    allowed = {True, False} if leaf.enum is None else {member.value for member in leaf.enum}
    if leaf.enum is not None or leaf.kind == "flag":
        strangers = sorted(str(word) for word in {*table.values(), conversion.other} - allowed - {None})
        if strangers:
            from crmcx.errors import MappingError  # noqa: PLC0415 - only for the message

            msg = f"words() for {leaf.column} gives {', '.join(strangers)}; allowed: {', '.join(sorted(map(str, allowed)))}"
            raise MappingError(msg, hint="use the words of the model on the right side of the table")
    known = ", ".join(sorted(repr(word) for word in table))

    def convert(value: object) -> object:
        found = table.get(_code(value), conversion.other)
        if found is None:
            raise _bad("unknown_word", f"is not one of {known}")
        return found

    if "" in table:
        return Annotated[object, PlainValidator(lambda value: convert("" if value is None else value))]
    return _function(convert, nullable=nullable)


@validated.register
def _(conversion: RefTo, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    head = f"{conversion.source or source}/{conversion.prefix}"

    def convert(value: object) -> str | None:
        if isinstance(value, str):
            value = value.strip()
        elif isinstance(value, bool) or not isinstance(value, int):
            code = "reference_type"
            raise _bad(code, "is no id: neither text nor a whole number")
        if value == "":
            if nullable:
                return None
            raise _EMPTY
        return f"{head}{value}"

    return _function(convert, nullable=nullable)


@validated.register
def _(conversion: Unless, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    codes = frozenset(conversion.codes)
    low, high = conversion.scale or (None, None)
    inside = Annotated[float, Field(ge=low, le=high, allow_inf_nan=False)]
    return Annotated[
        inside | None, BeforeValidator(lambda value: None if value is None or _code(value) in codes else value)
    ]


@validated.register
def _(conversion: StateOf, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    states = dict(conversion.codes)

    def convert(value: object) -> str:
        return "skipped" if value is None else states.get(_code(value), "answered")

    return Annotated[object, PlainValidator(convert)]


@validated.register
def _(conversion: Codes, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    codes = frozenset(conversion.codes)

    def convert(value: object) -> str | None:
        text = None if value is None else _code(value)
        return text if text in codes else None

    return Annotated[object, PlainValidator(convert)]


@cache
def condition_type(condition: Condition) -> Any:  # noqa: ANN401 - a type hint
    """The type whose validation says whether a condition is met."""
    values = frozenset(condition.values)

    def met(value: object) -> bool:
        if value is None or value == "":
            return False
        return not values or _code(value) in values

    return Annotated[object, PlainValidator(met)]
