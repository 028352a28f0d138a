"""What is planted in the bank, so that what the library finds can be checked: the numbers an analysis should come to.

`write_exports(..., effects=False)` makes the same bank without the pain point's harm and without the initiative's good:
the same people meet the same pain point, and only whom it drives out leads another life.
"""

from __future__ import annotations

from datetime import date

from crmcx.demo import period

PAIN_POINT = "callback"
"""Touchpoint after which customers leave sooner: a callback that was promised, and came late or not at all."""
HAZARD_RATIO = 2.0
"""How much more often, from the first such callback on, a customer gives notice than she would have without it."""

INITIATIVE = "faster-first-response"
"""Code of the initiative: the help desk sorts what comes in before it works on it."""
INITIATIVE_DATE = date(2024, 7, 1)
"""First day of the initiative."""
INITIATIVE_TOUCHPOINT = "help_desk"
"""The touchpoint that it changed."""
RESPONSE_FACTOR = 0.5
"""What became of the time to the first response of tickets opened from that day on."""
NPS_RAISE = 0.8
"""How much higher, on the scale of 0 to 10 and before rounding and clipping, answers about the touchpoint are."""
CSAT_RAISE = 0.3
"""The same on the scale of 1 to 5."""

GERMAN_SHIFT = -0.4
"""How much lower than in English the same satisfaction is marked in German, on the scale of 0 to 10."""
MOODS = {
    "account_overview": 0.3,
    "apply": -0.2,
    "branch": 0.6,
    "callback": -1.6,
    "help": -0.5,
    "help_desk": -0.4,
    "hotline": -0.3,
    "sign": 0.7,
    "upload_documents": -0.8,
}
"""The touchpoints that surveys ask about, and how much better or worse than the bank each is marked, from 0 to 10."""


def initiative_begins() -> int:
    """The instant at which the initiative begins."""
    return period.at(period.day_of(INITIATIVE_DATE), 0)
