"""How far people get: the funnel.

One running maximum per step. The latest entry that has come as far as a step only grows in time, so the step after it
is reached by the rows that lie within the window of it: each level is carried forward in one pass over the ordered log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from html import escape
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.errors import UsageError, demand_one_of
from crmcx.estimates import Estimate, Pairs, Receipt, wilson_interval
from crmcx.estimates.words import count_words, level_words, time_words
from crmcx.instants import duration_us
from crmcx.journey.log import AT, STEP, UNIT, JourneyLog
from crmcx.tables import rows

DEFAULT_WINDOW = timedelta(days=14)
_NEVER = -(2**62)
_LATE = 2**62
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
        names = ("step", "n", "of start", "interval", "median time")
        header = "".join(f"<th>{name}</th>" for name in names)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._told())
        return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>"


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
    window_us = _LATE if within is None else duration_us(within)
    plan = _Plan(tuple(groups), window_us, order == "strict", tuple(exclude))
    found = _count(log, plan)
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


@frozen
class _Plan:
    groups: tuple[tuple[str, ...], ...]
    window_us: int
    strict: bool
    exclude: tuple[str, ...]

    @property
    def disjoint(self) -> bool:
        """Whether no name is in two steps, so that a row's place says all of it."""
        names = [name for group in self.groups for name in set(group)]
        return len(names) == len(set(names))

    def is_step(self, number: int) -> nw.Expr:
        """Whether a row is this step."""
        return nw.col("place") == number if self.disjoint else nw.col(f"is_{number}")

    @property
    def columns(self) -> list[nw.Expr]:
        """What takes the place of the step's name: narrow columns, since all of them are sorted."""
        last = len(self.groups)
        place = nw.lit(last + 1)
        if self.exclude:
            place = nw.when(_is_one_of(self.exclude)).then(nw.lit(last)).otherwise(place)
        holds = [_is_one_of(group) for group in self.groups]
        for number in reversed(range(last)):
            place = nw.when(holds[number]).then(nw.lit(number)).otherwise(place)
        named = [] if self.disjoint else [condition.alias(f"is_{number}") for number, condition in enumerate(holds)]
        return [place.cast(nw.Int64()).alias("place"), *named]

    def shares_rows(self, number: int) -> bool:
        """Whether a row can be this step and the one before."""
        return bool(set(self.groups[number]) & set(self.groups[number - 1]))


def _is_one_of(names: Sequence[str]) -> nw.Expr:
    """Whether a row has one of these names; compared one by one, which is faster than a list for the few that are."""
    first, *others = names
    condition = nw.col(STEP) == first
    for name in others:
        condition |= nw.col(STEP) == name
    return condition


def _count(log: JourneyLog, plan: _Plan) -> Mapping[str, Any]:
    """How many units reached each step, after how long in the median, and how many were left out."""
    order = [AT, "place", *log.tie_break]
    names = sorted({name for group in plan.groups for name in group} | set(plan.exclude))
    steps = log.lazy
    if not plan.strict:
        steps = steps.filter(_is_one_of(names))
    tie = log.tie_break
    steps = steps.select(UNIT, AT, *(nw.col(name) for name in tie), *plan.columns)
    staged = _strict(steps, plan, order) if plan.strict else _ordered(steps, plan, order)
    return _sum_up(log, staged, plan)


def _entry_where(condition: nw.Expr, entry: nw.Expr) -> nw.Expr:
    """The entry where a condition holds, else never: a number even so, since running maxima pass over nothing."""
    return nw.when(condition).then(entry).otherwise(nw.lit(_NEVER)).cast(nw.Int64())


def _of_row_before(column: str, order: list[str]) -> nw.Expr:
    """The entry on the row before. As a float, exact to the year 2255: pandas cannot shift whole numbers below 1."""
    shifted = nw.col(column).cast(nw.Float64()).shift(1).over(UNIT, order_by=order)
    return nw.when(shifted.is_null()).then(nw.lit(float(_NEVER))).otherwise(shifted).cast(nw.Int64())


