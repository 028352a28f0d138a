"""Groups of rows as integer sums, over rows and over clusters, with what was left out under its reason.

Written once in the form that gives equal rows on every engine: integers wherever there is no weight and no fraction,
sums before squares, and names of our own for the columns in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
from attrs import evolve, field, frozen

from crmcx.estimates import Sums
from crmcx.metrics._counted import counted
from crmcx.metrics._repeats import Repeats
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
    sizes: Mapping[str, float]
    """The same with each row's weight."""
    excluded: Mapping[str, int]
    """Rows left out, by the first reason that held."""

    @property
    def n_clusters(self) -> int | None:
        """Clusters, where they were looked at."""
        return self.sums.clusters if self.clustered else None


def empty_group(counts: Sequence[str] = (), *, clustered: bool = False) -> Group:
    """A group of nothing."""
    sums = Sums(n=0, total=0, squares=0, clusters=0, cluster_squares=0, cluster_products=0, cluster_sizes=0)
    return Group(
        sums=sums, clustered=clustered, counts=dict.fromkeys(counts, 0), sizes=dict.fromkeys(counts, 0), excluded={}
    )


def grouped(
    frame: Frame,
    *,
    by: Sequence[str] = (),
    cluster: str | None = None,
    excluded: Mapping[str, nw.Expr],
    value: nw.Expr,
    counts: Mapping[str, nw.Expr] | None = None,
    real: bool = False,
    weight: str | None = None,
    repeats: Repeats | None = None,
    few: Sequence[str] = (),
) -> dict[tuple[Any, ...], Group]:
    """Sum a table by group.

    Args:
        frame: The table.
        by: Columns that make the groups.
        cluster: Column of who an observation comes from; a row without one is its own. Ignored where it is lacking.
        excluded: Reason to a boolean that is never null; a row is left out under the first that holds.
        value: The observation, an integer unless `real`.
        counts: Name to an integer, summed over the rows that count.
        real: Whether observations are numbers with a fraction.
        weight: Column of weights, above 0 where the row counts.
        repeats: How repeated observations of one unit count; those that do not are left out as `repeat`.
        few: The columns of which reasons, observations and counts are made, where they have few values, such as scores:
            equal rows are counted before anything is made of them. The numbers are the same.

    Returns:
        Key to group, where the key has one part per column of `by`; without `by` at most one group, under `()`.
    """
    clustered = cluster is not None and cluster in frame.columns
    keys = [f"by_{number}" for number in range(len(by))]
    said = dict(counts or {})
    reasons = [*excluded, *(["repeat"] if repeats and repeats.chooses else [])]
    record = record_of(frame)
    told = {f"c_{number}": expression for number, expression in enumerate(said.values())}
    why = _first_reason(excluded, min(frame.columns))
    counted_first = bool(few) and not (real or weight or repeats)
    parts_wanted = frame.traced or not counted_first  # else nobody reads them row by row
    staged = frame.lazy.select(
        *(nw.col(name).alias(key) for name, key in zip(by, keys, strict=True)),
        *((nw.col(cluster).alias("cluster"),) if clustered and cluster else ()),
        *((nw.col(record).alias("record"),) if record else ()),
        *(repeats.columns() if repeats else ()),
        *((nw.col(weight).cast(nw.Float64()).alias("w"),) if weight else ()),
        why.cast(nw.Int64()).alias("why"),
        value.cast(nw.Float64() if real or weight or repeats else nw.Int64()).alias("x"),
        *(expression.cast(nw.Int64()).alias(name) for name, expression in told.items() if parts_wanted),
    )
    shape = _Shape(tuple(said), tuple(reasons), clustered=clustered, weighted=False)
    if counted_first:
        made = [_first_reason(excluded, "times").cast(nw.Int64()).alias("why"), value.cast(nw.Int64()).alias("x")]
        made += [expression.cast(nw.Int64()).alias(name) for name, expression in told.items()]
        named = dict(zip(keys, by, strict=True))
        sums = counted(frame, named, few=few, cluster=cluster if clustered else None, made=made, staged=staged)
        groups = {key: shape.group(found) for key, found in sums.items()}
        return traced(frame, groups, staged, reasons=reasons, parts=dict(zip(said, told, strict=True)))
    weighted = weight is not None
    if repeats is not None and repeats.chooses:
        staged = repeats.repeated(staged, keys, len(reasons))
    elif repeats is not None:
        staged, weighted = repeats.share_of(staged, keys), True
    summed, names = _measured(staged, [*told], len(reasons), weighted=weighted)
    if clustered:
        # Sums of sums, then squares of them: each step is a plain sum, which every engine does alike.
        summed = _sum_up(summed, [*keys, "cluster"], names)
        summed = summed.with_columns(*_of_clusters(weighted=weighted))
        names += ["g", "gxx", "gxn", "gnn"]
    found = rows(_sum_up(summed, keys, names))
    shape = evolve(shape, weighted=weighted)
    groups = {tuple(row[key] for key in keys): shape.group(row) for row in found}
    return traced(frame, groups, staged, reasons=reasons, parts=dict(zip(said, told, strict=True)))


