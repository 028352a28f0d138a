"""What intervals of stages add up to: how many there are of each, and the moves between them."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.journey import _stage_machine as machine
from crmcx.models import Stage
from crmcx.tables import rows


@frozen(kw_only=True)
class StageMove:
    """How often people went from one stage to another."""

    source: str | None
    """The stage they left; None for the first that is known of them."""
    target: str
    """The stage they came to; the same when only the user's own name of it changed."""
    n: int
    """How often."""

    @property
    def backward(self) -> bool:
        """Whether the stage comes earlier in `Stage`. Back from a repurchase to an existing customer is onward."""
        if self.source is None or (self.source, self.target) == (Stage.REPURCHASE, Stage.EXISTING):
            return False
        order = list(Stage)
        return order.index(Stage(self.target)) < order.index(Stage(self.source))


@frozen(kw_only=True)
class StageTotal:
    """All intervals of one stage."""

    stage: str
    """The stage."""
    intervals: int
    """How many there are."""
    now: int
    """How many last at the knowledge date."""
    dormant: int
    """How many of these are dormant."""
    share: float | None
    """Of all time that is looked at; None when that is none."""


def overview(intervals: nw.LazyFrame[Any]) -> tuple[tuple[StageTotal, ...], tuple[StageMove, ...]]:
    """All stages and moves, of one pass. Seconds and the rest apart: the microseconds of many people are too many."""
    length = nw.col("until") - nw.col(machine.START)
    found = rows(
        intervals.select(
            machine.PLACE,
            machine.FROM,
            nw.lit(1).cast(nw.Int64()).alias("n"),
            nw.col("now"),
            (nw.col("now") * nw.col("quiet")).alias("dormant"),
            (length // 1_000_000).alias("seconds"),
            (length % 1_000_000).alias("rest"),
        )
        .group_by(machine.PLACE, machine.FROM)
        .agg(*(nw.col(name).sum() for name in ("n", "now", "dormant", "seconds", "rest")))
    )
    found.sort(key=lambda row: (row[machine.FROM], row[machine.PLACE]))
    names = [stage.value for stage in machine.PLACES]
    moves = tuple(
        StageMove(
            source=None if row[machine.FROM] < 0 else names[row[machine.FROM]],
            target=names[row[machine.PLACE]],
            n=int(row["n"]),
        )
        for row in found
    )
    sums: dict[str, list[int]] = {}
    for row in found:
        added = [
            *(int(row[name]) for name in ("n", "now", "dormant")),
            int(row["seconds"]) * 1_000_000 + int(row["rest"]),
        ]
        before = sums.get(names[row[machine.PLACE]], [0] * 4)
        sums[names[row[machine.PLACE]]] = [a + b for a, b in zip(before, added, strict=True)]
    whole = sum(each[3] for each in sums.values())
    totals = tuple(
        StageTotal(
            stage=name,
            intervals=sums[name][0],
            now=sums[name][1],
            dormant=sums[name][2],
            share=sums[name][3] / whole if whole else None,
        )
        for name in names
        if name in sums
    )
    return totals, moves
