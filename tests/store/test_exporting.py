"""Exports: Parquet by table and month, equal to the tables of one snapshot, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from tests.store.two_sources import HOLDER, OTHER, company, load
from tests.sync.sources import Spoiling

from crmcx import Workspace
from crmcx.errors import CountMismatchError, StoreError, StoreFullError
from crmcx.store import Exported, export
from crmcx.tables import TABLES


@pytest.fixture(scope="module")
def ws() -> Iterator[Workspace]:
    with company(":memory:", HOLDER, OTHER) as workspace:
        workspace.resolve()
        yield workspace


@pytest.fixture(scope="module")
def exported(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return ws.export(tmp_path_factory.mktemp("exports") / "out")


def in_order(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


@pytest.mark.parametrize("name", TABLES)
def test_what_is_read_back_is_the_table(name: str, ws: Workspace, exported: Exported) -> None:
    columns = list(TABLES[name].names)
    expected = in_order([tuple(row[column] for column in columns) for row in ws.tables.__getattr__(name).rows()])
    pattern = f"{exported.path}/{name}/**/*.parquet"

    quoted = ", ".join(f'"{each}"' for each in columns)
    by_duckdb = duckdb.sql(f"SELECT {quoted} FROM read_parquet('{pattern}')")
    by_polars = pl.read_parquet(pattern, hive_partitioning=True)

    assert in_order(by_duckdb.fetchall()) == expected
    assert in_order(by_polars.select(columns).rows()) == expected
    assert set(by_polars.columns) == {*columns, *(["month"] if TABLES[name].happened else [])}
    assert {str(dtype) for dtype in by_duckdb.types} <= {"BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN"}


def test_months_are_those_in_utc(exported: Exported) -> None:
    pattern = f"{exported.path}/interactions/*/*.parquet"
    found = duckdb.sql(
        f"SELECT month, min(strftime(make_timestamp(occurred_us), '%Y-%m')), max(strftime(make_timestamp(occurred_us),"
        f" '%Y-%m')) FROM read_parquet('{pattern}', hive_types = {{'month': VARCHAR}}) GROUP BY ALL"
    ).fetchall()
    assert len(found) == 10
    assert all(month == least == most for month, least, most in found)


def test_a_row_without_an_instant(tmp_path: Path) -> None:
    with company(":memory:", HOLDER) as ws:
        with ws.store.writing() as connection:
            connection.execute("UPDATE interactions SET occurred_us = NULL WHERE source_id = 'shop-1-0'").fetchall()
        ws.export(tmp_path / "out")
    (file,) = (tmp_path / "out" / "interactions" / "month=unknown").iterdir()
    assert pl.read_parquet(file, hive_partitioning=False)["source_id"].to_list() == ["shop-1-0"]


def test_the_report(ws: Workspace, exported: Exported) -> None:
    rows = {each.name: each.rows for each in exported.tables}
    assert [each.name for each in exported.tables] == list(TABLES)
    assert {name: count for name, count in rows.items() if count} == dict(ws.status().rows)
    assert exported.rows == sum(rows.values())
    assert exported.files == len(list(Path(exported.path).rglob("*.parquet")))
    assert exported.snapshot == "c8-i1"
    assert all(each.files == 1 for each in exported.tables if not each.rows)
    told = repr(exported).splitlines()
    assert told[0] == f"snapshot c8-i1 in {exported.path}: {exported.rows:,} rows in {exported.files:,} files"
    assert told[2].split() == ["customers", "10", "1"]
    assert len(told) == 2 + len(ws.status().rows)
    assert ">interactions</td>" in exported._repr_html_()


def test_it_is_one_snapshot(tmp_path: Path) -> None:
    with company(":memory:", HOLDER) as ws:
        snapshot = ws.store.snapshot()
        load(ws, OTHER)
        early = export(snapshot, tmp_path / "early")
        late = ws.export(tmp_path / "late")
        snapshot.close()
    assert (early.snapshot, late.snapshot) == ("c4-i0", "c8-i0")
    assert late.rows == 2 * early.rows


def test_who_only_reads_may_export(tmp_path: Path) -> None:
    company(tmp_path / "bank.crmcx", HOLDER).close()
    with Workspace(tmp_path / "bank.crmcx", read_only=True) as ws, Workspace(tmp_path / "bank.crmcx", read_only=True):
        assert ws.export(tmp_path / "out").rows > 30


def test_an_empty_folder_is_taken(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a 'b'").mkdir()
    assert ws.export(tmp_path / "a 'b'").path == str(tmp_path / "a 'b'")
    assert [each.name for each in tmp_path.iterdir()] == ["a 'b'"]
    assert {each.name for each in (tmp_path / "a 'b'").iterdir()} == set(TABLES)


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("full", "the folder full is not empty"),
        ("full/file", "file is a file"),
        ("nowhere/out", "found no folder"),
    ],
)
def test_what_is_refused(folder: str, said: str, ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    with pytest.raises(StoreError, match=said):
        ws.export(tmp_path / folder)
    assert [each.name for each in tmp_path.rglob("*")] == ["full", "file"]


def interrupted(_sql: str) -> str:
    raise KeyboardInterrupt


def full(_sql: str) -> str:
    msg = "Could not write file: No space left on device"
    raise duckdb.IOException(msg)


def one_row_short(sql: str) -> str:
    return sql.replace("FROM analysis.deals", "FROM analysis.deals LIMIT 3")


@pytest.mark.parametrize(
    ("spoil", "error"),
    [(interrupted, KeyboardInterrupt), (full, StoreFullError), (one_row_short, CountMismatchError)],
)
@pytest.mark.parametrize("there", [False, True])
def test_one_that_is_broken_off_leaves_nothing(
    spoil: Callable[[str], str], error: type[BaseException], there: bool, ws: Workspace, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    if there:
        target.mkdir()
    snapshot = ws.store.snapshot()
    spoiling = Spoiling(snapshot._cursor, {'COPY (SELECT "key", "source", "source_id"': lambda sql: (
        spoil(sql) if "analysis.deals" in sql else sql
    )})  # fmt: skip
    snapshot._cursor = spoiling

    with pytest.raises(error):
        export(snapshot, target)

    snapshot.close()
    assert len(spoiling.spoiled) > 5
    assert [each.name for each in tmp_path.rglob("*")] == (["out"] if there else [])
    assert ws.export(target).rows > 60


def test_what_a_killed_process_left_is_taken_away(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / ".out.part" / "deals").mkdir(parents=True)
    (tmp_path / ".out.part" / "deals" / "data_9.parquet").write_text("half")
    ws.export(tmp_path / "out")
    assert [each.name for each in tmp_path.iterdir()] == ["out"]
    assert not (tmp_path / "out" / "deals" / "data_9.parquet").exists()
