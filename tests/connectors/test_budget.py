"""The budget of a connection: never more than it says, in any stretch of time, whoever asks."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.law import LAW
from tests.loopback import StillClock

from crmcx.connectors import Budget, Clock, Rate
from crmcx.errors import UsageError

MANY = settings(LAW, max_examples=150)
TICKS = st.integers(0, 64).map(lambda tick: tick / 8)
RATES = st.lists(
    st.builds(
        lambda requests, tick: Rate(requests, per=timedelta(seconds=tick / 8)), st.integers(1, 6), st.integers(1, 80)
    ),
    min_size=1,
    max_size=3,
)


def spend(budget: Budget, still: StillClock) -> float:
    with budget.admitted(still.clock, lambda _seconds: None) as sent:
        return sent


def most_within(times: list[float], seconds: float) -> int:
    """The most instants in any stretch of this length, the end not included."""
    ordered = sorted(times)
    return max(sum(1 for each in ordered if start <= each < start + seconds) for start in ordered)


def demand_kept(times: list[float], rates: list[Rate]) -> None:
    for rate in rates:
        assert most_within(times, rate.per.total_seconds()) <= rate.requests


class TestRates:
    @MANY
    @given(RATES, st.lists(TICKS, min_size=1, max_size=40))
    def test_as_soon_as_allowed_and_no_sooner(self, rates: list[Rate], gaps: list[float]) -> None:
        still, budget, times = StillClock(), Budget(*rates), []
        for gap in gaps:
            still.passed += gap
            asked = still.passed
            bounds = [times[-rate.requests] + rate.per.total_seconds() for rate in rates if len(times) >= rate.requests]
            times.append(spend(budget, still))
            assert times[-1] == max([asked, *bounds])
        demand_kept(times, rates)

    @LAW
    @given(RATES, st.integers(2, 4), st.integers(1, 12))
    def test_all_threads_share_it(self, rates: list[Rate], threads: int, each: int) -> None:
        still, budget, times = StillClock(), Budget(*rates), []

        def work() -> None:
            times.extend([spend(budget, still) for _ in range(each)])

        workers = [Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len(times) == threads * each
        demand_kept(times, rates)

    @MANY
    @given(RATES, st.lists(st.one_of(TICKS, st.none()), min_size=1, max_size=40))
    def test_complaints_only_make_it_slower(self, rates: list[Rate], steps: list[float | None]) -> None:
        still, budget, times = StillClock(), Budget(*rates), []
        for step in steps:
            if step is None:
                budget.throttled(still.passed, still.passed)
            else:
                still.passed += step
                times.append(spend(budget, still))
        assert 0 < budget.share <= 1
        if times:
            demand_kept(times, rates)

    def test_without_bounds_nobody_waits(self) -> None:
        still, budget = StillClock(), Budget()
        assert [spend(budget, still) for _ in range(100)] == [0.0] * 100


class TestAtATime:
    @pytest.mark.parametrize(("concurrency", "complaints", "allowed"), [(1, 0, 1), (3, 0, 3), (4, 1, 2), (4, 5, 1)])
    def test_one_more_waits_until_another_is_done(self, concurrency: int, complaints: int, allowed: int) -> None:
        still, budget = StillClock(), Budget(concurrency=concurrency)
        for second in range(complaints):
            budget.throttled(second, second)
        with ExitStack() as others:
            for _ in range(allowed - 1):
                others.enter_context(budget.admitted(still.clock, lambda _: None))
            with budget.admitted(still.clock, lambda _: None):
                waiting = Thread(target=spend, args=(budget, still))
                waiting.start()
                while waiting.is_alive() and not budget._room._waiters:  # type: ignore[attr-defined]
                    waiting.join(0.001)
                assert waiting.is_alive()
            waiting.join(10)
            assert not waiting.is_alive()


class TestComplaints:
    def test_one_halves_the_rate_and_quiet_gives_back(self) -> None:
        still, budget = StillClock(), Budget(Rate(8, per=timedelta(seconds=10)))
        spend(budget, still)
        still.passed = 1
        budget.throttled(0.0, 1.0)
        assert budget.share == 0.5
        assert [spend(budget, still) for _ in range(4)] == [1, 1, 1, 10]
        still.passed = 11
        spend(budget, still)
        assert budget.share == 0.6
        still.passed = 60
        spend(budget, still)
        assert budget.share == 1

    def test_what_a_crowd_hears_counts_once(self) -> None:
        budget = Budget(Rate(8, per=timedelta(seconds=10)))
        for _ in range(5):
            budget.throttled(3.0, 4.0)
        assert budget.share == 0.5
        budget.throttled(4.5, 5.0)
        assert budget.share == 0.25

    def test_a_rest_is_no_quiet_stretch(self) -> None:
        still, budget = StillClock(), Budget(Rate(8, per=timedelta(seconds=10)))
        budget.throttled(0.0, 0.0)
        budget.rest(100.0)
        spend(budget, still)
        assert (still.passed, budget.share) == (100, 0.5)
        still.passed = 110
        spend(budget, still)
        assert budget.share == 0.6

    def test_one_request_is_always_allowed(self) -> None:
        still, budget = StillClock(), Budget(Rate(2, per=timedelta(seconds=10)), concurrency=1)
        for second in range(1, 30):
            budget.throttled(second, second)
        assert budget.share == 1 / 1024
        assert spend(budget, still) == 0.0

    def test_a_rest_holds_for_all(self) -> None:
        still, budget, told = StillClock(), Budget(), []
        budget.rest(30.0)
        budget.rest(20.0)
        with budget.admitted(still.clock, told.append) as sent:
            assert (sent, told) == (30.0, [30.0])

    def test_room_is_given_back_after_a_failure(self) -> None:
        still, budget = StillClock(), Budget(concurrency=1)
        with pytest.raises(KeyError), budget.admitted(still.clock, lambda _: None):
            raise KeyError
        assert spend(budget, still) == 0.0

    def test_the_clock_may_be_coarser_than_the_wait(self) -> None:
        still, budget = StillClock(), Budget()
        still.passed = 1e9
        budget.rest(1e9 + 1.2e-7)
        assert spend(budget, still) > 1e9


class TestWhatItIs:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: Rate(0, per=timedelta(seconds=1)),
            lambda: Rate(1, per=timedelta()),
            lambda: Rate(-1, per=timedelta(seconds=1)),
            lambda: Budget(concurrency=0),
        ],
    )
    def test_bounds_of_nothing(self, make) -> None:
        with pytest.raises(UsageError):
            make()

    def test_it_shows_itself(self) -> None:
        budget = Budget(Rate(3, per=timedelta(seconds=1)), concurrency=2)
        assert repr(budget) == "Budget(Rate(requests=3, per=datetime.timedelta(seconds=1)), concurrency=2)"


def test_the_clock_of_this_machine() -> None:
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(minutes=1)
