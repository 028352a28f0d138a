"""Connectors whose streams yield rubbish, or end the process."""

import sys
from collections.abc import Iterator
from typing import Any

from crmcx.connectors import Connector, Page, hookimpl, mapping, stream
from crmcx.models import Account

ACCOUNT = mapping(Account, id="id", name="name")


class Rubbish(Connector):
    name = "hostile-pages"

    @stream(ACCOUNT)
    def strings(self, _client: object, _cursor: object) -> Iterator[Any]:
        yield "rubbish"

    @stream(ACCOUNT)
    def nones(self, _client: object, _cursor: object) -> Iterator[Any]:
        yield None

    @stream(ACCOUNT)
    def no_records(self, _client: object, _cursor: object) -> Iterator[Any]:
        yield Page([None, 7, "rubbish", {"id": {"no": []}}])

    @stream(ACCOUNT)
    def no_generator(self, _client: object, _cursor: object) -> Any:
        return 7

    @stream(ACCOUNT)
    def no_token(self, _client: object, _cursor: object) -> Iterator[Any]:
        yield Page([{"id": "1", "name": "Acme"}], next=object())

    @stream(ACCOUNT)
    def raising(self, _client: object, _cursor: object) -> Iterator[Any]:
        yield Page([{"id": "2", "name": "Acme"}])
        msg = "broken in a stream"
        raise RuntimeError(msg)


class Ending(Connector):
    name = "hostile-ending"

    @stream(ACCOUNT)
    def exiting(self, _client: object, _cursor: object) -> Iterator[Any]:
        sys.exit("this stream ends the process")
        yield


@hookimpl
def crmcx_register_connectors() -> list[type[Connector]]:
    return [Rubbish, Ending]
