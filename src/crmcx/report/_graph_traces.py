"""Marks, ways and words of the transition graph, as plotly draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, hypot, pi, sin, sqrt
from typing import Any

from attrs import frozen

from crmcx.report._colours import EDGE, between
from crmcx.report._layout import Grid
from crmcx.report._plotly import HIDDEN_AXIS
from crmcx.report._text import broken, pictured, spaced

_SAMPLES, _ARROW = 24, 14
_BEND = 0.16
_THIN, _THICK = 1.5, 11.0
_SMALL, _LARGE = 13.0, 38.0
_LOOP = 15.0
_LETTER, _FEW, _LETTERS = 0.57, 8, 20
_NEAR = (7, 10, 12, 14, 17)
_UNSCORED = "#9a9a9a"
_PAGE_BAND = "rgba(128,128,128,0.08)"


@frozen(kw_only=True)
class Node:
    """A step as it is drawn."""

    name: str
    n: int
    again: int
    score: str
    colour: float | None
    told: tuple[str, ...]


@frozen(kw_only=True)
class Way:
    """A way as it is drawn."""

    source: str
    target: str
    n: int
    title: str
    told: str


def graph_traces(grid: Grid, nodes: Mapping[str, Node], ways: Sequence[Way], *, size: int) -> list[dict[str, Any]]:
    """Ways first, then where the pointer finds them, then the steps.

    Args:
        grid: Where the steps stand.
        nodes: The steps.
        ways: The ways, the strongest first.
        size: Size of the letters.
    """
    most = max((way.n for way in ways), default=1)
    paths = {way: _path(grid.at[way.source], grid.at[way.target]) for way in ways}
    widths = {way: _THIN + (_THICK - _THIN) * way.n / most for way in ways}
    lines = [_line(paths[way], widths[way]) for way in reversed(ways)]
    near = [(paths[way][place], way) for way in ways for place in _NEAR]
    finders = {
        "type": "scatter",
        "mode": "markers",
        "x": [x for (x, _), _ in near],
        "y": [y for (_, y), _ in near],
        "marker": {"size": 10, "opacity": 0},
        "hoverinfo": "text",
        "hovertext": [f"<b>{pictured(way.title)}</b><br>{pictured(way.told)}" for _, way in near],
    }
    return [*lines, _arrows(paths, widths), finders, _marks(grid, nodes, size)]


def _marks(grid: Grid, nodes: Mapping[str, Node], size: int) -> dict[str, Any]:
    most = max((node.n for node in nodes.values()), default=1) or 1
    letters = min(_LETTERS, max(_FEW, int(grid.room / (_LETTER * size))))
    scored = [node.colour is not None for node in nodes.values()]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [grid.at[step][0] for step in nodes],
        "y": [grid.at[step][1] for step in nodes],
        "marker": {
            "size": [_SMALL + (_LARGE - _SMALL) * sqrt(node.n / most) for node in nodes.values()],
            "symbol": ["circle" if each else "square" for each in scored],
            "color": [_UNSCORED if node.colour is None else between(node.colour) for node in nodes.values()],
            "opacity": 1,
            "line": {"width": 0},
        },
        "text": [
            broken(node.name, letters) + (f"<br><b>{pictured(node.score)}</b>" if node.score else "")
            for node in nodes.values()
        ],
        "textposition": "bottom center",
        "textfont": {"size": size},
        "cliponaxis": False,
        "hoverinfo": "text",
        "hovertext": [
            f"<b>{pictured(node.name)}</b><br>" + "<br>".join(map(pictured, node.told)) for node in nodes.values()
        ],
    }


_Path = list[tuple[float, float]]


def _line(path: _Path, width: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for x, _ in path],
        "y": [y for _, y in path],
        "line": {"width": width, "color": EDGE},
        "hoverinfo": "skip",
    }


def _arrows(paths: Mapping[Way, _Path], widths: Mapping[Way, float]) -> dict[str, Any]:
    """One head on each way, past its middle; each turned by the point before it, which is not seen."""
    points = [paths[way][place] for way in paths for place in (_ARROW - 1, _ARROW)]
    sizes = [size for way in paths for size in (0.0, 8 + 1.3 * widths[way])]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "marker": {
            "size": sizes,
            "symbol": "arrow",
            "angleref": "previous",
            "color": "#808080",
            "opacity": 1,
            "line": {"width": 0},
        },
        "hoverinfo": "skip",
    }


def _path(begin: tuple[float, float], end: tuple[float, float]) -> _Path:
    """A bent line, to the left of its direction, so that the way back lies beside it; a ring above a step to itself."""
    (x, y), (to_x, to_y) = begin, end
    if begin == end:
        turns = [pi / 2 + 2 * pi * step / _SAMPLES for step in range(_SAMPLES + 1)]
        return [(x + _LOOP * cos(turn), y - 1.7 * _LOOP + 1.3 * _LOOP * sin(turn)) for turn in turns]
    far = hypot(to_x - x, to_y - y)
    bend = _BEND * far
    over_x, over_y = (x + to_x) / 2 + bend * (to_y - y) / far, (y + to_y) / 2 - bend * (to_x - x) / far
    return [
        (
            (1 - t) ** 2 * x + 2 * t * (1 - t) * over_x + t * t * to_x,
            (1 - t) ** 2 * y + 2 * t * (1 - t) * over_y + t * t * to_y,
        )
        for t in (step / _SAMPLES for step in range(_SAMPLES + 1))
    ]


def graph_layout(grid: Grid, *, across: bool) -> dict[str, Any]:
    """The ground of the graph: bands of stages with their names, and names of channels.

    Args:
        grid: Where the steps stand.
        across: Whether stages go across; else they go down.
    """
    shapes, words = [], []
    for place, band in enumerate(grid.stages):
        side = {"x0": band.begin, "x1": band.end, "y0": 0, "y1": grid.height}
        if not across:
            side = {"x0": 0, "x1": grid.width, "y0": band.begin, "y1": band.end}
        if place % 2 == 0:
            shapes.append({"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": _PAGE_BAND} | side)
        x, y = ((band.begin + band.end) / 2, 18) if across else (8, band.begin + 16)
        words.append(_word(spaced(band.name), x, y, "center" if across else "left", bold=True))
    for band in grid.channels:
        x, y = (0, band.begin + 56) if across else ((band.begin + band.end) / 2, 16)
        words.append(_word(spaced(band.name), x, y, "left" if across else "center", bold=False))
        if across:
            shapes.append(
                {"type": "line", "layer": "below", "line": {"width": 1, "color": "rgba(128,128,128,0.35)"}}
                | {"x0": 0, "x1": grid.width, "y0": band.begin, "y1": band.begin}
            )
    return {
        "height": round(grid.height) + 4,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 4},
        "xaxis": HIDDEN_AXIS | {"range": [0, grid.width]},
        "yaxis": HIDDEN_AXIS | {"range": [grid.height, 0]},
        "shapes": shapes,
        "annotations": words,
        "hoverdistance": 14,
    }


def _word(text: str, x: float, y: float, anchor: str, *, bold: bool) -> dict[str, Any]:
    shown = f"<b>{pictured(text)}</b>" if bold else pictured(text)
    place = {"x": x, "y": y, "xanchor": anchor, "yanchor": "middle", "showarrow": False}
    return place | {"text": shown, "font": {"size": 12}}
