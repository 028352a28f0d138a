"""What a mapping asks of a record: slots to validate, their order, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import field, frozen

from crmcx.connectors.conversions import (
    Condition,
    Constant,
    Conversion,
    InstantAs,
    Joined,
    Native,
    RefTo,
    StateOf,
    Words,
)
from crmcx.connectors.mapping import Mapping, PartMapping
from crmcx.connectors.validators import checked_word, condition_type, gives_cells, validated
from crmcx.errors import MappingError
from crmcx.models.base import Model
from crmcx.models.cells import encode
from crmcx.models.fields import Kind, Leaf, default_of, leaves
from crmcx.models.values import Code, Instant, Privacy, Whole

Path = tuple[str | int, ...]


def _envelope(column: str, name: str, kind: Kind, annotation: Any, *, nullable: bool) -> Leaf:  # noqa: ANN401
    return Leaf(
        column, (name,), kind, annotation, None, nullable=nullable, default=None, privacy=Privacy.NONE, target=None
    )


_ID = _envelope("source_id", "source_id", Kind.WORD, Code, nullable=False)
_VERSION = _envelope("version", "version", Kind.WHOLE, Whole, nullable=True)
_VERSION_INSTANT = _envelope("version", "version", Kind.INSTANT, Instant, nullable=True)
KNOWN = _envelope("known_us", "known_at", Kind.INSTANT, Instant, nullable=True)
"""The instant at which a record became known."""


@frozen
class Ask:
    """One value that is taken from a record and validated."""

    paths: tuple[Path, ...]
    """Where it stands; several are joined."""
    kind: Any
    """The type that validates it."""
    required: bool
    """Whether the record is wrong without it."""
    name: str
    """Class and field that it is for."""
    leaf: Leaf | None
    """The leaf that it is for; None for a condition."""
    separator: str = ""
    """What joins several."""
    said: Conversion | None = None
    """What the mapping says about it; None for a condition."""


@frozen
class Slot:
    """One column of a class: a constant, or what the ask of a number brought."""

    leaf: Leaf
    ask: int | None
    constant: Any = None
    follows: str | None = None
    """A column without whose value this one has none, as a currency without an amount."""
    refers: RefTo | None = None
    cells: bool = False
    """Whether the validator gives cells already."""


@frozen
class Plan:
    """How the rows of one class are made."""

    cls: type[Model]
    slots: tuple[Slot, ...]
    when: int | None
    """Number of the ask that says whether the class applies to a record."""
    parts: tuple[Plan, ...] = ()
    lists: tuple[ListPlan, ...] = ()

    @property
    def needed(self) -> tuple[Slot, ...]:
        """Slots without whose value there is no row, where the class applies only to some records."""
        return tuple(slot for slot in self.slots if slot.ask is not None and not slot.leaf.nullable)


@frozen
class ListPlan:
    """How parts are made of a list, one of each item."""

    path: Path
    """Where the list stands in the record."""
    plan: Plan
    """How a part is made of an item."""
    asks: tuple[Ask, ...]
    """What is asked of an item, by the numbers that the plan names."""


@frozen
class Planner:
    """Collects the asks of a stream's mappings.

    Args:
        source: Name of the connection, which references carry.
    """

    source: str
    asks: list[Ask] = field(factory=list)

    def plan(self, mapping: Mapping) -> Plan:
        """The plan of one mapping."""
        when = self._condition(mapping.when)
        dated = isinstance(mapping.version, InstantAs)
        given = (
            (mapping.id, _ID),
            (mapping.version, _VERSION_INSTANT if dated else _VERSION),
            (mapping.known_at, KNOWN),
        )
        slots = [
            self._slot(mapping.cls, leaf, conversion, relaxed=when is not None)
            for conversion, leaf in given
            if conversion is not None
        ]
        slots += self._slots(mapping.cls, dict(mapping.fields), relaxed=when is not None)
        relaxed = when is not None
        parts = tuple(self._part(part, relaxed=relaxed) for part in mapping.parts if part.each is None)
        lists = tuple(self._list(part, part.each) for part in mapping.parts if part.each is not None)
        return Plan(mapping.cls, _with_defaults(mapping.cls, slots), when, parts, lists)

    def _list(self, part: PartMapping, path: Path) -> ListPlan:
        of_item = Planner(self.source)
        plan = of_item._part(part)
        return ListPlan(path, plan, tuple(of_item.asks))

    def _part(self, part: PartMapping, *, relaxed: bool = False) -> Plan:
        when = self._condition(part.when)
        slots = self._slots(part.cls, dict(part.fields), relaxed=relaxed or when is not None)
        return Plan(part.cls, _with_defaults(part.cls, slots), when)

    def _ask(self, ask: Ask) -> int:
        self.asks.append(ask)
        return len(self.asks) - 1

    def _condition(self, condition: Condition | None) -> int | None:
        if condition is None:
            return None
        return self._ask(Ask((condition.path,), condition_type(condition), required=False, name="", leaf=None))

    def _slots(self, cls: type[Model], fields: dict[str, Conversion], *, relaxed: bool) -> list[Slot]:
        by_field: dict[str, list[Leaf]] = {}
        for leaf in leaves(cls):
            by_field.setdefault(leaf.path[0], []).append(leaf)
        slots = []
        for name, conversion in fields.items():
            if isinstance(conversion, Constant):
                slots += [self._slot(cls, leaf, conversion, relaxed=relaxed) for leaf in by_field[name]]
                continue
            _demand_parts(cls, name, conversion, by_field[name])
            first, *others = by_field[name]
            each = [getattr(conversion, part) for part in conversion.parts] or [conversion]
            slots.append(self._slot(cls, first, each[0], relaxed=relaxed))
            slots += [
                self._slot(cls, other, said, relaxed=relaxed, follows=first.column)
                for other, said in zip(others, each[1:], strict=True)
            ]
            native = by_field.get(f"{name}_native")
            if isinstance(conversion, Words) and native and f"{name}_native" not in fields:
                slots.append(self._slot(cls, native[0], Native(conversion.path), relaxed=relaxed))
        return slots

    def _slot(
        self, cls: type[Model], leaf: Leaf, conversion: Conversion, *, relaxed: bool, follows: str | None = None
    ) -> Slot:
        name = f"{cls.__name__}.{'.'.join(leaf.path)}"
        if isinstance(conversion, Constant):
            return Slot(leaf, None, constant=_constant(name, leaf, conversion.value), follows=follows)
        _demand_kind(name, conversion, leaf)
        nullable = leaf.nullable or relaxed or follows is not None
        ask = Ask(
            paths=_paths(conversion),
            kind=validated(conversion, leaf, source=self.source, nullable=nullable),
            required=not nullable and not isinstance(conversion, StateOf),
            name=name,
            leaf=leaf,
            separator=conversion.separator if isinstance(conversion, Joined) else "",
            said=conversion,
        )
        refers = conversion if isinstance(conversion, RefTo) else None
        return Slot(leaf, self._ask(ask), follows=follows, refers=refers, cells=gives_cells(conversion, leaf))


def _with_defaults(cls: type[Model], slots: Sequence[Slot]) -> tuple[Slot, ...]:
    there = {slot.leaf.column for slot in slots}
    missing = [leaf for leaf in leaves(cls) if leaf.column not in there]
    return (*slots, *(Slot(leaf, None, constant=_unsaid(cls, leaf)) for leaf in missing))


def _unsaid(cls: type[Model], leaf: Leaf) -> Any:  # noqa: ANN401 - any cell
    """The cell of what no mapping says: the field's default."""
    default = default_of(cls, leaf) if cls.model_fields[leaf.path[0]].default is not None else None
    return encode(leaf, [default])[0]


