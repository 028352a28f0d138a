"""A store of an older layout brought forward: what each step adds stands in `layouts/`, and never changes again.

After the steps the views are made anew. Where a step changed a class, the content hashes are computed again, since a
class with more fields has other hashes and the next sync would otherwise take every record for changed.
"""

from __future__ import annotations

from importlib import resources
from typing import cast

from crmcx.models.base import Record
from crmcx.models.fields import leaves, parts
from crmcx.store.ddl import STORE_VERSION, create_view, quoted
from crmcx.store.merge import HASH_MASK
from crmcx.tables.schema import RECORDS, TABLES, TableSchema, parent_key, schema_of

OLDEST = 1
"""The oldest layout that can be brought forward."""
_OTHER_CLASSES = 3
"""The last layout that changed the table of a class."""


def statements_from(layout: int) -> tuple[str, ...]:
    """The statements that make a store of today's layout of an older one, in order; none for one of today's.

    Args:
        layout: The layout that it has.
    """
    if layout == STORE_VERSION:
        return ()
    folder = resources.files("crmcx.store") / "layouts"
    steps = tuple(
        (folder / f"to_{step}.sql").read_text(encoding="utf-8") for step in range(layout + 1, STORE_VERSION + 1)
    )
    views = tuple(create_view(schema) for schema in TABLES.values())
    hashes = tuple(_hash_again(schema_of(cls)) for cls in RECORDS) if layout < _OTHER_CLASSES else ()
    return (*steps, *views, *hashes, f"UPDATE books.meta SET value = '{STORE_VERSION}' WHERE name = 'store_version'")


def _hash_again(schema: TableSchema) -> str:
    """The statement that computes the content hashes of a table as `ClassMerge` does for what comes in."""
    cls = cast("type[Record]", schema.cls)
    content = ["t.version", "t.extra", *(f"t.{quoted(leaf.column)}" for leaf in leaves(cls))]
    joins = ""
    for part in parts(cls).values():
        inner = ", ".join(["position", *(quoted(leaf.column) for leaf in leaves(part))])
        key = parent_key(part)
        joins += (
            f" LEFT JOIN (SELECT {key}, bit_xor(hash({inner})) AS h FROM {part.table} GROUP BY {key}) p_{part.table}"
            f" ON p_{part.table}.{key} = t.key"
        )
        content.append(f"p_{part.table}.h")
    # A step that the store itself noted is hashed in its own way, and never compared.
    noted = " WHERE t.after_us IS NULL" if "after_us" in schema else ""
    return (
        f"UPDATE {schema.name} SET content_hash = found.hash FROM (SELECT t.key, (hash({', '.join(content)})"
        f" & {HASH_MASK})::BIGINT AS hash FROM {schema.name} t{joins}{noted}) found WHERE found.key = {schema.name}.key"
    )
