"""Who works at the bank, as each system lists its users: the six advisers in four systems, the agents of the help desk.

mortgages/staff.csv, deposits/staff.csv: as the customers of the department. service_centre/staff.csv,
branches/staff.csv: comma, UTF-8. help_desk/agents.jsonl.gz: one object per agent, and one for the bot: id (whole
number), name, email (or null), group, role, active. Only the mailbox is the same everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from crmcx.demo.conversations import AGENTS, BOT
from crmcx.demo.departments import GERMAN_FORM, MARKED_FORM, PLAIN_FORM
from crmcx.demo.files import CsvForm, spoiled, with_broken, write_csv, write_json_lines
from crmcx.demo.truth import FileTruth
from crmcx.demo.words import ADVISERS, FAMILY, GIVEN

if TYPE_CHECKING:
    from pathlib import Path

AGENTS_FILE = "help_desk/agents.jsonl.gz"
GERMAN_COLUMNS = ("Kürzel", "E-Mail", "Team", "Rolle", "Aktiv")
"""Columns of mortgages/staff.csv and deposits/staff.csv; the last is ja or nein."""
ENGLISH_COLUMNS = ("employee", "email", "team", "role", "active")
"""Columns of service_centre/staff.csv and branches/staff.csv; the last is yes or no."""
TEAMS = ("mortgages", "deposits", "service_centre")
"""Codes of the bank's teams."""


@frozen(kw_only=True)
class StaffList:
    """A system's list of its users."""

    name: str
    """Path within the folder."""
    form: CsvForm
    """What the file looks like."""
    columns: tuple[str, ...]
    """Its header."""
    role: str
    """What an adviser is called there."""
    active: str
    """The word for somebody who works there."""

    @property
    def broken(self) -> tuple[tuple[object, ...], ...]:
        """Rows that nobody can read."""
        good = ("X. Ypsilon", "x.ypsilon@bank.example", "deposits", self.role, self.active)
        code, *_, active = self.columns
        return spoiled(self.columns, good, (code, ""), (active, "?"), (active, "2024"))


MORTGAGES_STAFF = StaffList(
    name="mortgages/staff.csv", form=GERMAN_FORM, columns=GERMAN_COLUMNS, role="Betreuung", active="ja"
)
"""The mortgages department's."""
DEPOSITS_STAFF = StaffList(
    name="deposits/staff.csv", form=MARKED_FORM, columns=GERMAN_COLUMNS, role="Betreuung", active="ja"
)
"""The deposits department's."""
SERVICE_STAFF = StaffList(
    name="service_centre/staff.csv", form=PLAIN_FORM, columns=ENGLISH_COLUMNS, role="adviser", active="yes"
)
"""The service centre's."""
BRANCHES_STAFF = StaffList(
    name="branches/staff.csv", form=PLAIN_FORM, columns=ENGLISH_COLUMNS, role="adviser", active="yes"
)
"""That of the terminals in the branches."""


def write_staff(folder: Path, staff: StaffList) -> FileTruth:
    """Write a system's list of its users."""
    rows = (
        (name, _mailbox(name), TEAMS[place % len(TEAMS)], staff.role, staff.active)
        for place, name in enumerate(ADVISERS)
    )
    written = write_csv(folder / staff.name, staff.form, staff.columns, with_broken(rows, staff.broken))
    return FileTruth(name=staff.name, records=written, broken=len(staff.broken))


def write_agents(folder: Path) -> FileTruth:
    """Write help_desk/agents.jsonl.gz."""
    good = _agent(AGENTS[0])
    broken = ({**good, "id": None}, {**good, "id": 91, "active": "?"}, {**good, "id": 92, "active": "once"})
    bot = {"id": BOT, "name": "Bot", "email": None, "group": "service_centre", "role": "bot", "active": True}
    first, last = AGENTS
    users = (bot, *map(_agent, range(first, last + 1)))
    written = write_json_lines(folder / AGENTS_FILE, with_broken(users, broken))
    return FileTruth(name=AGENTS_FILE, records=written, broken=len(broken))


def _agent(number: int) -> dict[str, object]:
    given, family = GIVEN["de"][-number], FAMILY["de"][-number]
    return {
        "id": number,
        "name": f"{given} {family}",
        "email": _mailbox(f"{given[0]}. {family}"),
        "group": TEAMS[number % len(TEAMS)],
        "role": "agent",
        "active": True,
    }


_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "ë": "e", "'": None, " ": None})


def _mailbox(name: str) -> str:
    return f"{name.lower().translate(_PLAIN)}@bank.example"
