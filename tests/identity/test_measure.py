"""Pairs found and true, against counting them one by one."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW

from crmcx.errors import UsageError
from crmcx.identity import pairwise_scores


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=9))
@LAW
def test_the_pairs_are_those_counted_one_by_one(people: list[tuple[int, int]]) -> None:
    found = {str(n): a for n, (a, _) in enumerate(people)}
    truth = {str(n): b for n, (_, b) in enumerate(people)}
    pairs = list(combinations(found, 2))
    is_found = [found[a] == found[b] for a, b in pairs]
    is_true = [truth[a] == truth[b] for a, b in pairs]
    both = [x and y for x, y in zip(is_found, is_true, strict=True)]
    scores = pairwise_scores(found, truth)
    assert (scores.pairs_found, scores.pairs_true, scores.pairs_both) == (sum(is_found), sum(is_true), sum(both))


def test_nothing_over_nothing_is_none() -> None:
    scores = pairwise_scores({"a": 1, "b": 2}, {"a": 1, "b": 2})
    assert (scores.precision, scores.recall) == (None, None)


def test_both_are_about_the_same_records() -> None:
    with pytest.raises(UsageError, match="found 2 records of which only one side"):
        pairwise_scores({"a": 1, "b": 1}, {"a": 1, "c": 1})
