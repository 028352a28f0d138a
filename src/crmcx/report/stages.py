"""The mix of lifecycle stages over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Protocol

from crmcx.estimates.words import count_words, share_words
from crmcx.report._colours import STAGES, stage_colour
from crmcx.report._plotly import HIDDEN_AXIS, drawn
from crmcx.report._text import broken, listed, pictured, spaced
from crmcx.report.blocks import Figure, Rows

_HEIGHT, _APART = 380, 0.052
_LEAST = 0.005
_WIDE_TICKS, _NARROW_TICKS = 12, 4


class StageRow(Protocol):
    """How many people were in a stage in a period."""

    @property
    def start(self) -> date:
        """First day of the period."""

    @property
    def stage(self) -> str:
        """The stage."""

    @property
    def n(self) -> int:
        """People in it."""

    @property
    def share(self) -> float:
        """Of all people of the period, the share in it."""


def stage_picture(rows: Iterable[StageRow], *, title: str = "Where people stand, month by month") -> Figure:
    """Stacked bars, one a period, cut by the share of each stage; the names stand beside the last.

    Args:
        rows: One row a period and stage, such as the rows of a stage mix.
        title: The title of the picture.
    """
    found = list(rows)
    starts = sorted({row.start for row in found})
    stages = sorted({row.stage for row in found}, key=_order)
    at = {(row.start, row.stage): row for row in found}
    traces = [_bars(stage, starts, at) for stage in stages]
    last = {stage: at[starts[-1], stage].share if (starts[-1], stage) in at else 0.0 for stage in stages}
    return Figure(
        title=title,
        caption=_caption(starts, stages, at),
        name=f"One bar a month from {_span(starts)}, cut into the shares of {listed(map(spaced, stages))}.",
        wide=drawn(
            traces,
            _layout(starts, last, right=160, width=30, size=12, left=2, every=max(1, -(-len(starts) // _WIDE_TICKS))),
        ),
        narrow=drawn(
            traces,
            _layout(
                starts, last, right=122, width=13, size=11, left=12, every=max(1, -(-len(starts) // _NARROW_TICKS))
            ),
        ),
        tables=(_table(starts, stages, at, title),),
    )


_Rows = dict[tuple[date, str], StageRow]


def _order(stage: str) -> tuple[int, str]:
    known = list(STAGES)
    return (known.index(stage) if stage in known else len(known), stage)


def _bars(stage: str, starts: Sequence[date], at: _Rows) -> dict[str, Any]:
    told = [at.get((start, stage)) for start in starts]
    return {
        "type": "bar",
        "x": list(range(len(starts))),
        "y": [0.0 if row is None else row.share for row in told],
        "width": 0.86,
        "marker": {"color": stage_colour(stage)},
        "hoverinfo": "text",
        "hovertext": [
            f"<b>{pictured(spaced(stage))}</b>, {start:%B %Y}<br>"
            + ("nobody" if row is None else f"{count_words(row.n)} people, {share_words(row.share)}")
            for start, row in zip(starts, told, strict=True)
        ],
    }


def _layout(
    starts: Sequence[date], last: dict[str, float], *, left: int, right: int, width: int, size: int, every: int
) -> dict[str, Any]:
    shown = [place for place in range(len(starts)) if place % every == 0]
    years = [place == 0 or starts[place].year != starts[shown[order - 1]].year for order, place in enumerate(shown)]
    return {
        "height": _HEIGHT,
        "margin": {"l": left, "r": right, "t": 8, "b": 44},
        "barmode": "stack",
        "bargap": 0.1,
        "xaxis": {
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "ticklabeloverflow": "allow",
            "range": [-0.5, len(starts) - 0.5],
            "tickangle": 0,
            "tickvals": shown,
            "ticktext": [
                f"{starts[place]:%b}" + (f"<br>{starts[place].year}" if year else "")
                for place, year in zip(shown, years, strict=True)
            ],
        },
        "yaxis": HIDDEN_AXIS | {"range": [0, 1.0]},
        "annotations": _names(last, width, size),
    }


def _names(last: dict[str, float], width: int, size: int) -> list[dict[str, Any]]:
    """The name of each stage beside its part of the last bar, moved apart where two would overlap."""
    heights: list[float] = []
    below = 0.0
    for share in last.values():
        middle = below + share / 2
        heights.append(max(middle, heights[-1] + _APART) if heights else max(middle, _APART / 2))
        below += share
    ceiling = 1 - _APART / 2
    for place in reversed(range(len(heights))):
        heights[place] = min(heights[place], ceiling)
        ceiling = heights[place] - _APART
    return [
        {
            "xref": "paper",
            "yref": "y",
            "x": 1.0,
            "xshift": 6,
            "y": height,
            "xanchor": "left",
            "yanchor": "middle",
            "showarrow": False,
            "align": "left",
            "text": f"<b>{broken(spaced(stage), width)}</b> {_per_cent(share)}",
            "font": {"size": size},
        }
        for (stage, share), height in zip(last.items(), heights, strict=True)
    ]


def _per_cent(share: float) -> str:
    """A share as whole per cent; what is there and less than one is not nothing."""
    return "<1 %" if 0 < share < _LEAST else f"{100 * share:.0f} %"


def _span(starts: Sequence[date]) -> str:
    return f"{starts[0]:%B %Y} to {starts[-1]:%B %Y}" if starts else "no month to none"


def _caption(starts: Sequence[date], stages: Sequence[str], at: _Rows) -> str:
    if not starts:
        return "No stage of any customer is known."

    def people(start: date, stage: str) -> int:
        row = at.get((start, stage))
        return 0 if row is None else row.n

    def told(start: date, stage: str) -> str:
        whole = sum(people(start, each) for each in stages)
        share = people(start, stage) / whole if whole else 0.0
        return f"{count_words(people(start, stage))} of {count_words(whole)} ({share_words(share)})"

    largest = max(stages, key=lambda stage: people(starts[-1], stage))
    said = (
        f"At the end of {starts[-1]:%B %Y}, {told(starts[-1], largest)} of the people whose stage is known are in the"
        f" stage {spaced(largest)}."
    )
    if len(starts) == 1:
        return said
    said = f"{said[:-1]}; in {starts[0]:%B %Y} it was {told(starts[0], largest)}."
    moved = max(stages, key=lambda stage: abs(people(starts[-1], stage) - people(starts[0], stage)))
    before, after = people(starts[0], moved), people(starts[-1], moved)
    if before == after:
        return said
    way = "grew" if after > before else "fell"
    return (
        f"{said} Counted in people, the stage {spaced(moved)} {way} most: from {count_words(before)} to"
        f" {count_words(after)}."
    )


def _table(starts: Sequence[date], stages: Sequence[str], at: _Rows, title: str) -> Rows:
    def cell(start: date, stage: str) -> str:
        row = at.get((start, stage))
        return "-" if row is None else f"{count_words(row.n)} ({share_words(row.share)})"

    rows = tuple((f"{start:%b\N{NO-BREAK SPACE}%Y}", *(cell(start, stage) for stage in stages)) for start in starts)
    return Rows(("month", *map(spaced, stages)), rows, f"{title}: people, and their share")
