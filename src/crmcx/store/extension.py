"""The table of a class of one's own: the one it extends, with what it adds taken out of `extra` as columns."""

from __future__ import annotations

from crmcx.models.base import Model
from crmcx.models.extension import custom_leaves
from crmcx.models.fields import Kind, Leaf
from crmcx.store.ddl import quoted
from crmcx.store.merge import target_key
from crmcx.tables.schema import schema_of

_TAGS = {Kind.EXACT: "$decimal", Kind.INSTANT: "$instant", Kind.DAY: "$day", Kind.DURATION: "$duration_us"}
_PLAIN = {
    Kind.EXACT: r"[+-]?\d{1,13}(\.\d{1,6})?",
    Kind.INSTANT: r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)",
    Kind.DAY: r"\d{4}-\d\d-\d\d",
    Kind.DURATION: r"-?\d{1,19}",
}
"""How a value may be spelled; what is spelled otherwise is none, since a cast would guess."""
_JSON_TYPES = {
    Kind.WHOLE: ("BIGINT", "UBIGINT"),
    Kind.REAL: ("BIGINT", "UBIGINT", "DOUBLE"),
    Kind.FLAG: ("BOOLEAN",),
    Kind.WORD: ("VARCHAR", "BIGINT", "UBIGINT", "DOUBLE"),
}
_CASTS = {
    Kind.EXACT: "(TRY_CAST({} AS DECIMAL(38, 6)) * 1000000)::BIGINT",
    Kind.INSTANT: "epoch_us(TRY_CAST({} AS TIMESTAMP))",
    Kind.DAY: "(TRY_CAST({} AS DATE) - DATE '1970-01-01')::BIGINT",
    Kind.DURATION: "TRY_CAST({} AS BIGINT)",
    Kind.WHOLE: "TRY_CAST({} AS BIGINT)",
    Kind.REAL: "TRY_CAST({} AS DOUBLE)",
    Kind.FLAG: "TRY_CAST({} AS BOOLEAN)",
}


def extended(cls: type[Model]) -> str:
    """The query of the table of a class of one's own, over the view of the class it extends."""
    schema = schema_of(cls)
    added = [f"{_column(leaf)} AS {quoted(leaf.column)}" for leaf in custom_leaves(cls)]
    keys = [f"{target_key(leaf, _column(leaf))} AS {leaf.key_column}" for leaf in custom_leaves(cls) if leaf.target]
    return f"SELECT {', '.join(['*', *added, *keys])} FROM analysis.{schema.name}"


def _column(leaf: Leaf) -> str:
    """The SQL of a value in `extra`; NULL where it is not there or is spelled as something else."""
    path = "$" + "".join(f'."{name}"' for name in leaf.path)
    found = f"(extra->>'{path}')"
    if leaf.kind in _TAGS:
        found = f"coalesce(extra->>'{path}.\"{_TAGS[leaf.kind]}\"', {found})"
        fits = f"regexp_full_match({found}, '{_PLAIN[leaf.kind]}')"
    else:
        allowed = ", ".join(f"'{name}'" for name in _JSON_TYPES[leaf.kind])
        fits = f"json_type(extra, '{path}') IN ({allowed})"
    return f"CASE WHEN {fits} THEN {_CASTS.get(leaf.kind, '{}').format(found)} END"
