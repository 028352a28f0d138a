"""Agreed times of cases, in numbers: how often they were kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import overload

import narwhals.stable.v2 as nw

from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window
from crmcx.metrics._grouping import empty_group, grouped
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._shares import share
from crmcx.models import Case
from crmcx.tables import Table, in_window, take


@overload
def sla_attainment(
    cases: Table,
    *,
    by: None = None,
    window: Window | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    columns: Mapping[str, str] | None = None,
) -> Estimate: ...
@overload
def sla_attainment(
    cases: Table,
    *,
    by: str | Sequence[str],
    window: Window | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    columns: Mapping[str, str] | None = None,
) -> EstimateTable: ...
def sla_attainment(
    cases: Table,
    *,
    by: By = None,
    window: Window | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of cases whose agreed times were kept, by what the source says of each.

    Args:
        cases: Cases. Needs `met_sla`; cases of which nothing is said are left out as `no_sla`.
        by: Columns to group by.
        window: Days in which cases were opened.
        cluster: Column that tells which cases belong together; None to take all as independent.
        level: Confidence level.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval, and the counts met and missed; with `by` one per group. None for no
        cases.
    """
    question = Question(name="sla_attainment", unit="share", parameters={}, by=names_of(by), window=window, level=level)
    needs = ["met_sla", *(["opened_us"] if window else [])]
    frame = take(cases, Case, needs=needs, wants=[cluster] if cluster else [], also=question.by, columns=columns)
    if window is not None:
        frame = frame.having(in_window(frame, window, "opened_us"))
    unknown = nw.col("met_sla").is_null()
    met = nw.when(~unknown & nw.col("met_sla")).then(nw.lit(1)).otherwise(nw.lit(0))
    missed = nw.when(~unknown & ~nw.col("met_sla")).then(nw.lit(1)).otherwise(nw.lit(0))
    counts = {"met": met, "missed": missed}
    groups = grouped(frame, by=question.by, cluster=cluster, excluded={"no_sla": unknown}, value=met, counts=counts)
    empty = empty_group(tuple(counts), clustered=cluster is not None and cluster in frame.columns)
    receipt = question.receipt(frame)
    return question.answer(
        groups, empty, lambda group: share(group, receipt, level=level, nothing="no cases with agreed times")
    )
