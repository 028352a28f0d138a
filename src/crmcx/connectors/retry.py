"""When a request is sent again, and after how long: the dialects in which sources say "not so fast", as data."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Literal, TypeAlias

from attrs import field, frozen
from pydantic_core import from_json

from crmcx.connectors.conversions import as_path
from crmcx.connectors.replies import Reply, found_at

TOO_MANY = 429
Unit: TypeAlias = Literal["seconds", "unix", "seconds or date"]
"""How a header tells time: seconds left, seconds since 1970, or what Retry-After may hold."""


def _lower(name: str) -> str:
    return name.lower()


@frozen
class Wait:
    """A header that says how long to wait."""

    header: str = field(converter=_lower)
    """Its name."""
    unit: Unit = "seconds"
    """How it tells time."""
    when_zero: str | None = field(default=None, kw_only=True)
    """Another header, which counts what is left: this one is read only when that one is 0."""


@frozen(kw_only=True)
class Mark:
    """A word in the body of a refusal that says what it is about."""

    at: tuple[str | int, ...] = field(converter=as_path)
    """Where the word stands."""
    says: str
    """The word."""
    status: int = TOO_MANY
    """The status of such an answer."""
    wait: timedelta | None = None
    """How long to wait; None when waiting is of no use in a run, as with a quota of a day."""


@frozen(kw_only=True)
class Dialect:
    """How a source says that it was asked too often.

    A mark that is found goes first, then the first header that is there. Where neither says how long, waits grow.
    """

    waits: tuple[Wait, ...] = (Wait("Retry-After", "seconds or date"),)
    """The headers that say how long, the most trusted first."""
    marks: tuple[Mark, ...] = ()
    """The words that tell one limit from another, or a limit from another refusal."""


def _dialects() -> dict[str, Dialect]:
    retry_after = Wait("Retry-After", "seconds or date")
    minute, day = "X-Ratelimit-App-Global-Minute-", "X-Ratelimit-App-Global-Day-"
    return {
        "dataverse": Dialect(),
        "delighted": Dialect(),
        "freshdesk": Dialect(),
        "hubspot": Dialect(
            marks=(
                Mark(at="policyName", says="DAILY"),
                Mark(at="policyName", says="TEN_SECONDLY_ROLLING", wait=timedelta(seconds=10)),
                Mark(at="policyName", says="SECONDLY", wait=timedelta(seconds=1)),
            )
        ),
        "intercom": Dialect(waits=(retry_after, Wait("X-RateLimit-Reset", "unix"))),
        "klaviyo": Dialect(waits=(retry_after, Wait("RateLimit-Reset"))),
        "pipedrive": Dialect(waits=(retry_after, Wait("x-ratelimit-reset"))),
        "qualtrics": Dialect(),
        "salesforce": Dialect(marks=(Mark(at=(0, "errorCode"), says="REQUEST_LIMIT_EXCEEDED", status=403),)),
        "stripe": Dialect(),
        "surveymonkey": Dialect(
            waits=(
                retry_after,
                Wait(f"{day}Reset", when_zero=f"{day}Remaining"),
                Wait(f"{minute}Reset"),
            )
        ),
        "typeform": Dialect(),
        "zendesk": Dialect(waits=(retry_after, Wait("ratelimit-reset"))),
        "zoho": Dialect(),
    }


DIALECTS: Mapping[str, Dialect] = MappingProxyType(_dialects())
"""The dialects of the systems we know, by name of the system."""


@frozen(kw_only=True)
class Refusal:
    """What an answer says about asking again."""

    throttled: bool
    """Whether it was asked too often; else the source itself is in trouble."""
    wait: float | None = None
    """Seconds that it asks for; None where it does not say."""
    final: bool = False
    """Whether waiting is of no use."""


def refusal(reply: Reply, dialect: Dialect, now: datetime) -> Refusal | None:
    """What an answer says about asking again; None when the same request would get the same answer."""
    mark = _mark(reply, dialect)
    if mark is not None and mark.wait is None:
        return Refusal(throttled=True, wait=_said(reply, dialect, now), final=True)
    wait = _said(reply, dialect, now)
    if mark is not None and mark.wait is not None:
        return Refusal(throttled=True, wait=max(mark.wait.total_seconds(), wait or 0.0))
    if reply.status == TOO_MANY:
        return Refusal(throttled=True, wait=wait)
    return Refusal(throttled=False, wait=wait) if reply.status >= 500 else None  # noqa: PLR2004 - as RFC 9110 says


def _mark(reply: Reply, dialect: Dialect) -> Mark | None:
    marks = [mark for mark in dialect.marks if mark.status == reply.status]
    if not marks:
        return None
    try:
        data = from_json(reply.body)
    except ValueError:  # a refusal may be plain text, or a page of a proxy
        return None
    return next((mark for mark in marks if found_at(data, mark.at) == mark.says), None)


def _said(reply: Reply, dialect: Dialect, now: datetime) -> float | None:
    """Seconds to wait, by the source's own clock where it tells the time."""
    theirs = _date(reply.headers.get("date", "")) or now
    for wait in dialect.waits:
        if wait.when_zero is not None and _number(reply.headers.get(wait.when_zero.lower(), "")) != 0:
            continue
        said = reply.headers.get(wait.header, "")
        seconds = _number(said)
        if seconds is not None and wait.unit == "unix":
            seconds -= theirs.timestamp()
        if seconds is None and wait.unit == "seconds or date" and (date := _date(said)) is not None:
            seconds = (date - theirs).total_seconds()
        if seconds is not None:
            return max(0.0, seconds)
    return None


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


@frozen(kw_only=True)
class Retries:
    """How often and after how long a request is sent again.

    Where the source does not say how long, a wait is drawn between nothing and a bound that doubles ("full jitter"),
    so that many who failed together do not come back together.

    Example:
        >>> Retries(draw=lambda low, high: high).pause(4)
        4.0
    """

    tries: int = 6
    """Requests in all, the first one included."""
    first: timedelta = timedelta(seconds=0.5)
    """The bound of the first wait."""
    longest: timedelta = timedelta(minutes=1)
    """The bound that is not passed."""
    patience: timedelta = timedelta(minutes=15)
    """The longest wait that a source may ask for; a longer one ends the run with a `ThrottledError`."""
    draw: Callable[[float, float], float] = field(default=random.uniform, repr=False)
    """Draws a number between two."""

    def pause(self, failed: int) -> float:
        """Seconds to wait after so many failures, at least one."""
        bound = min(self.longest.total_seconds(), self.first.total_seconds() * 2.0 ** min(failed - 1, 64))
        return self.draw(0.0, bound)
