"""How files are taken apart: what is read, what is kept of it, and how a file that is not as described is named."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcx.connectors import Csv, JsonLines, Parquet, Unreadable, formats
from crmcx.connectors.formats import Chunk, Format, format_of
from crmcx.errors import SourceFileError, UsageError

LAW = settings(max_examples=60, deadline=None, derandomize=True, database=None)
PLAIN = "a,b\n1,x\n2,y\n3,z\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return written


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The widest cell has ten characters."""
    before = csv.field_size_limit()
    monkeypatch.setattr(formats, "_WIDEST_FIELD", 10)
    yield
    csv.field_size_limit(before)


def records(form: Format, path: Path, rows: int = 100) -> list[Any]:
    return [record for chunk in form.chunks(path, rows=rows) for record in chunk.records]


def refused(call: Callable[[], object]) -> SourceFileError:
    with pytest.raises(SourceFileError) as error:
        call()
    assert error.value.code == "source-file"
    assert error.value.data["file"] in str(error.value)
    return error.value


class TestNames:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("a.csv", Csv()),
            ("a.CSV", Csv()),
            ("a.b.csv.gz", Csv()),
            ("a.tsv.xz", Csv(delimiter="\t")),
            ("a.jsonl", JsonLines()),
            ("a.ndjson.bz2", JsonLines()),
            ("a.parquet", Parquet()),
        ],
    )
    def test_a_name_speaks_of_its_format(self, name: str, expected: Format) -> None:
        assert format_of(Path(name)) == expected

    @pytest.mark.parametrize("name", ["a", "a.txt", "a.gz", "a.csv.txt", "csv"])
    def test_a_name_that_does_not(self, name: str) -> None:
        with pytest.raises(
            UsageError, match=f"the name '{name}' says nothing of its format; known endings: .csv"
        ) as error:
            format_of(Path(name))
        assert error.value.code == "usage"
        assert "format=" in str(error.value)

    def test_a_format_says_nothing_by_itself(self) -> None:
        with pytest.raises(NotImplementedError):
            Format().header(Path("a"))
        with pytest.raises(NotImplementedError):
            Format().chunks(Path("a"), rows=1)


