"""Over what, where in our design, and what happened: channels, touchpoints, interactions."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from crmcx.models.base import Entity, Event, Part
from crmcx.models.values import Code, Duration, Instant, Label, Note, Ref, Staff, Target, Text


class Channel(StrEnum):
    """The medium of an interaction."""

    WEB = "web"
    MOBILE_APP = "mobile_app"
    EMAIL = "email"
    PHONE = "phone"
    SMS = "sms"
    WEBCHAT = "webchat"
    MESSAGING = "messaging"
    SOCIAL = "social"
    POST = "post"
    IN_PERSON = "in_person"
    IN_STORE = "in_store"
    API = "api"
    PARTNER = "partner"
    OTHER = "other"

    @property
    def online(self) -> bool:
        """Whether the medium is the internet."""
        return self in _ONLINE


_ONLINE = {
    Channel.WEB,
    Channel.MOBILE_APP,
    Channel.EMAIL,
    Channel.WEBCHAT,
    Channel.MESSAGING,
    Channel.SOCIAL,
    Channel.API,
}


class Device(StrEnum):
    """The thing that was used."""

    DESKTOP = "desktop"
    PHONE = "phone"
    TABLET = "tablet"
    KIOSK = "kiosk"
    OTHER = "other"


class InteractionKind(StrEnum):
    """What sort of thing happened."""

    PAGE_VIEW = "page_view"
    PRODUCT_VIEW = "product_view"
    SEARCH = "search"
    CART = "cart"
    FORM_SUBMIT = "form_submit"
    MESSAGE = "message"
    CALL = "call"
    MEETING = "meeting"
    VISIT = "visit"
    EMAIL = "email"
    LOGIN = "login"
    USAGE = "usage"
    AD_CLICK = "ad_click"
    ORDER = "order"
    SUPPORT_COMMENT = "support_comment"
    REVIEW = "review"
    SURVEY_INVITE = "survey_invite"
    OTHER = "other"


class Flow(StrEnum):
    """Who turned to whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    NONE = "none"


class Visibility(StrEnum):
    """Whether the customer saw it."""

    CUSTOMER = "customer"
    INTERNAL = "internal"


class Initiator(StrEnum):
    """Who did it."""

    CUSTOMER = "customer"
    EMPLOYEE = "employee"
    BOT = "bot"
    SYSTEM = "system"


class Precision(StrEnum):
    """How exactly a source knows when something happened."""

    INSTANT = "instant"
    MINUTE = "minute"
    DAY = "day"


class Role(StrEnum):
    """What somebody was in an interaction."""

    REQUESTER = "requester"
    RECIPIENT = "recipient"
    COPIED = "copied"
    AGENT = "agent"
    OBSERVER = "observer"
    OTHER = "other"


class LinkKind(StrEnum):
    """What a link can point to: tables of the model."""

    ACCOUNTS = "accounts"
    CAMPAIGNS = "campaigns"
    CASES = "cases"
    DEALS = "deals"
    INTERACTIONS = "interactions"
    LEADS = "leads"
    ORDERS = "orders"
    PRODUCTS = "products"
    SUBSCRIPTIONS = "subscriptions"


class Touchpoint(Entity):
    """A designed place or moment where a customer and the company can meet."""

    table: ClassVar[str] = "touchpoints"

    code: Code
    """The name that interactions and answers carry."""
    name: Label | None = None
    """The name for people."""
    channel: Channel | None = None
    """The medium it mostly lives on."""
    stage: Label | None = None
    """The lifecycle stage it is made for."""
    owner_team: Code | None = None
    """Code of the team that answers for it."""
    parent: Annotated[Ref | None, Target("touchpoints")] = None
    """The larger touchpoint it belongs to."""


class Participant(Part):
    """Somebody who took part in an interaction."""

    table: ClassVar[str] = "participants"
    inherits: ClassVar[tuple[str, ...]] = ("occurred_at",)

    role: Role
    """What she was in it."""
    customer: Annotated[Ref | None, Target("customers")] = None
    """A customer, or"""
    employee: Staff | None = None
    """someone on the company's side, as the source names the employee."""


class Link(Part):
    """What an interaction is about, and in what way."""

    table: ClassVar[str] = "links"
    inherits: ClassVar[tuple[str, ...]] = ("customer", "occurred_at")

    kind: LinkKind
    """The table of what it is about."""
    to: Annotated[Ref, Target(named_by="kind")]
    """The record there."""
    role: Label | None = None
    """In what way, in the source's words."""


class Interaction(Event):
    """One occurrence: who, when, at which touchpoint, over which channel."""

    table: ClassVar[str] = "interactions"
    happened: ClassVar[str | None] = "occurred_at"

    customer: Annotated[Ref | None, Target("customers")] = None
    """The primary participant."""
    kind: InteractionKind
    """What sort of thing happened."""
    kind_native: Label | None = None
    """The source's word for it."""
    occurred_at: Instant
    """When it happened; where only the day is known, its beginning."""
    precision: Precision = Precision.INSTANT
    """How exactly that is known."""
    channel: Channel | None = None
    """The medium."""
    channel_native: Label | None = None
    """The source's word for the medium."""
    device: Device | None = None
    """The thing that was used."""
    touchpoint: Code | None = None
    """Code of the touchpoint."""
    direction: Flow | None = None
    """Who turned to whom."""
    visibility: Visibility = Visibility.CUSTOMER
    """Whether the customer saw it; notes and to-dos are internal."""
    initiator: Initiator | None = None
    """Who did it; a bot's answer is no human's."""
    session: Label | None = None
    """The source's own session or conversation."""
    case: Annotated[Ref | None, Target("cases")] = None
    """The case it belongs to."""
    employee: Staff | None = None
    """Who on the company's side, as the source names the employee."""
    duration: Duration | None = None
    """How long it took."""
    outcome: Note | None = None
    """The source's word for how it ended."""
    text: Text | None = None
    """What was said."""
    participants: tuple[Participant, ...] = ()
    """Who took part, beside the primary participant."""
    links: tuple[Link, ...] = ()
    """What it is about, beside the case."""
