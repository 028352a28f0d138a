"""The file connector: files are checked before they are read, and a broken run goes on where it stood."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcx.connectors import (
    OCCURRENCE,
    Batch,
    Compiled,
    Csv,
    Cursor,
    Files,
    FileStream,
    JsonLines,
    Mapping,
    Page,
    Parquet,
    constant,
    joined,
    mapping,
    present,
    ref,
)
from crmcx.connectors.streams import Stream
from crmcx.errors import SourceFileError, UsageError
from crmcx.models import Account, Customer, Deal, OrderLine

LAW = settings(max_examples=60, deadline=None, derandomize=True, database=None)
DEAL = mapping(Deal, id="id", status="status")
LINE = mapping(
    OrderLine,
    id=joined("invoice", OCCURRENCE),
    order=ref("invoice"),
    quantity="quantity",
    placed_at=constant("2025-03-01T00:00:00Z"),
)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def written(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return written


def stream(file: FileStream) -> Stream:
    (found,) = Files(file).streams()
    return found


def pages(file: FileStream, cursor: Cursor | None = None) -> list[Page]:
    return list(stream(file).read(cursor or Cursor()))


def records(found: list[Page]) -> list[Any]:
    return [record for page in found for record in page.records]


def again(cursor: Cursor | None) -> Cursor:
    """The cursor as it comes back from the store."""
    assert cursor is not None
    return Cursor(token=json.loads(json.dumps(cursor.token)), watermark=cursor.watermark, window=cursor.window)


def mapped(file: FileStream) -> list[Batch]:
    compiled = Compiled(file.maps, source="shop")
    return [compiled.run(page.records, fields=page.fields) for page in pages(file)]


def ids(batches: list[Batch]) -> list[str]:
    return [each for batch in batches for each in batch.rows[0].cells["source_id"]]


class TestDescription:
    def test_what_is_not_said_is_taken_from_the_name(self) -> None:
        file = FileStream("folder/deals.2025.csv.gz", DEAL)
        assert (file.path, file.name, file.format, file.maps) == (
            Path("folder/deals.2025.csv.gz"),
            "deals",
            Csv(),
            (DEAL,),
        )

    def test_what_is_said(self) -> None:
        other = mapping(Account, id="id", name="name")
        file = FileStream("x", [DEAL, other], name="both", format=JsonLines(), keeps_history=True)  # type: ignore[arg-type]
        assert (file.name, file.format, file.maps) == ("both", JsonLines(), (DEAL, other))
        made = stream(file)
        assert (made.name, made.maps, made.keeps_history, made.resumes) == ("both", (DEAL, other), True, True)

    def test_a_name_without_a_known_ending(self) -> None:
        with pytest.raises(UsageError, match="says nothing of its format") as error:
            FileStream("deals.txt", DEAL)
        assert error.value.code == "usage"

    def test_the_description_tells_files_and_mappings(self) -> None:
        made = Files(FileStream("secret/folder/a.csv", DEAL), FileStream("b.csv", (DEAL, LINE), name="c"))
        assert json.loads(json.dumps(made.describe())) == {
            "files": [
                {"name": "a", "file": "a.csv", "mappings": [DEAL.hash]},
                {"name": "c", "file": "b.csv", "mappings": [DEAL.hash, LINE.hash]},
            ]
        }
        assert [each.name for each in made.streams()] == ["a", "c"]

    def test_names_are_said_once(self) -> None:
        with pytest.raises(UsageError, match="found 2 files named a, a, expected") as error:
            Files(FileStream("a.csv", DEAL), FileStream("x/a.jsonl", DEAL))
        assert error.value.code == "usage"
        with pytest.raises(UsageError, match="found 0 files named nothing"):
            Files()


class TestCheck:
    def test_a_file_as_described(self, write: Callable[[str, str], Path]) -> None:
        Files(
            FileStream(write("a.csv", "status,id,more\n"), DEAL),
            FileStream(write("b.jsonl", "{}\n"), DEAL),
            FileStream(write("c.csv", "invoice,quantity\n"), LINE, number_by=("invoice",)),
        ).check()

    @pytest.mark.parametrize("name", ["gone.csv", "gone.jsonl", "gone.parquet"])
    def test_a_missing_file(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(SourceFileError, match=f"found no file {name} in {tmp_path}") as error:
            Files(FileStream(tmp_path / name, DEAL)).check()
        assert (error.value.code, error.value.data) == ("source-file", {"file": name})

    def test_missing_columns_are_named_with_those_that_are_there(self, write: Callable[[str, str], Path]) -> None:
        made = mapping(Deal, id="id", status="status", name=("owner", "name"), when=present("kind"))
        with pytest.raises(
            SourceFileError, match=r"a\.csv lacks the column 'kind', 'owner', 'status'; its header has: Status, id"
        ) as error:
            Files(FileStream(write("a.csv", "Status,id\n"), made)).check()
        assert error.value.code == "source-file"
        assert error.value.data == {"file": "a.csv", "missing": ("kind", "owner", "status")}

    def test_the_columns_of_every_mapping_and_of_the_numbers(self, write: Callable[[str, str], Path]) -> None:
        file = FileStream(write("a.csv", "id,status\n"), (DEAL, mapping(Customer, id="who")), number_by=("day",))
        with pytest.raises(SourceFileError) as error:
            Files(file).check()
        assert error.value.data["missing"] == ("day", "who")

    def test_the_number_is_a_column_only_where_it_is_made(self, write: Callable[[str, str], Path]) -> None:
        with pytest.raises(SourceFileError) as error:
            Files(FileStream(write("a.csv", "invoice,quantity\n"), LINE)).check()
        assert error.value.data["missing"] == (OCCURRENCE,)

    def test_parquet(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT 1 AS id) TO '{path}' (FORMAT parquet)")
        with pytest.raises(SourceFileError, match=r"a\.parquet lacks the column 'status'; its header has: id"):
            Files(FileStream(path, DEAL)).check()

    @pytest.mark.parametrize("content", ["", "id;status\n", "id,id\n"])
    def test_a_header_that_cannot_be_used(self, content: str, write: Callable[[str, str], Path]) -> None:
        with pytest.raises(SourceFileError) as error:
            Files(FileStream(write("a.csv", content), DEAL)).check()
        assert error.value.data["file"] == "a.csv"


class TestPages:
    def test_pages_know_their_place(self, write: Callable[[str, str], Path]) -> None:
        path = write("a.csv", "id,status\n1,open\n2,won\n3,odd\n")
        first, second = pages(FileStream(path, DEAL, rows_per_page=2))
        assert (first.first_row, first.origin, first.fields, first.body) == (
            1,
            "a.csv",
            ("id", "status"),
            b"1,open\n2,won\n",
        )
        assert (second.first_row, second.records, second.body) == (3, [["3", "odd"]], b"3,odd\n")
        assert first.next is not None
        assert first.next.token["row"] == 2

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.csv", "id,status\n1,open\n2,odd\n3\n4,won\n"),
            ("a.jsonl", '{"id":1,"status":"open"}\n{"id":2,"status":"odd"}\n{"id":\n{"id":4,"status":"won"}\n'),
        ],
    )
    def test_bad_rows_are_set_aside_and_the_rest_is_mapped(
        self, name: str, content: str, write: Callable[[str, str], Path]
    ) -> None:
        (batch,) = mapped(FileStream(write(name, content), DEAL))
        assert ids([batch]) == ["1", "4"]
        assert [(each.index, each.field) for each in batch.rejected] == [(1, "Deal.status"), (2, "")]

    def test_a_parquet_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT i AS id, CASE i WHEN 2 THEN 'odd' ELSE 'won' END AS status FROM range(1, 4) t(i)) "
                f"TO '{path}' (FORMAT parquet)"
            )
        (batch,) = mapped(FileStream(path, DEAL, format=Parquet(nulls=("?",))))
        assert (ids([batch]), [each.index for each in batch.rejected]) == (["1", "3"], [1])

    def test_an_empty_file_has_no_pages(self, write: Callable[[str, str], Path]) -> None:
        assert pages(FileStream(write("a.csv", "id,status\n"), DEAL)) == []
        assert pages(FileStream(write("a.jsonl", ""), DEAL)) == []


class TestResume:
    @pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
    @pytest.mark.parametrize("rows", [1, 2, 3, 10])
    def test_from_every_cursor_the_rest_is_read(self, name: str, rows: int, write: Callable[[str, str], Path]) -> None:
        csv_ = "invoice,quantity\n" + "".join(f"{number % 2},{number}\n" for number in range(7))
        json_ = "".join(f'{{"invoice":{number % 2},"quantity":{number}}}\n' for number in range(7))
        path = write(name, csv_ if name == "a.csv" else json_)
        file = FileStream(path, LINE, number_by=("invoice",), rows_per_page=rows)
        through = pages(file)
        assert len(records(through)) == 7

        for place, page in enumerate(through, start=1):
            assert pages(file, again(page.next)) == through[place:]

    @LAW
    @given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 8))
    def test_with_another_size_of_pages_nothing_is_missed(
        self, tmp_path_factory: pytest.TempPathFactory, before: int, after: int, broken: int
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "resume.csv"
        path.write_text("id,status\n" + "".join(f"{number},open\n" for number in range(8)), encoding="utf-8")
        first = pages(FileStream(path, DEAL, rows_per_page=before))[:broken]
        cursor = again(first[-1].next) if first else Cursor()

        rest = pages(FileStream(path, DEAL, rows_per_page=after), cursor)

        seen = {record[0] for record in records(first) + records(rest)}
        assert seen == {str(number) for number in range(8)}

    def test_a_file_that_changed_is_read_anew(self, write: Callable[[str, str], Path]) -> None:
        file = FileStream(write("a.csv", "id,status\n1,open\n2,won\n"), DEAL, rows_per_page=1)
        cursor = again(pages(file)[0].next)
        assert records(pages(file, cursor)) == [["2", "won"]]

        write("a.csv", "id,status\n1,open\n2,odd\n")

        assert records(pages(file, cursor)) == [["1", "open"], ["2", "odd"]]

    def test_a_file_that_changed_far_down_is_read_anew(self, write: Callable[[str, str], Path]) -> None:
        body = "".join(f"{number},open\n" for number in range(30_000))
        file = FileStream(write("a.csv", f"id,status\n{body}x,open\n"), DEAL, rows_per_page=20_000)
        cursor = again(pages(file)[0].next)
        assert len(records(pages(file, cursor))) == 10_001

        write("a.csv", f"id,status\n{body}y,open\n")

        assert len(records(pages(file, cursor))) == 30_001


class TestNumbers:
    def test_records_with_the_same_values_are_numbered_in_file_order(self, write: Callable[[str, str], Path]) -> None:
        path = write("a.csv", "invoice,quantity\nA,1\nB,2\nA,1\nA,3\nB,2\n")
        batches = mapped(FileStream(path, LINE, number_by=("invoice",), rows_per_page=2))
        assert ids(batches) == ["A#1", "B#1", "A#2", "A#3", "B#2"]

    def test_by_several_columns(self, write: Callable[[str, str], Path]) -> None:
        path = write("a.csv", "invoice,quantity\nA,1\nA,2\nA,1\n")
        file = FileStream(path, LINE, number_by=("invoice", "quantity"))
        assert [record[-1] for record in records(pages(file))] == [1, 1, 2]
        assert pages(file)[0].fields == ("invoice", "quantity", OCCURRENCE)

    def test_of_json_lines(self, write: Callable[[str, str], Path]) -> None:
        path = write("a.jsonl", '{"invoice":"A"}\n{"quantity":1}\n{"invoice":"A"}\n{}\n')
        found = records(pages(FileStream(path, LINE, number_by=("invoice",))))
        assert [record[OCCURRENCE] for record in found] == [1, 1, 2, 2]

    def test_unreadable_rows_have_no_number(self, write: Callable[[str, str], Path]) -> None:
        path = write("a.csv", "invoice,quantity\nA,1\nA\nA,2\n")
        (batch,) = mapped(FileStream(path, LINE, number_by=("invoice",)))
        assert ids([batch]) == ["A#1", "A#2"]
        assert [each.index for each in batch.rejected] == [1]

    def test_the_text_that_is_kept_is_the_sources(self, write: Callable[[str, str], Path]) -> None:
        (page,) = pages(FileStream(write("a.csv", "invoice,quantity\nA,1\n"), LINE, number_by=("invoice",)))
        assert page.body == b"A,1\n"

    def test_a_nested_value_of_json_lines(self, write: Callable[[str, str], Path]) -> None:
        path = write("a.jsonl", '{"invoice":["A"]}\n{"invoice":["A"]}\n')
        found = records(pages(FileStream(path, LINE, number_by=("invoice",))))
        assert [record[OCCURRENCE] for record in found] == [1, 2]


def test_maps_may_be_one_or_many() -> None:
    one: Mapping = DEAL
    assert FileStream("a.csv", one) == FileStream("a.csv", (one,)) == FileStream(Path("a.csv"), [one])  # type: ignore[arg-type]
