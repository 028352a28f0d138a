"""A table of estimates: one per group, in the order of the groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from attrs import field, frozen

from crmcx._html import html_table
from crmcx.errors import UsageError
from crmcx.estimates.estimate import Estimate
from crmcx.estimates.words import count_words, level_words
from crmcx.models.values import Money
from crmcx.tables import Kind, to_frame

Key = str | int | float | bool | date | None
"""What a group can be named by."""


@frozen(repr=False)
class EstimateTable:
    """Estimates by group. Prints as a table; a notebook shows it as HTML."""

    by: tuple[str, ...]
    """Names of the columns that make the groups."""
    rows: tuple[tuple[tuple[Key, ...], Estimate], ...]
    """The groups with their estimates, in the order of the groups; a missing name comes last."""
    kind: Kind | None = field(default=None, eq=False)
    """The kind of frame that was asked; None for lists and tables of a workspace."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[tuple[Key, ...], Estimate]]:
        return iter(self.rows)

    def __getitem__(self, key: Key | tuple[Key, ...]) -> Estimate:
        """The estimate of one group.

        Args:
            key: The group's name; a tuple where there are several columns.

        Raises:
            UsageError: There is no such group.
        """
        wanted = key if isinstance(key, tuple) else (key,)
        for group, estimate in self.rows:
            if group == wanted:
                return estimate
        msg = f"there is no group {key!r}; there are {len(self.rows)}"
        raise UsageError(msg, hint="list(table) shows all of them")

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary a group: its names, then everything the estimate tells, as plain JSON values."""
        return [
            {name: _plain(part) for name, part in zip(self.by, group, strict=True)} | estimate.to_dict()
            for group, estimate in self.rows
        ]

    def to_frame(self) -> Any:  # noqa: ANN401 - a frame of any engine
        """The groups with value, ends of the interval, n and reason as a frame of the kind that was asked.

        Returns:
            One row a group, in order: the columns of `by` with their types; `value`, `low`, `high` as floats (a
            duration in seconds, an amount in units); `n`, `left_out`; `reason`. Of pandas, Polars, PyArrow or PySpark,
            or a DuckDB relation on the connection of the one that was asked; for lists and tables of a workspace of
            Polars when it is installed, else of DuckDB.
        """
        numbers = {"value": "float64", "low": "float64", "high": "float64", "n": "int64", "left_out": "int64"}
        groups = [group for group, _ in self.rows]
        kinds = {name: _dtype([group[place] for group in groups]) for place, name in enumerate(self.by)}
        dtypes = kinds | numbers | {"reason": "string"}
        rows: list[dict[str, Any]] = [
            {
                name: str(part) if part is not None and kinds[name] == "string" else part
                for name, part in zip(self.by, group, strict=True)
            }
            | {
                "value": _number(estimate.value),
                "low": _number(estimate.interval.low) if estimate.interval else None,
                "high": _number(estimate.interval.high) if estimate.interval else None,
                "n": estimate.n,
                "left_out": sum(number for _, number in estimate.excluded),
                "reason": estimate.reason,
            }
            for group, estimate in self.rows
        ]
        return to_frame({name: [row[name] for row in rows] for name in dtypes}, dtypes, self.kind)

    def _told(self) -> tuple[list[str], list[list[str]]]:
        level = next((estimate.interval.level for _, estimate in self.rows if estimate.interval), None)
        name = self.rows[0][1].receipt.definition.name if self.rows else "value"
        interval = "interval" if level is None else f"{level_words(level)} interval"
        head = [*self.by, name, interval, "n", "left out"]
        told = [
            [
                *("-" if part is None else str(part) for part in group),
                estimate.value_words,
                estimate.interval_words or (estimate.reason or ""),
                count_words(estimate.n),
                count_words(sum(number for _, number in estimate.excluded)),
            ]
            for group, estimate in self.rows
        ]
        return head, told

    def __repr__(self) -> str:
        head, told = self._told()
        widths = [max(len(row[column]) for row in [head, *told]) for column in range(len(head))]
        texts = len(self.by)
        lines = [
            "  ".join(
                cell.ljust(width) if column < texts else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in [head, *told]
        ]
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])

    def _repr_html_(self) -> str:
        return html_table(*self._told())


def table_of(by: tuple[str, ...], estimates: Mapping[tuple[Key, ...], Estimate]) -> EstimateTable:
    """The table of groups with their estimates, in order."""
    keys = sorted(estimates, key=lambda key: tuple(map(_order, key)))
    return EstimateTable(by, tuple((key, estimates[key]) for key in keys))


def _order(part: Key) -> tuple[int, Any]:
    """Missing last; numbers before text."""
    if part is None:
        return 2, ""
    return (1, str(part)) if isinstance(part, str) else (0, part.toordinal() if isinstance(part, date) else part)


_DTYPES = {bool: "bool", int: "int64", float: "float64", date: "date"}


def _dtype(parts: list[Key]) -> str:
    """The type of a column of names: that of all of them, else text."""
    found = {type(part) for part in parts if part is not None}
    return _DTYPES.get(found.pop(), "string") if len(found) == 1 else "string"


def _plain(part: Key) -> str | int | float | bool | None:
    return part.isoformat() if isinstance(part, date) else part


def _number(value: float | timedelta | Money | None) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value.amount) if isinstance(value, Money) else value
