"""What is sold: deals and their changes, orders and their lines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from crmcx.models.base import Entity, Event
from crmcx.models.interaction import Channel
from crmcx.models.values import Code, Day, Exact, Instant, Label, Money, Ref, Target


class DealStatus(StrEnum):
    """Whether a deal is decided."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    ABANDONED = "abandoned"


class OrderStatus(StrEnum):
    """How far an order got."""

    PLACED = "placed"
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    OTHER = "other"


class LineKind(StrEnum):
    """What an order line is for."""

    ITEM = "item"
    SHIPPING = "shipping"
    FEE = "fee"
    DISCOUNT = "discount"
    ADJUSTMENT = "adjustment"


class Deal(Entity):
    """A sale in the making."""

    table: ClassVar[str] = "deals"
    tracked: ClassVar[tuple[str, ...]] = ("stage", "status", "amount", "owner", "expected_close")

    customer: Annotated[Ref | None, Target("customers")] = None
    """The main person on the customer's side."""
    account: Annotated[Ref | None, Target("accounts")] = None
    """The organisation it is with."""
    name: Label | None = None
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
    product: Label | None = None
    """What it is about."""
    owner: Label | None = None
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
    lost_reason: Label | None = None
    """The source's word for why it was lost."""


class DealChange(Event):
    """A dated step of a deal."""

    table: ClassVar[str] = "deal_changes"
    happened: ClassVar[str | None] = "changed_at"

    deal: Annotated[Ref, Target("deals")]
    """The deal that changed."""
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


class Order(Entity):
    """A purchase."""

    table: ClassVar[str] = "orders"
    happened: ClassVar[str | None] = "placed_at"

    customer: Annotated[Ref | None, Target("customers")] = None
    """Who bought."""
    number: Label | None = None
    """The number that the customer knows."""
    placed_at: Instant
    """When it was placed."""
    status: OrderStatus = OrderStatus.PLACED
    """How far it got."""
    status_native: Label | None = None
    """The source's word for the status."""
    total: Money | None = None
    """What it cost, when the source says so."""
    channel: Channel | None = None
    """Over what it was placed."""
    country: Label | None = None
    """The source's word for the country it went to."""


class OrderLine(Event):
    """One line of an order, also a return or a correction: stored as what it is."""

    table: ClassVar[str] = "order_lines"
    happened: ClassVar[str | None] = "placed_at"

    order: Annotated[Ref, Target("orders")]
    """The order it belongs to."""
    customer: Annotated[Ref | None, Target("customers")] = None
    """Who bought."""
    product: Code | None = None
    """Code of the product."""
    description: Label | None = None
    """Its name as written."""
    kind: LineKind = LineKind.ITEM
    """An item, or what else the line is for."""
    quantity: Exact
    """How many; negative when they came back or were corrected."""
    unit_price: Money | None = None
    """Price of one; a correction may be zero or negative."""
    placed_at: Instant
    """When the order was placed."""
