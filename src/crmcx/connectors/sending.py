"""How a request is sent until it is answered: signed, within budget, patient, and true to its hosts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from threading import Lock
from typing import IO
from urllib.parse import urlencode

from attrs import define, field, frozen

from crmcx.connectors.auth import Auth, SignIn
from crmcx.connectors.budget import Budget
from crmcx.connectors.clock import Clock
from crmcx.connectors.limits import Limits
from crmcx.connectors.meter import Waiting, meter
from crmcx.connectors.replies import Fault, Reply, place_of
from crmcx.connectors.retry import Dialect, Refusal, Retries, refusal
from crmcx.connectors.wires import Exchange, Wiring, wiring
from crmcx.errors import ForeignHostError, RequestError, SignInError, SourceError, ThrottledError, UnreachableError

_LOG = logging.getLogger("crmcx.connectors.http")
_TOLD_FROM = 1.0
_UNAUTHORISED = 401
_SEE_OTHER = 303
_MOVED = frozenset({301, 302, _SEE_OTHER, 307, 308})


@frozen(kw_only=True, repr=False)
class Asked:
    """One request as its author meant it."""

    method: str
    """In capitals."""
    address: str
    """Whole, without the query."""
    params: Mapping[str, str] = field(factory=dict)
    """The query."""
    headers: Mapping[str, str]
    """By name in lower case, without what signs it."""
    content: bytes = b""
    """The body."""
    repeatable: bool
    """Whether it may be sent again when the source may have acted on it."""
    accept: Collection[int] = ()
    """Statuses that are answers besides 2xx."""
    into: IO[bytes] | None = None
    """Where a good body goes, instead of into memory."""
    for_token: bool = False
    """Whether it asks for a token: it is not signed, and stays at the address."""


@define(eq=False, kw_only=True)
class Sender:
    """Sends the requests of one client; shared by its threads."""

    name: str
    """What waits and errors call the source."""
    addresses: tuple[str, ...]
    """The base and further hosts."""
    auth: Auth | None
    """How to sign in."""
    dialect: Dialect
    """How the source says that it was asked too often."""
    budget: Budget
    """What may be sent."""
    retries: Retries
    """How often and after how long a request is sent again."""
    limits: Limits
    """How long and how large an answer may be."""
    listener: Callable[[Waiting], None]
    """Told before each wait of a second or more."""
    proxy: str | None = field(repr=False)
    """Address of a proxy."""
    clock: Clock
    """The clocks, and how to wait."""
    _wiring: Wiring = field(factory=wiring, init=False, repr=False)
    _opening: Lock = field(factory=Lock, init=False, repr=False)
    _opened: Exchange | None = field(default=None, init=False, repr=False)

    def close(self) -> None:
        """Close the connections."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def send(self, asked: Asked) -> Reply:
        """Send a request until it is answered.

        Raises:
            RequestError: It is refused, or not answered.
            ForeignHostError: It leads to a host that is not configured.
            OversizeError: The answer is larger than allowed.
        """
        auth = None if asked.for_token else self.auth
        sign_in = SignIn(post=self._ask_for_token, clock=self.clock)
        failed, renewed = 0, False
        while True:
            signed = {} if auth is None else auth.headers(sign_in)
            with self.budget.admitted(self.clock, lambda seconds: self._tell("paced", seconds)) as sent:
                meter().requests += 1
                outcome = self._follow(asked, signed)
            said = Refusal(throttled=False)
            if isinstance(outcome, Reply):
                if outcome.status < 300 or outcome.status in asked.accept:  # noqa: PLR2004 - 2xx
                    return outcome
                if outcome.status == _UNAUTHORISED and auth is not None and not renewed:
                    renewed = auth.renew(signed, sign_in)
                    if renewed:
                        continue
                found = refusal(outcome, self.dialect, self.clock.now())
                if found is None:
                    raise _refused(self.name, asked, outcome)
                said = found
            failed += 1
            if said.throttled:
                self.budget.throttled(sent, self.clock.monotonic())
            self._wait_or_raise(asked, outcome, said, failed)

    def _ask_for_token(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        asked = Asked(
            method="POST",
            address=url,
            headers={"accept": "application/json", "content-type": "application/x-www-form-urlencoded", **headers},
            content=urlencode(form).encode(),
            repeatable=True,
            for_token=True,
        )
        return self.send(asked)

    def _wait_or_raise(self, asked: Asked, outcome: Reply | Fault, said: Refusal, failed: int) -> None:
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
                raise _unreachable(asked, outcome, failed, repeatable=repeatable)
        if said.wait is not None:
            # The source spoke to the whole connection: its other threads wait as well.
            self.budget.rest(self.clock.monotonic() + wait)
        self._tell("throttled" if said.throttled else "in trouble", wait)
        if wait > 0:
            self.clock.sleep(wait)

    def _throttled(self, asked: Asked, reply: Reply, said: Refusal) -> ThrottledError:
        try:
            until = None if said.wait is None else self.clock.now() + timedelta(seconds=said.wait)
        except OverflowError:
            until = None
        when = "" if until is None else f" until {until:%Y-%m-%d %H:%M:%S} UTC"
        msg = f"{self.name} wants no more requests{when}"
        data = {"until": until, "status": reply.status, "request_id": reply.request_id, "method": asked.method}
        return ThrottledError(msg, hint="run again later; what was committed stands", **data)

    def _tell(self, reason: str, seconds: float) -> None:
        counted = meter()
        counted.waited += seconds
        if seconds < _TOLD_FROM:
            return
        waiting = Waiting(name=self.name, reason=reason, until=self.clock.now() + timedelta(seconds=seconds))
        _LOG.info("%s", waiting.told)
        self.listener(waiting)
        counted.listener(waiting)

    def _follow(self, asked: Asked, signed: Mapping[str, str]) -> Reply | Fault:
        """Send once, and follow redirects as long as they stay within the hosts."""
        from crmcx.connectors import _wire  # noqa: PLC0415 - brings httpx, which few programs need at once

        origins = _wire.origins_of((asked.address,) if asked.for_token else self.addresses)
        wire = self._wire()
        url = _wire.url_of(asked.address, asked.params)
        headers = {"user-agent": "crmcx", "accept-encoding": "gzip, deflate", **asked.headers, **signed}
        method, content = asked.method, asked.content
        for _ in range(self.limits.redirects + 1):
            if url.userinfo or _wire.origin_of(url) not in origins:
                raise _foreign(self.name, url.host, origins)
            if asked.into is not None:
                asked.into.seek(0)
                asked.into.truncate()
            outcome = wire.exchange(_wire.Request(method, url, headers, content), asked.into)
            if not isinstance(outcome, Reply):
                return outcome
            if outcome.status not in _MOVED or "location" not in outcome.headers:
                return _whole_json(outcome)
            if method not in {"GET", "HEAD"}:
                if outcome.status != _SEE_OTHER:  # with the others, the body would be sent on
                    return outcome
                method, content = "GET", b""
            url = _wire.url_of(outcome.absolute(outcome.headers["location"]))
        msg = f"{place_of(asked.address)} redirects more than {self.limits.redirects} times"
        raise SourceError(msg, hint="check the address")

    def _wire(self) -> Exchange:
        from crmcx.connectors import _wire  # noqa: PLC0415 - as above

        with self._opening:
            if self._opened is None:
                self._opened = self._wiring(lambda: _wire.Wire(self.limits, self.clock, self.proxy))
            return self._opened


def _foreign(name: str, host: str, origins: Collection[tuple[str, str, int | None]]) -> ForeignHostError:
    allowed = ", ".join(sorted(map(_shown, origins)))
    msg = f"a link or redirect of {name} leads to {host!r} by another host, scheme or port than {allowed}"
    return ForeignHostError(msg, hint="if it is the source's, pass hosts=[...]; it will see the credentials")


def _shown(origin: tuple[str, str, int | None]) -> str:
    scheme, host, port = origin
    return f"{scheme}://{host}" + ("" if port is None else f":{port}")


def _whole_json(reply: Reply) -> Reply | Fault:
    """The answer, unless it says that it is JSON and breaks off, as behind a proxy that lost its upstream."""
    if reply.status < 300 and "json" in reply.headers.get("content-type", ""):  # noqa: PLR2004 - 2xx
        try:
            _ = reply.data
        except SourceError:
            return Fault("no whole JSON", delivered=True)
    return reply


def _refused(name: str, asked: Asked, reply: Reply) -> RequestError:
    msg = f"{asked.method} {place_of(asked.address)} was answered with {reply.status}"
    data = {"status": reply.status, "request_id": reply.request_id, "method": asked.method}
    if asked.for_token or reply.status == _UNAUTHORISED:
        msg = f"{name} refused the credentials: {msg}"
        return SignInError(msg, hint="check the credentials, and what they are allowed to do", **data)
    return RequestError(msg, hint="check what is asked for, and what the credentials are allowed to do", **data)


def _unreachable(asked: Asked, outcome: Reply | Fault, failed: int, *, repeatable: bool) -> UnreachableError:
    what = f"{asked.method} {place_of(asked.address)}"
    data: dict[str, object] = {"method": asked.method}
    if isinstance(outcome, Reply):
        msg = f"{what} was answered with {outcome.status}, the last of {failed} tries"
        data |= {"status": outcome.status, "request_id": outcome.request_id}
    else:
        msg = f"{what} got {outcome.reason}, the last of {failed} tries"
    if repeatable:
        return UnreachableError(msg, hint="run again; what was committed stands", **data)
    return UnreachableError(msg, hint="look whether the source acted on it before it is sent again", **data)
