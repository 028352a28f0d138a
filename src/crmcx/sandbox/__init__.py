"""Local servers that speak the vendors' protocols, over a world that is known."""

from crmcx.sandbox.hubspot import HubSpotSandbox
from crmcx.sandbox.qualtrics import QualtricsSandbox
from crmcx.testing.still import StillClock

__all__ = ["HubSpotSandbox", "QualtricsSandbox", "StillClock"]
