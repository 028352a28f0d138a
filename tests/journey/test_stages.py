"""Derived stages against a walk in plain Python, and the laws of stages, on Polars and DuckDB."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.journey.stage_walk import DAY, Row, Tables, rules, walk
from tests.law import LAW

from crmcx.errors import EngineMismatchError, MissingColumnError, UsageError
from crmcx.instants import from_us, to_us
from crmcx.journey import (
    LIFECYCLE,
    DerivedStages,
    StageEvidence,
    StageRules,
    derive_stages,
    stage_agreement,
    stage_mix,
)
from crmcx.models import Order, Stage, Subscription
from crmcx.tables import rows_of

LAST = 14
AS_OF = from_us(LAST * DAY)
COLUMNS = {
    "interactions": ("occurred_us", "kind"),
    "deals": ("closed_us", "status"),
    "orders": ("placed_us", "status"),
    "subscriptions": ("started_us", "cancel_requested_us", "ended_us"),
}
WORDS = {
    "interactions": ["call", "cart", "form_submit", "login"],
    "deals": ["lost", "won", "open"],
    "orders": ["paid", "paid", "cancelled", None],
}
CONNECTION = duckdb.connect()
Engine = Callable[[str, pl.DataFrame], Any]


def relation(name: str, frame: pl.DataFrame) -> Any:
    CONNECTION.register("given", frame.to_arrow())
    CONNECTION.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM given")
    return CONNECTION.table(name)


ENGINES: dict[str, Engine] = {"polars": lambda _, frame: frame, "duckdb": relation}


def frames(tables: Tables, engine: str = "polars") -> dict[str, Any]:
    made = {}
    for name, columns in COLUMNS.items():
        kinds = {each: pl.Int64() if each.endswith("_us") else pl.String() for each in columns}
        schema = {"key": pl.Int64(), "person_id": pl.Int64(), "line": pl.String(), **kinds}
        made[name] = ENGINES[engine](name, pl.DataFrame(list(tables[name]), schema=schema))
    return made


def derived(tables: Tables, onboarding: int, engine: str = "polars", as_of: datetime = AS_OF) -> DerivedStages:
    return derive_stages(rules(onboarding), as_of=as_of, **frames(tables, engine))


def told(found: DerivedStages) -> list[Row]:
    """Intervals as the walk tells them."""
    records: dict[tuple[Any, ...], list[tuple[str, int]]] = {}
    for row in rows_of(found.evidence()):
        records.setdefault((row["person_id"], row["scope"], row["number"]), []).append((row["table"], row["key"]))
    numbers: dict[tuple[Any, ...], int] = {}
    made = []
    for each in found:
        numbers[each.unit, each.scope] = numbers.get((each.unit, each.scope), 0) + 1
        mine = records[each.unit, each.scope, numbers[each.unit, each.scope]]
        assert len(mine) == each.evidence
        made.append(
            {
                **{name: getattr(each, name) for name in ("unit", "scope", "stage", "word")},
                "start": to_us(each.start),
                "end": each.end and to_us(each.end),
                "records": sorted(mine),
                "last": to_us(each.last_evidence),
                "dormant": each.dormant_since and to_us(each.dormant_since),
            }
        )
    return made


days = st.integers(-2, LAST + 2).map(lambda day: day * DAY)
people = st.integers(1, 2)
lines = st.sampled_from(["", "loan"])


@st.composite
def some_tables(draw: st.DrawFn, most: int = 12) -> Tables:
    found: dict[str, list[Row]] = {}
    for name, columns in COLUMNS.items():
        count = draw(st.integers(0, most))
        found[name] = [
            {"key": key, "person_id": draw(people), "line": draw(lines)}
            | {each: draw(days if each.endswith("_us") else st.sampled_from(WORDS[name])) for each in columns}
            for key in range(count)
        ]
    for row in found["subscriptions"]:
        for name in ("cancel_requested_us", "ended_us"):
            row[name] = draw(st.sampled_from([None, row[name]]))
    return found


def many(seed: int, people: int = 150) -> Tables:
    """Records of many people, with gaps in all columns but the instants that a model demands."""
    draw = random.Random(seed)
    found: dict[str, list[Row]] = {}
    for name, columns in COLUMNS.items():
        found[name] = []
        for key in range(people * 4):
            row: Row = {"key": key, "person_id": draw.randrange(people), "line": draw.choice(["", "loan", "card"])}
            for each in columns:
                row[each] = draw.randrange(-2, LAST + 3) * DAY if each.endswith("_us") else draw.choice(WORDS[name])
                if each in {"closed_us", "started_us", "cancel_requested_us", "ended_us"} and draw.random() < 0.3:
                    row[each] = None
            if draw.random() < 0.05:
                row[draw.choice(["person_id", "line"])] = None
            found[name].append(row)
    return found


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("onboarding", [0, 3])
def test_as_the_walk_for_many(engine: str, onboarding: int) -> None:
    tables = many(onboarding)
    expected = walk(tables, onboarding, LAST * DAY)
    assert told(derived(tables, onboarding, engine)) == expected
    assert {row["stage"] for row in expected} == ({stage.value for stage in Stage})


@pytest.mark.parametrize("engine", ENGINES)
def test_law_1_and_7_no_overlap_and_no_hole(engine: str) -> None:
    """From the first evidence to the knowledge date, so that the lengths add up to the time that is looked at."""
    histories: dict[tuple[Any, str], list[Any]] = {}
    found = derived(many(5), 3, engine)
    for each in found:
        histories.setdefault((each.unit, each.scope), []).append(each)
    assert len(histories) > 300
    for intervals in histories.values():
        assert all(one.end == other.start for one, other in pairwise(intervals))
        assert intervals[-1].end is None
        assert sum((each.length for each in intervals), timedelta()) == AS_OF - intervals[0].start
        assert all(each.length >= timedelta() for each in intervals)
        assert all(each.evidence >= 1 for each in intervals)  # law 5
    shares = [total.share for total in found.totals]
    assert sum(filter(None, shares)) == pytest.approx(1)


def demand_any_order(tables: Tables, engine: str, seed: int) -> None:
    """However the records are mixed, they give what the walk finds."""
    mixed = {name: random.Random(seed).sample(rows, len(rows)) for name, rows in tables.items()}
    assert told(derived(mixed, seed % 4, engine)) == walk(tables, seed % 4, LAST * DAY)


@LAW
@given(some_tables(), st.integers(0, 100))
def test_law_2_the_order_of_arrival_does_not_matter(tables: Tables, seed: int) -> None:
    demand_any_order(tables, "polars", seed)


def test_law_2_for_many_on_duckdb() -> None:
    demand_any_order(many(6), "duckdb", 3)


def until(found: Sequence[Row], at: int) -> list[Row]:
    """What is told of the time before an instant."""
    seen = []
    for row in found:
        if row["start"] < at:
            ends = row["end"] if row["end"] is not None and row["end"] < at else None
            seen.append({name: row[name] for name in ("unit", "scope", "stage", "word", "start")} | {"end": ends})
    return seen


def demand_nothing_before_changes(tables: Tables, engine: str, day: int) -> None:
    """Whoever knows only what happened before a day is told the same of the time before it."""

    def known(row: Row) -> Row:
        late = {name for name, value in row.items() if name.endswith("_us") and (value or 0) >= day * DAY}
        return row | dict.fromkeys(late)

    before = {name: [known(row) for row in rows] for name, rows in tables.items()}
    assert until(told(derived(tables, 3, engine)), day * DAY) == until(walk(before, 3, LAST * DAY), day * DAY)


@LAW
@given(some_tables(), st.integers(0, LAST))
def test_law_3_evidence_changes_nothing_before_it(tables: Tables, day: int) -> None:
    demand_nothing_before_changes(tables, "polars", day)


def test_law_3_for_many_on_duckdb() -> None:
    demand_nothing_before_changes(many(7), "duckdb", 8)


@LAW
@given(some_tables(), st.integers(0, LAST))
def test_no_look_ahead(tables: Tables, day: int) -> None:
    found = told(derived(tables, 3, as_of=from_us(day * DAY)))
    assert found == walk(tables, 3, day * DAY)
    assert until(found, day * DAY) == until(walk(tables, 3, LAST * DAY), day * DAY)


@pytest.mark.parametrize("engine", ENGINES)
def test_law_6_moves_go_backward_too_and_are_counted(engine: str) -> None:
    found = derived(many(8), 0, engine)
    order = [stage.value for stage in Stage]
    moves: dict[tuple[str | None, str], int] = {}
    backward = 0
    before = None
    for each in found:
        same = before is not None and (before.unit, before.scope) == (each.unit, each.scope)
        source = before.stage if before is not None and same else None
        moves[source, each.stage] = moves.get((source, each.stage), 0) + 1
        if source is not None and (source, each.stage) != ("repurchase", "existing"):
            backward += order.index(each.stage) < order.index(source)
        before = each
    assert {(move.source, move.target): move.n for move in found.moves} == moves
    assert found.backward == backward > 0
    assert moves["exiting", "existing"]
    assert moves["consideration", "awareness"]
    assert moves["former", "consideration"]
    assert len(found) == sum(moves.values())


def test_what_is_known_late_counts_late() -> None:
    cart = {"key": 1, "person_id": 1, "occurred_us": 0, "kind": "cart", "known_us": 5 * DAY}
    call = {"key": 2, "person_id": 1, "occurred_us": DAY, "kind": "call", "known_us": None}
    table = pl.DataFrame([cart, call])
    early = derive_stages(LIFECYCLE, interactions=table, as_of=from_us(4 * DAY))
    assert [(each.stage, each.start) for each in early] == [("awareness", from_us(DAY))]
    assert dict(early.excluded) == {"not_known": 1}
    late = derive_stages(LIFECYCLE, interactions=table, as_of=from_us(6 * DAY))
    assert [(each.stage, each.start) for each in late] == [("consideration", from_us(0))]
    changes = late.to_changes()
    assert changes["known_us"].to_list() == [5 * DAY]
    assert stage_mix(changes, as_of=from_us(4 * DAY)).rows == ()


def on(day: int) -> datetime:
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)


def contract(number: int, start: int | None, **more: Any) -> Subscription:
    given = {name: None if day is None else on(day) for name, day in more.items() if name.endswith("_at")}
    return Subscription(
        source="shop",
        source_id=str(number),
        customer="shop/ada",
        status=more.get("status", "active"),
        started_at=None if start is None else on(start),
        product=more.get("product"),
        **given,
    )


def stages_of(found: DerivedStages) -> list[tuple[str, int]]:
    return [(each.stage, (each.start - on(0)).days) for each in found]


def by_contracts(*contracts: Subscription, day: int = 100, rules: StageRules = LIFECYCLE) -> list[tuple[str, int]]:
    return stages_of(derive_stages(rules, subscriptions=contracts, as_of=on(day), unit="customer_key"))


def test_the_end_of_one_of_two_contracts_is_no_end() -> None:
    first = contract(1, 0, cancel_requested_at=10, ended_at=20)
    assert by_contracts(first, contract(2, 5)) == [
        ("purchase", 0), ("existing", 0), ("repurchase", 5), ("existing", 5), ("exiting", 10), ("existing", 20),
    ]  # fmt: skip
    assert by_contracts(first, contract(2, 5, ended_at=30))[-1] == ("former", 30)
    assert by_contracts(first, contract(2, 20))[-2:] == [("repurchase", 20), ("existing", 20)]
    assert by_contracts(first, contract(2, 21))[-3:] == [("former", 20), ("repurchase", 21), ("existing", 21)]


def test_what_is_known_of_the_end_alone() -> None:
    assert by_contracts(contract(1, None, ended_at=20)) == [("former", 20)]
    assert by_contracts(contract(1, None, cancel_requested_at=10, ended_at=20)) == [("exiting", 10), ("former", 20)]
    back = by_contracts(contract(1, None, ended_at=20), contract(2, 30))
    assert back == [("former", 20), ("repurchase", 30), ("existing", 30)]


def test_trials() -> None:
    bought = contract(1, 0, trial_ends_at=14)
    assert by_contracts(bought, day=10) == [("consideration", 0)]
    assert by_contracts(bought) == [("consideration", 0), ("purchase", 14), ("existing", 14)]
    given_up = contract(1, 0, trial_ends_at=14, cancel_requested_at=9, ended_at=14, status="ended")
    assert by_contracts(given_up) == [("consideration", 0), ("awareness", 14)]
    assert by_contracts(contract(1, 0, status="trial")) == [("consideration", 0)]


def test_product_lines() -> None:
    contracts = [contract(1, 0, product="loan", ended_at=30), contract(2, 10, product="card"), contract(3, 5)]
    found = derive_stages(
        LIFECYCLE.per_line(subscriptions="product"), subscriptions=contracts, as_of=on(100), unit="customer_key"
    )
    assert [(each.scope, each.stage) for each in found if each.length or each.end is None] == [
        ("card", "existing"),
        ("loan", "existing"),
        ("loan", "former"),
    ]
    assert dict(found.excluded) == {"no_scope": 1}
    assert found.to_changes()["rule"].unique().to_list() == ["lifecycle per line@1"]


def test_a_purchase_without_onboarding_is_an_event() -> None:
    orders = [
        Order(source="shop", source_id=str(day), customer="shop/ada", placed_at=on(day), status="paid")
        for day in (0, 40)
    ]
    found = derive_stages(LIFECYCLE, orders=orders, as_of=on(50), unit="customer_key")
    assert stages_of(found) == [("purchase", 0), ("existing", 0), ("repurchase", 40), ("existing", 40)]
    assert [each.length.days for each in found] == [0, 40, 0, 10]
    assert found.to_changes()["stage"].to_list() == ["existing", "existing"]
    assert {each.stage for each in stage_mix(found.to_changes(), unit="customer_key")} == {"existing"}


def test_days_count_from_their_beginning() -> None:
    deals = pl.DataFrame(
        {
            "person_id": ["a", "a"],
            "key": [1, 2],
            "created_us": [None, 3 * DAY],
            "opened_day": [1, 2],
            "closed_day": [5, 9],
            "status": ["lost", "won"],
        }
    )
    found = derive_stages(LIFECYCLE, deals=deals, as_of=from_us(10 * DAY))
    assert [(each.stage, to_us(each.start) // DAY) for each in found] == [
        ("consideration", 1), ("awareness", 5), ("purchase", 9), ("existing", 9),
    ]  # fmt: skip
    assert found.unseen == (
        "interactions.occurred_us", "orders.placed_us", "subscriptions.cancel_requested_us",
        "subscriptions.ended_us", "subscriptions.started_us", "subscriptions.trial_ends_us",
    )  # fmt: skip


def test_what_it_prints() -> None:
    found = derive_stages(LIFECYCLE, subscriptions=[contract(1, 0, ended_at=75)], as_of=on(100), unit="customer_key")
    assert repr(found).splitlines()[:5] == [
        "stages by lifecycle@1: 1 history, 0 moves backward",
        "stage     intervals  now  dormant    time",
        "purchase          1    0        0   0.0 %",
        "existing          1    0        0  75.0 %",
        "former            1    1        0  25.0 %",
    ]
    assert "not looked at: deals.closed_us" in repr(found)
    assert found._repr_html_().count("<tr>") == 4
    assert found.to_frame().columns == [
        "customer_key", "scope", "number", "stage", "word", "previous", "start_us", "end_us", "length_us",
        "evidence", "last_evidence_us", "dormant_since_us", "known_us",
    ]  # fmt: skip
    assert found.receipt.unit == "duration"


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing(engine: str) -> None:
    nothing: Tables = {name: [] for name in COLUMNS}
    found = derived(nothing, 1, engine)
    assert (list(found), len(found), found.totals, found.moves, found.excluded) == ([], 0, (), (), ())
    assert rows_of(found.evidence()) == rows_of(found.to_changes()) == []
    assert "0 histories" in repr(found)
    only_now = {**nothing, "orders": [{"key": 1, "person_id": 1, "line": "", "placed_us": LAST * DAY, "status": None}]}
    assert [total.share for total in derived(only_now, 1, engine).totals] == [None]


@pytest.mark.parametrize("engine", ENGINES)
def test_keys_may_be_text_or_missing(engine: str) -> None:
    orders = ENGINES[engine]("o", pl.DataFrame({"person_id": ["a"], "placed_us": [0], "key": ["x"]}))
    seen = ENGINES[engine]("i", pl.DataFrame({"person_id": ["a", None], "occurred_us": [DAY, 0], "kind": ["call"] * 2}))
    found = derive_stages(LIFECYCLE, orders=orders, interactions=seen, as_of=AS_OF)
    keys = {(row["table"], row["key"]) for row in rows_of(found.evidence())}
    assert keys == {("orders", "x"), ("interactions", None)}
    assert dict(found.excluded) == {"no_unit": 1}


@pytest.mark.parametrize("engine", ENGINES)
def test_conditions(engine: str) -> None:
    """Words, flags, numbers and missing values; a condition on a column that is not there, and on one's own column."""
    table = pl.DataFrame(
        {
            "key": [1, 2, 3, 4],
            "person_id": [1, 2, 3, 4],
            "ended_us": [0, 0, 0, 0],
            "voluntary": [True, False, None, True],
            "rank": [1, 2, 3, None],
        }
    )

    def kept(**more: Any) -> list[Any]:
        evidence = StageEvidence(table="subscriptions", says="former", at="ended_us", **more)
        rules = StageRules(name="ends", version=1, evidence=[evidence])
        found = derive_stages(rules, subscriptions=ENGINES[engine]("s", table), as_of=AS_OF)
        return sorted(each.unit for each in found)

    assert kept() == [1, 2, 3, 4]
    assert kept(where={"voluntary": [True]}) == [1, 4]
    assert kept(where={"voluntary": [True, None]}) == [1, 3, 4]
    assert kept(where={"voluntary": [True], "rank": [1, 2]}) == [1]
    assert kept(unless={"voluntary": [False]}) == [1, 3, 4]
    assert kept(unless={"rank": [None, 3]}) == [1, 2]
    assert kept(unless={"cancel_reason": [None]}) == []
    assert kept(unless={"cancel_reason": ["price"]}) == [1, 2, 3, 4]
    assert kept(where={"voluntary": []}) == []
    with pytest.raises(MissingColumnError, match="lacks cancel_reason"):
        kept(where={"cancel_reason": ["price"]})


