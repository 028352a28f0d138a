"""A connector: one class per system, its settings, how it signs in, and its streams."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any, ClassVar, cast

from attrs import evolve
from pydantic import BaseModel, ConfigDict

from crmcx.connectors.pages import Cursor, Page
from crmcx.connectors.streams import MARK, Stream
from crmcx.errors import ConnectorError

_OPENED = "_crmcx_opened"


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
    threads: ClassVar[int] = 4
    """How many of its streams are read at a time, in threads; 0 to read them in order, in the thread that syncs."""
    plain: ClassVar[frozenset[str]] = frozenset()
    """Names of fields that its own code reads, and that say nothing of a person: cassettes keep their values."""

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

    @classmethod
    def declared(cls) -> tuple[Stream, ...]:
        """The streams as the class declares them, bound to no connection."""
        found = {
            name: getattr(method, MARK)
            for base in reversed(cls.__mro__)
            for name, method in vars(base).items()
            if hasattr(method, MARK)
        }
        return tuple(found.values())

    def streams(self) -> tuple[Stream, ...]:
        """The streams, in the order of the class."""
        return tuple(evolve(each, read=self._bound(each.name)) for each in self.declared())

    def _bound(self, name: str) -> Callable[..., Iterator[Page]]:
        def read(cursor: Cursor, *parent: str) -> Iterator[Page]:
            yield from getattr(self, name)(self._shared(), cursor, *parent)

        return read

    def describe(self) -> dict[str, Any]:
        """The settings as data that may be stored: secrets are left out by their type."""
        return self.settings.model_dump(mode="json") if isinstance(self.settings, BaseModel) else {}
