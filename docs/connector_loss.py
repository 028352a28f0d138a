"""What becomes of each field that a system says: found by asking its connector, over its sandbox.

A field becomes what the mapping reads it into, and what changes where it is left out or says something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from copy import deepcopy
from typing import Any

from attrs import evolve, frozen

from crmcx.connectors import Compiled, Connector, Cursor, Fate, HubSpot, LossReport, Page, Qualtrics, Stream, loss_of
from crmcx.connectors.clock import held
from crmcx.connectors.fates import ITEMS, spelled, values_of
from crmcx.connectors.hubspot.tables import KINDS, STEPS
from crmcx.connectors.naming import Namer
from crmcx.sandbox import HubSpotSandbox, QualtricsSandbox
from crmcx.testing.loopback import Asked, Says
from crmcx.testing.platform import Platform

_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "hubspot": {"currency": "EUR", "page_size": 100},
    "qualtrics": {"kinds": {"satisfied": "csat"}, "customer_field": "externalDataReference"},
}
_RECORDS = 2
_MANY = 20
"""More fields than this under one are told as one."""
_HUBSPOT: Mapping[str, Mapping[str, str]] = {
    "companies": {"industry": "BANKING", "country": "DE", "annualrevenue": "100", "type": "PARTNER"},
    "contacts": {
        "mobilephone": "+49 170 1",
        "hs_country_region_code": "DE",
        "hs_timezone": "Europe/Berlin",
        "date_of_birth": "1980-01-01",
    },
    "deals": {"hs_manual_forecast_category": "COMMIT", "closed_lost_reason": "price", "hs_is_closed": "false"},
    "tickets": {"hs_ticket_category": "BILLING", "closed_date": "2026-03-01T08:00:00Z"},
    "calls": {"hs_call_disposition": "done", "hs_call_title": "call"},
    "emails": {"hs_email_text": "words", "hs_email_status": "SENT"},
    "meetings": {"hs_meeting_body": "words", "hs_meeting_outcome": "COMPLETED"},
    "tasks": {"hs_task_body": "words"},
    "feedback_submissions": {"hs_survey_name": "Branches", "hs_survey_channel": "EMAIL", "hs_language": "de"},
}
"""Values of properties that the examples of the sandbox do not have, where not any value is one."""
_SPOILED = (None, "other", "customer", "true", "false", "1", "2020-02-02T02:02:02Z", "2031-02-02T02:02:02Z")
"""What is said in the place of a value; None to leave it out."""


@frozen
class Kept:
    """What becomes of one field."""

    field: str
    """Its path."""
    becomes: tuple[str, ...]
    """The fields of the model that its value decides, as class and field."""
    extra: bool
    """Whether it is in `extra`."""


def kept_of(system: type[Connector]) -> dict[str, tuple[Kept, ...]]:
    """What becomes of the fields of each stream of a system."""
    with _SANDBOXES[system]() as platform, held(platform.still.clock):
        _fill(platform)
        streams = [each.name for each in system.declared()]
        found = {}
        for name in streams:
            with closing(_Looked(system, platform, name)) as looked:
                found[name] = tuple(looked.fields())
        return found


_SANDBOXES: Mapping[type[Connector], type[Platform]] = {HubSpot: HubSpotSandbox, Qualtrics: QualtricsSandbox}


def _fill(platform: Any) -> None:  # noqa: ANN401 - of any system
    for name in platform.kinds:
        platform.world.add(name, _RECORDS)
    for name, kind in KINDS.items() if isinstance(platform, HubSpotSandbox) else ():
        for each in platform.world.living(name):
            known = each.as_of()
            more = {prop: "1" for prop in kind.asked if known.get(prop) is None}
            platform.world.update(name, each.id, more | dict(_HUBSPOT.get(name, {})))


class _Looked:
    """One stream, read as it is, and with what is said of it spoiled."""

    def __init__(self, system: type[Connector], platform: Any, name: str) -> None:  # noqa: ANN401 - of any system
        self._platform = platform
        self._name = name
        settings = {"url": platform.url, "token": platform.token, **_SETTINGS[system.name]}
        self._connector = system(**settings)
        self._streams = {each.name: each for each in self._connector.streams()}

    def close(self) -> None:
        """Close its connection."""
        self._connector.close()

    def fields(self) -> Iterator[Kept]:
        """What becomes of its fields."""
        said: list[Any] = []
        made, report = self._read(said.extend)
        lands_in = {each.path: each.lands_in for each in report.fields}
        in_extra = {each.path for each in report.fields if each.count(Fate.EXTRA)}
        paths = list(dict.fromkeys(path for each in said for path, value in values_of(each, None) if value is not None))
        if self._name in STEPS:  # their properties are told with the objects
            paths = [path for path in paths if path[0] in {"id", "propertiesWithHistory"}]
        for path in _folded(paths):
            below = [each for each in lands_in if each[: len(path)] == path]
            becomes = {name for each in below for name in lands_in[each]}
            by_id = any(name.endswith(".source_id") for name in becomes)  # and by it a record finds its links
            changed: set[tuple[str, ...]] = set()
            if not becomes or (path[-1] != "id" and not by_id):
                typed = {each for each in lands_in if lands_in[each]}
                changed = self._changed(path, made, (typed | in_extra).difference(paths), typed)
                becomes |= {name for each in changed for name in lands_in[each]}
            yield Kept(spelled(path), tuple(sorted(becomes)), not in_extra.isdisjoint({*below, *changed}))

    def _changed(
        self, path: tuple[str, ...], made: list[Any], telling: set[tuple[str, ...]], typed: set[tuple[str, ...]]
    ) -> set[tuple[str, ...]]:
        """Which of some fields of the records say something else where a field does; not where a record can be none."""
        found: set[tuple[str, ...]] = set()
        for value in _SPOILED:
            other, report = self._read(lambda records, value=value: [_put(each, path, value) for each in records])
            if len(other) == len(made) and not report.rejected:
                one, two = _by_path(made), _by_path(other)
                found |= {each for each in telling if one.get(each) != two.get(each)}
            if found & typed:
                break
        return found

    def _read(self, spoil: Callable[[list[Any]], Any]) -> tuple[list[Any], LossReport]:
        """The records of the stream, and where their values go; what the system says is handed to `spoil` before."""

        def say(asked: Asked, says: Says) -> Says:
            spoiled = evolve(says, data=deepcopy(says.data))
            spoil(_records(self._name, asked, spoiled))
            return spoiled

        self._platform.hostility = say
        try:
            made = list(_read(self._streams, self._name))
        finally:
            self._platform.hostility = None
            if self._name == "pipelines":  # which the connector asks for once
                self._connector.close()
        of_made = evolve(self._streams[self._name], parents=None, read=lambda _cursor: iter([Page(made)]))
        return made, loss_of(of_made)


def _records(name: str, asked: Asked, says: Says) -> list[Any]:
    """The records of a stream in an answer; those of surveys are answered in two parts."""
    if name == "instruments" and re.search(r"/survey-definitions/[^/]+$", asked.path):
        return [{"definition": says.data["result"]}]
    if says.rows is None or says.kind != name:
        return []
    found = says.data
    for step in says.rows:
        found = found[step]
    return list(found)


def _read(streams: Mapping[str, Stream], name: str) -> Iterator[Any]:
    stream = streams[name]
    arguments: list[tuple[str, ...]] = [()]
    if stream.parents is not None:
        parent = streams[stream.parents.stream]
        namer = Namer(Compiled(parent.maps, source="sample"))
        arguments = [(named.source_id,) for each in _read(streams, parent.name) for named in namer.names(each, None)]
    for each in arguments:
        for page in stream.read(Cursor(), *each):
            yield from () if page.deleted else page.records


def _put(said: Any, path: tuple[str, ...], value: Any) -> None:  # noqa: ANN401 - JSON
    step, *rest = path
    if step == ITEMS:
        for each in said if isinstance(said, list) else ():
            _put(each, tuple(rest), value)
    elif not isinstance(said, dict) or step not in said:
        return
    elif rest and rest != [ITEMS]:
        _put(said[step], tuple(rest), value)
    elif value is None:
        del said[step]
    else:
        said[step] = value


def _by_path(records: list[Any]) -> dict[tuple[str, ...], list[Any]]:
    found: dict[tuple[str, ...], list[Any]] = {}
    for each in records:
        for path, value in values_of(each, None):
            found.setdefault(path, []).append(value)
    return found


def _folded(paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The fields, those of which there are many under one as this one."""
    many = {path[:2] for path in paths if sum(each[:2] == path[:2] for each in paths) > _MANY}
    return list(dict.fromkeys(path[:2] if path[:2] in many else path for path in paths))
