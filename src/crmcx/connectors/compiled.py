"""A stream's mappings as one pydantic validator: records in, columns of cells out, bad records apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Annotated, Any, Union

from attrs import evolve, frozen
from pydantic import ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError

from crmcx.connectors.mapping import Mapping as ClassMapping
from crmcx.connectors.plan import Ask, Path, Plan, Planner, Slot
from crmcx.connectors.sdk import Said, Unreadable
from crmcx.connectors.validators import referring
from crmcx.models.base import Model, Record, ends_too_early
from crmcx.models.cells import encode
from crmcx.models.extension import in_extra, stored_class
from crmcx.models.extra import write_extra
from crmcx.models.fields import Leaf
from crmcx.models.values import Privacy

_BAD = object()
LONGEST_SHOWN = 40
"""The most characters of a value that a message shows."""
UNSAID = "und"
"""The language of words of which nobody said it."""
_NOTHING = "nothing is there, and a value is needed"


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
    """What one mapping made of a page: cells by column, one row per record it applies to."""

    cls: type[Model]
    """The class of the rows."""
    indices: Sequence[int]
    """For each row the record's place in the page; for a part's row the place of its parent among the rows."""
    cells: Mapping[str, Sequence[Any]]
    """Column to cells, with `source_id`, `version`, `known_us` and `extra` for records."""
    parts: tuple[Rows, ...] = ()
    """The nested parts."""

    def as_stored(self) -> Rows:
        """The same rows for the table they are kept in: what a class of one's own adds is in `extra`."""
        kept_in = stored_class(self.cls)
        return self if kept_in is self.cls else evolve(self, cls=kept_in, cells=in_extra(self.cls, self.cells))


@frozen
class Batch:
    """One page, mapped."""

    rows: tuple[Rows, ...]
    """Per mapping what it made."""
    rejected: tuple[Rejected, ...]
    """What could not be mapped."""


