"""What no mapping reads, written quickly where that is easy: the same as when it is looked at closely."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcx.connectors.unread import Unread, rest_of, tree_of
from crmcx.models.extra import write_extra

NAMES = ["a", "b", "id", "properties", "$decimal", "$said", "ä", 'x"y']
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(2**63), 10**40, 1e16, float("nan")])
    | st.text(alphabet='a"\\/\n\x00\x1f\x7fä\u2028\ud800', max_size=5)
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
)
RECORDS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)
PATHS = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(tuple), max_size=4)


@given(st.lists(RECORDS, max_size=4), PATHS)
def test_as_looked_at_closely(records: list[dict[str, Any]], paths: list[tuple[str, ...]]) -> None:
    tree = tree_of(paths)
    assert Unread(tree).of(records) == [write_extra(rest_of(record, tree)) for record in records]


@pytest.mark.parametrize(
    ("record", "quickly"),
    [
        (
            {"id": "1", "b": True, "a": None, "properties": {"name": "x", "z": 5}},
            '{"a":null,"b":true,"properties":{"z":5}}',
        ),
        ({"id": "1", "properties": {"name": "x"}}, ""),
        ({"id": "1", "properties": None}, ""),
        ({"id": "1", "a": 1.5}, None),
        ({"id": "1", "a": "ä"}, None),
        ({"id": "1", "a": {}}, None),
        ({"id": "1", "properties": ["x"]}, None),
        ({"id": "1", "properties": {"$decimal": "1"}}, None),
    ],
)
def test_what_is_easy(record: dict[str, Any], quickly: str | None) -> None:
    tree = tree_of([("id",), ("properties", "name")])
    assert Unread(tree).quick(record) == quickly


def test_more_shapes_than_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmcx.connectors.unread._MOST_SHAPES", 1)
    unread = Unread(tree_of([("id",)]))
    assert unread.of([{"a": 1}, {"b": 2}, {"b": 3}]) == ['{"a":1}', '{"b":2}', '{"b":3}']
