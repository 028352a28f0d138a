"""What a store holds as one number, whatever the order of rows, runs and times of recording."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from crmcx.models.fields import Kind
from crmcx.store import ddl
from crmcx.tables import TABLES, TableSchema


def digest_of(connection: Any) -> str:  # noqa: ANN401 - a DuckDB connection
    """SHA-256 over the contents of every table and of the quarantine."""
    found = [(name, *connection.execute(_digest_sql(schema)).fetchall()[0]) for name, schema in TABLES.items()]
    aside = 'hash(source, stream, origin, "row", field, reason, raw)'
    found += connection.execute(
        f"SELECT 'quarantine', count(*), sum({aside})::VARCHAR FROM books.quarantine"
    ).fetchall()
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def _digest_sql(schema: TableSchema) -> str:
    left_out = {"known_us", "raw_ref", "content_hash"}
    columns = []
    for column in ddl.stored_columns(schema):
        name = ddl.quoted(column.name)
        if column.name in left_out:
            continue
        dated = column.leaf is not None and column.leaf.kind is Kind.INSTANT and "after_us" in schema
        columns.append(f"CASE WHEN after_us IS NULL THEN {name} END" if dated else name)
    return f"SELECT count(*), sum(hash({', '.join(columns)}))::VARCHAR FROM {schema.name}"
