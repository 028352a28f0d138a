"""How it felt, in numbers: Net Promoter Score and customer satisfaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Unpack, overload

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import ScaleError, UsageError
from crmcx.estimates import Definition, Estimate, EstimateTable, Receipt, effective_size, nps_interval
from crmcx.instants import Window
from crmcx.metrics._answers import Asked, off_scale, one_scale, scale_words, scales_of
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import Group
from crmcx.metrics._options import AnswerOptions
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._shares import share
from crmcx.models import Direction, ItemKind, Scale
from crmcx.tables import Table


class CsatOptions(AnswerOptions, total=False):
    """What `csat` takes."""

    top: float | None


NPS_SCALE = Scale(min=0, max=10)
_PROMOTERS_FROM, _PASSIVES_FROM = 9, 7
_TOP_BOXES = {(1, 5): 4, (1, 7): 6, (1, 10): 9, (0, 10): 9, (1, 3): 3, (0, 1): 1, (1, 4): 3}


# -- Net Promoter Score ----------------------------------------------------------------------------------------------


def nps_from_counts(promoters: int, passives: int, detractors: int, *, level: float = 0.95) -> Estimate:
    """The Net Promoter Score of counts: 100 · (promoters - detractors) / all.

    Args:
        promoters: Answers of 9 and 10.
        passives: Answers of 7 and 8.
        detractors: Answers of 0 to 6.
        level: Confidence level of the score interval; the answers count as independent.

    Returns:
        Points from -100 to 100; None for no answers.

    Raises:
        UsageError: A count is negative.

    Example:
        >>> nps_from_counts(50, 30, 20)
        nps: 30.0; 95 % interval 14.0 to 44.3; n = 100

    Source:
        Reichheld (2003), Harvard Business Review 81(12):46.
    """
    if min(promoters, passives, detractors) < 0:
        msg = f"found the counts {promoters}, {passives}, {detractors}, expected none below 0"
        raise UsageError(msg, hint="pass numbers of answers")
    n = promoters + passives + detractors
    counts = {"promoters": promoters, "passives": passives, "detractors": detractors}
    receipt = Receipt(definition=Definition("nps", 1, _nps_parameters()), unit="points")
    if not n:
        return Estimate(value=None, reason="no answers", n=0, counts=counts, receipt=receipt)
    return Estimate(
        value=100 * (promoters - detractors) / n,
        n=n,
        counts=counts,
        interval=nps_interval(promoters, passives, detractors, level),
        receipt=receipt,
    )


def nps_from_scores(scores: Iterable[float | None], *, level: float = 0.95) -> Estimate:
    """The Net Promoter Score of plain scores from 0 to 10.

    Args:
        scores: Whole numbers from 0 to 10; None counts as skipped.
        level: Confidence level of the score interval; the answers count as independent.

    Returns:
        Points from -100 to 100; None for no scores.

    Raises:
        ScaleError: A score is no whole number from 0 to 10.

    Example:
        >>> nps_from_scores([10, 9, 8, 3, None]).value
        25.0
    """
    found = list(scores)
    given = [score for score in found if score is not None]
    strangers = sorted({score for score in given if score not in range(11)})
    if strangers:
        msg = f"found scores such as {strangers[0]:g}, expected whole numbers from 0 to 10"
        raise ScaleError(msg, hint="scores of another scale are no Net Promoter Score; see csat()")
    promoters = sum(score >= _PROMOTERS_FROM for score in given)
    detractors = sum(score < _PASSIVES_FROM for score in given)
    made = nps_from_counts(promoters, len(given) - promoters - detractors, detractors, level=level)
    skipped = len(found) - len(given)
    return Estimate(
        value=made.value,
        reason=made.reason,
        n=made.n,
        excluded={"skipped": skipped} if skipped else {},
        counts=dict(made.counts),
        interval=made.interval,
        receipt=made.receipt,
    )


@overload
def nps(answers: Table, *, by: None = None, **options: Unpack[AnswerOptions]) -> Estimate: ...
@overload
def nps(answers: Table, *, by: Groups, **options: Unpack[AnswerOptions]) -> EstimateTable: ...
@metric(clock="submitted_us")
def nps(
    answers: Table,
    *,
    by: By = None,
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
    """The Net Promoter Score: 100 · (share of 9 and 10 - share of 0 to 6), in points from -100 to 100.

    Of a table with a column `kind`, the answers to NPS items count; of one without, all rows. Left out under their
    reason are answers that are `skipped`, `not_shown`, `not_applicable` or without a score, scores off the scale, and
    answers of `test` and `screened_out` submissions; a partial submission's answers count. Outside the window nothing
    is counted at all.

    A transactional score asks after an occasion, and all answers count: name its `instrument`. A relational one asks
    people: `repeat="latest"`. That of accounts lets each account weigh the same, however many answer for it:
    `repeat="mean", repeat_of="account_key", cluster="account_key"`, with that column in the table. The three are not to
    be mixed or compared.

    Args:
        answers: Answers, or feedback models. Needs `score`; a table without `scale_min` and `scale_max` needs `scale`.
        by: Columns to group by.
        instrument: Code of the questionnaire, where several ask an NPS item.
        item: Code of the item, where a questionnaire asks several.
        scale: The scale of all scores, for a table that does not say.
        window: Days in which answers were submitted.
        as_of: Only what was known by then.
        cluster: Column that tells whose answers belong together; None to take all as independent.
        repeat: How several answers of one person in one group count: `all`; the `latest` or the `first` (by
            `submitted_us`, then `feedback_key`), the others left out as `repeat`; or their `mean`, so that each
            person weighs 1.
        repeat_of: The column whose answers repeat each other; `case_key` gives one answer for each case.
        weights: Column of sampling weights, such as `weight`; answers without one are left out as `no_weight`, those
            of weight 0 as `zero_weight`.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        An estimate with the counts of promoters, passives and detractors and a score interval, shrunk to the effective
        number of answers where a customer gave several; with `by` one per group. None for no answers.

    Raises:
        ScaleError: The scores are of another scale than 0 to 10, or of none.
        UsageError: Several NPS items are in the table and none was named.

    Example:
        >>> import polars as pl
        >>> nps(pl.DataFrame({"score": [10, 9, 8, 3]}), scale=NPS_SCALE).value
        25.0

    Source:
        Reichheld (2003), Harvard Business Review 81(12):46.
    """
    asked = Asked(kind=ItemKind.NPS, cluster=cluster, repeat=repeat, repeat_of=repeat_of, weights=weights)
    question = Question(
        name="nps",
        unit="points",
        parameters=_nps_parameters() | {"instrument": instrument, "item": item} | asked.parameters,
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    frame = asked.take(answers, question, columns=columns)
    scales = scales_of(frame, scale, question)
    if strangers := [found for found in scales if found != NPS_SCALE]:
        msg = f"found scores on a scale of {scale_words(strangers[0])}, expected 0 to 10"
        raise ScaleError(msg, hint="scores of another scale are no Net Promoter Score; see csat()")
    score = nw.col("score")
    promoter, passive = score >= _PROMOTERS_FROM, (score >= _PASSIVES_FROM) & (score < _PROMOTERS_FROM)
    detractor = score < _PASSIVES_FROM
    one, none, minus = nw.lit(1), nw.lit(0), nw.lit(-1)
    counts = {
        "promoters": nw.when(promoter).then(one).otherwise(none),
        "passives": nw.when(passive).then(one).otherwise(none),
        "detractors": nw.when(detractor).then(one).otherwise(none),
    }
    value = nw.when(promoter).then(one).otherwise(nw.when(detractor).then(minus).otherwise(none))
    groups = asked.groups(frame, question, off=_off(score), value=value, counts=counts)
    receipt = question.receipt(frame)
    return question.answer(groups, asked.empty(frame, tuple(counts)), lambda group: _nps(group, receipt, level))


def _nps(group: Group, receipt: Receipt, level: float) -> Estimate:
    sums = group.sums
    if not sums.n:
        return Estimate(
            value=None,
            reason="no answers",
            n=0,
            n_clusters=group.n_clusters,
            excluded=group.excluded,
            counts=group.counts,
            receipt=receipt,
        )
    shrunk = effective_size(sums) / sums.size
    promoters, passives, detractors = (group.sizes[name] for name in ("promoters", "passives", "detractors"))
    return Estimate(
        value=100 * sums.total / sums.size,
        n=sums.n,
        n_clusters=group.n_clusters,
        excluded=group.excluded,
        counts=group.counts,
        interval=nps_interval(promoters * shrunk, passives * shrunk, detractors * shrunk, level),
        receipt=receipt,
    )


def _nps_parameters() -> dict[str, Any]:
    return {"scale": "0..10", "promoters": "9..10", "passives": "7..8", "detractors": "0..6"}


# -- customer satisfaction -------------------------------------------------------------------------------------------


@overload
def csat(answers: Table, *, by: None = None, **options: Unpack[CsatOptions]) -> Estimate: ...
@overload
def csat(answers: Table, *, by: Groups, **options: Unpack[CsatOptions]) -> EstimateTable: ...
@metric(clock="submitted_us")
def csat(
    answers: Table,
    *,
    by: By = None,
    top: float | None = None,
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
    """Customer satisfaction: the share of answers in the top boxes of the scale.

    The top boxes are 4 and 5 of 1 to 5, 6 and 7 of 1 to 7, 9 and 10 of 1 or 0 to 10, 3 of 1 to 3, 3 and 4 of 1 to 4,
    and 1 of 0 and 1. Which rows count and what is left out is as for `nps`, with CSAT items.

    Args:
        answers: Answers, or feedback models. Needs `score`; a table without `scale_min` and `scale_max` needs `scale`.
        by: Columns to group by.
        top: The lowest score that counts as satisfied, for other scales or another policy.
        instrument: Code of the questionnaire, where several ask a CSAT item.
        item: Code of the item, where a questionnaire asks several.
        scale: The scale of all scores, for a table that does not say.
        window: Days in which answers were submitted.
        as_of: Only what was known by then.
        cluster: Column that tells whose answers belong together; None to take all as independent.
        repeat: How several answers of one person in one group count: `all`; the `latest` or the `first` (by
            `submitted_us`, then `feedback_key`), the others left out as `repeat`; or their `mean`, so that each
            person weighs 1.
        repeat_of: The column whose answers repeat each other; `case_key` gives one answer for each case.
        weights: Column of sampling weights, such as `weight`; answers without one are left out as `no_weight`, those
            of weight 0 as `zero_weight`.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval, shrunk to the effective number of answers where a customer gave
        several; with `by` one per group. None for no answers.

    Raises:
        ScaleError: The scores are of several scales, of none, of one where low is good, or of one without known boxes.
        UsageError: Several CSAT items are in the table and none was named.

    Example:
        >>> import polars as pl
        >>> csat(pl.DataFrame({"score": [5, 4, 3, 1]}), scale=Scale(min=1, max=5)).value
        0.5
    """
    asked = Asked(kind=ItemKind.CSAT, cluster=cluster, repeat=repeat, repeat_of=repeat_of, weights=weights)
    question = Question(
        name="csat",
        unit="share",
        parameters={"top": top, "instrument": instrument, "item": item} | asked.parameters,
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    frame = asked.take(answers, question, columns=columns)
    found = one_scale(scales_of(frame, scale, question))
    at_least = _top_box(found, top) if found else top
    satisfied = nw.when(nw.col("score") >= (at_least or 0)).then(nw.lit(1)).otherwise(nw.lit(0))
    counts = {"satisfied": satisfied}
    groups = asked.groups(frame, question, off=off_scale(found), value=satisfied, counts=counts)
    told = {**question.parameters, "top": at_least, "scale": scale_words(found) if found else None}
    receipt = evolve(question, parameters=told).receipt(frame)
    return question.answer(
        groups,
        asked.empty(frame, tuple(counts)),
        lambda group: share(group, receipt, level=level, nothing="no answers"),
    )


def _top_box(scale: Scale, top: float | None) -> float:
    if scale.direction is Direction.LOWER:
        msg = f"found a scale of {scale_words(scale)} where low is good, expected one where high is good"
        raise ScaleError(msg, hint="satisfaction counts the top boxes; turn the scores round under a name of their own")
    if top is None:
        top = _TOP_BOXES.get((int(scale.min), int(scale.max))) if scale.min % 1 == scale.max % 1 == 0 else None
    if top is None:
        msg = f"no top boxes are agreed for a scale of {scale_words(scale)}"
        raise ScaleError(msg, hint="say the lowest satisfied score with top=")
    if not scale.holds(top):
        msg = f"found top={top:g}, expected a score on the scale of {scale_words(scale)}"
        raise ScaleError(msg, hint="say the lowest satisfied score with top=")
    return top


def _off(score: nw.Expr) -> nw.Expr:
    """Whether a score is no whole number from 0 to 10."""
    return (score < NPS_SCALE.min) | (score > NPS_SCALE.max) | (score != score.round())
