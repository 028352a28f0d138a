"""The options of metrics of sales."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Required

from crmcx.metrics._amounts import Into
from crmcx.metrics._options import Clustered, Dated, Options, Sampled


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
