"""How metrics are called, read by the type checker alone: each line marked `refused` must be an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from crmcx.estimates import Estimate, EstimateTable
from crmcx.metrics import (
    backlog,
    contact_rate,
    conversion,
    csat,
    escalation_rate,
    first_response_time,
    nps,
    per,
    retention,
    sla_attainment,
    target_attainment,
    win_rate,
    won_value,
)


def calls(answers: pl.DataFrame, deals: pl.DataFrame, cases: pl.DataFrame, interactions: pl.DataFrame) -> None:
    steps = cases
    one: Estimate = nps(answers)
    several: EstimateTable = nps(answers, by="language", item="q1", min_n=30)
    monthly: EstimateTable = csat(answers, by=per("month", zone="Europe/Berlin"), top=4)
    both: EstimateTable = win_rate(deals, by=["product", per("quarter")], abandoned="lost")
    fact: Estimate = won_value(deals, columns={"amount_micros": "value"})
    reached: Estimate = conversion(interactions, start="quote", goal="sign", within=timedelta(days=1))
    quick: EstimateTable = first_response_time(cases, interactions, by="priority", quantile=0.9)
    kept: Estimate = retention(interactions, after=2, period="week")
    agreed: Estimate = sla_attainment(cases, cluster=None)
    unfinished: EstimateTable = backlog(cases, steps, as_of=datetime(2025, 3, 1, tzinfo=UTC), by="priority")
    raised: Estimate = escalation_rate(cases, steps, to="second_line", within=timedelta(days=1))
    promised: Estimate = target_attainment(cases, steps, of="resolution", pauses=["pending"])
    asked: Estimate = contact_rate(cases, deals, cluster=None)
    assert repr((unfinished, raised, promised, asked))
    backlog(cases, window=None)  # refused
    escalation_rate(cases, steps)  # refused
    first_response_time(cases, interactions, until="closed")  # refused
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
