"""The demo's page: every part of it, from the bank's own exports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from tests.report.results import MIX, funnel, person

from crmcx import Workspace
from crmcx.demo import Exports
from crmcx.demo.answers import Answers, ask
from crmcx.demo.maps import connections
from crmcx.demo.page import PLACES, bank_page, write_page
from crmcx.demo.page_words import meaning, three_things
from crmcx.estimates import EstimateTable
from crmcx.metrics import nps_from_counts
from crmcx.report import Page
from crmcx.sync import SyncReport

PARTS = (
    "Three things to know",
    "The numbers",
    "What came in",
    "The journey",
    "Stages over time",
    "One person",
    "English and German, one instrument",
    "How the numbers were made",
)


@pytest.fixture(scope="module")
def synced(bank: Exports) -> Iterator[tuple[Workspace, SyncReport]]:
    with Workspace(":memory:") as workspace:
        for name, connector in connections(bank).items():
            workspace.connect(connector, name=name)
        yield workspace, workspace.sync()


@pytest.fixture(scope="module")
def answers(synced: tuple[Workspace, SyncReport]) -> Answers:
    return ask(synced[0].tables)


@pytest.fixture(scope="module")
def page(synced: tuple[Workspace, SyncReport], answers: Answers) -> Page:
    workspace, report = synced
    return bank_page(workspace=workspace, report=report, answers=answers, person=person(), mix=MIX)


def text_of(html: str) -> str:
    return re.sub(r"[ \n]+", " ", re.sub(r"<script.*?</script>|<[^>]+>", " ", html, flags=re.DOTALL))


def test_the_parts_stand_in_order(page: Page) -> None:
    assert tuple(section.title for section in page.sections) == PARTS


def test_without_a_person_and_a_mix_these_parts_are_left_out(
    synced: tuple[Workspace, SyncReport], answers: Answers
) -> None:
    workspace, report = synced
    titles = [each.title for each in bank_page(workspace=workspace, report=report, answers=answers).sections]
    assert titles == [part for part in PARTS if part not in {"Stages over time", "One person"}]


def test_all_numbers_are_on_the_page(page: Page, answers: Answers, synced: tuple[Workspace, SyncReport]) -> None:
    text = text_of(page.html())
    for asked, estimate in answers.estimates:
        assert asked in text
        assert estimate.value_words.replace("-", "\N{MINUS SIGN}").replace(" %", "\N{NO-BREAK SPACE}%") in text
        assert estimate.receipt.definition.hash[:12] in text
        assert len(meaning(estimate)) > 20
    counts = synced[1].counts
    assert f"{counts.read:,} records of 4 systems" in text
    assert f"All {counts.quarantined} of them" in text


def test_every_touchpoint_of_the_bank_has_its_place(answers: Answers) -> None:
    taken = {way.source for way in answers.transitions} - {"(start)"}
    assert taken <= PLACES.keys()


def test_three_things_are_made_from_the_numbers(answers: Answers) -> None:
    lowest, loss, waiting = three_things(answers, PLACES)
    values = {str(group[0]): estimate.value for group, estimate in answers.by_touchpoint}
    assert lowest.title == f"The lowest score: {min(values, key=values.get).replace('_', ' ')}."
    quote, apply, sign = answers.funnel
    assert f"{max(quote.n - apply.n, apply.n - sign.n)} of" in loss.text
    assert dict(answers.estimates)["first response"].value_words in waiting.title


def test_a_gap_is_called_one_only_beyond_chance(answers: Answers) -> None:
    def lowest(*counts: int) -> str:
        table = EstimateTable(("touchpoint",), ((("hotline",), nps_from_counts(*counts)),))
        return three_things(evolve(answers, by_touchpoint=table), PLACES)[0].text

    assert "lower beyond chance" in lowest(0, 0, 400)
    assert "chance alone may explain the gap" in lowest(7, 6, 8)


def test_nothing_is_made_up_where_there_is_no_number(answers: Answers) -> None:
    nothing = nps_from_counts(0, 0, 0)
    assert meaning(nothing) == "There is no number: no answers."
    empty = evolve(
        answers,
        estimates=(("Net Promoter Score", nothing), ("first response", nothing)),
        by_touchpoint=EstimateTable(("touchpoint",), ()),
        funnel=funnel(0, 0),
    )
    assert three_things(empty, PLACES) == ()


def test_it_is_written_into_a_file(tmp_path: Path, synced: tuple[Workspace, SyncReport], answers: Answers) -> None:
    workspace, report = synced
    written = write_page(tmp_path / "page.html", workspace=workspace, report=report, answers=answers, person=person())
    html = written.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "Ada Example" in html
