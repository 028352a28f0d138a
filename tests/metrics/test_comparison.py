"""Two waves of the same people."""

from __future__ import annotations

import random
from datetime import date
from statistics import mean
from typing import Any

import polars as pl
import pytest

from crmcx.errors import MissingColumnError, UsageError
from crmcx.estimates import difference
from crmcx.instants import Window
from crmcx.metrics import first_response_time, nps, nps_from_counts, wave_difference, win_rate
from crmcx.models import Scale

DAY = 86_400_000_000
TEN = Scale(min=0, max=10)
FIRST, SECOND = Window(date(1970, 1, 1), date(1970, 1, 2)), Window(date(1970, 1, 2), date(1970, 1, 3))


def answers(*rows: tuple[int | None, int, float]) -> pl.DataFrame:
    """Person, day and score."""
    return pl.DataFrame(
        {
            "person_id": [row[0] for row in rows],
            "submitted_us": [row[1] * DAY for row in rows],
            "score": [float(row[2]) for row in rows],
            "feedback_key": list(range(len(rows))),
        }
    )


def change(frame: pl.DataFrame, **more: Any) -> Any:
    return wave_difference(nps, frame, first=FIRST, second=SECOND, scale=TEN, **more)


def test_worked_by_hand() -> None:
    frame = answers((1, 0, 10), (2, 0, 3), (None, 0, 3), (1, 1, 10), (2, 1, 9), (3, 1, 8))
    found = change(frame)
    assert found.first.value == pytest.approx(-100 / 3)
    assert found.second.value == pytest.approx(200 / 3)
    assert found.value == pytest.approx(100)
    assert (found.people, found.shared) == (4, 2)
    assert found.interval is not None
    pairs = change(frame, design="paired")
    assert pairs.value == 100
    assert (pairs.people, pairs.shared) == (2, 2)
    assert "2 of 2 people in both" in repr(pairs)
    assert found.receipt.definition != pairs.receipt.definition


def test_people_who_stay_the_same_make_it_sure() -> None:
    draw = random.Random(3)
    rows = []
    for person in range(200):
        score = draw.choice([3, 8, 10])
        rows += [(person, 0, score), (person, 1, score if draw.random() < 0.9 else draw.choice([3, 8, 10]))]
    found = change(answers(*rows))
    apart = difference(found.first, found.second)
    assert found.interval is not None
    assert apart.interval is not None
    assert found.value == pytest.approx(apart.value)
    width, wide = (each.interval.high - each.interval.low for each in (found, apart))
    assert width < 0.6 * wide


def test_recovery_by_regression_to_the_mean() -> None:
    """Who answered low answers higher the next time, also where nothing was done: the difference of all is none."""
    draw = random.Random(5)
    rows, low = [], []
    for person in range(1500):
        true = draw.gauss(7.5, 1.2)
        said = [min(10, max(0, round(true + draw.gauss(0, 1.8)))) for _ in range(2)]
        rows += [(person, day, score) for day, score in enumerate(said)]
        if said[0] <= 6:
            low.append((person, said[1] - said[0]))
    assert mean(gain for _, gain in low) > 1  # the "recovery" that others report
    assert change(answers(*rows)).p_value > 0.05
    called = {person for person, _ in low if person % 2}
    chosen = change(answers(*(row for row in rows if row[0] in called)))
    assert chosen.p_value < 1e-6  # what choosing people by the answer itself makes of nothing
    # Half of them were called back, which did nothing: held against the others who answered low, that shows.
    left_alone = {person for person, _ in low} - called
    after = [
        nps(answers(*(row for row in rows if row[1] == 1 and row[0] in group)), scale=TEN)
        for group in (left_alone, called)
    ]
    found = difference(*after)
    assert found.p_value is not None
    assert found.p_value > 0.05


def test_what_cannot_be_compared() -> None:
    frame = answers((1, 0, 10), (1, 1, 3))
    nobody = change(answers((1, 0, 10), (2, 1, 3)), design="paired")
    assert (nobody.value, nobody.reason) == (None, "nobody is in both periods")
    one = change(frame)
    assert (one.value, one.interval) == (-200, None)
    assert change(frame.filter(pl.col("score") > 5)).reason == "the second has no value: no answers"
    for options in ({"by": "person_id"}, {"weights": "w"}):
        with pytest.raises(UsageError, match="which two waves cannot be asked with"):
            change(frame, **options)
    with pytest.raises(UsageError, match="expected one of overlapping, paired"):
        change(frame, design="matched")
    with pytest.raises(UsageError, match="expected a mean of observations that tells whose they are"):
        change(frame, cluster=None)
    with pytest.raises(UsageError, match="expected a mean of observations"):
        change(frame, repeat="mean")
    with pytest.raises(UsageError, match="expected a metric of tables"):
        wave_difference(nps_from_counts, frame, first=FIRST, second=SECOND)
    with pytest.raises(MissingColumnError, match="no column that tells its records"):
        change(frame.drop("feedback_key"))
    cases = pl.DataFrame({"key": [1, 2], "opened_us": [0, DAY]})
    replies = pl.DataFrame({"case_key": [1, 2], "occurred_us": [5, DAY + 5], "initiator": ["employee"] * 2})
    with pytest.raises(UsageError, match="expected a mean of observations"):
        wave_difference(first_response_time, cases, replies, first=FIRST, second=SECOND, as_of=None)


def test_shares_are_told_in_percentage_points() -> None:
    deals = pl.DataFrame(
        {
            "key": list(range(40)),
            "account_key": [number % 10 for number in range(40)],
            "status": ["won", "lost"] * 10 + ["won", "won", "won", "lost"] * 5,
            "closed_us": [0] * 20 + [DAY] * 20,
        }
    )
    found = wave_difference(win_rate, deals, first=FIRST, second=SECOND)
    assert found.value == pytest.approx(0.25)
    assert found.value_words == "+25.0 percentage points"
