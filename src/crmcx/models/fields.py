"""How a model class comes apart into plain columns: the one place that knows.

A leaf is one scalar of a class: `amount: Money` has two, `customer: Ref` has one. Mappings validate leaves, tables
store them, so both speak of the same columns.
"""

from __future__ import annotations

import types
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from attrs import frozen

from crmcx.errors import UsageError
from crmcx.models.base import Model, Part, Record
from crmcx.models.values import Money, Privacy, Scale, Target, Text, Value

ENVELOPE_FIELDS = frozenset({"source", "source_id", "known_at", "version", "extra"})


class Kind(StrEnum):
    """How a leaf is written in a column."""

    INSTANT = "instant"
    DAY = "day"
    DURATION = "duration"
    EXACT = "exact"
    WHOLE = "whole"
    REAL = "real"
    FLAG = "flag"
    WORD = "word"


@frozen
class Leaf:
    """One scalar of a class and its column."""

    column: str
    """Name of the column."""
    path: tuple[str, ...]
    """Attribute names from the object to the value."""
    kind: Kind
    """How it is written."""
    annotation: Any
    """The field's own type, to validate one value that is not None."""
    enum: type[Enum] | None
    """The class of an enumerated value."""
    nullable: bool
    """Whether None is allowed."""
    default: object
    """The value when nothing is said; None also when there is no default."""
    privacy: Privacy
    """How far it may be shown."""
    target: str | None
    """Name of the table that a reference points to."""
    named_by: str | None = None
    """The column that names that table, row by row, of a reference without one target."""

    @property
    def key_column(self) -> str | None:
        """The column that holds the key of what a reference points to; None for what is no reference."""
        is_ref = self.target is not None or self.named_by is not None
        return f"{self.column.removesuffix('_ref')}_key" if is_ref else None


_SUFFIXES = {
    (Money, "amount"): "{}_micros",
    (Money, "currency"): "{}_currency",
    (Text, "value"): "{}",
    (Text, "lang"): "{}_lang",
    (Scale, "min"): "{}_min",
    (Scale, "max"): "{}_max",
    (Scale, "direction"): "{}_direction",
}
_KINDS: tuple[tuple[type, Kind], ...] = (
    (bool, Kind.FLAG),
    (datetime, Kind.INSTANT),
    (date, Kind.DAY),
    (timedelta, Kind.DURATION),
    (Decimal, Kind.EXACT),
    (int, Kind.WHOLE),
    (float, Kind.REAL),
    (Enum, Kind.WORD),
    (str, Kind.WORD),
)


def _unwrap(hint: Any) -> tuple[Any, Any, list[object], bool]:  # noqa: ANN401 - a type hint has no better type
    """A hint as (class, hint without None, metadata, nullable)."""
    metadata: list[object] = []
    nullable = False
    bare = hint
    while True:
        if get_origin(bare) is Annotated:
            metadata += bare.__metadata__
            bare = bare.__origin__
        elif get_origin(bare) in {Union, types.UnionType}:
            nullable = True
            (bare,) = (arg for arg in get_args(bare) if arg is not type(None))
            hint = bare
        elif get_origin(bare) is Literal:
            return type(get_args(bare)[0]), hint, metadata, nullable
        else:
            return bare, hint, metadata, nullable


def _column(field: str, kind: Kind, *, is_ref: bool) -> str:
    if is_ref:
        return f"{field}_ref"
    if kind is Kind.INSTANT:
        return f"{field.removesuffix('_at')}_us"
    if kind is Kind.DAY:
        return f"{field.removesuffix('_on')}_day"
    if kind is Kind.DURATION:
        return f"{field}_us"
    return f"{field}_micros" if kind is Kind.EXACT else field


@cache
def leaves(cls: type[Model]) -> tuple[Leaf, ...]:
    """The leaves of a class in the order of its fields, without the envelope and without nested parts.

    Raises:
        UsageError: A field has a type that no column holds.
    """
    hints = get_type_hints(cls, include_extras=True)
    found: list[Leaf] = []
    for name in cls.model_fields:
        if (name in ENVELOPE_FIELDS and issubclass(cls, Record)) or name in parts(cls):
            continue
        try:
            found += _leaves_of(cls, name, hints[name])
        except (AttributeError, KeyError, StopIteration, TypeError, ValueError):
            msg = f"{cls.__name__}.{name} has a type that no column holds"
            raise UsageError(msg, hint="use one value: a type of crmcx.models.values, bool, or words") from None
    return tuple(found)


def _leaves_of(cls: type[Model], name: str, annotation: Any) -> list[Leaf]:  # noqa: ANN401 - a type hint
    """The leaves of one field."""
    info = cls.model_fields[name]
    bare, hint, metadata, nullable = _unwrap(annotation)
    if isinstance(bare, type) and issubclass(bare, Value):
        return _value_leaves(name, bare, nullable=nullable)
    target = next((mark for mark in metadata if isinstance(mark, Target)), None)
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    kind = _kind(bare)
    return [
        _leaf(
            (name,),
            hint,
            _column(name, kind, is_ref=target is not None),
            nullable=nullable,
            default=default.value if isinstance(default, Enum) else default,
            target=target,
            metadata=metadata,
        )
    ]


def _value_leaves(name: str, value: type[Value], *, nullable: bool) -> list[Leaf]:
    hints = get_type_hints(value, include_extras=True)
    found = []
    for part, info in value.model_fields.items():
        _, hint, metadata, _ = _unwrap(hints[part])
        default = None if info.is_required() else info.default
        found.append(
            _leaf(
                (name, part),
                hint,
                _SUFFIXES[value, part].format(name),
                nullable=nullable,
                default=default.value if isinstance(default, Enum) else default,
                target=None,
                metadata=metadata,
            )
        )
    return found


def _leaf(
    path: tuple[str, ...],
    hint: Any,  # noqa: ANN401 - a type hint has no better type
    column: str,
    *,
    nullable: bool,
    default: object,
    target: Target | None,
    metadata: list[object],
) -> Leaf:
    bare = _unwrap(hint)[0]
    return Leaf(
        column=column,
        path=path,
        kind=_kind(bare),
        annotation=hint,
        enum=bare if issubclass(bare, Enum) else None,
        nullable=nullable,
        default=default,
        privacy=next((mark for mark in metadata if isinstance(mark, Privacy)), Privacy.NONE),
        target=target.table if target else None,
        named_by=target.named_by if target else None,
    )


def _kind(bare: type) -> Kind:
    return next(kind for base, kind in _KINDS if issubclass(bare, base))


def default_of(cls: type[Model], leaf: Leaf) -> Any:  # noqa: ANN401 - any value of a field
    """The value of a leaf when nothing is said of its field; None too where there is no default."""
    info = cls.model_fields[leaf.path[0]]
    value = None if info.is_required() else info.get_default(call_default_factory=True)
    for name in leaf.path[1:]:
        value = getattr(value, name, None)
    return value.value if isinstance(value, Enum) else value


@cache
def parts(cls: type[Model]) -> dict[str, type[Part]]:
    """The nested parts of a class: field name and class."""
    found = {}
    for name, hint in get_type_hints(cls, include_extras=True).items():
        of = get_args(hint)[0] if get_origin(hint) is tuple and name in cls.model_fields else None
        if isinstance(of, type) and issubclass(of, Part):
            found[name] = of
    return found
