"""Reading Parquet files row by row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from crmcx.engines import parquet_columns, parquet_rows
from crmcx.errors import SourceFileError

TABLE = pl.DataFrame(
    {
        "number": range(1_000),
        "wörd": [f"ü{at}" if at % 3 else None for at in range(1_000)],
        "day": [date(2025, 1, 1)] * 1_000,
    }
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "it's (1) *.parquet"
    TABLE.write_parquet(path, row_group_size=100)
    return path


def test_columns(file: Path) -> None:
    assert parquet_columns(file) == ("number", "wörd", "day")


@pytest.mark.parametrize(("size", "pages"), [(1, 1_000), (300, 4), (1_000, 1), (5_000, 1)])
def test_rows_in_their_order_page_by_page(file: Path, size: int, pages: int) -> None:
    found = list(parquet_rows(file, size))
    assert len(found) == pages
    assert {len(page) for page in found[:-1]} <= {size}
    assert [row for page in found for row in page] == TABLE.rows()


def test_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    TABLE.head(0).write_parquet(path)
    assert parquet_columns(path) == ("number", "wörd", "day")
    assert list(parquet_rows(path, 10)) == []


def test_a_reader_may_stop(file: Path) -> None:
    pages = parquet_rows(file, 10)
    assert len(next(pages)) == 10
    pages.close()  # type: ignore[attr-defined]
    assert list(pages) == []


READERS: dict[str, Callable[[Path], Any]] = {
    "columns": parquet_columns,
    "rows": lambda path: list(parquet_rows(path, 10)),
}


@pytest.mark.parametrize("reader", READERS)
class TestRefused:
    def test_a_file_that_is_missing(self, tmp_path: Path, reader: str) -> None:
        with pytest.raises(SourceFileError, match=r"found no file none.parquet in .*; check the path") as caught:
            READERS[reader](tmp_path / "none.parquet")
        assert caught.value.data == {"file": "none.parquet"}

    def test_a_folder(self, tmp_path: Path, reader: str) -> None:
        with pytest.raises(SourceFileError, match="found no file"):
            READERS[reader](tmp_path)

    @pytest.mark.parametrize("content", [b"", b"name,age\nAda,36\n", b"PAR1 and no more PAR1"])
    def test_no_parquet(self, tmp_path: Path, reader: str, content: bytes) -> None:
        path = tmp_path / "export.parquet"
        path.write_bytes(content)
        with pytest.raises(SourceFileError, match=r"export.parquet cannot be read as Parquet") as caught:
            READERS[reader](path)
        assert caught.value.data == {"file": "export.parquet"}
        assert "Ada" not in str(caught.value)

    def test_a_file_cut_short(self, file: Path, reader: str) -> None:
        file.write_bytes(file.read_bytes()[:-50])
        with pytest.raises(SourceFileError, match="cannot be read as Parquet"):
            READERS[reader](file)


def test_other_errors_pass(file: Path) -> None:
    pages = parquet_rows(file, 10)
    next(pages)
    with pytest.raises(KeyError):
        pages.throw(KeyError("mine"))  # type: ignore[attr-defined]
