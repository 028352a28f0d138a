"""The stays of deals in the stages of their pipeline, from the steps they took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.instants import to_us
from crmcx.metrics._deals import dated_deals, is_decided
from crmcx.metrics._question import Question
from crmcx.models import DealChange
from crmcx.tables import Frame, Table, latest, same_engine, settled, take, words_in

STAGE = "stage"
NEVER = 2**62
"""When a stay ended that goes on."""


def take_visits(
    deals: Table,
    deal_changes: Table,
    question: Question,
    *,
    wants: Sequence[str],
    ends: Sequence[str],
    columns: Mapping[str, str] | None,
    change_columns: Mapping[str, str] | None,
) -> tuple[Frame, datetime | None]:
    """One row for each stay of a deal in a stage: `stage`, `entered_us`, `left_us`, and the columns of its deal.

    A stay begins with the step into the stage, the first with the deal, and ends with the next step or the deal's
    decision; `left_us` is `NEVER` where the deal was still there. A deal without steps was always where it is. Steps
    that were not known by the date of knowledge are left away, and so are stays in the stages that are ends.

    Returns:
        The stays, and the date up to which all is known: the latest instant in the tables unless the question has one.
    """
    asked = evolve(question, by=tuple(name for name in question.by if name != STAGE))
    found = dated_deals(deals, asked, columns, wants=("key", STAGE, *wants))
    needs = ("deal_key", "field", "old", "new", "changed_us")
    steps = take(deal_changes, DealChange, needs=needs, wants=("known_us", "key"), columns=change_columns)
    same_engine(found, steps)
    as_of = question.as_of or latest((found, "began_us"), (found, "ended_us"), (steps, "changed_us"))
    until = 0 if as_of is None else to_us(as_of)
    steps = steps.having(words_in("field", STAGE) & ~nw.col("changed_us").is_null() & ~nw.col("deal_key").is_null())
    if "known_us" in steps.columns:
        steps = steps.having(nw.col("known_us").is_null() | (nw.col("known_us") <= until))
    order = ["changed_us", *(name for name in ("known_us", "key") if name in steps.columns)]
    at = nw.col("changed_us").cast(nw.Float64())  # pandas cannot shift whole numbers of rows that were picked
    walked = settled(
        steps.lazy.with_columns(
            at.shift(1).over("deal_key", order_by=order).cast(nw.Int64()).alias("before_us"),
            at.shift(-1).over("deal_key", order_by=order).cast(nw.Int64()).alias("after_us"),
        ).select("deal_key", "old", "new", "changed_us", "before_us", "after_us")
    )
    kept = [name for name in found.lazy.collect_schema().names() if name != STAGE]
    own = settled(found.lazy)
    left = own.join(walked, left_on="key", right_on="deal_key", how="inner").select(
        *kept,
        nw.col("old").alias(STAGE),
        nw.when(nw.col("before_us").is_null()).then(nw.col("began_us")).otherwise("before_us").alias("entered_us"),
        nw.col("changed_us").alias("left_us"),
    )
    last = walked.filter(nw.col("after_us").is_null()).select("deal_key", "new", "changed_us")
    stayed = own.join(last, left_on="key", right_on="deal_key", how="left")
    moved = ~nw.col("changed_us").is_null()
    where = nw.when(moved).then(nw.col("new"))
    stayed = stayed.select(
        *kept,
        (where.otherwise(nw.col(STAGE)) if STAGE in found.columns else where).alias(STAGE),
        nw.when(moved).then(nw.col("changed_us")).otherwise(nw.col("began_us")).alias("entered_us"),
        nw.lit(NEVER).alias("left_us"),
    )
    lazy = nw.concat([left, stayed], how="vertical")
    ended, out = nw.col("ended_us"), nw.col("left_us")
    decided = (is_decided(won=True) | is_decided(won=False)) & ~ended.is_null()
    lazy = lazy.with_columns(nw.when(decided & (out > ended)).then(ended).otherwise(out).alias("left_us"))
    began, left_us = nw.col("entered_us"), nw.col("left_us")
    after_the_end = decided & ~began.is_null() & (began >= ended)
    frame = evolve(found, lazy=lazy, columns=frozenset([*kept, STAGE, "entered_us", "left_us"]))
    frame = frame.having(~nw.col(STAGE).is_null() & ~after_the_end & (began.is_null() | (began <= until)))
    if ends:
        frame = frame.having(~words_in(STAGE, *ends))
    seen = nw.when(left_us > until).then(nw.lit(NEVER)).otherwise(left_us)
    return evolve(frame, lazy=frame.lazy.with_columns(seen.alias("left_us"))), as_of
