"""Which records share a key, and may be one person's by all else that they say.

Only distinct ways of naming a person are compared, not records: a key that a thousand records of one name share costs
no more than one of two. A record that could be either of two people is joined to neither by that key.
"""

from __future__ import annotations

from typing import Any

from crmcx.engines import ColumnStream
from crmcx.identity.policy import Policy

_LETTERS = r"[^\p{L}]+"
_SHORT, _LONG = 4, 8


def _plain(sql: str) -> str:
    """A name without case, accents, blanks and marks."""
    return (
        f"regexp_replace(replace(lower(strip_accents(nfc_normalize(coalesce({sql}, '')))), 'ß', 'ss'),"
        f" '{_LETTERS}', '', 'g')"
    )


def _near(a: str, b: str) -> str:
    """Whether two words differ by a slip of the pen: one in a word of four letters or more, two in one of eight."""
    least = f"least(length({a}), length({b}))"
    slips = f"damerau_levenshtein({a}, {b})"
    return f"({a} = {b} OR ({least} >= {_SHORT} AND {slips} <= 1) OR ({least} >= {_LONG} AND {slips} <= 2))"


def _given_fits(a: str, b: str) -> str:
    initial = f"((length({a}.given) = 1 OR length({b}.given) = 1) AND left({a}.given, 1) = left({b}.given, 1))"
    nickname = f"list_has_any({a}.nicknames, {b}.nicknames)"
    return f"({a}.given = '' OR {b}.given = '' OR {initial} OR {nickname} OR {_near(f'{a}.given', f'{b}.given')})"


def _family_fits(a: str, b: str) -> str:
    return f"({a}.family = '' OR {b}.family = '' OR {_near(f'{a}.family', f'{b}.family')})"


def fits(a: str, b: str, policy: Policy) -> str:
    """SQL: whether two ways of naming a person, of two aliases of `id_people`, may be one person's."""
    straight = f"({_given_fits(a, b)} AND {_family_fits(a, b)})"
    swapped = (
        f"({a}.given <> '' AND {b}.family <> '' AND {_near(f'{a}.given', f'{b}.family')}"
        f" AND {_near(f'{a}.family', f'{b}.given')})"
    )
    born = (
        f"({a}.birth_year IS NULL OR {b}.birth_year IS NULL"
        f" OR abs({a}.birth_year - {b}.birth_year) <= {policy.birth_years_apart})"
    )
    return f"({a}.organisation = {b}.organisation AND {born} AND ({straight} OR {swapped}))"


def make_people(connection: Any, policy: Policy) -> None:  # noqa: ANN401 - a DuckDB connection
    """Make the temporary table `id_people`: for each customer how she is named; `way` numbers equal ways."""
    pairs = [(name, number) for number, group in enumerate(policy.nicknames) for name in group]
    columns: dict[str, list[Any]] = {"name": [name for name, _ in pairs], "number": [number for _, number in pairs]}
    connection.register("id_groups", ColumnStream(columns, {"name": "string", "number": "int64"}))
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_nicknames AS
        SELECT {_plain("name")} AS name, list(DISTINCT number) AS numbers FROM id_groups GROUP BY ALL"""
    ).fetchall()
    connection.unregister("id_groups")
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_people AS
        WITH split AS (
            SELECT key, created_us, birth_year, kind = 'organisation' AS organisation,
                string_split(trim(regexp_replace(coalesce(name, ''), '\\s+', ' ', 'g')), ' ') AS words,
                given_name, family_name, name FROM main.customers
        ), named AS (
            SELECT key, created_us, birth_year, organisation,
                CASE WHEN given_name IS NOT NULL OR family_name IS NOT NULL
                    THEN string_split(trim(coalesce(given_name, '')), ' ')[1]
                    WHEN organisation THEN '' WHEN len(words) > 1 THEN words[1] END AS given,
                CASE WHEN given_name IS NOT NULL OR family_name IS NOT NULL THEN family_name
                    WHEN organisation THEN name WHEN len(words) > 1 THEN words[-1] ELSE words[1] END AS family
            FROM split
        ), plain AS (
            SELECT key, created_us, birth_year, organisation, {_plain("given")} AS given, {_plain("family")} AS family
            FROM named
        )
        SELECT p.*, coalesce(n.numbers, []) AS nicknames,
            hash(given, family, birth_year, organisation) AS way, given = '' AND family = '' AS nameless
        FROM plain p LEFT JOIN id_nicknames n ON n.name = p.given"""
    ).fetchall()


