"""The demo's page: what the bank learns from its data, in one HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crmcx.demo.answers import Answers
from crmcx.demo.page_words import meaning, three_things, within
from crmcx.demo.questionnaires import CHANNELS, ENGLISH, GERMAN
from crmcx.demo.touchpoints import TOUCHPOINTS
from crmcx.report import (
    Block,
    Finder,
    Folded,
    Page,
    PersonCard,
    Place,
    Points,
    Rows,
    Section,
    Tile,
    Tiles,
    Words,
    answers_picture,
    funnel_picture,
    receipt_rows,
    stage_picture,
    transition_picture,
)
from crmcx.sync import SyncReport
from crmcx.workspace import Workspace

_CHANNELS = {"in_person": "branch", "email": "e-mail"}
PLACES = {
    code: Place(place.stage, _CHANNELS.get(place.channel, place.channel), place.name)
    for code, place in TOUCHPOINTS.items()
}
"""Where the bank's touchpoints belong."""
_MOST_ASIDE = 100
_LANGUAGES = {"de": "German", "en": "English"}


def write_page(
    path: str | Path,
    *,
    workspace: Workspace,
    report: SyncReport,
    answers: Answers,
    person: PersonCard | None = None,
    people: str = "",
    places: Mapping[str, Place] = PLACES,
) -> Path:
    """Write the page of the bank.

    Args:
        path: The file; one that is there is replaced.
        workspace: The workspace that was synced.
        report: What the sync brought.
        answers: What the bank asked.
        person: The person that the page shows, found by her numbers; None for a page without people.
        people: How many people the records became, in a sentence or two.
        places: Touchpoint to its stage and channel.

    Returns:
        The path of the file.

    Raises:
        MissingExtraError: plotly is not installed.
    """
    return bank_page(
        workspace=workspace, report=report, answers=answers, person=person, people=people, places=places
    ).write(path)


def bank_page(
    *,
    workspace: Workspace,
    report: SyncReport,
    answers: Answers,
    person: PersonCard | None = None,
    people: str = "",
    places: Mapping[str, Place] = PLACES,
) -> Page:
    """The page of the bank, before it is written; takes what `write_page` takes."""
    names = {touchpoint: place.name for touchpoint, place in places.items() if place.name}
    sections = [
        Section("What to know first", "", (Points(three_things(answers, places)),)),
        Section(
            "The numbers",
            "Each with the interval it may lie in, what it rests on, and what it means.",
            (Tiles(tuple(Tile(asked, estimate, meaning(estimate)) for asked, estimate in answers.estimates)),),
        ),
        _came_in(workspace, report),
        Section(
            "The journey",
            "How far people get on the way to a contract, and from where they go to where.",
            (
                funnel_picture(
                    answers.funnel,
                    names=names,
                    title=f"From a quote to a signed contract{within(answers.funnel.receipt)}",
                ),
                transition_picture(answers.transitions, places, answers.by_touchpoint),
            ),
        ),
    ]
    words = "From the first look to the last goodbye: in which stage people stood at the end of each month."
    sections.append(Section("Stages over time", words, (stage_picture(answers.stages),)))
    if person is not None:
        words = "The records of one customer lie in several systems, under several numbers. Here they are one person."
        words = f"{words} {people}".strip()
        sections.append(
            Section(
                "One person", words, (Finder("Find a person by any number of hers, such as that of a loan", (person,)),)
            )
        )
    sections += [_languages(answers), _made(answers)]
    lead = (
        f"What {report.counts.read:,} records of a bank say when they are read as one. All people and numbers"
        " on this page are invented."
    )
    return Page("Three years at a bank", lead, tuple(sections))


