"""The connector SDK and the built-in systems."""

from crmcx.connectors.catalogue import Catalogue, CatalogueDiff, FieldKind, SourceField, catalogue_of
from crmcx.connectors.checking import Rejected
from crmcx.connectors.compiled import Batch, Compiled, Rows
from crmcx.connectors.fates import Fate
from crmcx.connectors.files import OCCURRENCE, Files, FileStream
from crmcx.connectors.formats import Csv, JsonLines, Parquet
from crmcx.connectors.given import FromModels, Given, mapper
from crmcx.connectors.hookspecs import hookimpl
from crmcx.connectors.loss import FieldLoss, LossReport, TurnedWords, loss_of, loss_report
from crmcx.connectors.mapping import (
    Mapping,
    answer,
    at,
    constant,
    contact,
    day,
    duration,
    equals,
    identifier,
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
    "Catalogue",
    "CatalogueDiff",
    "Compiled",
    "Connector",
    "Csv",
    "Cursor",
    "Fate",
    "FieldKind",
    "FieldLoss",
    "FileStream",
    "Files",
    "FromModels",
    "Given",
    "JsonLines",
    "LossReport",
    "Mapping",
    "Page",
    "Parquet",
    "Plugins",
    "Rejected",
    "Rows",
    "SourceField",
    "Stream",
    "TurnedWords",
    "Unreadable",
    "answer",
    "at",
    "catalogue_of",
    "constant",
    "contact",
    "day",
    "duration",
    "equals",
    "hookimpl",
    "identifier",
    "installed",
    "instant",
    "joined",
    "loss_of",
    "loss_report",
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
