"""The connector: its streams, and what each of them cannot see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel

from crmcx.connectors import Connector, Cursor, Deletes, Page, Reply, Stream, stream
from crmcx.connectors import Mapping as ClassMapping
from crmcx.connectors.hubspot import mappings
from crmcx.connectors.hubspot.client import Portal, dictionary, following, records
from crmcx.connectors.hubspot.reading import objects, steps
from crmcx.connectors.hubspot.settings import HubSpotSettings
from crmcx.connectors.hubspot.shaping import deal_status, named, probability_of
from crmcx.connectors.hubspot.tables import PLAIN
from crmcx.connectors.paging import by_cursor
from crmcx.errors import ConnectorError

LATE = timedelta(hours=1)
"""How long the search may lag behind; so much is read a second time by each sync."""
_STAMP = ("crmcx", "modified")
_Method = TypeVar("_Method", bound=Callable[..., Iterator[Page]])


def _objects(mapping: ClassMapping, *, key: str = "id", history: bool = False) -> Callable[[_Method], _Method]:
    return stream(
        mapping,
        cursor=_STAMP,
        lookback=LATE,
        deletes=Deletes.endpoint(id=key),
        volatile=(_STAMP, "updatedAt", ("properties", "hs_lastmodifieddate"), ("properties", "lastmodifieddate")),
        keeps_history=history,
    )


def _steps(mapping: ClassMapping) -> Callable[[_Method], _Method]:
    return stream(mapping, cursor="modified", lookback=LATE, volatile=("modified",), keeps_history=True)


_NOT_SEEN = (
    "a link that is made or ended: it comes with the object's next change",
    "a calculated property that changes alone",
    "an object that was deleted for good (GDPR), with what was merged into it since the last sync",
    "an object that left the archive after some 90 days before a sync",
    "an object that was taken back from the archive: it comes with its next change",
)
_STEPS_NOT_SEEN = (
    "the steps of an object that is gone: they stay",
    "values of a property before those that HubSpot keeps of it",
    "a value that was set and cleared again between two syncs",
)


class HubSpot(Connector):
    """One portal of HubSpot.

    Example:
        >>> HubSpot(token="pat-eu1-1234").describe()["url"]
        'https://api.hubapi.com'
    """

    name = "hubspot"
    settings: type[BaseModel] | BaseModel = HubSpotSettings
    plain = PLAIN
    blind_spots: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **dict.fromkeys(
            ("companies", "contacts", "deals", "tickets", "calls", "emails", "meetings", "notes", "tasks"), _NOT_SEEN
        ),
        "feedback_submissions": _NOT_SEEN,
        **dict.fromkeys(("deal_changes", "ticket_changes", "lifecycle_changes", "consents"), _STEPS_NOT_SEEN),
        "owners": ("an owner that was deleted for good: she stays",),
        "pipelines": (),
    }
    """What a sync does not learn of, by stream."""

    def open(self) -> Portal:
        """The portal, signed in."""
        return Portal(self._settings, self.name)

    @property
    def _settings(self) -> HubSpotSettings:
        if not isinstance(self.settings, HubSpotSettings):
            msg = "the connector has no settings"
            raise ConnectorError(msg, hint="write HubSpot(token=...)")
        return self.settings

    def streams(self) -> tuple[Stream, ...]:
        """The streams, without those that are left out."""
        found = super().streams()
        unknown = sorted(self._settings.leave_out - {each.name for each in found})
        if unknown:
            msg = f"HubSpot has no stream {', '.join(unknown)}; it has: {', '.join(each.name for each in found)}"
            raise ConnectorError(msg, hint="name streams of these in leave_out")
        return tuple(each for each in found if each.name not in self._settings.leave_out)

    @stream(mappings.OWNER)
    def owners(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """Those who look after records; the archived ones too, as no longer active."""
        begun = dictionary(cursor.window).get("archived", "false")
        for archived in ("false", "true")[begun == "true" :]:
            ask = partial(_owners, portal, archived)
            start = cursor.token if archived == begun else None
            for reply, after in by_cursor(ask, following=lambda reply: following(reply.data), start=start):
                rows = [_owner(each, archived) for each in records(reply)]
                ends = Cursor(window={"archived": "true"}) if archived == "false" else None
                yield Page(rows, next=ends if after is None else Cursor(token=after, window={"archived": archived}))

    @stream(mappings.PIPELINE, deletes=Deletes.sweep())
    def pipelines(self, portal: Portal, _cursor: Cursor) -> Iterator[Page]:
        """The stages that deals go through."""
        yield Page([_pipeline(each) for each in portal.pipelines("deals")])

    @_objects(mappings.COMPANY)
    def companies(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """Organisations."""
        yield from objects(portal, cursor, "companies")

    @_objects(mappings.CONTACT, history=True)
    def contacts(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """People."""
        yield from objects(portal, cursor, "contacts")

    @_steps(mappings.LIFECYCLE_CHANGE)
    def lifecycle_changes(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """The lifecycle stages that contacts went through."""
        yield from steps(portal, cursor, "lifecycle_changes")

    @_steps(mappings.CONSENT)
    def consents(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """When contacts opted out of all e-mail or of one kind of it, and in again."""
        yield from steps(portal, cursor, "consents")

    @_objects(mappings.DEAL, history=True)
    def deals(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """Sales in the making."""
        yield from objects(portal, cursor, "deals")

    @_steps(mappings.DEAL_CHANGE)
    def deal_changes(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """The stages, amounts and owners that deals had."""
        yield from steps(portal, cursor, "deal_changes")

    @_objects(mappings.TICKET, history=True)
    def tickets(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """Cases of the service."""
        yield from objects(portal, cursor, "tickets")

    @_steps(mappings.TICKET_CHANGE)
    def ticket_changes(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """The stages, priorities and owners that tickets had."""
        yield from steps(portal, cursor, "ticket_changes")

    @_objects(mappings.ENGAGEMENT, key="key")
    def calls(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """Calls."""
        yield from objects(portal, cursor, "calls")

    @_objects(mappings.ENGAGEMENT, key="key")
    def emails(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """E-mails."""
        yield from objects(portal, cursor, "emails")

    @_objects(mappings.ENGAGEMENT, key="key")
    def meetings(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """Meetings."""
        yield from objects(portal, cursor, "meetings")

    @_objects(mappings.ENGAGEMENT, key="key")
    def notes(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """Notes, which customers do not see."""
        yield from objects(portal, cursor, "notes")

    @_objects(mappings.ENGAGEMENT, key="key")
    def tasks(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """To-dos, which customers do not see."""
        yield from objects(portal, cursor, "tasks")

    @_objects(mappings.FEEDBACK)
    def feedback_submissions(self, portal: Portal, cursor: Cursor) -> Iterator[Page]:
        """Answers to HubSpot's own surveys."""
        yield from objects(portal, cursor, "feedback_submissions")


def _owners(portal: Portal, archived: str, after: str | None) -> Reply:
    return portal.get("/crm/v3/owners", limit=portal.settings.page_size, after=after, archived=archived)


def _owner(said: Any, archived: str) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(said, dict):
        return said
    name = named(said.get("firstName"), said.get("lastName"))
    return {**said, "crmcx": {"name": name, "active": archived == "false"}}


def _pipeline(said: Any) -> Any:  # noqa: ANN401 - JSON
    stages = dictionary(said).get("stages")
    return {**said, "stages": [_stage(each) for each in stages]} if isinstance(stages, list) else said


def _stage(said: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(said, dict):
        return said
    metadata = dictionary(said.get("metadata"))
    return {**said, "status": deal_status(metadata), "probability": probability_of(metadata)}
