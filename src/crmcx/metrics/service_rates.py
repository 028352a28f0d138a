"""Service, in numbers: how much contact there is, for each order or among those who were active."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.estimates import Estimate, EstimateTable, RatioSums, Receipt, poisson_interval, ratio_interval
from crmcx.instants import Window
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._case_shares import CaseShares
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._service_options import ContactRateOptions, ContactShareOptions
from crmcx.models import Case, Interaction, Order
from crmcx.tables import (
    Frame,
    PeriodColumn,
    Table,
    flag,
    in_window,
    known_by,
    latest,
    nullable,
    rows,
    same_engine,
    take,
    visible_to_customers,
)


@overload
def contact_rate(
    cases: Table, orders: Table, *, by: None = None, **options: Unpack[ContactRateOptions]
) -> Estimate: ...
@overload
def contact_rate(
    cases: Table, orders: Table, *, by: Groups, **options: Unpack[ContactRateOptions]
) -> EstimateTable: ...
@metric(clock="opened_us")
def contact_rate(
    cases: Table,
    orders: Table,
    *,
    by: By = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    order_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """How many cases there are for each order: cases opened over orders placed, in the same days.

    The cases need not be about those orders, so that in short windows, or where orders come in waves, the rate moves
    by when customers turn to the company. Orders count whatever became of them.

    Args:
        cases: Cases. Needs `opened_us`.
        orders: Orders. Needs `placed_us`. `order_columns={"placed_us": "started_us"}` asks it of another table.
        by: Columns to group by, which both tables need; periods are by opening and by placing.
        window: Days in which cases were opened and orders placed.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        cluster: Column that tells what belongs together, in both tables. None, or where one lacks it, takes cases as
            independent events.
        level: Confidence level.
        min_n: How many orders a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        order_columns: Canonical column name to the orders' own.

    Returns:
        A rate from 0 up, with the counts cases and orders; n is the orders. Its interval is by the delta method over
        clusters, else Poisson's exact one. With `by` one per group. None where there are no orders. Rows without an
        instant are left out as `no_opening` and `no_placing`.

    Raises:
        MissingColumnError: A table lacks a column.

    Example:
        >>> import polars as pl
        >>> cases = pl.DataFrame({"opened_us": [1, 2, 3]})
        >>> found = contact_rate(cases, pl.DataFrame({"placed_us": [1, 2, 3, 4]}))
        >>> found.value, found.interval.method
        (0.75, 'Poisson, exact')
    """
    names = names_of(by)
    placed = tuple(
        PeriodColumn.made(name.period, "placed_us") if isinstance(name, PeriodColumn) else name for name in names
    )
    wants = [cluster] if cluster else []
    found = take(cases, Case, needs=("opened_us",), wants=wants, also=names, columns=columns)
    bought = take(orders, Order, needs=("placed_us",), wants=wants, also=placed, columns=order_columns)
    same_engine(found, bought)
    question = Question(
        name="contact_rate",
        unit="per order",
        parameters={"per": "order"},
        by=names,
        window=window,
        as_of=as_of or latest((found, "opened_us"), (bought, "placed_us")),
        level=level,
        cluster=cluster if cluster in found.columns & bought.columns else None,
        min_n=min_n,
    )
    parts = (
        _events(found, question, "opened_us", names, ("y", "no_opening")),
        _events(bought, question, "placed_us", placed, ("x", "no_placing")),
    )
    receipt = question.receipt(found)
    groups = _summed(nw.concat(parts, how="vertical"), len(names), clustered=question.cluster is not None)
    return question.answer(groups, {}, lambda sums: _rate(sums, receipt, question))


def _events(
    frame: Frame, question: Question, instant: str, names: Sequence[str], counted: tuple[str, str]
) -> nw.LazyFrame[Any]:
    """The rows of one table that were known and lie in the window, each as a one under its name."""
    if question.window is not None:
        frame = frame.having(nw.col(instant).is_null() | in_window(frame, question.window, instant))
    frame = known_by(frame, question.as_of, instant)
    known = flag(~nw.col(instant).is_null())
    ones = dict(zip(counted, (known, nw.lit(1) - known), strict=True))
    return frame.lazy.select(
        *(nw.col(name).alias(f"by_{place}") for place, name in enumerate(names)),
        *([nw.col(question.cluster).alias("cluster")] if question.cluster else []),
        *(ones.get(name, nw.lit(0)).cast(nw.Int64()).alias(name) for name in _SUMS),
    )


_SUMS = ("y", "x", "no_opening", "no_placing")
_OVER_CLUSTERS = ("g", "yy", "xy", "xx")


def _summed(lazy: nw.LazyFrame[Any], keys: int, *, clustered: bool) -> dict[tuple[Any, ...], dict[str, int]]:
    """Sums by group, and over clusters; a row without a cluster is one of its own."""
    by, names = [f"by_{number}" for number in range(keys)], list(_SUMS)
    y, x = nw.col("y"), nw.col("x")
    if clustered:
        lazy = nullable(lazy).group_by(*by, "cluster").agg(*(nw.col(name).sum() for name in names))
        alone = nw.col("cluster").is_null()
        over = {
            "g": nw.when(alone).then(y + x).otherwise(flag(y + x > 0)),
            "yy": nw.when(alone).then(y).otherwise(y * y),
            "xy": nw.when(alone).then(nw.lit(0)).otherwise(x * y),
            "xx": nw.when(alone).then(x).otherwise(x * x),
        }
        lazy = lazy.with_columns(*(sums.cast(nw.Int64()).alias(name) for name, sums in over.items()))
        names += _OVER_CLUSTERS
    sums = [nw.col(name).sum() for name in names]
    found = rows(lazy.group_by(*by).agg(*sums) if by else lazy.select(*sums))
    return {tuple(row[key] for key in by): {name: int(row[name] or 0) for name in names} for row in found}


def _rate(sums: Mapping[str, int], receipt: Receipt, question: Question) -> Estimate:
    cases, orders = sums.get("y", 0), sums.get("x", 0)
    interval = None
    if orders and "g" in sums:
        over = RatioSums(
            above=cases,
            below=orders,
            clusters=sums["g"],
            above_squares=sums["yy"],
            products=sums["xy"],
            below_squares=sums["xx"],
        )
        interval = ratio_interval(over, question.level)
    elif orders:
        interval = poisson_interval(cases, orders, question.level)
    return Estimate(
        value=cases / orders if orders else None,
        reason=None if orders else "no orders",
        n=orders,
        n_clusters=sums.get("g"),
        excluded={reason: sums[reason] for reason in ("no_opening", "no_placing") if sums.get(reason)},
        counts={"cases": cases, "orders": orders},
        interval=interval,
        receipt=receipt,
    )


@overload
def contact_share(
    cases: Table, interactions: Table, *, by: None = None, **options: Unpack[ContactShareOptions]
) -> Estimate: ...
@overload
def contact_share(
    cases: Table, interactions: Table, *, by: Groups, **options: Unpack[ContactShareOptions]
) -> EstimateTable: ...
@metric(clock="occurred_us")
def contact_share(
    cases: Table,
    interactions: Table,
    *,
    by: By = None,
    unit: str = "person_id",
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    interaction_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of active customers who turned to the company at least once.

    Active is whoever has an interaction that she could see, in the same days. A case of somebody who was not active
    does not count.

    Args:
        cases: Cases. Needs the unit and `opened_us`.
        interactions: Interactions that the customer could see. Needs the unit and `occurred_us`.
        by: Columns of the interactions to group by, with their value at a customer's first interaction in the window
            (among equal instants the greatest).
        unit: Column that tells customers apart, in both tables; rows without one are left out.
        window: Days in which customers were active and cases were opened.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the cases' own.
        interaction_columns: Canonical column name to the interactions' own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts turned and quiet; with `by` one per group. None when
        nobody was active.

    Raises:
        MissingColumnError: A table lacks a column.

    Example:
        >>> import polars as pl
        >>> seen = pl.DataFrame({"person_id": [1, 2, 2, 3], "occurred_us": [1, 2, 3, 4]})
        >>> cases = pl.DataFrame({"person_id": [2, 2, 9], "opened_us": [3, 4, 4]})
        >>> dict(contact_share(cases, seen).counts)
        {'turned': 1, 'quiet': 2}
    """
    names = names_of(by)
    found = take(cases, Case, needs=(unit, "opened_us"), columns=columns)
    wants = ("known_us", "visibility")
    active = take(
        interactions, Interaction, needs=(unit, "occurred_us"), wants=wants, also=names, columns=interaction_columns
    )
    same_engine(found, active)
    question = Question(
        name="contact_share",
        unit="share",
        parameters={"unit": unit},
        by=names,
        window=window,
        as_of=as_of or latest((found, "opened_us"), (active, "occurred_us")),
        level=level,
        min_n=min_n,
    )
    active = known_by(visible_to_customers(active), question.as_of, "occurred_us")
    found = known_by(found, question.as_of, "opened_us")
    if window is not None:
        active = active.having(in_window(active, window, "occurred_us"))
        found = found.having(in_window(found, window, "opened_us"))
    turned = (
        found.lazy.filter(~nw.col(unit).is_null() & ~nw.col("opened_us").is_null())
        .select(nw.col(unit).alias("unit"), nw.lit(1).cast(nw.Int64()).alias("turned"))
        .group_by("unit")
        .agg(nw.col("turned").max())
    )
    people = _active_people(active, unit, names).join(turned, on="unit", how="left")
    frame = evolve(active, lazy=people, columns=frozenset({"unit", "turned", *names}))
    shares = CaseShares(question=question, nothing="nobody was active", words=("turned", "quiet"), instant=None)
    return shares.of(frame, nw.col("turned") == 1, {})


def _active_people(active: Frame, unit: str, names: Sequence[str]) -> nw.LazyFrame[Any]:
    """One row per active customer, with the groups at her first interaction."""
    at = nw.col("occurred_us")
    named = [(f"by_{number}", name) for number, name in enumerate(names)]
    staged = active.lazy.filter(~nw.col(unit).is_null() & ~at.is_null()).select(
        nw.col(unit).alias("unit"), at.alias("us"), *(nw.col(name).alias(key) for key, name in named)
    )
    firsts = staged.with_columns(nw.col("us").min().over("unit").alias("first_us"))
    firsts = firsts.filter(nw.col("us") == nw.col("first_us"))
    people = firsts.group_by("unit").agg(nw.col("us").min(), *(nw.col(key).max() for key, _ in named))
    return people.select("unit", *(nw.col(key).alias(name) for key, name in named))
