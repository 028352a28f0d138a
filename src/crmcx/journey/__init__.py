"""Journeys: pure functions over the log of what people went through."""

from crmcx.journey.funnel import Funnel, FunnelStep, funnel
from crmcx.journey.log import JourneyLog
from crmcx.journey.stages import StageMix, StageShare, stage_mix
from crmcx.journey.transitions import END, START, Transition, Transitions, transitions

__all__ = [
    "END",
    "START",
    "Funnel",
    "FunnelStep",
    "JourneyLog",
    "StageMix",
    "StageShare",
    "Transition",
    "Transitions",
    "funnel",
    "stage_mix",
    "transitions",
]
