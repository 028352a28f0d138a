"""Gaps, indices and complaints against walks over the submissions."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from scipy import stats
from tests import company

from crmcx.errors import ScaleError, UsageError
from crmcx.estimates import Estimate
from crmcx.instants import Window
from crmcx.metrics import complaint_rate, cx_index, evidence, expectation_gap
from crmcx.models import Direction, Feedback, Interaction, Scale
from crmcx.tables import key_of

SURVEYS = company.surveys(random.Random(5), 400)
COUNTED = [each for each in SURVEYS if each.status in {"complete", "partial"}]
SEVEN = Scale(min=1, max=7)
FACTORS = {"effectiveness": "done", "ease": "easy", "emotion": "felt"}


def scored(each: Feedback) -> dict[str, float]:
    return {answer.item: answer.score for answer in each.answers if answer.score is not None}


def points(each: Feedback) -> dict[str, float]:
    """Each score as points of its own scale, 100 the good end."""
    found = {}
    for answer in each.answers:
        if answer.score is not None and answer.scale is not None:
            share = 100 * (answer.score - answer.scale.min) / (answer.scale.max - answer.scale.min)
            found[answer.item] = 100 - share if answer.scale.direction is Direction.LOWER else share
    return found


class TestExpectationGap:
    def test_pairs_by_a_walk(self) -> None:
        pairs = [
            (each, scored(each)["was"] - scored(each)["should"])
            for each in COUNTED
            if {"was", "should"} <= {*scored(each)}
        ]
        found = expectation_gap(SURVEYS, perceived="was", expected="should", cluster=None)
        gaps = [gap for _, gap in pairs]
        assert found.n == len(gaps)
        assert found.value == pytest.approx(np.mean(gaps), rel=1e-12)
        assert found.interval is not None
        wanted = stats.t.interval(0.95, len(gaps) - 1, np.mean(gaps), stats.sem(gaps))
        assert (found.interval.low, found.interval.high) == pytest.approx(wanted, rel=1e-9)
        assert dict(found.counts)["above"] == sum(gap > 0 for gap in gaps)
        above = evidence(found, SURVEYS, part="above")
        assert list(above.keys) == sorted(key_of("feedback", each.ref) for each, gap in pairs if gap > 0)

    def test_halves_are_not_compared_with_those_of_others(self) -> None:
        frame = pl.DataFrame({"feedback_key": [1, 2], "item": ["was", "should"], "score": [7, 1]})
        found = expectation_gap(frame, perceived="was", expected="should", scale=SEVEN)
        assert (found.value, found.reason) == (None, "no pairs")
        assert dict(found.excluded) == {"incomplete": 2}

    def test_people_who_were_asked_apart(self) -> None:
        frame = pl.DataFrame(
            {"person_id": [1, 1, 2, 2, 2], "item": ["was", "should", "was", "should", "was"], "score": [5, 7, 3, 3, 4]}
        )
        found = expectation_gap(frame, perceived="was", expected="should", unit="person_id", scale=SEVEN)
        assert found.value == -2
        assert dict(found.excluded) == {"several_answers": 1}
        gone = frame.with_columns(person_id=pl.Series([1, 1, None, None, None]))
        with pytest.raises(UsageError, match="found 3 answers without person_id"):
            expectation_gap(gone, perceived="was", expected="should", unit="person_id", scale=SEVEN)

    def test_what_is_refused(self) -> None:
        frame = pl.DataFrame({"feedback_key": [1, 1], "item": ["was", "should"], "score": [7, 1]})
        with pytest.raises(UsageError, match="expected two"):
            expectation_gap(frame, perceived="was", expected="was", scale=SEVEN)
        low = Scale(min=1, max=7, direction=Direction.LOWER)
        with pytest.raises(ScaleError, match="high is good"):
            expectation_gap(frame, perceived="was", expected="should", scale=low)
        with pytest.raises(ScaleError, match="expected one"):
            expectation_gap(SURVEYS, perceived="was", expected="done")
        assert expectation_gap(frame.head(0), perceived="was", expected="should", scale=SEVEN).value is None


class TestIndex:
    @pytest.mark.parametrize("weights", [None, {"effectiveness": 2, "ease": 1, "emotion": 1}])
    def test_by_a_walk(self, weights: dict[str, float] | None) -> None:
        shares = weights or dict.fromkeys(FACTORS, 1)
        values = [
            sum(shares[factor] * points(each)[item] for factor, item in FACTORS.items()) / sum(shares.values())
            for each in COUNTED
            if set(FACTORS.values()) <= {*points(each)}
        ]
        found = cx_index(SURVEYS, items=FACTORS, factor_weights=weights)
        assert found.n == len(values)
        assert found.value == pytest.approx(np.mean(values), rel=1e-12)
        assert 0 <= found.value <= 100  # type: ignore[operator]

    def test_weights_are_fitted_by_least_squares(self) -> None:
        draw = random.Random(2)
        rows = []
        for number in range(300):
            factors = {item: draw.randrange(1, 8) for item in ("done", "easy", "felt")}
            stay = 3 * factors["done"] + factors["felt"] - 0.5 * factors["easy"] + draw.gauss(0, 2)
            rows += [(number, item, float(score)) for item, score in factors.items()]
            rows.append((number, "stay", min(40.0, max(-40.0, stay))))
        frame = pl.DataFrame(rows, schema=["feedback_key", "item", "score"], orient="row").with_columns(
            scale_min=pl.when(pl.col("item") == "stay").then(-40.0).otherwise(1.0),
            scale_max=pl.when(pl.col("item") == "stay").then(40.0).otherwise(7.0),
        )
        wide = {
            item: np.array([score for _, name, score in rows if name == item]) for item in (*FACTORS.values(), "stay")
        }
        design = np.column_stack([np.ones(300), *((wide[item] - 1) * 100 / 6 for item in FACTORS.values())])
        outcome = (wide["stay"] + 40) * 100 / 80
        kept = np.maximum(np.linalg.lstsq(design, outcome, rcond=None)[0][1:], 0)
        found = cx_index(frame, items=FACTORS, outcome="stay")
        told = dict(found.receipt.definition.parameters)["weights"]
        assert list(told.values()) == pytest.approx(kept / kept.sum(), abs=1e-6)
        assert told["ease"] == 0
        assert found.value == pytest.approx((design[:, 1:] @ (kept / kept.sum())).mean())

    def test_what_is_refused(self) -> None:
        equal = {"effectiveness": 1.0, "ease": 1.0, "emotion": 1.0}
        asks: dict[str, Callable[[], Estimate]] = {
            "expected effectiveness, ease, emotion": lambda: cx_index(SURVEYS, items={"ease": "easy"}),
            "found the factors ease": lambda: cx_index(SURVEYS, items=FACTORS, factor_weights={"ease": 1}),
            "an outcome to fit": lambda: cx_index(SURVEYS, items=FACTORS, factor_weights=equal, outcome="stay"),
            "none below 0": lambda: cx_index(SURVEYS, items=FACTORS, factor_weights=equal | {"ease": -1}),
            "no weights can be fitted": lambda: cx_index(same, items=FACTORS, outcome="stay"),
        }
        names = [*FACTORS.values(), "stay"]
        same = pl.DataFrame(
            {
                "feedback_key": [1] * 4 + [2] * 4,
                "item": names * 2,
                "score": [3.0] * 8,
                "scale_min": 1.0,
                "scale_max": 5.0,
            }
        )
        for message, ask in asks.items():
            with pytest.raises(UsageError, match=message):
                ask()
        assert cx_index([], items=FACTORS, outcome="stay").reason == "no whole submissions"


class TestComplaints:
    INTERACTIONS = company.interactions(random.Random(5))

    def test_by_a_walk(self) -> None:
        window = Window(date(2025, 2, 10), date(2025, 3, 10), zone="Europe/Berlin")
        start, end = (datetime.fromtimestamp(us / 1e6, UTC) for us in (window.start_us, window.end_us))
        said = [
            each
            for each in SURVEYS
            if each.kind == "complaint" and each.status != "test" and start <= each.submitted_at < end
        ]
        active = {
            each.customer
            for each in self.INTERACTIONS
            if each.customer and each.visibility != "internal" and start <= each.occurred_at < end
        }
        found = complaint_rate(SURVEYS, self.INTERACTIONS, window=window)
        assert dict(found.counts) == {"complaints": len(said), "active": len(active)}
        assert found.value == len(said) / len(active)
        keys = evidence(found, SURVEYS, self.INTERACTIONS, part="complaints").keys
        assert list(keys) == sorted(key_of("feedback", each.ref) for each in said)

    def test_one_matter_is_one_complaint(self) -> None:
        days = timedelta(days=9)
        told = defaultdict(list)
        for each in SURVEYS:
            if each.kind == "complaint":
                told[each.customer].append(each)
        again = 0
        for customer, own in told.items():
            times = sorted(each.submitted_at for each in own)
            again += sum(later - before < days for before, later in pairwise(times)) if customer else 0
        tests = sum(each.status == "test" for each in SURVEYS if each.kind == "complaint")
        found = complaint_rate(SURVEYS, self.INTERACTIONS, episode=days)
        left_out = dict(found.excluded)
        assert 0 < left_out["same_episode"] <= again
        assert left_out["same_episode"] + left_out["test"] + dict(found.counts)["complaints"] == sum(
            map(len, told.values())
        )
        assert left_out["test"] == tests

    def test_groups_of_one_table_alone(self) -> None:
        said = pl.DataFrame({"kind": ["complaint"], "submitted_us": [1], "channel": ["phone"]})
        seen = pl.DataFrame({"person_id": [1, 2], "occurred_us": [1, 2], "channel": ["web", "web"]})
        found = complaint_rate(said, seen, by="channel")
        assert found["phone"].value is None
        assert found["phone"].reason == "nobody was active"
        assert found["web"].value == 0
        assert found["web"].interval is not None
        assert found["web"].interval.high == pytest.approx(stats.chi2.ppf(0.975, 2) / 2 / 2)
        with pytest.raises(UsageError, match="expected a time above zero"):
            complaint_rate(said, seen, episode=timedelta())
        assert isinstance(self.INTERACTIONS[0], Interaction)


def test_the_index_keeps_its_range() -> None:
    found = cx_index(SURVEYS, items=FACTORS, by="touchpoint")
    assert all(0 <= each.value <= 100 for _, each in found if each.value is not None)  # type: ignore[operator]
