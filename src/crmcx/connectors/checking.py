"""What mappings ask of records: taken out as columns, validated by pydantic, those that are wrong told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Any

from attrs import frozen
from pydantic import ConfigDict, TypeAdapter, ValidationError

from crmcx.connectors.asking import at_path, columns_of
from crmcx.connectors.columns import ColumnCheck
from crmcx.connectors.pages import Said, Unreadable
from crmcx.connectors.plan import Ask, Path, Plan
from crmcx.models.base import ends_too_early
from crmcx.models.fields import Leaf
from crmcx.models.values import Privacy

__all__ = ["LONGEST_SHOWN", "Checked", "Checker", "Rejected", "at_path"]
_QUIET = ConfigDict(hide_input_in_errors=True)
LONGEST_SHOWN = 40
"""The most characters of a value that a message shows."""
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
class Checked:
    """What was asked of some records, of those that are right."""

    places: Sequence[int]
    """Their places among the records."""
    columns: Sequence[Sequence[Any]]
    """Per ask what was found, one value per place."""
    rejected: list[Rejected]
    """Those that are wrong."""

    def without(self, apart: Mapping[int, Rejected]) -> Checked:
        """What is left when some more, by their places, are wrong too."""
        if not apart:
            return self
        keep = [at for at, place in enumerate(self.places) if place not in apart]
        columns = [tuple([column[at] for at in keep]) for column in self.columns]
        return Checked([self.places[at] for at in keep], columns, [*self.rejected, *apart.values()])


class Checker:
    """What some plans ask of a record, compiled: one column per ask, which pydantic validates as a whole.

    Nothing is done per record that can be done per column; a column in which something is wrong is looked at again.

    Args:
        asks: What is asked.
        plans: Which classes it is asked for.
    """

    def __init__(self, asks: Sequence[Ask], plans: Sequence[Plan]) -> None:
        self.asks = tuple(asks)
        self._plans = tuple((nested, _conditions(plan, nested)) for plan in plans for nested in (plan, *plan.parts))
        self.flat = all(len(ask.paths) == 1 == len(ask.paths[0]) for ask in self.asks)
        """Whether all of it stands at the top of a record."""
        self._columns = tuple(ColumnCheck(ask) for ask in self.asks)

    def check(self, records: Sequence[Said], fields: Sequence[str] | None) -> Checked:
        """Ask and validate the records of one page."""
        places, asked = columns_of(records, fields, self.asks)
        wrong: set[int] = set()
        columns = [check.checked(column, wrong) for check, column in zip(self._columns, asked, strict=True)]
        rejected = [self._explain(places[at], [column[at] for column in asked]) for at in sorted(wrong)]
        if len(places) < len(records):
            there = set(places)
            rejected += [_no_record(at, each, fields) for at, each in enumerate(records) if at not in there]
        if wrong:
            keep = [at not in wrong for at in range(len(places))]
            places = list(compress(places, keep))
            columns = [list(compress(column, keep)) for column in columns]
        apart = self._backwards(columns, places) | self._incomplete(columns, places)
        return Checked(places, columns, rejected).without(apart)

    @cached_property
    def _one(self) -> TypeAdapter[Any]:
        shape: Any = tuple.__class_getitem__(tuple(ask.kind for ask in self.asks))
        return TypeAdapter(shape, config=_QUIET)

    # -- what is wrong -------------------------------------------------------------------------------------------

    def _explain(self, index: int, asked: Sequence[Any]) -> Rejected:
        try:
            self._one.validate_python(tuple(asked))
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
        else:
            return Rejected(index, "", "could not be mapped")
        names, reasons = [], []
        for detail in details:
            number = int(detail["loc"][0])
            ask = self.asks[number]
            names.append(ask.name)
            reasons.append(f"{_spell(ask.paths)}: {_complaint(asked[number], ask.leaf, detail['msg'])}")
        return Rejected(index, ", ".join(dict.fromkeys(names)), "; ".join(dict.fromkeys(reasons)))

    def _incomplete(self, columns: Sequence[Sequence[Any]], places: Sequence[int]) -> dict[int, Rejected]:
        """Records that lack something which a class that applies to them needs, by their places."""
        found: dict[int, list[Ask]] = {}
        for number, lacks in (*self._needed(columns, len(places)), *self._unpaired(columns, len(places))):
            for at in lacks:
                found.setdefault(at, []).append(self.asks[number])
        return {
            places[at]: Rejected(
                places[at],
                ", ".join(ask.name for ask in asks),
                "; ".join(f"{_spell(ask.paths)}: {_NOTHING}" for ask in asks),
            )
            for at, asks in found.items()
        }

    def _needed(self, columns: Sequence[Sequence[Any]], count: int) -> Iterator[tuple[int, list[int]]]:
        """Each ask that a class of only some records needs, with the records that lack it."""
        for plan, conditions in self._plans:
            applies = _applies(columns, conditions, count)
            for slot in plan.needed if conditions else ():
                values = columns[slot.ask or 0]
                nothing = (None, "") if slot.refers else (None,)
                if any(value in values for value in nothing):
                    yield slot.ask or 0, [at for at, value in enumerate(values) if value in nothing and applies[at]]

    def _unpaired(self, columns: Sequence[Sequence[Any]], count: int) -> Iterator[tuple[int, list[int]]]:
        """Each ask of a currency, with the records that have an amount without it."""
        for first, second, conditions in self._pairs():
            if None in columns[second]:
                applies = _applies(columns, conditions, count)
                pairs = enumerate(zip(columns[first], columns[second], strict=True))
                yield (
                    second,
                    [at for at, (amount, code) in pairs if applies[at] and amount is not None and code is None],
                )

    def _backwards(self, columns: Sequence[Sequence[Any]], places: Sequence[int]) -> dict[int, Rejected]:
        """Records with a span that ends before it starts, by their places."""
        found: dict[int, Rejected] = {}
        for plan, conditions in self._plans:
            asked = {slot.leaf.path[0]: slot.ask for slot in plan.slots if slot.ask is not None}
            for start, end in plan.cls.spans:
                if start not in asked or end not in asked:
                    continue
                first, last = self.asks[asked[start]], self.asks[asked[end]]
                spelled = f"{_spell(first.paths)} and {_spell(last.paths)}"
                why = f"{spelled}: {ends_too_early(start, end).message_template}"
                applies = _applies(columns, conditions, len(places))
                pairs = zip(columns[asked[start]], columns[asked[end]], applies, strict=True)
                for at, (begins, ends, counts) in enumerate(pairs):
                    if counts and begins is not None and ends is not None and ends < begins:
                        found[places[at]] = Rejected(places[at], last.name, why)
        return found

    def _pairs(self) -> list[tuple[int, int, tuple[int, ...]]]:
        """The asks of amounts with those of their currencies, where both are taken from the record."""
        pairs = []
        for plan, conditions in self._plans:
            leads = {slot.leaf.column: slot.ask for slot in plan.slots}
            for slot in plan.slots:
                first = leads.get(slot.follows or "")
                if slot.ask is not None and first is not None and slot.leaf.path[-1] == "currency":
                    pairs.append((first, slot.ask, conditions))
        return pairs


def _conditions(plan: Plan, nested: Plan) -> tuple[int, ...]:
    """The asks that say whether a plan applies: of a part its own, and those of the class it belongs to."""
    return tuple(dict.fromkeys(found.when for found in (plan, nested) if found.when is not None))


def _applies(columns: Sequence[Sequence[Any]], conditions: Sequence[int], count: int) -> Sequence[Any]:
    """For each record whether all conditions hold."""
    if not conditions:
        return [True] * count
    if len(conditions) == 1:
        return columns[conditions[0]]
    return [all(held) for held in zip(*(columns[number] for number in conditions), strict=True)]


def _no_record(index: int, record: Said, fields: Sequence[str] | None) -> Rejected:
    """Why something could not be asked at all."""
    if isinstance(record, Unreadable):
        return Rejected(index, "", record.reason)
    if fields is not None and isinstance(record, list | tuple):
        return Rejected(index, "", f"the record has {len(record)} cells, and the page names {len(fields)}")
    return Rejected(index, "", f"the record is {type(record).__name__}, expected names and values")


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
