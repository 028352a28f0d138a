"""What becomes of each single value of a record: typed, in an extension, in `extra`, read by a condition, nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from attrs import evolve, field, frozen
from pydantic import TypeAdapter, ValidationError

from crmcx.connectors.checking import LONGEST_SHOWN, Rejected
from crmcx.connectors.compiled import Batch, Compiled, Rows
from crmcx.connectors.conversions import Conversion, Joined, StateOf, Words
from crmcx.connectors.mapping import Mapping as ClassMapping
from crmcx.connectors.pages import Said
from crmcx.connectors.plan import Ask, Path, Plan, Slot
from crmcx.connectors.validators import code_of, validated
from crmcx.models.extension import custom_leaves
from crmcx.models.values import Privacy

ITEMS = "[]"
"""The step of a path that stands for all items of a list."""
NOT_IN_JSON = "JSON has no such number"
NOTHING_MADE = "nothing was made of it"
BY_ITSELF = "it changes by itself, and stays in the raw page alone"

_Place: TypeAlias = tuple[Any, ...]
_Why: TypeAlias = tuple[int, str]
"""How much a reason says, and the reason."""


class Fate(StrEnum):
    """Where a value of a record goes; each goes to exactly one."""

    TYPED = "typed"
    """Into a field of a class of the model."""
    EXTENSION = "extension"
    """Into a field of a class of one's own, and of none of the model."""
    EXTRA = "extra"
    """Into `extra`, under the source's own name."""
    CONDITION = "condition"
    """Nowhere else than into the decision whether a class applies."""
    NOWHERE = "nowhere"
    """Into no row."""
    REJECTED = "rejected"
    """Into quarantine, with its whole record."""


@frozen
class Met:
    """One value of a record."""

    path: tuple[str, ...]
    """Its field: names of the source, `[]` for the items of a list."""
    fate: Fate | None
    """Where it went; None for a null."""
    lands_in: frozenset[str] = frozenset()
    """The fields that it fills, as class and field."""
    why: str = ""
    """Why it went nowhere."""


@frozen
class Turned:
    """One word that is in no table and became the one for all others."""

    field: str
    """Class and field."""
    path: str
    """Where it stands in the source."""
    into: str | bool
    """What it became."""
    word: str | None
    """The source's word; None where it may not be shown."""


@frozen
class Fates:
    """What became of the records of one page."""

    values: list[Met]
    """Every value of the records that have names and values, nulls included."""
    turned: list[Turned]
    """Words that became the one for all others."""
    rejected: tuple[Rejected, ...]
    """The records that could not be mapped."""
    unreadable: int
    """How many of them have no values that could be told apart."""


@frozen
class _Made:
    """The rows of one class or part, found by the place of a record, and of an item in its list."""

    plan: Plan
    asks: Sequence[Ask]
    row: Mapping[tuple[int, int], int]
    cells: Mapping[str, Sequence[Any]]
    each: Path | None = None
    """Where the list stands, of a part that each of its items makes."""

    def read(self, record: Mapping[str, Any]) -> Iterator[tuple[_Place, int, Any]]:
        """What its asks read of a record: the record, or the items of the list, each with its place."""
        if self.each is None:
            yield (), 0, record
            return
        found = _at(record, self.each)
        if found is not None:
            place, items = found
            for number, item in enumerate(items):
                yield (*place, number), number, item


@frozen
class _Read:
    """What the mappings made of what stands at one place of a record."""

    lands_in: set[str] = field(factory=set)
    fates: set[Fate] = field(factory=set)
    whys: list[_Why] = field(factory=list)
    conditions: list[bool] = field(factory=list)


