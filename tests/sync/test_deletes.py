"""What a source has deleted is deleted here, as the stream declares it, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sync.crm import BEGIN, CASE, VERSIONED, Reads, Source
from tests.sync.sources import books, counts, rows

from crmcx import models
from crmcx.connectors import Deletes, Page, contact, mapping
from crmcx.connectors.conversions import Plain
from crmcx.errors import ConnectorError
from crmcx.store import Store
from crmcx.sync import Run, RunReport, sync

UPDATED = Plain("updated")
FLAG = Deletes.flag("deleted")


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def store(source: Source) -> Iterator[Store]:
    with Store(":memory:", clock=source.clock) as store:
        yield store


def run(store: Store, connector: Reads, **options: Any) -> RunReport:
    return sync(Run(store=store, source="desk", connector=connector, **options))


def case(number: object, **values: object) -> dict[str, Any]:
    return {"id": str(number), "status": "open", "opened": BEGIN.isoformat(), **values}


def saying(source: Source, *pages: Page, **declared: Any) -> Reads:
    """A connector that yields these pages."""
    connector = Reads(source, maps=(CASE,), **declared)
    connector.read = lambda _cursor: iter(pages)  # type: ignore[method-assign]
    return connector


def ids(store: Store) -> list[str]:
    return [row["source_id"] for row in rows(store, "cases")]


def told(report: RunReport) -> tuple[int, ...]:
    found = report.counts
    return (*counts(report), found.deleted)


class TestFlag:
    def test_a_marker_needs_nothing_but_its_id(self, source: Source, store: Store) -> None:
        run(store, saying(source, Page([case(1), case(2)])))

        report = run(store, saying(source, Page([{"id": 1, "deleted": True}, case(2)]), deletes=FLAG))

        assert told(report) == (2, 1, 1, 0, 1)
        assert ids(store) == ["2"]
        assert books(store, "deleted", "table_name, source_id, how") == [("cases", "1", "marker")]
        assert store.status().streams[0].counts.deleted == 1

    def test_said_again_it_says_nothing_new(self, source: Source, store: Store) -> None:
        connector = saying(source, Page([case(1), {"id": 1, "deleted": True}]), deletes=FLAG)
        assert told(run(store, connector)) == (2, 1, 1, 0, 0)
        assert ids(store) == []
        marker = saying(source, Page([{"id": 1, "deleted": True}]), deletes=FLAG)
        assert told(run(store, marker)) == (1, 0, 1, 0, 0)

    def test_a_record_that_comes_back_is_stored_again(self, source: Source, store: Store) -> None:
        run(store, saying(source, Page([case(1, subject="a")])))
        run(store, saying(source, Page([{"id": 1, "deleted": "2025-01-02"}]), deletes=FLAG))
        assert ids(store) == []

        assert told(run(store, saying(source, Page([case(1, subject="b")]), deletes=FLAG))) == (1, 1, 0, 0, 0)

        assert ids(store) == ["1"]
        assert books(store, "deleted") == []
        assert rows(store, "case_changes") == []

    def test_one_record_of_several_classes_counts_once(self, source: Source, store: Store) -> None:
        people = mapping(models.Customer, id="who", name="name", parts=(contact("email", "mail"),))
        said = case(1, who="p", name="Ada", mail="a@example.org")
        run(store, _both(source, people, Page([said])))

        report = run(store, _both(source, people, Page([{"id": 1, "who": "p", "deleted": 1}])))

        assert told(report) == (1, 1, 0, 0, 2)
        assert rows(store, "cases") == rows(store, "customers") == rows(store, "contact_points") == []

    @pytest.mark.parametrize(
        ("value", "gone"),
        [
            *((value, False) for value in (None, False, "", 0, 0.0, "false", "False", "0")),
            *((value, True) for value in (True, 1, "true", "2025-01-01", "yes", [1])),
        ],
    )
    def test_what_a_flag_says(self, value: object, gone: bool, source: Source, store: Store) -> None:
        run(store, saying(source, Page([case(1)])))
        run(store, saying(source, Page([case(1, deleted=value)]), deletes=FLAG))
        assert (ids(store) == []) is gone

    @pytest.mark.parametrize(("value", "gone"), [("archived", True), ("Archived", False), (True, False), (None, False)])
    def test_a_flag_with_its_own_words(self, value: object, gone: bool, source: Source, store: Store) -> None:
        deletes = Deletes.flag(("meta", "state"), "archived", "purged")
        run(store, saying(source, Page([case(1)])))
        run(store, saying(source, Page([case(1, meta={"state": value})]), deletes=deletes))
        assert (ids(store) == []) is gone

    def test_cells_by_the_names_of_the_page(self, source: Source, store: Store) -> None:
        names = ("id", "status", "opened", "deleted")
        page = Page([["1", "open", BEGIN.isoformat(), None], ["2", None, None, "yes"], ["3"]], fields=names)
        report = run(store, saying(source, page, deletes=FLAG))
        assert told(report) == (3, 2, 0, 1, 0)
        assert ids(store) == ["1"]

    def test_a_marker_without_a_readable_id_is_set_aside(self, source: Source, store: Store) -> None:
        report = run(store, saying(source, Page([{"deleted": True, "name": "Ada"}]), deletes=FLAG))
        assert told(report) == (1, 0, 0, 1, 0)
        (aside,) = store.quarantine()
        assert aside.reason == "the source says that it is gone, and its id cannot be read"


def _both(source: Source, people: Any, *pages: Page) -> Reads:
    connector = Reads(source, maps=(CASE, people), deletes=FLAG)
    connector.read = lambda _cursor: iter(pages)  # type: ignore[method-assign]
    return connector


class TestEndpoint:
    DELETES = Deletes.endpoint(id=("ref", "id"))

    def test_pages_of_what_is_gone(self, source: Source, store: Store) -> None:
        pages = Page([case(1), case(2)]), Page([{"ref": {"id": 2}}, {"ref": {"id": 9}}], deleted=True)
        report = run(store, saying(source, *pages, deletes=self.DELETES))
        assert told(report) == (4, 3, 1, 0, 0)
        assert ids(store) == ["1"]

    def test_of_versioned_records_it_speaks_of_what_is_there(self, source: Source, store: Store) -> None:
        """A list of deleted ids has no versions: what was read before it is meant, not what is made later."""
        source.put(1)
        old = dict(source.records["1"])
        connector = Reads(source, deletes=self.DELETES)
        run(store, connector)
        connector.read = lambda _cursor: iter(  # type: ignore[method-assign]
            [Page([{"ref": {"id": "1"}}], deleted=True), Page([old])]
        )
        assert told(run(store, connector)) == (2, 1, 1, 0, 1)
        assert ids(store) == []
        source.put(1, subject="made again")
        connector.read = lambda _cursor: iter([Page(source.newer(None))])  # type: ignore[method-assign]
        run(store, connector)
        assert ids(store) == ["1"]

    def test_a_page_that_nobody_declared(self, source: Source, store: Store) -> None:
        with pytest.raises(ConnectorError, match="a page of deleted records, which it does not declare"):
            run(store, saying(source, Page([{"id": 1}], deleted=True)))


class TestSweep:
    SWEEP = Deletes.sweep()

    def test_what_a_whole_pass_does_not_show_is_gone(self, source: Source, store: Store) -> None:
        for number in range(5):
            source.put(number)
        connector = Reads(source, deletes=self.SWEEP)
        run(store, connector)
        del source.records["3"]

        assert told(run(store, connector)) == (4, 0, 4, 0, 1)

        assert ids(store) == ["0", "1", "2", "4"]
        assert books(store, "deleted", "source_id, how") == [("3", "sweep")]
        assert books(store, "present") == []
        source.put(3)
        assert told(run(store, connector)) == (5, 1, 4, 0, 0)
        assert books(store, "deleted") == []

    def test_a_broken_pass_sweeps_nothing_and_a_resumed_one_does(self, source: Source, store: Store) -> None:
        for number in range(6):
            source.put(number)
        connector = Reads(source, deletes=self.SWEEP)
        run(store, connector)
        del source.records["1"]

        def breaks(number: int) -> None:
            if number == 2:
                raise ConnectorError("broken")

        connector.before_page = breaks
        with pytest.raises(ConnectorError):
            run(store, connector, rows_per_commit=1)
        assert ids(store) == ["0", "1", "2", "3", "4", "5"]
        connector.before_page = lambda _number: None

        report = run(store, connector)

        assert report.streams[0].resumed
        assert told(report) == (1, 0, 1, 0, 1)
        assert ids(store) == ["0", "2", "3", "4", "5"]

    def test_a_record_that_cannot_be_mapped_is_still_there(self, source: Source, store: Store) -> None:
        source.put(1)
        source.put(2)
        connector = Reads(source, deletes=self.SWEEP)
        run(store, connector)
        source.records["1"]["status"] = "mislaid"

        assert told(run(store, connector)) == (2, 0, 1, 1, 0)
        assert ids(store) == ["1", "2"]

    def test_nothing_is_swept_where_an_id_cannot_be_read(self, source: Source, store: Store) -> None:
        source.put(1)
        source.put(2)
        connector = Reads(source, deletes=self.SWEEP)
        run(store, connector)
        source.records["1"]["id"] = None

        report = run(store, connector)

        assert report.counts.deleted == 0
        assert report.streams[0].not_swept == "records were set aside whose id cannot be read"
        assert "nothing was deleted: records were set aside whose id cannot be read" in str(report)
        assert ids(store) == ["1", "2"]

    def test_a_source_that_shows_nothing_sweeps_nothing(self, source: Source, store: Store) -> None:
        source.put(1)
        connector = Reads(source, deletes=self.SWEEP)
        run(store, connector)
        source.records.clear()

        report = run(store, connector)

        assert (report.counts.deleted, ids(store)) == (0, ["1"])
        assert report.streams[0].not_swept == "the source showed no record at all"

    def test_an_empty_source_has_nothing_to_tell(self, source: Source, store: Store) -> None:
        assert run(store, Reads(source, deletes=self.SWEEP)).streams[0].not_swept is None

    def test_only_the_rows_of_the_stream_go(self, source: Source, store: Store) -> None:
        source.put(1)
        run(store, saying(source, Page([case("of another stream")]), name="other"))
        run(store, Reads(source, deletes=self.SWEEP))
        source.records.clear()
        source.put(2)
        run(store, Reads(source, deletes=self.SWEEP))
        assert ids(store) == ["2", "of another stream"]

    def test_steps_that_the_store_noted_stay(self, source: Source, store: Store) -> None:
        source.put(1)
        connector = Reads(source, deletes=self.SWEEP)
        run(store, connector)
        source.put(1, status="solved")
        run(store, connector)
        assert len(rows(store, "case_changes")) == 1
        run(store, connector)
        assert len(rows(store, "case_changes")) == 1

    def test_with_a_cursor_a_whole_pass_is_made_every_so_often(self, source: Source, store: Store) -> None:
        source.put(1)
        source.put(2)
        connector = Reads(source, cursor=UPDATED, deletes=Deletes.sweep(every=timedelta(days=1)))
        run(store, connector)
        del source.records["1"]
        source.put(3)

        assert told(run(store, connector)) == (2, 1, 1, 0, 0)
        source.now += timedelta(days=1)
        report = run(store, connector)

        assert (report.streams[0].whole, report.counts.deleted) == (True, 1)
        assert ids(store) == ["2", "3"]
        assert not run(store, connector).streams[0].whole

    def test_a_cursor_without_whole_passes_is_refused(self, source: Source) -> None:
        with pytest.raises(ConnectorError, match=r"needs Deletes\.sweep\(every=\.\.\.\)"):
            Reads(source, cursor=UPDATED, deletes=self.SWEEP).streams()


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_markers_with_versions_end_alike_in_any_order_and_split(data: st.DataObject) -> None:
    """The highest version stands; of equal ones the marker; whatever came when."""
    said = data.draw(
        st.lists(
            st.tuples(st.sampled_from("ab"), st.integers(1, 4), st.booleans()), min_size=1, max_size=9, unique=True
        )
    )
    truth = {}
    for number, version, gone in said:
        truth[number] = max(truth.get(number, (0, False)), (version, gone))
    expected = sorted(number for number, (_, gone) in truth.items() if not gone)
    digests = set()
    for _ in range(3):
        order = data.draw(st.permutations(said))
        found = _after(order, data.draw(st.integers(1, 4)), data.draw(st.integers(1, 5)), VERSIONED)
        assert found[0] == expected
        digests.add(found[1])
    assert len(digests) == 1


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.just(None), st.booleans()), min_size=1, max_size=9),
    st.integers(1, 4),
    st.integers(1, 5),
)
def test_without_versions_the_last_to_arrive_stands(
    said: list[tuple[str, None, bool]], size: int, rows_per_commit: int
) -> None:
    last = {number: gone for number, _, gone in said}
    expected = sorted(number for number, gone in last.items() if not gone)
    assert _after(said, size, rows_per_commit, CASE)[0] == expected


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_lists_of_deleted_ids_end_alike_in_any_split(data: st.DataObject) -> None:
    """Rows have versions, markers none: a marker speaks of what came before it."""
    said = data.draw(st.lists(st.tuples(st.just("a"), st.integers(1, 3), st.booleans()), min_size=1, max_size=8))
    given_ = [(number, None if gone else version, gone) for number, version, gone in said]
    there: int | None = None
    buried: int | None = None
    for _, version, gone in given_:
        if gone:
            buried = max((each for each in (there, buried) if each is not None), default=None)
            there = None
        elif (there is None and (buried is None or version > buried)) or (there is not None and version > there):
            there, buried = version, None
    expected = [] if there is None else ["a"]
    for _ in range(2):
        found = _after(given_, data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4)), VERSIONED)
        assert found[0] == expected


def _after(
    said: Sequence[tuple[str, int | None, bool]], size: int, rows_per_commit: int, maps: Any
) -> tuple[list[str], str]:
    """The ids that are there, and the digest, after a run over pages of these records and markers."""

    def record(number: str, version: int | None, gone: bool) -> dict[str, Any]:
        stamp = {} if version is None else {"updated": (BEGIN + timedelta(days=version)).isoformat()}
        return {"id": number, **stamp, "deleted": True} if gone else case(number, subject=str(version), **stamp)

    records = [record(*each) for each in said]
    source = Source()
    connector = Reads(source, maps=(maps,), deletes=FLAG)
    pages = [Page(records[at : at + size]) for at in range(0, len(records), size)]
    connector.read = lambda _cursor: iter(pages)  # type: ignore[method-assign]
    with Store(":memory:") as store:
        report = run(store, connector, rows_per_commit=rows_per_commit)
        assert report.counts.adds_up
        assert report.counts.read == len(records)
        return ids(store), store.digest()


def test_what_is_lost_on_the_way_is_noticed(source: Source, store: Store) -> None:
    """A marker that is dropped on purpose does not pass the count."""
    run(store, saying(source, Page([case(1)])))
    sound = store._connection

    class Spoiled:
        def execute(self, sql: str, *parameters: Any) -> Any:
            if sql.startswith("INSERT INTO books.deleted"):
                sql = sql.replace("FROM buried", "FROM buried WHERE FALSE")
            return sound.execute(sql, *parameters)

        def __getattr__(self, name: str) -> Any:
            return getattr(sound, name)

    store._connection = Spoiled()  # type: ignore[assignment]
    with pytest.raises(Exception, match=r"0 deleted records of cases were noted, expected 1"):
        run(store, saying(source, Page([{"id": 1, "deleted": True}]), deletes=FLAG))
    store._connection = sound
    assert ids(store) == ["1"]
