"""In which stage somebody stood at an event, against a look at each event by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journey.test_mix import STAGES
from tests.test_engines_agree import ENGINES

import crmcx
from crmcx import journey, metrics
from crmcx.errors import ColumnTypeError, EngineMismatchError, MissingColumnError, UsageError
from crmcx.journey._standing import NEAREST
from crmcx.models import Answer, Case, Feedback, Interaction, Scale, StageChange
from crmcx.tables import AskedTable, StoredTable, rows_of

NPS = Scale(min=0, max=10)
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
MODES = ["observed", "derived", "predicted"]
Change = tuple[int, int, str, str, str]
"""Person, instant, product line, stage, mode."""


def on(day: int) -> datetime:
    return FIRST + timedelta(days=day)


def changes_of(rows: Sequence[Change], *, keys: bool = True) -> pl.DataFrame:
    kinds = {"person_id": pl.Int64, "changed_us": pl.Int64, "scope": pl.String, "stage": pl.String, "mode": pl.String}
    frame = pl.DataFrame(list(rows), schema=kinds, orient="row")
    return frame.with_columns(pl.Series("key", range(len(rows)), dtype=pl.Int64)) if keys else frame


def events_of(rows: Sequence[tuple[int | None, int | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": pl.Series(range(len(rows)), dtype=pl.Int64),
            "person_id": pl.Series([row[0] for row in rows], dtype=pl.Int64),
            "occurred_us": pl.Series([row[1] for row in rows], dtype=pl.Int64),
        }
    )


def looked_up(person: int | None, us: int | None, changes: Sequence[Change], scope: str | None = None) -> str | None:
    """The stage of an event, of a look at all changes until then."""
    if person is None or us is None:
        return None
    history = sorted(
        (at, line, mode != "derived", STAGES.index(stage))
        for who, at, line, stage, mode in changes
        if who == person and at <= us and mode != "predicted" and scope in {None, line}
    )
    lines: dict[str, str] = {}
    for _, line, _, place in history:
        if not line:
            lines.clear()
        lines[line] = STAGES[place]
    return min(lines.values(), key=NEAREST.index, default=None)


CHANGES = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(0, 9),
        st.sampled_from(["", "loan", "card"]),
        st.sampled_from(STAGES),
        st.sampled_from(MODES),
    ),
    max_size=14,
)
EVENTS = st.lists(st.tuples(st.none() | st.integers(1, 4), st.none() | st.integers(-1, 11)), max_size=12)


@pytest.mark.parametrize("engine", ENGINES)
def test_as_a_look_at_each_event(engine: str) -> None:
    @settings(max_examples=200 if engine == "polars" else 25, deadline=None)
    @given(EVENTS, CHANGES, st.booleans(), st.sampled_from([None, "loan", ""]))
    def check(
        events: list[tuple[int | None, int | None]], changes: list[Change], keys: bool, scope: str | None
    ) -> None:
        made = ENGINES[engine]
        found = journey.in_stage(made(events_of(events)), made(changes_of(changes, keys=keys)), scope=scope)
        rows = sorted(rows_of(found), key=lambda row: row["id"])
        assert [(row["person_id"], row["occurred_us"]) for row in rows] == events
        assert [row["stage"] for row in rows] == [looked_up(*event, changes, scope) for event in events]

    check()


def change(number: int, stage: str, day: int, **more: Any) -> StageChange:
    known = {"source": "crm", "source_id": f"{number}", "customer": "crm/1", **more}
    return StageChange(**known, stage=stage, changed_at=on(day))


def answered(number: int, score: int, day: int, **more: Any) -> Feedback:
    item = Answer(item="recommend", kind="nps", score=score, scale=NPS)
    known = {"source": "crm", "source_id": f"{number}", "customer": "crm/1", "instrument": "relation", **more}
    return Feedback(**known, submitted_at=on(day), answers=[item])


STEPS = [change(1, "consideration", 1), change(2, "existing", 5), change(3, "former", 9)]
FELT = [answered(1, 3, 2), answered(2, 10, 5), answered(3, 9, 8), answered(4, 0, 9), answered(5, 7, 0)]


def by_stage(table: Any) -> dict[Any, tuple[float | None, int]]:
    return {stage: (found.value, found.n) for (stage,), found in metrics.nps(table, by="stage")}


def test_an_answer_of_the_past_is_not_given_the_stage_of_today() -> None:
    """She is a former customer now; she was not when she answered, and her praise is not that of former customers."""
    expected = {"consideration": (-100.0, 1), "existing": (100.0, 2), "former": (-100.0, 1), None: (0.0, 1)}
    assert by_stage(journey.in_stage(FELT, STEPS)) == expected
    today = STEPS[-1].stage.value
    assert expected[today] != (metrics.nps(FELT).value, len(FELT))


def test_only_what_was_known_by_then() -> None:
    late = [*STEPS[:1], change(2, "existing", 5, known_at=on(7)), *STEPS[2:]]
    before, after = (journey.in_stage(FELT, late, as_of=on(day)) for day in (6, 8))
    assert before["stage"].to_list() == ["consideration"] * 4 + [None]
    assert after["stage"].to_list() == ["consideration", "existing", "existing", "existing", None]


def test_other_instants_names_and_columns() -> None:
    call = Interaction(source="crm", source_id="1", customer="crm/1", kind="call", occurred_at=on(6))
    assert journey.in_stage([call], STEPS, name="Stage then")["Stage then"].to_list() == ["existing"]
    case = Case(source="crm", source_id="1", customer="crm/1", status="closed", opened_at=on(6), closed_at=on(10))
    found = [journey.in_stage([case], STEPS, at=at)["stage"].item() for at in ("opened_us", "closed_us")]
    assert found == ["existing", "former"]
    mine = pl.DataFrame({"who": ["a", "a", "b"], "when": [on(1), on(7), on(7)], "held__": [1, 2, 3]})
    theirs = pl.DataFrame({"who": ["a"], "since": [on(2)], "status": ["existing"]})
    stages = {"changed_at": "since", "stage": "status"}
    told = journey.in_stage(mine, theirs, unit="who", columns={"occurred_at": "when"}, stage_columns=stages)
    assert told.columns == ["who", "when", "held__", "stage"]
    assert told["stage"].to_list() == [None, "existing", None]
    assert told.drop("stage").equals(mine)


def test_a_frame_of_pandas_keeps_its_types() -> None:
    frame = pd.DataFrame({"person_id": [1.0, None], "occurred_us": [7, 8], "x": [0.5, None], "y": ["a", None]})
    changes = pd.DataFrame({"person_id": [1], "changed_us": [7], "stage": ["existing"]})
    found = journey.in_stage(frame, changes)
    pd.testing.assert_frame_equal(found.drop(columns="stage"), frame)
    assert rows_of(found)[0]["stage"] == "existing"
    assert rows_of(found)[1]["stage"] is None


def test_tables_of_a_workspace_stay_so() -> None:
    with crmcx.Workspace(":memory:") as ws:
        ws.load(STEPS, source="crm")
        ws.load(FELT, source="crm")
        t = ws.tables
        found = journey.in_stage(t.answers, t.stage_changes)
        assert isinstance(found, StoredTable)
        assert found.snapshot == t.answers.snapshot
        assert found.schema.names == (*t.answers.schema.names, "stage")
        assert list(found.rows()[0]) == [*t.answers.rows()[0], "stage"]
        nps = metrics.nps(found, by="stage")
        assert nps["existing"].receipt.snapshot == found.snapshot
        assert by_stage(found) == by_stage(journey.in_stage(FELT, STEPS))
        asked = journey.in_stage(ws.sql("SELECT * FROM answers WHERE score > 3"), ws.sql("SELECT * FROM stage_changes"))
        assert isinstance(asked, AskedTable)
        assert asked.snapshot == found.snapshot
        assert by_stage(asked) == {"existing": (100.0, 2), None: (0.0, 1)}


def test_nothing() -> None:
    assert journey.in_stage([], STEPS).columns[-1] == "stage"
    assert journey.in_stage(FELT, [])["stage"].to_list() == [None] * 5


def test_what_cannot_be_asked() -> None:
    frame, changes = events_of([(1, 2)]), changes_of([(1, 1, "", "existing", "observed")])
    with pytest.raises(UsageError, match="has a column 'Stage' already"):
        journey.in_stage(frame.with_columns(Stage=pl.lit("x")), changes)
    with pytest.raises(UsageError, match="2 columns that may say when its rows happened: occurred_us, placed_us"):
        journey.in_stage(frame.with_columns(placed_at=pl.lit(FIRST)), changes)
    with pytest.raises(UsageError, match="no column that says when its rows happened; its columns: id, person_id"):
        journey.in_stage(frame.drop("occurred_us"), changes)
    with pytest.raises(UsageError, match="found at='when', which is no column of instants of the model"):
        journey.in_stage(frame, changes, at="when")
    with pytest.raises(UsageError, match="no column of instants of the interactions table"):
        journey.in_stage([Interaction(source="a", source_id="1", kind="call", occurred_at=FIRST)], changes, at="key")
    with pytest.raises(MissingColumnError, match="lacks household"):
        journey.in_stage(frame, changes, unit="household")
    with pytest.raises(MissingColumnError, match="lacks scope"):
        journey.in_stage(frame, changes.drop("scope"), scope="loan")
    with pytest.raises(ColumnTypeError, match="person_id of type String, the stage changes of type Int64"):
        journey.in_stage(frame.with_columns(pl.col("person_id").cast(pl.String)), changes)
    with pytest.raises(EngineMismatchError, match="duckdb and polars"):
        journey.in_stage(duckdb.sql("SELECT 1 AS person_id, 2 AS occurred_us"), changes)
