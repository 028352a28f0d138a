"""The suite over a connector that is as it should be."""

from __future__ import annotations

from tests.testing.helpdesk import SETTINGS, Helpdesk, HelpdeskInSmall

from crmcx.testing.suite import connector_suite

TestHelpdesk = connector_suite(Helpdesk, settings=SETTINGS, server=HelpdeskInSmall)
