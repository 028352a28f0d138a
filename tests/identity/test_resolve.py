"""People out of records: each guard has a story, and all of them together an oracle."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identity.oracle import resolved
from tests.identity.party import load, party, people_of
from tests.law import LAW

from crmcx import Workspace
from crmcx.errors import StoreReadOnlyError, UsageError
from crmcx.identity import Policy
from crmcx.identity.readings import Reading
from crmcx.models import Customer
from crmcx.tables import key_of

GERMAN = Policy(region="DE")


def people(*records: Customer, policy: Policy = GERMAN) -> set[frozenset[str]]:
    with Workspace() as workspace:
        load(workspace, records)
        workspace.resolve(policy)
        return people_of(workspace)


def one(*records: Customer, policy: Policy = GERMAN) -> bool:
    """Whether all of the records are one person's."""
    return people(*records, policy=policy) == {frozenset(each.ref for each in records)}


class TestKeys:
    def test_a_mailbox_however_it_is_written(self) -> None:
        assert one(party("a/1", email="Ada@Mail.Example"), party("b/1", email=" ada+bank@mail.example"))
        assert not one(
            party("a/1", email="ada@mail.example"),
            party("b/1", email="ada+bank@mail.example"),
            policy=Policy(plus_tags=False),
        )

    def test_a_line_however_it_is_written(self) -> None:
        first = party("a/1", "Ada", "Berg", phone="(030) 23125 123")
        assert one(first, party("b/1", "Ada", "Berg", phone="+49 30 23125-123"))
        assert not one(first, party("b/1", "Ada", "Berg", phone="030 23125 124"))

    def test_a_line_is_read_in_the_country_of_the_record(self) -> None:
        austrian = party("a/1", "Ada", "Berg", phone="01 5123456", country="AT")
        assert one(austrian, party("b/1", "Ada", "Berg", phone="+43 1 5123456"))
        assert not one(austrian, party("b/1", "Ada", "Berg", phone="+49 1 5123456"))

    def test_a_number_that_another_system_carries(self) -> None:
        loan = party("mortgages/H-1", ids=[("loan", "47 11")])
        assert one(loan, party("desk/9", ids=[("loan", "4711")]))
        assert not one(loan, party("desk/9", ids=[("account", "4711")]))

    def test_the_id_of_a_record_that_another_system_carries(self) -> None:
        assert one(party("crm/K-1"), party("desk/9", ids=[("crm", "k-1")]))

    def test_a_phone_needs_the_full_name_on_both_sides(self) -> None:
        whole = party("a/1", "Ada", "Berg", phone="030 23125 123")
        for other in (party("b/1", phone="030 23125 123"), party("b/1", None, "Berg", phone="030 23125 123")):
            assert not one(whole, other)

    def test_without_the_extra_phones_are_counted_and_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("crmcx.identity.keys.can_read_phones", lambda: False)
        with Workspace() as workspace:
            load(workspace, [party(f"{source}/1", "Ada", "Berg", phone="030 23125 123") for source in "ab"])
            found = workspace.resolve(GERMAN)
            assert (found.people, found.aside) == (2, (("phone", 'needs the extra "phone"', 2),))
            monkeypatch.undo()
            assert workspace.resolve(GERMAN).people == 1


