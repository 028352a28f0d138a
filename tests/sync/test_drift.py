"""Fields that are new or of another kind are reported once; what changes by itself makes no change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.sync.crm import BEGIN, Reads, Source
from tests.sync.sources import counts, rows

from crmcx import models
from crmcx.connectors import Page, mapping
from crmcx.connectors.drift import Drift
from crmcx.store import Store
from crmcx.sync import Run, RunReport, sync

CASE = mapping(models.Case, id="id", status="status", opened_at="opened", subject=("custom", "title"))


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(":memory:") as store:
        yield store


def run(store: Store, *records: Any, fields: tuple[str, ...] | None = None, **declared: Any) -> RunReport:
    connector = Reads(Source(), maps=(CASE,), **declared)
    connector.read = lambda _cursor: iter([Page(list(records), fields=fields)])  # type: ignore[method-assign]
    return sync(Run(store=store, source="desk", connector=connector))


def case(number: int, **values: object) -> dict[str, Any]:
    return {"id": number, "status": "open", "opened": BEGIN.isoformat(), **values}


def drift(report: RunReport) -> Drift:
    return report.streams[0].drift


class TestDrift:
    def test_the_first_run_has_nothing_to_compare(self, store: Store) -> None:
        assert not drift(run(store, case(1)))

    def test_a_new_field_lands_in_extra_and_is_reported_once(self, store: Store) -> None:
        run(store, case(1))
        report = run(store, case(1, mood="fine", custom={"deep": [{"er": 1}]}))
        assert drift(report).added == ("custom.deep[].er", "mood")
        assert "new field custom.deep[].er; new field mood" in str(report)
        assert json.loads(rows(store, "cases")[0]["extra"]) == {"mood": "fine", "custom": {"deep": [{"er": 1}]}}
        assert not drift(run(store, case(1, mood="fine", custom={"deep": [{"er": 1}]})))

    def test_one_record_of_many_is_enough_at_the_top(self, store: Store) -> None:
        many = [case(number) for number in range(500)]
        run(store, *many)
        many[333]["mood"] = "fine"
        assert drift(run(store, *many)).added == ("mood",)

    def test_another_kind_is_reported_and_widens(self, store: Store) -> None:
        run(store, case(1, size=3))
        assert drift(run(store, case(1, size=2.5))).changed == (("size", "whole", "real"),)
        assert not drift(run(store, case(1, size=3)))
        report = run(store, case(1, size="many"))
        assert drift(report).told == "size was real, is text"

    def test_what_no_longer_fits_is_set_aside(self, store: Store) -> None:
        run(store, case(1))
        report = run(store, case(1, opened=7))
        assert counts(report) == (1, 0, 0, 1)
        assert drift(report).changed == (("opened", "instant", "text"),)

    def test_a_field_that_had_no_value_before(self, store: Store) -> None:
        run(store, case(1, size=None))
        assert not drift(run(store, case(1, size=3)))

    def test_cells_by_the_names_of_the_page(self, store: Store) -> None:
        cells = ["1", "open", BEGIN.isoformat()]
        run(store, cells, fields=("id", "status", "opened"))
        assert drift(run(store, [*cells, "x"], fields=("id", "status", "opened", "mood"))).added == ("mood",)

    def test_names_that_may_be_somebodys_are_a_star(self, store: Store) -> None:
        run(store, case(1, by={}))
        report = run(store, case(1, by={"ada@example.org": 3, "4711": 4}))
        assert drift(report).added == ("by.*",)
        assert "ada" not in str(store._read("SELECT fields FROM books.streams"))

    def test_records_that_cannot_be_taken_apart(self, store: Store) -> None:
        assert not drift(run(store, case(1), "text", None, ["a"]))


class TestVolatile:
    def test_alone_it_makes_no_change_and_stays_in_the_raw_page(self, store: Store) -> None:
        volatile = (("seen",), ("stats", "views"))
        run(store, case(1, seen=1, stats={"views": 1, "likes": 1}), volatile=volatile)
        report = run(store, case(1, seen=2, stats={"views": 2, "likes": 1}), volatile=volatile)
        assert counts(report) == (1, 0, 1, 0)
        assert json.loads(rows(store, "cases")[0]["extra"]) == {"stats": {"likes": 1}}
        assert b'"seen":2' in store.page_body(2)

    def test_read_by_a_mapping_it_is_kept_as_it_was_with_the_last_change(self, store: Store) -> None:
        volatile = (("custom", "title"),)
        run(store, case(1, custom={"title": "a"}), volatile=volatile)
        assert counts(run(store, case(1, custom={"title": "b"}), volatile=volatile)) == (1, 0, 1, 0)
        assert counts(run(store, case(1, custom={"title": "c"}, more=1), volatile=volatile)) == (1, 1, 0, 0)
        assert rows(store, "cases")[0]["subject"] == "c"
        assert counts(run(store, case(1, custom={"title": "d"}, more=1))) == (1, 1, 0, 0)
