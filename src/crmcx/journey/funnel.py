"""How far people get: the funnel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from attrs import frozen

from crmcx._html import html_table
from crmcx.errors import UsageError, demand_one_of
from crmcx.estimates import Estimate, Pairs, Receipt, wilson_interval
from crmcx.estimates.words import count_words, level_words, time_words
from crmcx.instants import duration_us
from crmcx.journey._attempts import FAR, Plan, count
from crmcx.journey.log import JourneyLog

DEFAULT_WINDOW = timedelta(days=14)
_BAR = 24


@frozen
class FunnelStep:
    """One step of a funnel."""

    name: str
    """The step, or the steps any of which will do."""
    n: int
    """Units that came this far."""
    from_start: Estimate
    """Of those that entered, the share that came this far."""
    from_previous: Estimate
    """Of those that reached the step before, the share that came this far."""
    median_time: timedelta | None
    """Half of those that came this far took no longer from their entry; None for the first step, or when none did."""


@frozen(repr=False)
class Funnel:
    """The steps of a funnel in order. Prints as bars."""

    steps: tuple[FunnelStep, ...]
    """The steps."""
    excluded: Pairs
    """What was left out: interactions under `no_unit`, `no_instant`, `no_step`; units under `too_young`, `tainted`."""
    receipt: Receipt
    """Where it comes from."""

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[FunnelStep]:
        return iter(self.steps)

    def __getitem__(self, step: int) -> FunnelStep:
        """The step at a place, from 0."""
        return self.steps[step]

    def _told(self) -> list[tuple[str, str, str, str, str]]:
        return [
            (
                step.name,
                count_words(step.n),
                step.from_start.value_words,
                step.from_start.interval_words,
                "" if step.median_time is None else time_words(step.median_time),
            )
            for step in self.steps
        ]

    def __repr__(self) -> str:
        head = ("step", "n", "of start", "95 % interval", "median time")
        level = next((step.from_start.interval.level for step in self.steps if step.from_start.interval), 0.95)
        told = [(*head[:3], f"{level_words(level)} interval", head[4]), *self._told()]
        widths = [max(len(row[column]) for row in told) for column in range(5)]
        lines = []
        for number, row in enumerate(told):
            share = self.steps[number - 1].from_start.value if number else None
            bar = "█" * max(1, round(_BAR * share)) if isinstance(share, float) and share else ""
            cells = [row[0].ljust(widths[0]), *(row[column].rjust(widths[column]) for column in range(1, 5))]
            lines.append("  ".join([*cells, bar]).rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return html_table(("step", "n", "of start", "interval", "median time"), self._told())


def funnel(
    log: JourneyLog,
    steps: Sequence[str | Sequence[str]],
    *,
    within: timedelta | None = DEFAULT_WINDOW,
    order: str = "ordered",
    exclude: Sequence[str] = (),
    level: float = 0.95,
) -> Funnel:
    """Count how many journeys come as far as each step.

    A journey enters with the first step. It reaches a step when that step follows the one before, however many others
    lie between, and lies within the window **of the entry**, its end included; a later entry takes the place of an
    earlier one, and a journey counts at the furthest step that any of its attempts reached. Rows of one instant are
    taken in the order of the steps, and one row fills one step.

    With `order="strict"` nothing may lie between: any row that is not the step at which an attempt stands ends the
    attempt. With `exclude`, an attempt is tainted by an excluded row after its entry and within the window, until its
    last step; in the instant of a step, the excluded row comes after it, and in the instant of the entry it does
    nothing. A journey whose best attempt is tainted is left out as `tainted`, unless an untainted one got further, or
    completed the funnel before.

    Args:
        log: The journeys. When it has an `as_of`, journeys that first entered less than `within` before it are left
            out as `too_young`.
        steps: Names of steps in order; a group of names where any of them will do. A name may come again.
        within: The longest time from the entry; None for any.
        order: `ordered` or `strict`.
        exclude: Names of steps that taint.
        level: Confidence level of the shares.

    Returns:
        One row per step: how many came so far, as a share of those that entered and of those that reached the step
        before, with Wilson's intervals, and the median time from entry to the first time the step was reached.

    Raises:
        UsageError: There are no steps, the window is not above zero, or steps are excluded in a strict funnel.

    Example:
        >>> import polars as pl
        >>> rows = {"person_id": [1, 1, 2], "occurred_us": [0, 5, 0], "touchpoint": ["quote", "apply", "quote"]}
        >>> [step.n for step in funnel(JourneyLog(pl.DataFrame(rows)), ["quote", "apply"])]
        [2, 1]
    """
    groups = [(given,) if isinstance(given, str) else tuple(given) for given in steps]
    _demand_sense(groups, within, order, exclude)
    window_us = FAR if within is None else duration_us(within)
    plan = Plan(tuple(groups), window_us, order == "strict", tuple(exclude))
    found = count(log, plan)
    parameters = {
        "steps": [list(group) for group in groups],
        "within_s": None if within is None else within.total_seconds(),
        "order": order,
        "exclude": sorted(exclude),
        "from": "entry",
        "entry": "latest",
    }
    receipt = log.receipt("funnel", 1, "share", parameters)
    reached = [int(found[f"n_{number}"] or 0) for number in range(len(groups))]
    told = []
    for number, group in enumerate(groups):
        median = found[f"m_{number}"] if number else None
        told.append(
            FunnelStep(
                name=" | ".join(group),
                n=reached[number],
                from_start=_share(reached[number], reached[0], receipt, level),
                from_previous=_share(reached[number], reached[max(0, number - 1)], receipt, level),
                median_time=None if median is None else timedelta(microseconds=float(median)),
            )
        )
    excluded = log.left_out() | {name: int(found[name]) for name in ("too_young", "tainted") if found[name]}
    return Funnel(steps=tuple(told), excluded=tuple(sorted(excluded.items())), receipt=receipt)


def _demand_sense(
    groups: Sequence[Sequence[str]], within: timedelta | None, order: str, exclude: Sequence[str]
) -> None:
    if not groups or not all(groups):
        msg = f"found {len(groups)} steps, expected at least one, none of them empty"
        raise UsageError(msg, hint='pass names of steps in order, such as ["quote", "apply", "sign"]')
    if within is not None and within <= timedelta():
        msg = f"found within={within}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, or None for any time")
    demand_one_of("order", order, ("ordered", "strict"))
    both = sorted({name for group in groups for name in group} & set(exclude))
    if both or (exclude and order == "strict"):
        msg = f"the steps {', '.join(both)} are excluded too" if both else "a strict funnel excludes every other step"
        raise UsageError(msg, hint="leave exclude= out, or name other steps")


def _share(n: int, of: int, receipt: Receipt, level: float) -> Estimate:
    if not of:
        return Estimate(value=None, reason="nobody came this far", n=0, receipt=receipt)
    return Estimate(value=n / of, n=of, interval=wilson_interval(n, of, level), receipt=receipt)