class TestNames:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (("Clara", "Berg"), ("Klara", "Berg")),
            (("Robert", "Berg"), ("Bob", "Berg")),
            (("Ada", "Berg"), ("A.", "Berg")),
            (("Anna", "Weißhaupter"), ("Anna", "WEISSHAUPTER")),
            (("Ada", "Müller-Berg"), ("Ada", "Muller Berg")),
            (("Anna", "Vossgarten"), ("Anna", "Vosgarten")),
            (("Berg", "Anneliese"), ("Anneliese", "Berg")),
            (("Anna Maria", "Berg"), ("Anna", "Berg")),
            (("Anna", "Berg"), (None, "Berg")),
            (("Ольга", "Берг"), ("ольга", "Берг")),
            (("Dr. Ada", "Berg"), ("ADA", "Berg jun.")),
            (("राम", "शर्मा"), ("राम", "शर्मा")),
            (("", ""), ("Ada", "Berg")),
            (("Ada", "Berg"), (None, None)),
        ],
    )
    def test_that_may_be_one_persons(self, first: Any, second: Any) -> None:
        assert one(party("a/1", *first, email="x1@mail.example"), party("b/1", *second, email="x1@mail.example"))

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (("Ada", "Berg"), ("Bea", "Berg")),
            (("Ada", "Berg"), ("Ida", "Berg")),
            (("Ada", "Berg"), ("B.", "Berg")),
            (("Anna", "Berg"), ("Anna", "Feld")),
            (("Ольга", "Берг"), ("Ирина", "Берг")),
            (("Mario", "Berg"), ("Maria", "Berg")),
            (("Alexander", "Berg"), ("Alexandra", "Berg")),
            (("Christian", "Berg"), ("Christina", "Berg")),
            (("Paul", "Berg"), ("Paula", "Berg")),
            (("राम", "शर्मा"), ("रीमा", "शर्मा")),
            (("太郎", "田中"), ("次郎", "田中")),
            (("伟", "王"), ("伟明", "王")),
        ],
    )
    def test_that_are_two_peoples(self, first: Any, second: Any) -> None:
        assert not one(party("a/1", *first, email="x1@mail.example"), party("b/1", *second, email="x1@mail.example"))

    def test_a_name_that_nobody_took_apart(self) -> None:
        whole = party("a/1", email="x1@mail.example", name="Ada Berg")
        assert one(whole, party("b/1", "Ada", "Berg", email="x1@mail.example"))
        assert not one(whole, party("b/1", "Bea", "Berg", email="x1@mail.example"))

    def test_a_name_of_several_words_without_its_titles(self) -> None:
        whole = party("a/1", email="x1@mail.example", name="Frau Dr. Ada Maria von Berg jun.")
        assert one(whole, party("b/1", "Ada", "Berg", email="x1@mail.example"))
        for other in ("Dr. Otto Berg", "Frau Dr. Eva Feld jun."):
            assert not one(whole, party("b/1", email="x1@mail.example", name=other))

    def test_empty_parts_do_not_hide_the_name(self) -> None:
        for first, last in (("", ""), ("Ada", ""), (None, "Berg")):
            record = party("a/1", first, last, email="x1@mail.example", name="Ada Berg")
            assert not one(record, party("b/1", "Otto", "Berg", email="x1@mail.example"))
            assert not one(record, party("b/1", "Ada", "Feld", email="x1@mail.example"))

    def test_a_name_without_end_is_cut(self) -> None:
        records = [party(f"{n}/1", "Ada", n * 1_000_000, email="x1@mail.example") for n in "ab"]
        assert not one(*records)
        assert one(*(party(f"{n}/1", "Ada", "b" * 1_000_000, email="x1@mail.example") for n in "ab"))

    def test_an_organisation_is_no_person(self) -> None:
        firm = party("a/1", email="x1@mail.example", name="Berg", kind="organisation")
        assert not one(firm, party("b/1", None, "Berg", email="x1@mail.example"))
        assert one(firm, party("b/1", email="x1@mail.example", name="Berg", kind="organisation"))
        assert not one(firm, party("b/1", email="x1@mail.example", name="Berg", kind="household"))

    def test_numbers_part_organisations(self) -> None:
        first, second, same = (
            party(f"{source}/1", email="x1@mail.example", name=name, kind="organisation")
            for source, name in (("a", "Bank Filiale 12"), ("b", "Bank Filiale 13"), ("c", "BANK Filiale 12"))
        )
        assert not one(first, second)
        assert one(first, same)

    def test_a_firm_does_not_lead_from_one_person_to_another(self) -> None:
        ada = party("a/1", "Ada", "Berg", email="x1@mail.example")
        firm = party("b/1", email=["x1@mail.example", "y1@mail.example"], name="Berg GmbH", kind="organisation")
        assert len(people(ada, firm, party("c/1", "Ada", "Berg", email="y1@mail.example"))) == 3

    def test_nicknames_are_the_policys(self) -> None:
        records = [
            party("a/1", "Robert", "Berg", email="x1@mail.example"),
            party("b/1", "Bob", "Berg", email="x1@mail.example"),
        ]
        assert not one(*records, policy=Policy(nicknames=()))


