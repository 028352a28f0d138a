"""A connector of three streams and its platform in small; and connectors that do it wrong, each in one way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, SecretStr

from crmcx.connectors import (
    Api,
    Bearer,
    Connector,
    Cursor,
    Page,
    constant,
    contact,
    mapping,
    paging,
    ref,
    stream,
    words,
)
from crmcx.connectors.streams import Deletes
from crmcx.models import Case, Customer, Interaction
from crmcx.testing.loopback import Asked, Says
from crmcx.testing.platform import Platform
from crmcx.testing.world import Kind

TOKEN = "tok-5f0c2a9be1"  # noqa: S105 - of a source on loopback
SETTINGS = {"url": "{url}", "token": TOKEN}
TICKET = mapping(
    Case,
    id="id",
    subject="subject",
    status=words("state", {"open": "open", "done": "solved"}),
    opened_at="created_at",
    customer=ref("requester"),
)
PERSON = mapping(Customer, id="id", name="name", parts=(contact("email", "email"),))
COMMENT = mapping(
    Interaction,
    id="id",
    kind=constant("support_comment"),
    occurred_at="created_at",
    channel=constant("email"),
    direction=constant("inbound"),
    case=ref("ticket"),
)


class HelpdeskInSmall(Platform):
    kinds: ClassVar = {
        "people": Kind(
            record={"id": "P-{n}", "name": "Ada {n}", "email": "ada{n}@example.org", "updated_at": "{stamp}"},
            change="name",
        ),
        "tickets": Kind(
            record={
                "id": "T-{n}",
                "subject": "printer",
                "state": "open",
                "requester": "P-1",
                "created_at": "{created}",
                "updated_at": "{stamp}",
                "is_deleted": False,
            },
            change="state",
            words=("open", "done"),
            deleted="is_deleted",
        ),
        "comments": Kind(
            record={"id": "C-{n}", "ticket": "{parent}", "words": "hello", "created_at": "{created}"},
            stamp=None,
            change="words",
            parent="tickets",
        ),
    }

    def answer(self, asked: Asked) -> Says:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Says(401)
        since, page = asked.query.get("since"), asked.query.get("page")
        match asked.path.strip("/").split("/"):
            case ["people" | "tickets" as kind]:
                return self.page(self.since(kind, since), page, rows=kind)
            case ["tickets", ticket, "comments"]:
                return self.page(self.since("comments", parent=ticket), page, rows="comments")
        return Says(404)


class HelpdeskSettings(BaseModel):
    url: str
    token: SecretStr


class Helpdesk(Connector):
    name = "helpdesk"
    settings = HelpdeskSettings

    def open(self) -> Api:
        return Api(self.settings.url, auth=Bearer(self.settings.token), name=self.name)

    @stream(PERSON, deletes=Deletes.sweep())
    def people(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        yield from self.pages(api, "/people", "people", cursor)

    @stream(
        TICKET,
        cursor="updated_at",
        lookback=timedelta(minutes=5),
        order="ascending",
        deletes=Deletes.flag("is_deleted"),
    )
    def tickets(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        yield from self.pages(api, "/tickets", "tickets", cursor)

    @stream(COMMENT, parents="tickets")
    def comments(self, api: Api, cursor: Cursor, ticket: str) -> Iterator[Page]:
        yield from self.pages(api, f"/tickets/{ticket}/comments", "comments", cursor)

    def pages(self, api: Api, path: str, rows: str, cursor: Cursor) -> Iterator[Page]:
        def ask(token: Any) -> Any:
            return api.get(path, since=cursor.watermark, page=token)

        for reply, token in paging.by_cursor(ask, following="next", start=cursor.token):
            yield Page(reply.rows(rows), next=token)
