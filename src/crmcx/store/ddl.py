"""What a store is made of: a table per class, the books of the syncs, the overlay of people, a view per class."""

from __future__ import annotations

from crmcx.models.base import Part
from crmcx.models.fields import Kind
from crmcx.tables.schema import TABLES, Column, DType, TableSchema

STORE_VERSION = 5
"""Version of the layout; a store of a higher one is refused."""
STORAGE_FORMAT = "v1.4.0"
"""DuckDB's file format, named so that it does not move with DuckDB's own default."""
SETTINGS = {"storage_compatibility_version": STORAGE_FORMAT, "wal_autocheckpoint": "64MB"}
"""DuckDB's settings for a store that is written: checkpoints are few, so that a first load does not pay for many."""
NO_VACUUM, VACUUM = "SET max_vacuum_tasks = 0", "SET max_vacuum_tasks = 100"
"""Whether checkpoints write small groups of rows together: in a long load the same rows again and again."""
RUNS_PER_VACUUM = 16
"""After so many runs they do once, or many small syncs would leave a file of tiny groups."""

_TYPES = {DType.INT64: "BIGINT", DType.FLOAT64: "DOUBLE", DType.STRING: "VARCHAR", DType.BOOL: "BOOLEAN"}

BOOKS = (
    "CREATE SCHEMA IF NOT EXISTS books",
    "CREATE TABLE books.meta (name VARCHAR, value VARCHAR)",
    "CREATE TABLE books.connections (source VARCHAR, connector VARCHAR, settings VARCHAR)",
    """CREATE TABLE books.runs (run_id BIGINT, source VARCHAR, started_us BIGINT, finished_us BIGINT, state VARCHAR,
        reason VARCHAR, kind VARCHAR)""",
    """CREATE TABLE books.streams (source VARCHAR, stream VARCHAR, cursor VARCHAR, pass_id BIGINT,
        known_since_us BIGINT, finished_us BIGINT, watermark VARCHAR, whole_us BIGINT, fields VARCHAR)""",
    """CREATE TABLE books.pages (page_id BIGINT, run_id BIGINT, source VARCHAR, stream VARCHAR, mappings VARCHAR,
        fetched_us BIGINT, origin VARCHAR, first_row BIGINT, records BIGINT, body_hash VARCHAR, form VARCHAR,
        seen_us BIGINT)""",
    "CREATE TABLE books.bodies (page_id BIGINT, part BIGINT, body BLOB)",
    """CREATE TABLE books.commits (commit_id BIGINT, run_id BIGINT, source VARCHAR, stream VARCHAR, at_us BIGINT,
        "read" BIGINT, stored BIGINT, unchanged BIGINT, quarantined BIGINT, deleted BIGINT)""",
    """CREATE TABLE books.quarantine (quarantine_id BIGINT, run_id BIGINT, source VARCHAR, stream VARCHAR,
        origin VARCHAR, "row" BIGINT, field VARCHAR, reason VARCHAR, raw VARCHAR, raw_ref BIGINT,
        recorded_us BIGINT, record VARCHAR)""",
    """CREATE TABLE books.seen (table_name VARCHAR, key BIGINT, seen_us BIGINT, pass_id BIGINT, before_us BIGINT,
        said_pass BIGINT, first_us BIGINT)""",
    """CREATE TABLE books.deleted (table_name VARCHAR, key BIGINT, source VARCHAR, source_id VARCHAR, stream VARCHAR,
        version BIGINT, deleted_us BIGINT, raw_ref BIGINT, how VARCHAR, said VARCHAR)""",
    """CREATE TABLE books.present (source VARCHAR, stream VARCHAR, pass_id BIGINT, table_name VARCHAR, key BIGINT)""",
    "CREATE TABLE person_map (customer_key BIGINT, person_id BIGINT, identity_version BIGINT)",
    "CREATE SCHEMA IF NOT EXISTS identity",
    """CREATE TABLE identity.readings (rule VARCHAR, variant VARCHAR, raw VARCHAR, key VARCHAR, aside VARCHAR,
        reader BIGINT)""",
    "CREATE TABLE identity.keys (customer_key BIGINT, rule VARCHAR, namespace VARCHAR, key VARCHAR)",
    "CREATE TABLE identity.edges (a BIGINT, b BIGINT, rule VARCHAR, namespace VARCHAR, key VARCHAR, cut BOOLEAN)",
    "CREATE TABLE identity.aside (rule VARCHAR, namespace VARCHAR, reason VARCHAR, customer_key BIGINT)",
    """CREATE TABLE identity.versions (version BIGINT, at_us BIGINT, policy VARCHAR, policy_hash VARCHAR,
        records BIGINT, people BIGINT)""",
    "CREATE SCHEMA IF NOT EXISTS analysis",
)
"""Everything beside the tables of the classes."""


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def stored_columns(schema: TableSchema) -> tuple[Column, ...]:
    """The columns that a table holds; the person comes in by the view."""
    return tuple(column for column in schema.columns if column.name != "person_id")


def create_table(schema: TableSchema) -> str:
    """The statement that makes the table of a class."""
    columns = ", ".join(f"{quoted(column.name)} {_TYPES[column.dtype]}" for column in stored_columns(schema))
    return f"CREATE TABLE {schema.name} ({columns})"


def create_view(schema: TableSchema) -> str:
    """The statement that makes the view of a class: its table, the person, and instants as timestamps in UTC."""
    chosen = [f"t.{quoted(column.name)}" for column in stored_columns(schema)]
    joins = ""
    if "person_id" in schema:
        key = "key" if schema.name == "customers" else "customer_key"
        chosen.append(f"coalesce(p.person_id, t.{key}) AS person_id")
        joins = f" LEFT JOIN main.person_map p ON p.customer_key = t.{key}"
    chosen += [
        f"make_timestamp(t.{quoted(column.name)}) AS {quoted(column.name.removesuffix('_us') + '_at')}"
        for column in schema.columns
        if column.leaf is not None and column.leaf.kind is Kind.INSTANT
    ]
    return (
        f"CREATE OR REPLACE VIEW analysis.{schema.name} AS SELECT {', '.join(chosen)} FROM main.{schema.name} t{joins}"
    )


def create_all() -> tuple[str, ...]:
    """Every statement that a new store takes, in order."""
    tables = tuple(create_table(schema) for schema in TABLES.values())
    return (*BOOKS, *tables, *(create_view(schema) for schema in TABLES.values()))


def is_part(schema: TableSchema) -> bool:
    """Whether the table holds nested parts of another."""
    return issubclass(schema.cls, Part)
