"""Pictures of the funnel, of answers and of stages: what is drawn, and what is said of it."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from tests.report.results import LANGUAGES, MIX, Share, funnel, scores, share

from crmcx.errors import UsageError
from crmcx.report import Figure, answers_picture, funnel_picture, stage_picture
from crmcx.report.stages import _names


def traces(figure: Figure) -> list[dict[str, Any]]:
    return json.loads(figure.wide)["data"]


def test_the_funnel_says_where_most_are_lost() -> None:
    figure = funnel_picture(funnel(260, 177, 118), names={"sign": "signature"})
    assert figure.caption.startswith("Of 260 people at the step quote, 118 came as far as signature: 45.4 %.")
    assert "Most are lost between quote and apply: 83." in figure.caption
    bar, whiskers = traces(figure)
    assert bar["x"] == [1.0, 177 / 260, 118 / 260]
    low = share(177, 260).interval.low
    assert whiskers["x"][0] - whiskers["error_x"]["arrayminus"][0] == pytest.approx(low)
    assert figure.tables[0].rows[1][:3] == ("apply", "177", "68.1 %")


def test_a_funnel_that_nobody_entered() -> None:
    figure = funnel_picture(funnel(0, 0))
    assert figure.caption == "Nobody entered: there are no people to count."
    assert traces(figure)[0]["x"] == [0.0, 0.0]


def test_a_funnel_that_loses_nobody() -> None:
    assert "lost" not in funnel_picture(funnel(4, 4), unit="visits").caption


def test_answers_side_by_side_are_shares() -> None:
    figure = answers_picture(LANGUAGES, names={"de": "German"})
    assert figure.caption.startswith("German \N{MINUS SIGN}12.0".replace("\N{MINUS SIGN}", "-"))
    assert [trace["x"][0] for trace in traces(figure)] == [0.40, 0.32, 0.28]
    assert figure.tables[0].rows[1][:4] == ("en", "31", "32", "37")


def test_answers_of_nobody() -> None:
    figure = answers_picture(scores(de=(0, 0, 0)))
    assert [trace["x"] for trace in traces(figure)] == [[0.0]] * 3
    assert answers_picture(scores()).caption == "There are no answers."


def test_answers_of_other_counts_are_refused() -> None:
    with pytest.raises(UsageError, match="not made of low"):
        answers_picture(LANGUAGES, groups=("low", "passives", "promoters"))


def test_stages_stand_in_the_order_of_life_and_say_what_changed() -> None:
    figure = stage_picture(reversed(MIX))
    assert figure.tables[0].head == ("month", "consideration", "existing", "former")
    assert figure.caption == (
        "At the end of December 2025, 60 of 100 (60.0 %) of the people whose stage is known are in the stage existing;"
        " in January 2025 it was 60 of 100 (60.0 %). Counted in people, the stage consideration fell most: from 29 to"
        " 18."
    )
    assert len(traces(figure)) == 3
    assert figure.narrow is not None


def test_stages_of_one_month_of_none_and_of_no_change() -> None:
    one = Share(date(2025, 1, 1), "existing", 4, 1.0)
    assert stage_picture([one]).caption == (
        "At the end of January 2025, 4 of 4 (100.0 %) of the people whose stage is known are in the stage existing."
    )
    assert stage_picture([]).caption == "No stage of any customer is known."
    same = stage_picture([one, Share(date(2025, 2, 1), "existing", 9, 1.0)])
    assert same.caption.endswith("Counted in people, the stage existing grew most: from 4 to 9.")
    still = stage_picture([one, Share(date(2025, 2, 1), "existing", 4, 1.0)])
    assert still.caption.endswith("in January 2025 it was 4 of 4 (100.0 %).")
    gone = stage_picture([one, Share(date(2025, 2, 1), "former", 4, 1.0), Share(date(2025, 2, 1), "moved", 0, 0.0)])
    assert gone.tables[0].rows[1] == ("Feb\N{NO-BREAK SPACE}2025", "-", "4 (100.0 %)", "0 (0.0 %)")


@pytest.mark.parametrize("shares", [[0.0] * 7, [1.0, *[0.0] * 6], [*[0.0] * 6, 1.0], [1 / 7] * 7])
def test_names_of_stages_never_overlap_and_stay_inside(shares: list[float]) -> None:
    heights = [each["y"] for each in _names({f"s{place}": each for place, each in enumerate(shares)}, 20, 12)]
    assert all(after - before >= 0.0519 for before, after in pairwise(heights))
    assert min(heights) > 0
    assert max(heights) < 1
