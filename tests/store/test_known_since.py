"""Since when a source is known, table by table; and since when a thing is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.sync.sources import DEAL, Clock, deal, listing, rows, run

from crmcx import Workspace, models
from crmcx.connectors import contact, mapping
from crmcx.errors import UsageError
from crmcx.instants import from_us
from crmcx.store import Store


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


def test_a_thing_is_known_since_it_was_first_seen_and_its_parts_since_they_were_said(
    store: Store, clock: Clock
) -> None:
    maps = mapping(models.Customer, id="id", name="name", parts=[contact("email", "mail")])
    for day, name in [(2, "Ada"), (5, "Ada L."), (9, "Ada L.")]:
        clock.on(day)
        run(store, listing([{"id": "1", "name": name, "mail": "a@example.com"}], maps=maps, name="customers"))
    (customer,), (point,) = rows(store, "customers"), rows(store, "contact_points")
    assert customer["name"] == "Ada L."
    assert (from_us(customer["known_us"]).day, from_us(point["known_us"]).day) == (2, 5)
    run(store, listing([deal("1")], maps=DEAL))
    assert from_us(rows(store, "deals")[0]["known_us"]).day == 9
