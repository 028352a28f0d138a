"""What takes the place of secrets and personal data in a cassette: pseudonyms of the same kind, equal for equal values.

In an answer, everything that could be somebody's words is replaced. In a request, only what came from an answer, what
is secret, and what looks like an address of a person: the rest is the connector's own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from attrs import define, field, frozen

from crmcx.connectors import Compiled, Connector, Stream
from crmcx.connectors import Mapping as ClassMapping
from crmcx.connectors.conversions import as_path
from crmcx.models.fields import Leaf
from crmcx.models.values import Privacy

Steps: TypeAlias = tuple[str, ...]
Visit: TypeAlias = Callable[[str, Any, bool], Any]
"""Called with the name, the value, and whether the mappings say that it stays."""
ITEM = "[]"
_SECRET = re.compile(
    r"token|secret|passw|authori[sz]ation|api[-_]?key|private[-_]?key|credential|cookie|session|signature|assertion"
    r"|^(sig|code|key|pwd|auth)$",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,}")
_DIGITS = re.compile(r"-?\d{5,}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:([T ])(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?")
_LINK = re.compile(r"(https?://|/)[^\s]*")
_PLAIN_NAME = re.compile(r"([A-Za-z_]\w*)?@odata\.[a-z.]+|[@$]?[A-Za-z_][A-Za-z_$.:\-]{0,63}\d{0,3}")
_PLAIN_WORD = re.compile(r"\d{1,4}|true|false|v\d[\d.]*|")
_TOKEN = re.compile(r"[\w.+@:~=%-]{5,}")
_OURS = re.compile(
    r"redacted|redacted-[0-9a-f]{16}|[0-9a-f]{16}@redacted\.invalid|\+999\d{9}|999\d{12}|~[0-9a-f]{16}|1902-\d\d-\d\d.*"
)
_LONG = 10_000
REDACTED = "redacted"


def is_secret(name: str) -> bool:
    """Whether a name is one of something secret."""
    return _SECRET.search(name) is not None


def is_ours(value: object) -> bool:
    """Whether a value is a pseudonym."""
    return _OURS.fullmatch(str(value)) is not None


@frozen
class Known:
    """What the mappings of one stream read, as paths in a record; `[]` stands for the items of a list."""

    ids: frozenset[Steps]
    """The paths of ids."""
    harmless: frozenset[Steps]
    """Those that are read into fields of no privacy alone."""
    personal: frozenset[Steps]
    """All others."""

    def fits(self, record: Mapping[str, Any]) -> int:
        """How many of its paths a record has; none where it has no id."""
        if not all(_has(record, path) for path in self.ids):
            return 0
        return sum(_has(record, path) for path in self.harmless | self.personal)


@frozen
class Keep:
    """What stays as the source says it."""

    streams: tuple[Known, ...] = ()
    """What each stream reads."""
    names: frozenset[str] = frozenset()
    """What else stays, by its name, wherever it stands."""

    def of(self, record: Mapping[str, Any]) -> frozenset[Steps]:
        """The paths of a record that stay: those of the stream that knows it best, or of all that know it as well."""
        fits = [known.fits(record) for known in self.streams]
        best = [known.harmless for known, fit in zip(self.streams, fits, strict=True) if 0 < fit == max(fits)]
        return frozenset.intersection(*best) if best else frozenset()

    def knows(self, name: str) -> bool:
        """Whether a name is of the source, not of its customers."""
        return name in self.names or any(
            name in path for each in self.streams for path in each.harmless | each.personal
        )


def _has(record: Any, path: Steps) -> bool:  # noqa: ANN401 - JSON
    for step in path:
        if step == ITEM:
            return isinstance(record, list)
        if not isinstance(record, Mapping) or step not in record:
            return False
        record = record[step]
    return True


def kept_by(connector: Connector, names: frozenset[str]) -> Keep:
    """What the mappings of a connector read into fields of no privacy: ids, states, stamps."""
    return Keep(tuple(map(_known, connector.streams())), names | connector.plain)


def _known(stream: Stream) -> Known:
    harmless: set[Steps] = set()
    personal: set[Steps] = set()
    ids: set[Steps] = set()
    for path, leaf in _asks(stream.maps):
        (harmless if leaf is None or leaf.privacy is Privacy.NONE else personal).add(path)
        if leaf is not None and leaf.column == "source_id":
            ids.add(path)
    if stream.cursor is not None:
        harmless.add(_steps(stream.cursor.path))
    if stream.deletes.at:
        harmless.add(_steps(stream.deletes.at))
    return Known(frozenset(ids), frozenset(harmless - personal), frozenset(personal))


def _asks(maps: tuple[ClassMapping, ...]) -> Iterator[tuple[Steps, Leaf | None]]:
    compiled = Compiled(maps, source="cassette")
    for ask in compiled.asks:
        yield from ((_steps(path), ask.leaf) for path in ask.paths)
    for plan in compiled.plans:
        for each in plan.lists:
            for ask in each.asks:
                yield from (((*_steps(each.path), ITEM, *_steps(path)), ask.leaf) for path in ask.paths)


def _steps(path: str | tuple[str | int, ...]) -> Steps:
    return tuple(ITEM if isinstance(step, int) else step for step in as_path(path))


@define
class Redactor:
    """Replaces what a cassette must not hold.

    Args:
        keep: What stays.
        key: What makes pseudonyms that nobody can compute again; thrown away after recording.
    """

    keep: Keep
    key: bytes = field(repr=False)
    stays: set[str] = field(factory=set, init=False, repr=False)
    known: dict[str, str] = field(factory=dict, init=False, repr=False)
    links: dict[str, str] = field(factory=dict, init=False, repr=False)

    # -- answers -------------------------------------------------------------------------------------------------

    def learn(self, answer: Any) -> None:  # noqa: ANN401 - JSON
        """Take note of what stays, before anything is replaced."""

        def note(_name: str, value: Any, kept: bool) -> Any:  # noqa: ANN401, FBT001 - JSON, as it is walked
            if kept and not _of_a_person(str(value)):
                self.stays.add(str(value))
            return value

        self._walk(answer, note)

    def answer(self, answer: Any) -> Any:  # noqa: ANN401 - JSON
        """What an answer says, with pseudonyms."""

        def replace(name: str, value: Any, kept: bool) -> Any:  # noqa: ANN401, FBT001 - JSON, as it is walked
            if (kept or not is_secret(name)) and str(value) in self.stays:
                return value
            return self._number(value) if isinstance(value, int | float) else self.text(name, value)

        return self._walk(answer, replace)

    def _walk(self, answer: Any, visit: Visit) -> Any:  # noqa: ANN401 - JSON
        """An answer with each text and number visited; records are the items of the first lists, or the whole."""

        def walk(value: Any, way: Steps, paths: frozenset[Steps] | None) -> Any:  # noqa: ANN401 - JSON
            if isinstance(value, dict):
                return {self._name(name): walk(each, (*way, name), paths) for name, each in value.items()}
            if isinstance(value, list):
                if paths is None:
                    return [walk(each, (), self.keep.of(each) if isinstance(each, dict) else None) for each in value]
                return [walk(each, (*way, ITEM), paths) for each in value]
            if value is None or isinstance(value, bool):
                return value
            name = next((step for step in reversed(way) if step != ITEM), "")
            return visit(name, value, name in self.keep.names or way in (paths or ()))

        if isinstance(answer, dict):
            if len(answer) == 1 and isinstance(next(iter(answer.values())), dict):
                return {self._name(name): self._walk(each, visit) for name, each in answer.items()}
            return walk(answer, (), self.keep.of(answer) or None)
        return walk(answer, (), None)

    def text(self, name: str, value: str) -> str:
        """A text under a name, as a pseudonym of its kind."""
        if not value.strip():
            return value
        made = self._secret(value) if is_secret(name) else self._text(value)
        self.known.setdefault(value, made)
        return made

    def link(self, address: str) -> str:
        """A link, with pseudonyms in the places of its parts; its host stays, since it is looked at."""
        parts = urlsplit(address)
        path = "/".join(self._part(each) for each in parts.path.split("/"))
        query = [(name, self._part(value, name)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
        host = parts.netloc.rpartition("@")[2]
        made = urlunsplit((parts.scheme, host, path, urlencode(query), ""))
        self.links.setdefault(_place(address), _place(made))
        return made

    def _part(self, part: str, name: str = "") -> str:
        if part in self.stays or (_PLAIN_WORD.fullmatch(part) and not is_secret(name)):
            return part
        return self.text(name, part) if name else self._hashed("~", part)

    def _name(self, name: str) -> str:
        return name if self.keep.knows(name) or _PLAIN_NAME.fullmatch(name) else self._hashed("~", name)

    def _text(self, value: str) -> str:
        digits = self._digits(value)
        if _LINK.fullmatch(value):  # before what has an @, which a link may have too
            return self.link(value)
        if _EMAIL.fullmatch(value):
            return f"{self._hashed('', value)}@redacted.invalid"
        if _DIGITS.fullmatch(value):
            return f"999{digits:012}"
        if found := _DATE.fullmatch(value):
            between, time, zone = found.groups()
            shown = "" if time is None else f"{between}{'00:00:00'[: max(len(time), 5)]}{zone or ''}"
            return f"1902-{digits % 12 + 1:02}-{digits // 12 % 28 + 1:02}{shown}"
        if _PHONE.fullmatch(value) and sum(map(str.isdigit, value)) > 6:  # noqa: PLR2004 - shorter ones are no numbers
            return f"+999{digits % 10**9:09}"
        return self._hashed("~", value)

    def _number(self, value: float) -> int | float:
        if abs(value) < _LONG and len(repr(value).strip("-").replace(".", "")) < 5:  # noqa: PLR2004 - as for texts
            return value
        digits = self._digits(repr(value))
        made = 999 * 10**12 + digits if isinstance(value, int) else float(f"999{digits % 10**6:06}.25")
        self.known.setdefault(repr(value), repr(made))
        return made

    def _secret(self, value: str) -> str:
        return self._hashed("redacted-", value)

    def _hashed(self, mark: str, value: str) -> str:
        return mark + hmac.new(self.key, value.encode(), hashlib.sha256).hexdigest()[:16]

    def _digits(self, value: str) -> int:
        return int(hmac.new(self.key, value.encode(), hashlib.sha256).hexdigest(), 16) % 10**12

    # -- requests ------------------------------------------------------------------------------------------------

    def place(self, url: str) -> tuple[str, list[tuple[str, str]]]:
        """Path and query of a request, as they stand on the cassette."""
        parts = urlsplit(self.links.get(_place(url), _place(url)))
        path = "/".join(self.asked("", each) for each in parts.path.split("/"))
        query = [(name, self.asked(name, value)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
        return path, sorted(query)

    def sent(self, value: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON
        """The body of a request, as it stands on the cassette."""
        if isinstance(value, dict):
            return {key: self.sent(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self.sent(each, name) for each in value]
        if isinstance(value, str):
            return self.asked(name, value)
        if isinstance(value, int | float) and not isinstance(value, bool) and repr(value) in self.known:
            return self._number(value)
        return value

    def asked(self, name: str, value: str) -> str:
        """A text of a request: what an answer brought is its pseudonym, what is secret is not there."""
        if value in self.known and value not in self.stays:
            return self.known[value]
        if _OURS.fullmatch(value):
            return value
        if is_secret(name):
            return REDACTED
        if value in self.stays:
            return value
        return _TOKEN.sub(lambda found: self._within(found[0]), value)

    def _within(self, token: str) -> str:
        if token in self.known and token not in self.stays:
            return self.known[token]
        if _OURS.fullmatch(token):
            return token
        return REDACTED if _of_a_person(token) else token


def _of_a_person(value: str) -> bool:
    """Whether a value is an address of a person whatever it is called."""
    return _EMAIL.fullmatch(value) is not None or (
        value.startswith("+") and _PHONE.fullmatch(value) is not None and sum(map(str.isdigit, value)) > 6  # noqa: PLR2004
    )


def _place(url: str) -> str:
    parts = urlsplit(url)
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return f"{parts.path}?{query}" if query else parts.path
