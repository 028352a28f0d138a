"""What is to be sold: leads, deals with their lines and changes, pipelines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from crmcx.models.base import Change, Entity, Part
from crmcx.models.values import Code, Day, Exact, Instant, Label, Money, Note, Real, Ref, Share, Staff, Target


class LeadStatus(StrEnum):
    """How far the work on a lead got."""

    NEW = "new"
    WORKING = "working"
    NURTURING = "nurturing"
    QUALIFIED = "qualified"
    DISQUALIFIED = "disqualified"
    CONVERTED = "converted"


class DealStatus(StrEnum):
    """Whether a deal is decided."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    ABANDONED = "abandoned"


class Lead(Entity):
    """Someone's interest that may become a deal."""

    table: ClassVar[str] = "leads"

    customer: Annotated[Ref | None, Target("customers")] = None
    """Whose interest it is."""
    status: LeadStatus
    """How far the work on it got."""
    status_native: Label | None = None
    """The source's word for the status."""
    origin: Label | None = None
    """The source's word for where it came from."""
    campaign: Code | None = None
    """Code of the campaign it came from."""
    score: Real | None = None
    """The source's own score of it."""
    owner: Staff | None = None
    """Who works on it, as the source names the employee."""
    created_at: Instant | None = None
    """When the source created the record."""
    converted_at: Instant | None = None
    """When it became a deal or a customer."""
    deal: Annotated[Ref | None, Target("deals")] = None
    """The deal that it became."""
    lost_reason: Note | None = None
    """The source's word for why it came to nothing."""


class Deal(Entity):
    """A sale in the making."""

    table: ClassVar[str] = "deals"
    tracked: ClassVar[tuple[str, ...]] = ("stage", "status", "amount", "owner", "expected_close")
    log: ClassVar[str | None] = "deal_changes"

    customer: Annotated[Ref | None, Target("customers")] = None
    """The main person on the customer's side."""
    account: Annotated[Ref | None, Target("accounts")] = None
    """The organisation it is with."""
    name: Note | None = None
    """Its title."""
    pipeline: Code | None = None
    """The pipeline it is in."""
    stage: Code | None = None
    """The pipeline stage, in the source's words."""
    status: DealStatus
    """Open, won, lost or abandoned."""
    status_native: Label | None = None
    """The source's word for the status."""
    amount: Money | None = None
    """What it is worth."""
    probability: Share | None = None
    """How likely the source holds it that it is won, 0 to 1."""
    forecast_native: Label | None = None
    """The source's word for its place in the forecast."""
    product: Code | None = None
    """Code of the product it is about."""
    campaign: Code | None = None
    """Code of the campaign it came from."""
    owner: Staff | None = None
    """Who works on it, as the source names the employee."""
    created_at: Instant | None = None
    """When the source created the record."""
    opened_on: Day | None = None
    """The day it began, for sources that know only days."""
    closed_at: Instant | None = None
    """When it was decided."""
    closed_on: Day | None = None
    """The day it was decided, for sources that know only days."""
    expected_close: Day | None = None
    """The day it is expected to be decided."""
    lost_reason: Note | None = None
    """The source's word for why it was lost."""


class DealChange(Change):
    """A dated step of a deal."""

    table: ClassVar[str] = "deal_changes"

    deal: Annotated[Ref, Target("deals")]
    """The deal that changed."""


class DealLine(Entity):
    """One product in a deal."""

    table: ClassVar[str] = "deal_lines"

    deal: Annotated[Ref, Target("deals")]
    """The deal it belongs to."""
    product: Code | None = None
    """Code of the product."""
    description: Label | None = None
    """Its name as written."""
    quantity: Exact
    """How many."""
    unit_price: Money | None = None
    """Price of one."""
    discount: Money | None = None
    """What is taken off the whole line."""


class PipelineStage(Part):
    """One stage of a pipeline; they stand in their order."""

    table: ClassVar[str] = "pipeline_stages"
    inherits: ClassVar[tuple[str, ...]] = ("code",)

    stage: Code
    """What deals carry."""
    name: Label | None = None
    """The name for people."""
    status: DealStatus = DealStatus.OPEN
    """What a deal in it is: open, won, lost or abandoned."""
    probability: Share | None = None
    """How likely a deal in it is won, 0 to 1."""


class Pipeline(Entity):
    """The stages that deals of one kind go through."""

    table: ClassVar[str] = "pipelines"

    code: Code
    """What deals carry."""
    name: Label | None = None
    """The name for people."""
    stages: tuple[PipelineStage, ...] = ()
    """Its stages in their order."""
