"""What is planted is there: the pain point doubles the hazard, the initiative halves waits and raises scores."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
from attrs import evolve

from crmcx import Workspace
from crmcx.demo import Exports, period, write_exports
from crmcx.demo.conversations import conversation
from crmcx.demo.effects import CSAT_RAISE, HAZARD_RATIO, MOODS, NPS_RAISE, RESPONSE_FACTOR, initiative_begins
from crmcx.demo.lives import gather
from crmcx.demo.maps import connections
from crmcx.demo.people import DAUGHTER, person
from crmcx.demo.people_truth import stage_at
from crmcx.demo.plan import Response
from crmcx.demo.questionnaires import ENGLISH
from crmcx.demo.relations import relation
from crmcx.demo.stages import Relation
from crmcx.demo.survey import SurveyTallies, centres, write_responses
from crmcx.demo.touchpoints import TOUCHPOINTS

Read = Callable[[Path], list[dict[str, Any]]]
LIVES = 20_000


@pytest.fixture(scope="module")
def with_effects() -> list[Relation]:
    """What becomes of 20,000 people."""
    return [relation(19, person(19, number), effects=True) for number in range(LIVES)]


@pytest.fixture(scope="module")
def without_effects() -> list[Relation]:
    """The same people at a bank whose callbacks do no harm."""
    return [relation(19, person(19, number), effects=False) for number in range(LIVES)]


def hazards(relations: list[Relation]) -> tuple[float, float]:
    """Notices a day among customers after they met the pain point, and among all others."""
    notices, days = Counter[bool](), Counter[bool]()
    for number, each in enumerate(relations):
        if each.since is None or number <= DAUGHTER:
            continue
        # Nobody gives notice in the first month.
        begin, end = max(each.since, 0) + 30, period.DAYS if each.notice is None else each.notice
        met = max(begin, end if each.touched is None else each.touched)
        days[False] += max(0, min(met, end) - begin)
        days[True] += max(0, end - met)
        if each.notice is not None:
            notices[each.touched is not None] += 1
    return notices[True] / days[True], notices[False] / days[False]


def test_the_pain_point_doubles_the_hazard(with_effects: list[Relation]) -> None:
    after, otherwise = hazards(with_effects)
    # About 300 notices after it: the standard error of the ratio is some six per cent.
    assert after / otherwise == pytest.approx(HAZARD_RATIO, rel=0.15)


def test_without_effects_it_does_no_harm(without_effects: list[Relation]) -> None:
    after, otherwise = hazards(without_effects)
    assert after / otherwise == pytest.approx(1.0, rel=0.2)


def test_eight_per_cent_meet_it(with_effects: list[Relation], without_effects: list[Relation]) -> None:
    for relations in (with_effects, without_effects):
        assert sum(each.touched is not None for each in relations) / LIVES == pytest.approx(0.08, abs=0.006)


def test_only_those_who_met_it_lead_another_life(with_effects: list[Relation], without_effects: list[Relation]) -> None:
    differ = 0
    for one, other in zip(with_effects, without_effects, strict=True):
        if one == other:
            continue
        differ += 1
        assert one.touched is not None
        assert one.touched == other.touched
        assert one.notice is not None
        assert other.notice is None or one.notice <= other.notice
    assert differ > 100


def test_the_dissatisfied_leave_more_often(without_effects: list[Relation]) -> None:
    ordered = sorted(range(LIVES), key=lambda number: person(19, number).satisfaction)
    unhappy, happy = (sum(without_effects[each].left for each in part) for part in (ordered[:6000], ordered[-6000:]))
    assert unhappy > 2 * happy > 0
    assert sum(each.notice is not None for each in without_effects) / LIVES == pytest.approx(0.18, abs=0.03)


def test_stages_follow_one_another(with_effects: list[Relation]) -> None:
    follows = {
        "": {"awareness", "existing"},
        "awareness": {"consideration"},
        "consideration": {"purchase", "awareness"},
        "purchase": {"existing", "exiting"},
        "existing": {"repurchase", "exiting"},
        "repurchase": {"existing", "exiting"},
        "exiting": {"former"},
        "former": set(),
    }
    taken = Counter[str]()
    for each in with_effects:
        for line in ("mortgage", "account"):
            steps = [step for step in each.steps if step.line == line]
            assert [step.day for step in steps] == sorted({step.day for step in steps})
            for before, step in zip(["", *(step.stage for step in steps)], steps, strict=False):
                assert step.stage in follows[before], (before, step)
                taken[step.stage] += 1
    assert set(taken) == set(follows) - {""}


def test_the_true_stage_at_a_time(bank: Exports) -> None:
    truth = bank.truth
    first, after = date(2022, 7, 1), date(2025, 6, 30)
    assert truth.stage_at(0, date(2020, 1, 1)) is None
    assert truth.stage_at(0, first) == "existing"
    assert truth.stage_at(0, first, "account") is None
    begun = truth.stages[0][-1][0]
    assert truth.stage_at(0, period.date_of(begun - 1), "account") == "purchase"
    assert truth.stage_at(0, period.date_of(begun), "account") == "existing"
    midnight = datetime.fromtimestamp(period.at(begun, 0), UTC)
    assert truth.stage_at(0, midnight, "account") == "existing"
    assert truth.stage_at(0, midnight - timedelta(seconds=1), "account") == "purchase"
    assert sum(truth.stage_at(number, after) == "former" for number in range(1000)) == truth.customers_left
    assert truth.stage_at(10**6, after) is None


def test_the_stage_of_the_whole_relation_is_the_one_that_says_most() -> None:
    steps = ((0, "mortgage", "existing"), (5, "account", "awareness"), (9, "mortgage", "former"))
    days = {day: stage_at(steps, period.date_of(day), None) for day in (-1, 0, 5, 9)}
    assert days == {-1: None, 0: "existing", 5: "existing", 9: "former"}


def test_the_initiative_halves_every_wait_from_its_day_on() -> None:
    plan, relations = gather(7, 800)
    still, others = gather(7, 800, effects=False)
    alike = {number for number, pair in enumerate(zip(relations, others, strict=True)) if pair[0] == pair[1]}
    assert len(alike) > 780
    assert [evolve(each, quick=False) for each in plan.tickets if each.number in alike] == [
        each for each in still.tickets if each.number in alike
    ]
    ratios = []
    for ticket in plan.tickets:
        quick, slow = conversation(7, ticket), conversation(7, evolve(ticket, quick=False))
        assert ticket.quick == (ticket.at >= initiative_begins())
        if quick.first_response is not None and slow.first_response is not None:
            ratios.append((ticket.quick, (quick.first_response - ticket.at) / (slow.first_response - ticket.at)))
    assert {ratio for quick, ratio in ratios if not quick} == {1.0}
    assert mean(ratio for quick, ratio in ratios if quick) == pytest.approx(RESPONSE_FACTOR, abs=0.01)
    assert sum(quick for quick, _ in ratios) > 300


@pytest.mark.parametrize("effects", [True, False])
def test_the_library_finds_the_median_halved(tmp_path: Path, effects: bool) -> None:
    exports = write_exports(tmp_path, customers=1200, seed=11, effects=effects)
    truth = exports.truth.initiative
    begins = datetime(truth.begins.year, truth.begins.month, truth.begins.day, tzinfo=UTC)
    with Workspace(":memory:") as workspace:
        workspace.connect(connections(exports)["help_desk"], name="help_desk")
        workspace.sync()
        cases = workspace.tables.cases.rows()
        comments = workspace.tables.interactions.rows()
    before = [row for row in cases if row["opened_at"].replace(tzinfo=UTC) < begins - timedelta(days=1)]
    since = [row for row in cases if row["opened_at"].replace(tzinfo=UTC) >= begins]
    waits = []
    for part in (before, since):
        keys = {row["key"] for row in part}
        answers: dict[int, int] = {}
        for row in comments:
            if row["case_key"] in keys and (row["initiator"], row["visibility"]) == ("employee", "customer"):
                answers[row["case_key"]] = min(row["occurred_us"], answers.get(row["case_key"], row["occurred_us"]))
        waits.append(median(answers[row["key"]] - row["opened_us"] for row in part if row["key"] in answers))
    ratio = waits[1] / waits[0]
    assert ratio == pytest.approx(truth.response_factor, rel=0.3)
    assert truth.response_factor == (0.5 if effects else 1.0)


def test_the_initiative_raises_scores_about_the_help_desk_only() -> None:
    plan, _ = gather(7, 800)
    raised = [response for response in plan.responses if response.raised]
    assert len(raised) > 100
    for response in plan.responses:
        assert response.raised == (response.touchpoint == "help_desk" and response.at >= initiative_begins())
    for response in raised[:50]:
        likely, satisfied = centres(response)
        was = centres(evolve(response, raised=False))
        assert likely - was[0] == pytest.approx(NPS_RAISE)
        assert satisfied - was[1] == pytest.approx(CSAT_RAISE)
    still, _ = gather(7, 800, effects=False)
    assert not any(response.raised for response in still.responses)


def test_raised_scores_are_higher_in_the_file(tmp_path: Path, read: Read) -> None:
    at = period.at(900, 40_000)
    responses = [Response(at, number, 0, "en", -0.5, "help_desk", raised=False) for number in range(1500)]
    marks = []
    for raised in (False, True):
        write_responses(
            tmp_path, 7, [evolve(each, raised=raised) for each in responses], ENGLISH, SurveyTallies(), who={}
        )
        rows = [list(row.values()) for row in read(tmp_path / ENGLISH.name)[40:]]
        marks.append([int(row[10]) for row in rows if row[10] not in {"", "99"}])
    # Some have reached the top of the scale already.
    assert mean(marks[1]) - mean(marks[0]) == pytest.approx(NPS_RAISE, abs=0.06)


def test_every_surveyed_touchpoint_has_a_mood(bank: Exports) -> None:
    plan, _ = gather(7, 1000)
    assert {response.touchpoint for response in plan.responses} == set(MOODS)
    assert set(MOODS) <= set(TOUCHPOINTS)
    assert min(MOODS, key=lambda code: MOODS[code]) == bank.truth.pain_point.touchpoint


def test_the_truth_says_what_is_planted(bank: Exports, tmp_path: Path) -> None:
    pain, change = bank.truth.pain_point, bank.truth.initiative
    assert (pain.touchpoint, pain.hazard_ratio) == ("callback", 2.0)
    assert pain.reach == len(pain.people) / 1000 == pytest.approx(0.08, abs=0.03)
    assert (change.touchpoint, change.begins.isoformat()) == ("help_desk", "2024-07-01")
    assert (change.response_factor, change.nps_raise, change.csat_raise) == (0.5, 0.8, 0.3)
    plain = write_exports(tmp_path, customers=50, effects=False).truth
    assert plain.pain_point.hazard_ratio == plain.initiative.response_factor == 1.0
    assert plain.initiative.nps_raise == plain.initiative.csat_raise == 0.0
    assert (bank.truth.effects, plain.effects) == (True, False)


def test_the_truth_is_written_beside_the_exports(bank: Exports) -> None:
    folder = bank.events.parent.parent / "truth"

    def table(name: str) -> list[dict[str, str]]:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    who = {f"{row['source']}/{row['source_id']}": int(row["person"]) for row in table("who_is_who.csv")}
    assert who == dict(bank.truth.people)
    pain = tuple((int(row["person"]), date.fromisoformat(row["since"])) for row in table("pain_point.csv"))
    assert pain == bank.truth.pain_point.people
    stages = [(int(row["person"]), row["since"], row["line"], row["stage"]) for row in table("stages.csv")]
    assert stages == [
        (person, period.date_of(day).isoformat(), line, stage)
        for person, steps in bank.truth.stages.items()
        for day, line, stage in steps
    ]
    (change,) = table("initiative.csv")
    assert change == {
        "code": "faster-first-response",
        "begins": "2024-07-01",
        "touchpoint": "help_desk",
        "response_factor": "0.5",
        "nps_raise": "0.8",
        "csat_raise": "0.3",
    }
