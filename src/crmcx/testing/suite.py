"""The suite: a connector, its settings and a platform in small make a full class of tests."""

from __future__ import annotations

from typing import Any

from crmcx.connectors import Connector
from crmcx.testing._contract import ContractTests
from crmcx.testing._hostility import HostileTests
from crmcx.testing._laws import CursorTests, NewsTests
from crmcx.testing._secrecy import SecretTests
from crmcx.testing.platform import Platform
from crmcx.testing.trial import Settings, Subject


class ConnectorSuite(ContractTests, CursorTests, NewsTests, HostileTests, SecretTests):
    """All tests; `connector_suite` makes a class of them for one connector."""


def connector_suite(
    connector: type[Connector],
    *,
    settings: Settings,
    server: type[Platform],
    records: int = 8,
    keep: tuple[str, ...] = (),
) -> type[Any]:
    """A class of tests for pytest, with no more code.

    Args:
        connector: The connector.
        settings: Its settings, as a function of the platform's address, or with `{url}` where it is to stand. Secrets
            have 8 characters or more, so that they can be looked for.
        server: The platform in small that it reads.
        records: How many records of each kind there are at first; enough for three pages of three.
        keep: Names of fields that stay on its cassettes, since the connector goes by what they say: the state of an
            export, say.

    Returns:
        A class, to be given a name that begins with `Test` in a test module.
    """
    subject = Subject(connector=connector, settings=settings, server=server, records=records, keep=keep)
    named = {"subject": subject, "_in_calm": {}, "__doc__": f"What {connector.name} owes."}
    return type(f"Test{connector.__name__}", (ConnectorSuite,), named)
