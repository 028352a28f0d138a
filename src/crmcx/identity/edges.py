"""Which records share a key, and may be one person's by all else that they say.

Only distinct ways of naming a person are compared, not records: a key that a thousand records of one name share costs
no more than one of two. A record that could be either of two people is joined to neither by that key.
"""

from __future__ import annotations

from typing import Any

from crmcx.engines import ColumnStream, handed_over
from crmcx.identity.policy import Policy
from crmcx.store import literal

_SHORT, _LONG = 4, 8
_LONGEST = 64
"""Letters of a name that are compared."""
_FIRST_YEAR, _LAST_YEAR = 1850, 2200
_TITLES = (
    *("dipl", "dr", "eheleute", "familie", "frau", "herr", "herrn", "ing", "ii", "iii", "jr", "jun", "junior", "mag"),
    *("mba", "miss", "mr", "mrs", "ms", "phd", "prof", "sen", "senior", "sir", "sr"),
)
"""Words beside a name that are no part of it."""
_ACCENTED = r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{Common}\p{Inherited}]*"
"""Scripts whose marks are accents; in others a mark is a letter's vowel."""


def _plain(sql: str, *, digits: bool = False) -> str:
    """A name without case, accents, blanks and marks."""
    text = f"lower(nfc_normalize(left(coalesce({sql}, ''), {4 * _LONGEST})))"
    bare = f"CASE WHEN regexp_full_match({text}, '{_ACCENTED}') THEN strip_accents({text}) ELSE {text} END"
    kept = r"[^\p{L}\p{M}\p{N}]+" if digits else r"[^\p{L}\p{M}]+"
    return f"left(regexp_replace(replace({bare}, 'ß', 'ss'), '{kept}', '', 'g'), {_LONGEST})"


def _near(a: str, b: str) -> str:
    """Whether two words differ by a slip of the pen: one in a word of four letters or more, two in one of eight.

    Only in scripts with capitals, where a letter is a small part of a word.
    """
    least = f"least(length({a}), length({b}))"
    allowed = f"CASE WHEN {least} >= {_LONG} THEN 2 WHEN {least} >= {_SHORT} THEN 1 ELSE 0 END"
    cased = f"upper({a}) <> lower({a}) AND upper({b}) <> lower({b})"
    return (
        f"CASE WHEN {a} = {b} THEN true WHEN abs(length({a}) - length({b})) > 2 OR NOT ({cased}) THEN false"
        f" ELSE damerau_levenshtein({a}, {b}) <= {allowed} END"
    )


def _given_fits(a: str, b: str) -> str:
    """Whether two given names may be one person's; the last letter often parts hers from his, and is no slip."""
    one, other = f"{a}.given", f"{b}.given"
    cased = f"upper({one}) <> lower({one})"
    initial = f"((length({one}) = 1 OR length({other}) = 1) AND left({one}, 1) = left({other}, 1) AND {cased})"
    nickname = f"list_has_any({a}.nicknames, {b}.nicknames)"
    slip = f"(right({one}, 1) = right({other}, 1) AND {_near(one, other)})"
    return f"({one} = '' OR {other} = '' OR {initial} OR {nickname} OR {slip})"


def _family_fits(a: str, b: str) -> str:
    """Whether two family names, or names of organisations, may be one; their numbers must be equal."""
    one, other = f"{a}.family", f"{b}.family"
    numbers = " = ".join(f"regexp_replace({name}, '[^\\p{{N}}]', '', 'g')" for name in (one, other))
    return f"({one} = '' OR {other} = '' OR (({_near(one, other)}) AND {numbers}))"


def fits(a: str, b: str, policy: Policy) -> str:
    """SQL: whether two ways of naming a person, of two aliases of `id_people`, may be one person's."""
    straight = f"({_given_fits(a, b)} AND {_family_fits(a, b)})"
    swapped = (
        f"({a}.given <> '' AND {b}.family <> '' AND ({_near(f'{a}.given', f'{b}.family')})"
        f" AND ({_near(f'{a}.family', f'{b}.given')}))"
    )
    born = (
        f"({a}.birth_year IS NULL OR {b}.birth_year IS NULL"
        f" OR abs({a}.birth_year - {b}.birth_year) <= {policy.birth_years_apart})"
    )
    return f"({a}.party = {b}.party AND {born} AND ({straight} OR {swapped}))"


