"""Opening a page in Chromium, and noting what it complains about and asks for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DESKTOP, PHONE = (1440, 900), (390, 844)
OWN = ("file:", "data:", "blob:")
CONTRAST = """(selector) => {
    const light = (text) => {
        const [r, g, b] = text.match(/[\\d.]+/g).map(Number).slice(0, 3).map((v) => {
            v /= 255;
            return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const found = getComputedStyle(at).backgroundColor;
            if (!/, 0\\)$/.test(found)) return found;
        }
        return "rgb(255, 255, 255)";
    };
    const ratio = (element) => {
        const style = getComputedStyle(element);
        const ink = element.closest("svg") ? style.fill : style.color;
        const [high, low] = [light(ink), light(ground(element))].sort((a, b) => b - a);
        return (high + 0.05) / (low + 0.05);
    };
    return Math.min(...[...document.querySelectorAll(selector)].map(ratio));
}"""


class Visit:
    """A page in a browser, and everything it complained about or asked for."""

    def __init__(self, tab: Any) -> None:
        self.tab = tab
        self.complaints: list[str] = []
        self.requests: list[str] = []
        tab.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("request", lambda request: self.requests.append(request.url))

    def clean(self) -> bool:
        return not self.complaints and all(url.startswith(OWN) for url in self.requests)


Open = Callable[..., Visit]


@contextmanager
def chromium() -> Iterator[Any]:
    """The machine's own Chromium; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine; install one to run the browser tests")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@contextmanager
def visits(browser: Any, file: Path) -> Iterator[Open]:
    """A function that opens the file at a size."""
    contexts = []

    def opened(size: tuple[int, int] = DESKTOP, **options: Any) -> Visit:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        made = Visit(context.new_page())
        made.tab.goto(file.as_uri())
        made.tab.wait_for_selector("[data-picture] .main-svg")
        return made

    yield opened
    for context in contexts:
        context.close()


def graph(tab: Any) -> Any:
    return tab.locator("figure", has_text="From where people go to where")


def mark(tab: Any, name: str) -> Any:
    """The mark of a step: labels and marks stand in the same order."""
    labels = graph(tab).locator(".scatterlayer .trace .textpoint").all_text_contents()
    place = next(place for place, text in enumerate(labels) if text.startswith(name))
    last = graph(tab).locator(".scatterlayer .trace").last
    return last.locator(".points path").nth(place)
