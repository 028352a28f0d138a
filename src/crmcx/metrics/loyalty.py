"""Who stays: retention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import UsageError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import empty_group, grouped
from crmcx.metrics._options import Dated, Sampled
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._shares import share
from crmcx.metrics._trail import renamed
from crmcx.models import Interaction
from crmcx.tables import Frame, Periods, Table, in_window, known_by, latest, take, visible_to_customers


class RetentionOptions(Dated, Sampled, total=False):
    """What `retention` takes."""

    after: int
    until: int | None
    period: str | timedelta
    zone: str
    or_later: bool
    unit: str


COHORT = "cohort"
_PERIODS = ("day", "week", "month", "24 hours")
_FAR = 2**62


@overload
def retention(interactions: Table, *, by: None = None, **options: Unpack[RetentionOptions]) -> Estimate: ...
@overload
def retention(interactions: Table, *, by: Groups, **options: Unpack[RetentionOptions]) -> EstimateTable: ...
@metric(clock="occurred_us")
def retention(
    interactions: Table,
    *,
    after: int = 1,
    until: int | None = None,
    period: str | timedelta = "month",
    by: By = None,
    zone: str = "UTC",
    or_later: bool = False,
    window: Window | None = None,
    as_of: datetime | None = None,
    unit: str = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of people who come back a number of periods after they first came.

    The first interaction in the table is a person's beginning, and its period is period 0. People whose period has not
    ended by `as_of` are left out as `not_observed`: what was not seen is no loss.

    Args:
        interactions: Interactions that the customer could see. Needs `person_id` and `occurred_us`.
        after: Which period after the first; 1 or more.
        until: The last period of a bracket: whoever comes back in any period from `after` to this one counts.
        period: `day`, `week` (from Monday) or `month` of the calendar in `zone`; `24 hours`, or any other length of
            time, from a person's first instant.
        by: Columns to group by, with their value at the first interaction (among equal instants the greatest);
            `cohort` is the day on which the first period began.
        zone: IANA name of the zone whose midnights part the periods.
        or_later: Count whoever comes back in that period or any later one.
        window: Days in which people first came.
        as_of: The date up to which all is known; the latest instant in the table unless given.
        unit: Column that tells people apart; rows without one are left out.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own; `{"occurred_us": "placed_us"}` asks it of orders.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts began and returned; with `by` one per group. None when
        nobody could be observed.

    Raises:
        UsageError: The period is unknown, `after` is below 1, or `until` before it or together with `or_later`.

    Example:
        >>> import polars as pl
        >>> days = 86_400_000_000
        >>> found = pl.DataFrame({"person_id": [1, 1, 2, 3, 3], "occurred_us": [0, 8 * days, 0, 0, 20 * days]})
        >>> [retention(found, period="day", after=7, until=last).value for last in (7, 13)]
        [0.0, 0.3333333333333333]
    """
    _demand_periods(period, after, until, or_later=or_later)
    names = names_of(by)
    exact = period == "24 hours" or isinstance(period, timedelta)
    if COHORT in names and exact:
        msg = f"{period} begin anew for each person, so they make no cohorts"
        raise UsageError(msg, hint="ask for period='day' to group by the day of the first interaction")
    own = tuple(name for name in names if name != COHORT)
    wants = ("known_us", "visibility")
    frame = take(interactions, Interaction, needs=(unit, "occurred_us"), wants=wants, also=own, columns=columns)
    question = Question(
        name="retention",
        unit="share",
        parameters={
            "after": after,
            "until": until,
            "period": f"{period.total_seconds():g} s" if isinstance(period, timedelta) else period,
            "zone": zone,
            "or_later": or_later,
            "unit": unit,
        },
        by=names,
        window=window,
        as_of=as_of or latest((frame, "occurred_us")),
        level=level,
        min_n=min_n,
    )
    receipt = question.receipt(frame)
    frame = visible_to_customers(frame)
    frame = known_by(frame, question.as_of, "occurred_us")
    frame = frame.having(~nw.col(unit).is_null() & ~nw.col("occurred_us").is_null())
    length = period if isinstance(period, timedelta) else timedelta(days=1)
    kind = "24 hours" if isinstance(period, timedelta) else period
    periods = Periods.over(frame, "occurred_us", zone=zone, kind=kind, until=question.as_of, length=length)
    back = (after, _FAR if or_later else until or after)
    people = _people(frame, unit, own, periods, back=back, seen=until or after)
    if window is not None:
        people = people.having(in_window(people, window, "first_us"))
    counts = {"began": nw.lit(1), "returned": nw.col("returned")}
    groups = grouped(
        people,
        by=[*("first" if name == COHORT else name for name in names)],
        excluded={"not_observed": nw.col("observed") == 0},
        value=nw.col("returned"),
        counts=counts,
    )
    if COHORT in names:
        place = names.index(COHORT)
        groups = renamed(groups, lambda key: (*key[:place], periods.begins(int(key[place])), *key[place + 1 :]))
    return question.answer(
        groups,
        empty_group(tuple(counts)),
        lambda group: share(group, receipt, level=level, nothing="nobody could be observed that long"),
    )