class TestCsv:
    def test_rows_below_a_header(self, write: Callable[..., Path]) -> None:
        (chunk,) = Csv().chunks(write("a.csv", PLAIN), rows=10)
        assert chunk == Chunk([["1", "x"], ["2", "y"], ["3", "z"]], b"1,x\n2,y\n3,z\n", ("a", "b"))

    @pytest.mark.parametrize("rows", [1, 2, 3, 4])
    def test_chunks_are_as_long_as_asked_and_keep_their_text(self, rows: int, write: Callable[..., Path]) -> None:
        chunks = list(Csv().chunks(write("a.csv", 'a,b\r\n1,"x\r\ny"\r\n2,\r\n3,"""z"""\r\n'), rows=rows))
        assert all(len(chunk.records) == rows for chunk in chunks[:-1])
        assert [record for chunk in chunks for record in chunk.records] == [["1", "x\r\ny"], ["2", None], ["3", '"z"']]
        assert b"".join(chunk.body for chunk in chunks) == b'1,"x\r\ny"\r\n2,\r\n3,"""z"""\r\n'
        if rows == 1:
            assert chunks[0].body == b'1,"x\r\ny"\r\n'

    def test_delimiter_and_quote(self, write: Callable[..., Path]) -> None:
        path = write("a.csv", "a;b\n'1;2';x\n")
        assert records(Csv(delimiter=";", quote="'"), path) == [["1;2", "x"]]

    def test_texts_that_stand_for_nothing(self, write: Callable[..., Path]) -> None:
        path = write("a.csv", "a,b\n,NULL\nNULL, \n")
        assert records(Csv(), path) == [[None, "NULL"], ["NULL", " "]]
        assert records(Csv(nulls=("NULL", "")), path) == [[None, None], [None, " "]]
        assert records(Csv(nulls=()), path) == [["", "NULL"], ["NULL", " "]]

    @pytest.mark.parametrize("form", [Csv(), Csv(nulls=("x",))])
    def test_ragged_rows_are_unreadable_one_by_one(self, form: Csv, write: Callable[..., Path]) -> None:
        path = write("a.csv", "a,b\n1,2\n3\n4,5,6\n\n7,8\n")
        assert records(form, path) == [
            ["1", "2"],
            Unreadable("the row has 1 cells, the header 2", "3"),
            Unreadable("the row has 3 cells, the header 2", "4,5,6"),
            Unreadable("the row has 0 cells, the header 2", ""),
            ["7", "8"],
        ]

    def test_only_a_header(self, write: Callable[..., Path]) -> None:
        path = write("a.csv", "a,b\n")
        assert (Csv().header(path), list(Csv().chunks(path, rows=5))) == (("a", "b"), [])

    @pytest.mark.parametrize("content", ["", "\ufeff", "\n1,2\n"])
    def test_an_empty_file(self, content: str, write: Callable[..., Path]) -> None:
        path = write("void.csv", content)
        for call in (lambda: Csv().header(path), lambda: records(Csv(), path)):
            assert "void.csv is empty, expected a header row" in str(refused(call))

    def test_a_column_named_twice(self, write: Callable[..., Path]) -> None:
        path = write("twice.csv", "a,b,c,b,a\n")
        error = refused(lambda: Csv().header(path))
        assert "the header of twice.csv names a column twice: a, b" in str(error)

    @pytest.mark.parametrize(
        ("content", "form", "likely"),
        [
            ("a;b;c\n", Csv(), ";"),
            ("a\tb\n", Csv(), "\\t"),
            ("a|b|c;d\n", Csv(), "|"),
            ("a,b\n", Csv(delimiter=";"), ","),
        ],
    )
    def test_another_delimiter_is_guessed(
        self, content: str, form: Csv, likely: str, write: Callable[..., Path]
    ) -> None:
        error = refused(lambda: form.header(write("a.csv", content)))
        assert f"the header of a.csv is one column with {form.delimiter!r} as delimiter, and holds '{likely}'" in str(
            error
        )
        assert error.hint == f"pass Csv(delimiter='{likely}')"

    @pytest.mark.parametrize("content", ["a\n1\n", '"a,b"\n1\n', "a:b\n1\n"])
    def test_one_column_may_be_meant(self, content: str, write: Callable[..., Path]) -> None:
        assert len(Csv().header(write("a.csv", content))) == 1

    def test_a_cell_that_never_ends(self, narrow: None, write: Callable[..., Path]) -> None:
        error = refused(lambda: Csv().header(write("a.csv", '"a,b\n1,2\n3,4\n5,6\n')))
        assert (error.data["row"], "a.csv cannot be read near row 1" in str(error)) == (1, True)
        assert "delimiter and quote" in str(error)
        error = refused(lambda: records(Csv(), write("b.csv", 'a,b\n1,2\n3,"4\n5,6\n7,8\n9,10\n'), rows=1))
        assert 2 <= int(str(error.data["row"])) <= 6

    @LAW
    @given(
        st.lists(st.tuples(st.text(max_size=6), st.text(min_size=1, max_size=6)), max_size=6),
        st.integers(1, 7),
        st.sampled_from([",", ";", "\t"]),
        st.sampled_from(["\n", "\r\n"]),
    )
    def test_what_was_written_is_read(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        said: list[tuple[str, str]],
        rows: int,
        delimiter: str,
        end: str,
    ) -> None:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
        writer.writerows([("a", "b"), *said])
        path = tmp_path_factory.getbasetemp() / "law.csv"
        path.write_bytes(text.getvalue().encode())

        chunks = list(Csv(delimiter=delimiter).chunks(path, rows=rows))

        assert [record for chunk in chunks for record in chunk.records] == [[a or None, b] for a, b in said]
        head = f'"a"{delimiter}"b"{end}'
        assert head.encode() + b"".join(chunk.body for chunk in chunks) == path.read_bytes()


