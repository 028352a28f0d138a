"""What a section of the page is made of: words, points, tiles, tables and pictures."""

from __future__ import annotations

from typing import Protocol

from attrs import field, frozen

from crmcx.estimates import Estimate
from crmcx.report._text import interval_sentence, is_number, left_out_words, n_words, safe

PICTURE = "<div data-picture "
"""The place of a picture; in no text, since text has no tags."""


class Block(Protocol):
    """A part of a section."""

    def html(self, anchor: str) -> str:
        """The block as HTML.

        Args:
            anchor: A name that no other block of the page has; ids within the block begin with it.
        """


@frozen
class Words:
    """A paragraph."""

    text: str
    """What it says."""

    def html(self, anchor: str) -> str:  # noqa: ARG002 - a block may need no name
        """The paragraph as HTML."""
        return f"<p>{safe(self.text)}</p>"


@frozen
class Point:
    """One thing to know."""

    title: str
    """The thing in a few words."""
    text: str
    """What it rests on."""


@frozen
class Points:
    """Things to know, the most important first."""

    points: tuple[Point, ...]
    """The points in order."""

    def html(self, anchor: str) -> str:  # noqa: ARG002 - a block may need no name
        """A numbered list as HTML."""
        told = "".join(f"<li><strong>{safe(each.title)}</strong> {safe(each.text)}</li>" for each in self.points)
        return f'<ol class="points">{told}</ol>'


@frozen
class Tile:
    """A number with what it is, where it may lie, what it rests on and what it means."""

    asked: str
    """What is asked, in a few words."""
    estimate: Estimate
    """The answer."""
    meaning: str
    """What the answer means, in a sentence."""


@frozen
class Tiles:
    """Numbers side by side."""

    tiles: tuple[Tile, ...]
    """The tiles in order."""

    def html(self, anchor: str) -> str:  # noqa: ARG002 - a block may need no name
        """A list of tiles as HTML."""
        return f'<ul class="tiles">{"".join(map(_tile, self.tiles))}</ul>'


def _tile(tile: Tile) -> str:
    estimate = tile.estimate
    value = estimate.value_words if estimate.value is not None else "no number"
    rests = [interval_sentence(estimate) or (estimate.reason or ""), n_words(estimate), left_out_words(estimate)]
    told = "".join(f"<li>{safe(each)}</li>" for each in rests if each)
    return (
        f'<li class="tile"><h3>{safe(tile.asked)}</h3><p class="value">{safe(value)}</p>'
        f'<p>{safe(tile.meaning)}</p><ul class="rests">{told}</ul></li>'
    )


@frozen
class Rows:
    """A table."""

    head: tuple[str, ...]
    """Names of the columns."""
    rows: tuple[tuple[str, ...], ...] = field()
    """The cells, row by row."""
    caption: str = ""
    """What the table shows; needed for those who do not see it."""

    @rows.validator
    def _even(self, _attribute: object, rows: tuple[tuple[str, ...], ...]) -> None:
        if any(len(row) != len(self.head) for row in rows):
            msg = f"a table of {len(self.head)} columns has a row of another length"
            raise ValueError(msg)

    def html(self, anchor: str) -> str:  # noqa: ARG002 - a block may need no name
        """The table as HTML.

        On a phone, a table of numbers scrolls in a box where it is too wide; one of words is set row by row.
        """
        count = len(self.head)
        right = [bool(self.rows) and all(is_number(row[column]) for row in self.rows) for column in range(count)]
        kinds = [' class="number"' if each else "" for each in right]
        head = "".join(f'<th scope="col"{kind}>{safe(cell)}</th>' for cell, kind in zip(self.head, kinds, strict=True))
        body = "".join(f"<tr>{_cells(row, kinds, self.head)}</tr>" for row in self.rows)
        caption = f"<caption>{safe(self.caption)}</caption>" if self.caption else ""
        name = safe(self.caption or "table")
        kind = ' class="stacks"' if self.rows and 2 * sum(right) < count else ""
        return (
            f'<div class="scrolls" tabindex="0" role="region" aria-label="{name}"><table{kind}>{caption}'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )


def _cells(row: tuple[str, ...], kinds: list[str], head: tuple[str, ...]) -> str:
    told = []
    for place, (cell, kind, column) in enumerate(zip(row, kinds, head, strict=True)):
        begin, end = ("td", "td") if place else ('th scope="row"', "th")
        told.append(f'<{begin} data-label="{safe(column)}"{kind}>{safe(cell)}</{end}>')
    return "".join(told)


@frozen
class Folded:
    """Blocks that are opened by those who want to know."""

    summary: str
    """What is inside."""
    blocks: tuple[Block, ...]
    """The blocks in order."""

    def html(self, anchor: str) -> str:
        """The blocks as HTML, folded."""
        inside = "".join(block.html(f"{anchor}-{place}") for place, block in enumerate(self.blocks, 1))
        return f'<details class="folded"><summary>{safe(self.summary)}</summary>{inside}</details>'


@frozen(kw_only=True)
class Figure:
    """A picture with a caption, a name for those who do not see it, and its numbers as tables."""

    title: str
    """What the picture is about, in a few words."""
    caption: str
    """What it shows, in a sentence made from its numbers."""
    name: str
    """What is drawn and how, for those who do not see it."""
    wide: str
    """The picture as plotly's JSON."""
    narrow: str | None = None
    """The picture laid out for a phone; None where the wide one will do."""
    narrow_min: int = 0
    """Least width of the narrow picture in pixels; where the page has less, the picture scrolls in its box."""
    tables: tuple[Rows, ...]
    """The same numbers as tables."""

    def html(self, anchor: str) -> str:
        """The figure as HTML; the script of the page draws it."""
        layouts = [("wide", self.wide)] + ([] if self.narrow is None else [("narrow", self.narrow)])
        data = "".join(
            f'<script type="application/json" data-layout="{name}">{_inert(picture)}</script>'
            for name, picture in layouts
        )
        tables = "".join(table.html(anchor) for table in self.tables)
        return (
            f'<figure id="{anchor}" aria-labelledby="{anchor}-title"><h3 id="{anchor}-title">{safe(self.title)}</h3>'
            f"<figcaption>{safe(self.caption)}</figcaption>"
            f'<div class="picture scrolls">{PICTURE}data-narrow-min="{self.narrow_min}" role="img"'
            f' aria-label="{safe(self.name)}"></div></div>{data}'
            f"<details><summary>The same numbers as a table</summary>{tables}</details></figure>"
        )


def _inert(picture: str) -> str:
    """JSON that cannot end the element it stands in."""
    return picture.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