class TestGuards:
    def test_father_and_daughter_of_one_name_and_line(self) -> None:
        line = {"phone": "030 23125 999"}
        father, daughter = (
            party("a/1", "Kim", "Berg", born=1950, **line),
            party("a/2", "Kim", "Berg", born=1985, **line),
        )
        assert people(father, daughter) == {frozenset({"a/1"}), frozenset({"a/2"})}

    def test_who_could_be_either_of_them_is_joined_to_neither(self) -> None:
        line = {"phone": "030 23125 999"}
        father, daughter = (
            party("a/1", "Kim", "Berg", born=1950, **line),
            party("a/2", "Kim", "Berg", born=1985, **line),
        )
        stranger = party("b/1", "Kim", "Berg", **line)
        assert len(people(father, daughter, stranger)) == 3
        assert one(father, stranger)

    @pytest.mark.parametrize(("years", "same"), [(0, True), (1, True), (2, False)])
    def test_years_of_birth(self, years: int, same: bool) -> None:
        first = party("a/1", "Ada", "Berg", born=1950, email="ada@mail.example")
        assert one(first, party("b/1", "Ada", "Berg", born=1950 + years, email="ada@mail.example")) is same

    @pytest.mark.parametrize("odd", [0, 1, 9999, 2**63 - 1, -(2**63)])
    def test_a_year_that_nobody_was_born_in_says_nothing(self, odd: int) -> None:
        first = party("a/1", "Ada", "Berg", born=1950, email="ada@mail.example")
        other = party("b/1", "Ada", "Berg", born=-odd if odd > 0 else odd, email="ada@mail.example")
        assert one(first, other, party("c/1", "Ada", "Berg", born=odd, email="ada@mail.example"))

    def test_one_record_of_no_name_parts_nobody_else(self) -> None:
        records = [party(f"a/{n}", "Ada", "Berg", email="ada@mail.example") for n in "12"]
        records += [party(f"b/{n}", "Otto", "Feld", email="otto@mail.example") for n in "12"]
        both = party("n/1", email=["ada@mail.example", "otto@mail.example"])
        found = people(*records, both)
        assert found == {frozenset({"a/1", "a/2"}), frozenset({"b/1", "b/2"}), frozenset({"n/1"})}

    def test_a_key_of_very_many_costs_little(self) -> None:
        with Workspace() as workspace:
            names = ["".join("abcdefghij"[int(digit)] for digit in str(10_000 + n)) for n in range(4_000)]
            load(workspace, [party(f"a/{name}", name, "Berg", email="hall@mail.example") for name in names])
            found = workspace.resolve()
        assert found.aside == (("email", "shared by more than 10 people", 4_000),)

    def test_a_family_mailbox(self) -> None:
        box = {"email": "berg@mail.example"}
        found = people(
            party("a/1", "Ada", "Berg", **box),
            party("b/1", "Ada", "Berg", **box),
            party("a/2", "Otto", "Berg", **box),
            party("c/1", **box),
        )
        assert found == {frozenset({"a/1", "b/1"}), frozenset({"a/2"}), frozenset({"c/1"})}

    def test_a_reassigned_number(self) -> None:
        old, new = party("a/1", "Ada", "Berg", phone="0171 3920001"), party("b/1", "Otto", "Feld", phone="0171 3920001")
        assert not one(old, new)

    def test_a_key_of_many(self) -> None:
        crowd = [party(f"a/{n}", f"Name{'abcdefghijkl'[n] * 4}", "Berg", email="hall@mail.example") for n in range(11)]
        twin = party("b/1", "Nameaaaa", "Berg", email="hall@mail.example")
        assert len(people(*crowd, twin)) == 12
        assert len(people(*crowd[:10], twin)) == 10
        assert len(people(*crowd[:5], twin, policy=Policy(max_people=4))) == 6

    def test_a_key_of_many_who_have_no_name(self) -> None:
        assert len(people(*(party(f"a/{n}", email="hall@mail.example") for n in range(11)))) == 11
        assert one(*(party(f"a/{n}", email="hall@mail.example") for n in range(10)))

    def test_a_person_of_many_records_is_not_many(self) -> None:
        assert one(*(party(f"a/{n}", "Ada", "Berg", email="ada@mail.example") for n in range(50)))

    @pytest.mark.parametrize(
        "address", ["info@mail.example", "noreply@mail.example", "test@mail.example", "n/a", "x@x.example"]
    )
    def test_what_is_nobodys(self, address: str) -> None:
        assert not one(party("a/1", "Ada", "Berg", email=address), party("b/1", "Ada", "Berg", email=address))

    def test_two_values_of_a_unique_number_never_join(self) -> None:
        records = [
            party("a/1", "Ada", "Berg", email="ada@mail.example", ids=[("tax", "1")]),
            party("b/1", "Ada", "Berg", email="ada@mail.example", ids=[("tax", "2")]),
        ]
        assert one(*records)
        assert not one(*records, policy=Policy(unique=("tax",)))

    def test_a_source_may_number_each_person_once(self) -> None:
        records = [party(f"crm/{n}", "Ada", "Berg", email="ada@mail.example") for n in "12"]
        assert one(*records)
        assert not one(*records, policy=Policy(unique=("crm",)))

    def test_a_chain_that_leads_to_another_person_is_cut_where_it_is_weakest(self) -> None:
        """Ada's and Ida's records are joined by one that says neither name; the phone gives way, the mailbox holds."""
        ada = party("a/1", "Ada", "Berg", email="ada@mail.example")
        both = party("b/1", "A.", "Berg", email="ada@mail.example", phone="030 23125 123")
        other = party("c/1", "Astrid", "Berg", phone="030 23125 123")
        with Workspace() as workspace:
            load(workspace, [ada, both, other])
            found = workspace.resolve(GERMAN)
            assert people_of(workspace) == {frozenset({"a/1", "b/1"}), frozenset({"c/1"})}
            assert (found.cut, dict(found.joined)) == (1, {"email": 1})


