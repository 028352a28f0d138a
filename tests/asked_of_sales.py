"""Every metric of sales, asked in several ways of the tables of the company: what the engines must agree on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from crmcx import metrics
from crmcx.instants import Window
from crmcx.models import Money, RateTable
from crmcx.tables import deals_at

WINDOW = Window(date(2025, 2, 1), date(2025, 3, 20), zone="Europe/Berlin")
BEGAN = Window(date(2024, 12, 20), date(2025, 2, 1))
AGO = datetime(2025, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2025, 3, 20, tzinfo=UTC)
SINCE = datetime(2024, 12, 1, tzinfo=UTC)
DAYS = timedelta(days=1)
RATES = RateTable(
    source="bank",
    source_id="1",
    code="daily",
    base="EUR",
    rates=[{"currency": "USD", "day": date(2025, 1, 2), "rate": "1.0321"}],
)
DOLLARS = metrics.Into("USD", rates=RATES, on=date(2025, 2, 1))
CHANCES = {"talk": 0.2, "offer": 0.55, "deal": 1}

SALES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "win_rate": lambda t: metrics.win_rate(t["deals"], cluster="person_id"),
    "win_rate by week": lambda t: metrics.win_rate(t["deals"], by=metrics.per("week", zone="America/New_York")),
    "win_rate by product in a window": lambda t: metrics.win_rate(t["deals"], by="product", window=WINDOW),
    "won_value": lambda t: metrics.won_value(t["deals"]),
    "won_value by product": lambda t: metrics.won_value(t["deals"], by=["product", "amount_currency"]),
    "won_value in dollars": lambda t: metrics.won_value(t["deals"], by="product", into=DOLLARS),
    "conversion": lambda t: metrics.conversion(
        t["interactions"], start="quote", goal=["apply", "sign"], within=timedelta(days=3), by="channel"
    ),
    "win_rate_by_amount": lambda t: metrics.win_rate_by_amount(t["deals"], abandoned="lost"),
    "win_rate_by_amount by product": lambda t: metrics.win_rate_by_amount(t["deals"], by="product", window=WINDOW),
    "cohort_win_rate": lambda t: metrics.cohort_win_rate(t["deals"], within=40 * DAYS, as_of=AGO),
    "cohort_win_rate by product": lambda t: metrics.cohort_win_rate(t["deals"], within=40 * DAYS, by="product"),
    "sales_cycle": lambda t: metrics.sales_cycle(t["deals"], quantile=0.3),
    "sales_cycle by product": lambda t: metrics.sales_cycle(t["deals"], by="product", as_of=AGO),
    "sales_velocity": lambda t: metrics.sales_velocity(t["deals"], window=WINDOW),
    "sales_velocity by product": lambda t: metrics.sales_velocity(t["deals"], by=["product", "amount_currency"]),
    "pipeline_value": lambda t: metrics.pipeline_value(t["deals"], t["deal_changes"], at=AGO, known_since=SINCE),
    "pipeline_value by stage": lambda t: metrics.pipeline_value(
        t["deals"], t["deal_changes"], at=AGO, as_of=LATER, by="stage", into=DOLLARS, known_since={"crm": SINCE}
    ),
    "pipeline_coverage": lambda t: metrics.pipeline_coverage(
        t["deals"],
        t["deal_changes"],
        at=AGO,
        window=WINDOW,
        quota=Money(amount="90000000", currency="EUR"),
        known_since=SINCE,
    ),
    "weighted_pipeline": lambda t: metrics.weighted_pipeline(
        t["deals"], t["deal_changes"], at=AGO, chances=CHANCES, known_since=SINCE
    ),
    "weighted_pipeline by account": lambda t: metrics.weighted_pipeline(
        t["deals"], t["deal_changes"], at=AGO, chances=CHANCES, by="account_key", into=DOLLARS, known_since=SINCE
    ),
    "stage_age": lambda t: metrics.stage_age(t["deals"], t["deal_changes"], ends=["deal"], quantile=0.4),
    "stage_age by stage": lambda t: metrics.stage_age(
        t["deals"], t["deal_changes"], by=["stage", "product"], as_of=AGO, window=WINDOW
    ),
    "stage_win_rate": lambda t: metrics.stage_win_rate(t["deals"], t["deal_changes"]),
    "stage_win_rate by product": lambda t: metrics.stage_win_rate(
        t["deals"], t["deal_changes"], by="product", ends=["deal"], as_of=AGO, cluster="person_id", window=BEGAN
    ),
    "forecast_calibration": lambda t: metrics.forecast_calibration(
        t["deals"],
        deals_at(t["deals"], t["deal_changes"], AGO, known_since=SINCE),
        chances=CHANCES,
    ),
    "chances_of": lambda t: [
        {"stage": stage, "chance": chance}
        for stage, chance in metrics.chances_of(metrics.stage_win_rate(t["deals"], t["deal_changes"])).items()
    ],
    "lead_generation": lambda t: metrics.lead_generation(t["leads"], as_of=AGO),
    "lead_generation by origin": lambda t: metrics.lead_generation(
        t["leads"], by=["origin", metrics.per("month", zone="Europe/Berlin")], window=WINDOW
    ),
    "lead_generation of every lead": lambda t: metrics.lead_generation(t["leads"], unit=None, by="origin"),
    "lead_conversion": lambda t: metrics.lead_conversion(t["leads"], within=20 * DAYS, as_of=LATER),
    "lead_conversion by origin": lambda t: metrics.lead_conversion(t["leads"], within=20 * DAYS, by="origin"),
    "lead_conversion of all ages": lambda t: metrics.lead_conversion(
        t["leads"], within=20 * DAYS, by="origin", young="censored", as_of=AGO
    ),
    "lead_flow": lambda t: metrics.lead_flow(t["leads"], window=WINDOW),
    "lead_flow by origin": lambda t: metrics.lead_flow(t["leads"], window=WINDOW, by="origin"),
    "speed_to_lead": lambda t: metrics.speed_to_lead(t["leads"], t["interactions"], quantile=0.05),
    "speed_to_lead by origin": lambda t: metrics.speed_to_lead(
        t["leads"], t["interactions"], by="origin", window=WINDOW, as_of=LATER
    ),
}
