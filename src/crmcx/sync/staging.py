"""A page as the store takes it: records mapped, those that are gone told apart, those that are wrong set aside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from attrs import evolve

from crmcx.connectors import Compiled, FromModels, Page, Rejected, Reply, Rows, Stream
from crmcx.connectors import Mapping as ClassMapping
from crmcx.connectors.checking import at_path
from crmcx.connectors.naming import Namer
from crmcx.connectors.pages import RecordsAt, Said
from crmcx.connectors.streams import Way
from crmcx.errors import ConnectorError
from crmcx.store import StagedGone, StagedPage, StagedReject, StagedRows

_NOTHING_SAID = (None, False, 0, "", "false", "False", "0")


class Stager:
    """Makes staged pages of the pages of one stream.

    Args:
        stream: The stream.
        maps: What its records become.
        source: Name of the connection.
    """

    def __init__(self, stream: Stream, maps: tuple[ClassMapping, ...], *, source: str) -> None:
        self._stream = stream
        self._mapper: Compiled | FromModels
        self._namer = self._gone = None
        self.volatile: frozenset[tuple[str, str]] = frozenset()
        """Columns, by table and name, that alone make no change."""
        if not maps:
            self._mapper = FromModels(source)
            return
        self._mapper = Compiled(maps, source=source, volatile=stream.volatile)
        self.volatile = self._mapper.volatile
        self._namer = Namer(self._mapper)
        if stream.deletes.way is Way.ENDPOINT:
            self._gone = Namer(self._mapper, id_at=stream.deletes.at)

    def stage(self, page: Page, fetched_us: int) -> StagedPage:
        """The page, mapped.

        Raises:
            ConnectorError: It lists what is gone, and the stream does not declare that it does.
        """
        gone = self._says_gone(page)
        rows, rejected = self._mapped(page, gone)
        named: list[StagedGone] = []
        for index in gone:
            namer = cast("Namer", self._gone or self._namer)
            found = namer.names(page.records[index], page.fields)
            named += (
                StagedGone(index=index, cls=each.cls, source_id=each.source_id, version=each.version) for each in found
            )
            if not found:
                rejected.append(Rejected(index, "", "the source says that it is gone, and its id cannot be read"))
        return StagedPage(
            read=len(page.records),
            rows=tuple(map(_rows, rows)),
            gone=tuple(named),
            rejected=tuple(self._reject(each, page) for each in sorted(rejected, key=lambda each: each.index)),
            body=page.as_body(),
            form=form_of(page, own=self._stream.unpack is not None),
            fetched_us=fetched_us,
            origin=page.origin,
            first_row=page.first_row,
        )

    def _says_gone(self, page: Page) -> Sequence[int]:
        """The places of the records by which the source says that they are gone."""
        deletes = self._stream.deletes
        if page.deleted:
            if self._gone is None:
                msg = f"the stream {self._stream.name} yielded a page of deleted records, which it does not declare"
                raise ConnectorError(msg, hint="declare deletes=Deletes.endpoint(id=...)")
            return range(len(page.records))
        if deletes.way is not Way.FLAG or self._namer is None:
            return ()
        said = _says(deletes.values)
        place = {name: number for number, name in enumerate(page.fields or ())}
        if not place:
            return [index for index, record in enumerate(page.records) if said(at_path(record, deletes.at))]
        at = place.get(str(deletes.at[0]))
        return [] if at is None else [index for index, record in enumerate(page.records) if said(_cell(record, at))]

    def _mapped(self, page: Page, gone: Sequence[int]) -> tuple[Sequence[Rows], list[Rejected]]:
        """The rows of all records that are there, with their places in the page."""
        if not gone:
            batch = self._mapper.run(page.records, fields=page.fields)
            return batch.rows, list(batch.rejected)
        without = set(gone)
        places = [index for index in range(len(page.records)) if index not in without]
        batch = self._mapper.run([page.records[index] for index in places], fields=page.fields)
        rows = [evolve(made, indices=[places[index] for index in made.indices]) for made in batch.rows]
        return rows, [evolve(each, index=places[each.index]) for each in batch.rejected]

    def _reject(self, rejected: Rejected, page: Page) -> StagedReject:
        ids = () if self._namer is None else self._namer.names(page.records[rejected.index], page.fields)
        return StagedReject(
            index=rejected.index,
            field=rejected.field,
            reason=rejected.reason,
            raw=page.as_said(rejected.index),
            ids=tuple((each.cls, each.source_id) for each in ids),
            named=self._namer is not None and 0 < len(ids) == self._namer.classes,
        )


def _says(values: tuple[Any, ...]) -> Callable[[Any], bool]:
    """Whether a flag says that a record is gone."""
    if values:
        return lambda said: any(said == value and type(said) is type(value) for value in values)
    return lambda said: not any(said is nothing or (said == nothing and said is not True) for nothing in _NOTHING_SAID)


def _cell(record: Any, at: int) -> Any:  # noqa: ANN401 - a record of cells
    return record[at] if isinstance(record, list | tuple) and at < len(record) else None


def _rows(made: Rows) -> StagedRows:
    rows = made.as_stored()
    return StagedRows(cls=rows.cls, indices=rows.indices, cells=rows.cells, parts=tuple(map(_rows, rows.parts)))


# -- bodies, and back again --------------------------------------------------------------------------------------------


def form_of(page: Page, *, own: bool) -> str | None:
    """How the records are to be found in the body of a page, as JSON; None where nobody could.

    Args:
        page: The page.
        own: Whether the stream takes its bodies apart itself.
    """
    if isinstance(page.records, RecordsAt) and page.body is page.records.body:
        form: dict[str, Any] = {"at": list(page.records.at)}
    elif page.body is None:
        form = {"at": []}
    elif own:
        form = {"own": True}
    else:
        return None
    if page.fields is not None:
        form["fields"] = list(page.fields)
    return json.dumps(form | ({"deleted": True} if page.deleted else {}))


def page_of(
    body: bytes, form: str | None, unpack: Callable[[bytes, tuple[str, ...] | None], list[Said]] | None
) -> Page | None:
    """The page that was kept as a body; None where nobody can take it apart."""
    said: Mapping[str, Any] = json.loads(form) if form else {}
    fields = tuple(said["fields"]) if "fields" in said else None
    deleted = bool(said.get("deleted"))
    if said.get("own") and unpack is not None:
        return Page(unpack(body, fields), body=body, fields=fields, deleted=deleted)
    if "at" in said:
        return Page(Reply(200, body=body).rows(*said["at"]), body=body, fields=fields, deleted=deleted)
    return None
