"""Metrics of one's own: equal to the built-in ones where those say the same, data through and through."""

from __future__ import annotations

import json
import pickle
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import company

from crmcx import metrics
from crmcx.errors import UsageError
from crmcx.estimates import RatioSums, ratio_interval
from crmcx.instants import Window
from crmcx.metrics import Mean, Ratio, Share, Span, Total
from crmcx.models import Answer, Deal, Scale

ANSWERS = company.feedback(random.Random(3))
DEALS = company.deals(random.Random(3))
SATISFIED = Share(
    name="satisfied",
    of=Answer,
    among={"kind": ["csat"]},
    counts={"score": Span(at_least=4)},
    left_out={
        "test": {"status": ["test"]},
        "screened_out": {"status": ["screened_out"]},
        "skipped": {"state": ["skipped"]},
        "not_shown": {"state": ["not_shown"]},
        "not_applicable": {"state": ["not_applicable"]},
        "no_score": {"score": [None]},
    },
)
WON = Share(
    name="won",
    of=Deal,
    counts={"status": ["won"]},
    left_out={"open": {"status": ["open"]}, "abandoned": {"status": ["abandoned"]}},
    cluster="account_key",
    clock="closed_us",
)
SCORE = Mean(name="score", of="answers", value="score", among={"kind": ["csat"], "status": ["complete", "partial"]})
RATIO = Ratio(name="per_visit", of="orders", above="items", below="visits", unit="items")
WINDOW = Window(date(2025, 2, 1), date(2025, 3, 1), zone="Europe/Berlin")


@pytest.mark.parametrize("by", [None, "language", ["touchpoint", metrics.per("month", zone="Europe/Berlin")]])
@pytest.mark.parametrize("window", [None, WINDOW])
def test_a_share_is_what_csat_tells(by: Any, window: Window | None) -> None:
    options: dict[str, Any] = {"window": window, "level": 0.9, "min_n": 3}
    own, wanted = SATISFIED(ANSWERS, by=by, **options), metrics.csat(ANSWERS, by=by, **options)
    pairs = [((), own, wanted)] if by is None else [(key, each, wanted[key]) for key, each in own]
    for _, each, other in pairs:
        assert (each.value, each.n, each.n_clusters, each.interval) == (
            other.value,
            other.n,
            other.n_clusters,
            other.interval,
        )
        assert dict(each.excluded) == dict(other.excluded)
        assert dict(each.counts)["yes"] == dict(other.counts)["satisfied"]


def test_a_share_is_what_win_rate_tells() -> None:
    own, wanted = WON(DEALS, by="product"), metrics.win_rate(DEALS, by="product")
    assert [(key, each.value, each.interval) for key, each in own] == [
        (key, each.value, each.interval) for key, each in wanted
    ]


def test_a_mean_is_what_csat_mean_tells() -> None:
    own, wanted = SCORE(ANSWERS), metrics.csat_mean(ANSWERS)
    assert (own.value, own.n, own.interval) == (wanted.value, wanted.n, wanted.interval)


ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 5)), max_size=12)


@settings(deadline=None, max_examples=40)
@given(ROWS)
def test_a_ratio_and_a_total_by_hand(rows: list[tuple[int, int, int]]) -> None:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(["person_id", "items", "visits"], pl.Int64()), orient="row")
    found = RATIO(frame)
    above, below = sum(y for _, y, _ in rows), sum(x for _, _, x in rows)
    total = Total(name="items", of="orders", value="items", unit="items")(frame)
    assert total.value == (above if rows else None)
    assert total.interval is None
    if not below:
        assert found.value is None
        assert found.reason == ("nothing below the line" if rows else "no rows count")
        return
    groups = defaultdict(lambda: [0, 0])
    for person, y, x in rows:
        groups[person][0] += y
        groups[person][1] += x
    sums = RatioSums(
        above=above,
        below=below,
        clusters=len(groups),
        above_squares=sum(y * y for y, _ in groups.values()),
        products=sum(y * x for y, x in groups.values()),
        below_squares=sum(x * x for _, x in groups.values()),
    )
    assert found.value == above / below
    assert found.interval == ratio_interval(sums)
    assert found.n_clusters == len(groups)


