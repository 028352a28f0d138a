"""What the connector works out of an object, beside what HubSpot says; any value may be anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from crmcx.connectors.hubspot.client import End, Linked, Portal, dictionary, items
from crmcx.connectors.hubspot.settings import HubSpotSettings
from crmcx.connectors.hubspot.tables import CHANNELS, FLOWS, MERGED, SURVEYS, Kind

Links: TypeAlias = Mapping[str, list[End]]
"""The other ends of an object's links, by type."""
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CERTAIN = 1.0
_DIGITS = 30
"""The most digits of a number; one with more was not meant."""


def instant_of(said: Any) -> Any:  # noqa: ANN401 - JSON
    """A time in ISO 8601, whether it is written so or in milliseconds; as it stands where it is neither.

    Example:
        >>> instant_of("1769932800250"), instant_of("2026-02-01T08:00:00Z"), instant_of(None)
        ('2026-02-01T08:00:00.250000Z', '2026-02-01T08:00:00Z', None)
    """
    if said is None or said == "":
        return None
    if isinstance(said, bool) or not isinstance(said, str | int):
        return said
    text = str(said)
    if re.fullmatch(r"-?\d{1,16}", text):
        with suppress(OverflowError):
            return (_EPOCH + timedelta(milliseconds=int(text))).isoformat().replace("+00:00", "Z")
    return text


def number_of(said: Any) -> Decimal | None:  # noqa: ANN401 - JSON
    """A number that may be written as text; None where it is none."""
    if said is None or isinstance(said, bool):
        return None
    with suppress(InvalidOperation):
        found = Decimal(str(said).strip())
        return found if found.is_finite() and abs(found.adjusted()) < _DIGITS else None
    return None


def whole_number(said: Any) -> int | None:  # noqa: ANN401 - JSON
    """A whole number that may be written as text; None where it is none, or below 0."""
    found = number_of(said)
    return int(found) if found is not None and found >= 0 and found == found.to_integral_value() else None


