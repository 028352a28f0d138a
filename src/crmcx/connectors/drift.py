"""Which fields a stream's records have, seen while they are read: what is new, and what has become of another kind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from attrs import frozen

from crmcx.connectors.catalogue import FieldKind, kind_of, wider
from crmcx.connectors.fates import ITEMS, spelled
from crmcx.connectors.pages import Page

_LOOKED_AT = 8
_MOST_FIELDS = 2_000
_DEEPEST = 8
_OF_A_NAME = re.compile(r"[A-Za-z_][\w.$ -]{0,63}|\[\]")
"""Names of fields; other keys, such as ids and addresses, may be somebody's, and are told as a star."""


@frozen
class Drift:
    """What of a stream's fields is other than in earlier runs."""

    added: tuple[str, ...] = ()
    """Fields that were not there; what no mapping reads lands in `extra`."""
    changed: tuple[tuple[str, str, str], ...] = ()
    """Fields of another kind: name, kind before, kind now; what no longer fits is in quarantine."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed)

    @property
    def told(self) -> str:
        """The drift in words."""
        added = [f"new field {name}" for name in self.added]
        return "; ".join([*added, *(f"{name} was {before}, is {now}" for name, before, now in self.changed)])


class FieldWatch:
    """Watches the fields of one stream: the names at the top of every record, all others of some of each page."""

    def __init__(self) -> None:
        self._kinds: dict[str, FieldKind | None] = {}
        self._top: set[str] = set()
        self._names: dict[Sequence[str], str] = {}

    def see(self, page: Page) -> None:
        """Look at a page."""
        if page.fields is not None:
            self._top.update(page.fields)
        else:
            self._top.update(*(record for record in page.records if isinstance(record, dict)))
        step = max(1, len(page.records) // _LOOKED_AT)
        for record in islice(page.records, 0, None, step):
            by_name = (
                dict(zip(page.fields, record, strict=False)) if page.fields and isinstance(record, list) else record
            )
            for path, value in _values(by_name):
                self._note(path, value)

    def _note(self, path: Sequence[str], value: object) -> None:
        name = self._name(path)
        before = self._kinds.get(name)
        if before is FieldKind.TEXT or value is None or (before is None and len(self._kinds) >= _MOST_FIELDS):
            return
        self._kinds[name] = wider(before, kind_of(value))

    def _name(self, path: Sequence[str]) -> str:
        """How a field is told; remembered, since most are met again."""
        found = self._names.get(path)
        if found is None:
            found = spelled([step if _OF_A_NAME.fullmatch(str(step)) else "*" for step in path])
            if len(self._names) < _MOST_FIELDS:
                self._names[path] = found
        return found

    def since(self, earlier: str | None) -> tuple[Drift, str]:
        """What is other than in earlier runs, and what to tell the next.

        Args:
            earlier: What the last call gave for this stream; None where there was none.
        """
        before: dict[str, FieldKind | None] = {
            name: None if kind is None else FieldKind(kind) for name, kind in json.loads(earlier or "{}").items()
        }
        tops = {name.split(".")[0].removesuffix("[]") for name in {*before, *self._kinds}}
        unseen = sorted(name for name in map(str, self._top) if _OF_A_NAME.fullmatch(name) and name not in tops)
        now = dict.fromkeys(unseen) | {name: wider(before.get(name), kind) for name, kind in self._kinds.items()}
        drift = Drift(
            added=tuple(sorted(name for name in now if name not in before)),
            changed=tuple(
                (name, str(before[name]), str(kind))
                for name, kind in sorted(now.items())
                if before.get(name) is not None and before[name] != kind
            ),
        )
        return drift if earlier is not None else Drift(), json.dumps(before | now, sort_keys=True)


def _values(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - nested
    """The single values of a record with their fields, down to some depth and some items of a list."""
    if isinstance(value, dict) and len(path) < _DEEPEST:
        for name, inner in value.items():
            yield from _values(inner, (*path, str(name)))
    elif isinstance(value, list | tuple) and len(path) < _DEEPEST:
        for inner in value[:_LOOKED_AT]:
            yield from _values(inner, (*path, ITEMS))
    elif path and not isinstance(value, dict | list | tuple):
        yield path, value
