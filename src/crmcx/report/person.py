"""One person: what joined the records, and what happened, month by month."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Protocol

from attrs import frozen

from crmcx.estimates.words import count_words
from crmcx.report._text import safe, spaced
from crmcx.report.blocks import Rows

_MARKS = "\N{BLACK CIRCLE}\N{BLACK SQUARE}\N{BLACK UP-POINTING TRIANGLE}\N{BLACK DIAMOND}\N{WHITE CIRCLE}\N{WHITE SQUARE}\N{WHITE UP-POINTING TRIANGLE}\N{WHITE DIAMOND}"  # fmt: skip  # noqa: E501
_OPEN_MONTHS = 2


class Happening(Protocol):
    """Something that happened to a person, as an entry of a timeline."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def source(self) -> str:
        """The source that says so."""

    @property
    def table(self) -> str:
        """The table it stands in."""

    @property
    def kind(self) -> str:
        """What it is."""

    @property
    def touchpoint(self) -> str | None:
        """At which place or moment."""

    @property
    def channel(self) -> str | None:
        """Over what medium."""

    @property
    def words(self) -> str | None:
        """What is worth saying of it, such as an outcome or a score."""

    @property
    def stage(self) -> str | None:
        """The lifecycle stage at that time."""

    @property
    def ref(self) -> str:
        """The record."""


class Evidence(Protocol):
    """Why two records belong to one person."""

    @property
    def a(self) -> str:
        """One record."""

    @property
    def b(self) -> str:
        """The other."""

    @property
    def rule(self) -> str:
        """The rule that joined them."""

    @property
    def shown(self) -> str:
        """The value they share, masked."""


@frozen(kw_only=True)
class PersonCard:
    """A person as the page shows one. Made only of what the caller asked to show."""

    title: str
    """What the person is called on the page."""
    numbers: tuple[str, ...]
    """The numbers that find the person, such as that of a loan."""
    words: str = ""
    """What there is to know, in a sentence or two."""
    entries: tuple[Happening, ...]
    """What happened, in any order."""
    links: tuple[Evidence, ...] = ()
    """What joined the records."""

    def html(self, anchor: str) -> str:
        """The card as HTML."""
        entries = sorted(self.entries, key=lambda entry: entry.at)
        sources = sorted({entry.source for entry in entries})
        marks = {source: _MARKS[place % len(_MARKS)] for place, source in enumerate(sources)}
        numbers = safe(json.dumps(list(map(_number, self.numbers))))
        words = f"<p>{safe(self.words)}</p>" if self.words else ""
        return (
            f'<article class="person" id="{anchor}" tabindex="-1" data-numbers="{numbers}"'
            f' aria-labelledby="{anchor}-title"><h3 id="{anchor}-title">{safe(self.title)}</h3>{words}'
            f"{self._evidence(anchor)}<h4>Timeline</h4>{_key(entries, marks)}"
            f"{_months(entries, marks)}</article>"
        )

    def _evidence(self, anchor: str) -> str:
        if not self.links:
            return "<p>All records come from one place; nothing had to be joined.</p>"
        rows = tuple((link.a, link.b, spaced(link.rule), link.shown) for link in self.links)
        table = Rows(("this record", "belongs with", "because of", "which both have"), rows, "What joined the records")
        return table.html(anchor)


@frozen
class Finder:
    """A field that finds a person by a number, among those the page holds."""

    asked: str
    """What is asked for, such as `Loan number`."""
    people: tuple[PersonCard, ...]
    """The people on the page."""

    def html(self, anchor: str) -> str:
        """The field and the people as HTML."""
        count = len(self.people)
        holds = "one person" if count == 1 else f"{count_words(count)} people"
        cards = "\n".join(person.html(f"{anchor}-person-{place}") for place, person in enumerate(self.people, 1))
        return (
            f'<form class="finder" data-finder><label for="{anchor}-field">{safe(self.asked)}</label>'
            f'<input id="{anchor}-field" name="number" autocomplete="off" spellcheck="false"'
            f' aria-describedby="{anchor}-answer"><button type="submit">Find</button>'
            f'<p class="answer" id="{anchor}-answer" role="status" data-holds="{holds}">'
            f"This file holds {holds}.</p></form>\n{cards}"
        )


def _number(text: str) -> str:
    return "".join(text.split()).casefold()


def _key(entries: Sequence[Happening], marks: dict[str, str]) -> str:
    counts = {source: sum(entry.source == source for entry in entries) for source in marks}
    told = "".join(
        f"<li>{_mark(mark)} {safe(source)}: {count_words(counts[source])}</li>" for source, mark in marks.items()
    )
    return f'<ul class="key">{told}<li>Times are in UTC</li></ul>'


def _mark(mark: str) -> str:
    return f'<span class="mark" aria-hidden="true">{mark}</span>'


def _months(entries: Sequence[Happening], marks: dict[str, str]) -> str:
    months = [(name, list(found)) for name, found in groupby(entries, key=lambda entry: f"{entry.at:%B %Y}")]
    told = []
    for place, (name, found) in enumerate(months):
        state = " open" if place >= len(months) - _OPEN_MONTHS else ""
        lines = "".join(_line(run, marks) for run in _runs(found))
        count = "1 entry" if len(found) == 1 else f"{count_words(len(found))} entries"
        told.append(
            f'<details class="month"{state}><summary>{name} <span class="count">{count}</span></summary>'
            f'<ol class="timeline">{lines}</ol></details>'
        )
    return "".join(told)


def _runs(entries: Iterable[Happening]) -> list[list[Happening]]:
    """Entries one after the other that say the same of the same day stand in one line."""

    def said(entry: Happening) -> tuple[object, ...]:
        return entry.at.date(), entry.source, entry.kind, entry.touchpoint, entry.channel, entry.words, entry.stage

    return [list(found) for _, found in groupby(entries, key=said)]


def _line(run: Sequence[Happening], marks: dict[str, str]) -> str:
    first = run[0]
    what = spaced(first.touchpoint or first.kind)
    times = f" {count_words(len(run))} times" if len(run) > 1 else ""
    parts = [first.kind if first.touchpoint else None, first.channel, first.words, first.stage]
    about = ", ".join(spaced(part) for part in parts if part)
    return (
        f'<li><time datetime="{first.at.isoformat()}">{first.at:%d %b, %H:%M}</time>'
        f'<span class="what"><b>{safe(what)}</b>{times} <span class="about">{safe(about)}</span></span>'
        f'<span class="from" title="{safe(first.ref)}">{_mark(marks[first.source])} {safe(first.source)}</span></li>'
    )
