"""Stages that rules derive from what people did: intervals, with the evidence of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import narwhals.stable.v2 as nw
from attrs import field, frozen

from crmcx._html import html_table
from crmcx.estimates import Pairs, Receipt
from crmcx.estimates.words import count_words, share_words
from crmcx.instants import from_us
from crmcx.journey import _stage_machine as machine
from crmcx.journey._stage_says import AT, CODE, HALF, KEY, KNOWN, ONBOARDED, OVER, RULE, SCOPE, UNIT, no_key
from crmcx.journey.stage_totals import StageMove, StageTotal
from crmcx.journey.stages import StageRules
from crmcx.models import StageMode
from crmcx.tables import native, rows


@frozen(kw_only=True)
class StageInterval:
    """A time in which somebody stands in a stage."""

    unit: int | str
    """Whose stage it is."""
    scope: str
    """The product line; empty for the whole relation."""
    stage: str
    """The stage."""
    word: str | None
    """The user's own name of it, if the rules have one."""
    start: datetime
    """When it begins."""
    end: datetime | None
    """When the next begins; None when it lasts at the knowledge date."""
    length: timedelta
    """How long it is, or has been until the knowledge date; zero for a purchase that takes no time."""
    evidence: int
    """How many records speak for it."""
    last_evidence: datetime
    """When the last of them did."""
    dormant_since: datetime | None
    """From when on it was too long since; None when it was not, at its end or at the knowledge date."""


