"""The road over five public data sets gives the figures that are known of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

import polars as pl
import pytest
from examples.public_data import crm_opportunities, incident_log, online_retail, sfo_survey, web_clickstream
from examples.public_data.publication import Example

from crmcx import Workspace, journey, metrics
from crmcx.errors import SourceFileError
from crmcx.models import Money

pytestmark = pytest.mark.public_data


@pytest.fixture
def folder() -> Path:
    given = os.environ.get("CRMCX_PUBLIC_DATA")
    if not given:
        pytest.skip("CRMCX_PUBLIC_DATA names no folder with the public data sets")
    return Path(given)


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace(":memory:") as workspace:
        yield workspace


def load(workspace: Workspace, example: Example, folder: Path) -> None:
    """Load a data set, and load it again to see that nothing changes."""
    example.connect(workspace, folder)
    first = workspace.sync().counts
    assert first.read == first.stored + first.unchanged + first.quarantined
    digest = workspace.store.digest()
    again = workspace.sync().counts
    assert (again.read, again.stored, again.quarantined) == (first.read, 0, first.quarantined)
    assert workspace.store.digest() == digest
    workspace.refresh()


def test_crm_opportunities(workspace: Workspace, folder: Path) -> None:
    load(workspace, crm_opportunities.EXAMPLE, folder)
    deals = workspace.tables.deals

    rate = metrics.win_rate(deals)
    assert dict(rate.counts) == {"won": 4_238, "lost": 2_473}
    assert rate.n == 6_711
    assert rate.value == 4_238 / 6_711
    assert dict(rate.excluded) == {"open": 1_589 + 500}
    assert metrics.won_value(deals).value == Money(amount=Decimal(10_005_534), currency="USD")


@pytest.mark.parametrize(("year", "score", "n", "no_score"), [(2017, 39.84, 2_746, 84), (2018, 30.98, 2_650, 159)])
def test_sfo_survey(workspace: Workspace, folder: Path, year: int, score: float, n: int, no_score: int) -> None:
    load(workspace, sfo_survey.EXAMPLE, folder)
    found = metrics.nps(workspace.tables.answers, instrument=f"airport_{year}")

    assert found.value is not None
    assert round(float(found.value), 2) == score  # type: ignore[arg-type]
    assert found.n == n
    assert dict(found.excluded)["not_applicable"] == no_score


def test_incident_log(workspace: Workspace, folder: Path) -> None:
    load(workspace, incident_log.EXAMPLE, folder)
    cases = workspace.tables.cases
    ((stream,),) = (run.streams for run in workspace.sync().runs)
    assert stream.counts.read == 141_712

    taken = metrics.resolution_time(cases)
    assert taken.n == 24_918
    assert isinstance(taken.value, timedelta)
    assert round(taken.value / timedelta(hours=1), 2) == 145.87
    kept = metrics.sla_attainment(cases)
    assert isinstance(kept.value, float)
    assert round(100 * kept.value, 2) == 63.42
    assert workspace.tables.case_changes.rows() == []

    events = pl.read_parquet(incident_log.EVENTS.path(folder))
    last = events.sort(pl.col("sys_mod_count").cast(pl.Int64)).group_by("number", maintain_order=True).last()
    assert kept.value == (last["made_sla"] == "true").sum() / 24_918
    opened, closed = (pl.col(name).str.to_datetime("%d/%m/%Y %H:%M") for name in ("opened_at", "closed_at"))
    naive = last.select((closed - opened).dt.total_minutes())["closed_at"].to_list()
    assert abs(median(naive) / 60 - taken.value / timedelta(hours=1)) <= 1  # the clock of the zone changed in between


def test_online_retail(workspace: Workspace, folder: Path) -> None:
    load(workspace, online_retail.EXAMPLE, folder)
    assert dict(workspace.status().rows)["order_lines"] == 541_909
    assert dict(workspace.status().rows)["orders"] == 25_900
    assert workspace.quarantine() == ()

    lines = workspace.tables.order_lines.relation
    ((returned, nobody, free),) = lines.aggregate(
        "count(*) FILTER (quantity_micros < 0), count(*) FILTER (customer_ref IS NULL),"
        " count(*) FILTER (unit_price_micros <= 0)"
    ).fetchall()
    assert (returned, nobody, free) == (10_624, 135_080, 2_517)
    ((total,),) = lines.aggregate("sum(quantity_micros::HUGEINT * unit_price_micros)").fetchall()
    frame = pl.read_parquet(online_retail.LINES.path(folder))
    exact = sum(
        quantity * Decimal(repr(price)) for quantity, price in frame.select("Quantity", "UnitPrice").iter_rows()
    )
    assert Decimal(total) / 10**12 == exact


def test_web_clickstream(workspace: Workspace, folder: Path) -> None:
    load(workspace, web_clickstream.EXAMPLE, folder)
    log = journey.JourneyLog(workspace.tables.interactions)

    assert dict(workspace.status().rows)["customers"] == 600
    assert journey.funnel(log, ["purchase"])[0].n == 328
    found = journey.transitions(log)
    assert found.units == 600
    assert sum(way.n for way in found) == 31_106 + 600


def test_another_file_is_refused(tmp_path: Path) -> None:
    publication = crm_opportunities.PIPELINE
    with pytest.raises(SourceFileError, match="found no file"):
        publication.path(tmp_path)
    file = tmp_path / publication.file
    file.parent.mkdir()
    file.write_bytes(b"another")
    with pytest.raises(SourceFileError, match="another file than the published one"):
        publication.path(tmp_path)
