"""What is new is asked for from the right stamp on: nothing is passed over, whatever changes while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sync.crm import BEGIN, CASE, Reads, Source
from tests.sync.sources import counts, listing

from crmcx.connectors import Cursor, Page, Stream, instant
from crmcx.connectors.conversions import Plain
from crmcx.errors import ConnectorError, PagingError
from crmcx.store import Store
from crmcx.sync import Run, RunReport, sync

UPDATED = Plain("updated")


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def store(source: Source) -> Iterator[Store]:
    with Store(":memory:", clock=source.clock) as store:
        yield store


def run(store: Store, connector: Reads, **options: Any) -> RunReport:
    return sync(Run(store=store, source="desk", connector=connector, **options))


def subjects(store: Store) -> dict[str, str | None]:
    with store._reading():
        return dict(store._connection.execute("SELECT source_id, subject FROM cases").fetchall())


def truth(source: Source) -> dict[str, str | None]:
    return {number: record.get("subject") for number, record in source.records.items()}


def test_the_second_pass_asks_from_the_newest_stamp_on(source: Source, store: Store) -> None:
    for number in range(5):
        source.put(number)
    newest = source.newer(None)[-1]["updated"]
    connector = Reads(source, cursor=UPDATED)

    assert counts(run(store, connector)) == (5, 5, 0, 0)
    assert counts(run(store, connector)) == (1, 0, 1, 0)
    source.put(2, subject="new")
    assert counts(run(store, connector)) == (2, 1, 1, 0)

    assert [None if since is None else since.isoformat() for since, _ in source.asked][:2] == [None, newest]
    assert subjects(store) == truth(source)


def test_the_lookback_is_subtracted(source: Source, store: Store) -> None:
    source.put(1)
    connector = Reads(source, cursor=UPDATED, lookback=timedelta(minutes=5))
    run(store, connector)
    run(store, connector)

    assert (
        source.asked[1][0].isoformat()
        == (source.now.fromisoformat(source.records["1"]["updated"]) - timedelta(minutes=5)).isoformat()
    )


def test_what_is_shown_late_comes_within_the_lookback(source: Source, store: Store) -> None:
    """A record whose transaction ended late has a stamp before the newest that was read."""
    source.put(1)
    late = source.clock()
    source.put(2)
    connector = Reads(source, cursor=UPDATED, lookback=timedelta(seconds=10))
    run(store, connector)
    source.records["3"] = {"id": "3", "opened": BEGIN.isoformat(), "status": "open", "updated": late.isoformat()}

    assert run(store, connector).counts.stored == 1
    assert subjects(store) == truth(source)


@pytest.mark.parametrize("order", ["any", "ascending"])
def test_a_change_behind_the_page_that_is_read_comes_with_the_next_pass(
    order: Any, source: Source, store: Store
) -> None:
    """While page two is read, a record of page one changes; a later stamp on page two must not hide it."""
    for number in range(4):
        source.put(number)
    connector = Reads(source, cursor=UPDATED, order=order)

    def meanwhile(number: int) -> None:
        if number == 1 and len(source.asked) == 1:
            source.put(0, subject="changed")
            source.put(3, subject="changed too")

    connector.before_page = meanwhile
    run(store, connector)
    run(store, connector)

    assert subjects(store) == truth(source)


def test_a_stamp_of_the_future_hides_nothing(source: Source, store: Store) -> None:
    source.put(1, updated="2199-01-01T00:00:00+00:00")
    connector = Reads(source, cursor=UPDATED, order="ascending")
    run(store, connector)
    source.put(2)

    run(store, connector)

    assert subjects(store) == truth(source)


def test_whole_numbers_that_only_grow(source: Source, store: Store) -> None:
    asked: list[Any] = []

    def read(cursor: Cursor) -> Iterator[Page]:
        asked.append(cursor.watermark)
        yield Page([{"id": "a", "status": "open", "opened": BEGIN.isoformat(), "seq": len(asked) * 10}])

    connector = Reads(source, cursor=Plain("seq"), maps=(CASE,))
    connector.read = read  # type: ignore[method-assign]
    for _ in range(3):
        run(store, connector)

    assert asked == [None, 10, 20]


def test_stamps_in_another_spelling(source: Source, store: Store) -> None:
    source.now += timedelta(hours=1)
    asked: list[Any] = []

    def read(cursor: Cursor) -> Iterator[Page]:
        asked.append(cursor.watermark)
        yield Page([{"id": "a", "status": "open", "opened": BEGIN.isoformat(), "ms": "1735689600123"}, {"id": "b"}])

    connector = Reads(source, cursor=instant("ms", unit="ms"), maps=(CASE,))
    connector.read = read  # type: ignore[method-assign]
    for _ in range(2):
        run(store, connector)

    assert asked == [None, BEGIN + timedelta(milliseconds=123)]


def test_a_whole_pass_can_be_wanted(source: Source, store: Store) -> None:
    for number in range(5):
        source.put(number)
    connector = Reads(source, cursor=UPDATED)
    run(store, connector)
    del source.records["4"]["updated"]  # a source that forgot to stamp a change
    source.records["4"] |= {"updated": source.records["0"]["updated"], "subject": "unseen"}

    assert run(store, connector).counts.stored == 0
    report = run(store, connector, whole=True)

    assert (report.streams[0].whole, report.counts.read) == (True, 5)


class BreakError(Exception):
    """The source breaks off here."""


def broken_after(pages: int) -> Any:
    def before(number: int) -> None:
        if number == pages:
            raise BreakError

    return before


def test_a_broken_pass_asks_the_same_question_again(source: Source, store: Store) -> None:
    for number in range(6):
        source.put(number)
    connector = Reads(source, cursor=UPDATED, order="ascending")
    run(store, connector)
    for number in range(6):
        source.put(number, subject=str(number))
    connector.before_page = broken_after(2)
    with pytest.raises(BreakError):
        run(store, connector, rows_per_commit=1)
    connector.before_page = lambda _number: None

    report = run(store, connector)

    assert report.streams[0].resumed
    (_, first), (since, token), (again, place) = [(s, t) for s, t in source.asked]
    assert (first, token, since == again, place is not None) == (None, None, True, True)
    assert subjects(store) == truth(source)


def test_without_tokens_the_stamps_lead_on_where_the_order_is_promised(source: Source, store: Store) -> None:
    for number in range(6):
        source.put(number)
    connector = Reads(source, cursor=UPDATED, order="ascending")
    connector.tokens = False
    connector.before_page = broken_after(2)
    with pytest.raises(BreakError):
        run(store, connector, rows_per_commit=1)
    connector.before_page = lambda _number: None

    assert counts(run(store, connector)) == (3, 2, 1, 0)
    assert subjects(store) == truth(source)


def test_a_stream_out_of_the_order_it_promised_begins_again(source: Source, store: Store) -> None:
    """Else what is older than the newest stamp that came would be passed over."""
    for number in range(6):
        source.put(number)
    connector = Reads(source, cursor=UPDATED, order="ascending")

    def read(cursor: Cursor) -> Iterator[Page]:
        source.asked.append((cursor.watermark, cursor.token))
        found = source.newer(cursor.watermark)[::-1]
        for number, at in enumerate(range(0, len(found), 2)):
            connector.before_page(number)
            yield Page(found[at : at + 2])

    connector.read = read  # type: ignore[method-assign]
    connector.before_page = broken_after(2)
    with pytest.raises(BreakError):
        run(store, connector, rows_per_commit=1)
    connector.before_page = lambda _number: None

    run(store, connector)

    assert source.asked[1] == (None, None)
    assert subjects(store) == truth(source)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_whatever_happens_while_it_is_read_the_last_calm_passes_know_it_all(data: st.DataObject) -> None:
    source = Source()
    order = data.draw(st.sampled_from(["any", "ascending"]))
    numbers = st.integers(0, 5)
    with Store(":memory:", clock=source.clock) as store:
        connector = Reads(source, cursor=UPDATED, order=order)
        connector.size = data.draw(st.integers(1, 3))
        connector.tokens = data.draw(st.booleans())

        def meanwhile(_number: int) -> None:
            for each in data.draw(st.lists(numbers, max_size=2)):
                source.put(each, subject=str(source.now))
            if data.draw(st.integers(0, 5)) == 0:
                raise BreakError

        for each in data.draw(st.lists(numbers, max_size=6)):
            source.put(each)
        connector.before_page = meanwhile
        for _ in range(data.draw(st.integers(1, 4))):
            try:
                run(store, connector, rows_per_commit=data.draw(st.integers(1, 4)))
            except BreakError:
                continue
        connector.before_page = lambda _number: None
        run(store, connector)
        run(store, connector)

        assert subjects(store) == truth(source)


def test_a_whole_pass_does_not_go_on_where_a_broken_one_stood(source: Source, store: Store) -> None:
    for number in range(6):
        source.put(number)
    connector = Reads(source)
    connector.before_page = broken_after(2)
    with pytest.raises(BreakError):
        run(store, connector, rows_per_commit=1)
    connector.before_page = lambda _number: None
    assert counts(run(store, connector, whole=True)) == (6, 2, 4, 0)


class TestLoops:
    def test_a_token_that_came_before_ends_the_run(self, source: Source, store: Store) -> None:
        def read(_cursor: Cursor) -> Iterator[Page]:
            for token in ("a", "b", "a"):
                yield Page([], next=token)
            raise AssertionError

        connector = Reads(source)
        connector.read = read  # type: ignore[method-assign]
        with pytest.raises(PagingError, match="the stream cases leads back to a page that was read before"):
            run(store, connector)

    def test_a_query_that_shows_as_much_as_it_can(self, source: Source, store: Store) -> None:
        for number in range(6):
            source.put(number)
        with pytest.raises(PagingError, match="showed 6 records, as many as it can show"):
            run(store, Reads(source, cap=6))
        assert run(store, Reads(source, cap=7)).counts.read > 0

    def test_each_window_is_a_query_of_its_own(self, source: Source, store: Store) -> None:
        def read(_cursor: Cursor) -> Iterator[Page]:
            for window in range(4):
                records = [{"id": f"{window}-{n}", "status": "open", "opened": BEGIN.isoformat()} for n in range(2)]
                yield Page(records, next=Cursor(window=window))

        connector = Reads(source, cap=3, maps=(CASE,))
        connector.read = read  # type: ignore[method-assign]
        assert run(store, connector).counts.stored == 8


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"lookback": timedelta(1)}, "lookback= is for a stream with cursor="),
        ({"order": "ascending"}, "is for a stream with cursor="),
        ({"cursor": UPDATED, "lookback": timedelta(-1)}, "below nothing"),
        ({"order": "upwards", "cursor": UPDATED}, "neither 'any' nor 'ascending'"),
        ({"cap": 0}, "below 1"),
    ],
)
def test_what_does_not_go_together(declared: dict[str, Any], told: str) -> None:
    with pytest.raises(ConnectorError, match=told):
        Stream(name="cases", maps=(CASE,), read=listing().read, **declared)


def test_a_watermark_of_ones_own(source: Source, store: Store) -> None:
    connector = Reads(source)
    connector.read = lambda _cursor: iter([Page([], next=Cursor(watermark=7, token=1))])  # type: ignore[method-assign]
    with pytest.raises(ConnectorError, match="a watermark of its own"):
        run(store, connector)
