"""What fields a stream has: their kinds and how often they are filled, from its first records; no value is kept.

From it follow what has changed since an earlier one, and the text of a class for the fields that no mapping reads.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from attrs import frozen

from crmcx._html import html_table
from crmcx.connectors.compiled import Compiled
from crmcx.connectors.fates import ITEMS, spelled, values_of
from crmcx.connectors.sample import SAMPLE_ROWS, sampled
from crmcx.connectors.streams import Stream
from crmcx.errors import UsageError
from crmcx.models.base import Record
from crmcx.models.fields import Leaf, leaves

_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")
"""Not what begins with a plus or a zero, which is no number but one of a telephone, a postcode or an account."""
_EXACT = re.compile(r"-?(0|[1-9]\d*)\.\d{1,6}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")
_WORDS_OF_FLAGS = {"true", "false"}


class FieldKind(StrEnum):
    """What the values of a field look like."""

    FLAG = "flag"
    WHOLE = "whole"
    EXACT = "exact"
    REAL = "real"
    DAY = "day"
    INSTANT = "instant"
    TEXT = "text"


_RESERVED = frozenset(
    [
        "key",
        "source",
        "source_id",
        "known",
        "known_at",
        "known_us",
        "version",
        "raw_ref",
        "content_hash",
        "extra",
        "person_id",
        "values",
        "bool",
    ]
)
"""Names that a table, or the text of the class itself, has need of."""
_TYPES = {
    FieldKind.FLAG: "bool",
    FieldKind.WHOLE: "values.Whole",
    FieldKind.EXACT: "values.Exact",
    FieldKind.REAL: "values.Real",
    FieldKind.DAY: "values.Day",
    FieldKind.INSTANT: "values.Instant",
    FieldKind.TEXT: "values.Note",
}


def wider(*kinds: FieldKind | None) -> FieldKind | None:
    """The kind that holds values of all of these, at last text; None for none."""
    found = {kind for kind in kinds if kind is not None}
    if len(found) <= 1:
        return next(iter(found), None)
    if found <= {FieldKind.WHOLE, FieldKind.EXACT, FieldKind.REAL}:
        return FieldKind.REAL if FieldKind.REAL in found else FieldKind.EXACT
    return FieldKind.TEXT


@frozen(kw_only=True)
class SourceField:
    """One field of a source."""

    path: tuple[str, ...]
    """Its names from the record down; `[]` stands for all items of a list."""
    kinds: tuple[tuple[FieldKind, int], ...]
    """How many of its values look like what, the most frequent first."""
    filled: int
    """How many records have a value in it."""

    @property
    def name(self) -> str:
        """The path as one text, such as `requester.id` or `tags[]`."""
        return spelled(self.path)

    @property
    def kind(self) -> FieldKind | None:
        """What all its values are; None without values. Of mixed ones what holds them all, at last text."""
        return wider(*(kind for kind, _ in self.kinds))


@frozen(kw_only=True)
class CatalogueDiff:
    """What is other than in an earlier catalogue of the same stream."""

    added: tuple[str, ...]
    """Fields that were not there."""
    removed: tuple[str, ...]
    """Fields that are no longer there."""
    changed: tuple[tuple[str, FieldKind | None, FieldKind | None], ...]
    """Fields of another kind: name, kind before, kind now."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@frozen(kw_only=True, repr=False)
