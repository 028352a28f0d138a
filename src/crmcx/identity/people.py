"""People: found by any identifier of any source, with their records, their timeline and why they are one."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from crmcx.errors import AmbiguousPersonError, UnknownPersonError, UsageError
from crmcx.identity.evidence import Evidence, Why, chain_between, links_of
from crmcx.identity.readings import read_email, read_id, read_phone
from crmcx.identity.timeline import Timeline, timeline_of
from crmcx.models import ContactPoint, Customer, Identifier
from crmcx.tables import to_objects

if TYPE_CHECKING:
    from crmcx.models.base import Part
    from crmcx.store import Snapshot

_LONGEST_ID = 19
_SHOWN = 10


@frozen(repr=False, eq=False)
class Person:
    """One person, resolved over all sources, as she stood in one snapshot."""

    id: int
    """Her id: the key of her oldest record."""
    customers: tuple[Customer, ...]
    """Her records, the oldest first."""
    evidence: tuple[Evidence, ...]
    """What joins them: one link for each record after the first, the surest there is."""
    snapshot: str
    """Id of the snapshot."""
    _source: Snapshot = field()
    _keys: tuple[int, ...] = field()

    @property
    def sources(self) -> tuple[str, ...]:
        """The connections that know her."""
        return tuple(sorted({each.source for each in self.customers}))

    def timeline(self) -> Timeline:
        """All that happened between her and the company, every source in one order, with the stage at each point."""
        return timeline_of(self._source, self._keys)

    def __repr__(self) -> str:
        return f"<person {self.id}: {len(self.customers)} records of {', '.join(self.sources)}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(each.source)}</td><td>{escape(each.source_id)}</td>"
            f"<td>{f'{each.created_at:%Y-%m-%d}' if each.created_at else ''}</td></tr>"
            for each in self.customers
        )
        links = "".join(f"<li>{escape(str(each))}</li>" for each in self.evidence)
        return (
            f"<table><caption>person {self.id}</caption><thead><tr><th>source</th><th>id</th><th>created</th></tr>"
            f"</thead><tbody>{rows}</tbody></table><ul>{links}</ul>"
        )


def person(snapshot: Snapshot, value: str, *, namespace: str | None = None) -> Person:
    """The person that an identifier means.

    Args:
        snapshot: Where to look.
        value: A number or address of hers in any source, a record as `source/id`, or an id of a person, also an
            earlier one.
        namespace: What kind it is: `loan` or another namespace of identifiers, a source whose id it is, `email`,
            `phone`; None for any of them.

    Raises:
        UnknownPersonError: Nobody is known by it.
        AmbiguousPersonError: Several people are.
        UsageError: The value is no text.
    """
    _demand_text(value)
    keys = _candidates(snapshot, _writable(value).strip(), None if namespace is None else _writable(namespace))
    people = snapshot.query(
        "SELECT DISTINCT coalesce(p.person_id, k.key) FROM (SELECT unnest($1) AS key) k"
        " LEFT JOIN main.person_map p ON p.customer_key = k.key",
        [sorted(keys)],
    )
    known = [name for (name,) in snapshot.query("SELECT DISTINCT namespace FROM main.identifiers ORDER BY ALL")]
    said = f"a value of {len(value)} characters" + (f" in namespace {namespace!r}" if namespace in known else "")
    if not people:
        some = ", ".join([*known[:_SHOWN], *(["..."] if len(known) > _SHOWN else []), "email", "phone"])
        msg = f"nobody is known by {said}; identifiers are of: {some}"
        raise UnknownPersonError(msg, hint="check the spelling, leave namespace= out, or resolve() what came in since")
    if len(people) > 1:
        msg = f"{len(people)} people are known by {said}"
        raise AmbiguousPersonError(msg, hint="pass namespace=, or the record as source/id, or resolve() first")
    return _load(snapshot, people[0][0])


def why(snapshot: Snapshot, a: str, b: str) -> Why:
    """Why two records are one person's.

    Args:
        snapshot: Where to look.
        a: A record, as `source/id`, or an identifier that means one person.
        b: Another.

    Returns:
        The shortest chain of keys that joins them, the surest link where there are several; or that none does.

    Raises:
        UnknownPersonError: There is no such record.
        AmbiguousPersonError: It could be several people's.
    """
    if not snapshot.query("SELECT 1 FROM identity.versions LIMIT 1"):
        msg = "nobody has looked yet which records are one person's"
        raise UsageError(msg, hint="call resolve() first")
    ends = [_record(snapshot, each) for each in (a, b)]
    (first, first_ref, first_person), (second, second_ref, second_person) = ends
    if first_person != second_person:
        return Why(a=first_ref, b=second_ref, joined=False, chain=())
    keys = _keys_of(snapshot, first_person)
    chain = chain_between(first, second, links_of(snapshot, keys), _refs(snapshot, keys))
    return Why(a=first_ref, b=second_ref, joined=chain is not None, chain=chain or ())


def _candidates(snapshot: Snapshot, value: str, namespace: str | None) -> set[int]:
    """Keys of the records that a value may mean: as it is written, or as the last resolution read it."""
    policy = _policy(snapshot)
    found = snapshot.query(
        """SELECT customer_key FROM main.identifiers WHERE ($2 IS NULL OR namespace = $2) AND value = $1
        UNION SELECT customer_key FROM main.contact_points WHERE ($2 IS NULL OR kind = $2) AND value = $1
        UNION SELECT customer_key FROM identity.keys WHERE
            (rule = 'id' AND ($2 IS NULL OR namespace = $2) AND key = $3)
            OR (($2 IS NULL OR rule = $2) AND ((rule = 'email' AND key = $4) OR (rule = 'phone' AND key = $5)))
        UNION SELECT key FROM main.customers WHERE ($2 IS NULL OR source = $2) AND source_id = $1
        UNION SELECT key FROM main.customers WHERE $2 IS NULL AND source || '/' || source_id = $1
        UNION SELECT key FROM main.customers WHERE $2 IS NULL AND key = $6""",
        [
            value,
            namespace,
            read_id(value).key,
            read_email(value, plus_tags=policy.get("plus_tags", True)).key,
            read_phone(value, policy.get("region")).key,
            _as_id(value),
        ],
    )
    return {key for (key,) in found}


def _demand_text(value: object) -> None:
    if not isinstance(value, str):
        msg = f"found {type(value).__name__} as a person's number, expected text"
        raise UsageError(msg, hint="pass it as text, such as '4711'")


def _policy(snapshot: Snapshot) -> dict[str, Any]:
    """The policy of the last resolution, as plain data; empty where there was none."""
    found = snapshot.query("SELECT policy FROM identity.versions ORDER BY version DESC LIMIT 1")
    return dict(json.loads(found[0][0])) if found else {}


def _writable(text: str) -> str:
    """A text as a store can hold it: half a character, which it cannot, is replaced."""
    return text.encode(errors="replace").decode()


def _as_id(value: str) -> int | None:
    """A value as the id of a person; None when it is none."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < _LONGEST_ID + 1 else None


