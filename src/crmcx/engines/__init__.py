"""Engines: list or frame in, rows out. Nothing else imports DuckDB, Polars, pandas, PyArrow or PySpark."""

from crmcx.engines.arrow import ColumnStream
from crmcx.engines.database import connect, could_not_write, handed_over, lacks_memory, roll_back
from crmcx.engines.frames import (
    beside,
    counted,
    engine_name,
    from_columns,
    looked_up,
    native,
    nullable,
    rows,
    same_engine,
    settled,
    to_lazy,
    with_instants,
)
from crmcx.engines.parquet import parquet_columns, parquet_rows
from crmcx.engines.questions import explained, is_sound, relation_of, statement_kinds, syntax_tree
from crmcx.engines.results import Kind, frame_of, kind_of

__all__ = [
    "ColumnStream",
    "Kind",
    "beside",
    "connect",
    "could_not_write",
    "counted",
    "engine_name",
    "explained",
    "frame_of",
    "from_columns",
    "handed_over",
    "is_sound",
    "kind_of",
    "lacks_memory",
    "looked_up",
    "native",
    "nullable",
    "parquet_columns",
    "parquet_rows",
    "relation_of",
    "roll_back",
    "rows",
    "same_engine",
    "settled",
    "statement_kinds",
    "syntax_tree",
    "to_lazy",
    "with_instants",
]
