"""The mix of stages against a walk over each person and each period."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import isclose
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcx.errors import MissingColumnError, UsageError
from crmcx.instants import Window, from_us, to_us
from crmcx.journey import StageMix, StageShare, stage_mix
from crmcx.journey._standing import NEAREST
from crmcx.models import Stage, StageChange

STAGES = [stage.value for stage in Stage]
DAY = 86_400_000_000
START = to_us(datetime(2025, 1, 30, 22, tzinfo=UTC))
Row = tuple[int, int, str, str]
"""Person, hours since the start, product line, stage."""


def frame_of(rows: Sequence[Row], *, keys: bool = True, scopes: bool = True) -> pl.DataFrame:
    columns = {
        "person_id": pl.Series([row[0] for row in rows], dtype=pl.Int64),
        "changed_us": pl.Series([START + row[1] * DAY // 24 for row in rows], dtype=pl.Int64),
        "stage": pl.Series([row[3] for row in rows], dtype=pl.String),
    }
    if scopes:
        columns["scope"] = pl.Series([row[2] for row in rows], dtype=pl.String)
    if keys:
        columns["key"] = pl.Series(range(len(rows)), dtype=pl.Int64)
    return pl.DataFrame(columns)


def first_day(day: date, period: str) -> date:
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[period]


def next_first_day(day: date, period: str) -> date:
    return first_day(day + timedelta(days={"day": 1, "week": 7, "month": 31}[period]), period)


def stands(history: Sequence[tuple[int, str, int, int]]) -> str | None:
    """Where a person stands after these changes of hers: instant, line, place of the stage, key."""
    lines: dict[str, str] = {}
    for _, scope, place, _ in sorted(history):
        if not scope:
            lines.clear()
        lines[scope] = STAGES[place]
    return min(lines.values(), key=NEAREST.index, default=None)


def walk(rows: Sequence[Row], period: str, zone: str, first: date, last: date) -> list[tuple[date, str, int]]:
    """Every person looked at anew at the end of every period."""
    told = []
    start = first_day(first, period)
    while start <= last:
        following = next_first_day(start, period)
        end = datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(zone))
        found: Counter[str] = Counter()
        for person in {row[0] for row in rows}:
            history = [
                (START + row[1] * DAY // 24, row[2], STAGES.index(row[3]), number)
                for number, row in enumerate(rows)
                if row[0] == person and START + row[1] * DAY // 24 < to_us(end)
            ]
            stage = stands(history)
            if stage is not None:
                found[stage] += 1
        told.extend((start, stage, n) for stage, n in found.items())
        start = following
    return sorted(told)


def counts(mix: StageMix) -> list[tuple[date, str, int]]:
    return sorted((row.start, row.stage, row.n) for row in mix if row.n)


rows_of = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(0, 24 * 70) | st.integers(0, 3),
        st.sampled_from(["", "loan", "card"]),
        st.sampled_from(STAGES),
    ),
    max_size=16,
)
kinds = st.sampled_from(["day", "week", "month"])
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])


@settings(max_examples=100, deadline=None)
@given(rows_of, kinds, zones, st.booleans())
def test_as_the_walk(rows: list[Row], period: str, zone: str, keys: bool) -> None:
    found = stage_mix(frame_of(rows, keys=keys), period=period, zone=zone)
    days = [from_us(START + row[1] * DAY // 24).astimezone(ZoneInfo(zone)).date() for row in rows]
    assert counts(found) == (walk(rows, period, zone, min(days), max(days)) if rows else [])
    for start in {row.start for row in found}:
        assert isclose(sum(row.share for row in found if row.start == start), 1)
    assert list(found) == sorted(found, key=lambda row: (row.start, STAGES.index(row.stage)))


@settings(max_examples=50, deadline=None)
@given(rows_of, kinds, zones)
def test_one_line_as_the_walk(rows: list[Row], period: str, zone: str) -> None:
    window = Window(date(2025, 2, 10), date(2025, 4, 1), zone=zone)
    found = stage_mix(frame_of(rows), period=period, zone=zone, scope="loan", window=window)
    mine = [row if row[2] == "loan" else None for row in rows]
    expected = walk([row for row in mine if row], period, zone, window.start, window.end - timedelta(days=1))
    if period == "week":  # the window ends within a week, and what comes after it does not count
        expected = [each for each in expected if each[0] < date(2025, 3, 31)]
    assert [each for each in counts(found) if period != "week" or each[0] < date(2025, 3, 31)] == expected


@settings(max_examples=50, deadline=None)
@given(rows_of, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[Row], draw: random.Random) -> None:
    frame = frame_of(rows)
    order = list(range(len(rows)))
    draw.shuffle(order)
    assert stage_mix(frame[order]).rows == stage_mix(frame).rows


def change(number: int, stage: str, at: datetime, **more: object) -> StageChange:
    given = {"source": "crm", "source_id": str(number), "customer": "crm/ada", **more}
    return StageChange(stage=stage, changed_at=at, **given)  # type: ignore[arg-type]


def on(month: int, day: int) -> datetime:
    return datetime(2025, month, day, tzinfo=UTC)


def test_a_case_by_hand() -> None:
    changes = [
        change(1, "consideration", on(1, 10)),
        change(2, "existing", on(3, 5)),
        change(3, "existing", on(1, 20), customer="crm/ben"),
        change(4, "former", on(2, 3), customer="crm/ben"),
        change(5, "purchase", on(3, 31), customer="crm/cem"),
    ]
    found = stage_mix(changes)
    assert counts(found) == [
        (date(2025, 1, 1), "consideration", 1),
        (date(2025, 1, 1), "existing", 1),
        (date(2025, 2, 1), "consideration", 1),
        (date(2025, 2, 1), "former", 1),
        (date(2025, 3, 1), "existing", 1),
        (date(2025, 3, 1), "former", 1),
        (date(2025, 3, 1), "purchase", 1),
    ]
    assert found.rows[0] == StageShare(date(2025, 1, 1), "consideration", 1, 0.5)
    assert len(found) == 12  # four stages in three months, also where nobody stands
    assert repr(found).splitlines() == [
        "stage mix by month",
        "period from  people  consideration  purchase  existing  former",
        " 2025-01-01       2         50.0 %     0.0 %    50.0 %   0.0 %",
        " 2025-02-01       2         50.0 %     0.0 %     0.0 %  50.0 %",
        " 2025-03-01       3          0.0 %    33.3 %    33.3 %  33.3 %",
    ]
    assert found._repr_html_().count("<tr>") == 4
    frame = found.to_frame()
    assert frame.columns == ["start", "stage", "n", "share"]
    assert frame["n"].sum() == 7
    parameters = dict(found.receipt.definition.parameters)
    assert parameters["scopes"] == "nearest"
    assert parameters["nearest"][0] == "existing"


def test_the_nearest_of_several_lines_counts() -> None:
    rows = [
        (1, 0, "loan", "existing"),
        (1, 24 * 40, "loan", "former"),
        (1, 24 * 20, "card", "consideration"),
    ]
    expected = [
        (date(2025, 1, 1), "existing", 1),
        (date(2025, 2, 1), "existing", 1),
        (date(2025, 3, 1), "consideration", 1),
    ]
    assert counts(stage_mix(frame_of(rows))) == expected
    assert [row.stage for row in stage_mix(frame_of(rows), scope="card")] == ["consideration"]
    assert [stage for _, stage, _ in counts(stage_mix(frame_of(rows, scopes=False)))] == [
        "existing", "consideration", "former",
    ]  # fmt: skip


def test_who_leaves_the_company_leaves_its_lines() -> None:
    rows = [(1, 0, "loan", "existing"), (1, 24 * 10, "", "former"), (1, 24 * 40, "card", "purchase")]
    assert counts(stage_mix(frame_of(rows))) == [
        (date(2025, 1, 1), "existing", 1),
        (date(2025, 2, 1), "former", 1),
        (date(2025, 3, 1), "purchase", 1),
    ]


def test_ties() -> None:
    both = [(1, 0, "loan", "purchase"), (1, 0, "loan", "existing")]
    for rows in (both, both[::-1]):
        for scope in (None, "loan"):
            assert counts(stage_mix(frame_of(rows), scope=scope)) == [(date(2025, 1, 1), "existing", 1)]
    line_after_whole = [(1, 0, "loan", "purchase"), (1, 0, "", "former")]
    assert counts(stage_mix(frame_of(line_after_whole))) == [(date(2025, 1, 1), "purchase", 1)]


def test_in_one_instant_a_source_beats_a_rule() -> None:
    both = frame_of([(1, 0, "loan", "consideration"), (1, 0, "loan", "former"), (1, 30 * 24, "loan", "existing")])
    both = both.with_columns(mode=pl.Series(["observed", "derived", "derived"]))
    for rows in (both, both.reverse()):
        assert [stage for _, stage, _ in counts(stage_mix(rows))] == ["consideration", "consideration", "existing"]


@pytest.mark.parametrize("data", [[], frame_of([]), frame_of([], keys=False, scopes=False)])
def test_nothing(data: list[StageChange] | pl.DataFrame) -> None:
    found = stage_mix(data, as_of=on(3, 1))
    assert (found.rows, found.excluded) == ((), ())
    assert repr(found) == "stage mix: nobody's stage is known"
    assert "nobody" in found._repr_html_()


def test_missing_values_and_predictions_are_left_out_and_counted() -> None:
    frame = pl.DataFrame(
        {
            "person_id": [1, None, 2, 3, 4, 5],
            "changed_us": [START, None, None, START, START, START],
            "stage": ["existing", "existing", "former", None, "gone", "former"],
            "scope": [None, "", "", "", "", ""],
            "mode": [None, None, "observed", "observed", "derived", "predicted"],
        }
    )
    found = stage_mix(frame)
    assert counts(found) == [(date(2025, 1, 1), "existing", 1)]
    assert dict(found.excluded) == {
        "no_unit": 1, "no_instant": 1, "no_stage": 1, "unknown_stage": 1, "predicted": 1,
    }  # fmt: skip


def test_no_look_ahead() -> None:
    changes = [
        change(1, "existing", on(1, 10), known_at=on(1, 11)),
        change(2, "exiting", on(2, 10), known_at=on(3, 20)),
        change(3, "former", on(4, 10)),
    ]
    found = stage_mix(changes, as_of=on(3, 15))
    assert counts(found) == [(date(2025, month, 1), "existing", 1) for month in (1, 2, 3)]
    assert counts(stage_mix(changes, as_of=on(3, 25)))[-1] == (date(2025, 3, 1), "exiting", 1)
    assert stage_mix(changes, as_of=on(1, 5)).rows == ()


def test_a_window_tells_its_periods_and_counts_what_was_before() -> None:
    changes = [change(1, "existing", on(1, 10)), change(2, "former", on(3, 20))]
    found = stage_mix(changes, window=Window(date(2025, 2, 1), date(2025, 4, 1)))
    assert counts(found) == [(date(2025, 2, 1), "existing", 1), (date(2025, 3, 1), "former", 1)]
    cut = stage_mix(changes, window=Window(date(2025, 2, 1), date(2025, 3, 15)))
    assert counts(cut) == [(date(2025, month, 1), "existing", 1) for month in (2, 3)]
    early = stage_mix(changes, window=Window(date(2024, 12, 1), date(2025, 6, 1)), as_of=on(2, 15))
    assert [row.start for row in early] == [date(2025, 1, 1), date(2025, 2, 1)]


def test_long_mixes_are_cut_when_printed() -> None:
    found = stage_mix(frame_of([(1, 24 * number, "", "existing") for number in range(20)]), period="day")
    assert repr(found).splitlines()[0] == "stage mix by day; 8 earlier periods are not shown"
    assert len(repr(found).splitlines()) == 14


def test_what_cannot_be_asked() -> None:
    with pytest.raises(UsageError, match="expected one of day, week, month"):
        stage_mix([], period="24 hours")
    with pytest.raises(UsageError, match="no time zone"):
        stage_mix(frame_of([(1, 0, "", "existing")]), zone="Mars/Base")
    with pytest.raises(MissingColumnError, match="lacks scope"):
        stage_mix(frame_of([], scopes=False), scope="loan")
