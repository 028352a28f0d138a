"""Whatever happens at the vendor, a sync brings the store to the truth, but for what the connector says it cannot see.

It cannot see, until the next whole pass, that a response was deleted, or edited after it fell out of the days that each
sync reads again. Invitations of a mailing that was deleted stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crmcx.connectors import Qualtrics
from crmcx.sandbox.qualtrics import TOKEN, QualtricsSandbox
from crmcx.testing.trial import Subject, Trial

pytestmark = pytest.mark.once
SUBJECT = Subject(connector=Qualtrics, settings={"url": "{url}", "token": TOKEN}, server=QualtricsSandbox, records=1)
REREAD, WHOLE = timedelta(days=7), timedelta(days=30)
LEAPS = (timedelta(hours=2), timedelta(days=3, hours=5), timedelta(days=8, hours=1))
STATUSES = ("Success", "Opened", "SurveyStarted", "SurveyFinished", "HardBounce", "Blocked")
CHOSEN = st.integers(0, 10_000)
SCORES = st.integers(0, 10)


class QualtricsStates(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.trial = Trial(SUBJECT, page_size=5)
        self.sandbox: Any = self.trial.platform
        self.world = self.sandbox.world
        self.newest: datetime | None = None
        self.whole_at: datetime | None = None
        self.feedback: dict[str, Any] = {}
        self.invitations: dict[str, Any] = {}
        self.changes, self.every = 0, 0

    @initialize(every=st.integers(3, 6))
    def first(self, every: int) -> None:
        self.every = every
        self.sync()

    def teardown(self) -> None:
        self.world.answer("SV_sandboxsurv1")
        self.trial.still.move(WHOLE)
        self.sync()
        assert self.found("feedback") == self.world.truth["feedback"]
        self.trial.close()

    def names(self, kind: str) -> list[str]:
        return [self.world.id_of(each) for each in self.world.kept(kind) if not each.gone]

    def one(self, kind: str, chosen: int, *, but_the_first: bool = False) -> str:
        names = self.names(kind)[but_the_first:]
        return names[chosen % len(names)]

    def more(self, kind: str) -> bool:
        return len(self.names(kind)) > 1

    # -- what happens --------------------------------------------------------------------------------------------

    @rule()
    def a_survey_is_made(self) -> None:
        if len(self.names("instruments")) < 3:
            self.world.create("instruments")

    @rule(chosen=CHOSEN, name=st.sampled_from(["Branches", "Hotline"]))
    def a_survey_is_renamed(self, chosen: int, name: str) -> None:
        self.world.update("instruments", self.one("instruments", chosen), name=name)

    @precondition(lambda self: self.more("instruments"))
    @rule(chosen=CHOSEN)
    def a_survey_is_deleted(self, chosen: int) -> None:
        self.world.remove("instruments", self.one("instruments", chosen, but_the_first=True))

    @rule(chosen=CHOSEN, score=SCORES, status=st.sampled_from([0, 0, 1, 2, 4, 16, 256]))
    def somebody_answers(self, chosen: int, score: int, status: int) -> None:
        self.world.answer(self.one("instruments", chosen), QID1=score, status=status)

    @rule(chosen=CHOSEN, score=SCORES)
    def somebody_begins(self, chosen: int, score: int) -> None:
        self.world.begin(self.one("instruments", chosen), QID1=score)

    @precondition(lambda self: self.more("unfinished"))
    @rule(chosen=CHOSEN, finished=st.booleans())
    def somebody_ends(self, chosen: int, finished: bool) -> None:
        self.world.finish(self.one("unfinished", chosen, but_the_first=True), finished=finished)

    @rule(chosen=CHOSEN, score=SCORES)
    def a_response_is_edited(self, chosen: int, score: int) -> None:
        self.world.edit(self.one("responses", chosen), QID1=score)

    @precondition(lambda self: self.more("responses"))
    @rule(chosen=CHOSEN)
    def a_response_is_deleted(self, chosen: int) -> None:
        self.world.remove("responses", self.one("responses", chosen, but_the_first=True))

    @rule()
    def a_contact_comes(self) -> None:
        self.world.create("contacts")

    @rule(chosen=CHOSEN, name=st.sampled_from(["Lovelace", "Hopper"]))
    def a_contact_changes(self, chosen: int, name: str) -> None:
        self.world.update("contacts", self.one("contacts", chosen), lastName=name, unsubscribed=True)

    @precondition(lambda self: self.more("contacts"))
    @rule(chosen=CHOSEN)
    def a_contact_goes(self, chosen: int) -> None:
        self.world.remove("contacts", self.one("contacts", chosen, but_the_first=True))

    @rule(chosen=CHOSEN, count=st.integers(1, 3))
    def contacts_are_invited(self, chosen: int, count: int) -> None:
        self.world.invite(self.one("instruments", chosen), *self.names("contacts")[:count])

    @rule(chosen=CHOSEN, status=st.sampled_from(STATUSES))
    def an_invitation_moves_on(self, chosen: int, status: str) -> None:
        self.world.follow(self.one("invitations", chosen), status)

    @precondition(lambda self: self.more("distributions"))
    @rule(chosen=CHOSEN)
    def a_mailing_is_deleted(self, chosen: int) -> None:
        self.world.remove("distributions", self.one("distributions", chosen, but_the_first=True))

    @rule(leap=st.sampled_from(LEAPS))
    def days_pass(self, leap: timedelta) -> None:
        self.trial.still.move(leap)

    # -- what is stored ------------------------------------------------------------------------------------------

    @invariant()
    def some_changes_later_there_is_a_sync(self) -> None:
        self.changes += 1
        if self.every and self.changes % self.every == 0:
            self.sync()

    def sync(self) -> None:
        now = self.trial.still.now()
        whole = self.whole_at is None or now - self.whole_at >= WHOLE
        self.whole_at = now if whole else self.whole_at
        outcome = self.trial.sync(rows_per_commit=10)
        assert outcome.error is None, repr(outcome.error)
        assert outcome.counts.quarantined == 0
        self.see(whole=whole)
        self.compare()

    def see(self, *, whole: bool) -> None:
        """What a sync can see of the truth."""
        truth = self.world.truth
        recorded = {self.world.id_of(each): each.stamp for each in self.world.kept("responses") if not each.gone}
        since = None if whole or self.newest is None else self.newest - REREAD
        seen = {name for name, stamp in recorded.items() if since is None or stamp >= since}
        closed = {} if whole else {name: told for name, told in self.feedback.items() if not name.endswith("#0")}
        opened = {name: told for name, told in truth["feedback"].items() if name.endswith("#0")}
        self.feedback = {**closed, **{name: truth["feedback"][name] for name in seen}, **opened}
        self.invitations |= truth["invitations"]
        self.newest = max([*recorded.values(), *([self.newest] if self.newest else [])])

    def compare(self) -> None:
        truth = self.world.truth
        for table in ("instruments", "customers", "campaigns"):
            assert self.found(table) == truth[table], table
        assert self.found("feedback") == self.feedback
        assert self.found("invitations") == self.invitations

    def found(self, table: str) -> dict[str, Any]:
        snapshot = self.trial.store.snapshot()
        try:
            rows = snapshot.table(table).rows()
            answers = snapshot.table("answers").rows() if table == "feedback" else []
        finally:
            snapshot.close()
        scores = {row["feedback_key"]: int(row["score"]) for row in answers if row["item"] == "QID1"}
        return {row["source_id"]: self.told(table, row, scores) for row in rows}

    @staticmethod
    def told(table: str, row: dict[str, Any], scores: dict[int, int]) -> Any:
        if table == "feedback":
            told = {"instrument": row["instrument"], "status": row["status"]}
            return told if row["source_id"].endswith("#0") else told | {"nps": scores[row["key"]]}
        if table == "invitations":
            return row["status_native"], row["customer_ref"].partition("/")[2]
        if table == "customers":
            return row["family_name"]
        return row["name"]

    @invariant()
    def the_books_add_up(self) -> None:
        assert self.trial.books_add_up()


TestQualtricsStates = QualtricsStates.TestCase
TestQualtricsStates.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a run of syncs takes minutes
)


class ManyStates(QualtricsStates):
    """The same, with more of it."""


TestManyQualtricsStates = pytest.mark.deep(ManyStates.TestCase)
TestManyQualtricsStates.settings = settings(TestQualtricsStates.settings, max_examples=200)


def test_an_edit_is_seen_within_some_days_and_then_with_the_next_whole_pass() -> None:
    with Trial(SUBJECT, page_size=5) as trial:
        world: Any = trial.platform.world

        def stored() -> dict[str, float]:
            snapshot = trial.store.snapshot()
            try:
                names = {row["key"]: row["source_id"] for row in snapshot.table("feedback").rows()}
                rows = snapshot.table("answers").rows()
            finally:
                snapshot.close()
            return {names[row["feedback_key"]]: row["score"] for row in rows if row["item"] == "QID1"}

        def later(by: timedelta) -> dict[str, float]:
            trial.still.move(by)
            world.answer("SV_sandboxsurv1", QID1=5)
            assert trial.sync().error is None
            return stored()

        assert later(timedelta(days=2))["R_1"] == 9
        world.edit("R_1", QID1=1)
        assert later(timedelta(days=2))["R_1"] == 1
        later(timedelta(days=8))
        world.edit("R_1", QID1=2)
        world.remove("responses", "R_2")
        assert later(timedelta(days=1))["R_1"] == 1
        assert {"R_1": 1, "R_2": 5}.items() <= stored().items()
        found = later(WHOLE)
        assert found["R_1"] == 2
        assert "R_2" not in found