class TestEncodings:
    @pytest.mark.parametrize(
        ("written", "form"),
        [
            ("utf-8", Csv()),
            ("utf-8-sig", Csv()),
            ("cp1252", Csv(encoding="cp1252")),
            ("latin-1", Csv(encoding="latin-1")),
            ("utf-16", Csv(encoding="utf-16")),
        ],
    )
    def test_text_in_it(self, written: str, form: Csv, write: Callable[..., Path]) -> None:
        path = write("a.csv", "Größe,b\nä,ß\n", written)
        assert form.header(path) == ("Größe", "b")
        (chunk,) = form.chunks(path, rows=5)
        assert chunk.records == [["ä", "ß"]]
        assert chunk.body == "ä,ß\n".encode()

    def test_characters_of_cp1252(self, write: Callable[..., Path]) -> None:
        path = write("a.csv", b"a,b\n\x80,\x84x\x93\n")
        assert records(Csv(encoding="cp1252"), path) == [["€", "„x“"]]

    def test_a_byte_order_mark_of_json_lines(self, write: Callable[..., Path]) -> None:
        assert records(JsonLines(), write("a.jsonl", '{"a":"ä"}\n', "utf-8-sig")) == [{"a": "ä"}]
        assert records(JsonLines(encoding="cp1252"), write("a.jsonl", '{"a":"ä"}\n', "cp1252")) == [{"a": "ä"}]

    @pytest.mark.parametrize("form", [Csv, JsonLines])
    def test_an_encoding_that_nobody_knows(self, form: type[Format]) -> None:
        with pytest.raises(UsageError, match="no text encoding is called 'utf-9'") as error:
            form(encoding="utf-9")  # type: ignore[call-arg]
        assert error.value.code == "usage"

    def test_an_encoding_that_is_none_of_text(self) -> None:
        with pytest.raises(UsageError):
            Csv(encoding="rot13")

    @pytest.mark.parametrize("content", [b"Gr\xf6\xdfe,b\n1,2\n", b"a,b\n1,2\n\xe4,2\n"])
    def test_the_wrong_one_names_file_and_row(self, content: bytes, write: Callable[..., Path]) -> None:
        path = write("wrong.csv", content)
        for call in (lambda: Csv().header(path), lambda: records(Csv(), path)):
            error = refused(call)
            assert (error.data["file"], error.data["row"]) == ("wrong.csv", 1)
            assert "wrong.csv is not written in utf-8-sig: near row 1 a byte 0x" in str(error)
            assert "cp1252" in str(error)

    def test_the_wrong_one_far_down_names_about_the_row(self, write: Callable[..., Path]) -> None:
        path = write("wrong.csv", b"a,b\n" + b"1234,x\n" * 2500 + b"\xe4,x\n")
        assert Csv().header(path) == ("a", "b")
        error = refused(lambda: records(Csv(), path, rows=10))
        assert abs(int(str(error.data["row"])) - 2502) < 1300

    @pytest.mark.parametrize("content", [b'{"a":"\xe4"}\n', b'{"a":1}\n{"a":"\xe4"}\n'])
    def test_the_wrong_one_of_json_lines(self, content: bytes, write: Callable[..., Path]) -> None:
        path = write("wrong.jsonl", content)
        for call in (lambda: JsonLines().header(path), lambda: records(JsonLines(), path)):
            error = refused(call)
            assert (error.data["file"], error.data["row"]) == ("wrong.jsonl", 1)
            assert "a byte 0xe4 does not fit" in str(error)

    def test_the_wrong_one_in_the_first_block_of_rows(self, write: Callable[..., Path]) -> None:
        path = write("wrong.csv", b"a,b\n" + b"1234,x\n" * 2500 + b"\xe4,x\n")
        error = refused(lambda: records(Csv(), path, rows=5000))
        assert error.data["file"] == "wrong.csv"

    @pytest.mark.parametrize(
        ("name", "form", "line"), [("a.csv", Csv(), b"1234,x\n"), ("a.jsonl", JsonLines(), b'{"a":1}\n')]
    )
    def test_the_row_is_near_whatever_the_size_of_a_block(
        self, name: str, form: Format, line: bytes, write: Callable[..., Path]
    ) -> None:
        path = write(name, (b"a,b\n" if name == "a.csv" else b"") + line * 10_000 + b"\xe4,x\n")
        error = refused(lambda: records(form, path, rows=5200))
        assert abs(int(str(error.data["row"])) - 10_001) < 1300


