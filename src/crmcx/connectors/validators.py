"""What each named conversion does to one value: the code behind the data of `conversions.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache, singledispatch
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, GetPydanticSchema, PlainValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError, core_schema

from crmcx.connectors.conversions import (
    Codes,
    Condition,
    Conversion,
    DayAs,
    DurationIn,
    InstantAs,
    Joined,
    Native,
    NumberAs,
    Plain,
    RefTo,
    ShortestDecimal,
    StateOf,
    Unless,
    Words,
)
from crmcx.connectors.straight import CELLS, DIGITS, in_calendar
from crmcx.errors import MappingError
from crmcx.instants import EPOCH, MICROSECOND, zone
from crmcx.models.fields import Kind, Leaf


def _native(schema: core_schema.CoreSchema) -> Any:  # noqa: ANN401 - a type hint
    """A type validated by pydantic's core alone: no Python runs per value."""
    return Annotated[object, GetPydanticSchema(lambda _source, _handler: schema)]


def gives_cells(conversion: Conversion, leaf: Leaf) -> bool:
    """Whether what validates the conversion gives cells already."""
    return leaf.kind in CELLS and isinstance(conversion, Plain | Joined | NumberAs | ShortestDecimal | InstantAs)


_PER_SECOND = {"s": 1_000_000, "ms": 1_000, "us": 1}
_EMPTY = PydanticCustomError("empty", "nothing is there, and a value is needed")


