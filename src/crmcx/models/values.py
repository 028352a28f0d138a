"""The values that models are made of: instants, exact numbers, money, scales, texts, references.

They are strict where a silent conversion would lie. A float is no amount, a naive datetime is no instant, a bare
number is no time: each has a named conversion in `crmcx.connectors.mapping`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from attrs import frozen
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from crmcx.models.currencies import CURRENCIES

_DATE_LENGTH = len("2025-03-01")
LARGEST_AMOUNT = 9_000_000_000_000
"""The largest amount, either sign, that fits a 64-bit integer of millionths."""

LONGEST_TEXT = 2**30
"""The most characters of a text. With a limit, whole characters are demanded too: half of one cannot be stored."""


class Privacy(StrEnum):
    """How far a value may be shown: only class none appears in messages and reprs."""

    NONE = "none"
    CONTACT = "contact"
    SENSITIVE = "sensitive"
    SPECIAL = "special"


@frozen
class Target:
    """Marks a reference with the class it points to, by table name."""

    table: str | None = None
    """Name of the table."""
    named_by: str | None = None
    """The field that says the table, where it is not always the same."""


def _is_number(value: object) -> bool:
    """Whether something is a number, or the text of one."""
    if isinstance(value, str | bytes):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float | Decimal)


def _no_bare_number(value: object) -> object:
    if _is_number(value):
        code = "instant_number"
        raise PydanticCustomError(code, "a bare number is no instant: name the unit with a conversion")
    return value


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        code = "instant_naive"
        msg = "a time without a zone is no instant: attach the zone it was written in, such as tzinfo=UTC"
        raise PydanticCustomError(code, msg)
    try:
        return value if value.tzinfo is UTC else value.astimezone(UTC)
    except OverflowError:
        code = "instant_range"
        raise PydanticCustomError(code, "an instant lies in the years 1 to 9999 in UTC") from None


def _no_time(value: object) -> object:
    if type(value) is str and len(value) == _DATE_LENGTH and value[4] == "-":
        return value  # the usual case of a sync, made fast
    if isinstance(value, datetime) or _is_number(value) or (isinstance(value, str) and len(value) > _DATE_LENGTH):
        code = "day_from_instant"
        raise PydanticCustomError(code, "an instant or a number is no day: name the zone whose day is meant")
    return value


def _no_bare_duration(value: object) -> object:
    if _is_number(value):
        code = "duration_number"
        raise PydanticCustomError(code, "a bare number is no duration: name the unit with a conversion")
    return value


def _no_float(value: object) -> object:
    if isinstance(value, float):
        code = "float_amount"
        raise PydanticCustomError(code, "a float is no exact amount: pass a Decimal, an integer or text")
    return value


def _known_currency(value: str) -> str:
    if value not in CURRENCIES:
        code = "currency_unknown"
        raise PydanticCustomError(code, "no such ISO 4217 code is known: use the code of a currency, such as EUR")
    return value


Instant = Annotated[datetime, BeforeValidator(_no_bare_number), AfterValidator(_utc)]
"""An aware moment, kept in UTC with microseconds."""
Day = Annotated[date, BeforeValidator(_no_time)]
"""A calendar day without a time."""
Duration = Annotated[
    timedelta,
    Field(ge=timedelta(microseconds=-(2**63)), le=timedelta(microseconds=2**63 - 1)),
    BeforeValidator(_no_bare_duration),
]
"""A length of time."""
Exact = Annotated[
    Decimal,
    Field(allow_inf_nan=False, decimal_places=6, ge=-LARGEST_AMOUNT, le=LARGEST_AMOUNT),
    BeforeValidator(_no_float),
]
"""An exact number with at most six decimals."""
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A whole number of 64 bits."""
Real = Annotated[float, Field(allow_inf_nan=False)]
"""A finite number, for scores and weights."""
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""A share of a whole, 0 to 1; what a source gives in percent is divided by 100."""
Currency = Annotated[str, AfterValidator(_known_currency)]
"""An ISO 4217 code, in use or withdrawn since 1999."""
Code = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True), Field(coerce_numbers_to_str=True)]
"""A short name of a thing in a source, such as an id, a stage or an item code."""
Label = Annotated[str, Field(coerce_numbers_to_str=True, max_length=LONGEST_TEXT)]
"""A short text that says nothing personal."""
Personal = Annotated[str, Field(coerce_numbers_to_str=True, max_length=LONGEST_TEXT), Privacy.CONTACT]
"""A name or a contact detail."""
Staff = Annotated[str, Field(coerce_numbers_to_str=True, max_length=LONGEST_TEXT), Privacy.CONTACT]
"""An employee as a source names her: often a name or an address."""
StaffCode = Annotated[
    str, StringConstraints(min_length=1, strip_whitespace=True), Field(coerce_numbers_to_str=True), Privacy.CONTACT
]
"""A short name by which a source tells employees apart: often an address."""
Note = Annotated[str, Field(coerce_numbers_to_str=True, max_length=LONGEST_TEXT), Privacy.SENSITIVE]
"""A short text in somebody's own words, such as a reason."""
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
"""A BCP 47 tag such as `en` or `de-AT`."""
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""An ISO 3166 code of two letters."""
SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*(:[A-Za-z0-9_.-]+)?$")]
"""The name a connection's records carry, such as `hubspot:mortgages`."""
Ref = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*(:[A-Za-z0-9_.-]+)?/(?s:.+)$")]
"""A record of a source: the source's name, a slash, its id there."""


class Frozen(BaseModel):
    """Base of values and records: frozen, no unknown fields, messages without the input."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse, and do not show the value as pydantic would."""
        details = InitErrorDetails(type="frozen_instance", loc=(name,), input=None)
        raise ValidationError.from_exception_data(type(self).__name__, [details], hide_input=True)


class Value(Frozen):
    """Base of the values."""


class Money(Value):
    """An amount in a currency, exact to six decimals.

    Example:
        >>> Money(amount="12.50", currency="EUR")
        Money(amount=Decimal('12.50'), currency='EUR')
    """

    amount: Exact
    """The amount in units of the currency."""
    currency: Currency
    """ISO 4217 code."""


class Direction(StrEnum):
    """Which end of a scale is the good one."""

    HIGHER = "higher_is_better"
    LOWER = "lower_is_better"


class Scale(Value):
    """The scale that a score was given on.

    Example:
        >>> Scale(min=0, max=10).holds(11)
        False
    """

    min: Real
    """Lowest score that can be given."""
    max: Real
    """Highest score that can be given."""
    direction: Direction = Direction.HIGHER
    """Which end is the good one."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max <= self.min:
            code = "scale_order"
            raise PydanticCustomError(code, "a scale's highest score must be above its lowest")
        return self

    def holds(self, score: float) -> bool:
        """Whether a score lies on the scale, both ends included."""
        return self.min <= score <= self.max


class Text(Value):
    """Words of a person, with their language."""

    value: Annotated[str, Field(max_length=LONGEST_TEXT), Privacy.SENSITIVE]
    """The words as written."""
    lang: Language = "und"
    """BCP 47 tag; `und` when nobody said."""

    def __repr__(self) -> str:
        return f"Text({len(self.value)} characters, lang={self.lang!r})"

    __str__ = __repr__

    def __repr_args__(self) -> list[tuple[str, object]]:
        """What other ways of printing show of it: no words either."""
        return [("characters", len(self.value)), ("lang", self.lang)]
