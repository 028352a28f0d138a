"""Which rows of a checked frame a question is about."""

from __future__ import annotations

from datetime import datetime

import narwhals.stable.v2 as nw

from crmcx import engines
from crmcx.instants import Window, from_us, to_us
from crmcx.models.interaction import Visibility
from crmcx.tables.frames import Frame


def in_window(frame: Frame, window: Window, instant: str, day: str | None = None) -> nw.Expr:
    """Whether a row's instant, or where it has none its day, lies in the window; False without either."""
    parts = []
    if instant in frame.columns:
        parts.append((nw.col(instant) >= window.start_us) & (nw.col(instant) < window.end_us) & _known(instant))
    if day is not None and day in frame.columns:
        found = (nw.col(day) >= window.start_day) & (nw.col(day) < window.end_day) & _known(day)
        parts.append(found & ~_known(instant) if parts else found)
    if not parts:
        anything = nw.col(min(frame.columns)).is_null()
        return anything & ~anything
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


def visible_to_customers(frame: Frame) -> Frame:
    """The rows that the customer could see, or that do not say."""
    if "visibility" not in frame.columns:
        return frame
    return frame.having(nw.col("visibility").is_null() | words_in("visibility", Visibility.CUSTOMER.value))


def latest(*columns: tuple[Frame, str]) -> datetime | None:
    """The latest instant in these columns, of those that are there; None when there is none."""
    found = [
        row["latest"]
        for frame, name in columns
        if name in frame.columns
        for row in engines.rows(frame.lazy.select(nw.col(name).max().alias("latest")))
    ]
    return max((from_us(int(us)) for us in found if us is not None), default=None)
