"""The export of the bank's website: one row per page seen, in the order of visits.

web/events.csv.gz: comma, UTF-8, packed with gzip, times as milliseconds since 1970-01-01T00:00Z. A customer who is
signed in has her id of the deposits department in `user_id`; before she signs in, and for strangers, only the browser
is known.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import Factory, define

from crmcx.demo.draw import Draw, Stream
from crmcx.demo.files import CsvForm, spoiled, with_broken, write_csv
from crmcx.demo.records import System, record_id
from crmcx.demo.sales import FUNNEL, FUNNEL_DAYS, Purpose, Visit
from crmcx.demo.truth import FileTruth, FunnelTruth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

EVENTS = "web/events.csv.gz"
EVENTS_FORM = CsvForm(delimiter=",", encoding="utf-8")
EVENTS_COLUMNS = (
    "event_id",  # whole number
    "time_ms",  # milliseconds since 1970, UTC
    "visitor_id",  # the browser, always there
    "user_id",  # KundenID of deposits/customers.csv once signed in, else empty
    "session_id",  # one per visit
    "touchpoint",  # home, rates, calculator, quote, apply, upload_documents, sign, help, contact, login, ...
    "product",  # mortgage, account, credit_card, or empty
    "device",  # desktop, phone, tablet
)
"""Columns of web/events.csv.gz."""
EVENTS_BROKEN = spoiled(
    EVENTS_COLUMNS,
    (900_000_001, 1_735_000_000_000, "vffffffff", "49999991", "s900000001", "home", "", "desktop"),
    ("event_id", ""),
    ("time_ms", "2024-12-24 01:26"),
    ("time_ms", ""),
)

_DEVICES = (("phone", 0.52), ("desktop", 0.4), ("tablet", 0.08))
_PAGES: dict[Purpose, tuple[tuple[str, float], ...]] = {
    Purpose.BANKING: (
        ("login", 1.0),
        ("account_overview", 1.0),
        ("transfer", 0.5),
        ("statements", 0.35),
        ("account_overview", 0.3),
        ("help", 0.06),
    ),
    Purpose.LOOKING: (
        ("home", 1.0),
        ("rates", 0.7),
        ("calculator", 0.4),
        ("calculator", 0.2),
        ("branch_finder", 0.2),
    ),
    Purpose.HELPING: (("home", 0.4), ("help", 1.0), ("help", 0.4), ("contact", 0.6), ("branch_finder", 0.1)),
    Purpose.QUOTING: (
        ("home", 0.5),
        ("login", 1.0),
        ("rates", 0.8),
        ("calculator", 0.8),
        ("calculator", 0.3),
        ("quote", 1.0),
        ("quote", 0.2),
    ),
    Purpose.APPLYING: (("login", 1.0), ("quote", 0.3), ("apply", 1.0), ("help", 0.15), ("apply", 0.1)),
    Purpose.UPLOADING: (("login", 1.0), ("upload_documents", 1.0), ("upload_documents", 0.4), ("help", 0.12)),
    Purpose.SIGNING: (("login", 1.0), ("sign", 1.0), ("account_overview", 0.5)),
    Purpose.PASSING: (("home", 1.0), ("rates", 0.5), ("calculator", 0.25), ("quote", 0.1), ("contact", 0.1)),
}


@define
class FunnelTally:
    """How far each signed-in customer came."""

    reached: dict[str, int] = Factory(dict)

    def add(self, user: str, touchpoint: str) -> None:
        """Count one page of a signed-in customer; pages come in the order of time."""
        done = self.reached.get(user, 0)
        if done < len(FUNNEL) and touchpoint == FUNNEL[done]:
            self.reached[user] = done + 1

    def truth(self) -> FunnelTruth:
        """The figures of the funnel."""
        return FunnelTruth(
            steps=FUNNEL,
            customers=tuple(sum(done > step for done in self.reached.values()) for step in range(len(FUNNEL))),
            within=timedelta(days=FUNNEL_DAYS),
        )


def write_events(folder: Path, seed: int, visits: Sequence[Visit], tally: FunnelTally) -> FileTruth:
    """Write web/events.csv.gz."""
    rows = with_broken(_events(seed, visits, tally), EVENTS_BROKEN)
    written = write_csv(folder / EVENTS, EVENTS_FORM, EVENTS_COLUMNS, rows)
    return FileTruth(name=EVENTS, records=written, broken=len(EVENTS_BROKEN))


def _events(seed: int, visits: Sequence[Visit], tally: FunnelTally) -> Iterator[tuple[object, ...]]:
    number = 0
    for session, visit in enumerate(visits, 1):
        draw = Draw(seed, Stream.VISIT, visit.number, visit.index)
        unit = draw.unit
        device = draw.weighted(_DEVICES)
        browser = _browser(visit.number, device)
        pages = _PAGES[visit.purpose]
        customer = record_id(System.DEPOSITS, visit.number) if visit.known else ""
        user = customer if all(page != "login" for page, _ in pages) else ""
        time_ms = visit.at * 1000 + int(unit() * 1000)
        for page, probability in pages:
            if unit() >= probability:
                continue
            if page == "login":
                user = customer
            if user and page in FUNNEL:
                tally.add(user, page)
            number += 1
            yield (number, time_ms, browser, user, f"s{session}", page, visit.product, device)
            pause = unit()
            time_ms += 3000 + int(pause * pause * pause * 400_000)


def _browser(number: int, device: str) -> str:
    # An odd factor: no two of the first 2**30 people share a browser.
    place = [name for name, _ in _DEVICES].index(device)
    return f"v{(number * 4 + place) * 2_654_435_761 % 2**32:08x}"
