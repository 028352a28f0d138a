"""The client that connectors read through: signed in, within budget, patient, and true to its hosts."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Self, TypeAlias
from urllib.parse import urlencode

from attrs import frozen
from pydantic_core import to_json

from crmcx.connectors.auth import Auth, SignIn
from crmcx.connectors.budget import Budget
from crmcx.connectors.clock import Clock
from crmcx.connectors.limits import Limits
from crmcx.connectors.replies import Fault, Reply, place_of
from crmcx.connectors.retry import Dialect, Refusal, Retries, refusal
from crmcx.errors import ForeignHostError, RequestError, SignInError, SourceError, ThrottledError, UnreachableError

if TYPE_CHECKING:
    from crmcx.connectors import _wire

_LOG = logging.getLogger("crmcx.connectors.http")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_TOLD_FROM = 1.0
_UNAUTHORISED = 401
_MOVED = frozenset({301, 302, 303, 307, 308})
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
Query: TypeAlias = Mapping[str, Any] | None
"""What is asked for: None leaves a name out, a list is joined by commas, instants are written as ISO 8601 in UTC."""


@frozen(kw_only=True)
class Waiting:
    """A connection waits; told before each wait of a second or more."""

    name: str
    """Name of the connection's source."""
    reason: str
    """Why: `throttled`, `in trouble` or `paced`, the last by its own budget."""
    until: datetime
    """When it goes on."""


def _silent(_waiting: Waiting) -> None:
    """Tell nobody."""


