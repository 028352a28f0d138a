"""The lifecycle of customers as two departments keep it: one row per step, some of them written down late.

mortgages/stages.csv: as mortgages/customers.csv. deposits/stages.csv: as deposits/customers.csv. Days are dd.mm.yyyy.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import frozen

from crmcx.demo.departments import GERMAN_FORM, MARKED_FORM
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.files import CsvForm, spoiled, with_broken, write_csv
from crmcx.demo.period import DAYS, date_of
from crmcx.demo.records import System, record_id
from crmcx.demo.truth import FileTruth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from crmcx.demo.stages import Relation

_LATE = 0.08
_LATEST = 60


@frozen(kw_only=True)
class History:
    """A department's file of stages."""

    system: System
    """Which department."""
    line: str
    """The product line it sells."""
    name: str
    """Path within the folder."""
    form: CsvForm
    """What the file looks like."""
    columns: tuple[str, ...]
    """Customer, product line, stage, since when, when it was written down."""
    stages: Mapping[str, str]
    """The department's own words to the model's stages."""
    broken: tuple[tuple[object, ...], ...]
    """Rows that nobody can read."""


_MORTGAGES = ("Kundennr", "Sparte", "Phase", "Seit", "Erfasst am")
_DEPOSITS = ("KundenID", "Produktlinie", "Status", "Gültig ab", "Gebucht am")
MORTGAGES_HISTORY = History(
    system=System.MORTGAGES,
    line="mortgage",
    name="mortgages/stages.csv",
    form=GERMAN_FORM,
    columns=_MORTGAGES,
    stages=MappingProxyType(
        {
            "Aufmerksam": "awareness",
            "Beratung": "consideration",
            "Abschluss": "purchase",
            "Bestand": "existing",
            "Gekündigt": "exiting",
            "Anschlussfinanzierung": "repurchase",
            "Ehemalig": "former",
        }
    ),
    broken=spoiled(
        _MORTGAGES,
        ("H-99999991", "mortgage", "Bestand", "02.03.2024", "02.03.2024"),
        ("Kundennr", ""),
        ("Phase", "Schwebend"),
        ("Seit", "30.02.2024"),
    ),
)
"""The mortgages department's."""
DEPOSITS_HISTORY = History(
    system=System.DEPOSITS,
    line="account",
    name="deposits/stages.csv",
    form=MARKED_FORM,
    columns=_DEPOSITS,
    stages=MappingProxyType(
        {
            "Kontakt": "awareness",
            "Angebot": "consideration",
            "Eröffnung": "purchase",
            "Kunde": "existing",
            "Kündigung läuft": "exiting",
            "Zusatzprodukt": "repurchase",
            "Geschlossen": "former",
        }
    ),
    broken=spoiled(
        _DEPOSITS,
        ("49999991", "account", "Kunde", "02.03.2024", "02.03.2024"),
        ("KundenID", ""),
        ("Status", "?"),
        ("Gebucht am", "gestern"),
    ),
)
"""The deposits department's."""


def write_history(folder: Path, seed: int, relations: Sequence[Relation], history: History) -> FileTruth:
    """Write a department's file of stages, person by person."""
    rows = with_broken(_rows(seed, relations, history), history.broken)
    written = write_csv(folder / history.name, history.form, history.columns, rows)
    return FileTruth(name=history.name, records=written, broken=len(history.broken))


def _rows(seed: int, relations: Sequence[Relation], history: History) -> Iterator[tuple[object, ...]]:
    said = {stage: word for word, stage in history.stages.items()}
    for number, relation in enumerate(relations):
        steps = [step for step in relation.steps if step.line == history.line]
        if not steps:
            continue
        draw = Draw(seed, Stream.STEP, number, history.system)
        customer = record_id(history.system, number)
        for step in steps:
            late, days = draw.chance(_LATE), draw.between(3, _LATEST)
            # What was written down after the export was made would not be in it.
            known = max(step.day, min(step.day + days, DAYS - 1)) if late else step.day
            yield customer, step.line, said[step.stage], _german(step.day), _german(known)


def _german(day: int) -> str:
    return f"{date_of(day):%d.%m.%Y}"
