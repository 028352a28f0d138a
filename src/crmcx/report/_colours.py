"""Colours that the colour-blind can tell apart and that stand on light and on dark ground."""

from __future__ import annotations

LOW, MIDDLE, HIGH = (179, 80, 11), (130, 130, 130), (31, 102, 173)
"""Orange, grey and blue: a diverging range without red and green."""
EDGE = "rgba(128,128,128,0.5)"
"""Ways between places."""
PLAIN = "#2f6fae"
"""Bars of one kind."""
SCORE_GROUPS = ("#a8480a", "#6b6b6b", "#1f5fa8")
"""Low, middle and high answers, dark enough for white letters."""
STAGES = {
    "awareness": "#8fb8de",
    "consideration": "#5a93c8",
    "purchase": "#2b6aa6",
    "existing": "#3f8f7f",
    "exiting": "#d98a3d",
    "repurchase": "#8d6bb1",
    "former": "#8a8a8a",
}
"""The lifecycle stages, in order."""


def between(place: float) -> str:
    """The colour of a score from -1, the lowest, over 0 to 1, the highest.

    Example:
        >>> between(-1), between(0), between(2)
        ('rgb(179,80,11)', 'rgb(130,130,130)', 'rgb(31,102,173)')
    """
    far, end = min(1.0, abs(place)), HIGH if place > 0 else LOW
    mixed = (round(middle + far * (other - middle)) for middle, other in zip(MIDDLE, end, strict=True))
    return f"rgb({','.join(map(str, mixed))})"


def stage_colour(stage: str) -> str:
    """The colour of a stage; of one that is not among the seven, that of the former."""
    return STAGES.get(stage, STAGES["former"])
