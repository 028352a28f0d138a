"""A small company in two sources whose records are of the same people, for tests of what is done to a whole store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crmcx import Workspace, models
from crmcx.connectors import constant, contact, instant, mapping, ref

CUSTOMERS = mapping(
    models.Customer,
    id="id",
    name="name",
    created_at=instant("since"),
    parts=(contact("email", "email"), contact("phone", "phone")),
)
INTERACTIONS = mapping(
    models.Interaction,
    id="id",
    customer=ref("customer"),
    occurred_at=instant("at"),
    kind=constant("call"),
    channel="channel",
    direction="direction",
)
DEALS = mapping(models.Deal, id="id", customer=ref("customer"), status="status", stage="stage")
HOLDER, OTHER = "shop", "crm:north"


def customers(source: str, numbers: Sequence[int], since: str) -> list[dict[str, object]]:
    """Records of customers, each with a mailbox that tells who she is over all sources."""
    return [
        {
            "id": f"{source}-{n}",
            "name": f"Ada{chr(97 + n)} Lovelace{chr(97 + n)}",
            "since": since,
            "email": f"ada{n}@example.org",
            "phone": f"+49 30 1234{n:03}",
        }
        for n in numbers
    ]


def interactions(source: str, numbers: Sequence[int], times: int) -> list[dict[str, object]]:
    """Records of interactions, mixed over customers, months and, for the last, with no instant."""
    return [
        {
            "id": f"{source}-{n}-{time}",
            "customer": f"{source}-{n}",
            "at": f"2025-{(time + n) % 12 + 1:02}-0{time % 9 + 1}T23:30:00Z",
            "channel": "phone",
            "direction": "inbound",
        }
        for time in range(times)
        for n in numbers
    ]


def load(ws: Workspace, source: str, *, numbers: Sequence[int] = range(5), times: int = 6) -> None:
    """All streams of one source, its deals twice, so that the store notes a step of one."""
    since = {HOLDER: "2021-01-01T00:00:00Z", OTHER: "2019-01-01T00:00:00Z"}.get(source, "2023-01-01T00:00:00Z")
    ws.load(customers(source, numbers, since), source=source, maps=CUSTOMERS, stream="customers")
    ws.load(interactions(source, numbers, times), source=source, maps=INTERACTIONS, stream="interactions")
    for stage in ("offer", "closing"):
        rows = [
            {"id": f"{source}-{n}", "customer": f"{source}-{n}", "status": "open" if n else "odd", "stage": stage}
            for n in numbers
        ]
        ws.load(rows, source=source, maps=DEALS, stream="deals")


def company(path: Path | str, *sources: str) -> Workspace:
    """A workspace that these sources were loaded into, one after the other."""
    ws = Workspace(path)
    for source in sources:
        load(ws, source)
    return ws