@frozen(kw_only=True)
class _Asked:
    """One request as its author meant it."""

    method: str
    address: str
    origins: Collection[tuple[str, str, int | None]]
    params: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    repeatable: bool
    accept: Collection[int]
    signed: bool
    into: IO[bytes] | None


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
        clock: The clocks, and how to wait.

    Example:
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
        self.auth = auth
        self.hosts = tuple(hosts)
        self.headers = dict(headers or {})
        self.dialect = dialect or Dialect()
        self.budget = budget or Budget()
        self.retries = retries or Retries()
        self.limits = limits or Limits()
        self.listener = listener
        self.name = name or place_of(base).split("/")[0]
        self.clock = clock or Clock()
        self._proxy = proxy
        self._opening = Lock()
        self._opened: _wire.Wire | None = None
        self._origins: frozenset[tuple[str, str, int | None]] = frozenset()
        self._sign_in = SignIn(post=self._ask_for_token, clock=self.clock)

    def __repr__(self) -> str:
        return f"<Api {self.name}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next request opens new ones. What the budget counted stands."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

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
        return self._send(self._asked(method, path, params, json, form, headers, accept, repeatable, None))

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
                self._send(asked)
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
    ) -> _Asked:
        self._wire()
        sent = {"accept": "application/json" if into is None else "*/*", **self.headers, **(headers or {})}
        content = b""
        if json is not None:
            sent, content = {**sent, "content-type": "application/json"}, to_json(json)
        elif form is not None:
            content = urlencode(form).encode()
            sent = {**sent, "content-type": "application/x-www-form-urlencoded"}
        return _Asked(
            method=method.upper(),
            address=path if _ADDRESS.match(path) else f"{self.base}/{path.lstrip('/')}",
            origins=self._origins,
            params={name: _written(value) for name, value in (params or {}).items() if value is not None},
            headers={name.lower(): value for name, value in sent.items()},
            content=content,
            repeatable=method.upper() in _REPEATABLE if repeatable is None else repeatable,
            accept=accept,
            signed=True,
            into=into,
        )

    def _wire(self) -> _wire.Wire:
        from crmcx.connectors import _wire  # noqa: PLC0415 - brings httpx, which few programs need at once

        with self._opening:
            if self._opened is None:
                urls = [_wire.url_of(self.base), *(_wire.url_of(_whole(host)) for host in self.hosts)]
                for url in urls:
                    _wire.demand_safe(url)
                self._origins = frozenset(map(_wire.origin_of, urls))
                self._opened = _wire.Wire(self.limits, self.clock, self._proxy)
            return self._opened

    def _ask_for_token(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        from crmcx.connectors import _wire  # noqa: PLC0415 - as above

        address = _wire.url_of(url)
        _wire.demand_safe(address)
        asked = _Asked(
            method="POST",
            address=url,
            origins={_wire.origin_of(address)},
            params={},
            headers={"accept": "application/json", "content-type": "application/x-www-form-urlencoded", **headers},
            content=urlencode(form).encode(),
            repeatable=True,
            accept=(400, 403),
            signed=False,
            into=None,
        )
        reply = self._send(asked)
        if reply.status in asked.accept:
            raise _sign_in_error(self.name, "the request for a token", reply)
        return reply

    def _send(self, asked: _Asked) -> Reply:
        failed, renewed = 0, False
        while True:
            signed = self.auth.headers(self._sign_in) if self.auth is not None and asked.signed else {}
            with self.budget.admitted(self.clock, lambda seconds: self._tell("paced", seconds)) as sent:
                outcome = self._follow(asked, signed)
            if isinstance(outcome, Reply):
                if outcome.status == _UNAUTHORISED and outcome.status not in asked.accept:
                    if renewed or not signed or self.auth is None or not self.auth.renew(signed, self._sign_in):
                        raise _sign_in_error(self.name, f"{asked.method} {place_of(asked.address)}", outcome)
                    renewed = True
                    continue
                said = refusal(outcome, self.dialect, self.clock.now())
                if said is None or outcome.status in asked.accept:
                    if outcome.status < 300 or outcome.status in asked.accept:  # noqa: PLR2004 - 2xx
                        return outcome
                    raise _request_error(RequestError, asked, outcome, "check what is asked for and what is allowed")
            else:
                said = Refusal(throttled=False)
            failed += 1
            if said.throttled:
                self.budget.throttled(sent, self.clock.monotonic())
            self._wait_or_raise(asked, outcome, said, failed)

    def _wait_or_raise(self, asked: _Asked, outcome: Reply | Fault, said: Refusal, failed: int) -> None:
        """Wait before the next try, where there is to be one."""
        patience = self.retries.patience.total_seconds()
        if said.throttled and isinstance(outcome, Reply):
            wait = self.retries.pause(failed) if said.wait is None else said.wait
            if said.final or wait > patience or failed >= self.retries.tries:
                raise self._throttled(asked, outcome, said)
        else:
            wait = self.retries.pause(failed) if said.wait is None else min(said.wait, patience)
            repeatable = asked.repeatable or not (isinstance(outcome, Reply) or outcome.delivered)
            if not repeatable or failed >= self.retries.tries:
                raise _unreachable(asked, outcome, failed)
        if said.wait is not None:
            # The source spoke to the whole connection: its other threads wait as well.
            self.budget.rest(self.clock.monotonic() + wait)
        self._tell("throttled" if said.throttled else "in trouble", wait)
        if wait > 0:
            self.clock.sleep(wait)

    def _throttled(self, asked: _Asked, reply: Reply, said: Refusal) -> ThrottledError:
        try:
            until = None if said.wait is None else self.clock.now() + timedelta(seconds=said.wait)
        except OverflowError:
            until = None
        when = "" if until is None else f" until {until:%Y-%m-%d %H:%M:%S} UTC"
        msg = f"{self.name} wants no more requests{when}"
        data = {"until": until, "status": reply.status, "request_id": reply.request_id, "method": asked.method}
        return ThrottledError(msg, hint="run again later; what was committed stands", **data)

    def _tell(self, reason: str, seconds: float) -> None:
        if seconds < _TOLD_FROM:
            return
        until = self.clock.now() + timedelta(seconds=seconds)
        by = {"throttled": "throttled by", "in trouble": "waiting for", "paced": "pacing requests to"}[reason]
        _LOG.info("%s %s until %s UTC", by, self.name, f"{until:%H:%M:%S}")
        self.listener(Waiting(name=self.name, reason=reason, until=until))

    def _follow(self, asked: _Asked, signed: Mapping[str, str]) -> Reply | Fault:
        """Send once, and follow redirects as long as they stay within the hosts."""
        from crmcx.connectors import _wire  # noqa: PLC0415 - as above

        wire = self._wire()
        url = _wire.url_of(asked.address, asked.params)
        headers = {"user-agent": "crmcx", "accept-encoding": "gzip, deflate", **asked.headers, **signed}
        method, content = asked.method, asked.content
        for _ in range(self.limits.redirects + 1):
            if url.userinfo or _wire.origin_of(url) not in asked.origins:
                raise _foreign(self.name, url.host, asked.origins)
            if asked.into is not None:
                asked.into.seek(0)
                asked.into.truncate()
            outcome = wire.exchange(_wire.Request(method, url, headers, content), asked.into)
            if not isinstance(outcome, Reply):
                return outcome
            if outcome.status not in _MOVED or "location" not in outcome.headers:
                return _whole_json(outcome)
            if method not in {"GET", "HEAD"}:
                if outcome.status != 303:  # noqa: PLR2004 - See Other; with the others, the body would be sent on
                    return outcome
                method, content = "GET", b""
            url = _wire.url_of(outcome.absolute(outcome.headers["location"]))
        msg = f"{place_of(asked.address)} redirects more than {self.limits.redirects} times"
        raise SourceError(msg, hint="check the address")


def _foreign(name: str, host: str, origins: Collection[tuple[str, str, int | None]]) -> ForeignHostError:
    allowed = ", ".join(sorted(map(_shown, origins)))
    msg = f"a link or redirect of {name} leads to {host!r} by another host, scheme or port than {allowed}"
    return ForeignHostError(msg, hint="if it is the source's, pass hosts=[...]; it will see the credentials")


def _shown(origin: tuple[str, str, int | None]) -> str:
    scheme, host, port = origin
    return f"{scheme}://{host}" + ("" if port is None else f":{port}")


def _whole(host: str) -> str:
    return host if "://" in host else f"https://{host}"


def _written(value: Any) -> str:  # noqa: ANN401 - whatever a URL can hold
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return to_json(value).decode().strip('"')
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(map(_written, sorted(value) if isinstance(value, set | frozenset) else value))
    return str(value)


def _whole_json(reply: Reply) -> Reply | Fault:
    """The answer, unless it says that it is JSON and breaks off, as behind a proxy that lost its upstream."""
    if reply.status < 300 and "json" in reply.headers.get("content-type", ""):  # noqa: PLR2004 - 2xx
        try:
            _ = reply.data
        except SourceError:
            return Fault("JSON that was cut off", delivered=True)
    return reply


def _request_error(cls: type[RequestError], asked: _Asked, reply: Reply, hint: str) -> RequestError:
    msg = f"{asked.method} {place_of(asked.address)} was answered with {reply.status}"
    return cls(msg, hint=hint, status=reply.status, request_id=reply.request_id, method=asked.method)


def _sign_in_error(name: str, what: str, reply: Reply) -> SignInError:
    msg = f"{name} refused the credentials: {what} was answered with {reply.status}"
    hint = "check the credentials, and what they are allowed to do"
    return SignInError(msg, hint=hint, status=reply.status, request_id=reply.request_id)


def _unreachable(asked: _Asked, outcome: Reply | Fault, failed: int) -> RequestError:
    tries = f"after {failed} tries" if failed > 1 else "and is not sent twice, since the source may have acted on it"
    if isinstance(outcome, Reply):
        msg = f"{asked.method} {place_of(asked.address)} was answered with {outcome.status} {tries}"
        data: dict[str, object] = {"status": outcome.status, "request_id": outcome.request_id}
    else:
        msg = f"{asked.method} {place_of(asked.address)} got {outcome.reason} {tries}"
        data = {}
    return UnreachableError(msg, hint="run again; what was committed stands", method=asked.method, **data)
