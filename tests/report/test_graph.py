"""The transition graph: where steps stand, which ways are drawn, and what is said of them."""

from __future__ import annotations

import json
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW
from tests.report.results import PLACES, SCORES, WAYS, scores, ways

from crmcx.journey import END, START
from crmcx.report import Place, transition_picture
from crmcx.report._colours import HIGH, LOW, between, stage_colour
from crmcx.report._layout import Grid, narrow_grid, wide_grid

STAGES = ("awareness", "consideration", "purchase", "existing", "exiting", "repurchase", "former", "elsewhere")
CITY = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=4),
    st.tuples(
        st.builds(Place, st.sampled_from(STAGES), st.sampled_from(["web", "phone", "branch"])), st.integers(0, 99)
    ),
    min_size=1,
    max_size=30,
)


def inside(grid: Grid, places: dict[str, Place], *, across: bool) -> None:
    stages = {band.name: band for band in grid.stages}
    channels = {band.name: band for band in grid.channels}
    for step, (x, y) in grid.at.items():
        along, aside = (x, y) if across else (y, x)
        assert stages[places[step].stage].begin < along < stages[places[step].stage].end
        assert channels[places[step].channel].begin < aside < channels[places[step].channel].end


@LAW
@given(CITY)
def test_every_step_stands_in_its_cell_and_apart_from_others(city: dict[str, tuple[Place, int]]) -> None:
    places = {step: place for step, (place, _) in city.items()}
    sizes = {step: size for step, (_, size) in city.items()}
    for grid, across in ((wide_grid(places, sizes), True), (narrow_grid(places, sizes), False)):
        assert grid.at.keys() == places.keys()
        inside(grid, places, across=across)
        for (x, y), (other_x, other_y) in combinations(grid.at.values(), 2):
            assert abs(y - other_y) >= 27 or abs(x - other_x) >= 27
    backwards = dict(reversed(places.items()))
    assert wide_grid(backwards, sizes) == wide_grid(places, sizes)


def test_stages_go_by_life_and_channels_by_use() -> None:
    places = {"a": Place("former", "web"), "b": Place("awareness", "phone"), "c": Place("moon", "web")}
    grid = wide_grid(places, {"a": 1, "b": 9, "c": 1})
    assert [band.name for band in grid.stages] == ["awareness", "former", "moon"]
    assert [band.name for band in grid.channels] == ["phone", "web"]


def test_the_caption_is_made_from_the_numbers() -> None:
    caption = transition_picture(WAYS, PLACES, SCORES).caption
    assert "The most taken way from one step to another leads from rates to quote: 80 times, 100.0 % of" in caption
    assert "The lowest score is that of hotline: NPS -30.0." in caption
    assert "Drawn are 6 of 6 ways" in caption


def test_few_ways_are_drawn_the_strongest_of_each_step_first() -> None:
    figure = transition_picture(WAYS, PLACES, SCORES, most=4)
    drawn = {row[:2] for row in figure.tables[1].rows}
    assert drawn == {("rates", "quote"), ("quote", "signature"), ("signature", "hotline"), ("hotline", "branch")}
    assert "Drawn are 4 of 6 ways" in figure.caption
    assert "they hold 80.0 % of what people did next" in figure.caption


def test_steps_carry_their_score_in_words_colour_and_shape() -> None:
    figure = transition_picture(WAYS, PLACES, SCORES)
    nodes = json.loads(figure.wide)["data"][-1]
    told = dict(zip((text.split("<br>")[0] for text in nodes["text"]), zip(nodes["text"], nodes["marker"]["symbol"], nodes["marker"]["color"], strict=True), strict=True))  # fmt: skip  # noqa: E501
    assert told["hotline"] == ("hotline<br><b>NPS \N{MINUS SIGN}30.0</b>", "circle", f"rgb({','.join(map(str, LOW))})")
    assert told["branch"][2] == f"rgb({','.join(map(str, HIGH))})"
    assert told["signature"][:2] == ("signature", "square")
    hover = dict(zip((text.split("<br>")[0] for text in nodes["text"]), nodes["hovertext"], strict=True))
    assert "30 times right after itself" in hover["hotline"]
    assert "40 journeys begin here<br>60 end here" in hover["hotline"]
    assert "n = 100" in hover["hotline"]
    assert "no score" in hover["rates"]


def test_wider_ways_are_taken_more_often() -> None:
    data = json.loads(transition_picture(WAYS, PLACES).wide)["data"]
    widths = [trace["line"]["width"] for trace in data if trace["mode"] == "lines"]
    assert widths == sorted(widths)
    assert len(widths) == 6


def test_the_picture_does_not_depend_on_how_names_were_given() -> None:
    backwards = dict(reversed(PLACES.items()))
    assert transition_picture(WAYS, backwards, SCORES) == transition_picture(WAYS, PLACES, SCORES)


def test_a_step_without_a_place_stands_elsewhere() -> None:
    figure = transition_picture(ways(("a_step", "b", 3)), {})
    assert figure.tables[0].rows[1][:3] == ("a step", "elsewhere", "elsewhere")


def test_no_ways_and_no_scores() -> None:
    figure = transition_picture(ways((START, "a", 2), ("a", END, 2)), {}, scores(a=(0, 0, 0)))
    assert figure.caption == "No step follows another."
    assert figure.tables[1].rows == ()


def test_only_a_step_after_itself() -> None:
    figure = transition_picture(ways((START, "a", 1), ("a", "a", 4), ("a", END, 1)), {}, scores(a=(3, 0, 0)))
    assert figure.caption.startswith(
        "Most often, a follows a: 4 times. The lowest score is that of a: NPS 100.0. Drawn are 1 of 1 ways"
    )


@pytest.mark.parametrize(("place", "colour"), [(-9, LOW), (1, HIGH)])
def test_colours_end_where_the_range_ends(place: float, colour: tuple[int, ...]) -> None:
    assert between(place) == f"rgb({','.join(map(str, colour))})"
    assert stage_colour("unheard of") == stage_colour("former")
