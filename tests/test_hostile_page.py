"""The page of hostile sources says what runs in every mode came to: nothing is lost, nothing is doubled."""

from __future__ import annotations

from docs import hostile_page

from crmcx.testing import MODES

STALE = "run make hostile-page and keep what it writes"


def test_the_page_is_what_the_runs_came_to() -> None:
    assert hostile_page.PAGE.read_text(encoding="utf-8") == hostile_page.page(), STALE


def test_every_mode_is_on_the_page_and_loses_and_doubles_nothing() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in hostile_page.PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ][2:]
    assert [row[0] for row in rows] == [mode.name for mode in MODES]
    assert {tuple(row[3:]) for row in rows} == {("0", "0")}
