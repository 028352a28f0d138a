"""A small help desk over HTTP."""

from collections.abc import Iterator
from datetime import timedelta

from pydantic import BaseModel, SecretStr

from crmcx.connectors import Api, Bearer, Connector, Cursor, Deletes, Page, hookimpl, mapping, paging, stream, words
from crmcx.models import Case

STATUS = words("state", {"open": "open", "done": "solved"})
TICKET = mapping(Case, id="id", subject="subject", status=STATUS, opened_at="created_at")


class Settings(BaseModel):
    url: str
    token: SecretStr


class Example(Connector):
    name = "example"
    settings = Settings

    def open(self) -> Api:
        return Api(self.settings.url, auth=Bearer(self.settings.token), name=self.name)

    @stream(TICKET, cursor="updated_at", lookback=timedelta(minutes=5), deletes=Deletes.flag("is_deleted"))
    def tickets(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        for reply, token in paging.by_cursor(
            lambda token: api.get("/tickets", since=cursor.watermark, page=token), following="next", start=cursor.token
        ):
            yield Page(reply.rows("tickets"), next=token)


@hookimpl
def crmcx_register_connectors() -> list[type[Connector]]:
    return [Example]
