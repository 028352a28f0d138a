"""Dated steps of entities whose source keeps no history: the change lies in (last seen, now seen].

That a record is gone is no step, nor that it is there again: what it said before it went is kept with its deletion, and
a step is written where it then says something else.
"""

from __future__ import annotations

from typing import Any, cast

from attrs import frozen

from crmcx.models.base import Record
from crmcx.models.fields import Kind, leaves
from crmcx.store.ddl import literal
from crmcx.store.merge import WRITTEN, ClassMerge, key_sql
from crmcx.tables.schema import TABLES, TableSchema


@frozen
class _Log:
    table: str
    ref: str

    @property
    def of_stage(self) -> bool:
        """Whether its steps are those of a stage."""
        return self.table == "stage_changes"

    @classmethod
    def of(cls, entity: TableSchema) -> _Log | None:
        """The table of the steps of an entity, and the field there that names it; None where no steps are kept."""
        table = cast("type[Record]", entity.cls).log
        if table is None:
            return None
        (leaf,) = (leaf for leaf in leaves(TABLES[table].cls) if leaf.target == entity.name)
        return cls(table, leaf.path[0])


def record_changes(connection: Any, merge: ClassMerge, *, source: str, pass_id: int) -> None:  # noqa: ANN401
    """Write a change for each tracked field that an earlier pass saw with another value, and note what is seen now.

    Args:
        connection: The writing connection, inside a transaction, before the rows themselves are written.
        merge: The judged rows of one class.
        source: Name of the connection the rows come from.
        pass_id: The run that began this pass over the stream; what the same pass saw before is no earlier state, since
            many rows may fold into one entity.
    """
    log = _Log.of(merge.schema)
    if log is None:
        return
    # The table of looks may be large: what is asked of it is taken out once.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE seen_before AS SELECT * FROM books.seen
        WHERE table_name = '{merge.schema.name}' AND key IN (SELECT key FROM {merge.judged})"""
    ).fetchall()
    if merge.changed or (merge.deletions and merge.new):
        fields = _compare(connection, merge, log, pass_id)
        for number, field in enumerate(fields):
            _write(connection, log, field, number, source=source)
    _note_look(connection, merge, pass_id)


def _compare(connection: Any, merge: ClassMerge, log: _Log, pass_id: int) -> list[str]:  # noqa: ANN401
    """Set what an earlier pass saw beside what is seen now, all fields at once, since the table may be large.

    Returns:
        The tracked fields; the temporary table `compared` has the two values of each under its number.
    """
    name = merge.schema.name
    before = f"JOIN {name} t ON t.key = j.key"
    which = "j.action = 'changed'"
    if merge.deletions:
        before = f"""LEFT JOIN {name} t ON t.key = j.key
                LEFT JOIN books.deleted d ON d.table_name = '{name}' AND d.key = j.key"""
        which = "(j.action = 'changed' OR (j.action = 'new' AND d.said IS NOT NULL))"
    steps = _steps(merge)
    values = "".join(f", {old} AS old_{number}, {new} AS new_{number}" for number, (_, old, new) in enumerate(steps))
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE compared AS
        SELECT j.key, j.source_id AS id, j.raw_ref, j.fetched_us,
            {"j.stage_native" if log.of_stage else "NULL::VARCHAR"} AS new_native,
            least(CASE WHEN s.pass_id < {pass_id} THEN s.seen_us ELSE s.before_us END, j.fetched_us) AS seen_us{values}
        FROM {merge.wide} j {before}
            JOIN seen_before s ON s.key = j.key
        WHERE {which} AND s.said_pass < {pass_id}"""
    ).fetchall()
    return [field for field, _, _ in steps]


