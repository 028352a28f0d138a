"""What is aside of a source without places, such as one over HTTP: each record once, and no longer when right."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sync.sources import DEAL, counts, deal, listing, run

from crmcx import models
from crmcx.connectors import mapping, present
from crmcx.store import Store

BOTH = (DEAL, mapping(models.Customer, id="who", name="name", when=present("who")))


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(":memory:") as store:
        yield store


def aside(store: Store) -> list[str]:
    return sorted(each.raw for each in store.quarantine())


def bad(number: str, **values: object) -> dict[str, object]:
    return deal(number, status="mislaid", **values)


def test_a_bad_record_that_comes_again_on_another_page_is_aside_once(store: Store) -> None:
    run(store, listing([bad("1"), deal("2")], origin=None))
    for number in range(3, 6):
        assert counts(run(store, listing([bad("1"), deal(str(number))], origin=None)))[3] == 1
    assert len(aside(store)) == 1


def test_once_it_is_right_it_is_no_longer_aside(store: Store) -> None:
    run(store, listing([bad("1"), bad("2")], origin=None))
    run(store, listing([deal("1")], origin=None))
    assert [each.split('"')[3] for each in aside(store)] == ["2"]


def test_a_record_without_a_readable_id_stays(store: Store) -> None:
    run(store, listing([{"id": None, "status": "odd"}], origin=None))
    run(store, listing([{"id": None, "status": "odd"}, deal("1")], origin=None))
    assert len(aside(store)) == 2


def test_another_record_of_the_same_customer_is_another(store: Store) -> None:
    run(store, listing([bad("1", who="p", name="Ada")], maps=BOTH, origin=None))
    run(store, listing([deal("2", who="p", name="Ada")], maps=BOTH, origin=None))
    assert len(aside(store)) == 1
    run(store, listing([deal("1", who="p", name="Ada")], maps=BOTH, origin=None))
    assert aside(store) == []


def test_rows_of_a_file_are_told_by_their_places(store: Store) -> None:
    run(store, listing([bad("1"), bad("1")]))
    assert len(aside(store)) == 2
    run(store, listing([bad("1"), deal("1")]))
    assert len(aside(store)) == 1


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), min_size=1, max_size=8),
    st.integers(1, 3),
    st.integers(1, 4),
)
def test_the_last_word_counts_whatever_the_split(said: list[tuple[str, bool]], size: int, rows_per_commit: int) -> None:
    records = [
        bad(name, owner=str(at)) if wrong else deal(name, owner=str(at)) for at, (name, wrong) in enumerate(said)
    ]
    expected = sorted({name for name, wrong in said if dict(said)[name]})
    pages = [records[at : at + size] for at in range(0, len(records), size)]
    with Store(":memory:") as store:
        report = run(store, listing(*pages, origin=None), rows_per_commit=rows_per_commit)
        assert report.counts.quarantined == sum(wrong for _, wrong in said)
        assert sorted(each.split('"')[3] for each in aside(store)) == expected
