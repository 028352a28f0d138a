"""One person by any of her numbers, why she is one, and what happened to her."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from tests.identity.party import load, party

from crmcx import Workspace
from crmcx.errors import AmbiguousPersonError, StoreError, UnknownPersonError, UsageError
from crmcx.identity import Policy
from crmcx.instants import to_us
from crmcx.models import (
    CampaignTouch,
    Case,
    Consent,
    Deal,
    Feedback,
    Interaction,
    Invitation,
    Lead,
    Order,
    Payment,
    StageChange,
    Subscription,
)
from crmcx.tables import key_of


def when(day: int, hour: int = 12) -> datetime:
    return datetime(2025, 3, day, hour, tzinfo=UTC)


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace() as found:
        load(
            found,
            [
                party("mortgages/H-1", "Ada", "Berg", email="Ada.Berg@mail.example", ids=[("loan", "4711")], year=2019),
                party("mortgages/H-2", "Otto", "Feld", phone="030 23125 777", ids=[("loan", "99")]),
                party("deposits/E-5", "Ada", "Berg", email="ada.berg+bank@mail.example", ids=[("account", "99")]),
                party("desk/7", None, None, email="ada.berg@mail.example", ids=[("account", "99")], year=2021),
            ],
        )
        found.resolve(Policy(region="DE"))
        yield found


class TestFinding:
    @pytest.mark.parametrize(
        ("value", "namespace"),
        [
            ("4711", "loan"),
            ("4711", None),
            (" 47-11 ", "loan"),
            ("99", "account"),
            ("ADA.BERG+x@mail.example", None),
            ("ada.berg@mail.example", "email"),
            ("H-1", "mortgages"),
            ("H-1", None),
            ("deposits/E-5", None),
            (str(key_of("customers", "mortgages/H-1")), None),
            (str(key_of("customers", "desk/7")), None),
        ],
    )
    def test_by_any_number(self, value: str, namespace: str | None, workspace: Workspace) -> None:
        found = workspace.person(value, namespace=namespace)
        assert [each.ref for each in found.customers] == ["mortgages/H-1", "deposits/E-5", "desk/7"]
        assert found.id == key_of("customers", "mortgages/H-1")
        assert found.sources == ("deposits", "desk", "mortgages")
        assert found.customers[0].identifiers[0].value == "4711"

    def test_by_phone(self, workspace: Workspace) -> None:
        for said in ("+49 30 23125-777", "030/23125777"):
            assert workspace.person(said, namespace="phone").customers[0].ref == "mortgages/H-2"

    def test_nobody(self, workspace: Workspace) -> None:
        with pytest.raises(
            UnknownPersonError, match=r"nobody is known by a value of 4 characters in namespace 'account'"
        ):
            workspace.person("4711", namespace="account")
        with pytest.raises(UnknownPersonError, match="identifiers are of: account, loan, email, phone") as error:
            workspace.person("ida@mail.example")
        assert "ida" not in str(error.value)
        assert isinstance(error.value, LookupError)

    def test_several(self, workspace: Workspace) -> None:
        with pytest.raises(
            AmbiguousPersonError, match="2 people are known by a value of 2 characters; pass namespace="
        ):
            workspace.person("99")

    def test_before_anything_is_resolved_a_record_is_a_person(self) -> None:
        with Workspace() as found:
            load(found, [party("a/1", email="ada@mail.example"), party("b/1", email="ada@mail.example")])
            assert found.person("1", namespace="b").customers[0].ref == "b/1"
            assert found.person("1", namespace="b").evidence == ()
            with pytest.raises(AmbiguousPersonError):
                found.person("ada@mail.example")

    def test_a_number_is_read_as_the_last_resolution_read_it(self) -> None:
        """Not as an earlier policy did, nor as a record of another country is read, nor as one that is gone was."""
        with Workspace() as found:
            austrian = party("a/1", "Ada", "Berg", phone="030 23125 777", country="AT")
            load(found, [austrian, party("c/1", "Uwe", "Feld", phone="030 23125 777", country="DE")])
            found.resolve()
            assert found.person("+49 30 23125 777", namespace="phone").customers[0].ref == "c/1"
            load(found, [party("c/1", "Uwe", "Feld", country="DE")])
            found.resolve(Policy(region="DE"))
            with pytest.raises(UnknownPersonError):
                found.person("+49 30 23125 777", namespace="phone")

    def test_a_tag_counts_as_the_policy_says(self) -> None:
        with Workspace() as found:
            load(found, [party("a/1", email="ada+x@mail.example"), party("b/1", "Otto", email="ada@mail.example")])
            for policy in (Policy(), Policy(plus_tags=False)):
                found.resolve(policy)
            assert found.person("ADA+X@mail.example").customers[0].ref == "a/1"
            assert found.person("ADA@mail.example").customers[0].ref == "b/1"
            with pytest.raises(UnknownPersonError):
                found.person("ada+y@mail.example")

    @pytest.mark.parametrize("value", [None, 42])
    def test_a_number_is_text(self, value: Any, workspace: Workspace) -> None:
        with pytest.raises(UsageError, match="expected text"):
            workspace.person(value)

    def test_half_a_character_is_nobodys(self, workspace: Workspace) -> None:
        for arguments in ({"value": "\ud800"}, {"value": "4711", "namespace": "\ud800"}):
            with pytest.raises(UnknownPersonError):
                workspace.person(**arguments)

    def test_what_was_taken_for_a_namespace_is_not_shown(self, workspace: Workspace) -> None:
        with pytest.raises(UnknownPersonError) as error:
            workspace.person("loan", namespace="ada@mail.example")
        assert "ada" not in str(error.value)

    def test_a_person_of_many_records_is_found_at_once(self) -> None:
        with Workspace() as found:
            load(found, [party(f"a/{n}", "Ada", "Berg", email="ada@mail.example") for n in range(3_000)])
            found.resolve()
            person = found.person("ada@mail.example")
        assert (len(person.customers), len(person.evidence)) == (3_000, 2_999)

    def test_several_threads_may_ask_one_person(self, workspace: Workspace) -> None:
        calls = [event(Interaction, f"calls/{n}", "desk/7", kind="call", occurred_at=when(1)) for n in range(30)]
        workspace.load(calls, source="calls")
        found = workspace.person("4711")
        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(lambda _: len(found.timeline()), range(40)))
        assert set(told) == {30}

    def test_a_person_says_nothing_of_herself(self, workspace: Workspace) -> None:
        found = workspace.person("4711")
        assert repr(found) == f"<person {found.id}: 3 records of deposits, desk, mortgages>"
        assert "Berg" not in repr(found) + found._repr_html_()
        assert "<td>mortgages</td><td>H-1</td><td>2019-01-01</td>" in found._repr_html_()


class TestWhy:
    def test_the_evidence_of_a_person(self, workspace: Workspace) -> None:
        told = [(each.rule, each.shown) for each in workspace.person("4711").evidence]
        assert told == [("the same number (account)", "***"), ("the same mailbox", "a***@mail.example")]

    def test_the_shortest_chain(self, workspace: Workspace) -> None:
        found = workspace.why("desk/7", "mortgages/H-1")
        assert found.joined
        assert (found.chain[0].a, found.chain[-1].b) == ("desk/7", "mortgages/H-1")
        assert all(a.b == b.a for a, b in pairwise(found.chain))
        assert len(found.chain) <= 2
        assert str(found).startswith("desk/7 and mortgages/H-1 are one person\n  desk/7 and ")
        assert "ada" not in str(found).lower()
        assert "<li>desk/7 and " in found._repr_html_()

    def test_before_anybody_looked(self) -> None:
        with Workspace() as found:
            load(found, [party("a/1"), party("b/1")])
            with pytest.raises(UsageError, match="call resolve"):
                found.why("a/1", "b/1")

    def test_by_numbers(self, workspace: Workspace) -> None:
        found = workspace.why("4711", "deposits/E-5")
        assert (found.a, found.b, found.joined) == ("mortgages/H-1", "deposits/E-5", True)

    def test_two_people(self, workspace: Workspace) -> None:
        found = workspace.why("mortgages/H-1", "mortgages/H-2")
        assert (found.joined, found.chain) == (False, ())
        assert str(found) == "mortgages/H-1 and mortgages/H-2 are two people: no chain of shared keys joins them"
        assert found._repr_html_() == f"<p>{found}</p>"

    def test_one_record(self, workspace: Workspace) -> None:
        assert (workspace.why("desk/7", "desk/7").joined, workspace.why("desk/7", "desk/7").chain) == (True, ())

    def test_what_does_not_exist(self, workspace: Workspace) -> None:
        with pytest.raises(UnknownPersonError):
            workspace.why("desk/7", "desk/8")


def event(cls: type, ref: str, customer: str, **fields: Any) -> Any:
    source, source_id = ref.split("/")
    return cls(source=source, source_id=source_id, customer=customer, **fields)


class TestTimeline:
    @pytest.fixture
    def filled(self, workspace: Workspace) -> Workspace:
        records = {
            "desk": [
                event(
                    Case, "desk/C1", "desk/7", status="solved", opened_at=when(3), resolved_at=when(5), category="card"
                ),
                event(Interaction, "desk/M1", "desk/7", kind="support_comment", occurred_at=when(4), channel="email"),
            ],
            "mortgages": [
                event(
                    StageChange, "mortgages/S1", "mortgages/H-1", scope="mortgage", stage="existing", changed_at=when(1)
                ),
                event(
                    Deal,
                    "mortgages/D1",
                    "mortgages/H-1",
                    status="won",
                    opened_on=date(2025, 3, 2),
                    closed_at=when(6),
                    product="mortgage",
                ),
                event(Interaction, "mortgages/X", "mortgages/H-2", kind="call", occurred_at=when(4)),
            ],
            "deposits": [
                event(StageChange, "deposits/S2", "deposits/E-5", stage="consideration", changed_at=when(4, 18)),
                event(Order, "deposits/O1", "deposits/E-5", placed_at=when(7), number="N-1"),
            ],
            "survey": [
                event(
                    Feedback,
                    "survey/F1",
                    "desk/7",
                    instrument="relationship",
                    submitted_at=when(8),
                    touchpoint="hotline",
                    answers=[
                        {"item": "NPS", "kind": "nps", "score": 9, "scale": {"min": 0, "max": 10}},
                        {"item": "WHY", "kind": "text", "text": {"value": "secret words"}},
                    ],
                )
            ],
        }
        for source, each in records.items():
            workspace.load(each, source=source)
        return workspace

    def test_all_sources_in_one_order(self, filled: Workspace) -> None:
        found = filled.person("4711").timeline()
        told = [(each.at.day, each.precision, each.source, each.kind, each.words, each.stage) for each in found]
        mortgage = "existing (mortgage)"
        both = "consideration, existing (mortgage)"
        assert told == [
            (1, "instant", "mortgages", "stage existing", "mortgage", mortgage),
            (2, "day", "mortgages", "deal opened", "mortgage", mortgage),
            (3, "instant", "desk", "case opened", "card", mortgage),
            (4, "instant", "desk", "support_comment", None, mortgage),
            (4, "instant", "deposits", "stage consideration", None, both),
            (5, "instant", "desk", "case resolved", "card", both),
            (6, "instant", "mortgages", "deal won", "mortgage", both),
            (7, "instant", "deposits", "order placed", "N-1", both),
            (8, "instant", "survey", "feedback", "NPS 9 of 0 to 10", both),
        ]
        assert found.sources == ("deposits", "desk", "mortgages", "survey")
        assert found.entries[3].ref == "desk/M1"
        assert found.entries[-1].touchpoint == "hotline"

    def test_as_a_frame(self, filled: Workspace) -> None:
        found = filled.person("4711").timeline()
        frame = found.to_frame()
        assert frame.shape == (9, 10)
        assert frame["kind"].to_list() == [each.kind for each in found]
        assert frame["at_us"].to_list() == [to_us(each.at) for each in found]

    def test_an_instant_keeps_its_microseconds(self, workspace: Workspace) -> None:
        at = datetime(2262, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC)
        workspace.load(event(Interaction, "calls/1", "desk/7", kind="call", occurred_at=at), source="calls")
        assert workspace.person("4711").timeline().to_frame()["at_us"].to_list() == [to_us(at)]

    def test_it_prints_without_anybodys_words(self, filled: Workspace) -> None:
        found = filled.person("4711").timeline()
        assert repr(found).splitlines()[0] == "9 entries of deposits, desk, mortgages, survey"
        assert "2025-03-02  " in repr(found)
        assert "secret" not in repr(found) + found._repr_html_()
        assert found._repr_html_().count("<tr>") == 10

    def test_a_long_one_is_shown_in_part(self, workspace: Workspace) -> None:
        calls = [
            event(Interaction, f"calls/{n}", "desk/7", kind="call", occurred_at=when(1 + n % 28)) for n in range(50)
        ]
        workspace.load(calls, source="calls")
        found = workspace.person("4711").timeline()
        assert len(found) == 50
        assert "... 10 more ..." in repr(found)
        assert len(repr(found).splitlines()) == 43
        assert "… 10 more …" in found._repr_html_()

    def test_every_class_that_tells_of_her(self, workspace: Workspace) -> None:
        sold = {"status": "ended", "product": "loan", "started_at": when(5), "ended_at": when(7)}
        paid = {"amount": {"amount": "1", "currency": "EUR"}, "method": "cash", "status": "failed"}
        said = {"purpose": "marketing", "status": "withdrawn"}
        workspace.load(
            [
                event(CampaignTouch, "m/1", "desk/7", campaign="spring", kind="held_out", occurred_at=when(1)),
                event(
                    Lead, "m/2", "desk/7", status="converted", origin="fair", created_at=when(2), converted_at=when(3)
                ),
                event(Subscription, "m/3", "desk/7", cancel_requested_at=when(6), **sold),
                event(Payment, "m/4", "desk/7", paid_at=when(8), **paid),
                event(Consent, "m/5", "desk/7", captured_at=when(9), **said),
                event(Invitation, "m/6", "desk/7", instrument="nps", status="sent", sent_at=when(10)),
                event(Interaction, "m/7", "desk/7", kind="call", occurred_at=when(11), precision="day"),
                event(Feedback, "m/8", "desk/7", kind="complaint", instrument="letter", submitted_at=when(12)),
            ],
            source="m",
        )
        told = [(each.at.day, each.kind, each.words, each.precision) for each in workspace.person("4711").timeline()]
        assert told == [
            (1, "campaign held_out", "spring", "instant"),
            (2, "lead created", "fair", "instant"),
            (3, "lead converted", "fair", "instant"),
            (5, "subscription started", "loan", "instant"),
            (6, "subscription cancelled", "loan", "instant"),
            (7, "subscription ended", "loan", "instant"),
            (8, "payment failed", "cash", "instant"),
            (9, "consent withdrawn", "marketing", "instant"),
            (10, "invited to feedback", "nps", "instant"),
            (11, "call", None, "day"),
            (12, "complaint", "letter", "instant"),
        ]

    def test_what_she_took_part_in_is_hers_too_and_once(self, workspace: Workspace) -> None:
        roles = [{"role": "copied", "customer": "desk/7"}, {"role": "agent", "employee": "bo"}]
        own = [{"role": "requester", "customer": "desk/7"}]
        workspace.load(
            [
                event(Interaction, "m/1", "desk/8", kind="email", occurred_at=when(1), participants=roles),
                event(Interaction, "m/2", "desk/7", kind="call", occurred_at=when(2), participants=own),
            ],
            source="m",
        )
        found = workspace.person("4711").timeline()
        assert [(each.kind, each.ref) for each in found] == [("email (copied)", "m/1"), ("call", "m/2")]

    def test_what_is_predicted_is_no_stage(self, workspace: Workspace) -> None:
        steps = [
            event(StageChange, "m/1", "desk/7", stage="existing", changed_at=when(1)),
            event(StageChange, "m/2", "desk/7", stage="exiting", changed_at=when(2), mode="predicted", rule="churn-1"),
        ]
        workspace.load(steps, source="m")
        told = [(each.kind, each.stage) for each in workspace.person("4711").timeline()]
        assert told == [("stage existing", "existing"), ("stage exiting (predicted)", "existing")]

    def test_nothing_happened(self, workspace: Workspace) -> None:
        found = workspace.person("4711").timeline()
        assert (len(found), found.to_frame().shape) == (0, (0, 10))
        assert repr(found).startswith("0 entries of no source")

    def test_a_store_that_is_closed_says_so(self, filled: Workspace) -> None:
        found = filled.person("4711")
        filled.close()
        with pytest.raises(StoreError, match="is closed"):
            found.timeline()

    def test_a_person_stays_as_she_was_found(self, filled: Workspace) -> None:
        found = filled.person("4711")
        filled.load(event(Interaction, "calls/1", "desk/7", kind="call", occurred_at=when(9)), source="calls")
        assert len(found.timeline()) == 9
        assert len(filled.person("4711").timeline()) == 10
