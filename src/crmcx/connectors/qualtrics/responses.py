"""How responses are exported: asked for survey by survey, waited for, read out of a zipped file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from crmcx.connectors import Api, JsonLines, Reply, Said, Unreadable, exports
from crmcx.connectors.qualtrics.safe import fields, items, word
from crmcx.connectors.qualtrics.settings import QualtricsSettings
from crmcx.errors import ExportError, SourceError, SourceFileError

_REFUSED_FROM = 400


def demand_fine(reply: Reply) -> Reply:
    """A reply, unless its envelope says that it is a refusal, whatever its status.

    Raises:
        SourceError: It is one.
    """
    said = (word(reply.get("meta", "httpStatus")) or "").split(" ", 1)[0]
    if said.isdigit() and int(said) >= _REFUSED_FROM:
        code = word(reply.get("meta", "error", "errorCode")) or "no code"
        msg = f"qualtrics says {said} ({code}) in an answer of status {reply.status}"
        raise SourceError(msg, hint="check what the account may see, then run again", status=int(said))
    return reply


class Exports:
    """Exports responses of surveys, one survey at a time.

    Args:
        api: The client.
        settings: In which format, and how long it may take.
    """

    def __init__(self, api: Api, settings: QualtricsSettings) -> None:
        self._api = api
        self._settings = settings

    def of(self, survey: str, *, since: datetime | None = None, unfinished: bool = False) -> Iterator[Sequence[Said]]:
        """The responses of a survey, some thousands at a time; nothing where there is none.

        Args:
            survey: Its id.
            since: The date of recording from which on; None for all.
            unfinished: Those that are still open, in the place of those that are recorded.

        Raises:
            ExportError: The export failed, or took too long.
            SourceFileError: The file cannot be read.
        """
        wanted: dict[str, Any] = {"format": self._settings.file_format, "compress": self._settings.zipped}
        if since is not None:
            wanted["startDate"] = since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if unfinished:
            wanted["responsesInProgress"] = True
        place = f"/surveys/{survey}/export-responses"
        begun = demand_fine(self._api.post(place, wanted, reads_only=True))
        job = word(begun.get("result", "progressId"))
        if job is None:
            msg = "qualtrics began an export without saying under which id"
            raise ExportError(msg, hint="run again; report it to the vendor if it stays")
        ready = exports.finished(
            lambda: demand_fine(self._api.get(f"{place}/{job}")),
            state=("result", "status"),
            done={"complete"},
            failed={"failed"},
            clock=self._api.clock,
            within=self._settings.export_within,
        )
        file = word(ready.get("result", "fileId"))
        if file is None:
            msg = "qualtrics completed an export without saying where its file is"
            raise ExportError(msg, hint="run again; report it to the vendor if it stays")
        with self._api.download(f"{place}/{file}/file") as packed:
            for path in exports.unzipped(packed) if self._settings.zipped else (packed,):
                yield from self._chunks(path)

    def _chunks(self, path: Path) -> Iterator[Sequence[Said]]:
        rows = self._settings.rows_per_page
        if self._settings.file_format == "ndjson":
            for chunk in JsonLines().chunks(path, rows=rows):
                if kept := [each for each in chunk.records if each != {}]:
                    yield kept
            return
        found = [each for each in _whole(path) if each != {}]
        for start in range(0, len(found), rows):
            yield [_record(each) for each in found[start : start + rows]]


def _whole(path: Path) -> list[Any]:
    try:
        return items(fields(from_json(path.read_bytes())).get("responses"))
    except ValueError:
        msg = "an export is no JSON"
    raise SourceFileError(msg, hint="run again; set file_format='ndjson' if it stays")


def _record(said: Any) -> Said:  # noqa: ANN401 - JSON
    if isinstance(said, dict):
        return said
    return Unreadable(f"the response is a JSON {type(said).__name__}, expected an object", repr(said))