class Tracer:
    """Follows values through the mappings of a stream.

    Args:
        mappings: What each record becomes.
        source: Name of the connection.
        volatile: Paths that change by themselves, as of `Compiled`.
    """

    def __init__(self, mappings: Sequence[ClassMapping], *, source: str, volatile: Sequence[Path] = ()) -> None:
        self._compiled = Compiled(mappings, source=source, volatile=volatile)
        self._volatile = frozenset(volatile)
        lists = (ask for plan in self._compiled.plans for found in plan.lists for ask in found.asks)
        asks = [*self._compiled.asks, *lists]
        self._strict = {
            id(ask): TypeAdapter(validated(evolve(ask.said, other=None), ask.leaf, source=source, nullable=True))
            for ask in asks
            if isinstance(ask.said, Words) and ask.leaf is not None and ask.said.other is not None
        }
        self._private = {
            path for ask in asks if ask.leaf is not None and ask.leaf.privacy is not Privacy.NONE for path in ask.paths
        }

    def trace(self, records: Sequence[Said], fields: Sequence[str] | None) -> Fates:
        """Map the records of one page, and say of each value where it went."""
        batch = self._compiled.run(records, fields=fields)
        rejected = {each.index for each in batch.rejected}
        made = list(_made(self._compiled, batch))
        extras = _extras(batch)
        values: list[Met] = []
        turned: list[Turned] = []
        unreadable = 0
        for index, said in enumerate(records):
            record = _by_name(said, fields)
            if record is None:
                unreadable += 1
            elif index in rejected:
                values += (Met(path, None if value is None else Fate.REJECTED) for _, path, value in _values(record))
            else:
                read = self._read(record, index, made, turned)
                values += (self._met(*found, read, extras.get(index)) for found in _values(record))
        return Fates(values, turned, batch.rejected, unreadable)

    def _met(
        self,
        place: _Place,
        path: tuple[str, ...],
        value: Any,  # noqa: ANN401 - whatever a source wrote
        read: Mapping[_Place, _Read],
        extra: Any,  # noqa: ANN401 - nested data
    ) -> Met:
        if value is None:
            return Met(path, None)
        ways = [place[:length] for length in range(1, len(place) + 1)]
        found = [read[way] for way in ways if way in read]
        lands_in = frozenset(name for each in found for name in each.lands_in)
        if _kept(extra, place):
            return Met(path, Fate.EXTRA, lands_in)
        if lands_in:
            typed = any(Fate.TYPED in each.fates for each in found)
            return Met(path, Fate.TYPED if typed else Fate.EXTENSION, lands_in)
        if any(each.conditions for each in found):
            return Met(path, Fate.CONDITION)
        whys = [why for each in found for why in each.whys]
        otherwise = NOT_IN_JSON if self._volatile.isdisjoint(ways) else BY_ITSELF
        return Met(path, Fate.NOWHERE, why=max(whys, key=lambda why: why[0])[1] if whys else otherwise)

    def _read(
        self, record: Mapping[str, Any], index: int, made: Sequence[_Made], turned: list[Turned]
    ) -> dict[_Place, _Read]:
        """What was made of a record, by the places that the mappings read."""
        read: dict[_Place, _Read] = {}
        for each in made:
            for within, number, said in each.read(record):
                row = each.row.get((index, number))
                self._read_one(each, said, within=within, row=row, read=read, turned=turned)
        return read

    def _read_one(
        self,
        made: _Made,
        said: Mapping[str, Any],
        *,
        within: _Place,
        row: int | None,
        read: dict[_Place, _Read],
        turned: list[Turned],
    ) -> None:
        """What was made of a record, or of an item of it that stands at `within`, for one class."""
        if made.plan.when is not None:
            for place, _ in _found(said, made.asks[made.plan.when]):
                read.setdefault((*within, *place), _Read()).conditions.append(True)
        for slot in made.plan.slots:
            if slot.ask is None:
                continue
            ask = made.asks[slot.ask]
            for place, value in _found(said, ask):
                here = read.setdefault((*within, *place), _Read())
                if row is None:
                    here.whys.append((1, f"{made.plan.cls.__name__} does not apply"))
                    continue
                other = self._other(ask, value)
                if other is not None:
                    turned.append(other)
                why = _why(slot, ask.said, value, made.cells[slot.leaf.column][row], other)
                if why is None:
                    here.lands_in.add(ask.name)
                    added = slot.leaf in custom_leaves(made.plan.cls)
                    here.fates.add(Fate.EXTENSION if added else Fate.TYPED)
                else:
                    here.whys.append(why)

    def _other(self, ask: Ask, value: Any) -> Turned | None:  # noqa: ANN401 - whatever a source wrote
        """The word that stands in no table, if it is one."""
        if id(ask) not in self._strict or not isinstance(ask.said, Words):
            return None
        try:
            self._strict[id(ask)].validate_python(value)
        except ValidationError:
            path = ask.said.path
            public = ask.leaf is not None and ask.leaf.privacy is Privacy.NONE and path not in self._private
            word = code_of(value) if public and isinstance(value, str | int | float) else None
            shown = word if word is not None and len(word) <= LONGEST_SHOWN else None
            return Turned(ask.name, spelled(path), ask.said.other or "", shown)
        return None


