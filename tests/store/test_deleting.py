"""A record that its source says is gone goes, whatever the order and the split, and may come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.staged import Bad, Gone, Row, Said, commit, deals, page, steps, tombs, unit
from tests.sync.sources import Spoiling, books

from crmcx import models
from crmcx.errors import CountMismatchError
from crmcx.instants import from_us
from crmcx.models.fields import leaves
from crmcx.store import Store
from crmcx.store.staging import StagedGone, StagedPage, StagedRows
from crmcx.tables import history

VERSIONED = {"versioned": frozenset({"deals"})}


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(":memory:") as store:
        yield store


class TestWithoutVersion:
    def test_a_row_goes(self, store: Store) -> None:
        commit(store, page(Row("1"), Row("2"), at=1))

        assert commit(store, page(Gone("1"), at=2), run=2) == (1, 1, 0, 0, 1)
        assert deals(store).keys() == {"2"}
        assert tombs(store) == {"1": (None, "marker")}

    def test_a_repeat_says_nothing_new(self, store: Store) -> None:
        commit(store, page(Row("1"), at=1))
        commit(store, page(Gone("1"), at=2), run=2)

        assert commit(store, page(Gone("1"), Gone("1"), at=3), run=3) == (2, 0, 2, 0, 0)

    def test_one_that_was_never_seen_is_noted(self, store: Store) -> None:
        assert commit(store, page(Gone("9"), at=1)) == (1, 1, 0, 0, 0)
        assert tombs(store) == {"9": (None, "marker")}

    def test_a_later_row_brings_it_back(self, store: Store) -> None:
        commit(store, page(Row("1", stage="a"), Gone("1"), at=1))
        assert deals(store) == {}

        assert commit(store, page(Row("1", stage="a"), at=2), run=2) == (1, 1, 0, 0, 0)
        assert (deals(store), tombs(store)) == ({"1": (None, "a")}, {})

    def test_the_last_of_a_commit_stands(self, store: Store) -> None:
        assert commit(store, page(Gone("1"), Row("1"), Row("2"), Gone("2"), at=1)) == (4, 2, 2, 0, 0)
        assert (deals(store).keys(), tombs(store).keys()) == ({"1"}, {"2"})


class TestWithVersion:
    def test_it_goes_before_a_row_of_its_own_version(self, store: Store) -> None:
        assert commit(store, page(Gone("1", 3), Row("1", 3), at=1), **VERSIONED) == (2, 1, 1, 0, 0)
        assert commit(store, page(Row("1", 3), at=2), run=2, **VERSIONED) == (1, 0, 1, 0, 0)
        assert (deals(store), tombs(store)) == ({}, {"1": (3, "marker")})

    def test_one_of_before_the_row_is_older(self, store: Store) -> None:
        commit(store, page(Row("1", 3), at=1), **VERSIONED)

        assert commit(store, page(Gone("1", 2), at=2), run=2, **VERSIONED) == (1, 0, 1, 0, 0)
        assert (deals(store).keys(), tombs(store)) == ({"1"}, {})

    def test_a_higher_one_raises_the_deletion(self, store: Store) -> None:
        commit(store, page(Gone("1", 2), at=1), **VERSIONED)
        assert commit(store, page(Gone("1", 4), at=2), run=2, **VERSIONED) == (1, 1, 0, 0, 0)
        assert commit(store, page(Gone("1", 3), at=3), run=3, **VERSIONED) == (1, 0, 1, 0, 0)
        assert tombs(store) == {"1": (4, "marker")}

        assert commit(store, page(Row("1", 4), at=4), run=4, **VERSIONED) == (1, 0, 1, 0, 0)
        assert commit(store, page(Row("1", 5), at=5), run=5, **VERSIONED) == (1, 1, 0, 0, 0)
        assert tombs(store) == {}

    @pytest.mark.parametrize("split", [False, True])
    def test_one_without_a_version_speaks_of_what_was_there(self, split: bool, store: Store) -> None:
        commit(store, page(Row("1", 3), at=1), **VERSIONED)
        said = (page(Gone("1"), at=2), page(Row("1", 3), at=3), page(Row("2", 1), Gone("2"), Row("2", 2), at=4))
        for number, some in enumerate([[each] for each in said] if split else [said], start=2):
            commit(store, *some, run=number, **VERSIONED)

        assert deals(store) == {"2": (2, None)}
        assert tombs(store) == {"1": (3, "marker")}

    def test_a_mapping_that_gives_up_its_version_is_not_stuck(self, store: Store) -> None:
        commit(store, page(Row("1", 3), Gone("1", 4), at=1), **VERSIONED)
        assert commit(store, page(Row("1"), at=2), run=2, **VERSIONED) == (1, 0, 1, 0, 0)

        assert commit(store, page(Row("1"), at=3), run=3) == (1, 1, 0, 0, 0)


class TestSeveralClasses:
    def _page(self, *, gone: bool, at: int) -> StagedPage:
        classes = (models.Customer, models.Deal)
        if gone:
            marked = tuple(StagedGone(index=0, cls=cls, source_id="1", version=None) for cls in classes)
            return evolve(page(Gone("1"), at=at), gone=marked)
        made = []
        for cls in classes:
            nothing = {name: [None] for name in ("known_us", "extra", "version")}
            cells = nothing | {leaf.column: [None] for leaf in leaves(cls)} | {"source_id": ["1"], "status": ["open"]}
            made.append(StagedRows(cls=cls, indices=[0], cells=cells))
        return evolve(page(Row("1"), at=at), rows=tuple(made))

    def test_one_record_is_counted_once_and_each_row_that_goes(self, store: Store) -> None:
        commit(store, self._page(gone=False, at=1))

        assert commit(store, self._page(gone=True, at=2), run=2) == (1, 1, 0, 0, 2)
        assert [name for name, count in store.status().rows if count] == []


def test_parts_go_with_their_record(store: Store) -> None:
    point = {leaf.column: [None, None] for leaf in leaves(models.ContactPoint)}
    point |= {"kind": ["email", "email"], "value": ["a@example.org", "b@example.org"]}
    cells = {name: [None, None] for name in ("known_us", "extra", "version")}
    cells |= {leaf.column: [None, None] for leaf in leaves(models.Customer)} | {"source_id": ["1", "2"]}
    parts = (StagedRows(cls=models.ContactPoint, indices=[0, 1], cells=point),)
    made = StagedRows(cls=models.Customer, indices=[0, 1], cells=cells, parts=parts)
    commit(store, evolve(page(Row("1"), Row("2"), at=1), rows=(made,)))
    marker = StagedGone(index=0, cls=models.Customer, source_id="1", version=None)

    assert commit(store, evolve(page(Gone("1"), at=2), gone=(marker,)), run=2) == (1, 1, 0, 0, 1)
    assert store._read("SELECT value FROM contact_points") == [("b@example.org",)]


def test_another_source_keeps_its_record_of_that_id(store: Store) -> None:
    commit(store, page(Row("1"), at=1), source="other")
    commit(store, page(Row("1"), at=1))
    commit(store, page(Gone("1"), at=2), run=2)

    assert store._read("SELECT source FROM deals") == [("other",)]
    assert commit(store, page(Row("1"), at=3), run=3, source="other") == (1, 0, 1, 0, 0)


def test_what_goes_is_in_the_books_and_not_in_the_digest(store: Store) -> None:
    with Store(":memory:") as empty:
        nothing = empty.digest()
    commit(store, page(Row("1"), at=1))
    before = store.snapshot()
    commit(store, page(Gone("1"), Gone("9"), at=2), run=2)

    assert books(store, "commits", "commit_id, stored, deleted") == [(1, 1, 0), (2, 2, 1)]
    assert store.status().streams[0].counts.deleted == 1
    assert store.digest() == nothing
    assert store.snapshot().id != before.id


def test_a_source_that_is_forgotten_leaves_no_deletion(store: Store) -> None:
    commit(store, page(Gone("1"), at=1), sweeps=True)
    store.forget("crm")
    assert (books(store, "deleted"), books(store, "present")) == ([], [])


@pytest.mark.parametrize(
    ("begins", "spoil"),
    [
        ("INSERT INTO books.deleted", lambda sql: sql.replace("FROM buried", "FROM buried WHERE source_id <> '1'")),
        ("DELETE FROM deals", lambda sql: sql.replace("action IN ('changed', 'gone')", "action = 'changed'")),
    ],
)
def test_a_deletion_that_is_lost_is_noticed(begins: str, spoil: object, store: Store) -> None:
    commit(store, page(Row("1"), at=1))
    before = (store.digest(), books(store, "commits"), books(store, "pages"), books(store, "deleted"))
    sound = store._connection
    store._connection = Spoiling(sound, {begins: spoil})  # type: ignore[dict-item]
    try:
        with pytest.raises(CountMismatchError):
            store.commit(unit(page(Gone("1"), at=2), run=2))
        assert store._connection.spoiled
    finally:
        store._connection = sound
    assert (store.digest(), books(store, "commits"), books(store, "pages"), books(store, "deleted")) == before


class TestSteps:
    """That a record is gone, or there again, is no step; that it says something else than before is one."""

    def test_it_is_no_step(self, store: Store) -> None:
        commit(store, page(Row("1", stage="a"), at=1))
        commit(store, page(Gone("1"), at=2), run=2)
        commit(store, page(Row("1", stage="a"), at=3), run=3)

        assert steps(store) == []

    @pytest.mark.parametrize("markers", [1, 2])
    def test_what_is_said_otherwise_after_it_is_one(self, markers: int, store: Store) -> None:
        commit(store, page(Row("1", 1, stage="a"), at=1), **VERSIONED)
        for number in range(2, 2 + markers):
            commit(store, page(Gone("1", number), at=number), run=number, **VERSIONED)
        commit(store, page(Row("1", 9, stage="b"), at=9), run=9, **VERSIONED)

        assert steps(store) == [("1#stage#1", "a", "b")]
        assert store._read("SELECT changed_us, after_us FROM deal_changes") == [(9, 1)]

    def test_the_same_when_all_come_in_one_commit(self, store: Store) -> None:
        commit(store, page(Row("1", stage="a"), at=1))
        commit(store, page(Gone("1"), Row("1", stage="b"), at=2), run=2)

        assert steps(store) == [("1#stage#1", "a", "b")]

    def test_not_when_the_same_pass_said_both(self, store: Store) -> None:
        for at, said in enumerate((Row("1", stage="a"), Gone("1"), Row("1", stage="b")), start=1):
            commit(store, page(said, at=at))

        assert steps(store) == []

    def test_what_it_says_now_is_not_told_of_before(self, store: Store) -> None:
        day = 86_400_000_000
        commit(store, page(Row("1", stage="a"), at=day))
        commit(store, page(Gone("1"), at=2 * day), run=2)
        commit(store, page(Row("1", stage="b"), at=5 * day), run=3)

        snapshot = store.snapshot()
        deals_, changes = snapshot.table("deals"), snapshot.table("deal_changes")
        told = {
            at: [row["stage"] for row in history.deals_at(deals_, changes, from_us(at * day + 1)).rows()]
            for at in (1, 3, 5)
        }
        assert told == {1: ["a"], 3: ["a"], 5: ["b"]}  # until it is seen otherwise, as with any step


# -- the law, against a store in plain Python --------------------------------------------------------------------------


@frozen
class Oracle:
    """What is there, and what is gone, after records that came one by one."""

    there: dict[str, tuple[int | None, str | None]]
    gone: dict[str, int | None]

    @classmethod
    def of(cls, said: Sequence[Said]) -> Oracle:
        made = cls({}, {})
        for each in said:
            made.take(each)
        return made

    def take(self, said: Said) -> None:
        assert not isinstance(said, Bad)
        assert said.id is not None
        stands = self.there[said.id][0] if said.id in self.there else self.gone.get(said.id)
        version = said.version
        if isinstance(said, Gone):
            if version is None:
                version = stands
            if stands is not None and version is not None and version < stands:
                return
            self.there.pop(said.id, None)
            self.gone[said.id] = version
            return
        if stands is not None and (version is None or version < stands):
            return
        if version is not None and version == stands:
            if said.id in self.gone:
                return
            assert self.there[said.id][1] == said.stage  # a version says one thing
        self.gone.pop(said.id, None)
        self.there[said.id] = (version, said.stage)


def said_with(
    versions: st.SearchStrategy[int | None], markers: st.SearchStrategy[int | None]
) -> st.SearchStrategy[Said]:
    ids = st.sampled_from("12")
    stage = st.sampled_from("ab")
    row = st.builds(
        lambda number, version, other: Row(number, version, other if version is None else f"s{version}"),
        ids,
        versions,
        stage,
    )
    return row | st.builds(Gone, ids, markers)


def committed(store: Store, said: Sequence[Said], data: st.DataObject, *, versioned: bool) -> None:
    """Commit records in any pages and any commits."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=4)))
    pages = [page(*said[a:b], at=1 + a) for a, b in pairwise([0, *cuts, len(said)])]
    ends = sorted(data.draw(st.lists(st.integers(0, len(pages)), max_size=4)))
    for a, b in pairwise([0, *ends, len(pages)]):
        commit(store, *pages[a:b], keeps_history=True, **(VERSIONED if versioned else {}))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(said_with(st.integers(1, 4), st.integers(1, 4)), max_size=10))
def test_with_versions_neither_order_nor_split_matters(data: st.DataObject, said: list[Said]) -> None:
    expected = Oracle.of(said)
    digests = set()
    for order in (said, data.draw(st.permutations(said))):
        with Store(":memory:") as store:
            committed(store, order, data, versioned=True)
            assert deals(store) == expected.there
            assert {number: version for number, (version, _) in tombs(store).items()} == expected.gone
            digests.add(store.digest())
    assert len(digests) == 1


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(said_with(st.none(), st.none()), max_size=10))
def test_without_versions_the_split_does_not_matter(data: st.DataObject, said: list[Said]) -> None:
    expected = Oracle.of(said)
    with Store(":memory:") as store:
        committed(store, said, data, versioned=False)
        assert deals(store) == expected.there
        assert tombs(store).keys() == expected.gone.keys()


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(said_with(st.integers(1, 3), st.none() | st.integers(1, 3)), max_size=10))
def test_markers_without_a_version_among_rows_with_one(data: st.DataObject, said: list[Said]) -> None:
    expected = Oracle.of(said)
    with Store(":memory:") as store:
        committed(store, said, data, versioned=True)
        assert deals(store) == expected.there
        assert {number: version for number, (version, _) in tombs(store).items()} == expected.gone
