"""How the tests of laws draw their examples."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

LAW = settings(max_examples=20, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
"""For tests of laws: the same examples in every run."""
