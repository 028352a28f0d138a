"""Write a small store of today's layout, to be kept when the layout changes: python -m tests.store.layouts.write FILE.

The same few records in each: models handed over, a file that is read twice with a change between, a broken row, people.
"""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from crmcx import Workspace
from crmcx.connectors import Files, FileStream, contact, mapping, money, number, words
from crmcx.models import Case, Customer, Deal, Feedback, Interaction, Order, OrderLine, StageChange, Touchpoint

DEALS = mapping(
    Deal,
    id="id",
    stage="stage",
    status=words("status", {"open": "open", "won": "won"}),
    amount=money(number("amount", decimal=","), currency="EUR"),
)
PEOPLE = mapping(Customer, id="id", name="name", parts=(contact("email", "mail"),))
FIRST = (("d1", "offer", "open", "100,50"), ("d2", "offer", "open", "20"), ("d3", "offer", "open", "many"))
SECOND = (("d1", "contract", "won", "100,50"), ("d2", "offer", "open", "25"))


def bank(folder: Path) -> Files:
    """The connection of the two files."""
    return Files(FileStream(folder / "deals.csv", DEALS), FileStream(folder / "people.csv", PEOPLE))


def write_files(folder: Path, deals: tuple[tuple[str, ...], ...]) -> None:
    """What the source says."""
    people = (("p1", "Ada Lovelace", "ada@example.org"), ("p2", "Ada Lovelace", "ada@example.org"))
    for name, head, rows in (
        ("deals.csv", ("id", "stage", "status", "amount"), deals),
        ("people.csv", ("id", "name", "mail"), people),
    ):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows(rows)


def given() -> list[object]:
    """Records handed over as models, in the classes that every layout has."""
    head = {"source": "app"}
    at = datetime(2025, 3, 30, 1, 30, tzinfo=UTC)
    answers = [{"item": "q1", "kind": "nps", "score": 9, "scale": {"min": 0, "max": 10}}]
    return [
        Customer(**head, source_id="1", name="Ada", contact_points=[{"kind": "email", "value": "ada@example.org"}]),
        Touchpoint(**head, source_id="1", code="branch", name="Branch"),
        Interaction(**head, source_id="1", customer="app/1", kind="visit", occurred_at=at, odd={"a": [1, None]}),
        Feedback(**head, source_id="1", customer="app/1", instrument="relation", submitted_at=at, answers=answers),
        Case(**head, source_id="1", customer="app/1", status="open", opened_at=at, subject="Grüße"),
        Order(**head, source_id="1", customer="app/1", placed_at=at, total={"amount": "9.999", "currency": "KWD"}),
        OrderLine(**head, source_id="1", order="app/1", quantity="-1.5", placed_at=at),
        StageChange(**head, source_id="1", customer="app/1", stage="existing", changed_at=at),
    ]


def write(path: Path) -> None:
    """Write the store."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS small (BLOCK_SIZE 16384, STORAGE_VERSION 'v1.4.0')")
    with TemporaryDirectory() as name, Workspace(path) as ws:
        folder = Path(name)
        write_files(folder, FIRST)
        ws.connect(bank(folder), name="bank")
        ws.sync()
        write_files(folder, SECOND)
        ws.sync()
        ws.load(given(), source="app")
        if hasattr(ws, "resolve"):
            ws.resolve()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
