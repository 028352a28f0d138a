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
    lazy = [node for node in rest if isinstance(node, ast.If)]
    assert [ast.unparse(node.test) for node in lazy] in ([], ["TYPE_CHECKING"])
    if lazy:
        assert isinstance(rest[-1], ast.Assign)
        assert ast.unparse(rest[-1]).startswith(f"__getattr__, __dir__ = lazy('crmcx.{package}', ")
        at_first_use = set(ast.literal_eval(rest.pop().value.args[1]))
        public = set(importlib.import_module(f"crmcx.{package}").__all__)
        assert at_first_use == {
            alias.asname or alias.name
            for node in lazy[0].body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert at_first_use <= public
        rest = [*lazy[0].body, *(node for node in rest if node not in lazy)]
    assert all(isinstance(node, ast.Import | ast.ImportFrom | ast.Assign) for node in rest)
    imported = {alias.asname or alias.name for node in rest if isinstance(node, ast.ImportFrom) for alias in node.names}
    (listed,) = (node.value for node in rest if isinstance(node, ast.Assign))
    assert imported - {"annotations", "TYPE_CHECKING", "lazy"} == set(ast.literal_eval(listed))
