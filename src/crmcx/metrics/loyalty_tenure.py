"""For how long customers stay: the survival curve, its median and its mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Unpack, overload

from attrs import field, frozen

from crmcx._html import html_table
from crmcx.estimates import (
    Durations,
    Estimate,
    EstimateTable,
    Interval,
    Pairs,
    Receipt,
    has_gap,
    quantile_of,
    restricted_mean,
    steps_of,
)
from crmcx.estimates.words import count_words, level_words, share_words, time_words
from crmcx.instants import Window, from_us, to_us
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._lives import Lives, lives
from crmcx.metrics._options import Options, Sampled
from crmcx.metrics._question import By, Question, names_of
from crmcx.tables import Kind, Table, kind_of, to_frame

_DAY = timedelta(days=1)
_SHOWN = 12
_GAP = "nobody was watched at some lengths"


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
        parameters={"quantile": quantile} | _parameters(unit, step, watched_since),
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
        parameters={"until_s": until.total_seconds()} | _parameters(unit, step, watched_since),
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


@frozen(kw_only=True)
class SurvivalStep:
    """The share of customers that are left after a time."""

    length: timedelta
    """The time."""
    at_risk: int
    """Customers who had stayed so long, and were watched."""
    ended: int
    """How many of them left then."""
    share: float
    """Share of all that is left."""
    error: float
    """Greenwood's standard error of the share."""
    low: float
    """Lower end of its interval (log-log)."""
    high: float
    """Upper end."""


