"""Qualtrics as a source: surveys, responses, invitations and contacts."""

from crmcx.connectors.qualtrics.connector import Qualtrics
from crmcx.connectors.qualtrics.settings import QualtricsSettings

__all__ = ["Qualtrics", "QualtricsSettings"]
