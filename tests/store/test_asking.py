"""Questions in SQL: what is let through, what is refused, and what an error leaves of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from tests.store.two_sources import HOLDER, company, load

from crmcx import Workspace, metrics
from crmcx.errors import StoreError, UsageError
from crmcx.tables import rows_of


@pytest.fixture(scope="module")
def ws() -> Iterator[Workspace]:
    with company(":memory:", HOLDER) as workspace:
        digest = workspace.store.digest()
        yield workspace
        assert workspace.store.digest() == digest  # whatever was asked


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT count(*) AS n FROM deals", [{"n": 4}]),
        ("SELECT count(*) AS n FROM Deals", [{"n": 4}]),
        ("FROM analysis.deals SELECT DISTINCT status", [{"status": "open"}]),
        ("SELECT count(DISTINCT person_id) AS n FROM interactions", [{"n": 5}]),
        ("SELECT max(occurred_at)::VARCHAR AS at FROM interactions", [{"at": "2025-10-06 23:30:00"}]),
        ("WITH deals AS (SELECT * FROM deals WHERE stage = 'closing') SELECT count(*) AS n FROM deals", [{"n": 4}]),
        ("WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) FROM n SELECT max(i) AS i",
         [{"i": 3}]),
        ("SELECT i FROM range(2) AS r(i)", [{"i": 0}, {"i": 1}]),
        ("SELECT unnest([1, 2]) AS i", [{"i": 1}, {"i": 2}]),
        ("VALUES (1)", [{"col0": 1}]),
        ("SELECT 1 AS i UNION ALL SELECT 2", [{"i": 1}, {"i": 2}]),
        ("SELECT (SELECT count(*) FROM cases) AS n", [{"n": 0}]),
        ("SELECT count(*) AS n FROM interactions i JOIN customers c ON c.key = i.customer_key", [{"n": 30}]),
        ("SELECT column_name FROM (DESCRIBE deals) LIMIT 1", [{"column_name": "key"}]),
        ("SELECT open FROM (SELECT stage, status FROM deals) PIVOT (count(*) FOR status IN ('open'))", [{"open": 4}]),
    ],
)  # fmt: skip
def test_what_reads_is_answered(sql: str, expected: list[dict[str, Any]], ws: Workspace) -> None:
    assert ws.sql(sql).rows() == expected


WRITES = [
    "INSERT INTO deals VALUES (1)",
    "UPDATE main.deals SET stage = 'won'",
    "DELETE FROM main.deals",
    "TRUNCATE main.deals",
    "MERGE INTO main.deals USING main.deals d ON TRUE WHEN MATCHED THEN DELETE",
    "CREATE TABLE mine AS SELECT 1 AS i",
    "CREATE TEMP TABLE mine AS SELECT 1 AS i",
    "CREATE OR REPLACE VIEW analysis.deals AS SELECT 1 AS i",
    "CREATE MACRO mine() AS 1",
    "CREATE SEQUENCE mine",
    "CREATE SECRET (TYPE s3)",
    "DROP TABLE main.deals",
    "ALTER TABLE main.deals DROP stage",
    "COMMENT ON TABLE main.deals IS 'x'",
    "COPY main.deals TO '{file}'",
    "COPY (SELECT 1) TO '{file}'",
    "COPY main.deals FROM '{file}'",
    "COPY FROM DATABASE memory TO other",
    "ATTACH '{file}'",
    "DETACH memory",
    "EXPORT DATABASE '{file}'",
    "IMPORT DATABASE '{file}'",
    "INSTALL json",
    "LOAD json",
    "UPDATE EXTENSIONS",
    "PRAGMA show_tables",
    "PRAGMA threads = 1",
    "SET threads = 1",
    "SET VARIABLE x = 1",
    "RESET threads",
    "USE main",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "CALL checkpoint()",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{file}'",
    "PIVOT deals ON status USING count(*)",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE main.deals",
    "",
    "-- nothing",
]
INSIDE = [
    "WITH x AS (INSERT INTO main.deals (stage) VALUES ('won') RETURNING stage) SELECT * FROM x",
    "WITH x AS (DELETE FROM main.deals RETURNING stage) SELECT * FROM x",
    "WITH x AS (UPDATE main.deals SET stage = 'won' RETURNING stage) SELECT * FROM x",
    "SELECT * FROM main.deals",
    "SELECT * FROM memory.analysis.deals",
    "SELECT * FROM books.pages",
    "SELECT * FROM identity.readings",
    "SELECT * FROM person_map",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pragma_database_size()",
    "SHOW TABLES",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM force_checkpoint()",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM '{file}'",
    'SELECT * FROM "{file}"',
    "SELECT * FROM read_csv('{file}')",
    "SELECT * FROM Read_Text('{file}')",
    "SELECT * FROM system.main.read_blob('{file}')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table(['deals'])",
    "SELECT * FROM json_execute_serialized_sql('')",
    "SELECT (SELECT count(*) FROM read_text('{file}'))",
    "SELECT 1 WHERE EXISTS (SELECT * FROM '{file}')",
    "SELECT * FROM deals ORDER BY (SELECT count(*) FROM glob('/*'))",
    "FROM deals UNION ALL BY NAME FROM '{file}'",
    'WITH x AS (WITH "{file}" AS (SELECT 1) SELECT 1) SELECT * FROM "{file}"',
    "SELECT * FROM (DESCRIBE '{file}')",
    "SUMMARIZE '{file}'",
    "SELECT * FROM mine",
]


@pytest.mark.parametrize("sql", [*WRITES, *INSIDE])
def test_all_else_is_refused(sql: str, ws: Workspace, tmp_path: Path) -> None:
    mine = pl.DataFrame({"i": [1]})
    file = tmp_path / "file.csv"
    file.write_text("i\n1\n")

    with pytest.raises(UsageError, match=r"^(found|DuckDB refuses the question)"):
        ws.sql(sql.format(file=file))

    assert [each.name for each in tmp_path.iterdir()] == ["file.csv"]
    assert file.read_text() == "i\n1\n"
    assert ws.sql("SELECT count(*) AS n FROM deals").rows() == [{"n": mine["i"].sum() + 3}]


@pytest.mark.parametrize("sql", WRITES[1:6])
def test_what_the_parser_let_through_the_transaction_would_refuse(sql: str, ws: Workspace) -> None:
    """The last wall, without the ones before it."""
    snapshot = ws.store.snapshot()
    with pytest.raises(duckdb.TransactionException, match="read-only mode"):
        snapshot._asked.execute(sql)
    snapshot.close()


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT count(*) AS n FROM deals WHERE source_id = $1", ["shop-1"]),
        ("SELECT count(*) AS n FROM deals WHERE source_id = ?", ("shop-1",)),
        ("SELECT count(*) AS n FROM deals WHERE source_id = $id", {"id": "shop-1"}),
    ],
)
def test_parameters(sql: str, parameters: Any, ws: Workspace) -> None:
    assert ws.sql(sql, parameters).rows() == [{"n": 1}]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT nope FROM deals", 'Referenced column "nope" not found'),
        ("SELECT FROM WHERE", "syntax error"),
        ("SELECT nope(1)", "nope does not exist"),
        ("SELECT * FROM deals WHERE source_id = $1", "could not be answered: InvalidInputException"),
    ],
)
def test_what_cannot_be_answered_says_why(sql: str, said: str, ws: Workspace) -> None:
    with pytest.raises(UsageError, match=said):
        ws.sql(sql)


def test_an_error_tells_no_value_and_leaves_the_tables_as_they_were(ws: Workspace) -> None:
    answer = ws.sql("SELECT name::BIGINT FROM customers")
    with pytest.raises(UsageError, match="ConversionException") as raised:
        answer.rows()
    assert "Lovelace" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert len(ws.tables.customers.rows()) == 5
    assert ws.sql("SELECT count(*) AS n FROM customers").rows() == [{"n": 5}]


def test_it_asks_the_snapshot_until_an_error_after_a_change() -> None:
    with company(":memory:", HOLDER) as ws:
        assert ws.tables.snapshot == "c4-i0"
        load(ws, "app", numbers=range(2))
        assert ws.sql("SELECT count(*) AS n FROM customers").rows() == [{"n": 5}]
        with pytest.raises(UsageError):
            ws.sql("SELECT name::BIGINT FROM customers").rows()
        with pytest.raises(StoreError, match=r"the store has changed since; ask the next snapshot: refresh\(\)"):
            ws.sql("SELECT 1")
        assert len(ws.tables.customers.rows()) == 5
        ws.refresh()
        assert ws.sql("SELECT count(*) AS n FROM customers").rows() == [{"n": 7}]


def test_an_answer_is_a_table(ws: Workspace) -> None:
    answer = ws.tables.sql("SELECT person_id, occurred_us, 9 AS score FROM interactions")
    assert repr(answer) == f"answer from snapshot {ws.tables.snapshot}: 3 columns\nperson_id, occurred_us, score"
    assert ">BIGINT</td>" in answer._repr_html_()
    assert answer.columns == ("person_id", "occurred_us", "score")
    assert len(rows_of(answer)) == 30
    nps = metrics.nps(
        ws.sql("SELECT person_id, 'nps' AS kind, 10 AS score, 0 AS scale_min, 10 AS scale_max FROM deals"),
    )
    assert nps.value == 100
    assert nps.receipt.snapshot == ws.tables.snapshot


def test_a_closed_snapshot_says_so() -> None:
    with company(":memory:", HOLDER) as ws:
        answer = ws.sql("SELECT 1 AS i")
        tables = ws.tables
        tables._snapshot.close()
        with pytest.raises(StoreError, match="is closed; ask again"):
            answer.rows()
        with pytest.raises(StoreError, match="ended: it was closed"):
            tables.sql("SELECT 1")
        with pytest.raises(StoreError, match="ended: it was closed"):
            _ = tables.deals
