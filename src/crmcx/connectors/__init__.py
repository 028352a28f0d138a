"""The connector SDK and the built-in systems."""

from crmcx.connectors.compiled import Batch, Compiled, Rejected, Rows
from crmcx.connectors.files import OCCURRENCE, Files, FileStream
from crmcx.connectors.formats import Csv, JsonLines, Parquet
from crmcx.connectors.given import FromModels, Given, mapper
from crmcx.connectors.hookspecs import hookimpl
from crmcx.connectors.mapping import (
    Mapping,
    answer,
    at,
    constant,
    contact,
    day,
    duration,
    equals,
    instant,
    joined,
    mapping,
    money,
    number,
    part,
    present,
    ref,
    shortest_decimal,
    text,
    words,
)
from crmcx.connectors.plugins import Plugins, installed
from crmcx.connectors.sdk import Connector, Cursor, Page, Stream, Unreadable, stream

__all__ = [
    "OCCURRENCE",
    "Batch",
    "Compiled",
    "Connector",
    "Csv",
    "Cursor",
    "FileStream",
    "Files",
    "FromModels",
    "Given",
    "JsonLines",
    "Mapping",
    "Page",
    "Parquet",
    "Plugins",
    "Rejected",
    "Rows",
    "Stream",
    "Unreadable",
    "answer",
    "at",
    "constant",
    "contact",
    "day",
    "duration",
    "equals",
    "hookimpl",
    "installed",
    "instant",
    "joined",
    "mapper",
    "mapping",
    "money",
    "number",
    "part",
    "present",
    "ref",
    "shortest_decimal",
    "stream",
    "text",
    "words",
]
