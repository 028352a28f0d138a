"""What a customer allows and wishes: consents as a ledger, preferences."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from crmcx.models.base import Entity, Event
from crmcx.models.interaction import Channel
from crmcx.models.values import Code, Country, Duration, Instant, Label, Language, Note, Personal, Ref, Target, Whole


class ConsentStatus(StrEnum):
    """What she said."""

    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    NOT_ASKED = "not_asked"
    EXPIRED = "expired"


class ConsentBasis(StrEnum):
    """On what legal ground."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTEREST = "vital_interest"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Consent(Event):
    """One entry of the ledger: later ones stand beside it, none is changed."""

    table: ClassVar[str] = "consents"
    happened: ClassVar[str | None] = "captured_at"
    spans: ClassVar[tuple[tuple[str, str], ...]] = (("captured_at", "valid_until"),)

    customer: Annotated[Ref | None, Target("customers")] = None
    """Whose it is."""
    contact_point: Personal | None = None
    """The address or number it is for, as written; None for all of hers."""
    purpose: Code
    """What for, such as `marketing`, `service`, `profiling`, `survey` or `sharing:partner`."""
    channel: Channel | None = None
    """Over what; None for all."""
    topic: Label | None = None
    """About what, as the source names it; None for all."""
    status: ConsentStatus
    """What she said."""
    status_native: Label | None = None
    """The source's word for that."""
    basis: ConsentBasis | None = None
    """On what legal ground, by article 6 of the GDPR."""
    captured_at: Instant
    """When she said it."""
    valid_until: Instant | None = None
    """Until when it holds."""
    proof: Note | None = None
    """Where it is proved: the form, its version and language."""
    jurisdiction: Country | None = None
    """Whose law it is under."""
    double_opt_in: bool | None = None
    """Whether she confirmed it a second time."""


class Preference(Entity):
    """How a customer wishes to be dealt with."""

    table: ClassVar[str] = "preferences"
    spans: ClassVar[tuple[tuple[str, str], ...]] = (("not_before", "not_after"),)

    customer: Annotated[Ref, Target("customers")]
    """Whose it is."""
    topic: Label | None = None
    """About what, as the source names it; None for everything."""
    channel: Channel | None = None
    """Over what."""
    language: Language | None = None
    """BCP 47 tag."""
    not_before: Duration | None = None
    """From what time of her day on, counted from midnight."""
    not_after: Duration | None = None
    """Until what time of her day, counted from midnight."""
    most_per_month: Whole | None = None
    """How often at most."""
    stated: bool | None = None
    """Whether she said so herself; False when it was inferred."""
