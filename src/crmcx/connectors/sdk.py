"""What a connector is made of: streams that yield pages of records, from a cursor on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, ClassVar, TypeAlias, TypeVar, cast

from attrs import evolve, field, frozen
from pydantic import BaseModel, ConfigDict

from crmcx.connectors.mapping import Mapping as ClassMapping
from crmcx.errors import ConnectorError
from crmcx.models.extra import as_json

MAX_PAGE = 1 << 20
"""The most records a page may hold."""


@frozen
class Unreadable:
    """A record that could not even be taken apart, in the place of the record."""

    reason: str
    """What is wrong, without the words of the record."""
    raw: str = field(repr=False)
    """The record as it stands in the source."""


Said: TypeAlias = Mapping[str, Any] | Sequence[Any] | Unreadable
"""A record as a page holds it: by name, as cells under the page's names, or unreadable."""


@frozen(kw_only=True)
class Cursor:
    """Where a stream goes on; everything in it can be written as JSON."""

    watermark: Any = None
    """The newest stamp that was read, for sources that can be asked for what is newer."""
    token: Any = None
    """The next page of an answer that goes on."""
    window: Any = None
    """The part of time that is being read."""


def _how_many(records: Sequence[Any]) -> str:
    return f"<{len(records)} records>"


def _page_of_fair_size(_page: Page, _attribute: Any, records: Sequence[Any]) -> None:  # noqa: ANN401 - attrs' signature
    if len(records) > MAX_PAGE:
        msg = f"a page holds {len(records)} records, at most {MAX_PAGE} are allowed"
        raise ConnectorError(msg, hint="yield smaller pages")


@frozen
class Page:
    """What one request brought."""

    records: Sequence[Said] = field(validator=_page_of_fair_size, repr=_how_many)
    """The records, unchanged: dictionaries, or sequences of cells when `fields` names them."""
    next: Cursor | None = field(default=None, kw_only=True)
    """Where to go on after this page; None when the stream cannot resume here."""
    body: bytes | None = field(default=None, kw_only=True, repr=False)
    """The page as the source sent it; without it, the records are kept as JSON."""
    origin: str | None = field(default=None, kw_only=True)
    """The file or address it came from, without anything secret."""
    first_row: int = field(default=1, kw_only=True)
    """Number of the first record at its origin, counted from 1."""
    fields: tuple[str, ...] | None = field(default=None, kw_only=True)
    """The names of the cells, when the records are sequences."""

    def as_body(self) -> bytes:
        """The page as the source sent it, or else its records as JSON."""
        return self.body if self.body is not None else as_json(list(self.records)).encode()

    def as_said(self, index: int) -> str:
        """One record as the source said it: as it stands there, or as JSON."""
        record = self.records[index]
        if isinstance(record, Unreadable):
            return record.raw
        by_name = self.fields is not None and isinstance(record, list | tuple) and len(record) == len(self.fields)
        return as_json(dict(zip(self.fields or (), record, strict=True)) if by_name else record)


@frozen(kw_only=True)
class Stream:
    """One kind of record that a connector reads, bound to a connection."""

    name: str
    """Its name, unique in the connector."""
    maps: tuple[ClassMapping, ...]
    """What each record becomes."""
    read: Callable[[Cursor], Iterator[Page]] = field(repr=False)
    """Yields the pages from a cursor on."""
    keeps_history: bool = False
    """Whether the source itself tells the dated steps; if not, a changed entity yields a change of our own."""
    resumes: bool = True
    """Whether a broken run goes on where it stood; if not, it starts again."""


_MARK = "__crmcx_stream__"
_OPENED = "_crmcx_opened"
_Method = TypeVar("_Method", bound=Callable[..., Iterator[Page]])


def stream(*maps: ClassMapping, keeps_history: bool = False, resumes: bool = True) -> Callable[[_Method], _Method]:
    """Declare a generator method of a connector as a stream.

    The method takes what `Connector.open` returns and a cursor, and yields pages.

    Args:
        maps: What each record becomes.
        keeps_history: Whether the source itself tells the dated steps of its records.
        resumes: Whether a broken run goes on where it stood.
    """

    def declare(method: _Method) -> _Method:
        declared = Stream(name=method.__name__, maps=maps, read=method, keeps_history=keeps_history, resumes=resumes)
        setattr(method, _MARK, declared)
        return method

    return declare


class NoSettings(BaseModel):
    """Settings of a connector that has none."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Connector:
    """Base of all connectors: one class per system, one generator method per stream.

    Example:
        >>> class Notes(Connector):
        ...     name = "notes"
        >>> Notes().streams()
        ()
    """

    name: ClassVar[str]
    """Name of the system in lower case, such as `hubspot`."""
    settings: type[BaseModel] | BaseModel = NoSettings
    """Model of the settings; on an instance, the settings themselves."""

    def __init__(self, **settings: object) -> None:
        model = type(self).settings
        if isinstance(model, type):
            self.settings = model(**settings)

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        name = getattr(cls, "name", "")
        if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", name):
            msg = f"the connector {cls.__name__} has the name {name!r}, expected lower-case letters and digits"
            raise ConnectorError(msg, hint='set name = "..." in the class')

    def open(self) -> Any:  # noqa: ANN401 - what a connector's streams read through is its own
        """What the streams read through, such as a signed-in client; asked for once, and shared by all of them."""
        return None

    def close(self) -> None:
        """Close what `open` returned, where it can be closed; the next stream that is read opens it anew."""
        with self._opening():
            opened = vars(self).pop(_OPENED, None)
        if hasattr(opened, "close"):
            opened.close()

    def _opening(self) -> Lock:
        # Subclasses need not call __init__; setdefault gives all threads the same lock.
        return cast("Lock", vars(self).setdefault("_crmcx_opening", Lock()))

    def _shared(self) -> Any:  # noqa: ANN401 - as of open
        with self._opening():
            if _OPENED not in vars(self):
                setattr(self, _OPENED, self.open())
            return getattr(self, _OPENED)

    def check(self) -> None:
        """Look, before anything is stored, whether the source is as described; raise a `SourceError` if not."""

    def streams(self) -> tuple[Stream, ...]:
        """The streams, in the order of the class."""
        found = [
            (name, getattr(method, _MARK))
            for base in reversed(type(self).__mro__)
            for name, method in vars(base).items()
            if hasattr(method, _MARK)
        ]
        return tuple(evolve(declared, read=self._bound(name)) for name, declared in dict(found).items())

    def _bound(self, name: str) -> Callable[[Cursor], Iterator[Page]]:
        def read(cursor: Cursor) -> Iterator[Page]:
            yield from getattr(self, name)(self._shared(), cursor)

        return read

    def describe(self) -> dict[str, Any]:
        """The settings as data that may be stored: secrets are left out by their type."""
        return self.settings.model_dump(mode="json") if isinstance(self.settings, BaseModel) else {}
