"""The options that metrics of service share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmcx.metrics._clock import Calendar
from crmcx.metrics._options import Dated, Sampled


class CaseTimeOptions(Dated, Sampled, total=False):
    """What metrics of times of cases take."""

    quantile: float
    calendar: Calendar
    pauses: Sequence[str]
    change_columns: Mapping[str, str] | None


class ResponseOptions(CaseTimeOptions, total=False):
    """What `first_response_time` takes."""

    interaction_columns: Mapping[str, str] | None


class TurnOptions(ResponseOptions, total=False):
    """What `next_response_time` takes."""

    every: bool


class ResolutionOptions(CaseTimeOptions, total=False):
    """What `resolution_time` takes."""

    until: str
