"""What the rows of one table say of stages, by rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.instants import duration_us
from crmcx.journey.stages import Condition, StageEvidence
from crmcx.models import Stage
from crmcx.tables import Frame, words_in

UNIT, SCOPE, AT, HALF, CODE, RULE, KEY, KNOWN, LASTS = (
    "unit",
    "scope",
    "us",
    "half",
    "code",
    "rule",
    "id",
    "known",
    "runs",
)
SEEN, CONSIDERED, LOST, RENEWED, BOUGHT, SAVED, ONBOARDED, NOTICE, OVER, ENDED = range(10)
"""What a row says, in the order in which rows of one instant count. Two of them are made here: `ONBOARDED`, when the
time after a purchase is over, and `OVER`, when a contract that lasts does."""
_CODES = {
    Stage.AWARENESS: SEEN,
    Stage.CONSIDERATION: CONSIDERED,
    Stage.PURCHASE: BOUGHT,
    Stage.EXISTING: SAVED,
    Stage.EXITING: NOTICE,
    Stage.REPURCHASE: RENEWED,
    Stage.FORMER: ENDED,
}
_DAY_US = 86_400_000_000
_NONE = -1
NEVER = 2**62
"""Later than any instant: engines differ in what is missing, so within the chain nothing is."""


@frozen(kw_only=True)
class Look:
    """How rows are looked at."""

    unit: str
    """Column that tells people apart."""
    as_of_us: int
    """Until when rows count."""
    onboarding: timedelta
    """How long a purchase takes."""
    text: bool
    """Whether keys are text."""


def instant_of(frame: Frame, evidence: Sequence[tuple[int, StageEvidence]]) -> nw.Expr | None:
    """When a row is evidence, of rules with the same `at`; None when the table cannot say."""
    at = evidence[0][1].at
    days = [each.day for _, each in evidence if each.day is not None and each.day in frame.columns]
    if at not in frame.columns:
        return nw.col(days[0]) * _DAY_US if days else None
    if not days:
        return nw.col(at)
    return nw.when(nw.col(at).is_null()).then(nw.col(days[0]) * _DAY_US).otherwise(nw.col(at))


def parts_of(
    look: Look, frame: Frame, instant: nw.Expr, evidence: Sequence[tuple[int, StageEvidence]]
) -> Iterator[nw.LazyFrame[Any]]:
    """The rows of one table at one column: what they say; when onboarding is over; when contracts are."""
    rule = nw.lit(_NONE)
    for number, each in evidence:
        rule = nw.when(_fits(frame, each)).then(nw.lit(number)).otherwise(rule)
    kind = nw.String() if look.text else nw.Int64()
    key = nw.col("key").cast(kind) if "key" in frame.columns else nw.lit(no_key(text=look.text))
    base = frame.lazy.with_columns(instant.alias("__at"))
    base = base.filter(~nw.col("__at").is_null(), nw.col("__at") <= look.as_of_us)
    late = nw.col("known_us") > nw.col("__at") if "known_us" in frame.columns else None
    known = nw.col("__at") if late is None else nw.when(late).then(nw.col("known_us")).otherwise(nw.col("__at"))
    base = base.with_columns(rule.cast(nw.Int64()).alias("__rule"))
    base = base.filter(nw.col("__rule") != _NONE)
    said, scope, until = _chosen(frame, evidence)
    base = base.select(
        nw.col(look.unit).alias(UNIT),
        scope.cast(nw.String()).alias(SCOPE),
        nw.col("__at").cast(nw.Int64()).alias(AT),
        said.cast(nw.Int64()).alias(CODE),
        nw.col("__rule").alias(RULE),
        key.alias(KEY),
        known.cast(nw.Int64()).alias(KNOWN),
        until.cast(nw.Int64()).alias("until"),
    )

    def part(at: nw.Expr, code: nw.Expr, lasts: nw.Expr) -> nw.LazyFrame[Any]:
        made = base.with_columns(at.alias(AT), code.cast(nw.Int64()).alias(CODE), lasts.cast(nw.Int64()).alias(LASTS))
        half = nw.when(nw.col(CODE) > BOUGHT).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64())
        made = made.filter(nw.col(AT) <= look.as_of_us).with_columns(half.alias(HALF))
        return made.select(UNIT, SCOPE, AT, HALF, CODE, RULE, KEY, KNOWN, LASTS)

    lasting = [number for number, each in evidence if each.until in frame.columns]
    begins = nw.when(nw.col(RULE).is_in(lasting)).then(nw.lit(1)).otherwise(nw.lit(0)) if lasting else nw.lit(0)
    yield part(nw.col(AT), nw.col(CODE), begins)
    if any(each.says in {Stage.PURCHASE, Stage.REPURCHASE} for _, each in evidence):
        buys = (nw.col(CODE) == BOUGHT) | (nw.col(CODE) == RENEWED)
        after = nw.when(buys).then(nw.col(AT) + duration_us(look.onboarding)).otherwise(nw.lit(NEVER))
        yield part(after, nw.lit(ONBOARDED), nw.lit(0))
    if lasting:
        yield part(nw.col("until"), nw.lit(OVER), nw.lit(-1))


def _fits(frame: Frame, evidence: StageEvidence) -> nw.Expr:
    """Whether a row is this evidence."""
    fits = [_holds(frame, condition) for condition in evidence.where]
    fits += [~_holds(frame, condition) for condition in evidence.unless]
    at = nw.col("__at")
    if evidence.after in frame.columns:
        fits.append(nw.col(str(evidence.after)).is_null() | (nw.col(str(evidence.after)) < at))
    if evidence.until in frame.columns:
        fits.append(nw.col(str(evidence.until)).is_null() | (nw.col(str(evidence.until)) > at))
    return nw.all_horizontal(~at.is_null(), *fits, ignore_nulls=True)


def _holds(frame: Frame, condition: Condition) -> nw.Expr:
    """Whether a column holds one of the words; one that is not there holds missing values."""
    column, words = condition
    if column not in frame.columns:
        return nw.lit(None in words)
    known = [word for word in words if word is not None]
    found = [words_in(column, *known)] if known else []  # type: ignore[arg-type]
    if None in words or not words:
        found.append(nw.col(column).is_null() if None in words else nw.lit(value=False))
    return nw.any_horizontal(*found, ignore_nulls=True)


def _chosen(frame: Frame, evidence: Sequence[tuple[int, StageEvidence]]) -> tuple[nw.Expr, nw.Expr, nw.Expr]:
    """What a row says, of which product line, and until when, by the number of its rule."""
    said, scope, until = nw.lit(_NONE), nw.lit(""), nw.lit(NEVER)
    for number, each in evidence:
        mine = nw.col("__rule") == number
        code = LOST if each.takes_back else _CODES[each.says]
        said = nw.when(mine).then(nw.lit(code)).otherwise(said)
        line = nw.lit(each.scope) if each.scope_from is None else nw.col(each.scope_from).cast(nw.String())
        scope = nw.when(mine).then(line).otherwise(scope)
        if each.until in frame.columns:
            end = nw.col(str(each.until))
            until = nw.when(mine & ~end.is_null()).then(end).otherwise(until)
    return said, scope, until


def no_key(*, text: bool) -> str | int:
    """What stands for the key of a record of a table without keys."""
    return "" if text else _NONE
