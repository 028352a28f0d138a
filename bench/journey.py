"""Transitions and a funnel over a million events, against hand-written DuckDB SQL of the same meaning.

Run with `python -m bench.journey`. Both sides read the same table of the same connection, one after the other, and
their rows are compared before anything is timed. The ratio is that of the medians; the goal is at most 1.3.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import duckdb

from crmcx import journey

EVENTS = 1_000_000
ROUNDS = 7
GOAL = 1.3
SQL = Path(__file__).parent / "sql"
WORDS = ("home", "search", "product", "product", "product", "reviews", "help", "cart", "buy", "login", "faq", "home")
STEPS = ("home", "product", "cart", "buy")


def events(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    """A log of a shop: people who come back, two per cent of the rows in ties."""
    connection.execute("SELECT setseed(0.42)")
    connection.execute(
        f"""CREATE TABLE events AS
        WITH drawn AS (
            SELECT i, random() AS a, random() AS b, random() AS c FROM range({number}) t(i)
        ), placed AS (
            SELECT *, (b * 7776000)::BIGINT AS second, CASE WHEN i % 50 = 0 THEN 3600 ELSE 1 END AS grain FROM drawn
        )
        SELECT (hash(i) >> 1)::BIGINT AS key,
            CASE WHEN i % 997 > 0 THEN (hash(floor(pow(a, 1.5) * {number // 12})) >> 1)::BIGINT END AS person_id,
            (1735689600 + second // grain * grain) * 1000000 AS occurred_us,
            [{", ".join(map(repr, WORDS))}][1 + (c * {len(WORDS)})::INTEGER % {len(WORDS)}] AS touchpoint,
            'customer' AS visibility, occurred_us AS known_us
        FROM placed"""
    )


def by_hand(connection: duckdb.DuckDBPyConnection, name: str) -> list[Any]:
    return connection.execute((SQL / f"{name}.sql").read_text(encoding="utf-8")).fetchall()


def transitions(connection: duckdb.DuckDBPyConnection) -> list[Any]:
    found = journey.transitions(journey.JourneyLog(connection.table("events")))
    return [(way.source, way.target, way.n) for way in found]


def funnel(connection: duckdb.DuckDBPyConnection) -> list[Any]:
    log = journey.JourneyLog(connection.table("events"))
    found = journey.funnel(log, STEPS, within=timedelta(days=7))
    times = [step.median_time / timedelta(microseconds=1) for step in found if step.median_time is not None]
    return [(*(step.n for step in found), *times)]


def timed(ask: Callable[[], Any]) -> tuple[float, float]:
    wall, cpu = perf_counter(), process_time()
    ask()
    return perf_counter() - wall, process_time() - cpu


def main() -> int:
    connection = duckdb.connect(config={"threads": 2})
    events(connection, EVENTS)
    print(f"{EVENTS:,} events, median of {ROUNDS} rounds, by hand and by crmcx in turn")
    worst = 0.0
    for ask in (transitions, funnel):
        name = ask.__name__
        expected, found = by_hand(connection, name), ask(connection)
        assert found == expected, f"{name}: the rows differ: {found[:3]} and {expected[:3]}"
        hand: list[tuple[float, float]] = []
        ours: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            hand.append(timed(lambda name=name: by_hand(connection, name)))
            ours.append(timed(lambda ask=ask: ask(connection)))
        ratio = median(each[0] for each in ours) / median(each[0] for each in hand)
        worst = max(worst, ratio)
        print(
            f"  {name:<12} by hand {median(each[0] for each in hand):.3f} s, crmcx"
            f" {median(each[0] for each in ours):.3f} s: {ratio:.2f} times (goal {GOAL}); CPU"
            f" {median(each[1] for each in ours) / median(each[1] for each in hand):.2f} times; {len(found)} rows equal"
        )
    return 0 if worst <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
