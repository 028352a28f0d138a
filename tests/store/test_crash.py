"""A store outlives the death of its process at any moment and a disk that is full: nothing half, nothing lost."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from tests.store import victim
from tests.store.victim import ROWS, ROWS_PER_COMMIT, Export
from tests.sync.sources import books

from crmcx.errors import StoreError, StoreFullError
from crmcx.store import Counts, Store

FAILPOINTS = 20
MOMENTS = 5
"""Random moments a test; there are two such tests a load."""
NEW_FILE = 3 * 4096
"""Bytes of a DuckDB file with nothing in it."""
LOADS = ("first", "second")


@define
class Load:
    """A load that is broken off: what it reads, the store before it, and what stands after one in one piece."""

    name: str
    export: Path
    before: Path | None
    """The store it begins with; None for none."""
    digest: str = ""
    counts: Counts = field(factory=Counts)
    steps: tuple[str, ...] = ()
    seconds: float = 0.0
    """How long its process works when it is left alone; known once it is asked for."""

    def begin(self, folder: Path) -> Path:
        """The store as it stands before the load, in a folder of its own."""
        folder.mkdir()
        path = folder / "bank.crmcx"
        if self.before:
            shutil.copy(self.before, path)
        return path

    def failpoints(self, number: int) -> list[int]:
        """So many steps, spread over all of them from the first to the last."""
        return [1 + round(place * (len(self.steps) - 1) / (number - 1)) for place in range(number)]


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Load]:
    folder = tmp_path_factory.mktemp("loads")
    first = Load("first", victim.write_export(folder / "export.csv"), None)
    (folder / "later").mkdir()
    second = Load("second", victim.write_export(folder / "later" / "export.csv", changed=True), folder / "bank.crmcx")
    for load in (first, second):
        steps: list[str] = []
        with Store(
            folder / "bank.crmcx" if load is first else load.begin(folder / "one piece"), step=steps.append
        ) as s:
            load.counts = victim.load(s, Export(load.export)).counts
            load.digest = s.digest()
        load.steps = tuple(steps)
    return {"first": first, "second": second}


def command(store: Path, load: Load | None = None, **options: object) -> list[str]:
    found = [sys.executable, "-W", "error", victim.__file__, str(store)]
    if load is not None:
        found += ["--export", str(load.export), "--notes", str(store.with_name("notes"))]
    for name, value in options.items():
        found += [f"--{name.replace('_', '-')}", str(value)]
    return found


@contextmanager
def started(words: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A child that has imported what it needs and begins to work; it does not outlive the test."""
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert json.loads(child.stdout.readline()) == {"ready": True}
            yield child
        finally:
            child.kill()


