"""What holds of the fields of an object together: drawn apart, they are brought to agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

from crmcx.models.base import Model
from crmcx.models.company import OpeningHours
from crmcx.models.instrument import Instrument

Fields = dict[str, Any]
_DAYS_OF_A_WEEK = 7


def agreeing(cls: type[Model], fields: Mapping[str, Any], given: AbstractSet[str]) -> Fields:
    """Drawn fields of a class, changed where together they would be refused.

    Args:
        cls: The class.
        fields: What was drawn.
        given: Names of fields that stay as they are.
    """
    found = dict(fields)
    for start, end in cls.spans:
        first, last = found.get(start), found.get(end)
        if first is None or last is None or not _is_before(last, first):
            continue
        if not {start, end} & given:
            found |= {start: last, end: first}
        else:
            found |= {end: first} if start in given else {start: last}
    for whole, mend in _MENDED.items():
        if issubclass(cls, whole):
            found |= {name: value for name, value in mend(found).items() if name not in given}
    return found


def _is_before(one: Any, other: Any) -> bool:  # noqa: ANN401 - values of any kind that has an order
    """Whether a value is before another; of instants in one zone, Python itself compares the hands of the clock."""
    if isinstance(one, datetime):
        one, other = one.astimezone(UTC), other.astimezone(UTC)
    return bool(one < other)


def _instrument(fields: Fields) -> Fields:
    items = {each.item: each for each in fields.get("items", ())}
    if not items:
        return {"choices": [], "wordings": []}
    first = next(iter(items))

    def known(each: Any) -> Any:  # noqa: ANN401 - a choice or a wording
        return each if each.item in items else each.model_copy(update={"item": first})

    choices = {(each.item, each.choice): each for each in map(known, fields.get("choices", ()))}
    wordings = [
        each if (each.item, each.choice) in choices else each.model_copy(update={"choice": None})
        for each in map(known, fields.get("wordings", ()))
    ]
    return {"items": list(items.values()), "choices": list(choices.values()), "wordings": wordings}


def _opening_hours(fields: Fields) -> Fields:
    weekday = fields.get("weekday")
    day = fields.get("day")
    found: Fields = {}
    if weekday is None and day is None:
        found["weekday"] = 0
    elif weekday is not None:
        found |= {"weekday": weekday % _DAYS_OF_A_WEEK, "day": None}
    if fields.get("opens") is None or fields.get("closes") is None:
        found |= {"opens": None, "closes": None}
    return found


_MENDED: dict[type[Model], Callable[[Fields], Fields]] = {Instrument: _instrument, OpeningHours: _opening_hours}
