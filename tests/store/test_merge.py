"""Which of many rows under one key stands: by version, by content, by arrival; whatever the order and the split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sync.sources import DEAL, VERSIONED, counts, deal, listing, rows, run

from crmcx import models
from crmcx.connectors import Stream, contact, equals, mapping
from crmcx.errors import KeyCollisionError
from crmcx.store import Store, merge

FOLDED = mapping(models.Customer, id="id", version="version", name="name", parts=(contact("email", "email"),))


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(":memory:") as store:
        yield store


def versions(store: Store) -> list[tuple[str, int | None, str | None]]:
    return [(row["source_id"], row["version"], row["stage"]) for row in rows(store, "deals")]


class TestWithVersion:
    def test_the_highest_wins_within_a_commit(self, store: Store) -> None:
        said = [deal("1", version=number, stage=f"s{number}") for number in (2, 3, 1)]

        assert counts(run(store, listing(said, maps=VERSIONED))) == (3, 1, 2, 0)
        assert versions(store) == [("1", 3, "s3")]

    def test_an_older_one_of_a_later_commit_is_unchanged(self, store: Store) -> None:
        pages = [[deal("1", version=number, stage=f"s{number}")] for number in (2, 3, 1)]

        assert counts(run(store, listing(*pages, maps=VERSIONED), rows_per_commit=1)) == (3, 2, 1, 0)
        assert versions(store) == [("1", 3, "s3")]
        assert counts(run(store, listing(*pages, maps=VERSIONED), rows_per_commit=1)) == (3, 0, 3, 0)

    def test_of_equal_versions_the_content_decides(self) -> None:
        contents = [deal("1", version=7, stage=stage) for stage in ("a", "b", "c")]
        found = set()
        for order in permutations(contents):
            for pages in ([order], [order[:1], order[1:]], [[each] for each in order]):
                with Store(":memory:") as store:
                    run(store, listing(*pages, maps=VERSIONED), rows_per_commit=1)
                    found.add(store.digest())
        assert len(found) == 1

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    @pytest.mark.parametrize("rows_per_commit", [1, 10])
    def test_a_row_without_a_version_is_older_than_any_with_one(
        self, order: tuple[int, int], rows_per_commit: int, store: Store
    ) -> None:
        said = [deal("1", version=-5, stage="told"), deal("1", version=None, stage="untold")]

        run(store, listing(*([said[at]] for at in order), maps=VERSIONED), rows_per_commit=rows_per_commit)

        assert versions(store) == [("1", -5, "told")]

    def test_a_mapping_that_gives_up_its_version_is_not_stuck(self, store: Store) -> None:
        run(store, listing([deal("1", version=3, stage="old")], maps=VERSIONED))

        unversioned = mapping(models.Deal, id="id", status="status", stage="stage")
        assert counts(run(store, listing([deal("1", version=4, stage="new")], maps=unversioned))) == (1, 1, 0, 0)

        assert versions(store) == [("1", None, "new")]

    def test_the_widest_versions(self, store: Store) -> None:
        said = [deal("1", version=-(2**63)), deal("1", version=2**63 - 1), deal("2", version=2**63)]

        assert counts(run(store, listing(said, maps=VERSIONED))) == (3, 1, 1, 1)
        assert [row["version"] for row in rows(store, "deals")] == [2**63 - 1]


class TestWithoutVersion:
    def test_the_last_to_arrive_wins(self, store: Store) -> None:
        said = [deal("1", stage="a"), deal("1", stage="b"), deal("1", stage="a")]

        assert counts(run(store, listing(said, maps=DEAL))) == (3, 1, 2, 0)
        assert [row["stage"] for row in rows(store, "deals")] == ["a"]
        assert counts(run(store, listing([deal("1", stage="b")], maps=DEAL))) == (1, 1, 0, 0)
        assert [row["stage"] for row in rows(store, "deals")] == ["b"]

    @pytest.mark.parametrize("rows_per_page", [1, 2])
    def test_records_arrive_in_their_order_whichever_mapping_takes_them(self, rows_per_page: int, store: Store) -> None:
        maps = (
            mapping(models.Deal, id="id", status="status", name="first", when=equals("kind", "1")),
            mapping(models.Deal, id="id", status="status", name="second", when=equals("kind", "2")),
        )
        said = [deal("1", kind="2", second="earlier"), deal("1", kind="1", first="later")]
        pages = [said[at : at + rows_per_page] for at in range(0, 2, rows_per_page)]

        run(store, listing(*pages, maps=maps))

        assert [row["name"] for row in rows(store, "deals")] == ["later"]

    def test_absent_empty_and_null_are_told_apart_in_extra(self, store: Store) -> None:
        said: list[dict[str, object]] = [deal("1"), deal("1", other=None), deal("1", other=""), deal("1", other="x")]
        for record in said:
            assert counts(run(store, listing([record]))) == (1, 1, 0, 0)
            assert counts(run(store, listing([record]))) == (1, 0, 1, 0)


class TestAnotherMapping:
    """A mapping that was changed makes other rows of the same records; they are taken although no version moved."""

    PAGES = tuple(
        [deal(str(number), version=1, stage="s", note=f"n{number}") for number in range(20)] for _ in range(1)
    )

    def test_every_row_is_mapped_anew(self, store: Store) -> None:
        run(store, listing(*self.PAGES, maps=VERSIONED))
        with_name = mapping(models.Deal, id="id", version="version", status="status", stage="stage", name="note")

        assert counts(run(store, listing(*self.PAGES, maps=with_name))) == (20, 20, 0, 0)
        assert all(row["name"] == f"n{row['source_id']}" for row in rows(store, "deals"))
        assert counts(run(store, listing(*self.PAGES, maps=with_name))) == (20, 0, 20, 0)
        assert counts(run(store, listing(*self.PAGES, maps=VERSIONED))) == (20, 20, 0, 0)

    def test_equal_versions_are_told_apart_by_content_again(self) -> None:
        with_name = mapping(models.Deal, id="id", version="version", status="status", stage="stage", name="note")
        said = [[deal("1", version=1, note=note)] for note in "abc"]
        found = set()
        for order in permutations(said):
            with Store(":memory:") as store:
                run(store, listing(*order, maps=VERSIONED), rows_per_commit=1)
                run(store, listing(*reversed(order), maps=with_name), rows_per_commit=1)
                found.add(store.digest())
        assert len(found) == 1

    def test_an_older_version_stays_older(self, store: Store) -> None:
        run(store, listing([deal("1", version=2, stage="new")], maps=VERSIONED))
        other = mapping(models.Deal, id="id", version="version", status="status", name="stage")

        assert counts(run(store, listing([deal("1", version=1, stage="old")], maps=other))) == (1, 0, 1, 0)


class TestKeys:
    def test_two_records_with_one_key_are_refused(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        run(store, listing([deal("1")]))
        before = store.digest()
        monkeypatch.setattr(merge, "key_sql", lambda _table, _ref: "7::BIGINT")
        with pytest.raises(KeyCollisionError, match="two records of deals from crm have the same 63-bit key"):
            run(store, listing([deal("2"), deal("3")]))
        assert store.digest() == before

    def test_a_record_with_the_key_of_a_stored_one_is_refused(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(merge, "key_sql", lambda _table, _ref: "7::BIGINT")
        run(store, listing([deal("1")]))
        with pytest.raises(KeyCollisionError):
            run(store, listing([deal("2")]))
        with pytest.raises(KeyCollisionError):
            run(store, listing([deal("1")]), source="crm:other")
        assert [(row["source"], row["source_id"]) for row in rows(store, "deals")] == [("crm", "1")]

    @pytest.mark.parametrize("number_", ["it's", 'a"b', "a/b", "x#stage#1", "ß", "💶", "a\0b", " ", "1"])
    def test_ids_of_any_spelling(self, number_: str, store: Store) -> None:
        report = run(store, listing([deal(number_)]))
        assert report.counts.adds_up
        assert counts(run(store, listing([deal(number_, stage="s")])))[1] == counts(report)[1]


# -- the law, against a merge in plain Python ------------------------------------------------------------------------

Said = dict[str, Any]


@st.composite
def folded(draw: st.DrawFn) -> list[Said]:
    """Records of few customers in many versions; the content of a version is drawn apart, so that some conflict."""
    return [
        {
            "id": str(draw(st.integers(0, 3))),
            "version": draw(st.integers(-2, 3)),
            "name": draw(st.sampled_from(["Ada", "Bo", None])),
            "email": draw(st.sampled_from(["a@example.org", "b@example.org", None])),
        }
        for _ in range(draw(st.integers(1, 14)))
    ]


def split(draw: st.DrawFn, records: Sequence[Said]) -> tuple[list[list[Said]], int]:
    """The records in any order, cut into pages anywhere, with any size of commits."""
    order = draw(st.permutations(records))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=4)))
    edges = [0, *cuts, len(order)]
    return [list(order[a:b]) for a, b in pairwise(edges)], draw(st.integers(1, 6))


@st.composite
def two_arrivals(draw: st.DrawFn) -> tuple[list[Said], list[tuple[list[list[Said]], int]]]:
    records = draw(folded())
    return records, [split(draw, records), split(draw, records)]


def customers(store: Store) -> dict[str, tuple[int, str | None, tuple[str, ...]]]:
    """What the store holds of each customer."""
    emails: dict[int, list[str]] = {}
    for row in rows(store, "contact_points"):
        emails.setdefault(row["customer_key"], []).append(row["value"])
    return {
        row["source_id"]: (row["version"], row["name"], tuple(emails.get(row["key"], ())))
        for row in rows(store, "customers")
    }


@settings(max_examples=15, deadline=None)
@given(two_arrivals())
def test_order_and_split_do_not_matter(drawn: tuple[list[Said], list[tuple[list[list[Said]], int]]]) -> None:
    records, arrivals = drawn
    highest: dict[str, int] = {}
    for record in records:
        highest[record["id"]] = max(record["version"], highest.get(record["id"], record["version"]))
    digests = set()
    for pages, rows_per_commit in arrivals:
        with Store(":memory:") as store:
            first = run(store, listing(*pages, maps=FOLDED), rows_per_commit=rows_per_commit)
            digests.add(store.digest())
            found = customers(store)
            again = run(store, listing(*reversed(pages), maps=FOLDED), rows_per_commit=rows_per_commit)
            digests.add(store.digest())

        assert first.counts.read == len(records)
        assert first.counts.adds_up
        assert counts(again) == (len(records), 0, len(records), 0)
        assert found.keys() == highest.keys()
        for number_, (version, name, emails) in found.items():
            allowed = [
                (record["name"], (record["email"],) if record["email"] else ())
                for record in records
                if (record["id"], record["version"]) == (number_, highest[number_])
            ]
            assert version == highest[number_]
            assert (name, emails) in allowed
    assert len(digests) == 1


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_without_a_version_the_last_wins_however_it_is_split(data: st.DataObject) -> None:
    records = [
        {"id": str(data.draw(st.integers(0, 3))), "name": data.draw(st.sampled_from(["Ada", "Bo", None]))}
        for _ in range(data.draw(st.integers(1, 12)))
    ]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=4)))
    edges = [0, *cuts, len(records)]
    pages = [records[a:b] for a, b in pairwise(edges)]
    stream: Stream = listing(*pages, maps=mapping(models.Customer, id="id", name="name"))

    with Store(":memory:") as store:
        report = run(store, stream, rows_per_commit=data.draw(st.integers(1, 6)))
        found = {row["source_id"]: row["name"] for row in rows(store, "customers")}

    assert found == {record["id"]: record["name"] for record in records}
    assert report.counts.adds_up
