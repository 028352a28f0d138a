"""The options that metrics share: what is asked beside the tables and what defines the number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from crmcx.instants import Window
from crmcx.models import Scale


class Options(TypedDict, total=False):
    """What every metric takes."""

    window: Window | None
    min_n: int | None
    columns: Mapping[str, str] | None


class Dated(Options, total=False):
    """What metrics take that can be asked as of a date."""

    as_of: datetime | None


class Sampled(Options, total=False):
    """What metrics with an interval take."""

    level: float


class Clustered(Sampled, total=False):
    """What metrics take whose observations belong together."""

    cluster: str | None


class AnswerOptions(Dated, Clustered, total=False):
    """What metrics of answers take."""

    instrument: str | None
    item: str | None
    scale: Scale | None
    repeat: str
    repeat_of: str
    weights: str | None
