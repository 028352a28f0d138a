"""The curve of Kaplan and Meier, late entries and the restricted mean, against a peer, published values and by hand."""

from __future__ import annotations

from datetime import timedelta
from math import exp, isclose, isinf, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcx.errors import UsageError
from crmcx.estimates import Durations, has_gap, quantile_of, restricted_mean, steps_of

US = timedelta(microseconds=1)
WEEK_US = 604_800_000_000
Life = tuple[int, int, bool]
"""When she came to be watched, how long she lasted, and whether that was the end."""


def durations(lives: list[Life], unit: int = 1) -> list[Durations]:
    made = [Durations(last * unit, int(ended), int(not ended)) for _, last, ended in lives]
    return made + [Durations(first * unit, 0, 0, entered=1) for first, *_ in lives if first]


# fmt: off
FROM_THE_START: list[Life] = [
    (0, 8, True), (0, 5, True), (0, 20, True), (0, 19, True), (0, 1, False), (0, 16, True), (0, 8, True),
    (0, 23, True), (0, 18, True), (0, 21, False), (0, 8, False), (0, 17, True), (0, 1, False), (0, 3, True),
    (0, 19, True), (0, 1, False), (0, 9, True), (0, 24, False), (0, 13, False), (0, 14, True), (0, 19, True),
    (0, 5, False), (0, 4, True), (0, 16, True), (0, 22, True), (0, 21, False), (0, 14, True), (0, 13, True),
    (0, 18, True), (0, 19, True), (0, 11, False), (0, 1, False), (0, 20, False), (0, 6, False), (0, 11, False),
    (0, 19, True), (0, 23, False), (0, 21, False), (0, 19, True), (0, 4, True),
]
SOME_LATE: list[Life] = [
    (0, 12, False), (0, 1, True), (0, 2, False), (0, 23, True), (5, 13, False), (0, 3, True), (0, 14, True),
    (0, 23, True), (0, 12, False), (0, 15, False), (7, 27, False), (2, 19, True), (0, 14, False), (5, 16, True),
    (7, 18, True), (0, 21, False), (0, 22, False), (5, 21, True), (1, 2, False), (5, 20, True), (0, 12, True),
    (6, 15, True), (0, 1, False), (0, 17, True), (0, 11, True), (7, 30, True), (0, 22, False), (0, 3, True),
    (4, 19, True), (0, 17, False), (6, 12, False), (6, 9, False), (6, 11, True), (0, 12, False), (0, 19, True),
    (0, 7, True), (7, 30, True), (8, 32, True), (5, 16, False), (2, 12, True),
]
# fmt: on
# Length, share, lower and upper end of the 95 % band, as KaplanMeierFitter of lifelines 0.30.3 gives them.
OF_THE_START = [
    (3, 0.9722222222222221, 0.8187307300545463, 0.9960398710864745),
    (4, 0.9166666666666667, 0.7634702401045489, 0.9723368161194932),
    (5, 0.888888888888889, 0.7305190695004191, 0.956780727950765),
    (8, 0.8296296296296295, 0.6591164953926123, 0.9197193116177491),
    (9, 0.7989026063100136, 0.6232541588345522, 0.8988719122613512),
    (13, 0.765614997713763, 0.5841286473691971, 0.8757514335308474),
    (14, 0.6960136342852388, 0.5058740896599596, 0.8247234841182525),
    (16, 0.6264122708567149, 0.4335256845550829, 0.769689545824262),
    (17, 0.5916115891424532, 0.39910019054572576, 0.7408485632106315),
    (18, 0.5220102257139292, 0.33329441292279993, 0.680712126812665),
    (19, 0.31320613542835757, 0.1585233187922531, 0.48109305762646026),
    (20, 0.27840545371409553, 0.132905052799034, 0.44478382628429397),
    (22, 0.20880409028557168, 0.07195221432280204, 0.393662744842199),
    (23, 0.13920272685704774, 0.029711990358069772, 0.3309581977543723),
]
OF_SOME_LATE = [
    (1, 0.9545454545454544, 0.7187028534239331, 0.9934696024400417),
    (3, 0.8636363636363633, 0.6344383153781854, 0.9538633496551592),
    (7, 0.8338557993730402, 0.6135014831646491, 0.9346620092764212),
    (11, 0.7817398119122253, 0.5732333004894803, 0.8967683942305973),
    (12, 0.72962382445141, 0.5282142161863156, 0.8558272943956998),
    (14, 0.697901049475262, 0.4972267202006034, 0.8309769842491062),
    (15, 0.6646676661669161, 0.4644854199102108, 0.8044628338317211),
    (16, 0.6296851574212889, 0.42993702197582756, 0.7761207580839954),
    (17, 0.5926448540435659, 0.393438487734191, 0.7457207070672301),
    (18, 0.5531351971073281, 0.35475279528429776, 0.7129447951392401),
    (19, 0.43460622629861506, 0.24767655319124862, 0.6080109918474347),
    (20, 0.39509656936237736, 0.21478003550185473, 0.5708431557787995),
    (21, 0.35558691242613966, 0.1832776904267173, 0.5325378495470521),
    (23, 0.2370579416174264, 0.08664482029086336, 0.4286449886934661),
    (30, 0.07901931387247546, 0.006074790402568563, 0.2830312325792293),
]


