"""What is listed as public is what can be imported, in order."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import crmcx

HOUSE = Path(crmcx.__file__).parent
PACKAGES = sorted(path.parent.name for path in HOUSE.glob("*/__init__.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted_and_importable(package: str) -> None:
    module = importlib.import_module(f"crmcx.{package}")
    names = module.__all__
    assert list(names) == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert len(set(names)) == len(names)
    for name in names:
        assert hasattr(module, name), name


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_holds_imports_and_all_and_nothing_else(package: str) -> None:
    tree = ast.parse((HOUSE / package / "__init__.py").read_text(encoding="utf-8"))
    docstring, *rest = tree.body
    assert isinstance(docstring, ast.Expr)
    assert all(isinstance(node, ast.Import | ast.ImportFrom | ast.Assign) for node in rest)
    imported = {alias.asname or alias.name for node in rest if isinstance(node, ast.ImportFrom) for alias in node.names}
    (listed,) = (node.value for node in rest if isinstance(node, ast.Assign))
    assert imported - {"annotations"} == set(ast.literal_eval(listed))
