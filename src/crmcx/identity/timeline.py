"""What happened between a person and the company: every source, in one order, with her stage at each point."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from crmcx.instants import from_us, to_us
from crmcx.tables import to_frame

if TYPE_CHECKING:
    from crmcx.store import Snapshot

_DAY_US = 86_400_000_000
_SHOWN = 20
_PREDICTED = "CASE WHEN mode = 'predicted' THEN ' (predicted)' ELSE '' END"
# What somebody took part in who is not its primary participant.
_TOOK_PART = """(SELECT i.* EXCLUDE (customer_key, kind), i.kind || ' (' || p.role || ')' AS kind, p.customer_key
    FROM main.interactions i JOIN main.participants p ON p.interaction_key = i.key
    WHERE p.customer_key IS DISTINCT FROM i.customer_key)"""


@frozen(kw_only=True)
class _Events:
    """What a table tells of somebody; every field but the first three is SQL."""

    table: str
    at: str
    day: str | None = None
    """The column of the day, where a source may know only that."""
    kind: str
    """What happened."""
    touchpoint: str = "NULL"
    channel: str = "NULL"
    words: str = "NULL"
    """What is worth saying of it."""
    rows: str = ""
    """What to read instead of the table."""


_PRODUCT = "coalesce(product, plan)"
_SOLD = "coalesce(product, pipeline)"
_EVENTS = (
    _Events(
        table="stage_changes", at="changed_us", kind=f"'stage ' || stage || {_PREDICTED}", words="nullif(scope, '')"
    ),
    _Events(table="campaign_touches", at="occurred_us", kind="'campaign ' || kind", words="campaign"),
    _Events(
        table="interactions", at="occurred_us", kind="kind", touchpoint="touchpoint", channel="channel", words="outcome"
    ),
    _Events(
        table="interactions",
        at="occurred_us",
        kind="kind",
        touchpoint="touchpoint",
        channel="channel",
        words="outcome",
        rows=_TOOK_PART,
    ),
    _Events(table="cases", at="opened_us", kind="'case opened'", channel="channel", words="category"),
    _Events(table="cases", at="resolved_us", kind="'case resolved'", channel="channel", words="category"),
    _Events(table="leads", at="created_us", kind="'lead created'", words="origin"),
    _Events(table="leads", at="converted_us", kind="'lead converted'", words="origin"),
    _Events(table="deals", at="created_us", day="opened_day", kind="'deal opened'", words=_SOLD),
    _Events(table="deals", at="closed_us", day="closed_day", kind="'deal ' || status", words=_SOLD),
    _Events(table="subscriptions", at="started_us", kind="'subscription started'", words=_PRODUCT),
    _Events(table="subscriptions", at="cancel_requested_us", kind="'subscription cancelled'", words=_PRODUCT),
    _Events(table="subscriptions", at="ended_us", kind="'subscription ended'", words=_PRODUCT),
    _Events(table="orders", at="placed_us", kind="'order ' || status", channel="channel", words="number"),
    _Events(table="payments", at="paid_us", kind="'payment ' || status", words="method"),
    _Events(table="consents", at="captured_us", kind="'consent ' || status", channel="channel", words="purpose"),
    _Events(
        table="invitations",
        at="sent_us",
        kind="'invited to feedback'",
        touchpoint="touchpoint",
        channel="channel",
        words="instrument",
    ),
    _Events(
        table="feedback",
        at="submitted_us",
        kind="CASE kind WHEN 'survey' THEN 'feedback' ELSE kind END",
        touchpoint="touchpoint",
        channel="channel",
        words="instrument",
    ),
)


@frozen(kw_only=True)
class TimelineEntry:
    """One thing that happened."""

    at: datetime
    """When, in UTC; the beginning of the day where only that is known."""
    precision: str
    """`instant`, or `minute` or `day` where the source knows no more."""
    source: str
    """The connection that said it."""
    table: str
    """The table it stands in."""
    kind: str
    """What happened."""
    touchpoint: str | None
    """Where in the company's design."""
    channel: str | None
    """Over what."""
    words: str | None
    """What is worth saying of it, without anybody's own words: a product, an outcome, scores."""
    stages: tuple[tuple[str, str], ...]
    """Product line and lifecycle stage from then on, for each line of which a stage is known."""
    ref: str
    """The record, as source and id."""

    @property
    def stage(self) -> str | None:
        """The stages in words."""
        told = [f"{stage} ({scope})" if scope else stage for scope, stage in self.stages]
        return ", ".join(told) or None


