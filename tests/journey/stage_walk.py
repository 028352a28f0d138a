"""Stages by a walk over each history, day by day, in plain Python: what the running maxima are held against.

It shares no code with the library, and states the rules of the tests anew: who did what says what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from attrs import define, field, frozen

from crmcx.journey import StageEvidence, StageRules

DAY = 86_400_000_000
Row = dict[str, Any]
Tables = Mapping[str, Sequence[Row]]


def rules(onboarding: int) -> StageRules:
    """The rules of the tests, with days of onboarding."""
    told: list[dict[str, Any]] = [
        {"table": "interactions", "says": "awareness", "at": "occurred_us"},
        {"table": "interactions", "says": "consideration", "at": "occurred_us", "where": {"kind": ["cart"]}},
        {"table": "interactions", "says": "consideration", "at": "occurred_us", "where": {"kind": ["form_submit"]}},
        {"table": "interactions", "says": "existing", "at": "occurred_us", "where": {"kind": ["login"]}},
        {"table": "deals", "says": "awareness", "at": "closed_us", "where": {"status": ["lost"]}, "takes_back": True},
        {"table": "deals", "says": "repurchase", "at": "closed_us", "where": {"status": ["won"]}},
        {"table": "orders", "says": "purchase", "at": "placed_us", "unless": {"status": ["cancelled"]}},
        {"table": "subscriptions", "says": "purchase", "at": "started_us", "until": "ended_us"},
        {"table": "subscriptions", "says": "exiting", "at": "cancel_requested_us"},
        {"table": "subscriptions", "says": "former", "at": "ended_us"},
    ]
    words = {1: "basket", 2: "application", 6: "order", 9: "gone"}
    return StageRules(
        name="test",
        version=2,
        evidence=[StageEvidence(**each, scope_from="line", word=words.get(number)) for number, each in enumerate(told)],
        onboarding=timedelta(days=onboarding),
        dormant={"awareness": timedelta(days=3), "consideration": timedelta(days=2), "existing": timedelta(days=5)},
        words={"existing": "customer", "purchase": "buyer"},
    )


@frozen
class Fact:
    """One thing that a record says."""

    at: int
    says: str
    record: tuple[str, int]
    until: int | None = None
    word: str | None = None


def facts(tables: Tables, as_of: int) -> dict[tuple[int, str], list[Fact]]:
    """What the records say by a day, history by history."""
    found: dict[tuple[int, str], list[Fact]] = defaultdict(list)

    def note(row: Row, table: str, at: int | None, says: str, **more: Any) -> None:
        if at is not None and at <= as_of and row["person_id"] is not None and row["line"] is not None:
            found[row["person_id"], row["line"]].append(Fact(at, says, (table, row["key"]), **more))

    for row in tables["interactions"]:
        says = {"cart": "interest", "form_submit": "interest", "login": "saved"}.get(row["kind"], "seen")
        word = {"cart": "basket", "form_submit": "application"}.get(row["kind"])
        note(row, "interactions", row["occurred_us"], says, word=word)
    for row in tables["deals"]:
        if row["status"] in {"won", "lost"}:
            note(row, "deals", row["closed_us"], "again" if row["status"] == "won" else "lost")
    for row in tables["orders"]:
        if row["status"] != "cancelled":
            note(row, "orders", row["placed_us"], "bought", word="order")
    for row in tables["subscriptions"]:
        started, ended = row["started_us"], row["ended_us"]
        if started is not None and (ended is None or ended > started):
            note(row, "subscriptions", started, "bought", until=10**6 * DAY if ended is None else ended)
        note(row, "subscriptions", row["cancel_requested_us"], "notice")
        note(row, "subscriptions", ended, "ended", word="gone")
    return found


_WORDS = ("basket", "application", "order", "gone")


@define
class History:
    """Where somebody stands, moved along by facts."""

    took: int
    kind: str = "nothing"
    since: int = 0
    again: bool = False
    interested: bool = False
    notice: bool = False
    customer: bool = False
    contracts: list[int] = field(factory=list)
    words: dict[str, str] = field(factory=dict)
    bought_by: list[tuple[str, int]] = field(factory=list)

    def begin(self, kind: str, at: int) -> None:
        self.kind, self.since, self.interested, self.notice = kind, at, False, False
        self.words, self.bought_by = {}, []

    def tell(self, stage: str, word: str | None) -> None:
        if word is not None and _WORDS.index(word) >= _WORDS.index(self.words.get(stage, word)):
            self.words[stage] = word

    def before(self, now: Sequence[Fact], at: int) -> None:
        """What leads to a purchase, and the purchase."""
        if interest := [fact for fact in now if fact.says == "interest"]:
            self.interested = True
            for fact in interest:
                self.tell("consideration", fact.word)
        if any(fact.says == "lost" for fact in now):
            self.interested = False
        if bought := [fact for fact in now if fact.says in {"bought", "again"}]:
            self.begin("bought", at)
            self.again = self.customer or any(fact.says == "again" for fact in bought)
            for fact in bought:
                self.bought_by.append(fact.record)
                self.tell("purchase", fact.word)
                if fact.until is not None:
                    self.contracts.append(fact.until)

    def after(self, now: Sequence[Fact], at: int) -> None:
        """What follows a purchase."""
        said = {fact.says for fact in now}
        if "saved" in said:
            self.begin("saved", at)
        if "notice" in said and self.kind != "ended":
            self.notice = True
        self.contracts = [until for until in self.contracts if until > at]
        if "ended" in said and self.contracts:
            self.notice = False
        elif "ended" in said:
            self.begin("ended", at)
            self.tell("former", "gone")

    def stage(self, at: int, *, half: int) -> str:
        if self.notice:
            return "exiting"
        if self.kind in {"nothing", "ended"}:
            none = "former" if self.kind == "ended" else "awareness"
            return "consideration" if self.interested else none
        if self.kind == "saved" or (at >= self.since + self.took and (half or at > self.since)):
            return "existing"
        return "repurchase" if self.again else "purchase"

    def word(self, stage: str) -> str | None:
        own = {"existing": "customer", "purchase": "buyer"}
        return self.words.get("purchase" if stage == "repurchase" else stage, own.get(stage))


def walk(tables: Tables, onboarding: int, as_of: int) -> list[Row]:
    """The intervals of all histories."""
    quiet = {"awareness": 3 * DAY, "consideration": 2 * DAY, "existing": 5 * DAY}
    found: list[Row] = []
    for (unit, line), said in facts(tables, as_of).items():
        intervals: list[Row] = []
        one = History(onboarding * DAY)
        times = {fact.at for fact in said}
        times |= {at + one.took for at in times if at + one.took <= as_of}
        for at in sorted(times):
            now = [fact for fact in said if fact.at == at]
            for half, kinds in enumerate(
                ({"seen", "interest", "lost", "bought", "again"}, {"saved", "notice", "ended"})
            ):
                mine = [fact for fact in now if fact.says in kinds]
                (one.after if half else one.before)(mine, at)
                records = [fact.record for fact in mine]
                if half and one.kind == "bought" and at == one.since + one.took:
                    records += one.bought_by
                if not records:
                    continue
                stage = one.stage(at, half=half)
                state = (stage, one.word(stage))
                if not intervals or (intervals[-1]["stage"], intervals[-1]["word"]) != state:
                    if intervals:
                        intervals[-1]["end"] = at
                    intervals.append(
                        {"unit": unit, "scope": line, "stage": stage, "word": state[1], "start": at, "end": None}
                        | {"records": []}
                    )
                intervals[-1]["records"] += records
                intervals[-1]["last"] = at
            one.customer |= any(fact.says not in {"seen", "interest", "lost"} for fact in now)
        for each in intervals:
            until = as_of if each["end"] is None else each["end"]
            since = each["last"] + quiet.get(each["stage"], 10**6 * DAY)
            each["dormant"] = since if since <= until else None
            each["records"].sort()
        found += intervals
    return sorted(found, key=lambda row: (row["unit"], row["scope"], row["start"]))
