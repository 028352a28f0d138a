"""Resolution once more, record by record in plain Python: what the one in the store is held against."""

from __future__ import annotations

import itertools
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from crmcx.identity import Policy
from crmcx.identity.readings import read_email, read_id, read_phone
from crmcx.models import Customer
from crmcx.tables import key_of


def plain(name: str | None) -> str:
    text = unicodedata.normalize("NFD", (name or "").casefold())
    return "".join(letter for letter in text if letter.isalpha())


def slips(a: str, b: str) -> int:
    """Damerau and Levenshtein's distance, for words in which no letter moves further than one place."""
    rows = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
        rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


def near(a: str, b: str) -> bool:
    least = min(len(a), len(b))
    return a == b or slips(a, b) <= (2 if least >= 8 else 1 if least >= 4 else 0)


class Way:
    def __init__(self, record: Customer) -> None:
        self.given = plain((record.given_name or "").strip().split(" ")[0])
        self.family = plain(record.family_name)
        self.born = record.birth_year if 1850 <= (record.birth_year or 0) <= 2200 else None
        self.whole = len(self.given) > 1 and bool(self.family)

    def fits(self, other: Way, policy: Policy) -> bool:
        if self.born and other.born and abs(self.born - other.born) > policy.birth_years_apart:
            return False
        a, b = self.given, other.given
        nickname = any(a in group and b in group for group in (tuple(map(plain, g)) for g in policy.nicknames))
        initial = min(len(a), len(b)) == 1 and a[0] == b[0]
        given = not a or not b or initial or nickname or (a[-1] == b[-1] and near(a, b))
        family = not self.family or not other.family or near(self.family, other.family)
        swapped = bool(a and other.family) and near(a, other.family) and near(self.family, b)
        return (given and family) or swapped


def keys_of(record: Customer, policy: Policy, namespaces: set[str]) -> set[tuple[str, str, str]]:
    found = set()
    for point in record.contact_points:
        if point.kind == "email":
            found.add(("email", "", read_email(point.value, plus_tags=policy.plus_tags).key))
        elif point.kind == "phone":
            found.add(("phone", "", read_phone(point.value, record.country or policy.region).key))
    found |= {("id", each.namespace, read_id(each.value).key) for each in record.identifiers}
    if record.source in namespaces or record.source in policy.unique:
        found.add(("id", record.source, read_id(record.source_id).key))
    return {key for key in found if key[2] is not None}  # type: ignore[misc]


def components(nodes: set[str], edges: set[tuple[str, str]]) -> list[set[str]]:
    left, found = set(nodes), []
    while left:
        waiting, reached = [left.pop()], set()
        while waiting:
            node = waiting.pop()
            reached.add(node)
            waiting += [x for edge in edges if node in edge for x in edge if x not in reached]
        left -= reached
        found.append(reached)
    return found


def resolved(records: Sequence[Customer], policy: Policy) -> dict[str, int]:
    """Reference to the id of the person."""
    ways = {each.ref: Way(each) for each in records}
    namespaces = {each.namespace for record in records for each in record.identifiers}
    by_key = defaultdict(set)
    for record in records:
        for key in keys_of(record, policy, namespaces):
            by_key[key].add(record.ref)
    edges: dict[str, set[tuple[str, str]]] = {"phone": set(), "email": set(), "id": set()}
    for (rule, _, _), refs in by_key.items():
        named = {(ways[ref].given, ways[ref].family) for ref in refs} - {("", "")}
        nameless = [ref for ref in refs if not ways[ref].given and not ways[ref].family]
        if len(named) + len(nameless) > policy.max_people:
            continue
        ok = {(a, b): ways[a].fits(ways[b], policy) for a in refs for b in refs}
        either = {a for a in refs for b in refs for c in refs if ok[a, b] and ok[a, c] and not ok[b, c]}
        whole = {a for a in refs if ways[a].given and ways[a].family}
        usable = refs - either if rule != "phone" else (refs - either) & whole
        edges[rule] |= {(a, b) for a in usable for b in usable if a < b and ok[a, b]}
    held = {rule: set(found) for rule, found in edges.items()}
    for rule, vague in itertools.product(("phone", "email", "id"), (True, False)):
        for part in components(set(ways), set.union(*held.values())):
            if not sound(part, ways, records, policy):
                cut = {edge for edge in held[rule] if edge[0] in part}
                held[rule] -= {(a, b) for a, b in cut if not vague or not ways[a].whole or not ways[b].whole}
    people = {}
    age = {each.ref: (each.created_at is None, each.created_at or 0, key_of("customers", each.ref)) for each in records}
    for part in components(set(ways), set.union(*held.values())):
        oldest = min(part, key=age.__getitem__)
        people |= dict.fromkeys(part, key_of("customers", oldest))
    return people


def sound(part: set[str], ways: dict[str, Way], records: Sequence[Customer], policy: Policy) -> bool:
    if not all(ways[a].fits(ways[b], policy) for a in part for b in part):
        return False
    values = defaultdict(set)
    for record in records:
        if record.ref in part:
            for each in record.identifiers:
                values[each.namespace].add(read_id(each.value).key)
            values[record.source].add(read_id(record.source_id).key)
    return all(len(values[namespace] - {None}) <= 1 for namespace in policy.unique)
