"""HubSpot: contacts, companies, deals, tickets, engagements, feedback, owners, and the history of their stages."""

from crmcx.connectors.hubspot.connector import HubSpot
from crmcx.connectors.hubspot.settings import HubSpotSettings

__all__ = ["HubSpot", "HubSpotSettings"]
