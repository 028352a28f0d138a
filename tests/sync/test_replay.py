"""Records mapped anew from the raw pages, without a request: what a mended mapping makes of them, and nothing else."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import evolve
from tests.sync.crm import BEGIN, CASE, VERSIONED, Reads, Source
from tests.sync.sources import books, counts, rows

from crmcx import models
from crmcx.connectors import (
    Connector,
    Csv,
    Deletes,
    Files,
    FileStream,
    JsonLines,
    Mapping,
    Page,
    Reply,
    Stream,
    mapping,
    words,
)
from crmcx.errors import StoreLockedError, UsageError
from crmcx.workspace import Workspace

STATES = {"neu": "open", "zu": "solved"}
STRICT = mapping(models.Case, id="id", status=words("status", {"neu": "open"}), opened_at="opened", subject="subject")
MENDED = mapping(models.Case, id="id", status=words("status", STATES), opened_at="opened", subject="subject")


def case(number: object, status: str = "neu", **values: object) -> dict[str, Any]:
    return {"id": str(number), "status": status, "opened": BEGIN.isoformat(), **values}


class Desk(Connector):
    """A source that yields its pages, and counts how often it is asked."""

    name: ClassVar[str] = "desk"
    threads: ClassVar[int] = 0

    def __init__(self, *pages: Page, maps: Mapping = STRICT) -> None:
        super().__init__()
        self.pages, self.maps, self.asked = list(pages), maps, 0

    def streams(self) -> tuple[Stream, ...]:
        def read(_cursor: object) -> Iterator[Page]:
            self.asked += 1
            yield from self.pages

        return (Stream(name="cases", maps=(self.maps,), read=read),)


@pytest.fixture
def ws() -> Iterator[Workspace]:
    with Workspace() as ws:
        yield ws


def status_of(ws: Workspace) -> dict[str, str]:
    return {row["source_id"]: row["status"] for row in ws.refresh().cases.rows()}


def body(*records: dict[str, Any]) -> Page:
    """A page as an answer brings it."""
    return Page(Reply(200, body=json.dumps({"data": {"cases": records}}).encode()).rows("data", "cases"))


@pytest.mark.parametrize("page", [lambda *records: Page(list(records)), body])
def test_what_was_set_aside_comes_in_when_the_mapping_is_mended(page: Any, ws: Workspace) -> None:
    desk = Desk(page(case(1), case(2, "zu")), page(case(3)))
    ws.connect(desk)
    assert counts(ws.sync().runs[0]) == (3, 2, 0, 1)
    desk.maps = MENDED

    report = ws.replay()

    assert desk.asked == 1
    assert counts(report.runs[0]) == (2, 1, 1, 0)
    assert status_of(ws) == {"1": "open", "2": "solved", "3": "open"}
    assert ws.quarantine() == ()
    assert counts(ws.sync().runs[0]) == (3, 0, 3, 0)


def test_what_still_fails_stays_aside_once(ws: Workspace) -> None:
    ws.connect(Desk(Page([case(1), case(2, "mislaid")])))
    ws.sync()
    for _ in range(2):
        assert counts(ws.replay().runs[0]) == (2, 0, 1, 1)
        assert len(ws.quarantine()) == 1


def test_all_pages_by_another_mapping(ws: Workspace) -> None:
    desk = Desk(Page([case(1, subject="a")]), Page([case(2, subject="b")]))
    ws.connect(desk)
    ws.sync()
    desk.maps = mapping(models.Case, id="id", status=words("status", {"neu": "pending"}), opened_at="opened")

    assert counts(ws.replay().runs[0]) == (0, 0, 0, 0)
    assert counts(ws.replay(only="all").runs[0]) == (2, 2, 0, 0)

    assert status_of(ws) == {"1": "pending", "2": "pending"}
    assert counts(ws.replay(only="all").runs[0]) == (2, 0, 2, 0)
    with Workspace() as other:
        other.connect(desk)
        other.sync()
        assert other.store.digest() == ws.store.digest()


def test_an_older_page_does_not_come_back(ws: Workspace) -> None:
    desk = Desk(Page([case(1, subject="old")]))
    ws.connect(desk)
    ws.sync()
    desk.pages = [Page([case(1, subject="new")])]
    ws.sync()
    desk.pages = [Page([case(1, subject="old")])]  # the very page of before, which is the last word now
    ws.sync()
    desk.maps = MENDED

    ws.replay(only="all")

    assert [row["subject"] for row in ws.refresh().cases.rows()] == ["old"]


def test_nothing_else_of_the_books_moves(ws: Workspace) -> None:
    desk = Desk(Page([case(1), case(2)]))
    ws.connect(desk)
    ws.sync()
    streams, known = books(ws.store, "streams"), [row["known_us"] for row in rows(ws.store, "cases")]
    status = ws.status().streams
    desk.maps = mapping(models.Case, id="id", status=words("status", {"neu": "pending"}), opened_at="opened")

    ws.replay(only="all")

    assert books(ws.store, "streams") == streams
    assert [row["known_us"] for row in rows(ws.store, "cases")] == known
    assert rows(ws.store, "case_changes") == []
    assert ws.status().streams == status
    assert books(ws.store, "runs", "kind, state") == [("replay", "done"), ("sync", "done")]


def test_what_was_deleted_stays_so() -> None:
    source = Source()
    with Workspace() as ws:
        for number in range(3):
            source.put(number)
        connector = Reads(source, deletes=Deletes.sweep())
        ws.connect(connector)
        ws.sync()
        del source.records["1"]
        ws.sync()
        connector.declared["maps"] = (evolve(VERSIONED, fields=CASE.fields),)
        ws.replay(only="all")
        assert sorted(status_of(ws)) == ["0", "2"]


@pytest.mark.parametrize("format_", [Csv(), Csv(delimiter=";", nulls=("", "-")), JsonLines()])
def test_files(format_: Any, tmp_path: Path) -> None:
    path = tmp_path / "cases.txt"
    said = [case(1, subject='with "quotes"\nand lines'), case(2, "zu", subject="-"), case(3, "zu", subject="")]
    if isinstance(format_, JsonLines):
        path.write_text("".join(json.dumps(each) + "\n" for each in said), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, said[0], delimiter=format_.delimiter)
            writer.writeheader()
            writer.writerows(said)
            file.write("too;few,cells\n")
    with Workspace(tmp_path / "one.duckdb") as ws:
        ws.connect(Files(FileStream(path, STRICT, name="cases", format=format_)))
        ws.sync()
        ws.disconnect("files")
        ws.connect(Files(FileStream(path, MENDED, name="cases", format=format_)))
        report = ws.replay()
        assert report.counts.stored == 2
        assert report.runs[0].streams[0].not_replayed == 0
        with Workspace() as other:
            other.connect(Files(FileStream(path, MENDED, name="cases", format=format_)))
            other.sync()
            assert other.store.digest() == ws.store.digest()


def test_pages_that_nobody_can_take_apart_are_told(ws: Workspace) -> None:
    ws.connect(Desk(Page([case(1, "zu")], body=b"<cases/>")))
    ws.sync()
    report = ws.replay()
    assert report.counts.read == 0
    assert "1 raw page could not be taken apart: read the source anew" in str(report)
    assert len(ws.quarantine()) == 1


def test_a_connection_that_is_not_there(ws: Workspace) -> None:
    with pytest.raises(UsageError, match="there is no connection 'desk'"):
        ws.replay("desk")
    with pytest.raises(UsageError, match="only='some'"):
        ws.replay(only="some")  # type: ignore[arg-type]


def test_not_while_a_sync_is_under_way(ws: Workspace) -> None:
    ws.connect(Desk(Page([case(1)])))

    def listen(_progress: object) -> None:
        with pytest.raises(StoreLockedError, match="a sync of desk"):
            ws.replay()

    ws.sync(listener=listen)
