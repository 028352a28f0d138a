"""The deposits department's ledger of consents to marketing: what was said when an account was opened, and taken back.

deposits/consents.csv: as deposits/customers.csv; times are dd.mm.yyyy hh:mm on the wall clock of Europe/Berlin. Later
entries stand beside earlier ones.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

from crmcx.demo import period
from crmcx.demo.contact_truth import ConsentTruth
from crmcx.demo.departments import MARKED_FORM
from crmcx.demo.draw import Draw, Stream
from crmcx.demo.files import spoiled, with_broken, write_csv
from crmcx.demo.people import person
from crmcx.demo.records import System, made_on, record_id
from crmcx.demo.truth import FileTruth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from crmcx.demo.stages import Relation

CONSENTS = "deposits/consents.csv"
CONSENTS_COLUMNS = (
    "KundenID",  # of deposits/customers.csv
    "Zweck",  # Werbung
    "Kanal",  # E-Mail, Telefon
    "Status",  # erteilt, verweigert, widerrufen
    "Bestätigt",  # ja, nein: whether a second time, by a link in a mail; empty for what needs no link
    "Beleg",  # the form it stands on
    "Am",  # dd.mm.yyyy hh:mm, Europe/Berlin
)
"""Columns of deposits/consents.csv."""
_GRANTED = {"E-Mail": 0.6, "Telefon": 0.2}
_WITHDRAWN = 0.18
_CONFIRMED = 0.93
_OFFICE_HOURS = (9 * 3600, 17 * 3600)
_BROKEN = spoiled(
    CONSENTS_COLUMNS,
    ("49999991", "Werbung", "E-Mail", "erteilt", "ja", "Kontoantrag de", "05.03.2024 10:00"),
    ("KundenID", ""),
    ("Status", "vielleicht"),
    ("Am", "05.13.2024 10:00"),
)


@frozen(kw_only=True)
class Said:
    """What a customer said about marketing over one channel."""

    channel: str
    """The channel, in the department's words."""
    at: int
    """Instant at which she was asked."""
    granted: bool
    """Whether she said yes."""
    confirmed: bool
    """Whether she said it a second time, by a link in a mail."""
    withdrawn: int | None
    """Instant at which she took it back."""

    def stands(self, at: int) -> bool:
        """Whether she may be written to at an instant."""
        return self.granted and self.at <= at and (self.withdrawn is None or at < self.withdrawn)


@define
class ConsentTally:
    """Counts over the ledger."""

    by_channel: Counter[tuple[str, str]] = Factory(Counter)

    def truth(self) -> tuple[ConsentTruth, ...]:
        """The figures of each channel, in the model's words."""
        return tuple(
            ConsentTruth(
                channel=name,
                granted=self.by_channel[channel, "erteilt"],
                denied=self.by_channel[channel, "verweigert"],
                withdrawn=self.by_channel[channel, "widerrufen"],
            )
            for channel, name in (("E-Mail", "email"), ("Telefon", "phone"))
        )


def consents(seed: int, number: int, relation: Relation) -> tuple[Said, ...]:
    """What somebody said about marketing when the deposits department made her record; nothing when it has none."""
    day = made_on(person(seed, number), System.DEPOSITS)
    if day is None or day >= relation.last_day:
        return ()
    draw = Draw(seed, Stream.CONSENT, number)
    at = period.at(day, draw.between(*_OFFICE_HOURS))
    found = []
    for channel, share in _GRANTED.items():
        granted, confirmed, regrets = draw.chance(share), draw.chance(_CONFIRMED), draw.chance(_WITHDRAWN)
        later, second = max(0, day) + draw.between(1, 900), draw.between(*_OFFICE_HOURS)
        withdrawn = period.at(later, second) if granted and regrets and later < relation.last_day else None
        found.append(Said(channel=channel, at=at, granted=granted, confirmed=confirmed, withdrawn=withdrawn))
    return tuple(found)


def write_consents(
    folder: Path, seed: int, relations: Sequence[Relation], unsubscribed: Mapping[int, int], tally: ConsentTally
) -> FileTruth:
    """Write deposits/consents.csv, person by person.

    Args:
        folder: Where the exports go.
        seed: The bank's seed.
        relations: What became of each person and the bank.
        unsubscribed: Person to the instant at which she left the mailing list; it stands in the ledger as well.
        tally: Where the people are counted.
    """
    rows = with_broken(_rows(seed, relations, unsubscribed, tally), _BROKEN)
    written = write_csv(folder / CONSENTS, MARKED_FORM, CONSENTS_COLUMNS, rows)
    return FileTruth(name=CONSENTS, records=written, broken=len(_BROKEN))


def _rows(
    seed: int, relations: Sequence[Relation], unsubscribed: Mapping[int, int], tally: ConsentTally
) -> Iterator[tuple[object, ...]]:
    for number, relation in enumerate(relations):
        customer, form = record_id(System.DEPOSITS, number), f"Kontoantrag {person(seed, number).language}"
        for said in consents(seed, number, relation):
            mail = said.channel == "E-Mail"
            ended, proof = said.withdrawn, "Schreiben"
            if mail and number in unsubscribed:
                ended, proof = unsubscribed[number], "Abmeldelink"
            first = "erteilt" if said.granted else "verweigert"
            confirmed = ("nein", "ja")[said.confirmed] if mail and said.granted else ""
            tally.by_channel[said.channel, first if ended is None else "widerrufen"] += 1
            yield customer, "Werbung", said.channel, first, confirmed, form, _wall(said.at)
            if ended is not None:
                yield customer, "Werbung", said.channel, "widerrufen", "", proof, _wall(ended)


def _wall(instant: int) -> str:
    return f"{period.local(instant):%d.%m.%Y %H:%M}"
