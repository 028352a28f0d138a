"""Answers to several items side by side: one row per submission or person."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import UsageError
from crmcx.models import FeedbackStatus
from crmcx.tables import Frame, rows, words_in

_SET_ASIDE = (FeedbackStatus.TEST.value, FeedbackStatus.SCREENED_OUT.value)


def side_by_side(
    frame: Frame, items: Sequence[str], *, unit: str, by: Sequence[str], cluster: str | None, score: nw.Expr
) -> Frame:
    """One row per unit with its score for each item.

    Args:
        frame: Answers to these items, with `item`, the column of the unit, those to group by and `score`.
        items: Codes of the items, in order.
        unit: Column of what is put side by side; each row has one.
        by: Columns to group by; among several values of one unit the greatest.
        cluster: Column of clusters, where the frame has it.
        score: The score, null where it does not count.

    Returns:
        Columns `unit`, `score_0` and so on, `answers_0` and so on (how many scores), `aside`, those of `by`, and the
        cluster's.

    Raises:
        UsageError: An answer has no unit.
    """
    (found,) = rows(frame.lazy.select(nw.col(unit).is_null().cast(nw.Int64()).sum().alias("without")))
    if found["without"]:
        msg = f"found {int(found['without'])} answers without {unit}, which nothing can be put beside"
        raise UsageError(
            msg, hint=f"leave them out before the call, or put answers together by another unit than {unit}"
        )
    keep = [*by, *([cluster] if cluster is not None and cluster in frame.columns and cluster not in by else [])]
    named = {f"kept_{number}": name for number, name in enumerate(keep)}
    one, none = nw.lit(1), nw.lit(0)
    numbered = {f"{number}": words_in("item", item) & ~score.is_null() for number, item in enumerate(items)}
    aside = words_in("status", *_SET_ASIDE) if "status" in frame.columns else nw.col(unit).is_null()
    staged = frame.lazy.select(
        nw.col(unit).alias("unit"),
        *(nw.when(found).then(score).alias(f"score_{number}") for number, found in numbered.items()),
        *(nw.when(found).then(one).otherwise(none).alias(f"answers_{number}") for number, found in numbered.items()),
        nw.when(aside).then(one).otherwise(none).alias("aside"),
        *(nw.col(name).alias(key) for key, name in named.items()),
    )
    per_unit = staged.group_by("unit").agg(
        *(nw.col(f"score_{number}").max() for number in numbered),
        *(nw.col(f"answers_{number}").sum() for number in numbered),
        nw.col("aside").max(),
        *(nw.col(key).max() for key in named),
    )
    measured = [f"{what}_{number}" for what in ("score", "answers") for number in numbered]
    told = per_unit.select("unit", *measured, "aside", *(nw.col(key).alias(name) for key, name in named.items()))
    return evolve(frame, lazy=told, columns=frozenset({"unit", *measured, "aside", *keep}))


def incomplete(items: Sequence[str]) -> dict[str, nw.Expr]:
    """Reason to condition, for units that do not have just one score for each item."""
    numbers = range(len(items))
    return {
        "test_or_screened_out": nw.col("aside") == 1,
        "incomplete": nw.any_horizontal(*(nw.col(f"answers_{number}") == 0 for number in numbers), ignore_nulls=True),
        "several_answers": nw.any_horizontal(
            *(nw.col(f"answers_{number}") > 1 for number in numbers), ignore_nulls=True
        ),
    }
