"""A connector that is there as an installed one would be, and reads what the test gives it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, SecretStr

from crmcx.connectors import Connector, Cursor, Deletes, Page, Parents, hookimpl, mapping, stream
from crmcx.errors import SourceError
from crmcx.models import Case, Interaction

CASES = mapping(Case, id="id", status="status", opened_at="opened")
NOTES = mapping(Interaction, id="id", kind="kind", occurred_at="at")
PAGES: list[list[dict[str, Any]]] = []
"""What the source says."""
TOKENS: list[str] = []
"""The secrets that it was given."""


class DeskSettings(BaseModel):
    """Settings with a secret."""

    url: str
    token: SecretStr
    pages: int = 10


class Desk(Connector):
    """A help desk."""

    name: ClassVar[str] = "desk"
    settings = DeskSettings

    @stream(CASES, cursor="updated", lookback=timedelta(minutes=5), deletes=Deletes.flag("gone"))
    def cases(self, _api: object, _cursor: Cursor) -> Iterator[Page]:
        """The cases."""
        TOKENS.append(self.settings.token.get_secret_value())  # type: ignore[union-attr]
        for page in PAGES:
            if page and page[0] == {"fail": True}:
                msg = "the door is closed"
                raise SourceError(msg)
            yield Page(page)

    @stream(NOTES, parents=Parents("cases"))
    def notes(self, _api: object, _cursor: Cursor, _parent: str) -> Iterator[Page]:
        """The notes of each."""
        yield from ()


class Plugin:
    """What an entry point would lead to."""

    @hookimpl
    def crmcx_register_connectors(self) -> list[type[Connector]]:
        """The one connector."""
        return [Desk]