def _bad(code: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(code, message)


def plain_type(leaf: Leaf) -> Any:  # noqa: ANN401 - a type hint
    """The type that a value must have as it stands; an enumeration is checked by its words."""
    if leaf.enum:
        return Literal[tuple(member.value for member in leaf.enum)]
    return leaf.annotation


def checked_word(name: str, leaf: Leaf, value: object) -> Any:  # noqa: ANN401 - any value of a field
    """A value that a mapping itself says, as its field holds it.

    Raises:
        MappingError: The field does not take it.
    """
    try:
        found = TypeAdapter(leaf.annotation).validate_python(value)
    except ValidationError as error:
        why = error.errors(include_url=False, include_context=False, include_input=False)[0]["msg"]
        msg = f"{name} gives {value!r}, which {leaf.path[0]} does not take: {why[:1].lower()}{why[1:]}"
        raise MappingError(msg, hint="say a value that the model allows") from None
    return found.value if leaf.enum else found


def _demand_words(name: str, leaf: Leaf, words: AbstractSet[object]) -> None:
    """Demand that a field takes all words that a table gives it."""
    if leaf.enum is None and leaf.kind is not Kind.FLAG:
        for word in sorted(words, key=str):
            checked_word(name, leaf, word)
        return
    allowed: set[object] = {True, False} if leaf.enum is None else {member.value for member in leaf.enum}
    strangers = sorted(map(str, words - allowed))
    if strangers:
        msg = f"{name} gives {', '.join(strangers)}; allowed: {', '.join(sorted(map(str, allowed)))}"
        raise MappingError(msg, hint="use the words of the model on the right side of the table")


def code_of(value: object) -> str:
    """A source's value as the text under which a table lists it."""
    if type(value) is str:
        return value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _function(convert: Callable[[Any], Any], *, nullable: bool) -> Any:  # noqa: ANN401 - a type hint
    """A type whose validation is one function of ours; None passes where nothing may be there."""
    if nullable:
        return Annotated[object, PlainValidator(convert)] | None

    def validate(value: Any) -> Any:  # noqa: ANN401 - whatever a source wrote
        if value is None:
            raise _EMPTY
        return convert(value)

    return Annotated[object, PlainValidator(validate)]


def _before(convert: Callable[[Any], Any], leaf: Leaf, *, nullable: bool) -> Any:  # noqa: ANN401 - a type hint
    """The type of a leaf with a function of ours before it."""
    if leaf.kind in CELLS:
        cell = CELLS[leaf.kind]
        return _function(lambda value: cell(convert(value)), nullable=nullable)
    kind = plain_type(leaf)
    return Annotated[kind | None if nullable else kind, BeforeValidator(convert)]


@singledispatch
def validated(  # every kind of conversion registers its own below
    conversion: Conversion,
    leaf: Leaf,  # noqa: ARG001 - for those that register
    *,
    source: str,  # noqa: ARG001
    nullable: bool,  # noqa: ARG001
) -> Any:  # noqa: ANN401 - a type hint
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
    if leaf.kind in CELLS:
        return _function(CELLS[leaf.kind], nullable=nullable)
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

    def convert(value: object) -> int:
        found = value if isinstance(value, datetime) else parse(value) if isinstance(value, str) else None
        if found is None:
            code = "instant_format"
            raise _bad(code, "is no date and time")
        if found.tzinfo is None:
            if tz is None:
                code = "instant_naive"
                raise _bad(code, "has no offset, and the mapping names no zone=")
            found = found.replace(tzinfo=tz)
        return in_calendar((found - EPOCH) // MICROSECOND)

    return _function(convert, nullable=nullable)


def _whole(value: object, factor: int) -> int:
    """A number in smaller units.

    Raises:
        ValueError: It is no number, or one that no count of time needs.
    """
    number = Decimal(str(value))
    if number.adjusted() > DIGITS:
        msg = "too large"
        raise ValueError(msg)
    return int(number * factor)


def _since_1970(value: object, factor: int) -> int:
    try:
        return in_calendar(_whole(value, factor))
    except (ArithmeticError, ValueError):
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
            return timedelta(microseconds=_whole(value, one))
        except (ArithmeticError, ValueError):
            raise _bad("duration_number", f"is no number of {conversion.unit}") from None

    return _function(convert, nullable=nullable)


@validated.register
def _(conversion: NumberAs, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    def convert(value: object) -> object:
        if not isinstance(value, str):
            return value
        bare = value.replace(conversion.thousands, "") if conversion.thousands else value
        if conversion.decimal != "." and "." in bare:
            code = "number_format"
            raise _bad(code, "has a point, which the mapping names neither as decimal= nor as thousands=")
        return bare.replace(conversion.decimal, ".")

    return _before(convert, leaf, nullable=nullable)


@validated.register
def _(_conversion: ShortestDecimal, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    def convert(value: object) -> object:
        return Decimal(repr(value)) if isinstance(value, float) else value

    return _before(convert, leaf, nullable=nullable)


@validated.register
def _(conversion: Words, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    table: Mapping[str, object] = dict(conversion.table)
    _demand_words(f"words() for {leaf.column}", leaf, {*table.values(), conversion.other} - {None})
    known = ", ".join(sorted(repr(word) for word in table))

    begins = [(word[:-1], meant) for word, meant in table.items() if word.endswith("*")]

    def convert(value: object) -> object:
        if value is None:
            raise _EMPTY
        word = value if type(value) is str else code_of(value)
        found = table.get(word)
        if found is None and begins:
            found = next((meant for beginning, meant in begins if word.startswith(beginning)), None)
        if found is None:
            found = conversion.other
        if found is None:
            raise _bad("unknown_word", f"is not one of {known}")
        return found

    if "" in table:
        return Annotated[object, PlainValidator(lambda value: convert("" if value is None else value))]
    checked = Annotated[object, PlainValidator(convert)]
    return checked | None if nullable else checked


@validated.register
def _(conversion: RefTo, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    # Only the bare id is checked here; `referring` puts the source before it.
    text = core_schema.str_schema(strict=True, strip_whitespace=True, min_length=None if nullable else 1)
    number = core_schema.chain_schema(
        [core_schema.int_schema(strict=True), core_schema.str_schema(coerce_numbers_to_str=True)]
    )
    schema = core_schema.custom_error_schema(
        core_schema.union_schema([text, number], mode="left_to_right"),
        custom_error_type="reference_type",
        custom_error_message="is no id: neither text nor a whole number",
    )
    return _native(core_schema.nullable_schema(schema) if nullable else schema)


def referring(conversion: RefTo, ids: Sequence[str | None], *, source: str) -> list[str | None]:
    """Validated ids as references; an empty one refers to nothing."""
    head = f"{conversion.source or source}/{conversion.prefix}"
    return [head + value if value else None for value in ids]


@validated.register
def _(conversion: Unless, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    codes = frozenset(conversion.codes)
    inside: Any = plain_type(leaf)
    if conversion.scale:
        low, high = conversion.scale
        inside = _native(
            core_schema.custom_error_schema(
                core_schema.float_schema(ge=low, le=high, allow_inf_nan=False),
                custom_error_type="score_outside_scale",
                custom_error_message=f"is no score on its scale, {low:g} to {high:g}: check which scale was used",
            )
        )
    elif conversion.table:
        inside = validated(Words(conversion.path, table=conversion.table), leaf, source=source, nullable=True)
    return Annotated[
        inside | None, BeforeValidator(lambda value: None if value is None or code_of(value) in codes else value)
    ]


@validated.register
def _(conversion: StateOf, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    states = dict(conversion.codes)
    _demand_words("states=", leaf, set(states.values()))

    def convert(value: object) -> str:
        return "skipped" if value is None else states.get(code_of(value), "answered")

    return Annotated[object, PlainValidator(convert)]


@validated.register
def _(_conversion: Native, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    text = core_schema.str_schema(strict=True)  # the usual case, which no Python runs for
    other = core_schema.no_info_plain_validator_function(code_of)
    return _native(core_schema.nullable_schema(core_schema.union_schema([text, other], mode="left_to_right")))


@validated.register
def _(conversion: Codes, leaf: Leaf, *, source: str, nullable: bool) -> Any:  # noqa: ANN401, ARG001
    codes = frozenset(conversion.codes)

    def convert(value: object) -> str | None:
        text = None if value is None else code_of(value)
        return text if text in codes else None

    return Annotated[object, PlainValidator(convert)]


@cache
def condition_type(condition: Condition) -> Any:  # noqa: ANN401 - a type hint
    """The type whose validation says whether a condition is met."""
    values = frozenset(condition.values)

    def met(value: object) -> bool:
        if value is None or value == "":
            return False
        return not values or code_of(value) in values

    return Annotated[object, PlainValidator(met)]
