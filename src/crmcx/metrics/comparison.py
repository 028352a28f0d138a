"""Two waves of the same people: how much a metric changed when some, or all, of them stand behind both numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import MissingColumnError, UsageError, demand_one_of
from crmcx.estimates import Difference, Estimate, EstimateTable, Interval
from crmcx.estimates.difference import demand_alike, reason_of, receipt_of
from crmcx.estimates.overlap import Both, overlapping, paired
from crmcx.instants import Window
from crmcx.metrics._trail import Trail
from crmcx.tables import Table, rows

_POINTS = 100
_DESIGNS = {"overlapping": overlapping, "paired": paired}


def wave_difference(
    metric: Callable[..., Estimate | EstimateTable],
    *tables: Table,
    first: Window,
    second: Window,
    design: str = "overlapping",
    **options: Any,  # noqa: ANN401 - as the metric
) -> Difference:
    """How much a metric changed from one period to another, with the people who are in both seen as the same.

    `estimates.difference` takes two numbers as of different people. Where they are of the same ones, who are satisfied
    both times or neither, it is too wide; people who swing together make it too narrow.

    Args:
        metric: A metric that is a mean of observations of clusters: `nps`, `csat`, `win_rate`, `sla_attainment`, ...
        tables: Its tables. The first needs its key, and the column that the metric clusters by.
        first: The period that is compared with.
        second: The period that is compared.
        design: `overlapping`, for the difference of the two numbers as they are, with the covariance of those who are
            in both; or `paired`, for the mean change of those who are in both, each person counted once.
        options: What the metric takes, but `by`, `window`, `weights` and `repeat="mean"`.

    Returns:
        Second minus first in the unit of the metric, with an interval by Student's t over people. None when a period
        has no observations, or with `paired` when nobody is in both.

    Raises:
        UsageError: The metric is no mean of observations, or does not tell whose they are.
        MissingColumnError: The first table lacks its key.

    Example:
        >>> import polars as pl
        >>> from datetime import date
        >>> from crmcx.metrics import nps
        >>> from crmcx.models import Scale
        >>> day = 86_400_000_000
        >>> answers = pl.DataFrame({"score": [10, 8, 3, 10, 9, 6], "person_id": [1, 2, 3, 1, 2, 3],
        ...     "submitted_us": [0, 0, 0, day, day, day], "feedback_key": [1, 2, 3, 4, 5, 6]})
        >>> one, two = Window(date(1970, 1, 1), date(1970, 1, 2)), Window(date(1970, 1, 2), date(1970, 1, 3))
        >>> found = wave_difference(nps, answers, first=one, second=two, scale=Scale(min=0, max=10), design="paired")
        >>> round(found.value, 1), round(found.p_value, 2)
        (33.3, 0.42)
    """
    demand_one_of("design", design, _DESIGNS)
    if unknown := sorted({"by", "window", "weights"} & set(options)):
        msg = f"found {', '.join(unknown)} among the options, which two waves cannot be asked with"
        raise UsageError(msg, hint="say the periods with first= and second=, and ask for each group by itself")
    if not hasattr(metric, "trace"):
        msg = f"found {getattr(metric, '__name__', metric)!r}, expected a metric of tables"
        raise UsageError(msg, hint="pass the function itself, such as metrics.nps")
    before, after = (_asked(metric.trace(*tables, window=window, **options)) for window in (first, second))
    demand_alike(before, after)
    found = _DESIGNS[design](_side_by_side(before, after), _level(before, after))
    factor = _POINTS if before.unit == "points" else 1
    interval = None
    if found.interval is not None:
        low, high = (factor * float(end) for end in (found.interval.low, found.interval.high) if isinstance(end, float))
        interval = Interval(low, high, found.interval.level, found.interval.method)
    reason = reason_of(before, after)
    if found.value is None:
        reason = reason or "nobody is in both periods"
    elif interval is None:
        reason = "no interval, since the people do not differ, or there is one alone"
    receipt = receipt_of("wave_difference", before, after, design=design)
    return Difference(
        value=None if found.value is None else factor * found.value,
        reason=reason,
        interval=interval,
        p_value=found.p_value,
        design=design,
        people=found.people,
        shared=found.shared,
        first=evolve(before, trail=None),
        second=evolve(after, trail=None),
        receipt=receipt,
    )


def _asked(found: Estimate | EstimateTable) -> Estimate:
    if isinstance(found, EstimateTable):
        msg = f"found a table by {', '.join(found.by)}, expected one number"
        raise UsageError(msg, hint="compare metrics without groups")
    return found


def _level(before: Estimate, after: Estimate) -> float:
    return next((each.interval.level for each in (before, after) if each.interval), 0.95)


def _side_by_side(before: Estimate, after: Estimate) -> list[Both]:
    """The observations of each person in both periods."""
    one, two = _people(before), _people(after)
    shared = dict.fromkeys([*one, *two])
    return [Both(*one.get(who, (0, 0)), *two.get(who, (0, 0))) for who in shared]


def _people(estimate: Estimate) -> dict[Any, tuple[float, int]]:
    """Total and number of observations by cluster; an observation without one is a person of its own."""
    name = estimate.receipt.definition.name
    if not isinstance(estimate.trail, Trail):
        msg = "the first table has no column that tells its records"
        remedy = "give it its key, such as feedback_key for answers or key for others, and name it with columns="
        raise MissingColumnError(msg, hint=remedy, missing=("key",))
    lazy = estimate.trail.lazy
    there = set(lazy.collect_schema().names())
    if not {"x", "cluster"} <= there or "w" in there:
        msg = f"found {name}, expected a mean of observations that tells whose they are"
        raise UsageError(msg, hint='pass cluster= with the column of people, and neither weights nor repeat="mean"')
    counted = lazy.filter(nw.col("why") == 0).select("cluster", "x", nw.lit(1).cast(nw.Int64()).alias("one"))
    alike = counted.group_by("cluster", "x").agg(nw.col("one").sum().alias("number"))
    people: dict[Any, tuple[float, int]] = {}
    for row in sorted(rows(alike), key=lambda row: (row["cluster"] is None, str(row["cluster"]), row["x"])):
        value, number = row["x"], int(row["number"])
        if row["cluster"] is None:
            people |= {(id(estimate), value, place): (value, 1) for place in range(number)}
            continue
        total, n = people.get(row["cluster"], (0, 0))
        people[row["cluster"]] = (total + value * number, n + number)
    return people
