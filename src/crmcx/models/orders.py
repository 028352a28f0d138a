"""What was bought: orders with their lines, payments, subscriptions with their changes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from crmcx.models.base import Change, Entity, Event
from crmcx.models.interaction import Channel
from crmcx.models.values import Code, Exact, Instant, Label, Money, Note, Personal, Ref, Target


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


class PaymentMethod(StrEnum):
    """How a payment was made."""

    CARD = "card"
    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct_debit"
    WALLET = "wallet"
    CASH = "cash"
    OTHER = "other"


class PaymentStatus(StrEnum):
    """What became of a payment."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUNDED = "refunded"


class SubscriptionStatus(StrEnum):
    """Where a subscription stands."""

    TRIAL = "trial"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    ENDED = "ended"


class Order(Entity):
    """A purchase."""

    table: ClassVar[str] = "orders"
    happened: ClassVar[str | None] = "placed_at"

    customer: Annotated[Ref | None, Target("customers")] = None
    """Who bought."""
    number: Personal | None = None
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


class Payment(Event):
    """Money that came in, or went back. There is no place for the data of cards."""

    table: ClassVar[str] = "payments"
    happened: ClassVar[str | None] = "paid_at"

    customer: Annotated[Ref | None, Target("customers")] = None
    """Who paid."""
    order: Annotated[Ref | None, Target("orders")] = None
    """For what order."""
    subscription: Annotated[Ref | None, Target("subscriptions")] = None
    """For what subscription."""
    amount: Money
    """How much; negative when it went back."""
    paid_at: Instant
    """When."""
    method: PaymentMethod | None = None
    """How."""
    status: PaymentStatus = PaymentStatus.SUCCEEDED
    """What became of it."""


class Subscription(Entity):
    """A contract that goes on until it is ended."""

    table: ClassVar[str] = "subscriptions"
    tracked: ClassVar[tuple[str, ...]] = ("status", "plan", "mrr")
    log: ClassVar[str | None] = "subscription_changes"

    customer: Annotated[Ref | None, Target("customers")] = None
    """Whose it is."""
    account: Annotated[Ref | None, Target("accounts")] = None
    """The organisation it is with."""
    product: Code | None = None
    """Code of the product."""
    plan: Label | None = None
    """The plan, as the source names it."""
    status: SubscriptionStatus
    """Where it stands."""
    status_native: Label | None = None
    """The source's word for the status."""
    mrr: Money | None = None
    """What it brings in a month; a year's price is divided by 12."""
    started_at: Instant | None = None
    """When it began."""
    trial_ends_at: Instant | None = None
    """Until when it costs nothing."""
    renews_at: Instant | None = None
    """When the paid period ends."""
    cancel_requested_at: Instant | None = None
    """When its end was asked for."""
    ended_at: Instant | None = None
    """When it ended; before its beginning where it was cancelled so early."""
    cancel_reason: Note | None = None
    """The source's word for why it ends."""
    voluntary: bool | None = None
    """Whether the customer wanted the end; False when a payment failed."""


class SubscriptionChange(Change):
    """A dated step of a subscription."""

    table: ClassVar[str] = "subscription_changes"

    subscription: Annotated[Ref, Target("subscriptions")]
    """The subscription that changed."""
