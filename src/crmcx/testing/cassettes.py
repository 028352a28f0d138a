"""Cassettes: what a source answered once, kept without secrets and personal data, and played again offline.

A cassette is a file of JSON lines, one for each exchange, that may lie beside the tests of a connector. Texts and long
numbers in it are pseudonyms of the same kind: an address of mail stays one, equal values stay equal. What the mappings
read into fields of no privacy stays: ids, states, stamps. So do names that are passed as `keep`.
"""

from __future__ import annotations

import csv
import io
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from attrs import frozen

from crmcx.connectors import Connector, Reply
from crmcx.connectors.clock import held, present
from crmcx.connectors.replies import Fault, place_of
from crmcx.connectors.wires import Exchange, wired
from crmcx.errors import UsageError
from crmcx.testing._redacting import Keep, Redactor, is_ours, kept_by
from crmcx.testing.still import StillClock

if TYPE_CHECKING:
    from crmcx.connectors._wire import Request

VERSION = 1
_KEPT_HEADERS = ("content-type", "date", "link", "location", "retry-after")
_ASKED = ("method", "path", "query", "form", "json", "sent")
_FORM = "application/x-www-form-urlencoded"


@contextmanager
def recording(
    path: str | Path, connector: Connector, *, keep: Iterable[str] = (), ignore: Iterable[str] = ()
) -> Iterator[None]:
    """Record what the clients that are made meanwhile ask and are answered; written when all went well.

    Args:
        path: The cassette; one that is there is replaced.
        connector: Its mappings say what holds nothing personal.
        keep: Names under which values stay as they are, such as the state of an export.
        ignore: Names in queries and bodies by which requests are not told apart, such as the present time.

    Raises:
        UsageError: An answer is in a form that cannot be looked through.

    Example:
        >>> def record(ws, hubspot):
        ...     with recording("hubspot.cassette", hubspot, keep=["has_more"]):
        ...         ws.sync()
    """
    tape = _Recording(kept_by(connector, frozenset(keep)), frozenset(ignore), present().now())
    with wired(tape.over):
        yield
    Path(path).write_text("".join(f"{line}\n" for line in tape.lines()), encoding="utf-8")


@contextmanager
def replaying(path: str | Path) -> Iterator[StillClock]:
    """Answer the clients that are made meanwhile from a cassette; nothing is sent, and nobody waits.

    Args:
        path: The cassette.

    Yields:
        The clock that all go by; it begins when the cassette was recorded.

    Raises:
        UsageError: There is no cassette, or a request is not on it.

    Example:
        >>> def replay(ws):
        ...     with replaying("hubspot.cassette"):
        ...         ws.sync()
    """
    tape = _Replaying(Path(path))
    still = StillClock(tape.recorded)
    with wired(lambda _real: tape), held(still.clock):
        yield still


@frozen
class _Taken:
    """One exchange as it happened; it never leaves the memory of the process."""

    method: str
    url: str
    sent: bytes
    form: bool
    said: Reply | Fault
    body: bytes


