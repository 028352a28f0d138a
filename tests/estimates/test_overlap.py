"""Differences of overlapping and paired samples, against scipy, plain formulas and simulation."""

from __future__ import annotations

import random
from itertools import product
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crmcx.estimates.overlap import Both, overlapping, paired

VALUES = st.lists(st.tuples(st.integers(-1, 1), st.integers(-1, 1)), min_size=3, max_size=30)


@given(VALUES)
def test_pairs_as_scipy(pairs: list[tuple[int, int]]) -> None:
    found = paired([Both(one, 1, two, 1) for one, two in pairs])
    changes = [two - one for one, two in pairs]
    assert found.value == pytest.approx(mean(changes))
    if len(set(changes)) == 1:
        assert found.interval is None
        return
    expected = stats.ttest_rel([two for _, two in pairs], [one for one, _ in pairs])
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-9)
    ends = expected.confidence_interval(0.95)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((ends.low, ends.high), abs=1e-8)


@given(VALUES)
def test_where_all_are_in_both_overlapping_is_paired(pairs: list[tuple[int, int]]) -> None:
    people = [Both(one, 1, two, 1) for one, two in pairs]
    one, two = overlapping(people), paired(people)
    assert one.value == pytest.approx(two.value, abs=1e-12)
    if one.interval is not None and two.interval is not None:
        assert one.interval.low == pytest.approx(two.interval.low, abs=1e-9)
    assert one.p_value == pytest.approx(two.p_value) or two.interval is None


def test_where_none_is_in_both_it_is_the_sum_of_variances() -> None:
    draw = random.Random(1)
    first = [draw.choice([-1, 0, 1]) for _ in range(40)]
    second = [draw.choice([0, 0, 1]) for _ in range(60)]
    found = overlapping([Both(x, 1, 0, 0) for x in first] + [Both(0, 0, x, 1) for x in second])
    variance = stdev(first) ** 2 * 39 / 40**2 + stdev(second) ** 2 * 59 / 60**2
    assert found.interval is not None
    reach = stats.t.ppf(0.975, 99) * (variance * 100 / 99) ** 0.5
    assert found.interval.high == pytest.approx(mean(second) - mean(first) + reach, abs=1e-9)
    assert (found.people, found.shared) == (100, 0)


def test_alike_people_can_be_told_together() -> None:
    single = [Both(one, 1, two, 2) for one, two in product((0, 1), (0, 1, 2)) for _ in range(3)]
    together = [Both(one, 1, two, 2, 3) for one, two in product((0, 1), (0, 1, 2))]
    for ask in (overlapping, paired):
        assert ask(single).interval == pytest.approx(ask(together).interval) or ask(single) == ask(together)


def test_it_keeps_its_level_where_the_independent_formula_does_not() -> None:
    draw = random.Random(8)
    runs, held, wide = 300, 0, 0
    for _ in range(runs):
        people = []
        for number in range(120):
            bias = draw.gauss(0, 2)
            said = [round(bias + draw.gauss(0, 0.7)) for _ in range(2)]
            here = (number < 90, number >= 30)
            people.append(Both(said[0] * here[0], int(here[0]), said[1] * here[1], int(here[1])))
        found = overlapping(people)
        apart = overlapping(
            [Both(each.first_total, each.first_n, 0, 0) for each in people if each.first_n]
            + [Both(0, 0, each.second_total, each.second_n) for each in people if each.second_n]
        )
        assert found.interval is not None
        assert apart.interval is not None
        held += found.interval.low <= 0 <= found.interval.high  # type: ignore[operator]
        wide += apart.interval.low <= 0 <= apart.interval.high  # type: ignore[operator]
    assert 0.91 <= held / runs <= 0.98
    assert wide / runs > 0.98


def test_nothing() -> None:
    assert overlapping([]).value is None
    assert paired([Both(1, 1, 0, 0)]).value is None
    alone = overlapping([Both(1, 1, 0, 1)])
    assert (alone.value, alone.interval) == (-1, None)