def test_rules_are_data() -> None:
    for each in (LIFECYCLE, rules(3), LIFECYCLE.per_line(deals="product")):
        assert StageRules.from_dict(json.loads(json.dumps(each.to_dict()))) == each
        assert hash(each) == hash(StageRules.from_dict(each.to_dict()))
    assert rules(3).definition.hash != rules(4).definition.hash
    assert LIFECYCLE.definition.name == "lifecycle"


def evidence(**more: Any) -> StageEvidence:
    return StageEvidence(**{"table": "orders", "says": "purchase", "at": "placed_us", **more})


def test_rules_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="expected one of"):
        evidence(table="baskets")
    with pytest.raises(UsageError, match="'placed_at', which is no column of microseconds"):
        evidence(at="placed_at")
    with pytest.raises(UsageError, match="no column of days"):
        evidence(day="placed_us")
    with pytest.raises(UsageError, match="has an end"):
        evidence(table="subscriptions", says="exiting", at="started_us", until="ended_us")
    with pytest.raises(UsageError, match="takes interest back"):
        evidence(takes_back=True)
    with pytest.raises(UsageError, match="no evidence"):
        StageRules(name="none", version=1, evidence=[])
    for times in ({"onboarding": timedelta(days=-1)}, {"dormant": {"existing": timedelta(0)}}):
        with pytest.raises(UsageError, match="too short"):
            StageRules(name="short", version=1, evidence=[evidence()], **times)  # type: ignore[arg-type]


