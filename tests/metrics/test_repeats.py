"""Several answers of one person, and weights, against brute force over plain rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.estimates.test_means import sums_of

from crmcx.errors import UsageError
from crmcx.estimates import Estimate, effective_size, nps_interval
from crmcx.metrics import csat, evidence, nps
from crmcx.models import Scale

TEN = Scale(min=0, max=10)
Row = tuple[str | None, int | None, int | None, int | None, int, float | None]
"""Team, person, time, score, key and weight."""

SCHEMA = {
    "team": pl.String(), "person_id": pl.Int64(), "submitted_us": pl.Int64(), "score": pl.Float64(),
    "feedback_key": pl.Int64(), "weight": pl.Float64(),
}  # fmt: skip
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]),
        st.sampled_from([1, 2, 3, None]),
        st.sampled_from([10, 20, 30, None]),
        st.sampled_from([10, 9, 8, 3, 0, None]),
        st.integers(0, 999),
        st.sampled_from([0.5, 1.0, 2.0, 0.0, None]),
    ),
    max_size=14,
    unique_by=lambda row: row[4],
)


def engines(rows: list[Row]) -> list[Any]:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    connection = duckdb.connect()
    connection.register("given", frame.to_arrow())
    return [frame, frame.lazy(), frame.to_pandas(), connection.table("given")]


def category(score: float) -> int:
    return (score >= 9) - (score < 7)


def by_team(rows: list[Row]) -> dict[str | None, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


@settings(deadline=None, max_examples=25)
@given(ROWS, st.sampled_from(["latest", "first"]))
def test_one_answer_stands_for_a_person(rows: list[Row], policy: str) -> None:
    wanted = {}
    for team, own in by_team(rows).items():
        scored = [row for row in own if row[3] is not None and row[2] is not None]
        chosen: dict[Any, Row] = {}
        for row in sorted(scored, key=lambda row: (row[2], row[4]), reverse=policy == "first"):
            chosen[row[1] if row[1] is not None else ("alone", row[4])] = row
        values = [category(row[3] or 0) for row in chosen.values()]
        value = 100 * sum(values) / len(values) if values else None
        wanted[team] = value, len(values), len(scored) - len(values), sorted(row[4] for row in chosen.values())
    for table in engines(rows):
        answer = nps(table, by="team", repeat=policy, scale=TEN)
        found = {
            team: (each.value, each.n, dict(each.excluded).get("repeat", 0), list(evidence(each, table).keys))
            for (team,), each in answer
        }
        assert found == wanted


@settings(deadline=None, max_examples=25)
@given(ROWS)
def test_the_mean_of_each_person_weighs_one(rows: list[Row]) -> None:
    for team, own in by_team(rows).items():
        people = defaultdict(list)
        for row in own:
            if row[3] is not None:
                people[row[1] if row[1] is not None else ("alone", row[4])].append(category(row[3]))
        means = [sum(values) / len(values) for values in people.values()]
        for table in engines(rows):
            found = nps(table, by="team", repeat="mean", scale=TEN)[team]
            assert found.n == sum(map(len, people.values()))
            assert found.n_clusters == len(means)
            if means:
                assert found.value == pytest.approx(100 * sum(means) / len(means), abs=1e-9)
            else:
                assert found.value is None


@settings(deadline=None, max_examples=25)
@given(ROWS)
def test_weights(rows: list[Row]) -> None:
    kept = [row for row in rows if row[3] is not None and row[5]]
    total = sum(row[5] or 0 for row in kept)
    observed = [(row[1] if row[1] is not None else -row[4] - 1, category(row[3] or 0), row[5] or 0) for row in kept]
    for table in engines(rows):
        found = nps(table, weights="weight", scale=TEN)
        left_out = dict(found.excluded)
        scored = [row for row in rows if row[3] is not None]
        assert left_out.get("no_weight", 0) == sum(row[5] is None for row in scored)
        assert left_out.get("zero_weight", 0) == sum(row[5] == 0 for row in scored)
        assert found.n == len(kept)
        if not kept:
            assert found.value is None
            continue
        assert found.value == pytest.approx(100 * sum(x * w for _, x, w in observed) / total)
        size = effective_size(sums_of(observed))  # type: ignore[arg-type]
        parts = [sum(w for _, x, w in observed if x == part) * size / total for part in (1, 0, -1)]
        wanted = nps_interval(*parts)
        assert found.interval is not None
        assert (found.interval.low, found.interval.high) == pytest.approx((wanted.low, wanted.high), abs=1e-6)


def test_equal_weights_change_nothing() -> None:
    frame = pl.DataFrame({"score": [5, 4, 2, 1, 5], "person_id": [1, 1, 2, 3, 4], "weight": [2.0] * 5})
    five = Scale(min=1, max=5)
    plain, weighted = csat(frame, scale=five), csat(frame, scale=five, weights="weight")
    assert weighted.value == plain.value
    assert plain.interval is not None
    assert weighted.interval is not None
    assert weighted.interval.low == pytest.approx(plain.interval.low)
    assert weighted.receipt.definition.hash != plain.receipt.definition.hash


def test_what_is_refused() -> None:
    frame = pl.DataFrame({"score": [10, 3], "weight": [-1.0, 1.0], "person_id": [1, 1]})
    asks: dict[str, Callable[[], Estimate]] = {
        "found 1 weights below 0": lambda: nps(frame, weights="weight", scale=TEN),
        "in which each weighs 1": lambda: nps(frame, weights="weight", repeat="mean", scale=TEN),
        "found repeat='newest'": lambda: nps(frame, repeat="newest", scale=TEN),
        "lacks submitted_us": lambda: nps(frame, repeat="latest", scale=TEN),
        "lacks team": lambda: nps(frame, repeat="mean", repeat_of="team", scale=TEN),
        "lacks branch": lambda: nps(frame, cluster="branch", scale=TEN),
    }
    for message, ask in asks.items():
        with pytest.raises(UsageError, match=message):
            ask()


def test_clusters_of_a_column_of_ones_own() -> None:
    frame = pl.DataFrame({"score": [10, 3, 9], "branch": ["x", "x", "y"]})
    found = nps(frame, cluster="branch", scale=TEN)
    assert found.n_clusters == 2
    assert "from 2 clusters" in repr(found)


def test_an_account_with_many_answers_weighs_one() -> None:
    """The NPS of accounts: the mean of each account's answers, then of accounts; or the latest of each."""
    frame = pl.DataFrame(
        {
            "score": [10, 10, 10, 10, 0, 9, 3],
            "account_key": [1, 1, 1, 1, 2, 3, 3],
            "submitted_us": range(7),
            "feedback_key": range(7),
        }
    )
    asked: dict[str, Any] = {"repeat_of": "account_key", "cluster": "account_key", "scale": TEN}
    every = nps(frame, scale=TEN)
    by_mean, latest = nps(frame, repeat="mean", **asked), nps(frame, repeat="latest", **asked)
    assert every.value == pytest.approx(100 * (5 - 2) / 7)
    assert by_mean.value == pytest.approx(100 * (1 - 1 + 0) / 3)
    assert by_mean.n_clusters == 3
    assert latest.value == pytest.approx(100 * (1 - 1 - 1) / 3)
    assert latest.n == 3
    assert "mean of account_key" in repr(by_mean.receipt)