def make_edges(connection: Any, policy: Policy) -> None:  # noqa: ANN401 - a DuckDB connection
    """Make the temporary table `id_edges`: a, b, rule, namespace, key; more of what is set aside goes to `id_aside`."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_ways AS
        WITH shared AS (
            SELECT k.rule, k.namespace, k.key,
                count(DISTINCT CASE WHEN NOT p.nameless THEN hash(p.given, p.family) END)
                + count(*) FILTER (p.nameless) AS people
            FROM id_keys k JOIN id_people p ON p.key = k.customer_key GROUP BY ALL HAVING count(*) > 1
        )
        SELECT s.rule, s.namespace, s.key, s.people > {policy.max_people} AS generic, p.way, min(p.key) AS hub,
            any_value(p.given) AS given, any_value(p.family) AS family, any_value(p.birth_year) AS birth_year,
            any_value(p.organisation) AS organisation, any_value(p.nicknames) AS nicknames,
            any_value(p.given) <> '' AND any_value(p.family) <> '' AS whole
        FROM shared s JOIN id_keys k USING (rule, namespace, key) JOIN id_people p ON p.key = k.customer_key
        GROUP BY s.rule, s.namespace, s.key, s.people, p.way"""
    ).fetchall()
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_pairs AS
        SELECT a.rule, a.namespace, a.key, a.way, b.way AS other, a.hub, b.hub AS other_hub,
            {fits("a", "b", policy)} AS fits, a.whole AND b.whole AS whole
        FROM id_ways a JOIN id_ways b USING (rule, namespace, key)
        WHERE NOT a.generic AND a.way <> b.way"""
    ).fetchall()
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE id_either AS
        SELECT DISTINCT x.rule, x.namespace, x.key, x.way FROM id_pairs x
        JOIN id_pairs y ON (y.rule, y.namespace, y.key, y.way) = (x.rule, x.namespace, x.key, x.way)
        JOIN id_pairs z ON (z.rule, z.namespace, z.key, z.way, z.other) = (x.rule, x.namespace, x.key, x.other, y.other)
        WHERE x.fits AND y.fits AND NOT z.fits"""
    ).fetchall()
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE id_edges AS
        WITH sound AS (
            SELECT w.* FROM id_ways w ANTI JOIN id_either USING (rule, namespace, key, way)
            WHERE NOT w.generic AND (w.rule <> 'phone' OR w.whole)
        )
        SELECT s.hub AS a, p.key AS b, s.rule, s.namespace, s.key
        FROM sound s JOIN id_keys k USING (rule, namespace, key)
            JOIN id_people p ON p.key = k.customer_key AND p.way = s.way WHERE p.key <> s.hub
        UNION ALL SELECT x.hub, x.other_hub, x.rule, x.namespace, x.key FROM id_pairs x
            SEMI JOIN sound s ON (s.rule, s.namespace, s.key, s.way) = (x.rule, x.namespace, x.key, x.way)
            SEMI JOIN sound t ON (t.rule, t.namespace, t.key, t.way) = (x.rule, x.namespace, x.key, x.other)
        WHERE x.fits AND x.hub < x.other_hub"""
    ).fetchall()
    connection.execute(
        f"""INSERT INTO id_aside
        SELECT w.rule, w.namespace, CASE WHEN w.generic THEN 'shared by more than {policy.max_people} people'
            WHEN e.way IS NOT NULL THEN 'could be either of two people' ELSE 'no full name beside it' END, p.key
        FROM id_ways w LEFT JOIN id_either e USING (rule, namespace, key, way)
            JOIN id_keys k USING (rule, namespace, key) JOIN id_people p ON p.key = k.customer_key AND p.way = w.way
        WHERE w.generic OR e.way IS NOT NULL OR (w.rule = 'phone' AND NOT w.whole)"""
    ).fetchall()
