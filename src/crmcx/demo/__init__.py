"""The demo company: a bank of three departments, its exports as a real company would hand them over, and its truth."""

from crmcx.demo.bank import Exports, write_exports
from crmcx.demo.people_truth import HeroineTruth, InitiativeTruth, PainPointTruth
from crmcx.demo.touchpoints import TOUCHPOINTS, Place
from crmcx.demo.truth import CaseTruth, DealTruth, FileTruth, FunnelTruth, SurveyTruth, Truth

__all__ = [
    "TOUCHPOINTS",
    "CaseTruth",
    "DealTruth",
    "Exports",
    "FileTruth",
    "FunnelTruth",
    "HeroineTruth",
    "InitiativeTruth",
    "PainPointTruth",
    "Place",
    "SurveyTruth",
    "Truth",
    "write_exports",
]
