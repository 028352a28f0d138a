"""How long customers stayed, as counts of whole steps: what survival is estimated from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.errors import UsageError
from crmcx.estimates import Durations, has_gap
from crmcx.instants import Window, duration_us, from_us, to_us
from crmcx.metrics._spells import OPEN, left_out, spells
from crmcx.metrics._trail import record_of, traced
from crmcx.tables import Frame, Table, in_window, rows

_GAP = "nobody was watched at some lengths"


@frozen
class Lives:
    """The lives of one group."""

    durations: tuple[Durations, ...] = ()
    """Lengths with counts."""
    excluded: tuple[tuple[str, int], ...] = ()
    """Lives left out, by the first reason that held."""

    @property
    def ended(self) -> int:
        """How many ended."""
        return sum(each.ended for each in self.durations)

    @property
    def open(self) -> int:
        """How many had not ended."""
        return sum(each.open for each in self.durations)


def lives(
    subscriptions: Table,
    *,
    as_of: datetime,
    unit: str,
    step: timedelta,
    watched_since: datetime | None,
    by: Sequence[str] = (),
    window: Window | None = None,
    columns: Mapping[str, str] | None = None,
) -> tuple[Frame, dict[tuple[Any, ...], Lives]]:
    """Count lives of equal length by group.

    Args:
        subscriptions: Subscriptions.
        as_of: What had not ended by then is open.
        unit: Column that tells units apart.
        step: In whole steps of what length lives are counted; a step that was only begun does not count.
        watched_since: From when on ends are known; lives that ended before are not there.
        by: Columns to group by.
        window: Days in which lives began.
        columns: Canonical column name to the table's own.

    Returns:
        The frame of lives, for a receipt, and the groups.

    Raises:
        UsageError: The step is not above zero, or ends were first watched after `as_of`.
    """
    if step <= timedelta():
        msg = f"found step={step}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=1)")
    if watched_since is not None and watched_since > as_of:
        msg = f"found watched_since={watched_since.isoformat()}, which is after as_of={as_of.isoformat()}"
        raise UsageError(msg, hint="nothing was watched by then")
    frame = spells(subscriptions, unit=unit, by=by, as_of=as_of, columns=columns)
    if window is not None:
        frame = frame.having((nw.col("code") != 0) | in_window(frame, window, "start_us"))
    excluded, staged = _staged(frame, by, as_of, duration_us(step), watched_since)
    keys = [f"by_{place}" for place in range(len(by))]
    counted = ("why", "length", "ended")
    groups: dict[tuple[Any, ...], tuple[list[Durations], dict[str, int]]] = {}
    one = nw.lit(1).cast(nw.Int64()).alias("one")
    for row in rows(staged.with_columns(one).group_by(*keys, *counted).agg(nw.col("one").sum())):
        found, aside = groups.setdefault(tuple(row[key] for key in keys), ([], {}))
        number, ended = int(row["one"]), bool(row["ended"])
        if row["why"]:
            aside[excluded[int(row["why"]) - 1]] = number
        else:
            at = int(row["length"]) * duration_us(step)
            found.append(Durations(at, number if ended else 0, 0 if ended else number))
    if watched_since is not None:
        late = staged.filter((nw.col("why") == 0) & (nw.col("entry") > 0))
        for row in rows(late.with_columns(one).group_by(*keys, "entry").agg(nw.col("one").sum())):
            found, _ = groups[tuple(row[key] for key in keys)]
            found.append(Durations(int(row["entry"]) * duration_us(step), 0, 0, entered=int(row["one"])))
    made = {key: Lives(tuple(found), tuple(aside.items())) for key, (found, aside) in groups.items()}
    parts = {"ended": "ended", "open": "still_open"}
    return frame, traced(frame, made, staged, reasons=excluded, parts=parts)


def _staged(
    frame: Frame, by: Sequence[str], as_of: datetime, step_us: int, watched_since: datetime | None
) -> tuple[list[str], nw.LazyFrame[Any]]:
    """The reasons, and each life in whole steps: how long it was, and at what age it came to be watched."""
    start, end, now = nw.col("start_us"), nw.col("end_us"), to_us(as_of)
    ended = nw.when(end < OPEN).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64())
    length = (nw.when(end < OPEN).then(end).otherwise(nw.lit(now)).cast(nw.Int64()) - start) // step_us
    reasons = left_out()
    since = nw.lit(0)
    if watched_since is not None:
        us = to_us(watched_since)
        since = nw.when(start < us).then((nw.lit(us).cast(nw.Int64()) - start) // step_us).otherwise(nw.lit(0))
        reasons["ended_before"] = end <= us
        reasons["watched_too_shortly"] = (since > 0) & (length <= since)
    why = nw.lit(0)
    for number, reason in reversed(list(enumerate(reasons.values(), start=1))):
        why = nw.when(reason).then(nw.lit(number)).otherwise(why)
    keys = [nw.col(name).alias(f"by_{place}") for place, name in enumerate(by)]
    record = record_of(frame)
    staged = frame.lazy.select(
        *keys,
        *((nw.col(record).alias("record"),) if record else ()),
        why.cast(nw.Int64()).alias("why"),
        length.cast(nw.Int64()).alias("length"),
        ended.alias("ended"),
        since.cast(nw.Int64()).alias("entry"),
    )
    counts = nw.col("why") == 0
    staged = staged.with_columns(
        *(nw.when(counts).then(nw.col(name)).otherwise(nw.lit(0)).alias(name) for name in ("length", "ended", "entry")),
        nw.when(counts).then(nw.lit(1) - nw.col("ended")).otherwise(nw.lit(0)).cast(nw.Int64()).alias("still_open"),
    )
    return list(reasons), staged


def life_parameters(unit: str, step: timedelta, watched_since: datetime | None) -> dict[str, Any]:
    """What defines a life, as plain values."""
    since = None if watched_since is None else from_us(to_us(watched_since)).isoformat()
    return {"unit": unit, "step_s": step.total_seconds(), "watched_since": since, "gaps": "begin anew"}


def why_none(found: Lives) -> str | None:
    """Why there is no curve; None where there is one."""
    if not found.ended + found.open:
        return "there is no customer"
    return _GAP if has_gap(found.durations) else None
