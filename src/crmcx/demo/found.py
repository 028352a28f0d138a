"""The people that were found in the bank's records, held against the truth, and the one that the story is about."""

from __future__ import annotations

import re
from typing import Any

from attrs import evolve, frozen

from crmcx.demo import period
from crmcx.demo.people import HEROINE_LOAN
from crmcx.demo.touchpoints import TOUCHPOINTS
from crmcx.demo.truth import Truth
from crmcx.errors import UnknownPersonError
from crmcx.estimates.words import count_words, share_words
from crmcx.identity import Person, Policy, Resolution, Scores, Timeline, pairwise_scores
from crmcx.report import PersonCard
from crmcx.workspace import Workspace

POLICY = Policy(region="DE")
"""The bank's: phone numbers without a country code are German."""


_CONNECTORS = re.compile(r"\b(files|hubspot|qualtrics):")
_PLACES = {code: place.name for code, place in TOUCHPOINTS.items()}
_OUTCOMES = {
    "repeated": "had to say again who she is",
    "forwarded": "passed on to another team",
    "done": "settled",
    "no_answer": "nobody answered",
}


@frozen(kw_only=True)
class Found:
    """What resolution made of the bank."""

    resolution: Resolution
    """How many people, and what joined and parted them."""
    scores: Scores
    """The pairs of records found, against the truth."""
    people_true: int
    """How many people the records truly are of."""
    heroine: Person | None
    """The customer of the loan that the deposits department does not know; None in a bank without her."""
    timeline: Timeline
    """What happened to her."""

    def to_dict(self) -> dict[str, Any]:
        """It as plain JSON values, without anybody's name."""
        return {
            "records": self.resolution.records,
            "people": self.resolution.people,
            "precision": self.scores.precision,
            "recall": self.scores.recall,
            "aside": [{"rule": rule, "reason": reason, "n": n} for rule, reason, n in self.resolution.aside],
            "loan": None
            if self.heroine is None
            else {
                "number": HEROINE_LOAN,
                "records": [each.ref for each in self.heroine.customers],
                "entries": len(self.timeline),
            },
        }

    def words(self) -> list[str]:
        """What was found, in lines for a terminal."""
        return [*str(self.resolution).splitlines(), self.people()]

    def people(self) -> str:
        """How many people the records became, against how many they are."""
        said = f"{count_words(self.resolution.records)} customer records became {count_words(self.resolution.people)}"
        said += f" people; in truth they are {count_words(self.people_true)}."
        precision, recall = self.scores.precision, self.scores.recall
        if precision is None or recall is None:
            return said
        return (
            f"{said} Of the pairs of records that were joined {share_words(precision)} are right; of those that belong"
            f" together {share_words(recall)} were found, the rest have nothing to join them by."
        )

    def story(self) -> list[str]:
        """Who has the loan, in lines for a terminal."""
        if self.heroine is None:
            return ["nobody has it in this bank"]
        first, last = self.timeline.entries[0].at, self.timeline.entries[-1].at
        systems = len(self.timeline.sources)
        lines = [
            f"{len(self.heroine.customers)} records in {', '.join(map(_plain, self.heroine.sources))}",
            f"{count_words(len(self.timeline))} entries of {systems} systems, from {first:%B %Y} to {last:%B %Y}",
        ]
        return lines + [f"joined: {_plain(str(each))}" for each in self.heroine.evidence]

    def card(self) -> PersonCard | None:
        """Her as the page shows her; the page is asked to name her."""
        if self.heroine is None:
            return None
        names = [each for each in self.heroine.customers if each.given_name and each.family_name]
        numbers = {each.value for customer in self.heroine.customers for each in customer.identifiers}
        numbers |= {customer.source_id for customer in self.heroine.customers}
        asked_again = sum(each.words == "repeated" for each in self.timeline)
        who = f"{names[0].given_name} {names[0].family_name}" if names else "The customer"
        return PersonCard(
            title=f"{who}, loan {HEROINE_LOAN}",
            numbers=tuple(sorted(numbers)),
            words=f"The mortgages department knows her loan, the deposits department her account, and neither knew of"
            f" the other. When she opened the account, she had to say again who she is, {asked_again} times on the"
            f" phone alone. Here {len(self.heroine.customers)} records in {len(self.heroine.sources)} systems are one"
            " person.",
            entries=tuple(
                evolve(
                    each,
                    source=_plain(each.source).replace("_", " "),
                    touchpoint=_PLACES.get(each.touchpoint or "", each.touchpoint),
                    words=_OUTCOMES.get(each.words or "", each.words),
                )
                for each in self.timeline
            ),
            zone=period.ZONE_NAME,
            links=tuple(evolve(each, a=_plain(each.a), b=_plain(each.b)) for each in self.heroine.evidence),
        )


def find(workspace: Workspace, truth: Truth) -> Found:
    """Make people of the bank's records, and find the one with the loan.

    Args:
        workspace: A workspace into which the bank's exports were read.
        truth: What the generator knows.
    """
    resolution = workspace.resolve(POLICY)
    rows = workspace.refresh().customers.rows()
    found = {f"{row['source']}/{row['source_id']}": row["person_id"] for row in rows}
    truly = {ref: person for ref, person in truth.people.items() if ref in found}
    try:
        heroine = workspace.person(HEROINE_LOAN, namespace="loan")
    except UnknownPersonError:
        heroine = None
    return Found(
        resolution=resolution,
        scores=pairwise_scores(found, truly),
        people_true=len(set(truly.values())),
        heroine=heroine,
        timeline=heroine.timeline() if heroine else Timeline(()),
    )


def _plain(words: str) -> str:
    """Sources without the connectors that read them."""
    return _CONNECTORS.sub("", words)
