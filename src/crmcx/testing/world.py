"""What lies behind a platform in small: records that are added, changed and deleted while a clock moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any, Literal, TypeAlias

from attrs import define, field, frozen

from crmcx.connectors.conversions import Path, as_path
from crmcx.connectors.replies import ABSENT, found_at
from crmcx.errors import UsageError
from crmcx.testing.still import StillClock

Template: TypeAlias = Mapping[str, Any]
"""A record as JSON, in whose texts `{n}`, `{stamp}`, `{created}` and `{parent}` stand for what the world knows."""
Unit: TypeAlias = Literal["iso", "s", "ms", "us"]
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
_STEP = timedelta(seconds=1)


@frozen(kw_only=True)
class Kind:
    """One kind of record that a platform keeps, told by an example.

    Example:
        >>> ticket = {"id": "T-{n}", "state": "open", "updated_at": "{stamp}"}
        >>> Kind(record=ticket, change="state", words=("open", "done"))
        Kind(id='id', stamp='updated_at', change='state')
    """

    record: Template = field(repr=False)
    """The record; a text that is nothing but `{n}` becomes the number itself."""
    id: str | tuple[str | int, ...] = "id"
    """Where its id stands."""
    stamp: Path | None = "updated_at"
    """Where the stamp of its last change stands; None where it has none."""
    change: Path
    """Where a value stands that changes."""
    words: tuple[Any, ...] = field(default=(), repr=False)
    """The values that it takes in turn; without them it is a text that grows."""
    deleted: Path | None = field(default=None, repr=False)
    """Where it says that it is deleted; None where a deleted one is gone."""
    deleted_says: Any = field(default=True, repr=False)
    """What stands there then."""
    tombstone: Template | None = field(default=None, repr=False)
    """What a list of the deleted ones holds; None where there is no such list."""
    parent: str | None = field(default=None, repr=False)
    """The kind that it belongs to: a change of it is one of its parent too."""
    unit: Unit = field(default="iso", repr=False)
    """How stamps are written: as ISO 8601 in UTC, or as a number counted since 1970."""
    late: timedelta = field(default=timedelta(minutes=1), repr=False)
    """How long after its stamp a change may come to be seen; nothing where the source promises otherwise."""

    def written(self, instant: datetime) -> str | int:
        """An instant as this kind writes stamps."""
        if self.unit == "iso":
            return instant.isoformat().replace("+00:00", "Z")
        return int(instant.timestamp()) * _PER_SECOND[self.unit]

    def read(self, stamp: str | int) -> datetime:
        """A stamp as an instant."""
        if self.unit == "iso":
            return datetime.fromisoformat(str(stamp))
        return datetime.fromtimestamp(int(stamp) / _PER_SECOND[self.unit], tz=UTC)


@define
class Kept:
    """One record of the world."""

    kind: str
    n: int
    created: datetime
    stamp: datetime
    parent: str = ""
    changes: int = 0
    gone: bool = False


class World:
    """The records behind a platform.

    Args:
        kinds: Their kinds, by name.
        still: The clock by which they are stamped; it moves on with what happens to them.
    """

    def __init__(self, kinds: Mapping[str, Kind], still: StillClock) -> None:
        self.kinds = kinds
        self.still = still
        self.lock = RLock()
        self._kept: dict[str, list[Kept]] = {name: [] for name in kinds}

    def kind(self, name: str) -> Kind:
        """The kind of a name.

        Raises:
            UsageError: There is no such kind.
        """
        if name not in self.kinds:
            msg = f"found kind {name!r}, expected one of {', '.join(self.kinds) or 'none'}"
            raise UsageError(msg, hint="describe it in the kinds of the platform")
        return self.kinds[name]

    def add(self, name: str, count: int = 1, *, ties: bool = True) -> None:
        """Add records.

        Args:
            name: Their kind.
            count: How many.
            ties: Whether every third of them has the stamp of the one before.
        """
        with self.lock:
            for place in range(1, count + 1):
                n = len(self._kept[name]) + 1
                now = self._kept[name][-1].stamp if ties and place % 3 == 0 else self._stamp()
                self._kept[name].append(Kept(name, n, now, now, self._parent_of(name, n)))
                self._touch_parent(self._kept[name][-1])

    def change(self, name: str, n: int = -1) -> None:
        """Change a record.

        Args:
            name: Its kind.
            n: Its number, counted from 1, or from the last with -1.
        """
        with self.lock:
            kept = self._at(name, n)
            kept.changes += 1
            kept.stamp = self._stamp()
            self._touch_parent(kept)

    def delete(self, name: str, n: int = -1) -> None:
        """Delete a record, as its kind does it: it says so, or is gone."""
        with self.lock:
            kept = self._at(name, n)
            kept.gone = True
            kept.stamp = self._stamp()
            self._touch_parent(kept)

    def commit_late(self, name: str, by: timedelta) -> None:
        """Add a record that is seen only now, and says that it was changed some time ago."""
        with self.lock:
            self.add(name, ties=False)
            kept = self._at(name, -1)
            kept.stamp = kept.created = kept.stamp - by

    def numbers(self, name: str) -> tuple[int, ...]:
        """The numbers of the records of a kind that are there."""
        return tuple(each.n for each in self._kept[name] if not each.gone)

    def records(self, name: str) -> list[dict[str, Any]]:
        """The records of a kind that are there, as a source would say them."""
        return [self.said(each) for each in self._kept[name] if not each.gone]

    def kept(self, name: str) -> Iterator[Kept]:
        """All that is kept of a kind, deleted or not."""
        self.kind(name)
        yield from tuple(self._kept[name])

    def said(self, kept: Kept) -> dict[str, Any]:
        """A record as a source would say it."""
        kind = self.kinds[kept.kind]
        record: dict[str, Any] = self._filled(kind.record, kept)
        if kept.changes:
            before = found_at(record, as_path(kind.change))
            grown = f"{'' if before in {None, ABSENT} else before} ({kept.changes})"
            put_at(record, kind.change, kind.words[kept.changes % len(kind.words)] if kind.words else grown)
        if kept.gone and kind.deleted is not None:
            put_at(record, kind.deleted, kind.deleted_says)
        return record

    def tombstone(self, kept: Kept) -> dict[str, Any]:
        """What the list of deleted ones says of a record."""
        made: dict[str, Any] = self._filled(self.kinds[kept.kind].tombstone or {}, kept)
        return made

    def id_of(self, kept: Kept) -> str:
        """The id of a record, as text."""
        kind = self.kinds[kept.kind]
        return str(self._filled(found_at(dict(kind.record), as_path(kind.id)), kept))

    def _filled(self, template: Any, kept: Kept) -> Any:  # noqa: ANN401 - JSON
        kind = self.kinds[kept.kind]
        known = {
            "n": kept.n,
            "stamp": kind.written(kept.stamp),
            "created": kind.written(kept.created),
            "parent": kept.parent,
        }
        return _fill(deepcopy(template), known)

    def _at(self, name: str, n: int) -> Kept:
        there = [each for each in self._kept[name] if not each.gone]
        found = there[n:] if n < 0 else [each for each in there if each.n == n]
        if not found:
            msg = f"found no record {n} among the {len(there)} of kind {name}"
            raise UsageError(msg, hint="add it first")
        return found[0]

    def _stamp(self) -> datetime:
        self.still.move(_STEP)
        return self.still.now().replace(microsecond=0)

    def _parent_of(self, name: str, n: int) -> str:
        parent = self.kinds[name].parent
        if parent is None:
            return ""
        first = self._kept[parent][: max(1, len(self._kept[parent]) // 2)]  # the others may be deleted
        return self.id_of(first[(n - 1) % len(first)])

    def _touch_parent(self, kept: Kept) -> None:
        parent = self.kinds[kept.kind].parent
        for each in self._kept[parent] if parent else ():
            if self.id_of(each) == kept.parent:
                each.stamp = self._stamp()


def _fill(template: Any, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(template, Mapping):
        return {name: _fill(value, known) for name, value in template.items()}
    if isinstance(template, list | tuple):
        return [_fill(value, known) for value in template]
    if not isinstance(template, str):
        return template
    alone = template[1:-1] if template.startswith("{") and template.endswith("}") else ""
    if alone in known:
        return known[alone]
    for name, value in known.items():
        template = template.replace(f"{{{name}}}", str(value))
    return template


def put_at(record: Any, path: Path, value: Any) -> None:  # noqa: ANN401 - JSON
    """Put a value where a path leads, through dictionaries that are made where they are not there."""
    *way, last = as_path(path)
    for step in way:
        record = record[step] if isinstance(step, int) else record.setdefault(step, {})
    record[last] = value


def in_order(kept: Sequence[Kept]) -> list[Kept]:
    """In the order of stamp, then number."""
    return sorted(kept, key=lambda each: (each.stamp, each.n))