class _Recording:
    def __init__(self, keep: Keep, ignore: frozenset[str], began: datetime) -> None:
        self._redactor = Redactor(keep, secrets.token_bytes(32))
        self._ignore = ignore
        self._began = began
        self._taken: list[_Taken] = []
        self._lock = Lock()

    def over(self, make: Callable[[], Exchange]) -> Exchange:
        return _Listening(make(), self._take)

    def _take(self, request: Request, said: Reply | Fault, body: bytes) -> None:
        form = request.headers.get("content-type", "").startswith(_FORM)
        with self._lock:
            self._taken.append(_Taken(request.method, str(request.url), request.content, form, said, body))

    def lines(self) -> Iterator[str]:
        """The cassette, line by line."""
        bodies = [_opened(each) for each in self._taken]
        for _, data in bodies:
            self._redactor.learn(data)
        answers = [self._answer(each, *body) for each, body in zip(self._taken, bodies, strict=True)]
        yield _json({"cassette": VERSION, "recorded": self._began.isoformat(), "ignore": sorted(self._ignore)})
        for each, answer in zip(self._taken, answers, strict=True):  # all pseudonyms are known now
            yield _json({**_asked(self._redactor, each, self._ignore), **answer})

    def _answer(self, taken: _Taken, form: str, data: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        if isinstance(taken.said, Fault):
            return {"fault": taken.said.reason, "delivered": taken.said.delivered}
        told = self._redactor.answer(data)
        if form == "table":
            told = [list(told[0]), *(list(each.values()) for each in told)] if told else []
        headers = {
            name: self._header(name, value)
            for name, value in taken.said.headers.items()
            if name in _KEPT_HEADERS or "ratelimit" in name
        }
        return {"status": taken.said.status, "headers": headers, form: told}

    def _header(self, name: str, value: str) -> str:
        if name == "location":
            return self._redactor.link(value)
        if name == "link":
            told = [each.strip().partition(">") for each in value.split(",")]
            return ", ".join(f"<{self._redactor.link(url.lstrip('<'))}>{rest}" for url, _, rest in told)
        return value


class _Listening:
    """The wire, with somebody who listens."""

    def __init__(self, real: Exchange, take: Callable[[Request, Reply | Fault, bytes], None]) -> None:
        self._real = real
        self._take = take

    def exchange(self, request: Request, into: IO[bytes] | None) -> Reply | Fault:
        said = self._real.exchange(request, into)
        body = said.body if isinstance(said, Reply) else b""
        if into is not None and not body:
            into.seek(0)
            body = into.read()
        self._take(request, said, body)
        return said

    def close(self) -> None:
        self._real.close()


class _Replaying:
    def __init__(self, path: Path) -> None:
        if not path.is_file():
            msg = f"found no cassette {path.name}"
            raise UsageError(msg, hint="record it once: with cassettes.recording(path, connector): ws.sync()")
        head, *lines = path.read_text(encoding="utf-8").splitlines() or ["{}"]
        said = json.loads(head)
        if said.get("cassette") != VERSION:
            msg = f"the file {path.name} is no cassette of version {VERSION}"
            raise UsageError(msg, hint="record it again")
        self.recorded = datetime.fromisoformat(said["recorded"])
        self._name = path.name
        self._ignore = frozenset(said["ignore"])
        self._redactor = Redactor(Keep(), b"")
        self._left: list[dict[str, Any]] = list(map(json.loads, lines))
        self._played: set[str] = set()
        self._lock = Lock()

    def exchange(self, request: Request, into: IO[bytes] | None) -> Reply | Fault:
        form = request.headers.get("content-type", "").startswith(_FORM)
        taken = _Taken(request.method, str(request.url), request.content, form, Fault("", delivered=False), b"")
        asked = _asked(self._redactor, taken, self._ignore)
        with self._lock:
            found = self._taken_off(asked)
            if found is None:
                raise self._missing(request, "no more answers" if _key(asked) in self._played else "no answer")
            self._left.remove(found)
            self._played.add(_key(asked))
        if "fault" in found:
            return Fault(found["fault"], delivered=found["delivered"])
        body = _closed(found)
        good = into is not None and found["status"] < 300  # noqa: PLR2004 - 2xx
        if into is not None and good:
            into.write(body)
        url = str(request.url)
        return Reply(found["status"], headers=found["headers"], body=b"" if good else body, url=url)

    def close(self) -> None:
        """There is nothing to close."""

    def _taken_off(self, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """The next answer to a request: one that was asked for so, or so but for words that had to be replaced."""
        key = _key(asked)
        same = (each for each in self._left if _key(each) == key)
        alike = (each for each in self._left if all(_alike(each.get(name), asked.get(name)) for name in _ASKED))
        return next(same, None) or next(alike, None)

    def _missing(self, request: Request, what: str) -> UsageError:
        places = Counter(f"{each['method']} {place_of(each['path']).removeprefix('None')}" for each in self._left)
        left = ", ".join(f"{place} ({count})" for place, count in sorted(places.items())) or "nothing"
        msg = f"the cassette {self._name} holds {what} to {request.method} {place_of(str(request.url))}"
        return UsageError(msg, hint=f"record it again, or pass ignore=[...] for what changes; left on it: {left}")


def _asked(redactor: Redactor, taken: _Taken, ignore: frozenset[str]) -> dict[str, Any]:
    path, query = redactor.place(taken.url)
    asked = {"method": taken.method, "path": path, "query": [list(each) for each in query if each[0] not in ignore]}
    if not taken.sent:
        return asked
    text = taken.sent.decode("utf-8", errors="replace")
    if taken.form:
        return {**asked, "form": {name: redactor.asked(name, value) for name, value in sorted(parse_qsl(text))}}
    try:
        data = json.loads(text)
    except ValueError:
        return {**asked, "sent": redactor.asked("", text)}
    if isinstance(data, dict):
        data = {name: value for name, value in data.items() if name not in ignore}
    return {**asked, "json": redactor.sent(data)}


def _key(asked: Mapping[str, Any]) -> str:
    return _json({name: asked[name] for name in _ASKED if name in asked})


def _alike(kept: Any, asked: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether two requests differ only where a word of the connector's own was also one of an answer."""
    if isinstance(kept, dict) and isinstance(asked, dict):
        return kept.keys() == asked.keys() and all(_alike(kept[name], asked[name]) for name in kept)
    if isinstance(kept, list) and isinstance(asked, list):
        return len(kept) == len(asked) and all(map(_alike, kept, asked))
    if isinstance(kept, str) and isinstance(asked, str) and "/" in kept:
        return _alike(kept.split("/"), asked.split("/"))
    return bool(kept == asked) or (is_ours(kept) and not is_ours(asked))


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True)


def _opened(taken: _Taken) -> tuple[str, Any]:
    """The body of an answer, as JSON, and in which form it came: as JSON, as lines of it, as a table, or as text."""
    try:
        text = taken.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is None:
        msg = f"the answer of {place_of(taken.url)} is no text, and cannot be looked through for personal data"
        raise UsageError(msg, hint="keep a small export that was made by hand, and test its reading by itself")
    if not text.strip():
        return "text", text
    try:
        return "answer", json.loads(text)
    except ValueError:
        pass
    try:
        return "lines", [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        pass
    kind = taken.said.headers.get("content-type", "") if isinstance(taken.said, Reply) else ""
    if "csv" in kind:
        return "table", list(csv.DictReader(io.StringIO(text)))
    return "text", text


def _closed(found: Mapping[str, Any]) -> bytes:
    """The body of an answer as it is played."""
    if "answer" in found:
        return _json(found["answer"]).encode()
    if "lines" in found:
        return "".join(f"{_json(each)}\n" for each in found["lines"]).encode()
    if "table" in found:
        table = io.StringIO()
        csv.writer(table).writerows(found["table"])
        return table.getvalue().encode()
    return str(found["text"]).encode()
