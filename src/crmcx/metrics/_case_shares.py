"""Shares of cases to which something happened, those that were not seen long enough set aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import narwhals.stable.v2 as nw
from attrs import evolve, frozen

from crmcx.errors import MissingColumnError, UsageError
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import duration_us, to_us
from crmcx.metrics._grouping import empty_group, grouped
from crmcx.metrics._question import Question
from crmcx.metrics._shares import share
from crmcx.models import CaseStatus
from crmcx.tables import Frame, flag, in_window, known_by, latest, words_in

SOLVED = (CaseStatus.SOLVED.value, CaseStatus.CLOSED.value)
"""Statuses of cases that need no more work."""
ENDS = ("resolved_us", "closed_us")
"""Columns of cases that say when one was solved; the first that is there counts."""


def demand_time(within: timedelta | None) -> float | None:
    """Seconds of a time to look ahead, for a definition.

    Raises:
        UsageError: It is not above zero.
    """
    if within is None:
        return None
    if within <= timedelta():
        msg = f"found within={within}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=7)")
    return within.total_seconds()


def until_us(question: Question) -> int:
    """The date of knowledge; with empty tables there is none, and nothing is known."""
    return 0 if question.as_of is None else to_us(question.as_of)


def latest_of(cases: Frame, *others: tuple[Frame, str]) -> datetime | None:
    """The latest instant in the dates of cases and in other columns."""
    return latest(*((cases, name) for name in ("opened_us", *ENDS)), *others)


def unsolved(until: int) -> dict[str, nw.Expr]:
    """The reason why a case without an end by then is left out of what is asked of solved ones."""
    return {"not_solved": nw.col("end_us").is_null() | (nw.col("end_us") > until)}


def demand_end(cases: Frame) -> None:
    """Demand that cases say when they ended.

    Raises:
        MissingColumnError: They lack both columns that could.
    """
    if not set(ENDS) & cases.columns:
        msg = f"the cases table lacks {' and '.join(ENDS)}, and needs one of them to tell what was solved"
        raise MissingColumnError(msg, hint="pass the one it has with columns=", missing=ENDS)


def with_end(cases: Frame) -> Frame:
    """Add `end_us`: when a case was solved or closed, by what it says itself."""
    there = [name for name in ENDS if name in cases.columns]
    end = nw.col(there[0])
    for name in there[1:]:
        end = nw.when(end.is_null()).then(nw.col(name)).otherwise(end)
    return evolve(cases, lazy=cases.lazy.with_columns(end.alias("end_us")), columns=cases.columns | {"end_us"})


def with_first_step(cases: Frame, steps: Frame, name: str) -> Frame:
    """Add to cases the instant of the first of some steps; None where a case has none."""
    first = (
        steps.lazy.select(nw.col("case_key").alias("key"), nw.col("changed_us").alias(name))
        .group_by("key")
        .agg(nw.col(name).min())
    )
    return evolve(cases, lazy=cases.lazy.join(first, on="key", how="left"), columns=cases.columns | {name})


def with_first_solved(cases: Frame, changes: Frame, as_of: datetime | None) -> Frame:
    """Add `end_us`: the first step to solved or closed, else when the case says it was solved or closed."""
    steps = known_by(changes, as_of, "changed_us").having(words_in("field", "status") & words_in("new", *SOLVED))
    found = nw.col("step_us")
    for name in ENDS:
        if name in cases.columns:
            found = nw.when(found.is_null()).then(nw.col(name)).otherwise(found)
    frame = with_first_step(cases, steps, "step_us")
    return evolve(frame, lazy=frame.lazy.with_columns(found.alias("end_us")), columns=frame.columns | {"end_us"})


@frozen(kw_only=True)
class CaseShares:
    """How a share of cases is counted in one call."""

    question: Question
    nothing: str
    """The reason when there are none."""
    words: tuple[str, str]
    """What those are called that the share is of, and the others."""
    opposite: bool = False
    """Whether the share is of those to which it did not happen."""
    instant: str | None = "opened_us"
    """The instant that lies in the window, and not after the date of knowledge; None where rows were chosen already."""

    def of(self, cases: Frame, happened: nw.Expr, excluded: Mapping[str, nw.Expr]) -> Estimate | EstimateTable:
        """The share.

        Args:
            cases: One row per case.
            happened: Whether it happened; where nobody can tell it did not.
            excluded: Reason to a boolean that is never null, for cases that do not count.
        """
        question = self.question
        if question.window is not None and self.instant is not None:
            cases = cases.having(in_window(cases, question.window, self.instant))
        if question.as_of is not None and self.instant is not None:
            began = nw.col(self.instant)
            cases = cases.having(began.is_null() | (began <= to_us(question.as_of)))
        receipt = question.receipt(cases)
        yes = nw.lit(1) - flag(happened) if self.opposite else flag(happened)
        no = nw.lit(1) - yes
        counts = dict(zip(self.words, (yes, no), strict=True))
        groups = grouped(
            cases,
            by=question.by,
            cluster=question.cluster,
            excluded=excluded,
            value=yes,
            counts=counts,
        )
        clustered = question.cluster is not None and question.cluster in cases.columns
        return question.answer(
            groups,
            empty_group(tuple(counts), clustered=clustered),
            lambda group: share(group, receipt, level=question.level, nothing=self.nothing),
        )

    def followed(
        self, cases: Frame, *, start: str, event: nw.Expr, within: timedelta | None, excluded: Mapping[str, nw.Expr]
    ) -> Estimate | EstimateTable:
        """The share to which it happened within a time, of those that were seen that long; without one, up to now.

        Args:
            cases: One row per case.
            start: Column from which on the time counts.
            event: When it happened first; None where it did not.
            within: The time, its end included.
            excluded: Reason to a boolean that is never null, for cases that do not count.
        """
        until = until_us(self.question)
        happened = ~event.is_null() & (event <= until)
        if within is not None:
            last = nw.col(start) + duration_us(within)
            happened &= event <= last
            excluded = {**excluded, "not_observed": ~nw.col(start).is_null() & (last > until)}
        return self.of(cases, happened, excluded)
