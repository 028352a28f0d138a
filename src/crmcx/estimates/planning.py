"""How many answers a difference needs to be seen, before they are asked for."""

from __future__ import annotations

from math import ceil, isfinite, sqrt
from statistics import NormalDist
from typing import Any

from attrs import frozen

from crmcx._html import html_table
from crmcx.errors import UsageError
from crmcx.estimates.intervals import normal_quantile
from crmcx.estimates.words import count_words, level_words, share_words

_LARGEST = 1e15


@frozen(kw_only=True, repr=False)
class Plan:
    """How many observations, what difference, how likely it is seen. Prints as one line."""

    n: int
    """Observations in each of the two groups, or pairs where they are of the same people."""
    difference: float
    """The true difference, in the unit of the spread."""
    power: float
    """The probability that the interval leaves out zero, when the difference is just that."""
    spread: float
    """Standard deviation of one observation."""
    level: float
    """Confidence level of the interval."""
    correlation: float
    """Of the two observations of one person; 0 for different people."""
    design_effect: float
    """By how much clusters raise the variance."""

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        names = ("n", "difference", "power", "spread", "level", "correlation", "design_effect")
        return {name: getattr(self, name) for name in names}

    def _told(self) -> list[tuple[str, str]]:
        told = [
            ("n in each", count_words(self.n)),
            ("difference", f"{self.difference:g}"),
            ("power", share_words(self.power)),
            ("level", level_words(self.level)),
            ("spread", f"{self.spread:.4g}"),
        ]
        told += [("correlation", f"{self.correlation:g}")] if self.correlation else []
        return told + ([("design effect", f"{self.design_effect:g}")] if self.design_effect != 1 else [])

    def __repr__(self) -> str:
        return "plan: " + "; ".join(f"{name} {value}" for name, value in self._told())

    def _repr_html_(self) -> str:
        return html_table([name for name, _ in self._told()], [[value for _, value in self._told()]])


def nps_spread(promoters: float, detractors: float) -> float:
    """The standard deviation of one answer to the recommend item, in points: 100 · √(P + D - (P - D)²).

    Args:
        promoters: Their expected share, 0 to 1.
        detractors: Their expected share, 0 to 1.

    Raises:
        UsageError: They are no shares, or more than all.

    Example:
        >>> round(nps_spread(0.5, 0.2), 1)
        78.1
    """
    if min(promoters, detractors) < 0 or promoters + detractors > 1:
        msg = (
            f"found the shares {promoters} and {detractors}, expected two from 0 to 1 that are no more than 1 together"
        )
        raise UsageError(msg, hint="50 % is 0.5")
    return 100 * sqrt(promoters + detractors - (promoters - detractors) ** 2)


def share_spread(share: float) -> float:
    """The standard deviation of one observation of zero or one: √(p · (1 - p)).

    Args:
        share: The expected share, 0 to 1; between two expected shares take the middle.

    Raises:
        UsageError: It is no share.

    Example:
        >>> share_spread(0.5)
        0.5
    """
    if not 0 <= share <= 1:
        msg = f"found the share {share}, expected one from 0 to 1"
        raise UsageError(msg, hint="50 % is 0.5")
    return sqrt(share * (1 - share))


