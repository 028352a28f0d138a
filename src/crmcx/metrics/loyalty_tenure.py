"""For how long customers stay: the median of the survival curve, and its mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Unpack, overload

from crmcx.estimates import (
    Estimate,
    EstimateTable,
    Interval,
    Receipt,
    quantile_of,
    restricted_mean,
)
from crmcx.estimates.words import time_words
from crmcx.instants import Window
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._lives import Lives, life_parameters, lives, why_none
from crmcx.metrics._options import Options, Sampled
from crmcx.metrics._question import By, Question, names_of
from crmcx.tables import Table

_DAY = timedelta(days=1)


class TenureOptions(Options, Sampled, total=False):
    """What metrics of tenure take."""

    watched_since: datetime | None
    step: timedelta
    unit: str


class QuantileOptions(TenureOptions, total=False):
    """What `tenure` takes."""

    quantile: float


@overload
def tenure(
    subscriptions: Table, *, as_of: datetime, by: None = None, **options: Unpack[QuantileOptions]
) -> Estimate: ...
@overload
def tenure(
    subscriptions: Table, *, as_of: datetime, by: Groups, **options: Unpack[QuantileOptions]
) -> EstimateTable: ...
@metric(clock="started_us")
def tenure(
    subscriptions: Table,
    *,
    as_of: datetime,
    by: By = None,
    quantile: float = 0.5,
    watched_since: datetime | None = None,
    step: timedelta = _DAY,
    window: Window | None = None,
    unit: str = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The time after which a share of customers has left: by default the median tenure.

    Who is a customer still counts with the time until `as_of`, as Kaplan and Meier have it: an average of those who
    left alone would be far too short. A customer's time goes on while one of her contracts does; who comes back after a
    gap begins anew. A contract with a trial begins when the trial is over.

    Left out under their reason are contracts with `no_unit`, `no_start`, those `in_trial`, those that `never_began`,
    since they ended before they began or were paid for, and with `watched_since` those that `ended_before`, and those
    `watched_too_shortly`, for less than a step.

    Args:
        subscriptions: Subscriptions. Needs `started_us` and `ended_us`; takes `trial_ends_us` and `status`.
        as_of: The date up to which ends are known.
        by: Columns to group by, with their value when it began; among equal ones the greatest.
        quantile: The share that has left, between 0 and 1.
        watched_since: From when on ends were watched, where the table has no contracts that ended before: who began
            earlier counts from then on, with the time that she had been a customer already.
        step: In whole steps of what length time is counted.
        window: Days in which it began.
        unit: Column that tells customers apart; `key` for each contract by itself.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A duration with Brookmeyer and Crowley's interval (log-log) and the counts ended and open; with `by` one per
        group. None where fewer have left, where there is no customer, or where at some lengths nobody was watched.

    Raises:
        UsageError: The quantile or the step cannot be, or `watched_since` is after `as_of`.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> days = 86_400_000_000
        >>> found = pl.DataFrame({"person_id": [1, 2, 3], "started_us": [0, 0, 0],
        ...     "ended_us": [10 * days, 30 * days, None]})
        >>> tenure(found, as_of=datetime(1970, 4, 1, tzinfo=UTC)).value
        datetime.timedelta(days=30)

    Source:
        Kaplan and Meier (1958), J. Am. Stat. Assoc. 53:457; Brookmeyer and Crowley (1982), Biometrics 38:29.
    """
    question = Question(
        name="tenure",
        unit="duration",
        parameters={"quantile": quantile} | life_parameters(unit, step, watched_since),
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    frame, groups = lives(
        subscriptions,
        as_of=as_of,
        unit=unit,
        step=step,
        watched_since=watched_since,
        by=question.by,
        window=window,
        columns=columns,
    )
    receipt = question.receipt(frame)

    def told(found: Lives) -> Estimate:
        value, interval = quantile_of(found.durations, quantile, level)
        return _told(found, value, interval, receipt, f"fewer than {100 * quantile:g} % left")

    return question.answer(groups, Lives(), told)


@overload
def mean_tenure(
    subscriptions: Table, *, as_of: datetime, until: timedelta, by: None = None, **options: Unpack[TenureOptions]
) -> Estimate: ...
@overload
def mean_tenure(
    subscriptions: Table, *, as_of: datetime, until: timedelta, by: Groups, **options: Unpack[TenureOptions]
) -> EstimateTable: ...
@metric(clock="started_us")
def mean_tenure(
    subscriptions: Table,
    *,
    as_of: datetime,
    until: timedelta,
    by: By = None,
    watched_since: datetime | None = None,
    step: timedelta = _DAY,
    window: Window | None = None,
    unit: str = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The mean time that customers stay of their first so many days: the area under the survival curve up to there.

    The plain mean of the tenure is not known while some are customers still; this one is. What counts, and what is left
    out, is as for `tenure`.

    Args:
        subscriptions: Subscriptions. Needs `started_us` and `ended_us`; takes `trial_ends_us` and `status`.
        as_of: The date up to which ends are known.
        until: Up to what tenure the mean is taken, above zero.
        by: Columns to group by, with their value when it began; among equal ones the greatest.
        watched_since: From when on ends were watched; see `tenure`.
        step: In whole steps of what length time is counted.
        window: Days in which it began.
        unit: Column that tells customers apart; `key` for each contract by itself.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A duration with an interval by Greenwood's variance and the counts ended and open; with `by` one per group. None
        where nobody was watched for so long.

    Raises:
        UsageError: `until` or the step is not above zero, or `watched_since` is after `as_of`.

    Source:
        Klein and Moeschberger (2003), Survival Analysis, 2nd edition, section 4.5.
    """
    question = Question(
        name="mean_tenure",
        unit="duration",
        parameters={"until_s": until.total_seconds()} | life_parameters(unit, step, watched_since),
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    frame, groups = lives(
        subscriptions,
        as_of=as_of,
        unit=unit,
        step=step,
        watched_since=watched_since,
        by=question.by,
        window=window,
        columns=columns,
    )
    receipt = question.receipt(frame)

    def told(found: Lives) -> Estimate:
        value, interval = restricted_mean(found.durations, until, level)
        return _told(found, value, interval, receipt, f"nobody was watched for {time_words(until)}")

    return question.answer(groups, Lives(), told)


def _told(found: Lives, value: timedelta | None, interval: Interval | None, receipt: Receipt, too_few: str) -> Estimate:
    reason = why_none(found)
    if reason is not None:
        value = interval = None
    elif value is None:
        reason = too_few
    return Estimate(
        value=value,
        reason=reason,
        n=found.ended + found.open,
        excluded=dict(found.excluded),
        counts={"ended": found.ended, "open": found.open},
        interval=interval,
        receipt=receipt,
    )
