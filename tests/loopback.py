"""A source on loopback that answers by script, and a clock that nobody waits for."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from attrs import field, frozen

from crmcx.connectors import Clock

BEGIN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@frozen
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@frozen
class Says:
    """An answer."""

    status: int = 200
    data: Any = None
    headers: dict[str, str] = field(factory=dict, kw_only=True)
    body: bytes | None = field(default=None, kw_only=True)
    cut: int | None = field(default=None, kw_only=True)
    """Bytes of the body after which the connection ends."""
    reset: bool = field(default=False, kw_only=True)
    """Whether the connection is reset instead."""
    endless: bool = field(default=False, kw_only=True)
    """Whether the body is repeated for ever."""


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that goes is no news."""


class Source:
    """A server whose answers are a list, or a function of what was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: list[Says] = []
        self.answer: Callable[[Asked], Says] = self._next
        self.lock = Lock()
        source = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                """Stay silent."""

            def date_time_string(self, _timestamp: float | None = None) -> str:
                return "Sun, 01 Mar 2026 12:00:00 GMT"

            def handle_any(self) -> None:
                source.serve(self)

            do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815 - as http.server wants

        self.server = _Quiet(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
        self.thread.start()

    def says(self, *answers: Says) -> None:
        self.script.extend(answers)

    def _next(self, _asked: Asked) -> Says:
        with self.lock:
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
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
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def _send(handler: BaseHTTPRequestHandler, says: Says) -> None:
    if says.reset:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        return
    body = says.body
    if body is None:
        body = b"" if says.data is None else json.dumps(says.data).encode()
    headers = {"content-type": "application/json", **says.headers}
    handler.send_response(says.status)
    for name, value in headers.items():
        handler.send_header(name, value)
    if says.endless:
        handler.close_connection = True
        handler.end_headers()
        while True:
            handler.wfile.write(body)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body if says.cut is None else body[: says.cut])
    handler.close_connection = says.cut is not None


class StillClock:
    """A clock that moves only when someone sleeps by it, and takes no time for it."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []
        self.lock = Lock()
        self.clock = Clock(now=self.now, monotonic=lambda: self.passed, sleep=self.sleep)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.passed)

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.passed += seconds
            self.slept.append(seconds)
