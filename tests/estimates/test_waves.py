"""Change and trend over waves, against simulation, quadrature and least squares."""

from __future__ import annotations

import random
from datetime import date, timedelta
from math import sqrt
from statistics import linear_regression

import pytest

from crmcx.errors import UsageError
from crmcx.estimates import Definition, Estimate, EstimateTable, Interval, Receipt, change_test, trend
from crmcx.estimates.gauss import legendre
from crmcx.estimates.largest import largest_beyond
from crmcx.estimates.waves import _chi_square_beyond

RECEIPT = Receipt(definition=Definition("mean", 1), unit="points")


def wave(value: float | None, error: float = 1.0) -> Estimate:
    if value is None:
        return Estimate(value=None, reason="no answers", n=0, receipt=RECEIPT)
    reach = 1.959963984540054 * error
    return Estimate(value=value, n=9, interval=Interval(value - reach, value + reach, 0.95, "t"), receipt=RECEIPT)


def test_quadrature_is_exact_for_polynomials() -> None:
    for order in (1, 2, 5, 48):
        nodes, weights = legendre(order)
        for power in range(min(2 * order, 20)):
            found = sum(weight * node**power for node, weight in zip(nodes, weights, strict=True))
            assert found == pytest.approx(0 if power % 2 else 2 / (power + 1), abs=1e-13)


def test_chi_square_as_scipy() -> None:
    """scipy 1.17.1, chi2.sf."""
    told = {(3.2, 1): 0.07363827012030258, (3.2, 2): 0.2018965179946554, (3.2, 3): 0.36180502749753174}
    told |= {(12.5, 7): 0.08526927515826925, (12.5, 8): 0.1302503547279264, (0, 4): 1.0}
    for (value, degrees), expected in told.items():
        assert _chi_square_beyond(value, degrees) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("errors", [[1] * 3, [1] * 8, [1, 30, 30, 1, 40, 1], [1, 5, 1, 0.3, 1, 2, 2, 1, 1, 4]])
def test_the_largest_of_all_splits_has_the_probability_of_a_simulation(errors: list[float]) -> None:
    draw = random.Random(5)
    weights = [error**-2 for error in errors]
    whole = sum(weights)
    gains = [sqrt(sum(weights[:k]) / sum(weights[k:])) for k in range(1, len(errors))]
    runs, threshold = 20_000, 2.3
    beyond = 0
    for _ in range(runs):
        values = [draw.gauss(0, error) for error in errors]
        total = sum(w * x for w, x in zip(weights, values, strict=True))
        largest = before = part = 0.0
        for w, x in zip(weights[:-1], values[:-1], strict=True):
            before, part = before + w, part + w * x
            change = (total - part) / (whole - before) - part / before
            largest = max(largest, abs(change) * sqrt(before * (whole - before) / whole))
        beyond += largest > threshold
    found = largest_beyond(threshold, gains)
    assert abs(found - beyond / runs) < 4 * sqrt(found * (1 - found) / runs)


def test_more_nodes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    gains = [sqrt(k / (36 - k)) for k in range(1, 36)]
    found = largest_beyond(2.9, gains)
    monkeypatch.setattr("crmcx.estimates.largest.legendre", lambda order: legendre(2 * order))
    assert largest_beyond(2.9, gains) == pytest.approx(found, abs=1e-9)


def test_one_change_is_found_where_it_is() -> None:
    found = change_test([wave(value) for value in (1, 2, 0, 1, 9, 8, 10)])
    assert (found.at, found.waves) == (4, 7)
    assert found.value == pytest.approx(8)
    assert found.statistic == pytest.approx(8 / sqrt(1 / 4 + 1 / 3))
    assert found.p_value is not None
    assert found.p_value < 1e-8
    assert repr(found) == "change: +8.0; at 4; p below 0.0001; waves 7"
    assert "+8.0" in found._repr_html_()


