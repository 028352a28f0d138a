"""What the bank asks its data: six metrics and a funnel, over the tables of a workspace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import frozen

from crmcx import journey, metrics
from crmcx.demo import period
from crmcx.estimates import Estimate, EstimateTable
from crmcx.workspace import Tables

PERIOD_END = datetime.fromtimestamp(period.end(), UTC)
"""The first instant after the exports: what is not over by then is open."""


@frozen(kw_only=True)
class Answers:
    """The six metrics, some of them by group, and the funnel."""

    estimates: tuple[tuple[str, Estimate], ...]
    """What is asked, and the answer."""
    by_language: EstimateTable
    """The Net Promoter Score in each language of the survey."""
    by_pipeline: EstimateTable
    """The win rate in each pipeline."""
    funnel: journey.Funnel
    """From a quote on the website to a signed contract."""

    def to_dict(self) -> dict[str, Any]:
        """All of them as plain JSON values."""
        return {
            "metrics": {asked: estimate.to_dict() for asked, estimate in self.estimates},
            "nps_by_language": self.by_language.to_dicts(),
            "win_rate_by_pipeline": self.by_pipeline.to_dicts(),
            "funnel": [
                {
                    "step": step.name,
                    "n": step.n,
                    "from_start": step.from_start.to_dict(),
                    "median_time_s": None if step.median_time is None else step.median_time.total_seconds(),
                }
                for step in self.funnel
            ],
        }


def ask(tables: Tables) -> Answers:
    """Ask a workspace that holds the bank.

    Args:
        tables: The tables of one snapshot.
    """
    log = journey.JourneyLog(tables.interactions)
    estimates = {
        "Net Promoter Score": metrics.nps(tables.answers),
        "satisfied customers": metrics.csat(tables.answers),
        "deals won": metrics.win_rate(tables.deals),
        "first response": metrics.first_response_time(tables.cases, tables.interactions),
        "quote to application": metrics.conversion(
            tables.interactions, start="quote", goal="apply", within=timedelta(days=14), as_of=PERIOD_END
        ),
        "back after a month": metrics.retention(
            tables.interactions, period="month", zone="Europe/Berlin", as_of=PERIOD_END
        ),
    }
    return Answers(
        estimates=tuple(estimates.items()),
        by_language=metrics.nps(tables.answers, by="language"),
        by_pipeline=metrics.win_rate(tables.deals, by="pipeline"),
        funnel=journey.funnel(log, ["quote", "apply", "sign"], within=timedelta(days=14)),
    )