def _record(snapshot: Snapshot, said: str) -> tuple[int, str, int]:
    """Key, reference and person of a record that is named by itself, or of the oldest of the person that is meant."""
    found = snapshot.query(
        """SELECT c.key, coalesce(p.person_id, c.key) FROM main.customers c
        LEFT JOIN main.person_map p ON p.customer_key = c.key WHERE c.source || '/' || c.source_id = $1""",
        [said],
    )
    if found:
        return found[0][0], said, found[0][1]
    meant = person(snapshot, said)
    return meant.id, meant.customers[0].ref, meant.id


def _keys_of(snapshot: Snapshot, person_id: int) -> tuple[int, ...]:
    found = snapshot.query("SELECT customer_key FROM main.person_map WHERE person_id = $1", [person_id])
    return tuple(sorted(key for (key,) in found)) or (person_id,)


def _refs(snapshot: Snapshot, keys: tuple[int, ...]) -> dict[int, str]:
    found = snapshot.query(
        "SELECT key, source || '/' || source_id FROM main.customers WHERE key IN (SELECT unnest($1))", [list(keys)]
    )
    return dict(found)


def _load(snapshot: Snapshot, person_id: int) -> Person:
    keys = _keys_of(snapshot, person_id)
    rows = snapshot.dicts(
        "SELECT * FROM main.customers WHERE key IN (SELECT unnest($1)) ORDER BY created_us NULLS LAST, key",
        [list(keys)],
    )
    nested: dict[type[Part], list[dict[str, Any]]] = {
        part: snapshot.dicts(f"SELECT * FROM main.{part.table} WHERE customer_key IN (SELECT unnest($1))", [list(keys)])
        for part in (ContactPoint, Identifier)
    }
    return Person(
        id=person_id,
        customers=tuple(to_objects(Customer, rows, nested)),
        evidence=_tree(links_of(snapshot, keys), _refs(snapshot, keys)),
        snapshot=snapshot.id,
        source=snapshot,
        keys=keys,
    )


def _tree(links: tuple[tuple[int, int, str, str, str], ...], refs: dict[int, str]) -> tuple[Evidence, ...]:
    """Links that join all records and no two of which say the same, the surest first."""
    heads = {key: key for key in refs}

    def head(key: int) -> int:
        while heads[key] != key:
            heads[key] = heads[heads[key]]
            key = heads[key]
        return key

    found: list[Evidence] = []
    for link in links:
        a, b = head(link[0]), head(link[1])
        if a != b:
            heads[b] = a
            found.extend(chain_between(link[0], link[1], (link,), refs) or ())
    return tuple(found)
