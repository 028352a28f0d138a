"""The attempts at a funnel, followed through the ordered log.

One running maximum per step. The latest entry that has come as far as a step only grows in time, so the step after it
is reached by the rows that lie within the window of it: each level is carried forward in one pass over the ordered log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.journey.log import AT, STEP, UNIT, JourneyLog
from crmcx.tables import rows

FAR = 2**62
"""Later than any instant, and longer than any window."""
_NEVER = -(2**62)


@frozen
class Plan:
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


def count(log: JourneyLog, plan: Plan) -> Mapping[str, Any]:
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


def _ordered(steps: nw.LazyFrame[Any], plan: Plan, order: list[str]) -> nw.LazyFrame[Any]:
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


def _strict(steps: nw.LazyFrame[Any], plan: Plan, order: list[str]) -> nw.LazyFrame[Any]:
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


def _sum_up(log: JourneyLog, steps: nw.LazyFrame[Any], plan: Plan) -> Mapping[str, Any]:
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
                    nw.when(clean[number]).then(nw.col(f"e_{number}")).otherwise(nw.lit(FAR)).alias(f"e_{number}"),
                    nw.when(clean[number]).then(at).otherwise(nw.lit(FAR)).alias(f"u_{number}"),
                )
            ),
            *((tainted.cast(nw.Int64()).alias("tainted"),) if plan.exclude else ()),
            *((nw.when(completes_spoiled).then(at).otherwise(nw.lit(FAR)).alias("u_tainted"),) if plan.exclude else ()),
        )
        .group_by(UNIT)
        .agg(
            *(nw.col(f"{kind}_{number}").min() for number in levels for kind in "eu"),
            *((nw.col("tainted").max(), nw.col("u_tainted").min()) if plan.exclude else ()),
        )
    )
    return _totals(per_unit, log, plan)


def _spoiled(plan: Plan) -> dict[int, nw.Expr]:
    """For each step after the first, whether an excluded row lies between the entry and the row that reaches it."""
    return {number: nw.col("x_until") > nw.col(f"e_{number}") for number in range(1, len(plan.groups))}


def _taints(plan: Plan, number: int, reached: Mapping[int, nw.Expr], spoiled: Mapping[int, nw.Expr]) -> nw.Expr:
    """Whether a row shows that an attempt at this step is tainted."""
    tainted = reached[number] & spoiled[number] if number in spoiled else nw.lit(value=False)
    if number == len(plan.groups) - 1:
        return tainted
    entry = nw.col(f"s_{number}")
    excluded = (nw.col("x") != _NEVER) & (entry != _NEVER)
    return tainted | (excluded & (nw.col(AT) > entry) & (nw.col(AT) - entry <= plan.window_us))


def _totals(per_unit: nw.LazyFrame[Any], log: JourneyLog, plan: Plan) -> Mapping[str, Any]:
    levels = range(len(plan.groups))
    last = levels[-1]
    arrived = [nw.col(f"e_{number}") != FAR for number in levels]
    entered = arrived[0] | (nw.col("tainted") >= 0) if plan.exclude else arrived[0]
    tainted = nw.lit(value=False)
    if plan.exclude:
        best = nw.lit(-1)
        for number in levels:
            best = nw.when(arrived[number]).then(nw.lit(number)).otherwise(best)
        completed = arrived[last] & (nw.col(f"u_{last}") < nw.col("u_tainted"))
        tainted = (nw.col("tainted") >= best) & (nw.col("tainted") >= 0) & ~completed
    young = nw.lit(value=False)
    if log.as_of_us is not None and plan.window_us != FAR:
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
