"""Whom the bank's survey platform asks, and what became of it; comma, UTF-8, ISO 8601 with the offset of Europe/Berlin.

survey/contacts.csv: everybody who was ever asked. survey/invitations.csv: every mail that asks, in the order of time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, define

from crmcx.demo import period
from crmcx.demo.contact_truth import InvitationTruth
from crmcx.demo.departments import PLAIN_FORM
from crmcx.demo.files import spoiled, with_broken, write_csv
from crmcx.demo.people import person
from crmcx.demo.records import System, record_id, seen
from crmcx.demo.survey import said
from crmcx.demo.truth import FileTruth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crmcx.demo.plan import Invitation

CONTACTS = "survey/contacts.csv"
CONTACTS_COLUMNS = (
    "Contact ID",  # C-0000001, this platform's own
    "First Name",
    "Last Name",
    "Email",
    "External Reference",  # account number, of few
    "Language",  # de, en
    "Added",  # ISO 8601
)
"""Columns of survey/contacts.csv."""
INVITATIONS = "survey/invitations.csv"
INVITATIONS_COLUMNS = (
    "Invitation ID",  # I-0000001
    "Contact ID",  # of survey/contacts.csv
    "Survey",  # relationship
    "Touchpoint",  # what it asks about
    "Sent",  # ISO 8601
    "Reminders",  # whole number
    "Status",  # Sent, Bounced, Opened, Started, Completed
    "Completed",  # ISO 8601, only when completed and not anonymous
)
"""Columns of survey/invitations.csv."""
SURVEY = "relationship"
"""Code of the bank's only instrument."""
CONTACTS_BROKEN = spoiled(
    CONTACTS_COLUMNS,
    ("C-9999991", "Ina", "Musterlich", "", "", "de", "2024-03-05T10:00:00+01:00"),
    ("Contact ID", ""),
    ("Language", "de/en"),
    ("Added", "2024-03-05T25:00:00+01:00"),
)
"""The contacts that nobody can read."""
INVITATIONS_BROKEN = spoiled(
    INVITATIONS_COLUMNS,
    ("I-9000001", "C-9999991", SURVEY, "help", "2024-03-05T10:00:00+01:00", 0, "Sent", ""),
    ("Invitation ID", ""),
    ("Status", "Lost"),
    ("Sent", "soon"),
)
"""The invitations that nobody can read."""


@define
class _Tally:
    sent: int = 0
    bounced: int = 0
    answered: int = 0
    completed: int = 0


@define
class InvitationTally:
    """Counts over the invitations, by touchpoint."""

    by_touchpoint: dict[str, _Tally] = Factory(dict)

    def add(self, touchpoint: str, status: str) -> None:
        """Count one invitation."""
        tally = self.by_touchpoint.setdefault(touchpoint, _Tally())
        tally.sent += 1
        tally.bounced += status == "Bounced"
        tally.answered += status in {"Started", "Completed"}
        tally.completed += status == "Completed"

    def truth(self) -> tuple[InvitationTruth, ...]:
        """The figures of each touchpoint."""
        return tuple(
            InvitationTruth(
                touchpoint=touchpoint,
                sent=tally.sent,
                bounced=tally.bounced,
                answered=tally.answered,
                completed=tally.completed,
            )
            for touchpoint, tally in sorted(self.by_touchpoint.items())
        )


def invitation_ids(invitations: Sequence[Invitation]) -> dict[tuple[int, int], str]:
    """Person and index of a response to the id of the invitation that it follows."""
    return {
        (each.number, each.response.index): f"I-{place:07d}"
        for place, each in enumerate(invitations, 1)
        if each.response is not None
    }


def write_contacts(folder: Path, seed: int, invitations: Sequence[Invitation], who: dict[str, int]) -> FileTruth:
    """Write survey/contacts.csv; `who` takes, for each contact, whose it is."""
    rows = with_broken(_contacts(seed, invitations, who), CONTACTS_BROKEN)
    written = write_csv(folder / CONTACTS, PLAIN_FORM, CONTACTS_COLUMNS, rows)
    return FileTruth(name=CONTACTS, records=written, broken=len(CONTACTS_BROKEN))


def write_invitations(folder: Path, seed: int, invitations: Sequence[Invitation], tally: InvitationTally) -> FileTruth:
    """Write survey/invitations.csv."""
    rows = with_broken(_invitations(seed, invitations, tally), INVITATIONS_BROKEN)
    written = write_csv(folder / INVITATIONS, PLAIN_FORM, INVITATIONS_COLUMNS, rows)
    return FileTruth(name=INVITATIONS, records=written, broken=len(INVITATIONS_BROKEN))


def _contacts(seed: int, invitations: Sequence[Invitation], who: dict[str, int]) -> Iterator[tuple[object, ...]]:
    first: dict[int, int] = {}
    for invitation in invitations:
        first.setdefault(invitation.number, invitation.at)
    for number, added in sorted(first.items(), key=lambda each: record_id(System.SURVEY, each[0])):
        them = person(seed, number)
        contact = seen(seed, them, System.SURVEY)
        who[f"{System.SURVEY.source}/{contact.id}"] = number
        yield (
            contact.id,
            contact.given,
            contact.family,
            contact.email,
            contact.account,
            them.language,
            period.local(added).isoformat(),
        )


def _invitations(seed: int, invitations: Sequence[Invitation], tally: InvitationTally) -> Iterator[tuple[object, ...]]:
    for place, invitation in enumerate(invitations, 1):
        status, completed = invitation.fate.capitalize(), ""
        if invitation.response is not None:
            answered = said(seed, invitation.response)
            status = "Started" if answered.partial else "Completed"
            if not answered.partial and not answered.anonymous:
                completed = period.local(invitation.response.at).isoformat()
        tally.add(invitation.touchpoint, status)
        yield (
            f"I-{place:07d}",
            record_id(System.SURVEY, invitation.number),
            SURVEY,
            invitation.touchpoint,
            period.local(invitation.at).isoformat(),
            invitation.reminders,
            status,
            completed,
        )
