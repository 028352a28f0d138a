"""From rows of evidence to intervals of stages, in running sums and maxima alone: no loop over people.

A history is one unit and product line. An *epoch* of it begins with each purchase, each evidence of an existing
customer and each end; what happened in the epoch, and how it began, tells the stage. An instant has two halves: what
leads to a purchase, and the purchase itself; then what follows it. So a purchase that takes no time is still told.
"""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.instants import duration_us
from crmcx.journey._stage_says import (
    AT,
    BOUGHT,
    CODE,
    CONSIDERED,
    ENDED,
    HALF,
    KNOWN,
    LASTS,
    LOST,
    NEVER,
    NOTICE,
    ONBOARDED,
    OVER,
    RENEWED,
    RULE,
    SAVED,
    SCOPE,
    UNIT,
)
from crmcx.journey.stages import StageRules
from crmcx.models import Stage

PLACES = tuple(Stage)
"""Stages by their place, which stands for them in whole numbers."""
NUMBER, PLACE, WORD, FROM, COUNT = "number", "place", "word", "was", "n"
START, END, LAST, DORMANT = "start", "end", "last", "dormant"
NO_PLACE = -1
_SHIFT = 2**58
"""Added to instants, so that those before 1970 can be told from nothing, which is 0, in a running maximum."""
_CODES = 16
"""More than there are codes."""
_WORDS = 4096
"""More than there are rules."""
_HISTORY = (UNIT, SCOPE)
_ORDER = [AT, HALF]


@frozen
class Machine:
    """The intervals, and how rows of evidence find theirs."""

    intervals: nw.LazyFrame[Any]
    """Unit, scope, number, place, word (the number of a rule, or less than 0), from which place, start, end, evidence,
    its last instant, when dormant, when known."""
    numbered: nw.LazyFrame[Any]
    """Of each half of an instant with evidence, the number of its interval, and whether an end of onboarding counts."""


def run(evidence: nw.LazyFrame[Any], rules: StageRules, as_of_us: int) -> Machine:
    """Derive the intervals.

    Args:
        evidence: The rows of evidence.
        rules: The rules.
        as_of_us: Until when the last intervals last.
    """
    halves = _stages(_epochs(_halves(evidence, rules), rules), rules)
    numbered = _numbered(halves)
    return Machine(_intervals(numbered, rules, as_of_us), numbered.select(*_HISTORY, *_ORDER, NUMBER, "counts"))


def _running(expression: nw.Expr) -> nw.Expr:
    return expression.over(*_HISTORY, order_by=_ORDER)


def _one(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64())


def _says(code: int) -> str:
    return f"says_{code}"


def _worded(rules: StageRules) -> dict[Stage, list[int]]:
    """Stages to the numbers of the rules that have a word for them."""
    found: dict[Stage, list[int]] = {}
    for number, each in enumerate(rules.evidence):
        if each.word is not None:
            found.setdefault(Stage.PURCHASE if each.says is Stage.REPURCHASE else each.says, []).append(number)
    return found


def _halves(evidence: nw.LazyFrame[Any], rules: StageRules) -> nw.LazyFrame[Any]:
    """What was said in each half of an instant."""
    codes = (CONSIDERED, LOST, RENEWED, BOUGHT, SAVED, NOTICE, ENDED)
    words = {f"told_{stage.value}": numbers for stage, numbers in _worded(rules).items()}
    made = [
        *(_one(nw.col(CODE) == code).alias(_says(code)) for code in codes),
        _one((nw.col(CODE) != ONBOARDED) & (nw.col(CODE) != OVER)).alias(COUNT),
        _one(nw.col(CODE) == ONBOARDED).alias("over"),
        *(
            nw.when(nw.col(RULE).is_in(numbers) & (nw.col(CODE) != ONBOARDED) & (nw.col(CODE) != OVER))
            .then(nw.col(RULE))
            .otherwise(nw.lit(NO_PLACE))
            .cast(nw.Int64())
            .alias(name)
            for name, numbers in words.items()
        ),
    ]
    return (
        evidence.with_columns(*made)
        .group_by(*_HISTORY, *_ORDER)
        .agg(
            *(nw.col(_says(code)).max() for code in codes),
            *(nw.col(name).sum() for name in (COUNT, "over", LASTS)),
            *(nw.col(name).max() for name in (KNOWN, *words)),
        )
    )


