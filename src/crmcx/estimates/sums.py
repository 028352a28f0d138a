"""Sums over observations and over clusters: all that a mean and its interval need."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

_NO_SPREAD = 1e-12


@frozen(kw_only=True)
class Sums:
    """Sums of one group; integers, equal on every engine to the bit, unless scores or weights have fractions.

    With weights each observation counts with its own: totals, squares and sizes are of weights times observations.
    """

    n: int
    """Observations."""
    total: float
    """Sum of the observations."""
    squares: float
    """Sum of their squares."""
    clusters: int
    """Clusters they come from; an observation without one is its own."""
    cluster_squares: float
    """Over the clusters, the sum of squared totals."""
    cluster_products: float
    """Over the clusters, the sum of total times size."""
    cluster_sizes: float
    """Over the clusters, the sum of squared sizes."""
    weight: float | None = None
    """Sum of the weights; None where all observations weigh 1."""

    @property
    def size(self) -> float:
        """What the total is divided by: the sum of the weights, or `n`."""
        return self.n if self.weight is None else self.weight

    @property
    def between(self) -> Fraction:
        """Σ_g(t_g - mean · w_g)² of the totals and sizes of clusters, exact for the sums as they are."""
        mean = Fraction(self.total) / Fraction(self.size)
        found = Fraction(self.cluster_squares) - 2 * mean * Fraction(self.cluster_products)
        return max(Fraction(0), found + mean * mean * Fraction(self.cluster_sizes))

    @property
    def spread(self) -> Fraction:
        """The variance of the observations; 0 where they differ by no more than the engine's rounding."""
        mean = Fraction(self.total) / Fraction(self.size)
        found = Fraction(self.squares) / Fraction(self.size) - mean * mean
        return found if found > _NO_SPREAD * mean * mean else Fraction(0)
