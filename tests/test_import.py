"""What importing the library loads: next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import crmcx

HEAVY = (
    *("duckdb", "polars", "pandas", "pyarrow", "numpy", "pydantic", "pydantic_core", "narwhals", "httpx", "pluggy"),
    *("attr", "attrs", "rich", "crmcx.models", "crmcx.workspace", "crmcx.errors", "crmcx.connectors"),
)


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


def test_the_root_loads_no_engine_and_builds_no_model() -> None:
    loaded = run(f"import sys, crmcx; print([name for name in {HEAVY!r} if name in sys.modules])")
    assert loaded == "[]"


def test_the_root_reads_no_environment_and_opens_no_file() -> None:
    code = """
import sys
def hook(event, arguments):
    if event == "open" and armed and not str(arguments[0]).endswith((".py", ".pyc")):
        raise RuntimeError(f"opened {arguments[0]}")
armed = False
sys.addaudithook(hook)
import os, typing, importlib, collections.abc
class NoEnvironment(dict):
    def __getitem__(self, name): raise RuntimeError(name)
    def get(self, name, default=None): raise RuntimeError(name)
os.environ = NoEnvironment()
armed = True
import crmcx
armed = False
print("fine")
"""
    assert run(code) == "fine"


def test_the_metrics_load_no_engine() -> None:
    engines = ["duckdb", "polars", "pandas", "pyarrow", "pyspark", "numpy"]
    loaded = run(f"import sys, crmcx.metrics, crmcx.journey; print([n for n in {engines!r} if n in sys.modules])")
    assert loaded == "[]"


def test_the_demo_loads_no_test_kit() -> None:
    loaded = run("import sys, crmcx.demo.run; print([n for n in ('pytest', 'hypothesis') if n in sys.modules])")
    assert loaded == "[]"


@pytest.mark.parametrize("name", [*crmcx.__all__, "__version__"])
def test_lazy_names_resolve(name: str) -> None:
    assert getattr(crmcx, name) is not None
    assert name in dir(crmcx)


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(AttributeError, match="Workspace"):
        crmcx.Workspce  # noqa: B018
