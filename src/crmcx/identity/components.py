"""People from edges: connected components, and the cutting of those that break a rule."""

from __future__ import annotations

from itertools import product
from typing import Any

from crmcx.identity.edges import fits
from crmcx.identity.policy import RULES, Policy
from crmcx.store import literal

_MOST_WAYS = 200
"""Ways of naming a person in one component beyond which it cannot be one person's, and is not compared pair by pair."""


def make_components(connection: Any, policy: Policy) -> None:  # noqa: ANN401 - a DuckDB connection
    """Make the temporary table `id_components`: key, component; the edges that were cut are marked in `id_edges`.

    A component that holds two records which cannot be one person's loses edges of its weakest rule: first those of
    records that do not tell a full name, then all of that rule. It is looked at again after each, until none is left
    that breaks a rule.
    """
    connection.execute("ALTER TABLE id_edges ADD COLUMN cut BOOLEAN DEFAULT false").fetchall()
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE id_components AS SELECT key, key AS component FROM id_people"
    ).fetchall()
    _connect(connection)
    vague = "(a IN (SELECT key FROM id_people WHERE NOT whole) OR b IN (SELECT key FROM id_people WHERE NOT whole))"
    for rule, which in product(RULES, (vague, "true")):
        if not _find_broken(connection, policy):
            return
        connection.execute(
            f"""UPDATE id_edges SET cut = true WHERE rule = {literal(rule)} AND {which} AND a IN (
                SELECT key FROM id_components SEMI JOIN id_broken USING (component))"""
        ).fetchall()
        connection.execute(
            "UPDATE id_components SET component = key WHERE component IN (SELECT component FROM id_broken)"
        ).fetchall()
        _connect(connection)


def _connect(connection: Any) -> None:  # noqa: ANN401 - a DuckDB connection
    """Give all records that edges connect the component of the least of them, by contraction.

    In each round every component takes the least number among its own and its neighbours', and the edges within what
    became one fall away. Keys are hashes, so the rounds grow with the logarithm of the longest chain.
    """
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE id_links AS
        WITH placed AS (
            SELECT x.component AS a, y.component AS b FROM id_edges e
            JOIN id_components x ON x.key = e.a JOIN id_components y ON y.key = e.b
            WHERE NOT e.cut AND x.component <> y.component
        )
        SELECT a, b FROM placed UNION SELECT b, a FROM placed"""
    ).fetchall()
    while True:
        ((left,),) = connection.execute("SELECT count(*) FROM id_links").fetchall()
        if not left:
            return
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE id_least AS
            SELECT a AS was, least(a, min(b)) AS least FROM id_links GROUP BY a"""
        ).fetchall()
        connection.execute(
            "UPDATE id_components SET component = l.least FROM id_least l WHERE component = l.was AND l.least <> l.was"
        ).fetchall()
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE id_links AS
            SELECT DISTINCT x.least AS a, y.least AS b FROM id_links l
            JOIN id_least x ON x.was = l.a JOIN id_least y ON y.was = l.b WHERE x.least <> y.least"""
        ).fetchall()


def _find_broken(connection: Any, policy: Policy) -> int:  # noqa: ANN401 - a DuckDB connection
    """Make the temporary table `id_broken` of the components that break a rule, and count them."""
    unique = ", ".join(map(literal, policy.unique))
    twice = (
        f"""UNION SELECT c.component FROM id_keys k JOIN id_components c ON c.key = k.customer_key
        WHERE k.rule = 'id' AND k.namespace IN ({unique})
        GROUP BY c.component, k.namespace HAVING count(DISTINCT k.key) > 1"""
        if unique
        else ""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_broken AS
        WITH ways AS (
            SELECT c.component, p.way, any_value(p.given) AS given, any_value(p.family) AS family,
                any_value(p.birth_year) AS birth_year, any_value(p.party) AS party,
                any_value(p.nicknames) AS nicknames
            FROM id_components c JOIN id_people p USING (key) GROUP BY c.component, p.way
        ), several AS (
            SELECT component, count(*) AS ways FROM ways GROUP BY component HAVING count(*) > 1
        )
        SELECT component FROM several WHERE ways > {_MOST_WAYS}
        UNION SELECT a.component FROM several s JOIN ways a USING (component) JOIN ways b USING (component)
        WHERE s.ways <= {_MOST_WAYS} AND a.way < b.way AND NOT {fits("a", "b", policy)}
        {twice}"""
    ).fetchall()
    ((count,),) = connection.execute("SELECT count(*) FROM id_broken").fetchall()
    return int(count)
