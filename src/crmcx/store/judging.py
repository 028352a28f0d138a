"""The SQL that tells for each staged row and marker whether it says something new."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Looks:
    """What a judgement has to look at."""

    table: str
    """The table."""
    source: str
    """The source, as an SQL literal."""
    stream: str
    """The stream, as an SQL literal."""
    mappings: str
    """The hashes of the mappings, as an SQL literal."""
    versioned: bool
    """Whether the mapping gives rows a version; one without is then older than any with one."""
    deletions: bool
    """Whether there are markers, or records that were deleted before."""
    replay: bool
    """Whether the rows come from pages that were read before."""
    repeats: bool
    """Whether a key may come more than once."""


def judged_sql(rows: str, looks: Looks) -> str:
    """The SELECT that adds `old_source`, `old_id` and `action` to rows; those that repeat another are told too.

    Args:
        rows: The SELECT of the rows, with `n`, `arrived`, `key`, `version`, `content_hash` and `gone`.
        looks: What to look at.
    """
    # A marker without a version speaks of what is there when it comes: of the version that is stored, that was deleted,
    # or that came before it in the same commit.
    of_marker = """greatest(t.version, d.version, max(r.version) OVER (
                PARTITION BY r.key ORDER BY r.arrived, r.n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))"""
    version = f"CASE WHEN r.gone AND r.version IS NULL THEN {of_marker} ELSE r.version END"
    buried = f"""LEFT JOIN (SELECT key, version, deleted_us, raw_ref, how FROM books.deleted
                WHERE table_name = '{looks.table}' AND source = {looks.source}) d ON d.key = r.key"""
    of_deletions = f""", {version} AS version, d.key IS NOT NULL AS buried, d.version AS buried_version,
                d.deleted_us AS buried_us, d.raw_ref AS buried_ref, d.how AS buried_how"""
    met = f"""SELECT r.* EXCLUDE (version), t.key IS NOT NULL AS stored, t.source AS old_source,
                t.source_id AS old_id, t.version AS old_version, t.content_hash AS old_hash, t.raw_ref AS old_ref
                {of_deletions if looks.deletions else ", r.version"}
            FROM rows r LEFT JOIN {looks.table} t ON t.key = r.key {buried if looks.deletions else ""}"""
    # Pages that were last read under another mapping; there are none but in the first run after a change of it.
    mapped_else = f"""SELECT page_id FROM books.pages WHERE source = {looks.source}
            AND stream = {looks.stream} AND mappings <> {looks.mappings}"""
    seen = """LEFT JOIN books.pages now_ ON now_.page_id = r.raw_ref >> 20
            LEFT JOIN books.pages then_ ON then_.page_id = r.old_ref >> 20"""
    if looks.replay and looks.deletions:
        seen += " LEFT JOIN books.pages dead_ ON dead_.page_id = r.buried_ref >> 20"
    without = "r.version IS NULL AND r.old_version IS NOT NULL" if looks.versioned else "FALSE"
    return f"""WITH rows AS ({rows}), met AS ({met}), ranked AS (
            SELECT *, {_RANK if looks.repeats else "1"} AS rank FROM met
        )
        SELECT r.* EXCLUDE (old_version, old_hash, old_ref, stored
                {_BURIED if looks.deletions else ""}),
            CASE WHEN rank > 1 THEN 'repeat' {_OF_REPLAY if looks.replay else ""}
                {_OF_REPLAYED_DELETIONS if looks.replay and looks.deletions else ""}
                {_of_deletions(looks) if looks.deletions else ""}
                WHEN NOT r.stored THEN 'new'
                WHEN r.old_hash = r.content_hash THEN 'same'
                WHEN r.version < r.old_version OR ({without}) THEN 'older'
                WHEN r.version = r.old_version AND r.content_hash < r.old_hash AND m.page_id IS NULL THEN 'older'
                ELSE 'changed' END AS action
        FROM ranked r LEFT JOIN ({mapped_else}) m ON m.page_id = r.old_ref >> 20 {seen if looks.replay else ""}"""


def _of_deletions(looks: Looks) -> str:
    """The judgement of markers, and of rows of records that were deleted before."""
    without = "r.version IS NULL OR " if looks.versioned else ""
    return f"""
                WHEN r.gone AND r.stored AND r.version < r.old_version THEN 'older'
                WHEN r.gone AND NOT r.stored AND r.buried AND (
                    r.version IS NULL OR r.version <= r.buried_version) THEN 'older'
                WHEN r.gone THEN 'gone'
                WHEN NOT r.stored AND r.buried_version IS NOT NULL AND (
                    {without}r.version <= r.buried_version) THEN 'older'"""


_RANK = """row_number() OVER (
                PARTITION BY key
                ORDER BY version DESC NULLS LAST, CASE WHEN version IS NULL THEN arrived END DESC,
                    CASE WHEN version IS NULL THEN n END DESC, gone DESC, content_hash DESC, arrived, n)"""
_BURIED = ", buried, buried_version, buried_us, buried_ref, buried_how"
# Of two pages that came at the same instant the one with the higher number came later, and of two records of one page
# the later one.
_OF_REPLAY = """
                WHEN r.stored AND (r.version IS NULL OR r.old_version IS NULL OR r.version = r.old_version)
                    AND (then_.seen_us, r.old_ref) > (now_.seen_us, r.raw_ref) THEN 'older'"""
_OF_REPLAYED_DELETIONS = """
                WHEN NOT r.stored AND r.buried_how = 'sweep' AND r.buried_us >= now_.seen_us THEN 'older'
                WHEN NOT r.stored AND r.buried_how = 'marker'
                    AND (dead_.seen_us, r.buried_ref) > (now_.seen_us, r.raw_ref) THEN 'older'"""