def _paths(conversion: Conversion) -> tuple[Path, ...]:
    if isinstance(conversion, Joined):
        return conversion.paths
    return (conversion.path,)  # type: ignore[attr-defined]  # every other conversion of a value has one


def _demand_parts(cls: type[Model], name: str, conversion: Conversion, found: Sequence[Leaf]) -> None:
    """Demand that a conversion makes just the parts that a field has."""
    parts = tuple(leaf.path[1] for leaf in found if len(leaf.path) > 1)
    if parts != conversion.parts:
        made = f"makes {' and '.join(conversion.parts)}" if conversion.parts else "makes one value"
        wanted = f"has {' and '.join(parts)}" if parts else "is one value"
        msg = f"the conversion {type(conversion).__name__} {made}, and {cls.__name__}.{name} {wanted}"
        raise MappingError(
            msg, hint="map money with money(), words with text(), a scale with scale() or constant(Scale(...))"
        )


def _demand_kind(name: str, conversion: Conversion, leaf: Leaf) -> None:
    """Demand that a conversion is one for fields of this kind."""
    if leaf.kind in conversion.kinds and (leaf.key_column is not None or not isinstance(conversion, RefTo)):
        return
    wanted = " or ".join(sorted(conversion.kinds)) if leaf.kind not in conversion.kinds else "reference"
    msg = f"the conversion {type(conversion).__name__} is for a field of kind {wanted}; {name} is {leaf.kind}"
    raise MappingError(msg, hint="name a conversion that gives what the field holds, or the path alone")


def _constant(name: str, leaf: Leaf, value: Any) -> Any:  # noqa: ANN401 - any value of a field
    """A constant as the cell of a leaf; of a value with parts, such as a scale, the part."""
    if len(leaf.path) > 1 and hasattr(value, leaf.path[-1]):
        value = getattr(value, leaf.path[-1])
    return encode(leaf, [checked_word(name, leaf, value)])[0]
