"""How many customers are left after each time: the survival curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from crmcx._html import html_table
from crmcx.estimates import Durations, Pairs, Receipt, steps_of
from crmcx.estimates.words import count_words, level_words, share_words, time_words
from crmcx.instants import Window
from crmcx.metrics._lives import Lives, life_parameters, lives, why_none
from crmcx.metrics._question import Question
from crmcx.tables import Kind, Table, kind_of, to_frame

_DAY = timedelta(days=1)
_SHOWN = 12


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
    parameters = life_parameters(unit, step, watched_since)
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
    reason = why_none(found)
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
