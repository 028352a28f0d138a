"""Sync over HTTP: crmcx end to end against a floor and dlt, whole processes from cold start, in one run.

Run with `make bench-sync`, which makes each its environment; `ARGS="--records 30000 --rounds 1"` makes it shorter. A
server of its own process answers on this machine with pages of 1,000 nested records. Rates are records per CPU second
of the process and its children; the rivals take turns, and the medians of the rounds count. What was stored, left
unchanged and set aside is counted in the store by a query each, never taken from a report, and compared with what the
server knows. What misses its goal is printed as such.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
from attrs import field, frozen

from bench.http_server import cents, changes, is_bad
from bench.large_store import costs
from bench.measuring import Took, run, serving

SEED = 20
GOALS = {"first load": 60_000, "unchanged": 70_000, "10 % changed": 60_000}
OF_FLOOR = 0.55
TIMES_DLT = 2.5
LIMIT_MB = 500
FLAT = 1.2
MANY = 1_000_000
LARGE = 10_000_000
TIMES_SMALL = 2.0
COLD_SECONDS = 0.6
LIVE_MILLISECONDS = 50


@frozen
class Counted:
    """What a store holds, each by its own query."""

    stored: int
    unchanged: int
    quarantined: int
    cents: int

    @classmethod
    def expected(cls, records: int, variant: str, *, again: bool) -> Counted:
        """What is right."""
        good = [number for number in range(records) if not is_bad(number)]
        new = sum(changes(number, variant) for number in good) if again else len(good)
        worth = sum(cents(number, SEED, variant) for number in good)
        return cls(new, len(good) - new, records - len(good), worth)


@frozen
class Bench:
    """One run of all measurements."""

    records: int
    rounds: int
    folder: Path
    pythons: dict[str, str]
    taken: dict[str, list[Took]] = field(factory=dict)
    faults: list[str] = field(factory=list)

    def run(self, name: str, who: str, module: str, *arguments: object) -> Took:
        """Run something in its environment, and keep what it took under a name."""
        cache = self.folder / f"bytecode-{who}"
        took = run(module, *arguments, python=self.pythons[who], cache=cache)
        self.taken.setdefault(name, []).append(took)
        return took

    def demand(self, name: str, found: object, expected: object) -> None:
        """Note a count that is not as it must be."""
        if found != expected:
            self.faults.append(f"{name}: found {found}, expected {expected}")

    # -- measuring -----------------------------------------------------------------------------------------------

    def round(self, url: str, records: int, *, warm: bool = False) -> None:
        """Everybody once."""
        here = Path(tempfile.mkdtemp(dir=self.folder))
        tag = "warm " if warm else ""
        self.run(f"{tag}floor", "floor", "bench.http_floor", here / "floor.duckdb", f"{url}/first")
        self.demand("floor", _floor(here / "floor.duckdb"), Counted.expected(records, "first", again=False))
        first = here / "first.duckdb"
        self.run(f"{tag}first load", "crmcx", "bench.http_crmcx", "sync", first, f"{url}/first")
        self.demand("first load", counted(first, None), Counted.expected(records, "first", again=False))
        for name, variant in (
            ("unchanged", "first"),
            ("unchanged, other pages", "shifted"),
            ("10 % changed", "changed"),
        ):
            after = here / f"{variant}-again.duckdb"
            shutil.copy(first, after)
            self.run(f"{tag}{name}", "crmcx", "bench.http_crmcx", "whole", after, f"{url}/{variant}")
            self.demand(name, counted(after, first), Counted.expected(records, variant, again=True))
        for way in ("rest", "arrow"):
            self._rival(tag, way, here, url, records)
        shutil.rmtree(here)

    def _rival(self, tag: str, way: str, here: Path, url: str, records: int) -> None:
        once, merged = here / way, here / f"{way}-merge"
        for folder in (once, merged):
            folder.mkdir()
        self.run(f"{tag}dlt {way}", "dlt", "bench.http_dlt", way, once, f"{url}/first", records)
        self.demand(f"dlt {way}", _dlt(once), (records, 0))
        self.run(f"{tag}dlt {way}, merge", "dlt", "bench.http_dlt", f"{way}-merge", merged, f"{url}/first", records)
        self.demand(f"dlt {way}, merge", _dlt(merged), (records, 0))
        for name, variant in (("unchanged", "first"), ("10 % changed", "changed")):
            again = here / f"{way}-{variant}"
            shutil.copytree(merged, again)
            self.run(
                f"{tag}dlt {way}, {name}", "dlt", "bench.http_dlt", f"{way}-merge", again, f"{url}/{variant}", records
            )
            changed = sum(changes(number, variant) for number in range(records))
            self.demand(f"dlt {way}, {name}", _dlt(again), (records, changed))

    def packed(self, url: str) -> None:
        """Floor and first load where the pages come packed."""
        here = Path(tempfile.mkdtemp(dir=self.folder))
        self.run("floor, gzip", "floor", "bench.http_floor", here / "floor.duckdb", f"{url}/first")
        self.run("first load, gzip", "crmcx", "bench.http_crmcx", "sync", here / "first.duckdb", f"{url}/first")
        shutil.rmtree(here)

    def second(self, url: str) -> None:
        """A run that finds nothing new: as a process, and in one that lives."""
        store = self.folder / "second.duckdb"
        self.run("warm second", "crmcx", "bench.http_crmcx", "sync", store, f"{url}/live")
        for _ in range(7):
            self.run("nothing new, cold", "crmcx", "bench.http_crmcx", "sync", store, f"{url}/live")
        self.run("nothing new, live", "crmcx", "bench.http_crmcx", "again", store, f"{url}/live")

    def many(self) -> None:
        """A million records in one load."""
        store = self.folder / "many.duckdb"
        with serving(["--records", MANY, "--seed", SEED]) as url:
            self.run("a million", "crmcx", "bench.http_crmcx", "sync", store, f"{url}/first")
        self.demand("a million", counted(store, None), Counted.expected(MANY, "first", again=False))
        store.unlink()

    # -- telling -------------------------------------------------------------------------------------------------

    def rate(self, name: str, records: int | None = None) -> float:
        """Records per CPU second, the median of the rounds."""
        return (records or self.records) / median(each.cpu for each in self.taken[name])

    def peak(self, name: str) -> float:
        """The highest peak of the rounds."""
        return max(each.peak_mb for each in self.taken[name])

    def line(self, name: str, records: int | None = None) -> None:
        """Print what was measured under a name."""
        rate, took = self.rate(name, records), self.taken[name]
        wall = median(each.wall for each in took)
        spread = f"{min(each.cpu for each in took):.2f} to {max(each.cpu for each in took):.2f}"
        print(
            f"{name:<24}{rate:>9,.0f} per CPU s {rate / self.rate('floor'):>6.2f} of floor"
            f"  CPU {spread:<16} wall {wall:>6.2f} s {self.peak(name):>6.0f} MB  n={len(took)}"
        )


def goal(what: str, reached: bool, told: str) -> None:  # noqa: FBT001 - a helper of this file
    """Print whether a goal was reached."""
    print(f"{'reached' if reached else 'MISSED ':<8} {what}: {told}")


def counted(store: Path, before: Path | None) -> Counted:
    """What the last run did to a store, by the contents of the store before and after it, each by its own query."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{store}' AS now_ (READ_ONLY)").fetchall()
        if before is not None:
            connection.execute(f"ATTACH '{before}' AS then_ (READ_ONLY)").fetchall()

        def number(sql: str) -> int:
            ((found,),) = connection.execute(sql).fetchall()
            return int(found)

        rows = "SELECT * FROM now_.deals"
        return Counted(
            number(f"SELECT count(*) FROM ({rows}{'' if before is None else ' EXCEPT SELECT * FROM then_.deals'})"),
            0 if before is None else number(f"SELECT count(*) FROM ({rows} INTERSECT SELECT * FROM then_.deals)"),
            number(
                "SELECT count(*) FROM now_.books.quarantine WHERE run_id = (SELECT max(run_id) FROM now_.books.runs)"
            ),
            number("SELECT sum(amount_micros) // 10000 FROM now_.deals"),
        )


