"""Who answers at all: response rate and completion rate of invitations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Unpack, overload

import narwhals.stable.v2 as nw

from crmcx.errors import UsageError
from crmcx.estimates import Estimate, EstimateTable
from crmcx.instants import Window, duration_us, to_us
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import empty_group, grouped
from crmcx.metrics._options import Clustered, Dated
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._shares import share
from crmcx.models import Invitation, InvitationStatus
from crmcx.tables import Frame, Table, in_window, latest, take, words_in


class InvitationOptions(Dated, Clustered, total=False):
    """What metrics of invitations take."""

    instrument: str | None


class ResponseRateOptions(InvitationOptions, total=False):
    """What `response_rate` takes."""

    within: timedelta | None


@overload
def response_rate(invitations: Table, *, by: None = None, **options: Unpack[ResponseRateOptions]) -> Estimate: ...
@overload
def response_rate(invitations: Table, *, by: Groups, **options: Unpack[ResponseRateOptions]) -> EstimateTable: ...
@metric(clock="sent_us")
def response_rate(
    invitations: Table,
    *,
    by: By = None,
    within: timedelta | None = None,
    instrument: str | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of invitations that were answered to the end, of all that reached somebody.

    The denominator is invitations, never answers, openers or starters: completed / (sent - bounced - suppressed).
    Submissions that came without an invitation, as over an open link, have no denominator and are not in it.

    Args:
        invitations: Invitations. Needs `status` and `sent_us`.
        by: Columns to group by.
        within: Only answers this soon after sending count, and invitations younger than that at `as_of` are left out as
            `too_young`; without it all answers count, and those sent lately make the rate look low.
        instrument: Code of the questionnaire.
        window: Days in which invitations were sent.
        as_of: The date up to which all is known; the latest instant in the table unless given. Answers after it do not
            count.
        cluster: Column that tells whose invitations belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts completed, partial and unanswered; with `by` one per
        group. None when nobody was asked. Left out are `bounced`, `suppressed`, `too_young` and invitations without a
        known status (`no_status`) or time (`no_time`).

    Raises:
        UsageError: `within` is not above zero.
        MissingColumnError: `within` is given and the table lacks `completed_us`.

    Example:
        >>> import polars as pl
        >>> sent = pl.DataFrame({"status": ["completed", "opened", "sent", "bounced"], "sent_us": [0, 0, 0, 0]})
        >>> response_rate(sent)
        response_rate: 33.3 %; 95 % interval 6.1 % to 79.2 %; n = 3; left out 1: bounced 1

    Source:
        The American Association for Public Opinion Research's Standard Definitions, response rate 1, without cases of
        unknown eligibility.
    """
    if within is not None and within <= timedelta():
        msg = f"found within={within}, expected a time above zero"
        raise UsageError(msg, hint="pass a timedelta, such as timedelta(days=14)")
    frame = _invitations(
        invitations,
        needs=["completed_us"] if within else [],
        by=by,
        cluster=cluster,
        instrument=instrument,
        columns=columns,
    )
    question = Question(
        name="response_rate",
        unit="share",
        parameters={"within_s": within.total_seconds() if within else None, "instrument": instrument},
        by=names_of(by),
        window=window,
        as_of=as_of or latest((frame, "sent_us"), (frame, "completed_us")),
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    receipt = question.receipt(frame)
    frame = _sent(frame, question)
    sent = nw.col("sent_us")
    young = nw.lit(False)  # noqa: FBT003 - a column of false
    done = _completed(frame, question)
    if within is not None:
        late = nw.col("completed_us").is_null() | (nw.col("completed_us") > sent + duration_us(within))
        done &= ~late
        if question.as_of is not None:
            young = sent > to_us(question.as_of) - duration_us(within)
    one, none = nw.lit(1), nw.lit(0)
    completed = nw.when(done).then(one).otherwise(none)
    partial = nw.when(words_in("status", InvitationStatus.STARTED.value)).then(one).otherwise(none)
    counts = {"completed": completed, "partial": partial, "unanswered": one - completed - partial}
    reached = {
        status.value: words_in("status", status.value)
        for status in (InvitationStatus.BOUNCED, InvitationStatus.SUPPRESSED)
    }
    unknown = {"no_status": nw.col("status").is_null(), "no_time": sent.is_null()}
    groups = grouped(
        frame,
        by=question.by,
        cluster=cluster,
        excluded={**unknown, **reached, "too_young": young & ~sent.is_null()},
        value=completed,
        counts=counts,
    )
    empty = empty_group(tuple(counts), clustered=cluster is not None and cluster in frame.columns)
    return question.answer(groups, empty, lambda group: share(group, receipt, level=level, nothing="nobody was asked"))


@overload
def completion_rate(invitations: Table, *, by: None = None, **options: Unpack[InvitationOptions]) -> Estimate: ...
@overload
def completion_rate(invitations: Table, *, by: Groups, **options: Unpack[InvitationOptions]) -> EstimateTable: ...
@metric(clock="sent_us")
def completion_rate(
    invitations: Table,
    *,
    by: By = None,
    instrument: str | None = None,
    window: Window | None = None,
    as_of: datetime | None = None,
    cluster: str | None = "person_id",
    level: float = 0.95,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The share of those who began to answer that answered to the end: completed / (started + completed).

    Args:
        invitations: Invitations. Needs `status` and `sent_us`.
        by: Columns to group by.
        instrument: Code of the questionnaire.
        window: Days in which invitations were sent.
        as_of: Only what was known by then; answers after it do not count.
        cluster: Column that tells whose invitations belong together; None to take all as independent.
        level: Confidence level.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the table's own.

    Returns:
        A share from 0 to 1 with Wilson's interval and the counts completed and broken off; with `by` one per group.
        None when nobody began. Invitations that nobody began to answer are left out as `not_started`.

    Example:
        >>> import polars as pl
        >>> sent = pl.DataFrame({"status": ["completed", "completed", "started", "sent"], "sent_us": [0, 0, 0, 0]})
        >>> round(completion_rate(sent).value, 3)
        0.667
    """
    frame = _invitations(invitations, needs=[], by=by, cluster=cluster, instrument=instrument, columns=columns)
    question = Question(
        name="completion_rate",
        unit="share",
        parameters={"instrument": instrument},
        by=names_of(by),
        window=window,
        as_of=as_of,
        level=level,
        cluster=cluster,
        min_n=min_n,
    )
    receipt = question.receipt(frame)
    frame = _sent(frame, question)
    completed = nw.when(_completed(frame, question)).then(nw.lit(1)).otherwise(nw.lit(0))
    began = words_in("status", InvitationStatus.STARTED.value, InvitationStatus.COMPLETED.value)
    counts = {"completed": completed, "broken_off": nw.lit(1) - completed}
    excluded = {"no_time": nw.col("sent_us").is_null(), "not_started": ~began}
    groups = grouped(frame, by=question.by, cluster=cluster, excluded=excluded, value=completed, counts=counts)
    empty = empty_group(tuple(counts), clustered=cluster is not None and cluster in frame.columns)
    return question.answer(groups, empty, lambda group: share(group, receipt, level=level, nothing="nobody began"))


def _invitations(
    invitations: Table,
    *,
    needs: list[str],
    by: By,
    cluster: str | None,
    instrument: str | None,
    columns: Mapping[str, str] | None,
) -> Frame:
    """The invitations, to one questionnaire where one is named."""
    needs = ["status", "sent_us", *needs, *(["instrument"] if instrument is not None else [])]
    wants = ["completed_us", *([cluster] if cluster else [])]
    frame = take(invitations, Invitation, needs=needs, wants=wants, also=names_of(by), columns=columns)
    return frame if instrument is None else frame.having(words_in("instrument", instrument))


def _sent(frame: Frame, question: Question) -> Frame:
    """The invitations that were sent in the window, and by then."""
    if question.window is not None:
        frame = frame.having(in_window(frame, question.window, "sent_us"))
    if question.as_of is None:
        return frame
    # By when it was sent alone: known_us is of the invitation as it stands, which an answer changes later.
    return frame.having(nw.col("sent_us").is_null() | (nw.col("sent_us") <= to_us(question.as_of)))


def _completed(frame: Frame, question: Question) -> nw.Expr:
    """Whether an invitation was answered to the end by then."""
    done = words_in("status", InvitationStatus.COMPLETED.value)
    if question.as_of is None or "completed_us" not in frame.columns:
        return done
    return done & (nw.col("completed_us").is_null() | (nw.col("completed_us") <= to_us(question.as_of)))
