"""Who leaves: churn by customer, and by the time that customers were there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypedDict, Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import UsageError
from crmcx.estimates import Estimate, EstimateTable, Receipt, poisson_interval
from crmcx.estimates.words import time_words
from crmcx.instants import Window, to_us
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import Group, empty_group, grouped
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._shares import share
from crmcx.metrics._spells import left_out, spells
from crmcx.tables import Frame, Table

_SECOND = 1_000_000
_MONTH = timedelta(days=30)


class ChurnOptions(TypedDict, total=False):
    """What metrics of churn take, beside the window that they need."""

    as_of: datetime | None
    unit: str
    level: float
    min_n: int | None
    columns: Mapping[str, str] | None


class ChurnRateOptions(ChurnOptions, total=False):
    """What `churn_rate` takes."""

    per: timedelta


@overload
def churn(subscriptions: Table, *, window: Window, by: None = None, **options: Unpack[ChurnOptions]) -> Estimate: ...
@overload
def churn(subscriptions: Table, *, window: Window, by: Groups, **options: Unpack[ChurnOptions]) -> EstimateTable: ...
@metric(clock="started_us")
def churn(
    subscriptions: Table,
    *,
    window: Window,
    by: By = None,
    as_of: datetime | None = None,
    unit: str = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of the customers at the beginning of a time who are not customers at its end.

    Those who were customers when the window began, and no others: who joins in it counts neither above nor below the
    line, so that growth changes nothing. Who leaves and is back before its end has stayed. 1 - churn is the retention
    of contracts. A contract that begins in the instant in which the window does is new; one that ends in the instant in
    which it ends counts as there, as its end lies outside. What contracts are left out is as for `tenure`.

    Args:
        subscriptions: Subscriptions. Needs `started_us` and `ended_us`; takes `trial_ends_us` and `status`.
        window: The days, from the first to the last of which customers are followed.
        by: Columns to group by, with their value at the beginning of the time she was a customer; among equal ones the
            greatest.
        as_of: The date up to which ends are known.
        unit: Column that tells customers apart; `key` for each contract by itself.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts customers and left; with `by` one per group. None when
        there was no customer at the beginning.

    Raises:
        UsageError: The window had not ended by `as_of`.

    Example:
        >>> import polars as pl
        >>> from datetime import date
        >>> days = 86_400_000_000
        >>> found = pl.DataFrame({"person_id": [1, 2, 3], "started_us": [0, 0, 40 * days],
        ...     "ended_us": [35 * days, None, None]})
        >>> churn(found, window=Window(date(1970, 2, 1), date(1970, 3, 1)))
        churn: 50.0 %; 95 % interval 9.5 % to 90.5 %; n = 2
    """
    _demand_over(window, as_of)
    question = Question(
        name="churn",
        unit="share",
        parameters={"unit": unit, "back by the end": "stayed"},
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    frame = spells(subscriptions, unit=unit, by=question.by, as_of=as_of, columns=columns)
    customers = _followed(frame, question.by, window, alone=unit == "key")
    left = nw.lit(1) - nw.col("stays")
    counts = {"customers": nw.lit(1), "left": left}
    groups = grouped(customers, by=question.by, excluded=left_out(), value=left, counts=counts)
    receipt = question.receipt(frame)
    return question.answer(
        groups,
        empty_group(tuple(counts)),
        lambda group: share(group, receipt, level=level, nothing="there was no customer at the beginning"),
    )


@overload
def churn_rate(
    subscriptions: Table, *, window: Window, by: None = None, **options: Unpack[ChurnRateOptions]
) -> Estimate: ...
@overload
def churn_rate(
    subscriptions: Table, *, window: Window, by: Groups, **options: Unpack[ChurnRateOptions]
) -> EstimateTable: ...
@metric(clock="started_us")
def churn_rate(
    subscriptions: Table,
    *,
    window: Window,
    per: timedelta = _MONTH,
    by: By = None,
    as_of: datetime | None = None,
    unit: str = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """How many customers leave for each month, or other time, that a customer is there: leavers / time.

    Everybody counts for as long as she was a customer in the window, also who joined in it, so that neither growth nor
    the length of the window changes the rate. It is no share, and twelve of a month are not one of a year. What
    contracts are left out is as for `tenure`.

    Args:
        subscriptions: Subscriptions. Needs `started_us` and `ended_us`; takes `trial_ends_us` and `status`.
        window: The days in which customers are followed.
        per: For what time of one customer the rate is told; 30 days unless given.
        by: Columns to group by, with their value at the beginning of the time she was a customer; among equal ones the
            greatest.
        as_of: The date up to which ends are known.
        unit: Column that tells customers apart; `key` for each contract by itself.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A rate with the exact Poisson interval, and the counts left and exposure_s, the seconds that all were customers;
        with `by` one per group. n is how many were. None when nobody was.

    Raises:
        UsageError: The window had not ended by `as_of`, or `per` is not above zero.

    Example:
        >>> import polars as pl
        >>> from datetime import date
        >>> days = 86_400_000_000
        >>> found = pl.DataFrame({"person_id": [1, 2, 3], "started_us": [0, 0, 45 * days],
        ...     "ended_us": [45 * days, None, None]})
        >>> churn_rate(found, window=Window(date(1970, 2, 1), date(1970, 3, 1)), per=timedelta(days=28))
        churn_rate: 0.5; 95 % interval 0.0127 to 2.79; n = 3

    Source:
        Garwood (1936), Biometrika 28:437, for the interval.
    """
    _demand_over(window, as_of)
    if per <= timedelta():
        msg = f"found per={per}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=30)")
    question = Question(
        name="churn_rate",
        unit=f"per {time_words(per)}",
        parameters={"unit": unit, "per_s": per.total_seconds(), "gaps": "begin anew"},
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    frame = spells(subscriptions, unit=unit, by=question.by, as_of=as_of, columns=columns)
    receipt = question.receipt(frame)
    start, end = nw.col("start_us"), nw.col("end_us")
    bad = nw.col("code") != 0
    frame = frame.having(bad | ((start < window.end_us) & (end >= window.start_us)))
    since = nw.when(start > window.start_us).then(start).otherwise(nw.lit(window.start_us)).cast(nw.Int64())
    until = nw.when(end < window.end_us).then(end).otherwise(nw.lit(window.end_us)).cast(nw.Int64())
    left = nw.when(end < window.end_us).then(nw.lit(1)).otherwise(nw.lit(0))
    # In two parts, so that no engine's 64 bits can overflow.
    exposure = until - since
    seconds = exposure // _SECOND
    counts = {"left": left, "exposure_s": seconds, "rest_us": exposure - seconds * _SECOND}
    groups = grouped(frame, by=question.by, excluded=left_out(), value=left, counts=counts)
    return question.answer(groups, empty_group(tuple(counts)), lambda group: _rate(group, receipt, per, level))


def _rate(group: Group, receipt: Receipt, per: timedelta, level: float) -> Estimate:
    left = group.counts["left"]
    exposure = (group.counts["exposure_s"] * _SECOND + group.counts["rest_us"]) / (per / timedelta(microseconds=1))
    return Estimate(
        value=left / exposure if exposure else None,
        reason=None if exposure else "nobody was a customer",
        n=group.sums.n,
        excluded=group.excluded,
        counts={name: group.counts[name] for name in ("left", "exposure_s")},
        interval=poisson_interval(left, exposure, level) if exposure else None,
        receipt=receipt,
    )


def _demand_over(window: Window, as_of: datetime | None) -> None:
    if as_of is not None and to_us(as_of) < window.end_us:
        msg = f"the window {window} had not ended by as_of={as_of.isoformat()}"
        raise UsageError(msg, hint="take a window that has ended, or a later date")


def _followed(frame: Frame, by: Sequence[str], window: Window, *, alone: bool) -> Frame:
    """One row a customer at the beginning of a window, whether she is one at its end; rows left out by themselves."""
    keys = [f"by_{place}" for place in range(len(by))]
    was, stays = (
        (nw.col("start_us") < us) & (nw.col("end_us") >= us) & (nw.col("code") == 0)
        for us in (window.start_us, window.end_us)
    )
    bad = nw.col("code") != 0
    staged = frame.lazy.filter(bad | was | stays).select(
        "unit",
        "code",
        nw.when(bad).then(nw.col("spell")).otherwise(nw.lit(0)).cast(nw.Int64()).alias("row"),
        nw.when(was).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64()).alias("was"),
        nw.when(stays).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64()).alias("stays"),
        *(nw.when(was | bad).then(nw.col(name)).alias(key) for name, key in zip(by, keys, strict=True)),
    )
    if not alone:
        told = (nw.col(key).max() for key in keys)
        staged = staged.group_by("unit", "code", "row").agg(nw.col("was", "stays").max(), *told)
    customers = staged.filter((nw.col("was") == 1) | (nw.col("code") != 0)).select(
        "unit", "code", "stays", *(nw.col(key).alias(name) for name, key in zip(by, keys, strict=True))
    )
    return evolve(frame, lazy=customers, columns=frozenset({"unit", "code", "stays", *by}))
