"""A connector of another kind: other ways of paging, of stamping and of telling what is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, SecretStr

from crmcx.connectors import (
    Api,
    ClientCredentials,
    Connector,
    Cursor,
    Deletes,
    Page,
    instant,
    mapping,
    money,
    paging,
    stream,
    words,
)
from crmcx.models import Account, Deal, Product
from crmcx.testing import Asked, Kind, Platform, Says

SECRET = "c1ient-s3cret-77"  # noqa: S105 - of a source on loopback
ACCESS = "acc3ss-t0ken-123"
SETTINGS = {"url": "{url}", "client_id": "shop", "client_secret": SECRET}
DEAL = mapping(
    Deal,
    id=("order", "no"),
    status=words("state", {"new": "open", "paid": "won", "void": "lost"}),
    amount=money("total", currency="EUR"),
)


PRODUCT = mapping(Product, id="id", code="id", name="title")


class ShopInSmall(Platform):
    kinds: ClassVar = {
        "deals": Kind(
            record={"order": {"no": "{n}"}, "state": "new", "total": "12.50", "at": "{stamp}"},
            id=("order", "no"),
            stamp="at",
            change="state",
            words=("new", "paid", "void"),
            unit="ms",
            tombstone={"gone": "{n}", "at": "{stamp}"},
        ),
        "products": Kind(record={"id": "p{n}", "title": "Kettle", "mod": "{stamp}"}, stamp="mod", change="title"),
        "accounts": Kind(record={"id": "a{n}", "name": "Acme", "mod": "{stamp}"}, stamp="mod", change="name", unit="s"),
    }

    def answer(self, asked: Asked) -> Says:
        if asked.path == "/token":
            good = asked.form.get("client_secret") == SECRET
            return Says(data={"access_token": ACCESS, "expires_in": 600}) if good else Says(401)
        if asked.headers.get("authorization") != f"Bearer {ACCESS}":
            return Says(401)
        since, page = asked.query.get("since"), asked.query.get("page")
        match asked.path:
            case "/deals":
                says = self.page(
                    self.since("deals", since), page, rows=("data", "list"), next=("data", "more", "after")
                )
            case "/deals/gone":
                says = self.page(self.deletions("deals", since), page, rows="gone")
            case "/products":
                first = int(asked.query["offset"])
                found = self.since("products")[first : first + self.page_size]
                says = Says(data={"items": found}, rows=("items",), kind="products")
            case "/accounts":
                records, following = self.cut(self.since("accounts", since), page)
                link = f'<{self.url}/accounts?since={since or ""}&page={following}>; rel="next"'
                says = Says(data=records, rows=(), kind="accounts", headers={"link": link} if following else {})
            case _:
                says = Says(404)
        return says


class ShopSettings(BaseModel):
    url: str
    client_id: str
    client_secret: SecretStr


class Shop(Connector):
    name = "shop"
    settings = ShopSettings

    def open(self) -> Api:
        given = self.settings
        auth = ClientCredentials(f"{given.url}/token", given.client_id, given.client_secret)
        return Api(given.url, auth=auth, name=self.name)

    @stream(DEAL, cursor=instant("at", unit="ms"), lookback=timedelta(minutes=2), deletes=Deletes.endpoint(id="gone"))
    def deals(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        since = cursor.watermark and int(cursor.watermark.timestamp() * 1000)
        gone = cursor.window == "gone"

        def ask(path: str) -> Any:
            return lambda token: api.get(path, since=since, page=token)

        if not gone:
            for reply, token in paging.by_cursor(
                ask("/deals"), following=("data", "more", "after"), start=cursor.token
            ):
                yield Page(reply.rows("data", "list"), next=token and Cursor(token=token))
        start = cursor.token if gone else None
        for reply, token in paging.by_cursor(ask("/deals/gone"), following="next", start=start):
            yield Page(reply.rows("gone"), next=token and Cursor(token=token, window="gone"), deleted=True)

    @stream(PRODUCT, deletes=Deletes.sweep(), resumes=False)
    def products(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        def ask(offset: int) -> Any:
            return api.get("/products", offset=offset)

        for reply, offset in paging.by_offset(ask, rows="items", start=cursor.token):
            yield Page(reply.rows("items"), next=offset)

    @stream(
        mapping(Account, id="id", name="name"),
        cursor=instant("mod", unit="s"),
        lookback=timedelta(minutes=1, seconds=30),
        order="ascending",
        deletes=Deletes.sweep(every=timedelta(days=7)),
    )
    def accounts(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        since = cursor.watermark and int(cursor.watermark.timestamp())
        for reply, link in paging.by_link(api, "/accounts", {"since": since}, start=cursor.token):
            yield Page(reply.rows(), next=link)
