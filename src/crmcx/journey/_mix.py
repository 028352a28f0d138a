"""Where people stand: the mix of lifecycle stages at the end of each period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx._html import html_table
from crmcx.errors import demand_one_of
from crmcx.estimates import Definition, Pairs, Receipt
from crmcx.estimates.words import count_words, share_words
from crmcx.instants import Window
from crmcx.journey._standing import NEAREST, Standing, standing
from crmcx.models import Stage, StageChange
from crmcx.tables import Periods, Table, known_by, take, to_frame

_PERIODS = ("day", "week", "month")
_SHOWN = 12


@frozen
class StageShare:
    """One stage at the end of one period."""

    start: date
    """First day of the period."""
    stage: str
    """The stage."""
    n: int
    """People who stand in it when the period ends."""
    share: float
    """Of all whose stage is known then; the shares of a period add up to 1."""


@frozen(repr=False)
class StageMix:
    """The mix of stages, period by period. Prints as a matrix: periods down, stages across."""

    rows: tuple[StageShare, ...]
    """Periods in order, and in each the stages in the order of `Stage`."""
    excluded: Pairs
    """Changes left out: reason and number."""
    receipt: Receipt
    """Where it comes from."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[StageShare]:
        return iter(self.rows)

    def to_frame(self) -> Any:  # noqa: ANN401 - a Polars frame, or a DuckDB relation
        """One row a period and stage: `start` as text, `stage`, `n`, `share`. Of Polars when installed, else DuckDB."""
        columns: dict[str, Sequence[Any]] = {"start": [row.start.isoformat() for row in self.rows]}
        columns |= {name: [getattr(row, name) for row in self.rows] for name in ("stage", "n", "share")}
        return to_frame(columns, {"start": "string", "stage": "string", "n": "int64", "share": "float64"})

    def _told(self) -> tuple[list[str], list[list[str]], int]:
        """Heads, the latest periods, and how many earlier ones there are."""
        periods = [(start, list(rows)) for start, rows in groupby(self.rows, key=attrgetter("start"))]
        head = ["period from", "people", *(row.stage for row in periods[0][1])] if periods else []
        told = [
            [start.isoformat(), count_words(sum(row.n for row in rows)), *(share_words(row.share) for row in rows)]
            for start, rows in periods[-_SHOWN:]
        ]
        return head, told, len(periods) - len(told)

    def _caption(self, earlier: int) -> str:
        said = f"stage mix by {dict(self.receipt.definition.parameters)['period']}"
        return f"{said}; {count_words(earlier)} earlier periods are not shown" if earlier else said

    def __repr__(self) -> str:
        head, told, earlier = self._told()
        if not told:
            return "stage mix: nobody's stage is known"
        widths = [max(len(row[column]) for row in [head, *told]) for column in range(len(head))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *told]]
        return "\n".join([self._caption(earlier), *lines])

    def _repr_html_(self) -> str:
        head, told, earlier = self._told()
        return html_table(head, told, self._caption(earlier) if told else repr(self))


def stage_mix(
    stage_changes: Table,
    *,
    period: str = "month",
    window: Window | None = None,
    zone: str = "UTC",
    as_of: datetime | None = None,
    scope: str | None = None,
    unit: str = "person_id",
    columns: Mapping[str, str] | None = None,
) -> StageMix:
    """Count in which lifecycle stage people stand at the end of each period.

    A person stands in a stage from its change until her next. Of several product lines (`scope`), the stage nearest to
    the company counts, so that who leaves with one product and stays with another is there still: existing, then
    repurchase, purchase, exiting, consideration, awareness, former. A change of the whole relation (the empty scope)
    puts an end to what was said of every line before it; what is said of a line later stands beside it.

    In one instant, changes of the whole relation come first; of one line what a source says counts rather than what is
    derived, then the stage that is later in `Stage`, then the greater key. Predicted changes do not count. A change
    with `after_at` counts from `changed_at`.

    Args:
        stage_changes: Stage changes. Needs `changed_us`, `stage` and the unit; takes `scope`, `mode`, `known_us` and
            `key` when they are there.
        period: `day`, `week` (from Monday) or `month` of the calendar in `zone`.
        window: Days whose periods are told; all from the first change on unless given. Changes before it count for
            where people stand in it.
        zone: IANA name of the zone whose midnights part the periods.
        as_of: Only what had happened, and was known, by then; the periods go on until then.
        scope: Only the changes of this product line; `""` for those of the whole relation alone.
        unit: Column that tells people apart.
        columns: Canonical column name to the table's own.

    Returns:
        One row per period and stage, with each stage that anybody stands in in any of the periods; no rows for periods
        in which nobody's stage is known. The last period is told as it stands at `as_of`, at the end of the window or
        at the last change, even when it is not over. Changes left out: `no_unit`, `no_instant`, `no_stage`,
        `unknown_stage` (not a word of `Stage`), `predicted`.

    Raises:
        UsageError: The period or the zone is unknown.
        MissingColumnError: The table lacks a column; `scope` too, when one is asked for.

    Example:
        >>> import polars as pl
        >>> day = 86_400_000_000
        >>> rows = {"person_id": [1, 2, 2], "changed_us": [0, 5 * day, 40 * day]}
        >>> print(stage_mix(pl.DataFrame(rows | {"stage": ["existing", "purchase", "existing"]})))
        stage mix by month
        period from  people  purchase  existing
         1970-01-01       2    50.0 %    50.0 %
         1970-02-01       2     0.0 %   100.0 %
    """
    demand_one_of("period", period, _PERIODS)
    asked = {
        "period": period,
        "zone": zone,
        "unit": unit,
        "ties": "observed, then later stage",
        "predicted": "left out",
    }
    rule = {"scopes": "nearest", "nearest": list(NEAREST)} if scope is None else {"scope": scope}
    needs = ("changed_us", "stage", *(() if scope is None else ("scope",)))
    wants = ("scope", "mode", "known_us", "key")
    frame = take(stage_changes, StageChange, needs=needs, wants=wants, also=(unit,), columns=columns)
    receipt = Receipt(
        definition=Definition("stage_mix", 1, {**asked, **rule}),
        unit="share",
        window=window,
        as_of=as_of,
        snapshot=frame.snapshot,
    )
    frame = known_by(frame, as_of, "changed_us")
    if scope is not None:
        frame = frame.having(nw.col("scope") == scope)
    if window is not None:
        frame = frame.having(nw.col("changed_us").is_null() | (nw.col("changed_us") < window.end_us))
    found = standing(frame, unit=unit, zone=zone, period=period, window=window, as_of=as_of)
    return StageMix(rows=_rows(found), excluded=tuple(sorted(found.excluded.items())), receipt=receipt)


def _rows(found: Standing) -> tuple[StageShare, ...]:
    """Add up what changed from period to period."""
    stages = list(Stage)
    now = [0] * len(stages)
    told: list[tuple[int, list[int]]] = []
    changes = iter(sorted(found.changes.items()))
    following = next(changes, None)
    for number in found.told:
        while following is not None and following[0] <= number:
            now = [before + change for before, change in zip(now, following[1], strict=True)]
            following = next(changes, None)
        if any(now):
            told.append((number, now))
    seen = [place for place in range(len(stages)) if any(counts[place] for _, counts in told)]
    periods: Periods = found.periods
    return tuple(
        StageShare(periods.begins(number), stages[place].value, counts[place], counts[place] / sum(counts))
        for number, counts in told
        for place in seen
    )