def _floor(store: Path) -> Counted:
    with duckdb.connect(str(store), read_only=True) as connection:
        ((rows, worth),) = connection.execute("SELECT count(*), sum(amount * 100)::BIGINT FROM deals").fetchall()
    return Counted(rows, 0, rows // 99, worth)


def _dlt(folder: Path) -> tuple[int, int]:
    with duckdb.connect(str(folder / "dlt.duckdb"), read_only=True) as connection:
        names = [name for (name,) in connection.execute("SELECT column_name FROM (DESCRIBE crm.deals)").fetchall()]
        stage = next(name for name in names if name.endswith("dealstage"))
        ((rows, changed),) = connection.execute(
            f"SELECT count(DISTINCT id), count(*) FILTER ({stage} = 'decided') FROM crm.deals"
        ).fetchall()
    return rows, changed


def goals_of_rates(bench: Bench) -> None:
    """Print the goals that are rates."""
    for name, least in GOALS.items():
        rate, share = bench.rate(name), bench.rate(name) / bench.rate("floor")
        enough = rate >= least or (name == "first load" and share >= OF_FLOOR)
        others = f" or {OF_FLOOR} of the floor" if name == "first load" else ""
        goal(f"{name} at {least:,}{others}", enough, f"{rate:,.0f}, {share:.2f} of the floor")
    times = bench.rate("first load") / bench.rate("dlt rest")
    goal(f"{TIMES_DLT} times dlt's rest_api", times >= TIMES_DLT, f"{times:.2f} times")
    print(f"        beside dlt's Arrow pages: {bench.rate('first load') / bench.rate('dlt arrow'):.2f} times")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--records", type=int, default=300_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--large", type=int, default=LARGE, help="rows of the large store; 0 to leave it out")
    options.add_argument("--no-million", action="store_true")
    for who in ("floor", "dlt"):
        options.add_argument(f"--{who}", default=sys.executable, help="the interpreter of its environment")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pythons = {"crmcx": sys.executable, "floor": given.floor, "dlt": given.dlt}
        bench = Bench(given.records, given.rounds, Path(folder), pythons)
        _rates(bench)
        _small(bench)
        if not given.no_million:
            bench.many()
            bench.line("a million", MANY)
            peak, flat = bench.peak("a million"), bench.peak("a million") / bench.peak("first load")
            goal(f"a million records in {LIMIT_MB} MB", peak <= LIMIT_MB, f"{peak:.0f} MB at the most")
            goal(f"memory flat, at most {FLAT} times", flat <= FLAT, f"{flat:.2f} times that of {bench.records:,}")
        if given.large:
            _large(bench, given.large)
        for fault in bench.faults:
            print(f"WRONG COUNT  {fault}")
        print("all counts are right" if not bench.faults else f"{len(bench.faults)} counts are wrong")


