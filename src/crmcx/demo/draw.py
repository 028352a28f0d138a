"""Seeded chance: one stream of draws per thing, so that what happens to one never shifts what happens to another.

Everything rests on `random()`, whose values Python promises to keep, and on plain arithmetic: no logarithm or root
whose last digit another machine could round differently.
"""

from __future__ import annotations

from enum import IntEnum
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

_PART_BITS = 40
_T = TypeVar("_T")


class Stream(IntEnum):
    """What a stream of draws is for."""

    PERSON = 1
    LIFE = 2
    STRANGER = 3
    VISIT = 4
    CONVERSATION = 5
    RESPONSE = 6
    CALL = 7
    BRANCH_VISIT = 8
    HOUSEHOLD = 9
    HOUSEHOLD_SIZES = 10
    RECORD = 11
    RELATION = 12
    STEP = 13
    INVITATION = 14
    CONSENT = 15
    MAILING = 16


class Draw:
    """A stream of draws named by whole numbers: the same name gives the same draws.

    Args:
        seed: The bank's seed, not negative.
        stream: What the draws are for.
        parts: Numbers that tell one thing from another, each from 0 to 2**40 - 1.

    Example:
        >>> Draw(7, Stream.PERSON, 3).below(1000) == Draw(7, Stream.PERSON, 3).below(1000)
        True
    """

    __slots__ = ("unit",)

    def __init__(self, seed: int, stream: Stream, *parts: int) -> None:
        name = seed
        for part in (stream, *parts):
            name = name << _PART_BITS | part
        self.unit = Random(name).random
        """Draws a number from 0 up to, and not including, 1."""

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens; below 0 never, above 1 always."""
        return self.unit() < probability

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, and not including, `limit`."""
        return int(self.unit() * limit)

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.unit() * (high - low + 1))

    def skewed(self, low: int, high: int) -> int:
        """A whole number from `low` up to `high`, mostly near `low`: half of them in the lowest eighth."""
        share = self.unit()
        return low + int(share * share * share * (high - low))

    def normal(self) -> float:
        """A number of mean 0 and variance 1, about normal and never beyond 3.5: four draws added up."""
        unit = self.unit
        return (unit() + unit() + unit() + unit() - 2.0) * 1.7320508075688772

    def pick(self, options: Sequence[_T]) -> _T:
        """One of the options, each as likely as the others."""
        return options[int(self.unit() * len(options))]

    def weighted(self, options: Sequence[tuple[_T, float]]) -> _T:
        """One of the options, by weights that add up to 1; the last takes what rounding leaves."""
        left = self.unit()
        for option, weight in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][0]
