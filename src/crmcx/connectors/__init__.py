"""The connector SDK and the built-in systems."""

from typing import TYPE_CHECKING

from crmcx._lazy import lazy
from crmcx.connectors import exports, paging
from crmcx.connectors.auth import Auth, Basic, Bearer, ClientCredentials, HeaderKey, RefreshToken, SignIn
from crmcx.connectors.budget import Budget, Rate
from crmcx.connectors.catalogue import Catalogue, CatalogueDiff, FieldKind, SourceField, catalogue_of
from crmcx.connectors.checking import Rejected
from crmcx.connectors.clock import Clock
from crmcx.connectors.compiled import Batch, Compiled, Rows
from crmcx.connectors.fates import Fate
from crmcx.connectors.files import OCCURRENCE, Files, FileStream
from crmcx.connectors.formats import Csv, JsonLines, Parquet
from crmcx.connectors.given import FromModels, Given, mapper
from crmcx.connectors.hookspecs import Gathered, hookimpl
from crmcx.connectors.http import Api
from crmcx.connectors.limits import Limits
from crmcx.connectors.loss import FieldLoss, LossReport, TurnedWords, loss_of, loss_report
from crmcx.connectors.mapping import (
    Mapping,
    at,
    constant,
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
    scale,
    shortest_decimal,
    text,
    words,
)
from crmcx.connectors.meter import Waiting
from crmcx.connectors.pages import Cursor, Page, Said, Unreadable
from crmcx.connectors.parts import answer, contact, identifier
from crmcx.connectors.plugins import Plugins, installed
from crmcx.connectors.replies import Reply
from crmcx.connectors.retry import DIALECTS, Dialect, Mark, Retries, Wait
from crmcx.connectors.sdk import Connector
from crmcx.connectors.searches import Window, windows
from crmcx.connectors.streams import Deletes, Parents, Stream, stream

if TYPE_CHECKING:
    from crmcx.connectors.hubspot import HubSpot
    from crmcx.connectors.qualtrics import Qualtrics

__all__ = [
    "DIALECTS",
    "OCCURRENCE",
    "Api",
    "Auth",
    "Basic",
    "Batch",
    "Bearer",
    "Budget",
    "Catalogue",
    "CatalogueDiff",
    "ClientCredentials",
    "Clock",
    "Compiled",
    "Connector",
    "Csv",
    "Cursor",
    "Deletes",
    "Dialect",
    "Fate",
    "FieldKind",
    "FieldLoss",
    "FileStream",
    "Files",
    "FromModels",
    "Gathered",
    "Given",
    "HeaderKey",
    "HubSpot",
    "JsonLines",
    "Limits",
    "LossReport",
    "Mapping",
    "Mark",
    "Page",
    "Parents",
    "Parquet",
    "Plugins",
    "Qualtrics",
    "Rate",
    "RefreshToken",
    "Rejected",
    "Reply",
    "Retries",
    "Rows",
    "Said",
    "SignIn",
    "SourceField",
    "Stream",
    "TurnedWords",
    "Unreadable",
    "Wait",
    "Waiting",
    "Window",
    "answer",
    "at",
    "catalogue_of",
    "constant",
    "contact",
    "day",
    "duration",
    "equals",
    "exports",
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
    "paging",
    "part",
    "present",
    "ref",
    "scale",
    "shortest_decimal",
    "stream",
    "text",
    "windows",
    "words",
]

# The systems are made of the names above, as a third party's are, and loaded when they are asked for.
__getattr__, __dir__ = lazy("crmcx.connectors", {"HubSpot": "hubspot", "Qualtrics": "qualtrics"})