def _rates(bench: Bench) -> None:
    variants = "first,shifted,changed"
    with serving(["--records", 1_000, "--seed", SEED, "--variants", variants]) as url:
        bench.round(url, 1_000, warm=True)
    with serving(["--records", bench.records, "--seed", SEED, "--variants", variants]) as url:
        for _ in range(bench.rounds):
            bench.round(url, bench.records)
    with serving(["--records", bench.records, "--seed", SEED, "--gzip"]) as url:
        bench.packed(url)
    print(f"{bench.records:,} records of 20 mapped fields, 1,000 a page, one in a hundred bad", flush=True)
    for name in bench.taken:
        if not name.startswith("warm"):
            bench.line(name)
    goals_of_rates(bench)


def _small(bench: Bench) -> None:
    with serving(["--records", 100_000, "--seed", SEED]) as url:
        bench.second(url)
    cold = median(each.wall for each in bench.taken["nothing new, cold"])
    cpu = median(each.cpu for each in bench.taken["nothing new, cold"])
    live = json.loads(bench.taken["nothing new, live"][0].said)["milliseconds"]
    goal(f"nothing new, whole process, {COLD_SECONDS} s", cold <= COLD_SECONDS, f"{cold:.2f} s, {cpu:.2f} s of CPU")
    goal(f"nothing new, live process, {LIVE_MILLISECONDS} ms", live <= LIVE_MILLISECONDS, f"{live:.0f} ms")
    sys.stdout.flush()


def _large(bench: Bench, rows: int) -> None:
    found: dict[str, Any] = costs(bench.folder, bench.folder / "bytecode-crmcx", rows=rows, records=100_000)
    bench.demand("large store, rows", found["held"], rows - rows // 100)
    bench.demand("large store, changed", found["changed"], min(100_000, rows) * 99 // 100)
    print(
        f"a record of a commit of 20,000, in CPU us: new {found['new']:.1f}; changed beside few {found['small']:.1f},"
        f" beside {found['held']:,} rows {found['large']:.1f} ({found['peak_mb']:.0f} MB, a file of"
        f" {found['size_mb']:,.0f} MB)"
    )
    times = found["large"] / found["small"]
    goal(f"a changed record beside many at most {TIMES_SMALL:.0f} times", times <= TIMES_SMALL, f"{times:.2f} times")


if __name__ == "__main__":
    main()
