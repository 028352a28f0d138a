"""Law 1: read = stored + unchanged + quarantined, each counted on its own, and a commit is all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.sync.sources import DEAL, VERSIONED, Spoiling, books, counts, deal, listing, place_of, rows, run

from crmcx import models
from crmcx.connectors import Stream, answer, contact, equals, instant, mapping, present, ref
from crmcx.errors import CountMismatchError, CrmcxError
from crmcx.models import Scale
from crmcx.store import Counts, StagedPage, Store, Unit

CUSTOMER = mapping(
    models.Customer,
    id="id",
    name="name",
    parts=(contact("email", "email"), contact("phone", "phone")),
)
PARTY_AND_DEAL = (
    mapping(models.Customer, id="party", name="name", when=present("party")),
    mapping(models.Deal, id="deal", status="status", customer=ref("party"), when=present("deal")),
)
SURVEY = mapping(
    models.Feedback,
    id="id",
    instrument="instrument",
    submitted_at=instant("at"),
    parts=(answer("q1", "q1", kind="nps", scale=Scale(min=0, max=10)), answer("q2", "q2", kind="text")),
)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(":memory:") as store:
        yield store


def contents(store: Store) -> tuple[str, list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[object, ...]]]:
    return store.digest(), books(store, "commits"), books(store, "pages"), books(store, "streams")


class TestCounts:
    def test_each_record_is_counted_once(self, store: Store) -> None:
        report = run(store, listing([deal("1"), deal("2"), deal("2"), {"id": "3", "status": "odd"}, {"id": None}]))

        assert counts(report) == (5, 2, 1, 2)
        assert books(store, "commits", '"read", stored, unchanged, quarantined') == [(5, 2, 1, 2)]
        assert len(rows(store, "deals")) == 2
        assert len(store.quarantine()) == 2

    def test_counts_add_up_only_when_nothing_is_lost(self) -> None:
        assert Counts(read=3, stored=1, unchanged=1, quarantined=1).adds_up
        assert not Counts(read=3, stored=1, unchanged=1).adds_up
        assert Counts(read=1, stored=1) + Counts(read=2, quarantined=2) == Counts(read=3, stored=1, quarantined=2)

    def test_an_empty_page_and_an_empty_stream(self, store: Store) -> None:
        assert counts(run(store, listing([], [deal("1")], []))) == (1, 1, 0, 0)
        assert counts(run(store, listing(name="nothing"))) == (0, 0, 0, 0)
        assert [each.stream for each in store.status().streams] == ["deals", "nothing"]

    def test_one_record_may_become_several_classes(self, store: Store) -> None:
        said = [
            {"party": "p1", "name": "Ada", "deal": "d1", "status": "open"},
            {"party": "p2", "name": "Bo", "deal": None, "status": None},
            {"party": None, "name": None, "deal": "d2", "status": "won"},
            {"party": None, "name": None, "deal": None, "status": None},
        ]

        report = run(store, listing(said, maps=PARTY_AND_DEAL))

        assert counts(report) == (4, 3, 0, 1)
        assert [row["source_id"] for row in rows(store, "customers")] == ["p1", "p2"]
        assert [(row["source_id"], row["customer_ref"]) for row in rows(store, "deals")] == [
            ("d1", "crm/p1"),
            ("d2", None),
        ]
        (aside,) = store.quarantine()
        assert (aside.row, aside.field, aside.reason) == (4, "", "no mapping of the stream applies to it")

    def test_a_record_is_stored_when_one_of_its_classes_changed(self, store: Store) -> None:
        said = {"party": "p1", "name": "Ada", "deal": "d1", "status": "open"}
        run(store, listing([said], maps=PARTY_AND_DEAL))

        assert counts(run(store, listing([said], maps=PARTY_AND_DEAL))) == (1, 0, 1, 0)
        assert counts(run(store, listing([{**said, "status": "won"}], maps=PARTY_AND_DEAL))) == (1, 1, 0, 0)

    def test_two_rows_of_one_class_out_of_one_record(self, store: Store) -> None:
        both = (
            mapping(models.Customer, id="buyer", name="buyer"),
            mapping(models.Customer, id="payer", name="payer", when=present("payer")),
        )
        said = [{"buyer": "a", "payer": "b"}, {"buyer": "b", "payer": "a"}, {"buyer": "c", "payer": None}]

        assert counts(run(store, listing(said, maps=both))) == (3, 2, 1, 0)
        assert [row["name"] for row in rows(store, "customers")] == ["a", "b", "c"]


class TestParts:
    def test_parts_have_their_parents_key_and_a_position(self, store: Store) -> None:
        said = [
            {"id": "1", "name": "Ada", "email": "a@example.org", "phone": "1"},
            {"id": "2", "name": "Bo", "email": None, "phone": "2"},
        ]
        run(store, listing(said, maps=CUSTOMER))

        key = {row["source_id"]: row["key"] for row in rows(store, "customers")}
        found = [(r["customer_key"], r["position"], r["kind"], r["value"]) for r in rows(store, "contact_points")]
        assert sorted(found) == sorted(
            [(key["1"], 0, "email", "a@example.org"), (key["1"], 1, "phone", "1"), (key["2"], 0, "phone", "2")]
        )

    def test_parts_are_replaced_with_their_parent(self, store: Store) -> None:
        said = {"id": "1", "name": "Ada", "email": "a@example.org", "phone": "1"}
        run(store, listing([said, {**said, "id": "2"}], maps=CUSTOMER))

        report = run(store, listing([{**said, "email": None, "phone": "9"}, {**said, "id": "2"}], maps=CUSTOMER))

        assert counts(report) == (2, 1, 1, 0)
        assert sorted(row["value"] for row in rows(store, "contact_points")) == ["1", "9", "a@example.org"]

    def test_a_part_alone_makes_its_parent_new(self, store: Store) -> None:
        said = {"id": "1", "instrument": "visit", "at": "2025-01-01T00:00:00Z", "q1": 7, "q2": "fine"}
        run(store, listing([said], maps=SURVEY))

        assert counts(run(store, listing([{**said, "q1": 8}], maps=SURVEY))) == (1, 1, 0, 0)
        assert [row["score"] for row in rows(store, "answers") if row["item"] == "q1"] == [8]

    def test_parts_go_when_the_mapping_has_none_any_more(self, store: Store) -> None:
        said = [{"id": "1", "name": "Ada", "email": "a@example.org", "phone": "1"}]
        run(store, listing(said, maps=CUSTOMER))

        run(store, listing(said, maps=mapping(models.Customer, id="id", name="name")))

        assert rows(store, "contact_points") == []

    def test_a_row_without_parts_is_the_same_in_every_commit(self, store: Store) -> None:
        maps = (
            mapping(models.Customer, id="id", name="name", when=equals("kind", "plain")),
            mapping(
                models.Customer, id="id", name="name", parts=(contact("email", "email"),), when=equals("kind", "rich")
            ),
        )
        plain = {"id": "1", "name": "Ada", "kind": "plain", "email": None}
        rich = {"id": "2", "name": "Bo", "kind": "rich", "email": "b@example.org"}
        run(store, listing([plain], [rich], maps=maps), rows_per_commit=1)

        assert counts(run(store, listing([plain, rich], maps=maps))) == (2, 0, 2, 0)


def _without(condition: str) -> Callable[[str], str]:
    return lambda sql: sql.replace("WHERE action IN", f"WHERE {condition} AND action IN")


def _only(condition: str) -> Callable[[str], str]:
    return lambda sql: sql.replace("FROM incoming", f"FROM incoming WHERE {condition}")


def _twice(sql: str) -> str:
    return sql.replace("FROM incoming", "FROM (FROM incoming UNION ALL FROM incoming)")


class TestLoss:
    """Rows are lost on purpose at every place where a row could be lost; each is noticed and nothing is written."""

    FIRST = (
        {"id": "1", "name": "Ada", "email": "a@example.org", "phone": "1"},
        {"id": "2", "name": "Bo", "email": "b@example.org", "phone": "2"},
        {"id": None, "name": "Cy", "email": None, "phone": None},
    )
    SECOND = (
        {"id": "1", "name": "Ada", "email": "new@example.org", "phone": "1"},
        {"id": "2", "name": "Bo", "email": "b@example.org", "phone": "2"},
        {"id": "3", "name": "Di", "email": "d@example.org", "phone": "3"},
        {"id": "4", "name": None, "email": None, "phone": {}},
    )

    @pytest.mark.parametrize(
        ("statement", "spoil"),
        [
            pytest.param("INSERT INTO customers", _without("source_id <> '3'"), id="a new row is not inserted"),
            pytest.param("INSERT INTO customers", _without("source_id <> '1'"), id="a changed row is not inserted"),
            pytest.param("CREATE OR REPLACE TEMP TABLE in_customers", _only("n <> 0"), id="a staged row vanishes"),
            pytest.param("CREATE OR REPLACE TEMP TABLE in_customers", _twice, id="staged rows are doubled"),
            pytest.param(
                "CREATE OR REPLACE TEMP TABLE in_contact_points", _only("n <> 0"), id="a staged part vanishes"
            ),
            pytest.param("INSERT INTO contact_points", _without("j.n <> 0"), id="a part is not inserted"),
            pytest.param("INSERT INTO contact_points", lambda sql: f"{sql} LIMIT 1", id="of the parts only one is"),
            pytest.param("INSERT INTO books.quarantine", _only("row <> 4"), id="a quarantined row vanishes"),
            pytest.param("INSERT INTO books.quarantine", _twice, id="a quarantined row is doubled"),
            pytest.param(
                "DELETE FROM customers", lambda sql: f"{sql} AND FALSE", id="the old row of a changed one stays"
            ),
            pytest.param(
                "CREATE OR REPLACE TEMP TABLE judged_customers",
                lambda sql: f"{sql} WHERE r.source_id <> '2'",
                id="an unchanged row is not judged",
            ),
        ],
    )
    def test_a_lost_row_is_noticed(self, statement: str, spoil: Callable[[str], str], store: Store) -> None:
        run(store, listing(self.FIRST, maps=CUSTOMER))
        before = contents(store)
        store._connection = spoiling = Spoiling(store._connection, {statement: spoil})

        with pytest.raises(CountMismatchError):
            run(store, listing(self.SECOND, maps=CUSTOMER))

        assert spoiling.spoiled == [statement]
        assert contents(store) == before
        assert books(store, "runs", "state, reason")[0] == ("done", None)
        assert books(store, "runs", "state, reason")[1] == ("failed", "CountMismatchError")

    def test_a_row_of_one_of_several_classes_is_missed(self, store: Store) -> None:
        said = [{"party": "p1", "name": "Ada", "deal": "d1", "status": "open"}]
        store._connection = spoiling = Spoiling(store._connection, {"INSERT INTO deals": _without("source_id <> 'd1'")})

        with pytest.raises(CountMismatchError):
            run(store, listing(said, maps=PARTY_AND_DEAL))

        assert spoiling.spoiled
        assert rows(store, "customers") == []

    def test_after_a_loss_the_next_run_goes_on(self, store: Store) -> None:
        sound = store._connection
        store._connection = Spoiling(sound, {"INSERT INTO deals": _without("source_id <> '2'")})
        with pytest.raises(CountMismatchError, match="1 rows of deals were written, expected 2; nothing was stored"):
            run(store, listing([deal("1"), deal("2")]))
        store._connection = sound

        assert counts(run(store, listing([deal("1"), deal("2")]))) == (2, 2, 0, 0)

    def test_a_record_that_became_nothing_at_all_is_missed(self, store: Store) -> None:
        run_id, started_us = store.start_run("crm")
        page = StagedPage(read=1, rows=(), rejected=(), body=b"[]", fetched_us=started_us, origin=None, first_row=1)
        unit = Unit(
            run_id=run_id,
            run_started_us=started_us,
            pass_id=run_id,
            source="crm",
            stream="deals",
            mappings="",
            keeps_history=False,
            pages=(page,),
            cursor=None,
        )

        with pytest.raises(CountMismatchError, match="1 read, 0 stored, 0 unchanged, 0 quarantined"):
            store.commit(unit)

        assert books(store, "commits") == books(store, "pages") == []


class TestAllOrNothing:
    @pytest.mark.parametrize(
        "where",
        ["pages", "stage Deal", "write deals", "quarantine", "books", "commit"],
    )
    def test_a_failure_at_any_step_leaves_nothing(self, where: str) -> None:
        failing: list[str] = []

        def step(name: str) -> None:
            if name in failing:
                failing.clear()
                msg = "on purpose"
                raise RuntimeError(msg)

        with Store(":memory:", step=step) as store:
            run(store, listing([deal("1"), deal("2", status="odd")]))
            before = contents(store)
            failing.append(where)
            stream = listing([deal("1", stage="later"), deal("3"), deal("4", status="odd")])
            # The first steps of a run are transactions of their own: only those of the commit shall fail.
            with pytest.raises(RuntimeError, match="on purpose"):
                _commit_only(store, stream, failing, where)

            assert contents(store) == before
            assert counts(run(store, stream)) == (3, 2, 0, 1)

    def test_the_step_after_the_commit_finds_it_done(self) -> None:
        seen: list[str] = []
        with Store(":memory:", step=seen.append) as store:
            run(store, listing([deal("1")]))
        begin = seen.index("pages")
        assert seen[begin : begin + 7] == [
            "pages",
            "stage Deal",
            "write deals",
            "quarantine",
            "books",
            "commit",
            "committed",
        ]


def _commit_only(store: Store, stream: Stream, failing: list[str], where: str) -> None:
    failing.clear()
    sound = store.commit

    def commit(unit: object) -> Counts:
        failing.append(where)
        return sound(unit)  # type: ignore[arg-type]

    store.commit = commit  # type: ignore[method-assign]
    try:
        run(store, stream)
    finally:
        store.commit = sound  # type: ignore[method-assign]


def kept_pages(store: Store) -> list[tuple[Any, ...]]:
    """The raw pages, but for when they came last."""
    return books(store, "pages", "* EXCLUDE (seen_us)")


class TestRawPages:
    def test_a_page_is_kept_once_however_often_it_is_read(self, store: Store) -> None:
        stream = listing([deal("1"), deal("2")], [deal("3")])
        run(store, stream)
        pages = kept_pages(store)
        digest = store.digest()

        for _ in range(3):
            assert counts(run(store, stream)) == (3, 0, 3, 0)

        assert kept_pages(store) == pages
        assert store.digest() == digest

    def test_two_pages_with_the_same_body_in_one_commit(self, store: Store) -> None:
        stream = listing([deal("1"), deal("2")], [deal("1"), deal("2")], [deal("1"), deal("2")])

        assert counts(run(store, stream)) == (6, 2, 4, 0)
        pages = kept_pages(store)
        assert counts(run(store, stream)) == (6, 0, 6, 0)

        assert kept_pages(store) == pages

    def test_bad_records_on_pages_with_the_same_body(self, store: Store) -> None:
        bad = [{"id": "1", "status": "odd"}]
        stream = listing(bad, bad)

        for _ in range(2):
            assert counts(run(store, stream)) == (2, 0, 0, 2)
            assert [each.row for each in store.quarantine()] == [2, 1]

    def test_the_same_body_in_two_commits(self, store: Store) -> None:
        stream = listing([deal("1")], [deal("1")], [deal("2")])

        assert counts(run(store, stream, rows_per_commit=1)) == (3, 2, 1, 0)
        assert len(books(store, "pages")) == 2

    def test_a_row_leads_back_to_what_its_source_said(self, store: Store) -> None:
        run(store, listing([deal("1")], [deal("2"), deal("3")]))

        ref_of = {row["source_id"]: row["raw_ref"] for row in rows(store, "deals")}
        assert (ref_of["3"] >> 20, ref_of["3"] & 0xFFFFF) == (2, 1)
        assert store.page_body(2) == b'[{"id":"2","status":"open"},{"id":"3","status":"open"}]'

    def test_a_page_that_is_not_there(self, store: Store) -> None:
        with pytest.raises(CrmcxError, match="there is no page 7"):
            store.page_body(7)


class TestCursor:
    def test_it_stands_with_the_rows_of_its_commit(self, store: Store) -> None:
        seen: list[int] = []
        sound = store.commit

        def commit(unit: object) -> Counts:
            found = sound(unit)  # type: ignore[arg-type]
            seen.append(json.loads(place_of(store) or "{}")["token"])
            return found

        store.commit = commit  # type: ignore[method-assign]
        run(store, listing([deal("1")], [deal("2")], [deal("3")]), rows_per_commit=2)

        assert seen == [2, 3]
        assert place_of(store) is None
        assert store.stream_state("crm", "unknown") is None


def test_mappings_and_pages_of_one_stream_do_not_touch_another(store: Store) -> None:
    first, second = listing([deal("1")]), listing([deal("1")], name="other")
    run(store, first, second)
    run(store, listing([deal("1", status="won")]), source="crm:two")

    assert [(row["source"], row["source_id"], row["status"]) for row in rows(store, "deals")] == [
        ("crm", "1", "open"),
        ("crm:two", "1", "won"),
    ]
    assert [each[2:4] for each in books(store, "pages")] == [("crm", "deals"), ("crm", "other"), ("crm:two", "deals")]
    assert DEAL.hash != VERSIONED.hash
