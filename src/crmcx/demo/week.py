"""What a week brings to the bank's systems: deals, answers, tickets; and what is merged, deleted, and edited late."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from crmcx.demo.bank import Exports
from crmcx.demo.deals import DEPOSITS_BOOK
from crmcx.demo.feedback import said
from crmcx.demo.files import write_json_lines
from crmcx.demo.platforms import PORTAL, Platforms
from crmcx.demo.portal import stage_id
from crmcx.demo.sales import Phase, Status
from crmcx.demo.truth import Truth
from crmcx.sandbox.hubspot_world import iso

_NEW, _WON, _LOST, _RAISED, _WITHDRAWN = 24, 8, 4, 4, 3
_MERGED, _LEFT, _LATE, _EDITED, _SOLVED = 10, 8, 20, 6, 30
_SEEN_AGAIN = timedelta(days=6)
"""How old an answer may be that is edited: the connector reads a week before the newest again, and declares so."""
_WAITS = ("new", "open", "pending", "hold")


def pass_week(made: Platforms, exports: Exports) -> tuple[tuple[str, int], ...]:
    """Let a week pass, and change what lies behind the systems.

    Args:
        made: The systems that answer over HTTP.
        exports: The bank's exports; its file of tickets is written anew.

    Returns:
        What happened, and how often.
    """
    made.still.move(timedelta(days=7))
    told = made.told(exports.truth)
    return (
        *_sales(made),
        ("customers who stood there twice were merged", _merge(made, told)),
        ("customers were deleted", _delete(made, told)),
        *_answers(made),
        ("tickets were solved", _solve(exports, made.still.now())),
    )


def _sales(made: Platforms) -> Iterator[tuple[str, int]]:
    world = made.portal.world
    customers = world.living("contacts")
    product = "account"
    open_at = {stage_id(each, at) for each in DEPOSITS_BOOK.products for at in Phase}
    waiting = [each for each in world.living("deals") if each.as_of().get("dealstage") in open_at]
    new = customers[:: max(1, len(customers) // _NEW)][:_NEW]
    for place, customer in enumerate(new, 1):
        step = {"dealname": f"Girokonto {place}", "pipeline": product, "dealstage": stage_id(product, Phase.OFFER)}
        deal = world.create("deals", step | {"amount": f"{100 + place}.50", "deal_currency_code": "EUR"})
        world.associate("deals", deal, "contacts", customer.id)
    yield "deals were opened", len(new)
    decided = ((Status.WON, waiting[:_WON]), (Status.LOST, waiting[_WON : _WON + _LOST]))
    for status, deals in decided:
        for each in deals:
            end = {"dealstage": stage_id(str(each.as_of()["pipeline"]), status), "closedate": iso(made.still.now())}
            world.update("deals", each.id, end)
        yield f"deals were {'won' if status is Status.WON else 'lost'}", len(deals)
    rest = waiting[_WON + _LOST :]
    for each in rest[:_RAISED]:
        world.update("deals", each.id, {"amount": "999.99"})
    yield "deals got another amount", len(rest[:_RAISED])
    for each in rest[_RAISED : _RAISED + _WITHDRAWN]:
        world.archive("deals", each.id)
    yield "deals were deleted", len(rest[_RAISED : _RAISED + _WITHDRAWN])


def _of_people(made: Platforms, told: Truth) -> dict[int, list[str]]:
    """The ids that are there in the portal, by the person they are of."""
    there = {each.id for each in made.portal.world.living("contacts")}
    found: dict[int, list[str]] = {}
    for ref, person in told.people.items():
        source, _, id_ = ref.partition("/")
        if source == PORTAL and id_ in there:
            found.setdefault(person, []).append(id_)
    return found


def _merge(made: Platforms, told: Truth) -> int:
    twice = [ids for person, ids in sorted(_of_people(made, told).items()) if len(ids) > 1]
    for first, second in islice(twice, _MERGED):
        made.portal.world.merge("contacts", first, second)
    return len(twice[:_MERGED])


def _delete(made: Platforms, told: Truth) -> int:
    """Some of those who stand there once; not her of whom the demo tells."""
    once = [ids[0] for person, ids in sorted(_of_people(made, told).items()) if len(ids) == 1]
    gone = [id_ for id_ in once[3:] if f"{PORTAL}/{id_}" not in told.heroine.refs][:_LEFT]
    for id_ in gone:
        made.portal.world.archive("contacts", id_)
    return len(gone)


def _answers(made: Platforms) -> Iterator[tuple[str, int]]:
    world, survey = made.survey.server.world, made.survey
    known = [each for each in world.kept("responses") if "QID1" in world.said(each)["values"]]
    newest = max((each.stamp for each in known), default=made.still.now())
    recent = [each for each in known if newest - each.stamp < _SEEN_AGAIN][:_EDITED]
    late = [each for each in world.kept("invitations") if world.said(each)["status"] == "Opened"][-_LATE:]
    for place, each in enumerate(late):
        now = iso(made.still.now())
        answers = said(str(place % 11), str(1 + place % 5), "1", "")
        times: dict[str, Any] = {"startDate": now, "endDate": now, "recordedDate": now, "duration": 60}
        response = world.answer(
            survey.survey,
            **answers,
            **times,
            finished=1,
            progress=100,
            userLanguage="EN" if place % 2 else "DE",
            distributionChannel="email",
            externalDataReference=None,
            contactId=world.said(each)["contactId"],
            touchpoint="help_desk",
        )
        world.follow(world.id_of(each), "SurveyFinished", responseId=response, responseCompletedAt=now)
    yield "invitations were answered late", len(late)
    for each in recent:
        world.edit(world.id_of(each), QID1=10 - world.said(each)["values"]["QID1"])
    yield "answers were edited afterwards", len(recent)


def _solve(exports: Exports, now: datetime) -> int:
    """Some of the tickets that wait are solved; the help desk hands over its file anew."""
    rows: list[dict[str, Any]] = list(tickets(exports))
    waiting = {row["id"] for row in islice((row for row in rows if row["status"] in _WAITS and row["id"]), _SOLVED)}
    stamp = now.isoformat()
    done = {"status": "solved", "solved_at": stamp, "updated_at": stamp}
    write_json_lines(exports.tickets, [row | done if row["id"] in waiting else row for row in rows])
    return len(waiting)


def tickets(exports: Exports) -> Iterator[dict[str, Any]]:
    """The tickets as the help desk's file tells them."""
    with gzip.open(exports.tickets, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
