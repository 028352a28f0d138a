"""The history of properties as records of their own: one for each value that a property ever had."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from crmcx.connectors.hubspot.client import Portal, dictionary
from crmcx.connectors.hubspot.shaping import Stages, instant_of
from crmcx.connectors.hubspot.tables import Kind, Steps

_OPT_OUT = {"true": "withdrawn", "false": "granted"}


def steps_of(
    portal: Portal, stream: str, kind: Kind, steps: Steps, record: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The steps of an object, in the order of time.

    Args:
        portal: The portal.
        stream: The stream.
        kind: The type of object.
        steps: The properties.
        record: The object, with their history.
    """
    word = _word_of(portal, stream)
    history = record.get("propertiesWithHistory")
    properties = dictionary(record.get("properties"))
    modified = instant_of(properties.get(kind.modified)) or instant_of(record.get("updatedAt"))
    if not isinstance(history, dict | None):
        yield {"of": record.get("id"), "not_understood": history}
    for name, fields in steps.fields.items():
        said = dictionary(history).get(name) or []
        entries = said if isinstance(said, list) else [said]
        odd = [each for each in entries if each is not None and not _is_value(each)]
        yield from ({"of": record.get("id"), "field": fields[0], "not_understood": each} for each in odd)
        before: str | None = None
        for each in sorted(filter(_is_value, entries), key=lambda each: _ms(each["timestamp"])):
            value = None if each.get("value") in (None, "") else str(each["value"])
            for field in fields:
                if value is not None:
                    yield {
                        "of": record.get("id"),
                        "field": field,
                        "ms": _ms(each["timestamp"]),
                        "at": instant_of(each["timestamp"]),
                        "value": value,
                        "old": None if before is None else word(field, before),
                        "new": word(field, value),
                        "by": each.get("updatedByUserId") or each.get("sourceId"),
                        "modified": modified,
                        "scope": portal.settings.lifecycle_scope or "",
                    }
            before = value


def _is_value(said: object) -> bool:
    """Whether an entry of a history says when a property got a value, and which."""
    entry = dictionary(said)
    return entry.get("timestamp") is not None and not isinstance(entry.get("value"), dict | list)


def _ms(stamp: object) -> int:
    text = str(instant_of(stamp))
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def _word_of(portal: Portal, stream: str) -> Callable[[str, str], str | None]:
    """What a value is here, by the field that it is one of."""
    settings = portal.settings
    if stream == "lifecycle_changes":
        return lambda _field, value: settings.lifecycle.get(value)
    if stream == "consents":
        return lambda _field, value: _OPT_OUT.get(value.lower())
    if stream == "ticket_changes":
        tickets = Stages(portal.pipelines("tickets"))
        return lambda field, value: tickets.ticket(value, settings) if field == "status" else value
    deals = Stages(portal.pipelines("deals"))
    return lambda field, value: deals.deal(value, settings) if field == "status" else value
