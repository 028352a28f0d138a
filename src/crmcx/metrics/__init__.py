"""Metrics: pure functions from tables to numbers with receipts."""

from crmcx.metrics._asking import per
from crmcx.metrics.evidence import Evidence, evidence
from crmcx.metrics.experience import csat, nps, nps_from_counts, nps_from_scores
from crmcx.metrics.loyalty import retention
from crmcx.metrics.loyalty_churn import churn, churn_rate
from crmcx.metrics.loyalty_tenure import Survival, SurvivalStep, mean_tenure, survival, tenure
from crmcx.metrics.sales import conversion, win_rate, won_value
from crmcx.metrics.service import first_response_time, resolution_time, sla_attainment

__all__ = [
    "Evidence",
    "Survival",
    "SurvivalStep",
    "churn",
    "churn_rate",
    "conversion",
    "csat",
    "evidence",
    "first_response_time",
    "mean_tenure",
    "nps",
    "nps_from_counts",
    "nps_from_scores",
    "per",
    "resolution_time",
    "retention",
    "sla_attainment",
    "survival",
    "tenure",
    "win_rate",
    "won_value",
]
