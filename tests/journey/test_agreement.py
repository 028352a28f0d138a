"""How far a source and behaviour agree, against a walk over every day; and both in one table."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import isclose
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.law import LAW

from crmcx.errors import EngineMismatchError, MissingColumnError
from crmcx.instants import from_us
from crmcx.journey import LIFECYCLE, derive_stages, stage_agreement, stage_mix, stages_together
from crmcx.models import Order, Stage, StageChange
from crmcx.tables import rows_of

DAY = 86_400_000_000
STAGES = [stage.value for stage in Stage]
LAST = 12
AS_OF = from_us(LAST * DAY)
Row = tuple[int, int, str, str]
"""Person, day, product line, stage."""


def frame_of(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_id": pl.Series([row[0] for row in rows], dtype=pl.Int64),
            "changed_us": pl.Series([row[1] * DAY for row in rows], dtype=pl.Int64),
            "scope": pl.Series([row[2] for row in rows], dtype=pl.String),
            "stage": pl.Series([row[3] for row in rows], dtype=pl.String),
        }
    )


def says(rows: list[Row], person: int, day: int, line: str) -> str | None:
    known = [(row[1], STAGES.index(row[3])) for row in rows if row[0] == person and row[2] == line and row[1] <= day]
    return STAGES[max(known)[1]] if known else None


changes = st.lists(
    st.tuples(st.integers(1, 3), st.integers(-2, LAST + 1), st.sampled_from(["", "loan"]), st.sampled_from(STAGES)),
    max_size=14,
)


@LAW
@given(changes, changes)
def test_as_the_walk_over_days(observed: list[Row], derived: list[Row]) -> None:
    days: Counter[tuple[str, str]] = Counter()
    now: Counter[tuple[str, str]] = Counter()
    for person in (1, 2, 3):
        for line in ("", "loan"):
            for day in range(-2, LAST + 1):
                pair = (says(observed, person, day, line), says(derived, person, day, line))
                if None not in pair:
                    (days if day < LAST else now)[pair] += 1  # type: ignore[index]
    found = stage_agreement(frame_of(observed), frame_of(derived), as_of=AS_OF)
    assert {(row.observed, row.derived): row.days for row in found if row.days} == days
    assert {(row.observed, row.derived): row.now for row in found if row.now} == now
    assert found.days == days.total()
    if not days:
        assert (found.share, found.kappa, found.reason) == (None, None, "at no time both are known")
        return
    share = sum(n for (one, other), n in days.items() if one == other) / days.total()
    chance = sum(
        sum(n for pair, n in days.items() if pair[0] == stage) * sum(n for pair, n in days.items() if pair[1] == stage)
        for stage in STAGES
    )
    assert found.share is not None
    assert isclose(found.share, share)
    assert isclose(sum(row.share or 0 for row in found), 1)
    expected = chance / days.total() ** 2
    if expected == 1:
        assert (found.kappa, found.reason) == (None, "both always say the same one stage")
    else:
        assert found.kappa is not None
        assert isclose(found.kappa, (share - expected) / (1 - expected), abs_tol=1e-12)
    mirrored = stage_agreement(frame_of(derived), frame_of(observed), as_of=AS_OF)
    assert {(row.derived, row.observed, row.days) for row in mirrored} == {
        (row.observed, row.derived, row.days) for row in found
    }


def on(day: int) -> datetime:
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)


def observed(day: int, stage: str, **more: Any) -> StageChange:
    given = {"source": "crm", "source_id": str(day), "customer": "shop/ada", "changed_at": on(day), "stage": stage}
    return StageChange(**given | more)


ORDERS = [Order(source="shop", source_id="1", customer="shop/ada", placed_at=on(10))]


def test_a_label_that_comes_late() -> None:
    derived = derive_stages(LIFECYCLE, orders=ORDERS, as_of=on(50), unit="customer_key")
    crm = [observed(0, "consideration"), observed(20, "existing"), observed(30, "former", mode="predicted")]
    found = stage_agreement(crm, derived, as_of=on(50), unit="customer_key")
    assert [(row.observed, row.derived, row.days, row.now, row.agrees) for row in found] == [
        ("consideration", "existing", 10, 0, False),
        ("existing", "existing", 30, 1, True),
    ]
    assert (found.share, found.kappa, found.days) == (0.75, 0, 40)
    assert dict(found.excluded) == {"other_mode": 1}
    assert repr(found).splitlines() == [
        "stage agreement: 75.0 % of 40 days; kappa 0.00",
        "observed \\ derived  existing",
        "consideration         25.0 %",
        "existing              75.0 %",
    ]
    assert found._repr_html_().count("<tr>") == 3
    assert found.to_frame().rows()[0] == ("consideration", "existing", 10.0, 0.25, 0)
    earlier = stage_agreement(crm, derived, as_of=on(15), unit="customer_key")
    assert [(row.days, row.now) for row in earlier] == [(5, 1)]
    assert len(stage_agreement(crm, derived, as_of=on(50), scope="loan", unit="customer_key")) == 0


def test_nothing_and_what_is_left_out() -> None:
    nothing = stage_agreement([], [], as_of=AS_OF)
    assert (nothing.rows, nothing.share, nothing.kappa) == ((), None, None)
    assert repr(nothing) == "stage agreement: none (at no time both are known)"
    assert "none" in nothing._repr_html_()
    dirty = pl.DataFrame(
        {
            "person_id": [None, 1, 1, 1, 1],
            "changed_us": [0, None, 0, 0, 0],
            "stage": ["former", "former", None, "gone", "former"],
            "mode": [None, None, None, None, "observed"],
            "known_us": [0, 0, 0, 0, None],
        }
    )
    late = frame_of([(1, 0, "", "former"), (1, 0, "", "existing")]).with_columns(known_us=pl.Series([0, 99 * DAY]))
    found = stage_agreement(dirty, late, as_of=AS_OF)
    assert dict(found.excluded) == {"no_unit": 1, "no_instant": 1, "no_stage": 2, "not_known": 1}
    assert (found.share, found.kappa, found.reason) == (1, None, "both always say the same one stage")
    assert "no kappa" in repr(found)


def test_law_4_both_are_kept_and_the_source_counts() -> None:
    derived = derive_stages(LIFECYCLE, orders=ORDERS, as_of=on(50), unit="customer_key")
    crm = [observed(10, "consideration"), observed(5, "awareness", scope="loan", stage_native="MQL")]
    both = stages_together(crm, derived, unit="customer_key")
    told = [(row["scope"], row["stage"], row["mode"], row["stage_native"], row["rule"]) for row in rows_of(both)]
    assert sorted(told, key=str) == [
        ("", "consideration", "observed", None, None),
        ("", "existing", "derived", None, "lifecycle@1"),
        ("loan", "awareness", "observed", "MQL", None),
    ]
    assert [(row.stage, row.n) for row in stage_mix(both, unit="customer_key", scope="")] == [("consideration", 1)]
    assert [(row.stage, row.n) for row in stage_mix(derived.to_changes(), unit="customer_key")] == [("existing", 1)]


def test_calls_that_cannot_be() -> None:
    one = frame_of([(1, 0, "", "former")])
    with pytest.raises(EngineMismatchError):
        stage_agreement(one, duckdb.sql("SELECT 1 AS person_id, 0 AS changed_us, 'former' AS stage"), as_of=AS_OF)
    with pytest.raises(MissingColumnError):
        stages_together(one.drop("stage"), one)
    named = stages_together(one.rename({"stage": "phase"}), one, columns={"stage": "phase"})
    assert len(named) == 2
