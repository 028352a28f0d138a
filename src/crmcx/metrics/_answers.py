"""Which answers a question is about, on which scale they are, and why some do not count."""

from __future__ import annotations

from collections.abc import Mapping

import narwhals.stable.v2 as nw

from crmcx.errors import ScaleError, UsageError
from crmcx.metrics._question import Question
from crmcx.models import Answer, AnswerState, Direction, FeedbackStatus, ItemKind, Scale
from crmcx.tables import Frame, Table, in_window, known_by, rows, take, words_in

_WANTS = (
    *("kind", "state", "status", "item", "instrument", "person_id", "submitted_us", "known_us"),
    *("scale_min", "scale_max", "scale_direction"),
)


def take_answers(
    answers: Table, kind: ItemKind, question: Question, *, cluster: str | None, columns: Mapping[str, str] | None
) -> Frame:
    """The answers to items of one kind, in the window, that were known by then; one item only."""
    instrument, item = question.parameters["instrument"], question.parameters["item"]
    needs = ["score"]
    needs += [name for name, wanted in (("instrument", instrument), ("item", item)) if wanted is not None]
    needs += ["submitted_us"] if question.window or question.as_of else []
    wants = [*_WANTS, *([cluster] if cluster else [])]
    frame = take(answers, Answer, needs=needs, wants=wants, also=question.by, columns=columns)
    if "kind" in frame.columns:
        frame = frame.having(words_in("kind", kind.value))
    for name, wanted in (("instrument", instrument), ("item", item)):
        if wanted is not None:
            frame = frame.having(words_in(name, wanted))
    if question.window is not None:
        frame = frame.having(in_window(frame, question.window, "submitted_us"))
    frame = known_by(frame, question.as_of, "submitted_us")
    named = [name for name in ("instrument", "item") if name in frame.columns and name not in question.by]
    if named:
        found = rows(frame.lazy.select(*map(nw.col, named)).unique())
        if len(found) > 1:
            told = sorted(" / ".join(str(row[name]) for name in named) for row in found)
            msg = f"found {len(found)} {kind.value} items ({', '.join(told[:5])}), expected one"
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
