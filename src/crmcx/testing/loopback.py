"""A server on loopback: what is asked arrives as a value, and what is answered is one."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from attrs import field, frozen

from crmcx.testing.still import BEGIN


@frozen
class Asked:
    """A request as it arrived."""

    method: str
    """In capitals."""
    path: str
    """The path, without the query."""
    query: Mapping[str, str]
    """The query; of several values of a name the first."""
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes
    """The body."""

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON."""
        return json.loads(self.body)


@frozen
class Says:
    """An answer."""

    status: int = 200
    """The status."""
    data: Any = None
    """The body, to be written as JSON."""
    headers: Mapping[str, str] = field(factory=dict, kw_only=True)
    """Headers besides the type of the content, which is JSON unless said here."""
    body: bytes | None = field(default=None, kw_only=True)
    """The body as it stands, in the place of JSON."""
    rows: tuple[str | int, ...] | None = field(default=None, kw_only=True)
    """Where in the data a page's records stand; None where it is no page."""
    kind: str = field(default="", kw_only=True)
    """The kind of a page's records; a kind of the platform, where more than its number is to be spoiled."""
    cut: int | None = field(default=None, kw_only=True)
    """Bytes of the body after which the connection ends."""
    reset: bool = field(default=False, kw_only=True)
    """Whether the connection is reset instead."""
    endless: bool = field(default=False, kw_only=True)
    """Whether the body is repeated for ever."""
    drip: Callable[[], None] | None = field(default=None, kw_only=True)
    """Called after the headers, and after each of the body's bytes, which come one by one."""

    @property
    def written(self) -> bytes:
        """The body as it is sent."""
        if self.body is not None:
            return self.body
        return b"" if self.data is None else json.dumps(self.data).encode()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that goes is no news."""


class Loopback:
    """A server of one's own on this machine, at a port that was free; to be closed, or used in a `with`.

    Args:
        answer: What is answered to a request; called by one thread for each connection.
        now: What the answers call the present.
    """

    def __init__(self, answer: Callable[[Asked], Says], *, now: Callable[[], datetime] = lambda: BEGIN) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        """Every request, in the order of arrival."""
        self.lock = Lock()
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                """Stay silent."""

            def date_time_string(self, _timestamp: float | None = None) -> str:
                return format_datetime(now(), usegmt=True)

            def handle_any(self) -> None:
                loopback.serve(self)

            do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815 - as http.server wants

        self.server = _Quiet(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        """Where it answers."""
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
        self.thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one request and answer it."""
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in handler.headers.items()}
        asked = Asked(handler.command, parts.path, query, headers, body)
        with self.lock:
            self.asked.append(asked)
        try:
            _send(handler, self.answer(asked))
        except OSError:  # a client that has had enough
            handler.close_connection = True

    def close(self) -> None:
        """Answer no more."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def _send(handler: BaseHTTPRequestHandler, says: Says) -> None:
    if says.reset:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        return
    body = says.written
    handler.send_response(says.status)
    for name, value in {"content-type": "application/json", **says.headers}.items():
        handler.send_header(name, value)
    if says.endless:
        handler.close_connection = True
        handler.end_headers()
        while True:
            handler.wfile.write(body)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    if says.drip is not None:
        handler.close_connection = True
        for byte in body:
            handler.wfile.flush()
            says.drip()
            handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        return
    handler.wfile.write(body if says.cut is None else body[: says.cut])
    handler.close_connection = says.cut is not None