@frozen(kw_only=True, repr=False)
class Survival:
    """A survival curve: one step for each length at which somebody left. Prints as a table."""

    steps: tuple[SurvivalStep, ...]
    """The steps, in order; before the first the share is 1."""
    n: int
    """Customers."""
    ended: int
    """How many of them left."""
    longest: timedelta | None
    """The longest time that anybody was watched; beyond it nothing is known unless all have left."""
    reason: str | None
    """Why there is no curve."""
    excluded: Pairs
    """What was left out: reason and number."""
    level: float
    """Confidence level of the intervals."""
    receipt: Receipt
    """Where it comes from."""
    _kind: Kind | None = field(default=None, eq=False)

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[SurvivalStep]:
        return iter(self.steps)

    def at(self, length: timedelta) -> float | None:
        """The share that is left after a time; None where it is not known."""
        last = self.steps[-1].share if self.steps else 1.0
        if self.reason is not None or self.longest is None or (length > self.longest and last):
            return None
        return next((step.share for step in reversed(self.steps) if step.length <= length), 1.0)

    def to_frame(self) -> Any:  # noqa: ANN401 - a frame of the kind that was asked
        """One row a step: `length_us`, `at_risk`, `ended`, `share`, `error`, `low`, `high`."""
        columns: dict[str, Sequence[Any]] = {
            "length_us": [step.length // timedelta.resolution for step in self.steps],
            **{name: [getattr(step, name) for step in self.steps] for name in ("at_risk", "ended", *_SHARES)},
        }
        dtypes = dict.fromkeys(("length_us", "at_risk", "ended"), "int64") | dict.fromkeys(_SHARES, "float64")
        return to_frame(columns, dtypes, self._kind)

    def _told(self) -> tuple[list[str], list[list[str]], str]:
        shown = self.steps
        if len(shown) > _SHOWN:
            shown = tuple(shown[place * (len(shown) - 1) // (_SHOWN - 1)] for place in range(_SHOWN))
        head = ["after", "at risk", "left then", "still there", f"{level_words(self.level)} interval"]
        told = [
            [
                time_words(step.length),
                count_words(step.at_risk),
                count_words(step.ended),
                share_words(step.share),
                f"{share_words(step.low)} to {share_words(step.high)}",
            ]
            for step in shown
        ]
        caption = f"survival of {count_words(self.n)} customers, of whom {count_words(self.ended)} left"
        if self.reason is not None:
            caption = f"survival: {self.reason}"
        elif len(shown) < len(self.steps):
            caption += f"; {len(shown)} of {count_words(len(self.steps))} steps"
        return head, told, caption

    def __repr__(self) -> str:
        head, told, caption = self._told()
        if not told:
            return caption
        widths = [max(len(row[column]) for row in [head, *told]) for column in range(len(head))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *told]]
        return "\n".join([caption, *lines])

    def _repr_html_(self) -> str:
        return html_table(*self._told())


_SHARES = ("share", "error", "low", "high")


def survival(
    subscriptions: Table,
    *,
    as_of: datetime,
    watched_since: datetime | None = None,
    step: timedelta = _DAY,
    window: Window | None = None,
    unit: str = "person_id",
    level: float = 0.95,
    columns: Mapping[str, str] | None = None,
) -> Survival:
    """The share of customers that are left after each time, with its interval.

    What counts, and what is left out, is as for `tenure`.

    Args:
        subscriptions: Subscriptions. Needs `started_us` and `ended_us`; takes `trial_ends_us` and `status`.
        as_of: The date up to which ends are known.
        watched_since: From when on ends were watched; see `tenure`.
        step: In whole steps of what length time is counted.
        window: Days in which it began.
        unit: Column that tells customers apart; `key` for each contract by itself.
        level: Confidence level.
        columns: Canonical column name to the table's own.

    Returns:
        The curve of Kaplan and Meier. Without steps where nobody left, and with a reason where there is nobody, or
        where at some lengths nobody was watched.

    Raises:
        UsageError: The step is not above zero, or `watched_since` is after `as_of`.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> days = 86_400_000_000
        >>> found = pl.DataFrame({"person_id": [1, 2, 3], "started_us": [0, 0, 0],
        ...     "ended_us": [10 * days, 30 * days, None]})
        >>> survival(found, as_of=datetime(1970, 4, 1, tzinfo=UTC))
        survival of 3 customers, of whom 2 left
        after  at risk  left then  still there    95 % interval
         10 d        3          1       66.7 %  5.4 % to 94.5 %
         30 d        2          1       33.3 %  0.9 % to 77.4 %

    Source:
        Kaplan and Meier (1958), J. Am. Stat. Assoc. 53:457; Greenwood (1926), Reports on Public Health 33:1.
    """
    parameters = _parameters(unit, step, watched_since)
    question = Question(name="survival", unit="share", parameters=parameters, window=window, as_of=as_of, level=level)
    frame, groups = lives(
        subscriptions,
        as_of=as_of,
        unit=unit,
        step=step,
        watched_since=watched_since,
        window=window,
        columns=columns,
    )
    found = groups.get((), Lives())
    lengths = [each.length_us for each in found.durations if each.ended or each.open]
    reason = _why_none(found)
    return Survival(
        steps=() if reason else _steps(found.durations, level),
        n=found.ended + found.open,
        ended=found.ended,
        longest=timedelta(microseconds=max(lengths)) if lengths else None,
        reason=reason,
        excluded=tuple(sorted(found.excluded)),
        level=level,
        receipt=question.receipt(frame),
        kind=kind_of(subscriptions),
    )


def _parameters(unit: str, step: timedelta, watched_since: datetime | None) -> dict[str, Any]:
    """What defines a life, as plain values."""
    since = None if watched_since is None else from_us(to_us(watched_since)).isoformat()
    return {"unit": unit, "step_s": step.total_seconds(), "watched_since": since, "gaps": "begin anew"}


def _steps(durations: Sequence[Durations], level: float) -> tuple[SurvivalStep, ...]:
    return tuple(
        SurvivalStep(
            length=timedelta(microseconds=each.length_us),
            at_risk=each.at_risk,
            ended=each.ended,
            share=each.share,
            error=each.error,
            low=each.low,
            high=each.high,
        )
        for each in steps_of(durations, level)
    )


def _why_none(found: Lives) -> str | None:
    if not found.ended + found.open:
        return "there is no customer"
    return _GAP if has_gap(found.durations) else None


def _told(found: Lives, value: timedelta | None, interval: Interval | None, receipt: Receipt, too_few: str) -> Estimate:
    reason = _why_none(found)
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
