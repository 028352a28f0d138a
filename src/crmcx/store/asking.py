"""Questions in SQL over the tables of a snapshot: one SELECT, which reads these tables and nothing else.

Three walls, of which each would do for most: the kind of the statement by DuckDB's own parser, its syntax tree, of
which only what is known to read the tables is let through, and the read-only transaction it runs in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crmcx import engines
from crmcx.errors import UsageError
from crmcx.tables import TABLES

SCHEMA = "analysis"
"""Where the tables of a question stand."""
_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_TABLES = {"SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "PIVOT", "SHOW_REF"}
_FUNCTIONS = {"range", "generate_series", "unnest", "json_each", "json_tree", "repeat"}


def demand_question(connection: Any, sql: str) -> None:  # noqa: ANN401 - a DuckDB connection
    """Demand that a text is one SELECT over the tables of a snapshot.

    Raises:
        UsageError: It is not, and why.
    """
    for fault in _faults(connection, sql):
        hint = "a question only reads; write by connect() and load(), copy by export() or snapshot_to()"
        raise UsageError(fault, hint=hint)


def _faults(connection: Any, sql: str) -> Iterator[str]:  # noqa: ANN401 - a DuckDB connection
    """What is not right with a question; what follows may build on the faults before it not being there."""
    kinds = engines.statement_kinds(connection, sql)
    if len(kinds) != 1:
        yield f"found {len(kinds)} statements, expected one SELECT"
    if kinds != ("SELECT",):
        yield f"found a statement of the kind {kinds[0]}, expected one SELECT"
    tree = engines.syntax_tree(connection, sql)
    if tree.get("error"):
        yield "found a statement that DuckDB cannot take apart, expected one SELECT"
    objects = list(_objects(tree))
    named = {each["key"].lower() for found in objects if "cte_map" in found for each in found["cte_map"]["map"]}
    # Where a name of WITH is not in scope DuckDB looks for a file or a Python variable of that name.
    yield from (f"found WITH {name!r}, expected a plain name" for name in sorted(named) if not name.isidentifier())
    for each in objects:
        kind = each.get("type")
        if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _NODES:
            yield f"found {kind.removesuffix('_QUERY_NODE')} inside the question, expected only SELECT"
        if {"alias", "sample"} <= each.keys():
            yield from _faults_of_table(each, named)


def _faults_of_table(table: dict[str, Any], named: set[str]) -> Iterator[str]:
    kind = table["type"]
    if kind == "BASE_TABLE":
        place, name = (table["catalog_name"], table["schema_name"]), table["table_name"]
        known = {("", ""): named | TABLES.keys(), ("", SCHEMA): TABLES.keys()}
        if name.lower() not in known.get(place, set()):
            yield f"found the table {'.'.join(filter(None, (*place, name)))!r}, expected one of {', '.join(TABLES)}"
    elif kind == "TABLE_FUNCTION":
        name = table["function"]["function_name"]
        if name.lower() not in _FUNCTIONS:
            yield f"found the table function {name}(), expected one of {', '.join(sorted(_FUNCTIONS))}"
    elif kind not in _TABLES or (kind == "SHOW_REF" and table["query"] is None):
        yield f"found {kind} inside the question, which is not known to only read"


def _objects(tree: object) -> Iterator[dict[str, Any]]:
    """Every object of a tree."""
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
