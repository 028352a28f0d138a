"""What went wrong and was put right: cases and their changes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from crmcx.models.base import Entity, Event
from crmcx.models.interaction import Channel
from crmcx.models.values import Code, Instant, Label, Privacy, Ref, Target, Whole


class CaseStatus(StrEnum):
    """Where a case stands."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    CLOSED = "closed"
    OTHER = "other"


class Case(Entity):
    """A matter a customer turned to the company with; its messages are interactions."""

    table: ClassVar[str] = "cases"
    tracked: ClassVar[tuple[str, ...]] = ("status", "priority", "assignee", "team")

    customer: Annotated[Ref | None, Target("customers")] = None
    """Who asked."""
    account: Annotated[Ref | None, Target("accounts")] = None
    """The organisation she belongs to."""
    subject: Annotated[str | None, Privacy.SENSITIVE] = None
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
    assignee: Label | None = None
    """Who works on it, as the source names the employee."""
    team: Label | None = None
    """The team it lies with, as the source names it."""
    reopened: Whole | None = None
    """How often it was opened again."""


class CaseChange(Event):
    """A dated step of a case."""

    table: ClassVar[str] = "case_changes"
    happened: ClassVar[str | None] = "changed_at"

    case: Annotated[Ref, Target("cases")]
    """The case that changed."""
    field: Code
    """Name of the field that changed, as the class calls it."""
    old: Label | None = None
    """Its value before, as text."""
    new: Label | None = None
    """Its value from then on, as text."""
    changed_at: Instant
    """When it changed; see `after_at`."""
    after_at: Instant | None = None
    """Set when the source keeps no history: the change happened after this and not later than `changed_at`."""
    by: Label | None = None
    """Who changed it, as the source names the employee."""