class TestCompression:
    @pytest.mark.parametrize(
        ("ending", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".XZ", lzma.compress)]
    )
    def test_by_the_ending(self, ending: str, compress: Callable[[bytes], bytes], write: Callable[..., Path]) -> None:
        path = write(f"a.csv{ending}", compress(PLAIN.encode()))
        assert Csv().header(path) == ("a", "b")
        assert records(Csv(), path, rows=2) == [["1", "x"], ["2", "y"], ["3", "z"]]
        path = write(f"a.jsonl{ending}", compress(b'{"a":1}\n'))
        assert records(JsonLines(), path) == [{"a": 1}]

    @pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.bz2", "a.csv.xz"])
    def test_a_file_that_is_not_compressed(self, name: str, write: Callable[..., Path]) -> None:
        path = write(name, PLAIN)
        refused(lambda: Csv().header(path))

    @pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz"])
    def test_a_file_that_was_cut_off(self, name: str, write: Callable[..., Path]) -> None:
        path = write(name, gzip.compress(PLAIN.encode())[:-12])
        refused(lambda: records(format_of(path), path))


class TestMissing:
    @pytest.mark.parametrize("form", [Csv(), JsonLines(), Parquet()])
    def test_no_such_file(self, form: Format, tmp_path: Path) -> None:
        for path in (tmp_path / "gone", tmp_path):
            for call in (lambda path=path: form.header(path), lambda path=path: records(form, path)):
                error = refused(call)
                assert f"found no file {path.name} in {path.parent}" in str(error)


