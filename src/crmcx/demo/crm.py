"""The exports of the bank's CRM: contacts and deals as its German sales team saves them, activities from the telephony.

crm/contacts.csv: semicolon, cp1252, Windows line ends, dd.mm.yyyy, decimal comma, wall clock of Europe/Berlin.
crm/deals.csv: semicolon, UTF-8 with a byte order mark, Windows line ends, dd.mm.yyyy, decimal comma.
crm/activities.csv: comma, UTF-8, `yyyy-mm-dd hh:mm:ss` on the wall clock of Europe/Berlin, whole seconds.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import Factory, define

from crmcx.demo.draw import Draw, Stream
from crmcx.demo.files import CsvForm, spoiled, with_broken, write_csv
from crmcx.demo.lives import Activity, ActivityKind
from crmcx.demo.people import crm_id, person
from crmcx.demo.period import german_day, local
from crmcx.demo.sales import PRODUCTS, Deal, Status
from crmcx.demo.truth import DealTruth, FileTruth
from crmcx.demo.words import ADVISERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CONTACTS = "crm/contacts.csv"
CONTACTS_FORM = CsvForm(delimiter=";", encoding="cp1252", line_end="\r\n")
CONTACTS_COLUMNS = (
    "KundenNr",  # id of the customer in every system: K-000001
    "Vorname",
    "Nachname",
    "E-Mail",  # may be empty
    "Telefon",  # may be empty
    "Straße",  # may hold the delimiter, then quoted
    "PLZ",
    "Ort",
    "Land",  # ISO 3166, two letters
    "Sprache",  # Deutsch, Englisch
    "Geburtsjahr",  # may be empty
    "Angelegt am",  # dd.mm.yyyy hh:mm, Europe/Berlin
    "Gekündigt am",  # dd.mm.yyyy, empty while she is a customer
    "Kontostand",  # EUR, decimal comma
    "Abteilung",  # Baufinanzierung, Einlagen, Servicecenter
    "Betreuer",
)
"""Columns of crm/contacts.csv."""
CONTACTS_BROKEN = spoiled(
    CONTACTS_COLUMNS,
    (
        *("K-900001", "Ina", "Musterlich", "", "", "Postplatz 1", "10999", "Neu Birkental", "DE", "Deutsch", "1970"),
        *("02.03.2019 10:15", "", "12,50", "Einlagen", "T. Czerny"),
    ),
    ("KundenNr", ""),
    ("Geburtsjahr", "unbekannt"),
    ("Angelegt am", "31.02.2019 10:15"),
)

DEALS = "crm/deals.csv"
DEALS_FORM = CsvForm(delimiter=";", encoding="utf-8-sig", line_end="\r\n")
DEALS_COLUMNS = (
    "DealNr",  # D-000001
    "KundenNr",
    "Bezeichnung",
    "Pipeline",  # mortgage, account, credit_card
    "Phase",  # Angebot, Antrag, Unterlagen, Vertrag
    "Status",  # offen, gewonnen, verloren, zurückgezogen
    "Betrag",  # decimal comma
    "Währung",  # EUR
    "Herkunft",  # web, call, branch_visit
    "Eröffnet",  # dd.mm.yyyy
    "Geschlossen",  # dd.mm.yyyy, empty while open
    "Verlustgrund",  # only when lost
    "Betreuer",
)
"""Columns of crm/deals.csv."""
DEALS_BROKEN = spoiled(
    DEALS_COLUMNS,
    (
        *("D-900001", "K-000001", "Girokonto", "account", "Vertrag", "gewonnen", "120,00", "EUR", "web"),
        *("03.02.2025", "07.02.2025", "", "T. Czerny"),
    ),
    ("DealNr", ""),
    ("Betrag", "auf Anfrage"),
    ("Eröffnet", "30.02.2025"),
)

ACTIVITIES = "crm/activities.csv"
ACTIVITIES_FORM = CsvForm(delimiter=",", encoding="utf-8")
ACTIVITIES_COLUMNS = (
    "activity_id",  # A-0000001
    "kind",  # call, branch_visit
    "customer_id",
    "started",  # yyyy-mm-dd hh:mm:ss, Europe/Berlin
    "duration_s",  # whole seconds
    "direction",  # in, out
    "touchpoint",  # hotline, branch
    "topic",
    "employee",
    "outcome",  # done, forwarded, no_answer
)
"""Columns of crm/activities.csv."""
ACTIVITIES_BROKEN = spoiled(
    ACTIVITIES_COLUMNS,
    ("A-9000001", "call", "K-000001", "2024-09-30 10:00:00", 240, "in", "hotline", "card", "T. Czerny", "done"),
    ("activity_id", ""),
    ("duration_s", "short"),
    ("started", "2024-09-31 10:00:00"),
)

_LANGUAGE = {"de": "Deutsch", "en": "Englisch"}
_DEPARTMENT = {"mortgages": "Baufinanzierung", "deposits": "Einlagen", "service_centre": "Servicecenter"}
_PRODUCT = {"mortgage": "Baufinanzierung", "account": "Girokonto", "credit_card": "Kreditkarte"}
_OUTCOMES = (("done", 0.8), ("forwarded", 0.12), ("no_answer", 0.08))


@define
class ContactTally:
    """How many customers left."""

    left: int = 0


@define
class DealTally:
    """Deals and won cents by pipeline."""

    by_status: Counter[tuple[str, Status]] = Factory(Counter)
    won_cents: Counter[str] = Factory(Counter)

    def truth(self) -> tuple[DealTruth, ...]:
        """The figures of each pipeline."""
        return tuple(
            DealTruth(
                pipeline=product,
                won=self.by_status[product, Status.WON],
                lost=self.by_status[product, Status.LOST],
                abandoned=self.by_status[product, Status.ABANDONED],
                open=self.by_status[product, Status.OPEN],
                won_amount=Decimal(self.won_cents[product]) / 100,
            )
            for product, _ in PRODUCTS
        )


def write_contacts(folder: Path, seed: int, customers: int, tally: ContactTally) -> FileTruth:
    """Write crm/contacts.csv, one row per customer."""
    rows = with_broken(_contacts(seed, customers, tally), CONTACTS_BROKEN)
    written = write_csv(folder / CONTACTS, CONTACTS_FORM, CONTACTS_COLUMNS, rows)
    return FileTruth(name=CONTACTS, records=written, broken=len(CONTACTS_BROKEN))


def write_deals(folder: Path, seed: int, deals: Sequence[Deal], tally: DealTally) -> FileTruth:
    """Write crm/deals.csv, one row per deal."""
    rows = with_broken(_deals(seed, deals, tally), DEALS_BROKEN)
    written = write_csv(folder / DEALS, DEALS_FORM, DEALS_COLUMNS, rows)
    return FileTruth(name=DEALS, records=written, broken=len(DEALS_BROKEN))


def write_activities(folder: Path, seed: int, activities: Sequence[Activity]) -> FileTruth:
    """Write crm/activities.csv, one row per call or visit to a branch."""
    rows = with_broken(_activities(seed, activities), ACTIVITIES_BROKEN)
    written = write_csv(folder / ACTIVITIES, ACTIVITIES_FORM, ACTIVITIES_COLUMNS, rows)
    return FileTruth(name=ACTIVITIES, records=written, broken=len(ACTIVITIES_BROKEN))


def _contacts(seed: int, customers: int, tally: ContactTally) -> Iterator[tuple[object, ...]]:
    for number in range(customers):
        who = person(seed, number)
        tally.left += who.left
        yield (
            who.id,
            who.given,
            who.family,
            who.email,
            who.phone,
            who.street,
            *who.town,
            "DE",
            _LANGUAGE[who.language],
            who.birth_year,
            f"{local(who.created):%d.%m.%Y %H:%M}",
            german_day(who.until) if who.left else None,
            _comma(who.balance_cents),
            _DEPARTMENT[who.department],
            who.adviser,
        )


def _deals(seed: int, deals: Sequence[Deal], tally: DealTally) -> Iterator[tuple[object, ...]]:
    for place, deal in enumerate(deals, 1):
        tally.by_status[deal.product, deal.status] += 1
        if deal.status is Status.WON:
            tally.won_cents[deal.product] += deal.cents
        yield (
            f"D-{place:06d}",
            crm_id(deal.number),
            _PRODUCT[deal.product],
            deal.product,
            deal.phase.value,
            deal.status.value,
            _comma(deal.cents),
            "EUR",
            deal.origin,
            german_day(deal.at),
            german_day(deal.closed) if deal.closed is not None else None,
            deal.reason,
            person(seed, deal.number).adviser,
        )


def _activities(seed: int, activities: Sequence[Activity]) -> Iterator[tuple[object, ...]]:
    for place, activity in enumerate(activities, 1):
        draw = Draw(seed, Stream.ACTIVITY, activity.number, activity.index)
        call = activity.kind is ActivityKind.CALL
        yield (
            f"A-{place:07d}",
            activity.kind.value,
            crm_id(activity.number),
            f"{local(activity.at):%Y-%m-%d %H:%M:%S}",
            draw.between(40, 200) + draw.skewed(0, 1600) if call else draw.between(240, 900) + draw.skewed(0, 4500),
            "out" if call and draw.chance(0.3) else "in",
            "hotline" if call else "branch",
            activity.topic,
            draw.pick(ADVISERS),
            draw.weighted(_OUTCOMES) if call else "done",
        )


def _comma(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}{whole},{part:02d}"
