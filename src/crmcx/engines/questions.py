"""What DuckDB makes of a question that somebody else wrote: its kind, its tree, its answer or why there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from crmcx.errors import StoreError, UsageError

_HINT = "ask one SELECT over the tables of the store"


def statement_kinds(connection: Any, sql: str) -> tuple[str, ...]:  # noqa: ANN401 - a DuckDB connection
    """The kinds of the statements of a text, such as `SELECT`, by DuckDB's parser.

    Raises:
        UsageError: It is no SQL.
    """
    with explained():
        try:
            return tuple(statement.type.name for statement in connection.extract_statements(sql))
        except ValueError:  # a kind that the Python side has no name for
            return ("OTHER",)


def syntax_tree(connection: Any, sql: str) -> dict[str, Any]:  # noqa: ANN401 - a DuckDB connection
    """The tree that DuckDB's parser makes of a SELECT; nothing is looked up or run."""
    ((text,),) = connection.execute("SELECT json_serialize_sql($1::VARCHAR)", [sql]).fetchall()
    tree: dict[str, Any] = json.loads(text)
    return tree


def relation_of(connection: Any, sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The relation of a SELECT.

    Raises:
        UsageError: DuckDB cannot answer it.
    """
    given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
    with explained():
        return connection.sql(sql, params=given or None)


def is_sound(connection: Any) -> bool:  # noqa: ANN401 - a DuckDB connection
    """Whether the transaction of a connection still answers: an error while rows are computed ends it."""
    import duckdb  # noqa: PLC0415 - an engine, loaded at first use

    try:
        connection.execute("SELECT 1").fetchall()
    except duckdb.Error:
        return False
    return True


@contextmanager
def explained() -> Iterator[None]:
    """DuckDB's errors as ours: what it says of the words of a question, never what it says of the values it met.

    Raises:
        UsageError: DuckDB cannot answer.
        StoreError: The connection is closed.
    """
    import duckdb  # noqa: PLC0415 - an engine, loaded at first use

    try:
        yield
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
        msg = f"DuckDB refuses the question: {str(error).splitlines()[0]}"
        raise UsageError(msg, hint=_HINT) from None
    except duckdb.ConnectionException:
        msg = "the snapshot that the question was asked of is closed"
        raise StoreError(msg, hint="ask again") from None
    except duckdb.Error as error:
        msg = f"the question could not be answered: {type(error).__name__}"
        raise UsageError(msg, hint="check casts, arithmetic and parameters; DuckDB's words may hold values") from None
