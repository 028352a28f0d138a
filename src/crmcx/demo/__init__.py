"""The demo company: a bank of three departments, its exports as a real company would hand them over, and its truth."""

from crmcx.demo.bank import Exports, write_exports
from crmcx.demo.contact_truth import CampaignTruth, ConsentTruth, ContractTruth, InvitationTruth
from crmcx.demo.people_truth import HeroineTruth, InitiativeTruth, PainPointTruth
from crmcx.demo.touchpoints import TOUCHPOINTS, Place
from crmcx.demo.truth import CaseTruth, DealTruth, FileTruth, FunnelTruth, SurveyTruth, Truth

__all__ = [
    "TOUCHPOINTS",
    "CampaignTruth",
    "CaseTruth",
    "ConsentTruth",
    "ContractTruth",
    "DealTruth",
    "Exports",
    "FileTruth",
    "FunnelTruth",
    "HeroineTruth",
    "InitiativeTruth",
    "InvitationTruth",
    "PainPointTruth",
    "Place",
    "SurveyTruth",
    "Truth",
    "write_exports",
]
