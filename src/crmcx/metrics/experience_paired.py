"""How it felt, from several items of one submission: the gap to what was expected, an index of three factors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Required, Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import ScaleError, UsageError
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window
from crmcx.metrics._answers import Asked, off_scale, one_scale, scale_words, scales_of
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._fitting import fitted_weights
from crmcx.metrics._grouping import empty_group, grouped
from crmcx.metrics._means import mean
from crmcx.metrics._options import Clustered, Dated
from crmcx.metrics._paired import incomplete, side_by_side
from crmcx.metrics._question import By, Question, names_of
from crmcx.models import Direction, Scale
from crmcx.tables import Frame, Table

_FACTORS = ("effectiveness", "ease", "emotion")


class PairedOptions(Dated, Clustered, total=False):
    """What metrics of several items take."""

    unit: str
    instrument: str | None
    scale: Scale | None


class GapOptions(PairedOptions, total=False):
    """What `expectation_gap` takes."""

    perceived: Required[str]
    expected: Required[str]


class IndexOptions(PairedOptions, total=False):
    """What `cx_index` takes."""

    items: Required[Mapping[str, str]]
    factor_weights: Mapping[str, float] | None
    outcome: str | None


@overload
def expectation_gap(answers: Table, *, by: None = None, **options: Unpack[GapOptions]) -> Estimate: ...
@overload
def expectation_gap(answers: Table, *, by: Groups, **options: Unpack[GapOptions]) -> EstimateTable: ...
@metric(clock="submitted_us")
def expectation_gap(
    answers: Table,
    *,
    perceived: str,
    expected: str,
    by: By = None,
    unit: str = "feedback_key",
    instrument: str | None = None,
    scale: Scale | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """How far what was perceived lies from what was expected: the mean of perceived - expected, in scale units.

    Only pairs count: both answers of one submission (or of one person, by `unit`). An answer without its other half is
    left out as `incomplete`, never compared with those of other people.

    Args:
        answers: Answers. Needs `score`, `item` and the column of the unit; a table without `scale_min` and `scale_max`
            needs `scale`.
        perceived: Code of the item that asks what it was like.
        expected: Code of the item that asks what it should be like.
        by: Columns to group by.
        unit: The column that makes the pairs: `feedback_key`, or `person_id` where the two were asked apart.
        instrument: Code of the questionnaire.
        scale: The scale of all scores, for a table that does not say.
        window: Days in which answers were submitted.
        as_of: Only what was known by then.
        cluster: Column that tells whose pairs belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A score, above 0 where more was perceived than expected, with Student's t interval over clusters and the counts
        above, equal and below; with `by` one per group. None without a pair.

    Raises:
        ScaleError: The two items are on different scales, or on none, or on one where low is good.

    Example:
        >>> import polars as pl
        >>> told = {"feedback_key": [1, 1, 2, 2], "item": ["was", "should"] * 2, "score": [5, 6, 4, 6]}
        >>> expectation_gap(pl.DataFrame(told), perceived="was", expected="should", scale=Scale(min=1, max=7)).value
        -1.5

    Source:
        Parasuraman, Zeithaml and Berry (1988), Journal of Retailing 64(1):12.
    """
    items = (perceived, expected)
    if perceived == expected:
        msg = f"found {perceived!r} for both items, expected two"
        raise UsageError(msg, hint="name the item of what it was like and that of what it should be like")
    question = Question(
        name="expectation_gap",
        unit="score",
        parameters={"perceived": perceived, "expected": expected, "unit": unit, "instrument": instrument, "item": None},
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    asked = Asked(kind=None, cluster=cluster, items=items, unit=unit)
    frame = asked.take(answers, question, columns=columns)
    found = one_scale(scales_of(frame, scale, question))
    if found is not None and found.direction is Direction.LOWER:
        msg = f"found a scale of {scale_words(found)}, expected one where high is good"
        raise ScaleError(msg, hint="turn the scores round under a name of their own")
    told = {**question.parameters, "scale": scale_words(found) if found else None}
    receipt = evolve(question, parameters=told).receipt(frame)
    score = nw.when(~off_scale(found)).then(nw.col("score"))
    pairs = side_by_side(frame, items, unit=unit, by=question.by, cluster=cluster, score=score)
    gap = nw.col("score_0") - nw.col("score_1")
    one, none = nw.lit(1), nw.lit(0)
    counts = {
        "above": nw.when(gap > 0).then(one).otherwise(none),
        "equal": nw.when(gap == 0).then(one).otherwise(none),
        "below": nw.when(gap < 0).then(one).otherwise(none),
    }
    groups = grouped(
        pairs, by=question.by, cluster=cluster, excluded=incomplete(items), value=gap, counts=counts, real=True
    )
    empty = empty_group(tuple(counts), clustered=cluster is not None and cluster in pairs.columns)
    return question.answer(groups, empty, lambda group: mean(group, receipt, level=level, nothing="no pairs"))


@overload
def cx_index(answers: Table, *, by: None = None, **options: Unpack[IndexOptions]) -> Estimate: ...
@overload
def cx_index(answers: Table, *, by: Groups, **options: Unpack[IndexOptions]) -> EstimateTable: ...
@metric(clock="submitted_us")
def cx_index(
    answers: Table,
    *,
    items: Mapping[str, str],
    factor_weights: Mapping[str, float] | None = None,
    outcome: str | None = None,
    by: By = None,
    unit: str = "feedback_key",
    instrument: str | None = None,
    scale: Scale | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """An index of experience from effectiveness, ease and emotion: the weighted mean of three scores from 0 to 100.

    Each score is brought to 0 to 100 by its own scale and direction. The weights are given, or fitted: least squares of
    the outcome on the three factors over all submissions, coefficients below 0 set to 0, shared out to 1. It is an
    index of your own; Forrester's CX Index has weights that are not public.

    Args:
        answers: Answers. Needs `score`, `item` and the column of the unit; a table without `scale_min` and `scale_max`
            needs `scale`.
        items: Factor to code of its item, for `effectiveness`, `ease` and `emotion`.
        factor_weights: Factor to weight, 0 or more; equal unless these or `outcome` are given.
        outcome: Code of the item that weights are fitted on, such as one of loyalty.
        by: Columns to group by; the weights are the same in all groups.
        unit: The column that puts answers together: `feedback_key`, or `person_id`.
        instrument: Code of the questionnaire.
        scale: The scale of all scores, for a table that does not say.
        window: Days in which answers were submitted.
        as_of: Only what was known by then.
        cluster: Column that tells whose submissions belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        Points from 0 to 100 with Student's t interval over clusters, given the weights (how unsure fitted weights are
        is not in it); the weights, to 6 digits, stand in the receipt. With `by` one per group. Submissions that lack a
        factor are left out as `incomplete`. None without a whole one.

    Raises:
        UsageError: The factors are not these three, a weight is below 0 or all are, both weights and an outcome are
            given, or no weight can be fitted.

    Example:
        >>> import polars as pl
        >>> told = {"feedback_key": [1, 1, 1], "item": ["done", "easy", "felt"], "score": [5, 3, 4]}
        >>> named = {"effectiveness": "done", "ease": "easy", "emotion": "felt"}
        >>> cx_index(pl.DataFrame(told), items=named, scale=Scale(min=1, max=5)).value
        75.0
    """
    given = _weights(items, factor_weights, outcome)
    codes = tuple(items[factor] for factor in _FACTORS)
    question = Question(
        name="cx_index",
        unit="points",
        parameters={
            "items": {factor: items[factor] for factor in _FACTORS},
            "outcome": outcome,
            "unit": unit,
            "instrument": instrument,
            "item": None,
        },
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    all_codes = (*codes, *([outcome] if outcome is not None else []))
    asked = Asked(kind=None, cluster=cluster, items=all_codes, unit=unit)
    frame = asked.take(answers, question, columns=columns)
    scales_of(frame, scale, question)
    whole = side_by_side(
        frame, all_codes, unit=unit, by=question.by, cluster=cluster, score=_from_0_to_100(frame, scale)
    )
    weights = given if outcome is None else fitted_weights(whole, all_codes)
    told: dict[str, Any] = {
        **question.parameters,
        "weights": {factor: round(weight, 6) for factor, weight in zip(_FACTORS, weights, strict=True)}
        if weights
        else None,
    }
    receipt = evolve(question, parameters=told).receipt(whole)
    value = nw.lit(0.0)
    for number, weight in enumerate(weights or given):
        value += nw.lit(weight) * nw.col(f"score_{number}")
    excluded = incomplete(codes if weights else all_codes)
    groups = grouped(whole, by=question.by, cluster=cluster, excluded=excluded, value=value, real=True)
    empty = empty_group((), clustered=cluster is not None and cluster in whole.columns)
    return question.answer(
        groups, empty, lambda group: mean(group, receipt, level=level, nothing="no whole submissions")
    )


def _weights(
    items: Mapping[str, str], factor_weights: Mapping[str, float] | None, outcome: str | None
) -> tuple[float, ...]:
    """The weights that were given, as shares of 1."""
    names = [set(items), *([set(factor_weights)] if factor_weights is not None else [])]
    if any(found != set(_FACTORS) for found in names):
        msg = f"found the factors {', '.join(sorted(names[-1]))}, expected {', '.join(_FACTORS)}"
        raise UsageError(msg, hint="name each of the three once")
    if factor_weights is not None and outcome is not None:
        msg = "found weights and an outcome to fit them on"
        raise UsageError(msg, hint="pass one of the two")
    weights = [float(factor_weights[factor]) if factor_weights else 1.0 for factor in _FACTORS]
    if min(weights) < 0 or not sum(weights):
        msg = f"found the weights {weights}, expected none below 0 and one above"
        raise UsageError(msg, hint="a factor that lowers the index is no part of it")
    return tuple(weight / sum(weights) for weight in weights)


def _from_0_to_100(frame: Frame, scale: Scale | None) -> nw.Expr:
    """The score as points of its own scale, 100 the good end; null off the scale."""
    if scale is not None:
        low, high = nw.lit(scale.min), nw.lit(scale.max)
        turned = nw.lit(scale.direction is Direction.LOWER)
    else:
        low, high = nw.col("scale_min"), nw.col("scale_max")
        directed = "scale_direction" in frame.columns
        turned = nw.lit(False)  # noqa: FBT003 - a column of false
        if directed:
            turned = ~nw.col("scale_direction").is_null() & (nw.col("scale_direction") == Direction.LOWER.value)
    score = nw.col("score")
    points = 100 * (score - low) / (high - low)
    fits = (score >= low) & (score <= high)
    return nw.when(fits & turned).then(100 - points).otherwise(nw.when(fits).then(points))
