"""Metrics: pure functions from tables to numbers with receipts."""

from crmcx.metrics._amounts import Into
from crmcx.metrics._asking import per
from crmcx.metrics._clock import BusinessClock, business_time
from crmcx.metrics.comparison import wave_difference
from crmcx.metrics.evidence import Evidence, evidence
from crmcx.metrics.experience import csat, nps, nps_from_counts, nps_from_scores
from crmcx.metrics.experience_asking import completion_rate, response_rate
from crmcx.metrics.experience_paired import cx_index, expectation_gap
from crmcx.metrics.experience_scores import ces, csat_mean, review_rating
from crmcx.metrics.experience_voice import complaint_rate
from crmcx.metrics.loyalty import retention
from crmcx.metrics.loyalty_baskets import order_value, purchase_frequency
from crmcx.metrics.loyalty_churn import churn, churn_rate
from crmcx.metrics.loyalty_orders import repeat_purchase_rate
from crmcx.metrics.loyalty_rfm import Buyer, BuyerCell, Rfm, rfm
from crmcx.metrics.loyalty_survival import Survival, SurvivalStep, survival
from crmcx.metrics.loyalty_tenure import mean_tenure, tenure
from crmcx.metrics.own import Mean, Ratio, Share, Span, Total
from crmcx.metrics.sales import conversion, win_rate, won_value
from crmcx.metrics.sales_cycle import sales_cycle, sales_velocity
from crmcx.metrics.sales_forecast import Band, Calibration, chances_of, forecast_calibration, weighted_pipeline
from crmcx.metrics.sales_leads import lead_conversion, lead_flow, lead_generation, speed_to_lead
from crmcx.metrics.sales_pipeline import pipeline_coverage, pipeline_value
from crmcx.metrics.sales_stages import stage_age, stage_win_rate
from crmcx.metrics.sales_wins import cohort_win_rate, win_rate_by_amount
from crmcx.metrics.service import first_response_time, next_response_time, resolution_time
from crmcx.metrics.service_backlog import backlog, backlog_age
from crmcx.metrics.service_contacts import first_contact_resolution, self_service_rate
from crmcx.metrics.service_outcomes import escalation_rate, one_touch_rate, reopen_rate, transfer_rate
from crmcx.metrics.service_rates import contact_rate, contact_share
from crmcx.metrics.service_targets import sla_attainment, target_attainment

__all__ = [
    "Band",
    "BusinessClock",
    "Buyer",
    "BuyerCell",
    "Calibration",
    "Evidence",
    "Into",
    "Mean",
    "Ratio",
    "Rfm",
    "Share",
    "Span",
    "Survival",
    "SurvivalStep",
    "Total",
    "backlog",
    "backlog_age",
    "business_time",
    "ces",
    "chances_of",
    "churn",
    "churn_rate",
    "cohort_win_rate",
    "complaint_rate",
    "completion_rate",
    "contact_rate",
    "contact_share",
    "conversion",
    "csat",
    "csat_mean",
    "cx_index",
    "escalation_rate",
    "evidence",
    "expectation_gap",
    "first_contact_resolution",
    "first_response_time",
    "forecast_calibration",
    "lead_conversion",
    "lead_flow",
    "lead_generation",
    "mean_tenure",
    "next_response_time",
    "nps",
    "nps_from_counts",
    "nps_from_scores",
    "one_touch_rate",
    "order_value",
    "per",
    "pipeline_coverage",
    "pipeline_value",
    "purchase_frequency",
    "reopen_rate",
    "repeat_purchase_rate",
    "resolution_time",
    "response_rate",
    "retention",
    "review_rating",
    "rfm",
    "sales_cycle",
    "sales_velocity",
    "self_service_rate",
    "sla_attainment",
    "speed_to_lead",
    "stage_age",
    "stage_win_rate",
    "survival",
    "target_attainment",
    "tenure",
    "transfer_rate",
    "wave_difference",
    "weighted_pipeline",
    "win_rate",
    "win_rate_by_amount",
    "won_value",
]
