"""The share of a cohort to which one thing happened by an age, where another may happen instead and some are open."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum

from attrs import frozen

from crmcx.errors import UsageError
from crmcx.estimates.estimate import Interval
from crmcx.estimates.intervals import wilson_interval


@frozen
class Fates:
    """How many had which fate after one length of time."""

    length_us: int
    """Length in microseconds, not negative."""
    happened: int
    """To how many it happened then."""
    other: int
    """To how many the other thing happened then, so that it no longer can."""
    open: int
    """How many were still open then, when they were last looked at."""


def incidence(fates: Iterable[Fates], by_us: int, level: float = 0.95) -> tuple[float | None, Interval | None]:
    """The share to which it happened by an age, by Aalen and Johansen; open ones count up to their age.

    Taking the other fate for openness, as Kaplan and Meier's estimate would, makes the share too large; leaving out the
    open ones makes it whatever the closed ones are.

    Args:
        fates: Lengths with counts, in any order.
        by_us: The age in microseconds, inclusive.
        level: Confidence level.

    Returns:
        The share with Wilson's interval for a sample that is as sure as this one: of size share · (1 - share) /
        variance, or where the share is 0 or 1 of those whose fate at the age is known. None when nobody is there, or
        when no one was watched so long and the others are not all decided.

    Raises:
        UsageError: The level does not lie between 0 and 1, or the age is negative.

    Example:
        >>> found, interval = incidence([Fates(1, 1, 0, 0), Fates(2, 0, 1, 0), Fates(3, 0, 0, 1), Fates(4, 1, 0, 0)], 4)
        >>> found
        0.75

    Source:
        Aalen and Johansen (1978), Scand. J. Stat. 5:141; the variance by the delta method, as in Marubini and Valsecchi
        (1995), Analysing Survival Data from Clinical Trials, section 10.
    """
    if by_us < 0:
        msg = f"found an age of {by_us} microseconds, expected 0 or more"
        raise UsageError(msg, hint="say by which age it is to have happened")
    at_risk, known, whole = 0, 0, 0
    merged: dict[int, list[int]] = {}
    for each in sorted(fates, key=lambda each: each.length_us):
        at_risk += each.happened + each.other + each.open
        known += each.happened + each.other if each.length_us <= by_us else each.happened + each.other + each.open
        known += each.open if each.length_us == by_us else 0
        if each.length_us <= by_us:
            counts = merged.setdefault(each.length_us, [0, 0, 0])
            for place, number in enumerate((each.happened, each.other, each.open)):
                counts[place] += number
    whole = at_risk
    if not whole:
        wilson_interval(0, 1, level)
        return None, None
    left, share, steps = 1.0, 0.0, []
    for happened, other, still_open in merged.values():
        steps.append((left, at_risk, happened, other, share + left * happened / at_risk))
        share += left * happened / at_risk
        left *= (at_risk - happened - other) / at_risk
        at_risk -= happened + other + still_open
    if not at_risk and left > 0 and merged and max(merged) < by_us:
        return None, None
    if not 0 < share < 1 or not (variance := _variance(steps, share)) > 0:
        size = float(known) if known else 1.0
        return share, wilson_interval(min(size, share * size), size, level)
    size = min(float(whole), share * (1 - share) / variance)
    return share, wilson_interval(share * size, size, level)


def _variance(steps: list[tuple[float, int, int, int, float]], share: float) -> float:
    terms = []
    for left, at_risk, happened, other, by_then in steps:
        ended, later = happened + other, share - by_then
        if at_risk > ended:
            terms.append(later * later * ended / (at_risk * (at_risk - ended)))
        terms.extend(
            (
                left * left * (at_risk - happened) * happened / at_risk**3,
                -2 * later * left * happened / at_risk**2,
            )
        )
    return fsum(terms)
