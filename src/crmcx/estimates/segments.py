"""Segments compared with each other, the p values adjusted for their number by Holm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from attrs import frozen

from crmcx._html import html_table
from crmcx.errors import UsageError
from crmcx.estimates.difference import Difference, difference, plain
from crmcx.estimates.table import EstimateTable, Key
from crmcx.estimates.words import count_words, level_words, p_words
from crmcx.tables import to_frame

Group = tuple[Key, ...]


def holm(p_values: Sequence[float]) -> list[float]:
    """P values adjusted so that the chance of even one false alarm among all of them stays what it says.

    The smallest is multiplied by their number m, the next by m - 1, and so on; none becomes smaller than one before it,
    nor larger than 1.

    Args:
        p_values: P values, in any order.

    Returns:
        The adjusted ones, in the same order.

    Example:
        >>> [round(each, 3) for each in holm([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]

    Source:
        Holm (1979), Scand. J. Stat. 6:65.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


@frozen(kw_only=True)
class Comparison:
    """Two segments and how much they differ."""

    first: Group
    """The segment that is compared with."""
    second: Group
    """The segment that is compared."""
    difference: Difference
    """Second minus first, with an interval and a p value of its own."""
    adjusted: float | None
    """The p value adjusted for the number of comparisons, by Holm; None where there is no p value."""


@frozen(repr=False)
class SegmentComparison:
    """Comparisons of segments. Prints as a table that says how many were made; a notebook shows it as HTML."""

    by: tuple[str, ...]
    """Names of the columns that make the segments."""
    rows: tuple[Comparison, ...]
    """The comparisons, in the order of the segments."""

    @property
    def tests(self) -> int:
        """How many comparisons had a p value; for so many each was adjusted."""
        return sum(each.adjusted is not None for each in self.rows)

    @property
    def caption(self) -> str:
        """What was done, in one sentence."""
        level = next((each.difference.interval.level for each in self.rows if each.difference.interval), None)
        intervals = "" if level is None else f"; each interval is one at {level_words(level)}, not adjusted"
        number = count_words(self.tests)
        return f"p adjusted for {number} comparison{'' if self.tests == 1 else 's'} by Holm{intervals}"

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Comparison]:
        return iter(self.rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary a comparison: the names of both segments, then all of the difference, as plain JSON values."""
        return [
            {"first_segment": _name(each.first), "second_segment": _name(each.second), "adjusted_p": each.adjusted}
            | each.difference.to_dict()
            for each in self.rows
        ]

    def to_frame(self) -> Any:  # noqa: ANN401 - a Polars frame, or a DuckDB relation
        """The comparisons as a frame.

        Returns:
            One row a comparison, in order: `first` and `second` as text; `difference`, `low`, `high`, `p`, `adjusted_p`
            as floats (a duration in seconds); `reason`. Of Polars when it is installed, else of DuckDB.
        """
        numbers = dict.fromkeys(("difference", "low", "high", "p", "adjusted_p"), "float64")
        dtypes = {"first": "string", "second": "string"} | numbers | {"reason": "string"}
        rows = [
            (
                _name(each.first),
                _name(each.second),
                _float(plain(found.value)),
                None if found.interval is None else _float(plain(found.interval.low)),
                None if found.interval is None else _float(plain(found.interval.high)),
                found.p_value,
                each.adjusted,
                found.reason,
            )
            for each in self.rows
            for found in (each.difference,)
        ]
        return to_frame({name: [row[place] for row in rows] for place, name in enumerate(dtypes)}, dtypes)

    def _told(self) -> tuple[list[str], list[list[str]]]:
        head = ["from", "to", "difference", "interval", "p", "p adjusted"]
        told = [
            [
                _name(each.first),
                _name(each.second),
                each.difference.value_words,
                each.difference.interval_words or (each.difference.reason or ""),
                "-" if each.difference.p_value is None else p_words(each.difference.p_value),
                "-" if each.adjusted is None else p_words(each.adjusted),
            ]
            for each in self.rows
        ]
        return head, told

    def __repr__(self) -> str:
        head, told = self._told()
        widths = [max(len(row[column]) for row in [head, *told]) for column in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [head, *told]
        ]
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:], self.caption])

    def _repr_html_(self) -> str:
        return html_table(*self._told(), self.caption)


def compare_segments(table: EstimateTable, *, reference: Key | Group = None) -> SegmentComparison:
    """Compare the segments of a table of estimates: each with a reference, or each with every other.

    With twenty segments that do not differ at all, one of twenty comparisons looks like a finding. The p values are
    therefore adjusted by Holm for as many comparisons as have one. Segments are taken to be of different people.

    Args:
        table: Estimates by group.
        reference: The segment that all others are compared with; None compares each pair.

    Returns:
        One comparison for each other segment, or for each pair, in the order of the table.

    Raises:
        UsageError: There is no such segment.

    Example:
        >>> import polars as pl
        >>> from crmcx import metrics
        >>> deals = pl.DataFrame({"status": ["won", "lost"] * 40 + ["won"] * 20, "owner": ["ann"] * 80 + ["bob"] * 20})
        >>> compare_segments(metrics.win_rate(deals, by="owner"))
        from  to   difference               interval                          p             p adjusted
        ----  ---  -----------------------  --------------------------------  ------------  ------------
        ann   bob  +50.0 percentage points  +30.7 to +60.7 percentage points  below 0.0001  below 0.0001
        p adjusted for 1 comparison by Holm; each interval is one at 95 %, not adjusted
    """
    if reference is None:
        pairs = list(combinations(table.rows, 2))
    else:
        wanted = reference if isinstance(reference, tuple) else (reference,)
        if wanted not in [group for group, _ in table.rows]:
            msg = f"there is no segment {reference!r}; there are {len(table)}"
            raise UsageError(msg, hint="list(table) shows all of them")
        (base,) = (row for row in table.rows if row[0] == wanted)
        pairs = [(base, row) for row in table.rows if row[0] != wanted]
    found = [(one, two, difference(first, second)) for (one, first), (two, second) in pairs]
    adjusted = iter(holm([made.p_value for _, _, made in found if made.p_value is not None]))
    return SegmentComparison(
        table.by,
        tuple(
            Comparison(
                first=one, second=two, difference=made, adjusted=None if made.p_value is None else next(adjusted)
            )
            for one, two, made in found
        ),
    )


def _name(group: Group) -> str:
    return " / ".join("-" if part is None else str(part) for part in group)


def _float(value: float | str | None) -> float | None:
    return None if value is None else float(value)
