"""The connectors that come with crmcx, registered as a third party's would be."""

from __future__ import annotations

from crmcx.connectors.files import Files
from crmcx.connectors.hookspecs import hookimpl
from crmcx.connectors.sdk import Connector


@hookimpl
def crmcx_register_connectors() -> list[type[Connector]]:
    """The built-in connectors."""
    from crmcx.connectors.hubspot import HubSpot  # noqa: PLC0415 - built with what this package exports
    from crmcx.connectors.qualtrics import Qualtrics  # noqa: PLC0415 - as above

    return [Files, HubSpot, Qualtrics]
