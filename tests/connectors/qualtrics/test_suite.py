"""What a connector owes, by the suite for authors: over the sandbox, in calm and in every hostile mode."""

from __future__ import annotations

from crmcx.connectors import Qualtrics
from crmcx.sandbox.qualtrics import TOKEN, QualtricsSandbox
from crmcx.testing import connector_suite

TestQualtrics = connector_suite(Qualtrics, settings={"url": "{url}", "token": TOKEN}, server=QualtricsSandbox)
