"""Pages as a sync hands them to the store, of deals: rows, markers and what was set aside, in one line each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from attrs import evolve, frozen

from crmcx import models
from crmcx.models.fields import leaves
from crmcx.store import Counts, StagedGone, StagedPage, StagedReject, StagedRows, Store, Unit

SOURCE, STREAM = "crm", "deals"


@frozen
class Row:
    """A deal as its source says it."""

    id: str
    version: int | None = None
    stage: str | None = None


@frozen
class Gone:
    """A deal of which the source says that it is gone."""

    id: str
    version: int | None = None


@frozen
class Bad:
    """A record that cannot be mapped; without an id it may be any."""

    id: str | None = None


Said: TypeAlias = Row | Gone | Bad


def rows_of(said: Sequence[tuple[int, Row]]) -> StagedRows:
    """Rows of deals, as cells."""
    cells: dict[str, list[Any]] = {name: [None] * len(said) for name in ("known_us", "extra")}
    cells |= {leaf.column: [None] * len(said) for leaf in leaves(models.Deal)}
    cells["source_id"] = [row.id for _, row in said]
    cells["version"] = [row.version for _, row in said]
    cells["stage"] = [row.stage for _, row in said]
    cells["status"] = ["open"] * len(said)
    return StagedRows(cls=models.Deal, indices=[index for index, _ in said], cells=cells)


def page(*said: Said, at: int, body: bytes | None = None, origin: str | None = None) -> StagedPage:
    """A page that came at an instant, in microseconds."""
    rows = [(index, each) for index, each in enumerate(said) if isinstance(each, Row)]
    return StagedPage(
        read=len(said),
        rows=(rows_of(rows),) if rows else (),
        gone=tuple(
            StagedGone(index=index, cls=models.Deal, source_id=each.id, version=each.version)
            for index, each in enumerate(said)
            if isinstance(each, Gone)
        ),
        rejected=tuple(
            StagedReject(
                index=index, field="", reason="odd", raw="{}", ids=((models.Deal, each.id),) if each.id else ()
            )
            for index, each in enumerate(said)
            if isinstance(each, Bad)
        ),
        body=json.dumps([at, repr(said)]).encode() if body is None else body,
        fetched_us=at,
        origin=origin,
        first_row=1,
    )


def unit(*pages: StagedPage, run: int = 1, **fields: Any) -> Unit:
    """A unit of one stream; a run is a pass unless told otherwise."""
    made = Unit(
        run_id=run,
        run_started_us=0,
        pass_id=run,
        source=SOURCE,
        stream=STREAM,
        mappings="m",
        keeps_history=False,
        pages=pages,
        cursor=None,
    )
    return evolve(made, **fields)


def commit(store: Store, *pages: StagedPage, run: int = 1, **fields: Any) -> tuple[int, int, int, int, int]:
    """Commit a unit: read, stored, unchanged, quarantined, deleted; they add up by law, and so do the books."""
    found: Counts = store.commit(unit(*pages, run=run, **fields))
    assert found.adds_up
    return found.read, found.stored, found.unchanged, found.quarantined, found.deleted


def deals(store: Store) -> dict[str, tuple[int | None, str | None]]:
    """Version and stage of each deal that is there."""
    return {
        number: (version, stage)
        for number, version, stage in store._read("SELECT source_id, version, stage FROM deals")
    }


def tombs(store: Store) -> dict[str, tuple[int | None, str]]:
    """Version of each deletion, and how it was told; there is one of each record at most."""
    found = store._read("SELECT source_id, version, how FROM books.deleted ORDER BY source_id")
    assert len({number for number, *_ in found}) == len(found)
    return {number: (version, how) for number, version, how in found}


def steps(store: Store) -> list[tuple[str, str | None, str | None]]:
    """The steps of stages that the store noted."""
    return store._read("SELECT source_id, old, new FROM deal_changes WHERE field = 'stage' ORDER BY source_id")
