"""Metrics: pure functions from tables to numbers with receipts."""

from crmcx.metrics._asking import per
from crmcx.metrics.evidence import Evidence, evidence
from crmcx.metrics.experience import csat, nps, nps_from_counts, nps_from_scores
from crmcx.metrics.experience_asking import completion_rate, response_rate
from crmcx.metrics.experience_paired import cx_index, expectation_gap
from crmcx.metrics.experience_scores import ces, csat_mean, review_rating
from crmcx.metrics.experience_voice import complaint_rate
from crmcx.metrics.loyalty import retention
from crmcx.metrics.loyalty_churn import churn, churn_rate
from crmcx.metrics.loyalty_tenure import Survival, SurvivalStep, mean_tenure, survival, tenure
from crmcx.metrics.own import Mean, Ratio, Share, Span, Total
from crmcx.metrics.sales import conversion, win_rate, won_value
from crmcx.metrics.service import first_response_time, resolution_time, sla_attainment

__all__ = [
    "Evidence",
    "Mean",
    "Ratio",
    "Share",
    "Span",
    "Survival",
    "SurvivalStep",
    "Total",
    "ces",
    "churn",
    "churn_rate",
    "complaint_rate",
    "completion_rate",
    "conversion",
    "csat",
    "csat_mean",
    "cx_index",
    "evidence",
    "expectation_gap",
    "first_response_time",
    "mean_tenure",
    "nps",
    "nps_from_counts",
    "nps_from_scores",
    "per",
    "resolution_time",
    "response_rate",
    "retention",
    "review_rating",
    "sla_attainment",
    "survival",
    "tenure",
    "win_rate",
    "won_value",
]
