"""Tenure, its restricted mean and the survival curve: by a walk over days, and where others go wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metrics.contracts import CONTRACTS, DAY, Contract, day, spells_of, table

from crmcx.errors import MissingColumnError, UsageError
from crmcx.estimates import Durations, quantile_of, restricted_mean, steps_of
from crmcx.instants import Window
from crmcx.metrics import evidence, mean_tenure, survival, tenure
from crmcx.models import Subscription

AS_OF = 28


def durations(contracts: list[Contract], watched_since: int | None = None) -> list[Durations]:
    made = []
    for _, start, end in spells_of(contracts, AS_OF):
        until = AS_OF if end is None else end
        since = 0 if watched_since is None else max(0, watched_since - start)
        if until <= start + since and (since or end is not None):
            continue  # over before anybody watched
        made.append(Durations((until - start) * DAY, int(end is not None), int(end is None)))
        if since:
            made.append(Durations(since * DAY, 0, 0, entered=1))
    return made


@settings(deadline=None, max_examples=60)
@given(CONTRACTS, st.none() | st.integers(0, 20))
def test_as_a_walk_over_days(contracts: list[Contract], since: int | None) -> None:
    expected = durations(contracts, since)
    watched = None if since is None else day(since)
    found = survival(table(contracts), as_of=day(AS_OF), watched_since=watched)
    assert found.n == sum(each.ended + each.open for each in expected)
    assert found.ended == sum(each.ended for each in expected)
    median = tenure(table(contracts), as_of=day(AS_OF), watched_since=watched)
    mean = mean_tenure(table(contracts), as_of=day(AS_OF), until=timedelta(days=9), watched_since=watched)
    if found.reason is None:
        steps = steps_of(expected)
        assert [(step.at_risk, step.ended) for step in found] == [(step.at_risk, step.ended) for step in steps]
        assert [step.share for step in found] == [step.share for step in steps]
        assert median.value == quantile_of(expected)[0]
        assert mean.value == restricted_mean(expected, timedelta(days=9))[0]
    else:
        assert len(found) == 0
        assert (median.value, median.reason) == (None, found.reason)
        assert (mean.value, mean.reason) == (None, found.reason)


def test_the_average_of_those_who_left_is_far_too_short() -> None:
    """Ten left after ten days, thirty are there after 100: whoever averages the former tells ten days."""
    contracts: list[Contract] = [(number, 0, 10) for number in range(10)]
    contracts += [(number, 0, None) for number in range(10, 40)]
    found = tenure(table(contracts), as_of=day(100))
    assert (found.value, found.reason) == (None, "fewer than 50 % left")
    assert dict(found.counts) == {"ended": 10, "open": 30}
    mean = mean_tenure(table(contracts), as_of=day(100), until=timedelta(days=100))
    assert mean.value == timedelta(days=77.5)


def test_who_was_there_before_anybody_watched_counts_from_then_on() -> None:
    """Of those who began long ago only those who stayed are in the table; they tell nothing of the first days."""
    contracts: list[Contract] = [(number, 0, 50 + number) for number in range(10)]
    contracts += [(number, 40, 45 if number < 25 else None) for number in range(20, 30)]
    naive = survival(table(contracts), as_of=day(100))
    told = survival(table(contracts), as_of=day(100), watched_since=day(40))
    assert naive.at(timedelta(days=5)) == 0.75
    assert told.at(timedelta(days=5)) == 0.5
    nobody = survival(table(contracts[:10]), as_of=day(100), watched_since=day(40))
    assert (nobody.at(timedelta(days=5)), nobody.reason) == (None, "nobody was watched at some lengths")


def test_what_is_left_out() -> None:
    frame = table([(1, 0, 10), (2, 0, 0), (3, 5, 3), (4, 0, None), (5, 0, None), (6, 0, 4), (7, 40, None)])
    frame = frame.with_columns(
        pl.Series("trial_ends_us", [None, None, None, 2 * DAY, 90 * DAY, 7 * DAY, None]),
        pl.Series("status", ["ended", "ended", "ended", "active", "active", "ended", "active"]),
    )
    unknown = pl.DataFrame({"person_id": [None, 8, 9], "started_us": [0, None, 0], "status": ["active", "x", "trial"]})
    found = survival(pl.concat([frame, unknown], how="diagonal"), as_of=day(30))
    assert dict(found.excluded) == {"no_unit": 1, "no_start": 1, "in_trial": 2, "never_began": 3}
    assert (found.n, found.ended, found.longest) == (2, 1, timedelta(days=28))


def test_gaps_and_contracts_that_follow_each_other() -> None:
    contracts: list[Contract] = [(1, 0, 10), (1, 10, 20), (1, 5, 7), (2, 0, 10), (2, 11, 20)]
    found = survival(table(contracts), as_of=day(30))
    assert [(step.length.days, step.ended) for step in found] == [(9, 1), (10, 1), (20, 1)]
    each = survival(table(contracts), as_of=day(30), unit="key")
    assert each.n == 5
    assert dict(found.receipt.definition.parameters)["gaps"] == "begin anew"


def test_only_what_was_known_by_then() -> None:
    contracts: list[Contract] = [(1, 0, 10), (2, 0, 20), (3, 15, None)]
    early = survival(table(contracts), as_of=day(12))
    assert (early.n, early.ended) == (2, 1)
    assert survival(table(contracts), as_of=day(40)).ended == 2


def test_groups_windows_and_steps() -> None:
    frame = table([(1, 0, 10), (2, 0, 20), (3, 15, 25)]).with_columns(pl.Series("product", ["loan", "card", None]))
    found = tenure(frame, as_of=day(40), by="product")
    assert [(key, each.value) for key, each in found] == [
        (("card",), timedelta(days=20)),
        (("loan",), timedelta(days=10)),
        ((None,), timedelta(days=10)),
    ]
    assert tenure(frame, as_of=day(40), window=Window(date(1970, 1, 2), date(1970, 2, 1))).n == 1
    weeks = survival(frame, as_of=day(40), step=timedelta(weeks=1))
    assert [step.length.days for step in weeks] == [7, 14]


def test_the_customers_behind_it() -> None:
    frame = table([(1, 0, 10), (2, 0, 20), (3, 15, None), (None, 3, None)])  # type: ignore[list-item]
    found = tenure(frame, as_of=day(40))
    assert evidence(found, frame, part="ended").keys == (1, 2)
    assert evidence(found, frame, part="open").keys == (3,)
    assert evidence(found, frame, left_out="no_unit").n == 1


def test_how_it_prints() -> None:
    found = survival(table([(number, 0, 5 + number) for number in range(40)]), as_of=day(100))
    lines = repr(found).splitlines()
    assert lines[0] == "survival of 40 customers, of whom 40 left; 12 of 40 steps"
    assert len(lines) == 14
    assert lines[-1].split()[:5] == ["44", "d", "1", "1", "0.0"]
    assert found._repr_html_().count("<tr>") == 13
    assert found.to_frame().columns == ["length_us", "at_risk", "ended", "share", "error", "low", "high"]
    assert len(found.to_frame()) == 40
    assert found.at(timedelta(days=5)) == 1 - 1 / 40
    assert found.at(timedelta(days=500)) == 0
    assert repr(survival([], as_of=day(1))) == "survival: there is no customer"


def test_models_and_nothing() -> None:
    contract = Subscription(
        source="billing", source_id="1", customer="crm/1", status="active", started_at=datetime(2025, 1, 1, tzinfo=UTC)
    )
    found = mean_tenure([contract], as_of=datetime(2025, 2, 1, tzinfo=UTC), until=timedelta(days=60))
    assert (found.value, found.reason) == (None, "nobody was watched for 60 d")
    empty = tenure([], as_of=day(1))
    assert (empty.value, empty.reason, empty.n) == (None, "there is no customer", 0)


def test_what_makes_no_sense() -> None:
    frame = table([(1, 0, 10)])
    with pytest.raises(UsageError, match="found step=0:00:00"):
        survival(frame, as_of=day(1), step=timedelta())
    with pytest.raises(UsageError, match="which is after as_of"):
        tenure(frame, as_of=day(1), watched_since=day(2))
    with pytest.raises(UsageError, match="between 0 and 1"):
        tenure(frame, as_of=day(1), quantile=1.0)
    with pytest.raises(UsageError, match="expected a time above zero"):
        mean_tenure(frame, as_of=day(1), until=timedelta())
    with pytest.raises(MissingColumnError, match="lacks ended_us"):
        tenure(frame.drop("ended_us"), as_of=day(1))
    with pytest.raises(UsageError, match="without a zone"):
        tenure(frame, as_of=datetime(1970, 1, 2))  # noqa: DTZ001 - it is refused
