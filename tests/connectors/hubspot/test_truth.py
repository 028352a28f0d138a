"""Whatever happens in a portal, after a sync the store says what is so, but for what the connector cannot see."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from crmcx.connectors import HubSpot
from crmcx.sandbox import HubSpotSandbox
from crmcx.sandbox.hubspot import TOKEN
from crmcx.sandbox.hubspot_data import example
from crmcx.testing.trial import Subject, Trial

pytestmark = pytest.mark.once
TYPES = ("companies", "contacts", "deals", "tickets", "notes")
TABLES = {
    "companies": "accounts",
    "contacts": "customers",
    "deals": "deals",
    "tickets": "cases",
    "notes": "interactions",
}
READ = {*TYPES, "pipelines", "deal_changes"}
CHANGED = {
    "companies": ("name", ("Anvil", "Bolt", "")),
    "contacts": ("lifecyclestage", ("lead", "opportunity", "customer")),
    "deals": ("dealstage", ("appointmentscheduled", "closedwon", "closedlost")),
    "tickets": ("hs_pipeline_stage", ("1", "2", "4")),
    "notes": ("hs_note_body", ("one", "two", "")),
}
STAGES = {"lead": "awareness", "opportunity": "purchase", "customer": "existing"}
DEALS = {"appointmentscheduled": "open", "closedwon": "won", "closedlost": "lost"}
TICKETS = {"1": "new", "2": "pending", "4": "closed"}
type_names = st.sampled_from(TYPES)
some = st.integers(min_value=0, max_value=10**6)


def says(type_: str, said: dict[str, Any]) -> tuple[Any, ...]:
    """What the row of an object should say."""
    if type_ == "companies":
        return (said.get("name") or said.get("domain"), said.get("domain"))
    if type_ == "contacts":
        return (said["email"], STAGES[said["lifecyclestage"]])
    if type_ == "deals":
        return (DEALS[said["dealstage"]], Decimal(said["amount"]))
    if type_ == "tickets":
        return (TICKETS[said["hs_pipeline_stage"]], said["subject"])
    return (said["hs_note_body"] or None,)


def reads(type_: str, row: dict[str, Any], emails: dict[int, str]) -> tuple[Any, ...]:
    """What the row of an object says."""
    if type_ == "companies":
        return (row["name"], row["domain"])
    if type_ == "contacts":
        return (emails[row["key"]], row["stage"])
    if type_ == "deals":
        return (row["status"], Decimal(row["amount_micros"]) / 1_000_000)
    return (row["status"], row["subject"]) if type_ == "tickets" else (row["text"],)


class Patient(HubSpotSandbox):
    """A portal that answers as many pages as it is asked for, whatever the kit allows."""

    most = property(lambda _self: 0, lambda _self, _most: None)  # type: ignore[assignment]


class Portal(RuleBasedStateMachine):
    """A portal in which things happen, and a store that follows it."""

    def __init__(self) -> None:
        super().__init__()
        left_out = HubSpotSandbox.kinds.keys() - READ
        subject = Subject(
            connector=HubSpot,
            settings=lambda url: {
                "url": url,
                "token": TOKEN,
                "leave_out": left_out,
                "search_ceiling": 4,
                "url_length": 60,
                "batch_size": 2,
                "history_page_size": 2,
            },
            server=Patient,
            records=0,
        )
        self.trial = Trial(subject)
        self.portal: Any = self.trial.platform
        self.world = self.portal.world
        self.portal.ceiling = 4
        self.purged: set[tuple[str, str]] = set()
        self.relinked: set[tuple[str, str]] = set()
        for type_ in TYPES:
            self.world.add(type_, 2)
        self.synced()

    def teardown(self) -> None:
        try:
            self.look()
        finally:
            self.trial.close()

    def one(self, type_: str, number: int) -> Any:
        there = self.world.living(type_)
        return there[number % len(there)] if there else None

    def lose_links_to(self, type_: str, id_: str) -> None:
        """Those that are linked with something lose that link, and their stamps do not move."""
        for things in self.world.things.values():
            self.relinked |= {(each.type, each.id) for each in things.values() if id_ in each.links.get(type_, {})}

    @rule(type_=type_names, count=st.integers(1, 6))
    def create(self, type_: str, count: int) -> None:
        self.world.add(type_, count)

    @rule(type_=type_names, count=st.integers(5, 9))
    def create_in_one_millisecond(self, type_: str, count: int) -> None:
        at = self.portal.still.now()
        for n in range(count):
            self.world.create(type_, example(type_, n + 500), at=at)

    @rule(type_=type_names, number=some, value=some)
    def change(self, type_: str, number: int, value: int) -> None:
        if (thing := self.one(type_, number)) is not None:
            name, values = CHANGED[type_]
            self.world.update(type_, thing.id, {name: values[value % len(values)]})
            self.relinked.discard((type_, thing.id))

    @rule(type_=type_names, number=some)
    def archive(self, type_: str, number: int) -> None:
        if (thing := self.one(type_, number)) is not None:
            self.lose_links_to(type_, thing.id)
            self.world.archive(type_, thing.id)

    @rule(type_=st.sampled_from(("companies", "contacts", "deals", "tickets")), one=some, two=some)
    def merge(self, type_: str, one: int, two: int) -> None:
        winner, loser = self.one(type_, one), self.one(type_, two)
        if winner is not None and loser is not winner:
            self.lose_links_to(type_, loser.id)
            self.world.merge(type_, winner.id, loser.id)
            self.relinked.discard((type_, winner.id))

    @rule(type_=type_names, number=some)
    def delete_for_good(self, type_: str, number: int) -> None:
        if (thing := self.one(type_, number)) is not None:
            self.lose_links_to(type_, thing.id)
            into_it = {key for key in self.world.merged if key[0] == type_ and self.world.find(*key) is thing}
            self.world.gdpr_delete(type_, thing.id)
            self.purged |= {(type_, thing.id), *into_it}

    @rule(type_=st.sampled_from(("deals", "tickets", "notes")), number=some, other=some)
    def link(self, type_: str, number: int, other: int) -> None:
        thing, contact = self.one(type_, number), self.one("contacts", other)
        if thing is not None and contact is not None:
            self.world.associate(type_, thing.id, "contacts", contact.id)
            self.relinked |= {(type_, thing.id), ("contacts", contact.id)}

    @rule(minutes=st.integers(0, 50))
    def lag(self, minutes: int) -> None:
        self.portal.index_lag = timedelta(minutes=minutes)

    @rule(minutes=st.integers(0, 40))
    def wait(self, minutes: int) -> None:
        self.portal.still.move(timedelta(minutes=minutes))

    @rule()
    def sync(self) -> None:
        self.synced()

    @rule()
    def look(self) -> None:
        """When the search has caught up, the store says what is so."""
        self.portal.still.move(timedelta(minutes=55))
        self.synced()
        for type_ in TYPES:
            self.look_at(type_)
        self.look_at_steps()

    def synced(self) -> None:
        outcome = self.trial.sync(rows_per_commit=1_000)
        assert outcome.error is None, outcome.error
        assert outcome.counts.quarantined == 0
        assert self.trial.books_add_up()

    def look_at(self, type_: str) -> None:
        truth = self.world.truth[type_]
        rows = {str(row["source_id"]).removeprefix("note-"): row for row in self.trial._rows(TABLES[type_])}
        emails = {row["customer_key"]: row["value"] for row in self.trial._rows("contact_points") if row["primary"]}
        gone = {id_ for kind, id_ in self.purged if kind == type_}
        assert rows.keys() - gone == truth.keys(), type_
        for id_, told in truth.items():
            row = rows[id_]
            found = reads(type_, row, emails)
            assert found == says(type_, told["properties"]), (type_, id_)
            if type_ not in {"companies", "contacts"} and (type_, id_) not in self.relinked:
                people = sorted(told["links"].get("contacts", {}), key=int)
                assert row["customer_ref"] == (f"trial/{people[0]}" if people else None), (type_, id_)

    def look_at_steps(self) -> None:
        found: dict[str, list[tuple[str, str]]] = {}
        for row in self.trial._rows("deal_changes"):
            if row["field"] == "stage" and row["after_us"] is None:
                found.setdefault(str(row["deal_ref"]).removeprefix("trial/"), []).append(
                    (row["changed_us"], row["new"])
                )
        for thing in self.world.living("deals"):
            steps = [(int(each.at.timestamp()) * 1_000_000, each.value) for each in thing.history["dealstage"]]
            assert sorted(found.get(thing.id, [])) == sorted(steps), thing.id


def _follow(examples: int) -> None:
    run_state_machine_as_test(
        Portal,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )


def test_the_store_follows_the_portal() -> None:
    _follow(20)


@pytest.mark.deep
def test_the_store_follows_the_portal_through_many_lives() -> None:
    _follow(200)