class Compiled:
    """The mappings of one stream, compiled for one connection.

    What the mappings ask of a record becomes one tuple, which pydantic validates. A page's tuples come back transposed
    as columns, so that nothing is done per record that can be done per column.

    Args:
        mappings: What each record becomes; the first one's `extra` keeps what none of them reads.
        source: Name of the connection.
    """

    def __init__(self, mappings: Sequence[ClassMapping], *, source: str) -> None:
        planner = Planner(source)
        self._source = source
        self._plans = tuple(planner.plan(mapping) for mapping in mappings)
        self._asks = tuple(planner.asks)
        self._tree = _tree(self._asks)
        self._flat = all(len(ask.paths) == 1 == len(ask.paths[0]) for ask in self._asks)
        shape: Any = tuple.__class_getitem__(tuple(ask.kind for ask in self._asks))
        bad = Annotated[object, PlainValidator(lambda _value: _BAD)]
        config = ConfigDict(hide_input_in_errors=True)
        self._one: TypeAdapter[Any] = TypeAdapter(shape, config=config)
        either: Any = Annotated[Union.__getitem__((shape, bad)), Field(union_mode="left_to_right")]
        page: Any = list.__class_getitem__(either)
        self._page: TypeAdapter[list[Any]] = TypeAdapter(page, config=config)

    @property
    def paths(self) -> frozenset[str]:
        """The top-level names that the mappings read."""
        return frozenset(str(name) for name in self._tree)

    @property
    def asks(self) -> tuple[Ask, ...]:
        """What the mappings ask of a record, by the numbers that the plans name."""
        return self._asks

    @property
    def plans(self) -> tuple[Plan, ...]:
        """How the rows of each class are made, in the order of a batch's rows."""
        return self._plans

    def run(self, records: Sequence[Said], *, fields: Sequence[str] | None = None) -> Batch:
        """Map the records of one page.

        Args:
            records: The records as the source said them.
            fields: The names of their cells, when the records are sequences.

        Returns:
            The rows of every mapping and the records that could not be mapped. No record is lost: each is in one of
            the two.
        """
        asked = self._asked(records, fields)
        found = self._page.validate_python(asked)
        rejected = [
            self._explain(index, records[index], asked[index]) for index, row in enumerate(found) if row is _BAD
        ]
        places: Sequence[int] = range(len(found))
        if rejected:
            places = [index for index, row in enumerate(found) if row is not _BAD]
            found = [found[index] for index in places]
        columns = list(zip(*found, strict=True)) or [()] * len(self._asks)
        apart = self._backwards(columns, places) | self._incomplete(columns, places)
        if apart:
            rejected += apart.values()
            keep = [at for at in range(len(places)) if at not in apart]
            places = [places[at] for at in keep]
            columns = [tuple(column[at] for at in keep) for column in columns]
        extras = self._extras([records[place] for place in places], fields)
        rows = [self._rows(plan, columns, places, extras) for plan in self._plans]
        rejected += [
            Rejected(place, "", "no mapping of the stream applies to it") for place in _untouched(rows, places)
        ]
        return Batch(tuple(rows), tuple(sorted(rejected, key=lambda item: item.index)))

    # -- asking --------------------------------------------------------------------------------------------------

    def _asked(self, records: Sequence[Said], fields: Sequence[str] | None) -> list[Any]:
        """For each record what the mappings ask of it, as a tuple; None for one that cannot be asked."""
        if fields is None:
            return self._asked_by_name(records)
        place = {name: number for number, name in enumerate(fields)}
        direct = [
            place.get(str(ask.paths[0][0])) if len(ask.paths) == 1 == len(ask.paths[0]) else None for ask in self._asks
        ]
        if None in direct or len(direct) < 2:  # noqa: PLR2004 - itemgetter gives no tuple for one
            named = [_named(record, fields) for record in records]
            return self._asked(named, None)
        pick: Callable[[Any], Any] = itemgetter(*direct)
        try:
            return list(map(pick, records))
        except TypeError:
            return [None if isinstance(record, Unreadable) else pick(record) for record in records]

    def _asked_by_name(self, records: Sequence[Said]) -> list[Any]:
        if self._flat and len(self._asks) > 1:
            names = self._tree.keys()
            pick: Callable[[Any], Any] = itemgetter(*(ask.paths[0][0] for ask in self._asks))
            try:
                return list(map(pick, records))
            except (KeyError, TypeError):  # some record lacks a name, or is none
                empty = dict.fromkeys(names)
                return [pick({**empty, **record}) if isinstance(record, dict) else None for record in records]
        ways = [_way(ask) for ask in self._asks]
        return [tuple([way(record) for way in ways]) if isinstance(record, dict) else None for record in records]

    # -- what is wrong -------------------------------------------------------------------------------------------

    def _explain(self, index: int, record: Said, asked: Any) -> Rejected:  # noqa: ANN401 - a tuple of anything
        if isinstance(record, Unreadable):
            return Rejected(index, "", record.reason)
        if asked is None:
            return Rejected(index, "", f"the record is {type(record).__name__}, expected names and values")
        try:
            self._one.validate_python(asked)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
        else:
            return Rejected(index, "", "could not be mapped")
        names, reasons = [], []
        for detail in details:
            number = int(detail["loc"][0])
            ask = self._asks[number]
            names.append(ask.name)
            reasons.append(f"{_spell(ask.paths)}: {_complaint(asked[number], ask.leaf, detail['msg'])}")
        return Rejected(index, ", ".join(dict.fromkeys(names)), "; ".join(dict.fromkeys(reasons)))

    def _incomplete(self, columns: Sequence[Sequence[Any]], places: Sequence[int]) -> dict[int, Rejected]:
        """Rows to which a conditional class applies and which lack something that it needs, by their number."""
        found: dict[int, list[Ask]] = {}
        for plan in (plan for top in self._plans for plan in (top, *top.parts) if plan.when is not None):
            applies = columns[plan.when or 0]
            for slot in plan.needed:
                values = columns[slot.ask or 0]
                nothing = (None, "") if slot.refers else (None,)
                if any(value in values for value in nothing):
                    for at, value in enumerate(values):
                        if value in nothing and applies[at]:
                            found.setdefault(at, []).append(self._asks[slot.ask or 0])
        for first, second in self._pairs():
            if None in columns[second]:
                for at, (leads, follows) in enumerate(zip(columns[first], columns[second], strict=True)):
                    if leads is not None and follows is None:
                        found.setdefault(at, []).append(self._asks[second])
        return {
            at: Rejected(
                places[at],
                ", ".join(ask.name for ask in asks),
                "; ".join(f"{_spell(ask.paths)}: {_NOTHING}" for ask in asks),
            )
            for at, asks in found.items()
        }

    def _backwards(self, columns: Sequence[Sequence[Any]], places: Sequence[int]) -> dict[int, Rejected]:
        """Rows with a span that ends before it starts, by their number."""
        found: dict[int, Rejected] = {}
        for plan in (plan for top in self._plans for plan in (top, *top.parts)):
            asked = {slot.leaf.path[0]: slot.ask for slot in plan.slots if slot.ask is not None}
            for start, end in plan.cls.spans:
                if start not in asked or end not in asked:
                    continue
                first, last = self._asks[asked[start]], self._asks[asked[end]]
                spelled = f"{_spell(first.paths)} and {_spell(last.paths)}"
                why = f"{spelled}: {ends_too_early(start, end).message_template}"
                applies = [True] * len(places) if plan.when is None else columns[plan.when]
                pairs = zip(columns[asked[start]], columns[asked[end]], applies, strict=True)
                for at, (begins, ends, counts) in enumerate(pairs):
                    if counts and begins is not None and ends is not None and ends < begins:
                        found[at] = Rejected(places[at], last.name, why)
        return found

    def _pairs(self) -> list[tuple[int, int]]:
        """The asks of amounts with those of their currencies, where both are taken from the record."""
        pairs = []
        for plan in (plan for top in self._plans for plan in (top, *top.parts)):
            leads = {slot.leaf.column: slot.ask for slot in plan.slots}
            for slot in plan.slots:
                first = leads.get(slot.follows or "")
                if slot.ask is not None and first is not None and slot.leaf.path[-1] == "currency":
                    pairs.append((first, slot.ask))
        return pairs

    # -- rows ----------------------------------------------------------------------------------------------------

    def _rows(
        self,
        plan: Plan,
        columns: Sequence[Sequence[Any]],
        places: Sequence[int],
        extras: list[str | None] | None,
    ) -> Rows:
        """The rows of a class; what a record says beyond goes to the first class that applies, and is taken there."""
        at: Sequence[int] = range(len(places))
        if plan.when is not None:
            at = [number for number, applies in enumerate(columns[plan.when]) if applies]
            columns = [[column[number] for number in at] for column in columns]
            places = [places[number] for number in at]
        kept = None
        if extras is not None:
            kept = [extras[number] for number in at]
            for number in at:
                extras[number] = None
        count = len(places)
        cells = self._cells(plan, columns, count)
        if issubclass(plan.cls, Record):
            cells["extra"] = kept if kept is not None else [None] * count
            for column in ("version", "known_us"):
                cells.setdefault(column, [None] * count)
        parts = tuple(self._rows(part, columns, range(count), None) for part in plan.parts)
        return Rows(plan.cls, places, cells, parts)

    def _cells(self, plan: Plan, columns: Sequence[Sequence[Any]], count: int) -> dict[str, Sequence[Any]]:
        cells: dict[str, Sequence[Any]] = {}
        for slot in plan.slots:
            name = slot.leaf.column
            cells[name] = [slot.constant] * count if slot.ask is None else self._column(slot, columns[slot.ask])
            if slot.follows:
                pairs = zip(cells[slot.follows], cells[name], strict=True)
                unsaid = UNSAID if slot.leaf.path[-1] == "lang" else None
                cells[name] = [None if first is None else second or unsaid for first, second in pairs]
        return cells

    def _column(self, slot: Slot, values: Sequence[Any]) -> Sequence[Any]:
        if slot.refers:
            return referring(slot.refers, values, source=self._source)
        return values if slot.cells else encode(slot.leaf, values)

    def _extras(self, records: Sequence[Any], fields: Sequence[str] | None) -> list[str | None]:
        if fields is None and self._flat:
            names = self._tree.keys()
            return [
                None if record.keys() <= names else write_extra({k: v for k, v in record.items() if k not in names})
                for record in records
            ]
        if fields is None:
            return [write_extra(_rest(record, self._tree)) for record in records]
        unread = sorted((name, number) for number, name in enumerate(fields) if self._tree.get(name) is not True)
        if not unread:
            return [None] * len(records)
        if any(name in self._tree for name, _ in unread):
            named = [_named(record, fields) for record in records]
            return [write_extra({k: v for k, v in _rest(each, self._tree).items() if v is not None}) for each in named]
        said = ({name: record[at] for name, at in unread if record[at] is not None} for record in records)
        return [write_extra(each) for each in said]


