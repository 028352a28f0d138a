"""The typed core: what customers, their dealings and their answers are."""

from crmcx.models.base import Entity, Event, Model, Part, Record
from crmcx.models.customer import Account, ContactPoint, ContactPointKind, Customer, CustomerKind, Identifier
from crmcx.models.feedback import Answer, AnswerState, Feedback, FeedbackStatus, ItemKind
from crmcx.models.interaction import (
    Channel,
    Device,
    Flow,
    Initiator,
    Interaction,
    InteractionKind,
    Touchpoint,
    Visibility,
)
from crmcx.models.lifecycle import Stage, StageChange, StageMode
from crmcx.models.sales import Deal, DealChange, DealStatus, LineKind, Order, OrderLine, OrderStatus
from crmcx.models.service import Case, CaseChange, CaseStatus
from crmcx.models.values import Direction, Money, Privacy, Scale, Text

__all__ = [
    "Account",
    "Answer",
    "AnswerState",
    "Case",
    "CaseChange",
    "CaseStatus",
    "Channel",
    "ContactPoint",
    "ContactPointKind",
    "Customer",
    "CustomerKind",
    "Deal",
    "DealChange",
    "DealStatus",
    "Device",
    "Direction",
    "Entity",
    "Event",
    "Feedback",
    "FeedbackStatus",
    "Flow",
    "Identifier",
    "Initiator",
    "Interaction",
    "InteractionKind",
    "ItemKind",
    "LineKind",
    "Model",
    "Money",
    "Order",
    "OrderLine",
    "OrderStatus",
    "Part",
    "Privacy",
    "Record",
    "Scale",
    "Stage",
    "StageChange",
    "StageMode",
    "Text",
    "Touchpoint",
    "Visibility",
]
