"""Two systems over HTTP and one question: how did it feel at each stage of the CRM's lifecycle?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

import crmcx
from crmcx import journey, metrics
from crmcx.connectors import HubSpot, Qualtrics
from crmcx.connectors.clock import held
from crmcx.sandbox import HubSpotSandbox, QualtricsSandbox
from crmcx.testing.still import StillClock

PEOPLE = ["ada", "ben", "cem", "dora", "eva", "finn"]
STEPS = {
    "ada": ["lead", "opportunity", "customer"],
    "ben": ["lead", "customer"],
    "cem": ["lead", "lead", "lead"],
    "dora": ["marketingqualifiedlead", "opportunity"],
    "eva": ["subscriber"],
    "finn": [],
}
"""The lifecycle stage of each contact in the first, second and third month."""
SCORES = [
    {"ada": ("EN", 6), "ben": ("DE", 9), "cem": ("DE", 3), "dora": ("EN", 8), "finn": ("EN", 10)},
    {"ada": ("EN", 9), "ben": ("EN", 10), "cem": ("DE", 5), "dora": ("DE", 7)},
    {"ada": ("EN", 10), "ben": ("DE", 2), "cem": ("EN", 4), "dora": ("DE", 9), "eva": ("DE", 0)},
]
"""What each contact answered in each month, and in which language she was asked."""
MEANS = {
    "subscriber": "awareness",
    "lead": "awareness",
    "marketingqualifiedlead": "consideration",
    "opportunity": "purchase",
    "customer": "existing",
}


@pytest.fixture(scope="module")
def ws() -> Iterator[crmcx.Workspace]:
    """A workspace with what happened in three months at both vendors."""
    still = StillClock()
    with (
        HubSpotSandbox(still) as portal,
        QualtricsSandbox(still) as brand,
        held(still.clock),
        crmcx.Workspace(":memory:") as made,
    ):
        survey = brand.world.create("instruments", name="How likely are you to recommend us?")
        contacts, invited = {}, {}
        for name in PEOPLE:
            said = {"email": f"{name}@example.org", "firstname": name.title(), "lastname": f"Of{name}"}
            contacts[name] = portal.world.create("contacts", said)
            invited[name] = brand.world.create(
                "contacts",
                firstName=name.title(),
                lastName=f"Of{name}",
                email=f"{name.upper()}@example.org",
                extRef=f"X-{name}",
            )
        for month, scores in enumerate(SCORES):
            for name, steps in STEPS.items():
                if month < len(steps):
                    portal.world.update("contacts", contacts[name], {"lifecyclestage": steps[month]})
            still.move(timedelta(days=10))
            for name, (language, score) in scores.items():
                brand.world.answer(survey, QID1=score, userLanguage=language, contactId=invited[name])
            still.move(timedelta(days=20))
        made.connect(HubSpot(url=portal.url, token=portal.token), name="crm")
        made.connect(Qualtrics(url=brand.url, token=brand.token), name="surveys")
        made.sync()
        made.resolve()
        yield made


def truth() -> dict[str | None, tuple[float, int]]:
    """The score at each stage, worked out from what was told to the worlds."""
    felt: dict[str | None, list[int]] = {}
    for month, scores in enumerate(SCORES):
        for name, (_, score) in scores.items():
            so_far = STEPS[name][: month + 1]
            felt.setdefault(MEANS[so_far[-1]] if so_far else None, []).append(score)
    return {
        stage: (
            100 * (sum(score > 8 for score in scores) - sum(score < 7 for score in scores)) / len(scores),
            len(scores),
        )
        for stage, scores in felt.items()
    }


def test_nps_by_the_stage_of_the_crm_in_one_call(ws: crmcx.Workspace) -> None:
    t = ws.tables
    found = metrics.nps(journey.in_stage(t.answers, t.stage_changes), by="stage")
    assert {stage: (estimate.value, estimate.n) for (stage,), estimate in found} == truth()
    assert {stage: n for stage, (_, n) in truth().items()} == {
        "awareness": 6, "consideration": 1, "purchase": 3, "existing": 3, None: 1,
    }  # fmt: skip
    assert found["awareness"].counts == (("promoters", 1), ("passives", 0), ("detractors", 5))
    assert found["existing"].receipt.snapshot == t.answers.snapshot


def test_one_question_in_two_languages_is_one_item(ws: crmcx.Workspace) -> None:
    t = ws.tables
    asked = [row for row in t.answers.rows() if row["kind"] == "nps" and row["score"] is not None]
    told = [answer for scores in SCORES for answer in scores.values()]
    assert {row["item"] for row in asked} == {"QID1"}
    assert Counter(row["language"] for row in asked) == {"en": 7, "de": 7}
    whole = metrics.nps(t.answers)
    assert whole.n == len(told)
    by_language = metrics.nps(t.answers, by="language")
    assert {key: found.n for key, found in by_language} == {("de",): 7, ("en",): 7}
    assert sum(found.n for _, found in by_language) == whole.n


def test_a_contact_of_both_is_one_person(ws: crmcx.Workspace) -> None:
    people = {row["person_id"] for row in ws.tables.customers.rows()}
    assert len(people) == len(PEOPLE)
    assert metrics.nps(ws.tables.answers).n_clusters == len(PEOPLE)