def yes(said: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a flag is set, which may be written as text."""
    return str(said).lower() == "true"


def merged_ids(properties: Mapping[str, Any]) -> list[str]:
    """The ids of the objects that were merged into one."""
    said = properties.get(MERGED)
    told = said if isinstance(said, list) else re.split(r"[;,]", said) if isinstance(said, str) else [said]
    return [
        text
        for each in told
        if isinstance(each, str | int) and not isinstance(each, bool) and (text := str(each).strip())
    ]


def first(ends: list[End] | None, preferred: tuple[str, ...]) -> End | None:
    """The end that goes first: by the most preferred label, then by id."""
    if not ends:
        return None

    def rank(end: End) -> int:
        return min((preferred.index(label) for label in end.labels if label in preferred), default=len(preferred))

    return min(ends, key=rank)


class Stages:
    """The stages of the pipelines of a type of object."""

    def __init__(self, pipelines: list[Any]) -> None:
        self._by_id = {
            str(stage.get("id")): dictionary(stage.get("metadata"))
            for pipeline in items(pipelines)
            for stage in items(pipeline.get("stages"))
        }

    def probability(self, stage: Any) -> float | None:  # noqa: ANN401 - JSON
        """How likely a deal in a stage is won."""
        return probability_of(self._by_id.get(str(stage), {}))

    def deal(self, stage: Any, settings: HubSpotSettings, properties: Mapping[str, Any] | None = None) -> str:  # noqa: ANN401 - JSON
        """Open, won or lost, or what the settings say; by the deal's own flags where its stage is not known."""
        if (named := settings.deal_stages.get(str(stage))) is not None:
            return str(named)
        metadata = self._by_id.get(str(stage))
        if metadata is not None:
            return deal_status(metadata)
        said = properties or {}
        return "won" if yes(said.get("hs_is_closed_won")) else "lost" if yes(said.get("hs_is_closed")) else "open"

    def ticket(self, stage: Any, settings: HubSpotSettings) -> str:  # noqa: ANN401 - JSON
        """Where a ticket stands."""
        named = settings.ticket_stages.get(str(stage))
        metadata = self._by_id.get(str(stage), {})
        closed = metadata.get("ticketState") == "CLOSED" or yes(metadata.get("isClosed"))
        return "closed" if closed else "open" if named is None else str(named)


def probability_of(metadata: Mapping[str, Any]) -> float | None:
    """The probability of a stage, 0 to 1."""
    found = number_of(metadata.get("probability"))
    return None if found is None or not 0 <= found <= 1 else float(found)


def deal_status(metadata: Mapping[str, Any]) -> str:
    """Open, won or lost."""
    probability = probability_of(metadata)
    closed = yes(metadata.get("isClosed")) or ("isClosed" not in metadata and probability in {0.0, _CERTAIN})
    return "open" if not closed else "won" if probability == _CERTAIN else "lost"


def shaped(portal: Portal, kind: Kind, record: dict[str, Any], linked: Mapping[str, Linked]) -> dict[str, Any]:
    """An object as the mappings read it: with its times in one spelling, and what is worked out under `crmcx`.

    Args:
        portal: The portal.
        kind: The type of object.
        record: The object.
        linked: Its links, by type of the other end.
    """
    said = {name: instant_of(value) if name in kind.times else value for name, value in record["properties"].items()}
    said |= dict.fromkeys((name for name in kind.numbers if said.get(name) == ""), None)
    links = {other: list(each.ends) for other, each in linked.items()}
    worked_out = {
        "modified": instant_of(said.get(kind.modified)) or instant_of(record.get("updatedAt")),
        "at": instant_of(said.get(kind.created)) or instant_of(record.get("createdAt")),
        "merged": [{"id": id_} for id_ in merged_ids(said)],
        "links_unread": {other: list(each.unread) for other, each in linked.items() if each.unread} or None,
        **_SHAPES.get(kind.type, _engagement)(portal, said, links),
    }
    if kind.type == "feedback_submissions" or kind.word:
        stamp = said.get("hs_submission_timestamp") if not kind.word else said.get("hs_timestamp")
        worked_out["at"] = stamp or worked_out["at"]
    if kind.word:
        worked_out |= _ENGAGEMENTS[kind.word]
    made = {
        **record,
        "properties": said,
        "crmcx": {name: value for name, value in worked_out.items() if value not in (None, [])},
    }
    return {**made, "kind": kind.word} if kind.word else made


def _language(said: Any) -> str | None:  # noqa: ANN401 - JSON
    text = str(said or "").replace("_", "-")
    return text if _LANGUAGE.fullmatch(text) else None


def named(*parts: Any) -> str | None:  # noqa: ANN401 - JSON
    """A name, made of those of its parts that are words."""
    return " ".join(str(each) for each in parts if each and isinstance(each, str | int) and each is not True) or None


def _money(settings: HubSpotSettings, amount: Any, currency: Any = None) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    code = currency if isinstance(currency, str) and currency else settings.currency
    found = number_of(amount)
    return None if found is None or code is None else {"amount": format(found, "f"), "currency": code}


def _id(end: End | None) -> str | None:
    return None if end is None else end.id


def _linked(ends: list[End] | None, chosen: End | None) -> list[dict[str, Any]]:
    return [{"id": each.id, "label": "; ".join(each.labels) or None, "primary": each is chosen} for each in ends or ()]


def _contact(portal: Portal, said: Mapping[str, Any], links: Links) -> dict[str, Any]:
    settings = portal.settings
    account = first(links.get("companies"), settings.primary_labels)
    country = said.get("hs_country_region_code")
    return {
        "name": named(said.get("firstname"), said.get("lastname")),
        "language": _language(said.get("hs_language")),
        "country": country if isinstance(country, str) and _COUNTRY.fullmatch(country) else None,
        "stage": settings.lifecycle.get(str(said.get("lifecyclestage"))),
        "birth_year": _birth_year(said.get("date_of_birth")),
        "address": _address(said),
        "identifiers": [
            {"namespace": namespace, "value": str(said[name])}
            for namespace, name in settings.identifiers.items()
            if said.get(name) not in {None, ""}
        ],
        "account": _id(account),
        "accounts": _linked(links.get("companies"), account),
    }


def _birth_year(said: Any) -> int | None:  # noqa: ANN401 - JSON
    """The year in a date of birth, however it was typed; None where there is not just one."""
    found = set(_YEAR.findall(str(said))) if isinstance(said, str | int) and not isinstance(said, bool) else set()
    return int(found.pop()) if len(found) == 1 else None


def _address(said: Mapping[str, Any]) -> str | None:
    place = named(said.get("zip"), said.get("city"))
    street = said.get("address")
    return ", ".join(each for each in (street, place) if isinstance(each, str) and each) or None


def _company(portal: Portal, said: Mapping[str, Any], _links: Links) -> dict[str, Any]:
    employees = number_of(said.get("numberofemployees"))
    return {
        "name": said.get("name") or said.get("domain") or "",
        "employees": None if employees is None else int(employees),
        "money": _money(portal.settings, said.get("annualrevenue")),
    }


def _deal(portal: Portal, said: Mapping[str, Any], links: Links) -> dict[str, Any]:
    stages, settings = Stages(portal.pipelines("deals")), portal.settings
    status = stages.deal(said.get("dealstage"), settings, said)
    closes = said.get("closedate")
    customer = first(links.get("contacts"), settings.primary_labels)
    probability = number_of(said.get("hs_deal_stage_probability"))
    fair = probability is not None and 0 <= probability <= 1
    return {
        "status": status,
        "customer": _id(customer),
        "account": _id(first(links.get("companies"), settings.primary_labels)),
        "others": [{"id": each.id} for each in links.get("contacts", ()) if each is not customer],
        "money": _money(settings, said.get("amount"), said.get("deal_currency_code")),
        "probability": float(probability)
        if fair and probability is not None
        else stages.probability(said.get("dealstage")),
        "closed_at": closes if status != "open" else None,
        "expected_close": str(closes)[:10] if closes and status == "open" else None,
    }


def _ticket(portal: Portal, said: Mapping[str, Any], links: Links) -> dict[str, Any]:
    preferred = portal.settings.primary_labels
    return {
        "status": Stages(portal.pipelines("tickets")).ticket(said.get("hs_pipeline_stage"), portal.settings),
        "customer": _id(first(links.get("contacts"), preferred)),
        "account": _id(first(links.get("companies"), preferred)),
        "channel": CHANNELS.get(str(said.get("source_type"))),
    }


def _engagement(portal: Portal, said: Mapping[str, Any], links: Links) -> dict[str, Any]:
    preferred = portal.settings.primary_labels
    customer = first(links.get("contacts"), preferred)
    case = first(links.get("tickets"), preferred)
    about = {"accounts": links.get("companies", []), "deals": links.get("deals", [])}
    flow = said.get("hs_call_direction") or said.get("hs_email_direction")
    words = (*("hs_call_body", "hs_email_text", "hs_meeting_body", "hs_note_body", "hs_task_body"), "hs_email_subject")
    ends = ("hs_call_disposition", "hs_email_status", "hs_meeting_outcome", "hs_task_status")
    return {
        "customer": _id(customer),
        "case": _id(case),
        "others": [{"id": each.id} for each in links.get("contacts", ()) if each is not customer],
        "links": [
            {"kind": table, "id": each.id, "label": "; ".join(each.labels) or None}
            for table, ends_ in about.items()
            for each in ends_
        ],
        "flow": FLOWS.get(str(flow)),
        "text": next((said[name] for name in words if isinstance(said.get(name), str) and said[name]), None),
        "outcome": next((said[name] for name in ends if said.get(name)), None),
    }


def _feedback(portal: Portal, said: Mapping[str, Any], links: Links) -> dict[str, Any]:
    preferred = portal.settings.primary_labels
    survey = SURVEYS.get(str(said.get("hs_survey_type")))
    named = (said.get(name) for name in ("hs_survey_id", "hs_survey_name", "hs_survey_type"))
    score = number_of(said.get("hs_value"))
    return {
        "customer": _id(first(links.get("contacts"), preferred)),
        "case": _id(first(links.get("tickets"), preferred)),
        "instrument": next((str(each) for each in named if each), None),
        "score": None if score is None or survey is None else {survey[0]: str(score)},
        "language": _language(said.get("hs_language")),
        "channel": CHANNELS.get(str(said.get("hs_survey_channel")).upper()),
    }


_SHAPES: Mapping[str, Callable[[Portal, Mapping[str, Any], Links], dict[str, Any]]] = {
    "companies": _company,
    "contacts": _contact,
    "deals": _deal,
    "feedback_submissions": _feedback,
    "tickets": _ticket,
}
_ENGAGEMENTS: Mapping[str, Mapping[str, Any]] = {
    "call": {"kind": "call", "channel": "phone", "visibility": "customer"},
    "email": {"kind": "email", "channel": "email", "visibility": "customer"},
    "meeting": {"kind": "meeting", "visibility": "customer"},
    "note": {"kind": "other", "visibility": "internal"},
    "task": {"kind": "other", "visibility": "internal"},
}
