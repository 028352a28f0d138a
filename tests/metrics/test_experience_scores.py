"""Means of satisfaction, effort and reviews: by hand, by SciPy, and what is refused."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crmcx.errors import ScaleError, UsageError
from crmcx.metrics import ces, csat, csat_mean, evidence, nps, review_rating
from crmcx.models import Answer, Direction, Feedback, Scale

FIVE, SEVEN = Scale(min=1, max=5), Scale(min=1, max=7)
EFFORT = Scale(min=1, max=5, direction=Direction.LOWER)


def scores(*values: float | None, **more: Any) -> pl.DataFrame:
    return pl.DataFrame({"score": pl.Series(values, dtype=pl.Float64), **more})


def submission(number: int, score: int | None, *, language: str = "en", kind: str = "csat", **more: Any) -> Feedback:
    scale = more.pop("scale", FIVE)
    state = "answered" if score is not None else more.pop("state", "skipped")
    answer = Answer(item="q1", kind=kind, state=state, score=score, scale=None if score is None else scale)
    at = datetime(2025, 1, number, tzinfo=UTC)
    return Feedback(
        source="survey", source_id=str(number), answers=[answer], instrument="visit", submitted_at=at,
        language=language, **more,
    )  # fmt: skip


class TestCsatMean:
    @settings(deadline=None)
    @given(st.lists(st.integers(1, 5), min_size=2, max_size=30))
    def test_it_is_the_mean_with_students_interval(self, values: list[int]) -> None:
        found = csat_mean(scores(*values), scale=FIVE, level=0.9)
        assert found.value == pytest.approx(statistics.fmean(values), rel=1e-12)
        assert found.unit == "score"
        if len(set(values)) == 1:
            assert found.interval is None
        else:
            assert found.interval is not None
            wanted = stats.t.interval(0.9, len(values) - 1, np.mean(values), stats.sem(values))
            assert (found.interval.low, found.interval.high) == pytest.approx(wanted, rel=1e-9)

    def test_rescaled_and_fractions(self) -> None:
        found = csat_mean(scores(1, 5, 3, None, 9), scale=FIVE, rescaled=True)
        assert found.value == 50
        assert found.unit == "points"
        assert dict(found.excluded) == {"no_score": 1, "off_scale": 1}
        plain = csat_mean(scores(1, 5, 3), scale=FIVE)
        assert plain.interval is not None
        assert found.interval is not None
        assert found.interval.low == pytest.approx(25 * (plain.interval.low - 1))  # type: ignore[operator]
        assert csat_mean(scores(2.5, 3.0), scale=FIVE).value == 2.75

    def test_weights_and_people(self) -> None:
        frame = scores(5, 1, 1, 1, person_id=[1, 2, 2, 2], weight=[3.0, 1.0, 1.0, 1.0])
        assert csat_mean(frame, scale=FIVE).value == 2
        assert csat_mean(frame, scale=FIVE, repeat="mean").value == 3
        assert csat_mean(frame, scale=FIVE, weights="weight").value == 3
        assert csat_mean(frame, scale=FIVE).n_clusters == 2

    def test_nothing_and_one_person(self) -> None:
        assert csat_mean([]).reason == "no answers"
        assert csat_mean(scores(5, 4, person_id=[1, 1]), scale=FIVE).interval is None

    def test_low_is_good_is_refused(self) -> None:
        with pytest.raises(ScaleError, match="expected one where high is good"):
            csat_mean(scores(1), scale=EFFORT)
        mixed = [submission(1, 3), submission(2, 3, scale=SEVEN)]
        with pytest.raises(ScaleError, match="1 to 5 and 1 to 7"):
            csat_mean(mixed)


class TestCes:
    def test_version_2_by_hand(self) -> None:
        found = ces(scores(7, 6, 5, 4, 1), scale=SEVEN)
        assert found.value == pytest.approx(4.6)
        assert dict(found.counts) == {"easy": 3, "not_easy": 2}
        assert ces(scores(7, 6, 5, 4, 1), scale=SEVEN, measure="easy").value == 0.6

    def test_version_1_goes_the_other_way(self) -> None:
        """Low effort is good: 1 and 2 of 1 to 5 are easy, and the mean is not turned round."""
        found = ces(scores(1, 2, 3, 5), version="1.0", scale=EFFORT)
        assert found.value == 2.75
        assert dict(found.counts) == {"easy": 2, "not_easy": 2}
        assert ces(scores(1, 2, 3, 5), version="1.0", measure="easy", scale=EFFORT).value == 0.5
        second = ces(scores(1, 2, 3, 5), scale=SEVEN)
        assert found.receipt.definition.hash != second.receipt.definition.hash

    @pytest.mark.parametrize(
        ("version", "scale", "message"),
        [
            ("2.0", EFFORT, "version='1.0'"),
            ("1.0", SEVEN, "version='2.0'"),
            ("1.0", FIVE, "which way the scale goes"),
            ("2.0", Scale(min=1, max=7, direction=Direction.LOWER), "which way the scale goes"),
        ],
    )
    def test_a_scale_of_the_other_version_is_refused(self, version: str, scale: Scale, message: str) -> None:
        with pytest.raises(ScaleError, match=message):
            ces(scores(1), version=version, scale=scale)

    def test_versions_are_never_pooled(self) -> None:
        both = [submission(1, 3, kind="ces", scale=EFFORT), submission(2, 3, kind="ces", scale=SEVEN)]
        for version in ("1.0", "2.0"):
            with pytest.raises(ScaleError, match="never pooled"):
                ces(both, version=version)
        with pytest.raises(UsageError, match=r"found version='3\.0'"):
            ces(both, version="3.0")
        with pytest.raises(UsageError, match="found measure='median'"):
            ces(both, measure="median")


class TestReviews:
    def test_few_reviews_are_drawn_to_the_prior(self) -> None:
        """Three reviews of 5 do not rank before forty of 4.6."""
        few, many = scores(5, 5, 5), scores(*[5] * 24, *[4] * 16)
        assert review_rating(few, scale=FIVE, repeat="all").value == 5
        drawn = [review_rating(each, scale=FIVE, repeat="all", prior=(3.5, 10)) for each in (few, many)]
        assert drawn[0].value == pytest.approx((35 + 15) / 13)
        assert drawn[1].value == pytest.approx((35 + 184) / 50)
        assert drawn[0].value < drawn[1].value  # type: ignore[operator]
        assert drawn[0].interval is None
        assert dict(drawn[1].counts) == {"1": 0, "2": 0, "3": 0, "4": 16, "5": 24}

    def test_the_latest_of_each_person(self) -> None:
        frame = scores(1, 5, 4, person_id=[1, 1, 2], submitted_us=[1, 2, 3])
        found = review_rating(frame, scale=FIVE)
        assert found.value == 4.5
        assert dict(found.excluded) == {"repeat": 1}

    def test_what_is_refused_and_nothing(self) -> None:
        assert review_rating(scores(), scale=FIVE, repeat="all", prior=(3, 5)).reason == "no reviews"
        assert dict(review_rating(scores(50), scale=Scale(min=0, max=100), repeat="all").counts) == {}
        for prior in ((9, 10), (3, 0)):
            with pytest.raises(UsageError, match="expected a mean on the scale"):
                review_rating(scores(1), scale=FIVE, repeat="all", prior=prior)


class TestErrorsOfOthers:
    """Wrong numbers that other tools tell, each shown not to be told here."""

    METRICS: tuple[Callable[..., Any], ...] = (csat, csat_mean, nps, ces)

    @pytest.mark.parametrize("state", ["skipped", "not_shown", "not_applicable"])
    def test_dismissals_are_in_no_denominator(self, state: str) -> None:
        answered = [submission(number, 5) for number in range(1, 4)]
        dismissed = [submission(number, None, state=state) for number in range(4, 12)]
        for measure in (csat, csat_mean):
            found = measure([*answered, *dismissed])
            assert found.n == 3
            assert found.value == measure(answered).value
            assert dict(found.excluded) == {state: 8}
            assert evidence(found, [*answered, *dismissed], left_out=state).n == 8

    def test_no_answers_are_no_zero(self) -> None:
        for measure in self.METRICS:
            for answers in ([], [submission(1, None, kind=measure.__name__.removesuffix("_mean"))]):
                found = measure(answers)
                assert found.value is None
                assert found.interval is None
                assert found.reason == "no answers"

    def test_a_share_is_a_fraction_and_is_told_as_per_cent_once(self) -> None:
        found = csat(scores(5, 5, 1, 4), scale=FIVE)
        assert found.value == 0.75
        assert found.value_words == "75.0 %"
        assert found.interval is not None
        assert 0 <= found.interval.low < found.interval.high <= 1  # type: ignore[operator]

    def test_one_who_answers_eight_times_is_one_person(self) -> None:
        often = scores(*[5] * 8, 1, 2, 1, 2, person_id=[1] * 8 + [2, 3, 4, 5])
        alone = scores(*[5] * 8, 1, 2, 1, 2)
        for measure in (csat, csat_mean):
            clustered, naive = measure(often, scale=FIVE), measure(alone, scale=FIVE)
            assert clustered.n_clusters == 5
            assert clustered.interval is not None
            assert naive.interval is not None
            widths = [each.interval.high - each.interval.low for each in (clustered, naive)]  # type: ignore[union-attr,operator]
            assert widths[0] > 1.5 * widths[1]
        assert csat(often, scale=FIVE, repeat="mean").value == pytest.approx(1 / 5)

    def test_one_item_in_two_languages_is_one_item(self) -> None:
        both = [submission(1, 5, language="en"), submission(2, 1, language="de")]
        assert csat(both).n == 2
        assert csat(both).value == 0.5
        assert csat(both).receipt.definition.hash == csat(both[:1]).receipt.definition.hash
        by_language = csat(both, by="language")
        assert [(key, each.value) for key, each in by_language] == [(("de",), 0), (("en",), 1)]
