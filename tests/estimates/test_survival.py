"""Quantiles of times against published and hand-worked values."""

from __future__ import annotations

from datetime import timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcx.errors import UsageError
from crmcx.estimates import Durations, quantile_of

WEEK = timedelta(weeks=1)
# Remission of leukaemia in weeks, treated group; a minus sign stands for still in remission.
# Freireich et al. (1963), as in Cox and Oakes (1984), table 1.1.
TREATED = (6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35)
PLACEBO = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)


def durations(weeks: tuple[int, ...]) -> list[Durations]:
    us = WEEK // timedelta(microseconds=1)
    return [Durations(abs(week) * us, 1 if week > 0 else 0, 0 if week > 0 else 1) for week in weeks]


def test_as_published() -> None:
    """Median remission: 23 weeks when treated (its interval begins at 13 and has no end), 8 on placebo (4 to 11)."""
    value, interval = quantile_of(durations(TREATED))
    assert value == 23 * WEEK
    assert interval is not None
    assert interval.low == 13 * WEEK
    assert interval.high is None

    value, interval = quantile_of(durations(PLACEBO))
    assert value == 8 * WEEK
    assert interval is not None
    assert (interval.low, interval.high) == (4 * WEEK, 11 * WEEK)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_without_open_ones_it_is_the_median(lengths: list[int]) -> None:
    value, _ = quantile_of([Durations(length * 1000, 1, 0) for length in lengths])
    assert value == timedelta(microseconds=1000 * median(lengths))


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40), st.integers(1, 99))
def test_as_the_product_by_hand(rows: list[tuple[int, bool]], percent: int) -> None:
    share = 1.0
    steps = []
    for length in sorted({row[0] for row in rows}):
        at_risk = sum(row[0] >= length for row in rows)
        ended = sum(row == (length, True) for row in rows)
        if ended:
            share *= 1 - ended / at_risk
            steps.append((length, share))
    target = 1 - percent / 100
    expected = None
    for number, (length, left) in enumerate(steps):
        if abs(left - target) < 1e-9 and number + 1 < len(steps):
            expected = (length + steps[number + 1][0]) / 2
            break
        if left <= target + 1e-9:
            expected = length
            break
    value, interval = quantile_of(
        [Durations(length, 1 if ended else 0, 0 if ended else 1) for length, ended in rows], percent / 100
    )
    assert value == (None if expected is None else timedelta(microseconds=expected))
    if interval is not None and value is not None:
        assert interval.low <= value
        assert interval.high is None or interval.high >= value  # type: ignore[operator]


def test_nothing_and_only_open_ones() -> None:
    assert quantile_of([]) == (None, None)
    assert quantile_of([Durations(5, 0, 3)]) == (None, None)
    with pytest.raises(UsageError, match="quantile"):
        quantile_of([], 1.0)
