"""Sums over observations of few values, such as scores: equal rows are counted before anything is made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from crmcx.tables import Frame, rows

_Group = dict[str, int]
_OF_CLUSTERS = ("g", "gxx", "gxn", "gnn")


def counted(
    frame: Frame,
    by: Mapping[str, str],
    *,
    few: Sequence[str],
    cluster: str | None,
    made: Sequence[nw.Expr],
    staged: nw.LazyFrame[Any],
) -> dict[tuple[Any, ...], _Group]:
    """The sums of each group.

    Args:
        frame: The table.
        by: Name here to column, of what makes the groups.
        few: The columns on which all depends.
        cluster: Column of who an observation comes from; a row without one is its own.
        made: What is made of a row that stands for `times` equal ones: `why`, `x`, and counts.
        staged: The rows one by one, with `cluster`, `why` and `x`.

    Returns:
        Key to `n`, `x`, `xx`, counts and `e_1` and so on; with a cluster also `g`, `gxx`, `gxn`, `gnn`.
    """
    equal = _equal(frame, by, few, cluster).select(*by, "times", "alone", *made)
    groups = _summed(rows(equal), tuple(by))
    for row in rows(_clusters(staged, tuple(by))) if cluster is not None else ():
        group = groups.get(tuple(row[name] for name in by))
        for name in _OF_CLUSTERS if group is not None else ():  # without rows, sums of nothing have no group
            groups[tuple(row[key] for key in by)][name] += int(row[name] or 0)
    return groups


def _equal(frame: Frame, by: Mapping[str, str], few: Sequence[str], cluster: str | None) -> nw.LazyFrame[Any]:
    """How often each row occurs, in `times`; rows without a cluster apart, as `alone`."""
    alone = nw.lit(0) if cluster is None else nw.when(nw.col(cluster).is_null()).then(nw.lit(1)).otherwise(nw.lit(0))
    told = frame.lazy.select(
        *(nw.col(name).alias(key) for key, name in by.items()),
        *map(nw.col, few),
        alone.cast(nw.Int64()).alias("alone"),
        nw.lit(1).cast(nw.Int64()).alias("one"),
    )
    return told.group_by(*by, *few, "alone").agg(nw.col("one").sum().alias("times"))


def _summed(found: Iterable[Mapping[str, Any]], keys: Sequence[str]) -> dict[tuple[Any, ...], _Group]:
    """The sums by group; a row without a cluster is a cluster of its own."""
    groups: dict[tuple[Any, ...], _Group] = {}
    own = {*keys, "times", "alone", "why", "x"}
    for row in found:
        times, x = int(row["times"]), int(row["x"])
        group = groups.setdefault(tuple(row[name] for name in keys), defaultdict(int))
        if row["why"]:
            group[f"e_{row['why']}"] += times
            continue
        told = {"n": 1, "x": x, "xx": x * x, **{name: int(value) for name, value in row.items() if name not in own}}
        if row["alone"]:
            told |= {"g": 1, "gxx": x * x, "gxn": x, "gnn": 1}
        for name, value in told.items():
            group[name] += value * times
    return groups


def _clusters(staged: nw.LazyFrame[Any], keys: Sequence[str]) -> nw.LazyFrame[Any]:
    """The sums over clusters, of rows that count and have one."""
    kept = staged.filter(nw.col("why") == 0, ~nw.col("cluster").is_null())
    one = nw.lit(1).cast(nw.Int64()).alias("n")
    of_each = _sums(kept.select(*keys, "cluster", "x", one), [*keys, "cluster"], ("x", "n"))
    n, x = nw.col("n"), nw.col("x")
    squared = {"g": nw.lit(1).cast(nw.Int64()), "gxx": x * x, "gxn": x * n, "gnn": n * n}
    return _sums(of_each.select(*keys, *(said.alias(name) for name, said in squared.items())), keys, _OF_CLUSTERS)


def _sums(frame: nw.LazyFrame[Any], keys: Sequence[str], names: Sequence[str]) -> nw.LazyFrame[Any]:
    summed = [nw.col(name).sum() for name in names]
    return frame.group_by(*keys).agg(*summed) if keys else frame.select(*summed)