def _demand_periods(period: str | timedelta, after: int, until: int | None, *, or_later: bool) -> None:
    if not isinstance(period, timedelta):
        demand_one_of("period", period, _PERIODS)
    elif period <= timedelta():
        msg = f"found period={period}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=30)")
    if after < 1:
        msg = f"found after={after}, expected 1 or more"
        raise UsageError(msg, hint="period 0 is that of the first interaction, which everybody had")
    if until is not None and (until < after or or_later):
        msg = f"found until={until} with after={after} and or_later={or_later}, expected a bracket or any later period"
        raise UsageError(msg, hint="until= is the last period that counts, and or_later=True is without end")


def _people(
    frame: Frame, unit: str, own: Sequence[str], periods: Periods, *, back: tuple[int, int], seen: int
) -> Frame:
    """One row per person: when she first came, whether the periods were observed, and whether she came back in them.

    Args:
        frame: The interactions.
        unit: Column that tells people apart.
        own: Columns to group by.
        periods: The calendar.
        back: The first and the last period in which coming back counts.
        seen: The period that must have ended.
    """
    named = [(f"by_{number}", name) for number, name in enumerate(own)]
    at = nw.col("us")
    staged = frame.lazy.select(
        nw.col(unit).alias("unit"),
        nw.col("occurred_us").alias("us"),
        *(nw.col(name).alias(key) for key, name in named),
    ).with_columns(at.min().over("unit").alias("first_us"))
    counted = staged.with_columns(
        periods.of(at, nw.col("first_us")).alias("now"),
        periods.of(nw.col("first_us"), nw.col("first_us")).alias("first"),
    )
    passed = nw.col("now") - nw.col("first")
    returned = (passed >= back[0]) & (passed <= back[1])
    per_unit = (
        counted.with_columns(
            nw.when(returned).then(nw.lit(1)).otherwise(nw.lit(0)).alias("returned"),
            *(nw.when(at == nw.col("first_us")).then(nw.col(key)).alias(key) for key, _ in named),
        )
        .group_by("unit")
        .agg(
            nw.col("first_us").min(),
            nw.col("first").min(),
            nw.col("returned").max(),
            *(nw.col(key).max() for key, _ in named),
        )
    )
    observed = periods.ended(nw.col("first"), nw.col("first_us"), seen)
    told = per_unit.select(
        "unit",
        "first_us",
        "first",
        "returned",
        nw.when(observed).then(nw.lit(1)).otherwise(nw.lit(0)).alias("observed"),
        *(nw.col(key).alias(name) for key, name in named),
    )
    return evolve(frame, lazy=told, columns=frozenset({"unit", "first_us", "first", "returned", "observed", *own}))