def _came_in(workspace: Workspace, report: SyncReport) -> Section:
    rows = [
        (
            _file(run.source, each.stream),
            f"{each.counts.read:,}",
            f"{each.counts.stored:,}",
            f"{each.counts.unchanged:,}",
            f"{each.counts.quarantined:,}",
        )
        for run in report.runs
        for each in run.streams
    ]
    counts = report.counts
    total = ("all", *(f"{n:,}" for n in (counts.read, counts.stored, counts.unchanged, counts.quarantined)))
    aside = tuple(
        (_file(each.source, each.origin or each.stream), f"{each.row:,}", each.reason)
        for each in workspace.quarantine(limit=_MOST_ASIDE)
    )
    blocks: list[Block] = [
        Rows(
            ("system and file", "read", "stored", "unchanged", "set aside"),
            (*rows, total),
            "Each record is counted once: read = stored + unchanged + set aside",
        )
    ]
    if aside:
        blocks += [
            Words("Nothing is thrown away: what could not be read is kept, as it was, with the reason."),
            Folded(
                f"The newest {len(aside):,} of them" if len(aside) == _MOST_ASIDE else f"All {len(aside):,} of them",
                (Rows(("file", "row", "reason"), aside, "Where each stands, and what is wrong with it"),),
            ),
        ]
    words = (
        f"{counts.read:,} records of {len(report.runs)} systems; {counts.quarantined:,} of them could not be read and"
        " were set aside."
    )
    return Section("What came in", words, tuple(blocks))


def _file(source: str, name: str) -> str:
    """A file with the system that it comes from."""
    return f"{source.partition(':')[2] or source}: {name}".replace("_", " ")


def _languages(answers: Answers) -> Section:
    items = tuple(
        (code, english, german) for (code, english), (_, german) in zip(ENGLISH.items, GERMAN.items, strict=True)
    )
    satisfied = tuple(
        (
            _LANGUAGES.get(str(group[0]), str(group[0])),
            estimate.value_words,
            estimate.interval_words or "-",
            f"{estimate.n:,}",
        )
        for group, estimate in answers.satisfied_by_language
    )
    words = (
        "The survey is one instrument in two languages: the items carry equal codes, so answers are counted together"
        " and can be set side by side. Languages differ in how people mark the same feeling; a gap between them is"
        " not yet a gap in service."
    )
    return Section(
        "English and German, one instrument",
        words,
        (
            answers_picture(answers.by_language, title="Would they recommend the bank?", names=_LANGUAGES),
            Rows(("language", "satisfied", "interval", "n"), satisfied, "Satisfied customers by language"),
            Rows(("item", "in English", "auf Deutsch"), items, "The items of the survey"),
            Rows(
                ("choice", "in English", "auf Deutsch", "chosen in English", "chosen in German", "in all"),
                _choices(answers),
                "Choices of the third item, counted by their code",
            ),
        ),
    )


def _choices(answers: Answers) -> tuple[tuple[str, ...], ...]:
    counts = {(choice, language): n for choice, language, n in answers.chosen}
    rows = []
    for choice, english, german in zip(CHANNELS, ENGLISH.channels, GERMAN.channels, strict=True):
        told = [counts.get((choice, language), 0) for language in ("en", "de")]
        rows.append((choice, english, german, *(f"{n:,}" for n in (*told, sum(told)))))
    return tuple(rows)


def _made(answers: Answers) -> Section:
    receipts = {asked: estimate.receipt for asked, estimate in answers.estimates}
    receipts["first response before the change"] = answers.response_before.receipt
    receipts["first response since then"] = answers.response_since.receipt
    tables = {
        "score by touchpoint": answers.by_touchpoint,
        "score by language": answers.by_language,
        "satisfied by language": answers.satisfied_by_language,
    }
    receipts |= {asked: table.rows[0][1].receipt for asked, table in tables.items() if table.rows}
    receipts["funnel"] = answers.funnel.receipt
    receipts["ways between touchpoints"] = answers.transitions.receipt
    receipts["stages over time"] = answers.stages.receipt
    words = (
        "Every number has a receipt. Equal definitions have equal hashes: two pages can be compared when these agree."
    )
    return Section("How the numbers were made", words, (receipt_rows(receipts),))
