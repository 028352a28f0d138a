"""Objects to columns and back: record → row equals record → model → row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from crmcx.instants import from_us, to_us
from crmcx.models.base import Model, Part, Record
from crmcx.models.cells import cells_of, decode
from crmcx.models.extension import custom_leaves
from crmcx.models.extra import read_extra, write_extra
from crmcx.models.fields import Leaf, leaves, parts
from crmcx.tables.schema import TableSchema, key_of, parent_key, schema_of


def _with_keys(columns: dict[str, Sequence[Any]], schema: TableSchema) -> None:
    for column in schema.columns:
        leaf = column.leaf
        if leaf is not None and leaf.key_column is not None and leaf.column in columns:
            refs = columns[leaf.column]
            tables = columns[leaf.named_by] if leaf.named_by else [leaf.target] * len(refs)
            columns[leaf.key_column] = [
                None if ref is None else key_of(table, ref) for table, ref in zip(tables, refs, strict=True)
            ]


def _with_sources(only: AbstractSet[str] | None, schema: TableSchema) -> AbstractSet[str]:
    """The columns that are wanted, and those that they are made of."""
    if only is None:
        return frozenset(schema.names)
    wanted = set(only)
    if "person_id" in wanted:
        wanted.add("customer_key" if "customer_key" in schema else "key")
    for column in schema.columns:
        leaf = column.leaf
        if leaf is not None and leaf.key_column in wanted:
            wanted |= {leaf.column, *([leaf.named_by] if leaf.named_by else [])}
    return wanted


def to_columns(
    cls: type[Model], objects: Sequence[Any], only: AbstractSet[str] | None = None
) -> dict[str, Sequence[Any]]:
    """Objects of one class as the columns of its table.

    Args:
        cls: A record class; or a part class, and then `objects` are its parents.
        objects: The records.
        only: The columns that are wanted; all unless given.

    Returns:
        Every column of the class's schema, or those wanted and what they are made of, with one cell per object, or per
        part of an object.
    """
    schema = schema_of(cls)
    wanted = _with_sources(only, schema)
    if issubclass(cls, Part):
        return _parts_to_columns(cls, schema, objects, wanted)
    columns = _made(
        {
            "key": lambda: [key_of(schema.name, item.ref) for item in objects],
            "source": lambda: [item.source for item in objects],
            "source_id": lambda: [item.source_id for item in objects],
            "known_us": lambda: [None if item.known_at is None else to_us(item.known_at) for item in objects],
            "version": lambda: [item.version for item in objects],
            "raw_ref": lambda: [None] * len(objects),
            "content_hash": lambda: [None] * len(objects),
            "extra": lambda: [write_extra(item.extra) for item in objects],
        },
        wanted,
    )
    columns |= cells_of(_wanted(leaves(cls), wanted), objects)
    _with_keys(columns, schema)
    if "person_id" in schema and "person_id" in wanted:
        columns["person_id"] = columns.get("customer_key", columns.get("key", ()))
    return columns


def _made(columns: Mapping[str, Callable[[], Sequence[Any]]], wanted: AbstractSet[str]) -> dict[str, Sequence[Any]]:
    return {name: make() for name, make in columns.items() if name in wanted}


def _wanted(found: Iterable[Leaf], wanted: AbstractSet[str]) -> list[Leaf]:
    return [leaf for leaf in found if leaf.column in wanted]


def _parts_to_columns(
    cls: type[Part], schema: TableSchema, parents: Sequence[Record], wanted: AbstractSet[str]
) -> dict[str, Sequence[Any]]:
    assert schema.parent is not None  # noqa: S101 - every part has a parent
    parent_table = schema.parent.table
    field = next(name for name, part in parts(schema.parent).items() if part is cls)
    numbered = [(parent, position) for parent in parents for position in range(len(getattr(parent, field)))]
    owners = [parent for parent, _ in numbered]
    of_owners: dict[str, Callable[[], Sequence[Any]]] = {
        parent_key(cls): lambda: [key_of(parent_table, parent.ref) for parent in owners],
        "position": lambda: [position for _, position in numbered],
        "source": lambda: [parent.source for parent in owners],
        "known_us": lambda: [None if parent.known_at is None else to_us(parent.known_at) for parent in owners],
    }
    columns = _made(of_owners, wanted)
    inherited = [leaf for leaf in leaves(schema.parent) if leaf.path[0] in cls.inherits]
    columns |= cells_of(_wanted(inherited, wanted), owners)
    own = [part for parent in parents for part in getattr(parent, field)]
    columns |= cells_of(_wanted(leaves(cls), wanted), own)
    _with_keys(columns, schema)
    if "person_id" in schema and "person_id" in wanted:
        columns["person_id"] = columns["customer_key"]
    return columns


def to_objects(
    cls: type[Record], rows: Iterable[Mapping[str, Any]], nested: Mapping[type[Part], Iterable[Mapping[str, Any]]]
) -> list[Any]:
    """Rows of a table, and the rows of its parts, as objects of the class.

    Args:
        cls: A record class, also one of your own that adds fields to one of the model.
        rows: Rows of its table; what a class of your own adds is taken from its column, or from `extra`.
        nested: For each part class, rows of that part's table.
    """
    by_parent: dict[tuple[str, int], list[Any]] = {}
    for field, part in parts(cls).items():
        ordered = sorted(nested.get(part, ()), key=lambda row: (row[parent_key(part)], row["position"]))
        for row in ordered:
            by_parent.setdefault((field, row[parent_key(part)]), []).append(part(**_fields(part, row)))
    found = []
    for row in rows:
        fields = _fields(cls, row)
        fields |= {"source": row["source"], "source_id": row["source_id"], "version": row["version"]}
        fields["known_at"] = None if row["known_us"] is None else from_us(row["known_us"])
        extra = read_extra(row["extra"])
        added = {leaf.path[0]: leaf for leaf in reversed(custom_leaves(cls))}
        kept = {name: extra.pop(name) for name in added if name in extra}
        for name, leaf in added.items():
            if leaf.column not in row and name in kept:
                fields[name] = kept[name]
            elif leaf.column in row and row[leaf.column] is None and not cls.model_fields[name].is_required():
                fields[name] = None
        fields["extra"] = extra
        fields |= {field: tuple(by_parent.get((field, row["key"]), ())) for field in parts(cls)}
        found.append(cls(**fields))
    return found


def _fields(cls: type[Model], row: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for leaf in leaves(cls):
        if leaf.column not in row:
            continue  # a field of a class of one's own, which is in extra
        (value,) = decode(leaf, (row[leaf.column],))
        if len(leaf.path) == 1:
            fields[leaf.path[0]] = value
        elif value is not None:
            fields.setdefault(leaf.path[0], {})[leaf.path[1]] = value
    return {name: value for name, value in fields.items() if value is not None}
