"""How the rows of one class go into its table: staged, judged against what is there, written.

A row is `new`, `changed`, `same` (as stored), `older` (a version before the stored one) or `repeat` (of a later row in
the same commit). With a version the highest wins, equal ones by content hash, so that the order of arrival does not
matter; without one the last to arrive wins. Where the mapping has become another one since, equal versions say nothing
about which is right, and the last to arrive wins too.

A marker, by which a source says that a record is gone, stands among the rows as one without cells. It is `gone` where
it says something new, and goes before a row of its own version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, cast

from attrs import frozen

from crmcx.engines import ColumnStream, handed_over
from crmcx.errors import CountMismatchError, KeyCollisionError
from crmcx.models.base import Model, Part
from crmcx.models.fields import Leaf, leaves, parts
from crmcx.store.ddl import literal, quoted, stored_columns
from crmcx.store.judging import Looks, judged_sql
from crmcx.store.staging import StagedGone, StagedRows, Unit
from crmcx.tables.schema import TableSchema, leaf_columns, parent_key, schema_of

WRITTEN = "action IN ('new', 'changed')"
"""Which judged rows are written."""
SAYS_NEW = "action IN ('new', 'changed', 'gone')"
"""Which judged rows say something new."""
_LEAVES = "action IN ('changed', 'gone')"
HASH_MASK = 2**63 - 1
"""Leaves 63 bits of a hash, so that it fits a signed integer."""


@frozen
class Placed:
    """The rows and markers of one class on one page, with where they stand."""

    rows: StagedRows | None
    """The rows; None for a page of markers only."""
    gone: tuple[StagedGone, ...]
    """The markers."""
    page: int
    """Id of the page."""
    number: int
    """Its place among the pages of the commit."""
    fetched_us: int
    """When the page came."""


def key_sql(table: str, ref: str) -> str:
    """The SQL of the key of a record, equal to `tables.key_of`."""
    return f"(md5_number_lower('{table}/' || {ref}) & {HASH_MASK})::BIGINT"


def target_key(leaf: Leaf, ref: str, named_by: str = "") -> str:
    """The SQL of the key of what a reference points to; NULL where there is none.

    Args:
        leaf: The reference.
        ref: The SQL of its text.
        named_by: The SQL of the name of the table, where it is not always the same.
    """
    if leaf.target is not None:
        return f"CASE WHEN {ref} IS NOT NULL THEN {key_sql(leaf.target, ref)} END"
    return f"(md5_number_lower({named_by} || '/' || {ref}) & {HASH_MASK})::BIGINT"


def _target_key(leaf: Leaf, alias: str) -> str:
    return target_key(leaf, f"{alias}.{leaf.column}", f"{alias}.{leaf.named_by}")


def demand_all(found: int, expected: int, what: str) -> None:
    """Demand that a statement took in all rows that were meant.

    Raises:
        CountMismatchError: It did not.
    """
    if found != expected:
        msg = f"{found} {what}, expected {expected}"
        raise CountMismatchError(msg, hint="nothing was stored; run again, and report it if it stays")


class ClassMerge:
    """The merge of one class in one commit.

    Args:
        connection: The writing connection, inside a transaction.
        cls: The class.
        placed: Its rows, page by page.
        unit: What is committed.
    """

    def __init__(self, connection: Any, cls: type[Model], placed: Sequence[Placed], unit: Unit) -> None:  # noqa: ANN401
        self._connection = connection
        self.schema: TableSchema = schema_of(cls)
        self._leaves = leaves(cls)
        self._unit = unit
        self._source = literal(unit.source)
        self._rows = 0
        self.judged = f"judged_{self.schema.name}"
        self.wide = f"wide_{self.schema.name}"
        self.gone = 0
        """How many markers say something new; known once judged."""
        self.removed = 0
        """How many rows go with them; known once judged."""
        self.new = 0
        """How many rows have a key that is not stored yet; known once judged."""
        self.changed = 0
        """How many rows differ from what is stored under their key; known once judged."""
        self.deletions = False
        """Whether there are markers, or records of the source that were deleted before; known once judged."""
        self._parts = tuple(parts(cls).values())
        self._with_rows: set[type[Part]] = set()
        self._stage(placed)

    # -- staging -------------------------------------------------------------------------------------------------

    def _stage(self, placed: Sequence[Placed]) -> None:
        found = [(each, each.rows) for each in placed if each.rows is not None]
        marked = [(each, gone) for each in placed for gone in each.gone]
        self._first_marker = sum(len(rows.indices) for _, rows in found)
        self._rows = self._first_marker + len(marked)
        places = [(each, index) for each, rows in found for index in rows.indices]
        places += [(each, gone.index) for each, gone in marked]
        columns: dict[str, Sequence[Any]] = {
            "n": range(self._rows),
            "arrived": [each.number << 20 | index for each, index in places],
            "raw_ref": [each.page << 20 | index for each, index in places],
            "fetched_us": [each.fetched_us for each, _ in places],
        }
        nothing: Sequence[Any] = [None] * len(marked)
        said: dict[str, Sequence[Any]] = {
            "source_id": [gone.source_id for _, gone in marked],
            "version": [gone.version for _, gone in marked],
        }
        for name in ("source_id", "extra", "version", "known_us", *(leaf.column for leaf in self._leaves)):
            columns[name] = _joined([*(rows.cells[name] for _, rows in found), said.get(name, nothing)])
        head = dict.fromkeys(("n", "arrived", "raw_ref", "fetched_us", "version", "known_us"), "int64")
        head |= dict.fromkeys(("source_id", "extra"), "string")
        self._repeats = len({*columns["source_id"]}) < self._rows
        self._load(f"in_{self.schema.name}", columns, head | _dtypes(self._leaves))
        by_part: dict[type[Part], list[tuple[int, StagedRows]]] = {cls: [] for cls in self._parts}
        start = 0
        for _, rows in found:
            for part in rows.parts:
                by_part[cast("type[Part]", part.cls)].append((start, part))
            start += len(rows.indices)
        for part_cls, nested in by_part.items():
            if any(rows.indices for _, rows in nested):
                self._stage_part(part_cls, nested)
                self._with_rows.add(part_cls)

    def _stage_part(self, cls: type[Part], found: Sequence[tuple[int, StagedRows]]) -> None:
        parents = [start + index for start, rows in found for index in rows.indices]
        taken: dict[int, int] = {}
        positions = []
        for parent in parents:
            positions.append(taken.setdefault(parent, 0))
            taken[parent] += 1
        columns: dict[str, Sequence[Any]] = {"n": parents, "position": positions}
        for leaf in leaves(cls):
            columns[leaf.column] = _joined(rows.cells[leaf.column] for _, rows in found)
        self._load(f"in_{cls.table}", columns, {"n": "int64", "position": "int64"} | _dtypes(leaves(cls)))

    def _load(self, name: str, columns: dict[str, Sequence[Any]], dtypes: dict[str, str]) -> None:
        with handed_over(self._connection, "incoming", ColumnStream(columns, dtypes)):
            ((loaded,),) = self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming"
            ).fetchall()
        demand_all(loaded, len(columns["n"]), f"rows were staged in {name}")

    # -- judging -------------------------------------------------------------------------------------------------

    def judge(self) -> None:
        """Tell for each row whether it says something new.

        Raises:
            KeyCollisionError: Two records have the same key.
            CountMismatchError: A row is missing.
        """
        name = self.schema.name
        happened = self.schema.happened
        known = (
            f"coalesce(s.known_us, s.{happened}, s.fetched_us)" if happened else "coalesce(s.known_us, s.fetched_us)"
        )
        refs = "".join(f", {_target_key(leaf, 's')} AS {leaf.key_column}" for leaf in self._leaves if leaf.key_column)
        own = key_sql(name, f"{literal(self._unit.source + '/')} || s.source_id")
        content, joins = self._content()
        # Only narrow columns are ranked and judged; the wide ones, and the keys of what a row refers to, are made where
        # something is written.
        rows = f"""SELECT s.n, s.arrived, s.raw_ref, s.fetched_us, s.source_id, s.version, {known} AS known_us,
                    {own} AS key, s.n >= {self._first_marker} AS gone,
                    (hash({content}) & {HASH_MASK})::BIGINT AS content_hash
                FROM in_{name} s{joins}"""
        ((judged,),) = self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {self.judged} AS {judged_sql(rows, self._looks())}"
        ).fetchall()
        demand_all(judged, self._rows, f"rows of {name} were judged")
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {self.wide} AS SELECT j.*, s.* EXCLUDE (n, arrived, raw_ref, fetched_us,"
            f" source_id, version, known_us){refs} FROM {self.judged} j JOIN in_{name} s ON s.n = j.n"
        ).fetchall()
        self._demand_no_collision()

    def _content(self) -> tuple[str, str]:
        """The SQL of what a row says, and the joins that it takes."""
        volatile = {column for table, column in self._unit.volatile if table == self.schema.name}
        said = [leaf.column for leaf in self._leaves if leaf.column not in volatile]
        content = ", ".join(["s.version", "s.extra", *(f"s.{quoted(column)}" for column in said)])
        joins = ""
        for part in self._parts:
            if part not in self._with_rows:
                content += ", NULL::UBIGINT"
                continue
            inner = ", ".join(["position", *(quoted(leaf.column) for leaf in leaves(part))])
            joins += (
                f" LEFT JOIN (SELECT n, bit_xor(hash({inner})) AS h FROM in_{part.table} GROUP BY n)"
                f" {part.table} ON {part.table}.n = s.n"
            )
            content += f", {part.table}.h"
        return content, joins

    def _looks(self) -> Looks:
        """What the judgement has to look at beyond the rows."""
        name = self.schema.name
        buried = self._connection.execute(
            "SELECT 1 FROM books.deleted WHERE table_name = $1 AND source = $2 LIMIT 1", [name, self._unit.source]
        ).fetchall()
        self.deletions = bool(buried) or self._rows > self._first_marker
        return Looks(
            table=name,
            source=self._source,
            stream=literal(self._unit.stream),
            mappings=literal(self._unit.mappings),
            versioned=name in self._unit.versioned,
            deletions=self.deletions,
            replay=self._unit.replay,
            repeats=self._repeats,
        )

    def _demand_no_collision(self) -> None:
        ((keys, ids, strangers, self.new, self.changed, self.gone, self.removed),) = self._connection.execute(
            f"""SELECT count(DISTINCT key), count(DISTINCT source_id),
                count(*) FILTER (old_id <> source_id OR old_source <> {self._source}),
                count(*) FILTER (action = 'new'), count(*) FILTER (action = 'changed'),
                count(*) FILTER (action = 'gone'), count(*) FILTER (action = 'gone' AND old_id IS NOT NULL)
            FROM {self.judged}"""
        ).fetchall()
        if keys != ids or strangers:
            msg = f"two records of {self.schema.name} from {self._unit.source} have the same 63-bit key"
            raise KeyCollisionError(
                msg, hint="nothing was written; report it, since one in millions of stores meets this"
            )

    # -- writing -------------------------------------------------------------------------------------------------

    def write(self) -> set[int]:
        """Write what is new or changed, with its parts.

        Returns:
            The raw references of the records of which something was written, as the database returned them.

        Raises:
            CountMismatchError: A row was not written, or the one it replaces not deleted.
        """
        name = self.schema.name
        columns = [column.name for column in stored_columns(self.schema)]
        chosen = ", ".join(self._source if column == "source" else quoted(column) for column in columns)
        ((deleted,),) = self._connection.execute(
            f"DELETE FROM {name} WHERE key IN (SELECT key FROM {self.judged} WHERE {_LEAVES})"
        ).fetchall()
        written = self._connection.execute(
            f"INSERT INTO {name} ({', '.join(map(quoted, columns))})"
            f" SELECT {chosen} FROM {self.wide} WHERE {WRITTEN} RETURNING raw_ref"
        ).fetchall()
        demand_all(deleted, self.changed + self.removed, f"rows of {name} were replaced or deleted")
        demand_all(len(written), self.new + self.changed, f"rows of {name} were written")
        for part in self._parts:
            self._write_part(part)
        return {raw_ref for (raw_ref,) in written}

    def _write_part(self, part: type[Part]) -> None:
        schema = schema_of(part)
        parent = parent_key(part)
        self._connection.execute(
            f"DELETE FROM {schema.name} WHERE {parent} IN (SELECT key FROM {self.judged} WHERE {_LEAVES})"
        ).fetchall()
        if part not in self._with_rows:
            return
        own = {"position", *(column.name for leaf in leaves(part) for column in leaf_columns(leaf))}
        given = {parent: "j.key", "source": self._source}
        given |= {leaf.key_column: _target_key(leaf, "p") for leaf in leaves(part) if leaf.key_column}
        columns = [column.name for column in stored_columns(schema)]
        chosen = ", ".join(given.get(name) or f"{'p' if name in own else 'j'}.{quoted(name)}" for name in columns)
        source = f"FROM in_{part.table} p JOIN {self.wide} j ON j.n = p.n WHERE {WRITTEN}"
        ((written,),) = self._connection.execute(
            f"INSERT INTO {schema.name} ({', '.join(map(quoted, columns))}) SELECT {chosen} {source}"
        ).fetchall()
        ((expected,),) = self._connection.execute(f"SELECT count(*) {source}").fetchall()
        demand_all(written, expected, f"rows of {schema.name} were written")


def _joined(lists: Iterable[Sequence[Any]]) -> Sequence[Any]:
    return list(chain.from_iterable(lists))


def _dtypes(found: Iterable[Leaf]) -> dict[str, str]:
    return {leaf.column: leaf_columns(leaf)[0].dtype.value for leaf in found}
