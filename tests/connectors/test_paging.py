"""Every way of paging gives each record once, however a source splits its list, and ends where a source goes round."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW
from tests.loopback import Asked, Says, Source

from crmcx.connectors import Api, Reply, paging
from crmcx.errors import ForeignHostError, PagingError, SourceError

Connect = Callable[..., Api]
SPLITS = st.lists(st.integers(1, 5), max_size=8)
"""The sizes of the pages that a source makes, whatever it was asked for."""


def split(sizes: list[int]) -> list[list[dict[str, int]]]:
    numbers = iter(range(sum(sizes)))
    return [[{"id": number} for number in islice(numbers, size)] for size in sizes]


def reply(**data: Any) -> Reply:
    return Reply(200, body=json.dumps(data).encode(), url="https://shop.example/list")


def ids(walk: Iterable[tuple[Reply, Any]]) -> list[int]:
    return [record["id"] for found, _ in walk for record in found.rows("rows")]


def demand_resumable(walk: Callable[[Any], Iterator[tuple[Reply, Any]]], total: int) -> None:
    """Whole from the start, and from each token exactly what comes after it."""
    assert ids(walk(None)) == list(range(total))
    read = 0
    for found, token in walk(None):
        read += len(found.rows("rows"))
        if token is not None:
            assert ids(walk(token)) == list(range(read, total))
        else:
            assert read == total


class TestAnySplitGivesTheSame:
    @LAW
    @given(SPLITS, st.sampled_from([None, "", "absent"]))
    def test_cursors(self, sizes: list[int], end: str | None) -> None:
        pages = split(sizes) or [[]]

        def ask(cursor: str | None) -> Reply:
            place = 0 if cursor is None else int(cursor[1:])
            more = place + 1 < len(pages)
            following = {"next": f"c{place + 1}" if more else end} if more or end != "absent" else {}
            return reply(rows=pages[place], **following)

        demand_resumable(lambda start: paging.by_cursor(ask, following="next", start=start), sum(sizes))

    @pytest.mark.parametrize("cursors", [[0, 1], ["a", "b"], [[1, "a"], [1, "b"]], [{"id": 1}, {"id": 2}]])
    @pytest.mark.parametrize("end", [None, "", False, [], {}])
    def test_a_cursor_may_be_any_json(self, cursors: list[Any], end: object) -> None:
        asked: list[Any] = []

        def ask(cursor: object) -> Reply:
            asked.append(cursor)
            return reply(next=[*cursors, end][len(asked) - 1])

        assert [token for _, token in paging.by_cursor(ask, following="next")] == [*cursors, None]
        assert asked == [None, *cursors]

    @LAW
    @given(SPLITS)
    def test_cursors_with_a_word_for_the_end(self, sizes: list[int]) -> None:
        pages = split(sizes) or [[]]

        def ask(cursor: int | None) -> Reply:
            place = cursor or 0
            return reply(rows=pages[place], meta={"cursor": place + 1, "more": place + 1 < len(pages)})

        walk = paging.by_cursor(ask, following=("meta", "cursor"), more=("meta", "more"))
        assert ids(walk) == list(range(sum(sizes)))

    @LAW
    @given(SPLITS, st.booleans())
    def test_offsets(self, sizes: list[int], told: bool) -> None:
        pages, total = split(sizes), sum(sizes)
        records = [record for page in pages for record in page]
        ends = {sum(sizes[:n]): sizes[n] for n in range(len(sizes))}

        def ask(offset: int) -> Reply:
            size = ends.get(offset, 0)
            return reply(rows=records[offset : offset + size], more=offset + size < total)

        more = "more" if told else None
        demand_resumable(lambda start: paging.by_offset(ask, rows="rows", more=more, start=start), total)

    def test_an_offset_that_is_not_heeded_ends_in_an_error(self) -> None:
        walk = paging.by_offset(lambda _offset: reply(rows=[{"id": 1}, {"id": 2}]), rows="rows")
        assert next(walk)[1] == 2
        with pytest.raises(PagingError, match="leads back to a page"):
            next(walk)

    @LAW
    @given(SPLITS, st.booleans(), st.sampled_from([0, 1]))
    def test_numbers(self, sizes: list[int], told: bool, first: int) -> None:
        pages = split(sizes)

        def ask(number: int) -> Reply:
            place = number - first
            return reply(rows=pages[place] if place < len(pages) else [], pages=len(pages) - 1 + first)

        def walk(start: int | None) -> Iterator[tuple[Reply, Any]]:
            return paging.by_number(
                ask, rows="rows", last="pages" if told else None, start=first if start is None else start
            )

        demand_resumable(walk, sum(sizes))

    @LAW
    @given(SPLITS, st.integers(1, 4))
    def test_keys(self, sizes: list[int], size: int) -> None:
        records = [record for page in split(sizes) for record in page]

        def ask(after: int | None) -> Reply:
            return reply(rows=[each for each in records if after is None or each["id"] > after][:size])

        def walk(start: int | None) -> Iterator[tuple[Reply, Any]]:
            return paging.by_key(ask, rows="rows", key="id", start=start)

        demand_resumable(walk, sum(sizes))

    def test_wherever_it_stands_may_be_a_function(self) -> None:
        def ask(after: int | None) -> Reply:
            return reply(a=[{"row": {"id": (after or 0) + 1}}] if (after or 0) < 3 else [])

        walk = paging.by_key(ask, rows=lambda found: found.rows("a"), key=lambda record: record["row"]["id"])
        assert [token for _, token in walk] == [1, 2, 3]
        assert [token for _, token in paging.by_key(ask, rows="a", key=("row", "id"))] == [1, 2, 3]


class TestAddresses:
    @pytest.mark.parametrize("whole", [True, False])
    def test_in_the_body(self, source: Source, connect: Connect, whole: bool) -> None:
        def answer(asked: Asked) -> Says:
            page = int(asked.query.get("page", 0))
            link = f"{source.url if whole else ''}/api/list?page={page + 1}&size=2"
            return Says(data={"rows": [{"id": page}], "links": {"next": link if page < 3 else None}})

        source.answer = answer
        api = connect(f"{source.url}/api")

        def walk(start: str | None) -> Iterator[tuple[Reply, Any]]:
            return paging.by_url(api, "/list", {"size": 2}, following=("links", "next"), start=start)

        demand_resumable(walk, 4)
        assert {asked.query["size"] for asked in source.asked} == {"2"}
        assert {asked.path for asked in source.asked} == {"/api/list"}

    def test_in_a_header(self, source: Source, connect: Connect) -> None:
        def answer(asked: Asked) -> Says:
            page = int(asked.query.get("page", 1))
            links = {"Link": f'</list?page=1>; rel="first", </list?page={page + 1}>; rel="next"'} if page < 4 else {}
            return Says(data={"rows": [{"id": page - 1}]}, headers=links)

        source.answer = answer
        api = connect(source.url)
        demand_resumable(lambda start: paging.by_link(api, "/list", start=start), 4)

    def test_to_another_host(self, source: Source, sources: Callable[[], Source], connect: Connect) -> None:
        elsewhere = sources()
        elsewhere.says(Says(data={"rows": []}))
        source.says(Says(data={"rows": [{"id": 1}], "next": f"{elsewhere.url}/list"}))
        walk = paging.by_url(connect(source.url), "/list", following="next")
        assert ids([next(walk)]) == [1]
        with pytest.raises(ForeignHostError):
            next(walk)
        assert elsewhere.asked == []

    def test_round_and_round(self, source: Source, connect: Connect) -> None:
        source.says(Says(data={"rows": []}, headers={"Link": "</list?page=2>; rel=next"}))
        with pytest.raises(PagingError):
            list(islice(paging.by_link(connect(source.url), "/list"), 9))
        assert len(source.asked) == 2


class TestRoundAndRound:
    @LAW
    @given(st.integers(1, 5), st.integers(0, 4), st.booleans())
    def test_a_cursor_that_came_before(self, length: int, back: int, resumed: bool) -> None:
        back = min(back, length - 1)
        asked: list[Any] = []

        def ask(cursor: int | None) -> Reply:
            asked.append(cursor)
            place = cursor or 0
            return reply(next=f"{place + 1 if place < length else back + 1}", rows=[])

        def numbered(found: Reply) -> int:
            return int(found.get("next"))

        walk = paging.by_cursor(ask, following=numbered, start=1 if resumed else None)
        with pytest.raises(PagingError, match="leads back to a cursor"):
            list(islice(walk, 20))
        assert len(asked) == len(set(asked)) == length + (0 if resumed else 1)

    def test_the_last_page_again(self) -> None:
        walk = paging.by_number(lambda number: reply(rows=[{"id": min(number, 3)}]), rows="rows")
        with pytest.raises(PagingError, match="leads back to a page"):
            list(islice(walk, 9))

    def test_a_key_that_came_before(self) -> None:
        with pytest.raises(PagingError, match="leads back to a key"):
            list(islice(paging.by_key(lambda _: reply(rows=[{"id": 1}, {"id": 2}]), rows="rows", key="id"), 9))

    @pytest.mark.parametrize("last", [{}, {"id": None}, None])
    def test_no_key_to_go_on_by(self, last: object) -> None:
        with pytest.raises(PagingError, match="no key"):
            list(paging.by_key(lambda _after: reply(rows=[{"id": 1}, last]), rows="rows", key="id"))

    def test_a_list_that_is_not_there(self) -> None:
        with pytest.raises(SourceError):
            list(paging.by_offset(lambda _offset: reply(other=[]), rows="rows"))
