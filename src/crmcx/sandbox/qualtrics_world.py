"""What lies behind the sandbox of Qualtrics, and what its users do to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from crmcx.errors import UsageError
from crmcx.sandbox.qualtrics_data import KINDS, NPS, OF_ANY_SURVEY, definition_of
from crmcx.testing.still import StillClock
from crmcx.testing.world import Kept, World

_COUNTED = {
    "Success": "sent",
    "Opened": "opened",
    "SurveyStarted": "started",
    "SurveyFinished": "finished",
    "HardBounce": "bounced",
    "Skipped": "skipped",
    "Blocked": "blocked",
    "Failure": "failed",
    "Complaint": "complaints",
}


class QualtricsWorld(World):
    """Surveys, responses, contacts and distributions; each record is its kind's example, with what was said over it."""

    def __init__(self, still: StillClock) -> None:
        super().__init__(KINDS, still)
        self.questions: dict[str, dict[str, Any]] = {}
        """Definitions of surveys that are not as the others."""
        self._over: dict[tuple[str, int], dict[str, Any]] = {}
        self._named: dict[tuple[str, str], Kept] = {}

    # -- what a source says --------------------------------------------------------------------------------------

    def said(self, kept: Kept) -> dict[str, Any]:
        """A record as the vendor says it."""
        record = super().said(kept)
        if kept.parent in self.questions and "values" in record:
            record["values"] = {name: value for name, value in record["values"].items() if name in OF_ANY_SURVEY}
            asked = self.questions[kept.parent].get("Questions")
            record["displayedFields"] = list(asked) if isinstance(asked, dict) else []
        _lay_over(record, deepcopy(self._over.get((kept.kind, kept.n), {})))
        if kept.kind == "distributions":
            record["stats"] = self._stats(self.id_of(kept))
        return record

    def definition(self, survey: str) -> dict[str, Any]:
        """The definition of a survey.

        Raises:
            UsageError: There is no such survey.
        """
        found = self.said(self.find("instruments", survey))
        return definition_of(found) | deepcopy(self.questions.get(survey, {}))

    def find(self, kind: str, name: str) -> Kept:
        """What is kept under an id.

        Raises:
            UsageError: There is no such record.
        """
        found = self._named.get((kind, name))
        if found is not None and not found.gone:
            return found
        msg = f"found no {kind} {name}"
        raise UsageError(msg, hint="create it first")

    def _stats(self, distribution: str) -> dict[str, int]:
        there = [each for each in self.kept("invitations") if each.parent == distribution and not each.gone]
        counts = Counter(_COUNTED.get(str(self.said(each)["status"]), "sent") for each in there)
        return {name: counts[name] for name in _COUNTED.values()} | {"sent": len(there)}

    def add(self, name: str, count: int = 1, *, ties: bool = True) -> None:
        """Add records; as of `World.add`."""
        with self.lock:
            before = len(self._kept[name])
            super().add(name, count, ties=ties)
            self._named.update({(name, self.id_of(each)): each for each in self._kept[name][before:]})

    def _touch_parent(self, kept: Kept) -> None:
        if kept.kind == "invitations" and (parent := self._named.get(("distributions", kept.parent))) is not None:
            parent.stamp = self._stamp()

    # -- what users do -------------------------------------------------------------------------------------------

    def create(self, kind: str, parent: str = "", /, *, at: datetime | None = None, **said: Any) -> str:  # noqa: ANN401 - JSON
        """Create a record, and give its id; of a survey, response, contact or whatever is a kind; now, unless `at`."""
        with self.lock:
            self.add(kind, ties=False)
            kept = self._kept[kind][-1]
            if at is not None:
                kept.created = kept.stamp = at
            if parent:
                kept.parent = parent
            self._over[kind, kept.n] = deepcopy(said)
            return self.id_of(kept)

    def update(self, kind: str, name: str, /, *, stamped: bool = True, **said: Any) -> None:  # noqa: ANN401 - JSON
        """Say something else of a record; what is not `stamped` leaves no trace in its stamp."""
        with self.lock:
            kept = self.find(kind, name)
            _lay_over(self._over.setdefault((kind, kept.n), {}), deepcopy(said))
            if stamped:
                kept.stamp = self._stamp()
            self._touch_parent(kept)

    def remove(self, kind: str, name: str) -> None:
        """Delete a record; a survey goes with all that hangs on it."""
        with self.lock:
            self.delete(kind, self.find(kind, name).n)
            for child, described in self.kinds.items():
                for each in self.kept(child) if described.parent == kind else ():
                    if each.parent == name and not each.gone:
                        self.remove(child, self.id_of(each))

    def answer(self, survey: str, /, *, at: datetime | None = None, **values: Any) -> str:  # noqa: ANN401 - JSON
        """A respondent hands in; now, unless `at`."""
        return self.create("responses", survey, at=at, values=values)

    def begin(self, survey: str, /, **values: Any) -> str:  # noqa: ANN401 - JSON
        """A respondent begins, and does not end."""
        return self.create("unfinished", survey, values=values)

    def finish(self, unfinished: str, *, finished: bool = True) -> str:
        """A respondent ends what she began, or the vendor closes it for her: it is recorded under another id."""
        with self.lock:
            kept = self.find("unfinished", unfinished)
            over = self._over.get(("unfinished", kept.n), {}).get("values", {})
            self.remove("unfinished", unfinished)
            ended = {"finished": 1, "progress": 100} if finished else {"finished": 0, "progress": 40}
            return self.answer(kept.parent, **{**over, **ended})

    def edit(self, response: str, /, **values: Any) -> None:  # noqa: ANN401 - JSON
        """Somebody edits a response: it keeps the date on which it was recorded."""
        self.update("responses", response, stamped=False, values=values)

    def invite(self, survey: str, *contacts: str) -> str:
        """Contacts are written to."""
        with self.lock:
            made = self.create("distributions", survey)
            for each in contacts:
                self.create("invitations", made, contactId=each)
            return made

    def follow(self, invitation: str, status: str, /, **said: Any) -> None:  # noqa: ANN401 - JSON
        """A contact does something with an invitation, or her mail server does."""
        self.update("invitations", invitation, status=status, **said)

    # -- the truth -----------------------------------------------------------------------------------------------

    @property
    def truth(self) -> dict[str, dict[str, Any]]:
        """What there is, plainly: table by table, id to what a store should say of it."""

        def of(kind: str) -> dict[str, dict[str, Any]]:
            return {self.id_of(each): self.said(each) for each in self.kept(kind) if not each.gone}

        parents = {self.id_of(each): each.parent for kind in ("responses", "unfinished") for each in self.kept(kind)}
        return {
            "instruments": {name: said["name"] for name, said in of("instruments").items()},
            "customers": {name: said["lastName"] for name, said in of("contacts").items()},
            "invitations": {
                f"{said['distributionId']}#{name}": (said["status"], said["contactId"])
                for name, said in of("invitations").items()
            },
            "campaigns": {
                f"{name}#{said['surveyLink']['surveyId']}": said["header"]["subject"]
                for name, said in of("distributions").items()
            },
            "feedback": {name: _told(said, parents[name]) for name, said in of("responses").items()}
            | {f"{name}#0": _open(said, parents[name]) for name, said in of("unfinished").items()},
        }


def _open(said: Mapping[str, Any], survey: str) -> dict[str, Any]:
    status = "test" if said["values"]["status"] in {1, 2} else "complete" if said["values"]["finished"] else "partial"
    return {"instrument": survey, "status": status}


def _told(said: Mapping[str, Any], survey: str) -> dict[str, Any]:
    return {**_open(said, survey), "nps": said["values"].get(NPS)}


def _lay_over(record: dict[str, Any], said: Mapping[str, Any]) -> None:
    for name, value in said.items():
        if isinstance(value, Mapping) and isinstance(record.get(name), dict):
            _lay_over(record[name], value)
        else:
            record[name] = value
