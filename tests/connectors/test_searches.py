"""Windows over a search with a cap: together they show every record once, whatever stands together in time."""

from __future__ import annotations

import json
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.law import LAW

from crmcx.connectors import Reply, Window, paging, windows
from crmcx.errors import UsageError

MANY = settings(LAW, max_examples=150)
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
STEP = timedelta(seconds=1)


class Search:
    """A search over stamps that shows no more than `cap` records in the order of time, in pages."""

    def __init__(self, stamps: list[int], cap: int) -> None:
        self.records = sorted((stamp, number) for number, stamp in enumerate(stamps))
        self.cap = cap
        self.counted: list[Window] = []

    def within(self, window: Window) -> list[tuple[int, int]]:
        low, high = ((each - BEGIN) // STEP for each in (window.start, window.end))
        return self.records[bisect_left(self.records, (low,)) : bisect_left(self.records, (high,))]

    def count(self, window: Window) -> int:
        self.counted.append(window)
        return len(self.within(window))

    def by_time(self, window: Window) -> list[int]:
        return [number for _, number in self.within(window)[: self.cap]]

    def by_id(self, window: Window, size: int = 2) -> list[int]:
        """The same search in the order of ids, from an id on: how ties are drained."""
        numbers = sorted(number for _, number in self.within(window))

        def ask(after: int | None) -> Reply:
            found = [{"id": each} for each in numbers if after is None or each > after][:size]
            return Reply(200, body=json.dumps(found).encode())

        return [record["id"] for reply, _ in paging.by_key(ask, rows=(), key="id") for record in reply.rows()]

    def everything(self, until: int, **options: Any) -> list[int]:
        cut = windows(self.count, BEGIN, BEGIN + until * STEP, cap=self.cap, step=STEP, **options)
        return [number for each in cut for number in (self.by_id(each) if each.tied else self.by_time(each))]


STAMPS = st.lists(st.integers(0, 39), max_size=40)


class TestNothingIsLostOrDoubled:
    @MANY
    @given(STAMPS, st.integers(1, 8), st.one_of(st.none(), st.integers(1, 50)))
    def test_with_caps_and_ties(self, stamps: list[int], cap: int, widest: int | None) -> None:
        options = {} if widest is None else {"widest": widest * STEP}
        assert sorted(Search(stamps, cap).everything(40, **options)) == list(range(len(stamps)))

    @MANY
    @given(STAMPS, st.integers(1, 8))
    def test_windows_are_in_order_and_meet_nowhere(self, stamps: list[int], cap: int) -> None:
        search = Search(stamps, cap)
        cut = list(windows(search.count, BEGIN, BEGIN + 40 * STEP, cap=cap, step=STEP))
        assert all(before.end <= after.start for before, after in pairwise(cut))
        assert all(each.tied == (len(search.within(each)) > cap) for each in cut)
        assert all(each.end - each.start == STEP for each in cut if each.tied)

    @MANY
    @given(STAMPS, st.integers(1, 8), st.integers(0, 40))
    def test_one_can_go_on_after_any_window(self, stamps: list[int], cap: int, stop: int) -> None:
        search, until = Search(stamps, cap), BEGIN + 40 * STEP
        first = list(windows(search.count, BEGIN, until, cap=cap, step=STEP))[:stop]
        rest = windows(search.count, first[-1].end if first else BEGIN, until, cap=cap, step=STEP)
        shown = [number for each in (*first, *rest) for number in search.by_id(each)]
        assert sorted(shown) == list(range(len(stamps)))

    def test_all_at_one_moment(self) -> None:
        search = Search([17] * 30, 10)
        assert search.everything(40) == list(range(30))


class TestWhatIsAsked:
    def test_one_count_where_all_fits(self) -> None:
        search = Search([1, 2, 3], 10)
        assert search.everything(40) == [0, 1, 2]
        assert [(each.start, each.end) for each in search.counted] == [(BEGIN, BEGIN + 40 * STEP)]

    def test_no_window_is_wider_than_the_widest(self) -> None:
        search = Search([1, 2, 3], 10)
        search.everything(40, widest=15 * STEP)
        assert [(each.end - each.start) // STEP for each in search.counted] == [15, 15, 10]

    def test_the_next_is_counted_only_when_one_was_used(self) -> None:
        search = Search([0, 39], 1)
        cut = windows(search.count, BEGIN, BEGIN + 40 * STEP, cap=1, step=STEP)
        next(cut)
        assert len(search.counted) == 2

    def test_bounds_between_steps_are_moved_out(self) -> None:
        asked: list[Window] = []
        half = STEP / 2

        def count(window: Window) -> int:
            asked.append(window)
            return 1

        list(windows(count, BEGIN + half, BEGIN + 2 * STEP + half, cap=5, step=STEP))
        assert [(each.start, each.end) for each in asked] == [(BEGIN, BEGIN + 3 * STEP)]

    def test_no_time_no_question(self) -> None:
        assert list(windows(lambda _window: 1 // 0, BEGIN, BEGIN, cap=5)) == []

    def test_the_last_instant(self) -> None:
        assert Window(BEGIN, BEGIN + STEP, step=STEP).last == BEGIN

    @pytest.mark.parametrize(
        "options", [{"cap": 0}, {"cap": 1, "step": timedelta(0)}, {"cap": 1, "widest": timedelta(microseconds=1)}]
    )
    def test_bounds_that_make_no_sense(self, options: dict[str, Any]) -> None:
        with pytest.raises(UsageError):
            list(windows(lambda _window: 0, BEGIN, BEGIN + STEP, **options))
