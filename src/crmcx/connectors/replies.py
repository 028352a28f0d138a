"""What a source answered, taken apart by path as a mapping does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

from attrs import field, frozen
from pydantic_core import from_json, to_json

from crmcx.connectors.pages import RecordsAt, Unreadable
from crmcx.errors import SourceError

_STRUCTURE = re.compile(r"v\d[\d.]*|\d{4}-\d{2}|[A-Za-z_][A-Za-z_-]{0,39}(\.json)?")
_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"[^"]*"|[^",;\s]+))*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^",;\s]+))', re.IGNORECASE)
_REQUEST_ID = ("x-request-id", "request-id", "x-hubspot-correlation-id", "x-zendesk-request-id", "x-correlation-id")
_PLAIN_ID = re.compile(r"[\w.:-]{1,128}")
ABSENT = object()
"""What stands at a path that leads nowhere; null is something else."""


def place_of(url: str) -> str:
    """Host and path of an address as they may be told: ids and other words of a customer are a star."""
    parts = urlsplit(url)
    segments = [each if not each or _STRUCTURE.fullmatch(each) else "*" for each in parts.path.split("/")]
    return f"{parts.hostname}{'/'.join(segments)}"


def found_at(data: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - JSON
    """The value at a path of nested JSON, or the marker that it is absent."""
    for step in path:
        in_list = isinstance(data, list) and isinstance(step, int) and -len(data) <= step < len(data)
        if in_list or (isinstance(data, dict) and step in data):
            data = data[step]
        else:
            return ABSENT
    return data


@frozen
class Fault:
    """Why there is no answer."""

    reason: str
    """In fixed words; those of a library may quote the request."""
    delivered: bool
    """Whether the request may have reached the source."""


@frozen(eq=False)
class Reply:
    """An answer of a source.

    Example:
        >>> reply = Reply(200, body=b'{"tickets": [{"id": 7}], "paging": {"next": "b"}}')
        >>> reply.rows("tickets"), reply.get("paging", "next"), reply.get("paging", "last")
        ([{'id': 7}], 'b', None)
    """

    status: int
    """The status; 2xx unless others were asked for."""
    headers: Mapping[str, str] = field(factory=dict, repr=False, kw_only=True)
    """The headers, by name in lower case."""
    body: bytes = field(default=b"", repr=False, kw_only=True)
    """The body, unpacked."""
    url: str = field(default="", repr=False, kw_only=True)
    """The address that answered; it may hold what was asked for."""

    @cached_property
    def data(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON; None where it is empty.

        Raises:
            SourceError: It is no JSON.
        """
        if not self.body.strip():
            return None
        try:
            return from_json(self.body, cache_strings="keys")  # values are seldom met again
        except ValueError:
            fault = f"the answer of {place_of(self.url)} is no JSON"
        raise SourceError(fault, hint="check the address, or whether a proxy answers in its place", status=self.status)

    def get(self, *path: str | int) -> Any:  # noqa: ANN401 - JSON
        """The value at a path, step by step down; None where there is none."""
        found = found_at(self.data, path)
        return None if found is ABSENT else found

    def rows(self, *path: str | int) -> RecordsAt:
        """The records at a path; without one, the body itself is the list.

        Returns:
            The records unchanged, for a `Page`, which keeps the answer with them; one that is no object stands as
            unreadable. None of them where the body is empty, or null stands in the place of the list.

        Raises:
            SourceError: There is no list at this path.
        """
        found = None if self.data is None else found_at(self.data, path)
        if found is None:
            return RecordsAt([], at=path, body=self.body)
        if not isinstance(found, list):
            where = ".".join(map(str, path)) or "its top"
            is_ = "nothing" if found is ABSENT else f"a JSON {type(found).__name__}"
            msg = f"the answer of {place_of(self.url)} holds {is_} at {where}, expected a list of records"
            raise SourceError(msg, hint="check the path, and the version of the source's interface")
        records = [each if isinstance(each, dict) else _unreadable(each) for each in found]
        return RecordsAt(records, at=path, body=self.body)

    def link(self, rel: str = "next") -> str | None:
        """The address that the Link header gives for a relation; None where it gives none."""
        for target, parameters in _LINK.findall(self.headers.get("link", "")):
            said = _REL.search(parameters)
            if said and rel in (said[1] or said[2]).lower().split():
                return self.absolute(target)
        return None

    def absolute(self, link: str) -> str:
        """A link of this answer as a whole address."""
        return urljoin(self.url, link)

    @property
    def request_id(self) -> str | None:
        """What the source calls the request; None where it does not say."""
        found = next((self.headers[name] for name in _REQUEST_ID if name in self.headers), "")
        return found if _PLAIN_ID.fullmatch(found) else None


def _unreadable(record: object) -> Unreadable:
    kind = "null" if record is None else type(record).__name__
    return Unreadable(f"the record is a JSON {kind}, expected an object", to_json(record).decode())
