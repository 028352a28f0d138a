"""What every metric is asked with, and how its groups become an estimate or a table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import narwhals.stable.v2 as nw
from attrs import frozen

from crmcx.errors import UsageError
from crmcx.estimates import Definition, Estimate, EstimateTable, Receipt, table_of
from crmcx.instants import Window, from_us, to_us
from crmcx.tables import Frame, rows

By = str | Sequence[str] | None
Group = TypeVar("Group")


def names_of(by: By) -> tuple[str, ...]:
    """The columns to group by.

    Raises:
        UsageError: One is named twice.
    """
    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    if len({name.lower() for name in names}) != len(names):
        msg = f"by names a column twice: {', '.join(names)}"
        raise UsageError(msg, hint="name each column once, whatever its case")
    return names


def demand_one_of(name: str, value: str, allowed: Iterable[str]) -> None:
    """Demand that an argument is one of the words it may be.

    Raises:
        UsageError: It is not.
    """
    known = tuple(allowed)
    if value not in known:
        msg = f"found {name}={value!r}, expected one of {', '.join(known)}"
        raise UsageError(msg, hint="the reference tells what each of them means")


@frozen(kw_only=True)
class Question:
    """What one call asks, beside its tables."""

    name: str
    unit: str
    parameters: Mapping[str, Any]
    version: int = 1
    by: tuple[str, ...] = ()
    window: Window | None = None
    as_of: datetime | None = None
    level: float = 0.95

    def receipt(self, frame: Frame) -> Receipt:
        """The receipt of the numbers made from a frame."""
        definition = Definition(self.name, self.version, self.parameters)
        return Receipt(
            definition=definition, unit=self.unit, window=self.window, as_of=self.as_of, snapshot=frame.snapshot
        )

    def answer(
        self, groups: Mapping[tuple[Any, ...], Group], empty: Group, make: Callable[[Group], Estimate]
    ) -> Estimate | EstimateTable:
        """One estimate, or a table of them where groups were asked for."""
        if not self.by:
            return make(groups.get((), empty))
        return table_of(self.by, {key: make(group) for key, group in groups.items()})


def in_window(frame: Frame, window: Window, instant: str, day: str | None = None) -> nw.Expr:
    """Whether a row's instant, or where it has none its day, lies in the window; False without either."""
    parts = []
    if instant in frame.columns:
        parts.append((nw.col(instant) >= window.start_us) & (nw.col(instant) < window.end_us) & _known(instant))
    if day is not None and day in frame.columns:
        found = (nw.col(day) >= window.start_day) & (nw.col(day) < window.end_day) & _known(day)
        parts.append(found & ~_known(instant) if parts else found)
    return nw.any_horizontal(*parts, ignore_nulls=True)


def _known(name: str) -> nw.Expr:
    return ~nw.col(name).is_null()


def known_by(frame: Frame, as_of: datetime | None, happened: str) -> Frame:
    """The rows of an event table that were known by a date, by when they happened and when that could be known."""
    if as_of is None:
        return frame
    at = to_us(as_of)
    kept = nw.col(happened).is_null() | (nw.col(happened) <= at)
    if "known_us" in frame.columns:
        kept &= nw.col("known_us").is_null() | (nw.col("known_us") <= at)
    return frame.having(kept)


def words_in(column: str, *words: str) -> nw.Expr:
    """Whether a column holds one of these words; False where it holds nothing."""
    return nw.col(column).is_in(list(words)) & _known(column)


def latest(*columns: tuple[Frame, str]) -> datetime | None:
    """The latest instant in these columns, of those that are there; None when there is none."""
    found = [
        row["latest"]
        for frame, name in columns
        if name in frame.columns
        for row in rows(frame.lazy.select(nw.col(name).max().alias("latest")))
    ]
    return max((from_us(int(us)) for us in found if us is not None), default=None)
