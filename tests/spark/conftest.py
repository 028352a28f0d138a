"""Tests that need Spark are looked at only by `make test-spark`; there, a missing Java or PySpark is a failure."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.option.markexpr == "spark" or collection_path.name == "conftest.py" else True
