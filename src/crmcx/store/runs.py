"""The books of connections and runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crmcx.errors import StoreError, UsageError
from crmcx.models.values import SourceName

_SOURCE: TypeAdapter[str] = TypeAdapter(SourceName)


def register(connection: Any, source: str, connector: str, settings: Mapping[str, Any]) -> None:  # noqa: ANN401
    """Keep a connection's settings, inside an open transaction.

    Raises:
        UsageError: The source is not a name that records can carry.
        StoreError: The name belongs to a connection of another connector.
    """
    try:
        _SOURCE.validate_python(source)
    except ValidationError:
        msg = f"the source {source!r} is not a name; allowed are letters, digits, '_', '.' and '-'"
        raise UsageError(msg, hint="choose a short name such as hubspot:mortgages") from None
    found = connection.execute("SELECT connector FROM books.connections WHERE source = $1", [source]).fetchall()
    if found and found[0][0] != connector:
        msg = f"the name {source!r} belongs to a connection of {found[0][0]}"
        raise StoreError(msg, hint="choose another name")
    connection.execute("DELETE FROM books.connections WHERE source = $1", [source]).fetchall()
    text = json.dumps(settings, sort_keys=True, default=str)
    connection.execute("INSERT INTO books.connections VALUES ($1, $2, $3)", [source, connector, text]).fetchall()


def start(connection: Any, source: str, kind: str, now_us: int) -> tuple[int, int]:  # noqa: ANN401
    """Note that a run begins; its number and when it began. One that was broken off before is noted as such."""
    connection.execute(
        "UPDATE books.runs SET state = 'broken off' WHERE source = $1 AND state = 'running'", [source]
    ).fetchall()
    ((last,),) = connection.execute("SELECT coalesce(max(run_id), 0) FROM books.runs").fetchall()
    connection.execute(
        "INSERT INTO books.runs VALUES ($1, $2, $3, NULL, 'running', NULL, $4)", [last + 1, source, now_us, kind]
    ).fetchall()
    return last + 1, now_us


def finish(connection: Any, run_id: int, state: str, reason: str | None, now_us: int) -> None:  # noqa: ANN401
    """Note how a run ended, and why."""
    connection.execute(
        "UPDATE books.runs SET finished_us = $2, state = $3, reason = $4 WHERE run_id = $1",
        [run_id, now_us, state, reason],
    ).fetchall()
