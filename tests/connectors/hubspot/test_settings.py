"""What the settings of a connection to HubSpot change in what is read."""

from __future__ import annotations

import pytest

from crmcx import Workspace
from crmcx.connectors import HubSpot
from crmcx.connectors.clock import held
from crmcx.sandbox import HubSpotSandbox


@pytest.mark.parametrize("topics", [1, 7])
def test_consents_of_single_subscriptions(topics: int) -> None:
    """Who opted out of one topic gets all else; more topics than a search can name are no hindrance."""
    named = {f"hs_email_optout_{number}": f"topic {number}" for number in range(topics)}
    with HubSpotSandbox() as portal, held(portal.still.clock), Workspace(":memory:") as ws:
        ada = portal.world.create("contacts", {"email": "ada@example.org", "hs_email_optout_0": "false"})
        ws.connect(HubSpot(url=portal.url, token=portal.token, subscriptions=named), name="crm")
        ws.sync()
        portal.world.update("contacts", ada, {"hs_email_optout_0": "true"})
        portal.world.create("contacts", {"email": "ben@example.org", "hs_email_optout": "true"})
        ws.sync()
        rows = sorted(ws.refresh().consents.rows(), key=lambda row: row["captured_us"])
        assert [(row["topic"], row["status"]) for row in rows] == [
            ("topic 0", "granted"), ("topic 0", "withdrawn"), ("email", "withdrawn"),
        ]  # fmt: skip
        assert rows[0]["customer_ref"] == rows[1]["customer_ref"] == f"hubspot:crm/{ada}"


def test_what_the_settings_say_of_contacts_and_deals() -> None:
    """Numbers of other systems, year of birth, address, product line, and stages of deals beyond won and lost."""
    with HubSpotSandbox() as portal, held(portal.still.clock), Workspace(":memory:") as ws:
        portal.world.pipelines["deals"][0]["stages"].append(
            {"id": "withdrawn", "label": "Withdrawn", "displayOrder": 9, "archived": False,
             "metadata": {"isClosed": "true", "probability": "0.0"}}
        )  # fmt: skip
        said = {
            "account_no": "120",
            "loan_no": "",
            "date_of_birth": "03.02.1970",
            "address": "Way 1",
            "zip": "1",
            "city": "Ort",
        }
        ada = portal.world.create("contacts", {"email": "ada@example.org", "lifecyclestage": "lead", **said})
        portal.world.create("contacts", {"email": "ben@example.org", "date_of_birth": "1970 or 1971"})
        for stage in ("withdrawn", "closedlost"):
            portal.world.create("deals", {"dealname": stage, "dealstage": stage, "amount": "1"})
        connector = HubSpot(
            url=portal.url,
            token=portal.token,
            currency="EUR",
            identifiers={"account": "account_no", "loan": "loan_no"},
            deal_stages={"withdrawn": "abandoned"},
            lifecycle_scope="loans",
        )
        ws.connect(connector, name="crm")
        ws.sync()
        tables = ws.tables
        people = {row["source_id"]: row for row in tables.customers.rows()}
        assert sorted(str(row["birth_year"]) for row in people.values()) == ["1970", "None"]
        numbers = {(row["namespace"], row["value"]) for row in tables.identifiers.rows()}
        assert ("account", "120") in numbers
        assert "loan" not in {namespace for namespace, _ in numbers}
        points = {(row["kind"], row["value"]) for row in tables.contact_points.rows()}
        assert ("address", "Way 1, 1 Ort") in points
        assert {row["name"]: row["status"] for row in tables.deals.rows()} == {
            "withdrawn": "abandoned", "closedlost": "lost",
        }  # fmt: skip
        steps = ws.sql("SELECT new FROM deal_changes WHERE field = 'status'").rows()
        assert {row["new"] for row in steps} == {"abandoned", "lost"}
        (step,) = tables.stage_changes.rows()
        assert (step["scope"], step["customer_ref"]) == ("loans", f"hubspot:crm/{ada}")
