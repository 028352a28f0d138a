"""Writing of the exports: nothing lost, nothing that depends on where or when."""

from __future__ import annotations

import csv
import gzip
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcx.demo.files import CsvForm, spoiled, with_broken, write_csv, write_json_lines

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = CsvForm(delimiter=",", encoding="utf-8")


@given(st.lists(st.integers(0, 99), max_size=60), st.lists(st.integers(-99, -1), max_size=6))
def test_broken_rows_come_between_the_good_ones_and_nothing_is_lost(good: list[int], broken: list[int]) -> None:
    mixed = list(with_broken(good, broken))
    assert [row for row in mixed if row >= 0] == good
    assert [row for row in mixed if row < 0] == broken
    if broken and len(good) > 10:
        assert mixed[10] == broken[0]


def test_spoiled_rows_differ_from_the_good_one_in_one_cell() -> None:
    rows = spoiled(("id", "day", "score"), ("a", "2025-01-01", 4), ("day", "soon"), ("score", None))
    assert rows == (("a", "soon", 4), ("a", "2025-01-01", None))


def test_a_good_row_has_a_cell_for_every_column() -> None:
    with pytest.raises(ValueError, match="shorter"):
        spoiled(("id", "day"), ("a",), ("day", "soon"))


def test_csv_quotes_only_where_it_must(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "a.csv"
    form = CsvForm(delimiter=";", encoding="cp1252", line_end="\r\n")
    assert write_csv(path, form, ("Straße", "b"), [("x; y", None), ('"q"', 3), ("two\nlines", "€")]) == 3
    assert path.read_bytes() == 'Straße;b\r\n"x; y";\r\n"""q""";3\r\n"two\nlines";€\r\n'.encode("cp1252")


def test_packed_bytes_do_not_depend_on_the_name_of_the_file(tmp_path: Path) -> None:
    rows = [(number, "ü") for number in range(5000)]
    for name in ("a.csv.gz", "other.csv.gz"):
        assert write_csv(tmp_path / name, PLAIN, ("n", "t"), rows) == 5000
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "other.csv.gz").read_bytes()
    with gzip.open(tmp_path / "a.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [["n", "t"], *([str(number), "ü"] for number in range(5000))]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_json_lines_are_one_value_a_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = [{"id": 1, "name": "Zoë\nO'Tarrow"}, {"id": None}]
    assert write_json_lines(path, rows) == 2
    raw = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    assert "Zoë" in raw.decode("utf-8")
    assert [json.loads(line) for line in raw.splitlines()] == rows


def test_what_cannot_be_encoded_is_an_error_and_not_a_question_mark(tmp_path: Path) -> None:
    form = CsvForm(delimiter=";", encoding="cp1252")
    with pytest.raises(UnicodeEncodeError):
        write_csv(tmp_path / "a.csv", form, ("name",), [("\N{LATIN CAPITAL LETTER L WITH STROKE}",)])
