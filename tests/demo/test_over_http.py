"""The bank over HTTP: as true as over files, and still true after a week in which everything moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmcx import Workspace, metrics
from crmcx.demo import Exports, write_exports
from crmcx.demo.company import COMPANY, company
from crmcx.demo.compared import compare
from crmcx.demo.later import weeks_later
from crmcx.demo.platforms import PLATFORM, PORTAL, Platforms, platforms
from crmcx.demo.week import pass_week
from crmcx.models import Money

Bank = tuple[Workspace, Platforms, Exports]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    exports = write_exports(tmp_path_factory.mktemp("bank"), customers=500, seed=3)
    with platforms(exports) as systems, Workspace(":memory:") as workspace:
        workspace.load(company(), source=COMPANY, stream="company")
        for name, connector in systems.connections(exports).items():
            workspace.connect(connector, name=name)
        workspace.sync()
        yield workspace, systems, exports


def test_every_customer_is_there_under_the_name_of_her_system(bank: Bank) -> None:
    workspace, systems, exports = bank
    told = systems.told(exports.truth)
    found = {f"{row['source']}/{row['source_id']}" for row in workspace.tables.customers.rows()}
    assert found == set(told.people)
    assert sorted(told.people.values()) == sorted(exports.truth.people.values())
    assert {ref.partition("/")[0] for ref in told.heroine.refs} > {PORTAL, PLATFORM}


def test_references_of_the_other_systems_lead_into_the_portal(bank: Bank) -> None:
    workspace, _, _ = bank
    for table in ("interactions", "subscriptions", "consents", "campaign_touches", "stage_changes", "deals"):
        (row,) = workspace.sql(
            "SELECT count(*) AS n, count(c.key) AS there"
            f" FROM {table} t LEFT JOIN customers c ON c.key = t.customer_key WHERE t.customer_ref LIKE ? || '/%'",
            [PORTAL],
        ).rows()
        assert row["n"] == row["there"] > 0, table


def test_the_metrics_are_those_of_the_files(bank: Bank) -> None:
    workspace, _, exports = bank
    tables, truth = workspace.tables, exports.truth
    scores = metrics.nps(tables.answers, by=["language", "status"])
    satisfied = metrics.csat(tables.answers, by=["language", "status"])
    for each in truth.surveys:
        found = dict(scores[each.language, each.status].counts)
        assert found == {"promoters": each.promoters, "passives": each.passives, "detractors": each.detractors}
        assert dict(satisfied[each.language, each.status].counts)["satisfied"] == each.csat_satisfied
    rates, values = (metric(tables.deals, by="pipeline") for metric in (metrics.win_rate, metrics.won_value))
    for deal in truth.deals:
        assert dict(rates[deal.pipeline].counts) == {"won": deal.won, "lost": deal.lost}
        left_out = {name: n for name, n in (("open", deal.open), ("abandoned", deal.abandoned)) if n}
        assert dict(rates[deal.pipeline].excluded) == left_out
        assert values[deal.pipeline].value == Money(amount=deal.won_amount, currency="EUR")


def test_the_store_follows_whatever_happens_in_a_week(bank: Bank) -> None:
    workspace, systems, exports = bank
    later = weeks_later(workspace, systems, exports)
    assert later.first.records > 3_000
    assert later.first.different == later.second.different == ()
    assert sum(n > 0 for _, n in later.happened) >= 6
    counts = later.report.counts
    assert counts.read == counts.stored + counts.unchanged + counts.quarantined
    assert 0 < counts.stored < 300
    assert later.after.n > later.before.n
    assert "all are equal" in str(later)


def test_what_was_not_synced_is_seen_as_a_difference(bank: Bank) -> None:
    workspace, systems, exports = bank
    pass_week(systems, exports)
    before = compare(workspace, systems, exports)
    assert {name.partition(" ")[0] for name in before.different} >= {"contact", "invitation", "response", "ticket"}
    assert "differ" in str(before)
    workspace.sync()
    assert compare(workspace, systems, exports).different == ()
