"""Streams in threads and one writer: equal contents, children after their parents, one sync at a time, Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from attrs import evolve
from tests.sync.crm import BEGIN, CASE
from tests.sync.sources import Listed, books, deal, listing, rows

from crmcx import models
from crmcx.connectors import Connector, Cursor, Deletes, Page, Parents, Stream, mapping, ref
from crmcx.connectors.conversions import Plain
from crmcx.errors import ConnectorError, SourceError, StoreLockedError
from crmcx.store import Store
from crmcx.sync import Progress, Run, SyncInterrupted, sync
from crmcx.workspace import Workspace


class AtOnce(Listed):
    """The streams that it is given, in threads."""

    name: ClassVar[str] = "atonce"
    threads: ClassVar[int] = 3


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(":memory:") as store:
        yield store


def many(streams: int = 6) -> list[Stream]:
    return [
        listing(*([deal(f"{number}-{page}-{row}") for row in range(3)] for page in range(5)), name=f"s{number}")
        for number in range(streams)
    ]


def run(store: Store, connector: Connector, **options: Any) -> Any:
    return sync(Run(store=store, source="crm", connector=connector, **options))


def test_in_threads_as_in_order(store: Store) -> None:
    report = run(store, AtOnce(*many()), rows_per_commit=4)
    with Store(":memory:") as other:
        run(other, Listed(*many()))
        assert other.digest() == store.digest()
    assert [each.stream for each in report.streams] == [f"s{number}" for number in range(6)]
    assert (report.counts.read, report.counts.stored) == (90, 90)
    assert {each.counts.read for each in report.streams} == {15}


def test_no_more_threads_than_were_asked_for(store: Store) -> None:
    reading, most = set(), []
    lock = threading.Lock()

    def slow(stream: Stream) -> Stream:
        def read(cursor: Cursor) -> Iterator[Page]:
            with lock:
                reading.add(stream.name)
                most.append(len(reading))
            yield from stream.read(cursor)
            with lock:
                reading.discard(stream.name)

        return evolve(stream, read=read)

    run(store, AtOnce(*map(slow, many())))
    assert max(most) <= AtOnce.threads
    assert not [each for each in threading.enumerate() if each.name.startswith("crmcx ")]


def test_a_reader_is_some_pages_ahead_at_most(store: Store) -> None:
    read = []

    def endless(_cursor: Cursor) -> Iterator[Page]:
        for number in range(1_000):
            read.append(number)
            yield Page([deal(str(number))])

    class StopError(Exception):
        pass

    def listen(progress: Progress) -> None:
        if progress.counts.read == 3:
            raise StopError

    with pytest.raises(StopError):
        run(store, AtOnce(Stream(name="deals", maps=many(1)[0].maps, read=endless)), rows_per_commit=1, listener=listen)
    assert len(read) <= 5  # one commit is the one that ends it, and one is ahead


def test_no_reader_is_ahead_by_more_than_a_commit(store: Store) -> None:
    """What is asked for and not committed yet is asked for again after a death: no more than one commit's pages."""
    read: list[int] = []
    most: list[int] = []
    committed = 0

    def pages(_cursor: Cursor) -> Iterator[Page]:
        for number in range(40):
            read.append(number)
            most.append(len(read) - committed)
            yield Page([deal(str(number))])

    sound = store.commit

    def commit(unit: Any) -> Any:
        nonlocal committed
        found = sound(unit)
        committed += len(unit.pages)
        return found

    store.commit = commit  # type: ignore[method-assign]
    run(store, AtOnce(Stream(name="deals", maps=many(1)[0].maps, read=pages)), rows_per_commit=3)
    assert len(read) == committed == 40
    assert max(most) == 3


def test_a_stream_that_fails_does_not_hinder_the_others(store: Store) -> None:
    def fails(_cursor: Cursor) -> Iterator[Page]:
        yield Page([deal("kept")])
        msg = "the door is closed"
        raise SourceError(msg)

    first, second = many(2)
    with pytest.raises(SourceError, match="the door is closed") as raised:
        run(store, AtOnce(first, evolve(first, name="bad", read=fails), second))

    report = raised.value.data["report"]
    assert [(each.stream, each.state, each.counts.read) for each in report.streams] == [
        ("s0", "done", 15),
        ("bad", "failed", 1),
        ("s1", "done", 15),
    ]
    assert "bad: failed: the door is closed" in str(report)
    assert books(store, "runs", "state, reason") == [("failed", "SourceError")]


def test_two_that_fail_are_both_told(store: Store) -> None:
    def fails(_cursor: Cursor) -> Iterator[Page]:
        msg = "no"
        raise SourceError(msg)
        yield

    first, second = (evolve(each, read=fails) for each in many(2))
    with pytest.raises(SourceError, match=r"2 streams of crm failed: s0: no \[source\]; s1: no \[source\]"):
        run(store, AtOnce(first, second))


