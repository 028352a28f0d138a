"""How much of a stretch of time counts: by business hours, and without pauses.

A case's changes part its time into segments, in each of which it is known whether the clock stands and which calendar
counts. A stretch is clipped to the segments; what is open of each piece is the difference of two look-ups by day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
from attrs import evolve, frozen

from crmcx.errors import UsageError, demand_one_of
from crmcx.metrics._clock import BusinessClock, Calendar, clock_of
from crmcx.models import CaseChange, CaseStatus
from crmcx.tables import DayTable, Frame, Table, flag, nullable, rows, same_engine, take, words_in

_EVER = 2**62
_ROOM = 2**20
"""Room for a code beside the number of a row in one integer."""
_STATUS, _PLACE = "status", "place"
_COUNTED = ("worked_us", "no_hours")


@frozen(kw_only=True)
class Timing:
    """How time is counted."""

    clock: BusinessClock | None = None
    """Business hours; None for all hours."""
    pauses: tuple[str, ...] = ()
    """Statuses in which the clock stands."""

    @classmethod
    def of(cls, calendar: Calendar, pauses: Sequence[str], changes: Table | None) -> Timing:
        """The timing that a call asks for.

        Raises:
            UsageError: A pause is no status, or the changes of cases are needed and were not passed.
        """
        for pause in pauses:
            demand_one_of("pauses", pause, [status.value for status in CaseStatus])
        timing = cls(clock=clock_of(calendar), pauses=tuple(sorted({str(pause) for pause in pauses})))
        if timing.by_changes and changes is None:
            why = "pauses=" if timing.pauses else f"the rule {timing.clock.rule!r}" if timing.clock else ""
            msg = f"{why} needs the changes of the cases"
            raise UsageError(msg, hint="pass case_changes after the other tables")
        return timing

    @property
    def clock_moves(self) -> bool:
        """Whether another calendar counts once a case has changed."""
        return self.clock is not None and self.clock.by_changes

    @property
    def by_changes(self) -> bool:
        """Whether the changes of cases are needed."""
        return bool(self.pauses) or self.clock_moves

    @property
    def by_case(self) -> bool:
        """Whether it takes the key of a case to tell how its time is counted."""
        return self.by_changes or (self.clock is not None and self.clock.by_field)

    @property
    def wants(self) -> tuple[str, ...]:
        """Columns of cases that are needed."""
        status = (_STATUS,) if self.pauses else ()
        return (*status, self.clock.column) if self.clock and self.clock.by_field else status

    def told(self) -> dict[str, Any]:
        """The parameters of a definition."""
        return {"clock": self.clock.told() if self.clock else "calendar", "pauses": list(self.pauses)}


def take_changes(changes: Table, beside: Frame, columns: Mapping[str, str] | None) -> Frame:
    """The dated steps of cases, of those that say which field changed and when."""
    wants = ("key", "known_us")
    needs = ("case_key", "field", "old", "new", "changed_us")
    frame = take(changes, CaseChange, needs=needs, wants=wants, columns=columns)
    same_engine(beside, frame)
    return frame.having(~nw.col("case_key").is_null() & ~nw.col("field").is_null() & ~nw.col("changed_us").is_null())


def with_worked(spans: Frame, cases: Frame, changes: Frame | None, timing: Timing, until_us: int) -> Frame:
    """Add to stretches of time how much of each counts.

    Args:
        spans: Stretches with `key` of the case, `from_us` and `to_us`; a case has no two that begin at one instant.
        cases: The cases with `key`, and what the timing wants.
        changes: Their dated steps, where the timing needs them.
        timing: How time is counted.
        until_us: The date of knowledge: later steps only tell what was before them.

    Returns:
        The stretches with `worked_us`, and `no_hours`: 1 where nobody says which hours count, else 0.
    """
    frame = evolve(spans, columns=spans.columns | {"worked_us", "no_hours"})
    length = nw.col("to_us") - nw.col("from_us")
    if timing.clock is None and not timing.pauses:
        return evolve(frame, lazy=spans.lazy.with_columns(length.alias("worked_us"), _none().alias("no_hours")))
    if not timing.by_case:
        placed = spans.lazy.with_columns(nw.lit(1).cast(nw.Int64()).alias(_PLACE))
        lazy = _open_between(placed, spans, timing, "from_us", "to_us")
        return evolve(frame, lazy=lazy.with_columns(flag(nw.col("no_hours") > 0).alias("no_hours")))
    whole = ~nw.col("from_us").is_null() & ~nw.col("to_us").is_null() & (nw.col("from_us") <= nw.col("to_us"))
    bounds = spans.lazy.filter(whole).select("key", "from_us", "to_us")
    pieces = _pieces(bounds, cases, changes, timing, until_us)
    if timing.clock is None:
        length = nw.col("end_us") - nw.col("begin_us")
        counted = pieces.with_columns(length.alias("worked_us"), _none().alias("no_hours"))
    else:
        counted = _open_between(pieces, spans, timing, "begin_us", "end_us")
    moves = nw.col("stands") != 1
    counted = counted.with_columns(
        *(nw.when(moves).then(nw.col(name)).otherwise(nw.lit(0)).cast(nw.Int64()).alias(name) for name in _COUNTED)
    )
    summed = counted.group_by("key", "from_us").agg(*(nw.col(name).sum() for name in _COUNTED))
    joined = spans.lazy.join(summed, on=["key", "from_us"], how="left")
    return evolve(frame, lazy=joined.with_columns(flag(nw.col("no_hours") > 0).alias("no_hours")))


def _open_between(frame: nw.LazyFrame[Any], spans: Frame, timing: Timing, start: str, end: str) -> nw.LazyFrame[Any]:
    """Add the time that is open between two columns as `worked_us`, and that of which nobody says as `no_hours`."""
    assert timing.clock is not None  # noqa: S101 - asked with business hours only
    whole = spans.lazy.filter(nw.col("from_us") <= nw.col("to_us"))
    ends = whole.select(nw.col("from_us").min().alias("first"), nw.col("to_us").max().alias("last"))
    ((first, last),) = ((int(row["first"] or 0), int(row["last"] or 0)) for row in rows(ends))
    by_day = DayTable.beside(frame, timing.clock.hours, first, last)
    frame = by_day.passed(by_day.passed(frame, start, "at_start"), end, "at_end")
    return frame.with_columns(
        (nw.col("open_at_end") - nw.col("open_at_start")).alias("worked_us"),
        (nw.col("unknown_at_end") - nw.col("unknown_at_start")).alias("no_hours"),
    )


def _none() -> nw.Expr:
    return nw.lit(0).cast(nw.Int64())


def _pieces(
    found: nw.LazyFrame[Any], cases: Frame, changes: Frame | None, timing: Timing, until_us: int
) -> nw.LazyFrame[Any]:
    """The stretches, parted where something changed: `begin_us`, `end_us`, `stands`, `place`."""
    clock = timing.clock
    if changes is None or not timing.by_changes:
        pieces = found.with_columns(
            nw.col("from_us").alias("begin_us"), nw.col("to_us").alias("end_us"), _none().alias("stands")
        )
        if clock is None or not clock.by_field:
            return pieces.with_columns(nw.lit(1).cast(nw.Int64()).alias(_PLACE))
        placed = cases.lazy.select("key", _code(clock.column, clock.words).alias(_PLACE))
        return pieces.join(placed, on="key", how="left")
    pieces = found.join(_segments(cases, changes, timing, until_us), on="key", how="inner")
    pieces = pieces.filter((nw.col("since_us") <= nw.col("to_us")) & (nw.col("until_us") > nw.col("from_us")))
    begin = nw.when(nw.col("since_us") > nw.col("from_us")).then(nw.col("since_us")).otherwise(nw.col("from_us"))
    end = nw.when(nw.col("until_us") < nw.col("to_us")).then(nw.col("until_us")).otherwise(nw.col("to_us"))
    pieces = pieces.with_columns(begin.alias("begin_us"), end.alias("end_us"))
    if clock is not None and clock.rule in {"at start", "at end"}:
        at = nw.col("from_us" if clock.rule == "at start" else "to_us")
        then = (nw.col("since_us") <= at) & (nw.col("until_us") > at)
        decides = nw.when(then).then(nw.col(_PLACE)).otherwise(nw.lit(0)).cast(nw.Int64())
        pieces = pieces.with_columns(decides.sum().over("key", "from_us").alias(_PLACE))
    return pieces


def _segments(cases: Frame, changes: Frame, timing: Timing, until_us: int) -> nw.LazyFrame[Any]:
    """The time of each case, parted at its changes: `since_us`, `until_us`, `stands`, `place`.

    Before its first step a field was what that step says with `old`; without steps, what it is now. All is carried
    forward as codes in integers with the number of the row before them, since that is what every engine does alike.
    """
    codes: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {}
    if timing.pauses:
        codes["stands"] = (_STATUS, (timing.pauses,))
    if timing.clock is not None and timing.clock.by_field:
        codes[_PLACE] = (timing.clock.column, timing.clock.words)
    told = {name: column for name, (column, _) in codes.items() if name == "stands" or timing.clock_moves}
    kept = changes.having(words_in("field", *told.values()))
    heard = nw.col("changed_us")
    if "known_us" in kept.columns:
        heard = nw.when(nw.col("known_us").is_null()).then(heard).otherwise(nw.col("known_us"))
    tie, nothing = _none(), _none()
    if "key" in kept.columns:
        text = not kept.lazy.collect_schema()["key"].is_integer()
        tie, nothing = nw.col("key"), nw.lit("") if text else _none()
    parts = (
        cases.lazy.select(
            "key",
            nw.lit(-_EVER).cast(nw.Int64()).alias("since_us"),
            _none().alias("heard_us"),
            nothing.alias("tie"),
            nw.lit("").alias("field"),
            *(_code(column, words).alias(f"now_{name}") for name, (column, words) in codes.items()),
            *(_none().alias(f"{end}_{name}") for name in codes for end in ("old", "new")),
        ),
        kept.lazy.select(
            nw.col("case_key").alias("key"),
            nw.col("changed_us").alias("since_us"),
            heard.cast(nw.Int64()).alias("heard_us"),
            tie.alias("tie"),
            nw.col("field"),
            *(_none().alias(f"now_{name}") for name in codes),
            *(_code(end, words).alias(f"{end}_{name}") for name, (_, words) in codes.items() for end in ("old", "new")),
        ),
    )
    order = ["since_us", "heard_us", "tie", "field", *(f"{end}_{name}" for name in codes for end in ("new", "old"))]
    one = nw.lit(1).cast(nw.Int64())
    lazy = nullable(nw.concat(parts, how="vertical")).with_columns(one.alias("one"))
    lazy = lazy.with_columns(nw.col("one").cum_sum().over("key", order_by=order).alias("row"))
    marks = {}
    for name in codes:
        mine = nw.col("field") == told[name] if name in told else nw.col("row") < 0
        marks[f"{name}_mark"] = (
            nw.when(mine & (nw.col("heard_us") <= until_us))
            .then(nw.col("row") * _ROOM + nw.col(f"new_{name}"))
            .otherwise(nw.lit(0))
        )
        marks[f"{name}_first"] = (
            nw.when(mine).then(nw.col("row") * _ROOM + nw.col(f"old_{name}")).otherwise(nw.lit(_EVER))
        )
    lazy = lazy.with_columns(*(mark.cast(nw.Int64()).alias(name) for name, mark in marks.items()))
    following = nw.col("since_us").cast(nw.Float64()).shift(-1)  # pandas cannot shift whole numbers with gaps
    lazy = lazy.with_columns(
        *(nw.col(f"{name}_mark").cum_max().over("key", order_by=["row"]).alias(f"{name}_last") for name in codes),
        *(nw.col(f"{name}_first").min().over("key").alias(f"{name}_first") for name in codes),
        *(nw.col(f"now_{name}").max().over("key").alias(f"now_{name}") for name in codes),
        following.over("key", order_by=["row"]).alias("until_us"),
    )
    until = nw.when(nw.col("until_us").is_null()).then(nw.lit(float(_EVER))).otherwise(nw.col("until_us"))
    states = {"stands": _none(), _PLACE: one}
    for name in codes:
        last, first = nw.col(f"{name}_last"), nw.col(f"{name}_first")
        before = nw.when(first == _EVER).then(nw.col(f"now_{name}")).otherwise(first % _ROOM)
        states[name] = nw.when(last > 0).then(last % _ROOM).otherwise(before).cast(nw.Int64())
    parted = lazy.select(
        "key",
        "since_us",
        until.cast(nw.Int64()).alias("until_us"),
        *(state.alias(name) for name, state in states.items()),
    )
    return parted.filter(nw.col("since_us") < nw.col("until_us"))


def _code(column: str, words: Sequence[Sequence[str]]) -> nw.Expr:
    """The number, from 1, of the group of words in which a column's word is; 0 where it is in none."""
    found = _none()
    for number, group in enumerate(words, start=1):
        if group:
            found += flag(words_in(column, *group)) * number
    return found
