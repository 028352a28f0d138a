"""People in the bank's records, held against the truth."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from crmcx import Workspace
from crmcx.demo import write_exports
from crmcx.demo.bank import Exports
from crmcx.demo.found import POLICY, Found, find
from crmcx.demo.maps import connections
from crmcx.demo.questionnaires import CHANNELS
from crmcx.identity import pairwise_scores

SEEDS = (1, 2, 3, 4, 5)
CUSTOMERS = 500


def bank(folder: Path, seed: int, *, customers: int = CUSTOMERS) -> tuple[Workspace, Exports]:
    exports = write_exports(folder, customers=customers, seed=seed)
    workspace = Workspace()
    for name, connector in connections(exports).items():
        # People are made of customers alone: interactions need not be read for that.
        if name not in {"web", "branches"}:
            workspace.connect(connector, name=name)
    workspace.sync()
    return workspace, exports


@pytest.fixture(scope="module", params=SEEDS)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Exports, Found]:
    workspace, exports = bank(tmp_path_factory.mktemp("bank"), request.param)
    return workspace, exports, find(workspace, exports.truth)


def people_of(workspace: Workspace) -> dict[str, int]:
    return {f"{row['source']}/{row['source_id']}": row["person_id"] for row in workspace.tables.customers.rows()}


def test_people_are_those_of_the_truth(found: tuple[Workspace, Exports, Found]) -> None:
    _, exports, it = found
    assert it.resolution.records == len(exports.truth.people)
    assert it.scores.precision is not None
    assert it.scores.recall is not None
    assert it.scores.precision >= 0.99
    assert it.scores.recall >= 0.7


def test_father_and_daughter_are_two(found: tuple[Workspace, Exports, Found]) -> None:
    workspace, exports, _ = found
    people = people_of(workspace)
    father, daughter = ({people[ref] for ref in refs} for refs in exports.truth.father_and_daughter)
    assert father
    assert daughter
    assert not father & daughter


def test_the_loan_number_finds_her(found: tuple[Workspace, Exports, Found]) -> None:
    workspace, exports, it = found
    person = workspace.person("4711", namespace="loan")
    assert sorted(each.ref for each in person.customers) == list(exports.truth.heroine.refs)
    assert {"files:mortgages", "files:deposits"} <= set(person.sources)
    assert len(person.evidence) == len(person.customers) - 1
    mortgages = next(each.ref for each in person.customers if each.source == "files:mortgages")
    deposits = next(each for each in person.customers if each.source == "files:deposits")
    assert "loan" not in {each.namespace for each in deposits.identifiers}
    assert workspace.why(mortgages, deposits.ref).joined
    assert it.to_dict()["loan"]["records"] == [each.ref for each in person.customers]


def test_her_timeline_has_every_source_and_her_stages(found: tuple[Workspace, Exports, Found]) -> None:
    _, exports, it = found
    entries = it.timeline.entries
    assert [each.at for each in entries] == sorted(each.at for each in entries)
    assert {"files:mortgages", "files:deposits", "files:service_centre", "files:help_desk"} <= set(it.timeline.sources)
    assert "repeated" in {each.words for each in entries}
    truth = exports.truth
    for each in entries[len(entries) // 2 :]:
        for line, stage in each.stages:
            assert stage == truth.stage_at(truth.heroine.person, each.at, line), each


def test_what_the_terminal_says(found: tuple[Workspace, Exports, Found]) -> None:
    *_, it = found
    assert it.words()[-1] == it.people()
    assert f"in truth they are {it.people_true:,}. Of the pairs of records that were joined" in it.people()
    assert it.people_true == len(set(it.scores and found[1].truth.people.values()))
    assert it.story()[0].startswith(f"{len(it.heroine.customers) if it.heroine else 0} records in ")
    assert "files:" not in "".join(it.story())


def test_her_card(found: tuple[Workspace, Exports, Found]) -> None:
    *_, it = found
    card = it.card()
    assert card is not None
    assert card.title == "Hedda Lindqvarn, loan 4711"
    assert "4711" in card.numbers
    assert len(card.entries) == len(it.timeline)


def test_phones_add_people_and_the_policy_is_needed_for_them(tmp_path: Path) -> None:
    workspace, exports = bank(tmp_path, 6)
    workspace.resolve()
    without = pairwise_scores(people_of(workspace), exports.truth.people).pairs_both
    workspace.resolve(POLICY)
    workspace.refresh()
    assert pairwise_scores(people_of(workspace), exports.truth.people).pairs_both > without


def test_a_bank_without_her(tmp_path: Path) -> None:
    workspace, exports = bank(tmp_path, 7, customers=3)
    workspace.load([], source="nothing")
    with Workspace() as empty:
        it = find(empty, exports.truth)
    assert (it.heroine, it.card(), it.to_dict()["loan"]) == (None, None, None)
    assert it.story() == ["nobody has it in this bank"]
    assert len(it.timeline) == 0
    workspace.close()


def test_answers_by_code_agree_over_the_languages(tmp_path: Path) -> None:
    """The item has one set of codes; whichever language it was asked in, each is chosen about as often."""
    workspace, _ = bank(tmp_path, 8, customers=1_500)
    rows = [row for row in workspace.tables.answers.rows() if row["item"] == "Q3_CHANNEL" and row["choice"] is not None]
    by_language = {code: Counter(row["choice"] for row in rows if row["language"] == code) for code in ("de", "en")}
    for counts in by_language.values():
        assert set(counts) == set(CHANNELS)
    total = {code: sum(counts.values()) for code, counts in by_language.items()}
    for choice in CHANNELS:
        german, english = (by_language[code][choice] / total[code] for code in ("de", "en"))
        deviation = (0.25 * 0.75 * (1 / total["de"] + 1 / total["en"])) ** 0.5
        assert abs(german - english) < 4 * deviation
