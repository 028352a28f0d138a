"""Which records something is said of, told by ids alone: for deletions, and for what could not be mapped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen
from pydantic import ConfigDict, TypeAdapter, ValidationError

from crmcx.connectors.asking import at_path, joined_text
from crmcx.connectors.compiled import Compiled
from crmcx.connectors.plan import Ask, Path
from crmcx.models.base import Record
from crmcx.models.extension import stored_class

_QUIET = ConfigDict(hide_input_in_errors=True)


@frozen
class Named:
    """One record that something is said of."""

    cls: type[Record]
    """The class whose table it is in."""
    source_id: str
    """Its id in the source."""
    version: int | None
    """Its version, where one is said."""


@frozen
class _Value:
    ask: Ask
    adapter: TypeAdapter[Any]
    at: Path | None

    def read(self, record: Any) -> Any:  # noqa: ANN401 - a record of a source, and any value
        """The value; None where there is none, or none that can be read."""
        paths = self.ask.paths if self.at is None else (self.at,)
        found = [at_path(record, path) for path in paths]
        try:
            return self.adapter.validate_python(found[0] if len(found) == 1 else joined_text(found, self.ask.separator))
        except ValidationError:
            return None


class Namer:
    """Reads ids, and versions, out of records that need not have anything else.

    Args:
        compiled: The mappings of the stream.
        id_at: Where the id stands, where it is not where the mappings read it.
    """

    def __init__(self, compiled: Compiled, *, id_at: Path | None = None) -> None:
        self._classes: list[tuple[type[Record], _Value, _Value | None]] = []
        for plan in compiled.plans:
            asks = {slot.leaf.column: compiled.asks[slot.ask] for slot in plan.slots if slot.ask is not None}
            said = asks.get("version") if id_at is None else None
            version = None if said is None else _value(said, None)
            cls: Any = stored_class(plan.cls)
            if "source_id" in asks:  # not of a mapping that gives all records one id
                self._classes.append((cls, _value(asks["source_id"], id_at), version))

    @property
    def classes(self) -> int:
        """How many records one of a page speaks of at most."""
        return len(self._classes)

    def names(self, said: Any, fields: Sequence[str] | None) -> tuple[Named, ...]:  # noqa: ANN401 - a record of a source
        """The records that one of a page speaks of, by class; none where no id can be read."""
        record = said
        if fields is not None and isinstance(said, list | tuple):
            record = dict(zip(fields, said, strict=False))
        if not isinstance(record, dict):
            return ()
        found = []
        for cls, id_, version in self._classes:
            source_id = id_.read(record)
            if source_id not in {None, ""}:
                found.append(Named(cls, source_id, None if version is None else version.read(record)))
        return tuple(found)


def _value(ask: Ask, at: Path | None) -> _Value:
    return _Value(ask, TypeAdapter(ask.kind, config=_QUIET), at)
