"""Classes of your own that add fields to one of the model: `class AcmeDeal(Deal): region: Label | None = None`.

Type checkers see the fields, mappings fill them, frames have them as columns. A store keeps them in `extra` of the
class they extend, with their types, so that no table changes when a field comes or goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from crmcx.errors import UsageError
from crmcx.models.base import Model
from crmcx.models.cells import decode
from crmcx.models.extra import read_extra, write_extra
from crmcx.models.fields import Leaf, default_of, leaves, parts

_BARE = {
    float: "Real",
    int: "Whole",
    Decimal: "Exact",
    datetime: "Instant",
    date: "Day",
    timedelta: "Duration",
}
"""Plain types, and the values that say no where these would convert."""
_ENVELOPE = {"key", "source", "source_id", "known_us", "version", "raw_ref", "content_hash", "extra", "person_id"}


@cache
def stored_class(cls: type[Model]) -> type[Model]:
    """The class in whose table objects of a class are kept: the one that names the table.

    Example:
        >>> from crmcx.models import Deal
        >>> class AcmeDeal(Deal):
        ...     region: str | None = None
        >>> stored_class(AcmeDeal).__name__
        'Deal'
    """
    return next((base for base in cls.__mro__ if "table" in vars(base)), cls)


@cache
def custom_leaves(cls: type[Model]) -> tuple[Leaf, ...]:
    """The leaves that a class adds to the one it extends; none for a class of the model.

    Raises:
        UsageError: It adds a list of parts, a field of a type that no column holds or that converts silently, or one
            whose column the table has already; or it turns a field of the model into one of another kind.
    """
    kept_in = stored_class(cls)
    if kept_in is cls:
        return ()
    nested = sorted(name for name, part in parts(cls).items() if parts(kept_in).get(name) is not part)
    if nested:
        msg = f"{cls.__name__} adds the parts {', '.join(nested)} to {kept_in.__name__}; it can add single values only"
        raise UsageError(msg, hint="leave lists in extra, under the source's own name")
    _demand_same(cls, kept_in)
    added = tuple(leaf for leaf in leaves(cls) if leaf.path[0] not in kept_in.model_fields)
    for leaf in added:
        if leaf.annotation in _BARE and len(leaf.path) == 1:
            msg = f"{cls.__name__}.{leaf.path[0]} is {leaf.annotation.__name__}, which converts what it should refuse"
            raise UsageError(msg, hint=f"use values.{_BARE[leaf.annotation]} of crmcx.models")
    names = [name.casefold() for leaf in added for name in (leaf.column, leaf.key_column) if name is not None]
    there = {name.casefold() for name in _columns(leaves(kept_in)) | _ENVELOPE}
    taken = sorted({name for name in names if name in there or names.count(name) > 1})
    if taken:
        msg = f"{cls.__name__} adds a field for the column {', '.join(taken)}, which {kept_in.__name__} has already"
        raise UsageError(msg, hint="give the field another name; capitals do not tell columns apart")
    return added


def _demand_same(cls: type[Model], kept_in: type[Model]) -> None:
    """Demand that fields of the model that a class says anew are still written as before."""
    before = {(leaf.path, leaf.column): leaf.kind for leaf in leaves(kept_in)}
    now = {(leaf.path, leaf.column): leaf.kind for leaf in leaves(cls) if leaf.path[0] in kept_in.model_fields}
    other = sorted({path[0] for path, _ in before.keys() | now.keys() if before.get((path, _)) != now.get((path, _))})
    if other:
        msg = f"{cls.__name__} turns {', '.join(other)} of {kept_in.__name__} into another kind of value"
        raise UsageError(msg, hint="add a field with another name")


def _columns(found: Sequence[Leaf]) -> set[str]:
    return {name for leaf in found for name in (leaf.column, leaf.key_column) if name is not None}


def in_extra(cls: type[Model], cells: Mapping[str, Sequence[Any]]) -> Mapping[str, Sequence[Any]]:
    """The cells of a class as its table keeps them: what it adds goes into `extra`.

    A field of the source that has the same name as an added one stays in `extra` as `<name>_said`.
    """
    added = custom_leaves(cls)
    if not added:
        return cells
    values = [(leaf.path, decode(leaf, cells[leaf.column]), default_of(cls, leaf)) for leaf in added]
    names = {leaf.path[0] for leaf in added}
    extras = []
    for row, text in enumerate(cells["extra"]):
        extra = _with_room(read_extra(text), names)
        for (field, *inner), column, default in values:
            if column[row] is None:
                if default is not None:  # else whoever reads it would take the default for it
                    extra[field] = None
            elif inner:
                extra.setdefault(field, {})[inner[0]] = column[row]
            else:
                extra[field] = column[row]
        extras.append(write_extra(extra))
    columns = {leaf.column for leaf in added}
    return {name: column for name, column in cells.items() if name not in columns} | {"extra": extras}


def _with_room(extra: Mapping[str, Any], names: AbstractSet[str]) -> dict[str, Any]:
    """What a source said, with other names for what would stand where added fields stand."""
    found = {name: value for name, value in extra.items() if name not in names}
    for name in sorted(extra.keys() & names):
        free = f"{name}_said"
        while free in found or free in names:
            free += "_"
        found[free] = extra[name]
    return found
