"""The truth, counted once more from the files alone, and the broken rows found by reading them strictly."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from statistics import median
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from crmcx.demo.history import DEPOSITS_HISTORY, MORTGAGES_HISTORY
from crmcx.models import Channel, TouchKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crmcx.demo import Exports

    Read = Callable[[Path], list[dict[str, Any]]]

BERLIN = ZoneInfo("Europe/Berlin")
DEPARTMENTS = {"mortgages", "deposits", "service_centre"}
STATUS = {"Complete": "complete", "Vollständig": "complete", "Partial": "partial", "Teilweise": "partial"}


def comma(cell: str) -> Decimal:
    """A number with a decimal comma."""
    return Decimal(cell.replace(",", "."))


def is_mortgages(row: dict[str, Any]) -> bool:
    created = datetime.strptime(row["Angelegt am"], "%d.%m.%Y %H:%M").replace(tzinfo=BERLIN)
    return bool(row["Kundennr"]) and int(row["Geburtsjahr"] or 1900) > 0 and created.year > 1990


def is_deposits(row: dict[str, Any]) -> bool:
    created = datetime.strptime(row["Kunde seit"], "%d.%m.%Y").replace(tzinfo=BERLIN)
    return bool(row["KundenID"]) and int(row["Jahrgang"] or 1900) > 0 and created.year > 1990


def is_service(row: dict[str, Any]) -> bool:
    created = datetime.fromisoformat(row["created"])
    return bool(row["contact_id"]) and int(row["birth_year"] or 1900) > 0 and created.tzinfo is not None


def is_stage(row: dict[str, Any]) -> bool:
    customer, line, stage, since, known = row.values()
    days = [datetime.strptime(cell, "%d.%m.%Y").replace(tzinfo=BERLIN) for cell in (since, known)]
    kept = MORTGAGES_HISTORY if line == "mortgage" else DEPOSITS_HISTORY
    return bool(customer) and stage in kept.stages and days[0] <= days[1]


def is_touchpoint(row: dict[str, Any]) -> bool:
    return bool(row["code"]) and Channel(row["channel"]) is not None


def is_visit(row: dict[str, Any]) -> bool:
    started = datetime.strptime(row["started"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BERLIN)
    return bool(row["visit_id"]) and row["department"] in DEPARTMENTS and started.year >= 2022


def is_deal(row: dict[str, Any]) -> bool:
    opened = datetime.strptime(row["Eröffnet"], "%d.%m.%Y").replace(tzinfo=BERLIN)
    return bool(row["DealNr"]) and comma(row["Betrag"]) > 0 and opened.year >= 2022


def is_call(row: dict[str, Any]) -> bool:
    started = datetime.strptime(row["started"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BERLIN)
    return bool(row["call_id"]) and int(row["duration_s"]) > 0 and started.year >= 2022


def is_ticket(row: dict[str, Any]) -> bool:
    opened = datetime.fromisoformat(row["created_at"])
    return isinstance(row["id"], int) and isinstance(row["reopens"], int) and opened.tzinfo is not None


def is_comment(row: dict[str, Any]) -> bool:
    return isinstance(row["id"], int) and datetime.fromisoformat(row["created_at"]).tzinfo is not None


def is_response(row: dict[str, Any]) -> bool:
    response, _, _, _, _, _, recorded, *_ = row.values()
    form = "%d.%m.%Y %H:%M:%S" if "." in recorded else "%Y-%m-%d %H:%M:%S"
    datetime.strptime(recorded, form).replace(tzinfo=BERLIN)
    scores = [int(score) for score in nps_csat(row) if score]
    return bool(response) and all(0 <= score <= 10 or score == 99 for score in scores)


def is_contact(row: dict[str, Any]) -> bool:
    return bool(row["Contact ID"]) and row["Language"].isalpha() and has_offset(row["Added"])


def is_invitation(row: dict[str, Any]) -> bool:
    told = row["Status"] in {"Sent", "Bounced", "Opened", "Started", "Completed"}
    return bool(row["Invitation ID"]) and told and has_offset(row["Sent"])


def is_contract(row: dict[str, Any]) -> bool:
    begun = datetime.strptime(row["Beginn"], "%d.%m.%Y").replace(tzinfo=BERLIN)
    return bool(row["Vertrag"]) and row["Status"] in {"läuft", "gekündigt", "beendet"} and begun.year > 1990


def is_consent(row: dict[str, Any]) -> bool:
    said = datetime.strptime(row["Am"], "%d.%m.%Y %H:%M").replace(tzinfo=BERLIN)
    return bool(row["KundenID"]) and row["Status"] in {"erteilt", "verweigert", "widerrufen"} and said.year > 1990


def is_employee(row: dict[str, Any]) -> bool:
    code, *_, active = row.values()
    return bool(code) and active in {"ja", "nein", "yes", "no", True, False}


def is_touch(row: dict[str, Any]) -> bool:
    return bool(row["touch_id"]) and row["event"] in set(TouchKind) and has_offset(row["time"])


def has_offset(cell: str) -> bool:
    return datetime.fromisoformat(cell).tzinfo is not None


def is_event(row: dict[str, Any]) -> bool:
    when = datetime.fromtimestamp(int(row["time_ms"]) / 1000, UTC)
    return bool(row["event_id"]) and when.year >= 2022


def nps_csat(row: dict[str, Any]) -> tuple[str, str]:
    """The cells of the first two items, found by their codes."""
    cells = {column.split()[0]: cell for column, cell in row.items()}
    return cells["Q1_NPS"], cells["Q2_CSAT"]


def readable(judge: Callable[[dict[str, Any]], bool], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that a strict reader takes."""
    good = []
    for row in rows:
        try:
            taken = judge(row)
        except (ValueError, InvalidOperation, TypeError):
            continue
        if taken:
            good.append(row)
    return good


