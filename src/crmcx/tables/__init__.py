"""The columnar face of the models: one schema per class, checked frames, objects to rows and back."""

from crmcx.tables.asked import AskedTable
from crmcx.tables.cells import to_columns, to_objects
from crmcx.tables.frames import Frame, StoredTable, Table, rows, rows_of, same_engine, take, to_frame
from crmcx.tables.periods import Periods
from crmcx.tables.schema import PARTS, RECORDS, TABLES, Column, DType, TableSchema, key_of, schema_of
from crmcx.tables.selections import in_window, known_by, latest, visible_to_customers, words_in

__all__ = [
    "PARTS",
    "RECORDS",
    "TABLES",
    "AskedTable",
    "Column",
    "DType",
    "Frame",
    "Periods",
    "StoredTable",
    "Table",
    "TableSchema",
    "in_window",
    "key_of",
    "known_by",
    "latest",
    "rows",
    "rows_of",
    "same_engine",
    "schema_of",
    "take",
    "to_columns",
    "to_frame",
    "to_objects",
    "visible_to_customers",
    "words_in",
]
