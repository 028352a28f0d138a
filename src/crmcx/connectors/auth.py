"""How a connection signs in: one class per way, each an argument of `Api`. Secrets are a type that does not print."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeAlias

from attrs import define, field, frozen
from pydantic import SecretStr

from crmcx.connectors.clock import Clock
from crmcx.connectors.replies import Reply, place_of
from crmcx.errors import SignInError, UsageError

_FITS_A_HEADER = re.compile(r"[\x20-\x7e]+")
_RENEW_BEFORE = timedelta(seconds=60)


@frozen(kw_only=True)
class SignIn:
    """What a way of signing in may use of the client that it is for."""

    post: Callable[[str, Mapping[str, str], Mapping[str, str]], Reply]
    """Sends a form, with headers, to an address that was configured."""
    clock: Clock
    """Tells when a token expires."""


def _secret(value: str | SecretStr) -> SecretStr:
    return value if isinstance(value, SecretStr) else SecretStr(value)


def _no_secret() -> SecretStr:
    return SecretStr("")


def _for_a_header(_auth: Any, attribute: Any, value: Any) -> None:  # noqa: ANN401 - attrs' signature
    # An HTTP library quotes a header that cannot be sent in its error: such a secret must not come so far.
    text: str = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not _FITS_A_HEADER.fullmatch(text) or text != text.strip():
        msg = f"found {attribute.name} with {len(text)} characters, some of which no header can hold, or empty"
        raise UsageError(msg, hint="check that it was copied whole, without line ends or blanks around it")


Headers: TypeAlias = dict[str, str]


class Auth:
    """Base of the ways to sign in."""

    def headers(self, sign_in: SignIn) -> Headers:
        """The headers that sign a request."""
        raise NotImplementedError

    def renew(self, refused: Mapping[str, str], sign_in: SignIn) -> bool:  # noqa: ARG002 - most have nothing to renew
        """Answer a request that was refused with these headers; say whether others may work."""
        return False


@frozen
class Bearer(Auth):
    """A token that was handed out once, such as that of a private app.

    Example:
        >>> Bearer("pat-eu1-secret")
        Bearer(token=SecretStr('**********'))
    """

    token: SecretStr = field(converter=_secret, validator=_for_a_header)
    """The token."""

    def headers(self, sign_in: SignIn) -> Headers:  # noqa: ARG002 - nothing to ask for
        """The token as `Authorization: Bearer`."""
        return {"authorization": f"Bearer {self.token.get_secret_value()}"}


@frozen
class HeaderKey(Auth):
    """A key in a header of the source's own.

    Example:
        >>> HeaderKey("X-API-TOKEN", "secret")
        HeaderKey(header='X-API-TOKEN', key=SecretStr('**********'), scheme='')
        >>> klaviyo = HeaderKey("Authorization", "secret", scheme="Klaviyo-API-Key")
    """

    header: str = field(validator=_for_a_header)
    """Name of the header."""
    key: SecretStr = field(converter=_secret, validator=_for_a_header)
    """The key."""
    scheme: str = field(default="", kw_only=True)
    """A word that stands before the key."""

    def headers(self, sign_in: SignIn) -> Headers:  # noqa: ARG002 - nothing to ask for
        """The key in its header."""
        return {self.header.lower(): f"{self.scheme} {self.key.get_secret_value()}".strip()}


@frozen
class Basic(Auth):
    """A name and a password, or whatever a source wants in their places.

    Example:
        >>> Basic("ada@example.org/token", "secret")
        Basic(password=SecretStr('**********'))
    """

    user: str = field(repr=False)
    """The name; with some sources it is the key."""
    password: SecretStr = field(factory=_no_secret, converter=_secret)
    """The password."""

    def headers(self, sign_in: SignIn) -> Headers:  # noqa: ARG002 - nothing to ask for
        """Both as `Authorization: Basic`."""
        return {"authorization": _basic(self.user, self.password)}


def _basic(user: str, password: SecretStr) -> str:
    return "Basic " + b64encode(f"{user}:{password.get_secret_value()}".encode()).decode()


@define(eq=False)
class _OAuth(Auth):
    """Tokens that expire: fetched at first use, before they expire, and once after a refusal, by one thread for all."""

    token_url: str
    """Where tokens are handed out; the only place that sees what follows."""
    client_id: str
    """The name of the app."""
    client_secret: SecretStr = field(converter=_secret)
    """The secret of the app."""
    scope: str | None = field(default=None, kw_only=True)
    """What is asked to be allowed; None to leave it to the source."""
    secret_in_header: bool = field(default=False, kw_only=True)
    """Whether the source wants name and secret of the app as basic authentication, not in the form."""
    _token: str = field(default="", init=False, repr=False)
    _expires: datetime | None = field(default=None, init=False, repr=False)
    _refused: SignInError | None = field(default=None, init=False, repr=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    def headers(self, sign_in: SignIn) -> Headers:
        """A token that is valid for some time to come."""
        with self._lock:
            if not self._token or (self._expires is not None and sign_in.clock.now() >= self._expires):
                self._fetch(sign_in)
            return {"authorization": f"Bearer {self._token}"}

    def renew(self, refused: Mapping[str, str], sign_in: SignIn) -> bool:
        """Fetch a token, unless another thread has done so since the refused one was used."""
        with self._lock:
            if refused.get("authorization") == f"Bearer {self._token}":
                self._fetch(sign_in)
            return True

    def _fetch(self, sign_in: SignIn) -> None:
        if self._refused is not None:  # asking again and again with what was refused locks accounts
            raise self._refused.with_traceback(None)
        form = {**self._grant(), **({"scope": self.scope} if self.scope else {})}
        headers: Headers = {}
        if self.secret_in_header:
            headers = {"authorization": _basic(self.client_id, self.client_secret)}
        else:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret.get_secret_value()}
        try:
            reply = sign_in.post(self.token_url, form, headers)
        except SignInError as error:
            self._refused = error
            raise
        token = reply.get("access_token")
        if not isinstance(token, str) or not _FITS_A_HEADER.fullmatch(token):
            msg = f"{place_of(self.token_url)} answered without an access token that can be used"
            raise SignInError(msg, hint="check the address that hands out tokens", status=reply.status)
        self._token = token
        self._expires = _expiry(reply.get("expires_in"), sign_in.clock.now())
        self._keep(reply)

    def _grant(self) -> dict[str, str]:
        raise NotImplementedError

    def _keep(self, reply: Reply) -> None:
        """Keep what else the answer brought."""


def _expiry(seconds: object, now: datetime) -> datetime | None:
    """When to fetch the next token: a while before the source stops to take this one, at most half of its life."""
    try:
        life = timedelta(seconds=float(str(seconds)))
        return now + life - min(_RENEW_BEFORE, life / 2) if life > timedelta() else None
    except (ValueError, OverflowError):  # not all sources say how long; the refusal of a token will
        return None


@define(eq=False)
class ClientCredentials(_OAuth):
    """An app that signs in by itself (OAuth 2.0 client credentials).

    Example:
        >>> ClientCredentials("https://login.example/oauth2/token", "my-app", "secret").client_secret
        SecretStr('**********')
    """

    def _grant(self) -> dict[str, str]:
        return {"grant_type": "client_credentials"}


@define(eq=False)
class RefreshToken(_OAuth):
    """An app that a person allowed in (OAuth 2.0 refresh token).

    Some sources hand out a new refresh token with each access token, and take the old one no more: `rotated` is where
    to keep it for the next run.

    Example:
        >>> RefreshToken("https://login.example/oauth2/token", "my-app", "secret", "refresh").refresh_token
        SecretStr('**********')
    """

    refresh_token: SecretStr = field(converter=_secret)
    """The refresh token."""
    rotated: Callable[[SecretStr], None] | None = field(default=None, kw_only=True, repr=False)
    """Told each new refresh token, before it is used."""

    def _grant(self) -> dict[str, str]:
        return {"grant_type": "refresh_token", "refresh_token": self.refresh_token.get_secret_value()}

    def _keep(self, reply: Reply) -> None:
        new = reply.get("refresh_token")
        if isinstance(new, str) and new and new != self.refresh_token.get_secret_value():
            self.refresh_token = SecretStr(new)
            if self.rotated is not None:
                self.rotated(self.refresh_token)
