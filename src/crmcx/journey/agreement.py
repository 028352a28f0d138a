"""How far what a source says of stages agrees with what people do: a confusion matrix of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx._html import html_table
from crmcx.errors import UsageError
from crmcx.estimates import Definition, Pairs, Receipt
from crmcx.estimates.words import count_words, share_words
from crmcx.instants import to_us
from crmcx.journey.derived import DerivedStages
from crmcx.journey.together import changes_of, usable
from crmcx.models import Stage, StageMode
from crmcx.tables import Table, rows, same_engine, to_frame

_UNIT, _SCOPE, _AT = "unit", "scope", "us"
_SHIFT = 2**58
"""Added to instants, so that those before 1970 can be told from nothing, which is 0, in a running maximum."""
_PLACES = 8
"""More than there are stages."""
_DAY_US = 86_400_000_000
_MODES = (StageMode.OBSERVED, StageMode.DERIVED)


@frozen(kw_only=True)
class StagePair:
    """A stage that the source says, and one that is derived."""

    observed: str
    """What the source says."""
    derived: str
    """What is derived from what people did."""
    days: float
    """Days in which both hold, of all people and product lines together."""
    share: float | None
    """Of the time for which both are known; None when that is none."""
    now: int
    """Of how many people and product lines both hold at the knowledge date."""

    @property
    def agrees(self) -> bool:
        """Whether it is the same stage."""
        return self.observed == self.derived


@frozen(kw_only=True, repr=False)
class StageAgreement:
    """How far a source and behaviour agree. Prints as a matrix: observed down, derived across, as shares of time."""

    rows: tuple[StagePair, ...]
    """The pairs that occur, in the order of `Stage`."""
    share: float | None
    """The share of the time for which both are known in which they say the same; None when there is none."""
    kappa: float | None
    """Cohen's kappa of that time: 1 when they always agree, 0 when as often as by chance; None when undefined."""
    reason: str | None
    """Why the share, or kappa, is not defined."""
    days: float
    """Days for which both are known, of all people and product lines together."""
    excluded: Pairs
    """Changes left out: reason and number."""
    receipt: Receipt
    """Where it comes from."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[StagePair]:
        return iter(self.rows)

    def to_frame(self) -> Any:  # noqa: ANN401 - a Polars frame, or a DuckDB relation
        """One row a pair: `observed`, `derived`, `days`, `share`, `now`. Of Polars when installed, else of DuckDB."""
        dtypes = {"observed": "string", "derived": "string", "days": "float64", "share": "float64", "now": "int64"}
        return to_frame({name: [getattr(row, name) for row in self.rows] for name in dtypes}, dtypes)

    def _told(self) -> tuple[list[str], list[list[str]]]:
        cells = {(row.observed, row.derived): row for row in self.rows}
        stages = [stage.value for stage in Stage]
        down = sorted({row.observed for row in self.rows}, key=stages.index)
        across = sorted({row.derived for row in self.rows}, key=stages.index)
        told = []
        for observed in down:
            found = [cells.get((observed, derived)) for derived in across]
            told.append([observed, *("" if each is None else share_words(each.share or 0.0) for each in found)])
        return ["observed \\ derived", *across], told

    @property
    def _caption(self) -> str:
        if self.share is None:
            return f"stage agreement: none ({self.reason})"
        kappa = f"kappa {self.kappa:.2f}" if self.kappa is not None else f"no kappa ({self.reason})"
        return f"stage agreement: {share_words(self.share)} of {count_words(round(self.days))} days; {kappa}"

    def __repr__(self) -> str:
        if self.share is None:
            return self._caption
        head, told = self._told()
        widths = [max(len(row[column]) for row in [head, *told]) for column in range(len(head))]
        lines = [
            "  ".join(
                [f"{row[0]:<{widths[0]}}", *(f"{cell:>{w}}" for cell, w in zip(row[1:], widths[1:], strict=True))]
            )
            for row in [head, *told]
        ]
        return "\n".join([self._caption, *lines])

    def _repr_html_(self) -> str:
        head, told = self._told() if self.share is not None else ([], [])
        return html_table(head, told, self._caption)


def stage_agreement(
    observed: Table | DerivedStages,
    derived: Table | DerivedStages,
    *,
    as_of: datetime,
    scope: str | None = None,
    unit: str = "person_id",
    columns: Mapping[str, str] | None = None,
) -> StageAgreement:
    r"""Compare the stages that a source says with those that behaviour shows: a confusion matrix of time.

    Of each unit and product line, every instant from which both are known counts, until `as_of`, with the stage that
    each of them says last. Of changes of one instant the stage that is later in `Stage` counts.

    Args:
        observed: Stage changes that a source says; those of another mode are left out. Needs `changed_us`, `stage` and
            the unit; takes `scope`, `mode` and `known_us`.
        derived: What rules derived, or stage changes; those of another mode than derived are left out.
        as_of: Only what had happened, and was known, by then; not later than the date that stages were derived for.
        scope: Only this product line; `""` for the whole relation alone. Lines are compared with themselves.
        unit: Column that tells people apart.
        columns: Canonical column name to that of the table of observed changes.

    Returns:
        One row a pair that occurs. Left out: `no_unit`, `no_instant`, `no_stage` (none, or not a word of `Stage`),
        `other_mode`, `not_known` (it had happened, and was not known).

    Raises:
        MissingColumnError: A table lacks a column.
        EngineMismatchError: The tables are of two engines.

    Example:
        >>> from datetime import UTC
        >>> import polars as pl
        >>> day = 86_400_000_000
        >>> crm = pl.DataFrame({"person_id": [1], "changed_us": [0], "stage": ["existing"]})
        >>> done = pl.DataFrame({"person_id": [1, 1], "changed_us": [0, 3 * day], "stage": ["existing", "former"]})
        >>> print(stage_agreement(crm, done, as_of=datetime(1970, 1, 5, tzinfo=UTC)))
        stage agreement: 75.0 % of 4 days; kappa 0.00
        observed \ derived  existing  former
        existing              75.0 %  25.0 %
    """
    for each in (observed, derived):
        until = each.receipt.as_of if isinstance(each, DerivedStages) else None
        if until is not None and until < as_of:
            msg = (
                f"the stages were derived as of {until.isoformat()}, and the agreement is asked for {as_of.isoformat()}"
            )
            raise UsageError(msg, hint="derive them for that date too: nobody knows how they went on")
    both = [changes_of(observed, unit, StageMode.OBSERVED, columns), changes_of(derived, unit, StageMode.DERIVED)]
    same_engine(*both)
    marks, excluded = [], Counter[str]()
    for frame, mode in zip(both, _MODES, strict=True):
        asked = frame if scope is None else frame.having(nw.col(_SCOPE) == scope)
        kept, left_out = usable(asked, unit, mode, to_us(as_of))
        excluded.update(left_out)
        marks.append(_marked(kept, unit, mode))
    found = rows(_pairs(nw.concat(marks, how="vertical"), to_us(as_of)))
    definition = Definition("stage_agreement", 1, {"unit": unit, "scope": scope, "weight": "time"})
    snapshot = next((frame.snapshot for frame in both if frame.snapshot), None)
    receipt = Receipt(definition=definition, unit="share", as_of=as_of, snapshot=snapshot)
    return _agreement(found, tuple(sorted(excluded.items())), receipt)


def _marked(changes: nw.LazyFrame[Any], unit: str, mode: StageMode) -> nw.LazyFrame[Any]:
    """Instant and stage as one number that grows with both, in the column of its mode."""
    place = nw.lit(0)
    for number, stage in enumerate(Stage):
        place = nw.when(nw.col("stage") == stage.value).then(nw.lit(number + 1)).otherwise(place)
    mark = (nw.col("changed_us") + _SHIFT) * _PLACES + place.cast(nw.Int64())
    return changes.select(
        nw.col(unit).alias(_UNIT),
        _SCOPE,
        nw.col("changed_us").alias(_AT),
        *((mark if each is mode else nw.lit(0)).cast(nw.Int64()).alias(each.value) for each in _MODES),
    )


def _pairs(marks: nw.LazyFrame[Any], as_of_us: int) -> nw.LazyFrame[Any]:
    """Of each pair the time, and how many stand there at last."""
    modes = [mode.value for mode in _MODES]
    found = marks.group_by(_UNIT, _SCOPE, _AT).agg(*(nw.col(mode).max() for mode in modes))
    following = nw.col(_AT).cast(nw.Float64()).shift(-1)  # pandas cannot shift whole numbers of rows that were picked
    running = [*(nw.col(mode).cum_max().alias(mode) for mode in modes), following.alias("next")]
    found = found.with_columns(*(each.over(_UNIT, _SCOPE, order_by=[_AT]) for each in running))
    last = nw.col("next").is_null()
    end = nw.when(last).then(nw.lit(float(as_of_us))).otherwise(nw.col("next")).cast(nw.Int64())
    found = found.filter(*(nw.col(mode) > 0 for mode in modes)).with_columns((end - nw.col(_AT)).alias("span"))
    return (
        found.select(
            *((nw.col(mode) % _PLACES).alias(mode) for mode in modes),
            # Apart, since the microseconds of many people are more than an integer holds.
            (nw.col("span") // 1_000_000).alias("seconds"),
            (nw.col("span") % 1_000_000).alias("rest"),
            nw.when(last).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64()).alias("now"),
        )
        .group_by(*modes)
        .agg(*(nw.col(name).sum() for name in ("seconds", "rest", "now")))
    )


def _agreement(found: list[dict[str, Any]], excluded: Pairs, receipt: Receipt) -> StageAgreement:
    """Shares and kappa, of whole microseconds."""
    names = [stage.value for stage in Stage]
    spans = {
        (int(row["observed"]) - 1, int(row["derived"]) - 1): (int(row["seconds"]) * 1_000_000 + int(row["rest"]), row)
        for row in found
    }
    whole = sum(span for span, _ in spans.values())
    agreed = sum(span for (said, shown), (span, _) in spans.items() if said == shown)
    places = range(len(names))
    said, shown = (
        [sum(span for pair, (span, _) in spans.items() if pair[side] == place) for place in places] for side in (0, 1)
    )
    chance = sum(a * b for a, b in zip(said, shown, strict=True))
    reason = None
    if not whole:
        reason = "at no time both are known"
    elif chance == whole * whole:
        reason = "both always say the same one stage"
    return StageAgreement(
        rows=tuple(
            StagePair(
                observed=names[pair[0]],
                derived=names[pair[1]],
                days=span / _DAY_US,
                share=span / whole if whole else None,
                now=int(row["now"]),
            )
            for pair, (span, row) in sorted(spans.items())
        ),
        share=agreed / whole if whole else None,
        kappa=None if reason else (whole * agreed - chance) / (whole * whole - chance),
        reason=reason,
        days=whole / _DAY_US,
        excluded=excluded,
        receipt=receipt,
    )
