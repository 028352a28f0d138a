"""From which step people go to which: the transition matrix with its beginnings and ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx._html import html_table
from crmcx.estimates import Pairs, Receipt
from crmcx.estimates.words import count_words, share_words
from crmcx.journey.log import AT, STEP, UNIT, JourneyLog
from crmcx.tables import rows, to_frame

START = "(start)"
"""Where journeys come from."""
END = "(end)"
"""Where journeys go at last."""
_SHOWN = 12


@frozen
class Transition:
    """One way from a step to the next."""

    source: str
    """The step; `(start)` before the first."""
    target: str
    """The step after it; `(end)` after the last."""
    n: int
    """How often it was taken."""
    share: float
    """Of all that left the source, the share that went here; the shares of a source add up to 1."""


@frozen(repr=False)
class Transitions:
    """All ways between steps, the most taken first. Prints as a table."""

    rows: tuple[Transition, ...]
    """The ways, by falling n, then by name."""
    units: int
    """Journeys; each starts once and ends once."""
    excluded: Pairs
    """Interactions left out: reason and number."""
    receipt: Receipt
    """Where it comes from."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Transition]:
        return iter(self.rows)

    def n(self, source: str, target: str) -> int:
        """How often a way was taken; 0 when it never was."""
        return next((row.n for row in self.rows if (row.source, row.target) == (source, target)), 0)

    def to_frame(self) -> Any:  # noqa: ANN401 - a Polars frame, or a DuckDB relation
        """One row a way: `source`, `target`, `n`, `share`. Of Polars when it is installed, else of DuckDB."""
        dtypes = {"source": "string", "target": "string", "n": "int64", "share": "float64"}
        return to_frame({name: [getattr(row, name) for row in self.rows] for name in dtypes}, dtypes)

    def _told(self) -> list[tuple[str, str, str, str]]:
        return [(row.source, row.target, count_words(row.n), share_words(row.share)) for row in self.rows[:_SHOWN]]

    @property
    def _caption(self) -> str:
        return f"transitions of {count_words(self.units)} journeys"

    @property
    def _rest(self) -> str:
        rest = len(self.rows) - _SHOWN
        return f"... and {count_words(rest)} more ways" if rest > 0 else ""

    def __repr__(self) -> str:
        told = [("from", "to", "n", "share"), *self._told()]
        widths = [max(len(row[column]) for row in told) for column in range(4)]
        lines = [
            f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}"
            for row in told
        ]
        return "\n".join([self._caption, *lines, *([self._rest] if self._rest else [])])

    def _repr_html_(self) -> str:
        more = [(self._rest, "", "", "")] if self._rest else []
        return html_table(("from", "to", "n", "share"), [*self._told(), *more], self._caption)


def transitions(log: JourneyLog) -> Transitions:
    """Count how often each step is followed by each other.

    A step that follows itself is kept. Each journey starts once, `(start)` to its first step, and ends once, its last
    step to `(end)`, so that what goes into a step is what comes out of it. Rows of one instant are taken by id.

    Args:
        log: The journeys.

    Returns:
        One row per way that was taken. The shares of a source add up to 1, `(end)` included. No rows for an empty log.

    Example:
        >>> import polars as pl
        >>> rows = {"person_id": [1, 1, 2], "occurred_us": [0, 5, 0], "touchpoint": ["a", "b", "a"]}
        >>> print(transitions(JourneyLog(pl.DataFrame(rows))))
        transitions of 2 journeys
        from     to     n    share
        (start)  a      2  100.0 %
        a        (end)  1   50.0 %
        a        b      1   50.0 %
        b        (end)  1  100.0 %
    """
    following = nw.col(STEP).shift(-1).over(UNIT, order_by=[AT, *log.tie_break])
    counted = (
        log.lazy.with_columns(following.alias("next"), nw.lit(1).cast(nw.Int64()).alias("one"))
        .group_by(STEP, "next")
        .agg(nw.col("one").sum().alias("n"))
    )
    found = {(row[STEP], row["next"]): int(row["n"]) for row in rows(counted)}
    # What comes into a step and was not led there by another is where journeys start: no second pass is needed.
    starts: dict[str, int] = {}
    left: dict[str, int] = {}
    for (step, following_step), n in found.items():
        left[step] = left.get(step, 0) + n
        starts[step] = starts.get(step, 0) + n
        if following_step is not None:
            starts[following_step] = starts.get(following_step, 0) - n
    units = sum(n for (_, following_step), n in found.items() if following_step is None)
    ways = [Transition(START, step, n, n / units) for step, n in starts.items() if n]
    ways += [
        Transition(step, END if following_step is None else following_step, n, n / left[step])
        for (step, following_step), n in found.items()
    ]
    return Transitions(
        rows=tuple(sorted(ways, key=lambda way: (-way.n, way.source, way.target))),
        units=units,
        excluded=tuple(sorted(log.left_out().items())),
        receipt=log.receipt("transitions", 1, "count", {}),
    )