def _measured(
    staged: nw.LazyFrame[Any], told: Sequence[str], reasons: int, *, weighted: bool
) -> tuple[nw.LazyFrame[Any], list[str]]:
    """The rows with all that is to be summed, and the names of that: 0 for rows that do not count."""
    kept = nw.col("why") == 0
    names = ["x", *told, *(["w"] if weighted else [])]
    staged = staged.with_columns(*(nw.when(kept).then(nw.col(name)).otherwise(nw.lit(0)).alias(name) for name in names))
    x, w = nw.col("x"), nw.col("w")
    measures = {"n": kept.cast(nw.Int64()), "xx": x * x}
    measures |= {f"e_{number}": (nw.col("why") == number).cast(nw.Int64()) for number in range(1, reasons + 1)}
    if weighted:
        measures |= {"x": w * x, "xx": w * x * x, "sxx": w * x * w * x, "sxn": w * x * w, "snn": w * w}
        measures |= {f"d_{number}": w * nw.col(name) for number, name in enumerate(told)}
    summed = staged.with_columns(*(expression.alias(name) for name, expression in measures.items()))
    return summed, list(dict.fromkeys([*names, *measures]))


def _first_reason(excluded: Mapping[str, nw.Expr], column: str) -> nw.Expr:
    """The number of the first reason that holds for a row, or 0.

    Args:
        excluded: The reasons.
        column: Any column of the table, since a selection of literals alone has one row and not the table's.
    """
    why = nw.when(nw.col(column).is_null()).then(nw.lit(0)).otherwise(nw.lit(0))
    for number, reason in reversed(list(enumerate(excluded.values(), start=1))):
        why = nw.when(reason).then(nw.lit(number)).otherwise(why)
    return why


def _of_clusters(*, weighted: bool) -> list[nw.Expr]:
    """Of the sums of one cluster what is summed over clusters; rows without one are each their own."""
    alone, n, x = nw.col("cluster").is_null(), nw.col("n"), nw.col("x")
    size = nw.col("w") if weighted else n
    return [
        nw.when(alone).then(n).otherwise((n > 0).cast(nw.Int64())).alias("g"),
        nw.when(alone).then(nw.col("sxx" if weighted else "xx")).otherwise(x * x).alias("gxx"),
        nw.when(alone).then(nw.col("sxn") if weighted else x).otherwise(x * size).alias("gxn"),
        nw.when(alone).then(nw.col("snn") if weighted else n).otherwise(size * size).alias("gnn"),
    ]


def _sum_up(frame: nw.LazyFrame[Any], keys: Sequence[str], names: Sequence[str]) -> nw.LazyFrame[Any]:
    sums = [nw.col(name).sum() for name in names]
    return frame.group_by(*keys).agg(*sums) if keys else frame.select(*sums)


@frozen
class _Shape:
    """What the sums of a row are."""

    counts: tuple[str, ...]
    reasons: tuple[str, ...]
    clustered: bool = field(kw_only=True)
    weighted: bool = field(kw_only=True)

    def group(self, row: Mapping[str, Any]) -> Group:
        def whole(name: str) -> int:
            return int(row[name] or 0)

        def number(name: str) -> float:
            found = row[name] or 0
            return int(found) if found == int(found) else float(found)

        own = ("sxx", "sxn", "snn") if self.weighted else ("xx", "x", "n")
        squares, products, of_sizes = ("gxx", "gxn", "gnn") if self.clustered else own
        sums = Sums(
            n=whole("n"),
            total=number("x"),
            squares=number("xx"),
            clusters=whole("g" if self.clustered else "n"),
            cluster_squares=number(squares),
            cluster_products=number(products),
            cluster_sizes=number(of_sizes),
            weight=float(row["w"] or 0) if self.weighted else None,
        )
        left_out = {reason: whole(f"e_{place}") for place, reason in enumerate(self.reasons, start=1)}
        counts = {name: whole(f"c_{place}") for place, name in enumerate(self.counts)}
        sizes = {name: number(f"{'d' if self.weighted else 'c'}_{place}") for place, name in enumerate(self.counts)}
        return Group(
            sums=sums,
            clustered=self.clustered,
            counts=counts,
            sizes=sizes,
            excluded={reason: count for reason, count in left_out.items() if count},
        )
