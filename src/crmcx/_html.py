"""Tables as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table as HTML, every cell escaped.

    Args:
        head: Heads of the columns; none for a table without them.
        rows: Cells, row by row.
        caption: What stands above it.

    Example:
        >>> html_table(["n"], [["1 < 2"]])
        '<table><thead><tr><th>n</th></tr></thead><tbody><tr><td>1 &lt; 2</td></tr></tbody></table>'
    """
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    header = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    heads = f"<thead><tr>{header}</tr></thead>" if head else ""
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{above}{heads}<tbody>{body}</tbody></table>"
