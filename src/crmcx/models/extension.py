"""Classes of your own that add fields to one of the model: `class AcmeDeal(Deal): region: Label | None = None`.

Type checkers see the fields, mappings fill them, frames have them as columns. A store keeps them in `extra` of the
class they extend, with their types, so that no table changes when a field comes or goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from crmcx.errors import UsageError
from crmcx.models.base import Model
from crmcx.models.cells import decode
from crmcx.models.extra import read_extra, write_extra
from crmcx.models.fields import Leaf, leaves, parts

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
        UsageError: It adds a list of parts, or a field whose column the table has already.
    """
    kept_in = stored_class(cls)
    if kept_in is cls:
        return ()
    nested = sorted(parts(cls).keys() - parts(kept_in).keys())
    if nested:
        msg = f"{cls.__name__} adds the parts {', '.join(nested)} to {kept_in.__name__}; it can add single values only"
        raise UsageError(msg, hint="leave lists in extra, under the source's own name")
    added = tuple(leaf for leaf in leaves(cls) if leaf.path[0] not in kept_in.model_fields)
    taken = sorted((_columns(leaves(kept_in)) | _ENVELOPE) & _columns(added))
    if taken:
        msg = f"{cls.__name__} adds a field for the column {', '.join(taken)}, which {kept_in.__name__} has already"
        raise UsageError(msg, hint="give the field another name")
    return added


def _columns(found: Sequence[Leaf]) -> set[str]:
    return {name for leaf in found for name in (leaf.column, leaf.key_column) if name is not None}


def in_extra(cls: type[Model], cells: Mapping[str, Sequence[Any]]) -> Mapping[str, Sequence[Any]]:
    """The cells of a class as its table keeps them: what it adds goes into `extra`.

    A field of the source that has the same name as an added one stays in `extra` as `<name>_said`.
    """
    added = custom_leaves(cls)
    if not added:
        return cells
    values = [(leaf.path, decode(leaf, cells[leaf.column])) for leaf in added]
    names = {leaf.path[0] for leaf in added}
    extras = []
    for row, text in enumerate(cells["extra"]):
        extra = {f"{name}_said" if name in names else name: value for name, value in read_extra(text).items()}
        for (field, *inner), column in values:
            if column[row] is None:
                continue
            if inner:
                extra.setdefault(field, {})[inner[0]] = column[row]
            else:
                extra[field] = column[row]
        extras.append(write_extra(extra))
    columns = {leaf.column for leaf in added}
    return {name: column for name, column in cells.items() if name not in columns} | {"extra": extras}
