"""The demo as a person sees it, and its numbers against what the generator knows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crmcx import Workspace, cli, journey, metrics
from crmcx.demo import TOUCHPOINTS, Exports, period, write_exports
from crmcx.demo.answers import PERIOD_END, ask
from crmcx.demo.company import COMPANY, company
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
        workspace.load(company(), source=COMPANY, stream="company")
        for name, connector in connections(exports).items():
            workspace.connect(connector, name=name)
        workspace.sync()
        yield workspace


def test_every_record_is_accounted_for(workspace: Workspace, exports: Exports) -> None:
    truth = exports.truth
    streams = [each for each in workspace.status().streams if each.source != COMPANY]
    for stream in streams:
        system = stream.source.removeprefix("files:")
        (file,) = [each for each in truth.files if each.name.split(".")[0] == f"{system}/{stream.stream}"]
        counts = stream.counts
        assert (counts.read, counts.quarantined, counts.unchanged) == (file.records, file.broken, file.repeated)
    tables = dict(workspace.status().rows)
    assert len(streams) == len(truth.files)
    assert tables["customers"] == len(truth.people)
    assert tables["touchpoints"] == len(TOUCHPOINTS)
    assert tables["interactions"] == truth.interactions
    assert len(workspace.quarantine()) == sum(file.broken for file in truth.files)


def test_a_second_run_changes_nothing(workspace: Workspace) -> None:
    digest = workspace.store.digest()
    again = workspace.sync().counts
    assert again.stored == 0
    assert again.read == again.unchanged + again.quarantined
    assert workspace.store.digest() == digest


def test_who_is_who_is_every_customer_of_the_store(workspace: Workspace, exports: Exports) -> None:
    truth = exports.truth
    rows = workspace.tables.customers.rows()
    refs = [f"{row['source']}/{row['source_id']}" for row in rows]
    assert len(set(refs)) == len(refs)
    assert set(refs) == set(truth.people)
    assert set(truth.people.values()) == set(range(truth.customers))


def test_every_event_of_a_customer_names_a_customer_of_the_store(workspace: Workspace, exports: Exports) -> None:
    tables = workspace.tables
    for table in (
        *(tables.interactions, tables.feedback, tables.deals, tables.cases, tables.stage_changes),
        *(tables.invitations, tables.subscriptions, tables.consents, tables.preferences, tables.campaign_touches),
        *(tables.sla_targets, tables.links),
    ):
        named = {row["customer_ref"] for row in table.rows()} - {None}
        assert named <= set(exports.truth.people)
        assert len(named) > 50


def test_the_stages_of_the_store_are_the_true_ones(workspace: Workspace, exports: Exports) -> None:
    truth = exports.truth
    found = sorted(
        (truth.people[row["customer_ref"]], row["scope"], row["changed_us"], row["stage"])
        for row in workspace.tables.stage_changes.rows()
    )
    wanted = sorted(
        (person, line, midnight(period.date_of(day)), stage)
        for person, steps in truth.stages.items()
        for day, line, stage in steps
    )
    assert found == wanted
    known = [(row["changed_us"], row["known_us"]) for row in workspace.tables.stage_changes.rows()]
    assert all(changed <= knew for changed, knew in known)
    assert any(changed < knew for changed, knew in known)


def midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()) * 1_000_000


def test_the_heroine_is_nobody_at_the_second_door(workspace: Workspace, exports: Exports) -> None:
    heroine = exports.truth.heroine
    assert {ref.partition("/")[0] for ref in heroine.refs} == {
        *("files:mortgages", "files:deposits", "files:service_centre", "files:help_desk", "files:survey")
    }
    keys = {row["key"]: f"{row['source']}/{row['source_id']}" for row in workspace.tables.customers.rows()}
    loans = {
        keys[row["customer_key"]]
        for row in workspace.tables.identifiers.rows()
        if (row["namespace"], row["value"]) == ("loan", heroine.loan)
    }
    assert {ref.partition("/")[0] for ref in loans} == {"files:mortgages", "files:service_centre"}
    assert loans < set(heroine.refs)
    mails = {
        keys[row["customer_key"]]: row["value"]
        for row in workspace.tables.contact_points.rows()
        if row["kind"] == "email" and keys[row["customer_key"]] in heroine.refs
    }
    assert set(mails) == set(heroine.refs)
    assert {mail.lower().replace("+konto", "") for mail in mails.values()} == {"hedda.lindqvarn@mail.example"}
    assert len(set(mails.values())) == 2
    met = {
        (row["source"], row["touchpoint"])
        for row in workspace.tables.interactions.rows()
        if row["customer_ref"] in heroine.refs
    }
    assert met >= {
        ("files:web", "sign"),
        ("files:branches", "branch"),
        ("files:service_centre", "hotline"),
        ("files:help_desk", "help_desk"),
    }


def test_father_and_daughter_are_two_people_of_one_name(workspace: Workspace, exports: Exports) -> None:
    families = exports.truth.father_and_daughter
    rows = {f"{row['source']}/{row['source_id']}": row for row in workspace.tables.customers.rows()}
    points: dict[int, dict[str, str]] = {}
    for row in workspace.tables.contact_points.rows():
        points.setdefault(row["customer_key"], {})[row["kind"]] = row["value"]
    numbers: dict[int, set[tuple[str, str]]] = {}
    for row in workspace.tables.identifiers.rows():
        numbers.setdefault(row["customer_key"], set()).add((row["namespace"], row["value"]))

    def of(refs: tuple[str, ...], system: str) -> dict[str, Any]:
        (ref,) = [ref for ref in refs if ref.startswith(f"files:{system}/")]
        return rows[ref]

    for system in ("mortgages", "deposits"):
        father, daughter = (of(refs, system) for refs in families)
        for name in ("given_name", "family_name"):
            assert father[name] == daughter[name]
        assert daughter["birth_year"] - father["birth_year"] > 20
        his, hers = points[father["key"]], points[daughter["key"]]
        assert his["address"] == hers["address"]
        assert digits(his["phone"]) == digits(hers["phone"])
        assert his["email"] != hers["email"]
        assert not numbers[father["key"]] & numbers[daughter["key"]]
        assert numbers[father["key"]]
    father, daughter = (of(refs, "service_centre") for refs in families)
    assert digits(points[father["key"]]["phone"]) != digits(points[daughter["key"]]["phone"])


def digits(phone: str) -> str:
    return "".join(each for each in phone if each.isdigit())


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
    assert last <= PERIOD_END.timestamp() * 1_000_000


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
    week = told["a_week_later"]
    assert week["compared_before"]["different"] == week["compared"]["different"] == []
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
