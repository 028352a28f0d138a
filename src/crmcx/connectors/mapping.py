"""Mappings as data: which field of a class comes from where in a record, by which named conversion.

A mapping holds no code. It can be written down as JSON, hashed, compared and printed in the docs; `compiled.py` turns
it into one pydantic validator.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as MappingType
from typing import Any

from attrs import asdict, evolve, frozen
from pydantic import BaseModel

from crmcx.connectors.conversions import (
    Condition,
    Constant,
    Conversion,
    DayAs,
    DurationIn,
    Given,
    InstantAs,
    Joined,
    MoneyOf,
    NumberAs,
    Path,
    Plain,
    RefTo,
    ScaleOf,
    ShortestDecimal,
    TextOf,
    Words,
    as_path,
)
from crmcx.errors import MappingError
from crmcx.models.base import Model, Part, Record
from crmcx.models.fields import leaves


@frozen
class PartMapping:
    """How one nested part is made of a record."""

    cls: type[Part]
    fields: tuple[tuple[str, Conversion], ...]
    when: Condition | None
    each: tuple[str | int, ...] | None = None


@frozen
class Mapping:
    """How one class is made of a record; write it with `mapping`."""

    cls: type[Record]
    id: Conversion
    fields: tuple[tuple[str, Conversion], ...]
    parts: tuple[PartMapping, ...]
    version: Conversion | None
    known_at: Conversion | None
    when: Condition | None

    def describe(self) -> dict[str, Any]:
        """The mapping as plain data that can be written as JSON."""

        def plain(_inst: type, _attr: Any, value: Any) -> Any:  # noqa: ANN401 - attrs' own signature
            return value.__name__ if isinstance(value, type) else _as_json(value)

        def named(conversion: Conversion | None) -> Any:  # noqa: ANN401 - nested plain data
            if conversion is None:
                return None
            nested = {
                name: named(value) if isinstance(value, Conversion) else _as_json(value)
                for name, value in asdict(conversion, recurse=False).items()
            }
            return {"conversion": type(conversion).__name__, **nested}

        return {
            "class": self.cls.__name__,
            "id": named(self.id),
            "fields": {name: named(conversion) for name, conversion in self.fields},
            "parts": [
                {
                    "class": part.cls.__name__,
                    "fields": {name: named(conversion) for name, conversion in part.fields},
                    "when": part.when and asdict(part.when, value_serializer=plain),
                    **({} if part.each is None else {"each": list(part.each)}),
                }
                for part in self.parts
            ],
            "version": named(self.version),
            "known_at": named(self.known_at),
            "when": self.when and asdict(self.when, value_serializer=plain),
        }

    def extended(self, cls: type[Record], **fields: Given) -> Mapping:
        """The mapping for a class of one's own, with where the fields come from that it adds.

        Args:
            cls: A class derived from the mapping's.
            fields: Field name to path or conversion.

        Raises:
            MappingError: The class is none derived from it, or has no such field.
        """
        if not issubclass(cls, self.cls):
            msg = f"{cls.__name__} is not derived from {self.cls.__name__}, which the mapping makes"
            raise MappingError(msg, hint=f"write class {cls.__name__}({self.cls.__name__})")
        said = dict(self.fields) | dict(checked_fields(cls, {**dict(self.fields), **fields}))
        return evolve(self, cls=cls, fields=tuple(said.items()))

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of the mapping, first 16 digits."""
        text = json.dumps(self.describe(), sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _as_json(value: Any) -> Any:  # noqa: ANN401 - any value of a constant
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _conversion(given: Given) -> Conversion:
    return given if isinstance(given, Conversion) else Plain(given)


def checked_fields(cls: type[Model], fields: MappingType[str, Given]) -> list[tuple[str, Conversion]]:
    """What is said of the fields of a class, as conversions.

    Raises:
        MappingError: A field that the class does not have, or one left out that every record of it has.
    """
    known = {leaf.path[0] for leaf in leaves(cls)}
    unknown = sorted(fields.keys() - known)
    if unknown:
        msg = f"{cls.__name__} has no field {', '.join(unknown)}; it has: {', '.join(sorted(known))}"
        raise MappingError(msg, hint="map it to one of these, or leave it out and it is kept in extra")
    required = {name for name, info in cls.model_fields.items() if info.is_required()} - {"source", "source_id"}
    missing = sorted(required - fields.keys())
    if missing:
        msg = f"the mapping of {cls.__name__} leaves out {', '.join(missing)}, which every {cls.__name__} has"
        raise MappingError(msg, hint="name a path for it, or constant(...) when it is the same for every record")
    return [(name, _conversion(given)) for name, given in fields.items()]


def mapping(
    cls: type[Record],
    *,
    id: Given,  # noqa: A002 - the field's own word
    version: Given | None = None,
    known_at: Given | None = None,
    when: Condition | None = None,
    parts: tuple[PartMapping, ...] = (),
    **fields: Given,
) -> Mapping:
    """Say how one class is made of a record.

    Args:
        cls: The class of the model.
        id: The record's id in the source, unique among the records of this class.
        version: The source's order of versions. With it, many records may fold into one: the highest version wins,
            whatever the order of arrival.
        known_at: When the source itself first knew it, for sources that keep history.
        when: Make the class only of records that meet this; without it, of every record.
        parts: Nested parts, such as contact points and answers.
        fields: Field name to path or conversion. What is not mapped is kept in `extra`.

    Returns:
        The mapping, as frozen data.

    Raises:
        MappingError: A field does not exist, or a required one is left out.

    Example:
        >>> from crmcx.models import Deal
        >>> mapping(Deal, id="opportunity", status=words("stage", {"Won": "won", "Lost": "lost"})).cls.__name__
        'Deal'
    """
    return Mapping(
        cls=cls,
        id=_conversion(id),
        fields=tuple(checked_fields(cls, fields)),
        parts=tuple(parts),
        version=None if version is None else _conversion(version),
        known_at=None if known_at is None else _conversion(known_at),
        when=when,
    )


def constant(value: object) -> Constant:
    """The same value for every record, such as a currency or a channel."""
    return Constant(value)


def instant(path: Path, *, format: str | None = None, zone: str | None = None, unit: str | None = None) -> InstantAs:  # noqa: A002
    """A moment in another spelling.

    Args:
        path: Where it stands.
        format: How it is written, in the letters of `datetime.strptime`; None for ISO 8601.
        zone: IANA name of the zone in which times without an offset were written.
        unit: `s`, `ms` or `us` when it is a number counted since 1970 in UTC.
    """
    if unit is not None and unit not in {"s", "ms", "us"}:
        msg = f"found unit {unit!r}, expected s, ms or us"
        raise MappingError(msg, hint="name the unit in which the source counts since 1970")
    return InstantAs(path, format=format, zone=zone, unit=unit)


def day(path: Path, *, format: str = "%Y-%m-%d") -> DayAs:  # noqa: A002 - strptime's own word
    """A day in another spelling, in the letters of `datetime.strptime`."""
    return DayAs(path, format=format)


def duration(path: Path, *, unit: str = "seconds") -> DurationIn:
    """A length of time counted in `milliseconds`, `seconds`, `minutes`, `hours` or `days`."""
    if unit not in {"milliseconds", "seconds", "minutes", "hours", "days"}:
        msg = f"found unit {unit!r}, expected milliseconds, seconds, minutes, hours or days"
        raise MappingError(msg, hint="name the unit in which the source counts")
    return DurationIn(path, unit=unit)


def number(path: Path, *, decimal: str = ".", thousands: str = "") -> NumberAs:
    """A number written with other separators, such as `1.234,50`."""
    return NumberAs(path, decimal=decimal, thousands=thousands)


def shortest_decimal(path: Path) -> ShortestDecimal:
    """A float as the shortest decimal that reads back as the same float; the named way from float to money."""
    return ShortestDecimal(path)


def money(amount: Given, *, currency: str | Conversion) -> MoneyOf:
    """An amount and its currency.

    Args:
        amount: Where the amount stands, or a conversion of it.
        currency: An ISO 4217 code for all records, or a conversion such as `at("currency")`.
    """
    return MoneyOf(_conversion(amount), currency if isinstance(currency, Conversion) else Constant(currency))


def text(value: Given, *, lang: str | Conversion = "und") -> TextOf:
    """Words of a person; the language is a BCP 47 tag for all records, or a conversion such as `at("lang")`."""
    return TextOf(_conversion(value), lang if isinstance(lang, Conversion) else Constant(lang))


def scale(low: Given, high: Given, *, direction: Given) -> ScaleOf:
    """The scale of a score, where each record says its own; for one that is the same for all, `constant(Scale(...))`.

    Args:
        low: Where the lowest score stands.
        high: Where the highest score stands.
        direction: Where it stands which end is the good one, in the model's words.
    """
    return ScaleOf(_conversion(low), _conversion(high), _conversion(direction))


def at(*path: str | int) -> Plain:
    """The value at a path, step by step down through nested ones."""
    return Plain(path)


def words(path: Path, table: MappingType[str, str | bool], *, other: str | None = None) -> Words:
    """The source's own words for the values of an enumeration.

    Args:
        path: Where the word stands.
        table: The source's word to ours; a word that ends in `*` stands for all that begin so, after the exact ones.
        other: Ours for a word that is not in the table; without it, such a record is quarantined.
    """
    return Words(path, table=tuple(table.items()), other=other)


def ref(path: Path, *, source: str | None = None, prefix: str = "") -> RefTo:
    """The record that an id points to.

    Args:
        path: Where the id stands.
        source: Name of another connection, when the id is one of its ids.
        prefix: What the other mapping puts before its ids.
    """
    return RefTo(path, source=source, prefix=prefix)


def joined(*paths: Path, separator: str = "#") -> Joined:
    """Several values as one id, in their order."""
    return Joined(tuple(as_path(path) for path in paths), separator=separator)


def present(path: Path) -> Condition:
    """Where the path holds anything."""
    return Condition(path)


def equals(path: Path, *values: str) -> Condition:
    """Where the path holds one of the values."""
    return Condition(path, values)


def part(cls: type[Part], *, when: Condition | None = None, each: Path | None = None, **fields: Given) -> PartMapping:
    """A nested part of a record.

    Args:
        cls: The class of the part.
        when: Make it only where this is met.
        each: Where a list stands, of whose items each makes a part; the paths of fields, and of `when`, then begin at
            the item. An item that cannot be mapped puts its whole record aside.
        fields: Field name to path or conversion.

    Example:
        >>> from crmcx.models import PipelineStage
        >>> part(PipelineStage, each="stages", stage="id", name="label").each
        ('stages',)
    """
    return PartMapping(cls, tuple(checked_fields(cls, fields)), when, None if each is None else as_path(each))


__all__ = [
    "Condition",
    "Conversion",
    "Mapping",
    "PartMapping",
    "at",
    "constant",
    "day",
    "duration",
    "equals",
    "instant",
    "joined",
    "mapping",
    "money",
    "number",
    "part",
    "present",
    "ref",
    "scale",
    "shortest_decimal",
    "text",
    "words",
]