@pytest.mark.parametrize(("lives", "told"), [(FROM_THE_START, OF_THE_START), (SOME_LATE, OF_SOME_LATE)])
def test_as_a_peer_tells_it(lives: list[Life], told: list[tuple[int, float, float, float]]) -> None:
    found = [step for step in steps_of(durations(lives)) if step.share]
    assert [step.length_us for step in found] == [row[0] for row in told]
    for step, (_, share, low, high) in zip(found, told, strict=True):
        assert (step.share, step.low, step.high) == pytest.approx((share, low, high), abs=1e-10)
    assert quantile_of(durations(lives))[0] == 19 * US


def test_when_all_have_ended_nothing_is_left() -> None:
    last = steps_of(durations(SOME_LATE))[-1]
    assert (last.length_us, last.share, last.error, last.at_risk, last.ended) == (32, 0.0, 0.0, 1, 1)
    assert isinf(last.variance)


LIVES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 9), st.booleans()).map(lambda row: (row[0], row[0] + row[1], row[2])),
    min_size=1,
    max_size=40,
)


@given(LIVES)
def test_as_the_product_by_hand(lives: list[Life]) -> None:
    share, variance, expected = 1.0, 0.0, []
    for length in sorted({last for _, last, ended in lives if ended}):
        at_risk = sum(first < length <= last for first, last, _ in lives)
        ended = sum(last == length and is_end for _, last, is_end in lives)
        share *= 1 - ended / at_risk
        variance += ended / (at_risk * (at_risk - ended)) if at_risk > ended else 0.0
        expected.append((length, at_risk, ended, share, share * sqrt(variance)))
    found = steps_of(durations(lives))
    assert [(step.length_us, step.at_risk, step.ended) for step in found] == [row[:3] for row in expected]
    for step, row in zip(found, expected, strict=True):
        assert step.share == pytest.approx(row[3], abs=1e-12)
        assert step.error == pytest.approx(row[4], abs=1e-12)
        if 0 < step.share < 1:
            width = 1.959963984540054 * sqrt(step.variance) / log(step.share)
            assert step.low == pytest.approx(exp(-exp(log(-log(step.share)) - width)), abs=1e-9)
        assert 0 <= step.low <= step.share <= step.high <= 1


@given(LIVES)
def test_a_gap_is_a_length_at_which_nobody_was_watched(lives: list[Life]) -> None:
    latest = max(last for _, last, _ in lives)
    watched = [any(first < length <= last for first, last, _ in lives) for length in range(1, latest + 1)]
    assert has_gap(durations(lives)) is not all(watched)


@given(LIVES, st.integers(1, 20))
def test_the_restricted_mean_is_the_area_by_hand(lives: list[Life], until: int) -> None:
    given_lives = durations(lives)
    steps = steps_of(given_lives)
    value, interval = restricted_mean(given_lives, until * US)
    longest = max(last for _, last, _ in lives)
    if longest < until and (not steps or steps[-1].share):
        assert value is None
        assert interval is None
        return

    def left(length: int) -> float:
        return next((step.share for step in reversed(steps) if step.length_us <= length), 1.0)

    area = sum(left(length) for length in range(until))
    assert value is not None
    assert isclose(value / US, area, abs_tol=0.51)
    if interval is not None:
        assert interval.low <= value
        assert interval.high is not None
        assert value <= interval.high


# Remission of acute myelogenous leukaemia in weeks (Miller 1997, Survival Analysis, page 49); a minus: still so.
MAINTAINED = (9, 13, -13, 18, 23, -28, 31, 34, -45, 48, -161)
NOT_MAINTAINED = (5, 5, 8, 8, 12, -16, 23, 27, 30, 33, 43, 45)


@pytest.mark.parametrize(("weeks", "mean", "error"), [(MAINTAINED, 52.65, 19.83), (NOT_MAINTAINED, 22.71, 4.18)])
def test_the_restricted_mean_as_published(weeks: tuple[int, ...], mean: float, error: float) -> None:
    """As survfit of R's survival package prints it for its data set aml."""
    lives = durations([(0, abs(week), week > 0) for week in weeks], WEEK_US)
    value, interval = restricted_mean(lives, 161 * WEEK_US * US)
    assert value is not None
    assert interval is not None
    assert interval.high is not None
    assert value / US / WEEK_US == pytest.approx(mean, abs=0.05)
    half = (interval.high - value) / US / WEEK_US  # the upper end is not cut
    assert half / 1.959963984540054 == pytest.approx(error, abs=0.05)


def test_what_makes_no_sense() -> None:
    with pytest.raises(UsageError, match="expected a time above zero"):
        restricted_mean([], timedelta())
    with pytest.raises(UsageError, match="level"):
        steps_of([Durations(1, 1, 0)], 1.5)
    assert restricted_mean([], timedelta(1)) == (None, None)
    assert steps_of([]) == []
    assert restricted_mean([Durations(5, 0, 1)], 3 * US) == (3 * US, None)