@pytest.mark.parametrize(
    ("name", "judge"),
    [
        ("mortgages/customers.csv", is_mortgages),
        ("mortgages/stages.csv", is_stage),
        ("mortgages/deals.csv", is_deal),
        ("deposits/customers.csv", is_deposits),
        ("deposits/stages.csv", is_stage),
        ("deposits/deals.csv", is_deal),
        ("service_centre/contacts.csv", is_service),
        ("service_centre/calls.csv", is_call),
        ("help_desk/tickets.jsonl.gz", is_ticket),
        ("help_desk/comments.jsonl.gz", is_comment),
        ("survey/touchpoints.csv", is_touchpoint),
        ("branches/visits.csv", is_visit),
        ("survey/responses_en.csv", is_response),
        ("survey/responses_de.csv", is_response),
        ("web/events.csv.gz", is_event),
        ("survey/contacts.csv", is_contact),
        ("survey/invitations.csv", is_invitation),
        ("mortgages/contracts.csv", is_contract),
        ("deposits/contracts.csv", is_contract),
        ("deposits/consents.csv", is_consent),
        ("mortgages/staff.csv", is_employee),
        ("deposits/staff.csv", is_employee),
        ("service_centre/staff.csv", is_employee),
        ("branches/staff.csv", is_employee),
        ("help_desk/agents.jsonl.gz", is_employee),
        ("mailings/touches.csv", is_touch),
    ],
)
def test_the_broken_rows_are_those_nobody_can_read(
    bank: Exports, read: Read, name: str, judge: Callable[[dict[str, Any]], bool]
) -> None:
    known = bank.truth.file(name)
    assert len(readable(judge, read(bank.events.parent.parent / name))) == known.records - known.broken


def test_deals(bank: Exports, read: Read) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    won: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in readable(is_deal, [*read(bank.mortgages_deals), *read(bank.deposits_deals)]):
        counts[row["Pipeline"], row["Status"]] += 1
        if row["Status"] == "gewonnen":
            won[row["Pipeline"]] += comma(row["Betrag"])
    assert len(bank.truth.deals) == 3
    for known in bank.truth.deals:
        told = (known.won, known.lost, known.abandoned, known.open)
        words = ("gewonnen", "verloren", "zurückgezogen", "offen")
        assert told == tuple(counts[known.pipeline, word] for word in words)
        assert min(told) > 0
        assert known.won_amount == won[known.pipeline]


