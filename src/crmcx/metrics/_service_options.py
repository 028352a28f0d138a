"""The options that metrics of service share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Required, TypedDict

from crmcx.metrics._clock import Calendar
from crmcx.metrics._options import Clustered, Dated, Sampled
from crmcx.models import BusinessCalendar
from crmcx.tables import KnownSince


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


class CaseShareOptions(Dated, Clustered, total=False):
    """What metrics of shares of cases take."""


class OneTouchOptions(CaseShareOptions, total=False):
    """What `one_touch_rate` takes."""

    interaction_columns: Mapping[str, str] | None


class FirstContactOptions(OneTouchOptions, total=False):
    """What `first_contact_resolution` takes."""

    within: timedelta
    same: Sequence[str]
    unit: str


class ReopenOptions(CaseShareOptions, total=False):
    """What `reopen_rate` takes."""

    within: timedelta | None
    change_columns: Mapping[str, str] | None


class TransferOptions(ReopenOptions, total=False):
    """What `transfer_rate` takes."""

    between: str


class EscalationOptions(ReopenOptions, total=False):
    """What `escalation_rate` takes."""

    to: Required[str | Sequence[str]]
    of: str


class BacklogOptions(TypedDict, total=False):
    """What `backlog` takes: a count of all has no interval, and no window."""

    at: datetime | None
    as_of: datetime | None
    known_since: KnownSince
    min_n: int | None
    columns: Mapping[str, str] | None
    change_columns: Mapping[str, str] | None


class BacklogAgeOptions(BacklogOptions, total=False):
    """What `backlog_age` takes."""

    quantile: float
    calendar: Calendar
    pauses: Sequence[str]


class TargetOptions(CaseShareOptions, total=False):
    """What `target_attainment` takes."""

    of: str
    calendars: Sequence[BusinessCalendar]
    pauses: Sequence[str]
    target_columns: Mapping[str, str] | None
    interaction_columns: Mapping[str, str] | None
    change_columns: Mapping[str, str] | None


class SelfServiceOptions(CaseShareOptions, total=False):
    """What `self_service_rate` takes."""

    views: Required[str | Sequence[str]]
    step: str
    within: timedelta
    unit: str
    case_columns: Mapping[str, str] | None


class ContactRateOptions(CaseShareOptions, total=False):
    """What `contact_rate` takes."""

    order_columns: Mapping[str, str] | None


class ContactShareOptions(Dated, Sampled, total=False):
    """What `contact_share` takes."""

    unit: str
    interaction_columns: Mapping[str, str] | None