class TestChildren:
    PARENTS = mapping(models.Case, id="id", status="status", opened_at="opened")
    CHILDREN = mapping(models.Interaction, id="id", kind="kind", occurred_at="at", case=ref("case"))

    def family(self, tickets: dict[str, str], *, changed_only: bool = True, children: int = 2) -> tuple[Any, list[str]]:
        """A connector of tickets, each with comments, and the tickets whose comments were asked for."""
        asked: list[str] = []

        def parents(_cursor: Cursor) -> Iterator[Page]:
            yield Page([{"id": n, "status": s, "opened": BEGIN.isoformat()} for n, s in sorted(tickets.items())])

        def comments(cursor: Cursor, parent: str) -> Iterator[Page]:
            asked.append(parent)
            for number in range(cursor.token or 0, children):
                said = {"id": f"{parent}/{number}", "kind": "email", "at": BEGIN.isoformat(), "case": parent}
                yield Page([said], next=number + 1 if number + 1 < children else None)

        streams = (
            Stream(
                name="comments",
                maps=(self.CHILDREN,),
                read=comments,
                parents=Parents("tickets", changed_only=changed_only),
            ),
            Stream(name="tickets", maps=(self.PARENTS,), read=parents),
        )
        return streams, asked

    @pytest.mark.parametrize("kind", [Listed, AtOnce])
    def test_they_are_asked_for_each_parent_after_all_parents(self, kind: type[Listed], store: Store) -> None:
        streams, asked = self.family({"a": "open", "b": "open", "c": "open"})
        report = run(store, kind(*streams))
        assert asked == ["a", "b", "c"]
        assert [(each.stream, each.counts.stored) for each in report.streams] == [("comments", 6), ("tickets", 3)]

    def test_later_only_those_of_parents_that_are_new_or_changed(self, store: Store) -> None:
        tickets = {"a": "open", "b": "open"}
        streams, asked = self.family(tickets)
        run(store, Listed(*streams))
        tickets |= {"b": "solved", "c": "open"}
        asked.clear()
        run(store, Listed(*streams))
        assert asked == ["b", "c"]
        asked.clear()
        run(store, Listed(*streams))
        assert asked == []
        run(store, Listed(*streams), whole=True)
        assert asked == ["a", "b", "c"]

    def test_or_those_of_all(self, store: Store) -> None:
        streams, asked = self.family({"a": "open", "b": "open"}, changed_only=False)
        run(store, Listed(*streams))
        run(store, Listed(*streams))
        assert asked == ["a", "b"] * 2

    def test_a_broken_pass_goes_on_with_the_parent_where_it_stood(self, store: Store) -> None:
        streams, asked = self.family(dict.fromkeys("abcd", "open"), children=3)
        child, parent = streams

        def breaks(cursor: Cursor, of: str) -> Iterator[Page]:
            for number, page in enumerate(child.read(cursor, of)):
                if (of, number) == ("c", 2):
                    msg = "broken"
                    raise SourceError(msg)
                yield page

        with pytest.raises(SourceError):
            run(store, Listed(evolve(child, read=breaks), parent), rows_per_commit=1)
        asked.clear()
        report = run(store, Listed(child, parent))
        assert asked == ["c", "d"]
        assert [each.counts.stored for each in report.streams] == [4, 0]
        assert len(rows(store, "interactions")) == 12

    def test_their_state_is_one_position_however_many_parents(self, store: Store) -> None:
        sizes = []
        streams, _ = self.family({f"{number:04}": "open" for number in range(300)})
        sound = store.commit

        def commit(unit: Any) -> Any:
            sizes.append(len(unit.cursor))
            return sound(unit)

        store.commit = commit  # type: ignore[method-assign]
        run(store, Listed(*streams), rows_per_commit=50)
        assert max(sizes) < 300
        assert len(rows(store, "interactions")) == 600

    def test_parents_without_children_are_committed_past_too(self, store: Store) -> None:
        streams, asked = self.family({f"{number:04}": "open" for number in range(450)}, children=0)
        child, parent = streams
        seen: list[str] = []

        def breaks(cursor: Cursor, of: str) -> Iterator[Page]:
            seen.append(of)
            if len(seen) == 410:
                msg = "broken"
                raise SourceError(msg)
            yield from child.read(cursor, of)

        with pytest.raises(SourceError):
            run(store, Listed(evolve(child, read=breaks), parent))
        asked.clear()
        run(store, Listed(child, parent))
        assert len(asked) == 450 - 409

    def test_they_are_not_read_where_the_parents_were_not(self, store: Store) -> None:
        streams, asked = self.family({"a": "open"})

        def fails(_cursor: Cursor) -> Iterator[Page]:
            msg = "no"
            raise SourceError(msg)
            yield

        with pytest.raises(SourceError) as raised:
            run(store, AtOnce(streams[0], evolve(streams[1], read=fails)))
        assert asked == []
        assert [each.state for each in raised.value.data["report"].streams] == ["not read", "failed"]

    @pytest.mark.parametrize(
        ("declared", "told"),
        [
            ({"parents": Parents("tickets"), "cursor": Plain("a")}, "no cursor= of its own"),
            ({"parents": Parents("tickets"), "deletes": Deletes.sweep()}, "cannot be swept"),
        ],
    )
    def test_what_they_cannot_have(self, declared: dict[str, Any], told: str) -> None:
        with pytest.raises(ConnectorError, match=told):
            Stream(name="comments", maps=(CASE,), read=listing().read, **declared)

    def test_parents_that_are_not_there(self, store: Store) -> None:
        with pytest.raises(ConnectorError, match="has the parents 'tickets'; there are: comments"):
            run(store, Listed(self.family({})[0][0]))

    def test_parents_of_each_other(self, store: Store) -> None:
        one, two = many(2)
        with pytest.raises(ConnectorError, match="the streams s0, s1 are each other's parents"):
            run(store, Listed(evolve(one, parents=Parents("s1")), evolve(two, parents=Parents("s0"))))


