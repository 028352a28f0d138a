"""Tables as HTML, for notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_NUMBER = re.compile(r"-?\d|-?$")


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table as HTML, every cell escaped; columns of numbers go to the right, all others to the left.

    Args:
        head: Heads of the columns; none for a table without them.
        rows: Cells, row by row.
        caption: What stands above it.

    Example:
        >>> print(html_table(["step", "n"], [["a < b", "12"]]))
        <table><thead><tr><th style="text-align: left">step</th><th style="text-align: right">n</th></tr></thead>
        <tbody><tr><td style="text-align: left">a &lt; b</td><td style="text-align: right">12</td></tr></tbody></table>
    """
    told = [list(row) for row in rows]
    width = max(map(len, [head, *told]))
    sides = ["right" if told and all(_NUMBER.match(row[column]) for row in told) else "left" for column in range(width)]

    def line(cells: Sequence[str], tag: str) -> str:
        aligned = zip(cells, sides, strict=True)
        parts = (f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>' for cell, side in aligned)
        return f"<tr>{''.join(parts)}</tr>"

    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    heads = f"<thead>{line(head, 'th')}</thead>\n" if head else ""
    return f"<table>{above}{heads}<tbody>{''.join(line(row, 'td') for row in told)}</tbody></table>"
