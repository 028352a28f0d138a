"""How often intervals hold the true value: exact for small samples, simulated for people who answer again and again.

The page that tells these figures is held equal to them.
"""

from __future__ import annotations

import re
from functools import cache
from math import lgamma
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from crmcx.estimates import Sums, effective_size, mean_interval, nps_interval

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "intervals.md"
Z = 1.959963984540054
PEOPLE, ROUNDS, KEEPS_TO_IT = 200, 4000, 0.9
MIX = np.array([0.2, 0.3, 0.5])
"""Detractors, passives and promoters."""


def mixes() -> np.ndarray:
    """All mixes of responses in steps of 5 % in which at least two kinds occur."""
    steps = [(p, d) for p in range(21) for d in range(21 - p)]
    found = np.array([(p / 20, 1 - (p + d) / 20, d / 20) for p, d in steps])
    return found[found.max(axis=1) < 1]


@cache
def small_samples(n: int) -> dict[str, tuple[float, float]]:
    """Method to mean and worst coverage over the mixes, by all outcomes of n answers."""
    outcomes = np.array([(p, n - p - d, d) for p in range(n + 1) for d in range(n + 1 - p)])
    scored = [nps_interval(*map(int, outcome)) for outcome in outcomes]
    ends = {"score": np.array([(each.low, each.high) for each in scored], dtype=float)}
    value = 100 * (outcomes[:, 0] - outcomes[:, 2]) / n
    spread = (outcomes[:, 0] + outcomes[:, 2]) / n - (value / 100) ** 2
    margin = 100 * Z * np.sqrt(spread / n)
    ends["textbook"] = np.column_stack([value - margin, value + margin])
    ways = lgamma(n + 1) - np.vectorize(lgamma)(outcomes + 1.0).sum(axis=1)
    found = {}
    for method, (low, high) in ((method, each.T) for method, each in ends.items()):
        coverage = []
        for mix in mixes():
            possible = ~((outcomes > 0) & (mix == 0)).any(axis=1)
            logs = np.log(np.where(mix > 0, mix, 1.0))
            weights = np.where(possible, np.exp(ways + outcomes @ logs), 0.0)
            true = 100 * (mix[0] - mix[2])
            coverage.append(weights[(low <= true + 1e-9) & (true - 1e-9 <= high)].sum())
        found[method] = float(np.mean(coverage)), float(np.min(coverage))
    return found


def answers_of_people(draw: np.random.Generator, each: float) -> tuple[np.ndarray, np.ndarray]:
    """Per round and person how many answers, and which (7 for none); who answers again mostly says the same."""
    sizes = 1 + draw.poisson(each - 1, (ROUNDS, PEOPLE))
    longest = int(sizes.max())
    own = draw.choice([-1, 0, 1], p=MIX, size=(ROUNDS, PEOPLE, 1))
    fresh = draw.choice([-1, 0, 1], p=MIX, size=(ROUNDS, PEOPLE, longest))
    said = np.where(draw.random((ROUNDS, PEOPLE, longest)) < KEEPS_TO_IT, own, fresh)
    given = np.arange(longest) < sizes[:, :, None]
    return sizes, np.where(given, said, 7).astype(np.int8)


@cache
def repeated_answers(each: float) -> dict[str, float]:
    """Method to coverage, for people with so many answers each."""
    sizes, said = answers_of_people(np.random.default_rng(int(10 * each)), each)
    true = float(MIX @ [-1, 0, 1])
    held = dict.fromkeys(("every answer alone", "clustered by person", "mean, clustered"), 0)
    for size, answers in zip(sizes, said, strict=True):
        totals = np.where(answers == 7, 0, answers).sum(axis=1)
        counts = {kind: int((answers == kind).sum()) for kind in (1, 0, -1)}
        n, total = int(size.sum()), int(totals.sum())
        sums = Sums(
            n=n,
            total=total,
            squares=counts[1] + counts[-1],
            clusters=PEOPLE,
            cluster_squares=int((totals * totals).sum()),
            cluster_products=int((totals * size).sum()),
            cluster_sizes=int((size * size).sum()),
        )
        shrunk = effective_size(sums) / n
        mean = mean_interval(sums)
        assert mean is not None
        intervals = {
            "every answer alone": nps_interval(*counts.values()),
            "clustered by person": nps_interval(*(count * shrunk for count in counts.values())),
        }
        for method, found in intervals.items():
            held[method] += found.low <= 100 * true <= found.high  # type: ignore[operator]
        held["mean, clustered"] += mean.low <= true <= mean.high  # type: ignore[operator]
    return {method: number / ROUNDS for method, number in held.items()}


@pytest.mark.deep
@pytest.mark.parametrize("n", [10, 30, 100])
def test_the_score_interval_keeps_its_level_in_small_samples(n: int) -> None:
    mean, worst = small_samples(n)["score"]
    assert mean >= 0.94
    assert worst >= 0.90
    assert small_samples(n)["textbook"][1] < worst


@pytest.mark.deep
@pytest.mark.parametrize("each", [1.5, 3.0, 8.0])
def test_clustered_intervals_keep_their_level(each: float) -> None:
    found = repeated_answers(each)
    assert abs(found["clustered by person"] - 0.95) <= 0.01
    assert abs(found["mean, clustered"] - 0.95) <= 0.01
    assert found["every answer alone"] < 0.93


@pytest.mark.deep
def test_the_page_tells_what_was_found() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if re.fullmatch(r"[\d.]+", cells[0]):
            rows[cells[0]] = [float(cell.removesuffix(" %")) for cell in cells[1:]]
    for n in (10, 30, 100):
        found = small_samples(n)
        wanted = [*found["score"], *found["textbook"]]
        assert rows[str(n)] == [round(100 * each, 1) for each in wanted]
    for each in (1.5, 3.0, 8.0):
        assert rows[f"{each:g}"] == [round(100 * share, 1) for share in repeated_answers(each).values()]


def test_the_textbook_interval_is_short_where_it_counts() -> None:
    """At ten answers it holds the value much less often than it says; the score interval does not."""
    found = small_samples(10)
    assert found["textbook"][0] < 0.90 < found["score"][1]
    assert stats.norm.ppf(0.975) == pytest.approx(Z)
