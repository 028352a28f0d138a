"""Which step of a log tells a state: as it was at one instant, as known at another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.instants import day_of, from_us, to_us
from crmcx.instants import zone as zone_of
from crmcx.tables._spelled import flag
from crmcx.tables.frames import Frame

US, HEARD = "step_us", "heard_us"
"""When a step was, and when it could be known: where nobody says that, when it was."""
KIND, TOLD = "step_kind", "told"
NONE, BEFORE, LATER, UNHEARD = 0, 1, 2, 3
"""No step; one known that was by then; one known that came later; one that was not known yet."""
NEVER = 2**62

KnownSince = Mapping[str, datetime] | datetime | None
"""Since when each source is known, by its name; or one instant for all of them."""


@frozen
class Look:
    """The two dates of a look back."""

    at_us: int
    """The instant in the world."""
    as_of_us: int
    """The instant of knowledge."""
    at_day: int
    """The day in the world."""
    seen_day: int
    """The day of whichever of the two comes first."""

    @property
    def seen_us(self) -> int:
        """Whichever of the two comes first."""
        return min(self.at_us, self.as_of_us)

    @classmethod
    def of(cls, at: datetime, as_of: datetime | None, zone: str = "UTC") -> Look:
        """The look back to `at` as known at `as_of`, or else at `at` itself.

        Raises:
            UsageError: A datetime is without a zone, or no time zone is called so.
        """
        at_us = to_us(at)
        as_of_us = at_us if as_of is None else to_us(as_of)
        local = zone_of(zone)
        days = [day_of(from_us(us).astimezone(local).date()) for us in (at_us, min(at_us, as_of_us))]
        return cls(at_us, as_of_us, *days)


def steps_of(frame: Frame, happened: str, *kept: nw.Expr) -> nw.LazyFrame[Any]:
    """The dated rows of a log: when each was, when it could be known, and what else is kept of it."""
    us = nw.col(happened)
    heard = us
    if "known_us" in frame.columns:
        heard = nw.when(nw.col("known_us").is_null()).then(us).otherwise(nw.col("known_us"))
    return frame.lazy.filter(~us.is_null()).select(us.alias(US), heard.alias(HEARD), *kept)


def no_instant(like: str) -> nw.Expr:
    """A column of instants that are all missing, made of one that has some.

    Not a literal: pandas has whole numbers that can be missing only where a column brings them.
    """
    return nw.when(nw.col(like).is_null()).then(nw.col(like))


def with_told(
    log: nw.LazyFrame[Any], groups: Sequence[str], look: Look, *, ties: Sequence[str], weight: nw.Expr | None = None
) -> nw.LazyFrame[Any]:
    """Mark in each group the one step that tells its state.

    It is the last one by then, of those that were known; else the first after it, of those that were known; else the
    first that became known later. What came before such a one is what was seen until it.

    Args:
        log: Steps, of `steps_of`.
        groups: Columns that tell the states apart; without gaps.
        look: The two dates.
        ties: Columns by which steps of one instant follow each other, after when they were known; without gaps.
        weight: Of steps of one instant, the one with the higher weight tells, before all other ties.

    Returns:
        The log with the columns `step_kind`, and `told`: 1 for that step, else 0.
    """
    heard = nw.col(HEARD) <= look.as_of_us
    kind = nw.when(nw.col(US) <= look.at_us).then(nw.lit(BEFORE)).otherwise(nw.lit(LATER))
    log = log.with_columns(nw.when(heard).then(kind).otherwise(nw.lit(UNHEARD)).cast(nw.Int64()).alias(KIND))
    kind = nw.col(KIND)
    by_news = kind == UNHEARD
    tips = nw.lit(0) if weight is None else weight
    log = log.with_columns(
        nw.when(by_news).then(nw.col(HEARD)).otherwise(nw.col(US)).alias("first"),
        nw.when(kind == BEFORE).then(tips).otherwise(nw.lit(0) - tips).cast(nw.Int64()).alias("tips"),
        nw.when(by_news).then(nw.col(US)).otherwise(nw.col(HEARD)).alias("second"),
        nw.lit(1).cast(nw.Int64()).alias("one"),
        kind.min().over(*groups).alias("best"),
    ).filter(kind == nw.col("best"))
    log = log.with_columns(
        nw.col("one").cum_sum().over(*groups, order_by=["first", "tips", "second", *ties]).alias("row"),
        nw.col("one").sum().over(*groups).alias("rows"),
    )
    tells = nw.when(kind == BEFORE).then(nw.col("rows")).otherwise(nw.lit(1))
    return log.with_columns(flag(nw.col("row") == tells).alias(TOLD)).drop(
        "first", "tips", "second", "one", "best", "row", "rows"
    )


def since(known_since: KnownSince, frame: Frame) -> nw.Expr:
    """Since when the source of a row is known; never, where nobody says.

    Args:
        known_since: By source, or one for all.
        frame: The frame, with `source` where it is by source.
    """
    never = nw.lit(NEVER).cast(nw.Int64())
    if known_since is None:
        return never
    if isinstance(known_since, datetime):
        return nw.lit(to_us(known_since)).cast(nw.Int64())
    found = never
    for source, instant in known_since.items() if "source" in frame.columns else ():
        found = nw.when(nw.col("source") == source).then(nw.lit(to_us(instant))).otherwise(found)
    return found.cast(nw.Int64())


def demand_known_since(known_since: KnownSince) -> tuple[str, ...]:
    """The columns that are needed to tell since when a row's source is known."""
    return ("source",) if isinstance(known_since, Mapping) else ()
