"""A server that speaks the protocol of Qualtrics: surveys, response exports, distributions, the XM Directory."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from attrs import define, field, frozen

from crmcx.errors import UsageError
from crmcx.sandbox.qualtrics_data import KINDS, TOKEN_LIFE
from crmcx.sandbox.qualtrics_files import Exported, labelled
from crmcx.sandbox.qualtrics_world import QualtricsWorld
from crmcx.testing.loopback import Asked, Says
from crmcx.testing.platform import Found, Platform
from crmcx.testing.still import StillClock
from crmcx.testing.world import Kind

TOKEN = "sandbox-token"  # noqa: S105 - of a server on this machine
DIRECTORY = "POOL_1"
_PREFIX = "/API/v3/"
_MINUTE = timedelta(minutes=1)
_POLLS = 3
_FORMATS = ("ndjson", "json", "csv")
_STATUS = {
    200: "200 - OK",
    400: "400 - Bad Request",
    401: "401 - Unauthorized",
    404: "404 - Not Found",
    429: "429 - Too Many Requests",
}


@frozen
class _RefusedError(Exception):
    status: int
    code: str
    message: str


@define
class _Job:
    survey: str
    form: str
    zipped: bool
    found: Found
    due: datetime
    polls: int = 0
    token: str | None = None
    fails: bool = False
    labels: bool = False

    def ready(self, now: datetime) -> bool:
        """Whether it is done: by the clock, or since it was asked after often enough where no clock moves."""
        return now >= self.due or self.polls > _POLLS


@frozen
class _Continued:
    survey: str
    seen: frozenset[str] = field(repr=False)
    until: datetime = field(repr=False)


class QualtricsSandbox(Platform):
    """Qualtrics in small, on this machine, over a world that is known.

    Args:
        still: The clock by which it goes.

    Example:
        >>> sandbox = QualtricsSandbox()
        >>> survey = sandbox.world.create("instruments", name="Branches")
        >>> sandbox.world.truth["instruments"]
        {'SV_sandboxsurv1': 'Branches'}
    """

    kinds: ClassVar[Mapping[str, Kind]] = KINDS

    def __init__(self, still: StillClock | None = None) -> None:
        super().__init__(still)
        self.world: QualtricsWorld = QualtricsWorld(self.still)
        self.token = TOKEN
        """The only token that it takes."""
        self.per_minute = 3_000
        """Requests that it answers in a minute of its clock."""
        self.export_takes = timedelta(seconds=2)
        """How long it prepares an export."""
        self.failing: set[str] = set()
        """Surveys whose exports fail."""
        self._jobs: dict[str, _Job] = {}
        self._tokens: dict[str, _Continued] = {}
        self._recent: deque[datetime] = deque()
        self._number = 0

    def answer(self, asked: Asked) -> Says:
        """What Qualtrics answers."""
        self._number += 1
        try:
            return self._answer(asked)
        except _RefusedError as refused:
            said = {"errorCode": refused.code, "errorMessage": refused.message}
            return Says(refused.status, {"meta": {**self._meta(refused.status), "error": said}})

    def _answer(self, asked: Asked) -> Says:
        if asked.headers.get("x-api-token") != self.token:
            raise _RefusedError(401, "AUTH_6.0", "Unrecognized X-API-TOKEN.")
        self._demand_below_limit()
        for method, pattern, way in _WAYS:
            found = re.fullmatch(_PREFIX + pattern, asked.path)
            if found and method == asked.method:
                return self._by(way)(asked, *found.groups())
        raise _RefusedError(404, "QAPI_6", "The requested resource does not exist.")

    def _by(self, name: str) -> Callable[..., Says]:
        return cast("Callable[..., Says]", getattr(self, f"_{name}"))

    def _demand_below_limit(self) -> None:
        now = self.still.now()
        while self._recent and now - self._recent[0] >= _MINUTE:
            self._recent.popleft()
        if len(self._recent) >= self.per_minute:
            raise _RefusedError(429, "RL_1", "The limit of requests is reached.")
        self._recent.append(now)

    def _meta(self, status: int) -> dict[str, Any]:
        return {"httpStatus": _STATUS[status], "requestId": f"request-{self._number}"}

    def _says(self, result: Any, **more: Any) -> Says:  # noqa: ANN401 - JSON
        return Says(data={"result": result, "meta": self._meta(200)}, **more)

    def _listed(self, asked: Asked, found: Found, records: list[dict[str, Any]], following: dict[str, str]) -> Says:
        query = {**asked.query, **following}
        address = f"{self.url}{asked.path}?{urlencode(query)}" if following else None
        page = {"rows": ("result", "elements"), "kind": found.kind} if records else {}
        return self._says({"elements": records, "nextPage": address}, **page)

    def _by_token(self, asked: Asked, found: Found) -> Says:
        records, token = self.cut(found, asked.query.get("skipToken"))
        return self._listed(asked, found, records, {"skipToken": token} if token else {})

    def _there(self, kind: str, name: str) -> dict[str, Any]:
        try:
            return self.world.said(self.world.find(kind, name))
        except UsageError:
            raise _RefusedError(404, "QAPI_6", "The requested resource does not exist.") from None

    # -- surveys and people --------------------------------------------------------------------------------------

    def _surveys(self, asked: Asked) -> Says:
        found = self.since("instruments")
        start = int(asked.query.get("offset") or 0)
        end = start + self.page_size
        following = {"offset": str(end)} if end < len(found) else {}
        return self._listed(asked, found, found[start:end], following)

    def _definition(self, _asked: Asked, survey: str) -> Says:
        self._there("instruments", survey)
        return self._says(self.world.definition(survey))

    def _questions(self, _asked: Asked, survey: str) -> Says:
        self._there("instruments", survey)
        questions = self.world.definition(survey)["Questions"]
        return self._says({"elements": list(questions.values()), "nextPage": None})

    def _who(self, _asked: Asked) -> Says:
        return self._says({"brandId": "sandbox", "userId": "UR_sandboxuser1", "datacenter": "loopback"})

    def _directories(self, _asked: Asked) -> Says:
        return self._says({"elements": [{"directoryId": DIRECTORY, "name": "Default", "isDefault": True}]})

    def _contacts(self, asked: Asked, directory: str) -> Says:
        if directory != DIRECTORY:
            raise _RefusedError(404, "QAPI_6", "The requested resource does not exist.")
        return self._by_token(asked, self.since("contacts"))

    def _distributions(self, asked: Asked) -> Says:
        if "surveyId" not in asked.query:
            raise _RefusedError(400, "QVAL_1", "surveyId is required.")
        return self._by_token(asked, self.since("distributions", parent=asked.query["surveyId"]))

    def _distribution(self, _asked: Asked, name: str) -> Says:
        return self._says(self._there("distributions", name))

    def _history(self, asked: Asked, name: str) -> Says:
        self._there("distributions", name)
        return self._by_token(asked, self.since("invitations", parent=name))

    # -- exports -------------------------------------------------------------------------------------------------

    def _export(self, asked: Asked, survey: str) -> Says:
        self._there("instruments", survey)
        wanted = asked.json
        if wanted.get("format") not in _FORMATS:
            raise _RefusedError(400, "ERF_1", f"format is one of {', '.join(_FORMATS)} here.")
        if wanted.get("useLabels") and wanted["format"] != "csv":
            raise _RefusedError(400, "ERF_2", "useLabels is not valid for JSON.")
        kind = "unfinished" if wanted.get("responsesInProgress") else "responses"
        since, until = self._bounds(wanted)
        seen = self._seen(wanted, survey)
        told = self.since(kind, since, parent=survey)
        before = None if until is None else datetime.fromisoformat(until)
        found = Found(
            kind,
            (
                (key, each)
                for key, each in zip(told.keys, told, strict=True)
                if each["responseId"] not in seen
                and (before is None or datetime.fromisoformat(each["values"]["recordedDate"]) < before)
            ),
        )
        now = self.still.now()
        token = None
        if wanted.get("allowContinuation"):
            token = f"continue-{self._number}"
            self._tokens[token] = _Continued(survey, seen | {each["responseId"] for each in found}, now + TOKEN_LIFE)
        name = f"ES_{self._number}"
        self._jobs[name] = _Job(
            survey=survey,
            form=wanted["format"],
            zipped=wanted.get("compress", True),
            found=found,
            due=now + self.export_takes,
            token=token,
            fails=survey in self.failing,
            labels=bool(wanted.get("useLabels")),
        )
        return self._says({"progressId": name, "percentComplete": 0.0, "status": "inProgress"})

    @staticmethod
    def _bounds(wanted: Mapping[str, Any]) -> tuple[str | None, str | None]:
        bounds = wanted.get("startDate"), wanted.get("endDate")
        for bound in bounds:
            try:
                aware = bound is None or datetime.fromisoformat(bound).tzinfo is not None
            except (TypeError, ValueError):
                aware = False
            if not aware:
                raise _RefusedError(400, "ERF_3", "startDate and endDate are in ISO 8601 with an offset.")
        return bounds

    def _seen(self, wanted: Mapping[str, Any], survey: str) -> frozenset[str]:
        """The responses that an export before had, which this one goes on from."""
        given = wanted.get("continuationToken")
        if given is None:
            return frozenset()
        continued = self._tokens.get(given)
        dated = "startDate" in wanted or "endDate" in wanted
        if continued is None or continued.survey != survey or self.still.now() >= continued.until or dated:
            raise _RefusedError(400, "ERF_4", "The continuation token is unknown, expired, or beside dates.")
        return continued.seen

    def _progress(self, _asked: Asked, survey: str, name: str) -> Says:
        job = self._job(survey, name)
        job.polls += 1
        if not job.ready(self.still.now()):
            return self._says({"percentComplete": 50.0, "status": "inProgress"})
        if job.fails:
            return self._says({"percentComplete": 50.0, "status": "failed"})
        continued = {"continuationToken": job.token} if job.token else {}
        return self._says({"fileId": f"{name}-file", "percentComplete": 100.0, "status": "complete", **continued})

    def _file(self, _asked: Asked, survey: str, name: str) -> Says:
        job = self._job(survey, name.removesuffix("-file"))
        if not job.ready(self.still.now()) or job.fails or not name.endswith("-file"):
            raise _RefusedError(404, "ERF_5", "There is no such file.")
        kind = "application/zip" if job.zipped else "application/octet-stream"
        data = {"responses": labelled(job.found, self.world.definition(survey)) if job.labels else list(job.found)}
        return Exported(
            data=data,
            headers={"content-type": kind},
            rows=("responses",) if job.found else None,
            kind=job.found.kind,
            form=job.form,
            zipped=job.zipped,
        )

    def _job(self, survey: str, name: str) -> _Job:
        job = self._jobs.get(name)
        if job is None or job.survey != survey:
            raise _RefusedError(404, "ERF_5", "There is no such export.")
        return job


_NAME = "([^/]+)"
_EXPORTS = f"surveys/{_NAME}/export-responses"
_WAYS = (
    ("GET", "surveys", "surveys"),
    ("GET", f"survey-definitions/{_NAME}", "definition"),
    ("GET", f"survey-definitions/{_NAME}/questions", "questions"),
    ("POST", _EXPORTS, "export"),
    ("GET", f"{_EXPORTS}/{_NAME}", "progress"),
    ("GET", f"{_EXPORTS}/{_NAME}/file", "file"),
    ("GET", "distributions", "distributions"),
    ("GET", f"distributions/{_NAME}", "distribution"),
    ("GET", f"distributions/{_NAME}/history", "history"),
    ("GET", "directories", "directories"),
    ("GET", f"directories/{_NAME}/contacts", "contacts"),
    ("GET", "whoami", "who"),
)
"""Methods and paths, with the method of the sandbox that answers."""
