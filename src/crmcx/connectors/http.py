"""The client that connectors read through: signed in, within budget, patient, and true to its hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Self, TypeAlias
from urllib.parse import urlencode

from pydantic_core import to_json

from crmcx.connectors.auth import Auth
from crmcx.connectors.budget import Budget
from crmcx.connectors.clock import Clock, present
from crmcx.connectors.limits import Limits
from crmcx.connectors.meter import Waiting
from crmcx.connectors.replies import Reply, place_of
from crmcx.connectors.retry import Dialect, Retries
from crmcx.connectors.sending import Asked, Sender
from crmcx.instants import from_us, to_us

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
Query: TypeAlias = Mapping[str, Any] | None
"""What is asked for: None leaves a name out, a list is joined by commas, instants are written as ISO 8601 in UTC."""


def _silent(_waiting: Waiting) -> None:
    """Tell nobody."""


class Api:
    """A client of one source, to be shared by all threads that read from it.

    Requests are signed, kept within the budget, and sent again after a refusal that passes: too many requests, trouble
    of the server, a connection that breaks, an answer that comes too late or not whole. What writes (`post`) is sent
    again only where the source cannot have acted on it. Nothing is sent to a host that is not configured.

    Args:
        base: Where paths begin, such as `https://api.hubapi.com`; plain http only on this machine.
        auth: How to sign in; None for sources that are open.
        hosts: Further hosts that links and redirects may lead to; they see the credentials as well.
        headers: Sent with each request, such as the version of an interface.
        dialect: How the source says that it was asked too often.
        budget: What may be sent; shared with others by passing the same one.
        retries: How often and after how long a request is sent again.
        limits: How long and how large an answer may be.
        listener: Told before each wait of a second or more, which is logged as well.
        name: What waits and errors call the source; its host unless given.
        proxy: Address of a proxy; the environment is not asked for one.
        clock: The clocks, and how to wait; those that are held (`crmcx.connectors.clock.held`) unless given.

    Example:
        >>> from datetime import timedelta
        >>> from crmcx.connectors import DIALECTS, Bearer, Rate
        >>> api = Api(
        ...     "https://api.hubapi.com",
        ...     auth=Bearer("secret"),
        ...     dialect=DIALECTS["hubspot"],
        ...     budget=Budget(Rate(100, per=timedelta(seconds=10))),
        ...     name="hubspot",
        ... )
        >>> api
        <Api hubspot>
    """

    def __init__(
        self,
        base: str,
        *,
        auth: Auth | None = None,
        hosts: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
        dialect: Dialect | None = None,
        budget: Budget | None = None,
        retries: Retries | None = None,
        limits: Limits | None = None,
        listener: Callable[[Waiting], None] = _silent,
        name: str | None = None,
        proxy: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self.headers = dict(headers or {})
        self._sender = Sender(
            name=name or place_of(base).split("/")[0],
            addresses=(base, *(host if _ADDRESS.match(host) else f"https://{host}" for host in hosts)),
            auth=auth,
            dialect=dialect or Dialect(),
            budget=budget or Budget(),
            retries=retries or Retries(),
            limits=limits or Limits(),
            listener=listener,
            proxy=proxy,
            clock=clock or present(),
        )

    def __repr__(self) -> str:
        return f"<Api {self._sender.name}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next request opens new ones. What the budget counted stands."""
        self._sender.close()

    @property
    def budget(self) -> Budget:
        """What may be sent."""
        return self._sender.budget

    @property
    def clock(self) -> Clock:
        """The clocks, and how to wait."""
        return self._sender.clock

    def get(self, path: str, params: Query = None, /, **query: Any) -> Reply:  # noqa: ANN401 - whatever a URL can hold
        """Read a path below the base, or a whole address.

        Args:
            path: Such as `/tickets`; a whole address must lead to a configured host.
            params: What is asked for, where its names are no Python names, such as `page[size]`.
            query: What is asked for; None leaves a name out.

        Raises:
            RequestError: The source refused; a subclass says when it is about sign-in, too many requests, or no answer.
            ForeignHostError: The address, or a redirect, leads to a host that is not configured.
            OversizeError: The answer is larger than allowed.
        """
        return self.request("GET", path, params={**(params or {}), **query})

    def post(
        self,
        path: str,
        json: Any = None,  # noqa: ANN401 - JSON
        /,
        *,
        reads_only: bool = False,
        **query: Any,  # noqa: ANN401 - as of get
    ) -> Reply:
        """Send JSON.

        Args:
            path: As of `get`.
            json: The body.
            reads_only: Whether it changes nothing, as a search; such a request may be sent again after any failure.
            query: As of `get`.

        Raises:
            RequestError: As of `get`.
        """
        return self.request("POST", path, params=query, json=json, repeatable=reads_only)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Query = None,
        json: Any = None,  # noqa: ANN401 - JSON
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        repeatable: bool | None = None,
    ) -> Reply:
        """Send any request.

        Args:
            method: Such as `PATCH`.
            path: As of `get`.
            params: As of `get`.
            json: A body as JSON.
            form: A body as a form.
            headers: Sent with this request besides those of the client.
            accept: Statuses that are answers too, such as 404 where it says that a record is deleted.
            repeatable: Whether it may be sent again when the source may have acted on it; by the method unless given.

        Raises:
            RequestError: As of `get`.
        """
        return self._sender.send(self._asked(method, path, params, json, form, headers, accept, repeatable, None))

    @contextmanager
    def download(self, path: str, params: Query = None, /, **query: Any) -> Iterator[Path]:  # noqa: ANN401 - as of get
        """Read a file into a temporary one, which is there as long as the context is.

        It is on disk as a whole before the first record is read: what broke off is fetched again, and no record twice.

        Args:
            path: As of `get`.
            params: As of `get`.
            query: As of `get`.

        Yields:
            The file, for `Csv().chunks(...)`, `JsonLines().chunks(...)` or `exports.unzipped(...)`.

        Raises:
            RequestError: As of `get`.
        """
        with TemporaryDirectory(prefix="crmcx-") as folder:
            target = Path(folder) / "download"
            with target.open("w+b") as into:
                asked = self._asked("GET", path, {**(params or {}), **query}, None, None, None, (), None, into)
                self._sender.send(asked)
            yield target

    def _asked(  # noqa: PLR0917 - the one place where the arguments of all ways meet
        self,
        method: str,
        path: str,
        params: Query,
        json: Any,  # noqa: ANN401 - JSON
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        accept: Collection[int],
        repeatable: bool | None,  # noqa: FBT001 - as above
        into: IO[bytes] | None,
    ) -> Asked:
        sent = {"accept": "application/json" if into is None else "*/*", **self.headers, **(headers or {})}
        content = b""
        if json is not None:
            sent, content = {**sent, "content-type": "application/json"}, to_json(json)
        elif form is not None:
            content = urlencode(form).encode()
            sent = {**sent, "content-type": "application/x-www-form-urlencoded"}
        return Asked(
            method=method.upper(),
            address=path if _ADDRESS.match(path) else f"{self.base}/{path.lstrip('/')}",
            params={name: _written(value) for name, value in (params or {}).items() if value is not None},
            headers={name.lower(): value for name, value in sent.items()},
            content=content,
            repeatable=method.upper() in _REPEATABLE if repeatable is None else repeatable,
            accept=accept,
            into=into,
        )


def _written(value: Any) -> str:  # noqa: ANN401 - whatever a URL can hold
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return from_us(to_us(value)).isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(map(_written, sorted(value) if isinstance(value, set | frozenset) else value))
    return str(value)
