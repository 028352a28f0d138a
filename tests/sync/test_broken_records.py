"""No record stops a run: what cannot be written, read or taken apart is set aside, and the rest is stored."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from crmcx import Workspace
from crmcx.connectors import Connector, Cursor, Mapping, Page, Stream, constant, equals, mapping, part
from crmcx.models import Case, Customer, Deal, SlaTarget

PERSON = mapping(Customer, id="id", name="name", stage_native="stage", language="language")
HALF = "a\ud800b"


class Once(Connector):
    name = "once"

    def __init__(self, page: Page, *maps: Mapping) -> None:
        super().__init__()
        self._page, self._maps = page, maps

    def streams(self) -> tuple[Stream, ...]:
        def read(_cursor: Cursor) -> Any:
            yield self._page

        return (Stream(name="people", maps=self._maps, read=read),)


def deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = {"a": found}
    return found


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"id": "2", "name": HALF}, id="half a character in a name"),
        pytest.param({"id": "2", "stage": HALF}, id="half a character in a word"),
        pytest.param({"id": HALF}, id="half a character in an id"),
        pytest.param({"id": None, "name": HALF, "z": HALF}, id="half a character in what is set aside"),
        pytest.param({"id": None, "z": deep(400)}, id="nested deep"),
        pytest.param({"id": None, "z": deep(3000)}, id="nested deeper than can be written"),
        pytest.param({"id": None, "z": b"\xff"}, id="bytes"),
    ],
)
@pytest.mark.parametrize("body", [None, b"as it was sent"])
def test_what_cannot_be_written_is_set_aside(broken: dict[str, Any], body: bytes | None) -> None:
    with Workspace() as ws:
        ws.connect(Once(Page([{"id": "1"}, broken, {"id": "3"}], body=body), PERSON))
        counts = ws.sync().counts
        assert (counts.read, counts.stored, counts.quarantined) == (3, 2, 1)
        assert len(ws.quarantine()) == 1
        assert ws.refresh().customers.relation.count("key").fetchall() == [(2,)]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({None: ["surplus"]}, id="a cell without a name"),
        pytest.param({7: 1}, id="a name that is a number"),
        pytest.param({"z": HALF}, id="half a character"),
        pytest.param({"z": deep(400)}, id="nested deep"),
        pytest.param({"z": b"\xff"}, id="bytes"),
        pytest.param({"z": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))}, id="before the first year"),
    ],
)
def test_what_nobody_reads_is_kept_whatever_it_is(odd: dict[Any, Any]) -> None:
    with Workspace() as ws:
        report = ws.load([{"id": "1"}, {"id": "2", **odd}], source="crm", maps=PERSON)
        again = ws.load([{"id": "1"}, {"id": "2", **odd}], source="crm", maps=PERSON)
        assert (report.counts.stored, again.counts.unchanged) == (2, 2)
        assert [row["extra"] is not None for row in ws.tables.customers.rows()] == [False, True]


def test_rows_with_too_few_or_too_many_cells() -> None:
    page = Page([("1", "Ada"), ("2",), ("3", "Bea", "x"), "4", ("5", "Eva")], fields=("id", "name"))
    with Workspace() as ws:
        ws.connect(Once(page, mapping(Customer, id="id", name="name")))
        counts = ws.sync().counts
        assert (counts.stored, counts.quarantined) == (2, 3)
        reasons = sorted(each.reason for each in ws.quarantine())
    assert reasons == [
        "the record has 1 cells, and the page names 2",
        "the record has 3 cells, and the page names 2",
        "the record is str, expected names and values",
    ]


def test_parts_of_a_class_that_does_not_apply_put_nothing_aside() -> None:
    target = part(SlaTarget, metric="metric", applied_at="from", due_at="to")
    case = mapping(
        Case, id="id", status=constant("open"), opened_at="from", parts=(target,), when=equals("type", "case")
    )
    deal = mapping(Deal, id="id", status=constant("open"), when=equals("type", "deal"))
    turned = {"from": "2025-01-02T00:00:00Z", "to": "2025-01-01T00:00:00Z"}
    said = [
        {"id": "1", "type": "deal", **turned},
        {"id": "2", "type": "case", "metric": "resolution", **turned},
        {"id": "3", "type": "case", "from": "2025-01-02T00:00:00Z"},
    ]
    with Workspace() as ws:
        counts = ws.load(said, source="desk", maps=(case, deal)).counts
        fields = sorted(each.field for each in ws.quarantine())
    assert (counts.stored, counts.quarantined) == (1, 2)
    assert fields == ["SlaTarget.due_at", "SlaTarget.metric"]
