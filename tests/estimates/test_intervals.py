"""Intervals against published values, brute force and exact coverage."""

from __future__ import annotations

from itertools import product
from math import comb, isclose, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcx.errors import UsageError
from crmcx.estimates import Sums, effective_size, nps_interval, wilson_interval
from crmcx.estimates.intervals import normal_quantile


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(successes: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17:857, table I, method 3."""
    found = wilson_interval(successes, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_where_the_score_test_rejects(case: tuple[int, int]) -> None:
    successes, n = case
    found = wilson_interval(successes, n)
    z = normal_quantile(0.95)
    assert 0 <= found.low <= successes / n <= found.high <= 1  # type: ignore[operator]
    for end in (found.low, found.high):
        assert isinstance(end, float)
        if 0 < end < 1:
            assert isclose((successes / n - end) ** 2, z * z * end * (1 - end) / n, rel_tol=1e-6)


def test_quantile_and_bad_input() -> None:
    assert round(normal_quantile(0.95), 6) == 1.959964
    for level in (0, 1, 1.5):
        with pytest.raises(UsageError, match="confidence level"):
            normal_quantile(level)
    for successes, n in ((-1, 5), (6, 5), (0, 0)):
        with pytest.raises(UsageError, match="expected 0 <="):
            wilson_interval(successes, n)
    for counts in ((0, 0, 0), (-1, 2, 3)):
        with pytest.raises(UsageError, match="expected counts above 0"):
            nps_interval(*counts)


# -- the score interval of the Net Promoter Score --------------------------------------------------------------------


def best_share(promoters: int, passives: int, detractors: int, difference: float) -> float:
    """The most likely share of promoters at a difference, by a search over the line."""

    def likelihood(share: float) -> float:
        terms = ((promoters, share), (detractors, share - difference), (passives, 1 - 2 * share + difference))
        if any(count and value <= 0 for count, value in terms):
            return float("-inf")
        return sum(count * log(value) for count, value in terms if count)

    low, high = max(0.0, difference), (1 + difference) / 2
    for _ in range(200):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if likelihood(left) < likelihood(right):
            low = left
        else:
            high = right
    return (low + high) / 2


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40))
def test_nps_ends_are_where_the_score_test_rejects(promoters: int, passives: int, detractors: int) -> None:
    n = promoters + passives + detractors
    found = nps_interval(promoters, passives, detractors)
    z = normal_quantile(0.95)
    value = (promoters - detractors) / n
    assert -100 <= found.low <= 100 * value + 1e-9  # type: ignore[operator]
    assert 100 * value - 1e-9 <= found.high <= 100  # type: ignore[operator]
    for end in (found.low, found.high):
        assert isinstance(end, float)
        difference = end / 100
        if abs(difference) < 0.999:
            share = best_share(promoters, passives, detractors, difference)
            variance = (2 * share - difference - difference**2) / n
            assert isclose((value - difference) ** 2, z * z * variance, rel_tol=1e-4, abs_tol=1e-7)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 30))
def test_nps_is_symmetric(promoters: int, passives: int, detractors: int) -> None:
    found = nps_interval(promoters, passives, detractors)
    turned = nps_interval(detractors, passives, promoters)
    assert isclose(found.low, -turned.high, abs_tol=1e-6)  # type: ignore[arg-type, operator]
    assert isclose(found.high, -turned.low, abs_tol=1e-6)  # type: ignore[arg-type, operator]


def test_nps_covers_what_it_says_in_small_samples() -> None:
    """Exact coverage at ten answers, by all 66 outcomes, over mixes of responses in steps of 5 %."""
    n = 10
    outcomes = [(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)]
    intervals = {outcome: nps_interval(*outcome) for outcome in outcomes}
    coverage = []
    for up, middle in product(range(1, 19), repeat=2):
        if up + middle > 19:
            continue
        p, q = up / 20, middle / 20
        r = 1 - p - q
        total = 0.0
        for (a, b, c), interval in intervals.items():
            if interval.low <= 100 * (p - r) + 1e-9 and 100 * (p - r) - 1e-9 <= interval.high:  # type: ignore[operator]
                total += comb(n, a) * comb(n - a, b) * p**a * q**b * r**c
        coverage.append(total)
    assert sum(coverage) / len(coverage) > 0.95
    assert min(coverage) > 0.90


# -- clusters --------------------------------------------------------------------------------------------------------


def sums_of(clusters: list[list[int]]) -> Sums:
    flat = [value for cluster in clusters for value in cluster]
    return Sums(
        n=len(flat),
        total=sum(flat),
        squares=sum(value * value for value in flat),
        clusters=len(clusters),
        cluster_squares=sum(sum(cluster) ** 2 for cluster in clusters),
        cluster_products=sum(sum(cluster) * len(cluster) for cluster in clusters),
        cluster_sizes=sum(len(cluster) ** 2 for cluster in clusters),
    )


@given(st.lists(st.lists(st.integers(-1, 1), min_size=1, max_size=6), min_size=2, max_size=12))
def test_effective_size_by_its_definition(clusters: list[list[int]]) -> None:
    flat = [value for cluster in clusters for value in cluster]
    n, groups = len(flat), len(clusters)
    mean = sum(flat) / n
    between = groups / (groups - 1) * sum(sum(value - mean for value in cluster) ** 2 for cluster in clusters) / n**2
    independent = sum((value - mean) ** 2 for value in flat) / n**2
    found = effective_size(sums_of(clusters))
    if groups == n:
        assert found == n
    elif independent < 1e-12:
        assert found == groups
    else:
        assert isclose(found, n / max(1, between / independent), rel_tol=1e-9)


def test_effective_size_at_its_ends() -> None:
    assert effective_size(sums_of([])) == 0
    assert effective_size(sums_of([[1, 0, 1]])) == 1
    assert effective_size(sums_of([[1, 1], [1], [1, 1, 1]])) == 3
    assert effective_size(sums_of([[1], [0], [1]])) == 3
    same = effective_size(sums_of([[1] * 5, [0] * 5] * 20))
    assert isclose(same, 200 / (5 * 40 / 39))
