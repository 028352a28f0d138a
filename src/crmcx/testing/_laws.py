"""The laws of a cursor: however a sync is cut, broken off and repeated, the same is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from crmcx.connectors.streams import Way
from crmcx.testing._judging import (
    Judging,
    can_see_deletions,
    demand_like_fresh,
    demand_whole,
    seen,
    stream_of,
    synced,
)
from crmcx.testing.trial import Trial

BREAKS = 12
"""How many steps of a sync are broken off, spread from the first to the last."""


class BreakError(Exception):
    """What ends a run at a step, as a death would."""


def breaks_at(number: int) -> Callable[[str], None]:
    """Raises at the step of this number, counted from 1."""
    taken = 0

    def step(name: str) -> None:
        nonlocal taken
        taken += 1
        if taken == number:
            msg = f"broken off at step {number}, {name}"
            raise BreakError(msg)

    return step


def steps_of(trial: Trial) -> int:
    """How many steps the store takes in a sync."""
    names: list[str] = []
    trial.step = names.append
    synced(trial)
    trial.step = lambda _name: None
    return len(names)


class CursorTests(Judging):
    """However a list is cut and a run is broken off, the store ends alike."""

    @pytest.mark.parametrize("page_size", [1, 2, 5, 100])
    def test_any_split_into_pages_ends_alike(self, page_size: int) -> None:
        """Pages of any size make the same store."""
        with self.trial(page_size=page_size) as trial:
            synced(trial, rows_per_commit=4)
            demand_whole(trial)
            assert trial.store.digest() == self.in_calm(), seen(trial)

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_any_order_that_is_not_promised_ends_alike(self, seed: int) -> None:
        """Where no order is promised, every order makes the same store."""
        with self.trial() as trial:
            if not trial.platform.scattered:
                pytest.skip("every stream promises its order")
            trial.platform.order = seed
            synced(trial)
            demand_whole(trial)
            assert trial.store.digest() == self.in_calm(), seen(trial)

    @pytest.mark.parametrize("place", range(BREAKS), ids=lambda place: f"{place + 1} of {BREAKS}")
    def test_broken_off_at_any_step_the_next_run_ends_alike(self, place: int) -> None:
        """A run that ends in the middle of a commit is made up for by the next."""
        if "steps" not in self._in_calm:
            with self.trial() as counted:
                self._in_calm["steps"] = steps_of(counted)
        steps = int(str(self._in_calm["steps"]))
        with self.trial() as trial:
            trial.step = breaks_at(1 + round(place * (steps - 1) / (BREAKS - 1)))
            with pytest.raises(BreakError):
                trial.sync()
            trial.step = lambda _name: None
            synced(trial)
            demand_whole(trial)
            assert trial.store.digest() == self.in_calm(), seen(trial)

    def test_a_second_sync_stores_nothing(self) -> None:
        """What was read before says nothing new."""
        with self.trial() as trial:
            synced(trial)
            before = trial.store.digest()
            outcome = trial.sync()
            assert outcome.error is None
            assert outcome.counts.stored == 0, f"{outcome.counts.stored} records were stored again"
            assert trial.store.digest() == before

    def test_a_stream_with_a_cursor_asks_for_what_is_new(self, kind: str) -> None:
        """It does not read everything each time."""
        with self.trial(page_size=1) as trial:
            stream = stream_of(trial, kind)
            if stream.cursor is None:
                pytest.skip("the stream reads all each time")
            synced(trial)
            trial.still.move(stream.lookback + timedelta(hours=1))
            trial.platform.world.add(kind)
            synced(trial)
            trial.platform.pages.clear()
            synced(trial)
            most = len(trial.platform.world.records(kind)) // 2
            assert trial.platform.pages[kind] <= most, f"asked for {trial.platform.pages[kind]} pages of one record"


class NewsTests(Judging):
    """What happens at the source arrives."""

    def test_what_is_added_arrives(self, kind: str) -> None:
        """A new record is there after the next sync."""
        with self.trial() as trial:
            synced(trial)
            trial.still.move(timedelta(days=1))
            trial.platform.world.add(kind, 2)
            synced(trial)
            demand_like_fresh(trial)

    def test_what_is_changed_arrives(self, kind: str) -> None:
        """A changed record is there as it is now, after the next sync."""
        with self.trial() as trial:
            synced(trial)
            trial.still.move(timedelta(days=1))
            first, *_, last = trial.platform.world.numbers(kind)
            for n in (first, last):
                trial.platform.world.change(kind, n)
            synced(trial)
            demand_like_fresh(trial)

    def test_what_is_committed_late_arrives(self, kind: str) -> None:
        """A record that comes to be seen only after newer ones is read all the same."""
        with self.trial() as trial:
            late = trial.platform.kinds[kind].late
            synced(trial)
            trial.platform.world.commit_late(kind, late)
            synced(trial)
            lost, _ = trial.lost_and_doubled()
            assert not lost, (
                f"a record that was seen {late} late is lost: declare lookback= of as much, "
                "or say Kind(late=timedelta(0)) where the source promises that nothing is seen late"
            )
            demand_like_fresh(trial)

    def test_what_is_deleted_goes_as_declared(self, kind: str) -> None:
        """A deleted record goes where the stream learns of it, and stays where it says that it does not."""
        with self.trial() as trial:
            stream = stream_of(trial, kind)
            synced(trial)
            before = trial.expected(stream)
            trial.platform.world.delete(kind)
            gone = before - trial.expected(stream)
            assert gone
            trial.still.move((stream.deletes.every or timedelta()) + timedelta(minutes=1))
            synced(trial)
            there = {each for table, _ in gone for each in trial.found(table)}
            if can_see_deletions(stream):
                assert not there & set(gone), f"a deleted record is still there; {seen(trial)}"
                demand_whole(trial)
            else:
                assert set(gone) <= there, f"nothing is known of deletions ({stream.deletes.way}), and a record went"

    def test_nothing_is_swept_by_a_sync_that_did_not_see_all(self) -> None:
        """A whole pass that is broken off deletes nothing."""
        with self.trial() as trial:
            if all(stream.deletes.way is not Way.SWEEP for stream in trial.streams):
                pytest.skip("no stream is swept")
            synced(trial)
            trial.still.move(max(each.deletes.every or timedelta() for each in trial.streams) + timedelta(minutes=1))
            steps: list[str] = []

            def step(name: str) -> None:
                steps.append(name)
                if steps.count("books") > 1:
                    raise BreakError(name)

            trial.step = step
            with pytest.raises(BreakError):
                trial.sync()
            trial.step = lambda _name: None
            demand_whole(trial)
