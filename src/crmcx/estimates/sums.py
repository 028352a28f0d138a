"""Sums over observations and over clusters: all that a mean and its interval need."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Sums:
    """Integer sums of one group; equal on every engine to the bit."""

    n: int
    """Observations."""
    total: int
    """Sum of the observations."""
    squares: int
    """Sum of their squares."""
    clusters: int
    """Clusters they come from; an observation without one is its own."""
    cluster_squares: int
    """Over the clusters, the sum of squared totals."""
    cluster_products: int
    """Over the clusters, the sum of total times size."""
    cluster_sizes: int
    """Over the clusters, the sum of squared sizes."""
