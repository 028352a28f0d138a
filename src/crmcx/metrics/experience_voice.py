"""What customers say unasked: complaints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import UsageError
from crmcx.estimates import Estimate, EstimateTable, poisson_interval
from crmcx.instants import Window, duration_us
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import Group, empty_group, grouped
from crmcx.metrics._options import Dated, Sampled
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._trail import made_of, widened
from crmcx.models import Feedback, FeedbackKind, FeedbackStatus, Interaction
from crmcx.tables import (
    Frame,
    PeriodColumn,
    Table,
    in_window,
    known_by,
    same_engine,
    take,
    visible_to_customers,
    words_in,
)


class ComplaintOptions(Dated, Sampled, total=False):
    """What `complaint_rate` takes."""

    episode: timedelta | None
    interaction_columns: Mapping[str, str] | None


@overload
def complaint_rate(
    feedback: Table, interactions: Table, *, by: None = None, **options: Unpack[ComplaintOptions]
) -> Estimate: ...
@overload
def complaint_rate(
    feedback: Table, interactions: Table, *, by: Groups, **options: Unpack[ComplaintOptions]
) -> EstimateTable: ...
@metric(clock="submitted_us")
def complaint_rate(
    feedback: Table,
    interactions: Table,
    *,
    by: By = None,
    episode: timedelta | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    interaction_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """Complaints per active customer: complaints in the window / people with an interaction in it.

    With `episode` one matter over which a person complains again and again is one complaint: whoever complained less
    than that before is left out as `same_episode`.

    Args:
        feedback: Feedback. Needs `kind`, `submitted_us` and, for `episode`, `person_id`.
        interactions: Interactions that the customer could see. Needs `person_id` and `occurred_us`.
        by: Columns to group by, which both tables have.
        episode: The longest time from one complaint of a person to the next that makes them one; None to count each.
        window: Days in which complaints were made, and people were active.
        as_of: Only what was known by then.
        level: Confidence level.
        min_n: How many active people a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the feedback's own.
        interaction_columns: Canonical column name to the interactions' own.

    Returns:
        A rate from 0 up with the exact interval of a Poisson count, `n` active people and the counts complaints and
        active; with `by` one per group. None when nobody was active.

    Raises:
        UsageError: `episode` is not above zero.
        EngineMismatchError: The tables are of two engines.

    Example:
        >>> import polars as pl
        >>> said = pl.DataFrame({"kind": ["complaint", "survey"], "submitted_us": [5, 6]})
        >>> active = pl.DataFrame({"person_id": [1, 1, 2, 3, 4], "occurred_us": [1, 2, 3, 4, 5]})
        >>> complaint_rate(said, active)
        complaint_rate: 0.25; 95 % interval 0.00633 to 1.39; n = 4; left out 1: no_complaint 1

    Source:
        Garwood (1936), Biometrika 28:437, for the interval.
    """
    if episode is not None and episode <= timedelta():
        msg = f"found episode={episode}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=30), or None to count each complaint")
    question = Question(
        name="complaint_rate",
        unit="per active person",
        parameters={"per": "active person", "episode_s": episode.total_seconds() if episode else None},
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        min_n=min_n,
    )
    needs = ["kind", "submitted_us", *(["person_id"] if episode else [])]
    said = take(feedback, Feedback, needs=needs, wants=("status", "known_us"), also=question.by, columns=columns)
    seen = take(
        interactions,
        Interaction,
        needs=("person_id", "occurred_us"),
        wants=("known_us", "visibility"),
        also=_of_interactions(question.by),
        columns=interaction_columns,
    )
    same_engine(said, seen)
    receipt = question.receipt(said)
    said = known_by(said, as_of, "submitted_us")
    said = said if episode is None else _with_gaps(said)
    if window is not None:
        said = said.having(in_window(said, window, "submitted_us"))
    excluded = {"no_complaint": ~words_in("kind", FeedbackKind.COMPLAINT.value)}
    if "status" in said.columns:
        excluded["test"] = words_in("status", FeedbackStatus.TEST.value)
    if episode is not None:
        gap = nw.col("gap_us")
        excluded["same_episode"] = ~gap.is_null() & (gap < duration_us(episode))
    one = {"complaints": nw.lit(1)}
    complaints = grouped(said, by=question.by, excluded=excluded, value=nw.lit(1), counts=one)
    active = _active(seen, question)
    pairs = made_of(
        widened(complaints, active, empty_group(("complaints",))),
        lambda key, group: (group, active[key].sums.n if key in active else 0),
    )

    def rate(pair: tuple[Group, int]) -> Estimate:
        group, people = pair
        number = group.counts["complaints"]
        return Estimate(
            value=number / people if people else None,
            reason=None if people else "nobody was active",
            n=people,
            excluded=group.excluded,
            counts={"complaints": number, "active": people},
            interval=poisson_interval(number, people, level) if people else None,
            receipt=receipt,
        )

    return question.answer(pairs, (empty_group(("complaints",)), 0), rate)


def _of_interactions(by: tuple[str, ...]) -> list[str]:
    """The columns to group by, with periods of the interactions' own clock."""
    return [
        PeriodColumn.made(evolve(name.period, of=None), "occurred_us") if isinstance(name, PeriodColumn) else name
        for name in by
    ]


def _with_gaps(said: Frame) -> Frame:
    """The complaints with the time since the one before of the same person; missing at the first."""
    complaint, person = words_in("kind", FeedbackKind.COMPLAINT.value), nw.col("person_id")
    us = nw.col("submitted_us")
    before = us.cast(nw.Float64()).shift(1).over("person_id", "is_complaint", order_by="submitted_us")
    counted = said.lazy.with_columns(complaint.cast(nw.Int64()).alias("is_complaint")).with_columns(
        nw.when(~person.is_null()).then(us - before).alias("gap_us")
    )
    return evolve(said, lazy=counted, columns=said.columns | {"gap_us"})


def _active(seen: Frame, question: Question) -> dict[tuple[object, ...], Group]:
    """People with an interaction, by group, each once."""
    seen = visible_to_customers(known_by(seen, question.as_of, "occurred_us"))
    if question.window is not None:
        seen = seen.having(in_window(seen, question.window, "occurred_us"))
    people = seen.lazy.filter(~nw.col("person_id").is_null() & ~nw.col("occurred_us").is_null())
    once = people.select("person_id", *map(nw.col, question.by)).unique()
    frame = evolve(seen, lazy=once, columns=frozenset({"person_id", *question.by}), traced=False)
    return grouped(frame, by=question.by, excluded={}, value=nw.lit(1))
