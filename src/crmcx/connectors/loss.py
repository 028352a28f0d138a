"""What mappings keep of a source's values, and what they leave: the loss report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import asdict, frozen

from crmcx._html import html_table
from crmcx.connectors.fates import Fate, Fates, Tracer, spelled
from crmcx.connectors.mapping import Mapping as ClassMapping
from crmcx.connectors.pages import Said
from crmcx.connectors.sample import SAMPLE_ROWS, sampled
from crmcx.connectors.streams import Stream

_TOLD = 10
_WIDE = 44
_BEST_FIRST = (Fate.TYPED, Fate.EXTENSION, Fate.EXTRA, Fate.CONDITION, Fate.NOWHERE, Fate.REJECTED)
_NO_VALUE = "the sample holds no value"


@frozen(kw_only=True)
class FieldLoss:
    """One field of a source: how many values it had in the sample, and where they went, each counted once."""

    path: tuple[str, ...]
    """Its names from the record down; `[]` stands for all items of a list."""
    typed: int
    """Values in a field of a class of the model, and not also in `extra`."""
    extension: int
    """Values in a field of a class of one's own, and in none of the model."""
    extra: int
    """Values in `extra`."""
    condition: int
    """Values that were read only to decide whether a class applies."""
    nowhere: int
    """Values in no row."""
    rejected: int
    """Values of records that were rejected."""
    lands_in: tuple[str, ...]
    """The fields that its values fill, as class and field, in alphabetical order."""
    why: tuple[tuple[str, int], ...]
    """Why values went nowhere, with their number, the most frequent reason first."""

    @property
    def name(self) -> str:
        """The path as one text, such as `requester.id` or `tags[]`."""
        return spelled(self.path)

    @property
    def values(self) -> int:
        """How many values that are not null it had."""
        return sum(self.count(fate) for fate in Fate)

    @property
    def fate(self) -> Fate | None:
        """The best that any of its values met, from typed and extension down to rejected; None without a value."""
        return next((fate for fate in _BEST_FIRST if self.count(fate)), None)

    def count(self, fate: Fate) -> int:
        """How many of its values met a fate."""
        return int(getattr(self, Fate(fate).value))

    def share(self, fate: Fate) -> float | None:
        """Part of its values that met a fate, 0 to 1; None when it had none."""
        return self.count(fate) / self.values if self.values else None


@frozen(kw_only=True)
class TurnedWords:
    """Words of a source that stand in no table of `words()` and became the one for all others."""

    field: str
    """Class and field."""
    path: str
    """The field of the source."""
    into: str | bool
    """What they became: `other=` of the table."""
    count: int
    """How many values."""
    words: tuple[tuple[str, int], ...]
    """The words with their number, the most frequent first; without long ones, and empty for a personal field."""