def _note_look(connection: Any, merge: ClassMerge, pass_id: int) -> None:  # noqa: ANN401 - a DuckDB connection
    """Note when each entity was seen last, first and by an earlier pass, and which pass said what is now stored."""
    name = merge.schema.name
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE looks AS
        SELECT '{name}' AS table_name, j.key, max(j.fetched_us) AS seen_us, {pass_id} AS pass_id,
            any_value(CASE WHEN s.pass_id < {pass_id} THEN s.seen_us ELSE s.before_us END) AS before_us,
            CASE WHEN bool_or({WRITTEN}) THEN {pass_id} ELSE any_value(s.said_pass) END AS said_pass,
            least(min(s.first_us), min(j.fetched_us)) AS first_us
        FROM {merge.judged} j LEFT JOIN seen_before s ON s.key = j.key
        WHERE NOT j.gone GROUP BY j.key"""
    ).fetchall()
    if connection.execute("SELECT 1 FROM seen_before LIMIT 1").fetchall():
        connection.execute(
            f"DELETE FROM books.seen WHERE table_name = '{name}' AND key IN (SELECT key FROM looks)"
        ).fetchall()
    connection.execute("INSERT INTO books.seen BY NAME SELECT * FROM looks").fetchall()


def last_said_sql(schema: TableSchema, alias: str) -> str:
    """The SQL of what a row says in its tracked fields, as JSON; NULL where no steps are kept."""
    if _Log.of(schema) is None:
        return "NULL"
    cls = cast("type[Record]", schema.cls)
    said = (f"'{field}', {_as_text(alias, _columns(cls, field))}" for field in cls.tracked)
    return f"json_object({', '.join(said)})::VARCHAR"


def _steps(merge: ClassMerge) -> list[tuple[str, str, str]]:
    """Each tracked field with the SQL of its old and its new value as text."""
    cls = cast("type[Record]", merge.schema.cls)
    found = []
    for field in cls.tracked:
        old, new = (_as_text(alias, _columns(cls, field)) for alias in "tj")
        if merge.deletions:
            old = f"CASE WHEN t.key IS NULL THEN json_extract_string(d.said, '$.{field}') ELSE {old} END"
        found.append((field, old, new))
    return found


def _columns(cls: type[Record], field: str) -> dict[Kind, str]:
    return {leaf.kind: leaf.column for leaf in leaves(cls) if leaf.path[0] == field}


def _as_text(alias: str, columns: dict[Kind, str]) -> str:
    if Kind.EXACT in columns:
        amount = f"{alias}.{columns[Kind.EXACT]}"
        whole = f"(CASE WHEN {amount} < 0 THEN '-' ELSE '' END) || (abs({amount}) // 1000000)"
        return (
            f"{whole} || '.' || lpad((abs({amount}) % 1000000)::VARCHAR, 6, '0') || ' ' || {alias}.{columns[Kind.WORD]}"
        )
    if Kind.DAY in columns:
        return f"(DATE '1970-01-01' + {alias}.{columns[Kind.DAY]}::INTEGER)::DATE::VARCHAR"
    (column,) = columns.values()
    return f"{alias}.{column}::VARCHAR"


def _write(connection: Any, log: _Log, field: str, number: int, *, source: str) -> None:  # noqa: ANN401
    """Write the steps of one field, from what was compared."""
    said = "'observed'" if log.of_stage else f"'{field}'"
    told = "scope, stage, stage_native, previous, mode" if log.of_stage else "field, old, new"
    values = f"'', new, new_native, old, {said}" if log.of_stage else f"{said}, old, new"
    told_at = "new IS NOT NULL" if log.of_stage else "TRUE"
    entity = f"{literal(source + '/')} || id"
    counted = f"""(1 + (SELECT count(*) FROM {log.table} c WHERE c.{log.ref}_key = steps.key AND c.after_us IS NOT NULL
        {"" if log.of_stage else f"AND c.field = '{field}'"}))"""
    connection.execute(
        f"""INSERT INTO {log.table} (key, source, source_id, known_us, raw_ref, content_hash, {log.ref}_ref,
            {log.ref}_key, {told}, changed_us, after_us)
        WITH steps AS (
            SELECT key, id, raw_ref, fetched_us, new_native, seen_us, old_{number} AS old, new_{number} AS new
            FROM compared WHERE old_{number} IS DISTINCT FROM new_{number}
        ), named AS (SELECT *, id || '#{field}#' || {counted} AS step_id FROM steps WHERE {told_at})
        SELECT {key_sql(log.table, f"{literal(source + '/')} || step_id")}, {literal(source)}, step_id, fetched_us,
            raw_ref, (hash(old, new) & {2**63 - 1})::BIGINT, {entity}, key, {values}, fetched_us, seen_us FROM named"""
    ).fetchall()
