"""Conditions as data: which rows are meant, as JSON can hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import ge, gt, le, lt
from typing import Any

import narwhals.stable.v2 as nw
from attrs import field, fields, frozen

from crmcx.errors import UsageError

Word = str | int | float | bool | None


@frozen(kw_only=True)
class Span:
    """The numbers from one end to another; a missing number is in none."""

    at_least: float | None = None
    """The lowest that is in it."""
    above: float | None = None
    """The highest that is below it."""
    at_most: float | None = None
    """The highest that is in it."""
    below: float | None = None
    """The lowest that is above it."""

    def __attrs_post_init__(self) -> None:
        if all(each is None for each in (self.at_least, self.above, self.at_most, self.below)):
            msg = "found a span without an end, which holds every number"
            raise UsageError(msg, hint="say one, such as Span(at_least=9)")

    def to_dict(self) -> dict[str, float]:
        """Its ends, as JSON can hold them."""
        ends = {each.name: getattr(self, each.name) for each in fields(Span)}
        return {name: end for name, end in ends.items() if end is not None}

    def holds(self, column: str) -> nw.Expr:
        """Whether a column lies in it; never null."""
        number = nw.col(column)
        found = ~number.is_null()
        for end, compare in ((self.at_least, ge), (self.above, gt), (self.at_most, le), (self.below, lt)):
            found = found if end is None else found & compare(number, end)
        return found


def _parts(
    given: Mapping[str, Iterable[Word] | Mapping[str, float] | Span] | Iterable[tuple[str, Any]],
) -> tuple[tuple[str, tuple[Word, ...] | Span], ...]:
    pairs = sorted(given.items() if isinstance(given, Mapping) else given, key=lambda pair: pair[0])
    found: list[tuple[str, tuple[Word, ...] | Span]] = []
    for column, allowed in pairs:
        if isinstance(allowed, str):
            msg = f"the words of {column} are one text, expected several"
            raise UsageError(msg, hint=f'put them into a list: {{"{column}": ["{allowed}"]}}')
        if isinstance(allowed, Mapping):
            found.append((column, Span(**allowed)))
        else:
            found.append((column, allowed if isinstance(allowed, Span) else tuple(allowed)))
    return tuple(found)


@frozen
class Rows:
    """The rows for which every column holds one of its words, or lies in its span."""

    parts: tuple[tuple[str, tuple[Word, ...] | Span], ...] = field(default=(), converter=_parts)
    """Columns in order, each with its words (None stands for a missing value) or its span."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is about."""
        return tuple(column for column, _ in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Column to words or to the ends of a span, as JSON can hold it."""
        return {column: what.to_dict() if isinstance(what, Span) else list(what) for column, what in self.parts}

    def holds(self) -> nw.Expr:
        """Whether it holds; never null."""
        if not self.parts:
            msg = "found no condition, expected one"
            raise UsageError(msg, hint="name a column and its words")
        return nw.all_horizontal(*(_one(column, what) for column, what in self.parts), ignore_nulls=True)


def _one(column: str, what: tuple[Word, ...] | Span) -> nw.Expr:
    if isinstance(what, Span):
        return what.holds(column)
    words = [word for word in what if word is not None]
    missing = nw.col(column).is_null()
    found = nw.col(column).is_in(words) & ~missing if words else missing & ~missing
    return found | missing if None in what else found
