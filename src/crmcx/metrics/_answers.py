"""Which answers a question is about, on which scale they are, and why some do not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.errors import ScaleError, UsageError
from crmcx.metrics._grouping import Group, empty_group, grouped
from crmcx.metrics._question import Question
from crmcx.metrics._repeats import Repeats, weighed, weight_reasons
from crmcx.models import Answer, AnswerState, Direction, FeedbackStatus, ItemKind, Scale
from crmcx.tables import Frame, Table, in_window, known_by, rows, schema_of, take, words_in

_WANTS = (
    *("kind", "state", "status", "item", "instrument", "person_id", "submitted_us", "known_us"),
    *("scale_min", "scale_max", "scale_direction"),
)


@frozen(kw_only=True)
class Asked:
    """How the answers of a question count, beside what they are about."""

    kind: ItemKind | None
    """The kind of items; None where they are named."""
    cluster: str | None
    """Column that tells whose answers belong together."""
    repeat: str = "all"
    """How the answers of one unit count."""
    repeat_of: str = "person_id"
    """The column of the unit."""
    weights: str | None = None
    """Column of weights."""
    items: tuple[str, ...] = ()
    """Codes of the items, where several are put side by side."""
    unit: str | None = None
    """The column that puts them side by side."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What of this defines the number."""
        repeat = self.repeat if self.repeat == "all" else f"{self.repeat} of {self.repeat_of}"
        return {"repeat": repeat, "weights": self.weights}

    def take(self, answers: Table, question: Question, *, columns: Mapping[str, str] | None) -> Frame:
        """The answers in the window that were known by then; to one item only."""
        if self.weights is not None and self.repeat == "mean":
            msg = "found weights= with repeat='mean', in which each weighs 1"
            raise UsageError(msg, hint="choose one of the two")
        frame = take_answers(answers, self, question, columns=columns)
        return frame if self.weights is None else weighed(frame, self.weights)

    def groups(
        self,
        frame: Frame,
        question: Question,
        *,
        off: nw.Expr,
        value: nw.Expr,
        counts: Mapping[str, nw.Expr],
        real: bool = False,
    ) -> dict[tuple[Any, ...], Group]:
        """The sums of the answers by group.

        Args:
            frame: The answers.
            question: What is asked.
            off: Whether a score lies off its scale.
            value: The observation.
            counts: Name to 1 where the answer is one of these.
            real: Whether observations have fractions.
        """
        repeats = Repeats.asked(self.repeat, self.repeat_of, frame, "submitted_us", ("feedback_key", "position"))
        excluded = reasons(frame, off=off)
        if self.weights is not None:
            excluded |= weight_reasons(self.weights)
        if repeats is not None and repeats.chooses:
            excluded["no_time"] = nw.col("submitted_us").is_null()
        return grouped(
            frame,
            by=question.by,
            cluster=self.cluster,
            excluded=excluded,
            value=value,
            counts=counts,
            real=real,
            weight=self.weights,
            repeats=repeats,
            few=tuple(name for name in ("score", "state", "status") if name in frame.columns),
        )

    def empty(self, frame: Frame, counts: Sequence[str]) -> Group:
        """The group of no answers."""
        return empty_group(counts, clustered=self.cluster is not None and self.cluster in frame.columns)


