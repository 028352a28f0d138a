"""Scores of the survey: driven by satisfaction, lower in German by the planted shift, counted as they are."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from crmcx.demo.effects import GERMAN_SHIFT
from crmcx.demo.lives import gather
from crmcx.demo.people import person
from crmcx.demo.questionnaires import GERMAN, NOT_APPLICABLE, QUESTIONNAIRES
from crmcx.demo.survey import SurveyTallies, SurveyTally, write_responses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from crmcx.demo import Exports

    Read = Callable[[Path], list[dict[str, Any]]]


def scores(rows: list[dict[str, Any]], people: Mapping[str, int]) -> list[tuple[float, str, int]]:
    """Satisfaction of the customer, what she was asked about, and her answer to the first item."""
    found = []
    for row in rows[40:]:
        cells = list(row.values())
        if cells[1] and cells[10] and cells[10] != str(NOT_APPLICABLE):
            who = person(7, people[f"files:survey/{cells[1]}"])
            found.append((who.satisfaction, cells[9], int(cells[10])))
    return found


def test_scores_follow_satisfaction_in_both_languages(bank: Exports, read: Read) -> None:
    for path in (bank.responses_en, bank.responses_de):
        found = scores(read(path), bank.truth.people)
        unhappy = mean(score for satisfaction, _, score in found if satisfaction < -0.5)
        happy = mean(score for satisfaction, _, score in found if satisfaction > 0.5)
        assert unhappy + 2 < happy


def test_the_same_satisfaction_is_marked_lower_in_german(tmp_path: Path, read: Read) -> None:
    # The same people with the same draws in both languages, in the middle of the scale, where nothing is cut off.
    plan, _ = gather(7, 1500)
    middle = [each for each in plan.responses if -2 < each.satisfaction < 0 and each.touchpoint == "hotline"]
    marks = []
    for form in QUESTIONNAIRES:
        responses = [evolve(response, language=form.language) for response in middle]
        write_responses(tmp_path, 7, responses, form, SurveyTallies(), who={})
        marks.append([list(row.values())[10] for row in read(tmp_path / form.name)])
    english, german = marks
    both = [(int(one), int(other)) for one, other in zip(english, german, strict=True) if one.isdigit() and one != "99"]
    assert mean(other - one for one, other in both) == pytest.approx(GERMAN_SHIFT, abs=0.08)
    assert {other - one for one, other in both} == {0, -1}


def test_some_touchpoints_are_marked_better_than_others(bank: Exports, read: Read) -> None:
    found = [each for path in (bank.responses_en, bank.responses_de) for each in scores(read(path), bank.truth.people)]
    # The mood of a touchpoint apart from the satisfaction of those who answer, by which every score rises by 1.8.
    level = {
        touchpoint: mean(score - 1.8 * satisfaction for satisfaction, about, score in found if about == touchpoint)
        for touchpoint in ("callback", "hotline", "branch")
    }
    assert level["callback"] + 0.7 < level["hotline"] < level["branch"] - 0.3


def test_the_questionnaires_agree_column_by_column() -> None:
    for form in QUESTIONNAIRES:
        assert len(form.columns) == len(set(form.columns)) == 15
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
