"""Which rows a question is about: in a window, known by a date, seen by customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import polars as pl
import pytest

from crmcx.instants import Window, day_of, from_us
from crmcx.models import Deal, Interaction
from crmcx.tables import Frame, in_window, known_by, latest, rows, take, visible_to_customers, words_in

WINDOW = Window(date(2025, 3, 1), date(2025, 4, 1), zone="Europe/Berlin")
START, END = WINDOW.start_us, WINDOW.end_us
FIRST, AFTER = day_of(date(2025, 3, 1)), day_of(date(2025, 4, 1))


def duck(frame: pl.DataFrame) -> Any:
    connection = duckdb.connect()
    connection.register("given", frame.to_arrow())
    connection.execute("CREATE TABLE t AS SELECT * FROM given")
    return connection.table("t")


ENGINES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "pandas": lambda frame: frame.to_pandas(),
    "duckdb": duck,
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Callable[[pl.DataFrame], Any]:
    return ENGINES[request.param]


def deals(engine: Callable[[pl.DataFrame], Any], **columns: list[int | None]) -> Frame:
    count = len(next(iter(columns.values())))
    schema = dict.fromkeys([*columns, "version"], pl.Int64())
    table = pl.DataFrame({**columns, "version": list(range(count))}, schema=schema)
    return take(engine(table), Deal, needs=["version"], wants=["closed_us", "closed_day", "known_us", "created_us"])


def kept(frame: Frame) -> list[int]:
    return sorted(row["version"] for row in rows(frame.lazy))


class TestWindow:
    def test_instants(self, engine: Callable[[pl.DataFrame], Any]) -> None:
        frame = deals(engine, closed_us=[START - 1, START, END - 1, END, None])
        assert kept(frame.having(in_window(frame, WINDOW, "closed_us"))) == [1, 2]
        assert kept(frame.having(~in_window(frame, WINDOW, "closed_us"))) == [0, 3, 4]

    def test_days(self, engine: Callable[[pl.DataFrame], Any]) -> None:
        frame = deals(engine, closed_day=[FIRST - 1, FIRST, AFTER - 1, AFTER, None])
        assert kept(frame.having(in_window(frame, WINDOW, "closed_us", "closed_day"))) == [1, 2]
        assert kept(frame.having(~in_window(frame, WINDOW, "closed_us", "closed_day"))) == [0, 3, 4]

    def test_days_where_there_is_no_instant(self, engine: Callable[[pl.DataFrame], Any]) -> None:
        instants = [START, START - 1, None, None, None, START]
        days = [None, FIRST, FIRST, AFTER, None, AFTER]
        frame = deals(engine, closed_us=instants, closed_day=days)
        assert kept(frame.having(in_window(frame, WINDOW, "closed_us", "closed_day"))) == [0, 2, 5]
        assert kept(frame.having(~in_window(frame, WINDOW, "closed_us", "closed_day"))) == [1, 3, 4]
        assert kept(frame.having(in_window(frame, WINDOW, "closed_us"))) == [0, 5]

    def test_without_either_column_nothing_is_inside(self, engine: Callable[[pl.DataFrame], Any]) -> None:
        frame = deals(engine, known_us=[1])
        assert kept(frame.having(in_window(frame, WINDOW, "closed_us", "closed_day"))) == []


class TestKnown:
    def test_what_happened_and_was_known_by_then(self, engine: Callable[[pl.DataFrame], Any]) -> None:
        frame = deals(engine, closed_us=[9, 10, 11, None, 5, 5], known_us=[None, 10, 10, 11, 11, None])
        assert kept(known_by(frame, from_us(10), "closed_us")) == [0, 1, 5]
        assert known_by(frame, None, "closed_us") is frame

    def test_without_a_stamp_of_knowing(self, engine: Callable[[pl.DataFrame], Any]) -> None:
        frame = deals(engine, closed_us=[9, 10, 11, None])
        assert kept(known_by(frame, from_us(10), "closed_us")) == [0, 1, 3]


class TestWords:
    def test_one_of_these_words(self, engine: Callable[[pl.DataFrame], Any]) -> None:
        table = pl.DataFrame({"kind": ["call", "visit", None, "other"], "version": [0, 1, 2, 3]})
        frame = take(engine(table), Interaction, needs=["kind", "version"])
        assert kept(frame.having(words_in("kind", "call", "other"))) == [0, 3]
        assert kept(frame.having(~words_in("kind", "call", "other"))) == [1, 2]

    def test_what_customers_saw_or_nobody_said(self, engine: Callable[[pl.DataFrame], Any]) -> None:
        table = pl.DataFrame({"visibility": ["customer", "internal", None], "version": [0, 1, 2]})
        frame = take(engine(table), Interaction, needs=["version"], wants=["visibility"])
        assert kept(visible_to_customers(frame)) == [0, 2]
        unsaid = take(engine(table), Interaction, needs=["version"])
        assert visible_to_customers(unsaid) is unsaid


class TestLatest:
    def test_of_several_tables(self, engine: Callable[[pl.DataFrame], Any]) -> None:
        first, second = deals(engine, closed_us=[5, None, 7]), deals(engine, created_us=[6, None])
        assert latest((first, "closed_us"), (second, "created_us")) == from_us(7)
        assert latest((first, "created_us"), (second, "created_us")) == from_us(6)
        assert latest((first, "closed_us")) == datetime(1970, 1, 1, 0, 0, 0, 7, tzinfo=UTC)

    def test_of_nothing(self, engine: Callable[[pl.DataFrame], Any]) -> None:
        empty = deals(engine, closed_us=[None, None])
        assert latest((empty, "closed_us"), (empty, "created_us")) is None
        assert latest((deals(engine, closed_us=[]), "closed_us")) is None
        assert latest() is None
