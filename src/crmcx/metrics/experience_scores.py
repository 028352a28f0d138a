"""How it felt, as means: satisfaction, effort, ratings of reviews."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import ScaleError, UsageError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window
from crmcx.metrics._answers import Asked, off_scale, one_scale, scale_words, scales_of
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import Group
from crmcx.metrics._means import mean
from crmcx.metrics._options import AnswerOptions
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._shares import share
from crmcx.models import Direction, ItemKind, Scale
from crmcx.tables import Table

_EFFORT = {"1.0": Scale(min=1, max=5, direction=Direction.LOWER), "2.0": Scale(min=1, max=7)}
_MEASURES = ("mean", "easy")
_MOST_STARS = 11


class MeanOptions(AnswerOptions, total=False):
    """What `csat_mean` takes."""

    rescaled: bool


class EffortOptions(AnswerOptions, total=False):
    """What `ces` takes."""

    version: str
    measure: str


class ReviewOptions(AnswerOptions, total=False):
    """What `review_rating` takes."""

    prior: tuple[float, float] | None


@overload
def csat_mean(answers: Table, *, by: None = None, **options: Unpack[MeanOptions]) -> Estimate: ...
@overload
def csat_mean(answers: Table, *, by: Groups, **options: Unpack[MeanOptions]) -> EstimateTable: ...
@metric(clock="submitted_us")
def csat_mean(
    answers: Table,
    *,
    by: By = None,
    rescaled: bool = False,
    instrument: str | None = None,
    item: str | None = None,
    scale: Scale | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    repeat: str = "all",
    repeat_of: str = "person_id",
    weights: str | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """Customer satisfaction as a mean of scores: a number of the scale, and no share.

    Which rows count and what is left out is as for `csat`.

    Args:
        answers: Answers, or feedback models. Needs `score`; a table without `scale_min` and `scale_max` needs `scale`.
        by: Columns to group by.
        rescaled: Tell it from 0 to 100: 100 · (mean - min) / (max - min). Two scales do not become comparable by it.
        instrument: Code of the questionnaire, where several ask a CSAT item.
        item: Code of the item, where a questionnaire asks several.
        scale: The scale of all scores, for a table that does not say.
        window: Days in which answers were submitted.
        as_of: Only what was known by then.
        cluster: Column that tells whose answers belong together; None to take all as independent.
        repeat: As for `nps`.
        repeat_of: As for `nps`.
        weights: As for `nps`.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A score on the scale (or points from 0 to 100) with Student's t interval over clusters; with `by` one per group.
        None for no answers; no interval where all are equal or one person gave them.

    Raises:
        ScaleError: The scores are of several scales, of none, or of one where low is good.

    Example:
        >>> import polars as pl
        >>> csat_mean(pl.DataFrame({"score": [5, 4, 3, 4]}), scale=Scale(min=1, max=5))
        csat_mean: 4.00; 95 % interval 2.70 to 5.30; n = 4
    """
    asked = Asked(kind=ItemKind.CSAT, cluster=cluster, repeat=repeat, repeat_of=repeat_of, weights=weights)
    question = Question(
        name="csat_mean",
        unit="points" if rescaled else "score",
        parameters={"instrument": instrument, "item": item, "rescaled": rescaled} | asked.parameters,
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    frame = asked.take(answers, question, columns=columns)
    found = one_scale(scales_of(frame, scale, question))
    if found is not None and found.direction is Direction.LOWER:
        msg = f"found a scale of {scale_words(found)}, expected one where high is good"
        raise ScaleError(msg, hint="turn the scores round under a name of their own; for effort see ces()")
    told = {**question.parameters, "scale": scale_words(found) if found else None}
    receipt = evolve(question, parameters=told).receipt(frame)
    groups = asked.groups(frame, question, off=off_scale(found), value=nw.col("score"), counts={}, real=True)
    zero, unit = (found.min, 100 / (found.max - found.min)) if rescaled and found else (0.0, 1.0)
    return question.answer(
        groups,
        asked.empty(frame, ()),
        lambda group: mean(group, receipt, level=level, nothing="no answers", zero=zero, unit=unit),
    )


@overload
def ces(answers: Table, *, by: None = None, **options: Unpack[EffortOptions]) -> Estimate: ...
@overload
def ces(answers: Table, *, by: Groups, **options: Unpack[EffortOptions]) -> EstimateTable: ...
@metric(clock="submitted_us")
def ces(
    answers: Table,
    *,
    by: By = None,
    version: str = "2.0",
    measure: str = "mean",
    instrument: str | None = None,
    item: str | None = None,
    scale: Scale | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    repeat: str = "all",
    repeat_of: str = "person_id",
    weights: str | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The customer effort score, of one version: 1.0 and 2.0 go in opposite directions and are never pooled.

    Version 2.0 asks how far it was made easy, from 1 to 7, and high is good. Version 1.0 asks for the effort it took,
    from 1 to 5, and low is good; its mean is told as it is, and is not turned round. Which rows count and what is left
    out is as for `nps`, with CES items.

    Args:
        answers: Answers, or feedback models. Needs `score`; a table without `scale_min` and `scale_max` needs `scale`.
        by: Columns to group by.
        version: `2.0` or `1.0`.
        measure: `mean`; or `easy`, the share of answers from 5 to 7 (of version 1.0: of 1 and 2).
        instrument: Code of the questionnaire, where several ask a CES item.
        item: Code of the item, where a questionnaire asks several.
        scale: The scale of all scores, for a table that does not say.
        window: Days in which answers were submitted.
        as_of: Only what was known by then.
        cluster: Column that tells whose answers belong together; None to take all as independent.
        repeat: As for `nps`.
        repeat_of: As for `nps`.
        weights: As for `nps`.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A score with Student's t interval over clusters and the counts easy and not easy, or a share with Wilson's; with
        `by` one per group. None for no answers.

    Raises:
        ScaleError: The scores are of another scale or direction than the version's.

    Example:
        >>> import polars as pl
        >>> ces(pl.DataFrame({"score": [7, 6, 2, 5]}), scale=Scale(min=1, max=7), measure="easy").value
        0.75

    Source:
        Dixon, Freeman and Toman (2010), Harvard Business Review 88(7/8):116, for version 1.0; CEB (2013) for 2.0.
    """
    demand_one_of("version", version, _EFFORT)
    demand_one_of("measure", measure, _MEASURES)
    asked = Asked(kind=ItemKind.CES, cluster=cluster, repeat=repeat, repeat_of=repeat_of, weights=weights)
    wanted = _EFFORT[version]
    easy_words = "5..7" if version == "2.0" else "1..2"
    parameters = {"version": version, "measure": measure, "scale": scale_words(wanted), "easy": easy_words}
    question = Question(
        name="ces",
        unit="share" if measure == "easy" else "score",
        parameters=parameters | {"instrument": instrument, "item": item} | asked.parameters,
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    frame = asked.take(answers, question, columns=columns)
    for found in scales_of(frame, scale, question):
        if found != wanted:
            msg = f"found scores on a scale of {scale_words(found)}, and version {version} is of {scale_words(wanted)}"
            other = "1.0" if version == "2.0" else "2.0"
            turned = "say which way the scale goes, with scale="
            remedy = f"say version={other!r}" if found == _EFFORT[other] else turned
            raise ScaleError(msg, hint=f"{remedy}; the two versions are never pooled")
    score = nw.col("score")
    is_easy = score >= 5 if version == "2.0" else score <= 2  # noqa: PLR2004 - the definition's own numbers
    easy = nw.when(is_easy).then(nw.lit(1)).otherwise(nw.lit(0))
    counts = {"easy": easy, "not_easy": nw.lit(1) - easy}
    real = measure == "mean"
    groups = asked.groups(
        frame, question, off=off_scale(wanted), value=score if real else easy, counts=counts, real=real
    )
    receipt = question.receipt(frame)
    make = mean if real else share
    return question.answer(
        groups,
        asked.empty(frame, tuple(counts)),
        lambda group: make(group, receipt, level=level, nothing="no answers"),
    )


@overload
def review_rating(answers: Table, *, by: None = None, **options: Unpack[ReviewOptions]) -> Estimate: ...
@overload
def review_rating(answers: Table, *, by: Groups, **options: Unpack[ReviewOptions]) -> EstimateTable: ...
@metric(clock="submitted_us")
def review_rating(
    answers: Table,
    *,
    by: By = None,
    prior: tuple[float, float] | None = None,
    instrument: str | None = None,
    item: str | None = None,
    scale: Scale | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    repeat: str = "latest",
    repeat_of: str = "person_id",
    weights: str | None = None,
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The mean rating of reviews, with how often each rating was given.

    Who writes a review chose to: the interval is of those who write, not of all customers. With a prior, few reviews
    are drawn to it, so that three of them do not rank first: (prior mean · prior weight + sum) / (prior weight + n).

    Args:
        answers: Answers of reviews. Needs `score` and, for `repeat`, `submitted_us`; a table without `scale_min` and
            `scale_max` needs `scale`.
        by: Columns to group by, such as a product of your own column.
        prior: The mean that few reviews are drawn to, and how many reviews it is worth; None for the plain mean.
        instrument: Code of the questionnaire (or review site), where several are in the table.
        item: Code of the item, where a questionnaire asks several.
        scale: The scale of all scores, for a table that does not say.
        window: Days in which reviews were submitted.
        as_of: Only what was known by then.
        cluster: Column that tells whose reviews belong together; None to take all as independent.
        repeat: As for `nps`; a person's latest review counts unless another policy is named.
        repeat_of: As for `nps`.
        weights: As for `nps`.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A score with Student's t interval over clusters (none with a prior) and the counts of each rating, for scales of
        up to 11 whole ratings; with `by` one per group. None for no reviews, with a prior too.

    Raises:
        ScaleError: The scores are of several scales, or of none.
        UsageError: The prior's mean lies off the scale, its weight is not above 0, or several items are in the table.

    Example:
        >>> import polars as pl
        >>> stars = pl.DataFrame({"score": [5, 5, 5]})
        >>> found = review_rating(stars, scale=Scale(min=1, max=5), prior=(3.5, 10), repeat="all")
        >>> round(found.value, 2), dict(found.counts)["5"]
        (3.85, 3)
    """
    asked = Asked(kind=None, cluster=cluster, repeat=repeat, repeat_of=repeat_of, weights=weights)
    question = Question(
        name="review_rating",
        unit="score",
        parameters={"instrument": instrument, "item": item, "prior": list(prior) if prior else None} | asked.parameters,
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    frame = asked.take(answers, question, columns=columns)
    found = one_scale(scales_of(frame, scale, question))
    if prior is not None and (prior[1] <= 0 or (found is not None and not found.holds(prior[0]))):
        msg = f"found prior={prior}, expected a mean on the scale and a weight above 0"
        raise UsageError(msg, hint="say prior=(3.5, 10): a mean of 3.5 worth ten reviews")
    score = nw.col("score")
    stars = _stars(found) if found else ()
    counts = {str(star): nw.when(score == star).then(nw.lit(1)).otherwise(nw.lit(0)) for star in stars}
    told = {**question.parameters, "scale": scale_words(found) if found else None}
    receipt = evolve(question, parameters=told).receipt(frame)
    groups = asked.groups(frame, question, off=off_scale(found), value=score, counts=counts, real=True)

    def rating(group: Group) -> Estimate:
        made = mean(group, receipt, level=level, nothing="no reviews")
        if prior is None or made.value is None:
            return made
        centre, worth = prior
        drawn = (centre * worth + group.sums.total) / (worth + group.sums.size)
        return evolve(made, value=drawn, interval=None)

    return question.answer(groups, asked.empty(frame, tuple(counts)), rating)


def _stars(scale: Scale) -> range:
    """The whole ratings of a scale; none where there are more than can be told."""
    whole = scale.min % 1 == scale.max % 1 == 0 and scale.max - scale.min < _MOST_STARS
    return range(int(scale.min), int(scale.max) + 1) if whole else range(0)
