"""Churn by customer and by the time that customers were there, by a walk over days."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metrics.contracts import CONTRACTS, Contract, day, spells_of, table

from crmcx.errors import UsageError
from crmcx.estimates import poisson_interval
from crmcx.instants import Window
from crmcx.metrics import churn, churn_rate, evidence


def window(first: int, last: int) -> Window:
    return Window(date(1970, 1, 1) + timedelta(days=first), date(1970, 1, 1) + timedelta(days=last))


FEBRUARY = Window(date(1970, 2, 1), date(1970, 3, 1))


@settings(deadline=None, max_examples=60)
@given(CONTRACTS, st.integers(0, 20), st.integers(1, 9))
def test_as_a_walk_over_days(contracts: list[Contract], first: int, length: int) -> None:
    last = first + length
    spells = spells_of(contracts, 60)

    def just_before(at: int) -> set[int]:
        return {person for person, start, end in spells if start < at and (end is None or end >= at)}

    there = just_before(first)
    found = churn(table(contracts), window=window(first, last))
    assert dict(found.counts) == {"customers": len(there), "left": len(there - just_before(last))}
    assert found.value == (len(there - just_before(last)) / len(there) if there else None)

    left = [person for person, _, end in spells if end is not None and first <= end < last]
    days = sum(max(0, min(last, 99 if end is None else end) - max(first, start)) for _, start, end in spells)
    rate = churn_rate(table(contracts), window=window(first, last), per=timedelta(days=7))
    assert dict(rate.counts) == {"left": len(left), "exposure_s": days * 86_400}
    if days:
        assert rate.value == pytest.approx(7 * len(left) / days, rel=1e-12)
        assert rate.interval == poisson_interval(len(left), days / 7)
    else:
        assert (rate.value, rate.reason) == (None, "nobody was a customer")


def test_growth_changes_nothing() -> None:
    """Of 10 customers one leaves; 90 join, of whom nine leave: ends over those at the beginning would be 100 %."""
    contracts: list[Contract] = [(number, 0, 40 if number == 0 else None) for number in range(10)]
    contracts += [(number, 35, 50 if number < 19 else None) for number in range(10, 100)]
    assert churn(table(contracts), window=FEBRUARY).value == 0.1
    rate = churn_rate(table(contracts), window=FEBRUARY, per=timedelta(days=28))
    assert rate.value is not None
    assert rate.value == pytest.approx(10 / ((9 * 28 + 9 + 81 * 24 + 9 * 15) / 28))
    assert rate.unit == "per 28 d"


def test_months_add_up() -> None:
    """An end at midnight is of the month that begins, in both; none is counted twice or never."""
    contracts: list[Contract] = [(number, 0, 31) for number in range(4)]
    january = Window(date(1970, 1, 1), date(1970, 2, 1))
    assert [churn_rate(table(contracts), window=each).counts[0] for each in (january, FEBRUARY)] == [
        ("left", 0), ("left", 4),
    ]  # fmt: skip
    assert churn(table(contracts), window=FEBRUARY).value == 1


def test_who_is_back_by_the_end_has_stayed() -> None:
    contracts: list[Contract] = [(1, 0, 40), (1, 45, None), (2, 0, 40)]
    found = churn(table(contracts), window=FEBRUARY)
    assert dict(found.counts) == {"customers": 2, "left": 1}
    assert dict(churn_rate(table(contracts), window=FEBRUARY).counts)["left"] == 2


def test_groups_reasons_and_keys() -> None:
    frame = table([(1, 0, 40), (2, 0, None), (3, 0, 45), (4, 5, 5)]).with_columns(
        pl.Series("product", ["loan", "loan", "card", "card"])
    )
    found = churn(frame, window=FEBRUARY, by="product")
    assert {key[0]: (each.value, dict(each.excluded)) for key, each in found} == {
        "card": (1, {"never_began": 1}),
        "loan": (0.5, {}),
    }
    assert evidence(found, frame, product="loan", part="left").keys == (1,)
    rates = churn_rate(frame, window=FEBRUARY, by="product", min_n=2)
    assert rates["card"].reason == "fewer than 2 observations"
    assert evidence(rates["loan"], frame, part="left").keys == (1,)


def test_each_contract_by_itself() -> None:
    contracts: list[Contract] = [(1, 0, 40), (1, 40, None), (1, 0, None), (2, 0, 50)]
    frame = pl.concat([table(contracts), table([(3, 0, 40), (3, 0, 40)]).with_columns(key=pl.lit(None, pl.Int64))])
    found = churn(frame, window=FEBRUARY, unit="key")
    assert dict(found.counts) == {"customers": 3, "left": 2}
    assert dict(found.excluded) == {"no_unit": 2}
    assert dict(churn(frame, window=FEBRUARY).counts) == {"customers": 3, "left": 2}
    rate = churn_rate(frame, window=FEBRUARY, unit="key", per=timedelta(days=1))
    assert dict(rate.counts) == {"left": 2, "exposure_s": (9 + 19 + 28 + 19) * 86_400}


def test_nothing() -> None:
    none = churn([], window=FEBRUARY)
    assert (none.value, none.reason) == (None, "there was no customer at the beginning")
    assert churn_rate([], window=FEBRUARY).value is None


def test_what_makes_no_sense() -> None:
    for ask in (churn, churn_rate):
        with pytest.raises(UsageError, match="had not ended by as_of"):
            ask(table([(1, 0, 40)]), window=FEBRUARY, as_of=day(50))
    with pytest.raises(UsageError, match="found per=0:00:00"):
        churn_rate(table([(1, 0, 40)]), window=FEBRUARY, per=timedelta())
