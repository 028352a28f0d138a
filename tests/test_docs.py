"""Every Python example of the README and the documentation runs, page by page; every notebook, cell by cell."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)])
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOTEBOOKS = sorted(page for page in (ROOT / "docs").rglob("*.ipynb") if "_build" not in page.parts)
RUN = [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = page.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        code = compile("\n" * line + block.group(1), str(page), "exec", dont_inherit=True)
        exec(code, names)  # noqa: S102 - the project's own examples
    capsys.readouterr()


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_notebooks(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for cell in cells_of(page):
        if cell["cell_type"] == "code":
            *body, last = ast.parse("".join(cell["source"])).body
            show = isinstance(last, ast.Expr)
            exec(compile(ast.Module(body if show else [*body, last], []), cell["id"], "exec"), names)  # noqa: S102
            if isinstance(last, ast.Expr):
                demand_readable(eval(compile(ast.Expression(last.value), cell["id"], "eval"), names))  # noqa: S307
    capsys.readouterr()


def cells_of(page: Path) -> list[dict[str, Any]]:
    return list(json.loads(page.read_text(encoding="utf-8"))["cells"])


def demand_readable(shown: object) -> None:
    """What a cell shows is a table, or a few lines that fit on the page."""
    if not hasattr(shown, "_repr_html_"):
        assert all(len(line) <= 120 for line in repr(shown).splitlines()), repr(shown)
    elif (html := shown._repr_html_()) is not None:
        assert html.startswith("<"), html


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_notebooks_are_kept_without_outputs(page: Path) -> None:
    for cell in cells_of(page):
        assert not cell.get("outputs"), cell["id"]
        assert cell.get("execution_count") is None, cell["id"]


def test_the_pages_with_examples_are_found() -> None:
    assert NOTEBOOKS
    assert len(RUN) >= 5
    assert ROOT / "README.md" in RUN


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
