"""Scores of the survey: driven by satisfaction, lower in German by the planted shift, counted as they are."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from crmcx.demo.lives import gather
from crmcx.demo.people import person
from crmcx.demo.questionnaires import GERMAN, NOT_APPLICABLE, QUESTIONNAIRES
from crmcx.demo.survey import GERMAN_SHIFT, SurveyTallies, SurveyTally, write_responses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crmcx.demo import Exports

    Read = Callable[[Path], list[dict[str, Any]]]


def scores(rows: list[dict[str, Any]]) -> list[tuple[float, int]]:
    """Satisfaction of the customer and her answer to the first item."""
    pairs = []
    for row in rows[40:]:
        cells = list(row.values())
        if cells[1] and cells[6] and cells[6] != str(NOT_APPLICABLE):
            pairs.append((person(7, int(cells[1][2:]) - 1).satisfaction, int(cells[6])))
    return pairs


def test_scores_follow_satisfaction_in_both_languages(bank: Exports, read: Read) -> None:
    for path in (bank.responses_en, bank.responses_de):
        pairs = scores(read(path))
        unhappy = mean(score for satisfaction, score in pairs if satisfaction < -0.5)
        happy = mean(score for satisfaction, score in pairs if satisfaction > 0.5)
        assert unhappy + 2 < happy


def test_the_same_satisfaction_is_marked_lower_in_german(tmp_path: Path, read: Read) -> None:
    # The same people with the same draws in both languages, in the middle of the scale, where nothing is cut off.
    middle = [response for response in gather(7, 1000).responses if -2 < response.satisfaction < 0]
    marks = []
    for form in QUESTIONNAIRES:
        responses = [evolve(response, language=form.language) for response in middle]
        write_responses(tmp_path, 7, responses, form, SurveyTallies())
        marks.append([list(row.values())[6] for row in read(tmp_path / form.name)])
    english, german = marks
    both = [(int(one), int(other)) for one, other in zip(english, german, strict=True) if one.isdigit() and one != "99"]
    assert mean(other - one for one, other in both) == pytest.approx(GERMAN_SHIFT, abs=0.08)
    assert {other - one for one, other in both} == {0, -1}


def test_the_questionnaires_agree_column_by_column() -> None:
    for form in QUESTIONNAIRES:
        assert len(form.columns) == len(set(form.columns)) == 10
        assert {column for column, _ in form.broken} <= set(form.columns)
    assert GERMAN.form.delimiter == ";"


def test_every_answer_is_counted_in_one_place() -> None:
    tally = SurveyTally()
    for nps in (*range(11), None, NOT_APPLICABLE):
        tally.add(nps, None if nps is None else min(nps, 5) or NOT_APPLICABLE, twice=nps == 3)
    known = tally.truth("en", "complete")
    assert (known.responses, known.in_repeated_hour) == (13, 1)
    assert (known.promoters, known.passives, known.detractors) == (2, 2, 7)
    assert (known.nps_skipped, known.nps_not_applicable) == (1, 1)
    assert (known.csat_answered, known.csat_satisfied) == (11, 8)