def test_precise_waves_count_more() -> None:
    found = change_test([wave(0, 0.1), wave(5, 10), wave(0, 0.1), wave(1, 0.1)])
    assert found.at == 3
    assert found.value == pytest.approx(1, abs=0.01)


def test_where_nothing_changed_one_of_twenty_series_is_called_changed() -> None:
    draw = random.Random(6)
    calls = [change_test([wave(draw.gauss(40, 2), 2) for _ in range(8)]).p_value for _ in range(300)]
    false = sum(each < 0.05 for each in calls if each is not None)
    assert 5 <= false <= 28


def test_waves_without_a_value_are_named() -> None:
    table = EstimateTable(
        ("month",),
        tuple(((date(2025, month, 1),), wave(None if month == 2 else 10.0 * month)) for month in range(1, 6)),
    )
    found = change_test(table)
    assert found.left_out == ((date(2025, 2, 1),),)
    assert found.at == (date(2025, 3, 1),)
    assert "without a value 2025-02-01" in repr(found)
    assert found.to_dict()["at"] == "2025-03-01"
    assert trend(table).left_out == found.left_out
    few = change_test([wave(1), wave(None), wave(2)])
    assert (few.value, few.p_value) == (None, None)
    assert few.reason == "fewer than 3 waves with a value and an interval"
    nothing = change_test([])
    assert (nothing.receipt, nothing.to_dict()["definition"]) == (None, None)
    assert trend([]).reason == few.reason


def test_the_trend_is_that_of_least_squares() -> None:
    values = [3.0, 4.5, 4.0, 7.0, 6.5]
    found = trend([wave(value, 2) for value in values])
    slope = linear_regression(range(5), values).slope
    assert found.value == pytest.approx(slope)
    assert found.interval is not None
    assert found.interval.high == pytest.approx(slope + 1.959963984540054 * 2 / sqrt(10))
    assert found.misfit_p is not None
    assert found.misfit_p > 0.5
    assert "per wave" in found._repr_html_()


def test_the_trend_over_days() -> None:
    days = [date(2025, 1, 1), date(2025, 7, 2), date(2026, 1, 1), date(2028, 1, 1)]
    values = [(day - days[0]).days / 365 * 3 + 1 for day in days]
    waves = [wave(value, 0.5 + place) for place, value in enumerate(values)]
    found = trend(waves, days=days)
    assert found.value == pytest.approx(3)
    assert found.per == "365 days"
    assert trend(waves, days=days, per=timedelta(days=1)).value == pytest.approx(3 / 365)
    table = EstimateTable(("day",), tuple(((day,), each) for day, each in zip(days, waves, strict=True)))
    assert trend(table).value == found.value
    assert trend(table).to_dict()["value"] == found.value
    with pytest.raises(UsageError, match="found 2 days for 4 waves"):
        trend(waves, days=days[:2])
    with pytest.raises(UsageError, match="4 waves on one day"):
        trend(waves, days=days[:1] * 4)
    with pytest.raises(UsageError, match="found per="):
        trend(waves, days=days, per=timedelta())


def test_no_line_fits_a_step() -> None:
    found = trend([wave(value, 0.5) for value in (0, 0, 0, 9, 9, 9)])
    assert found.misfit_p is not None
    assert found.misfit_p < 1e-6


def test_durations_stay_durations() -> None:
    receipt = Receipt(definition=Definition("wait", 1), unit="duration")
    waves = [
        Estimate(
            value=timedelta(minutes=minutes),
            n=5,
            interval=Interval(timedelta(minutes=minutes - 1), timedelta(minutes=minutes + 1), 0.95, "log-log"),
            receipt=receipt,
        )
        for minutes in (10, 10, 20, 20)
    ]
    assert change_test(waves).value == timedelta(minutes=10)
    assert trend(waves).value == timedelta(minutes=4)
    with pytest.raises(UsageError, match="two definitions"):
        change_test([*waves, wave(1)])
