"""The pages of the systems say what their connectors declare."""

from __future__ import annotations

import pytest
from docs import connector_pages

from crmcx.connectors import Connector, HubSpot
from crmcx.connectors.hubspot.tables import KINDS

pytestmark = pytest.mark.once
STALE = "run make connector-pages and keep what it writes"


@pytest.mark.parametrize("system", connector_pages.SYSTEMS, ids=lambda system: system.name)
def test_a_page_is_what_the_connector_declares(system: type[Connector]) -> None:
    text = connector_pages.page_of(system).read_text(encoding="utf-8")
    assert text == connector_pages.written(system), STALE
    for stream in system.declared():
        assert f"| `{stream.name}` |" in text


def test_every_property_that_is_asked_for_is_told() -> None:
    text = connector_pages.page_of(HubSpot).read_text(encoding="utf-8")
    for kind in KINDS.values():
        _, _, of_it = text.partition(f"### Fields of `{kind.type}`")
        fields, _, _ = of_it.partition("### ")
        missing = [name for name in kind.asked if f"| `properties.{name}` |" not in fields]
        assert not missing, (kind.type, missing)


def test_what_is_told_of_a_field_is_what_became_of_it() -> None:
    text = connector_pages.page_of(HubSpot).read_text(encoding="utf-8")
    for row in (
        "| `properties.amount` | Deal.amount.amount, Deal.amount.currency | yes |",
        "| `properties.hs_lastmodifieddate` | - | - |",
        "| `properties.hs_additional_emails` | - | yes |",
        "| `properties.lifecyclestage` | Customer.stage, Customer.stage_native | - |",
    ):
        assert row in text
