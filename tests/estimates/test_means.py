"""Intervals of means, ratios, rates and differences against SciPy, statsmodels and sums by hand."""

from __future__ import annotations

import math
from math import isclose

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from crmcx.errors import UsageError
from crmcx.estimates import (
    Interval,
    RatioSums,
    Sums,
    difference_of_shares_interval,
    effective_size,
    mean_interval,
    poisson_interval,
    ratio_interval,
    wilson_interval,
)
from crmcx.estimates._quantiles import beta_share, gamma_quantile, gamma_share, t_quantile

Rows = list[tuple[int, float, float]]
"""Cluster, observation and weight of each row."""


def sums_of(rows: Rows, *, weighted: bool = True) -> Sums:
    """The sums by their definition."""
    clusters = {cluster for cluster, _, _ in rows}
    totals = [sum(w * x for c, x, w in rows if c == cluster) for cluster in clusters]
    sizes = [sum(w for c, _, w in rows if c == cluster) for cluster in clusters]
    return Sums(
        n=len(rows),
        total=sum(w * x for _, x, w in rows),
        squares=sum(w * x * x for _, x, w in rows),
        clusters=len(clusters),
        cluster_squares=sum(t * t for t in totals),
        cluster_products=sum(t * s for t, s in zip(totals, sizes, strict=True)),
        cluster_sizes=sum(s * s for s in sizes),
        weight=sum(w for _, _, w in rows) if weighted else None,
    )


def ends(found: Interval | None) -> tuple[float, float]:
    assert found is not None
    assert isinstance(found.low, float)
    assert isinstance(found.high, float)
    return found.low, found.high


SAMPLES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 7), st.sampled_from([0.5, 1.0, 2.25])), min_size=3, max_size=40
)


@settings(deadline=None)
@given(st.floats(0.5, 0.999), st.integers(1, 3000))
def test_student(level: float, degrees: int) -> None:
    assert isclose(t_quantile(level, degrees), stats.t.ppf((1 + level) / 2, degrees), rel_tol=1e-9)


@settings(deadline=None)
@given(st.floats(0.0005, 0.9995), st.integers(1, 3000))
def test_gamma(share: float, a: int) -> None:
    assert isclose(gamma_quantile(share, a), stats.gamma.ppf(share, a), rel_tol=1e-9)


def test_at_the_ends() -> None:
    assert (beta_share(0, 1, 1), beta_share(1, 1, 1), gamma_share(0, 1)) == (0, 1, 0)


@settings(deadline=None)
@given(SAMPLES)
def test_a_mean_is_that_of_a_regression_with_robust_variance(rows: Rows) -> None:
    """An intercept alone, weighted least squares, sandwich over clusters, without the factor (n-1)/(n-k), k = 1."""
    assume(len({c for c, _, _ in rows}) > 1)
    assume(len({x for _, x, _ in rows}) > 1)
    sums = sums_of(rows)
    fit = sm.WLS([x for _, x, _ in rows], np.ones(len(rows)), weights=[w for _, _, w in rows]).fit(
        cov_type="cluster", cov_kwds={"groups": np.array([c for c, _, _ in rows])}, use_t=True
    )
    error = fit.bse[0]
    assume(error > 1e-9)
    low, high = ends(mean_interval(sums))
    margin = stats.t.ppf(0.975, sums.clusters - 1) * error
    assert isclose(low, fit.params[0] - margin, rel_tol=1e-7, abs_tol=1e-9)
    assert isclose(high, fit.params[0] + margin, rel_tol=1e-7, abs_tol=1e-9)


@settings(deadline=None)
@given(st.lists(st.integers(1, 7), min_size=2, max_size=30))
def test_a_plain_mean(values: list[int]) -> None:
    assume(len(set(values)) > 1)
    found = mean_interval(sums_of([(number, x, 1) for number, x in enumerate(values)], weighted=False), 0.9)
    wanted = stats.t.interval(0.9, len(values) - 1, np.mean(values), stats.sem(values))
    assert found is not None
    assert found.method == "t"
    assert ends(found) == pytest.approx(wanted, rel=1e-9)


