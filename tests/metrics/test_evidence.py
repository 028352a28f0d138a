"""The keys behind a number are those that brute force finds, on every engine, and of no other number."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from inspect import Parameter, isfunction, signature
from typing import Any

import duckdb
import polars as pl
import pytest
from tests import company

from crmcx import metrics
from crmcx.errors import MissingColumnError, UsageError
from crmcx.estimates import Estimate
from crmcx.instants import Window
from crmcx.models import Answer, Feedback, Scale
from crmcx.tables import key_of, rows_of, to_columns

TEN = Scale(min=0, max=10)
CONNECTION = duckdb.connect()
ANSWERS = company.feedback(random.Random(3))
FRAME = pl.DataFrame({name: list(column) for name, column in to_columns(Answer, ANSWERS).items()}, strict=False)


def relation(frame: pl.DataFrame) -> Any:
    CONNECTION.register("given", frame.to_arrow())
    CONNECTION.execute("CREATE OR REPLACE TABLE answers AS SELECT * FROM given")
    return CONNECTION.table("answers")


KINDS: dict[str, Callable[[], Any]] = {
    "list": lambda: ANSWERS,
    "pandas": lambda: FRAME.to_pandas(use_pyarrow_extension_array=True),
    "polars": lambda: FRAME,
    "polars lazy": FRAME.lazy,
    "duckdb": lambda: relation(FRAME),
    "pyarrow": FRAME.to_arrow,
}


def keys(language: str | None, state: str, low: int, high: int) -> list[int]:
    """Keys of the submissions with such an answer to the NPS item, by walking over the objects."""
    return sorted(
        key_of("feedback", each.ref)
        for each in ANSWERS
        for answer in each.answers
        if answer.kind == "nps"
        and each.language == language
        and answer.state == state
        and each.status in {"complete", "partial"}
        if (answer.score is None and state != "answered") or (answer.score is not None and low <= answer.score <= high)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_keys_are_those_of_brute_force(kind: str) -> None:
    answers = KINDS[kind]()
    table = metrics.nps(answers, by="language")
    for (language,), estimate in table:
        for part, (low, high) in {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, 6)}.items():
            found = metrics.evidence(table, answers, part=part, language=language)
            assert list(found.keys) == keys(language, "answered", low, high)  # type: ignore[arg-type]
            assert found.n == dict(estimate.counts)[part]
        assert metrics.evidence(estimate, answers).n == estimate.n
        for reason, number in estimate.excluded:
            assert metrics.evidence(estimate, answers, left_out=reason).n == number
    skipped = metrics.evidence(table["de"], answers, left_out="skipped")
    assert list(skipped.keys) == keys("de", "skipped", 0, 10)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_come_back_in_their_own_kind(kind: str) -> None:
    answers = KINDS[kind]()
    wanted = pl.DataFrame if kind in {"list", "polars lazy"} else type(answers)
    table = metrics.nps(answers, by=metrics.per("month", zone="Europe/Berlin"))
    frame = table.to_frame()
    assert isinstance(frame, wanted)
    months = [row["month"] for row in rows_of(frame)]
    assert months == [key[0] for key, _ in table]
    assert all(isinstance(month, date) for month in months)
    found = metrics.evidence(table, answers, month=months[0])
    assert isinstance(found.to_frame(), wanted)
    assert [row["feedback_key"] for row in rows_of(found.to_frame())] == list(found.keys)
    if kind == "duckdb":
        joined = answers.set_alias("a").join(found.to_frame().set_alias("b"), "a.feedback_key = b.feedback_key")
        assert len(joined.fetchall()) >= found.n > 0


def test_months_are_those_of_the_zone() -> None:
    at = [datetime(2025, 1, 31, 22, 30, tzinfo=UTC), datetime(2025, 1, 31, 23, 30, tzinfo=UTC), None]
    frame = pl.DataFrame(
        {"score": [10, 0, 5], "submitted_at": pl.Series(at, dtype=pl.Datetime("us", "UTC")), "feedback_key": [1, 2, 3]}
    )

    def groups(kind: str, zone: str) -> dict[Any, Any]:
        return {key[0]: each.value for key, each in metrics.nps(frame, by=metrics.per(kind, zone=zone), scale=TEN)}

    assert groups("month", "Europe/Berlin") == {date(2025, 1, 1): 100, date(2025, 2, 1): -100, None: -100}
    assert groups("month", "UTC") == {date(2025, 1, 1): 0, None: -100}
    assert groups("day", "Asia/Tokyo") == {date(2025, 2, 1): 0, None: -100}
    assert groups("week", "UTC") == {date(2025, 1, 27): 0, None: -100}
    assert groups("quarter", "UTC") == {date(2025, 1, 1): 0, None: -100}
    assert groups("year", "UTC") == {date(2025, 1, 1): 0, None: -100}
    table = metrics.nps(frame, by=["feedback_key", metrics.per("year", of="submitted_us")], scale=TEN)
    assert "periods       year of submitted_us in UTC" in repr(table.rows[0][1].receipt)
    assert table.rows[0][1].to_dict()["periods"] == "year of submitted_us in UTC"
    assert metrics.nps(frame, scale=TEN).receipt.periods is None
    assert table.by == ("feedback_key", "year")
    assert metrics.evidence(table, frame, feedback_key=3, year=None).keys == (3,)
    with pytest.raises(UsageError, match="found period='fortnight'"):
        metrics.per("fortnight")
    with pytest.raises(UsageError, match="no time zone"):
        metrics.per("day", zone="Mars")
    with pytest.raises(MissingColumnError, match="lacks asked_us"):
        metrics.nps(frame, by=metrics.per("day", of="asked_us"), scale=TEN)


def test_evidence_of_another_number_is_refused() -> None:
    frame = pl.DataFrame({"score": [10, 9, 3, None], "feedback_key": ["a", "b", "c", "d"]})
    told = metrics.nps(frame, scale=TEN)
    assert metrics.evidence(told, frame, part="promoters").keys == ("a", "b")
    assert repr(metrics.evidence(told, frame, left_out="no_score")) == (
        "evidence of nps, left out as no_score: 1 of feedback_key: d"
    )
    with pytest.raises(UsageError, match=r"has n 3, and the tables give 2"):
        metrics.evidence(told, frame.head(2))
    with pytest.raises(UsageError, match=r"has counts .*'promoters': 2.*give .*'promoters': 1"):
        metrics.evidence(told, frame.with_columns(score=pl.Series([10, 8, 3, None])))
    with pytest.raises(UsageError, match=r"has left out .*no_score"):
        metrics.evidence(told, frame.head(3))
    five = pl.DataFrame({"score": [5, 4], "scale_min": [1, 1], "scale_max": [5, 5], "feedback_key": [1, 2]})
    with pytest.raises(UsageError, match="has the definition"):
        metrics.evidence(metrics.csat(five), five.with_columns(scale_max=7))


def test_what_cannot_be_asked_is_refused() -> None:
    frame = pl.DataFrame({"score": [10, 3], "team": ["a", "b"], "feedback_key": [1, 2]})
    table = metrics.nps(frame, by="team", scale=TEN)
    told = metrics.nps(frame, scale=TEN)
    plain = Estimate(value=1.0, n=1, receipt=told.receipt)
    for message, ask in {
        "does not know what was asked": lambda: metrics.evidence(plain, frame),
        "came back from JSON": lambda: metrics.evidence(metrics.nps_from_counts(1, 1, 1), frame),
        "needs the tables": lambda: metrics.evidence(told),
        "found part='fans'": lambda: metrics.evidence(told, frame, part="fans"),
        "found left_out='ill'": lambda: metrics.evidence(told, frame, left_out="ill"),
        "the groups are by team": lambda: metrics.evidence(table, frame),
        "there is no group": lambda: metrics.evidence(table, frame, team="c"),
        "is of the group of all": lambda: metrics.evidence(told, frame, team="a"),
    }.items():
        with pytest.raises(UsageError, match=message):
            ask()
    left = metrics.nps(pl.DataFrame({"score": [10, None], "feedback_key": [1, 2]}), scale=TEN)
    with pytest.raises(UsageError, match="of those that do not"):
        metrics.evidence(
            left,
            pl.DataFrame({"score": [10, None], "feedback_key": [1, 2]}),
            part="promoters",
            left_out="no_score",
        )
    with pytest.raises(MissingColumnError, match="no column that tells its records"):
        metrics.evidence(told, frame.drop("feedback_key"))


def test_an_estimate_that_was_pickled_still_knows_what_was_asked() -> None:
    table = metrics.nps(FRAME.to_pandas(use_pyarrow_extension_array=True), by="language", columns={"item": "item"})
    again = pickle.loads(pickle.dumps(table))  # noqa: S301 - our own
    assert again == table
    assert again.kind == table.kind
    assert metrics.evidence(again["de"], FRAME).keys == metrics.evidence(table["de"], FRAME).keys
    in_duckdb = pickle.loads(pickle.dumps(metrics.nps(relation(FRAME), by="language")))  # noqa: S301 - our own
    assert len(rows_of(in_duckdb.to_frame())) == len(table)


def test_people_are_evidence_where_observations_are_people() -> None:
    interactions = company.interactions(random.Random(3))
    asked = {"start": "quote", "goal": "sign", "within": timedelta(days=5)}
    told = metrics.conversion(interactions, **asked)  # type: ignore[arg-type]
    found = metrics.evidence(told, interactions, part="converted")
    assert found.column == "person_id"
    assert found.n == dict(told.counts)["converted"] > 0
    people = {key_of("customers", each.customer) for each in interactions if each.customer}
    assert set(found.keys) < people


def test_cohorts_and_sums_have_evidence() -> None:
    interactions, deals = company.interactions(random.Random(3)), company.deals(random.Random(3))
    table = metrics.retention(interactions, period="day", by="cohort", after=2)
    (day,), told = next(row for row in table if dict(row[1].counts)["returned"])
    assert metrics.evidence(table, interactions, part="returned", cohort=day).n == dict(told.counts)["returned"]
    sums = metrics.won_value(deals, by=["product", "amount_currency"])
    won = sorted(
        key_of("deals", each.ref)
        for each in deals
        if each.status == "won" and each.product == "loan" and each.amount and each.amount.currency == "EUR"
    )
    assert list(metrics.evidence(sums, deals, product="loan", amount_currency="EUR").keys) == won


def test_a_value_over_too_little_is_not_told() -> None:
    frame = pl.DataFrame({"score": [10] * 3 + [0] * 2, "team": ["a", "a", "a", "b", "b"], "feedback_key": range(5)})
    table = metrics.nps(frame, by="team", scale=TEN, min_n=3)
    assert table["a"].value == 100
    assert (table["b"].value, table["b"].interval, table["b"].reason) == (None, None, "fewer than 3 observations")
    assert dict(table["b"].counts)["detractors"] == 2
    assert metrics.evidence(table, frame, team="b").keys == (3, 4)
    assert table["a"].receipt.definition == metrics.nps(frame, scale=TEN).receipt.definition
    nothing = metrics.nps(frame.head(0), scale=TEN, min_n=3)
    assert nothing.reason == "no answers"
    with pytest.raises(UsageError, match="found min_n=0"):
        metrics.nps(frame, scale=TEN, min_n=0)


def test_receipts_tell_the_clusters() -> None:
    frame = pl.DataFrame({"score": [10, 3], "person_id": [1, 1], "feedback_key": [1, 2]})
    assert metrics.nps(frame, scale=TEN).receipt.cluster == "person_id"
    assert metrics.nps(frame, scale=TEN, cluster=None).receipt.cluster is None
    assert metrics.nps(frame.drop("person_id"), scale=TEN).receipt.cluster is None
    assert "clusters      person_id" in repr(metrics.nps(frame, scale=TEN).receipt)
    deals = pl.DataFrame({"status": ["won", "lost"], "account_key": [1, 1]})
    assert "from 1 accounts" in repr(metrics.win_rate(deals))


def test_windows_count_in_evidence() -> None:
    window = Window(date(2025, 2, 1), date(2025, 2, 15), zone="Europe/Berlin")
    told = metrics.nps(ANSWERS, window=window)
    found = metrics.evidence(told, ANSWERS)
    inside = [
        key_of("feedback", each.ref)
        for each in ANSWERS
        if window.start_us <= each.submitted_at.timestamp() * 1e6 < window.end_us
    ]
    assert 0 < found.n < len(ANSWERS)
    assert set(found.keys) <= set(inside)
    assert isinstance(ANSWERS[0], Feedback)


def test_every_metric_can_be_asked_again_and_tells_its_options() -> None:
    """What takes groups is traced, and help() tells each option."""
    grouped = {
        name: function
        for name in metrics.__all__
        if isfunction(function := getattr(metrics, name)) and "by" in signature(function).parameters
    }
    assert {"nps", "csat", "ces", "retention", "win_rate", "sla_attainment"} <= set(grouped)
    for name, function in grouped.items():
        assert hasattr(function, "trace"), name
        parameters = signature(function).parameters.values()
        assert all(each.kind is not Parameter.VAR_KEYWORD for each in parameters), name
        assert {each.name for each in parameters} >= {"by", "columns"}, name
        for each in parameters:
            assert f"{each.name}:" in (function.__doc__ or ""), (name, each.name)