def test_calls_that_cannot_be() -> None:
    orders = pl.DataFrame({"person_id": [1], "placed_us": [0]})
    seen = pl.DataFrame({"person_id": ["a"], "occurred_us": [0], "kind": ["call"]})
    with pytest.raises(UsageError, match="no evidence from 'cases'"):
        derive_stages(LIFECYCLE, cases=orders, as_of=AS_OF)
    with pytest.raises(UsageError, match="no table"):
        derive_stages(LIFECYCLE, as_of=AS_OF)
    with pytest.raises(UsageError, match="find evidence"):
        derive_stages(LIFECYCLE, subscriptions=orders.with_columns(status=pl.lit("active")), as_of=AS_OF)
    with pytest.raises(MissingColumnError, match="lacks kind"):
        derive_stages(LIFECYCLE, interactions=orders.rename({"placed_us": "occurred_us"}), as_of=AS_OF)
    with pytest.raises(UsageError, match="person_id as text in interactions, numbers in orders"):
        derive_stages(LIFECYCLE, orders=orders, interactions=seen, as_of=AS_OF)
    with pytest.raises(EngineMismatchError):
        derive_stages(LIFECYCLE, orders=orders, interactions=relation("seen", seen), as_of=AS_OF)
    own = orders.rename({"placed_us": "bought"})
    found = derive_stages(LIFECYCLE, orders=own, columns={"orders": {"placed_us": "bought"}}, as_of=AS_OF)
    assert len(found) == 2


