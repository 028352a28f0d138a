"""One exchange over the network, within limits; the only module that imports httpx, at the first request.

The transport of httpx is used without its client: that would log whole addresses, follow redirects with what signs a
request, unpack without a bound, and keep the request in its errors.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import IO

import httpx
from attrs import frozen

from crmcx.connectors.clock import Clock
from crmcx.connectors.limits import Limits
from crmcx.connectors.replies import Fault, Reply, place_of
from crmcx.errors import OversizeError, SourceError, UsageError

_STEP = 1 << 16
_OURS: ContextVar[bool] = ContextVar("crmcx_exchange", default=False)
_TALKERS = ("httpcore.connection", "httpcore.http11", "httpcore.proxy")
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_FAULTS = (
    (httpx.ConnectTimeout, "no connection in time", False),
    (httpx.PoolTimeout, "no connection in time", False),
    (httpx.TimeoutException, "no answer in time", True),
    (httpx.ConnectError, "no connection", False),
    (httpx.RemoteProtocolError, "an answer that was cut off", True),
)


def _of_others(_record: logging.LogRecord) -> bool:
    """Whether a line of httpcore's debug log is about a request that is not ours: it tells the headers of answers."""
    return not _OURS.get()


for _name in _TALKERS:
    logging.getLogger(_name).addFilter(_of_others)


@frozen(repr=False)
class Request:
    """What is sent."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes


def url_of(address: str, params: Mapping[str, str] | None = None) -> httpx.URL:
    """An address as it will be sent.

    Raises:
        UsageError: It is none.
    """
    try:
        url = httpx.URL(address)
        return url.copy_merge_params(params) if params else url
    except (httpx.InvalidURL, ValueError):
        msg = "found an address that cannot be taken apart"
    raise UsageError(msg, hint="write it as https://host/path")


def origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port, by which hosts are told apart."""
    return url.scheme, url.host.rstrip("."), url.port


def origins_of(addresses: Iterable[str]) -> frozenset[tuple[str, str, int | None]]:
    """Where requests may go.

    Raises:
        UsageError: An address to which credentials must not be sent: neither encrypted nor on this machine.
    """
    urls = [url_of(each) for each in addresses]
    for url in urls:
        _demand_safe(url)
    return frozenset(map(origin_of, urls))


def _demand_safe(url: httpx.URL) -> None:
    if url.userinfo or not url.host or not (url.scheme == "https" or (url.scheme == "http" and url.host in _LOCAL)):
        msg = f"found the address {url.scheme}://{url.host}, expected https:// and a host, without a name or password"
        raise UsageError(msg, hint="pass credentials as auth=..., and write https://")


class Wire:
    """Open connections to the hosts of one source; certificates are verified."""

    def __init__(self, limits: Limits, clock: Clock, proxy: str | None) -> None:
        self._limits = limits
        self._clock = clock
        self._transport = httpx.HTTPTransport(verify=True, proxy=proxy, retries=0)
        connect, read = limits.connect.total_seconds(), limits.read.total_seconds()
        self._timeout = {"connect": connect, "pool": connect, "read": read, "write": read}

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def exchange(self, request: Request, into: IO[bytes] | None) -> Reply | Fault:
        """Send a request once.

        Args:
            request: What to send.
            into: Where the body of a good answer goes, instead of into memory.

        Raises:
            OversizeError: The answer is larger than allowed.
            SourceError: The answer is packed in a way that was not asked for.
        """
        sent = httpx.Request(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.content or None,
            extensions={"timeout": self._timeout},
        )
        ours = _OURS.set(True)
        try:
            response = self._transport.handle_request(sent)
            try:
                return self._read(request, response, into)
            finally:
                response.close()
        except httpx.TransportError as error:
            return next(
                (Fault(reason, delivered) for kind, reason, delivered in _FAULTS if isinstance(error, kind)),
                Fault("a broken connection", delivered=True),
            )
        except zlib.error:
            return Fault("an answer that cannot be unpacked", delivered=True)
        except _CutOffError:
            return Fault("an answer that was cut off", delivered=True)
        except _SlowError:
            return Fault("no whole answer in time", delivered=True)
        finally:
            _OURS.reset(ours)

    def _read(self, request: Request, response: httpx.Response, into: IO[bytes] | None) -> Reply:
        good = response.is_success
        limit = self._limits.download if into is not None and good else self._limits.body
        place = place_of(str(request.url))
        chunks = _bounded(response.headers.get("content-encoding", ""), self._raw(response, place, limit), place, limit)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if into is not None and good:
            for chunk in chunks:
                into.write(chunk)
            return Reply(response.status_code, headers=headers, url=str(request.url))
        return Reply(response.status_code, headers=headers, body=b"".join(chunks), url=str(request.url))

    def _raw(self, response: httpx.Response, place: str, limit: int) -> Iterator[bytes]:
        """The body as it comes, as long as it is within size and time: a slow one resets the timeout at every byte."""
        end = self._clock.monotonic() + self._limits.answer.total_seconds()
        size = 0
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > limit:
                raise _oversize(place, limit)
            if self._clock.monotonic() > end:
                raise _SlowError
            yield chunk


class _CutOffError(Exception):
    """The packed body ends before its end."""


class _SlowError(Exception):
    """The body takes longer than allowed."""


def _oversize(place: str, limit: int) -> OversizeError:
    msg = f"the answer of {place} is larger than {limit:,} bytes"
    return OversizeError(msg, hint="ask for smaller pages, or pass larger Limits", limit=limit)


def _bounded(packing: str, raw: Iterator[bytes], place: str, limit: int) -> Iterator[bytes]:
    """The body, unpacked in small steps so that what a few bytes blow up to is never in memory at once."""
    packing = packing.strip().lower()
    if packing in {"", "identity"}:
        yield from raw
        return
    if packing not in {"gzip", "x-gzip", "deflate"}:
        msg = f"the answer of {place} is packed in a way that was not asked for"
        raise SourceError(msg, hint="ask the source for gzip, or for no packing")
    size = 0
    for chunk in _inflated(raw):
        size += len(chunk)
        if size > limit:
            raise _oversize(place, limit)
        yield chunk


def _inflated(raw: Iterator[bytes]) -> Iterator[bytes]:
    inflater = None
    for chunk in raw:
        rest = chunk
        while rest:
            if inflater is None or inflater.eof:  # gzip may hold several members, one after the other
                inflater = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)
            yield inflater.decompress(rest, _STEP)
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if inflater is not None:
        yield inflater.flush()
        if not inflater.eof:
            raise _CutOffError
