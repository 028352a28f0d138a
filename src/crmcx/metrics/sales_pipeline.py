"""What deals are open, as of any date: the value of the pipeline, its coverage of a quota, and what to expect of it.

The pipeline of a past date is put together from the steps of the deals, as `tables.deals_at` does: a deal stands in the
stage, with the amount and the status, that it had then, and a deal that was decided since is open again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, Unpack, overload

import narwhals.stable.v2 as nw

from crmcx.errors import CurrencyError
from crmcx.estimates import Estimate, EstimateTable, Receipt
from crmcx.instants import Window
from crmcx.metrics._amounts import AMOUNT, MILLION, Amounts, Into, has_amount
from crmcx.metrics._asking import Groups, metric
from crmcx.metrics._grouping import Group, empty_group, grouped
from crmcx.metrics._question import By, Question, names_of
from crmcx.metrics._sales_options import PipelineOptions
from crmcx.metrics._trail import made_of
from crmcx.models import Deal, DealStatus, Money
from crmcx.tables import Frame, KeyedTable, KnownSince, Table, deals_at, in_window, take, words_in

_UNKNOWN = ("before_history", "unreadable")
"""Columns of `deals_at` that name the fields that are not known."""


@overload
def pipeline_value(
    deals: Table, deal_changes: Table, *, by: None = None, **options: Unpack[PipelineOptions]
) -> Estimate: ...
@overload
def pipeline_value(
    deals: Table, deal_changes: Table, *, by: Groups, **options: Unpack[PipelineOptions]
) -> EstimateTable: ...
@metric(clock="created_us")
def pipeline_value(
    deals: Table,
    deal_changes: Table,
    *,
    at: datetime,
    by: By = None,
    into: Into | None = None,
    as_of: datetime | None = None,
    known_since: KnownSince = None,
    min_n: int | None = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """The sum of the amounts of the deals that were open at a date, as they stood then.

    Args:
        deals: Deals. Needs `key`, `status`, `amount_micros` and `amount_currency`.
        deal_changes: Their steps. Needs `deal_key`, `field`, `old`, `new` and `changed_us`.
        at: The date; deals stand in the stage, with the amount and the status, that they had then.
        by: Columns to group by, of those that have a history, such as `stage` or `owner`; with `amount_currency` among
            them, currencies are kept apart.
        into: The currency to convert amounts into, with the rates; None where all are of one currency.
        as_of: The date of knowledge; None for `at`: what could be seen then.
        known_since: Since when each source's steps are known, by source, or one instant for all; a table of a workspace
            knows that by itself. Before it, and without it, a field that no step tells is not known.
        min_n: How many observations a value must rest on; with fewer it is None, and the counts are told.
        columns: Canonical column name to the deals' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        Money without an interval, since it is a fact and no sample, with the number of open deals; with `by` one per
        group. Open deals without an amount are left out as `no_amount`, deals of which nobody knows what they were
        then as `before_history`. None when no open deal has an amount.

    Raises:
        CurrencyError: The amounts are of several currencies, or a rate is lacking.
        UsageError: A datetime is without a zone.

    Example:
        >>> import polars as pl
        >>> from datetime import UTC
        >>> deals = pl.DataFrame({"key": [1], "status": ["won"], "stage": ["won"], "created_us": [0],
        ...     "amount_micros": [9_000_000], "amount_currency": ["EUR"]})
        >>> steps = pl.DataFrame({"deal_key": [1, 1], "field": ["status", "stage"], "old": ["open", "offer"],
        ...     "new": ["won", "won"], "changed_us": [86_400_000_000] * 2})
        >>> since = datetime(1970, 1, 1, tzinfo=UTC)
        >>> pipeline_value(deals, steps, at=datetime(1970, 1, 1, 12, tzinfo=UTC), by="stage", known_since=since)
        stage  pipeline_value  interval  n  left out
        -----  --------------  --------  -  --------
        offer        9.00 EUR            1         0
        >>> pipeline_value(deals, steps, at=datetime(1970, 1, 3, tzinfo=UTC), known_since=since).reason
        'no open deal has an amount'
    """
    question = Question(
        name="pipeline_value",
        unit="money",
        parameters=_told(at, known_since, into),
        by=names_of(by),
        as_of=as_of or at,
        min_n=min_n,
    )
    frame = _deals_at(
        deals,
        deal_changes,
        question,
        at,
        known_since=known_since,
        columns=columns,
        change_columns=change_columns,
    )
    frame = frame.having(_is_open())
    amounts = Amounts.of(frame, question.by, ~nw.col("status").is_null(), into)
    counts = amounts.counts("open", nw.col("amount_micros"))
    groups = grouped(frame, by=question.by, excluded=_not_known(), value=nw.lit(1), counts=counts)
    receipt = question.receipt(frame)
    made = made_of(groups, lambda key, group: (group, amounts.money("open", group.counts, key)))
    return question.answer(made, (empty_group(), None), lambda each: _fact(each[0], each[1], receipt))


def _told(at: datetime, known_since: KnownSince, into: Into | None) -> dict[str, Any]:
    """What the definition tells of a date and of currencies."""
    since: Any = None
    if known_since is not None:
        by_source = known_since.items() if isinstance(known_since, Mapping) else [("all", known_since)]
        since = {source: instant.isoformat() for source, instant in by_source}
    return {"at": at.isoformat(), "known_since": since} | ({} if into is None else into.told())


def _fact(group: Group, total: Money | None, receipt: Receipt) -> Estimate:
    value = total if group.sums.n else None
    return Estimate(
        value=value,
        reason=None if value is not None else "no open deal has an amount",
        n=group.sums.n,
        excluded=group.excluded,
        counts={"open": group.sums.n},
        receipt=receipt,
    )


def _deals_at(
    deals: Table,
    deal_changes: Table,
    question: Question,
    at: datetime,
    *,
    known_since: KnownSince,
    columns: Mapping[str, str] | None,
    change_columns: Mapping[str, str] | None,
    wants: Sequence[str] = (),
) -> Frame:
    """The deals there were at a date, as they stood then."""
    then = deals_at(
        deals.data if isinstance(deals, KeyedTable) else deals,
        deal_changes,
        at,
        as_of=question.as_of,
        known_since=known_since,
        columns=columns,
        change_columns=change_columns,
    )
    traced = isinstance(deals, KeyedTable)
    needs = ("key", "status", *AMOUNT)
    return take(KeyedTable(then) if traced else then, Deal, needs=needs, wants=wants, also=(*question.by, *_UNKNOWN))


def _is_open() -> nw.Expr:
    """Whether a deal was open, or nobody knows."""
    return words_in("status", DealStatus.OPEN.value) | nw.col("status").is_null()


def _not_known() -> dict[str, nw.Expr]:
    """Reason to condition, for deals of which nobody knows whether they were open, or with which amount."""
    no_status, no_amount = nw.col("status").is_null(), ~has_amount()
    before, unreadable = (
        (no_status & _says(column, "status")) | (no_amount & _says(column, "amount")) for column in _UNKNOWN
    )
    return {"before_history": before, "unreadable": unreadable, "no_status": no_status, "no_amount": no_amount}


def _says(column: str, field: str) -> nw.Expr:
    told = nw.when(nw.col(column).is_null()).then(nw.lit("")).otherwise(nw.col(column))
    return told.str.contains(field, literal=True)


@metric(clock="created_us")
def pipeline_coverage(
    deals: Table,
    deal_changes: Table,
    *,
    at: datetime,
    window: Window,
    quota: Money,
    into: Into | None = None,
    as_of: datetime | None = None,
    known_since: KnownSince = None,
    columns: Mapping[str, str] | None = None,
    change_columns: Mapping[str, str] | None = None,
) -> Estimate | EstimateTable:
    """How many times the deals that are open at a date, and expected to close in a period, cover what its quota lacks.

    Coverage = amount of open deals expected to close in the period / (quota - amount won in it so far).

    Args:
        deals: Deals. Needs `key`, `status`, `amount_micros`, `amount_currency`, `expected_close_day`, and
            `closed_us` or `closed_day`.
        deal_changes: Their steps.
        at: The date; deals stand as they stood then.
        window: The period of the quota.
        quota: What is to be won in the period.
        into: The currency to convert amounts into, with the rates; None where all are of the quota's currency.
        as_of: The date of knowledge; None for `at`.
        known_since: As for `pipeline_value`.
        columns: Canonical column name to the deals' own.
        change_columns: Canonical column name to the changes' own.

    Returns:
        A ratio without an interval, since it is a fact, with the counts of open and won deals. None when the quota is
        reached already. Open deals without an expected day are left out as `no_expected_close`.

    Raises:
        CurrencyError: The amounts are not of the quota's currency, or a rate is lacking.
    """
    question = Question(
        name="pipeline_coverage",
        unit="ratio",
        parameters={"quota": f"{quota.amount} {quota.currency}", **_told(at, known_since, into)},
        window=window,
        as_of=as_of or at,
    )
    frame = _deals_at(
        deals,
        deal_changes,
        question,
        at,
        known_since=known_since,
        columns=columns,
        change_columns=change_columns,
        wants=("expected_close_day", "closed_us", "closed_day"),
    )
    closes = in_window(frame, window, "no instant", "expected_close_day")
    is_open, is_won = _is_open(), words_in("status", DealStatus.WON.value)
    won_then = is_won & in_window(frame, window, "closed_us", "closed_day")
    unplanned = nw.lit(1) == 1
    if "expected_close_day" in frame.columns:
        unplanned = nw.col("expected_close_day").is_null()
    frame = frame.having((is_open & (closes | unplanned)) | won_then)
    amounts = Amounts.of(frame, (), is_open | is_won, into)
    micros, zero = nw.col("amount_micros"), nw.lit(0)
    counts = {
        "open": nw.when(is_open).then(nw.lit(1)).otherwise(zero),
        "won": nw.when(is_won).then(nw.lit(1)).otherwise(zero),
        **amounts.counts("ahead", nw.when(is_open).then(micros).otherwise(zero)),
        **amounts.counts("booked", nw.when(is_won).then(micros).otherwise(zero)),
    }
    excluded = _not_known() | {"no_expected_close": is_open & unplanned}
    groups = grouped(frame, excluded=excluded, value=nw.lit(1), counts=counts)
    receipt = question.receipt(frame)
    if amounts.currency(()) not in {None, quota.currency}:
        msg = f"found amounts in {amounts.currency(())} and a quota in {quota.currency}, expected one currency"
        raise CurrencyError(msg, hint="give the quota in the currency of the deals, or convert them with into=")

    def make(group: Group) -> Estimate:
        wanted = Fraction(quota.amount) * MILLION - amounts.micros("booked", group.counts)
        done = wanted <= 0
        reason = "no deal is known that was open or won then" if not group.sums.n else None
        reason = "the quota is reached" if done else reason
        return Estimate(
            value=None if reason else float(amounts.micros("ahead", group.counts) / wanted),
            reason=reason,
            n=group.sums.n,
            excluded=group.excluded,
            counts={name: group.counts[name] for name in ("open", "won")},
            receipt=receipt,
        )

    return question.answer(groups, empty_group(tuple(counts)), make)
