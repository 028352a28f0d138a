"""What a connector owes, by the suite for authors: over the sandbox, in calm and in every hostile mode."""

from __future__ import annotations

import pytest

from crmcx.connectors import Qualtrics
from crmcx.sandbox.qualtrics import TOKEN, QualtricsSandbox
from crmcx.testing import connector_suite

pytestmark = pytest.mark.once
SETTINGS = {"url": "{url}", "token": TOKEN}


class OneByOne(Qualtrics):
    """Its streams share the list of surveys, so a spoiled page of that is whose first only where they take turns."""

    threads = 0


class InPlain(OneByOne):
    """A zipped file cannot be looked through for what is personal, so no cassette takes it."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings, zipped=False)


InPlainSuite = connector_suite(InPlain, settings=SETTINGS, server=QualtricsSandbox, keep=("status", "requestType"))


class TestQualtrics(connector_suite(OneByOne, settings=SETTINGS, server=QualtricsSandbox)):
    def test_a_cassette_holds_no_secret_and_plays_alike(self, tmp_path) -> None:
        InPlainSuite().test_a_cassette_holds_no_secret_and_plays_alike(tmp_path)