def _tree(asks: Sequence[Ask]) -> dict[str | int, Any]:
    """What is read of a record, by name; True where a value is read whole."""
    tree: dict[str | int, Any] = {}
    for path in (path for ask in asks for path in ask.paths):
        node: Any = tree
        for step in path[:-1]:
            node = node.setdefault(step, {})
            if node is True:
                break
        else:
            node[path[-1]] = True
    return tree


def _way(ask: Ask) -> Callable[[Mapping[str, Any]], Any]:
    """How to come from a record to what is asked."""
    if len(ask.paths) > 1:
        return lambda record: _join([_at(record, path) for path in ask.paths], ask.separator)
    path = ask.paths[0]
    if len(path) == 1:
        name = str(path[0])
        return lambda record: record.get(name)
    return lambda record: _at(record, path)


def _at(record: Any, path: Path) -> Any:  # noqa: ANN401 - nested data of a source
    for step in path:
        try:
            record = record[step]
        except (KeyError, IndexError, TypeError):
            return None
    return record


def _join(values: Sequence[Any], separator: str) -> str | None:
    return None if any(value is None for value in values) else separator.join(map(str, values))


def _named(record: Said, fields: Sequence[str]) -> Said:
    return record if isinstance(record, Unreadable) else dict(zip(fields, record, strict=True))


