"""What counts where one person answers several times, and how much each observation weighs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw
from attrs import evolve, frozen

from crmcx.errors import UsageError, demand_one_of
from crmcx.tables import Frame, rows

POLICIES = ("all", "latest", "first", "mean")
"""Every answer counts; the latest or the first of each person in each group; or the mean of each person."""


@frozen(kw_only=True)
class Repeats:
    """How repeated observations of one unit count."""

    policy: str
    """One of the policies."""
    unit: str
    """The column whose observations repeat each other; a row without it repeats none."""
    order: tuple[str, ...] = ()
    """Columns of numbers that put them in a total order, the instant first."""

    @classmethod
    def asked(cls, policy: str, unit: str, frame: Frame, instant: str, ties: Sequence[str]) -> Repeats | None:
        """The repeats of a question; None where every observation counts.

        Raises:
            UsageError: The policy is unknown.
        """
        demand_one_of("repeat", policy, POLICIES)
        if policy == "all":
            return None
        chooses = policy != "mean"
        order = (instant, *(name for name in ties if name in frame.columns)) if chooses else ()
        return cls(policy=policy, unit=unit, order=order)

    @property
    def chooses(self) -> bool:
        """Whether one observation stands for all of a unit."""
        return self.policy in {"latest", "first"}

    def columns(self) -> list[nw.Expr]:
        """What `repeated` and `share_of` need of the frame."""
        named = [nw.col(self.unit).alias("unit_of")]
        return [*named, *(nw.col(name).alias(f"order_{number}") for number, name in enumerate(self.order))]

    def repeated(self, staged: nw.LazyFrame[Any], keys: Sequence[str], why: int) -> nw.LazyFrame[Any]:
        """The rows with a reason for those that another of the same unit and group stands for.

        Args:
            staged: Rows with `why`, the columns of `columns` and `x`.
            keys: The columns of the groups.
            why: Number of the reason.
        """
        groups = [*keys, "unit_of", "counts"]
        order = [f"order_{number}" for number in range(len(self.order))]
        counted = staged.with_columns(
            (nw.col("why") == 0).cast(nw.Int64()).alias("counts"), nw.lit(1).cast(nw.Int64()).alias("one")
        ).with_columns(
            nw.col("one").cum_sum().over(*groups, order_by=[*order, "x"]).alias("place"),
            nw.col("one").sum().over(*groups).alias("places"),
        )
        chosen = nw.col("place") == (nw.col("places") if self.policy == "latest" else 1)
        again = ~nw.col("unit_of").is_null() & (nw.col("why") == 0) & ~chosen
        return counted.with_columns(nw.when(again).then(nw.lit(why)).otherwise(nw.col("why")).alias("why"))

    @staticmethod
    def share_of(staged: nw.LazyFrame[Any], keys: Sequence[str]) -> nw.LazyFrame[Any]:
        """The rows with a weight, so that those that count of one unit in one group weigh 1 together."""
        counts = (nw.col("why") == 0).cast(nw.Int64())
        counted = staged.with_columns(counts.alias("counts")).with_columns(
            nw.col("counts").sum().over(*keys, "unit_of").alias("places")
        )
        alone = nw.col("unit_of").is_null() | (nw.col("places") == 0)
        share = nw.when(alone).then(nw.lit(1.0)).otherwise(nw.lit(1.0) / nw.col("places").cast(nw.Float64()))
        return counted.with_columns(share.alias("w"))


def weighed(frame: Frame, weight: str) -> Frame:
    """The frame with its weights as numbers.

    Raises:
        UsageError: A weight is negative.
    """
    number = nw.col(weight).cast(nw.Float64())
    frame = evolve(frame, lazy=frame.lazy.with_columns(nw.when(~number.is_nan()).then(number).alias(weight)))
    (found,) = rows(frame.lazy.select((nw.col(weight) < 0).cast(nw.Int64()).sum().alias("below")))
    if found["below"]:
        msg = f"found {int(found['below'])} weights below 0 in {weight}, expected 0 or more"
        raise UsageError(msg, hint="correct them before the call, or pass weights=None")
    return frame


def weight_reasons(weight: str) -> dict[str, nw.Expr]:
    """Reason to condition, for rows without a weight."""
    none = nw.col(weight).is_null()
    return {"no_weight": none, "zero_weight": ~none & (nw.col(weight) == 0)}
