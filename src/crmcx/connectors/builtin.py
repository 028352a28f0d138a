"""The connectors that come with crmcx, registered as a third party's would be."""

from __future__ import annotations

from crmcx.connectors.files import Files
from crmcx.connectors.hookspecs import hookimpl
from crmcx.connectors.sdk import Connector

SYSTEMS = {"hubspot": "HubSpot", "qualtrics": "Qualtrics"}
"""The systems by name, each with its class in `crmcx.connectors`; loaded when asked for, since a sync needs few."""


@hookimpl
def crmcx_register_connectors() -> list[type[Connector]]:
    """The built-in connectors that are loaded with the package."""
    return [Files]
