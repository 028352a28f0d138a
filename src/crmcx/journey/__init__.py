"""Journeys: pure functions over the log of what people went through."""

from crmcx.journey._mix import StageMix, StageShare, stage_mix
from crmcx.journey.agreement import StageAgreement, StagePair, stage_agreement
from crmcx.journey.at_event import in_stage
from crmcx.journey.derive import derive_stages
from crmcx.journey.derived import DerivedStages, StageInterval
from crmcx.journey.funnel import Funnel, FunnelStep, funnel
from crmcx.journey.log import JourneyLog
from crmcx.journey.stage_totals import StageMove, StageTotal
from crmcx.journey.stages import LIFECYCLE, StageEvidence, StageRules
from crmcx.journey.together import stages_together
from crmcx.journey.transitions import END, START, Transition, Transitions, transitions

__all__ = [
    "END",
    "LIFECYCLE",
    "START",
    "DerivedStages",
    "Funnel",
    "FunnelStep",
    "JourneyLog",
    "StageAgreement",
    "StageEvidence",
    "StageInterval",
    "StageMix",
    "StageMove",
    "StagePair",
    "StageRules",
    "StageShare",
    "StageTotal",
    "Transition",
    "Transitions",
    "derive_stages",
    "funnel",
    "in_stage",
    "stage_agreement",
    "stage_mix",
    "stages_together",
    "transitions",
]