def make_people(connection: Any, policy: Policy) -> None:  # noqa: ANN401 - a DuckDB connection
    """Make the temporary table `id_people`: for each customer how she is named; `way` numbers equal ways."""
    pairs = [(name, number) for number, group in enumerate(policy.nicknames) for name in group]
    columns: dict[str, list[Any]] = {"name": [name for name, _ in pairs], "number": [number for _, number in pairs]}
    groups = ColumnStream(columns, {"name": "string", "number": "int64"})
    with handed_over(connection, "id_groups", groups):
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE id_nicknames AS
            SELECT {_plain("name")} AS name, list(DISTINCT number) AS numbers FROM id_groups GROUP BY ALL"""
        ).fetchall()
    titles = ", ".join(map(literal, _TITLES))
    # What a source calls a name, in words without titles; where nothing else is left, as it was.
    words = f"""list_filter(string_split(trim(regexp_replace(coalesce(%s, ''), '\\s+', ' ', 'g')), ' '),
        lambda w: NOT list_contains([{titles}], regexp_replace(lower(w), '[^\\p{{L}}]', '', 'g')))"""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_people AS
        WITH split AS (
            SELECT key, created_us, CASE WHEN birth_year BETWEEN {_FIRST_YEAR} AND {_LAST_YEAR} THEN birth_year END
                AS birth_year, CASE WHEN kind IN ('organisation', 'household') THEN kind ELSE 'person' END AS party,
                nullif(trim(name), '') AS name, {words % "name"} AS words,
                {words % "given_name"} AS given_words, {words % "family_name"} AS family_words FROM main.customers
        ), named AS (
            SELECT key, created_us, birth_year, party,
                CASE WHEN party <> 'person' THEN '' ELSE coalesce(nullif(given_words[1], ''),
                    CASE WHEN len(words) > 1 THEN words[1] END) END AS given,
                CASE WHEN party <> 'person' THEN name ELSE coalesce(nullif(array_to_string(family_words, ' '), ''),
                    CASE WHEN len(words) > 1 THEN words[-1]
                        WHEN coalesce(given_words[1], '') = '' THEN words[1] END) END AS family
            FROM split
        ), plain AS (
            SELECT key, created_us, birth_year, party, {_plain("given")} AS given,
                CASE WHEN party = 'person' THEN {_plain("family")} ELSE {_plain("family", digits=True)} END AS family
            FROM named
        )
        SELECT p.*, coalesce(n.numbers, []) AS nicknames, hash(given, family, birth_year, party) AS way,
            given = '' AND family = '' AS nameless, length(given) > 1 AND family <> '' AS whole
        FROM plain p LEFT JOIN id_nicknames n ON n.name = p.given"""
    ).fetchall()


def make_edges(connection: Any, policy: Policy) -> None:  # noqa: ANN401 - a DuckDB connection
    """Make the temporary table `id_edges`: a, b, rule, namespace, key; more of what is set aside goes to `id_aside`."""
    # Who holds each key, with the way in which she is named: what follows never joins two records by a key alone.
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE id_held AS
        SELECT k.rule, k.namespace, k.key, k.customer_key, p.way, p.nameless, hash(p.given, p.family) AS name,
            p.given, p.family, p.birth_year, p.party, p.nicknames
        FROM id_keys k JOIN id_people p ON p.key = k.customer_key"""
    ).fetchall()
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_ways AS
        WITH shared AS (
            SELECT rule, namespace, key, count(DISTINCT CASE WHEN NOT nameless THEN name END)
                + count(*) FILTER (nameless) AS people
            FROM id_held GROUP BY ALL HAVING count(*) > 1
        )
        SELECT s.rule, s.namespace, s.key, s.people > {policy.max_people} AS generic, h.way, min(h.customer_key) AS hub,
            any_value(h.given) AS given, any_value(h.family) AS family, any_value(h.birth_year) AS birth_year,
            any_value(h.party) AS party, any_value(h.nicknames) AS nicknames,
            any_value(h.given) <> '' AND any_value(h.family) <> '' AS named
        FROM shared s JOIN id_held h USING (rule, namespace, key)
        GROUP BY s.rule, s.namespace, s.key, s.people, h.way"""
    ).fetchall()
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_pairs AS
        SELECT a.rule, a.namespace, a.key, a.way, b.way AS other, a.hub, b.hub AS other_hub,
            {fits("a", "b", policy)} AS fits
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
            WHERE NOT w.generic AND (w.rule <> 'phone' OR w.named)
        )
        SELECT s.hub AS a, h.customer_key AS b, s.rule, s.namespace, s.key
        FROM sound s JOIN id_held h USING (rule, namespace, key, way) WHERE h.customer_key <> s.hub
        UNION ALL SELECT x.hub, x.other_hub, x.rule, x.namespace, x.key FROM id_pairs x
            SEMI JOIN sound s ON (s.rule, s.namespace, s.key, s.way) = (x.rule, x.namespace, x.key, x.way)
            SEMI JOIN sound t ON (t.rule, t.namespace, t.key, t.way) = (x.rule, x.namespace, x.key, x.other)
        WHERE x.fits AND x.hub < x.other_hub"""
    ).fetchall()
    connection.execute(
        f"""INSERT INTO id_aside
        SELECT w.rule, w.namespace, CASE WHEN w.generic THEN 'shared by more than {policy.max_people} people'
            WHEN e.way IS NOT NULL THEN 'could be either of two people' ELSE 'no full name beside it' END,
            h.customer_key
        FROM id_ways w LEFT JOIN id_either e USING (rule, namespace, key, way)
            JOIN id_held h USING (rule, namespace, key, way)
        WHERE w.generic OR e.way IS NOT NULL OR (w.rule = 'phone' AND NOT w.named)"""
    ).fetchall()
