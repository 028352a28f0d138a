"""The difference of two means when the same people may stand behind both."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum, sqrt

from attrs import frozen

from crmcx.estimates._quantiles import beta_share, t_quantile
from crmcx.estimates.estimate import Interval
from crmcx.estimates.intervals import normal_quantile


@frozen
class Both:
    """What people of one kind said in two samples."""

    first_total: float
    """Sum of a person's observations in the first sample."""
    first_n: int
    """How many there are; 0 for who is not in it."""
    second_total: float
    """Sum of the observations in the second."""
    second_n: int
    """How many there are."""
    people: int = 1
    """How many people have just these."""


@frozen
class Shift:
    """How much the second mean is above the first."""

    value: float | None
    """The difference; None when a sample is empty."""
    interval: Interval | None
    """By Student's t over people; None from fewer than two, or without any spread."""
    p_value: float | None
    """How probable so large a difference is if there is none."""
    people: int
    """People it rests on."""
    shared: int
    """Those of them that are in both samples."""


def overlapping(people: Iterable[Both], level: float = 0.95) -> Shift:
    """The difference of two means over all observations of two samples that share some people.

    The variance is G/(G-1) · Σ_g(u_g)² over all G people, u_g = (t₂ - m₂·n₂)/N₂ - (t₁ - m₁·n₁)/N₁: for who is in both
    samples the two parts are taken together, which is the covariance that the formula for independent samples lacks.

    Source:
        Liang and Zeger (1986), Biometrika 73:13, for the variance over clusters of a linear combination.
    """
    told = list(people)
    first_n = sum(each.first_n * each.people for each in told)
    second_n = sum(each.second_n * each.people for each in told)
    shared = sum(each.people for each in told if each.first_n and each.second_n)
    number = sum(each.people for each in told if each.first_n or each.second_n)
    if not first_n or not second_n:
        normal_quantile(level)
        return Shift(None, None, None, number, shared)
    first = fsum(each.first_total * each.people for each in told) / first_n
    second = fsum(each.second_total * each.people for each in told) / second_n
    before = [(each.first_total - first * each.first_n) / first_n for each in told]
    after = [(each.second_total - second * each.second_n) / second_n for each in told]
    squares = fsum((two - one) ** 2 * each.people for one, two, each in zip(before, after, told, strict=True))
    variance = squares * number / (number - 1) if number > 1 else 0.0
    method = "t over people, overlapping samples"
    return _shift(second - first, variance, (number, shared), level, method)


def paired(people: Iterable[Both], level: float = 0.95) -> Shift:
    """The mean over the people who are in both samples of how much their own mean changed."""
    changes = [
        (each.second_total / each.second_n - each.first_total / each.first_n, each.people)
        for each in people
        if each.first_n and each.second_n
    ]
    number = sum(count for _, count in changes)
    if not number:
        normal_quantile(level)
        return Shift(None, None, None, 0, 0)
    mean = fsum(change * count for change, count in changes) / number
    squares = fsum((change - mean) ** 2 * count for change, count in changes)
    variance = squares / (number - 1) / number if number > 1 else 0.0
    return _shift(mean, variance, (number, number), level, "t over pairs")


def _shift(value: float, variance: float, people: tuple[int, int], level: float, method: str) -> Shift:
    number, shared = people
    normal_quantile(level)
    if number < 2 or variance <= 1e-24:  # noqa: PLR2004 - one person has no spread
        return Shift(value, None, None, number, shared)
    error = sqrt(variance)
    reach = t_quantile(level, number - 1) * error
    p_value = beta_share((number - 1) / (number - 1 + (value / error) ** 2), (number - 1) / 2, 0.5) if value else 1.0
    return Shift(value, Interval(value - reach, value + reach, level, method), p_value, number, shared)