def take_answers(answers: Table, asked: Asked, question: Question, *, columns: Mapping[str, str] | None) -> Frame:
    """The answers to items of one kind, in the window, that were known by then; one item only."""
    instrument, item = question.parameters["instrument"], question.parameters["item"]
    chooses = asked.repeat in {"latest", "first"}
    needs = ["score"]
    needs += [name for name, wanted in (("instrument", instrument), ("item", item)) if wanted is not None]
    needs += ["submitted_us"] if question.window or question.as_of or chooses else []
    wants = [*_WANTS, *(["feedback_key", "position"] if chooses else [])]
    needs += ["item"] if asked.items else []
    own = [asked.unit, asked.weights, asked.repeat_of if asked.repeat != "all" else None]
    if asked.cluster is not None:
        (wants if asked.cluster in schema_of(Answer) else own).append(asked.cluster)
    also = [*question.by, *(name for name in own if name is not None)]
    frame = take(answers, Answer, needs=needs, wants=wants, also=also, columns=columns)
    if "kind" in frame.columns and asked.kind is not None:
        frame = frame.having(words_in("kind", asked.kind.value))
    for name, wanted in (("instrument", instrument), ("item", item)):
        if wanted is not None:
            frame = frame.having(words_in(name, wanted))
    if asked.items:
        frame = frame.having(words_in("item", *asked.items))
    if question.window is not None:
        frame = frame.having(in_window(frame, question.window, "submitted_us"))
    frame = known_by(frame, question.as_of, "submitted_us")
    alone = ("instrument",) if asked.items else ("instrument", "item")
    named = [name for name in alone if name in frame.columns and name not in question.by]
    if named:
        found = rows(frame.lazy.select(*map(nw.col, named)).unique())
        if len(found) > 1:
            told = sorted(" / ".join(str(row[name]) for name in named) for row in found)
            kind = f"{asked.kind.value} items" if asked.kind else "instruments" if asked.items else "items"
            msg = f"found {len(found)} {kind} ({', '.join(told[:5])}), expected one"
            remedy = " or ".join(f"{name}=" for name in named)
            raise UsageError(msg, hint=f"name one with {remedy}, or group by them")
    return frame


def scales_of(frame: Frame, scale: Scale | None, question: Question) -> list[Scale]:
    """The scales that the scores are on."""
    if scale is not None:
        return [scale]
    if not {"scale_min", "scale_max"} <= frame.columns:
        msg = f"the scores come without a scale, and {question.name} needs one"
        raise ScaleError(msg, hint="pass scale=Scale(min=..., max=...) when all of them are on one scale")
    names = [name for name in ("scale_min", "scale_max", "scale_direction") if name in frame.columns]
    scored = frame.lazy.filter(~nw.col("score").is_null()).select(*map(nw.col, names)).unique()
    found = rows(scored)
    if any(row["scale_min"] is None or row["scale_max"] is None for row in found):
        msg = f"some scores come without a scale, and {question.name} needs one for each"
        raise ScaleError(msg, hint="give each score its scale, or leave those without out before the call")
    scales = {
        (
            row["scale_min"],
            row["scale_max"],
            Direction(row.get("scale_direction") or Direction.HIGHER),
        )
        for row in found
    }
    return [Scale(min=low, max=high, direction=direction) for low, high, direction in sorted(scales)]


def one_scale(scales: list[Scale]) -> Scale | None:
    """The one scale of the scores; None where there are no scores.

    Raises:
        ScaleError: There are several.
    """
    if len(scales) > 1:
        msg = f"found scores on scales of {' and '.join(map(scale_words, scales))}, expected one"
        raise ScaleError(msg, hint="name the item, or compare each scale on its own")
    return scales[0] if scales else None


def off_scale(scale: Scale | None) -> nw.Expr:
    """Whether a score lies off its scale."""
    score = nw.col("score")
    return (score < (scale.min if scale else 0.0)) | (score > (scale.max if scale else 0.0))


def scale_words(scale: Scale) -> str:
    return f"{scale.min:g} to {scale.max:g}" + (" (low is good)" if scale.direction is Direction.LOWER else "")


def reasons(frame: Frame, *, off: nw.Expr) -> dict[str, nw.Expr]:
    """Reason to condition, for answers that do not count."""
    reasons: dict[str, nw.Expr] = {}
    if "status" in frame.columns:
        for status in (FeedbackStatus.TEST, FeedbackStatus.SCREENED_OUT):
            reasons[status.value] = words_in("status", status.value)
    if "state" in frame.columns:
        for state in (AnswerState.SKIPPED, AnswerState.NOT_SHOWN, AnswerState.NOT_APPLICABLE):
            reasons[state.value] = words_in("state", state.value)
    reasons["no_score"] = nw.col("score").is_null()
    reasons["off_scale"] = off & ~nw.col("score").is_null()
    return reasons
