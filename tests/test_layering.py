"""Who may import whom: the rooms of the house, read from the syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import crmcx

HOUSE = Path(crmcx.__file__).parent
FREE = {"errors", "instants", "_html", "_lazy"}
MAY = {
    "errors": set(),
    "instants": set(),
    "_html": set(),
    "_lazy": set(),
    "models": set(),
    "engines": {"models"},
    "tables": {"models", "engines"},
    "estimates": {"models", "tables"},
    "metrics": {"estimates", "tables", "models"},
    "journey": {"metrics", "estimates", "tables", "models"},
    "connectors": {"models", "engines"},
    "store": {"tables", "engines", "models"},
    "identity": {"store", "tables", "engines", "models"},
    "sync": {"connectors", "store"},
    "report": {"estimates", "journey", "metrics"},
    "sandbox": {"models", "testing"},
    "workspace": {"models", "tables", "connectors", "store", "identity", "sync", "report", "metrics", "journey"},
    "demo": {
        *("identity", "sandbox"),
        *("models", "tables", "estimates", "metrics", "journey", "connectors", "store", "sync", "report", "workspace"),
    },
    "testing": {"models", "tables", "connectors", "store", "sync", "workspace"},
    "cli": {"models", "tables", "connectors", "store", "sync", "workspace", "demo", "sandbox"},
    "__init__": {"connectors", "estimates", "identity", "journey", "metrics", "models", "tables", "workspace"},
}
ENGINES = {"duckdb", "polars", "pandas", "pyarrow", "pyspark"}
ONLY_IN = {
    **{engine: {"engines"} for engine in ENGINES},
    "httpx": {"connectors"},
    "pluggy": {"connectors"},
    "plotly": {"report"},
    "rich": {"cli", "demo"},
    "pytest": {"testing"},
    "hypothesis": {"testing"},
}
IMPURE_MODULES = {
    "os",
    "time",
    "random",
    "secrets",
    "socket",
    "pathlib",
    "io",
    "subprocess",
    "tempfile",
    "urllib",
    "uuid",
}
IMPURE_CALLS = {"now", "today", "utcnow", "open", "getenv", "input"}
PURE = {"metrics", "journey", "estimates"}


def room_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names of imported modules, without those that only type checkers read."""
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in node.body
        for inner in ast.walk(child)
    }
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            yield f"{node.module}"
            if node.module == "crmcx":
                yield from (f"crmcx.{alias.name}" for alias in node.names)


def faults(source: str, room: str) -> list[str]:
    tree = ast.parse(source)
    found = []
    for name in imported(tree):
        top, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if top == "crmcx" and other and other != room and other not in FREE | MAY[room]:
            found.append(f"{room} imports {name}")
        if room not in ONLY_IN.get(top, {room}):
            found.append(f"{room} imports {name}")
        if room in PURE and top in IMPURE_MODULES:
            found.append(f"{room} imports {name}")
    if room in PURE:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if called in IMPURE_CALLS:
                    found.append(f"{room} calls {called}")
            if isinstance(node, ast.Global):
                found.append(f"{room} has a global")
    return found


@pytest.mark.parametrize("path", sorted(HOUSE.rglob("*.py")), ids=lambda path: str(path.relative_to(HOUSE)))
def test_every_room_keeps_to_its_walls(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8"), room_of(path)) == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("metrics", "from crmcx.store import Store"),
        ("metrics", "def f():\n    import duckdb"),
        ("metrics", "import time"),
        ("journey", "from datetime import datetime\ndatetime.now()"),
        ("estimates", "open('x')"),
        ("journey", "from crmcx import connectors"),
        ("store", "from crmcx.connectors.mapping import mapping"),
        ("tables", "import polars.selectors"),
        ("workspace", "import httpx"),
        ("demo", "import hypothesis"),
        ("demo", "import plotly"),
        ("demo", "from crmcx.testing import strategies"),
        ("workspace", "def f():\n    from crmcx import testing"),
        ("connectors", "import pytest"),
        ("report", "from crmcx.workspace import Workspace"),
        ("metrics", "def f():\n    global x\n    x = 1"),
    ],
)
def test_a_fault_is_found(room: str, source: str) -> None:
    assert len(faults(source, room)) >= 1


def test_what_only_type_checkers_read_is_free() -> None:
    assert faults("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import duckdb", "metrics") == []


def test_every_room_has_a_rule() -> None:
    assert {room_of(path) for path in HOUSE.rglob("*.py")} <= MAY.keys()
