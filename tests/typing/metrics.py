"""How metrics are called, read by the type checker alone: each line marked `refused` must be an error."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from crmcx.estimates import Estimate, EstimateTable
from crmcx.metrics import (
    conversion,
    csat,
    first_response_time,
    nps,
    per,
    retention,
    sla_attainment,
    win_rate,
    won_value,
)


def calls(answers: pl.DataFrame, deals: pl.DataFrame, cases: pl.DataFrame, interactions: pl.DataFrame) -> None:
    one: Estimate = nps(answers)
    several: EstimateTable = nps(answers, by="language", item="q1", min_n=30)
    monthly: EstimateTable = csat(answers, by=per("month", zone="Europe/Berlin"), top=4)
    both: EstimateTable = win_rate(deals, by=["product", per("quarter")], abandoned="lost")
    fact: Estimate = won_value(deals, columns={"amount_micros": "value"})
    reached: Estimate = conversion(interactions, start="quote", goal="sign", within=timedelta(days=1))
    quick: EstimateTable = first_response_time(cases, interactions, by="priority", quantile=0.9)
    kept: Estimate = retention(interactions, after=2, period="week")
    agreed: Estimate = sla_attainment(cases, cluster=None)
    assert repr((one, several, monthly, both, fact, reached, quick, kept, agreed))
    nps(answers, top=4)  # refused
    nps(answers, by=7)  # refused
    csat(answers, top="four")  # refused
    win_rate(deals, item="q1")  # refused
    won_value(deals, level=0.9)  # refused
    conversion(interactions, start="quote", goal="sign")  # refused
    table: EstimateTable = nps(answers)  # refused
    single: Estimate = nps(answers, by="language")  # refused
    assert repr((table, single))
