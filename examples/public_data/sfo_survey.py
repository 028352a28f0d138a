"""A yearly survey of an airport: how likely passengers are to recommend it, and how they like it.

Traps: the columns change every year, some with trailing blanks; the question of 0 to 10 has a code 11 for those who
gave no score, and ratings of 1 to 5 have 6 for not used and 0, or BLANK, for no answer. The files tell the day of the
month and not the month, so an answer is dated by its year; LANG is a code without a list, so it is kept as it is.
"""

from __future__ import annotations

from pathlib import Path

from crmcx import Workspace, metrics
from crmcx.connectors import Files, FileStream, Mapping, answer, constant, mapping
from crmcx.models import Feedback, Scale
from examples.public_data.publication import Example, Publication

PUBLISHER = "San Francisco International Airport, yearly customer survey, data.sfgov.org"
LICENCE = "ODC PDDL"
SURVEYS = {
    2017: Publication(
        publisher=PUBLISHER,
        licence=LICENCE,
        file="sfo_survey/sfo_survey_2017.csv.gz",
        sha256="c89026d2e2d6c3441f12f23c44cc9d0b3332ad782138e622fa4ea7d4c084cf44",
    ),
    2018: Publication(
        publisher=PUBLISHER,
        licence=LICENCE,
        file="sfo_survey/sfo_survey_2018.csv.gz",
        sha256="6a9092c0c024f80871a8e68fa8e0c1767fba6feee5f16a288a94456e99a7ed26",
    ),
}
NO_SCORE = {"11": "not_applicable"}
RATING = Scale(min=1, max=5)
NOT_RATED = {"0": "skipped", "BLANK": "skipped", "Blank": "skipped", "6": "not_applicable"}


def survey(year: int, *, recommend: str) -> Mapping:
    """The questionnaire of a year."""
    return mapping(
        Feedback,
        id="RESPNUM",
        instrument=constant(f"airport_{year}"),
        submitted_at=constant(f"{year}-01-01T00:00:00Z"),
        channel=constant("in_person"),
        weight="WEIGHT",
        parts=(
            answer("recommend", recommend, kind="nps", scale=Scale(min=0, max=10), states=NO_SCORE),
            answer("overall", "Q7ALL", kind="csat", scale=RATING, states=NOT_RATED),
        ),
    )


MAPPINGS = {2017: survey(2017, recommend="NETPRO"), 2018: survey(2018, recommend="NETPRO  ")}


def connect(workspace: Workspace, folder: Path) -> None:
    """Connect a stream for each year; answers of two years may have the same number."""
    for year, publication in SURVEYS.items():
        files = Files(FileStream(publication.path(folder), MAPPINGS[year]))
        workspace.connect(files, name=f"{EXAMPLE.name}_{year}")


def ask(workspace: Workspace) -> list[tuple[str, str]]:
    """The Net Promoter Score and the satisfaction of each year."""
    answers = workspace.tables.answers
    return [
        ("recommendation by year", repr(metrics.nps(answers, by="instrument"))),
        ("satisfaction by year", repr(metrics.csat(answers, by="instrument"))),
    ]


EXAMPLE = Example(
    name="sfo_survey",
    title="a survey of an airport, 2017 and 2018 (real)",
    publications=tuple(SURVEYS.values()),
    connect=connect,
    ask=ask,
)
