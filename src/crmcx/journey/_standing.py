"""How many people enter and leave each stage in each period: what a mix of stages is added up from.

Each change is counted once, from the stage a person stood in before it to the one after. Within a period these add up
to where she stands at its end, so that the work does not grow with the number of periods.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw
from attrs import evolve, frozen

from crmcx.instants import Window, from_us, to_us
from crmcx.instants import zone as zone_of
from crmcx.models import Stage, StageMode
from crmcx.tables import Frame, Periods, rows, words_in

NEAREST = tuple(
    stage.value
    for stage in (
        Stage.EXISTING,
        Stage.REPURCHASE,
        Stage.PURCHASE,
        Stage.EXITING,
        Stage.CONSIDERATION,
        Stage.AWARENESS,
        Stage.FORMER,
    )
)
"""The stages, the nearest to the company first: the first of her product lines' is a person's."""
_STAGES = tuple(stage.value for stage in Stage)
CODES = 16
"""More than there are stages: a number of a change and a place of a stage share an integer."""
_NONE = -1
"""The place of no stage."""
_UNIT, _AT, _SCOPE, _PLACE, _TIE, _ID = "unit", "us", "scope", "place", "tie", "id"
_WIDTH = 15
"""Bits in which the product lines of one person that stand in one stage are counted."""
_DIGITS = 4
"""How many such counts fit into one integer."""


@frozen
class Standing:
    """What changed in each period."""

    changes: dict[int, list[int]]
    """Period to how many more people than before stand in each stage, in the order of `Stage`."""
    told: Sequence[int]
    """The periods asked for."""
    periods: Periods
    """The calendar."""
    excluded: dict[str, int]
    """Changes left out."""


def standing(
    frame: Frame, *, unit: str, zone: str, period: str, window: Window | None, as_of: datetime | None
) -> Standing:
    """Count the changes of each period.

    Args:
        frame: Stage changes: unit, `changed_us`, `stage`; `scope`, `mode` and `key` where they are there.
        unit: Column that tells people apart.
        zone: IANA name of the zone.
        period: Kind of period.
        window: Days whose periods are told.
        as_of: Until when periods are told.
    """
    excluded, lows, highs = _overview(frame, unit)
    kept = _kept(frame, unit)
    counted = evolve(frame, lazy=kept, columns=frozenset({_UNIT, _AT, _SCOPE, _PLACE}))
    if lows[_AT] is None:
        return Standing({}, (), Periods.over(counted, _AT, zone=zone, kind=period, until=None), excluded)
    periods = Periods.over(counted, _AT, zone=zone, kind=period, until=as_of)
    kept, order = _stood(frame, unit, several=lows[_SCOPE] != highs[_SCOPE])
    moved = kept.select(_AT, _before("after", [_UNIT], order).alias("before"), "after")
    grouped = (
        moved.filter(nw.col("before") != nw.col("after"))
        .select("before", "after", periods.of(nw.col(_AT), nw.lit(0)).alias("period"), nw.lit(1).alias("one"))
        .group_by("period", "before", "after")
        .agg(nw.col("one").sum().alias("n"))
    )
    changes: dict[int, list[int]] = {}
    for row in rows(grouped):
        change = changes.setdefault(int(row["period"]), [0] * len(_STAGES))
        change[int(row["after"])] += int(row["n"])
        if row["before"] != _NONE:
            change[int(row["before"])] -= int(row["n"])
    first = int(lows[_AT]) if window is None else window.start_us
    last = int(highs[_AT]) if window is None else window.end_us - 1
    if as_of is not None:
        last = to_us(as_of) if window is None else min(last, to_us(as_of))
    local = zone_of(zone)
    begin, end = (periods.holding(from_us(us).astimezone(local).date()) for us in (first, last))
    return Standing(changes, range(begin, end + 1), periods, excluded)


def codes_of(frame: Frame, *, unit: str, several: bool) -> nw.LazyFrame[Any]:
    """Where each unit stands after each of its changes, told by numbers that grow from change to change.

    Args:
        frame: Stage changes, as for `standing`.
        unit: Column that tells people apart.
        several: Whether they may be of several product lines, of which the nearest stage counts.

    Returns:
        `unit`, `us` and `code`: the running number of the change of this unit times `CODES`, plus the place of the
        stage in `Stage`.
    """
    if several:
        _, lows, highs = _overview(frame, unit)
        several = lows[_SCOPE] != highs[_SCOPE]
    kept, order = _stood(frame, unit, several=several)
    number = nw.lit(1).cast(nw.Int64()).alias("number")
    kept = kept.with_columns(number).with_columns(nw.col("number").cum_sum().over(_UNIT, order_by=order))
    return kept.select(_UNIT, _AT, (nw.col("number") * CODES + nw.col("after")).alias("code"))


def _reasons(frame: Frame, unit: str) -> dict[str, nw.Expr]:
    """Why a change is left out; the first that holds."""
    stage = nw.col("stage")
    reasons = {
        "no_unit": nw.col(unit).is_null(),
        "no_instant": nw.col("changed_us").is_null(),
        "no_stage": stage.is_null(),
        "unknown_stage": ~stage.is_null() & (_place(stage) == _NONE),
    }
    if "mode" in frame.columns:
        reasons["predicted"] = words_in("mode", StageMode.PREDICTED.value)
    return reasons


def _place(stage: nw.Expr) -> nw.Expr:
    """The place of a stage in `Stage`."""
    place = nw.lit(_NONE)
    for number, name in enumerate(_STAGES):
        place = nw.when(stage == name).then(nw.lit(number)).otherwise(place)
    return place.cast(nw.Int64())


def _overview(frame: Frame, unit: str) -> tuple[dict[str, int], dict[str, Any], dict[str, Any]]:
    """What is left out; the least and the greatest instant and scope of the rest."""
    reasons = _reasons(frame, unit)
    why = nw.lit(len(reasons))
    for number, condition in reversed(list(enumerate(reasons.values()))):
        why = nw.when(condition).then(nw.lit(number)).otherwise(why)
    marked = frame.lazy.select(
        nw.col("changed_us").alias(_AT), _scope(frame).alias(_SCOPE), why.cast(nw.Int64()).alias("why")
    )
    counted = nw.col("why") == len(reasons)
    ends = [(name, end) for name in (_AT, _SCOPE) for end in ("low", "high")]
    ((found),) = rows(
        marked.select(
            *(_one(nw.col("why") == number).alias(reason) for number, reason in enumerate(reasons)),
            *(nw.when(counted).then(nw.col(name)).alias(f"{name}_{end}") for name, end in ends),
        ).select(
            *(nw.col(reason).sum() for reason in reasons),
            *(nw.col(f"{name}_low").min() for name in (_AT, _SCOPE)),
            *(nw.col(f"{name}_high").max() for name in (_AT, _SCOPE)),
        )
    )
    lows, highs = ({name: found[f"{name}_{end}"] for name in (_AT, _SCOPE)} for end in ("low", "high"))
    return {reason: int(found[reason]) for reason in reasons if found[reason]}, lows, highs


def _kept(frame: Frame, unit: str) -> nw.LazyFrame[Any]:
    """The changes that count, in narrow columns."""
    return frame.lazy.filter(*(~condition for condition in _reasons(frame, unit).values())).select(
        nw.col(unit).alias(_UNIT),
        nw.col("changed_us").alias(_AT),
        _scope(frame).alias(_SCOPE),
        _place(nw.col("stage")).alias(_PLACE),
        _tie(frame).alias(_TIE),
        *((nw.col("key").alias(_ID),) if "key" in frame.columns else ()),
    )


def _tie(frame: Frame) -> nw.Expr:
    """The order of one instant: the whole relation first; what is derived before what a source says; then by stage."""
    tie = _place(nw.col("stage")) + _one(_scope(frame) != "") * (2 * len(_STAGES))
    if "mode" not in frame.columns:
        return tie
    return tie + _one(~words_in("mode", StageMode.DERIVED.value)) * len(_STAGES)


def _scope(frame: Frame) -> nw.Expr:
    """The product line; a missing one is the whole relation."""
    if _SCOPE not in frame.columns:
        return nw.lit("")
    return nw.when(nw.col(_SCOPE).is_null()).then(nw.lit("")).otherwise(nw.col(_SCOPE))


def _one(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64())


def _before(column: str, over: Sequence[str], order: list[str]) -> nw.Expr:
    """The place on the row before, or no stage. By way of a float, since pandas cannot shift whole numbers below 1."""
    shifted = nw.col(column).cast(nw.Float64()).shift(1).over(*over, order_by=order)
    return nw.when(shifted.is_null()).then(nw.lit(float(_NONE))).otherwise(shifted).cast(nw.Int64())


def _stood(frame: Frame, unit: str, *, several: bool) -> tuple[nw.LazyFrame[Any], list[str]]:
    """The changes with the stage `after` each of them, and the columns that put those of one unit in order."""
    kept = _kept(frame, unit)
    order = [_AT, _TIE, _ID if "key" in frame.columns else _SCOPE]
    if not several:
        return kept.with_columns(nw.col(_PLACE).alias("after")), order
    return _of_the_nearest(kept, order)


def _of_the_nearest(kept: nw.LazyFrame[Any], order: list[str]) -> tuple[nw.LazyFrame[Any], list[str]]:
    """The nearest stage of all scopes after each change.

    How many of a person's lines stand in each stage is a running sum, begun anew at each change of the whole relation.
    The sums of several stages share an integer, since each running sum is a pass over all rows: the nearest stage that
    is not empty is then the greatest digit that is not zero.
    """
    line = [_UNIT, "spell", _SCOPE]
    kept = kept.with_columns(_one(nw.col(_SCOPE) == "").alias("spell"))
    kept = kept.with_columns(nw.col("spell").cum_sum().over(_UNIT, order_by=order))
    kept = kept.with_columns(_before(_PLACE, line, order).alias("left"))
    order = [*order, "left"]  # equal rows without a key part here
    near, far = NEAREST[:_DIGITS], NEAREST[_DIGITS:]
    for name, stages in (("near", near), ("far", far)):
        weight = _weight(nw.col(_PLACE), stages) - _weight(nw.col("left"), stages)
        kept = kept.with_columns(weight.alias(name))
    kept = kept.with_columns(nw.col("near", "far").cum_sum().over(_UNIT, "spell", order_by=order))
    after = nw.lit(_NONE)
    for name, stages in (("far", far), ("near", near)):
        for digit, stage in enumerate(reversed(stages)):
            full = nw.col(name) >= 1 << digit * _WIDTH
            after = nw.when(full).then(nw.lit(_STAGES.index(stage))).otherwise(after)
    return kept.with_columns(after.cast(nw.Int64()).alias("after")), order


def _weight(place: nw.Expr, stages: Sequence[str]) -> nw.Expr:
    """One of a stage as a digit, the nearest stage the greatest; 0 for other stages."""
    weight = nw.lit(0)
    for digit, stage in enumerate(reversed(stages)):
        weight = nw.when(place == _STAGES.index(stage)).then(nw.lit(1 << digit * _WIDTH)).otherwise(weight)
    return weight.cast(nw.Int64())
