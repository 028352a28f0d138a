"""The demo company: a small bank, its exports as a real company would hand them over, and what is known of it."""

from crmcx.demo.bank import Exports, write_exports
from crmcx.demo.truth import CaseTruth, DealTruth, FileTruth, FunnelTruth, SurveyTruth, Truth

__all__ = [
    "CaseTruth",
    "DealTruth",
    "Exports",
    "FileTruth",
    "FunnelTruth",
    "SurveyTruth",
    "Truth",
    "write_exports",
]