class TestIds:
    def test_a_persons_id_is_the_key_of_her_oldest_record(self) -> None:
        with Workspace() as workspace:
            load(workspace, [party("a/1", email="ada@mail.example", year=2021)])
            workspace.resolve()
            assert workspace.person("a/1").id == key_of("customers", "a/1")
            load(workspace, [party("b/1", email="ada@mail.example", year=2019)])
            workspace.resolve()
            assert workspace.person("a/1").id == key_of("customers", "b/1")
            # An id that was hers is followed.
            assert workspace.person(str(key_of("customers", "a/1"))).id == key_of("customers", "b/1")

    def test_a_record_without_a_time_is_the_youngest(self) -> None:
        with Workspace() as workspace:
            load(workspace, [party("a/1", email="ada@mail.example", year=None), party("b/1", email="ada@mail.example")])
            workspace.resolve()
            assert workspace.person("a/1").id == key_of("customers", "b/1")

    def test_a_second_time_changes_nothing(self) -> None:
        with Workspace() as workspace:
            load(workspace, [party("a/1", email="ada@mail.example"), party("b/1", email="ada@mail.example")])
            first, second = workspace.resolve(), workspace.resolve()
            assert (first.version, first.moved, second.version, second.moved) == (1, 2, 1, 0)
            load(workspace, [party("c/1", email="ada@mail.example")])
            third = workspace.resolve()
            assert (third.version, third.moved, third.records, third.people, third.largest) == (2, 1, 3, 1, 3)

    def test_what_joined_them_is_taken_away(self) -> None:
        with Workspace() as workspace:
            load(workspace, [party("a/1", email="ada@mail.example"), party("b/1", email="ada@mail.example")])
            workspace.resolve()
            load(workspace, [party("b/1", email="bea@mail.example")])
            assert workspace.resolve().people == 2
            assert people_of(workspace) == {frozenset({"a/1"}), frozenset({"b/1"})}

    def test_tables_given_out_before_stay_as_they_were(self) -> None:
        with Workspace() as workspace:
            load(workspace, [party("a/1", email="ada@mail.example"), party("b/1", email="ada@mail.example")])
            before = workspace.tables
            workspace.resolve()
            assert len({row["person_id"] for row in before.customers.rows()}) == 2
            assert before.snapshot.endswith("-i0")
            assert workspace.refresh().snapshot.endswith("-i1")
            assert len({row["person_id"] for row in workspace.tables.customers.rows()}) == 1

    def test_another_policy_is_another_version(self) -> None:
        with Workspace() as workspace:
            load(workspace, [party("a/1", email="ada@mail.example"), party("b/1", email="ada+x@mail.example")])
            told = [workspace.resolve(policy) for policy in (Policy(), Policy(plus_tags=False), Policy())]
            assert [each.people for each in told] == [1, 2, 1]
            assert [each.version for each in told] == [1, 2, 3]
            assert workspace.resolve(Policy(max_people=5)).version == 4
            assert workspace.refresh().snapshot.endswith("-i4")

    def test_another_region_reads_anew(self) -> None:
        with Workspace() as workspace:
            load(workspace, [party(f"{source}/1", "Ada", "Berg", phone="030 23125 123") for source in "ab"])
            load(workspace, [party("c/1", "Ada", "Berg", phone="+43 30 23125 123")])
            told = [workspace.resolve(policy).people for policy in (Policy(), GERMAN, Policy(region="AT"))]
            assert told == [3, 2, 1]

    def test_values_that_nobody_says_any_more_are_forgotten(self) -> None:
        with Workspace() as workspace:
            load(workspace, [party("a/1", email="ada@mail.example")])
            workspace.resolve()
            load(workspace, [party("a/1")])
            workspace.resolve()
            for table in ("readings", "keys"):
                assert workspace.store.snapshot().query(f"SELECT count(*) FROM identity.{table}") == [(0,)]

    def test_values_are_read_anew_by_a_new_reader(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Workspace() as workspace:
            load(workspace, [party("a/1", email="ada@mail.example"), party("b/1", email="bea@mail.example")])
            workspace.resolve()
            monkeypatch.setattr("crmcx.identity.keys.read_email", lambda _raw, **_options: Reading("one"))
            assert workspace.resolve().people == 2
            monkeypatch.setattr("crmcx.identity.keys.READER", 999)
            assert workspace.resolve().people == 1

    def test_an_empty_store(self) -> None:
        with Workspace() as workspace:
            found = workspace.resolve()
            assert (found.records, found.people, found.largest, found.joined, found.aside) == (0, 0, 0, (), ())

    def test_a_store_that_is_only_read(self, tmp_path: Path) -> None:
        Workspace(tmp_path / "a.duckdb").close()
        with Workspace(tmp_path / "a.duckdb", read_only=True) as workspace, pytest.raises(StoreReadOnlyError):
            workspace.resolve()

    def test_nothing_temporary_is_left(self) -> None:
        with Workspace() as workspace:
            load(workspace, [party("a/1", email="ada@mail.example")])
            workspace.resolve()
            left = workspace.store._connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'id\\_%' ESCAPE '\\'"
            ).fetchall()
            assert left == []


