"""Contracts put together: for how long somebody was a customer without a gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.instants import to_us
from crmcx.models import Subscription, SubscriptionStatus
from crmcx.tables import Frame, Table, take, words_in

OPEN = 2**62
"""The end of what has not ended."""
_REASONS = ("no_unit", "no_start", "in_trial", "never_began")
_PARTS = ("unit", "code")
_COLUMNS = (*_PARTS, "spell", "start_us", "end_us")


def spells(
    subscriptions: Table, *, unit: str, by: Sequence[str], as_of: datetime | None, columns: Mapping[str, str] | None
) -> Frame:
    """One row for each time without a gap in which a unit had a contract, as of a date.

    A contract that begins before or when another of the same unit ends goes on with it. One with a trial begins when
    the trial is over.

    Args:
        subscriptions: Subscriptions.
        unit: Column that tells units apart; `key` for each contract by itself.
        by: Columns to group by, with their value at the beginning; among equal ones the greatest.
        as_of: What began later is not there, what ended later has not ended; None to take all as it stands.
        columns: Canonical column name to the table's own.

    Returns:
        `unit`, `start_us`, `end_us` (`OPEN` where it has not ended), `code` (0, else which of the reasons of
        `left_out` a contract is left out for, then a row by itself), `spell` (its number among those of the unit and
        code; 0 where each contract counts by itself), and the columns of `by`.
    """
    frame = take(
        subscriptions,
        Subscription,
        needs=("started_us", "ended_us"),
        wants=("trial_ends_us", "status"),
        also=(unit, *by),
        columns=columns,
    )
    frame = evolve(frame, lazy=frame.lazy.select(*_contract(frame, unit, as_of), *_named(by)))
    lazy = frame.lazy
    if as_of is not None:
        lazy = lazy.filter((nw.col("code") != 0) | (nw.col("start_us") <= to_us(as_of)))
    if unit == "key":  # each contract by itself: nothing to put together
        named = (nw.col(f"by_{place}").alias(name) for place, name in enumerate(by))
        lazy = lazy.select(*_PARTS, nw.lit(0).cast(nw.Int64()).alias("spell"), "start_us", "end_us", *named)
        return evolve(frame, lazy=lazy, columns=frozenset({*_COLUMNS, *by}), key=None)
    until = nw.col("end_us").cum_max().over(*_PARTS, order_by=["start_us", "end_us"])
    lazy = lazy.with_columns(until.alias("until_us"))
    # By way of a float, which holds every instant exactly, since pandas cannot shift whole numbers with gaps.
    before = nw.col("until_us").cast(nw.Float64()).shift(1).over(*_PARTS, order_by=["start_us", "end_us"])
    lazy = lazy.with_columns(before.alias("before"))
    goes_on = ~nw.col("before").is_null() & (nw.col("before") >= nw.col("start_us")) & (nw.col("code") == 0)
    begins = nw.when(goes_on).then(nw.lit(0)).otherwise(nw.lit(1)).cast(nw.Int64())
    lazy = lazy.with_columns(begins.alias("begins"))
    number = nw.col("begins").cum_sum().over(*_PARTS, order_by=["start_us", "end_us"])
    lazy = lazy.with_columns(number.alias("spell"))
    keys = [f"by_{place}" for place in range(len(by))]
    if keys:
        lazy = lazy.with_columns(nw.col("start_us").min().over(*_PARTS, "spell").alias("first_us"))
        at_first = nw.col("start_us") == nw.col("first_us")
        lazy = lazy.with_columns(*(nw.when(at_first).then(nw.col(key)).alias(key) for key in keys))
    lazy = lazy.group_by(*_PARTS, "spell").agg(
        nw.col("start_us").min(), nw.col("end_us").max(), *(nw.col(key).max() for key in keys)
    )
    named = (nw.col(key).alias(name) for key, name in zip(keys, by, strict=True))
    lazy = lazy.select(*_PARTS, "spell", "start_us", "end_us", *named)
    return evolve(frame, lazy=lazy, columns=frozenset({*_COLUMNS, *by}), key=None)


def left_out() -> dict[str, nw.Expr]:
    """Reason to condition, for rows of `spells` that do not count."""
    return {reason: nw.col("code") == number for number, reason in enumerate(_REASONS, start=1)}


def _named(by: Sequence[str]) -> list[nw.Expr]:
    return [nw.col(name).alias(f"by_{place}") for place, name in enumerate(by)]


def _contract(frame: Frame, unit: str, as_of: datetime | None) -> list[nw.Expr]:
    """What counts of a contract: whose it is, from when to when, and why it does not count."""
    start, end = nw.col("started_us"), nw.col("ended_us")
    trial = nw.col(unit).is_null() & ~nw.col(unit).is_null()
    if "status" in frame.columns:
        trial = words_in("status", SubscriptionStatus.TRIAL.value)
    if "trial_ends_us" in frame.columns:
        paid = nw.col("trial_ends_us")
        trial &= paid.is_null()
        if as_of is not None:
            trial |= ~paid.is_null() & (paid > to_us(as_of))
        start = nw.when(~start.is_null() & ~paid.is_null() & (paid > start)).then(paid).otherwise(start)
    code = nw.when(~end.is_null() & (end <= start)).then(nw.lit(4)).otherwise(nw.lit(0))
    code = nw.when(trial).then(nw.lit(3)).otherwise(code)
    code = nw.when(start.is_null()).then(nw.lit(2)).otherwise(code)
    code = nw.when(nw.col(unit).is_null()).then(nw.lit(1)).otherwise(code).cast(nw.Int64())
    gone = ~end.is_null()
    if as_of is not None:
        gone &= end <= to_us(as_of)
    return [
        nw.col(unit).alias("unit"),
        nw.when(start.is_null()).then(nw.lit(0)).otherwise(start).cast(nw.Int64()).alias("start_us"),
        nw.when(gone).then(end).otherwise(nw.lit(OPEN)).cast(nw.Int64()).alias("end_us"),
        code.alias("code"),
    ]
