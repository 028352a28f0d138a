"""Metrics: pure functions from tables to numbers with receipts."""

from crmcx.metrics._asking import per
from crmcx.metrics._clock import BusinessClock, business_time
from crmcx.metrics.evidence import Evidence, evidence
from crmcx.metrics.experience import csat, nps, nps_from_counts, nps_from_scores
from crmcx.metrics.loyalty import retention
from crmcx.metrics.sales import conversion, win_rate, won_value
from crmcx.metrics.service import first_response_time, next_response_time, resolution_time
from crmcx.metrics.service_backlog import backlog, backlog_age
from crmcx.metrics.service_contacts import first_contact_resolution
from crmcx.metrics.service_outcomes import escalation_rate, one_touch_rate, reopen_rate, transfer_rate
from crmcx.metrics.service_targets import sla_attainment

__all__ = [
    "BusinessClock",
    "Evidence",
    "backlog",
    "backlog_age",
    "business_time",
    "conversion",
    "csat",
    "escalation_rate",
    "evidence",
    "first_contact_resolution",
    "first_response_time",
    "next_response_time",
    "nps",
    "nps_from_counts",
    "nps_from_scores",
    "one_touch_rate",
    "per",
    "reopen_rate",
    "resolution_time",
    "retention",
    "sla_attainment",
    "transfer_rate",
    "win_rate",
    "won_value",
]
