"""The funnel against a state machine that walks each journey row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcx.errors import UsageError
from crmcx.instants import from_us
from crmcx.journey import Funnel, JourneyLog, funnel

Row = tuple[int, int, str, int]
SECOND = timedelta(seconds=1)


def log_of(rows: Sequence[Row], **options: Any) -> JourneyLog:
    columns = {
        "person_id": pl.Series([row[0] for row in rows], dtype=pl.Int64),
        "occurred_us": pl.Series([row[1] * 1_000_000 for row in rows], dtype=pl.Int64),
        "touchpoint": pl.Series([row[2] for row in rows], dtype=pl.String),
        "key": pl.Series([row[3] for row in rows], dtype=pl.Int64),
    }
    return JourneyLog(pl.DataFrame(columns), **options)


def journey(text: str, unit: int = 1) -> list[Row]:
    """Rows of a text such as `A0 B10`."""
    return [(unit, int(word[1:]), word[0], number) for number, word in enumerate(text.split())]


def reached(text: str, steps: Sequence[Any], seconds: int = 3600, **options: Any) -> int:
    """How far one journey gets; 0 when it does not enter or is left out."""
    found = funnel(log_of(journey(text)), steps, within=timedelta(seconds=seconds), **options)
    return sum(step.n for step in found)


# -- the state machine -----------------------------------------------------------------------------------------------


def walk(  # noqa: C901, PLR0912 - one branch per rule, as written
    rows: Sequence[Row], groups: Sequence[set[str]], within: int, exclude: set[str]
) -> tuple[int, list[int], bool]:
    """Levels that count, the time to each, and whether the journey is tainted."""
    last = len(groups) - 1

    def place(name: str) -> int:
        return next((k for k, group in enumerate(groups) if name in group), last + 1 if name in exclude else last + 2)

    state: list[tuple[int, bool] | None] = [None] * len(groups)
    times: dict[int, int] = {}
    clean = dirty = -1
    for _, at, name, _ in sorted(rows, key=lambda row: (row[1], place(row[2]), row[3], row[2])):
        if name in exclude:
            for level in range(last):
                held = state[level]
                if held is not None and at > held[0] and at - held[0] <= within:
                    state[level] = (held[0], True)
                    dirty = max(dirty, level)
            continue
        for level in range(last, -1, -1):
            if name not in groups[level]:
                continue
            if level == 0:
                new: tuple[int, bool] | None = (at, False)
            else:
                before = state[level - 1]
                new = before if before is not None and at - before[0] <= within else None
            if new is None:
                continue
            state[level] = new
            if new[1]:
                dirty = max(dirty, level)
            else:
                clean = max(clean, level)
                times.setdefault(level, at - new[0])
            if level == last:
                return (-1, [], True) if new[1] else (clean, [times[k] for k in range(last + 1)], False)
    if dirty >= clean and dirty >= 0:
        return -1, [], True
    return clean, [times[k] for k in range(clean + 1)], False


def walk_strictly(rows: Sequence[Row], groups: Sequence[set[str]], within: int) -> tuple[int, list[int], bool]:
    last = len(groups) - 1

    def place(name: str) -> int:
        return next((k for k, group in enumerate(groups) if name in group), last + 2)

    state: list[int | None] = [None] * len(groups)
    times: dict[int, int] = {}
    for _, at, name, _ in sorted(rows, key=lambda row: (row[1], place(row[2]), row[3], row[2])):
        new: list[int | None] = [None] * len(groups)
        for level, group in enumerate(groups):
            if name not in group:
                continue
            before = at if level == 0 else state[level - 1]
            if before is not None and at - before <= within:
                new[level] = before
                times.setdefault(level, at - before)
            else:
                new[level] = state[level]
        state = new
    far = max(times, default=-1)
    return far, [times[k] for k in range(far + 1)], False


def expected(
    rows: Sequence[Row], groups: Sequence[set[str]], within: int, *, exclude: set[str], strict: bool
) -> tuple[list[int], list[float | None], int]:
    counts = [0] * len(groups)
    times: list[list[int]] = [[] for _ in groups]
    tainted = 0
    for unit in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == unit]
        far, took, spoiled = walk_strictly(own, groups, within) if strict else walk(own, groups, within, exclude)
        tainted += spoiled
        for level in range(far + 1):
            counts[level] += 1
            times[level].append(took[level])
    return counts, [median(found) if found else None for found in times], tainted


def told(found: Funnel) -> tuple[list[int], list[float | None], int]:
    medians = [None if step.median_time is None else step.median_time / SECOND for step in found]
    return [step.n for step in found], medians, dict(found.excluded).get("tainted", 0)


steps_of = st.lists(
    st.one_of(st.sampled_from("ABC").map(lambda name: {name}), st.just({"A", "D"})), min_size=1, max_size=4
)
names = st.sampled_from("ABCDX")
rows_of = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 8), names), max_size=24).map(
    lambda rows: [(unit, at, name, number) for number, (unit, at, name) in enumerate(rows)]
)


@settings(max_examples=120, deadline=None)
@given(rows_of, steps_of, st.integers(1, 9), st.booleans(), st.randoms(use_true_random=False))
def test_as_the_state_machine(
    rows: list[Row], groups: list[set[str]], within: int, tainting: bool, random: Any
) -> None:
    exclude = {"X"} if tainting else set()
    random.shuffle(rows)
    found = funnel(log_of(rows), [sorted(group) for group in groups], within=within * SECOND, exclude=sorted(exclude))
    counts, times, tainted = expected(rows, groups, within, exclude=exclude, strict=False)
    assert told(found) == (counts, [None, *times[1:]], tainted)


@settings(max_examples=120, deadline=None)
@given(rows_of, steps_of, st.integers(1, 9))
def test_strict_as_the_state_machine(rows: list[Row], groups: list[set[str]], within: int) -> None:
    found = funnel(log_of(rows), [sorted(group) for group in groups], within=within * SECOND, order="strict")
    counts, times, _ = expected(rows, groups, within, exclude=set(), strict=True)
    assert told(found) == (counts, [None, *times[1:]], 0)


@pytest.mark.deep
@settings(max_examples=5000, deadline=None)
@given(rows_of, steps_of, st.integers(1, 9), st.booleans(), st.booleans())
def test_many_as_the_state_machine(
    rows: list[Row], groups: list[set[str]], within: int, tainting: bool, strict: bool
) -> None:
    exclude = {"X"} if tainting and not strict else set()
    found = funnel(
        log_of(rows),
        [sorted(group) for group in groups],
        within=within * SECOND,
        exclude=sorted(exclude),
        order="strict" if strict else "ordered",
    )
    counts, times, tainted = expected(rows, groups, within, exclude=exclude, strict=strict)
    assert told(found) == (counts, [None, *times[1:]], tainted)


@settings(max_examples=60, deadline=None)
@given(rows_of, steps_of, st.integers(1, 9))
def test_laws(rows: list[Row], groups: list[set[str]], within: int) -> None:
    steps = [sorted(group) for group in groups]
    counts = [step.n for step in funnel(log_of(rows), steps, within=within * SECOND)]
    assert counts == sorted(counts, reverse=True)
    longer = [step.n for step in funnel(log_of(rows), steps, within=(within + 3) * SECOND)]
    assert all(more >= less for more, less in zip(longer, counts, strict=True))
    shorter = funnel(log_of(rows), steps[:-1] or steps, within=within * SECOND)
    assert [step.n for step in shorter] == (counts[:-1] or counts)
    apart = [
        funnel(log_of([row for row in rows if row[0] == unit]), steps, within=within * SECOND) for unit in (1, 2, 3)
    ]
    assert counts == [sum(each[level].n for each in apart) for level in range(len(steps))]


# -- cases worked by hand; the window is an hour ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "steps", "far"),
    [
        ("A0 B3600", "AB", 2),
        ("A0 B3601", "AB", 1),
        ("B0 A0", "AB", 2),
        ("A0 B10", "ABB", 2),
        ("A0 B10 B10", "ABB", 3),
        ("A0 B3000 C6000", "ABC", 2),
        ("A0 A3000 B3500 C6500", "ABC", 3),
        ("A0 B100 A3500 C3700", "ABC", 2),
        ("C0 B0 A0", "ABC", 3),
        ("B0 A1", "AB", 1),
        ("B0 C1", "AB", 0),
        ("A0 X1 B2", "AB", 2),
    ],
)
def test_ordered(text: str, steps: str, far: int) -> None:
    assert reached(text, list(steps)) == far


@pytest.mark.parametrize(
    ("text", "steps", "far"),
    [
        ("A0 X1 B2 C3", "ABC", 1),
        ("A0 B1 C2", "ABC", 3),
        ("A0 A1 B2", "AB", 2),
        ("A0 B1 B2 C3", "ABC", 3),
        ("A0 B1 C2 B3 D4", "ABCD", 3),
        ("A0 X1 A2 B3", "AB", 2),
    ],
)
def test_strict(text: str, steps: str, far: int) -> None:
    assert reached(text, list(steps), order="strict") == far


@pytest.mark.parametrize(
    ("text", "steps", "far"),
    [
        ("A0 X5 A10 B20", "AB", 2),
        ("A0 X5", "AB", 0),
        ("A0 X5 B10", "AB", 0),
        ("A0 B10 X20", "AB", 2),
        ("A0 B10 X20", "ABC", 0),
        ("A0 X4000", "AB", 1),
        ("X0 A1 B2", "AB", 2),
        ("A0 X0 B1", "AB", 2),
        ("A0 B5 X5 C9", "ABC", 0),
    ],
)
def test_exclusion(text: str, steps: str, far: int) -> None:
    found = funnel(log_of(journey(text)), list(steps), within=timedelta(hours=1), exclude=["X"])
    assert sum(step.n for step in found) == far
    assert dict(found.excluded) == ({} if far else {"tainted": 1})


def test_of_two_completions_in_one_instant_the_tainted_one_came_first() -> None:
    """Its entry is the older one; the journey is over with it."""
    found = funnel(log_of(journey("A0 X1 A4 A4")), ["A", "A"], within=4 * SECOND, exclude=["X"])
    assert dict(found.excluded) == {"tainted": 1}


def test_any_time() -> None:
    found = funnel(log_of(journey("A0 B99999999")), ["A", "B"], within=None)
    assert [step.n for step in found] == [1, 1]


def test_a_group_of_steps() -> None:
    assert reached("A0 C1", ["A", ("B", "C")]) == 2


def test_shares_medians_and_receipt() -> None:
    rows = [*journey("A0 B10", 1), *journey("A0 B30", 2), *journey("A0", 3), *journey("A0 B5000", 4)]
    found = funnel(log_of(rows), ["A", "B"], within=timedelta(hours=1))

    assert [step.name for step in found] == ["A", "B"]
    assert found[1].from_start.value == found[1].from_previous.value == 0.5
    assert found[1].from_start.n == 4
    assert found[1].median_time == timedelta(seconds=20)
    assert found[0].median_time is None
    interval = found[1].from_start.interval
    assert interval is not None
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.1500, 0.8500)
    parameters = dict(found.receipt.definition.parameters)
    assert parameters["within_s"] == 3600
    assert parameters["steps"] == [["A"], ["B"]]
    assert parameters["step"] == "touchpoint"
    other = funnel(log_of(rows), ["A", "B"], within=timedelta(hours=2))
    assert other.receipt.definition.hash != found.receipt.definition.hash


def test_nobody() -> None:
    found = funnel(log_of([]), ["A", "B"])
    assert [step.n for step in found] == [0, 0]
    assert found[1].from_start.value is None
    assert found[1].from_start.reason == "nobody came this far"
    assert found[1].median_time is None


def test_rows_that_are_no_steps_are_counted() -> None:
    frame = pl.DataFrame(
        {
            "person_id": [1, None, 1, 1],
            "occurred_us": [0, 0, None, 0],
            "touchpoint": ["A", "A", "A", None],
        }
    )
    found = funnel(JourneyLog(frame), ["A"])
    assert dict(found.excluded) == {"no_instant": 1, "no_step": 1, "no_unit": 1}
    assert found[0].n == 1


def test_the_young_are_left_out() -> None:
    rows = [*journey("A0 B10", 1), *journey("A5000", 2), *journey("A5000 B5001", 3), *journey("A9000", 4)]
    found = funnel(log_of(rows, as_of=from_us(8_000_000_000)), ["A", "B"], within=timedelta(hours=1))
    assert [step.n for step in found] == [1, 1]
    assert dict(found.excluded) == {"too_young": 2}


def test_what_is_known_later_is_not_seen() -> None:
    rows = journey("A0 B10")
    early = log_of(rows, as_of=datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC))
    assert [step.n for step in funnel(early, ["A", "B"], within=None)] == [1, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": []}, "expected at least one"),
        ({"steps": ["A", ()]}, "none of them empty"),
        ({"steps": ["A"], "within": timedelta()}, "a time above zero"),
        ({"steps": ["A"], "order": "loose"}, "expected one of ordered, strict"),
        ({"steps": ["A"], "exclude": ["A"]}, "the steps A are excluded too"),
        ({"steps": ["A"], "exclude": ["X"], "order": "strict"}, "a strict funnel excludes every other step"),
    ],
)
def test_what_makes_no_sense(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        funnel(log_of(journey("A0")), **arguments)


def test_how_it_prints() -> None:
    found = funnel(log_of([*journey("A0 B10", 1), *journey("A0", 2)]), ["A", "B"])
    assert repr(found).splitlines() == [
        "step  n  of start      95 % interval  median time",
        "A     2   100.0 %  34.2 % to 100.0 %               ████████████████████████",
        "B     1    50.0 %    9.5 % to 90.5 %         10 s  ████████████",
    ]
    assert found._repr_html_().count("<tr>") == 3
    assert len(found) == 2
