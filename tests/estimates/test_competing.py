"""Shares with competing fates, against lifelines and plain shares."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcx.errors import UsageError
from crmcx.estimates import wilson_interval
from crmcx.estimates.competing import Fates, incidence

TIMES = random.Random(4).sample(range(1, 400), 60)
DRAW = random.Random(3)
SEEN = [(time, DRAW.choice([0, 1, 1, 2])) for time in TIMES]


def fate(length: int, which: int) -> Fates:
    return Fates(length, int(which == 1), int(which == 2), int(which == 0))


@pytest.mark.parametrize(
    ("age", "share", "variance"),
    [
        (50, 0.0836477987421384, 0.0012827532994550072),
        (100, 0.15193362772648206, 0.0021779023612913916),
        (200, 0.37327615742783415, 0.0042224316984731),
        (350, 0.5011351792012834, 0.005232945362620048),
    ],
)
def test_as_lifelines(age: int, share: float, variance: float) -> None:
    """lifelines 0.30.3, AalenJohansenFitter(calculate_variance=True), for these times and fates."""
    found, interval = incidence([fate(*each) for each in SEEN], age)
    assert found == pytest.approx(share, abs=1e-10)
    size = min(60.0, share * (1 - share) / variance)
    expected = wilson_interval(share * size, size)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-8)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 2)), min_size=1, max_size=30), st.integers(0, 10))
def test_where_nothing_is_open_it_is_the_plain_share(seen: list[tuple[int, int]], age: int) -> None:
    happened = sum(length <= age and which == 1 for length, which in seen)
    found, interval = incidence([fate(*each) for each in seen], age)
    expected = wilson_interval(happened, len(seen))
    assert found == pytest.approx(happened / len(seen))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=30), st.integers(0, 10), st.randoms())
def test_order_and_grouping_do_not_matter(seen: list[tuple[int, int]], age: int, shuffle: random.Random) -> None:
    one = [fate(*each) for each in seen]
    shuffled = one[:]
    shuffle.shuffle(shuffled)
    grouped = [
        Fates(length, *(sum(each == (length, which) for each in seen) for which in (1, 2, 0)))
        for length in {length for length, _ in seen}
    ]
    assert incidence(one, age) == incidence(shuffled, age) == incidence(grouped, age)
    share, _ = incidence(one, age)
    assert share is None or 0 <= share <= 1 + 1e-12


def test_nobody_and_nobody_watched_so_long() -> None:
    assert incidence([], 5) == (None, None)
    assert incidence([Fates(3, 0, 0, 4)], 5) == (None, None)
    assert incidence([Fates(3, 1, 1, 2)], 5) == (None, None)
    assert incidence([Fates(3, 0, 0, 4), Fates(5, 0, 0, 6)], 5)[1] == wilson_interval(0, 6)
    assert incidence([Fates(3, 4, 0, 0)], 5) == (1, wilson_interval(4, 4))
    with pytest.raises(UsageError, match="found an age of -1"):
        incidence([], -1)
    with pytest.raises(UsageError, match="confidence level"):
        incidence([], 5, level=2)