def _ordered(steps: nw.LazyFrame[Any], plan: _Plan, order: list[str]) -> nw.LazyFrame[Any]:
    """For each row and each step `e_k`: the entry with which the row reaches it, or never."""
    at = nw.col(AT)
    first = _entry_where(plan.is_step(0), at)
    steps = steps.with_columns(first.alias("e_0"))
    if plan.exclude:
        steps = steps.with_columns(
            nw.when(nw.col("place") == len(plan.groups)).then(at).otherwise(nw.lit(_NEVER)).alias("x")
        )
        steps = steps.with_columns(nw.col("x").cum_max().over(UNIT, order_by=order).alias("x_until"))
    for number in range(1, len(plan.groups)):
        before = f"s_{number - 1}"
        steps = steps.with_columns(nw.col(f"e_{number - 1}").cum_max().over(UNIT, order_by=order).alias(before))
        if plan.shares_rows(number):
            steps = steps.with_columns(_of_row_before(before, order).alias(before))
        entry = nw.col(before)
        if plan.disjoint and not plan.shares_rows(number):
            # Whatever lies outside the window of the latest entry reaches nothing any more.
            in_time = (entry != _NEVER) & (at - entry <= plan.window_us)
            steps = steps.filter((nw.col("place") < number) | (nw.col("place") >= len(plan.groups)) | in_time)
        reaches = plan.is_step(number) & (entry != _NEVER) & (at - entry <= plan.window_us)
        steps = steps.with_columns(_entry_where(reaches, entry).alias(f"e_{number}"))
    return steps


def _strict(steps: nw.LazyFrame[Any], plan: _Plan, order: list[str]) -> nw.LazyFrame[Any]:
    """As `_ordered`, where a row that is not the step at which an attempt stands ends the attempt."""
    at = nw.col(AT)
    steps = steps.with_columns(_entry_where(plan.is_step(0), at).alias("e_0"))
    steps = steps.with_columns(nw.lit(1).cast(nw.Int64()).alias("row"), nw.col("e_0").alias("s_0"))
    steps = steps.with_columns(nw.col("row").cum_sum().over(UNIT, order_by=order))
    for number in range(1, len(plan.groups)):
        here = plan.is_step(number)
        steps = steps.with_columns(_of_row_before(f"s_{number - 1}", order).alias("entry"))
        entry = nw.col("entry")
        reaches = here & (entry != _NEVER) & (at - entry <= plan.window_us)
        steps = steps.with_columns(_entry_where(reaches, entry).alias(f"e_{number}"))
        reached = nw.col(f"e_{number}")
        steps = steps.with_columns(
            nw.when(reached != _NEVER).then(nw.col("row")).otherwise(nw.lit(0)).alias("got"),
            nw.when(here).then(nw.lit(0)).otherwise(nw.col("row")).alias("ended"),
        )
        steps = steps.with_columns(
            reached.cum_max().over(UNIT, order_by=order).alias(f"s_{number}"),
            nw.col("got").cum_max().over(UNIT, order_by=order).alias("got"),
            nw.col("ended").cum_max().over(UNIT, order_by=order).alias("ended"),
        )
        stands = nw.col("got") > nw.col("ended")
        steps = steps.with_columns(_entry_where(stands, nw.col(f"s_{number}")).alias(f"s_{number}"))
    return steps


