"""Seeded chance: the same name gives the same draws, within the limits that were asked for."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from crmcx.demo.draw import Draw, Stream

NAMES = st.tuples(
    st.integers(min_value=0, max_value=2**64),
    st.sampled_from(Stream),
    st.integers(min_value=0, max_value=2**40 - 1),
    st.integers(min_value=0, max_value=2**40 - 1),
)


@given(NAMES, NAMES)
def test_a_stream_is_its_name(one: tuple[int, Stream, int, int], other: tuple[int, Stream, int, int]) -> None:
    first, second = Draw(*one), Draw(*other)
    assert ([first.unit() for _ in range(4)] == [second.unit() for _ in range(4)]) == (one == other)


@given(NAMES, st.integers(-(10**6), 10**6), st.integers(0, 10**6))
def test_draws_stay_within_their_limits(name: tuple[int, Stream, int, int], low: int, span: int) -> None:
    draw = Draw(*name)
    assert low <= draw.between(low, low + span) <= low + span
    assert low <= draw.skewed(low, low + span) <= low + span
    assert 0 <= draw.below(span + 1) <= span
    assert abs(draw.normal()) < 3.5
    assert draw.pick("abc") in "abc"
    assert draw.chance(1.0)
    assert not draw.chance(0.0)


def test_shapes() -> None:
    draw = Draw(1, Stream.PERSON)
    normals = [draw.normal() for _ in range(20_000)]
    assert abs(sum(normals) / 20_000) < 0.03
    assert abs(sum(value * value for value in normals) / 20_000 - 1) < 0.03
    assert {draw.between(1, 3) for _ in range(200)} == {1, 2, 3}
    assert abs(sum(draw.skewed(0, 800) < 100 for _ in range(20_000)) / 20_000 - 0.5) < 0.02
    weights = Counter(draw.weighted((("a", 0.7), ("b", 0.2), ("c", 0.1))) for _ in range(20_000))
    assert [round(weights[option] / 20_000, 1) for option in "abc"] == [0.7, 0.2, 0.1]


def test_the_last_option_takes_what_rounding_leaves() -> None:
    assert Draw(1, Stream.PERSON).weighted((("a", 0.0), ("b", 0.0))) == "b"


def test_draws_are_those_of_the_published_generator() -> None:
    # Pins the naming of streams: another one would be another bank under the same seed.
    name = (7 << 40 | Stream.VISIT) << 40 | 12
    assert Draw(7, Stream.VISIT, 12).unit() == Random(name).random()
