"""Since when a source is known, table by table; and since when a thing is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.store.test_upcasting import LAYOUTS
from tests.sync.sources import Clock, deal, listing, run

from crmcx import Workspace, models
from crmcx.connectors import contact, mapping
from crmcx.errors import UsageError
from crmcx.instants import from_us
from crmcx.journey import StageEvidence, StageRules, derive_stages
from crmcx.store import Store
from crmcx.tables import deals_at, rows_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Iterator[Store]:
    with Store(":memory:", clock=clock) as store:
        yield store


def days(store: Store, table: str) -> dict[str, int]:
    return {source: since.day for source, since in store.known_since(table).items()}


def test_the_first_look_counts(store: Store, clock: Clock) -> None:
    for day, stage in [(2, "a"), (5, "b"), (9, "b")]:
        clock.on(day)
        run(store, listing([deal("1", stage=stage)]))
    assert days(store, "deals") == {"crm": 2}
    assert days(store, "deal_changes") == {"crm": 2}
    assert store.known_since("deals")["crm"].tzinfo is UTC


def test_each_source_and_table_by_itself(store: Store, clock: Clock) -> None:
    clock.on(2)
    run(store, listing([deal("1")]))
    clock.on(4)
    run(store, listing([deal("1")]), source="other")
    assert days(store, "deals") == {"crm": 2, "other": 4}
    assert days(store, "cases") == {}


def test_of_several_streams_the_last_that_was_first_read(store: Store, clock: Clock) -> None:
    clock.on(2)
    run(store, listing([deal("1")]))
    clock.on(4)
    run(store, listing([deal("2")], name="archived"))
    assert days(store, "deals") == {"crm": 4}


def test_parts_are_known_as_what_they_are_of(store: Store, clock: Clock) -> None:
    clock.on(3)
    maps = mapping(models.Customer, id="id", parts=[contact("email", "mail")])
    run(store, listing([{"id": "1", "mail": "a@example.com"}], maps=maps, name="customers"))
    assert days(store, "contact_points") == {"crm": 3}


def test_a_table_that_is_not_there(store: Store) -> None:
    with pytest.raises(UsageError, match="table='deal'"):
        store.known_since("deal")


def test_a_table_brings_its_own(store: Store, clock: Clock) -> None:
    clock.on(2)
    run(store, listing([deal("1")]))
    table = store.snapshot().table("deals")
    clock.on(4)
    run(store, listing([deal("1")]), source="other")
    assert {source: since.day for source, since in table.known_since().items()} == {"crm": 2}


def test_of_a_workspace() -> None:
    with Workspace() as ws:
        before = datetime.now(UTC)
        ws.load([models.Account(source="app", source_id="1", name="x")], source="app")
        assert before <= ws.known_since("accounts")["app"] <= datetime.now(UTC)
        assert ws.tables.accounts.known_since() == ws.known_since("accounts")
        assert ws.known_since("deals") == {}


def test_a_thing_is_known_by_what_was_last_said_and_there_since_it_was_first_seen(store: Store, clock: Clock) -> None:
    maps = mapping(models.Deal, id="id", name="name", status="status")
    for day, name, status in [(2, "Ada", "open"), (5, "Ada L.", "open"), (9, "Ada L.", "won"), (12, "Ada L.", "won")]:
        clock.on(day)
        run(store, listing([{"id": "1", "name": name, "status": status}], maps=maps))
    tables = store.snapshot()
    deals, steps = tables.table("deals"), tables.table("deal_changes")
    (row,) = deals.rows()
    assert from_us(row["known_us"]).day == 9, "what stands there was not known before"

    def told(day: int) -> list[tuple[Any, Any]]:
        found = deals_at(deals, steps, datetime(2025, 1, day, 12, tzinfo=UTC))
        return [(row["status"], row["before_history"]) for row in rows_of(found)]

    assert told(1) == [(None, "stage, status, amount, owner, expected_close")], "nobody watched yet"
    assert (told(2), told(7), told(9)) == ([("open", None)], [("open", None)], [("won", None)])
    early = datetime(2025, 1, 7, tzinfo=UTC)
    rules = StageRules(
        name="won",
        version=1,
        evidence=[StageEvidence(table="deals", says="purchase", at="known_us", where={"status": ["won"]})],
    )
    assert not list(derive_stages(rules, deals=deals, as_of=early, unit="key"))


def test_an_older_store_knows_as_much_of_what_was_first_seen(tmp_path: Path) -> None:
    path = Path(shutil.copy(LAYOUTS / "layout_2.crmcx", tmp_path / "bank.crmcx"))
    with Store(path) as old:
        tables = old.snapshot()
        deals, steps = tables.table("deals"), tables.table("deal_changes")
        seen = min(from_us(row["after_us"]) for row in steps.rows())
        found = rows_of(deals_at(deals, steps, seen + timedelta(milliseconds=1)))
    assert sorted((row["source_id"], row["stage"], row["status"]) for row in found) == [
        ("d1", "offer", "open"),
        ("d2", "offer", "open"),
    ]
