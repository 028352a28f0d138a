"""Talks with employees: calls from the service centre's telephony, visits from the terminals at the branch counters.

service_centre/calls.csv, branches/visits.csv: comma, UTF-8, `yyyy-mm-dd hh:mm:ss` on the wall clock of Europe/Berlin,
whole seconds. A caller is a contact of the service centre; a visitor is whatever number the clerk typed, of any
department.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcx.demo.departments import PLAIN_FORM
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.files import spoiled, with_broken, write_csv
from crmcx.demo.period import local
from crmcx.demo.records import System, record_id
from crmcx.demo.truth import FileTruth
from crmcx.demo.words import ADVISERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from crmcx.demo.plan import BranchVisit, Call

    Numbers: TypeAlias = Mapping[tuple[int, int], tuple[str, str]]

CALLS = "service_centre/calls.csv"
CALLS_COLUMNS = (
    "call_id",  # T-0000001
    "contact_id",  # of service_centre/contacts.csv
    "started",  # yyyy-mm-dd hh:mm:ss, Europe/Berlin
    "duration_s",  # whole seconds
    "direction",  # in, out
    "touchpoint",  # hotline, callback, renewal_offer, cancellation
    "topic",
    "employee",
    "outcome",  # done, forwarded, no_answer, repeated: she had to tell all of it again
    "deal_department",  # mortgages, deposits: who keeps the deal it began, else empty
    "deal_no",  # its number there
)
"""Columns of service_centre/calls.csv."""
VISITS = "branches/visits.csv"
VISITS_COLUMNS = (
    "visit_id",  # B-0000001
    "terminal",
    "department",  # mortgages, deposits, service_centre: whose number was typed
    "customer_no",  # that number
    "started",  # yyyy-mm-dd hh:mm:ss, Europe/Berlin
    "duration_s",  # whole seconds
    "touchpoint",  # branch, advice, cancellation
    "topic",
    "employee",
    "deal_department",  # mortgages, deposits: who keeps the deal it belongs to, else empty
    "deal_no",  # its number there
)
"""Columns of branches/visits.csv."""
_CALLS_BROKEN = spoiled(
    CALLS_COLUMNS,
    ("T-9000001", "S-99999991", "2024-09-30 10:00:00", 240, "in", "hotline", "card", "T. Czerny", "done", "", ""),
    ("call_id", ""),
    ("duration_s", "short"),
    ("started", "2024-09-31 10:00:00"),
)
_VISITS_BROKEN = spoiled(
    VISITS_COLUMNS,
    ("B-9000001", 3, "deposits", "49999991", "2024-09-30 10:00:00", 240, "branch", "card", "T. Czerny", "", ""),
    ("visit_id", ""),
    ("department", "vault"),
    ("started", "2024-09-31 10:00:00"),
)
_OUTBOUND = {"callback", "renewal_offer"}


def write_calls(folder: Path, seed: int, calls: Sequence[Call], deals: Numbers) -> FileTruth:
    """Write service_centre/calls.csv, one row per call; `deals` says where a deal is kept, and its number there."""
    rows = with_broken(_calls(seed, calls, deals), _CALLS_BROKEN)
    written = write_csv(folder / CALLS, PLAIN_FORM, CALLS_COLUMNS, rows)
    return FileTruth(name=CALLS, records=written, broken=len(_CALLS_BROKEN))


def write_visits(folder: Path, seed: int, visits: Sequence[BranchVisit], deals: Numbers) -> FileTruth:
    """Write branches/visits.csv, one row per visit; `deals` says where a deal is kept, and its number there."""
    rows = with_broken(_visits(seed, visits, deals), _VISITS_BROKEN)
    written = write_csv(folder / VISITS, PLAIN_FORM, VISITS_COLUMNS, rows)
    return FileTruth(name=VISITS, records=written, broken=len(_VISITS_BROKEN))


def _calls(seed: int, calls: Sequence[Call], deals: Numbers) -> Iterator[tuple[object, ...]]:
    for place, call in enumerate(calls, 1):
        draw = Draw(seed, Stream.CALL, call.number, call.index)
        yield (
            f"T-{place:07d}",
            record_id(System.SERVICE_CENTRE, call.number),
            f"{local(call.at):%Y-%m-%d %H:%M:%S}",
            draw.between(40, 200) + draw.skewed(0, 1600),
            "out" if call.touchpoint in _OUTBOUND else "in",
            call.touchpoint,
            call.topic,
            draw.pick(ADVISERS),
            call.outcome,
            *_deal(deals, call),
        )


def _visits(seed: int, visits: Sequence[BranchVisit], deals: Numbers) -> Iterator[tuple[object, ...]]:
    for place, visit in enumerate(visits, 1):
        draw = Draw(seed, Stream.BRANCH_VISIT, visit.number, visit.index)
        yield (
            f"B-{place:07d}",
            draw.between(1, 12),
            visit.system.name.lower(),
            record_id(visit.system, visit.number),
            f"{local(visit.at):%Y-%m-%d %H:%M:%S}",
            draw.between(240, 900) + draw.skewed(0, 4500),
            visit.touchpoint,
            visit.topic,
            draw.pick(ADVISERS),
            *_deal(deals, visit),
        )


def _deal(deals: Numbers, talk: Call | BranchVisit) -> tuple[str, str]:
    return ("", "") if talk.deal is None else deals.get((talk.number, talk.deal), ("", ""))
