"""Contracts for tests, and the times without a gap that they make, by a walk over days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import strategies as st

DAY = 86_400_000_000
Contract = tuple[int, int, int | None]
"""Person, first day, and the day of its end."""


def day(number: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)


def table(contracts: Sequence[Contract]) -> pl.DataFrame:
    ends = [None if end is None else end * DAY for _, _, end in contracts]
    return pl.DataFrame(
        {
            "key": pl.Series(range(len(contracts)), dtype=pl.Int64),
            "person_id": pl.Series([person for person, *_ in contracts], dtype=pl.Int64),
            "started_us": pl.Series([start * DAY for _, start, _ in contracts], dtype=pl.Int64),
            "ended_us": pl.Series(ends, dtype=pl.Int64),
        }
    )


def spells_of(contracts: Sequence[Contract], as_of: int) -> list[tuple[int, int, int | None]]:
    """Person, first day and day of the end, None where it goes on at a day; made day by day."""
    found = []
    for person in sorted({person for person, *_ in contracts}):
        own = [(start, end) for who, start, end in contracts if who == person and (end is None or end > start)]
        began: int | None = None
        for now in range(as_of + 1):
            there = any(start <= now and (end is None or now < end) for start, end in own)
            if there and began is None:
                began = now
            elif not there and began is not None:
                found.append((person, began, now))
                began = None
        if began is not None:
            found.append((person, began, None))
    return found


CONTRACTS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 25), st.none() | st.integers(0, 30)), max_size=14)
