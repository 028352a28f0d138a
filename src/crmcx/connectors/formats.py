"""How the files of an export are taken apart: CSV, JSON Lines, Parquet; compressed or not.

A reader yields chunks of records together with the text they were read from, so that what a source said is kept as
it said it.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from attrs import field, frozen
from pydantic_core import from_json, to_json

from crmcx import engines
from crmcx.connectors.pages import Said, Unreadable
from crmcx.errors import SourceFileError, UsageError

_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_DELIMITERS = (",", ";", "\t", "|")
_WIDEST_FIELD = 1 << 27
_UNPACKING = (OSError, EOFError, lzma.LZMAError, zlib.error)
_UNREADABLE = (UnicodeDecodeError, csv.Error, *_UNPACKING)


@frozen
class Chunk:
    """Some records of a file in their order."""

    records: list[Said]
    """The records; sequences of cells where `fields` names them."""
    body: bytes
    """The text they were read from, in UTF-8."""
    fields: tuple[str, ...] | None
    """The names that every record has, when they all have the same."""


def _known_encoding(_format: Any, _attribute: Any, value: str) -> None:  # noqa: ANN401 - attrs' signature
    try:
        "".encode(value)
    except LookupError:
        msg = f"no text encoding is called {value!r}"
        raise UsageError(msg, hint="use a name such as utf-8, utf-8-sig, cp1252 or latin-1") from None


def _one_character(_format: Any, attribute: Any, value: str) -> None:  # noqa: ANN401 - attrs' signature
    if len(value) != 1:
        msg = f"found {attribute.name}={value!r}, expected one character"
        raise UsageError(msg, hint="say what the file uses, such as ';'")


@frozen(kw_only=True)
class Format:
    """How a file is written."""

    def header(self, path: Path) -> tuple[str, ...] | None:
        """The column names of the file; None where records name their own."""
        raise NotImplementedError

    def chunks(self, path: Path, *, rows: int) -> Iterator[Chunk]:
        """The records of the file, `rows` at a time."""
        raise NotImplementedError

    def unpack(self, body: bytes, fields: tuple[str, ...] | None) -> list[Said]:
        """The records of a chunk, out of the text they were read from."""
        raise NotImplementedError


@frozen(kw_only=True)
class Csv(Format):
    """Rows of separated values under a header.

    A cell whose text is one of `nulls` is no value. A row with more or fewer cells than the header is unreadable.
    """

    delimiter: str = field(default=",", validator=_one_character)
    """What separates cells."""
    encoding: str = field(default="utf-8-sig", validator=_known_encoding)
    """Encoding of the text; a byte order mark is taken off."""
    quote: str = field(default='"', validator=_one_character)
    """What cells are quoted with."""
    nulls: tuple[str, ...] = ("",)
    """Texts that stand for no value."""

    def header(self, path: Path) -> tuple[str, ...]:
        """The column names of the first row."""
        with _text(path, self.encoding) as file:
            try:
                names = next(self._reader(file), None)
            except _UNREADABLE as error:
                raise _undecodable(path, self.encoding, 1, error) from None
        if not names:
            msg = f"{path.name} is empty, expected a header row"
            raise SourceFileError(msg, hint="export it again, or take it out of the connection", file=path.name)
        if len(names) == 1:
            likely = max(_DELIMITERS, key=names[0].count)
            if likely != self.delimiter and likely in names[0]:
                said = f"one column with {self.delimiter!r} as delimiter, and holds {likely!r}"
                msg = f"the header of {path.name} is {said}"
                raise SourceFileError(msg, hint=f"pass Csv(delimiter={likely!r})", file=path.name)
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            msg = f"the header of {path.name} names a column twice: {', '.join(doubled)}"
            raise SourceFileError(msg, hint="rename one of them in the export", file=path.name)
        return tuple(names)

    def _reader(self, lines: Iterable[str]) -> Any:  # noqa: ANN401 - csv's reader has no public type
        csv.field_size_limit(_WIDEST_FIELD)
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote)

    def chunks(self, path: Path, *, rows: int) -> Iterator[Chunk]:
        """The rows below the header."""
        names = self.header(path)
        nulls = frozenset(self.nulls)
        with _text(path, self.encoding) as file:
            lines: list[str] = []
            reader = self._reader(chain.from_iterable(_line_blocks(file, lines, rows)))
            read = taken = 0
            while True:
                try:
                    if not read:
                        next(reader)
                        read, taken = 1, reader.line_num
                        del lines[:taken]
                    cells = list(islice(reader, rows))
                except _UNREADABLE as error:
                    raise _undecodable(path, self.encoding, read + len(lines), error) from None
                if not cells:
                    return
                used, taken = reader.line_num - taken, reader.line_num
                body = "".join(lines[:used]).encode()
                del lines[:used]
                read += len(cells)
                yield Chunk(self._records(len(names), cells, nulls), body, names)

    def unpack(self, body: bytes, fields: tuple[str, ...] | None) -> list[Said]:
        """The rows of a chunk."""
        cells = list(self._reader(io.StringIO(body.decode(), newline="")))
        return self._records(len(fields or ()), cells, frozenset(self.nulls))

    def _records(self, width: int, cells: list[list[str]], nulls: frozenset[str]) -> list[Said]:
        if nulls == {""}:
            records: list[Said] = [[cell or None for cell in row] for row in cells]
        else:
            records = [[None if cell in nulls else cell for cell in row] for row in cells]
        for number, row in enumerate(cells):
            if len(row) != width:
                reason = f"the row has {len(row)} cells, the header {width}"
                records[number] = Unreadable(reason, self.delimiter.join(row))
        return records


@frozen(kw_only=True)
class JsonLines(Format):
    """One JSON object a line; empty lines are passed over."""

    encoding: str = field(default="utf-8-sig", validator=_known_encoding)
    """Encoding of the text; a byte order mark is taken off."""

    def header(self, path: Path) -> None:
        """None: records name their own fields."""
        with _text(path, self.encoding) as file:
            try:
                next(file, None)
            except _UNREADABLE as error:
                raise _undecodable(path, self.encoding, 1, error) from None

    def chunks(self, path: Path, *, rows: int) -> Iterator[Chunk]:
        """The objects in their order."""
        with _text(path, self.encoding) as file:
            lines = (line for line in file if line.strip())
            read = 0
            while True:
                taken: list[str] = []
                try:
                    taken.extend(islice(lines, rows))
                except _UNREADABLE as error:
                    raise _undecodable(path, self.encoding, read + len(taken) + 1, error) from None
                if not taken:
                    return
                read += len(taken)
                yield Chunk([_object(line) for line in taken], "".join(taken).encode(), None)

    def unpack(self, body: bytes, fields: tuple[str, ...] | None) -> list[Said]:  # noqa: ARG002 - records name their own
        """The objects of a chunk."""
        return [_object(line) for line in io.StringIO(body.decode(), newline="") if line.strip()]


def _object(line: str) -> Mapping[str, Any] | Unreadable:
    try:
        found = from_json(line)
    except ValueError:
        return Unreadable("the line is not JSON", line.rstrip("\n"))
    if not isinstance(found, dict):
        return Unreadable(f"the line is a JSON {type(found).__name__}, expected an object", line.rstrip("\n"))
    return found


@frozen(kw_only=True)
class Parquet(Format):
    """A Parquet file; text cells that are one of `nulls` are no value."""

    nulls: tuple[str, ...] = ()
    """Texts that stand for no value."""

    def header(self, path: Path) -> tuple[str, ...]:
        """The column names of the file."""
        return engines.parquet_columns(path)

    def chunks(self, path: Path, *, rows: int) -> Iterator[Chunk]:
        """The rows in their order; the text that is kept of them is JSON."""
        names = self.header(path)
        nulls = frozenset(self.nulls)
        for taken in engines.parquet_rows(path, rows):
            records: list[Said] = list(taken)
            if nulls:
                records = [[None if type(cell) is str and cell in nulls else cell for cell in row] for row in taken]
            yield Chunk(records, to_json([names, *taken], fallback=str, bytes_mode="base64"), names)

    def unpack(self, body: bytes, fields: tuple[str, ...] | None) -> list[Said]:  # noqa: ARG002 - the text names them
        """The rows of a chunk, whose instants and decimals are text now."""
        nulls = frozenset(self.nulls)
        return [[None if type(cell) is str and cell in nulls else cell for cell in row] for row in from_json(body)[1:]]


def format_of(path: Path) -> Format:
    """The format that a file's name speaks of.

    Raises:
        UsageError: The name speaks of none.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in _OPENERS]
    known: dict[str, Format] = {
        ".csv": Csv(),
        ".tsv": Csv(delimiter="\t"),
        ".jsonl": JsonLines(),
        ".ndjson": JsonLines(),
        ".parquet": Parquet(),
    }
    if suffixes and suffixes[-1] in known:
        return known[suffixes[-1]]
    msg = f"the name {path.name!r} says nothing of its format; known endings: {', '.join(known)}"
    raise UsageError(msg, hint="pass format=Csv(...), JsonLines() or Parquet()")


