"""The floor: pages fetched, validated and appended, and nothing else; in an environment without crmcx.

`python -m bench.http_floor STORE ADDRESS`. httpx fetches, pydantic's core checks the bytes against a TypedDict, pyarrow
makes columns, DuckDB appends them. No mapping, key, hash, change check, quarantine, raw page, cursor, or second run.
"""

from __future__ import annotations

import gc
import sys
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import duckdb
import httpx
import pyarrow as pa
from pydantic import AwareDatetime, Field, PlainValidator, TypeAdapter
from typing_extensions import TypedDict

PAGES_A_COMMIT = 20


class Properties(TypedDict):
    """What a deal says, its numbers and flags as texts."""

    amount: Decimal
    deal_currency_code: str
    dealname: str
    dealstage: str
    pipeline: str
    hs_is_closed_won: Literal["true", "false"]
    hs_deal_stage_probability: Annotated[float, Field(ge=0, le=1)]
    hs_forecast_category: str
    hubspot_owner_id: str
    contact_id: str
    company_id: str
    product_code: str | None
    campaign: str | None
    opened_on: date
    closed_on: date | None
    expected_close: date
    closed_lost_reason: str | None
    closedate: AwareDatetime | None


class Row(TypedDict):
    """A deal."""

    id: str
    properties: Properties
    createdAt: AwareDatetime
    updatedAt: AwareDatetime


class Following(TypedDict):
    """The next page."""

    after: str


class Paging(TypedDict):
    """Where to go on."""

    next: Following


Bad = Annotated[None, PlainValidator(lambda _record: None)]


class Body(TypedDict, total=False):
    """A page."""

    results: list[Annotated[Row | Bad, Field(union_mode="left_to_right")]]
    paging: Paging


_INSTANT = pa.timestamp("us", tz="UTC")
_TYPES = {
    "amount": pa.decimal128(18, 6),
    "hs_deal_stage_probability": pa.float64(),
    "opened_on": pa.date32(),
    "closed_on": pa.date32(),
    "expected_close": pa.date32(),
    "closedate": _INSTANT,
}
_NAMES = tuple(Properties.__annotations__)


def table_of(rows: list[Row]) -> pa.Table:
    """The rows as columns."""
    columns = {"id": pa.array([row["id"] for row in rows], pa.string())}
    said = [row["properties"] for row in rows]
    for name in _NAMES:
        columns[name] = pa.array([each[name] for each in said], _TYPES.get(name, pa.string()))
    for name in ("createdAt", "updatedAt"):
        columns[name] = pa.array([row[name] for row in rows], _INSTANT)
    return pa.table(columns)


def main(store: str, url: str) -> None:
    """Fetch, check and append."""
    adapter = TypeAdapter(Body)
    connection = duckdb.connect(store, config={"threads": 1})
    gc.disable()
    token, pages, made = "0", 0, False
    with httpx.Client(base_url=url) as client:
        connection.execute("BEGIN").fetchall()
        while token is not None:
            body = adapter.validate_json(
                client.get("/deals", params={"limit": 1_000, "after": token}).raise_for_status().content
            )
            batch = table_of([row for row in body["results"] if row is not None])
            connection.register("batch", batch)
            how = "INSERT INTO deals SELECT * FROM batch" if made else "CREATE TABLE deals AS SELECT * FROM batch"
            connection.execute(how).fetchall()
            connection.unregister("batch")
            token, pages, made = body["paging"]["next"]["after"] if "paging" in body else None, pages + 1, True
            if pages % PAGES_A_COMMIT == 0:
                connection.execute("COMMIT").fetchall()
                connection.execute("BEGIN").fetchall()
        connection.execute("COMMIT").fetchall()
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
