"""Deals as metrics take them: those closed in a window, when they began and when they ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import narwhals.stable.v2 as nw
from attrs import evolve

from crmcx.errors import MissingColumnError
from crmcx.instants import to_us
from crmcx.metrics._question import Question
from crmcx.models import Deal, DealStatus
from crmcx.tables import Frame, Table, in_window, latest, take, words_in

DAY_US = 86_400_000_000
_DATES = {"began_us": ("created_us", "opened_day"), "ended_us": ("closed_us", "closed_day")}


def closed_deals(
    deals: Table,
    question: Question,
    cluster: str | None,
    needs: Sequence[str],
    columns: Mapping[str, str] | None,
) -> Frame:
    """The deals that were closed in the window."""
    wants = ["closed_us", "closed_day"] if question.window else []
    frame = take(
        deals,
        Deal,
        needs=["status", *needs],
        wants=[*wants, *([cluster] if cluster else [])],
        also=question.by,
        columns=columns,
    )
    if question.window is None:
        return frame
    if not {"closed_us", "closed_day"} & frame.columns:
        msg = "the deals table lacks closed_us and closed_day, and a window needs one of them"
        raise MissingColumnError(msg, hint='pass columns={"closed_us": "your column"}', missing=("closed_us",))
    return frame.having(in_window(frame, question.window, "closed_us", "closed_day"))


def dated_deals(
    deals: Table, question: Question, columns: Mapping[str, str] | None, *, wants: Sequence[str] = ()
) -> Frame:
    """Deals with `began_us` and `ended_us`: their instants, else the beginnings of their days in UTC.

    Raises:
        MissingColumnError: The table has neither an instant nor a day of one of the two.
    """
    dates = [name for pair in _DATES.values() for name in pair]
    frame = take(deals, Deal, needs=["status"], wants=[*dates, *wants], also=question.by, columns=columns)
    for instant, day in _DATES.values():
        if not {instant, day} & frame.columns:
            msg = f"the deals table lacks {instant} and {day}, and {question.name} needs one of them"
            raise MissingColumnError(msg, hint=f'pass columns={{"{instant}": "your column"}}', missing=(instant,))
    made = {name: _instant(frame, *pair).alias(name) for name, pair in _DATES.items()}
    return evolve(frame, lazy=frame.lazy.with_columns(*made.values()), columns=frame.columns | set(made))


def _instant(frame: Frame, instant: str, day: str) -> nw.Expr:
    from_day = nw.col(day) * DAY_US if day in frame.columns else None
    if instant not in frame.columns:
        assert from_day is not None  # noqa: S101 - one of the two is there
        return from_day
    if from_day is None:
        return nw.col(instant)
    return nw.when(nw.col(instant).is_null()).then(from_day).otherwise(nw.col(instant))


def begun_by(frame: Frame, question: Question) -> Frame:
    """The deals that began in the window, and not after the date up to which all is known."""
    began = nw.col("began_us")
    if question.window is not None:
        inside = (began >= question.window.start_us) & (began < question.window.end_us)
        if "opened_day" in frame.columns:
            day = nw.col("opened_day")
            by_day = (day >= question.window.start_day) & (day < question.window.end_day)
            only_day = nw.lit(1) == 1 if "created_us" not in frame.columns else nw.col("created_us").is_null()
            inside = nw.when(only_day & ~day.is_null()).then(by_day).otherwise(inside)
        frame = frame.having(~began.is_null() & inside)
    if question.as_of is not None:
        frame = frame.having(began.is_null() | (began <= to_us(question.as_of)))
    return frame


def is_decided(*, won: bool) -> nw.Expr:
    """Whether a deal is won, or else whether it is lost or abandoned."""
    return words_in(
        "status", *((DealStatus.WON.value,) if won else (DealStatus.LOST.value, DealStatus.ABANDONED.value))
    )


WON, LOST = 1, 2
"""Fates of deals; 0 is open."""


def aged_deals(
    deals: Table, question: Question, columns: Mapping[str, str] | None
) -> tuple[Frame, Question, dict[str, nw.Expr]]:
    """Deals with `length_us` up to their end or the date of knowledge, and `fate`; and why some do not count."""
    frame = dated_deals(deals, question, columns)
    if question.as_of is None:
        question = evolve(question, as_of=latest((frame, "began_us"), (frame, "ended_us")))
    until = 0 if question.as_of is None else to_us(question.as_of)
    frame = begun_by(frame, question)
    began, ended = nw.col("began_us"), nw.col("ended_us")
    decided = is_decided(won=True) | is_decided(won=False)
    done = decided & ~ended.is_null() & (ended <= until)
    fate = nw.when(done & is_decided(won=True)).then(nw.lit(WON)).otherwise(nw.when(done).then(LOST).otherwise(0))
    last = nw.when(done).then(ended).otherwise(nw.lit(until))
    excluded = {
        "unknown_status": ~decided & ~words_in("status", DealStatus.OPEN.value),
        "no_beginning": began.is_null(),
        "no_end": decided & ended.is_null(),
        "ended_before_beginning": ~began.is_null() & (last < began),
    }
    lazy = frame.lazy.with_columns((last - began).alias("length_us"), fate.alias("fate"))
    return evolve(frame, lazy=lazy, columns=frame.columns | {"length_us", "fate"}), question, excluded


def cluster_of(frame: Frame, cluster: str | None) -> nw.Expr:
    """Which rows belong together; null where nothing tells."""
    return nw.col(cluster) if cluster is not None and cluster in frame.columns else nw.lit(None).cast(nw.Int64())
