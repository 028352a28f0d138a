"""One person: what joined the records, and what happened, month by month."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import Protocol
from zoneinfo import ZoneInfo

from attrs import frozen

from crmcx.estimates.words import count_words
from crmcx.instants import zone
from crmcx.report._text import safe, spaced
from crmcx.report.blocks import Rows

_MARKS = "\N{BLACK CIRCLE}\N{BLACK SQUARE}\N{BLACK UP-POINTING TRIANGLE}\N{BLACK DIAMOND}\N{WHITE CIRCLE}\N{WHITE SQUARE}\N{WHITE UP-POINTING TRIANGLE}\N{WHITE DIAMOND}"  # fmt: skip  # noqa: E501


class Happening(Protocol):
    """Something that happened to a person, as an entry of a timeline."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def precision(self) -> str:
        """`instant`, or `day` where only the day is known."""

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
    zone: str = "UTC"
    """IANA name of the zone in which times are told."""

    def html(self, anchor: str) -> str:
        """The card as HTML."""
        tz = zone(self.zone)
        entries = sorted(self.entries, key=lambda entry: _order(entry, tz))
        sources = sorted({entry.source for entry in entries})
        marks = {source: _MARKS[place % len(_MARKS)] for place, source in enumerate(sources)}
        numbers = safe(json.dumps(list(map(_number, self.numbers))))
        words = f"<p>{safe(self.words)}</p>" if self.words else ""
        return (
            f'<article class="person" id="{anchor}" tabindex="-1" data-numbers="{numbers}"'
            f' aria-labelledby="{anchor}-title"><h3 id="{anchor}-title">{safe(self.title)}</h3>{words}'
            f"{self._evidence(anchor)}<h4>Timeline</h4>{_key(entries, marks, self.zone)}"
            f"{_months(entries, marks, tz)}</article>"
        )

    def _evidence(self, anchor: str) -> str:
        if not self.links:
            return "<p>All records come from one place; nothing had to be joined.</p>"
        rows = tuple((link.a, link.b, spaced(link.rule), link.shown) for link in self.links)
        table = Rows(("this record", "belongs with", "because of", "what both have"), rows, "What joined the records")
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


def _order(entry: Happening, tz: ZoneInfo) -> tuple[datetime, bool]:
    """What is known by its day stands after what has a time on that day, on the clock of the zone."""
    if entry.precision != "day":
        return entry.at, True
    following = entry.at.date() + timedelta(days=1)
    return datetime.combine(following, time.min, tz).astimezone(UTC), False


def _key(entries: Sequence[Happening], marks: dict[str, str], zone_name: str) -> str:
    counts = {source: sum(entry.source == source for entry in entries) for source in marks}
    told = "".join(
        f"<li>{_mark(mark)} {safe(source)}: {count_words(counts[source])}</li>" for source, mark in marks.items()
    )
    return f'<ul class="key">{told}<li>Times are in {safe(zone_name)}</li></ul>'


def _mark(mark: str) -> str:
    return f'<span class="mark" aria-hidden="true">{mark}</span>'


def _local(entry: Happening, tz: ZoneInfo) -> datetime:
    """When, on the clock of the zone; a day stays the day that it is."""
    return entry.at if entry.precision == "day" else entry.at.astimezone(tz)


def _months(entries: Sequence[Happening], marks: dict[str, str], tz: ZoneInfo) -> str:
    """The months, the fullest and the last of them open; a stage is told where it changes."""
    months = [(name, list(found)) for name, found in groupby(entries, key=lambda each: f"{_local(each, tz):%B %Y}")]
    fullest = max((len(found) for _, found in months), default=0)
    told = []
    stage: str | None = None
    for place, (name, found) in enumerate(months):
        state = " open" if place == len(months) - 1 or len(found) == fullest else ""
        lines = []
        for run in _runs(found, tz):
            lines.append(_line(run, marks, tz, changed=run[0].stage != stage))
            stage = run[0].stage
        count = "1 entry" if len(found) == 1 else f"{count_words(len(found))} entries"
        told.append(
            f'<details class="month"{state}><summary>{name} <span class="count">{count}</span></summary>'
            f'<ol class="timeline">{"".join(lines)}</ol></details>'
        )
    return "".join(told)


def _runs(entries: Iterable[Happening], tz: ZoneInfo) -> list[list[Happening]]:
    """Entries one after the other that say the same of the same day stand in one line."""

    def said(entry: Happening) -> tuple[object, ...]:
        day = _local(entry, tz).date()
        return day, entry.source, entry.kind, entry.touchpoint, entry.channel, entry.words, entry.stage

    return [list(found) for _, found in groupby(entries, key=said)]


def _line(run: Sequence[Happening], marks: dict[str, str], tz: ZoneInfo, *, changed: bool) -> str:
    first = run[0]
    what = spaced(first.touchpoint or first.kind)
    times = f" {count_words(len(run))} times" if len(run) > 1 else ""
    stage = f"now {first.stage}" if changed and first.stage else None
    parts = [first.kind if first.touchpoint else None, first.channel, first.words, stage]
    about = ", ".join(spaced(part) for part in parts if part)
    at = _local(first, tz)
    clock = "" if first.precision == "day" else f"{at:, %H:%M}"
    return (
        f'<li><time datetime="{at.date().isoformat() if not clock else at.isoformat()}">{at:%d %b}{clock}</time>'
        f'<span class="what"><b>{safe(what)}</b>{times} <span class="about">{safe(about)}</span></span>'
        f'<span class="from" title="{safe(first.ref)}">{_mark(marks[first.source])} {safe(first.source)}</span></li>'
    )
