"""Raw pages are kept byte for byte, however large, and a long load neither holds nor writes all of them again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.store.staged import SOURCE, STREAM, Row, commit, deals, page

from crmcx.errors import StoreError
from crmcx.store import Store
from crmcx.store.ddl import RUNS_PER_VACUUM
from crmcx.store.pages import _PART

MEGABYTE = 1 << 20


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def groups(store: Store) -> int:
    """How many groups of rows the parts of pages lie in."""
    ((found,),) = store._read("SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('books.bodies')")
    return int(found)


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(0, 3 * _PART + 1), min_size=1, max_size=4))
@example(sizes=[0, 1, _PART - 1, _PART, _PART + 1, 2 * _PART])
def test_what_is_kept_is_read_again(sizes: list[int]) -> None:
    bodies = [noise(size, number) for number, size in enumerate(sizes)]
    with Store(":memory:") as store:
        commit(store, *(page(Row(str(number)), at=number, body=body) for number, body in enumerate(bodies)))
        assert [store.page_body(number) for number in range(1, len(bodies) + 1)] == bodies
        assert [each.body for each in store.pages(SOURCE, STREAM, quarantined=False)] == bodies
        parts = store._read("SELECT count(*), max(octet_length(body)) FROM books.bodies")
    assert parts == [(sum(max(1, -(-size // _PART)) for size in sizes), min(max(sizes), _PART))]


def test_pages_of_more_than_the_memory(tmp_path: Path) -> None:
    """Whether they come in small or are copied at once, when a store is compacted."""
    with Store(tmp_path / "bank.crmcx", memory="128MB", threads=1) as store:
        run, _ = store.start_run(SOURCE)
        for number in range(1, 61):
            commit(store, page(Row(str(number)), at=number, body=noise(4 * MEGABYTE, number)), run=run)
        store.finish_run(run, state="done")
        store.compact()
        assert store.page_body(60) == noise(4 * MEGABYTE, 60)


def test_a_load_does_not_write_its_earlier_pages_again(tmp_path: Path) -> None:
    """Groups of rows that a checkpoint wrote stay as they are until many runs have left small ones."""
    path = tmp_path / "bank.crmcx"
    with Store(path, threads=1) as store:
        run, _ = store.start_run(SOURCE)
        for number in range(1, 41):
            commit(store, page(Row(str(number)), at=number, body=noise(5 * MEGABYTE, number)), run=run)
        store.finish_run(run, state="done")
        first = groups(store)
        assert first == 3  # the log is taken in whenever it holds 64 MB
    for number in range(run + 1, RUNS_PER_VACUUM + 1):
        with Store(path, threads=1) as store:
            assert groups(store) == first + number - 2
            run, _ = store.start_run(SOURCE)
            commit(store, page(Row(f"small {number}"), at=100 + number), run=run)
            store.finish_run(run, state="done")
    with Store(path, threads=1) as store:
        assert run == RUNS_PER_VACUUM
        assert groups(store) < first


def test_too_little_memory_is_told(tmp_path: Path) -> None:
    with (
        Store(tmp_path / "bank.crmcx", memory="32MB", threads=1) as store,
        pytest.raises(StoreError, match="lacks the memory") as caught,
    ):
        commit(store, *(page(Row(str(number)), at=number, body=noise(30 * MEGABYTE)) for number in range(1, 4)))
    assert "memory=" in str(caught.value)
    with Store(tmp_path / "bank.crmcx", memory="512MB") as store:
        assert deals(store) == {}
