"""The demo as a person sees it, and its numbers against what the generator knows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from crmcx import Workspace, cli, journey, metrics
from crmcx.demo import Exports, write_exports
from crmcx.demo.answers import YEAR_END, ask
from crmcx.demo.maps import connections
from crmcx.demo.screen import Plain, screen
from crmcx.models import Money

CUSTOMERS = 400


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    return write_exports(tmp_path_factory.mktemp("bank"), customers=CUSTOMERS, seed=3)


@pytest.fixture(scope="module")
def workspace(exports: Exports) -> Iterator[Workspace]:
    with Workspace(":memory:") as workspace:
        for name, connector in connections(exports).items():
            workspace.connect(connector, name=name)
        workspace.sync()
        yield workspace


def test_every_record_is_accounted_for(workspace: Workspace, exports: Exports) -> None:
    truth = exports.truth
    for stream in workspace.status().streams:
        (file,) = [each for each in truth.files if Path(each.name).name.split(".")[0] == stream.stream]
        counts = stream.counts
        assert (counts.read, counts.quarantined, counts.unchanged) == (file.records, file.broken, file.repeated)
    tables = dict(workspace.status().rows)
    assert tables["customers"] == truth.customers
    assert tables["interactions"] == truth.interactions
    assert len(workspace.quarantine()) == sum(file.broken for file in truth.files)


def test_a_second_run_changes_nothing(workspace: Workspace) -> None:
    digest = workspace.store.digest()
    again = workspace.sync().counts
    assert again.stored == 0
    assert again.read == again.unchanged + again.quarantined
    assert workspace.store.digest() == digest


def test_scores_in_both_languages(workspace: Workspace, exports: Exports) -> None:
    nps = metrics.nps(workspace.tables.answers, by=["language", "status"])
    csat = metrics.csat(workspace.tables.answers, by=["language", "status"])
    for truth in exports.truth.surveys:
        found = nps[truth.language, truth.status]
        assert dict(found.counts) == {
            "promoters": truth.promoters,
            "passives": truth.passives,
            "detractors": truth.detractors,
        }
        left_out = dict(found.excluded)
        assert left_out.get("skipped", 0) == truth.nps_skipped
        assert left_out.get("not_applicable", 0) == truth.nps_not_applicable
        satisfied = csat[truth.language, truth.status]
        assert (satisfied.n, dict(satisfied.counts)["satisfied"]) == (truth.csat_answered, truth.csat_satisfied)


def test_deals(workspace: Workspace, exports: Exports) -> None:
    rates = metrics.win_rate(workspace.tables.deals, by="pipeline")
    values = metrics.won_value(workspace.tables.deals, by="pipeline")
    for truth in exports.truth.deals:
        found = rates[truth.pipeline]
        assert dict(found.counts) == {"won": truth.won, "lost": truth.lost}
        assert dict(found.excluded) == {
            name: number for name, number in (("open", truth.open), ("abandoned", truth.abandoned)) if number
        }
        assert values[truth.pipeline].value == Money(amount=Decimal(truth.won_amount), currency="EUR")


def test_cases(workspace: Workspace, exports: Exports) -> None:
    truth = exports.truth.cases
    answered = metrics.first_response_time(workspace.tables.cases, workspace.tables.interactions)
    assert dict(answered.counts) == {"answered": truth.answered, "open": truth.cases - truth.answered}
    assert truth.first_response_median is not None
    assert isinstance(answered.value, timedelta)
    assert truth.first_response_median <= answered.value < 2 * truth.first_response_median
    solved = metrics.resolution_time(workspace.tables.cases, until="resolved")
    assert dict(solved.counts) == {"resolved": truth.solved, "open": truth.cases - truth.solved}
    assert dict(metrics.sla_attainment(workspace.tables.cases).counts) == {
        "met": truth.sla_met,
        "missed": truth.sla_missed,
    }


def test_the_funnel(workspace: Workspace, exports: Exports) -> None:
    truth = exports.truth.funnel
    log = journey.JourneyLog(workspace.tables.interactions)
    found = journey.funnel(log, truth.steps, within=truth.within)
    assert tuple(step.n for step in found) == truth.customers


def test_all_answers_have_values(workspace: Workspace) -> None:
    answers = ask(workspace.tables)
    assert len(answers.estimates) == 6
    for asked, estimate in answers.estimates:
        assert estimate.value is not None, asked
        assert estimate.interval is not None, asked
        assert estimate.receipt.snapshot == workspace.tables.snapshot
    assert json.loads(json.dumps(answers.to_dict()))["funnel"][0]["step"] == "quote"
    ((last,),) = workspace.tables.interactions.relation.aggregate("max(occurred_us)").fetchall()
    assert last <= YEAR_END.timestamp() * 1_000_000


def test_what_the_terminal_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--customers", "30", "--seed", "4", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for words in ("records", "What was set aside", "Net Promoter Score", "quote", "sign", "kept in"):
        assert words in said
    assert (tmp_path / "bank.duckdb").is_file()
    assert cli.main(["quarantine", "list", str(tmp_path / "bank.duckdb"), "--limit", "3"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_second_demo_into_the_same_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert cli.main(["demo", "--customers", "5", "--out", str(tmp_path)]) == 0
    capsys.readouterr()


def test_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--customers", "20", "--json"]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert said.err == ""
    assert set(told) >= {"sync", "quarantine", "tables", "metrics", "funnel"}
    assert all("raw" not in each for each in told["quarantine"])


def test_a_plain_screen_without_rich(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("crmcx.demo.screen.find_spec", lambda _name: None)
    shown = screen()
    assert type(shown) is Plain
    shown.heading("A part")
    with shown.progress("records", 20) as advance:
        advance(1)
        advance(10)
        advance(11)
        advance(20)
    assert capsys.readouterr().out.splitlines() == [
        "",
        "A part",
        "------",
        "  records: 10 of 20",
        "  records: 20 of 20",
    ]


def test_standard_error_is_clean_at_exit() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "crmcx.cli", "demo", "--customers", "5"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
