"""Times of cases, or of turns in them, until something ended them."""

from __future__ import annotations

import narwhals.stable.v2 as nw
from attrs import evolve, frozen

from crmcx.errors import UsageError
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import to_us
from crmcx.metrics._question import Question
from crmcx.metrics._times import Times, time_estimate, times
from crmcx.metrics._worked import Timing, with_worked
from crmcx.tables import Frame, flag, in_window, rows


def demand_single(cases: Frame) -> None:
    """Demand that no case is there twice.

    Raises:
        UsageError: One is.
    """
    twice = cases.lazy.with_columns(nw.lit(1).cast(nw.Int64()).alias("one")).group_by("key")
    more = twice.agg(nw.col("one").sum()).filter((nw.col("one") > 1) & ~nw.col("key").is_null())
    ((number,),) = ((row["more"],) for row in rows(more.select(nw.col("one").sum().alias("more"))))
    if number:
        msg = f"the cases table holds {int(number)} rows whose key is there more than once, expected one row a case"
        raise UsageError(msg, hint="keep the latest row of each case")


@frozen
class CaseTimes:
    """How the times of cases are counted in one call."""

    question: Question
    quantile: float
    timing: Timing
    cases: Frame
    """The cases, each once."""
    changes: Frame | None
    """Their steps, where they are needed."""

    def until(self, frame: Frame, end: str, ended: str, *, unit: str = "cases") -> Estimate | EstimateTable:
        """The time from a beginning to an end; open up to the closing, or to the date up to which all is known.

        Args:
            frame: One row per case, from `opened_us` on; or one per turn, from `from_us` on.
            end: Column of when it ended.
            ended: The word for those that ended.
            unit: What is timed.
        """
        question, turns = self.question, unit != "cases"
        start = nw.col("from_us" if turns else "opened_us")
        if question.window is not None:
            frame = frame.having(in_window(frame, question.window, "from_us" if turns else "opened_us"))
        receipt = question.receipt(frame)
        until = 0
        if question.as_of is not None:
            until = to_us(question.as_of)
            frame = frame.having(start.is_null() | (start <= until))
        end_us, stopped = nw.col(end), nw.lit(until)
        done = ~end_us.is_null() & (end_us <= until)
        if end != "closed_us" and "closed_us" in frame.columns:
            closed = nw.col("closed_us")
            counts = ~closed.is_null() & (closed <= until)
            if turns:
                counts &= closed >= start
            stopped = nw.when(counts).then(closed).otherwise(nw.lit(until))
        last = nw.when(done).then(end_us).otherwise(stopped).cast(nw.Int64())
        excluded = {"no_opening": start.is_null(), "ended_before_opening": ~start.is_null() & (last < start)}
        length = last - start
        if self.timing.clock is not None or self.timing.pauses:
            if self.timing.by_case:
                demand_single(self.cases)
            lazy = frame.lazy.with_columns(start.alias("from_us"), last.alias("to_us"), flag(done).alias("done"))
            spans = evolve(frame, lazy=lazy, columns=frame.columns | {"from_us", "to_us", "done"})
            frame = with_worked(spans, self.cases, self.changes, self.timing, until)
            length, done = nw.col("worked_us"), nw.col("done") == 1
            if self.timing.clock is not None:
                excluded["no_business_hours"] = nw.col("no_hours") == 1
        groups = times(frame, by=question.by, excluded=excluded, length_us=length, ended=done, word=ended)
        return question.answer(
            groups,
            Times(),
            lambda group: time_estimate(
                group, receipt, quantile=self.quantile, level=question.level, ended=ended, nothing=f"no {unit}"
            ),
        )
