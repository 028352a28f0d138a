"""A process that dies while records are deleted leaves none half there, and the next run deletes the rest."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from tests.store import victim_of_deletions as victim
from tests.store.victim_of_deletions import FLAGGED, SAID, UNSHOWN
from tests.sync.sources import books

from crmcx.store import Store

KEPT = {*map(str, range(SAID)), *(f"s{number}" for number in range(SAID))} - FLAGGED - UNSHOWN
FAILPOINTS = 20


@define
class Whole:
    """The store before the second load, and what stands after one in one piece."""

    before: Path
    after: tuple[Any, ...]
    steps: list[str]

    def failpoints(self) -> list[int]:
        """Steps spread over all of them, from the first to the last."""
        return [1 + round(place * (len(self.steps) - 1) / (FAILPOINTS - 1)) for place in range(FAILPOINTS)]


def what_stands(store: Store) -> tuple[Any, ...]:
    """Rows, deletions, and how many went."""
    return (
        store.digest(),
        books(store, "deleted", "table_name, source_id, stream, version, how"),
        sum(deleted for _, deleted in books(store, "commits", "commit_id, deleted")),
    )


def child(path: Path, kill_at: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-W", "error", "-m", victim.__name__, str(path), str(kill_at)]
    root = Path(__file__).parents[2]
    return subprocess.run(words, cwd=root, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    with Store(folder / "before.crmcx") as store:
        victim.load(store, second=False)
    shutil.copy(folder / "before.crmcx", folder / "after.crmcx")
    steps: list[str] = []
    with Store(folder / "after.crmcx", step=steps.append) as store:
        victim.load(store, second=True)
        after = what_stands(store)
    return Whole(folder / "before.crmcx", after, steps)


def demand_nothing_half(store: Store) -> None:
    there = {number for (number,) in store._read("SELECT source_id FROM deals")}
    gone = {number for (number,) in books(store, "deleted", "source_id")}
    assert not there & gone
    assert there | gone == KEPT | FLAGGED | UNSHOWN
    assert there >= UNSHOWN or gone >= UNSHOWN  # a sweep is one transaction
    assert all(each.counts.adds_up for each in store.status().streams)


def test_the_load_is_what_the_tests_are_about(whole: Whole) -> None:
    _, deleted, count = whole.after

    assert {(number, how) for _, number, _, _, how in deleted} == {
        *((number, "marker") for number in FLAGGED),
        *((number, "sweep") for number in UNSHOWN),
    }
    assert count == len(FLAGGED) + len(UNSHOWN)
    assert {"present", "sweep deals", "finish"} <= set(whole.steps)
    assert len(set(whole.failpoints())) == FAILPOINTS


def test_a_process_of_its_own_does_the_same(whole: Whole, tmp_path: Path) -> None:
    path = Path(shutil.copy(whole.before, tmp_path / "bank.crmcx"))

    done = child(path, 0)

    assert (done.returncode, done.stderr, json.loads(done.stdout)) == (0, "", whole.steps)
    with Store(path) as store:
        assert what_stands(store) == whole.after


def die_at(step: int, whole: Whole, path: Path) -> None:
    shutil.copy(whole.before, path)

    done = child(path, step)

    assert done.returncode == -signal.SIGKILL, done.stderr
    with Store(path) as store:
        demand_nothing_half(store)
        victim.load(store, second=True)
        assert what_stands(store) == whole.after
        assert books(store, "present") == []


@pytest.mark.parametrize("place", range(FAILPOINTS))
def test_killed_at_a_step(place: int, whole: Whole, tmp_path: Path) -> None:
    die_at(whole.failpoints()[place], whole, tmp_path / "bank.crmcx")


@pytest.mark.deep
def test_killed_at_every_step(whole: Whole, tmp_path: Path) -> None:
    for step in range(1, len(whole.steps) + 1):
        die_at(step, whole, tmp_path / f"bank{step}.crmcx")