@frozen(kw_only=True, repr=False)
class LossReport:
    """Where the values of a sample went. Prints as a table; a notebook shows it as HTML.

    A value is what is neither null nor a list or an object; those are counted by what they hold.
    """

    records: int
    """Records of the sample."""
    rejected: int
    """Records that could not be mapped."""
    unreadable: int
    """How many of them have no names and values, so that nothing of them is counted below."""
    fields: tuple[FieldLoss, ...]
    """Every field of the source, in the order in which the sample names them."""
    reasons: tuple[tuple[str, int], ...]
    """Why records were rejected, with their number, the most frequent reason first."""
    turned: tuple[TurnedWords, ...]
    """Words that became the one for all others, by class and field."""

    @property
    def reason(self) -> str | None:
        """Why the shares are None; None when they are numbers."""
        return None if self.values else _NO_VALUE

    @property
    def values(self) -> int:
        """How many values that are not null the sample holds."""
        return sum(each.values for each in self.fields)

    def count(self, fate: Fate) -> int:
        """How many values met a fate."""
        return sum(each.count(fate) for each in self.fields)

    def share(self, fate: Fate) -> float | None:
        """Part of the values that met a fate, 0 to 1; None over nothing, for the reason that `reason` says."""
        return self.count(fate) / self.values if self.values else None

    def share_of_fields(self, fate: Fate) -> float | None:
        """Part of the fields with values of which this is the best that any value met, 0 to 1; None over nothing."""
        met = [each.fate for each in self.fields if each.fate]
        return met.count(Fate(fate)) / len(met) if met else None

    def field(self, *path: str) -> FieldLoss:
        """One field, by its names from the record down.

        Raises:
            KeyError: The sample has no such field.
        """
        return {each.path: each for each in self.fields}[path]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data that can be written as JSON."""
        return {
            **{name: getattr(self, name) for name in ("records", "rejected", "unreadable", "values", "reason")},
            "shares": {fate.value: self.share(fate) for fate in Fate},
            "shares_of_fields": {fate.value: self.share_of_fields(fate) for fate in Fate},
            "reasons": dict(self.reasons),
            "fields": [
                {
                    "path": list(each.path),
                    "values": each.values,
                    **{fate.value: each.count(fate) for fate in Fate},
                    "lands_in": list(each.lands_in),
                    "why": dict(each.why),
                }
                for each in self.fields
            ],
            "turned": [{**asdict(each), "words": dict(each.words)} for each in self.turned],
        }

    def __repr__(self) -> str:
        width = min(_WIDE, max(len(name) for name in ("of the fields", *(each.name for each in self.fields)))) + 2
        head, *rows = self._table()
        lines = [self._told, ""]
        lines += [
            f"{_short(first):<{width}}"
            + "".join(f"{cell:>11}" for cell in cells)
            + (f"  {_short(last)}" if last else "")
            for first, *cells, last in (head, *rows)
        ]
        return "\n".join(
            [*lines, *(f"\n{head}\n" + "\n".join(f"  {line}" for line in told) for head, told in self._notes())]
        )

    def _repr_html_(self) -> str:
        head, *rows = self._table()
        notes = (html_table([head], [[line] for line in told]) for head, told in self._notes())
        return html_table(head, rows, self._told) + "".join(notes)

    @property
    def _told(self) -> str:
        told = f"{self.records:,} records, {self.rejected:,} of them rejected; {self.values:,} values"
        return f"{told}; {self.reason}" if self.reason else told

    def _table(self) -> list[list[str]]:
        def shares(found: Iterable[float | None]) -> list[str]:
            return ["-" if each is None else f"{each:.1%}" for each in found]

        some = [each for each in self.fields if each.values]
        return [
            ["field", "values", *(fate.value for fate in Fate), "lands in"],
            ["of the values", f"{self.values:,}", *shares(self.share(fate) for fate in Fate), ""],
            ["of the fields", f"{len(some):,}", *shares(self.share_of_fields(fate) for fate in Fate), ""],
            *(
                [each.name, f"{each.values:,}", *(f"{each.count(fate):,}" for fate in Fate), ", ".join(each.lands_in)]
                for each in self.fields
            ),
        ]

    def _notes(self) -> list[tuple[str, list[str]]]:
        """What stands below the table: heads and lines, none without lines."""
        nowhere = [f"{each.name}: {why} ({count:,})" for each in self.fields for why, count in each.why]
        turned = [
            f"{each.field} from {each.path}: {each.count:,} became {each.into}"
            + (f": {_most(each.words)}" if each.words else "")
            for each in self.turned
        ]
        rejected = [f"{why} ({count:,})" for why, count in self.reasons[:_TOLD]]
        if len(self.reasons) > _TOLD:
            rejected.append(f"and {len(self.reasons) - _TOLD:,} other reasons")
        found = [("why values went nowhere", nowhere), ("words in no table", turned), ("why rejected", rejected)]
        return [(head, lines) for head, lines in found if lines]


def loss_report(
    mappings: ClassMapping | Sequence[ClassMapping],
    records: Sequence[Said],
    *,
    source: str = "sample",
    fields: Sequence[str] | None = None,
) -> LossReport:
    """Where each value of a sample goes under the mappings of a stream.

    A value goes to exactly one of: a typed field of the model, one of a class of one's own that extends it, `extra`,
    only the condition of a class, nowhere, or quarantine with its rejected record. An item of a list that a mapping
    names by its place stays in `extra` too, with its list; it is counted there, and `lands_in` names the field.

    Args:
        mappings: What each record becomes: one mapping, or all those of the stream.
        records: The records as the source said them.
        source: Name of the connection.
        fields: The names of their cells, when the records are sequences.

    Returns:
        The report. Names of the source's fields are shown as they are; values only where they are words of an
        enumeration of privacy class none. Of an empty sample all counts are 0 and all shares None.

    Example:
        >>> from crmcx.connectors import mapping, words
        >>> from crmcx.models import Deal
        >>> deals = mapping(Deal, id="nr", status=words("status", {"offen": "open"}))
        >>> report = loss_report(deals, [{"nr": 1, "status": "offen", "colour": "red"}, {"nr": 2, "status": "?"}])
        >>> report.share(Fate.EXTRA), report.share(Fate.REJECTED), report.field("status").lands_in
        (0.2, 0.4, ('Deal.status', 'Deal.status_native'))
    """
    tally = _Tally(mappings, source)
    tally.add(records, fields)
    return tally.report()


def loss_of(stream: Stream, *, sample_rows: int = SAMPLE_ROWS, source: str = "sample") -> LossReport:
    """Where each value of the first records of a stream goes; nothing is stored.

    Args:
        stream: The stream, such as `Files(...).streams()[0]`.
        sample_rows: How many records are read at most, at least 1.
        source: Name of the connection.

    Returns:
        The report, as `loss_report` gives it.

    Raises:
        UsageError: `sample_rows` is less than 1.
    """
    tally = _Tally(stream.maps, source, stream.volatile)
    for records, fields in sampled(stream, sample_rows):
        tally.add(records, fields)
    return tally.report()


class _Tally:
    """Counts what became of the values of some pages."""

    def __init__(
        self,
        mappings: ClassMapping | Sequence[ClassMapping],
        source: str,
        volatile: Sequence[tuple[str | int, ...]] = (),
    ) -> None:
        maps = (mappings,) if isinstance(mappings, ClassMapping) else tuple(mappings)
        self._tracer = Tracer(maps, source=source, volatile=volatile)
        self.records = 0
        self._unreadable = 0
        self._reasons: Counter[str] = Counter()
        self._fates: dict[tuple[str, ...], Counter[Fate]] = {}
        self._lands_in: dict[tuple[str, ...], set[str]] = {}
        self._why: dict[tuple[str, ...], Counter[str]] = {}
        self._turned: dict[tuple[str, str, str | bool], Counter[str | None]] = {}

    def add(self, records: Sequence[Said], fields: Sequence[str] | None) -> None:
        """Count the records of one page."""
        found: Fates = self._tracer.trace(records, fields)
        self.records += len(records)
        self._unreadable += found.unreadable
        self._reasons.update(each.reason for each in found.rejected)
        for met in found.values:
            counts = self._fates.setdefault(met.path, Counter())
            if met.fate is not None:
                counts[met.fate] += 1
                self._lands_in.setdefault(met.path, set()).update(met.lands_in)
                if met.why:
                    self._why.setdefault(met.path, Counter())[met.why] += 1
        for each in found.turned:
            self._turned.setdefault((each.field, each.path, each.into), Counter())[each.word] += 1

    def report(self) -> LossReport:
        """What was counted."""
        return LossReport(
            records=self.records,
            rejected=self._reasons.total(),
            unreadable=self._unreadable,
            fields=tuple(self._field(path) for path in self._paths()),
            reasons=_ranked(self._reasons),
            turned=tuple(
                TurnedWords(
                    field=name,
                    path=path,
                    into=into,
                    count=words.total(),
                    words=_ranked({word: count for word, count in words.items() if word is not None}),
                )
                for (name, path, into), words in sorted(self._turned.items(), key=lambda item: item[0][:2])
            ),
        )

    def _paths(self) -> list[tuple[str, ...]]:
        """The fields; what is an object in one record and null in another is told by its parts."""
        within = {path[:length] for path in self._fates for length in range(1, len(path))}
        return [path for path, counts in self._fates.items() if counts or path not in within]

    def _field(self, path: tuple[str, ...]) -> FieldLoss:
        return FieldLoss(
            path=path,
            **{fate.value: self._fates[path][fate] for fate in Fate},
            lands_in=tuple(sorted(self._lands_in.get(path, ()))),
            why=_ranked(self._why.get(path, {})),
        )


def _ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The most frequent first, equal ones in alphabetical order."""
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _most(counts: Sequence[tuple[str, int]]) -> str:
    told = [f"{word!r} ({count:,})" for word, count in counts[:_TOLD]]
    return ", ".join([*told, *([f"and {len(counts) - _TOLD:,} more"] if len(counts) > _TOLD else [])])


def _short(text: str) -> str:
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 3]}..."
