"""The exports of the bank's help desk: JSON Lines packed with gzip, ISO 8601 times with the offset of Europe/Berlin.

help_desk/tickets.jsonl.gz, one object per ticket, some twice because the pages of the export overlapped:
    id (whole number), requester {id (whole number), external_id (account number or null), name, email, phone (or null,
    not there on the first ticket), locale (de, en)},
    status (new, open, pending, hold, solved, closed), priority (low, normal, high, urgent),
    channel (email, web, chat, phone), category, group, assignee {id} or null, reopens (whole number),
    sla {policy, metric, target_minutes (whole number), due_at, met (true, false, or null while it is not judged)},
    created_at, updated_at, solved_at (or null)
help_desk/comments.jsonl.gz, one object per comment, by ticket, then by time:
    id (whole number), ticket_id, requester {id}, author {id, role (end-user, agent, bot)},
    public (false is a note among employees), channel, created_at, body_length (characters)
"""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from attrs import Factory, define

from crmcx.demo import period
from crmcx.demo.conversations import BOT, SLA, Conversation, conversation
from crmcx.demo.files import with_broken, write_json_lines
from crmcx.demo.people import person
from crmcx.demo.records import Seen, System, record_id, seen
from crmcx.demo.truth import CaseTruth, FileTruth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crmcx.demo.plan import Ticket

TICKETS = "help_desk/tickets.jsonl.gz"
COMMENTS = "help_desk/comments.jsonl.gz"

_FIRST_TICKET, _FIRST_COMMENT = 100_001, 5_000_001
_NOBODY = 99_999_991
_REPEATED_EVERY = 200
_SLA = {"policy": "standard", "metric": "first_response", "target_minutes": SLA // 60}
_GROUPS = {"loan": "mortgages", "account": "deposits", "card": "deposits", "login": "service_centre"}


@define
class CaseTally:
    """Counts over the tickets."""

    cases: int = 0
    repeated: int = 0
    solved: int = 0
    met: int = 0
    missed: int = 0
    waits: list[int] = Factory(list)

    def truth(self) -> CaseTruth:
        """The figures of the help desk."""
        return CaseTruth(
            cases=self.cases,
            solved=self.solved,
            sla_met=self.met,
            sla_missed=self.missed,
            answered=len(self.waits),
            first_response_total=timedelta(seconds=sum(self.waits)),
            first_response_median=timedelta(seconds=median(self.waits)) if self.waits else None,
        )


def write_tickets(
    folder: Path, seed: int, tickets: Sequence[Ticket], tally: CaseTally, who: dict[str, int]
) -> FileTruth:
    """Write help_desk/tickets.jsonl.gz; `who` takes, for each requester, whose record it is."""
    broken = _broken_tickets()
    written = write_json_lines(folder / TICKETS, with_broken(_tickets(seed, tickets, tally, who), broken))
    return FileTruth(name=TICKETS, records=written, broken=len(broken), repeated=tally.repeated)


def write_comments(folder: Path, seed: int, tickets: Sequence[Ticket]) -> FileTruth:
    """Write help_desk/comments.jsonl.gz."""
    broken = _broken_comments()
    written = write_json_lines(folder / COMMENTS, with_broken(_comments(seed, tickets), broken))
    return FileTruth(name=COMMENTS, records=written, broken=len(broken))


def _tickets(
    seed: int, tickets: Sequence[Ticket], tally: CaseTally, who: dict[str, int]
) -> Iterator[dict[str, object]]:
    for place, ticket in enumerate(tickets):
        talk = conversation(seed, ticket)
        tally.cases += 1
        tally.solved += talk.solved is not None
        tally.met += talk.met_sla is True
        tally.missed += talk.met_sla is False
        if talk.first_response is not None:
            tally.waits.append(talk.first_response - ticket.at)
        them = person(seed, ticket.number)
        requester = seen(seed, them, System.HELP_DESK)
        who[f"{System.HELP_DESK.source}/{requester.id}"] = ticket.number
        record = _ticket(_FIRST_TICKET + place, ticket, requester, them.language, talk)
        yield record
        if place % _REPEATED_EVERY == _REPEATED_EVERY - 1:
            tally.repeated += 1
            yield record


def _ticket(number: int, ticket: Ticket, who: Seen, language: str, talk: Conversation) -> dict[str, object]:
    return {
        "id": number,
        "requester": {
            "id": int(who.id),
            "external_id": who.account or None,
            "name": who.name,
            "email": who.email or None,
            # Asked for when she writes a second time.
            "phone": who.phone or None if ticket.index else None,
            "locale": language,
        },
        "status": talk.status,
        "priority": talk.priority,
        "channel": talk.channel,
        "category": talk.category,
        "group": _GROUPS[talk.category],
        "assignee": {"id": talk.agent} if talk.first_response is not None else None,
        "reopens": talk.reopens,
        "sla": {**_SLA, "due_at": _iso(ticket.at + SLA), "met": talk.met_sla},
        "created_at": _iso(ticket.at),
        "updated_at": _iso(max(talk.solved or 0, talk.comments[-1].at)),
        "solved_at": _iso(talk.solved) if talk.solved is not None else None,
    }


def _comments(seed: int, tickets: Sequence[Ticket]) -> Iterator[dict[str, object]]:
    number = _FIRST_COMMENT
    for place, ticket in enumerate(tickets):
        talk = conversation(seed, ticket)
        requester = int(record_id(System.HELP_DESK, ticket.number))
        authors = {"end-user": requester, "agent": talk.agent, "bot": BOT}
        for comment in talk.comments:
            yield {
                "id": number,
                "ticket_id": _FIRST_TICKET + place,
                "requester": {"id": requester},
                "author": {"id": authors[comment.role], "role": comment.role},
                "public": comment.public,
                "channel": talk.channel,
                "created_at": _iso(comment.at),
                "body_length": 20 + (number * 37 + ticket.at) % 600,
            }
            number += 1


def _broken_tickets() -> tuple[dict[str, object], ...]:
    who = {"id": _NOBODY, "external_id": None, "name": "Ina Musterlich", "email": None, "phone": None, "locale": "de"}
    good: dict[str, object] = {
        "id": 900_001,
        "requester": who,
        "status": "closed",
        "priority": "normal",
        "channel": "email",
        "category": "card",
        "group": "deposits",
        "assignee": {"id": 11},
        "reopens": 0,
        "sla": {**_SLA, "due_at": "2024-11-05T18:00:00+01:00", "met": True},
        "created_at": "2024-11-05T10:00:00+01:00",
        "updated_at": "2024-11-05T12:00:00+01:00",
        "solved_at": "2024-11-05T12:00:00+01:00",
    }
    return (
        {**good, "id": None},
        {**good, "id": 900_002, "created_at": "2025-02-30T10:00:00+01:00"},
        {**good, "id": 900_003, "reopens": "twice"},
    )


def _broken_comments() -> tuple[dict[str, object], ...]:
    good: dict[str, object] = {
        "id": 9_000_001,
        "ticket_id": _FIRST_TICKET,
        "requester": {"id": _NOBODY},
        "author": {"id": 11, "role": "agent"},
        "public": True,
        "channel": "email",
        "created_at": "2024-11-05T10:00:00+01:00",
        "body_length": 80,
    }
    return (
        {**good, "id": None},
        {**good, "id": 9_000_002, "created_at": "yesterday"},
        {**good, "id": 9_000_003, "created_at": None},
    )


def _iso(instant: int) -> str:
    return period.local(instant).isoformat()
