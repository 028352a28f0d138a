"""A stream's mappings as one pydantic validator: records in, columns of leaf values out, bad records apart."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from attrs import frozen
from pydantic import AliasPath, ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError, with_config
from typing_extensions import NotRequired, TypedDict

from crmcx.connectors.conversions import condition_type, validated
from crmcx.connectors.mapping import (
    Condition,
    Constant,
    Conversion,
    Joined,
    MoneyOf,
    PartMapping,
    Plain,
    StateOf,
    TextOf,
    Words,
)
from crmcx.connectors.mapping import Mapping as ClassMapping
from crmcx.models.base import Model, Record, write_extra
from crmcx.models.fields import Kind, Leaf, leaves
from crmcx.models.values import Code, Instant, Privacy, Whole

_BAD = object()
_ID = Leaf("source_id", ("source_id",), Kind.WORD, Code, None, nullable=False, default=None, privacy=Privacy.NONE, target=None)
_VERSION = Leaf("version", ("version",), Kind.WHOLE, Whole, None, nullable=True, default=None, privacy=Privacy.NONE, target=None)
_KNOWN = Leaf("known_us", ("known_at",), Kind.INSTANT, Instant, None, nullable=True, default=None, privacy=Privacy.NONE, target=None)


@frozen
class Rejected:
    """A record that could not be mapped."""

    index: int
    """Its place in the page."""
    field: str
    """The fields that are wrong, as class and field."""
    reason: str
    """What is wrong with each, without a customer's words."""


@frozen
class Rows:
    """What one mapping made of a page: leaf values by column, one row per record it applies to."""

    cls: type[Model]
    """The class of the rows."""
    indices: Sequence[int]
    """For each row the record's place in the page."""
    values: Mapping[str, Sequence[Any]]
    """Column to leaf values, with `source_id`, `version`, `known_us` and `extra` for records."""
    leaves: Mapping[str, Leaf]
    """Column to leaf."""
    parts: tuple[Rows, ...] = ()
    """The nested parts; their indices are places in these rows."""


@frozen
class Batch:
    """One page, mapped."""

    rows: tuple[Rows, ...]
    """Per mapping what it made."""
    rejected: tuple[Rejected, ...]
    """What could not be mapped."""


@frozen
class _Slot:
    """One column of a plan: a constant, or a key of the validated record."""

    leaf: Leaf
    key: str | None
    constant: Any = None
    default: Any = None
    follows: str | None = None


@frozen
class _Plan:
    cls: type[Model]
    slots: tuple[_Slot, ...]
    when: str | None
    parts: tuple[_Plan, ...] = ()
    required: tuple[_Slot, ...] = ()


