"""The state of deals, cases, subscriptions and accounts as known at t, against examples and a replay by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.law import LAW
from tests.sync.sources import Clock, deal, listing, run
from tests.test_engines_agree import DTYPES, ENGINES

from crmcx import metrics
from crmcx.errors import EngineMismatchError, MissingColumnError, UsageError
from crmcx.estimates import Estimate
from crmcx.models import (
    Account,
    AccountChange,
    Case,
    CaseChange,
    Deal,
    DealChange,
    Model,
    Money,
    Subscription,
    SubscriptionChange,
)
from crmcx.store import Store
from crmcx.tables import (
    StoredTable,
    accounts_at,
    cases_at,
    deals_at,
    key_of,
    rows_of,
    schema_of,
    subscriptions_at,
    to_columns,
)

Table = Any
FIRST = datetime(2025, 1, 1, tzinfo=UTC)


def on(day: int) -> datetime:
    """The beginning of a day, counted from the first."""
    return FIRST + timedelta(days=day)


def frame(cls: type[Model], objects: Sequence[Any]) -> pl.DataFrame:
    schema = {column.name: DTYPES[column.dtype.value] for column in schema_of(cls).columns}
    return pl.DataFrame(dict(to_columns(cls, objects)), schema=schema)


def told(table: Table) -> dict[str, dict[str, Any]]:
    """The rows by source and id."""
    found = rows_of(table)
    by_ref = {f"{row['source']}/{row['source_id']}": row for row in found}
    assert len(by_ref) == len(found)
    return by_ref


def step(number: int, field: str, old: str | None, new: str | None, changed: int, **more: Any) -> DealChange:
    return DealChange(
        **{"source": "crm", "deal": "crm/1", **more},
        source_id=f"{number}",
        field=field,
        old=old,
        new=new,
        changed_at=on(changed),
    )


def one(deals: Deal, log: Sequence[DealChange], at: int, **more: Any) -> dict[str, Any]:
    (row,) = told(deals_at([deals], log, on(at), **more)).values()
    return row


A_DEAL = Deal(source="crm", source_id="1", status="open", stage="c", created_at=on(0), customer="crm/7")


class TestTheLog:
    STEPS = (step(1, "stage", None, "a", 2), step(2, "stage", "a", "b", 4), step(3, "stage", "b", "c", 6))

    @pytest.mark.parametrize(("at", "stage"), [(1, None), (2, "a"), (3, "a"), (4, "b"), (6, "c"), (99, "c")])
    def test_the_last_step_by_then_tells(self, at: int, stage: str | None) -> None:
        found = one(A_DEAL, self.STEPS, at, as_of=on(99))
        assert (found["stage"], found["before_history"]) == (stage, "status, amount, owner, expected_close")

    def test_the_step_after_says_what_was_before_it(self) -> None:
        found = one(A_DEAL, self.STEPS[1:], 3, as_of=on(9))
        assert found["stage"] == "a"

    def test_what_came_in_late_counts_from_when_it_was_known(self) -> None:
        late = step(4, "stage", "a", "x", 3, known_at=on(8))
        log = [*self.STEPS, late]
        assert [one(A_DEAL, log, 3, as_of=on(day))["stage"] for day in (3, 7, 8)] == ["a", "a", "x"]
        assert [one(A_DEAL, log, 5, as_of=on(day))["stage"] for day in (5, 8)] == ["b", "b"]

    def test_of_one_instant_the_one_that_was_known_last_tells_then_the_higher_key(self) -> None:
        same = [step(number, "stage", "a", f"{number}", 3, known_at=on(9 - number)) for number in (1, 2)]
        assert one(A_DEAL, same, 5, as_of=on(9))["stage"] == "1"
        keys = {number: key_of("deal_changes", f"crm/{number}") for number in range(1, 6)}
        ties = [step(number, "stage", f"{number}", f"{number}", 3) for number in keys]
        assert one(A_DEAL, ties, 5)["stage"] == str(max(keys, key=keys.__getitem__))
        assert one(A_DEAL, ties, 2, as_of=on(5))["stage"] == str(min(keys, key=keys.__getitem__))

    def test_a_source_without_history_counts_from_when_it_was_seen(self) -> None:
        seen = step(1, "stage", "b", "c", 6, after_at=on(4))
        assert [one(A_DEAL, [seen], at, as_of=on(9))["stage"] for at in (3, 4, 5, 6)] == [None, "b", "b", "c"]
        assert "stage" in one(A_DEAL, [seen], 3, as_of=on(9))["before_history"]
        assert one(A_DEAL, [seen], 3, as_of=on(9), known_since=on(2))["stage"] == "b"

    def test_nothing_is_not_unknown(self) -> None:
        found = one(A_DEAL, [step(1, "owner", "x", None, 2), step(2, "stage", None, "c", 8)], 5, as_of=on(9))
        assert (found["owner"], found["stage"]) == (None, None)
        assert found["before_history"] == "status, amount, expected_close"

    def test_steps_of_others_and_of_other_fields(self) -> None:
        log = [step(1, "stage", "x", "y", 2, deal="crm/2"), step(2, "probability", "1", "2", 2)]
        found = one(A_DEAL, log, 5, known_since=on(0))
        assert (found["stage"], found["before_history"], found["unreadable"]) == ("c", None, None)


class TestBeforeHistory:
    def test_without_known_since_only_the_log_tells(self) -> None:
        found = one(A_DEAL, [], 5)
        assert found["before_history"] == "stage, status, amount, owner, expected_close"
        assert (found["stage"], found["status"]) == (None, None)

    @pytest.mark.parametrize(("at", "as_of", "stage"), [(4, 4, "c"), (3, 3, None), (3, 9, None), (9, 3, None)])
    def test_what_nobody_watched_is_unknown(self, at: int, as_of: int, stage: str | None) -> None:
        assert one(A_DEAL, [], at, as_of=on(as_of), known_since=on(4))["stage"] == stage

    def test_the_first_step_that_became_known_later_says_what_was_seen_until_then(self) -> None:
        log = [step(1, "stage", "b", "c", 7), step(2, "stage", "x", "a", 1, known_at=on(8))]
        assert one(A_DEAL, log, 5, known_since=on(0))["stage"] == "b"
        assert one(A_DEAL, log, 5)["stage"] is None

    def test_each_source_by_its_own_date(self) -> None:
        deals = [A_DEAL, A_DEAL.model_copy(update={"source": "old"}), A_DEAL.model_copy(update={"source": "new"})]
        found = told(deals_at(deals, [], on(5), known_since={"crm": on(4), "old": on(6)}))
        assert {ref: row["stage"] for ref, row in found.items()} == {"crm/1": "c", "old/1": None, "new/1": None}

    def test_a_source_is_needed_to_tell_them_apart(self) -> None:
        table = frame(Deal, [A_DEAL]).drop("source")
        with pytest.raises(MissingColumnError, match="source"):
            deals_at(table, frame(DealChange, []), on(5), known_since={"crm": on(4)})


class TestWhoWasThere:
    def there(self, at: int, as_of: int | None = None, *, since: int | None = 0, **dates: Any) -> bool:
        deals = [Deal(source="crm", source_id="1", status="open", **dates)]
        known_since = None if since is None else on(since)
        instant = None if as_of is None else on(as_of)
        return bool(rows_of(deals_at(deals, [], on(at), as_of=instant, known_since=known_since)))

    def test_what_began_later_was_not_there(self) -> None:
        assert [self.there(at, created_at=on(5)) for at in (4, 5)] == [False, True]
        assert not self.there(4, as_of=9, created_at=on(5))

    def test_a_day_counts_where_there_is_no_instant(self) -> None:
        opened = on(5).date()
        assert [self.there(at, opened_on=opened) for at in (4, 5)] == [False, True]
        assert self.there(4, opened_on=opened, created_at=on(3))

    def test_the_day_is_that_of_a_zone(self) -> None:
        deals = [Deal(source="crm", source_id="1", status="open", opened_on=date(2025, 1, 6))]
        evening = datetime(2025, 1, 5, 23, tzinfo=UTC)
        assert rows_of(deals_at(deals, [], evening)) == []
        assert len(rows_of(deals_at(deals, [], evening, zone="Europe/Berlin"))) == 1

    def test_without_a_date_it_was_always_there(self) -> None:
        assert self.there(-9999)

    def test_what_was_first_known_later_was_not_known(self) -> None:
        assert [self.there(9, as_of, created_at=on(1), known_at=on(6)) for as_of in (5, 6)] == [False, True]
        assert [self.there(9, as_of, known_at=on(6), since=None) for as_of in (5, 6)] == [False, True]

    def test_before_anybody_watched_its_own_dates_count(self) -> None:
        assert self.there(2, since=6, created_at=on(1), known_at=on(6))
        assert self.there(2, since=6, known_at=on(6))
        assert not self.there(0, since=6, created_at=on(1), known_at=on(6))

    def test_one_with_a_known_step_was_known(self) -> None:
        late = A_DEAL.model_copy(update={"known_at": on(9)})
        found = one(late, [step(1, "stage", "a", "b", 3)], 5, known_since=on(0))
        assert (found["stage"], found["before_history"]) == ("b", "status, amount, owner, expected_close")


class TestOtherDates:
    DEAL = A_DEAL.model_copy(update={"closed_at": on(5), "closed_on": on(5).date(), "status": "won"})

    def test_later_ones_are_left_out(self) -> None:
        before, after = (one(self.DEAL, [], at, known_since=on(0)) for at in (4, 5))
        assert (before["closed_us"], before["closed_day"]) == (None, None)
        assert after["closed_us"] is not None
        assert after["closed_day"] is not None
        assert one(self.DEAL, [], 9, as_of=on(4), known_since=on(0))["closed_us"] is None

    def test_those_that_a_later_step_of_the_status_may_have_brought_are_left_out(self) -> None:
        """The deal was decided on day 5, and the next look was on day 8: nobody knew on day 6."""
        seen = step(1, "status", "open", "won", 8, after_at=on(4))
        before, after = (one(self.DEAL, [seen], at, known_since=on(0)) for at in (6, 8))
        assert (before["status"], before["closed_us"]) == ("open", None)
        assert (after["status"], after["closed_us"] is None) == ("won", False)

    def test_the_columns(self) -> None:
        assert list(one(self.DEAL, [], 5)) == [
            *("key", "source", "source_id", "customer_ref", "customer_key", "account_ref", "account_key"),
            *("stage", "status", "amount_micros", "amount_currency", "owner", "created_us", "opened_day"),
            *("closed_us", "closed_day", "expected_close_day", "person_id", "before_history", "unreadable"),
        ]


MICROS = 1_000_000
BAD = object()
SAID: dict[str, dict[str | None, Any]] = {
    "amount": {
        None: None,
        "5000 EUR": (5000 * MICROS, "EUR"),
        "12.5 EUR": (12_500_000, "EUR"),
        "12.500000 EUR": (12_500_000, "EUR"),
        "-0.5 KWD": (-500_000, "KWD"),
        "-0.000001 JPY": (-1, "JPY"),
        "0.1000000 EUR": (100_000, "EUR"),
        "+7 USD": (7 * MICROS, "USD"),
        "  7.25\tUSD ": (7_250_000, "USD"),
        "0.000000 EUR": (0, "EUR"),
        "9000000000000.000000 EUR": (9 * 10**18, "EUR"),
        "-9000000000000 EUR": (-9 * 10**18, "EUR"),
        "1234567890123.456789 EUR": (1234567890123456789, "EUR"),
        "0000000000000000000012 EUR": (12 * MICROS, "EUR"),
        **dict.fromkeys(
            [
                *("9000000000000.000001 EUR", "9999999999999 EUR", "12345678901234567890 EUR", "0.0000001 EUR"),
                *("5000", "EUR", "EUR 5000", "5,000 EUR", "5.000,00 EUR", "1e3 EUR", "5 eur", "5 EURO", "", " "),
                *("nan EUR", "-- 5 EUR", "5. EUR", ".5 EUR", "\u0665 EUR", "5 EUR\nx", "5EUR"),
            ],
            BAD,
        ),
    },
    "expected_close": {
        None: None,
        "1970-01-01": 0,
        "2024-02-29": 19782,
        "2025-12-31": 20453,
        "1900-03-01": -25508,
        "1969-12-31": -1,
        "0001-01-01": -719162,
        "9999-12-31": 2932896,
        **dict.fromkeys(
            [
                *(
                    "2025-02-29",
                    "2025-02-30",
                    "1900-02-29",
                    "2025-04-31",
                    "2025-00-10",
                    "2025-13-01",
                    "2025-01-00",
                    "2025-01-32",
                ),
                *("0000-01-01", "2025-1-1", "20250101", "2025-01-01T00:00:00Z", "01.02.2025", "soon", ""),
            ],
            BAD,
        ),
    },
    "status": {
        None: None,
        "open": "open",
        "won": "won",
        "lost": "lost",
        "abandoned": "abandoned",
        "Won": BAD,
        "closedwon": BAD,
        "": BAD,
    },
    "stage": {None: None, "a": "a", "b": "b", "Ä 10 %": "Ä 10 %", "": ""},
}
WHOLES = {"250": 250, "-3": -3, "0": 0, "+12": 12, "999999999999999999": 10**18 - 1, "12.0": 12}
NO_WHOLES = ["1e3", "12.5", "9" * 19, "many", "", "1 000"]


class TestTheTextsOfTheLog:
    @pytest.mark.parametrize("engine", ENGINES)
    def test_each_is_read_exactly_or_named(self, engine: str) -> None:
        said = [(field, text) for field, texts in SAID.items() for text in texts]
        deals = [A_DEAL.model_copy(update={"source_id": f"{number}"}) for number in range(len(said))]
        log = [step(number, field, "x", text, 1, deal=f"crm/{number}") for number, (field, text) in enumerate(said)]
        make = ENGINES[engine]
        found = told(deals_at(make(frame(Deal, deals)), make(frame(DealChange, log)), on(2)))
        columns = {"expected_close": ["expected_close_day"], "amount": ["amount_micros", "amount_currency"]}
        for number, (field, text) in enumerate(said):
            row, value = found[f"crm/{number}"], SAID[field][text]
            cells = tuple(row[name] for name in columns.get(field, [field]))
            wanted = (None,) * len(cells) if value is None or value is BAD else value
            assert cells == (wanted if isinstance(wanted, tuple) else (wanted,)), text
            assert row["unreadable"] == (field if value is BAD else None), text
            assert field not in (row["before_history"] or ""), text

    @pytest.mark.parametrize("engine", ENGINES)
    def test_whole_numbers_of_accounts(self, engine: str) -> None:
        texts = [*WHOLES, *NO_WHOLES]
        accounts = [Account(source="crm", source_id=f"{number}", name="x") for number in range(len(texts))]
        log = [
            AccountChange(
                source="crm",
                source_id=f"{number}",
                account=f"crm/{number}",
                field="employees",
                new=text,
                changed_at=on(1),
            )
            for number, text in enumerate(texts)
        ]
        make = ENGINES[engine]
        found = told(accounts_at(make(frame(Account, accounts)), make(frame(AccountChange, log)), on(2)))
        for number, text in enumerate(texts):
            row = found[f"crm/{number}"]
            assert (row["employees"], row["unreadable"]) == (WHOLES.get(text), None if text in WHOLES else "employees")

    def test_days_are_those_of_the_calendar(self) -> None:
        draw = random.Random(3)
        days = [date.fromordinal(draw.randint(1, date.max.toordinal())) for _ in range(2000)]
        deals = [A_DEAL.model_copy(update={"source_id": f"{number}"}) for number in range(len(days))]
        log = [
            step(number, "expected_close", None, day.isoformat(), 1, deal=f"crm/{number}")
            for number, day in enumerate(days)
        ]
        found = told(deals_at(deals, log, on(2)))
        for number, day in enumerate(days):
            assert found[f"crm/{number}"]["expected_close_day"] == (day - date(1970, 1, 1)).days


class TestOtherClasses:
    def test_cases(self) -> None:
        case = Case(
            source="desk",
            source_id="1",
            status="closed",
            priority="high",
            team="two",
            opened_at=on(1),
            resolved_at=on(3),
            closed_at=on(6),
            reopened=1,
            subject="secret",
        )
        log = [
            CaseChange(
                source="desk",
                source_id=f"{day}",
                case="desk/1",
                field="status",
                old=old,
                new=new,
                changed_at=on(day),
            )
            for day, old, new in [(1, None, "new"), (3, "new", "solved"), (6, "solved", "closed")]
        ]
        assert rows_of(cases_at([case], log, on(0))) == []
        (row,) = rows_of(cases_at([case], log, on(4), known_since=on(1)))
        assert (row["status"], row["priority"], row["team"]) == ("solved", "high", "two")
        assert row["before_history"] is None
        assert not {"subject", "reopened", "category"} & row.keys()

    def test_subscriptions(self) -> None:
        held = Subscription(
            source="bill",
            source_id="1",
            status="ended",
            plan="gold",
            started_at=on(1),
            mrr=Money(amount=Decimal("9.90"), currency="EUR"),
            ended_at=on(8),
            renews_at=on(30),
        )
        log = [
            SubscriptionChange(
                source="bill",
                source_id=f"{number}",
                subscription="bill/1",
                field=field,
                old=old,
                new=new,
                changed_at=on(day),
            )
            for number, (field, old, new, day) in enumerate(
                [("mrr", "4.95 EUR", "9.9 EUR", 5), ("plan", "silver", "gold", 5), ("status", "active", "ended", 8)]
            )
        ]
        early, late = (rows_of(subscriptions_at([held], log, on(at), as_of=on(9)))[0] for at in (3, 6))
        assert (early["status"], early["plan"], early["mrr_micros"]) == ("active", "silver", 4_950_000)
        assert (late["plan"], late["mrr_micros"], late["mrr_currency"]) == ("gold", 9_900_000, "EUR")
        assert (early["renews_us"], early["ended_us"]) == (None, None)


class TestTables:
    DEALS = (A_DEAL.model_copy(update={"status": "won", "amount": Money(amount=5, currency="EUR")}),)
    LOG = (step(1, "status", "open", "won", 5), step(2, "amount", "3 EUR", "5 EUR", 5))

    def test_a_metric_takes_it(self) -> None:
        rates = [metrics.win_rate(deals_at(self.DEALS, self.LOG, on(at), as_of=on(9))) for at in (4, 5)]
        assert [rate.value for rate in rates if isinstance(rate, Estimate)] == [None, 1.0]
        value = metrics.won_value(deals_at(self.DEALS, self.LOG, on(5)))
        assert isinstance(value, Estimate)
        assert value.value == Money(amount=5, currency="EUR")

    @pytest.mark.parametrize("engine", ENGINES)
    def test_it_is_of_the_kind_that_was_given(self, engine: str) -> None:
        make = ENGINES[engine]
        found = deals_at(make(frame(Deal, self.DEALS)), make(frame(DealChange, self.LOG)), on(5))
        kinds: dict[str, Any] = {"polars lazy": pl.LazyFrame, "duckdb": duckdb.DuckDBPyRelation}
        if "pandas" in engine:
            assert type(found).__module__.startswith("pandas")
        else:
            assert isinstance(found, kinds.get(engine, pl.DataFrame))

    def test_own_names_and_few_columns(self) -> None:
        deals = pl.DataFrame({"id": ["x", "y"], "status": ["won", "open"]})
        log = pl.DataFrame({
            "deal": ["x"], "what": ["status"], "before": ["open"], "after": ["won"], "when": [on(5)]
        })  # fmt: skip
        found = deals_at(
            deals,
            log,
            on(4),
            as_of=on(6),
            columns={"key": "id"},
            change_columns={
                "deal_key": "deal",
                "field": "what",
                "old": "before",
                "new": "after",
                "changed_at": "when",
            },
        )
        assert sorted(rows_of(found), key=lambda row: row["key"]) == [
            {"key": "x", "status": "open", "before_history": None, "unreadable": None},
            {"key": "y", "status": None, "before_history": "status", "unreadable": None},
        ]

    def test_no_deals_and_no_steps(self) -> None:
        assert rows_of(deals_at([], [], on(1))) == []
        assert rows_of(deals_at([], self.LOG, on(1))) == []

    def test_inputs_stay_as_they_are(self) -> None:
        deals, log = frame(Deal, self.DEALS), frame(DealChange, self.LOG)
        before = deals.clone(), log.clone()
        deals_at(deals, log, on(5))
        assert deals.equals(before[0])
        assert log.equals(before[1])

    def test_what_is_refused(self) -> None:
        naive = datetime(2025, 1, 1)  # noqa: DTZ001 - what is refused
        with pytest.raises(UsageError, match="without a zone"):
            deals_at([], [], naive)
        with pytest.raises(UsageError, match="without a zone"):
            deals_at([], [], on(1), as_of=naive)
        with pytest.raises(MissingColumnError, match="deal_key"):
            deals_at([], pl.DataFrame({"field": ["status"]}), on(1))
        with pytest.raises(EngineMismatchError):
            deals_at(ENGINES["duckdb"](frame(Deal, [])), frame(DealChange, []), on(1))


# -- against a replay -------------------------------------------------------------------------------------------------

FIELDS = {
    "stage": ("a", "b", "", None),
    "status": ("open", "won", "lost", "Won"),
    "amount": ("5000 EUR", "-0.5 KWD", "12.500000 EUR", "5,000 EUR", None),
    "owner": ("x", "y", None),
    "expected_close": ("2024-02-29", "1969-12-31", "2025-02-30", None),
}
DAYS = st.integers(0, 8)
A_DAY = DAYS.map(on)
MAYBE = st.none() | A_DAY
REFS = ("crm/1", "crm/2", "old/1")


@st.composite
def deals_drawn(draw: st.DrawFn) -> list[Deal]:
    found = []
    for ref in REFS:
        source, number = ref.split("/")
        created, opened, closed = draw(MAYBE), draw(MAYBE), draw(MAYBE)
        found.append(
            Deal(
                source=source,
                source_id=number,
                known_at=draw(MAYBE),
                created_at=created,
                status=draw(st.sampled_from(["open", "won"])),
                stage=draw(st.sampled_from(["a", "b", None])),
                owner=draw(st.sampled_from(["x", None])),
                amount=draw(st.sampled_from([None, Money(amount=7, currency="EUR")])),
                expected_close=draw(st.sampled_from([None, date(2025, 3, 1)])),
                opened_on=opened and opened.date(),
                closed_at=closed,
            )
        )
    return found


@st.composite
def logs_drawn(draw: st.DrawFn) -> list[DealChange]:
    found = []
    for number in range(draw(st.integers(0, 14))):
        field = draw(st.sampled_from([*FIELDS, "stage", "status"]))
        changed = draw(DAYS)
        after = draw(st.none() | st.integers(0, changed))
        found.append(
            DealChange(
                source="crm",
                source_id=f"{number}",
                deal=draw(st.sampled_from(REFS)),
                field=field,
                old=draw(st.sampled_from(FIELDS[field])),
                new=draw(st.sampled_from(FIELDS[field])),
                changed_at=on(changed),
                known_at=draw(MAYBE),
                after_at=None if after is None else on(after),
            )
        )
    return found


SINCE = st.one_of(st.none(), A_DAY, st.dictionaries(st.sampled_from(["crm", "old"]), A_DAY))
Since = Mapping[str, datetime] | datetime | None


def replayed(deals: Sequence[Deal], log: Sequence[DealChange], at: datetime, as_of: datetime, since: Since) -> Any:
    """The same by walking through the log, deal by deal and field by field."""
    told = {}
    for each in deals:
        watched = since.get(each.source) if isinstance(since, Mapping) else since
        mine = [change for change in log if change.deal == each.ref]
        heard = [change for change in mine if (change.known_at or change.changed_at) <= as_of]
        if not was_there(each, at, as_of, watched, heard=bool(heard)):
            continue
        if watched and each.known_at:
            watched = max(watched, each.known_at)
        row: dict[str, Any] = {}
        unknown, unreadable = [], []
        for field in FIELDS:
            ground, text = grounded(field, mine, at, as_of, watched)
            if ground == "log":
                value = SAID[field][text] if field in SAID else text
                if value is BAD:
                    unreadable.append(field)
                    value = None
            elif ground == "now":
                value = getattr(each, field)
                if isinstance(value, Money):
                    value = (int(value.amount * MICROS), value.currency)
                elif isinstance(value, date):
                    value = (value - date(1970, 1, 1)).days
            else:
                unknown.append(field)
                value = None
            row[field] = value
        moved = any(c.field == "status" and (c.known_at or c.changed_at) > as_of for c in mine)
        row["closed"] = each.closed_at if each.closed_at and each.closed_at <= min(at, as_of) and not moved else None
        row["before_history"] = ", ".join(unknown) or None
        row["unreadable"] = ", ".join(unreadable) or None
        told[each.ref] = row
    return told


def was_there(each: Deal, at: datetime, as_of: datetime, watched: datetime | None, *, heard: bool) -> bool:
    begun = each.created_at or (each.opened_on and datetime.combine(each.opened_on, datetime.min.time(), UTC))
    if begun and begun > at:
        return False
    seen = begun is None or begun <= as_of
    known = each.known_at <= as_of if each.known_at else seen
    return known or heard or (watched is not None and watched > as_of and seen)


def grounded(
    field: str, mine: Sequence[DealChange], at: datetime, as_of: datetime, watched: datetime | None
) -> tuple[str, str | None]:
    state: tuple[str, str | None] = ("unknown", None)
    found = [change for change in mine if change.field == field]
    when = {change.source_id: change.known_at or change.changed_at for change in found}
    key = {change.source_id: key_of("deal_changes", change.ref) for change in found}
    in_time = sorted(found, key=lambda c: (c.changed_at, when[c.source_id], key[c.source_id]))
    for change in in_time:
        if when[change.source_id] > as_of:
            continue
        if change.changed_at <= at:
            state = ("log", change.new)
        elif state[0] == "unknown":
            open_back = change.after_at is None or change.after_at <= at or (watched is not None and watched <= at)
            return ("log", change.old) if open_back else state
    if state[0] == "log" or any(when[change.source_id] <= as_of for change in found):
        return state
    if watched is None or watched > min(at, as_of):
        return state
    for change in sorted(found, key=lambda c: (when[c.source_id], c.changed_at, key[c.source_id])):
        return "log", change.old
    return "now", None


def compared(table: Table) -> Any:
    found = {}
    for ref, row in told(table).items():
        amount = None if row["amount_micros"] is None else (row["amount_micros"], row["amount_currency"])
        closed = row["closed_us"]
        found[ref] = {
            **{name: row[name] for name in ("stage", "status", "owner")},
            "amount": amount,
            "expected_close": row["expected_close_day"],
            "closed": None if closed is None else datetime.fromtimestamp(closed / MICROS, UTC),
            **{name: row[name] for name in ("before_history", "unreadable")},
        }
    return found


@pytest.mark.parametrize(("engine", "examples"), [("polars", 25), ("duckdb", 6)])
def test_it_is_what_a_replay_tells(engine: str, examples: int) -> None:
    make: Callable[[pl.DataFrame], Any] = ENGINES[engine]

    @settings(LAW, max_examples=examples)
    @given(deals_drawn(), logs_drawn(), DAYS.map(on), A_DAY | st.none(), SINCE, st.randoms(use_true_random=False))
    def holds(
        deals: list[Deal],
        log: list[DealChange],
        at: datetime,
        as_of: datetime | None,
        since: Since,
        draw: random.Random,
    ) -> None:
        wanted = replayed(deals, log, at, as_of or at, since)
        draw.shuffle(deals)
        draw.shuffle(log)
        tables = make(frame(Deal, deals)), make(frame(DealChange, log))
        assert compared(deals_at(*tables, at, as_of=as_of, known_since=since)) == wanted

    holds()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_large_replay(engine: str) -> None:
    draw = random.Random(20)
    deals = [
        Deal(
            source=draw.choice(["crm", "old"]),
            source_id=f"{number}",
            status=draw.choice(["open", "won"]),
            created_at=draw.choice([None, on(draw.randint(0, 8))]),
            known_at=draw.choice([None, on(draw.randint(0, 8))]),
            closed_at=draw.choice([None, on(draw.randint(0, 8))]),
            stage=draw.choice(["a", None]),
        )
        for number in range(300)
    ]
    log = []
    for number in range(1500):
        field, changed = draw.choice(list(FIELDS)), draw.randint(0, 8)
        log.append(
            DealChange(
                source="crm",
                source_id=f"{number}",
                deal=draw.choice(deals).ref,
                field=field,
                old=draw.choice(FIELDS[field]),
                new=draw.choice(FIELDS[field]),
                changed_at=on(changed),
                known_at=draw.choice([None, on(draw.randint(0, 8))]),
                after_at=draw.choice([None, on(draw.randint(0, changed))]),
            )
        )
    draw.shuffle(log)
    tables = [ENGINES[engine](frame(Deal, deals)), ENGINES[engine](frame(DealChange, log))]
    for at, as_of in [(2, 2), (4, 7), (7, 4), (5, 5), (8, 8)] if engine == "polars" else [(4, 6)]:
        since = {"crm": on(3), "old": on(5)}
        wanted = replayed(deals, log, on(at), on(as_of), since)
        assert compared(deals_at(*tables, on(at), as_of=on(as_of), known_since=since)) == wanted
        assert len(wanted) > 50


# -- laws -------------------------------------------------------------------------------------------------------------

News = tuple[int, str, int, str | None]
"""When it was known, which field, how many days earlier it changed, and to what."""
NEWS = st.lists(
    st.tuples(
        st.integers(1, 12), st.sampled_from(["stage", "owner", "status"]), st.integers(0, 3), st.sampled_from("abc")
    ),
    max_size=10,
).map(sorted)


def world(news: Sequence[News], until: int) -> tuple[list[Deal], list[DealChange]]:
    """A deal and its log as they stood on a day, when the source had told its news up to then."""
    words = {"a": "open", "b": "won", "c": "lost"}
    now: dict[str, Any] = {"status": "open", "stage": "a", "owner": None}
    log: list[DealChange] = []
    latest = dict.fromkeys(now, -1)
    in_order = sorted(enumerate(news), key=lambda each: (each[1][0], each[1][0] - each[1][2]))
    for number, (known, field, late, word) in in_order:
        if known > until:
            continue
        value = words[word or "a"] if field == "status" else word
        changed = known - late
        log.append(step(number, field, now[field], value, changed, known_at=on(known)))
        if changed >= latest[field]:
            now[field], latest[field] = value, changed
    return [A_DEAL.model_copy(update={**now, "known_at": on(0), "closed_at": on(3)})], log


@LAW
@given(NEWS, st.integers(0, 13), st.integers(0, 13))
def test_what_became_known_later_changes_nothing(news: list[News], at: int, as_of: int) -> None:
    """But that a date of closing may be left out, when a later step may have brought it."""
    then, now = (
        told(deals_at(*world(news, until), on(at), as_of=on(as_of), known_since=on(0)))["crm/1"]
        for until in (as_of, 99)
    )
    assert now["closed_us"] in {then["closed_us"], None}
    assert {**now, "closed_us": None} == {**then, "closed_us": None}
    assert then["before_history"] is None


def test_a_deal_that_became_known_later_has_no_row() -> None:
    later = A_DEAL.model_copy(update={"source_id": "2", "known_at": on(6)})
    seen = A_DEAL.model_copy(update={"known_at": on(2)})
    assert set(told(deals_at([seen, later], [], on(5), known_since=on(0)))) == {"crm/1"}


@pytest.mark.parametrize("engine", ENGINES)
def test_without_keys_equal_instants_fall_by_what_they_say(engine: str) -> None:
    log = frame(
        DealChange, [step(1, "stage", "a", "b", 3), step(2, "stage", "a", None, 3), step(3, "stage", "a", "c", 3)]
    )
    make = ENGINES[engine]
    for seed in range(2):
        table = make(log.drop("key").sample(fraction=1, shuffle=True, seed=seed))
        assert told(deals_at(make(frame(Deal, [A_DEAL])), table, on(5)))["crm/1"]["stage"] == "c"


# -- from the source to the state -------------------------------------------------------------------------------------


class TestFromAStore:
    def synced(self) -> Store:
        clock = Clock()
        store = Store(":memory:", clock=clock)
        for day, records in [
            (2, [deal("1", stage="offer", amount="12.5", expected="2025-03-01")]),
            (5, [deal("1", stage="offer", amount="12.5", expected="2025-03-01"), deal("2", stage="new")]),
            (9, [deal("1", stage="closing", status="won", amount="-0.000001", owner="ada"), deal("2", stage="new")]),
        ]:
            clock.on(day)
            run(store, listing(records))
        return store

    def test_the_state_between_two_looks(self) -> None:
        with self.synced() as store:
            snapshot = store.snapshot()
            deals, changes = snapshot.table("deals"), snapshot.table("deal_changes")
            found = {
                day: told(deals_at(deals, changes, datetime(2025, 1, day, 12, tzinfo=UTC))) for day in (1, 3, 6, 9)
            }
            assert {day: set(rows) for day, rows in found.items()} == {
                1: {"crm/1", "crm/2"},
                3: {"crm/1"},
                6: {"crm/1", "crm/2"},
                9: {"crm/1", "crm/2"},
            }
            unknown = found[1]["crm/1"]
            assert unknown["before_history"] == "stage, status, amount, owner, expected_close"
            assert (unknown["stage"], unknown["amount_micros"]) == (None, None)
            for day in (3, 6):
                row = found[day]["crm/1"]
                assert (row["stage"], row["status"], row["owner"]) == ("offer", "open", None)
                assert (row["amount_micros"], row["amount_currency"]) == (12_500_000, "EUR")
                assert row["expected_close_day"] == (date(2025, 3, 1) - date(1970, 1, 1)).days
                assert (row["before_history"], row["unreadable"]) == (None, None)
            row = found[9]["crm/1"]
            assert (row["stage"], row["status"], row["owner"], row["amount_micros"]) == ("closing", "won", "ada", -1)
            assert row["expected_close_day"] is None
            assert found[6]["crm/2"]["stage"] == "new"

    def test_it_is_a_table_of_the_same_snapshot(self) -> None:
        with self.synced() as store:
            snapshot = store.snapshot()
            found = deals_at(snapshot.table("deals"), snapshot.table("deal_changes"), datetime(2025, 1, 6, tzinfo=UTC))
            assert isinstance(found, StoredTable)
            assert found.snapshot == snapshot.id
            assert list(found.schema.names) == list(found.rows()[0])
            rate = metrics.win_rate(found)
            assert isinstance(rate, Estimate)
            assert (rate.value, rate.receipt.snapshot, dict(rate.excluded)["open"]) == (None, snapshot.id, 2)

    def test_a_date_of_ones_own_comes_first(self) -> None:
        with self.synced() as store:
            snapshot = store.snapshot()
            deals, changes = snapshot.table("deals"), snapshot.table("deal_changes")
            found = deals_at(deals, changes, datetime(2025, 1, 6, tzinfo=UTC), known_since={})
            assert {row["before_history"] is None for row in rows_of(found)} == {False}