def _sum_up(log: JourneyLog, steps: nw.LazyFrame[Any], plan: _Plan) -> Mapping[str, Any]:
    """One row: `n_k` units at each step, `m_k` the median time to it, `too_young`, `tainted`."""
    levels = range(len(plan.groups))
    at = nw.col(AT)
    reached = {number: nw.col(f"e_{number}") != _NEVER for number in levels}
    spoiled = _spoiled(plan) if plan.exclude else {}
    clean = {number: reached[number] & ~spoiled[number] if number in spoiled else reached[number] for number in levels}
    tainted = nw.lit(-1)
    for number in levels if plan.exclude else ():
        tainted = nw.when(_taints(plan, number, reached, spoiled)).then(nw.lit(number)).otherwise(tainted)
    last = levels[-1]
    completes_spoiled = reached[last] & spoiled[last] if last in spoiled else nw.lit(value=False)
    per_unit = (
        steps.select(
            UNIT,
            *(
                column
                for number in levels
                for column in (
                    nw.when(clean[number]).then(nw.col(f"e_{number}")).otherwise(nw.lit(_LATE)).alias(f"e_{number}"),
                    nw.when(clean[number]).then(at).otherwise(nw.lit(_LATE)).alias(f"u_{number}"),
                )
            ),
            *((tainted.cast(nw.Int64()).alias("tainted"),) if plan.exclude else ()),
            *(
                (nw.when(completes_spoiled).then(at).otherwise(nw.lit(_LATE)).alias("u_tainted"),)
                if plan.exclude
                else ()
            ),
        )
        .group_by(UNIT)
        .agg(
            *(nw.col(f"{kind}_{number}").min() for number in levels for kind in "eu"),
            *((nw.col("tainted").max(), nw.col("u_tainted").min()) if plan.exclude else ()),
        )
    )
    return _totals(per_unit, log, plan)


def _spoiled(plan: _Plan) -> dict[int, nw.Expr]:
    """For each step after the first, whether an excluded row lies between the entry and the row that reaches it."""
    return {number: nw.col("x_until") > nw.col(f"e_{number}") for number in range(1, len(plan.groups))}


def _taints(plan: _Plan, number: int, reached: Mapping[int, nw.Expr], spoiled: Mapping[int, nw.Expr]) -> nw.Expr:
    """Whether a row shows that an attempt at this step is tainted."""
    tainted = reached[number] & spoiled[number] if number in spoiled else nw.lit(value=False)
    if number == len(plan.groups) - 1:
        return tainted
    entry = nw.col(f"s_{number}")
    excluded = (nw.col("x") != _NEVER) & (entry != _NEVER)
    return tainted | (excluded & (nw.col(AT) > entry) & (nw.col(AT) - entry <= plan.window_us))


def _totals(per_unit: nw.LazyFrame[Any], log: JourneyLog, plan: _Plan) -> Mapping[str, Any]:
    levels = range(len(plan.groups))
    last = levels[-1]
    arrived = [nw.col(f"e_{number}") != _LATE for number in levels]
    entered = arrived[0] | (nw.col("tainted") >= 0) if plan.exclude else arrived[0]
    tainted = nw.lit(value=False)
    if plan.exclude:
        best = nw.lit(-1)
        for number in levels:
            best = nw.when(arrived[number]).then(nw.lit(number)).otherwise(best)
        completed = arrived[last] & (nw.col(f"u_{last}") < nw.col("u_tainted"))
        tainted = (nw.col("tainted") >= best) & (nw.col("tainted") >= 0) & ~completed
    young = nw.lit(value=False)
    if log.as_of_us is not None and plan.window_us != _LATE:
        young = arrived[0] & (nw.col("e_0") > log.as_of_us - plan.window_us)
    kept = entered & ~tainted & ~young
    one, none = nw.lit(1), nw.lit(0)

    def mark(condition: nw.Expr, name: str) -> nw.Expr:
        return nw.when(condition).then(one).otherwise(none).cast(nw.Int64()).alias(name)

    marked = per_unit.select(
        *(mark(kept & arrived[number], f"n_{number}") for number in levels),
        *(
            nw.when(kept & arrived[number]).then(nw.col(f"u_{number}") - nw.col(f"e_{number}")).alias(f"m_{number}")
            for number in levels[1:]
        ),
        mark(entered & young, "too_young"),
        mark(entered & tainted & ~young, "tainted"),
    )
    (found,) = rows(
        marked.select(
            *(nw.col(name).sum() for name in ("too_young", "tainted", *(f"n_{number}" for number in levels))),
            *(nw.col(f"m_{number}").median() for number in levels[1:]),
        )
    )
    return found
