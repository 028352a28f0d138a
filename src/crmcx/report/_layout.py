"""Where the places of a journey stand in the picture: stages one way, channels the other.

Pure and fixed: equal places give equal positions. All lengths are pixels of the picture at its nominal size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from attrs import frozen

from crmcx.report._colours import STAGES


@frozen
class Place:
    """Where a step belongs."""

    stage: str
    """The lifecycle stage it serves."""
    channel: str
    """Over what medium it is reached."""
    name: str | None = None
    """What people call it; None for the step's own name."""


@frozen
class Band:
    """The part of the picture that a stage or a channel takes."""

    name: str
    """The stage or channel."""
    begin: float
    """Where it begins, along its own direction."""
    end: float
    """Where it ends."""


@frozen(kw_only=True)
class Grid:
    """Positions of steps, and the bands they lie in."""

    at: Mapping[str, tuple[float, float]]
    """Step to x and y; y grows downwards."""
    stages: tuple[Band, ...]
    """The stages in order."""
    channels: tuple[Band, ...]
    """The channels in order."""
    width: float
    """Width of the picture."""
    height: float
    """Height of the picture."""
    room: float
    """Width that the label of a step has, before it meets the next."""


_Cells = dict[tuple[str, str], list[str]]
_Positions = dict[str, tuple[float, float]]
_WIDE, _GUTTER, _HEAD = 1080.0, 92.0, 40.0
_ROW, _LOWER, _ABOVE = 104.0, 28.0, 56.0
_NARROW_HEAD, _NARROW_ROW, _NARROW_LOWER, _NARROW_ABOVE = 34.0, 96.0, 34.0, 62.0
_NARROW_ONE, _NARROW_MORE, _PHONE = 63.0, 80.0, 350.0
_ASIDE, _NARROW_ASIDE = 0.14, 0.06
_FEW, _MANY = 2, 6


def _cells(places: Mapping[str, Place], sizes: Mapping[str, int]) -> tuple[_Cells, list[str], list[str]]:
    """Steps by stage and channel, the most used first; the stages in their order, the most used channel first."""
    cells: _Cells = {}
    weights: dict[str, int] = {}
    for step in sorted(places, key=lambda step: (-sizes.get(step, 0), step)):
        place = places[step]
        cells.setdefault((place.stage, place.channel), []).append(step)
        weights[place.channel] = weights.get(place.channel, 0) + sizes.get(step, 0)
    known = list(STAGES)
    stages = {place.stage for place in places.values()}
    in_order = sorted(stages, key=lambda name: (known.index(name) if name in known else len(known), name))
    return cells, in_order, sorted(weights, key=lambda name: (-weights[name], name))


def _bands(names: Sequence[str], sizes: Sequence[float], begin: float) -> dict[str, Band]:
    bands = {}
    for name, size in zip(names, sizes, strict=True):
        bands[name] = Band(name, begin, begin + size)
        begin += size
    return bands


def _columns(steps: int) -> int:
    return 1 if steps <= _FEW else 2 if steps <= _MANY else 3


def _rows(steps: int, columns: int) -> int:
    return max(1, ceil(steps / columns))


def _placed(
    steps: Sequence[str],
    band: Band,
    columns: int,
    *,
    top: float,
    row: float,
    lower: float,
    aside: float,
    alone: float = 0.0,
) -> _Positions:
    """Steps of one cell, side by side and below each other; a single one in the middle, or aside by a share.

    Neighbours do not stand on one line, so that a way between two does not run through a third.
    """
    unit = (band.end - band.begin) / columns
    at = {}
    for place, step in enumerate(steps):
        across, below = place % columns, place // columns
        x = band.begin + (across + 0.5) * unit
        if len(steps) == 1:
            x = (band.begin + band.end) / 2 + alone * (band.end - band.begin)
        elif columns == 1:
            x += (-1) ** below * aside * unit
        at[step] = (x, top + below * row + (lower if across % 2 else 0))
    return at


def wide_grid(places: Mapping[str, Place], sizes: Mapping[str, int]) -> Grid:
    """Stages across, channels down.

    Args:
        places: Step to its place.
        sizes: How often each step was taken.
    """
    cells, stages, channels = _cells(places, sizes)
    count = {stage: _columns(max(len(cells.get((stage, channel), ())) for channel in channels)) for stage in stages}
    unit = (_WIDE - _GUTTER) / max(1, sum(count.values()))
    columns = _bands(stages, [unit * count[stage] for stage in stages], _GUTTER)
    down = [max(_rows(len(cells.get((stage, channel), ())), count[stage]) for stage in stages) for channel in channels]
    rows = _bands(channels, [_ROW * number + _LOWER for number in down], _HEAD)
    at: _Positions = {}
    for (stage, channel), steps in cells.items():
        alone = (-1) ** channels.index(channel) * _ASIDE if channels.index(channel) else 0.0
        top = rows[channel].begin + _ABOVE
        at |= _placed(steps, columns[stage], count[stage], top=top, row=_ROW, lower=_LOWER, aside=_ASIDE, alone=alone)
    return _grid(at, stages=columns, channels=rows, width=_WIDE, height=_end(rows, _HEAD), room=unit)


def narrow_grid(places: Mapping[str, Place], sizes: Mapping[str, int]) -> Grid:
    """Stages down, channels across.

    Args:
        places: Step to its place.
        sizes: How often each step was taken.
    """
    cells, stages, channels = _cells(places, sizes)
    count = {
        channel: min(2, _columns(max(len(cells.get((stage, channel), ())) for stage in stages))) for channel in channels
    }
    one = _NARROW_ONE
    if sum(one if count[channel] == 1 else _NARROW_MORE * count[channel] for channel in channels) > _PHONE:
        one = _NARROW_MORE  # the picture is moved sideways anyway, so that labels may have more room
    widths = [one if count[channel] == 1 else _NARROW_MORE * count[channel] for channel in channels]
    columns = _bands(channels, widths, 0.0)
    down = [
        max(_rows(len(cells.get((stage, channel), ())), count[channel]) for channel in channels) for stage in stages
    ]
    rows = _bands(stages, [_NARROW_ROW * number + _NARROW_ABOVE for number in down], _NARROW_HEAD)
    at: _Positions = {}
    for (stage, channel), steps in cells.items():
        top = rows[stage].begin + _NARROW_ABOVE
        at |= _placed(
            steps, columns[channel], count[channel], top=top, row=_NARROW_ROW, lower=_NARROW_LOWER, aside=_NARROW_ASIDE
        )
    width = _end(columns, _NARROW_ONE)
    return _grid(at, stages=rows, channels=columns, width=width, height=_end(rows, _NARROW_HEAD), room=one)


def _end(bands: Mapping[str, Band], least: float) -> float:
    return max([least, *(band.end for band in bands.values())])


def _grid(
    at: _Positions,
    *,
    stages: Mapping[str, Band],
    channels: Mapping[str, Band],
    width: float,
    height: float,
    room: float,
) -> Grid:
    bands = tuple(stages.values()), tuple(channels.values())
    return Grid(at=at, stages=bands[0], channels=bands[1], width=width, height=height, room=room)
