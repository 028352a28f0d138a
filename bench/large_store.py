"""A store of ten million deals, made of one of a hundred thousand by SQL, and what a commit costs beside them."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from bench.http_server import FIRST_ID
from bench.measuring import run, serving

BASE = 100_000
_SOURCE = "vendor:bench"


def multiply(store: Path, *, times: int, base: int = BASE) -> int:
    """Put each deal of a store there so many times, under ids and keys of its own, in all tables that know its key.

    Returns:
        How many deals there are then.
    """
    with duckdb.connect(str(store), config={"threads": 2, "memory_limit": "4GB"}) as connection:

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return connection.execute(sql).fetchall()

        ask(
            f"""CREATE TEMP TABLE copies AS
            SELECT key, (source_id::BIGINT + {base} * i)::VARCHAR AS new_id,
                (md5_number_lower('deals/{_SOURCE}/' || new_id) & {2**63 - 1})::BIGINT AS new_key
            FROM deals, range(1, {times}) c(i)"""
        )
        columns = ask(
            """SELECT c.table_schema, c.table_name, c.column_name FROM information_schema.columns c
            JOIN information_schema.tables t USING (table_catalog, table_schema, table_name)
            WHERE t.table_type = 'BASE TABLE'"""
        )
        tables = {(schema, table) for schema, table, column in columns if column == "key"}
        for schema, table in sorted(tables):
            if not ask(f"SELECT 1 FROM {schema}.{table} JOIN copies USING (key) LIMIT 1"):
                continue
            named = ", c.new_id AS source_id" if (schema, table, "source_id") in columns else ""
            ask(
                f"""INSERT INTO {schema}.{table} SELECT t.* REPLACE (c.new_key AS key{named})
                FROM copies c JOIN {schema}.{table} t ON t.key = c.key"""
            )
        ask("DROP TABLE copies")
        ((rows,),) = ask("SELECT count(*) FROM deals")
    return int(rows)


def costs(folder: Path, cache: Path, *, rows: int, records: int) -> dict[str, Any]:
    """CPU microseconds a record of a commit of 20,000, into no store, a small one and a large one.

    The records are scattered over all that the large store holds, and each of them has changed.

    Args:
        folder: Where the stores go.
        cache: As of `run`.
        rows: How many rows the large store is to have.
        records: How many records are committed.
    """
    large, small = folder / "large.duckdb", folder / "small.duckdb"
    with serving(["--records", BASE]) as url:
        run("bench.http_crmcx", "sync", large, f"{url}/first", cache=cache)
    held = multiply(large, times=rows // BASE)
    stride = max(1, rows // records)
    with serving(["--records", records, "--stride", stride, "--variants", "first,anew"]) as url:
        new = run("bench.http_crmcx", "commits", small, f"{url}/first", cache=cache)
        beside_few = run("bench.http_crmcx", "commits", small, f"{url}/anew", cache=cache)
        beside_many = run("bench.http_crmcx", "commits", large, f"{url}/anew", cache=cache)
    with duckdb.connect(str(large), read_only=True) as connection:
        ((found,),) = connection.execute(
            f"""SELECT count(*) FROM deals WHERE stage = 'decided'
            AND (source_id::BIGINT - {FIRST_ID}) % {stride} = 0"""
        ).fetchall()
    return {
        "held": held,
        "changed": found,
        "new": _each(new.said),
        "small": _each(beside_few.said),
        "large": _each(beside_many.said),
        "peak_mb": beside_many.peak_mb,
        "size_mb": large.stat().st_size / 2**20,
    }


def _each(said: str) -> float:
    """Microseconds a record, the median of the commits of full size."""
    commits = json.loads(said)["commits"]
    full = max(read for read, _ in commits)
    return median(seconds / read * 1_000_000 for read, seconds in commits if read == full)
