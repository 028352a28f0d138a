"""Quantiles of Student's t and of the gamma distribution, without a library: by halving."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import exp, lgamma, log, log1p, sqrt

_STEPS = 200
_TERMS = 10_000
_TINY = 1e-300
_EXACT = 1e-16


def _continued(numerator: Callable[[int], float], denominator: Callable[[int], float]) -> float:
    """The continued fraction b0 + a1/(b1 + a2/(b2 + ...)), by Lentz's way."""
    found = denominator(0) or _TINY
    above, below = found, 0.0
    for term in range(1, _TERMS):
        a, b = numerator(term), denominator(term)
        below = 1 / ((b + a * below) or _TINY)
        above = (b + a / above) or _TINY
        step = above * below
        found *= step
        if abs(step - 1) < _EXACT:
            break
    return found


def beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function.

    Source:
        NIST Digital Library of Mathematical Functions, 8.17.22, read 2026-11-25.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a

    def numerator(term: int) -> float:
        if term == 1:
            return 1.0
        half, odd = divmod(term - 1, 2)
        if odd:
            return -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        return half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))

    return front * _continued(numerator, lambda term: 1.0 if term else 0.0)


def gamma_share(x: float, a: float) -> float:
    """The regularised lower incomplete gamma function.

    Source:
        NIST Digital Library of Mathematical Functions, 8.7.1 and 8.9.2, read 2026-11-25.
    """
    if x <= 0:
        return 0.0
    front = exp(a * log(x) - x - lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        for number in range(1, _TERMS):
            term *= x / (a + number)
            total += term
            if term < total * _EXACT:
                break
        return front * total
    return 1 - front * _continued(
        lambda term: 1.0 if term == 1 else -(term - 1) * (term - 1 - a),
        lambda term: x + 2 * term - 1 - a if term else 0.0,
    )


def _where(rises: Callable[[float], float], share: float, low: float, high: float) -> float:
    """Where a rising function reaches a share."""
    while rises(high) < share:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if rises(middle) < share else (low, middle)
    return (low + high) / 2


@lru_cache(maxsize=1024)
def t_quantile(level: float, degrees: int) -> float:
    """The two-sided quantile of Student's t for a confidence level.

    Example:
        >>> round(t_quantile(0.95, 10), 6)
        2.228139
    """

    def outside(share: float) -> float:
        """The share of the distribution beyond the t that belongs to this x = degrees / (degrees + t²)."""
        return beta_share(share, degrees / 2, 0.5)

    x = _where(outside, 1 - level, 0.0, 1.0)
    return sqrt(degrees * (1 - x) / x)


@lru_cache(maxsize=1024)
def gamma_quantile(share: float, a: float) -> float:
    """The quantile of the gamma distribution of shape a and scale 1.

    Example:
        >>> round(gamma_quantile(0.95, 1), 6)
        2.995732
    """
    return _where(lambda x: gamma_share(x, a), share, 0.0, max(1.0, a))
