"""What a whole pass did not show is gone at its end, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.store.staged import SOURCE, STREAM, Bad, Gone, Row, Said, commit, deals, page, steps, tombs
from tests.sync.sources import Spoiling, books

from crmcx.errors import CountMismatchError
from crmcx.store import Store, Swept


@pytest.fixture
def store() -> Iterator[Store]:
    """A store in which an earlier whole pass left two deals."""
    with Store(":memory:") as store:
        whole(store, 1, [Row("1", stage="a"), Row("2")])
        yield store


def whole(store: Store, run: int, *commits: list[Said], noted: bool = True) -> Swept:
    """A whole pass in so many commits, to its end."""
    store.start_run(SOURCE)
    for number, said in enumerate(commits):
        commit(store, page(*said, at=10 * run + number), run=run, sweeps=noted)
    return finish(store, run)


def finish(store: Store, run: int, **fields: object) -> Swept:
    given = {"pass_id": run, "watermark": None, "whole": True, "sweep": True}
    return store.finish_stream(SOURCE, STREAM, **(given | fields))  # type: ignore[arg-type]


class TestWhatGoes:
    def test_what_was_not_shown(self, store: Store) -> None:
        snapshot = store.snapshot().id

        assert whole(store, 2, [Row("2"), Row("3")]) == Swept(deleted=1)

        assert deals(store).keys() == {"2", "3"}
        assert tombs(store) == {"1": (None, "sweep")}
        assert store.status().streams[0].counts.deleted == 1
        assert books(store, "commits", "commit_id, run_id, stored, deleted")[-1] == (3, 2, 0, 1)
        assert store.snapshot().id != snapshot

    def test_nothing_where_all_was_shown(self, store: Store) -> None:
        commits = len(books(store, "commits"))
        assert whole(store, 2, [Row("2")], [], [Row("1", stage="b")]) == Swept()
        assert len(books(store, "commits")) == commits + 3

    def test_not_what_was_set_aside_with_its_id(self, store: Store) -> None:
        assert whole(store, 2, [Bad("1"), Row("2")]) == Swept()
        assert deals(store).keys() == {"1", "2"}

    def test_not_what_came_as_an_older_version_or_twice(self, store: Store) -> None:
        whole(store, 2, [Row("1", 5), Row("2", 5)])
        assert whole(store, 3, [Row("1", 4), Row("2", 5), Row("2", 5)]) == Swept()

    def test_not_what_another_stream_or_source_brought(self, store: Store) -> None:
        commit(store, page(Row("8"), at=5), stream="others")
        commit(store, page(Row("9"), at=6), source="other")

        assert whole(store, 2, [Row("1", stage="a"), Row("2")]) == Swept()
        assert deals(store).keys() == {"1", "2", "8", "9"}

    def test_not_the_steps_that_the_store_noted(self, store: Store) -> None:
        assert whole(store, 2, [Row("1", stage="b"), Row("2")]) == Swept()
        assert whole(store, 3, [Row("1", stage="b"), Row("2")]) == Swept()
        assert steps(store) == [("1#stage#1", "a", "b")]

    def test_a_marker_shows_nothing(self, store: Store) -> None:
        assert whole(store, 2, [Gone("1"), Row("2")]) == Swept()
        assert tombs(store) == {"1": (None, "marker")}


class TestWhatStays:
    def test_all_where_a_record_without_an_id_was_set_aside(self, store: Store) -> None:
        assert whole(store, 2, [Row("2"), Bad()]) == Swept(reason="records were set aside whose id cannot be read")
        assert deals(store).keys() == {"1", "2"}

    @pytest.mark.parametrize("commits", [(), ([],)])
    def test_all_where_nothing_was_shown(self, commits: tuple[list[Said], ...], store: Store) -> None:
        assert whole(store, 2, *commits) == Swept(reason="the source showed no record at all")
        assert deals(store).keys() == {"1", "2"}

    def test_nothing_shown_where_nothing_is_there(self) -> None:
        with Store(":memory:") as store:
            assert whole(store, 1, []) == Swept()

    def test_all_where_the_pass_began_before_it_was_noted(self, store: Store) -> None:
        commit(store, page(Row("1", stage="a"), at=20), run=2)
        commit(store, page(Row("2"), at=21), run=2, sweeps=True)

        assert finish(store, 2) == Swept(reason="the pass began when it was not noted yet what it shows")
        assert deals(store).keys() == {"1", "2"}
        assert whole(store, 3, [Row("2")]) == Swept(deleted=1)

    def test_what_a_pass_showed_that_was_given_up_does_not_count(self, store: Store) -> None:
        commit(store, page(Row("1", stage="a"), at=20), run=2, sweeps=True)

        assert whole(store, 3, [Row("2")]) == Swept(deleted=1)
        assert books(store, "present") == []

    def test_a_pass_that_was_broken_off_goes_on(self, store: Store) -> None:
        commit(store, page(Row("1", stage="a"), at=20), run=2, sweeps=True)
        commit(store, page(Row("3"), at=30), run=3, pass_id=2, sweeps=True)

        assert finish(store, 2) == Swept(deleted=1)
        assert deals(store).keys() == {"1", "3"}


class TestAfterwards:
    def test_it_comes_back_in_any_pass(self, store: Store) -> None:
        whole(store, 2, [Row("2")])
        assert commit(store, page(Row("1", stage="a"), at=40), run=4) == (1, 1, 0, 0, 0)
        assert (deals(store).keys(), tombs(store), steps(store)) == ({"1", "2"}, {}, [])

    def test_it_comes_back_with_a_step_where_it_says_something_else(self, store: Store) -> None:
        whole(store, 2, [Row("2")])
        commit(store, page(Row("1", stage="b"), at=40), run=4)
        assert steps(store) == [("1#stage#1", "a", "b")]

    def test_a_marker_for_it_says_nothing_new(self, store: Store) -> None:
        whole(store, 2, [Row("2")])
        assert commit(store, page(Gone("1"), at=40), run=4) == (1, 0, 1, 0, 0)

    def test_with_a_version_it_comes_back_too(self, store: Store) -> None:
        whole(store, 2, [Row("1", 5), Row("2", 5)])
        whole(store, 3, [Row("2", 5)])
        assert commit(store, page(Row("1", 5), at=40), run=4, versioned=frozenset({"deals"})) == (1, 1, 0, 0, 0)


def test_a_row_that_is_not_swept_is_noticed(store: Store) -> None:
    commit(store, page(Row("2"), at=20), run=2, sweeps=True)
    before = (store.digest(), books(store, "streams"), books(store, "deleted"), books(store, "present"))
    sound = store._connection
    spoils = {"DELETE FROM deals": lambda sql: f"{sql} AND source_id <> '1'"}
    store._connection = Spoiling(sound, spoils)
    try:
        with pytest.raises(CountMismatchError, match="0 rows of deals were swept, expected 1"):
            finish(store, 2)
    finally:
        store._connection = sound
    assert (store.digest(), books(store, "streams"), books(store, "deleted"), books(store, "present")) == before
    assert finish(store, 2) == Swept(deleted=1)


class TestState:
    def test_a_watermark_outlives_commits_and_passes_without_one(self, store: Store) -> None:
        finish(store, 1, watermark='"w"', sweep=False)
        store.keep_fields(SOURCE, STREAM, "[]")
        commit(store, page(Row("1"), at=20), run=2, cursor='"c"')

        state = store.stream_state(SOURCE, STREAM)
        assert state is not None
        assert (state.cursor, state.pass_id, state.watermark, state.fields) == ('"c"', 2, '"w"', "[]")
        assert state.finished_us is None
        whole_us = state.whole_us

        finish(store, 2, sweep=False, whole=False)
        state = store.stream_state(SOURCE, STREAM)
        assert state is not None
        assert (state.cursor, state.watermark, state.whole_us) == (None, '"w"', whole_us)
        assert state.finished_us is not None

    def test_a_whole_pass_is_dated(self, store: Store) -> None:
        before = store.stream_state(SOURCE, STREAM)
        whole(store, 2, [Row("2")])
        after = store.stream_state(SOURCE, STREAM)
        assert before is not None
        assert after is not None
        assert after.whole_us == after.finished_us
        assert (after.whole_us or 0) > (before.whole_us or 0)

    def test_it_is_none_of_a_stream_that_was_never_read(self, store: Store) -> None:
        assert store.stream_state(SOURCE, "else") is None


class TestIds:
    def test_in_order_some_at_a_time(self, store: Store) -> None:
        commit(store, page(*(Row(number) for number in ("b", "a", "10", "9")), at=20), run=2)
        commit(store, page(Row("x"), at=21), run=2, stream="others")

        def ids(after: str | None = None, since: int | None = None, limit: int = 9) -> list[str]:
            return store.ids_of(SOURCE, STREAM, "deals", after=after, since_run=since, limit=limit)

        assert ids() == ["1", "10", "2", "9", "a", "b"]
        assert ids(limit=2) == ["1", "10"]
        assert ids(after="10", limit=2) == ["2", "9"]
        assert ids(since=2) == ["10", "9", "a", "b"]
        commit(store, page(Row("1", stage="changed"), at=30), run=3)
        assert ids(since=3) == ["1"]
