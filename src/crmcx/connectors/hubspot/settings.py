"""What a person says to connect HubSpot. What is not certain of its interface is a setting with a default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from crmcx.models import CaseStatus, DealStatus, Stage

LIFECYCLE: Mapping[str, Stage | None] = {
    "subscriber": Stage.AWARENESS,
    "lead": Stage.AWARENESS,
    "marketingqualifiedlead": Stage.CONSIDERATION,
    "salesqualifiedlead": Stage.CONSIDERATION,
    "opportunity": Stage.PURCHASE,
    "customer": Stage.EXISTING,
    "evangelist": Stage.EXISTING,
    "other": None,
}
"""HubSpot's lifecycle stages, and what each is here."""
TICKET_STAGES: Mapping[str, CaseStatus] = {"1": CaseStatus.NEW, "2": CaseStatus.PENDING, "3": CaseStatus.OPEN}
"""The stages of the first support pipeline that are more than open or closed."""
Objects: TypeAlias = Literal[
    "companies",
    "contacts",
    "deals",
    "tickets",
    "calls",
    "emails",
    "meetings",
    "notes",
    "tasks",
    "feedback_submissions",
]
"""The types of object."""


class HubSpotSettings(BaseModel):
    """What a person says to connect HubSpot.

    Example:
        >>> HubSpotSettings(token="pat-eu1-1234").token
        SecretStr('**********')
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    token: SecretStr
    """The access token of a private app."""
    url: str = "https://api.hubapi.com"
    """Where the interface is."""
    version: str = Field(default="v3", pattern=r"^(v\d+|\d{4}-\d{2})$")
    """The version of the paths of objects: `v3`, or a dated one such as `2026-03`."""
    currency: str | None = None
    """The portal's own currency, as a code of ISO 4217: of amounts that name none."""
    properties: Mapping[Objects, tuple[str, ...]] = Field(default_factory=dict)
    """Properties to read beyond the usual ones, by type of object; they are kept in `extra`."""
    lifecycle: Mapping[str, Stage | None] = LIFECYCLE
    """The portal's lifecycle stages, and what each is here; None for one that says nothing."""
    lifecycle_scope: str | None = None
    """The product line that the lifecycle stages are of, where the portal is one department's; None for all."""
    subscriptions: Mapping[str, str] = Field(default_factory=dict)
    """The properties of contacts that say who opted out of one kind of e-mail, each with the topic that it is of, such
    as `{"hs_email_optout_8351": "newsletter"}`; the opt-out of all e-mail is read in any case."""
    ticket_stages: Mapping[str, CaseStatus] = TICKET_STAGES
    """The stages of tickets that are more than open or closed, and what each is here."""
    deal_stages: Mapping[str, DealStatus] = Field(default_factory=dict)
    """The stages of deals that are more than open, won or lost, such as those of withdrawn ones, and what each is."""
    identifiers: Mapping[str, str] = Field(default_factory=dict)
    """The properties of contacts that hold a number of another system, by the namespace of those numbers, such as
    `{"account": "account_number"}`: by them her records are found to be of one person."""
    primary_labels: tuple[str, ...] = ("Primary",)
    """The labels of the association that goes first, the most preferred first."""
    leave_out: frozenset[str] = frozenset()
    """Streams that are not read, such as those whose scope the token lacks."""
    page_size: int = Field(default=100, ge=1)
    """The records of a page of a list."""
    history_page_size: int = Field(default=50, ge=1)
    """The records of a page of a list, or of a batch, with history."""
    search_page_size: int = Field(default=200, ge=1)
    """The records of a page of a search."""
    batch_size: int = Field(default=100, ge=1)
    """The records of a batch."""
    search_ceiling: int = Field(default=10_000, ge=1)
    """The most records that one search leads to."""
    url_length: int = Field(default=6_000, ge=1)
    """The most characters of names of properties in an address; what is beyond is asked for in batches."""
    per_ten_seconds: int = Field(default=100, ge=1)
    """Requests within ten seconds."""
    searches_per_second: int = Field(default=4, ge=1)
    """Searches within a second."""
