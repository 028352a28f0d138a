"""What could not be mapped is kept with its place and the reason, newest first, until the same place is read whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.sync.sources import DEAL, Clock, books, counts, deal, listing, rows, run

from crmcx import models
from crmcx.connectors import Csv, Files, FileStream, mapping
from crmcx.store import Quarantined, Store
from crmcx.sync import Run, sync
from crmcx.workspace import Workspace

DEAL_OF_TWO = mapping(models.Deal, id="id", status="status")
BAD = {"id": "7", "status": "Ada called and is cross"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Iterator[Store]:
    with Store(":memory:", clock=clock) as store:
        yield store


def bad(number: str) -> dict[str, object]:
    return deal(number, status="mislaid")


def places(store: Store, **options: object) -> list[tuple[str, str, int]]:
    return [(each.source, each.stream, each.row) for each in store.quarantine(**options)]  # type: ignore[arg-type]


class TestWhatIsKept:
    def test_place_reason_and_words(self, store: Store, clock: Clock) -> None:
        clock.on(3)
        run(store, listing([deal("1")], [deal("2"), BAD]))

        (aside,) = store.quarantine()

        assert (aside.id, aside.source, aside.stream, aside.origin) == (1, "crm", "deals", "deals.csv")
        assert (aside.row, aside.field) == (3, "Deal.status")
        assert aside.reason.startswith("'status': found 'Ada called and is cross', input should be 'open'")
        assert aside.raw == '{"id":"7","status":"Ada called and is cross"}'
        assert aside.recorded_at.tzinfo is UTC
        assert datetime(2025, 1, 3, tzinfo=UTC) < aside.recorded_at < datetime(2025, 1, 3, 0, 1, tzinfo=UTC)

    def test_repr_holds_nothing_of_the_record(self, store: Store) -> None:
        run(store, listing([{"id": None, "status": "open", "owner": "Ada Lovelace"}]))

        (aside,) = store.quarantine()

        assert "Ada Lovelace" in aside.raw
        assert "Ada Lovelace" not in repr(aside)
        assert "raw" not in repr(aside)
        assert repr(aside).startswith("Quarantined(id=1, source='crm', stream='deals', origin='deals.csv', row=1,")

    def test_a_row_that_cannot_be_taken_apart(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "deals.csv"
        path.write_text('id;status\n1;open\n2\n"3;x";open;more\n', encoding="utf-8")
        files = Files(FileStream(path, mapping(models.Deal, id="id", status="status"), format=Csv(delimiter=";")))

        report = sync(Run(store=store, source="crm", connector=files))

        assert counts(report) == (3, 1, 0, 2)
        assert [(each.row, each.field, each.reason, each.raw) for each in store.quarantine()] == [
            (3, "", "the row has 3 cells, the header 2", "3;x;open;more"),
            (2, "", "the row has 1 cells, the header 2", "2"),
        ]

    def test_the_record_of_a_table_is_kept_by_name(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "deals.csv"
        path.write_text("id,status\n1,mislaid\n", encoding="utf-8")

        sync(Run(store=store, source="crm", connector=Files(FileStream(path, DEAL_OF_TWO))))

        (aside,) = store.quarantine()
        assert aside.raw == '{"id":"1","status":"mislaid"}'

    def test_a_record_is_counted_once_however_much_is_wrong(self, store: Store) -> None:
        report = run(store, listing([{"id": None, "status": "mislaid", "amount": "much", "expected": "soon"}]))

        assert counts(report) == (1, 0, 0, 1)
        assert len(store.quarantine()) == store.status().quarantined == 1

    def test_no_table_holds_a_row_of_it(self, store: Store) -> None:
        run(store, listing([bad("1"), deal("2")]))

        assert [row["source_id"] for row in rows(store, "deals")] == ["2"]

    def test_it_leads_to_its_page(self, store: Store) -> None:
        run(store, listing([deal("1")], [deal("2"), BAD]))

        ((raw_ref,),) = books(store, "quarantine", "raw_ref")

        assert raw_ref & 0xFFFFF == 1
        assert b"Ada called" in store.page_body(raw_ref >> 20)


class TestReading:
    def test_newest_first(self, store: Store) -> None:
        run(store, listing([bad("1"), bad("2")], [bad("3")]), rows_per_commit=1)
        run(store, listing([bad("4")]), source="helpdesk")

        assert [(each.id, each.row, each.source) for each in store.quarantine()] == [
            (4, 1, "helpdesk"),
            (3, 3, "crm"),
            (2, 2, "crm"),
            (1, 1, "crm"),
        ]

    def test_of_one_source(self, store: Store) -> None:
        run(store, listing([bad("1"), bad("2")]))
        run(store, listing([bad("3")]), source="crm:two")

        assert places(store, source="crm") == [("crm", "deals", 2), ("crm", "deals", 1)]
        assert places(store, source="crm:two") == [("crm:two", "deals", 1)]
        assert places(store, source="cr") == []

    def test_some_of_them(self, store: Store) -> None:
        run(store, listing([bad(str(number)) for number in range(5)]))

        assert [row for _, _, row in places(store, limit=2)] == [5, 4]
        assert places(store, limit=0) == []
        assert len(places(store, limit=99)) == len(places(store)) == 5

    def test_some_of_one_source(self, store: Store) -> None:
        run(store, listing([bad("1"), bad("2")]))
        run(store, listing([bad("3")]), source="helpdesk")

        assert places(store, source="crm", limit=1) == [("crm", "deals", 2)]

    def test_fewer_than_none_is_refused(self, store: Store) -> None:
        with pytest.raises(ValueError, match="limit"):
            store.quarantine(limit=-1)

    def test_of_an_empty_store(self, store: Store) -> None:
        assert store.quarantine() == ()
        assert store.status().quarantined == 0

    def test_how_it_prints(self) -> None:
        with Workspace() as ws:
            assert repr(ws.quarantine()) == ws.quarantine()._repr_html_() == "nothing is in quarantine"
            ws.load([bad(str(number)) for number in range(14)], source="app", maps=DEAL)

            found = ws.quarantine()

            head, first, *_, last = repr(found).splitlines()
            assert head.split() == ["id", "where", "what", "why"]
            assert first.split()[:4] == ["14", "records", "row", "14"]
            assert last == "... and 2 more"
            html = found._repr_html_()
            assert html.count("<tr>") == 14
            assert ">... and 2 more</td>" in html
            assert "more" not in repr(ws.quarantine(limit=3))

    def test_by_the_workspace(self) -> None:
        with Workspace() as ws:
            ws.load([bad("1"), deal("2"), bad("3")], source="app", maps=DEAL)

            found = ws.quarantine(source="app", limit=1)

            assert [(type(each), each.stream, each.row) for each in found] == [(Quarantined, "records", 3)]
            assert len(ws.quarantine()) == 2


class TestReadAgain:
    def test_the_same_is_there_once(self, store: Store) -> None:
        stream = listing([deal("1"), bad("2")], [bad("3")])
        run(store, stream)
        digest = store.digest()

        assert counts(run(store, stream)) == (3, 0, 1, 2)

        assert [row for _, _, row in places(store)] == [3, 2]
        assert store.digest() == digest

    @pytest.mark.parametrize("rows_per_commit", [1, 100])
    def test_what_was_repaired_is_gone(self, store: Store, rows_per_commit: int) -> None:
        run(store, listing([bad("1"), bad("2")], [bad("3")], [deal("4")]), rows_per_commit=rows_per_commit)

        run(store, listing([deal("1"), bad("2")], [deal("3")], [bad("4")]), rows_per_commit=rows_per_commit)

        assert [(each.row, each.raw) for each in store.quarantine()] == [
            (4, '{"id":"4","status":"mislaid"}'),
            (2, '{"id":"2","status":"mislaid"}'),
        ]

    def test_another_reason_replaces_the_first(self, store: Store) -> None:
        run(store, listing([bad("1")]))
        run(store, listing([{"id": None, "status": "open"}]))

        (aside,) = store.quarantine()
        assert (aside.row, aside.field, aside.raw) == (1, "Deal.source_id", '{"id":null,"status":"open"}')

    def test_pages_of_another_size(self, store: Store) -> None:
        said = [bad("1"), deal("2"), bad("3"), deal("4"), bad("5")]
        run(store, listing(said[:3], said[3:]))

        run(store, listing(said[:1], said[1:4], said[4:]))

        assert [row for _, _, row in places(store)] == [5, 3, 1]

    def test_only_the_rows_that_were_read_again_are_replaced(self, store: Store) -> None:
        run(store, listing([bad("1")], [bad("2")]))
        stream = listing([deal("1")])

        run(store, stream)

        assert [row for _, _, row in places(store)] == [2]

    def test_other_places_stay(self, store: Store) -> None:
        run(store, listing([bad("1")]), listing([bad("1")], name="other"))
        run(store, listing([bad("1")]), source="helpdesk")
        run(store, listing([bad("1")], origin="later.csv"))

        run(store, listing([deal("1")], origin="deals.csv"))

        kept = [(each.source, each.stream, each.origin) for each in store.quarantine()]
        assert sorted(kept) == [  # type: ignore[type-var]
            ("crm", "deals", "later.csv"),
            ("crm", "other", "deals.csv"),
            ("helpdesk", "deals", "deals.csv"),
        ]

    def test_a_mapping_that_was_corrected(self, store: Store) -> None:
        stream = listing([{"id": "1", "state": "open"}])
        run(store, stream)
        assert len(store.quarantine()) == 1

        report = run(store, listing([{"id": "1", "state": "open"}], maps=mapping(models.Deal, id="id", status="state")))

        assert counts(report) == (1, 1, 0, 0)
        assert store.quarantine() == ()

    def test_without_an_origin_the_same_page_is_there_once(self, store: Store) -> None:
        stream = listing([bad("1"), deal("2")], origin=None)
        run(store, stream)

        run(store, stream)

        assert [(each.origin, each.row) for each in store.quarantine()] == [(None, 1)]