@frozen(kw_only=True, repr=False, eq=False)
class DerivedStages:
    """Intervals of stages. Prints as a table of the stages; iterates intervals, by unit, product line and time.

    The intervals stay on the engine that the tables came from.
    """

    totals: tuple[StageTotal, ...]
    """The stages in the order of `Stage`, those that anybody was in."""
    moves: tuple[StageMove, ...]
    """From which stage to which, in the order of `Stage`."""
    excluded: Pairs
    """Rows that would be evidence, left out: reason and number."""
    unseen: tuple[str, ...]
    """Where the rules look for evidence and nothing was given, as `table.column`."""
    rules: StageRules
    """The rules."""
    receipt: Receipt
    """Where it comes from."""
    _found: machine.Machine = field()
    _rows: nw.LazyFrame[Any] = field()
    _unit: str = field()
    _text: bool = field()

    @property
    def backward(self) -> int:
        """How many moves led to an earlier stage."""
        return sum(move.n for move in self.moves if move.backward)

    def __len__(self) -> int:
        return sum(total.intervals for total in self.totals)

    def __iter__(self) -> Iterator[StageInterval]:
        for row in rows(self._intervals().sort(self._unit, SCOPE, "number")):
            times = {name: None if row[f"{name}_us"] is None else from_us(row[f"{name}_us"]) for name in _INSTANTS}
            yield StageInterval(
                unit=row[self._unit],
                **{name: row[name] for name in ("scope", "stage", "word", "evidence")},
                **times,  # type: ignore[arg-type]
                length=timedelta(microseconds=row["length_us"]),
            )

    def to_frame(self) -> Any:  # noqa: ANN401 - a frame of the engine the tables came from
        """One row an interval.

        The unit, `scope`, `number` in the history of that unit and line, `stage`, `word`, `previous` stage, `start_us`,
        `end_us`, `length_us`, `evidence`, `last_evidence_us`, `dormant_since_us`, and `known_us`: from when on all
        evidence up to its start was known.
        """
        return native(self._intervals())

    def evidence(self) -> Any:  # noqa: ANN401 - a frame of the engine the tables came from
        """One row an interval and record that speaks for it: the unit, `scope`, `number`, `table`, `key`, `says`, `us`.

        A purchase speaks for the purchase, and once onboarding is over for the existing customer.
        """
        on = [UNIT, SCOPE, AT, HALF]
        joined = self._rows.filter(nw.col(CODE) != OVER).join(self._found.numbered, on=on, how="inner")
        joined = joined.filter((nw.col(CODE) != ONBOARDED) | (nw.col("counts") == 1))
        table, says = nw.lit(""), nw.lit("")
        for number, each in enumerate(self.rules.evidence):
            mine = nw.col(RULE) == number
            table = nw.when(mine).then(nw.lit(each.table)).otherwise(table)
            says = nw.when(mine).then(nw.lit(each.says.value)).otherwise(says)
        return native(
            joined.select(
                nw.col(UNIT).alias(self._unit),
                SCOPE,
                "number",
                table.alias("table"),
                nw.when(nw.col(KEY) != no_key(text=self._text)).then(nw.col(KEY)).alias("key"),
                says.alias("says"),
                nw.col(AT).alias("us"),
            )
        )

    def to_changes(self) -> Any:  # noqa: ANN401 - a frame of the engine the tables came from
        """The steps as a table of stage changes, for `stage_mix` and `stage_agreement`.

        One row an interval that lasts: the unit, `scope`, `stage`, `stage_native` (the user's own name), `previous`,
        `changed_us`, `known_us` (when the last of the evidence up to it was known), `mode`, `rule`. Purchases that take
        no time are no stage that anybody stands in, and are left out; `previous` may be one of them.
        """
        lasting = self._intervals().filter((nw.col("length_us") > 0) | nw.col("end_us").is_null())
        return native(
            lasting.select(
                self._unit,
                SCOPE,
                "stage",
                nw.col("word").alias("stage_native"),
                "previous",
                nw.col("start_us").alias("changed_us"),
                "known_us",
                nw.lit(StageMode.DERIVED.value).alias("mode"),
                nw.lit(self.rules.label).alias("rule"),
            )
        )

    def _intervals(self) -> nw.LazyFrame[Any]:
        place, was, word = nw.col(machine.PLACE), nw.col(machine.FROM), nw.lit("")
        for stage, name in self.rules.words:
            word = nw.when(place == machine.PLACES.index(stage)).then(nw.lit(name)).otherwise(word)
        for number, each in enumerate(self.rules.evidence):
            if each.word is not None:
                word = nw.when(nw.col(machine.WORD) == number).then(nw.lit(each.word)).otherwise(word)
        return self._found.intervals.select(
            nw.col(UNIT).alias(self._unit),
            SCOPE,
            "number",
            _named(place).alias("stage"),
            nw.when(word != "").then(word).alias("word"),
            nw.when(was >= 0).then(_named(was)).alias("previous"),
            nw.col(machine.START).alias("start_us"),
            nw.when(nw.col("now") == 0).then(nw.col(machine.END)).alias("end_us"),
            (nw.col("until") - nw.col(machine.START)).alias("length_us"),
            nw.col(machine.COUNT).alias("evidence"),
            nw.col(machine.LAST).alias("last_evidence_us"),
            nw.when(nw.col("quiet") == 1).then(nw.col(machine.DORMANT)).alias("dormant_since_us"),
            nw.col(KNOWN).alias("known_us"),
        )

    def _told(self) -> list[tuple[str, ...]]:
        return [
            (
                total.stage,
                count_words(total.intervals),
                count_words(total.now),
                count_words(total.dormant),
                "-" if total.share is None else share_words(total.share),
            )
            for total in self.totals
        ]

    @property
    def _caption(self) -> str:
        histories = sum(move.n for move in self.moves if move.source is None)
        return (
            f"stages by {self.rules.label}: {_counted(histories, 'history', 'histories')}, "
            f"{_counted(self.backward, 'move', 'moves')} backward"
        )

    def __repr__(self) -> str:
        told = [_HEAD, *self._told()]
        widths = [max(len(row[column]) for row in told) for column in range(len(_HEAD))]
        lines = [
            "  ".join(
                [
                    f"{row[0]:<{widths[0]}}",
                    *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)),
                ]
            )
            for row in told
        ]
        unseen = [f"not looked at: {', '.join(self.unseen)}"] if self.unseen else []
        return "\n".join([self._caption, *lines, *unseen])

    def _repr_html_(self) -> str:
        return html_table(_HEAD, self._told(), self._caption)


_HEAD = ("stage", "intervals", "now", "dormant", "time")
_INSTANTS = ("start", "end", "last_evidence", "dormant_since")


def _counted(number: int, one: str, many: str) -> str:
    return f"{count_words(number)} {one if number == 1 else many}"


def _named(place: nw.Expr) -> nw.Expr:
    name = nw.lit("")
    for number, stage in enumerate(machine.PLACES):
        name = nw.when(place == number).then(nw.lit(stage.value)).otherwise(name)
    return name
