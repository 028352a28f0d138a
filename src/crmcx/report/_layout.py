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


_Cells = dict[tuple[str, str], list[str]]
_WIDE, _GUTTER, _HEAD = 1080.0, 92.0, 40.0
_ROW, _LOWER = 108.0, 26.0
_NARROW_HEAD, _NARROW_ROW, _NARROW_STAGE, _NARROW_COLUMN = 34.0, 92.0, 34.0, 112.0
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


def _bands(names: Sequence[str], sizes: Sequence[float], begin: float) -> tuple[Band, ...]:
    bands = []
    for name, size in zip(names, sizes, strict=True):
        bands.append(Band(name, begin, begin + size))
        begin += size
    return tuple(bands)


def wide_grid(places: Mapping[str, Place], sizes: Mapping[str, int]) -> Grid:
    """Stages across, channels down; steps of one cell side by side and below each other.

    Args:
        places: Step to its place.
        sizes: How often each step was taken.
    """
    cells, stages, channels = _cells(places, sizes)
    across = [_columns(max(len(cells.get((stage, channel), ())) for channel in channels)) for stage in stages]
    unit = (_WIDE - _GUTTER) / max(1, sum(across))
    columns = _bands(stages, [unit * count for count in across], _GUTTER)
    down = [
        max(ceil(len(cells.get((stage, channel), ())) / count) for stage, count in zip(stages, across, strict=True))
        for channel in channels
    ]
    rows = _bands(channels, [_ROW * count + _LOWER for count in down], _HEAD)
    at = {}
    for (stage, channel), steps in cells.items():
        column = next(band for band in columns if band.name == stage)
        row = next(band for band in rows if band.name == channel)
        count = across[stages.index(stage)]
        for place, step in enumerate(steps):
            aside, below = place % count, place // count
            x = column.begin + (aside + 0.5) * unit
            # Neighbours do not stand on one line, so that a way between two does not run through a third.
            if count == 1 and len(steps) > 1:
                x += (-1) ** below * 0.14 * unit
            y = row.begin + 44 + below * _ROW + (_LOWER if aside % 2 else 0)
            at[step] = (x, y)
    height = rows[-1].end if rows else _HEAD
    return Grid(at=at, stages=columns, channels=rows, width=_WIDE, height=height)


def _columns(steps: int) -> int:
    return 1 if steps <= _FEW else 2 if steps <= _MANY else 3


def narrow_grid(places: Mapping[str, Place], sizes: Mapping[str, int]) -> Grid:
    """Stages down, channels across; steps of one cell below each other.

    Args:
        places: Step to its place.
        sizes: How often each step was taken.
    """
    cells, stages, channels = _cells(places, sizes)
    columns = _bands(channels, [_NARROW_COLUMN] * len(channels), 0.0)
    down = [max(len(cells.get((stage, channel), ())) for channel in channels) for stage in stages]
    rows = _bands(stages, [_NARROW_STAGE + _NARROW_ROW * count for count in down], _NARROW_HEAD)
    at = {}
    for (stage, channel), steps in cells.items():
        column = next(band for band in columns if band.name == channel)
        row = next(band for band in rows if band.name == stage)
        for place, step in enumerate(steps):
            aside = (-1) ** place * 0.17 * _NARROW_COLUMN if len(steps) > 1 else 0.0
            middle = (column.begin + column.end) / 2
            at[step] = (middle + aside, row.begin + _NARROW_STAGE + 28 + place * _NARROW_ROW)
    width = columns[-1].end if columns else _NARROW_COLUMN
    height = rows[-1].end if rows else _NARROW_HEAD
    return Grid(at=at, stages=rows, channels=columns, width=width, height=height)
