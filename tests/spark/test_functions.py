"""Every metric and journey function on Spark: the same counts, the same values, the same hashes as on a list."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.sql import SparkSession
from tests.test_engines_agree import FUNCTIONS, everything, frames, plain, same

pytestmark = pytest.mark.spark


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.default.parallelism", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "America/New_York")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def objects() -> dict[str, list[Any]]:
    return everything()


@pytest.fixture(scope="session")
def tables(spark: SparkSession, objects: dict[str, list[Any]]) -> dict[str, Any]:
    made = {}
    for name, frame in frames(objects).items():
        table = spark.createDataFrame(frame.to_arrow()).cache()
        assert table.count() == len(frame)
        made[name] = table
    return made


@pytest.mark.parametrize("function", FUNCTIONS)
def test_equal_on_spark(tables: dict[str, Any], objects: dict[str, list[Any]], function: str) -> None:
    ask = FUNCTIONS[function]
    found, wanted = plain(ask(tables)), plain(ask(objects))
    assert same(found, wanted), (found, wanted)
