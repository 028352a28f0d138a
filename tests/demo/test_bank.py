"""The exports as a whole: the same every time, in the promised formats, with what the truth says in them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from attrs import fields

from crmcx.demo import Exports, write_exports
from crmcx.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Read = Callable[[Path], list[dict[str, Any]]]

NAMES = (
    "branches/staff.csv",
    "branches/visits.csv",
    "deposits/consents.csv",
    "deposits/contracts.csv",
    "deposits/customers.csv",
    "deposits/deals.csv",
    "deposits/staff.csv",
    "deposits/stages.csv",
    "help_desk/agents.jsonl.gz",
    "help_desk/comments.jsonl.gz",
    "help_desk/tickets.jsonl.gz",
    "mailings/touches.csv",
    "mortgages/contracts.csv",
    "mortgages/customers.csv",
    "mortgages/deals.csv",
    "mortgages/staff.csv",
    "mortgages/stages.csv",
    "service_centre/calls.csv",
    "service_centre/contacts.csv",
    "service_centre/staff.csv",
    "survey/contacts.csv",
    "survey/invitations.csv",
    "survey/responses_de.csv",
    "survey/responses_en.csv",
    "survey/touchpoints.csv",
    "web/events.csv.gz",
)
TRUTH = tuple(
    f"truth/{name}.csv"
    for name in (
        *("campaign", "consents", "contracts", "initiative", "invitations", "pain_point", "stages", "who_is_who"),
    )
)
STAFF = {name for name in NAMES if name.endswith(("staff.csv", "agents.jsonl.gz"))}
ALWAYS_THE_SAME = {"survey/touchpoints.csv", "truth/initiative.csv", *STAFF}
ELSEWHERE = """
import hashlib, sys
from pathlib import Path
from crmcx.demo import write_exports
write_exports(Path(sys.argv[1]), customers=30, seed=3)
print([name for name in sys.modules if name.split(".")[0] in sys.argv[2].split(",")])
"""
NOT_LOADED = "pytest,hypothesis,_pytest,numpy,duckdb,polars,pandas,pyarrow,narwhals,pydantic,httpx"


def digests(folder: Path) -> dict[str, str]:
    """Hash of each file of a folder by its path within."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = write_exports(tmp_path / "a", customers=40, seed=3)
    second = write_exports(tmp_path / "b", customers=40, seed=3)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert set(digests(tmp_path / "a")) == {*NAMES, *TRUTH}
    assert first.truth == second.truth


def test_another_seed_gives_another_bank(tmp_path: Path) -> None:
    write_exports(tmp_path / "a", customers=40, seed=3)
    write_exports(tmp_path / "b", customers=40, seed=4)
    one, other = digests(tmp_path / "a"), digests(tmp_path / "b")
    assert {name for name in one if one[name] == other[name]} == ALWAYS_THE_SAME


def test_writing_again_replaces_a_larger_bank(tmp_path: Path) -> None:
    write_exports(tmp_path / "a", customers=60, seed=3)
    write_exports(tmp_path / "a", customers=30, seed=3)
    write_exports(tmp_path / "b", customers=30, seed=3)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_another_process_in_another_zone_writes_the_same_and_loads_no_test_kit_or_engine(tmp_path: Path) -> None:
    write_exports(tmp_path / "here", customers=30, seed=3)
    there = tmp_path / "there"
    environment = {**os.environ, "TZ": "America/New_York", "PYTHONHASHSEED": "12345"}
    command = [sys.executable, "-W", "error", "-c", ELSEWHERE, str(there), NOT_LOADED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
    assert digests(tmp_path / "here") == digests(there)


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_exports(tmp_path, customers=5)
    assert capfd.readouterr() == ("", "")


def test_the_paths_are_those_of_the_files(bank: Exports) -> None:
    folder = bank.events.parent.parent
    paths = [getattr(bank, each.name) for each in fields(Exports) if each.name != "truth"]
    assert sorted(path.relative_to(folder).as_posix() for path in paths) == list(NAMES)
    assert sorted(file.name for file in bank.truth.files) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_counted(bank: Exports, read: Read, name: str) -> None:
    rows = read(bank.events.parent.parent / name)
    known = bank.truth.file(name)
    assert len(rows) == known.records
    assert known.broken == 3
    assert known.repeated == len(rows) - len({repr(row) for row in rows})


def test_an_unknown_file_is_a_key_error(bank: Exports) -> None:
    with pytest.raises(KeyError):
        bank.truth.file("crm/leads.csv")


def test_interactions_grow_with_the_people(bank: Exports, tmp_path: Path) -> None:
    small = write_exports(tmp_path, customers=100).truth
    assert (small.customers, bank.truth.customers) == (100, 1000)
    for truth in (small, bank.truth):
        assert 34 * truth.customers < truth.interactions < 48 * truth.customers
    assert bank.truth.interactions == sum(
        bank.truth.file(name).records - 3
        for name in (
            "branches/visits.csv",
            "help_desk/comments.jsonl.gz",
            "service_centre/calls.csv",
            "web/events.csv.gz",
        )
    )


def test_a_persons_life_does_not_depend_on_the_others(tmp_path: Path, read: Read) -> None:
    few = write_exports(tmp_path / "few", customers=30, seed=5)
    many = write_exports(tmp_path / "many", customers=70, seed=5)
    numbered = {"DealNr", "call_id", "visit_id", "event_id", "session_id", "Response ID", "Antwort-ID", "ticket_id"}
    numbered |= {"Invitation ID", "Einladungs-ID", "deal_no", "touch_id"}

    def life(exports: Exports, person: int) -> list[list[dict[str, Any]]]:
        ids = {ref.partition("/")[2] for ref in exports.truth.records(person)}
        return [
            [
                {name: row[name] for name in row if name not in numbered}
                for row in read(exports.events.parent.parent / name)
                if ids & {str(value) for value in row.values()}
            ]
            for name in NAMES
            if not name.startswith("help_desk")
        ]

    for person in (0, 1, 2, 7, 19):
        assert life(few, person) == life(many, person)
        assert sum(map(len, life(few, person))) > 5
        assert few.truth.records(person) == many.truth.records(person)
        assert few.truth.stages.get(person) == many.truth.stages.get(person)


@pytest.mark.parametrize("customers", [1, 2, 3])
def test_one_person_is_a_bank(tmp_path: Path, read: Read, customers: int) -> None:
    exports = write_exports(tmp_path, customers=customers)
    assert len(read(exports.mortgages_customers)) == customers + 3
    assert exports.truth.heroine.refs
    assert all(exports.truth.father_and_daughter) == (customers == 3)


@pytest.mark.parametrize(("customers", "seed"), [(0, 7), (-5, 7), (10, -1)])
def test_numbers_that_are_too_small_are_refused(tmp_path: Path, customers: int, seed: int) -> None:
    with pytest.raises(UsageError, match=f"found {min(customers, seed)}"):
        write_exports(tmp_path / "bank", customers=customers, seed=seed)
    assert not (tmp_path / "bank").exists()
