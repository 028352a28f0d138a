"""The type checker takes the right calls and refuses the wrong ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api

HERE = Path(__file__).parent


def test_wrong_calls_are_refused_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYPY_CONFIG_FILE_DIR", "")  # which mypy sets by itself, and would leave behind
    path = HERE / "metrics.py"
    cache = HERE.parents[1] / ".mypy_cache"
    options = ["--strict", "--no-error-summary", "--cache-dir", str(cache if cache.is_dir() else tmp_path)]
    told, errors, _ = api.run([*options, str(path)])
    assert not errors
    found = {int(line) for line in re.findall(r"^[^:\n]*metrics\.py:(\d+): error", told, re.MULTILINE)}
    lines = path.read_text(encoding="utf-8").splitlines()
    assert found == {number for number, line in enumerate(lines, start=1) if line.endswith("# refused")}, told
