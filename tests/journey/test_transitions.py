"""Transitions against a walk over each journey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import isclose

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcx.errors import MissingColumnError, UsageError
from crmcx.journey import END, START, JourneyLog, transitions

Row = tuple[int, int, str]


def log_of(rows: Sequence[Row], *, keys: bool = True) -> JourneyLog:
    columns = {
        "person_id": pl.Series([row[0] for row in rows], dtype=pl.Int64),
        "occurred_us": pl.Series([row[1] for row in rows], dtype=pl.Int64),
        "touchpoint": pl.Series([row[2] for row in rows], dtype=pl.String),
    }
    if keys:
        columns["key"] = pl.Series(range(len(rows)), dtype=pl.Int64)
    return JourneyLog(pl.DataFrame(columns))


def walk(rows: Sequence[Row]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for unit in {row[0] for row in rows}:
        ordered = sorted(range(len(rows)), key=lambda number: (rows[number][1], number))
        path = [START, *(rows[number][2] for number in ordered if rows[number][0] == unit), END]
        found.update(pairwise(path))
    return found


rows_of = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5), st.sampled_from("abc")), max_size=20)


@settings(max_examples=150, deadline=None)
@given(rows_of)
def test_as_the_walk(rows: list[Row]) -> None:
    found = transitions(log_of(rows))
    assert {(way.source, way.target): way.n for way in found} == walk(rows)
    assert found.units == len({row[0] for row in rows})
    for source in {way.source for way in found}:
        assert isclose(sum(way.share for way in found if way.source == source), 1)


@settings(max_examples=50, deadline=None)
@given(rows_of, st.randoms(use_true_random=False))
def test_without_an_id_equal_instants_are_ordered_by_step(rows: list[Row], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert transitions(log_of(shuffled, keys=False)).rows == transitions(log_of(sorted(rows), keys=False)).rows


@settings(max_examples=50, deadline=None)
@given(rows_of)
def test_what_goes_in_comes_out(rows: list[Row]) -> None:
    found = transitions(log_of(rows))
    for step in {row[2] for row in rows}:
        assert sum(way.n for way in found if way.target == step) == sum(way.n for way in found if way.source == step)


def test_a_case_by_hand() -> None:
    found = transitions(log_of([(1, 0, "a"), (1, 5, "a"), (1, 9, "b"), (2, 3, "b")]))
    assert (found.n(START, "a"), found.n("a", "a"), found.n("a", "b"), found.n("b", END)) == (1, 1, 1, 2)
    assert found.n("b", "a") == 0
    assert len(found) == 5
    assert repr(found).splitlines()[0] == "transitions of 2 journeys"
    assert found._repr_html_().count("<tr>") == 6
    frame = found.to_frame()
    assert frame.columns == ["source", "target", "n", "share"]
    assert frame["n"].sum() == 6


def test_nothing() -> None:
    found = transitions(log_of([]))
    assert found.rows == ()
    assert found.units == 0


def test_long_tables_are_cut_when_printed() -> None:
    found = transitions(log_of([(1, number, f"s{number}") for number in range(20)]))
    assert repr(found).splitlines()[-1] == "... and 9 more ways"


def test_internal_steps_are_left_out_unless_asked_for() -> None:
    frame = pl.DataFrame(
        {
            "person_id": [1, 1, 1],
            "occurred_us": [0, 1, 2],
            "touchpoint": ["a", "b", "c"],
            "visibility": ["customer", "internal", None],
        }
    )
    assert transitions(JourneyLog(frame)).n("a", "c") == 1
    assert transitions(JourneyLog(frame, visibility="all")).n("a", "b") == 1


def test_what_cannot_be_asked() -> None:
    with pytest.raises(MissingColumnError, match="lacks touchpoint"):
        JourneyLog(pl.DataFrame({"person_id": [1], "occurred_us": [0]}))
    with pytest.raises(UsageError, match="expected one of customer, all"):
        JourneyLog(pl.DataFrame({"person_id": [1], "occurred_us": [0], "touchpoint": ["a"]}), visibility="some")
