"""A run: it goes on where the last one stood, keeps what it committed when it fails, and tells how far it is."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve
from tests.sync.sources import DEAL, Clock, Listed, Records, books, counts, deal, listing, place_of, rows, run

from crmcx.connectors import Connector, Cursor, Page, Stream
from crmcx.errors import ConnectorError, CrmcxError, SourceError, StoreError, UsageError
from crmcx.store import Counts, Store
from crmcx.sync import ROWS_PER_COMMIT, Progress, Run, SyncReport, sync
from crmcx.workspace import Workspace

PAGES = tuple([deal(str(number), stage="offer")] for number in range(1, 6))
BAD = {"id": "9", "status": "mislaid"}


class BreakError(Exception):
    """The source breaks off here."""


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(":memory:", clock=Clock()) as store:
        yield store


def breaking(stream: Stream, pages: int, error: BaseException | None = None) -> Stream:
    """The stream, which raises after some pages."""

    def read(cursor: Cursor) -> Iterator[Page]:
        for number, page in enumerate(stream.read(cursor)):
            if number == pages:
                raise error or BreakError
            yield page

    return evolve(stream, read=read)


def watched(stream: Stream, cursors: list[Any]) -> Stream:
    """The stream, which notes the tokens it is told to go on from."""

    def read(cursor: Cursor) -> Iterator[Page]:
        cursors.append(cursor.token)
        yield from stream.read(cursor)

    return evolve(stream, read=read)


def yielding(*pages: object) -> Stream:
    """A stream of whatever is given."""
    return Stream(name="deals", maps=(DEAL,), read=lambda _cursor: iter(pages))  # type: ignore[arg-type]


def states(store: Store) -> list[tuple[str, str | None]]:
    return [(state, reason) for _, state, reason in books(store, "runs", "run_id, state, reason")]


def ids(store: Store) -> list[str]:
    return [row["source_id"] for row in rows(store, "deals")]


class TestAgain:
    def test_a_second_run_finds_everything_unchanged(self, store: Store) -> None:
        stream = listing(*PAGES, [deal("1", stage="offer"), BAD])
        cursors: list[Any] = []
        assert counts(run(store, watched(stream, cursors), rows_per_commit=2)) == (7, 5, 1, 1)
        digest = store.digest()

        report = run(store, watched(stream, cursors), rows_per_commit=2)

        assert counts(report) == (7, 0, 6, 1)
        assert cursors == [None, None]
        assert not report.streams[0].resumed
        assert store.digest() == digest
        assert states(store) == [("done", None)] * 2

    @pytest.mark.parametrize(("broken_after", "stood", "token"), [(0, 0, None), (1, 1, 1), (2, 2, 2), (5, 5, 5)])
    def test_it_goes_on_behind_the_last_commit(
        self, broken_after: int, stood: int, token: int | None, store: Store
    ) -> None:
        with Store(":memory:") as whole:
            run(whole, listing(*PAGES, [deal("6")]))
            digest = whole.digest()
        stream = listing(*PAGES, [deal("6")])
        with pytest.raises(BreakError):
            run(store, breaking(stream, broken_after), rows_per_commit=2)
        assert len(ids(store)) == stood
        assert all(each.finished_at is None for each in store.status().streams)
        cursors: list[Any] = []

        report = run(store, watched(stream, cursors), rows_per_commit=2)

        assert cursors == [token]
        assert counts(report) == (6 - stood, 6 - stood, 0, 0)
        assert report.streams[0].resumed is (token is not None)
        assert store.digest() == digest
        assert place_of(store) is None
        assert store.status().streams[0].finished_at is not None
        assert sum(read for (read,) in books(store, "commits", '"read"')) == 6

    def test_every_record_is_committed_once_however_often_it_breaks(self, store: Store) -> None:
        for _ in range(len(PAGES) - 1):
            with pytest.raises(BreakError):
                run(store, breaking(listing(*PAGES), 1), rows_per_commit=1)

        assert counts(run(store, listing(*PAGES), rows_per_commit=1)) == (1, 1, 0, 0)
        assert [each[1:] for each in books(store, "commits", 'commit_id, "read", stored')] == [(1, 1)] * 5
        assert ids(store) == ["1", "2", "3", "4", "5"]

    def test_only_the_stream_that_broke_goes_on(self, store: Store) -> None:
        first, second = listing(*PAGES, name="first"), listing(*PAGES, name="second")
        cursors: list[Any] = []
        with pytest.raises(BreakError):
            run(store, first, breaking(second, 3), rows_per_commit=1)

        report = run(store, watched(first, cursors), watched(second, cursors), rows_per_commit=1)

        assert cursors == [None, 3]
        assert [(each.stream, each.resumed, each.counts.read) for each in report.streams] == [
            ("first", False, 5),
            ("second", True, 2),
        ]

    def test_a_stream_that_cannot_resume_begins_again(self, store: Store) -> None:
        stream = listing(*PAGES, resumes=False)
        cursors: list[Any] = []
        with pytest.raises(BreakError):
            run(store, breaking(stream, 3), rows_per_commit=1)

        report = run(store, watched(stream, cursors))

        assert cursors == [None]
        assert counts(report) == (5, 2, 3, 0)
        assert not report.streams[0].resumed

    def test_pages_without_a_cursor_begin_again(self, store: Store) -> None:
        pages = [Page(records) for records in PAGES]
        with pytest.raises(BreakError):
            run(store, breaking(yielding(*pages), 3), rows_per_commit=1)

        report = run(store, yielding(*pages))

        assert counts(report) == (5, 2, 3, 0)
        assert not report.streams[0].resumed

    @pytest.mark.parametrize("token", [0, "", "next", 1.5, True, [1, {"a": None}], {"page": "ß", "row": 2**70}])
    def test_a_cursor_comes_back_as_it_was_given(self, token: object, store: Store) -> None:
        given = Cursor(token=token, window=[1, 2])
        told: list[Cursor] = []

        def read(cursor: Cursor) -> Iterator[Page]:
            told.append(cursor)
            if cursor.token is None:
                yield Page([deal("1")], next=given)
            raise BreakError

        stream = Stream(name="deals", maps=(DEAL,), read=read)
        for _ in range(2):
            with pytest.raises(BreakError):
                run(store, stream, rows_per_commit=1)

        assert told == [Cursor(), given]


class TestFailure:
    @pytest.mark.parametrize("error", [BreakError(), SourceError("gone"), KeyboardInterrupt()])
    def test_what_was_committed_is_kept(self, error: BaseException, store: Store) -> None:
        with pytest.raises(type(error)) as raised:
            run(store, breaking(listing(*PAGES), 3, error), rows_per_commit=2)

        assert raised.value is error
        kept = [1, 2] if isinstance(error, Exception) else [2]  # what waits is written, but not against a Ctrl-C
        assert ids(store) == ["1", "2", "3"][: 3 if isinstance(error, Exception) else 2]
        assert books(store, "commits", '"read", stored, unchanged, quarantined') == [(n, n, 0, 0) for n in kept]
        assert states(store) == [("failed", type(error).__name__)]
        assert books(store, "runs", "finished_us IS NOT NULL") == [(True,)]
        assert store.status().streams[0].finished_at is None

    def test_one_that_would_end_the_program_fails_alone(self, store: Store) -> None:
        with pytest.raises(ConnectorError, match="the stream deals was to end the whole program"):
            run(store, breaking(listing(*PAGES), 3, SystemExit(1)), listing(*PAGES, name="other"), rows_per_commit=2)

        assert ids(store) == ["1", "2", "3", "4", "5"]
        assert states(store) == [("failed", "ConnectorError")]

    def test_the_other_streams_are_whole(self, store: Store) -> None:
        with pytest.raises(BreakError):
            run(store, listing(*PAGES, name="first"), breaking(listing(*PAGES), 0), listing(*PAGES, name="third"))

        assert [(each.stream, each.counts.read) for each in store.status().streams] == [("first", 5), ("third", 5)]
        assert states(store) == [("failed", "BreakError")]

    def test_the_reason_holds_no_words_of_the_source(self, store: Store) -> None:
        with pytest.raises(SourceError):
            run(store, breaking(listing(*PAGES), 1, SourceError("Ada is cross")), rows_per_commit=1)

        assert "Ada" not in str(books(store, "runs"))

    def test_a_run_that_was_never_noted_as_ended(self, store: Store) -> None:
        store.start_run("crm")
        store.start_run("helpdesk")

        run(store, listing(*PAGES))

        assert states(store) == [("broken off", None), ("running", None), ("done", None)]

    def test_the_garbage_collector_runs_again(self, store: Store) -> None:
        with pytest.raises(BreakError):
            run(store, breaking(listing(*PAGES), 1))
        assert gc.isenabled()
        gc.disable()
        try:
            run(store, listing(*PAGES))
            assert not gc.isenabled()
        finally:
            gc.enable()

    def test_a_source_that_fails_its_check_leaves_no_trace(self, store: Store) -> None:
        class Closed(Listed):
            name = "closed"

            def check(self) -> None:
                msg = "the door is closed"
                raise SourceError(msg)

        with pytest.raises(SourceError, match="the door is closed"):
            sync(Run(store=store, source="crm", connector=Closed(listing(*PAGES))))

        assert books(store, "runs") == books(store, "connections") == books(store, "commits") == []

    def test_a_failed_store_is_what_is_told(self, store: Store) -> None:
        """A store that takes no note of the failure does not hide what failed."""

        def close(_progress: Progress) -> None:
            store.close()
            raise BreakError

        with pytest.raises(BreakError):
            sync(Run(store=store, source="crm", connector=Listed(listing(*PAGES)), listener=close))


class TestContract:
    @pytest.mark.parametrize("said", [[deal("2")], deal("2"), None, "page", (Page([]),)])
    def test_not_a_page(self, said: object, store: Store) -> None:
        stream = yielding(Page([deal("1")]), said)

        with pytest.raises(ConnectorError, match=f"the stream yielded {type(said).__name__}, expected Page") as raised:
            run(store, stream, rows_per_commit=1)

        assert raised.value.code == "connector"
        assert ids(store) == ["1"]
        assert states(store) == [("failed", "ConnectorError")]

    @pytest.mark.parametrize(
        ("said", "found"),
        [
            ({"body": "text"}, "body=str"),
            ({"body": {"a": 1}}, "body=dict"),
            ({"next": "b", "body": bytearray(b"x")}, "body=bytearray"),
        ],
    )
    def test_a_bad_body(self, said: dict[str, Any], found: str, store: Store) -> None:
        with pytest.raises(ConnectorError, match=f"a page with {found}, expected bytes or None"):
            run(store, yielding(Page([deal("1")]), Page([deal("2")], **said)), rows_per_commit=1)

        assert ids(store) == ["1"]

    @pytest.mark.parametrize("token", [object(), b"bytes", {1, 2}, {("a", "b"): 1}, Cursor])
    def test_a_cursor_that_cannot_be_written(self, token: object, store: Store) -> None:
        with pytest.raises(ConnectorError, match="whose cursor cannot be written as JSON"):
            run(store, yielding(Page([deal("1")], next=Cursor(token=token))))

        assert ids(store) == []

    def test_a_cursor_that_holds_itself(self, store: Store) -> None:
        token: list[Any] = []
        token.append(token)

        with pytest.raises((ConnectorError, RecursionError)):
            run(store, yielding(Page([deal("1")], next=Cursor(token=token))))

        assert ids(store) == []

    def test_the_body_is_kept_as_it_came(self, store: Store) -> None:
        run(store, yielding(Page([deal("1")], body=b"\x00\xff as it came")))

        assert store.page_body(1) == b"\x00\xff as it came"

    def test_a_page_at_the_limit_of_rows_and_none(self, store: Store) -> None:
        report = run(store, yielding(Page([]), Page([deal("1"), deal("2"), deal("3")]), Page([])), rows_per_commit=1)

        assert counts(report) == (3, 3, 0, 0)
        assert [read for _, read in books(store, "commits", 'commit_id, "read"')] == [3, 0]


class TestListener:
    def test_it_is_told_after_every_commit(self, store: Store) -> None:
        told: list[tuple[Progress, int, int]] = []

        def listen(progress: Progress) -> None:
            if progress.state == "reading":
                told.append((progress, len(books(store, "commits")), len(ids(store))))

        streams = (
            listing(PAGES[0], [*PAGES[1], BAD], [deal("1", stage="offer")]),
            listing([], name="nothing"),
            listing([deal("7")], [deal("8")], name="other"),
        )
        report = sync(
            Run(store=store, source="crm", connector=Listed(*streams), listener=listen, rows_per_commit=2),
        )

        said = [(each.source, each.stream, each.counts) for each, _, _ in told]
        assert said == [
            ("crm", "deals", Counts(read=3, stored=2, quarantined=1)),
            ("crm", "deals", Counts(read=4, stored=2, unchanged=1, quarantined=1)),
            ("crm", "nothing", Counts()),
            ("crm", "other", Counts(read=2, stored=2)),
        ]
        assert [(commits, stored) for _, commits, stored in told] == [(1, 2), (2, 2), (3, 2), (4, 4)]
        assert [each.counts for each in report.streams] == [said[1][2], said[2][2], said[3][2]]
        assert report.counts == Counts(read=6, stored=4, unchanged=1, quarantined=1)

    def test_one_that_raises_ends_the_run_behind_the_commit(self, store: Store) -> None:
        def listen(progress: Progress) -> None:
            if progress.counts.read == 2:
                raise BreakError

        with pytest.raises(BreakError):
            sync(
                Run(
                    store=store,
                    source="crm",
                    connector=Listed(listing(*PAGES)),
                    listener=listen,
                    rows_per_commit=1,
                )
            )
        assert ids(store) == ["1", "2"]
        assert states(store) == [("failed", "BreakError")]
        assert counts(run(store, listing(*PAGES))) == (3, 3, 0, 0)

    def test_by_the_workspace(self) -> None:
        told: list[tuple[str, int]] = []
        with Workspace() as ws:
            for name in ("one", "two"):
                ws.connect(Listed(listing(*PAGES)), name=name)

            report = ws.sync(listener=lambda progress: told.append((progress.source, progress.state)))

            assert told == [(f"listed:{name}", state) for name in ("one", "two") for state in ("reading", "done")]
            assert [each["source"] for each in report.dicts()] == ["listed:one", "listed:two"]
            assert report.counts == Counts(read=10, stored=10)


class TestNames:
    def test_a_connection_of_the_same_name(self) -> None:
        with Workspace() as ws:
            assert ws.connect(Listed(listing(*PAGES))) == "listed"
            assert ws.connect(Listed(listing(*PAGES)), name="two") == "listed:two"
            for name in (None, "two"):
                with pytest.raises(UsageError, match="is connected already"):
                    ws.connect(Listed(listing(*PAGES)), name=name)
            with pytest.raises(UsageError, match="is connected already"):
                ws.load([deal("1")], source="listed", maps=DEAL)

    def test_a_source_of_another_connector(self, store: Store) -> None:
        run(store, listing(*PAGES))

        class Other(Listed):
            name = "other"

        with pytest.raises(StoreError, match="the name 'crm' belongs to a connection of listed"):
            sync(Run(store=store, source="crm", connector=Other(listing(*PAGES))))

        assert states(store) == [("done", None)]

    def test_two_streams_of_the_same_name(self, store: Store) -> None:
        """Else the first goes on behind the place where the second broke off, and its pages are passed over."""
        with pytest.raises(CrmcxError):
            run(store, listing([deal("1")]), listing([deal("2")]))

    def test_a_source_that_is_no_name(self, store: Store) -> None:
        with pytest.raises(UsageError, match="is not a name"):
            run(store, listing(*PAGES), source="a b")

        assert books(store, "runs") == []


class TestReport:
    def test_it_prints_as_a_table(self, store: Store) -> None:
        report = run(store, listing([deal("1"), BAD, deal("1")]))

        lines = str(report).splitlines()

        assert lines[0].split() == ["source", "stream", "read", "stored", "unchanged", "quarantined", "seconds"]
        assert lines[1].split()[:6] == ["crm", "deals", "3", "1", "1", "1"]
        assert lines[2:] == ["1 record could not be mapped and is in quarantine"]
        assert len(str(run(store, listing([deal("1")]))).splitlines()) == 2

    def test_seconds_are_the_stores(self, store: Store) -> None:
        (stream,) = run(store, listing(*PAGES)).streams

        assert 0 < stream.seconds < 1

    def test_of_no_connection_at_all(self) -> None:
        with Workspace() as ws:
            report = ws.sync()
        assert report == SyncReport(())
        assert report.counts == Counts()
        assert report.dicts() == []


def pages_of(number: int, size: int) -> tuple[Records, ...]:
    return tuple([deal(f"{page}-{row}") for row in range(size)] for page in range(number))


@pytest.mark.parametrize(
    ("pages", "size", "rows_per_commit", "reads"),
    [(4, 1, 1, [1, 1, 1, 1]), (4, 1, 3, [3, 1]), (4, 3, 4, [6, 6]), (2, 5, 1, [5, 5]), (3, 2, 100, [6])],
)
def test_commits_take_whole_pages(pages: int, size: int, rows_per_commit: int, reads: list[int], store: Store) -> None:
    run(store, listing(*pages_of(pages, size)), rows_per_commit=rows_per_commit)

    assert [read for _, read in books(store, "commits", 'commit_id, "read"')] == reads


def test_pages_are_read_only_as_they_are_committed(store: Store) -> None:
    """The source is not read ahead of what is stored by more than a commit."""
    read: list[int] = []
    ahead: list[int] = []

    def reading(_cursor: Cursor) -> Iterator[Page]:
        for number in range(1, 8):
            read.append(number)
            yield Page([deal(str(number))])

    connector: Connector = Listed(Stream(name="deals", maps=(DEAL,), read=reading))
    listener: Callable[[Progress], None] = lambda progress: ahead.append(len(read) - progress.counts.read)  # noqa: E731
    sync(Run(store=store, source="crm", connector=connector, listener=listener, rows_per_commit=2))

    assert ahead == [0, 0, 0, 0, 0]
    assert ROWS_PER_COMMIT == 20_000