@pytest.mark.parametrize("own", [SATISFIED, WON, SCORE, RATIO, Total(name="t", of="orders", value="items")])
def test_it_is_data_through_and_through(own: Any) -> None:
    told = json.loads(json.dumps(own.to_dict()))
    again = type(own).from_dict(told)
    assert again == own
    assert pickle.loads(pickle.dumps(own)) == own  # noqa: S301 - our own
    assert hash(again) == hash(own)
    with pytest.raises(UsageError, match="found kind='other'"):
        type(own).from_dict(told | {"kind": "other"})
    with pytest.raises(UsageError, match="found colour in the definition"):
        type(own).from_dict(told | {"colour": "red"})


def test_the_hash_is_of_what_it_means() -> None:
    def hashed(own: Share, **options: Any) -> str:
        return own(ANSWERS, **options).receipt.definition.hash

    again = Share.from_dict(SATISFIED.to_dict())
    assert hashed(again) == hashed(SATISFIED) == hashed(SATISFIED, level=0.9)
    told = SATISFIED.to_dict()
    others = [
        {"counts": {"score": {"at_least": 5}}}, {"version": 2}, {"name": "happy"}, {"left_out": {}},
        {"among": {"kind": ["csat"], "language": ["de"]}},
    ]  # fmt: skip
    hashes = {hashed(Share.from_dict(told | other)) for other in others}
    assert len(hashes | {hashed(SATISFIED)}) == 6
    assert hashed(Share.from_dict(told | {"cluster": None})) == hashed(SATISFIED)


def test_evidence_and_frames() -> None:
    frame = pl.DataFrame({"priority": ["high", "low", None], "key": [7, 8, 9], "team": ["a", "a", "b"]}).to_pandas()
    urgent = Share(
        name="urgent", of="cases", counts={"priority": ["high"]}, left_out={"no_priority": {"priority": [None]}}
    )
    table = urgent(frame, by="team")
    assert metrics.evidence(table, frame, team="a", part="yes").keys == (7,)
    assert metrics.evidence(table, frame, team="b", left_out="no_priority").keys == (9,)
    assert type(table.to_frame()) is type(frame)
    again = pickle.loads(pickle.dumps(table))  # noqa: S301 - our own
    assert metrics.evidence(again["a"], frame).keys == (7, 8)


def test_columns_of_ones_own_and_weights() -> None:
    frame = pl.DataFrame({"grade": ["A", "B", "A"], "size": [1.0, 2.0, None]})
    best = Share(name="best", of="orders", counts={"grade": ["A"]}, cluster=None)
    assert best(frame, weights="size").value == pytest.approx(1 / 3)
    assert dict(best(frame, weights="size").excluded) == {"no_weight": 1}


@pytest.mark.parametrize(
    ("span", "held"),
    [
        (Span(at_least=2), [2, 3]),
        (Span(above=2), [3]),
        (Span(at_most=2), [1, 2]),
        (Span(below=2), [1]),
        (Span(at_least=2, below=3), [2]),
    ],
)
def test_spans(span: Span, held: list[int]) -> None:
    own = Total(name="t", of="orders", value="x", among={"x": span}, cluster=None)
    assert own(pl.DataFrame({"x": [1, 2, 3, None]})).value == sum(held)


def test_what_is_refused() -> None:
    at = datetime(2025, 3, 1, tzinfo=UTC)
    dateless = Share(name="x", of="teams", counts={"name": ["a"]}, cluster=None)
    asks: dict[str, Callable[[], Any]] = {
        "found of='orderz'": lambda: Share(name="x", of="orderz", counts={"status": ["paid"]}),
        "the words of status are one text": lambda: Share(name="x", of="orders", counts={"status": "paid"}),
        "a span without an end": Span,
        "found clock='then'": lambda: Share(name="x", of="orders", counts={"status": ["paid"]}, clock="then"),
        "found the amounts amount_micros": lambda: Total(name="x", of="deals", value="amount_micros"),
        "found as_of=, and deals last": lambda: WON(DEALS, as_of=at),
        "x has no clock": lambda: dateless([], window=WINDOW),
        "no condition": lambda: Share(name="x", of="orders", counts={})([]),
    }
    for message, ask in asks.items():
        with pytest.raises(UsageError, match=message):
            ask()
    known = SATISFIED(ANSWERS, as_of=datetime(2025, 2, 20, tzinfo=UTC))
    assert known.n == metrics.csat(ANSWERS, as_of=datetime(2025, 2, 20, tzinfo=UTC)).n < SATISFIED(ANSWERS).n
    assert Scale(min=1, max=5).holds(5)
