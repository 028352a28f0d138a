"""Deals in numbers: amounts won, cohorts, cycles, velocity, stages and the pipeline, against walks over the deals."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from tests import company

from crmcx.errors import CurrencyError, MissingColumnError, ScaleError, UsageError
from crmcx.estimates import Durations, quantile_of, wilson_interval
from crmcx.instants import Window
from crmcx.metrics import (
    Into,
    chances_of,
    cohort_win_rate,
    evidence,
    forecast_calibration,
    pipeline_coverage,
    pipeline_value,
    sales_cycle,
    sales_velocity,
    stage_age,
    stage_win_rate,
    weighted_pipeline,
    win_rate,
    win_rate_by_amount,
    won_value,
)
from crmcx.models import Deal, DealChange, Money, RateTable

DAY = timedelta(days=1)
START = datetime(2025, 1, 1, tzinfo=UTC)
RATES = RateTable(
    source="bank",
    source_id="1",
    code="daily",
    base="EUR",
    rates=[
        {"currency": "USD", "day": date(2025, 1, 2), "rate": "1.25"},
        {"currency": "CHF", "day": date(2025, 3, 1), "rate": "0.95"},
    ],
)


def deal(number: int, status: str, days: float | None = None, **more: Any) -> Deal:
    given = {"created_at": START, **more}
    if days is not None:
        given["closed_at"] = given["created_at"] + days * DAY
    return Deal(source="crm", source_id=str(number), status=status, **given)


def step(number: int, field: str, old: str | None, new: str | None, days: float, **more: Any) -> DealChange:
    return DealChange(
        source="crm",
        source_id=f"{number}-{field}-{days}",
        deal=f"crm/{number}",
        field=field,
        old=old,
        new=new,
        changed_at=START + days * DAY,
        **more,
    )


def euros(amount: str) -> Money:
    return Money(amount=amount, currency="EUR")


def dollars(amount: str) -> Money:
    return Money(amount=amount, currency="USD")


class TestNamedErrors:
    """Silent wrong numbers of others, each shown not to be made here."""

    def test_won_everything(self) -> None:
        """Who lost nothing has won all that was decided, and who decided nothing has no win rate: never 0 %."""
        assert win_rate([deal(1, "won", 1), deal(2, "won", 1), deal(3, "open")]).value == 1
        assert win_rate_by_amount([deal(1, "won", 1, amount=euros("5"))]).value == 1
        assert cohort_win_rate([deal(1, "won", 1)], within=DAY).value == 1
        for ask in (win_rate, win_rate_by_amount):
            assert ask([deal(3, "open", amount=euros("5"))]).value is None

    def test_percent_is_no_fraction(self) -> None:
        deals = [deal(1, "open", stage="offer", amount=euros("100"))]
        with pytest.raises(ScaleError, match=r"such as 60 for 'offer', expected 0 to 1"):
            weighted_pipeline(deals, [], at=START + DAY, chances={"talk": 0.5, "offer": 60})
        then = pl.DataFrame({"key": [1, 2], "status": ["open", "lost"], "probability": [0.5, 40.0]})
        with pytest.raises(ScaleError, match="expected 0 to 1"):
            forecast_calibration(then, then)
        with pytest.raises(ScaleError):
            weighted_pipeline(deals, [], at=START + DAY, chances={"offer": float("nan")})

    def test_currencies_are_never_added(self) -> None:
        deals = [
            deal(1, "won", 1, stage="won", amount=euros("100")),
            deal(2, "lost", 1, stage="won", amount=dollars("100")),
            deal(3, "open", stage="offer", amount=euros("8")),
            deal(4, "open", stage="offer", amount=dollars("10")),
        ]
        asked: list[Any] = [
            lambda **more: win_rate_by_amount(deals, **more),
            lambda **more: pipeline_value(deals, [], at=START + DAY, known_since=START, **more),
            lambda **more: weighted_pipeline(
                deals, [], at=START + DAY, known_since=START, chances={"offer": 0.5}, **more
            ),
        ]
        for ask in asked:
            with pytest.raises(CurrencyError, match=r"found amounts in EUR, USD.*group by \"amount_currency\""):
                ask()
            assert len(ask(by="amount_currency")) >= 2
        into = Into("EUR", rates=RATES, on=date(2025, 2, 1))
        assert asked[1](into=into).value == euros("16")
        assert asked[2](into=into).value == euros("8")
        assert asked[1](into=into).receipt.definition != asked[1](by="amount_currency")["EUR"].receipt.definition

    def test_todays_stage_is_not_that_of_a_past_date(self) -> None:
        deals = [deal(1, "won", 30, stage="won", amount=euros("900"))]
        steps = [
            step(1, "stage", "talk", "offer", 10),
            step(1, "amount", "100 EUR", "900 EUR", 20),
            step(1, "stage", "offer", "won", 30),
            step(1, "status", "open", "won", 30),
        ]

        def by_stage(days: float) -> dict[Any, Any]:
            table = pipeline_value(deals, steps, at=START + days * DAY, by="stage", known_since=START)
            return {key: found.value for (key,), found in table}

        assert by_stage(5) == {"talk": euros("100")}
        assert by_stage(15) == {"offer": euros("100")}
        assert by_stage(25) == {"offer": euros("900")}
        assert by_stage(35) == {}
        assert pipeline_value(deals, steps, at=START - DAY, known_since=START - 9 * DAY).n == 0


class TestAmounts:
    def test_large_deals_weigh_more(self) -> None:
        deals = [
            deal(1, "won", 1, amount=euros("10")),
            deal(2, "won", 1, amount=euros("20")),
            deal(3, "lost", 1, amount=euros("90")),
            deal(4, "lost", 1),
            deal(5, "lost", 1, amount=euros("-5")),
            deal(6, "abandoned", 1, amount=euros("30")),
            deal(7, "open", amount=euros("30")),
        ]
        found = win_rate_by_amount(deals)
        assert found.value == 0.25
        assert dict(found.counts) == {"won": 2, "lost": 1}
        assert dict(found.excluded) == {"abandoned": 1, "no_amount": 1, "negative_amount": 1, "open": 1}
        assert win_rate_by_amount(deals, abandoned="lost").value == 0.2
        assert len(evidence(found, deals, part="won").keys) == 2
        assert win_rate_by_amount([]).reason == "no amount was decided"

    def test_the_interval_is_that_of_a_jackknife_over_accounts(self) -> None:
        draw = random.Random(3)
        rows = [(draw.randrange(30), draw.random() < 0.5, draw.randrange(1, 900)) for _ in range(400)]
        frame = pl.DataFrame(
            {
                "account_key": [row[0] for row in rows],
                "status": ["won" if row[1] else "lost" for row in rows],
                "amount_micros": [row[2] * 1_000_000 for row in rows],
                "amount_currency": ["EUR"] * 400,
            }
        )
        found = win_rate_by_amount(frame)
        assert found.n_clusters == 30

        def ratio(without: int) -> float:
            kept = [row for row in rows if row[0] != without]
            return sum(row[2] for row in kept if row[1]) / sum(row[2] for row in kept)

        left = [ratio(account) for account in range(30)]
        mean = sum(left) / 30
        error = (29 / 30 * sum((each - mean) ** 2 for each in left)) ** 0.5
        assert found.interval is not None
        assert found.value == pytest.approx(ratio(-1))
        assert found.interval.high - found.interval.low == pytest.approx(2 * 2.0452 * error, rel=0.05)  # type: ignore[operator]

    def test_rates_convert_sums_exactly(self) -> None:
        deals = [deal(n, "won", 1, amount=dollars("0.10")) for n in range(3)] + [deal(9, "won", 1, amount=euros("1"))]
        found = won_value(deals, into=Into("EUR", rates=RATES, on=date(2025, 2, 1)))
        assert isinstance(found.value, Money)
        assert found.value.amount == Decimal("1.24")
        assert dict(found.receipt.definition.parameters)["rates"] == "daily"
        with pytest.raises(CurrencyError, match="found no rate of CHF on or before 2025-02-01 in the table daily"):
            won_value(deals, into=Into("CHF", rates=RATES, on=date(2025, 2, 1)))


class TestCohort:
    def test_losers_left_open_do_not_raise_it(self) -> None:
        won = [deal(n, "won", 2) for n in range(3)]
        lost = [deal(n, "lost", 3) for n in range(3, 6)]
        forgotten = [deal(n, "open") for n in range(3, 6)]
        assert win_rate(won + lost).value == 0.5
        assert win_rate(won + forgotten).value == 1
        for deals in (won + lost, won + forgotten):
            found = cohort_win_rate(deals, within=9 * DAY, as_of=START + 20 * DAY)
            assert found.value == 0.5
            expected = wilson_interval(3, 6)
            assert found.interval is not None
            assert found.interval.low == pytest.approx(expected.low)

    def test_what_ended_later_was_open_then(self) -> None:
        deals = [deal(1, "won", 2), deal(2, "lost", 5), deal(3, "won", 8)]
        found = cohort_win_rate(deals, within=4 * DAY, as_of=START + 4 * DAY)
        assert dict(found.counts) == {"won": 1, "lost": 0, "open": 2}
        assert found.value == pytest.approx(1 / 3)
        assert cohort_win_rate(deals, within=5 * DAY, as_of=START + 4 * DAY).reason == "no deal was watched so long"

    def test_dirt_and_nothing(self) -> None:
        deals = [
            deal(1, "won", created_at=None, closed_at=START),
            deal(2, "won"),
            deal(3, "lost", -1),
            deal(4, "won", 1),
        ]
        found = cohort_win_rate(deals, within=DAY)
        assert dict(found.excluded) == {"ended_before_beginning": 1, "no_beginning": 1, "no_end": 1}
        assert found.n == 1
        assert cohort_win_rate([], within=DAY).reason == "no deal began"
        with pytest.raises(UsageError, match="a time above zero"):
            cohort_win_rate(deals, within=timedelta())
        with pytest.raises(MissingColumnError, match="lacks created_us and opened_day"):
            cohort_win_rate(pl.DataFrame({"status": ["won"], "closed_us": [1]}), within=DAY)

    def test_days_serve_where_there_is_no_instant(self) -> None:
        deals = [
            Deal(source="crm", source_id="1", status="won", opened_on=date(2025, 1, 1), closed_on=date(2025, 1, 3)),
            Deal(source="crm", source_id="2", status="lost", opened_on=date(2025, 2, 1), closed_on=date(2025, 2, 2)),
        ]
        assert sales_cycle(deals).value == 1.5 * DAY
        january = Window(date(2025, 1, 1), date(2025, 2, 1), zone="Pacific/Auckland")
        assert sales_cycle(deals, window=january).value == 2 * DAY


class TestCycle:
    def test_open_deals_make_it_longer(self) -> None:
        deals = [deal(1, "won", 1), deal(2, "lost", 2), deal(3, "won", 3)]
        assert sales_cycle(deals).value == 2 * DAY
        more = [*deals, deal(4, "open"), deal(5, "open")]
        found = sales_cycle(more, as_of=START + 9 * DAY)
        assert found.value == 3 * DAY
        assert dict(found.counts) == {"decided": 3, "open": 2}

    def test_as_a_walk_over_deals(self) -> None:
        deals = company.deals(random.Random(6))
        last = START + 400 * DAY
        lengths = []
        for row in deals:
            began, ended = (
                at or (None if day is None else datetime.combine(day, datetime.min.time(), tzinfo=UTC))
                for at, day in ((row.created_at, row.opened_on), (row.closed_at, row.closed_on))
            )
            assert ended is not None
            if began is not None:
                done = row.status != "open"
                us = ((ended if done else last) - began) // timedelta(microseconds=1)
                lengths.append(Durations(us, int(done), int(not done)))
        assert sales_cycle(deals, as_of=last).value == quantile_of(lengths)[0]

    def test_velocity_is_of_one_cohort(self) -> None:
        deals = [
            deal(1, "won", 10, amount=euros("300")),
            deal(2, "lost", 20, amount=euros("999")),
            deal(3, "won", 30),
            deal(4, "open", amount=euros("5")),
        ]
        found = sales_velocity(deals)
        # Two deals, half of them won, 300 euros each, 15 days on average.
        assert found.value == euros("20")
        assert dict(found.counts) == {"won": 1, "lost": 1}
        assert dict(found.excluded) == {"no_amount": 1, "open": 1}
        assert sales_velocity([]).reason == "no deal was decided"
        assert sales_velocity([deal(1, "won", 0, amount=euros("1"))]).reason == "the deals took no time"
        window = Window(date(2025, 1, 1), date(2025, 1, 15))
        assert sales_velocity(deals, window=window).value == euros("30")


class TestStages:
    DEALS = (
        deal(1, "won", 9, stage="won"),
        deal(2, "open", stage="offer"),
        deal(3, "lost", 4, stage="talk"),
        deal(4, "open", stage="talk", created_at=None),
    )
    STEPS = (
        step(1, "stage", "talk", "offer", 2),
        step(1, "stage", "offer", "talk", 3),
        step(1, "stage", "talk", "won", 9),
        step(2, "stage", "talk", "offer", 5),
        step(2, "owner", "ann", "bob", 6),
    )

    def test_stays(self) -> None:
        table = stage_age(self.DEALS, self.STEPS, by="stage", as_of=START + 11 * DAY)
        assert [key for (key,), _ in table] == ["offer", "talk"]
        assert dict(table["offer"].counts) == {"left": 1, "open": 1}
        # In talk: 2 and 6 days of the first deal, 5 of the second, 4 of the third until it was lost.
        assert dict(table["talk"].counts) == {"left": 4, "open": 0}
        assert table["talk"].value == 4.5 * DAY
        assert dict(table["talk"].excluded) == {"no_entry": 1}

    def test_as_it_was_known_then(self) -> None:
        table = stage_age(self.DEALS, self.STEPS, by="stage", as_of=START + 2.5 * DAY)
        assert dict(table["offer"].counts) == {"left": 0, "open": 1}
        assert dict(table["talk"].counts) == {"left": 1, "open": 2}
        late = [step(1, "stage", "talk", "offer", 2, known_at=START + 8 * DAY)]
        assert dict(stage_age(self.DEALS[:1], late, as_of=START + 3 * DAY).counts) == {"left": 0, "open": 1}

    def test_ends_are_no_stays(self) -> None:
        deals = [deal(1, "open", stage="parked")]
        steps = [step(1, "stage", "talk", "parked", 1)]
        assert stage_age(deals, steps, as_of=START + 9 * DAY).n == 2
        assert stage_age(deals, steps, ends=["parked"], as_of=START + 9 * DAY).n == 1
        assert stage_age([], []).reason == "no stays"

    def test_chances_out_of_history(self) -> None:
        table = stage_win_rate(self.DEALS, self.STEPS)
        assert chances_of(table) == {"offer": 1.0, "talk": 0.5}
        assert dict(table["talk"].counts) == {"won": 1, "lost": 1}
        assert dict(table["talk"].excluded) == {"open": 2}
        with pytest.raises(UsageError, match="expected one by stage alone"):
            chances_of(stage_win_rate(self.DEALS, self.STEPS, by="owner"))


class TestForecast:
    def test_worked_by_hand(self) -> None:
        deals = [
            deal(1, "open", stage="talk", amount=euros("100")),
            deal(2, "open", stage="offer", amount=euros("50")),
            deal(3, "open", stage="odd", amount=euros("50")),
            deal(4, "open", stage="offer"),
        ]
        found = weighted_pipeline(deals, [], at=START + DAY, chances={"talk": 0.25, "offer": 0.5}, known_since=START)
        assert found.value == euros("50")
        assert dict(found.excluded) == {"no_amount": 1, "no_chance": 1}
        assert found.interval is not None
        assert found.interval.low == 0
        assert found.interval_words == "0.00 to 148.00"
        assert found.interval.high == pytest.approx(50 + 1.959964 * (100**2 * 3 / 16 + 50**2 / 4) ** 0.5)
        assert weighted_pipeline([], [], at=START, chances={}).value is None

    def test_without_history_nothing_is_claimed(self) -> None:
        deals = [deal(1, "open", stage="talk", amount=euros("100"))]
        found = pipeline_value(deals, [], at=START + DAY)
        assert found.value is None
        assert dict(found.excluded) == {"before_history": 1}

    def test_the_interval_holds_what_deals_bring(self) -> None:
        draw = random.Random(9)
        chances = {"a": 0.1, "b": 0.4, "c": 0.8}
        plan = [(draw.choice("abc"), draw.randrange(10, 90)) for _ in range(60)]
        deals = [deal(n, "open", stage=stage, amount=euros(str(amount))) for n, (stage, amount) in enumerate(plan)]
        found = weighted_pipeline(deals, [], at=START + DAY, chances=chances, known_since=START)
        assert found.interval is not None
        held = 0
        for _ in range(500):
            brought = sum(amount for stage, amount in plan if draw.random() < chances[stage])
            held += found.interval.low <= brought <= found.interval.high  # type: ignore[operator]
        assert 0.92 <= held / 500 <= 0.98

    def test_calibration(self) -> None:
        draw = random.Random(2)
        then = [Deal(source="crm", source_id=str(n), status="open", probability=n % 10 / 10) for n in range(1000)]
        fair = [
            Deal(source="crm", source_id=str(n), status="won" if draw.random() < n % 10 / 10 else "lost")
            for n in range(1000)
        ]
        found = forecast_calibration(fair, then)
        assert found.n == 1000
        assert len(found) == 10
        assert found.expected == pytest.approx(450)
        assert found.p_value is not None
        assert found.p_value > 0.01
        low = [Deal(source="crm", source_id=str(n), status="won" if n % 20 > 17 else "lost") for n in range(1000)]
        off = forecast_calibration(low, then)
        assert off.p_value is not None
        assert off.p_value < 1e-6
        assert off.won == 100
        assert "450.0 of 1,000 deals were to be won, 100 were; p below 0.0001" in repr(off)
        assert off.caption in off._repr_html_()
        assert len(off.to_frame()) == 10

    def test_deals_that_are_gone_or_open(self) -> None:
        then = [Deal(source="crm", source_id=str(n), status="open", probability=0.5) for n in range(2)]
        now = [Deal(source="crm", source_id="0", status="open")]
        found = forecast_calibration(now, then)
        assert dict(found.excluded) == {"gone": 1, "open": 1}
        assert (found.n, found.expected, found.brier, found.p_value) == (0, None, None, None)
        assert found.caption == "no deal was decided"


class TestCoverage:
    def test_worked_by_hand(self) -> None:
        quarter = Window(date(2025, 1, 1), date(2025, 4, 1))
        deals = [
            deal(1, "won", 5, amount=euros("40")),
            deal(2, "open", amount=euros("90"), expected_close=date(2025, 3, 1)),
            deal(3, "open", amount=euros("70"), expected_close=date(2025, 5, 1)),
            deal(4, "open", amount=euros("70")),
        ]
        steps = [step(1, "status", "open", "won", 5)]

        def covered(quota: str, days: float = 9) -> Any:
            return pipeline_coverage(
                deals, steps, at=START + days * DAY, window=quarter, quota=euros(quota), known_since=START
            )

        found = covered("100")
        assert found.value == 1.5
        assert dict(found.counts) == {"open": 1, "won": 1}
        assert dict(found.excluded) == {"no_expected_close": 1}
        assert covered("100", 1).value == pytest.approx(0.9)
        assert covered("40").reason == "the quota is reached"
        with pytest.raises(CurrencyError, match="found amounts in EUR and a quota in USD"):
            pipeline_coverage(deals, steps, at=START, window=quarter, quota=dollars("9"), known_since=START - DAY)


def test_pipeline_as_a_walk_over_steps() -> None:
    """Every deal's status and amount at ten dates, by walking over its steps."""
    draw = random.Random(12)
    deals, steps = [], []
    for number in range(40):
        amount, status, at = draw.randrange(1, 50), "open", 0.0
        deals_steps = []
        for _ in range(draw.randrange(4)):
            at += draw.randrange(1, 9) + draw.random()
            if draw.random() < 0.5:
                new = draw.randrange(1, 50)
                deals_steps.append(("amount", f"{amount} EUR", f"{new} EUR", at))
                amount = new
            else:
                new_status = draw.choice(["open", "won", "lost"])
                deals_steps.append(("status", status, new_status, at))
                status = new_status
        deals.append(deal(number, status, amount=euros(str(amount))))
        steps.append(deals_steps)
    changes = [step(n, *each) for n, own in enumerate(steps) for each in own]
    for days in range(0, 30, 3):
        total = 0
        for each, own in zip(deals, steps, strict=True):
            assert each.amount is not None
            now = {"amount": f"{each.amount.amount} EUR", "status": str(each.status)}
            now |= {field: old for field, old, _, at in reversed(own) if at > days}
            total += int(now["amount"].split()[0]) if now["status"] == "open" else 0
        found = pipeline_value(deals, changes, at=START + days * DAY, known_since=START)
        assert found.value == euros(str(total))


