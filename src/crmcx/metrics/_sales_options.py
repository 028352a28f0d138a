"""The options of metrics of sales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Required, TypedDict

from crmcx.instants import Window
from crmcx.metrics._amounts import Into
from crmcx.metrics._options import Clustered, Dated, Options, Sampled
from crmcx.tables import KnownSince


class AmountOptions(Options, total=False):
    """What sums of amounts take."""

    into: Into | None


class WinOptions(Clustered, total=False):
    """What win rates take."""

    abandoned: str


class ConversionOptions(Dated, Sampled, total=False):
    """What `conversion` takes."""

    start: Required[str | Sequence[str]]
    goal: Required[str | Sequence[str]]
    within: Required[timedelta]
    step: str
    unit: str


class PipelineOptions(TypedDict, total=False):
    """What `pipeline_value` takes."""

    at: Required[datetime]
    into: Into | None
    as_of: datetime | None
    known_since: KnownSince
    min_n: int | None
    columns: Mapping[str, str] | None
    change_columns: Mapping[str, str] | None


class CohortOptions(Dated, Sampled, total=False):
    """What shares of a cohort by an age take."""

    within: Required[timedelta]


class CycleOptions(Dated, Sampled, total=False):
    """What times to an end take."""

    quantile: float


class LeadOptions(Dated, Sampled, total=False):
    """What `lead_generation` takes."""

    unit: str | None


class LeadConversionOptions(Dated, Clustered, total=False):
    """What `lead_conversion` takes."""

    within: Required[timedelta]
    young: str


class FlowOptions(TypedDict, total=False):
    """What `lead_flow` takes."""

    window: Required[Window]
    min_n: int | None
    columns: Mapping[str, str] | None


class SpeedOptions(Dated, Sampled, total=False):
    """What `speed_to_lead` takes."""

    quantile: float
    unit: str
    interaction_columns: Mapping[str, str] | None