class TestTypingErrors:
    """What is spelled wrong in rules is refused when they are written, not when they are used."""

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"where": {"status": "paid"}}, "the words of status are one text, expected several; put them into a list"),
            ({"says": "customer"}, "found says='customer', expected one of awareness, consideration"),
        ],
    )
    def test_of_evidence(self, fields: dict[str, Any], said: str) -> None:
        given = {"table": "orders", "says": "purchase", "at": "placed_us", **fields}
        with pytest.raises(UsageError, match=said):
            StageEvidence(**given)

    def test_of_lines(self) -> None:
        with pytest.raises(UsageError, match="found table='subscription', expected one of customers, accounts"):
            LIFECYCLE.per_line(subscription="product")


def test_no_agreement_beyond_the_date_that_stages_were_derived_for() -> None:
    day = 86_400_000_000
    orders = pl.DataFrame({"person_id": [1], "placed_us": [day]})
    early, late = (datetime(1970, 1, number, tzinfo=UTC) for number in (3, 9))
    found = derive_stages(LIFECYCLE, orders=orders, as_of=early)
    crm = pl.DataFrame({"person_id": [1], "changed_us": [day], "stage": ["existing"]})
    assert stage_agreement(crm, found, as_of=early).share == 1
    with pytest.raises(UsageError, match=r"the stages were derived as of 1970-01-03.* derive them for that date too"):
        stage_agreement(crm, found, as_of=late)
