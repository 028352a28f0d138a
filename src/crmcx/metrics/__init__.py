"""Metrics: pure functions from tables to numbers with receipts."""

from crmcx.metrics._amounts import Into
from crmcx.metrics._asking import per
from crmcx.metrics._clock import BusinessClock, business_time
from crmcx.metrics.evidence import Evidence, evidence
from crmcx.metrics.experience import csat, nps, nps_from_counts, nps_from_scores
from crmcx.metrics.loyalty import retention
from crmcx.metrics.sales import conversion, win_rate, won_value
from crmcx.metrics.sales_cycle import sales_cycle, sales_velocity
from crmcx.metrics.sales_forecast import Band, Calibration, chances_of, forecast_calibration, weighted_pipeline
from crmcx.metrics.sales_leads import lead_conversion, lead_flow, lead_generation, speed_to_lead
from crmcx.metrics.sales_pipeline import pipeline_coverage, pipeline_value
from crmcx.metrics.sales_stages import stage_age, stage_win_rate
from crmcx.metrics.sales_wins import cohort_win_rate, win_rate_by_amount
from crmcx.metrics.service import first_response_time, next_response_time, resolution_time
from crmcx.metrics.service_backlog import backlog, backlog_age
from crmcx.metrics.service_contacts import first_contact_resolution
from crmcx.metrics.service_outcomes import escalation_rate, one_touch_rate, reopen_rate, transfer_rate
from crmcx.metrics.service_targets import sla_attainment

__all__ = [
    "Band",
    "BusinessClock",
    "Calibration",
    "Evidence",
    "Into",
    "backlog",
    "backlog_age",
    "business_time",
    "chances_of",
    "cohort_win_rate",
    "conversion",
    "csat",
    "escalation_rate",
    "evidence",
    "first_contact_resolution",
    "first_response_time",
    "forecast_calibration",
    "lead_conversion",
    "lead_flow",
    "lead_generation",
    "next_response_time",
    "nps",
    "nps_from_counts",
    "nps_from_scores",
    "one_touch_rate",
    "per",
    "pipeline_coverage",
    "pipeline_value",
    "reopen_rate",
    "resolution_time",
    "retention",
    "sales_cycle",
    "sales_velocity",
    "sla_attainment",
    "speed_to_lead",
    "stage_age",
    "stage_win_rate",
    "transfer_rate",
    "weighted_pipeline",
    "win_rate",
    "win_rate_by_amount",
    "won_value",
]
