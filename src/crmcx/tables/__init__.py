"""The columnar face of the models: one schema per class, checked frames, objects to rows and back."""

from crmcx.tables.cells import to_columns, to_objects
from crmcx.tables.frames import Frame, StoredTable, rows, rows_of, same_engine, take
from crmcx.tables.schema import PARTS, RECORDS, TABLES, Column, DType, TableSchema, key_of, schema_of

__all__ = [
    "PARTS",
    "RECORDS",
    "TABLES",
    "Column",
    "DType",
    "Frame",
    "StoredTable",
    "TableSchema",
    "key_of",
    "rows",
    "rows_of",
    "same_engine",
    "schema_of",
    "take",
    "to_columns",
    "to_objects",
]
