"""The whole model in the bank: what the store holds of each class against the truth, and against each other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from crmcx import Workspace
from crmcx.demo import period
from crmcx.demo.company import COMPANY, company, instrument
from crmcx.demo.effects import INITIATIVE_DATE
from crmcx.demo.questionnaires import CHANNELS
from crmcx.models import Initiative
from crmcx.store import Tables

if TYPE_CHECKING:
    from crmcx.demo import Exports
    from crmcx.sync import SyncReport

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def tables(synced: tuple[Workspace, SyncReport]) -> Tables:
    return synced[0].tables


def counted(rows: Rows, *columns: str) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row[column] for column in columns) for row in rows)


def by_ref(rows: Rows) -> dict[str, dict[str, Any]]:
    return {f"{row['source']}/{row['source_id']}": row for row in rows}


# -- the survey --------------------------------------------------------------------------------------------------------


def test_choices_count_by_code_whichever_language_they_were_made_in(tables: Tables, bank: Exports) -> None:
    made = [row for row in tables.answers.rows() if row["choice"] is not None]
    by_language = counted(made, "language", "item", "choice")
    truth = Counter[tuple[str, str, str]]()
    for each in bank.truth.surveys:
        truth.update({(each.language, "Q3_CHANNEL", code): number for code, number in each.chosen if number})
    assert by_language == truth
    assert {choice for _, _, choice in by_language} == set(CHANNELS)
    over_both = counted(made, "item", "choice")
    for item, choice in over_both:
        parts = [by_language[language, item, choice] for language in ("de", "en")]
        assert over_both[item, choice] == sum(parts)
        assert all(parts)


def test_the_instrument_words_every_code_in_each_language(tables: Tables) -> None:
    worded = counted(tables.wordings.rows(), "language", "item", "choice")
    items = {row["item"]: row for row in tables.items.rows()}
    codes = [(item, None) for item in items]
    codes += [(row["item"], row["choice"]) for row in tables.choices.rows()]
    assert worded == Counter((language, *code) for language in ("de", "en") for code in codes)
    asked = instrument()
    assert asked.wording("Q3_CHANNEL", "branch", language="de") == "Filiale"
    for item, choice in codes:
        german, english = (asked.wording(item, choice, language=language) for language in ("de", "en"))
        assert german
        assert english
        assert german != english
    for row in tables.answers.rows():
        item = items[row["item"]]
        assert (row["instrument"], row["kind"]) == (item["code"], item["kind"])
        assert row["score"] is None or (row["scale_min"], row["scale_max"]) == (item["scale_min"], item["scale_max"])
        assert row["choice"] is None or (row["item"], row["choice"]) in codes


def test_invitations_are_the_denominator(tables: Tables, bank: Exports) -> None:
    found = counted(tables.invitations.rows(), "touchpoint", "status")
    for each in bank.truth.invitations:
        sent, bounced, opened, started, completed = (
            found[each.touchpoint, status] for status in ("sent", "bounced", "opened", "started", "completed")
        )
        assert sent + bounced + opened + started + completed == each.sent
        assert (bounced, started + completed, completed) == (each.bounced, each.answered, each.completed)
    assert {touchpoint for touchpoint, _ in found} == {each.touchpoint for each in bank.truth.invitations}
    arrived = sum(each.sent - each.bounced for each in bank.truth.invitations)
    answered = sum(each.answered for each in bank.truth.invitations)
    assert answered == len(tables.feedback.rows())
    assert 0.25 < answered / arrived < 0.45


def test_a_response_follows_the_invitation_that_it_names(tables: Tables) -> None:
    invitations = by_ref(tables.invitations.rows())
    followed = [row for row in tables.feedback.rows() if row["invitation_ref"] is not None]
    assert len({row["invitation_ref"] for row in followed}) == len(followed)
    for row in followed:
        invitation = invitations[row["invitation_ref"]]
        assert invitation["status"] == {"complete": "completed", "partial": "started"}[row["status"]]
        for column in ("customer_ref", "instrument", "touchpoint"):
            assert invitation[column] == row[column]
        assert invitation["sent_us"] < row["submitted_us"] + 3_600_000_000  # an hour of the wall clock is there twice
        if row["status"] == "complete":
            assert abs(invitation["completed_us"] - row["submitted_us"]) in {0, 3_600_000_000}
    anonymous = [row for row in tables.feedback.rows() if row["customer_ref"] is None]
    assert anonymous
    assert all(row["invitation_ref"] is None for row in anonymous)
    named = {row["invitation_ref"] for row in followed}
    # Of an anonymous response not even the time tells whose it is.
    assert all(
        row["completed_us"] is None
        for ref, row in invitations.items()
        if row["status"] not in {"started", "completed"} or ref not in named
    )


# -- contracts and stages ----------------------------------------------------------------------------------------------


def test_contracts(tables: Tables, bank: Exports) -> None:
    found = counted(tables.subscriptions.rows(), "product", "status_native")
    for each in bank.truth.contracts:
        told = (each.running, each.cancelled, each.ended)
        assert told == tuple(found[each.product, word] for word in ("läuft", "gekündigt", "beendet"))
        assert min(each.running, each.ended) > 0
    assert found.total() == sum(each.running + each.cancelled + each.ended for each in bank.truth.contracts)


def test_contracts_tell_the_stages_that_the_departments_wrote_down(tables: Tables) -> None:
    """From the first to the last contract of a line: existing, exiting and former follow from behaviour."""
    line = {row["code"]: row["line"] for row in tables.products.rows()}
    held: dict[tuple[str, str], Rows] = {}
    for row in tables.subscriptions.rows():
        held.setdefault((row["customer_ref"], line[row["product"]]), []).append(row)
    said: dict[tuple[str, str], dict[str, list[int]]] = {}
    for row in tables.stage_changes.rows():
        steps = said.setdefault((row["customer_ref"], row["scope"]), {})
        steps.setdefault(row["stage"], []).append(row["changed_us"])
    assert held.keys() == {who for who, steps in said.items() if "existing" in steps}
    for who, contracts in held.items():
        steps = said[who]
        assert min(row["started_us"] for row in contracts) == min(steps["existing"])
        for column, stage in (("cancel_requested_us", "exiting"), ("ended_us", "former")):
            assert {row[column] for row in contracts} == ({*steps[stage]} if stage in steps else {None})
        for row in contracts:
            assert row["cancel_requested_us"] is None or row["started_us"] < row["cancel_requested_us"]


# -- consents and the mailing ------------------------------------------------------------------------------------------


def test_consents_stand_in_a_ledger(tables: Tables, bank: Exports) -> None:
    ledger: dict[tuple[str, str], Rows] = {}
    for row in sorted(tables.consents.rows(), key=lambda row: row["captured_us"]):
        ledger.setdefault((row["channel"], row["customer_ref"]), []).append(row)
    latest = Counter((channel, entries[-1]["status"]) for (channel, _), entries in ledger.items())
    for each in bank.truth.consents:
        told = (each.granted, each.denied, each.withdrawn)
        assert told == tuple(latest[each.channel, status] for status in ("granted", "denied", "withdrawn"))
        assert min(told) > 0
    for entries in ledger.values():
        words = [row["status"] for row in entries]
        assert words in (["granted"], ["denied"], ["granted", "withdrawn"])


def test_the_mailing_reached_only_those_who_allowed_it(tables: Tables, bank: Exports) -> None:
    rows = tables.campaign_touches.rows()
    found, truth = counted(rows, "kind", "machine"), bank.truth.campaign
    assert {row["campaign"] for row in rows} == {row["code"] for row in tables.campaigns.rows()} == {truth.code}
    assert (found["held_out", None], found["sent", None]) == (truth.held_out, truth.sent)
    assert (found["bounced", None], found["delivered", None]) == (truth.bounced, truth.sent - truth.bounced)
    assert (found["opened", False], found["opened", True]) == (truth.opened, truth.opened_by_machine)
    assert (found["clicked", False], found["unsubscribed", None]) == (truth.clicked, truth.unsubscribed)
    assert 0.15 < truth.held_out / (truth.held_out + truth.sent) < 0.25
    touched = {kind: {row["customer_ref"] for row in rows if row["kind"] == kind} for kind in ("held_out", "sent")}
    assert not touched["held_out"] & touched["sent"]
    (at,) = {row["occurred_us"] for row in rows if row["kind"] == "sent"}
    mail = [row for row in tables.consents.rows() if row["channel"] == "email"]
    allowed = {row["customer_ref"] for row in mail if row["status"] == "granted" and row["captured_us"] <= at}
    allowed -= {row["customer_ref"] for row in mail if row["status"] == "withdrawn" and row["captured_us"] <= at}
    assert touched["held_out"] | touched["sent"] <= allowed
    left = {row["customer_ref"] for row in rows if row["kind"] == "unsubscribed"}
    assert left <= {row["customer_ref"] for row in mail if row["status"] == "withdrawn"}


# -- the company's own side --------------------------------------------------------------------------------------------


def test_every_employee_who_is_named_is_on_the_list_of_her_system(tables: Tables) -> None:
    staff = {(row["source"], row["code"]) for row in tables.employees.rows()}
    named = {
        (row["source"], row[column])
        for table, column in (
            (tables.interactions, "employee"),
            (tables.deals, "owner"),
            (tables.customers, "owner"),
            (tables.cases, "assignee"),
        )
        for row in table.rows()
        if row[column] is not None
    }
    assert {source for source, _ in staff} == {source for source, _ in named}
    assert named <= staff
    advisers = [row["email"] for row in tables.employees.rows() if row["source"] != "files:help_desk"]
    assert set(Counter(advisers).values()) == {4}


def test_codes_name_what_the_company_keeps(tables: Tables) -> None:
    def codes(table: str) -> set[str]:
        return {row["code"] for row in getattr(tables, table).rows()}

    def used(table: str, column: str) -> set[str]:
        return {row[column] for row in getattr(tables, table).rows()} - {None}

    assert used("employees", "team") | used("cases", "team") | used("touchpoints", "owner_team") == codes("teams")
    assert used("subscriptions", "product") | used("deals", "product") == codes("products")
    assert used("products", "line") == used("stage_changes", "scope")
    assert used("deals", "pipeline") == codes("pipelines")
    assert used("teams", "calendar") == codes("business_calendars")
    stages = {(row["code"], row["stage"]): row["status"] for row in tables.pipeline_stages.rows()}
    for deal in tables.deals.rows():
        assert (stages[deal["pipeline"], deal["stage"]] == "won") == (deal["status"] == "won")


def test_participants_are_the_authors_of_comments(tables: Tables) -> None:
    comments = [row for row in tables.interactions.rows() if row["kind"] == "support_comment"]
    roles = {"customer": "requester", "employee": "agent", "bot": "other"}
    assert Counter(roles[row["initiator"]] for row in comments) == Counter(
        row["role"] for row in tables.participants.rows()
    )
    assert all((row["employee"] is None) == (row["initiator"] == "customer") for row in comments)
    for row in tables.participants.rows():
        assert (row["customer_ref"] is None) == (row["role"] != "requester") == (row["employee"] is not None)


def test_agreed_times_are_judged_as_the_cases_are(tables: Tables, bank: Exports) -> None:
    targets = tables.sla_targets.rows()
    met = Counter(row["met"] for row in targets)
    truth = bank.truth.cases
    assert (met[True], met[False], len(targets)) == (truth.sla_met, truth.sla_missed, truth.cases)
    assert {(row["metric"], row["policy"], row["calendar"]) for row in targets} == {
        ("first_response", "standard", None)
    }
    assert {row["due_us"] - row["applied_us"] for row in targets} == {row["target_us"] for row in targets}


def test_talks_lead_to_their_deals(tables: Tables, bank: Exports) -> None:
    links, deals, people = tables.links.rows(), by_ref(tables.deals.rows()), bank.truth.people
    assert len(links) == bank.truth.deal_talks > 100
    for row in links:
        assert row["kind"] == "deals"
        assert people[deals[row["to_ref"]]["customer_ref"]] == people[row["customer_ref"]]


def test_talks_are_held_while_the_bank_is_there(tables: Tables) -> None:
    hours = {row["weekday"]: (row["opens_us"], row["closes_us"]) for row in tables.opening_hours.rows()}
    talks = [row for row in tables.interactions.rows() if row["channel"] in {"phone", "in_person"}]
    talks = [row for row in talks if row["kind"] != "support_comment"]
    outside = 0
    for row in talks:
        wall = period.local(row["occurred_us"] // 1_000_000)
        opens, closes = hours[wall.weekday()]
        outside += not opens <= (wall.hour * 3600 + wall.minute * 60 + wall.second) * 1_000_000 <= closes
    # The days on which the clocks change are an hour off.
    assert outside < 0.005 * len(talks)


def test_the_initiative_is_registered(tables: Tables, bank: Exports) -> None:
    (found,) = [each for each in company() if isinstance(each, Initiative)]
    truth = bank.truth.initiative
    assert (found.code, found.touchpoint) == (truth.code, truth.touchpoint)
    assert period.local(int(found.starts_at.timestamp())).date() == truth.begins == INITIATIVE_DATE
    assert found.team in {row["code"] for row in tables.teams.rows()}
    assert found.touchpoint in {row["code"] for row in tables.touchpoints.rows()}


def test_languages_are_wishes_as_well(tables: Tables) -> None:
    spoken = {ref: row["language"] for ref, row in by_ref(tables.customers.rows()).items()}
    wishes = tables.preferences.rows()
    assert len(wishes) == sum(row["source"] == "files:deposits" for row in tables.customers.rows())
    assert all(row["language"] == spoken[row["customer_ref"]] for row in wishes)


def test_the_company_says_the_same_twice() -> None:
    with Workspace(":memory:") as workspace:
        first, again = (workspace.load(company(), source=COMPANY, stream="company") for _ in range(2))
        assert first.counts.stored == len(company())
        assert (again.counts.stored, again.counts.unchanged) == (0, len(company()))