def sample_size(
    difference: float,
    *,
    spread: float,
    power: float = 0.8,
    level: float = 0.95,
    correlation: float = 0.0,
    design_effect: float = 1.0,
) -> Plan:
    """How many observations each of two groups needs, so that a difference is seen with a given probability.

    Args:
        difference: The difference that shall be seen, in the unit of the spread; not zero.
        spread: Standard deviation of one observation: `nps_spread`, `share_spread`, or from earlier data.
        power: The wanted probability that the interval leaves out zero.
        level: Confidence level of the interval.
        correlation: Of the two observations of one person, when the same people are asked twice; else 0.
        design_effect: By how much several observations of one person raise the variance; 1 for one each.

    Returns:
        The smallest n, in each group, that has this power.

    Raises:
        UsageError: An argument is out of its range.

    Example:
        >>> sample_size(5, spread=nps_spread(0.5, 0.2))
        plan: n in each 3,831; difference 5; power 80.0 %; level 95 %; spread 78.1
        >>> sample_size(3, spread=nps_spread(0.5, 0.2)).n
        10640

    Source:
        The normal test of two means, as in Cohen (1988), Statistical Power Analysis, chapter 2, with the normal in
        place of the t distribution.
    """
    if not 0 < power < 1:
        msg = f"found power={power}, expected one between 0 and 1"
        raise UsageError(msg, hint="say power=0.8 for four of five")
    z = normal_quantile(level) + NormalDist().inv_cdf(power)
    if z <= 0:
        msg = f"found power={power} at level={level}, expected one above {1 - level:g}"
        raise UsageError(msg, hint="so often an interval leaves out zero without any difference")
    unit = _variance(difference, spread, correlation, design_effect)
    needed = z * z * unit / (difference * difference)
    if needed > _LARGEST:
        msg = f"found a difference of {difference:g} at a spread of {spread:g}, expected one that so many can show"
        raise UsageError(msg, hint="ask for a larger difference")
    n = max(1, ceil(needed))
    while n > 1 and _power(n - 1, difference, unit, level) >= power:
        n -= 1
    return _plan(n, difference, spread=spread, level=level, correlation=correlation, design_effect=design_effect)


def power_of(
    n: int,
    difference: float,
    *,
    spread: float,
    level: float = 0.95,
    correlation: float = 0.0,
    design_effect: float = 1.0,
) -> Plan:
    """How likely a difference is seen with so many observations in each of two groups; arguments as `sample_size`.

    Example:
        >>> power_of(400, 5, spread=nps_spread(0.5, 0.2))
        plan: n in each 400; difference 5; power 14.8 %; level 95 %; spread 78.1
    """
    if n < 1:
        msg = f"found n={n}, expected at least one observation"
        raise UsageError(msg, hint="n counts the observations in each group")
    return _plan(n, difference, spread=spread, level=level, correlation=correlation, design_effect=design_effect)


def smallest_difference(
    n: int,
    *,
    spread: float,
    power: float = 0.8,
    level: float = 0.95,
    correlation: float = 0.0,
    design_effect: float = 1.0,
) -> Plan:
    """The difference that is seen with a given probability by so many observations; arguments as `sample_size`.

    Example:
        >>> round(smallest_difference(400, spread=nps_spread(0.5, 0.2)).difference, 1)
        15.5
    """
    if n < 1 or not 0 < power < 1:
        msg = f"found n={n} and power={power}, expected at least one observation and a power between 0 and 1"
        raise UsageError(msg, hint="say power=0.8 for four of five")
    z = max(0.0, normal_quantile(level) + NormalDist().inv_cdf(power))
    found = z * sqrt(_variance(1.0, spread, correlation, design_effect) / n)
    return _plan(n, found, spread=spread, level=level, correlation=correlation, design_effect=design_effect)


def _variance(difference: float, spread: float, correlation: float, design_effect: float) -> float:
    """The variance of the difference of two observations."""
    if difference == 0 or not isfinite(difference) or spread <= 0 or not isfinite(spread):
        msg = (
            f"found difference={difference} and spread={spread}, expected a difference that is not 0 and a spread above"
        )
        raise UsageError(msg, hint="spread is the standard deviation of one observation")
    if not -1 < correlation < 1 or design_effect <= 0:
        msg = f"found correlation={correlation} and design_effect={design_effect}, expected -1 to 1 and above 0"
        raise UsageError(msg, hint="different people have correlation 0; one answer each has design effect 1")
    return 2 * spread * spread * design_effect * (1 - correlation)


def _power(n: int, difference: float, variance: float, level: float) -> float:
    shift = abs(difference) / sqrt(variance / n)
    z = normal_quantile(level)
    return NormalDist().cdf(shift - z) + NormalDist().cdf(-shift - z)


def _plan(n: int, difference: float, *, spread: float, level: float, correlation: float, design_effect: float) -> Plan:
    variance = _variance(difference, spread, correlation, design_effect)
    return Plan(
        n=n,
        difference=difference,
        power=_power(n, difference, variance, level),
        spread=spread,
        level=level,
        correlation=correlation,
        design_effect=design_effect,
    )
