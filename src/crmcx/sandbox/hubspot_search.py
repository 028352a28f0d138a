"""The search of the HubSpot sandbox: it knows of changes late, and shows only so many results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crmcx.sandbox.hubspot_data import HISTORIES
from crmcx.sandbox.hubspot_faults import FaultError
from crmcx.testing.loopback import Says

if TYPE_CHECKING:
    from crmcx.sandbox.hubspot import HubSpotSandbox

_MOST_GROUPS, _MOST_FILTERS = 6, 25
_DEFAULT = 10


def found_by(portal: HubSpotSandbox, type_: str, body: Mapping[str, Any], *, most: int) -> Says:
    """What a search finds.

    Args:
        portal: The sandbox.
        type_: The type of object.
        body: The search.
        most: The most results of a page.
    """
    groups = [group.get("filters") or [] for group in body.get("filterGroups") or []]
    if len(groups) > _MOST_GROUPS or sum(map(len, groups)) > _MOST_FILTERS:
        raise FaultError(400, "VALIDATION_ERROR", "There are too many filters")
    limit, after = int(body.get("limit") or _DEFAULT), int(body.get("after") or 0)
    if not 0 < limit <= 200:  # noqa: PLR2004 - the vendor's own
        raise FaultError(400, "VALIDATION_ERROR", f"limit {limit} is larger than allowed: 200")
    if after + limit > portal.ceiling and after >= portal.ceiling:
        raise FaultError(400, "VALIDATION_ERROR", f"The search leads to {portal.ceiling} results at most")
    known = portal.still.now() - portal.index_lag
    rows = [(each, each.as_of(known)) for each in portal.world.living(type_) if each.created <= known]
    matching = [
        row for row in rows if not groups or any(all(_meets(row[1], each) for each in group) for group in groups)
    ]
    for sort in reversed(body.get("sorts") or [{"propertyName": "createdate"}]):
        said = {"propertyName": sort} if isinstance(sort, str) else sort
        matching.sort(
            key=lambda row, name=said["propertyName"]: _sortable(row[1].get(name)),
            reverse=said.get("direction") == "DESCENDING",
        )
    shown = matching[: portal.ceiling][after : after + min(limit, most)]
    wanted = body.get("properties") or []
    data: dict[str, Any] = {
        "total": len(matching),
        "results": [portal.said(each, wanted=wanted, at=known) for each, _ in shown],
    }
    if after + len(shown) < len(matching) and shown:
        data["paging"] = {"next": {"after": str(after + len(shown))}}
    having = {each.get("propertyName") for group in groups for each in group if each.get("operator") == "HAS_PROPERTY"}
    steps = next((name for name, told in HISTORIES.items() if having and having >= set(told.fields)), type_)
    return Says(data=data, rows=("results",), kind=steps)


def _meets(properties: Mapping[str, str | None], told: Mapping[str, Any]) -> bool:
    said = properties.get(str(told.get("propertyName")))
    operator = str(told.get("operator"))
    if operator not in _OPERATORS:
        raise FaultError(400, "VALIDATION_ERROR", f"the operator {operator} is not known")
    return _OPERATORS[operator](said, told)


def _compared(by: Callable[[float | str, float | str], bool]) -> Callable[[str | None, Mapping[str, Any]], bool]:
    def meets(said: str | None, told: Mapping[str, Any]) -> bool:
        if said is None:
            return False
        one, two = _comparable(said), _comparable(str(told.get("value")))
        return type(one) is type(two) and by(one, two)

    return meets


def _between(said: str | None, told: Mapping[str, Any]) -> bool:
    low, high = {**told}, {**told, "value": told.get("highValue")}
    return _OPERATORS["GTE"](said, low) and _OPERATORS["LTE"](said, high)


def _values(told: Mapping[str, Any]) -> list[str]:
    return [str(each).lower() for each in told.get("values") or []]


_OPERATORS: dict[str, Callable[[str | None, Mapping[str, Any]], bool]] = {
    "EQ": _compared(lambda one, two: one == two),
    "NEQ": lambda said, told: not _compared(lambda one, two: one == two)(said, told),
    "LT": _compared(lambda one, two: one < two),  # type: ignore[operator]
    "LTE": _compared(lambda one, two: one <= two),  # type: ignore[operator]
    "GT": _compared(lambda one, two: one > two),  # type: ignore[operator]
    "GTE": _compared(lambda one, two: one >= two),  # type: ignore[operator]
    "BETWEEN": _between,
    "IN": lambda said, told: said is not None and said.lower() in _values(told),
    "NOT_IN": lambda said, told: said is None or said.lower() not in _values(told),
    "HAS_PROPERTY": lambda said, _told: said not in {None, ""},
    "NOT_HAS_PROPERTY": lambda said, _told: said in {None, ""},
}


def _comparable(said: str) -> float | str:
    """A value as it is compared: numbers, and times as milliseconds, as numbers."""
    try:
        return float(said)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return said.lower()
    return float(round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000))


def _sortable(said: str | None) -> tuple[int, float, str]:
    value = "" if said is None else _comparable(said)
    return (0, 0.0, value) if isinstance(value, str) else (1, value, "")
