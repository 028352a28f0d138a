"""Metrics against hand-written DuckDB SQL, and against lifetimes and lifelines in an environment of their own.

Run with `make bench-metrics`. Both sides of a ratio read the same table, in turn; their numbers are compared before
anything is timed. The ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import duckdb
import polars as pl
from attrs import define

from crmcx import metrics
from crmcx.instants import from_us
from crmcx.metrics.experience import NPS_SCALE
from crmcx.models import Answer, Feedback

SQL = Path(__file__).parent / "sql"
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
_DAY_US = 86_400_000_000
LOOKED_US = 2_190 * _DAY_US
"""When the lives were last looked at."""


@define
class Told:
    """What was measured; keeps whether every goal was reached."""

    missed: int = 0

    def ratio(self, name: str, ours: float, theirs: float, *, goal: float, faster: bool = False, rival: str) -> None:
        """Say how many times as long ours took, or how many times faster it was."""
        found = theirs / ours if faster else ours / theirs
        reached = found >= goal if faster else found <= goal
        self.missed += not reached
        words = "times as fast as" if faster else "times"
        print(
            f"  {name}: crmcx {ours:.3f} s, {rival} {theirs:.3f} s: {found:.2f} {words} {rival}"
            f" (goal {'at least' if faster else 'at most'} {goal:g}){'' if reached else ': missed'}",
            flush=True,
        )


def in_turn(rounds: int, *asks: Callable[[], Any]) -> list[float]:
    """The median seconds of each, asked one after the other."""
    taken: list[list[float]] = [[] for _ in asks]
    for _ in range(rounds):
        for ask, times in zip(asks, taken, strict=True):
            begun = perf_counter()
            ask()
            times.append(perf_counter() - begun)
    return [median(times) for times in taken]


def answers(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    """Answers of a fifth as many people in a hundred segments, one in fifty skipped."""
    connection.execute(
        f"""CREATE TABLE answers AS SELECT (hash(i) >> 1)::BIGINT AS key,
            (hash(i % {max(1, number // 5)}) >> 1)::BIGINT AS person_id, 'segment ' || (hash(i) % 100) AS segment,
            CASE WHEN i % 50 > 0 THEN (hash(i + 7) % 11)::DOUBLE END AS score FROM range({number}) t(i)"""
    )


def orders(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    """Orders of a tenth as many people over two years."""
    connection.execute(
        f"""CREATE TABLE orders AS SELECT (hash(i) >> 1)::BIGINT AS key,
            (hash(floor(pow((hash(i + 3) % 1000000) / 1e6, 1.5) * {max(1, number // 10)})) >> 1)::BIGINT AS person_id,
            1704067200000000 + (hash(i + 5) % 63072000)::BIGINT * 1000000 AS placed_us,
            'paid' AS status, (hash(i + 11) % 50000)::BIGINT * 10000 AS total_micros, 'EUR' AS total_currency
        FROM range({number}) t(i)"""
    )


def by_hand(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]]:
    return connection.execute((SQL / f"{name}.sql").read_text(encoding="utf-8")).fetchall()


def of_answers(told: Told, number: int, rounds: int) -> None:
    connection = duckdb.connect(config={"threads": 2})
    answers(connection, number)
    for name, cluster in (("nps", None), ("nps_by_person", "person_id")):

        def ours(cluster: str | None = cluster) -> Any:
            return metrics.nps(connection.table("answers"), by="segment", cluster=cluster, scale=NPS_SCALE)

        expected = {row[0]: row[1:5] for row in by_hand(connection, name)}
        found = {key[0]: (*dict(made.counts).values(), made.n) for key, made in ours()}
        assert found == expected, f"{name}: the counts differ"
        took, hand = in_turn(rounds, ours, lambda name=name: by_hand(connection, name))
        told.ratio(f"{name}, {number:,} answers by 100 segments", took, hand, goal=1.3, rival="SQL by hand")


def of_a_list(told: Told, rounds: int) -> None:
    draw = random.Random(3)
    listed = [
        Feedback(
            source="s",
            source_id=str(place),
            instrument="q",
            submitted_at=AS_OF,
            customer=f"s/{place % 300}",
            answers=(Answer(item="nps", kind="nps", score=draw.randrange(11), scale=NPS_SCALE),),
        )
        for place in range(1_000)
    ]
    assert metrics.nps(listed).n == len(listed)
    (took,) = in_turn(15 * rounds, lambda: metrics.nps(listed))
    told.missed += took > 0.005
    missed = ": missed" if took > 0.005 else ""
    print(f"  nps of a list of 1,000 feedback models: {took * 1000:.1f} ms (goal below 5 ms){missed}")
    frame = pl.DataFrame({"score": [float(place % 11) for place in range(1_000)], "person_id": range(1_000)})
    (took,) = in_turn(15 * rounds, lambda: metrics.nps(frame, scale=NPS_SCALE))
    print(f"  nps of a Polars frame of 1,000 rows: {took * 1000:.1f} ms")


def of_orders(told: Told, number: int, rounds: int, rival: str | None) -> None:
    connection = duckdb.connect(config={"threads": 2})
    orders(connection, number)
    hand = (SQL / "rfm.sql").read_text(encoding="utf-8")

    def ours() -> Any:
        return metrics.rfm(connection.table("orders"), as_of=AS_OF).to_frame()

    connection.execute(f"CREATE TABLE by_hand AS {hand}")
    ours().create("by_crmcx")
    for one, other_one in (("by_hand", "by_crmcx"), ("by_crmcx", "by_hand")):
        (rest,) = connection.execute(f"SELECT count(*) FROM (FROM {one} EXCEPT FROM {other_one})").fetchall()
        assert rest == (0,), f"rfm: {rest[0]} rows of {one} are not in {other_one}"
    sums = "sum(recency_score), sum(frequency_score), sum(monetary_score), sum(orders)"
    took, sql = in_turn(
        rounds,
        lambda: ours().aggregate(sums).fetchall(),
        lambda: connection.execute(f"SELECT {sums} FROM ({hand})").fetchall(),
    )
    told.ratio(f"rfm, {number:,} orders", took, sql, goal=1.3, rival="SQL by hand")
    if rival is not None:
        theirs = other(rival, connection, "orders", "rfm")
        told.ratio(f"rfm, {number:,} orders", took, theirs, goal=5, faster=True, rival="lifetimes")


def of_lives(told: Told, number: int, rounds: int, rival: str | None) -> None:
    """In whole days, which have few lengths, and by the second, of which crmcx counts whole days and lifelines all."""
    for name, grain in (("whole days", _DAY_US), ("by the second", 1_000_000)):
        connection = duckdb.connect(config={"threads": 2})
        most = 1_500 * _DAY_US // grain
        connection.execute(
            f"""CREATE TABLE lives AS SELECT i AS key, (hash(i) % 2000)::BIGINT * {_DAY_US} AS started_us,
                CASE WHEN hash(i + 1) % 3 > 0 THEN started_us + (1 + hash(i + 2) % {most})::BIGINT * {grain} END
                    AS ended_us
            FROM range({number}) t(i)"""
        )
        frame = pl.DataFrame(connection.table("lives"))
        (took,) = in_turn(rounds, lambda frame=frame: metrics.survival(frame, as_of=from_us(LOOKED_US), unit="key"))
        if rival is None:
            print(f"  Kaplan-Meier, {number:,} rows, {name}: crmcx {took:.3f} s")
            continue
        theirs = other(rival, connection, "lives", "kaplan_meier")
        told.ratio(f"Kaplan-Meier, {number:,} rows, {name}", took, theirs, goal=4, faster=True, rival="lifelines")


def other(rival: str, connection: duckdb.DuckDBPyConnection, table: str, ask: str) -> float:
    """The median seconds that a rival takes, once its frame is in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{table}.parquet"
        connection.execute(f"COPY {table} TO '{path}' (FORMAT parquet)")
        script = Path(__file__).parent / "rivals.py"
        done = subprocess.run([rival, str(script), ask, str(path)], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--lives", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rival", help="a Python with lifetimes and lifelines")
    chosen = parser.parse_args()
    told = Told()
    of_answers(told, chosen.rows, chosen.rounds)
    of_a_list(told, chosen.rounds)
    of_orders(told, chosen.rows, chosen.rounds, chosen.rival)
    of_lives(told, chosen.lives, chosen.rounds, chosen.rival)
    return 1 if told.missed else 0


if __name__ == "__main__":
    sys.exit(main())
