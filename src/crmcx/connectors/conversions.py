"""The named conversions, as data: from where in a record a value is taken, and what it becomes."""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

from attrs import field, frozen

from crmcx.models.fields import Kind

Path: TypeAlias = str | tuple[str | int, ...]
"""Where a value stands: the name of a column or key, or the way down through nested ones."""
Given: TypeAlias = "str | tuple[str | int, ...] | Conversion"
"""What a mapping says about a field: a path, or a conversion of one."""


def as_path(value: Path) -> tuple[str | int, ...]:
    """A path as a tuple; a text is one key as it stands, dots and blanks included."""
    return (value,) if isinstance(value, str) else tuple(value)


@frozen
class Conversion:
    """A named way from what a source wrote to what a field holds."""

    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)
    """The kinds of fields that it can be for."""
    parts: ClassVar[tuple[str, ...]] = ()
    """The parts of the value that it makes, when that has several, each by a conversion of its own."""


@frozen
class Plain(Conversion):
    """The value as it stands."""

    path: tuple[str | int, ...] = field(converter=as_path)


@frozen
class Constant(Conversion):
    """The same value for every record."""

    value: Any


@frozen
class InstantAs(Conversion):
    """A moment in another spelling."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.INSTANT})

    path: tuple[str | int, ...] = field(converter=as_path)
    format: str | None = None
    zone: str | None = None
    unit: str | None = None


@frozen
class DayAs(Conversion):
    """A day in another spelling."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.DAY})

    path: tuple[str | int, ...] = field(converter=as_path)
    format: str = "%Y-%m-%d"


@frozen
class DurationIn(Conversion):
    """A length of time counted in a unit."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.DURATION})

    path: tuple[str | int, ...] = field(converter=as_path)
    unit: str = "seconds"


@frozen
class NumberAs(Conversion):
    """A number with other separators."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.EXACT, Kind.WHOLE, Kind.REAL})

    path: tuple[str | int, ...] = field(converter=as_path)
    decimal: str = "."
    thousands: str = ""


@frozen
class ShortestDecimal(Conversion):
    """A float as the shortest decimal that reads back as the same float."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.EXACT, Kind.REAL})

    path: tuple[str | int, ...] = field(converter=as_path)


@frozen
class MoneyOf(Conversion):
    """An amount and its currency."""

    parts: ClassVar[tuple[str, ...]] = ("amount", "currency")

    amount: Conversion
    currency: Conversion


@frozen
class TextOf(Conversion):
    """Words and their language."""

    parts: ClassVar[tuple[str, ...]] = ("value", "lang")

    value: Conversion
    lang: Conversion


@frozen
class ScaleOf(Conversion):
    """A scale that each record brings along."""

    parts: ClassVar[tuple[str, ...]] = ("min", "max", "direction")

    min: Conversion
    max: Conversion
    direction: Conversion


@frozen
class Words(Conversion):
    """A source's own words for the values of an enumeration or flag."""

    path: tuple[str | int, ...] = field(converter=as_path)
    table: tuple[tuple[str, str | bool], ...] = ()
    other: str | None = None


@frozen
class RefTo(Conversion):
    """The record that an id of the source points to."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.WORD})

    path: tuple[str | int, ...] = field(converter=as_path)
    source: str | None = None
    prefix: str = ""


@frozen
class Joined(Conversion):
    """Several values as one id, in their order."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.WORD})

    paths: tuple[tuple[str | int, ...], ...]
    separator: str = "#"


@frozen
class Unless(Conversion):
    """The value, or None where the source's value is one of these codes; what an answer is made with.

    A score lies on its scale; a choice becomes the word of its table, where there is one.
    """

    path: tuple[str | int, ...]
    codes: tuple[str, ...]
    scale: tuple[float, float] | None = None
    table: tuple[tuple[str, str], ...] = ()


@frozen
class StateOf(Conversion):
    """The state of an answer: a code's own, `skipped` where nothing is said, else `answered`."""

    path: tuple[str | int, ...]
    codes: tuple[tuple[str, str], ...]


@frozen
class Native(Conversion):
    """The source's own word beside ours, as text."""

    path: tuple[str | int, ...] = field(converter=as_path)


@frozen
class Codes(Conversion):
    """The source's value where it is one of these codes, else None."""

    path: tuple[str | int, ...]
    codes: tuple[str, ...]


@frozen
class Condition:
    """When a mapping applies: where the path holds one of `values`, or anything at all when there are none."""

    path: tuple[str | int, ...] = field(converter=as_path)
    values: tuple[str, ...] = ()
