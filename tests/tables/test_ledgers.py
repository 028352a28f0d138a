"""The stages and consents that held at t, as known at t, against examples and a replay by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from tests.sync.sources import Clock, listing, run
from tests.test_engines_agree import DTYPES, ENGINES

from crmcx.connectors import mapping, words
from crmcx.errors import MissingColumnError
from crmcx.models import Consent, Customer, Model, StageChange
from crmcx.store import Store
from crmcx.tables import consents_at, deals_at, key_of, rows_of, schema_of, stages_at, to_columns

FIRST = datetime(2025, 1, 1, tzinfo=UTC)


def on(day: int) -> datetime:
    return FIRST + timedelta(days=day)


def frame(cls: type[Model], objects: Sequence[Any]) -> pl.DataFrame:
    schema = {column.name: DTYPES[column.dtype.value] for column in schema_of(cls).columns}
    return pl.DataFrame(dict(to_columns(cls, objects)), schema=schema)


def change(number: int, stage: str, day: int, **more: Any) -> StageChange:
    known = {"source": "crm", "source_id": f"{number}", "customer": "crm/1", **more}
    return StageChange(**known, stage=stage, changed_at=on(day))


def entry(number: int, status: str, day: int, **more: Any) -> Consent:
    known = {"source": "crm", "source_id": f"{number}", "customer": "crm/1", "purpose": "marketing", **more}
    return Consent(**known, status=status, captured_at=on(day))


def stages(log: Sequence[StageChange], at: int, **more: Any) -> dict[str, str]:
    found = rows_of(stages_at(log, on(at), **more))
    assert len({(row["person_id"], row["scope"]) for row in found}) == len(found)
    return {row["scope"]: row["stage"] for row in found}


class TestStages:
    LOG = (change(1, "consideration", 2), change(2, "existing", 4), change(3, "former", 6, scope="loan"))

    def test_the_last_by_then_for_each_product_line(self) -> None:
        found = [stages(self.LOG, at) for at in (1, 2, 5, 6)]
        assert found == [{}, {"": "consideration"}, {"": "existing"}, {"": "existing", "loan": "former"}]

    def test_when_it_began(self) -> None:
        (row,) = rows_of(stages_at(self.LOG[:2], on(5)))
        assert row["changed_us"] == (on(4) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    def test_observed_before_derived_and_predicted_apart(self) -> None:
        seen = change(1, "existing", 3)
        derived = change(2, "exiting", 3, mode="derived", known_at=on(9))
        guess = change(3, "former", 4, mode="predicted")
        assert stages([seen, derived, guess], 5, as_of=on(9)) == {"": "existing"}
        assert stages([derived, guess], 5, as_of=on(9)) == {"": "exiting"}
        assert stages([seen, change(2, "exiting", 4, mode="derived")], 5) == {"": "exiting"}

    def test_what_came_in_late_counts_from_when_it_was_known(self) -> None:
        log = [*self.LOG, change(4, "exiting", 5, known_at=on(8))]
        assert [stages(log, 5, as_of=on(day))[""] for day in (5, 7, 8)] == ["existing", "existing", "exiting"]

    def test_the_next_change_says_what_was_before_it(self) -> None:
        log = [change(1, "former", 6, previous="existing", after_at=on(4))]
        assert [stages(log, at, as_of=on(9)) for at in (3, 4)] == [{}, {"": "existing"}]
        assert stages(log, 3, as_of=on(9), known_since=on(2)) == {"": "existing"}
        assert stages(log, 3) == {}
        assert stages(log, 3, known_since={"crm": on(2)}) == {"": "existing"}
        (row,) = rows_of(stages_at(log, on(4), as_of=on(9)))
        assert row["changed_us"] is None

    def test_by_record_or_by_person(self) -> None:
        table = frame(StageChange, [change(1, "existing", 2), change(2, "exiting", 3, customer="crm/2")])
        table = table.with_columns(pl.lit(7).alias("person_id"))
        (row,) = rows_of(stages_at(table, on(5)))
        assert (row["person_id"], row["stage"]) == (7, "exiting")
        assert len(rows_of(stages_at(table, on(5), unit="customer_key"))) == 2

    def test_few_columns_and_none(self) -> None:
        table = pl.DataFrame({"who": ["a", "a", None], "when": [1, 2, 3], "stage": ["existing", "former", "existing"]})
        found = stages_at(table, on(1), unit="who", columns={"changed_us": "when"})
        assert rows_of(found) == [{"who": "a", "scope": "", "stage": "former", "changed_us": 2}]
        assert rows_of(stages_at([], on(1))) == []
        with pytest.raises(MissingColumnError, match="changed_us"):
            stages_at(table, on(1), unit="who")

    @pytest.mark.parametrize("engine", ENGINES)
    def test_it_is_what_a_replay_tells(self, engine: str) -> None:
        draw = random.Random(8)
        log = [
            change(
                number,
                draw.choice(["existing", "exiting", "former"]),
                draw.randint(0, 6),
                customer=f"crm/{draw.randint(1, 12)}",
                scope=draw.choice(["", "loan"]),
                mode=draw.choice(["observed", "derived", "predicted"]),
                known_at=draw.choice([None, on(draw.randint(0, 8))]),
            )
            for number in range(150)
        ]
        wanted: dict[tuple[int, str], Any] = {}
        for each in log:
            heard = each.known_at or each.changed_at
            if each.mode != "predicted" and each.changed_at <= on(4) and heard <= on(5):
                place = (key_of("customers", each.customer), each.scope)
                rank = (each.changed_at, each.mode == "observed", heard, key_of("stage_changes", each.ref))
                wanted[place] = max(wanted.get(place, ((on(-1),), "")), (rank, each.stage.value))
        found = rows_of(stages_at(ENGINES[engine](frame(StageChange, log)), on(4), as_of=on(5)))
        assert {(row["person_id"], row["scope"]): row["stage"] for row in found} == {
            place: stage for place, (_, stage) in wanted.items()
        }
        assert len(wanted) > 15

    def test_from_a_store(self) -> None:
        maps = mapping(Customer, id="id", stage=words("stage", {"Client": "existing", "Gone": "former"}))
        clock = Clock()
        with Store(":memory:", clock=clock) as store:
            for day, stage in [(2, "Client"), (5, "Client"), (9, "Gone")]:
                clock.on(day)
                run(store, listing([{"id": "1", "stage": stage}], maps=maps, name="customers"))
            snapshot = store.snapshot()
            table = snapshot.table("stage_changes")
            found = {day: rows_of(stages_at(table, datetime(2025, 1, day, 12, tzinfo=UTC))) for day in (1, 3, 9)}
            assert {day: [row["stage"] for row in rows] for day, rows in found.items()} == {
                1: [],
                3: ["existing"],
                9: ["former"],
            }


class TestConsents:
    def status(self, ledger: Sequence[Consent], at: int, **more: Any) -> list[str]:
        return sorted(row["status"] for row in rows_of(consents_at(ledger, on(at), **more)))

    def test_the_latest_entry_by_then(self) -> None:
        ledger = [entry(1, "granted", 2), entry(2, "withdrawn", 5)]
        assert [self.status(ledger, at) for at in (1, 2, 4, 5)] == [[], ["granted"], ["granted"], ["withdrawn"]]

    def test_what_came_in_late_counts_from_when_it_was_known(self) -> None:
        ledger = [entry(1, "granted", 2), entry(2, "withdrawn", 3, known_at=on(8))]
        assert [self.status(ledger, 5, as_of=on(day)) for day in (5, 8)] == [["granted"], ["withdrawn"]]

    def test_the_end_of_its_time(self) -> None:
        ledger = [entry(1, "granted", 2, valid_until=on(5))]
        assert [self.status(ledger, at) for at in (4, 5)] == [["granted"], ["expired"]]

    def test_each_place_by_itself(self) -> None:
        ledger = [
            entry(1, "granted", 2),
            entry(2, "denied", 3, channel="email"),
            entry(3, "denied", 3, topic=""),
            entry(4, "denied", 3, contact_point="a@example.com"),
            entry(5, "denied", 3, purpose="survey"),
            entry(6, "denied", 3, customer="crm/2"),
        ]
        found = rows_of(consents_at(ledger, on(9)))
        assert len(found) == 6
        assert {row["source_id"] for row in found if row["status"] == "granted"} == {"1"}

    def test_of_one_instant_a_refusal_comes_first(self) -> None:
        for pair in (("granted", "withdrawn"), ("withdrawn", "granted")):
            assert self.status([entry(number, said, 2) for number, said in enumerate(pair)], 3) == ["withdrawn"]
        later = [entry(1, "withdrawn", 2), entry(2, "granted", 2, known_at=on(3))]
        assert self.status(later, 3) == ["granted"]

    def test_over_all_records_of_a_person(self) -> None:
        table = frame(Consent, [entry(1, "granted", 2), entry(2, "withdrawn", 3, customer="crm/2")])
        table = table.with_columns(pl.lit(7).alias("person_id"))
        assert [row["status"] for row in rows_of(consents_at(table, on(5), unit="person_id"))] == ["withdrawn"]
        assert len(rows_of(consents_at(table, on(5)))) == 2

    @pytest.mark.parametrize("engine", ENGINES)
    def test_it_is_what_a_replay_tells(self, engine: str) -> None:
        draw = random.Random(9)
        ledger = [
            entry(
                number,
                draw.choice(["granted", "denied", "withdrawn"]),
                day := draw.randint(0, 6),
                customer=draw.choice([None, *(f"crm/{who}" for who in range(8))]),
                purpose=draw.choice(["marketing", "survey"]),
                channel=draw.choice([None, "email"]),
                contact_point=draw.choice([None, "a@example.com"]),
                known_at=draw.choice([None, on(draw.randint(0, 8))]),
                valid_until=draw.choice([None, on(day + draw.randint(0, 4))]),
            )
            for number in range(250)
        ]
        wanted: dict[Any, Any] = {}
        for each in ledger:
            heard = each.known_at or each.captured_at
            if each.customer is None or each.captured_at > on(4) or heard > on(5):
                continue
            place = (each.customer, each.purpose, each.channel and each.channel.value, each.contact_point)
            rank = (each.captured_at, heard, each.status != "granted", key_of("consents", each.ref))
            expired = each.valid_until is not None and each.valid_until <= on(4)
            wanted[place] = max(wanted.get(place, ((on(-1),), "")), (rank, "expired" if expired else each.status.value))
        found = rows_of(consents_at(ENGINES[engine](frame(Consent, ledger)), on(4), as_of=on(5)))
        names = ("customer_ref", "purpose", "channel", "contact_point")
        assert {tuple(row[name] for name in names): row["status"] for row in found} == {
            place: status for place, (_, status) in wanted.items()
        }
        assert len(found) == len(wanted) > 30

    def test_nothing_said(self) -> None:
        assert rows_of(consents_at([], on(1))) == []


def test_pandas_without_optional_columns() -> None:
    pandas = pytest.importorskip("pandas")
    at = datetime(1970, 1, 2, tzinfo=UTC)
    steps = pandas.DataFrame(
        {"deal_key": [1], "field": ["status"], "old": ["open"], "new": ["won"], "changed_us": [3 * 86_400_000_000]}
    )
    deals = pandas.DataFrame({"key": [1], "status": ["won"], "created_us": [0]})
    assert [row["before_history"] for row in rows_of(deals_at(deals, steps, at))] == ["status"]
    stages = pandas.DataFrame({"person_id": [1], "changed_us": [0], "stage": ["existing"]})
    assert [row["stage"] for row in rows_of(stages_at(stages, at))] == ["existing"]
    consents = pandas.DataFrame(
        {"customer_key": [1], "captured_us": [0], "purpose": ["marketing"], "status": ["granted"]}
    )
    assert [row["status"] for row in rows_of(consents_at(consents, at))] == ["granted"]
