"""What the bank asks its data: six metrics, a funnel and the ways people take, over the tables of a workspace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from attrs import frozen

from crmcx import journey, metrics
from crmcx.demo import period
from crmcx.demo.effects import INITIATIVE_DATE
from crmcx.demo.questionnaires import channel_of
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window
from crmcx.store import Tables

PERIOD_END = datetime.fromtimestamp(period.end(), UTC)
"""The first instant after the exports: what is not over by then is open."""
WINDOW = Window(period.FIRST_DAY, period.END_DAY, zone=period.ZONE_NAME)
"""The days that the exports cover."""


@frozen(kw_only=True)
class Answers:
    """The six metrics, some of them by group, the funnel and the ways between touchpoints."""

    estimates: tuple[tuple[str, Estimate], ...]
    """What is asked, and the answer."""
    by_language: EstimateTable
    """The Net Promoter Score in each language of the survey."""
    by_pipeline: EstimateTable
    """The win rate in each pipeline."""
    funnel: journey.Funnel
    """From a quote on the website to a signed contract."""
    by_touchpoint: EstimateTable
    """The Net Promoter Score at each touchpoint."""
    satisfied_by_language: EstimateTable
    """The share of satisfied customers in each language of the survey."""
    chosen: tuple[tuple[str, str, int], ...]
    """Choices by their code: the choice, the language it was made in, how often."""
    transitions: journey.Transitions
    """From which touchpoint people go to which."""
    stages: journey.StageMix
    """In which stage of the lifecycle people stood, month by month."""
    response_before: Estimate
    """The time to a first response before the help desk worked in another way."""
    response_since: Estimate
    """The same since then."""

    def to_dict(self) -> dict[str, Any]:
        """All of them as plain JSON values."""
        return {
            "metrics": {asked: estimate.to_dict() for asked, estimate in self.estimates},
            "nps_by_language": self.by_language.to_dicts(),
            "nps_by_touchpoint": self.by_touchpoint.to_dicts(),
            "csat_by_language": self.satisfied_by_language.to_dicts(),
            "choices": [{"choice": choice, "language": language, "n": n} for choice, language, n in self.chosen],
            "first_response_before": self.response_before.to_dict(),
            "first_response_since": self.response_since.to_dict(),
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
    first_response = partial(metrics.first_response_time, tables.cases, tables.interactions)
    estimates = {
        "Net Promoter Score": metrics.nps(tables.answers),
        "satisfied customers": metrics.csat(tables.answers),
        "deals won": metrics.win_rate(tables.deals),
        "first response": first_response(),
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
        by_touchpoint=metrics.nps(tables.answers, by="touchpoint"),
        satisfied_by_language=metrics.csat(tables.answers, by="language"),
        chosen=_chosen(tables),
        transitions=journey.transitions(log),
        stages=journey.stage_mix(tables.stage_changes, window=WINDOW, zone=period.ZONE_NAME, as_of=PERIOD_END),
        response_before=first_response(window=Window(period.FIRST_DAY, INITIATIVE_DATE, zone=period.ZONE_NAME)),
        response_since=first_response(window=Window(INITIATIVE_DATE, period.END_DAY, zone=period.ZONE_NAME)),
    )


def _chosen(tables: Tables) -> tuple[tuple[str, str, int], ...]:
    made = tables.answers.relation.filter("kind = 'choice' AND choice IS NOT NULL")
    found = made.aggregate("choice, language, count(*)").fetchall()
    return tuple(sorted((channel_of(choice), language, n) for choice, language, n in found))
