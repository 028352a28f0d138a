"""The file connector: exports of any system as CSV, JSON Lines or Parquet."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import evolve, field, frozen
from pydantic_core import to_json

from crmcx.connectors.compiled import Compiled
from crmcx.connectors.formats import Chunk, Format, format_of
from crmcx.connectors.mapping import Mapping as ClassMapping
from crmcx.connectors.pages import Cursor, Page, Said, Unreadable
from crmcx.connectors.sdk import Connector
from crmcx.connectors.streams import Stream
from crmcx.errors import SourceFileError, UsageError

OCCURRENCE = "#"
"""Name of the column that numbers records with the same values of `number_by`."""
ROWS_PER_PAGE = 5_000
_HEAD = 1 << 16


def _maps(value: ClassMapping | Sequence[ClassMapping]) -> tuple[ClassMapping, ...]:
    return (value,) if isinstance(value, ClassMapping) else tuple(value)


@frozen
class FileStream:
    """One file of an export and what its records become.

    Example:
        >>> from crmcx.connectors import mapping
        >>> from crmcx.models import Account
        >>> FileStream("accounts.csv", mapping(Account, id="account", name="account")).name
        'accounts'
    """

    path: Path = field(converter=Path)
    """The file; an ending .gz, .bz2 or .xz says how it is compressed."""
    maps: tuple[ClassMapping, ...] = field(converter=_maps)
    """What each record becomes."""
    name: str = field(kw_only=True)
    """Name of the stream; the file's name without endings unless given."""
    format: Format = field(kw_only=True)
    """How the file is written; taken from its ending unless given."""
    keeps_history: bool = field(default=False, kw_only=True)
    """Whether the file itself tells the dated steps of its records."""
    number_by: tuple[str, ...] = field(default=(), kw_only=True)
    """Columns whose equal values are numbered in file order, in a column `#`; makes an id where there is none."""
    rows_per_page: int = field(default=ROWS_PER_PAGE, kw_only=True)
    """Records that are mapped at a time."""

    @name.default
    def _name(self) -> str:
        return self.path.name.split(".", 1)[0]

    @format.default  # noqa: A003 - the word users know
    def _format(self) -> Format:
        return format_of(self.path)


class Files(Connector):
    """Reads the files of an export.

    A run that was broken off goes on where it stood, as long as the file is the same; a later run reads the whole
    file again and stores what differs.

    Args:
        streams: The files.
    """

    name: ClassVar[str] = "files"
    threads: ClassVar[int] = 0

    def __init__(self, *streams: FileStream) -> None:
        super().__init__()
        names = [each.name for each in streams]
        if not streams or len(set(names)) != len(names):
            found = f"{len(streams)} files named {', '.join(names) or 'nothing'}"
            msg = f"found {found}, expected at least one and each name once"
            raise UsageError(msg, hint="pass FileStream(path, mapping, name=...)")
        self._files = streams

    def describe(self) -> dict[str, Any]:
        """The files and the hashes of their mappings."""
        return {
            "files": [
                {"name": each.name, "file": each.path.name, "mappings": [made.hash for made in each.maps]}
                for each in self._files
            ]
        }

    def streams(self) -> tuple[Stream, ...]:
        """One stream a file, in the order given."""
        return tuple(
            Stream(
                name=each.name,
                maps=each.maps,
                read=_reader(each),
                keeps_history=each.keeps_history,
                # The numbers of equal records are counted over the whole file, and cannot be had from a page of it.
                unpack=None if each.number_by else each.format.unpack,
            )
            for each in self._files
        )

    def check(self) -> None:
        """Every file is there, can be read, and has the columns that its mappings name."""
        for each in self._files:
            _check(each)


def _check(file: FileStream) -> None:
    if not file.path.is_file():
        msg = f"found no file {file.path.name} in {file.path.parent}"
        raise SourceFileError(msg, hint="check the path, or export the file again", file=file.path.name)
    header = file.format.header(file.path)
    if header is None:
        return
    wanted = Compiled(file.maps, source="files").paths - ({OCCURRENCE} if file.number_by else set())
    missing = sorted((wanted | set(file.number_by)) - set(header))
    if missing:
        msg = f"{file.path.name} lacks the column {', '.join(map(repr, missing))}; its header has: {', '.join(header)}"
        hint = "correct the mapping, or export the file with this column"
        raise SourceFileError(msg, hint=hint, file=file.path.name, missing=tuple(missing))


def _fingerprint(path: Path) -> list[Any]:
    """What tells this content of a file from another, without reading all of it."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(max(0, os.fstat(file.fileno()).st_size - _HEAD))
        tail = file.read()
    return [path.stat().st_size, hashlib.sha256(head + tail).hexdigest()]


def _reader(file: FileStream) -> Any:  # noqa: ANN401 - the signature of Stream.read
    def read(cursor: Cursor) -> Iterator[Page]:
        mark = _fingerprint(file.path)
        token = cursor.token or {}
        skip = token.get("row", 0) if token.get("file") == mark else 0
        counts: dict[tuple[Any, ...], int] = {}
        row = 0
        for chunk in file.format.chunks(file.path, rows=file.rows_per_page):
            numbered = _numbered(chunk, file.number_by, counts) if file.number_by else chunk
            first, row = row + 1, row + len(chunk.records)
            if row <= skip:
                continue
            yield Page(
                numbered.records,
                next=Cursor(token={"file": mark, "row": row}),
                body=chunk.body,
                origin=file.path.name,
                first_row=first,
                fields=numbered.fields,
            )

    return read


def _numbered(chunk: Chunk, columns: tuple[str, ...], counts: dict[tuple[Any, ...], int]) -> Chunk:
    """The chunk with the number of each record among those with the same values of `columns`."""
    place = {name: number for number, name in enumerate(chunk.fields or ())}
    records: list[Said] = []
    for record in chunk.records:
        if isinstance(record, Unreadable):
            records.append(record)
        elif isinstance(record, Mapping):
            records.append({**record, OCCURRENCE: _next(counts, tuple(record.get(name) for name in columns))})
        else:
            records.append([*record, _next(counts, tuple(record[place[name]] for name in columns))])
    return evolve(chunk, records=records, fields=None if chunk.fields is None else (*chunk.fields, OCCURRENCE))


def _next(counts: dict[tuple[Any, ...], int], key: tuple[Any, ...]) -> int:
    try:
        hash(key)
    except TypeError:  # a nested value
        key = (to_json(key, fallback=str),)
    counts[key] = counts.get(key, 0) + 1
    return counts[key]
