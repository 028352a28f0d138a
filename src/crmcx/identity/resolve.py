"""Resolution: people out of records, as a pure function of the records and the policy.

A person's id is the key of her oldest record, by the source's time of creation, then by key. An id that was hers before
leads to her still: it is the key of one of her records.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen

from crmcx.identity.components import make_components
from crmcx.identity.edges import make_edges, make_people
from crmcx.identity.keys import make_keys
from crmcx.identity.policy import Policy
from crmcx.store import Store

_TEMPORARY = (
    *(
        "said",
        "keys",
        "aside",
        "nicknames",
        "people",
        "held",
        "ways",
        "pairs",
        "either",
        "edges",
        "components",
        "links",
    ),
    *("least", "broken", "map"),
)
_RULE_WORDS = {"email": "same mailbox", "phone": "same phone and full name", "id": "same number"}


@frozen(kw_only=True)
class Resolution:
    """What a resolution made of the records. Prints as a summary."""

    version: int
    """Version of the map of people; it grows when somebody's person or the policy changed."""
    records: int
    """Customer records."""
    people: int
    """People they became."""
    largest: int
    """Records of the person with the most."""
    moved: int
    """Records whose person is another than before, or that had none."""
    joined: tuple[tuple[str, int], ...]
    """Edges that hold, by rule."""
    cut: int
    """Edges that were cut, since they would have made one person of two."""
    aside: tuple[tuple[str, str, int], ...]
    """Rule, reason, and how many records have a value that is no key, or joins nobody."""
    policy_hash: str
    """The policy it was made by."""

    def _told(self) -> list[tuple[str, str]]:
        told = [
            ("records", f"{self.records:,}"),
            ("people", f"{self.people:,}"),
            ("most records of one person", f"{self.largest:,}"),
            *((f"joined by {_RULE_WORDS[rule]}", f"{n:,}") for rule, n in self.joined),
        ]
        if self.cut:
            told.append(("links cut, since they join two people", f"{self.cut:,}"))
        return told + [(f"not used to join: {rule}, {reason}", f"{n:,}") for rule, reason, n in self.aside]

    def __str__(self) -> str:
        told = self._told()
        width = max(len(words) for words, _ in told)
        return "\n".join([f"people, version {self.version}", *(f"  {words:<{width}}  {n:>9}" for words, n in told)])

    def _repr_html_(self) -> str:
        body = "".join(f"<tr><td>{words}</td><td>{n}</td></tr>" for words, n in self._told())
        return f"<table><caption>people, version {self.version}</caption><tbody>{body}</tbody></table>"


def resolve(store: Store, policy: Policy | None = None) -> Resolution:
    """Make people out of all records of customers, and keep the map when it differs from the one before.

    Args:
        store: The store; its records stay as they are, only the map of people changes.
        policy: What may join; None for the defaults.

    Returns:
        How many people there are, what joined them and what was set aside.

    Raises:
        StoreReadOnlyError: The store is open to read only.
    """
    rules = policy or Policy()
    with store.writing() as connection:
        make_keys(connection, rules)
        make_people(connection, rules)
        make_edges(connection, rules)
        make_components(connection, rules)
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE id_map AS
            SELECT c.key AS customer_key, first_value(c.key) OVER (
                PARTITION BY c.component ORDER BY p.created_us NULLS LAST, c.key) AS person_id
            FROM id_components c JOIN id_people p USING (key)"""
        ).fetchall()
        made = _keep(connection, rules, store.now_us())
        for name in _TEMPORARY:
            connection.execute(f"DROP TABLE IF EXISTS id_{name}").fetchall()
    return made


def _keep(connection: Any, policy: Policy, now_us: int) -> Resolution:  # noqa: ANN401 - a DuckDB connection
    """Write the map and what it rests on, where it differs from the one before."""
    ((moved, gone),) = connection.execute(
        """SELECT count(*) FILTER (m.customer_key IS NOT NULL AND p.person_id IS DISTINCT FROM m.person_id),
            count(*) FILTER (m.customer_key IS NULL)
        FROM id_map m FULL JOIN person_map p USING (customer_key)"""
    ).fetchall()
    before = connection.execute(
        "SELECT version, policy_hash FROM identity.versions ORDER BY version DESC LIMIT 1"
    ).fetchall()
    last, same = (before[0][0], before[0][1] == policy.hash) if before else (0, False)
    version = last if same and not moved and not gone else last + 1
    records, people, largest = connection.execute(
        "SELECT coalesce(sum(n), 0), count(*), coalesce(max(n), 0)"
        " FROM (SELECT count(*) AS n FROM id_map GROUP BY person_id)"
    ).fetchall()[0]
    if version != last:
        connection.execute("DELETE FROM person_map").fetchall()
        connection.execute(f"INSERT INTO person_map SELECT *, {version} FROM id_map ORDER BY person_id").fetchall()
        connection.execute(
            "INSERT INTO identity.versions VALUES ($1, $2, $3, $4, $5, $6)",
            [version, now_us, json.dumps(policy.describe()), policy.hash, int(records), people],
        ).fetchall()
    for name in ("keys", "edges", "aside"):
        connection.execute(f"DELETE FROM identity.{name}").fetchall()
        connection.execute(f"INSERT INTO identity.{name} SELECT DISTINCT * FROM id_{name}").fetchall()
    joined = connection.execute(
        "SELECT rule, count(*) FROM identity.edges WHERE NOT cut GROUP BY rule ORDER BY rule"
    ).fetchall()
    ((cut,),) = connection.execute("SELECT count(*) FROM identity.edges WHERE cut").fetchall()
    aside = connection.execute(
        """SELECT rule, reason, count(DISTINCT customer_key) AS n FROM identity.aside
        GROUP BY rule, reason ORDER BY n DESC, rule, reason"""
    ).fetchall()
    return Resolution(
        version=version,
        records=int(records),
        people=people,
        largest=largest,
        moved=moved,
        joined=tuple(joined),
        cut=cut,
        aside=tuple(aside),
        policy_hash=policy.hash,
    )
