"""The connectors that come with crmcx, registered as a third party's would be."""

from __future__ import annotations

from crmcx.connectors.files import Files
from crmcx.connectors.hookspecs import hookimpl
from crmcx.connectors.qualtrics import Qualtrics
from crmcx.connectors.sdk import Connector


@hookimpl
def crmcx_register_connectors() -> list[type[Connector]]:
    """The built-in connectors."""
    return [Files, Qualtrics]
