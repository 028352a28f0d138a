"""The deals of the two departments that sell, each as its own CRM saves them.

mortgages/deals.csv: as mortgages/customers.csv. deposits/deals.csv: as deposits/customers.csv. Amounts have a decimal
comma, days are dd.mm.yyyy.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

from crmcx.demo import words
from crmcx.demo.departments import GERMAN_FORM, MARKED_FORM
from crmcx.demo.files import CsvForm, spoiled, with_broken, write_csv
from crmcx.demo.period import german_day
from crmcx.demo.records import System, record_id
from crmcx.demo.sales import PRODUCTS, Deal, Status
from crmcx.demo.truth import DealTruth, FileTruth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

DEALS_COLUMNS = (
    "DealNr",  # M-000001; a whole number at deposits
    "Kunde",  # the department's own number
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
"""Columns of both files."""
_PRODUCT = {"mortgage": "Baufinanzierung", "account": "Girokonto", "credit_card": "Kreditkarte"}


def _broken(number: str, customer: str) -> tuple[tuple[object, ...], ...]:
    good = (
        *(number, customer, "Angebot", "account", "Vertrag", "gewonnen", "120,00", "EUR", "web"),
        *("03.02.2025", "07.02.2025", "", "T. Czerny"),
    )
    changes = (("DealNr", ""), ("Betrag", "auf Anfrage"), ("Eröffnet", "30.02.2025"))
    return spoiled(DEALS_COLUMNS, good, *changes)


@frozen(kw_only=True)
class Book:
    """A department's file of deals."""

    system: System
    """Which department."""
    numbers: str
    """The form of its deal numbers."""
    name: str
    """Path within the folder."""
    form: CsvForm
    """What the file looks like."""
    products: tuple[str, ...]
    """What it sells."""
    broken: tuple[tuple[object, ...], ...]
    """Rows that nobody can read."""


MORTGAGES_BOOK = Book(
    system=System.MORTGAGES,
    numbers="M-{:06d}",
    name="mortgages/deals.csv",
    form=GERMAN_FORM,
    products=("mortgage",),
    broken=_broken("M-900001", "H-99999991"),
)
"""The mortgages department's."""
DEPOSITS_BOOK = Book(
    system=System.DEPOSITS,
    numbers="7{:07d}",
    name="deposits/deals.csv",
    form=MARKED_FORM,
    products=("account", "credit_card"),
    broken=_broken("79000001", "49999991"),
)
"""The deposits department's."""


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
            for product in PRODUCTS
        )


def deal_numbers(deals: Sequence[Deal]) -> dict[tuple[int, int], tuple[str, str]]:
    """Person and index of a deal to the department that keeps it and its number there."""
    return {
        (deal.number, deal.index): (book.system.name.lower(), number)
        for book in (MORTGAGES_BOOK, DEPOSITS_BOOK)
        for number, deal in _numbered(deals, book)
    }


def write_deals(folder: Path, deals: Sequence[Deal], book: Book, tally: DealTally) -> FileTruth:
    """Write a department's file of deals, one row per deal in the order of time."""
    rows = with_broken(_rows(deals, book, tally), book.broken)
    written = write_csv(folder / book.name, book.form, DEALS_COLUMNS, rows)
    return FileTruth(name=book.name, records=written, broken=len(book.broken))


def _numbered(deals: Sequence[Deal], book: Book) -> Iterator[tuple[str, Deal]]:
    """The deals of a department with their numbers."""
    kept = (deal for deal in deals if deal.product in book.products)
    return ((book.numbers.format(place), deal) for place, deal in enumerate(kept, 1))


def _rows(deals: Sequence[Deal], book: Book, tally: DealTally) -> Iterator[tuple[object, ...]]:
    for number, deal in _numbered(deals, book):
        tally.by_status[deal.product, deal.status] += 1
        if deal.status is Status.WON:
            tally.won_cents[deal.product] += deal.cents
        whole, part = divmod(deal.cents, 100)
        yield (
            number,
            record_id(book.system, deal.number),
            _PRODUCT[deal.product],
            deal.product,
            deal.phase.value,
            deal.status.value,
            f"{whole},{part:02d}",
            "EUR",
            deal.origin,
            german_day(deal.at),
            german_day(deal.closed) if deal.closed is not None else None,
            deal.reason,
            words.ADVISERS[deal.number % len(words.ADVISERS)],
        )
