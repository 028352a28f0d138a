"""A sales pipeline of 8,800 opportunities: what was won, and what it is worth.

Traps: a lost deal is written with the value 0, which is no amount; 1,425 opportunities name no account.
"""

from __future__ import annotations

from pathlib import Path

from crmcx import Workspace, metrics
from crmcx.connectors import Files, FileStream, day, mapping, money, ref, words
from crmcx.models import Account, Deal
from examples.public_data.publication import Example, Publication

PUBLISHER = 'Maven Analytics, Data Playground, "CRM Sales Opportunities"'
LICENCE = "public domain, as the publisher lists it"
PIPELINE = Publication(
    publisher=PUBLISHER,
    licence=LICENCE,
    file="crm_opportunities/sales_pipeline.csv.gz",
    sha256="a27b9b50f7687db547578745625596b1053a16e4872500554e947b06f98fde8e",
)
ACCOUNTS = Publication(
    publisher=PUBLISHER,
    licence=LICENCE,
    file="crm_opportunities/accounts.csv.gz",
    sha256="ccb7c56f2a20b62f1d27bc0af7a042f4270e95b7361665a169127844b313507b",
)

ACCOUNT = mapping(
    Account,
    id="account",
    name="account",
    industry_native="sector",
    country="office_location",
    employees="employees",
    parent=ref("subsidiary_of"),
)
DEAL = mapping(
    Deal,
    id="opportunity_id",
    account=ref("account"),
    product="product",
    owner="sales_agent",
    stage="deal_stage",
    status=words("deal_stage", {"Won": "won", "Lost": "lost", "Engaging": "open", "Prospecting": "open"}),
    status_native="deal_stage",
    amount=money("close_value", currency="USD"),
    opened_on=day("engage_date"),
    closed_on=day("close_date"),
)


def connect(workspace: Workspace, folder: Path) -> None:
    """Connect accounts and deals."""
    files = Files(FileStream(ACCOUNTS.path(folder), ACCOUNT), FileStream(PIPELINE.path(folder), DEAL))
    workspace.connect(files, name=EXAMPLE.name)


def ask(workspace: Workspace) -> list[tuple[str, str]]:
    """The win rate and what was won."""
    deals = workspace.tables.deals
    return [
        ("win rate", repr(metrics.win_rate(deals))),
        ("won value", repr(metrics.won_value(deals))),
        ("win rate by product", repr(metrics.win_rate(deals, by="product"))),
    ]


EXAMPLE = Example(
    name="crm_opportunities",
    title="a pipeline of opportunities (made up)",
    publications=(ACCOUNTS, PIPELINE),
    connect=connect,
    ask=ask,
)
