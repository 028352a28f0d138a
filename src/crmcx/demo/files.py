"""How the exports are written: CSV and JSON Lines, gzip when the name says so, row by row, the same bytes each time."""

from __future__ import annotations

import csv
import gzip
import io
import json
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

_T = TypeVar("_T")
_BROKEN_EVERY = 10


@frozen(kw_only=True)
class CsvForm:
    """What a CSV export looks like."""

    delimiter: str
    """Between the cells."""
    encoding: str
    """As Python names it; `utf-8-sig` begins with a byte order mark."""
    line_end: str = "\n"
    """After each line; Excel's is the Windows one."""


def write_csv(path: Path, form: CsvForm, header: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a header and rows, None as an empty cell; a cell is quoted only where it must be.

    Returns:
        How many rows were written, without the header.
    """
    with _open(path, form.encoding) as stream:
        writer = csv.writer(stream, delimiter=form.delimiter, lineterminator=form.line_end)
        writer.writerow(header)
        written = 0
        for row in rows:
            writer.writerow(row)
            written += 1
    return written


def write_json_lines(path: Path, rows: Iterable[object]) -> int:
    """Write one JSON value a line, in UTF-8.

    Returns:
        How many lines were written.
    """
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    with _open(path, "utf-8") as stream:
        written = 0
        for row in rows:
            stream.write(encode(row))
            stream.write("\n")
            written += 1
    return written


def spoiled(
    header: Sequence[str], good: Sequence[object], *changes: tuple[str, object]
) -> tuple[tuple[object, ...], ...]:
    """Rows that nobody can read: copies of a good one, each with one cell changed.

    Args:
        header: Names of the columns.
        good: The cells of a good row.
        changes: For each copy the column that is spoiled and what stands there.

    Example:
        >>> spoiled(("id", "age"), (1, 40), ("id", None), ("age", "old"))
        ((None, 40), (1, 'old'))
    """
    return tuple(
        tuple(value if name == column else cell for name, cell in zip(header, good, strict=True))
        for column, value in changes
    )


def with_broken(rows: Iterable[_T], broken: Sequence[_T]) -> Iterator[_T]:
    """Mix the broken rows in: one after every ten good ones, what is left over at the end.

    Example:
        >>> list(with_broken(range(12), [-1, -2]))
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1, 10, 11, -2]
    """
    good = iter(rows)
    for row in broken:
        yield from islice(good, _BROKEN_EVERY)
        yield row
    yield from good


def good_rows(path: Path, form: CsvForm, broken: Sequence[Sequence[object]]) -> Iterator[dict[str, str]]:
    """The rows of an export by the names of its header, without those that nobody can read."""
    aside = {tuple("" if cell is None else str(cell) for cell in row) for row in broken}
    with path.open(encoding=form.encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=form.delimiter)
        header = next(reader)
        for row in reader:
            if tuple(row) not in aside:
                yield dict(zip(header, row, strict=True))


@contextmanager
def _open(path: Path, encoding: str) -> Iterator[TextIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw:
        if path.suffix != ".gz":
            with io.TextIOWrapper(raw, encoding, newline="") as stream:
                yield stream
            return
        # No name and no time in the header, so that the same rows are the same bytes.
        with (
            gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
            io.TextIOWrapper(packed, encoding, newline="") as stream,
        ):
            yield stream
