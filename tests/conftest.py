"""What every test may rely on: a clean environment."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _clean_environment() -> Iterator[None]:
    """Each test leaves the environment as it found it."""
    before = dict(os.environ)
    yield
    after = dict(os.environ)
    os.environ.clear()
    os.environ.update(before)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed <= {"PYTEST_CURRENT_TEST", "_RJEM_MALLOC_CONF"}, changed  # the latter is Polars' own, at import
