"""What customers hold of the bank: one row per contract, as the two departments that sell keep them.

mortgages/contracts.csv: as mortgages/customers.csv. deposits/contracts.csv: as deposits/customers.csv. Days are
dd.mm.yyyy, the end is the first day on which the contract no longer holds.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

from crmcx.demo import period
from crmcx.demo.contact_truth import ContractTruth
from crmcx.demo.departments import GERMAN_FORM, MARKED_FORM
from crmcx.demo.files import CsvForm, spoiled, with_broken, write_csv
from crmcx.demo.records import System, account_number, loan_number, record_id
from crmcx.demo.sales import PRODUCTS, Status
from crmcx.demo.truth import FileTruth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crmcx.demo.stages import Relation

_RUNS, _CANCELLED, _ENDED = "läuft", "gekündigt", "beendet"
CONTRACT_STATUSES = (_RUNS, _CANCELLED, _ENDED)
"""Where a contract stands: it goes on, notice was given, it ended."""
_COLUMNS = ("Vertrag", "Produkt", "Status", "Beginn", "Gekündigt am", "Ende")


@frozen(kw_only=True)
class Contract:
    """Something that somebody holds of the bank."""

    number: int
    """Position of the person."""
    index: int
    """Tells her contracts of a department apart."""
    product: str
    """What it is."""
    begins: int
    """Its first day; negative before the exports."""
    notice: int | None
    """Day on which notice was given."""
    ends: int | None
    """First day on which it no longer holds."""

    @property
    def status(self) -> str:
        """Where it stands at the end of the exports."""
        return _ENDED if self.ends is not None else _CANCELLED if self.notice is not None else _RUNS


@frozen(kw_only=True)
class Shelf:
    """A department's file of contracts."""

    system: System
    """Which department."""
    line: str
    """The product line it sells."""
    name: str
    """Path within the folder."""
    form: CsvForm
    """What the file looks like."""
    customer: str
    """Name of the column of the customer."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Its header."""
        return (_COLUMNS[0], self.customer, *_COLUMNS[1:])

    @property
    def broken(self) -> tuple[tuple[object, ...], ...]:
        """Rows that nobody can read."""
        good = ("9999-01", f"{record_id(self.system, 0)[0]}-99999991", self.line, _RUNS, "03.02.2025", "", "")
        return spoiled(self.columns, good, ("Vertrag", ""), ("Status", "ruht vielleicht"), ("Beginn", "30.02.2025"))


MORTGAGES_CONTRACTS = Shelf(
    system=System.MORTGAGES,
    line="mortgage",
    name="mortgages/contracts.csv",
    form=GERMAN_FORM,
    customer="Kundennr",
)
"""The mortgages department's; the number of a contract is that of the loan."""
DEPOSITS_CONTRACTS = Shelf(
    system=System.DEPOSITS,
    line="account",
    name="deposits/contracts.csv",
    form=MARKED_FORM,
    customer="KundenID",
)
"""The deposits department's; the number of a contract begins with that of the account."""


@define
class ContractTally:
    """Counts over the contracts."""

    by_status: Counter[tuple[str, str]] = Factory(Counter)

    def truth(self) -> tuple[ContractTruth, ...]:
        """The figures of each product."""
        return tuple(
            ContractTruth(
                product=product,
                running=self.by_status[product, _RUNS],
                cancelled=self.by_status[product, _CANCELLED],
                ended=self.by_status[product, _ENDED],
            )
            for product in PRODUCTS
        )


def contracts(number: int, relation: Relation, line: str) -> list[Contract]:
    """The contracts of somebody in a product line: the first one, then one for every deal that brought another.

    Who finances anew keeps her mortgage; a further account or a credit card is a contract of its own.
    """
    first = next((step.day for step in relation.steps if step.line == line and step.stage == "existing"), None)
    if first is None:
        return []
    won = [
        (period.day_of(period.local(deal.closed).date()) + 1, deal.product)
        for deal in relation.deals
        if line != "mortgage" and deal.product != "mortgage" and deal.status is Status.WON and deal.closed is not None
    ]
    # Who was no customer when the exports begin came by the first of these deals.
    begins = [(first, line), *(won if first < 0 else won[1:])]
    last = period.DAYS if relation.notice is None else relation.notice
    ends = relation.last_day if relation.left else None
    return [
        Contract(number=number, index=index, product=product, begins=day, notice=relation.notice, ends=ends)
        for index, (day, product) in enumerate((each for each in begins if each[0] < last), 1)
    ]


def write_contracts(folder: Path, relations: Sequence[Relation], shelf: Shelf, tally: ContractTally) -> FileTruth:
    """Write a department's file of contracts, person by person."""
    rows = with_broken(_rows(relations, shelf, tally), shelf.broken)
    written = write_csv(folder / shelf.name, shelf.form, shelf.columns, rows)
    return FileTruth(name=shelf.name, records=written, broken=len(shelf.broken))


def _rows(relations: Sequence[Relation], shelf: Shelf, tally: ContractTally) -> Iterator[tuple[object, ...]]:
    for number, relation in enumerate(relations):
        for contract in contracts(number, relation, shelf.line):
            tally.by_status[contract.product, contract.status] += 1
            own = loan_number(number) if shelf.line == "mortgage" else f"{account_number(number)}-{contract.index:02d}"
            yield (
                own,
                record_id(shelf.system, number),
                contract.product,
                contract.status,
                _german(contract.begins),
                _german(contract.notice),
                _german(contract.ends),
            )


def _german(day: int | None) -> str:
    return "" if day is None else f"{period.date_of(day):%d.%m.%Y}"
