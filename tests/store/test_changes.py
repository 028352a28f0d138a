"""What a source without history no longer says is dated: the step lies in (last seen, now seen]."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sync.sources import DEAL, Clock, counts, deal, listing, place_of, rows, run

from crmcx import models
from crmcx.connectors import Stream, day, instant, mapping, money, words
from crmcx.instants import from_us
from crmcx.store import Store

CASE = mapping(
    models.Case,
    id="id",
    status="status",
    opened_at=instant("opened"),
    priority="priority",
    assignee="assignee",
    team="team",
)
CUSTOMER = mapping(
    models.Customer,
    id="id",
    name="name",
    stage=words("stage", {"Lead": "consideration", "Client": "existing", "Gone": "former"}),
)
FOLDED = mapping(models.Deal, id="id", version="version", status="status", stage="stage")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Iterator[Store]:
    with Store(":memory:", clock=clock) as store:
        yield store


def case(number: str, **values: object) -> dict[str, object]:
    return {"id": number, "status": "open", "opened": "2024-12-01T00:00:00Z", **values}


def steps(store: Store, table: str = "deal_changes") -> list[tuple[str, str, Any, Any]]:
    return [(row["source_id"], row["field"], row["old"], row["new"]) for row in rows(store, table)]


def test_a_step_lies_between_the_two_looks(store: Store, clock: Clock) -> None:
    clock.on(1)
    run(store, listing([deal("1", stage="offer")]))
    clock.on(5)
    run(store, listing([deal("1", stage="offer")]))
    clock.on(9)
    report = run(store, listing([deal("1", stage="closing")]))

    assert counts(report) == (1, 1, 0, 0)
    (row,) = rows(store, "deal_changes")
    assert (row["source"], row["source_id"], row["deal_ref"]) == ("crm", "1#stage#1", "crm/1")
    assert (row["field"], row["old"], row["new"]) == ("stage", "offer", "closing")
    assert from_us(row["after_us"]).date().day == 5
    assert from_us(row["changed_us"]).date().day == 9
    assert row["known_us"] == row["changed_us"]
    (now,) = rows(store, "deals")
    assert row["deal_key"] == now["key"]
    assert row["raw_ref"] == now["raw_ref"]


@pytest.mark.parametrize(
    ("field", "before", "after", "old", "new"),
    [
        ("stage", None, "offer", None, "offer"),
        ("stage", "offer", None, "offer", None),
        ("status", "open", "won", "open", "won"),
        ("owner", "Ada", "ada", "Ada", "ada"),
        ("amount", "1200.00", "1200.5", "1200.000000 EUR", "1200.500000 EUR"),
        ("amount", None, "0", None, "0.000000 EUR"),
        ("amount", "-0.5", None, "-0.500000 EUR", None),
        ("amount", "0.000001", "-0.000001", "0.000001 EUR", "-0.000001 EUR"),
        ("amount", "-1234.567891", "9000000000000", "-1234.567891 EUR", "9000000000000.000000 EUR"),
        ("expected", "2025-02-28", "2025-03-01", "2025-02-28", "2025-03-01"),
        ("expected", "1915-06-30", None, "1915-06-30", None),
        ("expected", None, "9999-12-31", None, "9999-12-31"),
    ],
)
def test_every_tracked_field_of_a_deal(store: Store, field: str, before: Any, after: Any, old: Any, new: Any) -> None:
    run(store, listing([deal("1", **{field: before})]))
    run(store, listing([deal("1", **{field: after})]))

    name = "expected_close" if field == "expected" else field
    assert steps(store) == [(f"1#{name}#1", name, old, new)]


ACCOUNT = mapping(
    models.Account,
    id="id",
    name="name",
    owner="owner",
    segment="segment",
    employees="employees",
    annual_revenue=money("revenue", currency="KWD"),
)
SUBSCRIPTION = mapping(models.Subscription, id="id", status="status", plan="plan", mrr=money("mrr", currency="EUR"))


@pytest.mark.parametrize(
    ("table", "maps", "field", "before", "after", "old", "new"),
    [
        ("account_changes", ACCOUNT, "owner", "ada", "bo", "ada", "bo"),
        ("account_changes", ACCOUNT, "segment", None, "gold", None, "gold"),
        ("account_changes", ACCOUNT, "employees", 9, 10, "9", "10"),
        ("account_changes", ACCOUNT, "employees", 0, None, "0", None),
        ("account_changes", ACCOUNT, "revenue", "1.234", "2", "1.234000 KWD", "2.000000 KWD"),
        ("subscription_changes", SUBSCRIPTION, "status", "trial", "active", "trial", "active"),
        ("subscription_changes", SUBSCRIPTION, "plan", "basic", "pro", "basic", "pro"),
        ("subscription_changes", SUBSCRIPTION, "mrr", "10", "12.5", "10.000000 EUR", "12.500000 EUR"),
    ],
)
def test_every_kind_of_field_of_accounts_and_subscriptions(
    store: Store, table: str, maps: Any, field: str, before: Any, after: Any, old: Any, new: Any
) -> None:
    given = {"id": "1", "name": "Acme", "status": "active"}
    run(store, listing([{**given, field: before}], maps=maps))
    run(store, listing([{**given, field: after}], maps=maps))

    name = "annual_revenue" if field == "revenue" else field
    assert steps(store, table) == [(f"1#{name}#1", name, old, new)]
    (row,) = rows(store, table)
    entity = table.removesuffix("_changes")
    (now,) = rows(store, f"{entity}s")
    assert (row[f"{entity}_ref"], row[f"{entity}_key"]) == ("crm/1", now["key"])


def test_another_currency_is_a_step(store: Store) -> None:
    for currency in ("EUR", "USD"):
        maps = mapping(models.Deal, id="id", status="status", amount=money("amount", currency=currency))
        run(store, listing([deal("1", amount="5")], maps=maps))

    assert steps(store) == [("1#amount#1", "amount", "5.000000 EUR", "5.000000 USD")]


def test_an_untracked_field_is_no_step(store: Store) -> None:
    run(store, listing([deal("1", other="a", customer="x")]))
    assert counts(run(store, listing([deal("1", other="b", customer="y")]))) == (1, 1, 0, 0)

    assert steps(store) == []


def test_several_fields_of_several_deals_in_one_look(store: Store) -> None:
    run(store, listing([deal("1", stage="a", owner="x"), deal("2", stage="a"), deal("3", stage="a")]))
    run(store, listing([deal("1", stage="b", owner="y"), deal("2", stage="c"), deal("3", stage="a"), deal("4")]))

    assert steps(store) == [
        ("1#owner#1", "owner", "x", "y"),
        ("1#stage#1", "stage", "a", "b"),
        ("2#stage#1", "stage", "a", "c"),
    ]


def test_later_runs_number_on(store: Store, clock: Clock) -> None:
    for number, stage in enumerate(["a", "b", "a", "c"], start=1):
        clock.on(number)
        run(store, listing([deal("1", stage=stage, owner="x" if number < 3 else "y")]))

    assert steps(store) == [
        ("1#owner#1", "owner", "x", "y"),
        ("1#stage#1", "stage", "a", "b"),
        ("1#stage#2", "stage", "b", "a"),
        ("1#stage#3", "stage", "a", "c"),
    ]
    ends = [(from_us(row["after_us"]).day, from_us(row["changed_us"]).day) for row in rows(store, "deal_changes")]
    assert ends == [(2, 3), (1, 2), (2, 3), (3, 4)]
    assert len({row["key"] for row in rows(store, "deal_changes")}) == 4


def test_steps_of_a_case(store: Store) -> None:
    run(store, listing([case("1", priority="low", assignee="Ada")], maps=CASE))
    run(store, listing([case("1", status="solved", priority="low", assignee=None, team="two")], maps=CASE))

    assert steps(store, "case_changes") == [
        ("1#assignee#1", "assignee", "Ada", None),
        ("1#status#1", "status", "open", "solved"),
        ("1#team#1", "team", None, "two"),
    ]
    assert {row["case_ref"] for row in rows(store, "case_changes")} == {"crm/1"}


def test_the_lifecycle_stage_of_a_customer(store: Store, clock: Clock) -> None:
    for number, stage in enumerate([None, "Lead", "Client", None, "Gone"], start=1):
        clock.on(number)
        run(store, listing([{"id": "1", "name": "Ada", "stage": stage}], maps=CUSTOMER))

    found = [
        (row["source_id"], row["stage"], row["previous"], row["stage_native"], row["mode"], row["scope"])
        for row in rows(store, "stage_changes")
    ]
    assert found == [
        ("1#stage#1", "consideration", None, "Lead", "observed", ""),
        ("1#stage#2", "existing", "consideration", "Client", "observed", ""),
        ("1#stage#3", "former", None, "Gone", "observed", ""),
    ]
    (customer,) = rows(store, "customers")
    assert {row["customer_key"] for row in rows(store, "stage_changes")} == {customer["key"]}
    assert {row["person_id"] for row in rows(store, "stage_changes")} == {customer["key"]}


def test_a_source_that_keeps_history_gets_none_of_ours(store: Store) -> None:
    run(store, listing([deal("1", stage="a")], keeps_history=True))
    run(store, listing([deal("1", stage="b")], keeps_history=True))

    assert steps(store) == []


def test_classes_without_a_log_change_silently(store: Store) -> None:
    maps = mapping(models.Account, id="id", name="name")
    run(store, listing([{"id": "1", "name": "a"}], maps=maps))
    assert counts(run(store, listing([{"id": "1", "name": "b"}], maps=maps))) == (1, 1, 0, 0)


@pytest.mark.parametrize("rows_per_commit", [1, 10])
def test_many_rows_of_one_run_fold_without_steps(store: Store, rows_per_commit: int) -> None:
    pages = [[deal("1", version=number, stage=f"s{number}")] for number in range(4)]
    run(store, listing(*pages, maps=FOLDED), rows_per_commit=rows_per_commit)
    assert steps(store) == []

    pages.append([deal("1", version=9, stage="s9")])
    run(store, listing(*pages, maps=FOLDED), rows_per_commit=rows_per_commit)
    assert steps(store) == [("1#stage#1", "stage", "s3", "s9")]


def test_an_older_version_is_no_step(store: Store) -> None:
    run(store, listing([deal("1", version=2, stage="b")], maps=FOLDED))
    run(store, listing([deal("1", version=1, stage="a")], maps=FOLDED))

    assert steps(store) == []


def test_what_was_only_looked_at_moves_the_beginning_of_a_step(store: Store, clock: Clock) -> None:
    """A repeat or an older version is a look too: the source did not yet say the new value then."""
    clock.on(1)
    run(store, listing([deal("1", version=2, stage="b")], maps=FOLDED))
    clock.on(4)
    run(store, listing([deal("1", version=2, stage="b"), deal("1", version=1, stage="a")], maps=FOLDED))
    clock.on(8)
    run(store, listing([deal("1", version=3, stage="c")], maps=FOLDED))

    (row,) = rows(store, "deal_changes")
    assert (from_us(row["after_us"]).day, from_us(row["changed_us"]).day) == (4, 8)


def test_a_clock_that_was_set_back_loses_no_step(store: Store, clock: Clock) -> None:
    clock.on(9)
    run(store, listing([deal("1", stage="a")]))
    clock.on(2)
    run(store, listing([deal("1", stage="b")]))

    (row,) = rows(store, "deal_changes")
    assert row["after_us"] <= row["changed_us"]
    assert from_us(row["changed_us"]).day == 2


def test_a_clock_that_stands_still_loses_no_step() -> None:
    noon = datetime(2025, 1, 1, 12, tzinfo=UTC)
    with Store(":memory:", clock=lambda: noon) as store:
        run(store, listing([deal("1", stage="a")]))
        run(store, listing([deal("1", stage="b")]))

        assert steps(store) == [("1#stage#1", "stage", "a", "b")]


class BreakError(Exception):
    """The run is broken off here."""


def broken_after(stream: Stream, pages: int) -> Stream:
    """The stream, broken off after some pages."""

    def read(cursor: Any) -> Iterator[Any]:
        for number, page in enumerate(stream.read(cursor)):
            if number == pages:
                break
            yield page
        raise BreakError

    return Stream(name=stream.name, maps=stream.maps, read=read, keeps_history=False, resumes=stream.resumes)


def run_broken(store: Store, stream: Stream, breaks: list[int]) -> None:
    """A run that is broken off again and again and goes on each time."""
    for pages in breaks:
        with pytest.raises(BreakError):
            run(store, broken_after(stream, pages), rows_per_commit=1)
    run(store, stream, rows_per_commit=1)


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_breaks_add_no_steps(data: st.DataObject) -> None:
    """Rows fold over commits; wherever a run is broken off, the contents are those of a run in one piece."""
    record = st.builds(
        lambda number, version, stage: deal(str(number), version=version, stage=stage),
        st.integers(0, 1),
        st.integers(0, 5),
        st.sampled_from("abc"),
    )
    first = [[data.draw(record)] for _ in range(data.draw(st.integers(1, 4)))]
    second = [*first, *([data.draw(record)] for _ in range(data.draw(st.integers(1, 3))))]
    digests = []
    for breaks in ([], data.draw(st.lists(st.integers(0, 1), max_size=2))):
        with Store(":memory:", clock=Clock()) as store:
            run_broken(store, listing(*first, maps=FOLDED), breaks)
            run_broken(store, listing(*second, maps=FOLDED), breaks)
            digests.append((store.digest(), steps(store)))
    assert digests[0] == digests[1]


def test_a_file_that_became_another_while_the_run_was_broken_is_a_new_look(store: Store, clock: Clock) -> None:
    """The connector begins again at row 1, so what the broken run saw is an earlier state."""
    clock.on(1)
    with pytest.raises(BreakError):
        run(store, broken_after(listing([deal("1", stage="a")], [deal("2")]), 1), rows_per_commit=1)
    assert place_of(store) is not None
    clock.on(3)

    def other_file(_cursor: Any) -> Iterator[Any]:
        yield from listing([deal("1", stage="b"), deal("2")]).read(listing_from_start)

    listing_from_start = type("Cursor", (), {"token": None})()
    report = run(store, Stream(name="deals", maps=(DEAL,), read=other_file))

    assert counts(report) == (2, 2, 0, 0)
    assert not report.streams[0].resumed
    assert steps(store) == [("1#stage#1", "stage", "a", "b")]


def test_days_are_spelled_as_days(store: Store) -> None:
    maps = mapping(models.Deal, id="id", status="status", expected_close=day("expected", format="%d.%m.%Y"))
    run(store, listing([deal("1", expected="28.02.2025")], maps=maps))
    run(store, listing([deal("1", expected="01.03.2025")], maps=maps))

    assert steps(store) == [("1#expected_close#1", "expected_close", "2025-02-28", "2025-03-01")]