def _rest(record: Any, tree: Mapping[str | int, Any]) -> dict[str, Any]:  # noqa: ANN401 - a record by name
    """The record without what the mappings read."""
    rest: dict[str, Any] = {}
    for name, value in record.items():
        node = tree.get(name)
        if node is None:
            rest[name] = value
        elif isinstance(node, dict):
            inner = _rest(value, node) if isinstance(value, dict) else value
            if inner not in ({}, None):
                rest[name] = inner
    return rest


def _untouched(rows: Sequence[Rows], places: Sequence[int]) -> list[int]:
    if any(made.indices is places for made in rows):
        return []
    touched = {index for made in rows for index in made.indices}
    return [place for place in places if place not in touched]


def _spell(paths: Sequence[Path]) -> str:
    return repr("+".join(".".join(map(str, path)) for path in paths))


def _complaint(value: Any, leaf: Leaf | None, message: str) -> str:  # noqa: ANN401 - whatever a source wrote
    if value is None:
        return _NOTHING
    return f"found {_shown(value, leaf)}, {message[:1].lower()}{message[1:]}"


def _shown(value: Any, leaf: Leaf | None) -> str:  # noqa: ANN401 - whatever a source wrote
    public = leaf is not None and leaf.privacy is Privacy.NONE
    try:
        length = len(str(value))
    except ValueError:  # Python does not write out a number of thousands of digits
        return f"{type(value).__name__} of very many digits"
    if public and isinstance(value, str | int | float) and length <= LONGEST_SHOWN:
        return repr(value)
    return f"{type(value).__name__} of {length} characters"