class TestJsonLines:
    def test_objects(self, write: Callable[..., Path]) -> None:
        path = write("a.jsonl", '{"a":1}\n\n  \n{"b":[1,{"c":null}]}')
        assert JsonLines().header(path) is None
        (chunk,) = JsonLines().chunks(path, rows=5)
        assert chunk == Chunk([{"a": 1}, {"b": [1, {"c": None}]}], b'{"a":1}\n{"b":[1,{"c":null}]}', None)

    @pytest.mark.parametrize("rows", [1, 2, 3])
    def test_chunks_are_as_long_as_asked(self, rows: int, write: Callable[..., Path]) -> None:
        path = write("a.jsonl", '{"a":1}\n{"a":2}\n{"a":3}\n')
        chunks = list(JsonLines().chunks(path, rows=rows))
        assert [len(chunk.records) for chunk in chunks] == [rows] * (3 // rows) + [3 % rows] * (3 % rows > 0)
        assert b"".join(chunk.body for chunk in chunks) == path.read_bytes()

    def test_a_broken_line_is_set_aside_and_the_rest_is_read(self, write: Callable[..., Path]) -> None:
        path = write("a.jsonl", '{"a":1}\n{"a":\n[1]\n"x"\n5\nnull\n{"a":2}\n')
        found = records(JsonLines(), path)
        assert (found[0], found[-1]) == ({"a": 1}, {"a": 2})
        assert found[1] == Unreadable("the line is not JSON", '{"a":')
        assert [each.reason.split(",")[0] for each in found[2:-1]] == [
            f"the line is a JSON {name}" for name in ("list", "str", "int", "NoneType")
        ]
        assert [each.raw for each in found[2:-1]] == ["[1]", '"x"', "5", "null"]

    def test_an_empty_file(self, write: Callable[..., Path]) -> None:
        path = write("a.jsonl", "")
        assert (JsonLines().header(path), records(JsonLines(), path)) == (None, [])

    @LAW
    @given(
        st.lists(st.dictionaries(st.text(max_size=4), st.one_of(st.none(), st.text(max_size=5), st.integers(-9, 9)))),
        st.booleans(),
    )
    def test_what_was_written_is_read(
        self, tmp_path_factory: pytest.TempPathFactory, said: list[dict[str, Any]], ascii_only: bool
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "law.jsonl"
        lines = [json.dumps(each, ensure_ascii=ascii_only) + "\n" for each in said]
        path.write_bytes("".join(lines).encode())
        assert records(JsonLines(), path, rows=2) == said


class TestParquet:
    @pytest.fixture
    def parquet(self, tmp_path: Path) -> Callable[[str], Path]:
        def made(select: str) -> Path:
            path = tmp_path / "a.parquet"
            with duckdb.connect() as connection:
                connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
            return path

        return made

    def test_rows_in_their_order(self, parquet: Callable[[str], Path]) -> None:
        path = parquet("SELECT i AS a, 'x' || i AS b FROM range(5) AS t(i) ORDER BY i DESC")
        assert Parquet().header(path) == ("a", "b")
        chunks = list(Parquet().chunks(path, rows=2))
        assert [chunk.records for chunk in chunks] == [[(4, "x4"), (3, "x3")], [(2, "x2"), (1, "x1")], [(0, "x0")]]
        assert (chunks[2].fields, chunks[2].body) == (("a", "b"), b'[["a","b"],[0,"x0"]]')

    def test_texts_that_stand_for_nothing(self, parquet: Callable[[str], Path]) -> None:
        path = parquet("SELECT 'NULL' AS a, NULL AS b, '' AS c, 0 AS d")
        assert records(Parquet(), path) == [("NULL", None, "", 0)]
        assert records(Parquet(nulls=("NULL", "")), path) == [[None, None, None, 0]]

    def test_nested_and_exact_values(self, parquet: Callable[[str], Path]) -> None:
        path = parquet("SELECT {'x': [1, 2]} AS a, 1.50::DECIMAL(9, 2) AS b, DATE '2025-03-01' AS c")
        (chunk,) = Parquet().chunks(path, rows=5)
        ((nested, exact, day),) = chunk.records
        assert (nested, str(exact), day.isoformat()) == ({"x": [1, 2]}, "1.50", "2025-03-01")
        assert json.loads(chunk.body) == [["a", "b", "c"], [{"x": [1, 2]}, "1.50", "2025-03-01"]]

    def test_no_rows(self, parquet: Callable[[str], Path]) -> None:
        path = parquet("SELECT 1 AS a WHERE FALSE")
        assert (Parquet().header(path), records(Parquet(), path)) == (("a",), [])

    def test_what_is_no_parquet(self, write: Callable[..., Path]) -> None:
        path = write("a.parquet", PLAIN)
        for call in (lambda: Parquet().header(path), lambda: records(Parquet(), path)):
            assert "a.parquet cannot be read as Parquet" in str(refused(call))

    def test_bytes(self, parquet: Callable[[str], Path]) -> None:
        assert len(records(Parquet(), parquet(r"SELECT '\xFF'::BLOB AS a"))) == 1


@pytest.mark.parametrize("given_", [{"delimiter": "||"}, {"delimiter": ""}, {"quote": ""}])
def test_a_delimiter_or_quote_that_is_not_one_character(given_: dict[str, str], write: Callable[..., Path]) -> None:
    path = write("a.csv", PLAIN)
    with pytest.raises(UsageError):
        Csv(**given_).header(path)
