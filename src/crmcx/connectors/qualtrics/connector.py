"""Qualtrics: surveys as instruments, responses as feedback, distributions and whom they asked, contacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from threading import Lock
from typing import Any, ClassVar, cast

from attrs import evolve

from crmcx.connectors import (
    DIALECTS,
    Api,
    Budget,
    Connector,
    Cursor,
    Deletes,
    HeaderKey,
    Page,
    Parents,
    Rate,
    Said,
    Stream,
    paging,
    stream,
)
from crmcx.connectors.qualtrics.answers import Decoder
from crmcx.connectors.qualtrics.definitions import Form, Reader
from crmcx.connectors.qualtrics.maps import (
    CONTACT,
    DISTRIBUTION,
    INSTRUMENT,
    INVITATION,
    READ,
    RESPONSE,
    UNFINISHED,
    response,
)
from crmcx.connectors.qualtrics.people import contact_read, distribution_read, invitation_read
from crmcx.connectors.qualtrics.responses import Exports, demand_fine
from crmcx.connectors.qualtrics.safe import fields, word
from crmcx.connectors.qualtrics.settings import QualtricsSettings
from crmcx.errors import PagingError

_GONE = 404
_HELD_BACK = ("values", "labels", "displayedFields", "displayedValues")
"""What of a response is not kept a second time, in `extra`: what is read out of it stands under `read`."""


class Qualtrics(Connector):
    """Surveys, their responses, whom they were sent to, and the contacts of the XM Directory.

    Example:
        >>> surveys = Qualtrics(token="of-the-account", datacenter="fra1")
        >>> [each.name for each in surveys.streams()]
        ['instruments', 'responses', 'unfinished', 'distributions', 'invitations', 'contacts']
    """

    name: ClassVar[str] = "qualtrics"
    settings: type[QualtricsSettings] | QualtricsSettings = QualtricsSettings

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self._forms: dict[tuple[str, str], Form] = {}
        self._lock = Lock()

    @property
    def _said(self) -> QualtricsSettings:
        return cast("QualtricsSettings", self.settings)

    def open(self) -> Api:
        """The client, signed in by the token of an account."""
        said = self._said
        return Api(
            said.base,
            auth=HeaderKey("X-API-TOKEN", said.token),
            dialect=DIALECTS["qualtrics"],
            budget=Budget(Rate(said.requests_per_minute, per=timedelta(minutes=1))),
            name=self.name,
        )

    def streams(self) -> tuple[Stream, ...]:
        """The streams, as the settings have them."""
        said = self._said
        own: dict[str, dict[str, Any]] = {
            "responses": {
                "maps": (response(said),),
                "lookback": said.reread,
                "deletes": Deletes.sweep(every=said.whole_every),
            },
            "unfinished": {"maps": (response(said, unfinished=True),)},
        }
        return tuple(evolve(each, **own.get(each.name, {})) for each in super().streams())

    # -- surveys -------------------------------------------------------------------------------------------------

    @stream(INSTRUMENT, deletes=Deletes.sweep(), volatile=("definition",))
    def instruments(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        """The surveys, each with its definition."""
        for reply, following in self._listed(api, "/surveys", start=cursor.token):
            found = [each for each in reply.rows("result", "elements") if self._wanted(each)]
            yield Page([self._defined(api, each) for each in found], next=following)

    def _defined(self, api: Api, said: Said) -> Said:
        survey = word(said.get("id")) if isinstance(said, Mapping) else None
        if survey is None or not isinstance(said, Mapping):
            return said
        definition = self._definition(api, survey)
        form = Reader(self._said).form(survey, definition)
        return {**said, "definition": definition, READ: form.told()}

    @staticmethod
    def _definition(api: Api, survey: str) -> object:
        reply = api.request("GET", f"/survey-definitions/{survey}", accept=(_GONE,))
        return None if reply.status == _GONE else demand_fine(reply).get("result")

    def _form(self, api: Api, survey: str, modified: str | None) -> Form:
        """What a survey asks, as of its last change; read once a change."""
        key = (survey, modified or "")
        with self._lock:
            found = self._forms.get(key) if modified else None
        if found is None:
            found = Reader(self._said).form(survey, self._definition(api, survey))
            with self._lock:
                self._forms = {each: form for each, form in self._forms.items() if each[0] != survey} | {key: found}
        return found

    def _wanted(self, said: Said) -> bool:
        only = self._said.surveys
        return only is None or not isinstance(said, Mapping) or word(said.get("id")) in only

    def _surveys(self, api: Api, after: object) -> Iterator[tuple[str, str | None]]:
        """The ids of the surveys in their order, from behind one on, each with the stamp of its last change."""
        found: dict[str, str | None] = {}
        for reply, _ in self._listed(api, "/surveys"):
            for each in reply.rows("result", "elements"):
                survey = word(each.get("id")) if isinstance(each, Mapping) else None
                if survey is not None and isinstance(each, Mapping) and self._wanted(each):
                    found[survey] = word(each.get("lastModified"))
        yield from ((survey, found[survey]) for survey in sorted(found) if survey > str(after or ""))

    def _listed(self, api: Api, path: str, *, start: Any = None, **query: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - JSON
        asked = {"pageSize": self._said.page_size, **query}
        for reply, following in paging.by_url(api, path, asked, following=("result", "nextPage"), start=start):
            yield demand_fine(reply), following

    # -- responses -----------------------------------------------------------------------------------------------

    @stream(
        RESPONSE,
        cursor=("values", "recordedDate"),
        lookback=timedelta(days=7),
        deletes=Deletes.sweep(every=timedelta(days=30)),
        volatile=_HELD_BACK,
    )
    def responses(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        """The responses that were recorded since the last sync, and those of some days before, which may be edited."""
        yield from self._exported(api, cursor, unfinished=False)

    @stream(UNFINISHED, deletes=Deletes.sweep(), volatile=_HELD_BACK)
    def unfinished(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        """The responses that are still open; each is gone from here once it is recorded."""
        if self._said.unfinished:
            yield from self._exported(api, cursor, unfinished=True)

    def _exported(self, api: Api, cursor: Cursor, *, unfinished: bool) -> Iterator[Page]:
        exported = Exports(api, self._said)
        firsts: set[str] = set()
        for survey, modified in self._surveys(api, cursor.token):
            decoder = Decoder(self._form(api, survey, modified), self._said)
            held: list[Said] | None = None
            for records in exported.of(survey, since=cursor.watermark, unfinished=unfinished):
                if held is None:
                    _demand_another(records, firsts)
                else:
                    yield Page(held)  # without a place to go on: a file has no order that is promised
                held = [_with_read(each, decoder) for each in records]
            if held is not None:
                yield Page(held, next=Cursor(token=survey))

    # -- people --------------------------------------------------------------------------------------------------

    @stream(DISTRIBUTION, deletes=Deletes.sweep())
    def distributions(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        """The mailings of the surveys, with how many were sent, opened and answered."""
        after, start = cursor.token or ("", None)
        if start is not None:
            yield from self._mailings(api, after, start)
        for survey, _ in self._surveys(api, after):
            yield from self._mailings(api, survey, None)

    def _mailings(self, api: Api, survey: str, start: str | None) -> Iterator[Page]:
        query = {} if start else {"surveyId": survey}
        for reply, following in self._listed(api, "/distributions", start=start, **query):
            found = reply.rows("result", "elements")
            if found:
                read = [_with(each, distribution_read(each, self._said)) for each in found]
                yield Page(read, next=Cursor(token=[survey, following]))

    @stream(INVITATION, parents=Parents("distributions"))
    def invitations(self, api: Api, cursor: Cursor, distribution: str) -> Iterator[Page]:
        """Whom a mailing was sent to, and what became of it; asked again where the mailing's counts have changed."""
        name, _, survey = distribution.rpartition("#")
        reply = api.request("GET", f"/distributions/{name}", params={"surveyId": survey}, accept=(_GONE,))
        mailing = fields(demand_fine(reply).get("result")) if reply.status != _GONE else {}
        if reply.status == _GONE or (word(mailing.get("requestType")) or "Invite").lower() != "invite":
            return
        for answer, following in self._listed(api, f"/distributions/{name}/history", start=cursor.token):
            found = answer.rows("result", "elements")
            read = [_with(each, invitation_read(each, mailing, survey, self._said)) for each in found]
            yield Page(read, next=following)

    @stream(CONTACT, deletes=Deletes.sweep(), volatile=("email", "phone", "extRef", "language", "creationDate"))
    def contacts(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        """The contacts of the directory, or of all directories."""
        begun, start = cursor.token or ("", None)
        for directory in self._directories(api):
            if directory < begun:
                continue
            at = start if directory == begun else None
            if directory == begun and at is None and begun:
                continue
            for reply, following in self._listed(api, f"/directories/{directory}/contacts", start=at):
                found = reply.rows("result", "elements")
                read = [_with(each, contact_read(each, self._said)) for each in found]
                yield Page(read, next=Cursor(token=[directory, following]))

    def _directories(self, api: Api) -> Sequence[str]:
        if self._said.directory is not None:
            return (self._said.directory,)
        found = set()
        for reply, _ in self._listed(api, "/directories"):
            named = (
                word(each.get("directoryId")) for each in reply.rows("result", "elements") if isinstance(each, dict)
            )
            found |= {each for each in named if each}
        return sorted(found)


def _with(said: Said, read: dict[str, Any]) -> Said:
    return {**said, READ: read} if isinstance(said, Mapping) else said


def _with_read(said: Said, decoder: Decoder) -> Said:
    return {**said, READ: decoder.read(dict(said))} if isinstance(said, Mapping) else said


def _demand_another(records: Sequence[Said], firsts: set[str]) -> None:
    """Demand that a file is not that of a survey before; a response belongs to one survey only."""
    first = next((word(each.get("responseId")) for each in records if isinstance(each, Mapping)), None)
    if first is None:
        return
    if first in firsts:
        msg = "qualtrics gave the export of one survey for that of another"
        raise PagingError(msg, hint="run again; report it to the vendor if it stays")
    firsts.add(first)