def test_surveys(bank: Exports, read: Read) -> None:
    assert [(known.language, known.status) for known in bank.truth.surveys] == [
        ("en", "complete"),
        ("en", "partial"),
        ("de", "complete"),
        ("de", "partial"),
    ]
    for known in bank.truth.surveys:
        path = bank.responses_en if known.language == "en" else bank.responses_de
        rows = [row for row in readable(is_response, read(path)) if STATUS[row["Status"]] == known.status]
        nps = Counter(nps_csat(row)[0] for row in rows)
        csat = Counter(nps_csat(row)[1] for row in rows)
        assert known.responses == len(rows) > 0
        assert known.promoters == nps["9"] + nps["10"]
        assert known.passives == nps["7"] + nps["8"]
        assert known.detractors == sum(nps[str(score)] for score in range(7))
        assert known.nps_skipped == nps[""]
        assert known.nps_not_applicable == nps["99"]
        assert known.csat_answered == sum(csat[str(score)] for score in range(1, 6))
        assert known.csat_satisfied == csat["4"] + csat["5"]


def test_some_surveys_fall_into_the_hour_that_comes_twice_and_none_into_the_one_that_never_was(
    bank: Exports, read: Read
) -> None:
    for language, path in (("en", bank.responses_en), ("de", bank.responses_de)):
        form = "%Y-%m-%d %H:%M:%S" if language == "en" else "%d.%m.%Y %H:%M:%S"
        column = "Recorded Date" if language == "en" else "Aufgezeichnet am"
        walls = [
            datetime.strptime(row[column], form).replace(tzinfo=BERLIN) for row in readable(is_response, read(path))
        ]
        nights = [wall.strftime("%Y-%m-%d %H") for wall in walls]
        twice = [night for night in nights if night in {"2022-10-30 02", "2023-10-29 02", "2024-10-27 02"}]
        never = [night for night in nights if night in {"2023-03-26 02", "2024-03-31 02", "2025-03-30 02"}]
        assert len(twice) == sum(known.in_repeated_hour for known in bank.truth.surveys if known.language == language)
        assert never == []
    assert sum(known.in_repeated_hour for known in bank.truth.surveys) > 0


def test_cases(bank: Exports, read: Read) -> None:
    rows = {row["id"]: row for row in readable(is_ticket, read(bank.tickets))}
    replies: dict[int, datetime] = {}
    for comment in readable(is_comment, read(bank.comments)):
        if comment["author"]["role"] == "agent" and comment["public"]:
            when = datetime.fromisoformat(comment["created_at"])
            replies[comment["ticket_id"]] = min(when, replies.get(comment["ticket_id"], when))
    waits = [replies[number] - datetime.fromisoformat(rows[number]["created_at"]) for number in replies]
    known = bank.truth.cases
    assert known.cases == len(rows)
    assert known.solved == sum(row["solved_at"] is not None for row in rows.values())
    assert known.sla_met == sum(row["sla"]["met"] is True for row in rows.values())
    assert known.sla_missed == sum(row["sla"]["met"] is False for row in rows.values())
    assert known.answered == len(waits) < known.cases
    assert known.first_response_total == sum(waits, timedelta())
    assert known.first_response_median == timedelta(seconds=median(wait.total_seconds() for wait in waits))


def test_funnel_with_and_without_its_window(bank: Exports, read: Read) -> None:
    known = bank.truth.funnel
    days: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in readable(is_event, read(bank.events)):
        if row["user_id"] and row["touchpoint"] in known.steps:
            days[row["user_id"]].append((int(row["time_ms"]), row["touchpoint"]))
    for window in (known.within, timedelta(days=1200)):
        reached = [furthest(sorted(events), known.steps, window) for events in days.values()]
        assert known.customers == tuple(sum(step >= least for step in reached) for least in (1, 2, 3))
    assert known.steps == ("quote", "apply", "sign")
    assert known.customers[0] > known.customers[1] > known.customers[2] > 0


def furthest(events: list[tuple[int, str]], steps: tuple[str, ...], window: timedelta) -> int:
    """How many steps somebody took in order, the last within the window of the latest first one that leads to it."""
    entries: list[int | None] = [None] * len(steps)
    best = 0
    for when, touchpoint in events:
        place = steps.index(touchpoint)
        entry = when if place == 0 else entries[place - 1]
        if entry is not None and when - entry <= window / timedelta(milliseconds=1):
            entries[place] = entry
            best = max(best, place + 1)
    return best