def values_of(said: Said, fields: Sequence[str] | None) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The single values of a record, each with its field; none of one that names nothing."""
    record = _by_name(said, fields)
    return iter(()) if record is None else ((path, value) for _, path, value in _values(record))


def spelled(path: Sequence[object]) -> str:
    """A path as one text."""
    return ".".join(map(str, path)).replace(f".{ITEMS}", ITEMS)


def _why(
    slot: Slot,
    said: Conversion | None,
    value: Any,  # noqa: ANN401 - whatever a source wrote
    cell: Any,  # noqa: ANN401 - any cell
    other: Turned | None,
) -> _Why | None:
    """Why a cell does not hold what was read for it, with the weight of the reason; None where it does."""
    if other is not None:
        return (2, f"the word is not in the table and became {other.into}")
    if isinstance(said, StateOf):  # it says of any other value only that there is one
        return None if code_of(value) in dict(said.codes) else (0, NOTHING_MADE)
    if cell is not None:
        return None
    if slot.follows:
        return (2, f"there is no {slot.leaf.path[0]} that it belongs to")
    joined, empty = (2, "another of the joined values is not there"), (2, "an empty id refers to nothing")
    return joined if isinstance(said, Joined) else empty if slot.refers else (0, NOTHING_MADE)


def _values(
    value: Any,  # noqa: ANN401 - nested data of a source
    place: _Place = (),
    path: tuple[str, ...] = (),
) -> Iterator[tuple[_Place, tuple[str, ...], Any]]:
    """The single values of a record, each with its place and its field; an empty list or object holds none."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _values(inner, (*place, name), (*path, str(name)))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _values(inner, (*place, number), (*path, ITEMS))
    else:
        yield place, path, value


def _found(record: Mapping[str, Any], ask: Ask) -> list[tuple[_Place, Any]]:
    """The places of a record that an ask reads, and what stands there; not those where nothing does."""
    return [found for path in ask.paths if (found := _at(record, path)) is not None]


def _at(record: Any, path: Path) -> tuple[_Place, Any] | None:  # noqa: ANN401 - nested data of a source
    place: _Place = ()
    for step in path:
        try:
            inner = record[step]
        except (KeyError, IndexError, TypeError):
            return None
        if isinstance(record, dict):
            place = (*place, step)
        elif isinstance(record, list | tuple):
            place = (*place, int(step) % len(record))
        # else one character of a text, whose place is that of the text
        record = inner
    return None if record is None else (place, record)


def _kept(extra: Any, place: _Place) -> bool:  # noqa: ANN401 - nested data
    """Whether `extra` holds anything at a place."""
    for step in place:
        if isinstance(extra, dict):
            extra = extra.get(str(step))
        elif isinstance(extra, list) and isinstance(step, int) and step < len(extra):
            extra = extra[step]
        else:
            return False
    return extra is not None


def _by_name(said: Said, fields: Sequence[str] | None) -> dict[str, Any] | None:
    """A record by name; None for one that names nothing."""
    if fields is not None and isinstance(said, list | tuple):
        return dict(zip(fields, said, strict=True))
    return said if isinstance(said, dict) else None


def _made(compiled: Compiled, batch: Batch) -> Iterator[_Made]:
    """The rows of every class and part beside the plan that they were made by."""
    for plan, rows in zip(compiled.plans, batch.rows, strict=True):
        yield _Made(plan, compiled.asks, {(place, 0): row for row, place in enumerate(rows.indices)}, rows.cells)
        nested = [(part, compiled.asks, None) for part in plan.parts]
        lists = [(found.plan, found.asks, found.path) for found in plan.lists]
        for (part, asks, each), made in zip([*nested, *lists], rows.parts, strict=True):
            numbers = made.items or [0] * len(made.indices)
            at = {
                (rows.indices[parent], number): row
                for row, (parent, number) in enumerate(zip(made.indices, numbers, strict=True))
            }
            yield _Made(part, asks, at, made.cells, each)


def _extras(batch: Batch) -> dict[int, Any]:
    """What each record has in `extra`; numbers stay text, since only whether they are there counts."""
    found: dict[int, Any] = {}
    for rows in batch.rows:
        found |= _extras_of(rows)
    return found


def _extras_of(rows: Rows) -> dict[int, Any]:
    pairs = zip(rows.indices, rows.cells["extra"], strict=True)
    return {place: json.loads(text, parse_int=str, parse_float=str) for place, text in pairs if text is not None}