def test_the_deals_behind_each_count() -> None:
    deals = [
        deal(1, "won", 2, stage="won", amount=euros("3")),
        deal(2, "lost", 3, stage="talk"),
        deal(3, "open", stage="talk", amount=euros("3")),
        deal(4, "won", 20, stage="talk", amount=euros("3")),
    ]
    steps = [step(1, "stage", "talk", "won", 2)]
    found = cohort_win_rate(deals, within=9 * DAY)
    for name, number in found.counts:
        assert len(evidence(found, deals, part=name)) == number
    ahead = pipeline_value(deals, steps, at=START + DAY, known_since=START)
    assert len(evidence(ahead, deals, steps, part="open")) == ahead.n
    stays = stage_age(deals, steps, as_of=START + 9 * DAY)
    assert len(evidence(stays, deals, steps, part="left")) == dict(stays.counts)["left"]
    chances = stage_win_rate(deals, steps)
    assert len(evidence(chances, deals, steps, stage="talk", part="won")) == 2
    expected = weighted_pipeline(deals, steps, at=START + DAY, known_since=START, chances={"talk": 0.5})
    assert len(evidence(expected, deals, steps, part="open")) == expected.n
    speed = sales_velocity(deals)
    assert len(evidence(speed, deals, part="lost")) == 1
