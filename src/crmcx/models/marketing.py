"""How customers are won over: campaigns, what they cost, whom they touched."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from crmcx.models.base import Entity, Event, Part
from crmcx.models.interaction import Channel
from crmcx.models.values import Code, Day, Instant, Label, Money, Ref, Target


class TouchKind(StrEnum):
    """What a campaign did to somebody, or she to it."""

    TARGETED = "targeted"
    HELD_OUT = "held_out"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    OPENED = "opened"
    CLICKED = "clicked"
    RESPONDED = "responded"
    CONVERTED = "converted"
    UNSUBSCRIBED = "unsubscribed"


class Spend(Part):
    """What a campaign cost on one day."""

    table: ClassVar[str] = "spend"
    inherits: ClassVar[tuple[str, ...]] = ("code",)

    day: Day
    """The day."""
    amount: Money
    """What it cost."""


class Campaign(Entity):
    """A planned effort to win customers over."""

    table: ClassVar[str] = "campaigns"
    spans: ClassVar[tuple[tuple[str, str], ...]] = (("starts_on", "ends_on"),)

    code: Code
    """What touches, leads and deals carry."""
    name: Label | None = None
    """The name for people."""
    channel: Channel | None = None
    """Over what."""
    objective: Label | None = None
    """What it is meant to bring about."""
    parent: Code | None = None
    """Code of the larger campaign it belongs to."""
    starts_on: Day | None = None
    """Its first day."""
    ends_on: Day | None = None
    """Its last day."""
    budget: Money | None = None
    """What it may cost."""
    spend: tuple[Spend, ...] = ()
    """What it cost, day by day."""


class CampaignTouch(Event):
    """One step between a campaign and a person. Who was held out is told too: without her nothing is incremental."""

    table: ClassVar[str] = "campaign_touches"
    happened: ClassVar[str | None] = "occurred_at"

    campaign: Code
    """Code of the campaign."""
    customer: Annotated[Ref | None, Target("customers")] = None
    """Whom it is about."""
    kind: TouchKind
    """What happened; `held_out` is who was kept from it on purpose."""
    occurred_at: Instant
    """When."""
    variant: Label | None = None
    """The version she got."""
    machine: bool | None = None
    """Whether a machine did it, as privacy proxies open mail; None when nobody knows."""
    interaction: Annotated[Ref | None, Target("interactions")] = None
    """The interaction it was."""