class TestTelling:
    def test_what_was_made(self) -> None:
        with Workspace() as workspace:
            box = {"email": "ada@mail.example"}
            load(workspace, [party("a/1", **box), party("b/1", **box), party("c/1", email="info@mail.example")])
            found = workspace.resolve()
        assert [" ".join(line.split()) for line in str(found).splitlines()] == [
            "people, version 1",
            "records 3",
            "people 2",
            "most records of one person 2",
            "joined by same mailbox 1",
            "not used to join: email, role mailbox 1",
        ]
        assert "<td>people</td><td>2</td>" in found._repr_html_()
        assert "mail.example" not in repr(found)


class TestPolicy:
    def test_it_is_data(self) -> None:
        assert json.loads(json.dumps(GERMAN.describe()))["region"] == "DE"
        assert len({Policy().hash, GERMAN.hash, Policy(max_people=5).hash, Policy(unique=("tax",)).hash}) == 4
        assert Policy().hash == Policy().hash

    @pytest.mark.parametrize(
        "wrong",
        [
            *({"max_people": value} for value in (0, "10", None, True, 1.5)),
            *({"birth_years_apart": value} for value in (0, "1")),
            *({"region": value} for value in ("Germany", "de", 3)),
            *({"unique": value} for value in ("tax_id", (1,))),
            {"nicknames": ("bob", "robert")},
        ],
    )
    def test_what_it_refuses(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(UsageError):
            Policy(**wrong)


@st.composite
def crowds(draw: st.DrawFn) -> list[Customer]:
    """Few names, mailboxes, lines and numbers, so that most of them are shared."""
    return [_drawn(draw, number) for number in range(draw(st.integers(1, 9)))]


def _drawn(draw: st.DrawFn, number: int) -> Customer:
    def pick(*options: Any) -> Any:
        return draw(st.sampled_from(options))

    def some(*options: Any, most: int = 1) -> Any:
        return draw(st.lists(st.sampled_from(options), max_size=most))

    return party(
        f"{pick('a', 'b')}/{number}",
        pick(None, "Anna", "Ana", "A.", "Annette", "Otto", "Robert", "Bob", "Berg"),
        pick(None, "Berg", "Bergg", "Anna", "Vossgarten", "Vosgaren"),
        email=some("x1@mail.example", "X1+a@mail.example", "y1@mail.example", most=2),
        phone=some("030 23125 123", "+49 30 23125 123", "030 23125 124"),
        ids=some(("tax", "1"), ("tax", "2"), ("a", "0"), ("loan", "9")),
        born=pick(None, None, 1950, 1951, 1952),
        year=pick(None, 2019, 2020),
    )


POLICIES = st.builds(
    Policy, region=st.just("DE"), max_people=st.sampled_from([2, 3, 10]), unique=st.sampled_from([(), ("tax",)])
)


@given(crowds(), POLICIES)
@settings(LAW, max_examples=60)
def test_the_people_are_those_of_the_oracle(records: list[Customer], policy: Policy) -> None:
    with Workspace() as workspace:
        load(workspace, records)
        workspace.resolve(policy)
        found = {f"{r['source']}/{r['source_id']}": r["person_id"] for r in workspace.refresh().customers.rows()}
    assert found == resolved(records, policy)


@given(crowds(), POLICIES, st.data())
@settings(LAW, max_examples=15)
def test_the_order_of_arrival_does_not_matter(records: list[Customer], policy: Policy, data: st.DataObject) -> None:
    shuffled: Sequence[Customer] = data.draw(st.permutations(records))
    cut = data.draw(st.integers(0, len(records)))
    maps = []
    for batches in ([records], [shuffled[:cut], shuffled[cut:]]):
        with Workspace() as workspace:
            for batch in batches:
                load(workspace, batch)
                workspace.resolve(policy)
            maps.append({r["key"]: r["person_id"] for r in workspace.refresh().customers.rows()})
    assert maps[0] == maps[1]


def test_a_long_chain_is_one_person() -> None:
    """A person whose records hang together by a chain of two thousand addresses."""
    records = [party(f"a/{n}", email=[f"p{n}@mail.example", f"p{n + 1}@mail.example"], year=2020) for n in range(2_000)]
    with Workspace() as workspace:
        load(workspace, records)
        found = workspace.resolve()
    assert (found.people, found.largest) == (1, 2_000)