class TestAlone:
    def test_the_second_is_told_which_is_under_way(self, store: Store) -> None:
        told: list[str] = []

        def listen(_progress: Progress) -> None:
            with pytest.raises(StoreLockedError) as raised:
                sync(Run(store=store, source="other", connector=Listed(listing())))
            told.append(str(raised.value))

        run(store, Listed(listing([deal("1")])), listener=listen)
        assert "a sync of crm, begun" in told[0]
        assert "is under way in this store" in told[0]
        run(store, Listed(listing([deal("1")])))

    def test_one_that_failed_is_not_under_way(self, store: Store) -> None:
        with pytest.raises(ConnectorError):
            run(store, Listed(*[listing()] * 2))
        run(store, Listed(listing([deal("1")])))


class TestCtrlC:
    def workspace(self, pages: int, kind: type[Listed], press: set[int], store: str = ":memory:") -> Workspace:
        """A workspace whose source is interrupted at some pages."""

        def read(cursor: Cursor) -> Iterator[Page]:
            for number in range(cursor.token or 0, pages):
                if number in press:
                    press.discard(number)
                    os.kill(os.getpid(), signal.SIGINT)
                yield Page([deal(str(number))], next=number + 1)

        ws = Workspace(store)
        ws.connect(kind(Stream(name="deals", maps=many(1)[0].maps, read=read)), name="one")
        ws.connect(Listed(listing([deal("other")])), name="two")
        return ws

    @pytest.mark.parametrize("kind", [Listed, AtOnce])
    def test_the_first_ends_it_at_the_next_commit_with_a_summary(self, kind: type[Listed]) -> None:
        with self.workspace(40, kind, {3}) as ws:
            with pytest.raises(SyncInterrupted) as raised:
                ws.sync()
            (run_,) = raised.value.report.runs
            (stream,) = run_.streams
            assert stream.state == "stopped"
            assert 0 < stream.counts.read < 40
            assert len(ws.tables.deals.rows()) == stream.counts.stored == stream.counts.read
            assert f"{run_.source} deals: stopped" in str(raised.value.report)
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

            report = ws.sync()

            assert sum(each.counts.read for each in report.runs[0].streams) == 40 - stream.counts.read
            assert len(ws.refresh().deals.rows()) == 41

    def test_the_second_ends_it_at_once(self) -> None:
        with self.workspace(40, Listed, {3}) as ws:
            ws.store._step = lambda name: os.kill(os.getpid(), signal.SIGINT) if name == "books" else None
            with pytest.raises(KeyboardInterrupt) as raised:
                ws.sync()
            assert not isinstance(raised.value, SyncInterrupted)
            ws.store._step = lambda _name: None
            assert ws.tables.deals.rows() == []
            ws.sync()
            assert len(ws.refresh().deals.rows()) == 41

    def test_a_program_with_a_handler_of_its_own_keeps_it(self) -> None:
        pressed: list[int] = []
        before = signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))
        try:
            with self.workspace(5, Listed, {1}) as ws:
                ws.sync()
        finally:
            signal.signal(signal.SIGINT, before)
        assert pressed == [signal.SIGINT]

    def test_in_another_thread_nothing_is_handled(self) -> None:
        found: list[int] = []
        with self.workspace(5, Listed, set()) as ws:
            thread = threading.Thread(target=lambda: found.append(ws.sync().counts.read))
            thread.start()
            thread.join()
        assert found == [6]