def _mark(code: int) -> nw.Expr:
    """Instant and code of what a half says, as one number that grows with both; 0 when it does not say it."""
    when = (nw.col(AT) + _SHIFT) * _CODES + code
    return nw.when(nw.col(_says(code)) == 1).then(when).otherwise(nw.lit(0)).cast(nw.Int64())


def _epochs(halves: nw.LazyFrame[Any], rules: StageRules) -> nw.LazyFrame[Any]:
    """How the epoch of each half began, and what was said last before it."""
    customer = nw.any_horizontal(
        *(nw.col(_says(code)) == 1 for code in (BOUGHT, SAVED, NOTICE, ENDED)), ignore_nulls=True
    )
    # What is said to be a repurchase puts the first time as a customer before it.
    first = nw.when(nw.col(_says(RENEWED)) == 1).then(nw.col(AT) - 1).otherwise(nw.lit(NEVER))
    first = nw.when(customer & (nw.col(_says(RENEWED)) == 0)).then(nw.col(AT)).otherwise(first).cast(nw.Int64())
    halves = halves.with_columns(
        first.alias("first"),
        *(_mark(code).alias(f"last_{code}") for code in (CONSIDERED, LOST, NOTICE, RENEWED, BOUGHT, SAVED, ENDED)),
    )
    names = ["first", *(f"last_{code}" for code in (CONSIDERED, LOST, NOTICE)), KNOWN]
    running = [nw.col("first").cum_min(), *(nw.col(name).cum_max() for name in names[1:])]
    runs = any(each.until is not None for each in rules.evidence)
    if runs:
        names, running = [*names, LASTS], [*running, nw.col(LASTS).cum_sum()]
    halves = halves.with_columns(*(_running(each).alias(name) for name, each in zip(names, running, strict=True)))
    # The end of one contract while another lasts is no end: it only takes the notice back that was given of it.
    ends = nw.col(f"last_{ENDED}")
    held = nw.when(nw.col(LASTS) > 0).then(ends).otherwise(nw.lit(0)).cast(nw.Int64()) if runs else ends * 0
    halves = halves.with_columns(held.alias("held")).with_columns((ends - nw.col("held")).alias("ended"))
    began = nw.max_horizontal("ended", *(f"last_{code}" for code in (RENEWED, BOUGHT, SAVED)))
    halves = halves.with_columns(began.alias("began"))
    return halves.with_columns(_running(nw.col(name).cum_max()).alias(name) for name in ("began", "held")).with_columns(
        (nw.col("began") % _CODES).alias("kind"), (nw.col("began") // _CODES - _SHIFT).alias("since")
    )


def _stages(halves: nw.LazyFrame[Any], rules: StageRules) -> nw.LazyFrame[Any]:
    """The stage at the end of each half, its word, and how much evidence it has."""
    took = duration_us(rules.onboarding)
    kind, since = nw.col("kind"), nw.col("since")
    bought = (kind == BOUGHT) | (kind == RENEWED)
    considered = (nw.col(f"last_{CONSIDERED}") > nw.col("began")) & (
        nw.col(f"last_{CONSIDERED}") > nw.col(f"last_{LOST}")
    )
    exiting = (nw.col(f"last_{NOTICE}") > nw.col("began")) & (nw.col(f"last_{NOTICE}") > nw.col("held"))
    onboarded = (nw.col(AT) - since >= took) & ((nw.col(HALF) == 1) | (nw.col(AT) > since))
    place = nw.lit(PLACES.index(Stage.AWARENESS))
    for condition, stage in (
        (considered, Stage.CONSIDERATION),
        (kind == ENDED, Stage.FORMER),
        ((kind == ENDED) & considered, Stage.CONSIDERATION),
        (bought, Stage.REPURCHASE),
        (bought & (since == nw.col("first")), Stage.PURCHASE),
        ((kind == SAVED) | (bought & onboarded), Stage.EXISTING),
        (exiting & (kind != ENDED), Stage.EXITING),
    ):
        place = nw.when(condition).then(nw.lit(PLACES.index(stage))).otherwise(place)
    counts = bought & (nw.col(AT) - since == took)
    halves = halves.with_columns(place.cast(nw.Int64()).alias(PLACE), _one(counts).alias("counts"))
    halves = halves.with_columns((nw.col(COUNT) + nw.col("counts") * nw.col("over")).alias(COUNT))
    return _words(halves, rules)


def _words(halves: nw.LazyFrame[Any], rules: StageRules) -> nw.LazyFrame[Any]:
    """The number of the furthest rule with a word for the stage, of those that held in the epoch."""
    worded = _worded(rules)
    word = nw.lit(NO_PLACE)
    if worded:
        told = [f"told_{stage.value}" for stage in worded]
        halves = halves.with_columns(
            nw.col(name).cum_max().over(*_HISTORY, "began", order_by=_ORDER).alias(name) for name in told
        )
    for stage in worded:
        alike = [PLACES.index(stage)] + ([PLACES.index(Stage.REPURCHASE)] if stage is Stage.PURCHASE else [])
        word = nw.when(nw.col(PLACE).is_in(alike)).then(nw.col(f"told_{stage.value}")).otherwise(word)
    return halves.with_columns(word.cast(nw.Int64()).alias(WORD))


def _numbered(halves: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The number of the interval in its history: it grows where the stage or its word is another than before."""
    state = (nw.col(PLACE) * _WORDS + nw.col(WORD) + 1).alias("state")
    # By way of a float: pandas cannot shift whole numbers of a frame whose rows were picked.
    before = _running(nw.col("state").cast(nw.Float64()).shift(1))
    halves = halves.with_columns(state).with_columns(before.alias("before"))
    halves = halves.with_columns(
        nw.when(nw.col("before").is_null()).then(nw.lit(float(NO_PLACE * _WORDS))).otherwise(nw.col("before"))
        .cast(nw.Int64()).alias("before")
    )  # fmt: skip
    changed = nw.col("state") != nw.col("before")
    was = nw.when(changed).then(nw.col("before") // _WORDS).otherwise(nw.lit(NO_PLACE))
    return halves.with_columns(_one(changed).alias(NUMBER), was.cast(nw.Int64()).alias(FROM)).with_columns(
        _running(nw.col(NUMBER).cum_sum()).cast(nw.Int64()).alias(NUMBER)
    )


def _intervals(numbered: nw.LazyFrame[Any], rules: StageRules, as_of_us: int) -> nw.LazyFrame[Any]:
    """One row an interval."""
    seen = nw.when(nw.col(COUNT) > 0).then(nw.col(AT)).otherwise(nw.lit(-NEVER)).cast(nw.Int64())
    made = (
        numbered.with_columns(seen.alias(LAST))
        .group_by(*_HISTORY, NUMBER)
        .agg(
            nw.col(AT).min().alias(START),
            nw.col(LAST).max(),
            nw.col(COUNT).sum(),
            *(nw.col(name).max() for name in (PLACE, WORD, FROM)),
            nw.col(KNOWN).min(),
        )
    )
    following = nw.col(START).cast(nw.Float64()).shift(-1).over(*_HISTORY, order_by=[NUMBER])
    made = made.with_columns(following.alias(END))
    lasts = nw.col(END).is_null()
    made = made.with_columns(
        nw.when(lasts).then(nw.lit(float(NEVER))).otherwise(nw.col(END)).cast(nw.Int64()).alias(END),
        _one(lasts).alias("now"),
    )
    quiet = nw.lit(NEVER)
    for stage, time in rules.dormant:
        mine = nw.col(PLACE) == PLACES.index(stage)
        quiet = nw.when(mine).then(nw.col(LAST) + duration_us(time)).otherwise(quiet)
    until = nw.when(nw.col("now") == 1).then(nw.lit(as_of_us)).otherwise(nw.col(END))
    made = made.with_columns(quiet.cast(nw.Int64()).alias(DORMANT), until.cast(nw.Int64()).alias("until"))
    return made.with_columns(
        _one(nw.col(DORMANT) <= nw.col("until")).alias("quiet"),
        *(nw.col(name).cast(nw.Int64()) for name in (NUMBER, COUNT)),
        nw.when(nw.col(KNOWN) > nw.col(START)).then(nw.col(KNOWN)).otherwise(nw.col(START)).alias(KNOWN),
    )