@frozen(repr=False)
class Timeline:
    """Everything of one person, the oldest first. Prints as a table; a notebook shows it as HTML."""

    entries: tuple[TimelineEntry, ...] = field()
    """What happened, in the order of time; of one instant by table, then by key."""

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[TimelineEntry]:
        return iter(self.entries)

    @property
    def sources(self) -> tuple[str, ...]:
        """The connections that it comes from."""
        return tuple(sorted({each.source for each in self.entries}))

    def to_frame(self) -> Any:  # noqa: ANN401 - a Polars frame, or a DuckDB relation
        """One row an entry: `at_us`, then the fields as text. Of Polars when it is installed, else of DuckDB."""
        texts = ("precision", "source", "table", "kind", "touchpoint", "channel", "words", "stage", "ref")
        columns: dict[str, list[Any]] = {"at_us": [to_us(each.at) for each in self.entries]}
        columns |= {name: [getattr(each, name) for each in self.entries] for name in texts}
        return to_frame(columns, {"at_us": "int64"} | dict.fromkeys(texts, "string"))

    def _told(self) -> tuple[list[str], list[list[str]], int]:
        head = ["when (UTC)", "source", "what", "where", "stage"]
        shown = self.entries if len(self.entries) <= 2 * _SHOWN else (*self.entries[:_SHOWN], *self.entries[-_SHOWN:])
        told = [
            [
                f"{each.at:%Y-%m-%d}" if each.precision == "day" else f"{each.at:%Y-%m-%d %H:%M}",
                each.source,
                f"{each.kind}: {each.words}" if each.words else each.kind,
                " / ".join(filter(None, (each.touchpoint, each.channel))),
                each.stage or "",
            ]
            for each in shown
        ]
        return head, told, len(self.entries) - len(shown)

    def __repr__(self) -> str:
        head, told, rest = self._told()
        widths = [max(len(row[column]) for row in [head, *told]) for column in range(len(head))]
        lines = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in told
        ]
        if rest:
            lines.insert(_SHOWN, f"... {rest:,} more ...")
        count = "1 entry" if len(self.entries) == 1 else f"{len(self.entries):,} entries"
        title = f"{count} of {', '.join(self.sources) or 'no source'}"
        header = "  ".join(f"{cell:<{width}}" for cell, width in zip(head, widths, strict=True)).rstrip()
        return "\n".join([title, header, *lines])

    def _repr_html_(self) -> str:
        head, told, rest = self._told()
        body = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in told]
        if rest:
            body.insert(_SHOWN, f'<td colspan="{len(head)}">… {rest:,} more …</td>')
        header = "".join(f"<th>{escape(cell)}</th>" for cell in head)
        rows = "".join(f"<tr>{row}</tr>" for row in body)
        return f"<table><thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table>"


def timeline_of(snapshot: Snapshot, customers: tuple[int, ...]) -> Timeline:
    """The timeline of the person whose records have these keys."""
    parts = [_query(number, events) for number, events in enumerate(_EVENTS)]
    found = snapshot.dicts(f"{' UNION ALL '.join(parts)} ORDER BY us, place, key", [list(customers)])
    scores = _scores(snapshot, customers)
    stages: dict[str, str] = {}
    entries = []
    for row in found:
        if row["stage"] is not None:
            stages[row["scope"]] = row["stage"]
        entries.append(
            TimelineEntry(
                at=from_us(row["us"]),
                precision=row["precision"],
                source=row["source"],
                table=row["table"],
                kind=row["kind"],
                touchpoint=row["touchpoint"],
                channel=row["channel"],
                words=scores.get(row["key"], row["words"]) if row["table"] == "feedback" else row["words"],
                stages=tuple(sorted(stages.items())),
                ref=row["ref"],
            )
        )
    return Timeline(tuple(entries))


def _query(number: int, events: _Events) -> str:
    """The query of what one table tells, where `$1` holds the keys of somebody's records."""
    of_stage = events.table == "stage_changes"
    day, known = events.day, f"{events.at} IS NOT NULL"
    exactly = "precision" if events.table == "interactions" else f"CASE WHEN {known} THEN 'instant' ELSE 'day' END"
    return f"""SELECT {f"coalesce({events.at}, {day} * {_DAY_US})" if day else events.at} AS us, {number} AS place,
        {exactly} AS precision, source, '{events.table}' AS "table", {events.kind} AS kind,
        {events.touchpoint} AS touchpoint, {events.channel} AS channel, {events.words} AS words,
        source || '/' || source_id AS ref, key, {"scope" if of_stage else "NULL"} AS scope,
        {"CASE WHEN mode <> 'predicted' THEN stage END" if of_stage else "NULL"} AS stage
    FROM {events.rows or f"main.{events.table}"} WHERE customer_key IN (SELECT unnest($1))
        AND ({known}{f" OR {day} IS NOT NULL" if day else ""})"""


def _scores(snapshot: Snapshot, customers: tuple[int, ...]) -> dict[int, str]:
    """For each submission its scores in words, each with its scale."""
    found = snapshot.query(
        """SELECT feedback_key, item, score, scale_min, scale_max FROM main.answers
        WHERE customer_key IN (SELECT unnest($1)) AND score IS NOT NULL ORDER BY feedback_key, position""",
        [list(customers)],
    )
    told: dict[int, list[str]] = {}
    for key, item, score, low, high in found:
        told.setdefault(key, []).append(f"{item} {score:g} of {low:g} to {high:g}")
    return {key: ", ".join(words) for key, words in told.items()}
