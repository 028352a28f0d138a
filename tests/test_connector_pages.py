"""The pages of the systems say what their connectors declare."""

from __future__ import annotations

import pytest
from docs import connector_pages

from crmcx.connectors import Connector

STALE = "run make connector-pages and keep what it writes"


@pytest.mark.parametrize("system", connector_pages.SYSTEMS, ids=lambda system: system.name)
def test_a_page_is_what_the_connector_declares(system: type[Connector]) -> None:
    text = connector_pages.page_of(system).read_text(encoding="utf-8")
    assert text == connector_pages.written(system), STALE
    for stream in system.declared():
        assert f"| `{stream.name}` |" in text
