"""The values of one ask, validated as a column: at once where all are right, closer where something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Annotated, Any, Union

from pydantic import ConfigDict, FailFast, Field, PlainValidator, TypeAdapter, ValidationError

from crmcx.connectors.conversions import Joined, Plain, RefTo
from crmcx.connectors.plan import Ask
from crmcx.connectors.straight import cents_micros, days, instants_us, names_stripped
from crmcx.models.fields import Kind

_BAD = object()
_PIECE = 25
_QUIET = ConfigDict(hide_input_in_errors=True)


class ColumnCheck:
    """Validates what is found for one ask.

    Args:
        ask: The ask.
    """

    def __init__(self, ask: Ask) -> None:
        self._kind = ask.kind
        self._quick = _quick(ask)

    # A sync that finds little new is done before either of them is needed, and making them would be much of its time.

    @cached_property
    def _strict(self) -> TypeAdapter[list[Any]]:
        all_of: Any = Annotated[list.__class_getitem__(self._kind), FailFast()]
        return TypeAdapter(all_of, config=_QUIET)

    @cached_property
    def _forgiving(self) -> TypeAdapter[list[Any]]:
        bad = Annotated[object, PlainValidator(lambda _value: _BAD)]
        either: Any = Annotated[Union.__getitem__((self._kind, bad)), Field(union_mode="left_to_right")]
        some_of: Any = list.__class_getitem__(either)
        return TypeAdapter(some_of, config=_QUIET)

    def checked(self, values: Sequence[Any], wrong: set[int]) -> Sequence[Any]:
        """The values, validated; the places of those that are wrong are added to `wrong`."""
        right = self._at_once(values, self._quick or self._all_right)
        if right is not None:
            return right
        found: list[Any] = []
        for start in range(0, len(values), _PIECE):
            found += self._piece(values[start : start + _PIECE])
        wrong.update(at for at, value in enumerate(found) if value is _BAD)
        return found

    def _piece(self, values: Sequence[Any]) -> Sequence[Any]:
        for way in (self._quick, self._all_right):
            right = None if way is None else self._at_once(values, way)
            if right is not None:
                return right
        return self._forgiving.validate_python(values)

    def _all_right(self, values: Sequence[Any]) -> Sequence[Any]:
        return self._strict.validate_python(values)

    @staticmethod
    def _at_once(values: Sequence[Any], way: Callable[[Sequence[Any]], Sequence[Any]]) -> Sequence[Any] | None:
        """The values, where this way finds them all right."""
        try:
            return way(values)
        except (ValidationError, TypeError, ValueError, LookupError):
            return None


_QUICK: dict[Kind, Callable[..., list[Any]]] = {
    Kind.INSTANT: instants_us,
    Kind.EXACT: cents_micros,
    Kind.DAY: days,
}
"""For the kinds that are costly a way that is quicker where all values are as usual, and raises where one is not."""


def _quick(ask: Ask) -> Callable[[Sequence[Any]], list[Any]] | None:
    if ask.leaf is None:
        return None
    if isinstance(ask.said, RefTo):
        return partial(names_stripped, required=ask.required)
    made = _QUICK.get(ask.leaf.kind) if isinstance(ask.said, Plain | Joined) else None
    return None if made is None else partial(made, required=ask.required)
