"""A bank, written once, and a way to read its files that shares no code with the generator."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from crmcx import Workspace
from crmcx.demo import Exports, write_exports
from crmcx.demo.company import COMPANY, company
from crmcx.demo.maps import connections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crmcx.sync import SyncReport

CUSTOMERS = 1000
FORMS = {
    "mortgages": ("cp1252", ";"),
    "deposits": ("utf-8-sig", ";"),
    "responses_de.csv": ("utf-8-sig", ";"),
}
PLAIN = ("utf-8", ",")


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """The exports of a bank of 1,000 people."""
    return write_exports(tmp_path_factory.mktemp("bank"), customers=CUSTOMERS, seed=7)


@pytest.fixture(scope="session")
def synced(bank: Exports) -> Iterator[tuple[Workspace, SyncReport]]:
    """A workspace that holds the bank, and what its sync brought."""
    with Workspace(":memory:") as workspace:
        workspace.load(company(), source=COMPANY, stream="company")
        for name, connector in connections(bank).items():
            workspace.connect(connector, name=name)
        yield workspace, workspace.sync()


@pytest.fixture(scope="session")
def read() -> Callable[[Path], list[dict[str, Any]]]:
    """Reads an export into one dict a row, cells as they stand there."""
    return _read


def _read(path: Path) -> list[dict[str, Any]]:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    if ".jsonl" in path.name:
        return [json.loads(line) for line in raw.decode("utf-8").splitlines()]
    encoding, delimiter = FORMS.get(path.name) or FORMS.get(path.parent.name) or PLAIN
    return list(csv.DictReader(io.StringIO(raw.decode(encoding), newline=""), delimiter=delimiter, strict=True))
