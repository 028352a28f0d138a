"""Records mapped anew from the raw pages that were kept, without a request, such as after a mapping was mended."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal, TypeAlias

from attrs import evolve

from crmcx.errors import StoreError
from crmcx.store import Counts, StagedPage, StoredPage, Unit
from crmcx.sync.alone import alone
from crmcx.sync.reading import Reading
from crmcx.sync.report import Progress, RunReport, StreamReport
from crmcx.sync.run import Run, readings_of
from crmcx.sync.staging import page_of
from crmcx.sync.writing import collector_paused

Which: TypeAlias = Literal["quarantined", "all"]
"""Which pages are mapped anew: those of which records were set aside, or all."""


def replay(run: Run, which: Which) -> RunReport:
    """Map what was read before anew, by today's mappings.

    Where the source stands, which changes it has seen and when records became known stays as it was. A page whose
    records cannot be found in it again is counted apart.

    Args:
        run: Store, connection and settings.
        which: Which pages.

    Returns:
        What was mapped, per stream.

    Raises:
        StoreError: The store cannot be written, or a sync of it is under way.
    """
    with alone(run.store, f"a replay of {run.source}"):
        numbers = run.store.start_run(run.source, kind="replay")
        try:
            with collector_paused():
                reports = tuple(
                    _stream(run, each, numbers, quarantined=which == "quarantined") for each in readings_of(run)
                )
        except BaseException as error:
            with suppress(StoreError):
                run.store.finish_run(numbers[0], state="failed", reason=type(error).__name__)
            raise
        run.store.finish_run(numbers[0], state="stopped" if run.stop.is_set() else "done")
    return RunReport(source=run.source, streams=reports)


def _stream(run: Run, reading: Reading, numbers: tuple[int, int], *, quarantined: bool) -> StreamReport:
    begun = run.store.now_us()
    counts, left = Counts(), 0
    name = reading.stream.name
    if reading.maps:
        waiting: list[StagedPage] = []
        for stored in run.store.pages(run.source, name, quarantined=quarantined):
            staged = _staged(reading, stored)
            if staged is None:
                left += 1
                continue
            waiting.append(staged)
            if sum(each.read for each in waiting) >= run.rows_per_commit:
                counts += _commit(run, reading, numbers, waiting)
                waiting = []
                run.listener(Progress(source=run.source, stream=name, state="reading", counts=counts))
            if run.stop.is_set():
                break
        if waiting:
            counts += _commit(run, reading, numbers, waiting)
    state = "stopped" if run.stop.is_set() else "done"
    run.listener(Progress(source=run.source, stream=name, state=state, counts=counts))
    seconds = (run.store.now_us() - begun) / 1_000_000
    return StreamReport(stream=name, counts=counts, state=state, seconds=seconds, not_replayed=left)


def _staged(reading: Reading, stored: StoredPage) -> StagedPage | None:
    page = page_of(stored.body, stored.form, reading.stream.unpack)
    if page is None or len(page.records) != stored.records:
        return None
    page = evolve(page, origin=stored.origin, first_row=stored.first_row)
    return evolve(reading.stager.stage(page, stored.fetched_us), form=stored.form, page_id=stored.page_id)


def _commit(run: Run, reading: Reading, numbers: tuple[int, int], pages: list[StagedPage]) -> Counts:
    unit = Unit(
        run_id=numbers[0],
        run_started_us=numbers[1],
        pass_id=numbers[0],
        source=run.source,
        stream=reading.stream.name,
        mappings=reading.mapping_hashes,
        versioned=reading.versioned,
        volatile=reading.stager.volatile,
        keeps_history=True,
        replay=True,
        pages=tuple(pages),
        cursor=None,
    )
    return run.store.commit(unit)
