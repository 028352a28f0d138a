"""Pages that were kept are mapped anew: what they say is as old as they are, and where the source stands stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve
from tests.store.staged import SOURCE, STREAM, Bad, Gone, Row, Said, commit, deals, page, steps, tombs
from tests.sync.sources import books

from crmcx.store import StagedPage, Store


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(":memory:") as store:
        yield store


def replay(store: Store, *pages: StagedPage, run: int = 90, **fields: Any) -> tuple[int, int, int, int, int]:
    return commit(store, *pages, run=run, replay=True, keeps_history=True, cursor="never", **fields)


def kept(store: Store, *, quarantined: bool = False) -> list[tuple[int, bytes]]:
    return [(each.page_id, each.body) for each in store.pages(SOURCE, STREAM, quarantined=quarantined)]


def aside(store: Store) -> list[tuple[int, str | None]]:
    return sorted((each.row, each.origin) for each in store.quarantine())


class TestPages:
    def test_they_come_by_when_they_were_seen_last(self, store: Store) -> None:
        commit(store, page(Row("1"), at=1, body=b"a"), page(Row("2"), at=2, body=b"b"))
        commit(store, page(Row("1"), at=3, body=b"a"), page(Row("3"), at=4, body=b"c"), run=2)
        commit(store, page(Row("9"), at=5, body=b"z"), stream="others")

        assert kept(store) == [(2, b"b"), (1, b"a"), (3, b"c")]
        (first, *_) = store.pages(SOURCE, STREAM, quarantined=False)
        assert (first.origin, first.first_row, first.records, first.fetched_us) == (None, 1, 1, 2)

    def test_only_those_of_which_something_was_set_aside(self, store: Store) -> None:
        commit(store, page(Row("1"), at=1, body=b"a"), page(Row("2"), Bad(), at=2, body=b"b"))
        assert kept(store, quarantined=True) == [(2, b"b")]

    def test_commits_may_go_on_meanwhile(self, store: Store) -> None:
        pages = [page(Row(str(number)), at=number, body=b"%d" % number) for number in range(1, 12)]
        commit(store, *pages)
        found = []
        for each in store.pages(SOURCE, STREAM, quarantined=False):
            found.append(each.body)
            replay(store, page(Row(each.body.decode(), stage="s"), at=each.fetched_us, body=each.body))
            commit(store, page(Row("new"), at=99, body=b"new" + each.body), run=2)

        assert found == [b"%d" % number for number in range(1, 12)]

    def test_how_they_are_taken_apart_is_kept_with_them(self, store: Store) -> None:
        commit(store, evolve(page(Row("1"), at=1, body=b"a"), form="{}"))
        commit(store, evolve(page(Row("1"), at=2, body=b"a"), form="[]"), run=2)
        assert [each.form for each in store.pages(SOURCE, STREAM, quarantined=False)] == ["[]"]


def test_where_the_stream_stands_is_left_alone(store: Store) -> None:
    commit(store, page(Row("1", stage="a"), at=1, body=b"a"), cursor='"c"')
    store.finish_stream(SOURCE, STREAM, pass_id=1, watermark='"w"', whole=True, sweep=False)
    before = (books(store, "streams"), books(store, "seen"), books(store, "pages", "* EXCLUDE (mappings)"))

    assert replay(store, page(Row("1", stage="b"), at=1, body=b"a"), mappings="n") == (1, 1, 0, 0, 0)

    assert (books(store, "streams"), books(store, "seen"), books(store, "pages", "* EXCLUDE (mappings)")) == before
    assert (deals(store), steps(store)) == ({"1": (None, "b")}, [])


def test_a_run_of_a_replay_is_not_in_the_status(store: Store) -> None:
    run, _ = store.start_run(SOURCE)
    commit(store, page(Row("1"), at=1), run=run)
    again, _ = store.start_run(SOURCE, kind="replay")
    replay(store, page(Row("1"), at=1), run=again)

    assert books(store, "runs", "kind") == [("replay",), ("sync",)]
    assert store.status().streams[0].counts.read == 1


class TestWhatCameLater:
    """A page that was seen before says nothing against one that was seen after it."""

    @pytest.mark.parametrize("later_at", [2, 1])
    def test_a_row(self, later_at: int, store: Store) -> None:
        commit(store, page(Bad("1"), at=1, body=b"a"), page(Row("1", stage="later"), at=later_at, body=b"b"))

        assert replay(store, page(Row("1", stage="earlier"), at=1, body=b"a")) == (1, 0, 1, 0, 0)
        assert deals(store) == {"1": (None, "later")}

    def test_a_row_further_down_the_same_page(self, store: Store) -> None:
        commit(store, page(Bad("1"), Row("1", stage="later"), at=1, body=b"a"))

        assert replay(store, page(Row("1", stage="earlier"), Bad("1"), at=1, body=b"a")) == (2, 0, 1, 1, 0)
        assert deals(store) == {"1": (None, "later")}

    def test_a_row_whose_version_was_not_read_yet(self, store: Store) -> None:
        commit(store, page(Bad("1"), at=1, body=b"a"), page(Row("1", stage="later"), at=2, body=b"b"))

        assert replay(store, page(Row("1", 1, "earlier"), at=1, body=b"a"), mappings="n") == (1, 0, 1, 0, 0)
        assert replay(store, page(Row("1", 2, "later"), at=2, body=b"b"), mappings="n") == (1, 1, 0, 0, 0)
        assert deals(store) == {"1": (2, "later")}

    def test_a_page_that_came_again_since(self, store: Store) -> None:
        commit(store, page(Row("1", stage="b"), at=2, body=b"b"))
        commit(store, page(Bad("1"), at=3, body=b"a"), run=2)

        assert replay(store, page(Row("1", stage="a"), at=3, body=b"a")) == (1, 1, 0, 0, 0)

    def test_a_higher_version_stands_whenever_it_came(self, store: Store) -> None:
        commit(store, page(Bad("1"), at=1, body=b"a"), page(Row("1", 1, "low"), at=2, body=b"b"))
        assert replay(store, page(Row("1", 2, "high"), at=1, body=b"a")) == (1, 1, 0, 0, 0)

    @pytest.mark.parametrize(
        ("said", "there"),
        [
            ((Bad("1"), Gone("1")), False),
            ((Gone("1"), Bad("1")), True),
        ],
    )
    @pytest.mark.parametrize("apart", [0, 1])
    def test_a_marker(self, said: tuple[Said, Said], there: bool, apart: int, store: Store) -> None:
        first, second = said
        commit(store, page(first, at=1, body=b"a"), page(second, at=1 + apart, body=b"b"))
        mended = [
            page(Row("1") if isinstance(each, Bad) else each, at=1 + apart * number, body=body)
            for number, (each, body) in enumerate(zip(said, (b"a", b"b"), strict=True))
        ]

        for each in mended:
            replay(store, each)

        assert ("1" in deals(store), "1" in tombs(store)) == (there, not there)

    def test_a_marker_replayed_after_the_record_came_back(self, store: Store) -> None:
        pages = [page(Row("1"), at=1), page(Gone("1"), at=2), page(Row("1", stage="back"), at=3)]
        for number, each in enumerate(pages, start=1):
            commit(store, each, run=number)

        assert [replay(store, each)[1:3] for each in pages] == [(0, 1)] * 3
        assert deals(store) == {"1": (None, "back")}

    def test_a_sweep(self, store: Store) -> None:
        commit(store, page(Row("1"), Row("2"), at=1, body=b"a"), sweeps=True)
        commit(store, page(Row("2"), at=2, body=b"b"), run=2, sweeps=True)
        store.finish_stream(SOURCE, STREAM, pass_id=2, watermark=None, whole=True, sweep=True)

        assert replay(store, page(Row("1"), Row("2"), at=1, body=b"a")) == (2, 0, 2, 0, 0)
        assert (deals(store).keys(), tombs(store).keys()) == ({"2"}, {"1"})


class TestQuarantine:
    def test_it_holds_what_still_fails(self, store: Store) -> None:
        commit(store, page(Bad("1"), Bad("2"), Row("3"), at=1, body=b"a"))

        assert replay(store, page(Row("1"), Bad("2"), Row("3"), at=1, body=b"a")) == (3, 1, 1, 1, 0)
        assert aside(store) == [(2, None)]

    def test_pages_with_one_body_are_each_mended(self, store: Store) -> None:
        same = page(Bad("1"), at=1, body=b"a")
        commit(store, same, same)
        assert len(store.quarantine()) == 2

        for number, _ in kept(store, quarantined=True):
            replay(store, evolve(page(Row("1"), at=1, body=b"a"), page_id=number))
        assert aside(store) == []

    def test_pages_with_one_body_come_again_each_however_a_pass_is_cut(self, store: Store) -> None:
        same = page(Bad("1"), at=1, body=b"a")
        commit(store, same, same)
        for at in (2, 3):
            commit(store, evolve(same, fetched_us=at), run=2)
        assert len(store.quarantine()) == len(books(store, "pages")) == 2

    def test_a_page_in_whose_place_another_came_since_sets_nothing_aside(self, store: Store) -> None:
        earlier = page(Row("1"), Bad("2"), at=1, body=b"a", origin="f.csv")
        later = page(Bad("1"), Row("2"), at=2, body=b"b", origin="f.csv")
        commit(store, earlier)
        commit(store, later, run=2)
        assert aside(store) == [(1, "f.csv")]

        assert replay(store, earlier) == (2, 0, 1, 1, 0)
        assert aside(store) == [(1, "f.csv")]  # a replay that stops here has lost nothing
        replay(store, later)
        assert aside(store) == [(1, "f.csv")]

    def test_the_same_in_one_commit(self, store: Store) -> None:
        earlier = page(Row("1"), Bad("2"), at=1, body=b"a", origin="f.csv")
        later = page(Bad("1"), Row("2"), at=2, body=b"b", origin="f.csv")
        commit(store, earlier)
        commit(store, later, run=2)

        replay(store, earlier, later)
        assert aside(store) == [(1, "f.csv")]
