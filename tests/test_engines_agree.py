"""Every metric and journey function gives equal rows on every engine, and on lists, whatever the order of rows."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from math import isclose
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest
from attrs import evolve
from tests import company
from tests.asked_of_sales import SALES
from tests.asked_of_service import SERVICE

from crmcx import journey, metrics
from crmcx.errors import ColumnTypeError
from crmcx.estimates import Difference, Estimate, EstimateTable
from crmcx.instants import Window
from crmcx.models import (
    Answer,
    Case,
    CaseChange,
    Deal,
    DealChange,
    Feedback,
    Interaction,
    Invitation,
    Lead,
    Order,
    SlaTarget,
    StageChange,
    Subscription,
)
from crmcx.tables import rows_of, schema_of, to_columns

pytestmark = pytest.mark.once
WINDOW = Window(date(2025, 2, 1), date(2025, 3, 20), zone="Europe/Berlin")
MONTH = Window(date(2025, 2, 1), date(2025, 3, 1), zone="Europe/Berlin")
DTYPES = {"int64": pl.Int64(), "float64": pl.Float64(), "string": pl.String(), "bool": pl.Boolean()}
JANUARY = Window(date(2025, 1, 15), date(2025, 2, 15))
Tables = dict[str, Any]
Function = Callable[[Tables], Any]

FACTORS = {"effectiveness": "done", "ease": "easy", "emotion": "felt"}
AS_OF = datetime(2025, 3, 20, tzinfo=UTC)
ONBOARDING = evolve(
    journey.LIFECYCLE,
    evidence=[evolve(each, word=f"word {number}") for number, each in enumerate(journey.LIFECYCLE.evidence)],
    onboarding=timedelta(days=9),
    words={"existing": "client"},
)


def derived(tables: Tables, rules: journey.StageRules) -> journey.DerivedStages:
    return journey.derive_stages(rules, interactions=tables["interactions"], deals=tables["deals"], as_of=AS_OF)


FUNCTIONS: dict[str, Function] = {
    "nps": lambda t: metrics.nps(t["answers"]),
    "nps by touchpoint and language": lambda t: metrics.nps(t["answers"], by=["touchpoint", "language"]),
    "nps in a window": lambda t: metrics.nps(t["answers"], window=WINDOW, cluster=None),
    "nps by month": lambda t: metrics.nps(t["answers"], by=["language", metrics.per("month", zone="Europe/Berlin")]),
    "evidence of nps": lambda t: metrics.evidence(metrics.nps(t["answers"]), t["answers"], part="promoters"),
    "csat": lambda t: metrics.csat(t["answers"]),
    "csat by language": lambda t: metrics.csat(t["answers"], by="language"),
    "wave_difference of nps": lambda t: metrics.wave_difference(
        metrics.nps, t["answers"], first=JANUARY, second=WINDOW, as_of=AS_OF
    ),
    "wave_difference of win_rate in pairs": lambda t: metrics.wave_difference(
        metrics.win_rate, t["deals"], first=JANUARY, second=WINDOW, design="paired", cluster="person_id"
    ),
    **SALES,
    "nps by month, the latest of each person": lambda t: metrics.nps(
        t["answers"], by=["touchpoint", metrics.per("month")], repeat="latest"
    ),
    "csat_mean by language": lambda t: metrics.csat_mean(t["answers"], by="language", min_n=5),
    "csat_mean rescaled": lambda t: metrics.csat_mean(t["answers"], rescaled=True),
    "ces": lambda t: metrics.ces(t["surveys"]),
    "ces that was easy": lambda t: metrics.ces(t["surveys"], measure="easy", by="touchpoint"),
    "review_rating": lambda t: metrics.review_rating(t["surveys"], item="done", prior=(3, 10), by="language"),
    "response_rate": lambda t: metrics.response_rate(t["invitations"], within=timedelta(days=7)),
    "response_rate by channel": lambda t: metrics.response_rate(t["invitations"], by="channel", as_of=AS_OF),
    "completion_rate": lambda t: metrics.completion_rate(t["invitations"], by=metrics.per("week")),
    "expectation_gap": lambda t: metrics.expectation_gap(t["surveys"], perceived="was", expected="should"),
    "expectation_gap by language": lambda t: metrics.expectation_gap(
        t["surveys"], perceived="was", expected="should", by="language", cluster=None
    ),
    "cx_index": lambda t: metrics.cx_index(t["surveys"], items=FACTORS, by="language"),
    "complaint_rate": lambda t: metrics.complaint_rate(t["feedback"], t["interactions"], window=WINDOW),
    "complaint_rate by episodes": lambda t: metrics.complaint_rate(
        t["feedback"], t["interactions"], by=["touchpoint", metrics.per("month")], episode=timedelta(days=9)
    ),
    "share of one's own": lambda t: metrics.Share(
        name="late", of="answers", counts={"score": metrics.Span(at_least=4)}, among={"kind": ["csat"]}
    )(t["answers"], by="language"),
    "mean of one's own": lambda t: metrics.Mean(name="score", of="answers", value="score")(t["answers"]),
    "ratio of one's own": lambda t: metrics.Ratio(
        name="ratio", of="answers", above="score", below="scale_max", among={"kind": ["nps"]}
    )(t["answers"], by="touchpoint"),
    "total of one's own": lambda t: metrics.Total(name="sum", of="answers", value="score")(t["answers"]),
    **SERVICE,
    "retention by month": lambda t: metrics.retention(t["interactions"], zone="Europe/Berlin"),
    "retention by cohort": lambda t: metrics.retention(
        t["interactions"], period="day", by="cohort", after=2, zone="America/New_York"
    ),
    "retention by day": lambda t: metrics.retention(t["interactions"], period="day", after=3, by="channel"),
    "retention in a bracket": lambda t: metrics.retention(
        t["interactions"], period=timedelta(hours=40), after=2, until=5, by="channel"
    ),
    "retention after 24 hours": lambda t: metrics.retention(t["interactions"], period="24 hours", or_later=True),
    "tenure": lambda t: metrics.tenure(t["subscriptions"], as_of=AS_OF, quantile=0.25),
    "tenure by product": lambda t: metrics.tenure(
        t["subscriptions"],
        as_of=AS_OF,
        by="product",
        watched_since=AS_OF - timedelta(days=60),
        step=timedelta(hours=1),
    ),
    "mean_tenure": lambda t: metrics.mean_tenure(t["subscriptions"], as_of=AS_OF, until=timedelta(days=30), unit="key"),
    "survival": lambda t: metrics.survival(t["subscriptions"], as_of=AS_OF, window=WINDOW),
    "churn": lambda t: metrics.churn(t["subscriptions"], window=MONTH),
    "churn by product": lambda t: metrics.churn(t["subscriptions"], window=MONTH, by="product", as_of=AS_OF),
    "churn_rate": lambda t: metrics.churn_rate(t["subscriptions"], window=MONTH),
    "churn_rate by product": lambda t: metrics.churn_rate(
        t["subscriptions"], window=MONTH, by=["product", "status"], per=timedelta(days=365), unit="key"
    ),
    "repeat_purchase_rate": lambda t: metrics.repeat_purchase_rate(t["orders"], within=timedelta(days=10)),
    "repeat_purchase_rate by channel": lambda t: metrics.repeat_purchase_rate(
        t["orders"], within=timedelta(days=10), apart=timedelta(days=1), by="channel", as_of=AS_OF
    ),
    "purchase_frequency": lambda t: metrics.purchase_frequency(t["orders"], window=WINDOW),
    "purchase_frequency by channel": lambda t: metrics.purchase_frequency(
        t["orders"], by=["channel", metrics.per("month", zone="Europe/Berlin")]
    ),
    "order_value": lambda t: metrics.order_value(t["orders"], as_of=AS_OF),
    "order_value by currency": lambda t: metrics.order_value(t["orders"], by=["total_currency", "channel"]),
    "rfm": lambda t: rows_of(metrics.rfm(t["orders"], as_of=AS_OF).to_frame()),
    "transitions": lambda t: journey.transitions(journey.JourneyLog(t["interactions"])),
    "funnel": lambda t: journey.funnel(
        journey.JourneyLog(t["interactions"]), ["quote", "apply", "sign"], within=timedelta(days=9)
    ),
    "funnel with a repeat": lambda t: journey.funnel(
        journey.JourneyLog(t["interactions"]), ["quote", "quote", ("apply", "sign")], within=timedelta(days=9)
    ),
    "funnel with exclusion": lambda t: journey.funnel(
        journey.JourneyLog(t["interactions"]), ["quote", "apply"], within=timedelta(days=5), exclude=["help"]
    ),
    "strict funnel": lambda t: journey.funnel(
        journey.JourneyLog(t["interactions"]), ["quote", "apply"], order="strict"
    ),
    "stage_mix": lambda t: journey.stage_mix(t["stage_changes"]),
    "stage_mix of a line": lambda t: journey.stage_mix(t["stage_changes"], scope="loan", window=WINDOW, period="week"),
    "stage_mix as of a date": lambda t: journey.stage_mix(
        t["stage_changes"], as_of=datetime(2025, 3, 3, tzinfo=UTC), period="day", zone="America/New_York"
    ),
    "derive_stages": lambda t: derived(t, journey.LIFECYCLE),
    "derive_stages with onboarding and words": lambda t: derived(t, ONBOARDING),
    "stage_mix of derived stages": lambda t: journey.stage_mix(derived(t, ONBOARDING).to_changes()),
    "stage_agreement": lambda t: journey.stage_agreement(t["stage_changes"], t["stage_changes"], as_of=AS_OF),
    "stage_agreement with derived stages": lambda t: journey.stage_agreement(
        t["stage_changes"], derived(t, ONBOARDING), as_of=AS_OF, scope=""
    ),
    "in_stage": lambda t: rows_of(journey.in_stage(t["answers"], t["stage_changes"])),
    "nps by the stage then": lambda t: metrics.nps(journey.in_stage(t["answers"], t["stage_changes"]), by="stage"),
    "stages_together": lambda t: rows_of(journey.stages_together(t["stage_changes"], derived(t, ONBOARDING))),
}


def pandas(frame: pl.DataFrame) -> Any:
    """Integers that can be missing: as floats, 63-bit keys would lose their last digits."""
    return frame.to_pandas(use_pyarrow_extension_array=True).convert_dtypes(dtype_backend="numpy_nullable")


def arrow_pandas(frame: pl.DataFrame) -> Any:
    return frame.to_pandas(use_pyarrow_extension_array=True)


CONNECTION = duckdb.connect()
NUMBERS = count()


def relation(frame: pl.DataFrame) -> Any:
    name = f"t{next(NUMBERS)}"
    CONNECTION.register("given", frame.to_arrow())
    CONNECTION.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM given")
    return CONNECTION.table(name)


ENGINES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "pandas": pandas,
    "pandas on arrow": arrow_pandas,
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "duckdb": relation,
    "pyarrow": lambda frame: frame.to_arrow(),
    "narwhals": nw.from_native,
}


def everything() -> dict[str, list[Any]]:
    """Records of every table that is asked."""
    draw = random.Random(11)
    made: dict[str, list[Any]] = {
        "answers": company.feedback(draw),
        "surveys": (surveys := company.surveys(random.Random(12))),
        "feedback": surveys,
        "invitations": company.invitations(random.Random(13)),
        "deals": company.deals(draw),
        "cases": company.cases(draw),
        "interactions": company.interactions(draw),
        "stage_changes": company.stage_changes(draw),
        "case_changes": company.case_changes(draw),
        "deal_changes": company.deal_changes(draw),
        "leads": company.leads(draw),
        "subscriptions": company.subscriptions(draw),
        "orders": company.orders(draw),
    }
    return made | {"sla_targets": made["cases"]}  # a part is taken of the records that it belongs to


@pytest.fixture(scope="module")
def objects() -> dict[str, list[Any]]:
    return everything()


CLASSES = {
    "answers": Answer,
    "surveys": Answer,
    "feedback": Feedback,
    "invitations": Invitation,
    "deals": Deal,
    "cases": Case,
    "interactions": Interaction,
    "stage_changes": StageChange,
    "case_changes": CaseChange,
    "deal_changes": DealChange,
    "leads": Lead,
    "sla_targets": SlaTarget,
    "subscriptions": Subscription,
    "orders": Order,
}


def frames(objects: dict[str, list[Any]], *, shuffled: bool = False) -> dict[str, pl.DataFrame]:
    found = {}
    for name, cls in CLASSES.items():
        schema = {column.name: DTYPES[column.dtype.value] for column in schema_of(cls).columns}
        frame = pl.DataFrame(dict(to_columns(cls, objects[name])), schema=schema)
        found[name] = frame.sample(fraction=1, shuffle=True, seed=5) if shuffled else frame
    return found


def plain(result: Any) -> Any:  # noqa: PLR0911 - one for each kind of result
    """What a result says, as values that compare."""
    if isinstance(result, Estimate | Difference):
        return result.to_dict()
    if isinstance(result, EstimateTable):
        return [(key, estimate.to_dict()) for key, estimate in result]
    tables = journey.Transitions | journey.StageMix | journey.StageAgreement | metrics.Evidence | metrics.Survival
    if isinstance(result, tables):
        told = ("keys", "rows", "units", "share", "kappa", "reason", "excluded", "steps", "n", "ended", "longest")
        found = [getattr(result, name, None) for name in told]
        return [None if callable(each) else each for each in found]
    if isinstance(result, journey.DerivedStages):
        evidence = sorted(tuple(row.values()) for row in rows_of(result.evidence()))
        return list(result), result.totals, result.moves, result.excluded, evidence
    if isinstance(result, metrics.Calibration):
        return result.bands, result.n, result.expected, result.brier, result.p_value, result.excluded
    if isinstance(result, list):
        return sorted(tuple(map(str, row.values())) for row in result)
    assert isinstance(result, journey.Funnel)
    return [(step.name, step.n, step.median_time, step.from_start.to_dict()) for step in result], result.excluded


def same(first: Any, second: Any) -> bool:
    """Whether two results are equal: all but floats to the bit, floats to 1e-12."""
    if isinstance(first, float) and isinstance(second, float):
        return isclose(first, second, rel_tol=1e-12, abs_tol=1e-12)
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(each, second[name]) for name, each in first.items())
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return type(first) is type(second) and bool(first == second)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_equal_rows(objects: dict[str, list[Any]], engine: str, function: str) -> None:
    ask = FUNCTIONS[function]
    tables = {name: ENGINES[engine](frame) for name, frame in frames(objects).items()}
    found, wanted = plain(ask(tables)), plain(ask(objects))
    assert same(found, wanted), (found, wanted)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_order_of_rows_does_not_matter(objects: dict[str, list[Any]], function: str) -> None:
    ask = FUNCTIONS[function]
    found, wanted = plain(ask(dict(frames(objects, shuffled=True)))), plain(ask(objects))
    assert same(found, wanted), (found, wanted)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_empty_tables(engine: str, function: str) -> None:
    nothing: dict[str, list[Any]] = {name: [] for name in CLASSES}
    ask = FUNCTIONS[function]
    tables = {name: ENGINES[engine](frame) for name, frame in frames(nothing).items()}
    result = ask(tables)
    found, wanted = plain(result), plain(ask(nothing))
    assert same(found, wanted), (found, wanted)
    if isinstance(result, Estimate):
        assert result.value is None
        assert result.reason
        assert result.n == 0


def test_keys_that_lost_their_digits_are_refused(objects: dict[str, list[Any]]) -> None:
    with pytest.raises(ColumnTypeError, match="digits are lost"):
        metrics.conversion(
            frames(objects)["interactions"].to_pandas(), start="quote", goal="sign", within=timedelta(days=1)
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_not_a_number_is_nothing(engine: str) -> None:
    frame = pl.DataFrame({"score": [10.0, float("nan"), None, 0.0], "person_id": [1.0, float("nan"), 2.0, 3.0]})
    found = metrics.nps(ENGINES[engine](frame), scale=company.NPS)
    assert (found.value, found.n, found.n_clusters) == (0, 2, 2)
    assert dict(found.excluded) == {"no_score": 2}


def test_every_function_is_here() -> None:
    asked = {name.split(" ", 1)[0] for name in FUNCTIONS} | {"strict"}
    scalars = {"business_time", "nps_from_counts", "nps_from_scores", "per"}
    of_tables = {name for name in metrics.__all__ if name[0].islower()} - scalars
    assert of_tables <= asked
    of_journeys = {name for name in journey.__all__ if name[0].islower()}
    assert of_journeys <= asked


def test_the_tables_are_not_all_of_one_kind(objects: dict[str, list[Any]]) -> None:
    """The functions above answer with something: a test over nothing would hold on every engine."""
    for name, ask in FUNCTIONS.items():
        result: Sequence[Any] | Estimate = ask(objects)
        if isinstance(result, Estimate):
            assert result.n > 5, name
            assert result.value is not None, name
        elif isinstance(result, Difference):
            assert result.p_value is not None, name
        else:
            assert len(result) > 1, name
    assert isinstance(objects["answers"][0], Feedback)
