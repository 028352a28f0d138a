"""Groups of rows as integer sums, over rows and over clusters, with what was left out under its reason.

Written once in the form that gives equal rows on every engine: integers only, sums before squares, and names of our own
for the columns in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.estimates import Sums
from crmcx.metrics._trail import record_of, traced
from crmcx.tables import Frame, rows


@frozen(kw_only=True)
class Group:
    """One group."""

    sums: Sums
    """Sums of the observations that count."""
    clustered: bool
    """Whether the observations were put together by cluster."""
    counts: Mapping[str, int]
    """Sums of what else was asked for."""
    excluded: Mapping[str, int]
    """Rows left out, by the first reason that held."""

    @property
    def n_clusters(self) -> int | None:
        """Clusters, where they were looked at."""
        return self.sums.clusters if self.clustered else None


def empty_group(counts: Sequence[str] = (), *, clustered: bool = False) -> Group:
    """A group of nothing."""
    sums = Sums(n=0, total=0, squares=0, clusters=0, cluster_squares=0, cluster_products=0, cluster_sizes=0)
    return Group(sums=sums, clustered=clustered, counts=dict.fromkeys(counts, 0), excluded={})


def grouped(
    frame: Frame,
    *,
    by: Sequence[str] = (),
    cluster: str | None = None,
    excluded: Mapping[str, nw.Expr],
    value: nw.Expr,
    counts: Mapping[str, nw.Expr] | None = None,
) -> dict[tuple[Any, ...], Group]:
    """Sum a table by group.

    Args:
        frame: The table.
        by: Columns that make the groups.
        cluster: Column of who an observation comes from; a row without one is its own. Ignored where it is lacking.
        excluded: Reason to a boolean that is never null; a row is left out under the first that holds.
        value: The observation, an integer.
        counts: Name to an integer, summed over the rows that count.

    Returns:
        Key to group, where the key has one part per column of `by`; without `by` at most one group, under `()`.
    """
    clustered = cluster is not None and cluster in frame.columns
    keys = [f"by_{number}" for number in range(len(by))]
    said = dict(counts or {})
    record = record_of(frame)
    why = nw.lit(0)
    for number, reason in reversed(list(enumerate(excluded.values(), start=1))):
        why = nw.when(reason).then(nw.lit(number)).otherwise(why)
    kept = nw.col("why") == 0
    measures = {"x": value, **{f"c_{number}": expression for number, expression in enumerate(said.values())}}
    staged = frame.lazy.select(
        *(nw.col(name).alias(key) for name, key in zip(by, keys, strict=True)),
        *((nw.col(cluster).alias("cluster"),) if clustered and cluster else ()),
        *((nw.col(record).alias("record"),) if record else ()),
        why.cast(nw.Int64()).alias("why"),
        *(expression.cast(nw.Int64()).alias(name) for name, expression in measures.items()),
    ).with_columns(*(nw.when(kept).then(nw.col(name)).otherwise(nw.lit(0)).alias(name) for name in measures))
    set_aside = {f"e_{number}": (nw.col("why") == number).cast(nw.Int64()) for number in range(1, len(excluded) + 1)}
    summed = staged.with_columns(
        kept.cast(nw.Int64()).alias("n"),
        (nw.col("x") * nw.col("x")).alias("xx"),
        *(expression.alias(name) for name, expression in set_aside.items()),
    )
    names = ["n", "xx", *measures, *set_aside]
    if clustered:
        # Sums of sums, then squares of them: each step is a plain sum, which every engine does alike.
        summed = _sum_up(summed, [*keys, "cluster"], names)
        alone, n, x = nw.col("cluster").is_null(), nw.col("n"), nw.col("x")
        summed = summed.with_columns(
            nw.when(alone).then(n).otherwise((n > 0).cast(nw.Int64())).alias("g"),
            nw.when(alone).then(nw.col("xx")).otherwise(x * x).alias("gxx"),
            nw.when(alone).then(x).otherwise(x * n).alias("gxn"),
            nw.when(alone).then(n).otherwise(n * n).alias("gnn"),
        )
        names += ["g", "gxx", "gxn", "gnn"]
    found = rows(_sum_up(summed, keys, names))
    groups = {tuple(row[key] for key in keys): _group(row, said, excluded, clustered=clustered) for row in found}
    parts = {name: f"c_{number}" for number, name in enumerate(said)}
    return traced(frame, groups, staged, reasons=list(excluded), parts=parts)


def _sum_up(frame: nw.LazyFrame[Any], keys: Sequence[str], names: Sequence[str]) -> nw.LazyFrame[Any]:
    sums = [nw.col(name).sum() for name in names]
    return frame.group_by(*keys).agg(*sums) if keys else frame.select(*sums)


def _group(
    row: Mapping[str, Any], counts: Mapping[str, nw.Expr], excluded: Mapping[str, nw.Expr], *, clustered: bool
) -> Group:
    def whole(name: str) -> int:
        return int(row[name] or 0)

    sums = Sums(
        n=whole("n"),
        total=whole("x"),
        squares=whole("xx"),
        clusters=whole("g" if clustered else "n"),
        cluster_squares=whole("gxx" if clustered else "xx"),
        cluster_products=whole("gxn" if clustered else "x"),
        cluster_sizes=whole("gnn" if clustered else "n"),
    )
    left_out = {reason: whole(f"e_{number}") for number, reason in enumerate(excluded, start=1)}
    return Group(
        sums=sums,
        clustered=clustered,
        counts={name: whole(f"c_{number}") for number, name in enumerate(counts)},
        excluded={reason: number for reason, number in left_out.items() if number},
    )
