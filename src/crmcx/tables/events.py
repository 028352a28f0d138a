"""When the rows of any table happened: which column says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmcx import engines
from crmcx.errors import UsageError
from crmcx.models import Answer, Feedback, Model
from crmcx.tables.frames import StoredTable, Table, native_of
from crmcx.tables.schema import INSTANTS, TABLES, schema_of

_HAPPENED = {schema.happened: schema.cls for schema in reversed(TABLES.values()) if schema.happened}


def event_of(data: Table, at: str | None, columns: Mapping[str, str] | None) -> tuple[type[Model], str]:
    """Of which class the rows of a table are, and the name of the column that says when they happened.

    Args:
        data: The table; a list of feedback stands for its answers.
        at: The canonical name of a column of instants; None for the one by which the rows happened.
        columns: Canonical name to the table's own.

    Raises:
        UsageError: There is no such column of instants, or of a frame it cannot be told which one is meant.
    """
    cls = _class_of(data)
    if at is None:
        at = _happened(data, cls, columns or {})
    if cls is None:
        cls = next((schema.cls for schema in TABLES.values() if _is_instant(schema.cls, at)), None)
    if cls is None or not _is_instant(cls, at):
        owner = "the model" if cls is None else f"the {schema_of(cls).name} table"
        msg = f"found at={at!r}, which is no column of instants of {owner}"
        remedy = 'at="occurred_us", columns={"occurred_us": "your column"}'
        raise UsageError(msg, hint=f"use the canonical name: {remedy}")
    return cls, at


def _is_instant(cls: type[Model], name: str) -> bool:
    schema = schema_of(cls)
    return name in schema and schema[name].unit == INSTANTS


def _class_of(data: Table) -> type[Model] | None:
    """The class of a list or of a table of a workspace."""
    if isinstance(data, StoredTable):
        return data.schema.cls
    if isinstance(data, Model):
        return type(data)
    if not isinstance(data, Sequence) or not all(isinstance(item, Model) for item in data):
        return None
    cls = type(data[0]) if data else Answer
    return Answer if issubclass(cls, Feedback) else cls


def _happened(data: Table, cls: type[Model] | None, columns: Mapping[str, str]) -> str:
    if cls is not None:
        there = schema_of(cls).names
        found = [name for name in (schema_of(cls).happened,) if name is not None]
    else:
        there = tuple(engines.to_lazy(native_of(data)).collect_schema().names())
        found = [name for name in _HAPPENED if _spellings(name, columns) & set(there)]
    if len(found) == 1:
        return found[0]
    several = f"{len(found)} columns that may say when its rows happened: {', '.join(found)}"
    told = several if found else "no column that says when its rows happened"
    msg = f"the table has {told}; its columns: {', '.join(there) or 'none'}"
    raise UsageError(msg, hint='name one with at=, such as at="occurred_us"')


def _spellings(name: str, columns: Mapping[str, str]) -> set[str]:
    """What a column of instants may be called in somebody's table."""
    spoken = f"{name.removesuffix('_us')}_at"
    return {columns.get(name, name), columns.get(spoken, spoken)}