class Catalogue:
    """The fields of a stream. Prints as a table; a notebook shows it as HTML."""

    stream: str
    """Name of the stream."""
    records: int
    """How many records were looked at."""
    fields: tuple[SourceField, ...]
    """Its fields, in the order in which the records name them."""
    read: frozenset[tuple[str, ...]]
    """The paths that the stream's mappings read."""

    @property
    def unread(self) -> tuple[SourceField, ...]:
        """The fields that no mapping reads, which land in `extra`."""
        return tuple(each for each in self.fields if not self._is_read(each))

    def _is_read(self, field: SourceField) -> bool:
        return any(field.path[:length] in self.read for length in range(1, len(field.path) + 1))

    def since(self, earlier: Catalogue) -> CatalogueDiff:
        """What is other than in an earlier catalogue."""
        before = {each.name: each.kind for each in earlier.fields}
        now = {each.name: each.kind for each in self.fields}
        return CatalogueDiff(
            added=tuple(name for name in now if name not in before),
            removed=tuple(name for name in before if name not in now),
            changed=tuple((name, before[name], kind) for name, kind in now.items() if before.get(name, kind) != kind),
        )

    def as_class(self, name: str, base: type[Record]) -> str:
        """The text of a class that adds the fields no mapping reads, to be put into a module and made one's own.

        Args:
            name: Name of the class.
            base: The class of the model that it extends.

        Returns:
            Python: one optional field each, with the path it comes from. Lists are left out; they stay in `extra`.
            A text is a note, which is not shown, until you know that it says nothing personal.

        Raises:
            UsageError: The name is none that a class can have.
        """
        if not name.isidentifier() or keyword.iskeyword(name):
            msg = f"found the name {name!r}, expected one that a class can have"
            raise UsageError(msg, hint="choose one such as AcmeDeal")
        lines = []
        for field, chosen in self._named(base):
            lines += [
                f"    {chosen}: {_TYPES[field.kind or FieldKind.TEXT]} | None = None",
                f"    # From {field.name!a}",
            ]
        head = [f"from crmcx.models import {base.__name__}, values", "", "", f"class {name}({base.__name__}):"]
        told = f'    """A {base.__name__} with the fields that {self.stream} adds."""'
        return "\n".join([*head, told, *([""] if lines else []), *lines, ""])

    def _named(self, base: type[Record]) -> Iterator[tuple[SourceField, str]]:
        taken = {
            *dir(base),
            *base.model_fields,
            *_RESERVED,
            *(name for leaf in leaves(base) for name in _columns(leaf)),
        }
        for field in self.unread:
            if ITEMS in field.path:
                continue
            words = re.sub(r"\W+|(?<=[a-z])(?=[A-Z])", "_", field.path[-1]).strip("_").lower()
            plain = words.isidentifier() and words.isascii() and not keyword.iskeyword(words)
            stem = words if plain and not words.startswith("model_") else f"field_{words}".rstrip("_")
            stem = stem if stem.isidentifier() else "field"
            chosen, number = stem, 1
            while chosen in taken:
                number += 1
                chosen = f"{stem}_{number}"
            taken.add(chosen)
            yield field, chosen

    def _rows(self) -> list[list[str]]:
        return [
            [each.name, each.kind or "-", f"{each.filled:,}", "mapped" if self._is_read(each) else "extra"]
            for each in self.fields
        ]

    @property
    def _caption(self) -> str:
        return f"{self.stream}: {len(self.fields)} fields in {self.records:,} records"

    def __repr__(self) -> str:
        rows = [["field", "kind", "filled", "lands in"], *self._rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([self._caption, *lines])

    def _repr_html_(self) -> str:
        return html_table(["field", "kind", "filled", "lands in"], self._rows(), self._caption)


def catalogue_of(stream: Stream, *, sample_rows: int = SAMPLE_ROWS) -> Catalogue:
    """The fields that the first records of a stream have; nothing is stored.

    Args:
        stream: The stream, such as `Files(...).streams()[0]`.
        sample_rows: How many records are read at most, at least 1.

    Returns:
        The catalogue. It holds names, kinds and counts, and no value. Text that looks like a number, a day or an
        instant counts as one; null is no value. A record that could not be taken apart counts and names no field.

    Raises:
        UsageError: `sample_rows` is less than 1.
    """
    kinds: dict[tuple[str, ...], Counter[FieldKind]] = {}
    filled: Counter[tuple[str, ...]] = Counter()
    records = 0
    for page, names in sampled(stream, sample_rows):
        records += len(page)
        for said in page:
            seen = set()
            for path, value in values_of(said, names):
                found = kinds.setdefault(path, Counter())
                if value is not None:
                    found[kind_of(value)] += 1
                    seen.add(path)
            filled.update(seen)
    return Catalogue(
        stream=stream.name,
        records=records,
        fields=tuple(
            SourceField(path=path, kinds=tuple(found.most_common()), filled=filled[path])
            for path, found in kinds.items()
        ),
        read=_read(stream),
    )


def _columns(leaf: Leaf) -> tuple[str, ...]:
    return tuple(name for name in (leaf.column, leaf.key_column) if name is not None)


def _read(stream: Stream) -> frozenset[tuple[str, ...]]:
    if not stream.maps:
        return frozenset()
    paths = {path for ask in Compiled(stream.maps, source="sample").asks for path in ask.paths}
    return frozenset(tuple(ITEMS if isinstance(step, int) else step for step in path) for path in paths)


def kind_of(value: object) -> FieldKind:
    """What a value looks like."""
    if isinstance(value, bool):
        return FieldKind.FLAG
    if isinstance(value, int):
        return FieldKind.WHOLE
    if isinstance(value, float):
        return FieldKind.REAL
    text = str(value).strip()
    if text.lower() in _WORDS_OF_FLAGS:
        return FieldKind.FLAG
    forms = ((_WHOLE, FieldKind.WHOLE), (_EXACT, FieldKind.EXACT), (_DAY, FieldKind.DAY), (_INSTANT, FieldKind.INSTANT))
    return next((kind for form, kind in forms if form.fullmatch(text)), FieldKind.TEXT)