def left_alone(words: Sequence[str]) -> list[dict[str, Any]]:
    """What a child said that went to its end."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def handed_on(path: Path) -> int:
    """Records that the children read, over all of them."""
    notes = path.with_name("notes")
    return sum(map(int, notes.read_text(encoding="ascii").split())) if notes.exists() else 0


def commits_of(store: Store, load: Load) -> list[Counts]:
    """The commits of a load; each adds up."""
    found = [
        Counts(read=read, stored=stored, unchanged=unchanged, quarantined=quarantined)
        for _, run_id, read, stored, unchanged, quarantined in books(
            store, "commits", 'commit_id, run_id, "read", stored, unchanged, quarantined'
        )
        if load.before is None or run_id > 1
    ]
    for each in found:
        assert each.adds_up
        assert each.read == ROWS_PER_COMMIT
    return found


def states_of(store: Store) -> list[str]:
    """How each run ended."""
    return [state for _, state in books(store, "runs", "run_id, state")]


def recover(path: Path, load: Load, *, deaths: int = 1) -> int:
    """Demand all that a store owes after a death, end the load, and tell how many records stood before that."""
    with Store(path) as store:
        status = store.status()
        assert all(each.counts.adds_up for each in status.streams)
        stood = sum((each.read for each in commits_of(store, load)), start=0)
        earlier = 0 if load.before is None else ROWS
        assert sum(each.counts.read for each in status.streams) == stood + earlier
        # Who died while closing had ended its pass, and the next one began another.
        passes, within = divmod(stood, ROWS)
        if passes and not within and not all(each.finished_at for each in status.streams):
            passes, within = passes - 1, ROWS
        read: list[int] = []

        report = victim.load(store, Export(load.export, read.append))

        assert store.digest() == load.digest
        assert report.counts.read == sum(read) == ROWS - within
        commits = commits_of(store, load)
        assert sum(each.read for each in commits) == stood + report.counts.read
        # Nothing that was committed was read again, and each death costs no more than the commit it broke off.
        assert handed_on(path) + sum(read) <= (1 + passes) * ROWS + deaths * ROWS_PER_COMMIT
        if not passes:
            assert sum(commits, Counts()) == load.counts
        states = states_of(store)
        assert states[-1] == "done"
        assert "running" not in states
        assert [each.finished_at is not None for each in store.status().streams] == [True]
    return stood


def committed_by(steps: Sequence[str]) -> int:
    """Commits of records that are done after these steps: a step is named before it is done, `committed` after."""
    return sum(steps[place - 2 : place + 1] == ("books", "commit", "committed") for place in range(2, len(steps)))


def die_at(step: int, load: Load, folder: Path) -> None:
    path = load.begin(folder)

    done = subprocess.run(command(path, load, kill_at=step), capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == -signal.SIGKILL, done.stderr
    assert recover(path, load) == committed_by(load.steps[:step]) * ROWS_PER_COMMIT


def test_the_loads_are_what_the_tests_are_about(loads: dict[str, Load]) -> None:
    first, second = loads["first"], loads["second"]

    assert first.counts.read == second.counts.read == ROWS
    assert committed_by(first.steps) == committed_by(second.steps) == ROWS // ROWS_PER_COMMIT == 10
    assert min(first.counts.stored, first.counts.unchanged, first.counts.quarantined) > 30
    assert second.counts.quarantined == first.counts.quarantined
    assert 0.08 * ROWS < second.counts.stored < 0.12 * ROWS
    assert first.digest != second.digest
    for load in (first, second):
        points = load.failpoints(FAILPOINTS)
        assert len(set(points)) == FAILPOINTS
        assert (points[0], points[-1]) == (1, len(load.steps))


@pytest.mark.parametrize("load", LOADS)
def test_a_process_of_its_own_does_the_same(load: str, loads: dict[str, Load], tmp_path: Path) -> None:
    path = loads[load].begin(tmp_path / "store")

    *told, last = left_alone(command(path, loads[load]))

    assert (last["error"], tuple(last["steps"])) == (None, loads[load].steps)
    assert [each["committed"] for each in told[1:]] == list(range(ROWS_PER_COMMIT, ROWS + 1, ROWS_PER_COMMIT))
    assert handed_on(path) == ROWS
    with Store(path, read_only=True) as store:
        assert store.digest() == loads[load].digest


@pytest.mark.parametrize("place", range(FAILPOINTS))
@pytest.mark.parametrize("load", LOADS)
def test_killed_at_a_step(load: str, place: int, loads: dict[str, Load], tmp_path: Path) -> None:
    die_at(loads[load].failpoints(FAILPOINTS)[place], loads[load], tmp_path / "store")


def seconds_of(load: Load, folder: Path, **options: object) -> float:
    """How long a child works that is left alone."""
    begun = 0.0
    with started(command(load.begin(folder), load, **options)) as child:
        begun = time.monotonic()
        child.communicate(timeout=60)
        assert child.returncode == 0
        return time.monotonic() - begun


def die_within(fraction: float, path: Path, load: Load, **options: object) -> bool:
    """Kill a child when this part of its time is over; False when it was done before."""
    with started(command(path, load, **options)) as child:
        begun = time.monotonic()
        try:
            child.wait(timeout=fraction * load.seconds)
        except subprocess.TimeoutExpired:
            child.kill()
        child.wait(timeout=60)
        assert child.returncode in {0, -signal.SIGKILL}
        if child.returncode == 0:
            load.seconds = min(load.seconds, time.monotonic() - begun)  # measured beside others, it was too long
    return child.returncode != 0


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("load", LOADS)
def test_killed_at_random_moments(load: str, seed: int, loads: dict[str, Load], tmp_path: Path) -> None:
    draw = random.Random(f"{load} {seed}")
    about = loads[load]
    about.seconds = about.seconds or seconds_of(about, tmp_path / "alone")
    killed = 0
    for number in range(MOMENTS):
        path = about.begin(tmp_path / str(number))
        killed += die_within(draw.random(), path, about)
        recover(path, about)
    assert killed >= MOMENTS / 2


def test_killed_again_and_again(loads: dict[str, Load], tmp_path: Path) -> None:
    """Each process goes on where the last one died, until one ends."""
    load = loads["first"]
    path = load.begin(tmp_path / "store")
    stood = [0]
    while True:
        done = subprocess.run(command(path, load, kill_at=40), capture_output=True, check=False, timeout=60)
        with Store(path, read_only=True) as store:
            stood.append(sum(each.read for each in commits_of(store, load)))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        assert stood[-1] - stood[-2] in {3 * ROWS_PER_COMMIT, 4 * ROWS_PER_COMMIT}

    assert stood[-1] == ROWS
    assert handed_on(path) <= ROWS + (len(stood) - 2) * ROWS_PER_COMMIT
    with Store(path) as store:
        assert store.digest() == load.digest
        assert states_of(store)[:-1] == ["broken off"] * (len(stood) - 2)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("load", LOADS)
def test_killed_at_every_step(load: str, part: int, loads: dict[str, Load], tmp_path: Path) -> None:
    for step in range(1 + part, len(loads[load].steps) + 1, 10):
        die_at(step, loads[load], tmp_path / str(step))


@pytest.mark.deep
@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize("checkpoint", ["64MB", "100KB"])
@pytest.mark.parametrize("load", LOADS)
def test_killed_twice_at_random_moments(
    load: str, checkpoint: str, part: int, loads: dict[str, Load], tmp_path: Path
) -> None:
    """The second death may come while the store recovers from the first; many fall into a checkpoint."""
    draw = random.Random(f"{load} {checkpoint} {part}")
    about = loads[load]
    about.seconds = seconds_of(about, tmp_path / "alone", checkpoint=checkpoint)
    killed = 0
    for number in range(6):
        path = about.begin(tmp_path / str(number))
        first = die_within(draw.random(), path, about, checkpoint=checkpoint)
        second = first and die_within(draw.random() * 0.6, path, about, checkpoint=checkpoint)
        killed += first + second
        recover(path, about, deaths=first + second)
    assert killed >= 6


class TestFullDisk:
    """No file of the child may grow beyond a limit, which to DuckDB is what a full disk is."""

    @pytest.mark.parametrize(
        ("limit", "checkpoint", "least"),
        [
            pytest.param(300_000, "100KB", 0, id="at the first checkpoint"),
            pytest.param(4_500_000, "100KB", ROWS_PER_COMMIT, id="at a later checkpoint"),
            pytest.param(120_000, "64MB", 0, id="in the log"),
            pytest.param(
                600_000,
                "64MB",
                ROWS_PER_COMMIT,
                id="in the log, later",
            ),
        ],
    )
    def test_what_was_committed_stands(
        self, limit: int, checkpoint: str, least: int, loads: dict[str, Load], tmp_path: Path
    ) -> None:
        load = loads["first"]
        path = load.begin(tmp_path / "store")

        *told, last = left_alone(command(path, load, limit=limit, checkpoint=checkpoint))

        assert (last["error"], last["code"]) == (StoreFullError.__name__, "store-full")
        assert last["again"] == "store"
        stood = max((each["committed"] for each in told if "committed" in each), default=0)
        assert least <= stood < ROWS
        assert recover(path, load) == stood

    def test_a_checkpoint_that_fails_at_closing_loses_nothing(self, loads: dict[str, Load], tmp_path: Path) -> None:
        load = loads["first"]
        path = load.begin(tmp_path / "store")

        *_, last = left_alone(command(path, load, limit=2_000_000))

        assert last["error"] is None
        assert path.with_name("bank.crmcx.wal").stat().st_size > 0
        with Store(path, read_only=True) as store:
            assert store.digest() == load.digest
        assert recover(path, load) == ROWS

    def test_a_copy_leaves_nothing_behind(self, loads: dict[str, Load], tmp_path: Path) -> None:
        path = loads["second"].begin(tmp_path / "store")
        copy = tmp_path / "copy" / "bank.crmcx"
        copy.parent.mkdir()

        subprocess.run(command(path, limit=1_000_000, copy_to=copy), capture_output=True, check=False, timeout=60)

        assert list(copy.parent.iterdir()) == []
        with Store(path) as store:
            assert store.digest() == loads["first"].digest
            store.snapshot_to(copy)
        with Store(copy, read_only=True) as store:
            assert store.digest() == loads["first"].digest

    @pytest.mark.parametrize(
        "limit",
        [
            pytest.param(4096, id="in the file"),
            pytest.param(1_000_000, id="in the log"),
        ],
    )
    def test_a_copy_that_has_no_room_says_so(self, limit: int, loads: dict[str, Load], tmp_path: Path) -> None:
        path = loads["second"].begin(tmp_path / "store")

        *_, last = left_alone(command(path, limit=limit, copy_to=tmp_path / "copy.crmcx"))

        assert (last["error"], last["code"]) == (StoreFullError.__name__, "store-full")
        assert not list(tmp_path.glob("*copy*"))


class TestNewFile:
    """A death, or a full disk, while DuckDB makes the file leaves less of it than an empty one has."""

    @pytest.mark.parametrize("size", [0, 4096, 8192, NEW_FILE - 1])
    def test_killed_while_the_file_is_made(self, size: int, loads: dict[str, Load], tmp_path: Path) -> None:
        load = loads["first"]
        whole = tmp_path / "whole.crmcx"
        subprocess.run(command(whole, load, kill_at=1), capture_output=True, check=False, timeout=60)
        made = whole.read_bytes()
        assert len(made) == NEW_FILE
        path = load.begin(tmp_path / "store")
        path.write_bytes(made[:size])

        with Store(path) as store:
            victim.load(store, Export(load.export))
            assert store.digest() == load.digest

    @pytest.mark.parametrize("limit", [0, 4096, NEW_FILE - 1, NEW_FILE])
    def test_no_room_for_the_file(self, limit: int, loads: dict[str, Load], tmp_path: Path) -> None:
        load = loads["first"]
        path = load.begin(tmp_path / "store")

        *_, last = left_alone(command(path, load, limit=limit))

        assert last["code"] in {"store", "store-full"}
        assert recover(path, load) == 0

    @pytest.mark.parametrize(
        "limit",
        [
            pytest.param(
                4096,
            ),
            NEW_FILE,
        ],
    )
    def test_no_room_for_the_file_is_called_so(self, limit: int, loads: dict[str, Load], tmp_path: Path) -> None:
        *_, last = left_alone(command(tmp_path / "bank.crmcx", loads["first"], limit=limit))

        assert (last["error"], last["code"]) == (StoreFullError.__name__, "store-full")

    @pytest.mark.parametrize("said", [b"x", b"mine\n" * 100, b"\0" * 9 + b"mine"])
    def test_a_small_file_of_someone_else_is_not_taken_for_one(self, said: bytes, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_bytes(said)

        with pytest.raises(StoreError):
            Store(path)

        assert path.read_bytes() == said
