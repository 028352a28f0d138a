"""What went wrong and was put right: cases and their changes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from crmcx.models.base import Change, Entity, Part
from crmcx.models.interaction import Channel
from crmcx.models.values import Code, Duration, Instant, Label, Personal, Privacy, Ref, Staff, Target, Whole


class CaseStatus(StrEnum):
    """Where a case stands."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    CLOSED = "closed"
    OTHER = "other"


class SlaMetric(StrEnum):
    """What an agreed time is about."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class SlaTarget(Part):
    """A time that was agreed on, as it was applied to a case."""

    table: ClassVar[str] = "sla_targets"
    inherits: ClassVar[tuple[str, ...]] = ("customer",)
    spans: ClassVar[tuple[tuple[str, str], ...]] = (("applied_at", "due_at"),)

    metric: SlaMetric
    """First response, next response or resolution."""
    policy: Label | None = None
    """The agreement, as the source names it."""
    target: Duration | None = None
    """How long it may take."""
    calendar: Code | None = None
    """Code of the business calendar whose hours count; None for the whole day."""
    applied_at: Instant | None = None
    """From when on it counts."""
    due_at: Instant | None = None
    """When the time is over."""
    met: bool | None = None
    """Whether it was kept; None while that is open."""


class Case(Entity):
    """A matter a customer turned to the company with; its messages are interactions."""

    table: ClassVar[str] = "cases"
    tracked: ClassVar[tuple[str, ...]] = ("status", "priority", "assignee", "team")
    log: ClassVar[str | None] = "case_changes"

    customer: Annotated[Ref | None, Target("customers")] = None
    """Who asked."""
    account: Annotated[Ref | None, Target("accounts")] = None
    """The organisation she belongs to."""
    number: Personal | None = None
    """The number that the customer knows."""
    parent: Annotated[Ref | None, Target("cases")] = None
    """The larger matter it belongs to, such as an outage."""
    subject: Annotated[Label | None, Privacy.SENSITIVE] = None
    """Its title."""
    status: CaseStatus
    """Where it stands."""
    status_native: Label | None = None
    """The source's word for the status."""
    priority: Label | None = None
    """The source's word for how urgent it is."""
    category: Label | None = None
    """The source's word for what it is about."""
    channel: Channel | None = None
    """Over what it came in."""
    channel_native: Label | None = None
    """The source's word for the medium."""
    opened_at: Instant
    """When it came in."""
    resolved_at: Instant | None = None
    """When it was last solved."""
    closed_at: Instant | None = None
    """When it was closed for good."""
    met_sla: bool | None = None
    """Whether the agreed times were kept, when the source says so."""
    assignee: Staff | None = None
    """Who works on it, as the source names the employee."""
    team: Code | None = None
    """Code of the team it lies with."""
    reopened: Whole | None = None
    """How often it was opened again."""
    targets: tuple[SlaTarget, ...] = ()
    """The agreed times as they were applied."""


class CaseChange(Change):
    """A dated step of a case."""

    table: ClassVar[str] = "case_changes"

    case: Annotated[Ref, Target("cases")]
    """The case that changed."""
