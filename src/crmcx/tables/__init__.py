"""The columnar face of the models: one schema per class, checked frames, objects to rows and back."""

from crmcx.engines import Kind
from crmcx.tables._spelled import flag
from crmcx.tables._steps import KnownSince
from crmcx.tables.asked import AskedTable
from crmcx.tables.calendar import Period, PeriodColumn
from crmcx.tables.cells import to_columns, to_objects
from crmcx.tables.events import event_of
from crmcx.tables.frames import Frame, KeyedTable, StoredTable, Table, take, take_whole
from crmcx.tables.handed import (
    as_given,
    counted,
    kind_of,
    looked_up,
    native,
    nullable,
    rows,
    rows_of,
    same_engine,
    settled,
    to_frame,
)
from crmcx.tables.history import accounts_at, cases_at, consents_at, deals_at, stages_at, subscriptions_at
from crmcx.tables.hours import DayTable, Hours, all_of, any_of, hours_of, open_us
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
    "DayTable",
    "Frame",
    "Hours",
    "KeyedTable",
    "Kind",
    "KnownSince",
    "Period",
    "PeriodColumn",
    "Periods",
    "StoredTable",
    "Table",
    "TableSchema",
    "accounts_at",
    "all_of",
    "any_of",
    "as_given",
    "cases_at",
    "consents_at",
    "counted",
    "deals_at",
    "event_of",
    "flag",
    "hours_of",
    "in_window",
    "key_of",
    "kind_of",
    "known_by",
    "latest",
    "looked_up",
    "native",
    "nullable",
    "open_us",
    "rows",
    "rows_of",
    "same_engine",
    "schema_of",
    "settled",
    "stages_at",
    "subscriptions_at",
    "take",
    "take_whole",
    "to_columns",
    "to_frame",
    "to_objects",
    "visible_to_customers",
    "words_in",
]
