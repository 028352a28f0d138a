"""A stream's mappings compiled for one connection: records in, columns of cells out, bad records apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from crmcx.connectors.asking import at_path, named
from crmcx.connectors.checking import Checked, Checker, Rejected
from crmcx.connectors.mapping import Mapping as ClassMapping
from crmcx.connectors.pages import Said
from crmcx.connectors.plan import Ask, ListPlan, Plan, Planner, Slot
from crmcx.connectors.unread import Unread, read_each, rest_of, tree_of
from crmcx.connectors.validators import referring
from crmcx.models.base import Model, Record
from crmcx.models.cells import encode
from crmcx.models.extension import in_extra, stored_class
from crmcx.models.extra import write_extra

UNSAID = "und"
"""The language of words of which nobody said it."""


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
    """The nested parts: first those that are made once a record, then those of lists."""
    items: Sequence[int] | None = None
    """For the parts of a list the place of each in its list."""

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


@frozen
class _Items:
    """The items of one list over the records of a page, checked."""

    parents: Sequence[int]
    """For each item the place of its record in the page."""
    numbers: Sequence[int]
    """Its place in the list."""
    columns: Sequence[Sequence[Any]]
    """What was asked of it."""


class Compiled:
    """The mappings of one stream, compiled for one connection.

    Args:
        mappings: What each record becomes; the first one's `extra` keeps what none of them reads.
        source: Name of the connection.
        volatile: Paths that change by themselves: what no mapping reads of them does not go into `extra`.
    """

    def __init__(
        self, mappings: Sequence[ClassMapping], *, source: str, volatile: Sequence[tuple[str | int, ...]] = ()
    ) -> None:
        planner = Planner(source)
        self._source = source
        self._volatile = frozenset(volatile)
        self._plans = tuple(planner.plan(mapping) for mapping in mappings)
        self._checker = Checker(planner.asks, self._plans)
        self._lists = [(found, Checker(found.asks, (found.plan,))) for plan in self._plans for found in plan.lists]
        self._tree = tree_of([*(path for ask in planner.asks for path in ask.paths), *volatile])
        for found, _ in self._lists:
            read_each(self._tree, found)
        self._unread = Unread(self._tree)

    @property
    def paths(self) -> frozenset[str]:
        """The top-level names that the mappings read."""
        return frozenset(str(name) for name in self._tree)

    @property
    def asks(self) -> tuple[Ask, ...]:
        """What the mappings ask of a record, by the numbers that the plans name."""
        return self._checker.asks

    @property
    def volatile(self) -> frozenset[tuple[str, str]]:
        """The columns, by table and name, that hold nothing but what changes by itself."""
        return frozenset(
            (table, slot.leaf.column)
            for plan in self._plans
            for table in (getattr(plan.cls, "table", ""),)
            for slot in plan.slots
            if slot.ask is not None and self._volatile.issuperset(self._checker.asks[slot.ask].paths)
        )

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
        checked = self._checker.check(records, fields)
        lists: list[_Items] = []
        if self._lists:
            checked, lists = self._with_items(checked, records, fields)
        places = checked.places
        extras = self._extras([records[place] for place in places], fields)
        of_plan = iter(lists)
        rows = [
            self._rows(plan, checked.columns, places, extras, [next(of_plan) for _ in plan.lists])
            for plan in self._plans
        ]
        rejected = checked.rejected + [
            Rejected(place, "", "no mapping of the stream applies to it") for place in _untouched(rows, places)
        ]
        return Batch(tuple(rows), tuple(sorted(rejected, key=lambda item: item.index)))

    def _with_items(
        self, checked: Checked, records: Sequence[Said], fields: Sequence[str] | None
    ) -> tuple[Checked, list[_Items]]:
        """The lists of the records that are right, and those records of which all items are right too."""
        by_name = {
            place: records[place] if fields is None else named(records[place], fields) for place in checked.places
        }
        lists: list[tuple[list[tuple[int, int, Any]], Checked]] = []
        apart: dict[int, Rejected] = {}
        for plan, checker in self._lists:
            found = {place: at_path(record, plan.path) for place, record in by_name.items()}
            no_lists = [
                place for place, value in found.items() if not (value is None or isinstance(value, list | tuple))
            ]
            apart |= {place: _no_list(place, plan, found[place]) for place in no_lists}
            pairs = [
                (place, number, item)
                for place, value in found.items()
                if place not in no_lists
                for number, item in enumerate(value or ())
                if item is not None
            ]
            items = checker.check([item for _, _, item in pairs], None)
            for each in items.rejected:
                place, number, _ = pairs[each.index]
                where = ".".join(map(str, plan.path))
                apart.setdefault(place, Rejected(place, each.field, f"{where}[{number}]: {each.reason}"))
            lists.append((pairs, items))
        kept = [
            _Items([pairs[at][0] for at in items.places], [pairs[at][1] for at in items.places], items.columns)
            for pairs, items in lists
        ]
        return checked.without(apart), kept

    # -- rows ----------------------------------------------------------------------------------------------------

    def _rows(
        self,
        plan: Plan,
        columns: Sequence[Sequence[Any]],
        places: Sequence[int],
        extras: list[str | None] | None,
        lists: Sequence[_Items] = (),
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
        parts = [self._rows(part, columns, range(count), None) for part in plan.parts]
        if plan.lists:
            row_of = {place: row for row, place in enumerate(places)}
            parts += [self._items(each.plan, items, row_of) for each, items in zip(plan.lists, lists, strict=True)]
        return Rows(plan.cls, places, cells, tuple(parts))

    def _items(self, plan: Plan, items: _Items, row_of: Mapping[int, int]) -> Rows:
        """The rows of the items of one list, of those records that have a row."""
        at = [number for number, parent in enumerate(items.parents) if parent in row_of]
        columns = [[column[number] for number in at] for column in items.columns]
        made = self._rows(plan, columns, range(len(at)), None)
        kept = [at[number] for number in made.indices]
        return evolve(
            made,
            indices=[row_of[items.parents[number]] for number in kept],
            items=[items.numbers[number] for number in kept],
        )

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
        if fields is None:
            return self._unread.of(records)
        unread = sorted((name, number) for number, name in enumerate(fields) if self._tree.get(name) is not True)
        if not unread:
            return [None] * len(records)
        if any(name in self._tree for name, _ in unread):
            rests = (rest_of(named(record, fields), self._tree) for record in records)
            return [write_extra({k: v for k, v in rest.items() if v is not None}) for rest in rests]
        said = ({name: record[at] for name, at in unread if record[at] is not None} for record in records)
        return [write_extra(each) for each in said]


def _no_list(place: int, plan: ListPlan, value: object) -> Rejected:
    where = ".".join(map(str, plan.path))
    return Rejected(place, plan.plan.cls.__name__, f"{where!r}: found {type(value).__name__}, expected a list")


def _untouched(rows: Sequence[Rows], places: Sequence[int]) -> list[int]:
    if any(made.indices is places for made in rows):
        return []
    touched = {index for made in rows for index in made.indices}
    return [place for place in places if place not in touched]
