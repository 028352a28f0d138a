"""The keys of the records: what each of them says of who its customer is, read once per distinct value."""

from __future__ import annotations

from typing import Any

from crmcx.engines import ColumnStream, handed_over
from crmcx.identity.policy import Policy
from crmcx.identity.readings import READER, Reading, can_read_phones, read_email, read_id, read_phone
from crmcx.store import literal

_BLOCK = 100_000
_DTYPES = {"rule": "string", "variant": "string", "raw": "string", "key": "string", "aside": "string"}


def make_keys(connection: Any, policy: Policy) -> None:  # noqa: ANN401 - a DuckDB connection
    """Make the temporary table `id_keys`: customer_key, rule, namespace, key; and `id_aside` of those that make none.

    Args:
        connection: The writing connection, inside a transaction.
        policy: How values are read.
    """
    region = "NULL" if policy.region is None else literal(policy.region)
    mailbox = literal("plus" if policy.plus_tags else "plain")
    unique = ", ".join(map(literal, policy.unique)) or "NULL"
    # What is written, with how it is to be read.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_said AS
        SELECT c.customer_key, 'email' AS rule, '' AS namespace, {mailbox} AS variant, c.value AS raw
        FROM main.contact_points c WHERE c.kind = 'email' AND c.value IS NOT NULL
        UNION SELECT c.customer_key, 'phone', '', coalesce(o.country, {region}, ''), c.value
        FROM main.contact_points c JOIN main.customers o ON o.key = c.customer_key
        WHERE c.kind = 'phone' AND c.value IS NOT NULL
        UNION SELECT customer_key, 'id', namespace, '', value FROM main.identifiers
        UNION SELECT key, 'id', source, '', source_id FROM main.customers
        WHERE source IN (SELECT namespace FROM main.identifiers) OR source IN ({unique})"""
    ).fetchall()
    _read_new(connection, policy)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_keys AS
        SELECT DISTINCT s.customer_key, s.rule, s.namespace, r.key
        FROM id_said s JOIN identity.readings r USING (rule, variant, raw)
        WHERE r.key IS NOT NULL AND {_usable()}"""
    ).fetchall()
    unread = 'needs the extra "phone"'
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE id_aside AS
        SELECT s.rule, s.namespace, CASE WHEN {_usable()} THEN r.aside ELSE {literal(unread)} END AS reason,
            s.customer_key
        FROM id_said s LEFT JOIN identity.readings r USING (rule, variant, raw)
        WHERE r.key IS NULL OR NOT {_usable()}"""
    ).fetchall()


def _usable() -> str:
    """SQL: whether a value can be read on this machine; without the extra, phones cannot, also if they once were."""
    return "true" if can_read_phones() else "s.rule <> 'phone'"


def _read_new(connection: Any, policy: Policy) -> None:  # noqa: ANN401 - a DuckDB connection
    """Read the values that no earlier resolution has read, and forget those that nobody says any more."""
    connection.execute(
        """DELETE FROM identity.readings r WHERE reader <> $1 OR NOT EXISTS (
            SELECT 1 FROM id_said s WHERE s.rule = r.rule AND s.variant = r.variant AND s.raw = r.raw)""",
        [READER],
    ).fetchall()
    found = connection.execute(
        f"""SELECT DISTINCT s.rule, s.variant, s.raw FROM id_said s
        LEFT JOIN identity.readings r USING (rule, variant, raw) WHERE r.raw IS NULL AND {_usable()}"""
    ).fetchall()
    for start in range(0, len(found), _BLOCK):
        block = found[start : start + _BLOCK]
        readings = [_reading(rule, variant, raw, policy) for rule, variant, raw in block]
        columns = {
            "rule": [rule for rule, _, _ in block],
            "variant": [variant for _, variant, _ in block],
            "raw": [raw for _, _, raw in block],
            "key": [reading.key for reading in readings],
            "aside": [reading.aside for reading in readings],
        }
        with handed_over(connection, "id_read", ColumnStream(columns, _DTYPES)):
            connection.execute(f"INSERT INTO identity.readings SELECT *, {READER} FROM id_read").fetchall()


def _reading(rule: str, variant: str, raw: str, policy: Policy) -> Reading:
    if rule == "email":
        return read_email(raw, plus_tags=policy.plus_tags)
    return read_phone(raw, variant or None) if rule == "phone" else read_id(raw)
