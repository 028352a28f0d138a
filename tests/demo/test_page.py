"""The demo's page: every part of it, from the bank's own exports."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attrs import evolve
from tests.report.results import funnel

from crmcx import Workspace
from crmcx.demo import Exports
from crmcx.demo.answers import Answers, ask
from crmcx.demo.found import find
from crmcx.demo.page import PLACES, bank_page, write_page
from crmcx.demo.page_words import meaning, three_things
from crmcx.estimates import EstimateTable
from crmcx.metrics import nps_from_counts
from crmcx.report import Page, PersonCard
from crmcx.sync import SyncReport

PARTS = (
    "What to know first",
    "The numbers",
    "What came in",
    "The journey",
    "Stages over time",
    "One person",
    "English and German, one instrument",
    "How the numbers were made",
)


@pytest.fixture(scope="module")
def answers(synced: tuple[Workspace, SyncReport]) -> Answers:
    return ask(synced[0].tables)


@pytest.fixture(scope="module")
def card(synced: tuple[Workspace, SyncReport], bank: Exports) -> PersonCard | None:
    return find(synced[0], bank.truth).card()


@pytest.fixture(scope="module")
def page(synced: tuple[Workspace, SyncReport], answers: Answers, card: PersonCard | None) -> Page:
    workspace, report = synced
    return bank_page(workspace=workspace, report=report, answers=answers, person=card)


def text_of(html: str) -> str:
    return re.sub(r"[ \n]+", " ", re.sub(r"<script.*?</script>|<[^>]+>", " ", html, flags=re.DOTALL))


def test_the_parts_stand_in_order(page: Page) -> None:
    assert tuple(section.title for section in page.sections) == PARTS


def test_without_a_person_her_part_is_left_out(synced: tuple[Workspace, SyncReport], answers: Answers) -> None:
    workspace, report = synced
    titles = [each.title for each in bank_page(workspace=workspace, report=report, answers=answers).sections]
    assert titles == [part for part in PARTS if part != "One person"]


def test_all_numbers_are_on_the_page(page: Page, answers: Answers, synced: tuple[Workspace, SyncReport]) -> None:
    text = text_of(page.html())
    for asked, estimate in answers.estimates:
        assert asked in text
        assert estimate.value_words.replace("-", "\N{MINUS SIGN}").replace(" %", "\N{NO-BREAK SPACE}%") in text
        assert estimate.receipt.definition.hash[:12] in text
        assert len(meaning(estimate)) > 20
    counts = synced[1].counts
    assert f"{counts.read:,} records of 8 systems" in text
    assert f"All {counts.quarantined} of them" in text


def test_choices_of_both_languages_are_counted_by_code(page: Page, bank: Exports) -> None:
    text = text_of(page.html())
    for code, english, german in (("branch", "Branch", "Filiale"), ("web", "Website", "Internetseite")):
        made = {
            language: sum(dict(each.chosen)[code] for each in bank.truth.surveys if each.language == language)
            for language in ("en", "de")
        }
        assert f"{code} {english} {german} {made['en']} {made['de']} {sum(made.values())}" in text


def test_every_touchpoint_of_the_bank_has_its_place(answers: Answers) -> None:
    taken = {way.source for way in answers.transitions} - {"(start)"}
    assert taken <= PLACES.keys()


def test_three_things_are_made_from_the_numbers(answers: Answers) -> None:
    lowest, loss, faster = three_things(answers, PLACES)
    values = {str(group[0]): each.value for group, each in answers.by_touchpoint if each.n >= 20}
    assert lowest.title == f"The lowest score: {PLACES[min(values, key=values.__getitem__)].name}."
    quote, apply, sign = answers.funnel
    assert f"{max(quote.n - apply.n, apply.n - sign.n)} of" in loss.text
    assert answers.response_before.value_words in faster.title
    assert answers.response_since.value_words in faster.title
    assert "beyond chance" in faster.text
    assert "The wait is shorter" in faster.text


def test_a_change_is_called_one_only_beyond_chance(answers: Answers) -> None:
    same = evolve(answers, response_since=answers.response_before)
    assert "The wait is as long, which chance alone may explain" in three_things(same, PLACES)[2].text


def test_the_customer_of_the_loan_is_on_it(page: Page, card: PersonCard | None) -> None:
    text = text_of(page.html())
    assert card is not None
    assert "Hedda Lindqvarn, loan 4711" in text
    assert "files:" not in text
    assert "had to say again who she is" in text
    assert "help desk: tickets" in text
    assert all(each.shown in text for each in card.links)


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
        response_before=nothing,
        response_since=nothing,
    )
    assert three_things(empty, PLACES) == ()


def test_it_is_written_into_a_file(
    tmp_path: Path, synced: tuple[Workspace, SyncReport], answers: Answers, card: PersonCard | None
) -> None:
    workspace, report = synced
    written = write_page(tmp_path / "page.html", workspace=workspace, report=report, answers=answers, person=card)
    html = written.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "Hedda Lindqvarn" in html
