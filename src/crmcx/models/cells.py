"""How one value of a leaf is written in a column: plain integers, floats, texts and flags.

The formulas of `instants` are written out here, since a call per value is what a sync would feel most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any

from crmcx.instants import EPOCH, EPOCH_ORDINAL, MICROSECOND, date_of, from_us
from crmcx.models.fields import Kind, Leaf

MILLION = 1_000_000


def micros(value: Decimal) -> int:
    """An exact number as millionths.

    Example:
        >>> micros(Decimal("12.50"))
        12500000
    """
    numerator, denominator = value.as_integer_ratio()
    return numerator * MILLION // denominator


def encode(leaf: Leaf, values: Sequence[Any]) -> Sequence[Any]:
    """The values of one leaf as the cells of its column; None stays None."""
    if leaf.kind is Kind.INSTANT:
        return [None if value is None else (value - EPOCH) // MICROSECOND for value in values]
    if leaf.kind is Kind.DURATION:
        return [None if value is None else value // MICROSECOND for value in values]
    if leaf.kind is Kind.DAY:
        return [None if value is None else value.toordinal() - EPOCH_ORDINAL for value in values]
    if leaf.kind is Kind.EXACT:
        return [None if value is None else micros(value) for value in values]
    return values


def _from_micros(value: int) -> Decimal:
    return Decimal(value).scaleb(-6).normalize() + 0


_DECODE: dict[Kind, Callable[[Any], Any]] = {
    Kind.INSTANT: from_us,
    Kind.DAY: date_of,
    Kind.DURATION: lambda value: timedelta(microseconds=value),
    Kind.EXACT: _from_micros,
}


def decode(leaf: Leaf, cells: Iterable[Any]) -> list[Any]:
    """The cells of one column as the values of its leaf; None stays None."""
    make = _DECODE.get(leaf.kind)
    return list(cells) if make is None else [None if cell is None else make(cell) for cell in cells]


def reach(item: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any field of any class
    """The value at a path of attributes; None where the way ends, and of an enumeration its word."""
    for name in path:
        if item is None:
            return None
        item = getattr(item, name)
    return item.value if isinstance(item, Enum) else item


def cells_of(found: Iterable[Leaf], objects: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """The cells of some leaves, one per object, by column."""
    return {leaf.column: encode(leaf, _values_of(leaf, objects)) for leaf in found}


def _values_of(leaf: Leaf, objects: Sequence[Any]) -> list[Any]:
    """What `reach` finds in each object, a step of the path at a time."""
    first, *rest = leaf.path
    values = list(map(attrgetter(first), objects))
    for name in rest:
        values = [None if value is None else getattr(value, name) for value in values]
    return [value.value if isinstance(value, Enum) else value for value in values]
