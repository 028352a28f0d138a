"""Numerical integration."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi

_EQUAL = 1e-15
_TRIES = 100


@lru_cache(maxsize=32)
def legendre(order: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Nodes and weights of the rule of Gauss and Legendre on the interval from -1 to 1.

    Args:
        order: How many nodes.

    Returns:
        The nodes in order, and their weights; exact for polynomials of degree 2 · order - 1.

    Example:
        >>> nodes, weights = legendre(2)
        >>> [round(node, 6) for node in nodes], [round(weight, 6) for weight in weights]
        ([-0.57735, 0.57735], [1.0, 1.0])

    Source:
        Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 25.4.29, the nodes by Newton's method.
    """
    nodes, weights = [], []
    for number in range(order, 0, -1):
        x = cos(pi * (number - 0.25) / (order + 0.5))
        slope = 1.0
        for _ in range(_TRIES):
            before, value = 0.0, 1.0
            for degree in range(order):
                before, value = value, ((2 * degree + 1) * x * value - degree * before) / (degree + 1)
            slope = order * (x * value - before) / (x * x - 1)
            x, last = x - value / slope, x
            if abs(x - last) <= _EQUAL:
                break
        nodes.append(x)
        weights.append(2 / ((1 - x * x) * slope * slope))
    return tuple(nodes), tuple(weights)