class Compiled:
    """The mappings of one stream, compiled for one connection.

    Args:
        mappings: What each record becomes; the first one's `extra` keeps what none of them reads.
        source: Name of the connection.
    """

    def __init__(self, mappings: Sequence[ClassMapping], *, source: str) -> None:
        self._source = source
        self._fields: dict[str, Any] = {}
        self._origins: dict[str, tuple[str, tuple[str | int, ...], Leaf | None]] = {}
        self._joined: dict[str, Joined] = {}
        self._tree: dict[str | int, Any] = {}
        self._plans = tuple(self._plan(f"{number}", mapping) for number, mapping in enumerate(mappings))
        shape = TypedDict("Row", self._fields)  # type: ignore[operator] - the fields are data
        row: Any = with_config(ConfigDict(hide_input_in_errors=True, loc_by_alias=False))(shape)
        either = Annotated[row | Annotated[object, PlainValidator(lambda _value: _BAD)], Field(union_mode="left_to_right")]
        self._one: TypeAdapter[Any] = TypeAdapter(row)
        self._page: TypeAdapter[list[Any]] = TypeAdapter(list[either])

    @property
    def paths(self) -> frozenset[str]:
        """The top-level names that the mappings read."""
        return frozenset(str(name) for name in self._tree)

    # -- compiling -----------------------------------------------------------------------------------------------

    def _plan(self, prefix: str, mapping: ClassMapping) -> _Plan:
        when = self._condition(prefix, mapping.when)
        given = {"source_id": (mapping.id, _ID), "version": (mapping.version, _VERSION)}
        given["known_us"] = (mapping.known_at, _KNOWN)
        slots = [
            self._slot(prefix, mapping.cls, leaf, conversion, relaxed=when is not None)
            for conversion, leaf in given.values()
            if conversion is not None
        ]
        slots += self._slots(prefix, mapping.cls, dict(mapping.fields), relaxed=when is not None)
        parts = tuple(self._part(f"{prefix}.{number}", part) for number, part in enumerate(mapping.parts))
        return self._finished(mapping.cls, slots, when, parts)

    def _part(self, prefix: str, part: PartMapping) -> _Plan:
        when = self._condition(prefix, part.when)
        slots = self._slots(prefix, part.cls, dict(part.fields), relaxed=when is not None)
        return self._finished(part.cls, slots, when, ())

    def _finished(self, cls: type[Model], slots: list[_Slot], when: str | None, parts: tuple[_Plan, ...]) -> _Plan:
        there = {slot.leaf.column for slot in slots}
        for leaf in leaves(cls):
            if leaf.column not in there:
                slots.append(_Slot(leaf, None, constant=None if leaf.nullable else leaf.default))
        required = tuple(slot for slot in slots if when and slot.key and not slot.leaf.nullable and slot.default is None)
        return _Plan(cls, tuple(slots), when, parts, required)

    def _condition(self, prefix: str, condition: Condition | None) -> str | None:
        if condition is None:
            return None
        key = f"{prefix}.?"
        self._field(key, condition.path, condition_type(condition), required=False)
        return key

    def _slots(self, prefix: str, cls: type[Model], fields: dict[str, Conversion], *, relaxed: bool) -> list[_Slot]:
        by_field: dict[str, list[Leaf]] = {}
        for leaf in leaves(cls):
            by_field.setdefault(leaf.path[0], []).append(leaf)
        slots = []
        for name, conversion in fields.items():
            pair = _pair(conversion)
            if pair is None:
                for leaf in by_field[name]:
                    slots.append(self._slot(prefix, cls, leaf, conversion, relaxed=relaxed))
            else:
                first, second = by_field[name]
                slots.append(self._slot(prefix, cls, first, pair[0], relaxed=relaxed))
                slots.append(self._slot(prefix, cls, second, pair[1], relaxed=relaxed, follows=first.column))
            native = by_field.get(f"{name}_native")
            if isinstance(conversion, Words) and native and f"{name}_native" not in fields:
                slots.append(self._slot(prefix, cls, native[0], Plain(conversion.path), relaxed=relaxed))
        return slots

    def _slot(  # noqa: PLR0913 - each is one thing a slot is made of
        self,
        prefix: str,
        cls: type[Model],
        leaf: Leaf,
        conversion: Conversion,
        *,
        relaxed: bool,
        follows: str | None = None,
    ) -> _Slot:
        if isinstance(conversion, Constant):
            return _Slot(leaf, None, constant=_constant(leaf, conversion.value), follows=follows)
        key = f"{prefix}.{leaf.column}"
        nullable = leaf.nullable or relaxed or follows is not None
        kind = validated(conversion, leaf, source=self._source, nullable=nullable)
        path = self._path(conversion)
        self._origins[key] = (f"{cls.__name__}.{'.'.join(leaf.path)}", path, leaf)
        default = "skipped" if isinstance(conversion, StateOf) else None
        self._field(key, path, kind, required=not nullable and default is None)
        return _Slot(leaf, key, default=default, follows=follows)

    def _path(self, conversion: Conversion) -> tuple[str | int, ...]:
        if not isinstance(conversion, Joined):
            return conversion.path  # type: ignore[attr-defined] - every other conversion has one
        name = "\0" + "\0".join(".".join(map(str, path)) for path in conversion.paths)
        self._joined[name] = conversion
        for path in conversion.paths:
            self._reads(path)
        return (name,)

    def _field(self, key: str, path: tuple[str | int, ...], kind: Any, *, required: bool) -> None:  # noqa: ANN401
        alias = Annotated[kind, Field(validation_alias=AliasPath(*path))]  # type: ignore[arg-type] - first is a name
        self._fields[key] = alias if required else NotRequired[alias]
        self._origins.setdefault(key, (key, path, None))
        if not str(path[0]).startswith("\0"):
            self._reads(path)

    def _reads(self, path: tuple[str | int, ...]) -> None:
        node = self._tree
        for step in path[:-1]:
            node = node.setdefault(step, {})
            if node is True:
                return
        node[path[-1]] = True

    # -- running -------------------------------------------------------------------------------------------------

    def run(self, records: Sequence[Mapping[str, Any]], *, fields: Sequence[str] | None = None) -> Batch:
        """Map the records of one page.

        Args:
            records: The records as the source said them.
            fields: The names that every record has, when they all have the same.

        Returns:
            The rows of every mapping and the records that could not be mapped. No record is lost: each is in one of
            the two.
        """
        records = self._with_joined(records)
        with _no_collection():
            found = self._page.validate_python(records)
        rejected = [self._explain(index, records[index]) for index, row in enumerate(found) if row is _BAD]
        places = [index for index, row in enumerate(found) if row is not _BAD]
        good = [row for row in found if row is not _BAD] if rejected else found
        for at in self._incomplete(good):
            index = places[at]
            field, reason = self._missing(good[at])
            rejected.append(Rejected(index, field, reason))
            good[at] = None
        if len(rejected) + len(good) != len(found):
            places = [place for place, row in zip(places, good, strict=True) if row is not None]
            good = [row for row in good if row is not None]
        extras = self._extras([records[place] for place in places], fields)
        rows = []
        for number, plan in enumerate(self._plans):
            rows.append(self._rows(plan, good, places, extras if number == 0 else None))
        untouched = _untouched(rows, places)
        rejected += [Rejected(place, "", "no mapping of the stream applies to it") for place in untouched]
        return Batch(tuple(rows), tuple(sorted(rejected, key=lambda item: item.index)))

    def _with_joined(self, records: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        if not self._joined:
            return records
        return [
            {**record, **{name: _join(record, conversion) for name, conversion in self._joined.items()}}
            for record in records
        ]

    def _incomplete(self, good: Sequence[Any]) -> list[int]:
        """Places of rows that meet a condition and lack a field that the class needs."""
        conditional = [plan for top in self._plans for plan in (top, *top.parts) if plan.required]
        found = set()
        for plan in conditional:
            for at, row in enumerate(good):
                if row.get(plan.when) and any(row.get(slot.key) is None for slot in plan.required):
                    found.add(at)
        return sorted(found)

    def _missing(self, row: Mapping[str, Any]) -> tuple[str, str]:
        names = []
        for plan in (plan for top in self._plans for plan in (top, *top.parts)):
            if row.get(plan.when or ""):
                names += [self._origins[slot.key or ""] for slot in plan.required if row.get(slot.key or "") is None]
        fields = ", ".join(name for name, _, _ in names)
        return fields, "; ".join(f"{_spell(path)}: nothing is there, and a value is needed" for _, path, _ in names)

    def _explain(self, index: int, record: Mapping[str, Any]) -> Rejected:
        try:
            self._one.validate_python(record)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
        else:
            return Rejected(index, "", "could not be mapped")
        fields, reasons = [], []
        for detail in details:
            field, path, leaf = self._origins[str(detail["loc"][0])]
            fields.append(field)
            reasons.append(f"{_spell(path)}: found {_shown(record, path, leaf)}, {_lower(detail['msg'])}")
        return Rejected(index, ", ".join(dict.fromkeys(fields)), "; ".join(dict.fromkeys(reasons)))

    def _rows(
        self, plan: _Plan, good: Sequence[Any], places: Sequence[int], extras: Sequence[str | None] | None
    ) -> Rows:
        chosen, indices, kept = good, places, extras
        if plan.when is not None:
            at = [number for number, row in enumerate(good) if row.get(plan.when)]
            chosen = [good[number] for number in at]
            indices = [places[number] for number in at]
            kept = None if extras is None else [extras[number] for number in at]
        values = _columns(plan, chosen)
        if issubclass(plan.cls, Record):
            values["extra"] = kept if kept is not None else [None] * len(chosen)
        numbers = range(len(chosen))
        parts = tuple(self._rows(part, chosen, numbers, None) for part in plan.parts)
        return Rows(plan.cls, indices, values, {slot.leaf.column: slot.leaf for slot in plan.slots}, parts)

    def _extras(self, records: Sequence[Mapping[str, Any]], fields: Sequence[str] | None) -> list[str | None]:
        nested = {name: node for name, node in self._tree.items() if node is not True}
        if fields is not None and not nested:
            unread = sorted(set(fields) - self.paths)
            if not unread:
                return [None] * len(records)
            return [
                write_extra({name: record[name] for name in unread if record[name] is not None}) for record in records
            ]
        return [write_extra(_rest(record, self._tree)) for record in records]


def _pair(conversion: Conversion) -> tuple[Conversion, Conversion] | None:
    """The two conversions of a money or a text."""
    if isinstance(conversion, MoneyOf):
        return conversion.amount, conversion.currency
    if isinstance(conversion, TextOf):
        return conversion.value, conversion.lang
    return None


def _constant(leaf: Leaf, value: Any) -> Any:  # noqa: ANN401 - any value of a field
    if len(leaf.path) > 1 and hasattr(value, leaf.path[-1]):
        value = getattr(value, leaf.path[-1])
    checked = TypeAdapter(leaf.annotation).validate_python(value)
    return checked.value if leaf.enum else checked


def _columns(plan: _Plan, rows: Sequence[Any]) -> dict[str, Sequence[Any]]:
    values: dict[str, Sequence[Any]] = {}
    for slot in plan.slots:
        if slot.key is None:
            values[slot.leaf.column] = [slot.constant] * len(rows)
        elif slot.default is None:
            values[slot.leaf.column] = [row.get(slot.key) for row in rows]
        else:
            values[slot.leaf.column] = [row.get(slot.key, slot.default) for row in rows]
    for slot in plan.slots:
        if slot.follows:
            leading = values[slot.follows]
            own = values[slot.leaf.column]
            values[slot.leaf.column] = [None if first is None else second for first, second in zip(leading, own, strict=True)]
    if issubclass(plan.cls, Record):
        for column in ("version", "known_us"):
            values.setdefault(column, [None] * len(rows))
    return values


def _untouched(rows: Sequence[Rows], places: Sequence[int]) -> list[int]:
    if any(made.indices is places for made in rows):
        return []
    touched = {index for made in rows for index in made.indices}
    return [place for place in places if place not in touched]


def _join(record: Mapping[str, Any], conversion: Joined) -> str | None:
    values = [_at(record, path) for path in conversion.paths]
    return None if any(value is None for value in values) else conversion.separator.join(map(str, values))


def _at(record: Any, path: Sequence[str | int]) -> Any:  # noqa: ANN401 - nested data of a source
    for step in path:
        try:
            record = record[step]
        except (KeyError, IndexError, TypeError):
            return None
    return record


def _rest(record: Mapping[str, Any], tree: Mapping[str | int, Any]) -> dict[str, Any]:
    """The record without what the mappings read."""
    rest: dict[str, Any] = {}
    for name, value in record.items():
        node = tree.get(name)
        if node is None and not name.startswith("\0"):
            rest[name] = value
        elif isinstance(node, dict) and isinstance(value, dict):
            inner = _rest(value, node)
            if inner:
                rest[name] = inner
    return rest


def _spell(path: Sequence[str | int]) -> str:
    return repr(".".join(str(step) for step in path).strip("\0").replace("\0", "+"))


def _shown(record: Mapping[str, Any], path: Sequence[str | int], leaf: Leaf | None) -> str:
    value = _at(record, path)
    if value is None:
        return "nothing"
    if leaf is not None and leaf.privacy is Privacy.NONE and isinstance(value, str | int | float) and len(str(value)) <= 40:
        return repr(value)
    return f"{type(value).__name__} of {len(str(value))} characters"


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


@contextmanager
def _no_collection() -> Iterator[None]:
    """The garbage collector pauses while one page is validated: its objects all live on."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()

