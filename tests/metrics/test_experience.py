"""Net Promoter Score and customer satisfaction: worked cases, what is left out, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcx.errors import MissingColumnError, ScaleError, UsageError
from crmcx.estimates import Estimate
from crmcx.instants import Window
from crmcx.metrics import csat, nps, nps_from_counts, nps_from_scores
from crmcx.models import Answer, Direction, Feedback, Scale

NPS = Scale(min=0, max=10)
FIVE = Scale(min=1, max=5)


def scores(*values: float | None, **more: Any) -> pl.DataFrame:
    return pl.DataFrame({"score": pl.Series(values, dtype=pl.Float64), **more})


def submission(number: int, score: int | None, *, scale: Scale = NPS, kind: str = "nps", **more: Any) -> Feedback:
    state = more.pop("state", "answered" if score is not None else "skipped")
    item = more.pop("item", "q1")
    answer = Answer(item=item, kind=kind, state=state, score=score, scale=None if score is None else scale)
    given = {"instrument": "relation", "submitted_at": datetime(2025, 1, number, tzinfo=UTC), **more}
    return Feedback(source="survey", source_id=str(number), answers=[answer], **given)


class TestNps:
    def test_worked_by_hand(self) -> None:
        """3 promoters, 2 passives, 5 detractors of 10: 30 % - 50 %."""
        found = nps(scores(10, 9, 9, 8, 7, 6, 5, 0, 3, 6), scale=NPS)
        assert found.value == -20
        assert dict(found.counts) == {"promoters": 3, "passives": 2, "detractors": 5}
        assert found.n == 10
        assert found.n_clusters is None
        assert found.interval is not None
        assert found.interval.method == "score"
        assert found.unit == "points"

    @settings(deadline=None)
    @given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
    def test_all_ways_to_it_agree(self, given_scores: list[int]) -> None:
        promoters = sum(score >= 9 for score in given_scores)
        detractors = sum(score <= 6 for score in given_scores)
        plain = nps_from_scores(given_scores)
        counted = nps_from_counts(promoters, len(given_scores) - promoters - detractors, detractors)
        assert plain.value == counted.value == 100 * (promoters - detractors) / len(given_scores)
        assert plain.interval == counted.interval
        assert -100 <= float(plain.value) <= 100  # type: ignore[arg-type]
        assert nps(scores(*given_scores), scale=NPS).interval == plain.interval

    def test_groups_add_up(self) -> None:
        frame = scores(10, 0, 9, 7, None, team=["a", "a", "b", "b", "b"])
        table = nps(frame, by="team", scale=NPS)
        assert [(key, found.value, found.n) for key, found in table] == [(("a",), 0, 2), (("b",), 50, 2)]
        assert dict(table["b"].excluded) == {"no_score": 1}

    def test_nothing(self) -> None:
        for found in (nps(scores(), scale=NPS), nps([]), nps_from_scores([]), nps_from_counts(0, 0, 0)):
            assert found.value is None
            assert found.reason == "no answers"
            assert found.interval is None
        assert len(nps(scores(team=[]), by="team", scale=NPS)) == 0
        only_skipped = nps(scores(None, None), scale=NPS)
        assert only_skipped.value is None
        assert dict(only_skipped.excluded) == {"no_score": 2}

    def test_one_customer_who_answers_often_is_one_customer(self) -> None:
        once = nps(scores(10, 0, person_id=[1, 2]), scale=NPS)
        often = nps(scores(*[10] * 50, *[0] * 50, person_id=[1] * 50 + [2] * 50), scale=NPS)
        naive = nps(scores(*[10] * 50, *[0] * 50), scale=NPS)
        assert often.n == 100
        assert often.n_clusters == 2
        assert often.value == once.value == 0
        assert often.interval is not None
        assert naive.interval is not None
        assert often.interval.low < -60 < naive.interval.low  # type: ignore[operator]
        alone = nps(scores(10, 10, 9, person_id=[1, 1, 1]), scale=NPS)
        assert alone.interval == nps_from_counts(1, 0, 0).interval

    def test_the_anonymous_are_each_their_own(self) -> None:
        found = nps(scores(10, 0, 5, person_id=[None, None, 1]), scale=NPS)
        assert found.n_clusters == 3
        assert found.interval == nps_from_scores([10, 0, 5]).interval

    def test_what_is_left_out(self) -> None:
        answers = [
            submission(1, 10),
            submission(2, None),
            submission(3, None, state="not_shown"),
            submission(4, None, state="not_applicable"),
            submission(5, 3, status="test"),
            submission(6, 3, status="screened_out"),
            submission(7, 9, status="partial"),
        ]
        found = nps(answers)
        assert found.value == 100
        assert found.n == 2
        assert dict(found.excluded) == {
            "skipped": 1,
            "not_shown": 1,
            "not_applicable": 1,
            "test": 1,
            "screened_out": 1,
        }

    def test_scores_off_the_scale(self) -> None:
        found = nps(scores(10, 6.5, 11, -1), scale=NPS)
        assert found.n == 1
        assert dict(found.excluded) == {"off_scale": 3}
        for score in (6.5, 11, -1):
            with pytest.raises(ScaleError, match="whole numbers from 0 to 10"):
                nps_from_scores([10, score])
        assert dict(nps_from_scores([10, None]).excluded) == {"skipped": 1}

    @pytest.mark.parametrize("scale", [FIVE, Scale(min=1, max=10), Scale(min=0, max=100)])
    def test_other_scales_are_refused(self, scale: Scale) -> None:
        with pytest.raises(ScaleError, match="expected 0 to 10"):
            nps([submission(1, 3, scale=scale)])
        with pytest.raises(ScaleError, match="expected 0 to 10"):
            nps(scores(3), scale=scale)

    def test_a_score_never_travels_without_its_scale(self) -> None:
        with pytest.raises(ScaleError, match="without a scale"):
            nps(scores(3))
        frame = scores(3, 4, scale_min=[0.0, None], scale_max=[10.0, None])
        with pytest.raises(ScaleError, match="some scores come without a scale"):
            nps(frame)

    def test_several_items_need_a_name(self) -> None:
        answers = [submission(1, 10, item="q1"), submission(2, 0, item="q2")]
        with pytest.raises(UsageError, match=r"found 2 nps items \(relation / q1, relation / q2\)"):
            nps(answers)
        assert nps(answers, item="q1").value == 100
        assert nps(answers, by="item")["q2"].value == -100
        other = [submission(1, 10), submission(2, 0, instrument="moment")]
        assert nps(other, instrument="moment").value == -100

    def test_other_items_do_not_count(self) -> None:
        assert nps([submission(1, 10), submission(2, 1, scale=FIVE, kind="csat")]).n == 1

    def test_a_window_is_half_open_in_its_zone(self) -> None:
        answers = [
            submission(1, 10, submitted_at=datetime(2025, 3, 31, 21, 59, tzinfo=UTC)),
            submission(2, 0, submitted_at=datetime(2025, 3, 31, 22, 0, tzinfo=UTC)),
        ]
        march = Window(date(2025, 3, 1), date(2025, 4, 1), zone="Europe/Berlin")
        assert nps(answers, window=march).value == 100
        assert nps(answers, window=march).receipt.window == march
        assert nps(answers, window=Window(date(2025, 4, 1), date(2025, 4, 2), zone="Europe/Berlin")).value == -100

    def test_only_what_was_known(self) -> None:
        answers = [
            submission(1, 10),
            submission(2, 0, known_at=datetime(2025, 2, 1, tzinfo=UTC)),
            submission(20, 0),
        ]
        assert nps(answers, as_of=datetime(2025, 1, 15, tzinfo=UTC)).value == 100
        assert nps(answers, as_of=datetime(2025, 3, 1, tzinfo=UTC)).n == 3

    def test_columns_of_other_names(self) -> None:
        frame = pl.DataFrame({"note": [10, 0], "user": ["a", "a"]})
        found = nps(frame, columns={"score": "note", "person_id": "user"}, scale=NPS)
        assert found.n_clusters == 1
        with pytest.raises(MissingColumnError, match="lacks score"):
            nps(frame, scale=NPS)
        with pytest.raises(MissingColumnError, match="lacks team"):
            nps(scores(1), by="team", scale=NPS)
        with pytest.raises(UsageError, match="names a column twice"):
            nps(scores(1, team=["a"]), by=["team", "Team"], scale=NPS)

    def test_equal_questions_have_equal_hashes(self) -> None:
        first, second = nps(scores(1), scale=NPS), nps(scores(10, 9), scale=NPS, level=0.9)
        assert first.receipt.definition == second.receipt.definition
        named = nps([submission(1, 10)], item="q1")
        assert named.receipt.definition.hash != first.receipt.definition.hash

    def test_negative_counts(self) -> None:
        with pytest.raises(UsageError, match="expected none below 0"):
            nps_from_counts(-1, 0, 0)


class TestCsat:
    @pytest.mark.parametrize(
        ("low", "high", "lowest"), [(1, 5, 4), (1, 7, 6), (1, 10, 9), (0, 10, 9), (1, 3, 3), (0, 1, 1), (1, 4, 3)]
    )
    def test_top_boxes(self, low: int, high: int, lowest: int) -> None:
        values = list(range(low, high + 1))
        found = csat(scores(*values), scale=Scale(min=low, max=high))
        assert found.value == sum(value >= lowest for value in values) / len(values)
        assert dict(found.receipt.definition.parameters)["top"] == lowest

    def test_another_policy(self) -> None:
        assert csat(scores(3, 4, 5, 1), scale=FIVE, top=5).value == 0.25
        assert csat(scores(60, 80), scale=Scale(min=0, max=100), top=70).value == 0.5

    def test_what_is_refused(self) -> None:
        with pytest.raises(ScaleError, match="no top boxes are agreed"):
            csat(scores(60), scale=Scale(min=0, max=100))
        with pytest.raises(ScaleError, match="no top boxes are agreed"):
            csat(scores(1), scale=Scale(min=0.5, max=5))
        with pytest.raises(ScaleError, match="low is good"):
            csat(scores(1), scale=Scale(min=1, max=5, direction=Direction.LOWER))
        with pytest.raises(ScaleError, match="found top=9"):
            csat(scores(1), scale=FIVE, top=9)
        mixed = [submission(1, 3, scale=FIVE, kind="csat"), submission(2, 3, scale=Scale(min=1, max=7), kind="csat")]
        with pytest.raises(ScaleError, match="1 to 5 and 1 to 7"):
            csat(mixed)

    def test_a_neutral_answer_counts_and_nothing_is_no_score(self) -> None:
        found = csat(scores(3, 5, None, 6), scale=FIVE)
        assert found.value == 0.5
        assert dict(found.excluded) == {"no_score": 1, "off_scale": 1}
        assert csat([]).value is None

    @settings(deadline=None)
    @given(st.lists(st.integers(1, 5), min_size=1, max_size=40))
    def test_a_share(self, values: list[int]) -> None:
        found: Estimate = csat(scores(*values), scale=FIVE)
        assert found.value == sum(value >= 4 for value in values) / len(values)
        assert found.interval is not None
        assert 0 <= found.interval.low <= found.value <= found.interval.high <= 1  # type: ignore[operator]