def _text(path: Path, encoding: str) -> IO[str]:
    if not path.is_file():
        msg = f"found no file {path.name} in {path.parent}"
        raise SourceFileError(msg, hint="check the path, or export the file again", file=path.name)
    opener = _OPENERS.get(path.suffix.lower(), Path.open)
    return io.TextIOWrapper(opener(path, "rb"), encoding=encoding, newline="")


def _line_blocks(file: IO[str], kept: list[str], rows: int) -> Iterator[list[str]]:
    """Lines in blocks, each block also added to `kept`, from which the reader of records takes what it has used."""
    while True:
        start = len(kept)
        kept.extend(islice(file, rows))  # where a line cannot be read, those before it are kept and counted
        if len(kept) == start:
            return
        yield kept[start:]


def _undecodable(path: Path, encoding: str, row: int, error: Exception) -> SourceFileError:
    if isinstance(error, _UNPACKING):
        msg = f"{path.name} cannot be unpacked near row {row}: it is cut off, or not compressed as its ending says"
        return SourceFileError(msg, hint="export or copy it again", file=path.name, row=row)
    if isinstance(error, UnicodeDecodeError):
        byte = f"0x{error.object[error.start]:02x}"
        msg = f"{path.name} is not written in {encoding}: near row {row} a byte {byte} does not fit"
        return SourceFileError(
            msg, hint="pass the encoding it was exported in, such as cp1252", file=path.name, row=row
        )
    msg = f"{path.name} cannot be read near row {row}: {error}"
    return SourceFileError(msg, hint="check delimiter and quote of the export", file=path.name, row=row)
