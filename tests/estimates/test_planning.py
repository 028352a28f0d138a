"""Sample sizes and power, against statsmodels and the figures that are cited for the Net Promoter Score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcx.errors import UsageError
from crmcx.estimates import nps_spread, power_of, sample_size, share_spread, smallest_difference


def test_the_net_promoter_score() -> None:
    """About 3,800 answers a wave for 5 points at 80 % power with half promoters and a fifth detractors."""
    spread = nps_spread(0.5, 0.2)
    assert sample_size(5, spread=spread).n == 3831
    assert sample_size(3, spread=spread).n == 10640


def test_as_statsmodels() -> None:
    """statsmodels 0.15.0, NormalIndPower."""
    spread = nps_spread(0.5, 0.2)
    assert sample_size(0.5, spread=1, power=0.9, level=0.99).n == 120
    assert power_of(400, 5, spread=spread).power == pytest.approx(0.1478855900295212, abs=1e-12)
    assert smallest_difference(400, spread=spread).difference == pytest.approx(15.472244274222799, rel=1e-5)


@given(st.floats(0.05, 2), st.floats(0.1, 0.99), st.sampled_from([0.8, 0.95, 0.99]), st.floats(-0.5, 0.9))
def test_the_smallest_size_with_the_power(difference: float, power: float, level: float, correlation: float) -> None:
    if power <= 1 - level:
        return
    found = sample_size(difference, spread=1, power=power, level=level, correlation=correlation)
    assert found.power >= power - 1e-9
    if found.n > 1:
        fewer = power_of(found.n - 1, difference, spread=1, level=level, correlation=correlation)
        assert fewer.power < power


def test_pairs_and_clusters() -> None:
    plain = sample_size(0.2, spread=1).n
    assert sample_size(0.2, spread=1, correlation=0.5).n == pytest.approx(plain / 2, abs=1)
    assert sample_size(0.2, spread=1, design_effect=3).n == pytest.approx(plain * 3, abs=2)
    assert "correlation 0.5" in repr(sample_size(0.2, spread=1, correlation=0.5))
    assert "design effect" in sample_size(0.2, spread=1, design_effect=3)._repr_html_()
    assert sample_size(0.2, spread=1).to_dict()["n"] == plain
    assert share_spread(0.5) == 0.5


def test_bad_input() -> None:
    for shares in ((0.5, 0.6), (-0.1, 0.2), (50, 20)):
        with pytest.raises(UsageError, match="expected two from 0 to 1"):
            nps_spread(*shares)
    with pytest.raises(UsageError, match="expected one from 0 to 1"):
        share_spread(35)
    with pytest.raises(UsageError, match="a difference that is not 0"):
        sample_size(0, spread=1)
    with pytest.raises(UsageError, match="found power=80"):
        sample_size(1, spread=1, power=80)
    with pytest.raises(UsageError, match="expected one above"):
        sample_size(1, spread=1, power=0.01)
    with pytest.raises(UsageError, match="so many can show"):
        sample_size(1e-9, spread=1)
    with pytest.raises(UsageError, match="found n=0"):
        power_of(0, 1, spread=1)
    with pytest.raises(UsageError, match="found n=0 and power"):
        smallest_difference(0, spread=1)
    with pytest.raises(UsageError, match="correlation=1"):
        power_of(5, 1, spread=1, correlation=1)
