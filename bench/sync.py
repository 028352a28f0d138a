"""Sync of 300,000 rows of a 20-column CSV export, whole process from cold start: rows per CPU second and peak memory.

Run with `python -m bench.sync`. Three runs over one store: the first load, the same file again, and a file in which
one row in ten has changed. Each runs in a process of its own; CPU time and peak memory are the operating system's.
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

from bench.measuring import run

ROWS = 300_000
GOAL = 50_000
LIMIT_MB = 400
MEMORY = "128MB"  # of this DuckDB takes so much; the rest is Python with what it has loaded
COLUMNS = (
    "deal_id",
    "contact_id",
    "company_id",
    "title",
    "pipeline",
    "stage",
    "status",
    "amount",
    "currency",
    "product",
    "owner",
    "created",
    "opened",
    "closed",
    "decided",
    "expected",
    "lost_reason",
    "updated",
    "region",
    "campaign",
)


def write(path: Path, *, rows: int, changed: bool) -> None:
    """Write the export; with `changed`, one row in ten has another amount and stage."""
    draw = random.Random(20)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for number in range(rows):
            opened = start + timedelta(seconds=draw.randrange(60_000_000))
            closed = opened + timedelta(days=draw.randrange(1, 90))
            status = draw.choice(("won", "lost", "open"))
            stage = draw.choice(("contact", "offer", "negotiation", "closed"))
            other = changed and number % 10 == 0
            amount = draw.randrange(100, 9_000_000) + (1 if other else 0)
            out.writerow(
                (
                    f"D{number:07d}",
                    draw.randrange(80_000),
                    draw.randrange(9_000),
                    f"Order {number} of {draw.randrange(10**6)}",
                    "sales",
                    "review" if other else stage,
                    status,
                    f"{amount / 100:.2f}",
                    "EUR",
                    f"P-{draw.randrange(300)}",
                    f"agent {draw.randrange(40)}",
                    opened.isoformat(),
                    opened.date().isoformat(),
                    "" if status == "open" else closed.isoformat(),
                    "" if status == "open" else closed.date().isoformat(),
                    (date(2026, 1, 1) + timedelta(days=draw.randrange(200))).isoformat(),
                    "price" if status == "lost" else "",
                    (closed + timedelta(hours=1)).isoformat(),
                    draw.choice(("north", "south", "")),
                    draw.choice(("spring", "autumn", "")),
                )
            )


def load(store: str, export: str) -> None:
    """Sync the export into the store and print the counts: what each measured process does."""
    from crmcx.connectors import Files, FileStream, at, mapping, money, ref  # noqa: PLC0415
    from crmcx.models import Deal  # noqa: PLC0415
    from crmcx.workspace import Workspace  # noqa: PLC0415 - the import is part of what is measured

    deals = mapping(
        Deal,
        id="deal_id",
        customer=ref("contact_id"),
        account=ref("company_id"),
        name="title",
        pipeline="pipeline",
        stage="stage",
        status="status",
        amount=money("amount", currency=at("currency")),
        product="product",
        owner="owner",
        created_at="created",
        opened_on="opened",
        closed_at="closed",
        closed_on="decided",
        expected_close="expected",
        lost_reason="lost_reason",
        known_at="updated",
    )
    with Workspace(store, threads=1, memory=MEMORY) as workspace:
        workspace.connect(Files(FileStream(export, deals, name="deals")), name="bench")
        print(workspace.sync().counts)


def floor(store: str, export: str) -> None:
    """The same file read, validated and appended, and nothing else: no mapping, key, hash, raw page or quarantine."""
    import duckdb  # noqa: PLC0415 - as in load
    from pydantic import AwareDatetime, TypeAdapter  # noqa: PLC0415
    from typing_extensions import TypedDict  # noqa: PLC0415 - pydantic's own need on Python 3.11

    from crmcx.engines import ColumnStream  # noqa: PLC0415

    typed = {"amount": Decimal, "created": AwareDatetime, "closed": AwareDatetime | None, "updated": AwareDatetime}
    typed |= {"opened": date, "decided": date | None, "expected": date}
    row = TypedDict("Row", {name: typed.get(name, str | None) for name in COLUMNS})  # type: ignore[misc]
    adapter = TypeAdapter(list[row])  # type: ignore[valid-type]
    numbers = {"amount", "created", "closed", "updated", "opened", "decided", "expected"}
    dtypes = {name: "int64" if name in numbers else "string" for name in COLUMNS}
    connection = duckdb.connect(store, config={"threads": 1, "storage_compatibility_version": "v1.4.0"})
    columns = ", ".join(f"{name} {'BIGINT' if name in numbers else 'VARCHAR'}" for name in COLUMNS)
    connection.execute(f"CREATE TABLE deals ({columns})")
    encode = {
        "amount": lambda value: int(value * 1_000_000),
        **dict.fromkeys(("created", "closed", "updated"), lambda value: int(value.timestamp() * 1_000_000)),
        **dict.fromkeys(("opened", "decided", "expected"), date.toordinal),
    }
    read = 0
    with open(export, newline="", encoding="utf-8") as file:  # noqa: PTH123
        lines = csv.reader(file)
        next(lines)
        while cells := list(islice(lines, 20_000)):
            said = [dict(zip(COLUMNS, [cell or None for cell in line], strict=True)) for line in cells]
            rows = adapter.validate_python(said)
            batch = {name: [each[name] for each in rows] for name in COLUMNS}
            for name, function in encode.items():
                batch[name] = [None if value is None else function(value) for value in batch[name]]
            connection.register("batch", ColumnStream(batch, dtypes))
            connection.execute("INSERT INTO deals SELECT * FROM batch").fetchall()
            connection.unregister("batch")
            read += len(rows)
    connection.close()
    print(f"{read} rows appended")


def measured(store: Path, export: Path, what: str = "load") -> tuple[float, float, str]:
    """CPU seconds, peak MB and the counts of one process."""
    took = run("bench.sync", what, store, export, cache=store.parent / "bytecode")
    return took.cpu, took.peak_mb, took.said


def _line(name: str, cpu: float, peak: float, said: str) -> str:
    return f"{name:<14}{ROWS / cpu:>9,.0f} rows per CPU second {cpu:>7.2f} s CPU {peak:>6.0f} MB peak   {said}"


def main() -> None:
    """Run the three loads and print what they took."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "deals.csv"), Path(folder, "again.csv")
        write(first, rows=ROWS, changed=False)
        write(second, rows=ROWS, changed=True)
        print(f"{ROWS:,} rows of {len(COLUMNS)} columns, {first.stat().st_size / 2**20:.0f} MB")
        store = Path(folder, "bench.duckdb")
        small = Path(folder, "small.csv")
        write(small, rows=10, changed=False)
        measured(Path(folder, "warm.duckdb"), small)  # so that bytecode is there, as in an installed package
        base, peak, said = measured(Path(folder, "floor.duckdb"), first, "floor")
        print(_line("floor", base, peak, said))
        for name, export in (("first load", first), ("unchanged", first), ("10 % changed", second)):
            cpu, peak, said = measured(store, export)
            print(f"{_line(name, cpu, peak, said)}; {cpu / base:.2f} times the floor")
        print(f"goal: {GOAL:,} rows per CPU second within {LIMIT_MB} MB on the first load")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        {"load": load, "floor": floor}[sys.argv[1]](*sys.argv[2:])
    else:
        main()
