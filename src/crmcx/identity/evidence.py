"""Why two records are one person's: the chain of shared keys that joins them."""

from __future__ import annotations

from collections import deque
from html import escape
from typing import TYPE_CHECKING

from attrs import frozen

from crmcx.identity.readings import masked

if TYPE_CHECKING:
    from crmcx.store import Snapshot

_WORDS = {"email": "the same mailbox", "phone": "the same phone and full name", "id": "the same number"}


@frozen(kw_only=True)
class Evidence:
    """One key that two records share."""

    a: str
    """One record, as source and id."""
    b: str
    """The other."""
    rule: str
    """What they share, in words."""
    shown: str
    """The key, masked."""

    def __str__(self) -> str:
        return f"{self.a} and {self.b}: {self.rule} {self.shown}"


@frozen(kw_only=True)
class Why:
    """Why two records are one person's, or that nothing joins them. Prints as the chain."""

    a: str
    """One record."""
    b: str
    """The other."""
    joined: bool
    """Whether they are one person's."""
    chain: tuple[Evidence, ...]
    """The shortest way from one to the other; empty where there is none, or where both are one record."""

    def __str__(self) -> str:
        if not self.joined:
            return f"{self.a} and {self.b} are two people: no chain of shared keys joins them"
        head = f"{self.a} and {self.b} are one person"
        return "\n".join([head, *(f"  {each}" for each in self.chain)])

    def _repr_html_(self) -> str:
        head, *rest = str(self).split("\n")
        items = "".join(f"<li>{escape(line.strip())}</li>" for line in rest)
        return f"<p>{escape(head)}</p>" + (f"<ul>{items}</ul>" if items else "")


def links_of(snapshot: Snapshot, keys: tuple[int, ...]) -> tuple[tuple[int, int, str, str, str], ...]:
    """The edges that hold between some records: two keys, rule, namespace, key."""
    found = snapshot.query(
        """SELECT a, b, rule, namespace, key FROM identity.edges WHERE NOT cut AND a IN (SELECT unnest($1))
        ORDER BY CASE rule WHEN 'id' THEN 0 WHEN 'email' THEN 1 ELSE 2 END, a, b, namespace, key""",
        [list(keys)],
    )
    return tuple((a, b, rule, namespace, key) for a, b, rule, namespace, key in found)


def chain_between(
    start: int, goal: int, links: tuple[tuple[int, int, str, str, str], ...], refs: dict[int, str]
) -> tuple[Evidence, ...] | None:
    """The shortest chain of links between two records, the surest link where there are several; None for none."""
    ways: dict[int, list[tuple[int, Evidence]]] = {}
    for a, b, rule, namespace, key in links:
        words = f"{_WORDS[rule]} ({namespace})" if namespace else _WORDS[rule]
        for here, there in ((a, b), (b, a)):
            evidence = Evidence(a=refs[here], b=refs[there], rule=words, shown=masked(rule, key))
            ways.setdefault(here, []).append((there, evidence))
    came: dict[int, tuple[int, Evidence] | None] = {start: None}
    waiting = deque([start])
    while waiting and goal not in came:
        here = waiting.popleft()
        for there, evidence in ways.get(here, ()):
            if there not in came:
                came[there] = (here, evidence)
                waiting.append(there)
    if goal not in came:
        return None
    chain = []
    step = came[goal]
    while step is not None:
        here, evidence = step
        chain.append(evidence)
        step = came[here]
    return tuple(reversed(chain))