def test_a_mean_without_an_interval() -> None:
    assert mean_interval(sums_of([(1, 5, 1), (1, 3, 1)])) is None
    assert mean_interval(sums_of([(1, 0.1, 0.3), (2, 0.1, 0.7), (3, 0.1, 0.1)])) is None
    with pytest.raises(UsageError, match="confidence level"):
        mean_interval(sums_of([(1, 5, 1), (2, 3, 1)]), 95)


@settings(deadline=None)
@given(SAMPLES)
def test_weights_and_clusters_shrink_to_the_size_of_equal_variance(rows: Rows) -> None:
    sums = sums_of(rows)
    size = effective_size(sums)
    groups = {c for c, _, _ in rows}
    total = sum(w for _, _, w in rows)
    mean = sum(w * x for _, x, w in rows) / total
    spread = sum(w * (x - mean) ** 2 for _, x, w in rows) / total
    between = sum(sum(w * (x - mean) for c, x, w in rows if c == group) ** 2 for group in groups)
    if len(groups) == 1:
        assert size == 1
    elif len({x for _, x, _ in rows}) == 1:
        assert isclose(size, total**2 / sum(sum(w for c, _, w in rows if c == group) ** 2 for group in groups))
    elif between < 1e-12:
        assert size == len(rows)
    else:
        variance = between / total**2 * len(groups) / (len(groups) - 1)
        assert isclose(size, min(len(rows), spread / variance), rel_tol=1e-9)


@settings(deadline=None)
@given(SAMPLES)
def test_a_ratio_by_hand(rows: Rows) -> None:
    """Above the line the observations, below it the weights: y - R·x by cluster."""
    groups = sorted({c for c, _, _ in rows})
    above = [sum(x for c, x, _ in rows if c == group) for group in groups]
    below = [sum(w for c, _, w in rows if c == group) for group in groups]
    products = sum(y * x for y, x in zip(above, below, strict=True))
    found = ratio_interval(
        RatioSums(
            above=sum(above),
            below=sum(below),
            clusters=len(groups),
            above_squares=sum(y * y for y in above),
            products=products,
            below_squares=sum(x * x for x in below),
        )
    )
    ratio = sum(above) / sum(below)
    residuals = [y - ratio * x for y, x in zip(above, below, strict=True)]
    if len(groups) == 1 or max(map(abs, residuals)) < 1e-6:
        assert found is None or isclose(found.low, found.high, abs_tol=1e-4)  # type: ignore[arg-type]
    else:
        error = math.sqrt(sum(e * e for e in residuals) * len(groups) / (len(groups) - 1)) / sum(below)
        margin = stats.t.ppf(0.975, len(groups) - 1) * error
        assert ends(found) == pytest.approx((ratio - margin, ratio + margin), rel=1e-6, abs=1e-9)


def test_a_ratio_over_nothing() -> None:
    with pytest.raises(UsageError, match="found the total 0"):
        ratio_interval(RatioSums(above=1, below=0, clusters=2, above_squares=1, products=0, below_squares=0))


@settings(deadline=None)
@given(st.integers(0, 500), st.floats(0.1, 100), st.floats(0.5, 0.99))
def test_a_rate_covers_by_the_tails_of_poisson(events: int, exposure: float, level: float) -> None:
    low, high = ends(poisson_interval(events, exposure, level))
    tail = (1 - level) / 2
    assert isclose(stats.poisson.cdf(events, high * exposure), tail, rel_tol=1e-6)
    if events:
        assert isclose(stats.poisson.sf(events - 1, low * exposure), tail, rel_tol=1e-6)
    else:
        assert low == 0


def test_bad_rates() -> None:
    for events, exposure in ((-1, 1), (1, 0)):
        with pytest.raises(UsageError, match="an exposure above 0"):
            poisson_interval(events, exposure)


COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(COUNTS, COUNTS)
def test_wilson_and_newcombe_are_those_of_statsmodels(first: tuple[int, int], second: tuple[int, int]) -> None:
    assert ends(wilson_interval(*first)) == pytest.approx(proportion_confint(*first, method="wilson"), abs=1e-12)
    wanted = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert ends(difference_of_shares_interval(*first, *second)) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 10), 0.6075, 1.0)],
)
def test_newcombe_as_published(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17:873, table II, method 10."""
    found = ends(difference_of_shares_interval(*counts))
    assert (round(found[0], 4), round(found[1], 4)) == (low, high)
