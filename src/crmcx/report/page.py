"""The page: one HTML file that needs nothing else, and no network."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from pathlib import Path

from attrs import frozen

from crmcx.report._plotly import plotly_script
from crmcx.report._text import safe
from crmcx.report.blocks import PICTURE, Block

_POLICY = "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; form-action 'none'"


@frozen
class Section:
    """A part of the page under a heading."""

    title: str
    """The heading."""
    words: str = ""
    """What the part is about, in a sentence or two."""
    blocks: tuple[Block, ...] = ()
    """What it holds, in order."""


@frozen
class Page:
    """A page of sections, complete in one file.

    The file holds its style, its script and its data. A policy within forbids the browser every request, and every
    script but the two that are named by their hash: text of the data can do nothing, whatever it says.

    Example:
        >>> page = Page("A small bank", "Its year.", [Section("What came in", "Four systems.")])
        >>> page.html()[:15]
        '<!doctype html>'
    """

    title: str
    """What the page is about."""
    lead: str
    """What the reader is looking at, in a sentence or two."""
    sections: tuple[Section, ...]
    """The parts in order."""
    language: str = "en"
    """The language of the text."""

    def html(self) -> str:
        """The page as text.

        Raises:
            MissingExtraError: There is a picture on the page and plotly is not installed.
        """
        parts = "\n".join(_section(number, section) for number, section in enumerate(self.sections, 1))
        scripts = [*([plotly_script()] if PICTURE in parts else []), _file("page.js")]
        policy = _POLICY.format(scripts=" ".join(f"'sha256-{_digest(script)}'" for script in scripts))
        links = "".join(
            f'<li><a href="#part-{number}">{safe(section.title)}</a></li>'
            for number, section in enumerate(self.sections, 1)
        )
        return (
            f'<!doctype html>\n<html lang="{safe(self.language)}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
            f"<title>{safe(self.title)}</title>\n<style>\n{_file('page.css')}</style>\n</head>\n<body>\n"
            f"<header><h1>{safe(self.title)}</h1>\n<p class=lead>{safe(self.lead)}</p>\n"
            f'<nav aria-label="Parts of this page"><ul>{links}</ul></nav></header>\n<main>\n{parts}\n</main>\n'
            "<noscript><p>The pictures need JavaScript. Their numbers stand in the tables below each of them."
            "</p></noscript>\n" + "".join(f"<script>{script}</script>\n" for script in scripts) + "</body>\n</html>\n"
        )

    def write(self, path: str | Path) -> Path:
        """Write the page into a file.

        Args:
            path: The file; one that is there is replaced.

        Returns:
            The path of the file.

        Raises:
            MissingExtraError: There is a picture on the page and plotly is not installed.
        """
        file = Path(path)
        file.write_text(self.html(), encoding="utf-8", newline="\n")
        return file


def _section(number: int, section: Section) -> str:
    words = f"<p>{safe(section.words)}</p>" if section.words else ""
    blocks = "\n".join(block.html(f"part-{number}-{place}") for place, block in enumerate(section.blocks, 1))
    title = f'<h2 id="part-{number}-title">{safe(section.title)}</h2>'
    return f'<section id="part-{number}" aria-labelledby="part-{number}-title">{title}{words}\n{blocks}</section>'


def _file(name: str) -> str:
    return files("crmcx.report").joinpath(name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
