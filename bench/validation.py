"""Pages of JSON to columns by a compiled mapping, one class of ten fields: records per CPU second.

Run with `python -m bench.validation`. A page is the body that a source sends: 1,000 records, parsed, validated and
turned into cells, with the garbage collector paused as a sync pauses it. In the second measurement one record in twenty
is wrong in two fields, and each is told what is.
The floor is pydantic alone on the same bytes: the same checks, without columns, references, `extra` or messages.
"""

from __future__ import annotations

import gc
import json
import random
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime, TypeAdapter
from pydantic_core import from_json
from typing_extensions import TypedDict

from crmcx.connectors import Compiled, at, mapping, money, ref, words
from crmcx.models import Deal

RECORDS = 1_000
PAGES = 200
GOAL = 200_000
DEAL = mapping(
    Deal,
    id="id",
    customer=ref("contact"),
    account=ref("company"),
    pipeline="pipeline",
    stage="stage",
    status=words("status", {"open": "open", "won": "won", "lost": "lost"}),
    amount=money("amount", currency=at("currency")),
    created_at="created",
    expected_close="expected",
    owner="owner",
)


class Row(TypedDict):
    """What pydantic alone checks."""

    id: str
    contact: int
    company: int
    pipeline: str
    stage: str
    status: str
    amount: Decimal
    currency: str
    created: AwareDatetime
    expected: date
    owner: str


def pages(*, wrong_every: int | None = None) -> list[bytes]:
    """The bodies of the pages."""
    draw = random.Random(11)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    found = []
    for page in range(PAGES):
        records: list[dict[str, Any]] = []
        for number in range(RECORDS):
            records.append(
                {
                    "id": f"D{page * RECORDS + number:07d}",
                    "contact": draw.randrange(80_000),
                    "company": draw.randrange(9_000),
                    "pipeline": "sales",
                    "stage": draw.choice(("contact", "offer", "negotiation")),
                    "status": draw.choice(("open", "won", "lost")),
                    "amount": f"{draw.randrange(100, 9_000_000) / 100:.2f}",
                    "currency": "EUR",
                    "created": (start + timedelta(seconds=draw.randrange(60_000_000))).isoformat(),
                    "expected": (date(2026, 1, 1) + timedelta(days=draw.randrange(200))).isoformat(),
                    "owner": f"agent {draw.randrange(40)}",
                }
            )
            if wrong_every and number % wrong_every == 0:
                records[-1] |= {"amount": 1.5, "created": "2024-01-01T00:00:00"}
        found.append(json.dumps(records).encode())
    return found


def measured(run: Any, bodies: list[bytes]) -> tuple[float, int]:
    """Records per CPU second, the best of three, and how many records were told to be wrong."""
    best, wrong = 0.0, 0
    for _ in range(3):
        gc.collect()
        gc.disable()
        began, wrong = time.process_time(), 0
        for body in bodies:
            wrong += run(body)
        gc.enable()
        best = max(best, len(bodies) * RECORDS / (time.process_time() - began))
    return best, wrong


def main() -> None:
    """Measure and print."""
    compiled = Compiled((DEAL,), source="crm")
    floor: TypeAdapter[list[Row]] = TypeAdapter(list[Row])

    def ours(body: bytes) -> int:
        return len(compiled.run(from_json(body, cache_strings="keys")).rejected)

    def alone(body: bytes) -> int:
        floor.validate_json(body)
        return 0

    clean, dirty = pages(), pages(wrong_every=20)
    rate, none = measured(ours, clean)
    told, wrong = measured(ours, dirty)
    least, _ = measured(alone, clean)
    verdict = "reached" if rate >= GOAL else "MISSED"
    print(f"goal of {GOAL:,} records per CPU second: {verdict}")
    print(f"to columns, all right         {rate:>10,.0f} records per CPU second, {none} rejected")
    print(f"to columns, 1 in 20 wrong     {told:>10,.0f} records per CPU second, {wrong} rejected, each told both")
    print(f"floor, pydantic to dicts      {least:>10,.0f} records per CPU second, {least / rate:.2f} times ours")


if __name__ == "__main__":
    main()
