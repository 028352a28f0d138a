"""Stages of a pipeline, in numbers: how long deals stay in each, and what share of those that were in it was won."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window, to_us
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._deals import begun_by, is_decided
from crmcx.metrics._grouping import empty_group, grouped
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._sales_options import StageAgeOptions, StageWinOptions
from crmcx.metrics._shares import share
from crmcx.metrics._times import Times, time_estimate, times
from crmcx.metrics._visits import NEVER, STAGE, take_visits
from crmcx.models import DealStatus
from crmcx.tables import Table, in_window, words_in


@overload
def stage_age(
    deals: Table, deal_changes: Table, *, by: None = None, **options: Unpack[StageAgeOptions]
) -> Estimate: ...
@overload
def stage_age(
    deals: Table, deal_changes: Table, *, by: Groups, **options: Unpack[StageAgeOptions]
) -> EstimateTable: ...
@metric(clock="created_us")
def stage_age(
    deals: Table,
    deal_changes: Table,
    *,
    by: By = None,
    quantile: float = 0.5,
    ends: Sequence[str] = (),
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The time that deals stay in a stage of their pipeline, those that are still in it counted as open.

    A stay begins with the step into the stage, the first one with the deal, and ends with the next step or with the
    deal's decision. A deal that comes back to a stage has a second stay in it.

    Args:
        deals: Deals. Needs `key`, `status`, `created_us` or `opened_day`, and `closed_us` or `closed_day`; takes
            `stage`, for deals without steps.
        deal_changes: Their steps. Needs `deal_key`, `field`, `old`, `new` and `changed_us`.
        by: Columns to group by; `stage` is that of the stay.
        quantile: The share of stays after whose end the clock stops; 0.5 gives the median.
        ends: Stages that deals do not leave, such as `closed won`; stays in them are left away.
        window: Days in which stays began.
        as_of: The date up to which all is known; the latest instant in the tables unless given.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the deals' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A duration by Kaplan and Meier with the counts left and open; None when too few have left. With `by` one per
        group. Left out are stays with `no_entry`, of deals without a beginning, and those that `ended_before_entry`.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> day = 86_400_000_000
        >>> deals = pl.DataFrame({"key": [1, 2], "status": ["open", "open"], "created_us": [0, 0],
        ...     "closed_us": [None, None], "stage": ["offer", "talk"]})
        >>> steps = pl.DataFrame({"deal_key": [1], "field": ["stage"], "old": ["talk"], "new": ["offer"],
        ...     "changed_us": [3 * day]})
        >>> stage_age(deals, steps, by="stage", as_of=datetime(1970, 1, 9, tzinfo=UTC))
        stage  stage_age              95 % interval  n  left out
        -----  ---------  -------------------------  -  --------
        offer          -  fewer than 50 % were left  1         0
        talk         3 d           3 d to unbounded  2         0
    """
    names = names_of(by)
    question = Question(
        name="stage_age",
        unit="duration",
        parameters={"quantile": quantile, "ends": sorted(ends)},
        by=names,
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    frame, known = take_visits(
        deals, deal_changes, question, wants=(), ends=ends, columns=columns, change_columns=change_columns
    )
    question = evolve(question, as_of=known)
    if window is not None:
        frame = frame.having(in_window(frame, window, "entered_us"))
    until = 0 if known is None else to_us(known)
    entered, left = nw.col("entered_us"), nw.col("left_us")
    gone = left < NEVER
    length = nw.when(gone).then(left).otherwise(nw.lit(until)) - entered
    excluded = {"no_entry": entered.is_null(), "ended_before_entry": ~entered.is_null() & (length < 0)}
    groups = times(frame, by=names, excluded=excluded, length_us=length, ended=gone, word="left")
    receipt = question.receipt(frame)
    return question.answer(
        groups,
        Times(),
        lambda found: time_estimate(found, receipt, quantile=quantile, level=level, ended="left", nothing="no stays"),
    )


@overload
def stage_win_rate(
    deals: Table, deal_changes: Table, *, by: None = None, **options: Unpack[StageWinOptions]
) -> EstimateTable: ...
@overload
def stage_win_rate(
    deals: Table, deal_changes: Table, *, by: Groups, **options: Unpack[StageWinOptions]
) -> EstimateTable: ...
@metric(clock="created_us")
def stage_win_rate(
    deals: Table,
    deal_changes: Table,
    *,
    by: By = None,
    ends: Sequence[str] = (),
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "account_key",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """Of the decided deals that were in a stage of their pipeline, the share that was won: chances out of history.

    Args:
        deals: Deals. Needs `key`, `status`, `created_us` or `opened_day`, and `closed_us` or `closed_day`; takes
            `stage`, for deals without steps.
        deal_changes: Their steps. Needs `deal_key`, `field`, `old`, `new` and `changed_us`.
        by: Columns to group by beside the stage.
        ends: Stages that deals do not leave, such as `closed won`; left away.
        window: Days in which deals began.
        as_of: The date up to which all is known; the latest instant in the tables unless given. What was decided later
            counts as open.
        cluster: Column that tells which deals belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the deals' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        One share per stage, from 0 to 1, with Wilson's interval and the counts won and lost (or abandoned). Open deals
        are left out as `open`, those with another status as `unknown_status`, decided ones without a date as `no_end`.

    Example:
        >>> import polars as pl
        >>> deals = pl.DataFrame({"key": [1, 2, 3], "status": ["won", "lost", "lost"], "created_us": [0, 0, 0],
        ...     "closed_us": [9, 9, 9], "stage": ["offer", "talk", "offer"]})
        >>> steps = pl.DataFrame({"deal_key": [1, 3], "field": ["stage"] * 2, "old": ["talk"] * 2,
        ...     "new": ["offer"] * 2, "changed_us": [3, 3]})
        >>> [(stage, round(found.value, 2)) for (stage,), found in stage_win_rate(deals, steps)]
        [('offer', 0.5), ('talk', 0.33)]
    """
    names = (STAGE, *names_of(by))
    question = Question(
        name="stage_win_rate",
        unit="share",
        parameters={"ends": sorted(ends)},
        by=names,
        window=window,
        as_of=as_of,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    wants = [cluster] if cluster else []
    visits, known = take_visits(
        deals, deal_changes, question, wants=wants, ends=ends, columns=columns, change_columns=change_columns
    )
    question = evolve(question, as_of=known)
    if window is not None:
        visits = begun_by(visits, question)
    until = 0 if known is None else to_us(known)
    chosen = [*dict.fromkeys(["key", "status", "ended_us", *wants, *names])]
    chosen = [name for name in chosen if name in visits.columns]
    frame = evolve(visits, lazy=visits.lazy.select(*chosen).unique(), columns=frozenset(chosen))
    ended, decided = nw.col("ended_us"), is_decided(won=True) | is_decided(won=False)
    won = nw.when(is_decided(won=True)).then(nw.lit(1)).otherwise(nw.lit(0))
    excluded = {
        "unknown_status": ~decided & ~words_in("status", DealStatus.OPEN.value),
        "no_end": decided & ended.is_null(),
        "open": ~decided | (ended > until),
    }
    groups = grouped(
        frame, by=names, cluster=cluster, excluded=excluded, value=won, counts={"won": won, "lost": 1 - won}
    )
    receipt = question.receipt(frame)
    empty = empty_group(("won", "lost"))
    return question.answer(
        groups, empty, lambda found: share(found, receipt, level=level, nothing="no deal was decided")
    )
