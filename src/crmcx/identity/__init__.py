"""Identity: one person out of many records, explained and reversible."""

from crmcx.identity.evidence import Evidence, Why
from crmcx.identity.measure import Scores, pairwise_scores
from crmcx.identity.people import Person, person, why
from crmcx.identity.policy import Policy
from crmcx.identity.resolve import Resolution, resolve
from crmcx.identity.timeline import Timeline, TimelineEntry

__all__ = [
    "Evidence",
    "Person",
    "Policy",
    "Resolution",
    "Scores",
    "Timeline",
    "TimelineEntry",
    "Why",
    "pairwise_scores",
    "person",
    "resolve",
    "why",
]
