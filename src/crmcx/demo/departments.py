"""The customers of the three departments, each from a CRM of its own, with ids of its own.

mortgages/customers.csv: semicolon, cp1252, Windows line ends, dd.mm.yyyy hh:mm on the wall clock of Europe/Berlin.
deposits/customers.csv: semicolon, UTF-8 with a byte order mark, Windows line ends, dd.mm.yyyy.
service_centre/contacts.csv: comma, UTF-8, ISO 8601 times with the offset of Europe/Berlin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from crmcx.demo import words
from crmcx.demo.files import CsvForm, spoiled, with_broken, write_csv
from crmcx.demo.people import Person, person
from crmcx.demo.period import german_day, local
from crmcx.demo.records import Seen, System, has_duplicate, made_on, record_id, seen
from crmcx.demo.truth import FileTruth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from crmcx.demo.stages import Relation

_LANGUAGE = {"de": "Deutsch", "en": "Englisch"}
GERMAN_FORM = CsvForm(delimiter=";", encoding="cp1252", line_end="\r\n")
"""How the mortgages department saves its exports."""
MARKED_FORM = CsvForm(delimiter=";", encoding="utf-8-sig", line_end="\r\n")
"""How the deposits department saves its exports."""
PLAIN_FORM = CsvForm(delimiter=",", encoding="utf-8")
"""How the service centre's software writes its exports."""

MORTGAGES_COLUMNS = (
    "Kundennr",  # H-0000001, this department's own
    "Darlehensnummer",  # loan number
    "Vorname",
    "Nachname",
    "E-Mail",
    "Telefon",
    "Anschrift",  # street, postcode and town; may hold the delimiter, then quoted
    "Sprache",  # Deutsch, Englisch
    "Geburtsjahr",
    "Angelegt am",  # dd.mm.yyyy hh:mm, Europe/Berlin
    "Betreuer",
)
"""Columns of mortgages/customers.csv; every one but id, language and date may be empty."""
DEPOSITS_COLUMNS = (
    "KundenID",  # a whole number, this department's own; also the login of the website
    "Kontonummer",  # account number
    "Darlehen",  # loan number, when somebody asked
    "Vorname",
    "Nachname",
    "Mail",
    "Tel",
    "Adresse",
    "Jahrgang",
    "Sprache",  # de, en
    "Kunde seit",  # dd.mm.yyyy
)
"""Columns of deposits/customers.csv."""
SERVICE_COLUMNS = (
    "contact_id",  # S-0000001, this department's own
    "first_name",
    "last_name",
    "email",
    "phone",
    "address",
    "birth_year",
    "loan_no",  # as the caller said it
    "account_no",  # as the caller said it
    "language",  # de, en
    "created",  # ISO 8601
)
"""Columns of service_centre/contacts.csv."""


@frozen(kw_only=True)
class Department:
    """A department's file of customers."""

    system: System
    """Which department."""
    name: str
    """Path within the folder."""
    form: CsvForm
    """What the file looks like."""
    columns: tuple[str, ...]
    """Its header."""
    row: Callable[[Seen, Person], tuple[object, ...]]
    """How a record is written."""
    broken: tuple[tuple[object, ...], ...]
    """Rows that nobody can read."""


def _mortgages(record: Seen, who: Person) -> tuple[object, ...]:
    return (
        record.id,
        record.loan,
        record.given,
        record.family,
        record.email,
        record.phone,
        record.address,
        _LANGUAGE[who.language],
        record.birth_year,
        f"{local(record.created):%d.%m.%Y %H:%M}",
        words.ADVISERS[who.number % len(words.ADVISERS)],
    )


def _deposits(record: Seen, who: Person) -> tuple[object, ...]:
    return (
        record.id,
        record.account,
        record.loan,
        record.given,
        record.family,
        record.email,
        record.phone,
        record.address,
        record.birth_year,
        who.language,
        german_day(record.created),
    )


def _service(record: Seen, who: Person) -> tuple[object, ...]:
    return (
        record.id,
        record.given,
        record.family,
        record.email,
        record.phone,
        record.address,
        record.birth_year,
        record.loan,
        record.account,
        who.language,
        local(record.created).isoformat(),
    )


MORTGAGES = Department(
    system=System.MORTGAGES,
    name="mortgages/customers.csv",
    form=GERMAN_FORM,
    columns=MORTGAGES_COLUMNS,
    row=_mortgages,
    broken=spoiled(
        MORTGAGES_COLUMNS,
        (
            *("H-99999991", "", "Ina", "Musterlich", "", "", "Postplatz 1, 10999 Neu Birkental"),
            *("Deutsch", "1970", "02.03.2019 10:15", "T. Czerny"),
        ),
        ("Kundennr", ""),
        ("Geburtsjahr", "unbekannt"),
        ("Angelegt am", "31.02.2019 10:15"),
    ),
)
"""The mortgages department."""
DEPOSITS = Department(
    system=System.DEPOSITS,
    name="deposits/customers.csv",
    form=MARKED_FORM,
    columns=DEPOSITS_COLUMNS,
    row=_deposits,
    broken=spoiled(
        DEPOSITS_COLUMNS,
        ("49999991", "", "", "Ina", "Musterlich", "", "", "", "1970", "de", "02.03.2019"),
        ("KundenID", ""),
        ("Jahrgang", "70er"),
        ("Kunde seit", "31.02.2019"),
    ),
)
"""The deposits department."""
SERVICE_CENTRE = Department(
    system=System.SERVICE_CENTRE,
    name="service_centre/contacts.csv",
    form=PLAIN_FORM,
    columns=SERVICE_COLUMNS,
    row=_service,
    broken=spoiled(
        SERVICE_COLUMNS,
        ("S-99999991", "Ina", "Musterlich", "", "", "", "1970", "", "", "de", "2019-03-02T10:15:00+01:00"),
        ("contact_id", ""),
        ("birth_year", "n/a"),
        ("created", "2019-02-31T10:15:00+01:00"),
    ),
)
"""The service centre."""


def write_customers(
    folder: Path, seed: int, relations: Sequence[Relation], department: Department, who: dict[str, int]
) -> FileTruth:
    """Write a department's file of customers, in the order of their ids.

    Args:
        folder: Where the exports go.
        seed: The bank's seed.
        relations: What became of each person and the bank; whoever has left by then, no department takes up anew.
        department: Which department.
        who: Takes, for each record, whose it is.
    """
    rows = with_broken(_rows(seed, relations, department, who), department.broken)
    written = write_csv(folder / department.name, department.form, department.columns, rows)
    return FileTruth(name=department.name, records=written, broken=len(department.broken))


def _rows(
    seed: int, relations: Sequence[Relation], department: Department, who: dict[str, int]
) -> Iterator[tuple[object, ...]]:
    system = department.system
    known = (
        (number, copy)
        for number, relation in enumerate(relations)
        for day in (made_on(person(seed, number), system),)
        if day is not None and day < relation.last_day
        for copy in range(1 + has_duplicate(seed, number, system))
    )
    for _, number, copy in sorted((record_id(system, *each), *each) for each in known):
        them = person(seed, number)
        record = seen(seed, them, system, copy)
        who[f"{system.source}/{record.id}"] = number
        yield department.row(record, them)
