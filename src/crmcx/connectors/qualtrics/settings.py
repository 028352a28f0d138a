"""What a person says to connect Qualtrics; what nobody could verify at the vendor stands here, to be set."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

INVITATION_STATUSES = {
    "pending": "sent",
    "success": "sent",
    "opened": "opened",
    "surveystarted": "started",
    "surveypartiallyfinished": "started",
    "surveyscreenedout": "started",
    "surveyfinished": "completed",
    "sessionexpired": "expired",
    "softbounce": "bounced",
    "hardbounce": "bounced",
    "failure": "bounced",
    "error": "bounced",
    "skipped": "suppressed",
    "blocked": "suppressed",
    "complaint": "delivered",
}
"""The vendor's words for what became of an invitation, in small letters."""
CHANNELS = {
    "email": "email",
    "sms": "sms",
    "anonymous": "web",
    "gl": "web",
    "qr": "web",
    "preview": "web",
    "social": "social",
    "facebook": "social",
    "twitter": "social",
    "offlineapp": "mobile_app",
    "whatsapp": "messaging",
}
"""The vendor's words for how a questionnaire was reached, in small letters."""
LANGUAGES = {"ZH-S": "zh-Hans", "ZH-T": "zh-Hant", "SR": "sr-Cyrl", "SR-BA": "sr-Latn"}
"""The vendor's codes of languages that are no BCP 47 tags."""


class QualtricsSettings(BaseModel):
    """What a person says to connect Qualtrics.

    Example:
        >>> QualtricsSettings(token="of-the-account", datacenter="fra1").base
        'https://fra1.qualtrics.com/API/v3'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    token: SecretStr
    """The API token of an account."""
    datacenter: str | None = Field(default=None, pattern=r"^[a-z0-9.-]+$")
    """The data centre of the brand, such as `fra1`."""
    url: str | None = None
    """The address in the place of the data centre's, without `/API/v3`."""
    directory: str | None = None
    """The id of a directory of contacts; all that the account may see unless given."""
    surveys: tuple[str, ...] | None = None
    """The ids of the surveys to read; all that the account may see unless given."""
    reread: timedelta = Field(default=timedelta(days=7), ge=timedelta(minutes=5))
    """How far before the newest response each sync reads again, for what was edited."""
    whole_every: timedelta = Field(default=timedelta(days=30), gt=timedelta())
    """How often all responses are read, for what was deleted, and for what was edited late."""
    unfinished: bool = True
    """Whether responses that are still open are read, by an export of its own for each survey."""
    file_format: Literal["ndjson", "json"] = "ndjson"
    """In which format responses are exported."""
    zipped: bool = True
    """Whether those files are compressed on their way."""
    rows_per_page: int = Field(default=2_000, ge=1, le=100_000)
    """How many responses of a file are handed on at a time."""
    page_size: int = Field(default=100, ge=1, le=500)
    """How many surveys, contacts and the like are asked for at a time."""
    requests_per_minute: int = Field(default=3_000, ge=1)
    """What the brand may send."""
    export_within: timedelta = Field(default=timedelta(hours=1), gt=timedelta())
    """How long an export may take."""
    values_are: Literal["recodes", "choices"] = "recodes"
    """What stands in a response for a choice: its recode value, or its id. Where the labels are there, they decide."""
    kinds: dict[str, Literal["nps", "csat", "ces", "likert", "choice"]] = {}
    """What a question asks, by its export tag or id, where its type does not say, as for satisfaction."""
    lower_is_better: frozenset[str] = frozenset()
    """The questions, by export tag or id, whose low scores are the good ones."""
    test_statuses: frozenset[int] = frozenset({1, 2})
    """The flags in a response's status that say that it is none of a customer: previews and tests."""
    customer_field: str = "contactId"
    """The embedded data, or `externalDataReference`, that holds the id of the customer."""
    customer_source: str | None = None
    """The connection whose id that is; None for a contact of Qualtrics itself."""
    external_namespace: str = "external_reference"
    """The namespace of the external references of contacts, such as `account` where they hold account numbers."""
    interaction_field: str | None = None
    """The embedded data that holds the id of the interaction that is asked about."""
    interaction_source: str | None = None
    """The connection whose id that is."""
    case_field: str | None = None
    """The embedded data that holds the id of the case that is asked about."""
    case_source: str | None = None
    """The connection whose id that is."""
    touchpoint_field: str | None = None
    """The embedded data that holds the code of the touchpoint that is asked about."""
    invitation_statuses: dict[str, str] = {}
    """Further words for what became of an invitation, in small letters, to the model's."""
    channels: dict[str, str] = {}
    """Further words for how a questionnaire was reached, in small letters, to the model's."""
    languages: dict[str, str] = {}
    """Further codes of languages to BCP 47 tags."""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if (self.datacenter is None) == (self.url is None):
            msg = "say either datacenter, such as fra1, or url"
            raise ValueError(msg)
        return self

    @property
    def base(self) -> str:
        """Where paths begin."""
        host = f"https://{self.datacenter}.qualtrics.com" if self.url is None else self.url.rstrip("/")
        return f"{host}/API/v3"
