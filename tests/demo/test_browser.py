"""The bank's own page in a browser: what a new user sees after `make demo`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.visiting import CONTRAST, DESKTOP, PHONE, Open, chromium, graph, mark, visits

from crmcx.demo.run import run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    run(customers=400, seed=7, out=folder)
    return folder / "bank.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.fixture
def visit(browser: Any, file: Path) -> Iterator[Open]:
    with visits(browser, file) as opened:
        yield opened


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_a_network_or_a_complaint(visit: Open, size: tuple[int, int], scheme: str) -> None:
    made = visit(size, color_scheme=scheme, offline=True)
    assert made.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for selector in ("p, li, td, th, h1, h2, h3, summary, a, label, button", "[data-picture] text:not(.bartext)"):
        assert made.tab.evaluate(CONTRAST, selector) >= 4.5, selector
    assert made.clean(), (made.complaints, made.requests)


def test_the_loan_number_finds_her(visit: Open) -> None:
    made = visit(PHONE, reduced_motion="reduce")
    made.tab.get_by_role("textbox").fill("4711")
    made.tab.get_by_role("button", name="Find").click()
    assert made.tab.get_by_role("status").inner_text() == "Found: Hedda Lindqvarn, loan 4711."
    card = made.tab.locator(".person.found")
    assert "the same mailbox" in card.inner_text()
    assert made.clean(), made.complaints


def test_a_step_of_the_graph_tells_its_numbers(visit: Open) -> None:
    made = visit()
    graph(made.tab).scroll_into_view_if_needed()
    step = mark(made.tab, "Help desk")
    step.scroll_into_view_if_needed()
    box = step.bounding_box()
    made.tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    text = made.tab.locator(".hoverlayer .hovertext").first.text_content()
    assert "Help desk" in text
    assert "NPS" in text
    assert made.clean(), made.complaints
