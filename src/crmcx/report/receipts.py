"""How the numbers of a page were made: one line a definition."""

from __future__ import annotations

from collections.abc import Mapping

from crmcx.estimates import Receipt
from crmcx.report._text import spaced
from crmcx.report.blocks import Rows

_SHOWN = 12


def receipt_rows(receipts: Mapping[str, Receipt]) -> Rows:
    """The receipts of numbers as a table.

    Args:
        receipts: What was asked, and the receipt of the answer.

    Returns:
        One row a question, in order: definition with version and the first letters of its hash, days that count,
        knowledge date, snapshot.
    """
    rows = tuple(
        (
            asked,
            f"{spaced(found.definition.name)}, version {found.definition.version}",
            found.definition.hash[:_SHOWN],
            "all days" if found.window is None else str(found.window),
            "all that is there" if found.as_of is None else f"{found.as_of:%Y-%m-%d %H:%M} UTC",
            found.snapshot or "a table from elsewhere",
        )
        for asked, found in receipts.items()
    )
    head = ("number", "definition", "hash", "days", "as known at", "snapshot")
    return Rows(head, rows, "Definition, version, data and date of each number")
