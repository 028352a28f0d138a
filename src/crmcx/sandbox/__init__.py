"""Local servers that speak the vendors' protocols, over a world that is known."""

from crmcx.sandbox.hubspot import HubSpotSandbox

__all__ = ["HubSpotSandbox"]
