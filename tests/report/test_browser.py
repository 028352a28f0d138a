"""The page in a browser: opened from disk, without a network, on a desktop and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.report.results import page
from tests.visiting import CONTRAST, DESKTOP, PHONE, Open, chromium, graph, mark, visits

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page().write(tmp_path_factory.mktemp("page") / "page.html")


@pytest.fixture
def visit(browser: Any, file: Path) -> Iterator[Open]:
    with visits(browser, file) as opened:
        yield opened


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_a_network_or_a_complaint(visit: Open, size: tuple[int, int], scheme: str) -> None:
    made = visit(size, color_scheme=scheme, offline=True)
    assert made.tab.locator("[data-picture] .main-svg").count() >= 4
    assert made.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for selector in ("p, li, td, th, h1, h2, h3, summary, a, label, button", "[data-picture] text:not(.bartext)"):
        assert made.tab.evaluate(CONTRAST, selector) >= 4.5, selector
    assert made.clean(), (made.complaints, made.requests)


def test_the_person_is_found_by_number(visit: Open) -> None:
    made = visit(PHONE, reduced_motion="reduce")
    tab = made.tab
    assert tab.locator(".person.found").count() == 0
    tab.get_by_label("Loan number").fill(" 47 11 ")
    tab.get_by_role("button", name="Find").click()
    assert tab.get_by_role("status").inner_text() == "Found: Ada Example."
    card = tab.locator(".person.found")
    assert card.count() == 1
    assert 0 <= card.bounding_box()["y"] < PHONE[1]
    assert card.evaluate("card => card === document.activeElement")
    assert made.clean(), made.complaints


def test_another_number_is_not_on_the_page(visit: Open) -> None:
    tab = visit().tab
    field = tab.get_by_label("Loan number")
    for typed, answer in (
        ("4711", "Found: Ada Example."),
        ("4712", "This file holds no such number; it holds one person."),
        ("  ", "Type a number first."),
    ):
        field.fill(typed)
        field.press("Enter")
        assert tab.get_by_role("status").inner_text() == answer
    assert tab.locator(".person.found").count() == 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_step_of_the_graph_tells_its_numbers(visit: Open, size: tuple[int, int]) -> None:
    made = visit(size)
    graph(made.tab).scroll_into_view_if_needed()
    mark(made.tab, "hotline").scroll_into_view_if_needed()
    box = mark(made.tab, "hotline").bounding_box()
    made.tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    text = made.tab.locator(".hoverlayer .hovertext").first.text_content()
    assert "hotline" in text
    assert re.search(r"NPS .30\.0, n = 100", text)
    assert made.clean(), made.complaints


def test_labels_of_the_graph_do_not_cover_each_other(visit: Open) -> None:
    for size in (DESKTOP, PHONE):
        labels = graph(visit(size).tab).locator(".scatterlayer .trace .textpoint")
        assert labels.count() == 5
        boxes = [labels.nth(place).bounding_box() for place in range(labels.count())]
        for place, one in enumerate(boxes):
            assert one["x"] >= 0
            for other in boxes[place + 1 :]:
                apart_x = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
                apart_y = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
                assert apart_x or apart_y


def test_a_turned_phone_is_laid_out_anew(visit: Open) -> None:
    tab = visit(PHONE).tab
    tall = graph(tab).locator("[data-picture]").bounding_box()["height"]
    tab.set_viewport_size({"width": 1000, "height": 500})
    tab.wait_for_function(
        "([tall]) => document.querySelectorAll('[data-picture]')[1].getBoundingClientRect().height !== tall", arg=[tall]
    )
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_folded_is_printed(visit: Open) -> None:
    tab = visit().tab
    folded = tab.locator("details:not([open])").count()
    assert folded > 0
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("details:not([open])").count() == 0
    widths = tab.evaluate("[...document.querySelectorAll('[data-picture] .main-svg')].map(s => s.clientWidth)")
    assert set(widths) == {860}
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("details:not([open])").count() == folded


def test_without_scripts_the_numbers_are_there(browser: Any, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(file.as_uri())
    tab.locator("figure summary").first.click()
    assert tab.locator("figure table").first.is_visible()
    assert "The pictures need JavaScript" in tab.locator("noscript").text_content()
    context.close()
