"""Differences of estimates, against statsmodels, simulation and each other."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from math import isclose
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcx.errors import CurrencyError, UsageError
from crmcx.estimates import (
    Definition,
    Difference,
    Estimate,
    EstimateTable,
    Interval,
    Receipt,
    compare_segments,
    difference,
    holm,
    wilson_interval,
)
from crmcx.estimates.reach import ends_of, standard_error
from crmcx.metrics import nps_from_counts
from crmcx.models import Money


def share(successes: int, n: int, level: float = 0.95, **parameters: Any) -> Estimate:
    return Estimate(
        value=successes / n if n else None,
        reason=None if n else "nobody",
        n=n,
        interval=wilson_interval(successes, n, level) if n else None,
        receipt=Receipt(definition=Definition("rate", 1, parameters), unit="share"),
    )


def time(seconds: float, low: float, high: float | None) -> Estimate:
    end = None if high is None else timedelta(seconds=high)
    return Estimate(
        value=timedelta(seconds=seconds),
        n=9,
        interval=Interval(timedelta(seconds=low), end, 0.95, "log-log"),
        receipt=Receipt(definition=Definition("wait", 1), unit="duration"),
    )


def money(amount: str, currency: str) -> Estimate:
    value = Money(amount=amount, currency=currency)
    return Estimate(value=value, n=1, receipt=Receipt(definition=Definition("won", 1), unit="money"))


def ends(found: Difference) -> tuple[float, float]:
    assert found.interval is not None
    low, high = found.interval.low, found.interval.high
    assert isinstance(low, float)
    assert isinstance(high, float)
    return low, high


@pytest.mark.parametrize(
    ("second", "first", "low", "high"),
    [
        ((56, 70), (48, 80), 0.05243147240236498, 0.33387265403690614),
        ((10, 10), (0, 20), 0.6790860371419145, 1.0),
        ((5, 56), (0, 29), -0.038137147903536936, 0.19256001385511165),
        ((9, 10), (3, 10), 0.1705227239345029, 0.809017973535488),
        ((0, 10), (0, 20), -0.1611251580528194, 0.27753279986288926),
    ],
)
def test_shares_as_statsmodels(second: tuple[int, int], first: tuple[int, int], low: float, high: float) -> None:
    """statsmodels 0.15.0, confint_proportions_2indep(method="newcomb"); the first is also in Newcombe (1998)."""
    found = difference(share(*first), share(*second))
    assert ends(found) == pytest.approx((low, high), abs=1e-12)
    assert found.interval is not None
    assert found.interval.method == "Newcombe"


SHARES = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(SHARES, SHARES, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_p_value_is_that_of_the_interval(first: tuple[int, int], second: tuple[int, int], level: float) -> None:
    found = difference(share(*first, level), share(*second, level))
    low, high = ends(found)
    assert found.p_value is not None
    if abs(found.p_value - (1 - level)) > 1e-6:
        assert (found.p_value < 1 - level) == (not low <= 0 <= high)
    back = difference(share(*second, level), share(*first, level))
    assert ends(back) == pytest.approx((-high, -low), abs=1e-12)
    assert back.p_value == pytest.approx(found.p_value)


@given(SHARES, st.sampled_from([0.5, 0.9, 0.999]))
def test_the_interval_at_one_level_tells_that_at_another(case: tuple[int, int], level: float) -> None:
    successes, n = case
    expected = wilson_interval(successes, n, level)
    z = {0.5: 0.674489750196, 0.9: 1.644853626951, 0.999: 3.290526731492}[level]
    assert ends_of(share(successes, n))(z) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.tuples(*[st.integers(0, 60)] * 3).filter(any), st.sampled_from([0.5, 0.9, 0.999]))
def test_so_does_that_of_a_score(counts: tuple[int, int, int], level: float) -> None:
    expected = nps_from_counts(*counts, level=level).interval
    assert expected is not None
    z = {0.5: 0.674489750196, 0.9: 1.644853626951, 0.999: 3.290526731492}[level]
    assert ends_of(nps_from_counts(*counts))(z) == pytest.approx((expected.low, expected.high), abs=1e-5)


def test_scores_keep_their_level() -> None:
    """Two samples of 25 and 40 answers from two mixes that differ by 25 points."""
    draw = random.Random(4)
    within = false = 0
    runs = 150
    for _ in range(runs):
        one = draw.choices("pnd", (50, 30, 20), k=25)
        two = draw.choices("pnd", (70, 15, 15), k=40)
        same = draw.choices("pnd", (50, 30, 20), k=40)
        first, second, third = (nps_from_counts(*(each.count(kind) for kind in "pnd")) for each in (one, two, same))
        low, high = ends(difference(first, second))
        within += low <= 25 <= high
        p_value = difference(first, third).p_value
        assert p_value is not None
        false += p_value < 0.05
    assert 0.91 <= within / runs <= 0.985
    assert 0.01 <= false / runs <= 0.09


def test_durations_and_amounts() -> None:
    found = difference(time(100, 90, 120), time(160, 130, 200))
    assert found.value == timedelta(seconds=60)
    assert found.interval is not None
    assert found.interval.low == timedelta(seconds=60 - (30**2 + 20**2) ** 0.5)
    assert found.p_value is not None
    assert found.p_value < 0.05
    assert "+1 min" in repr(found)
    opened = difference(time(100, 90, None), time(160, 130, 200))
    assert (opened.value, opened.interval) == (timedelta(seconds=60), None)
    assert opened.reason == "no interval, since one of the two is open above"
    facts = difference(money("10.10", "EUR"), money("8", "EUR"))
    assert isinstance(facts.value, Money)
    assert facts.value.amount == Decimal("-2.10")
    assert facts.value_words == "-2.10 EUR"
    assert facts.p_value is None
    assert facts.reason == "no interval, since one of the two has none"
    with pytest.raises(CurrencyError, match="found amounts in EUR, USD"):
        difference(money("1", "USD"), money("1", "EUR"))


def test_what_differs_is_named() -> None:
    with pytest.raises(UsageError, match=r"abandoned= 'lost' and 'left_out'"):
        difference(share(1, 2, abandoned="lost"), share(1, 2, abandoned="left_out"))
    with pytest.raises(UsageError, match=r"name 'rate' and 'nps'"):
        difference(share(1, 2), nps_from_counts(1, 2, 3))
    with pytest.raises(UsageError, match=r"intervals at 0.9 and 0.95"):
        difference(share(1, 2, 0.9), share(1, 2))


def test_nothing_differs_from_nothing() -> None:
    found = difference(share(1, 2), share(0, 0))
    assert found.value is None
    assert found.reason == "the second has no value: nobody"
    assert found.to_dict()["interval"] is None
    assert difference(share(0, 0), share(1, 2)).reason == "the first has no value: nobody"
    same = difference(share(3, 7), share(3, 7))
    assert (same.value, same.p_value) == (0, 1)
    far = difference(share(0, 100_000), share(100_000, 100_000))
    assert far.p_value is not None
    assert far.p_value < 1e-12
    with pytest.raises(UsageError, match="without value"):
        ends_of(share(0, 0))
    certain = Estimate(value=1.0, n=1, interval=Interval(1.0, 1.0, 0.95, "none"), receipt=share(1, 2).receipt)
    with pytest.raises(UsageError, match="without width"):
        standard_error(certain)


def test_it_prints_and_becomes_json() -> None:
    found = difference(share(48, 80), share(56, 70))
    assert repr(found) == (
        "difference of rate: +20.0 percentage points; 95 % interval +5.2 to +33.4 percentage points; p 0.0081; "
        "from 60.0 % (n = 80) to 80.0 % (n = 70); independent"
    )
    assert "+20.0 percentage points" in found._repr_html_()
    told = found.to_dict()
    assert isclose(told["value"], 0.2)
    assert told["definition"]["parameters"]["of_hash"] == told["first"]["definition"]["hash"]


def test_holm_as_statsmodels() -> None:
    """statsmodels 0.15.0, multipletests(method="holm")."""
    assert holm([0.01, 0.04, 0.03, 0.5, 0.04]) == pytest.approx([0.05, 0.12, 0.12, 0.5, 0.12])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8), st.randoms())
def test_holm_goes_with_the_values_not_their_order(p_values: list[float], shuffle: random.Random) -> None:
    order = list(range(len(p_values)))
    shuffle.shuffle(order)
    adjusted = holm(p_values)
    assert holm([p_values[place] for place in order]) == [adjusted[place] for place in order]
    assert all(before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))


TABLE = EstimateTable(
    ("team",), ((("a",), share(50, 100)), (("b",), share(70, 100)), (("c",), share(0, 0)), ((None,), share(52, 100)))
)


def test_segments_say_how_many_were_compared() -> None:
    pairs = compare_segments(TABLE)
    assert [(each.first, each.second) for each in pairs] == [
        (("a",), ("b",)),
        (("a",), ("c",)),
        (("a",), (None,)),
        (("b",), ("c",)),
        (("b",), (None,)),
        (("c",), (None,)),
    ]
    assert pairs.tests == 3
    told = [each.difference.p_value for each in pairs if each.difference.p_value is not None]
    assert [each.adjusted for each in pairs if each.adjusted is not None] == holm(told)
    assert repr(pairs).endswith("p adjusted for 3 comparisons by Holm; each interval is one at 95 %, not adjusted")
    assert pairs.caption in pairs._repr_html_()
    assert len(pairs) == len(pairs.to_dicts()) == len(pairs.to_frame()) == 6


def test_segments_with_a_reference() -> None:
    found = compare_segments(TABLE, reference="b")
    assert [(each.first, each.second) for each in found] == [(("b",), (name,)) for name in ("a", "c", None)]
    assert found.tests == 2
    assert found.rows[1].adjusted is None
    assert found.to_dicts()[2]["second_segment"] == "-"
    with pytest.raises(UsageError, match="no segment 'z'"):
        compare_segments(TABLE, reference="z")
    assert compare_segments(EstimateTable(("team",), ())).caption == "p adjusted for 0 comparisons by Holm"
