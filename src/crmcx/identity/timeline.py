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
# Per table: when, the day where only that is known, what happened, touchpoint, channel, what is worth saying of it.
_EVENTS = (
    ("stage_changes", "changed_us", None, f"'stage ' || stage || {_PREDICTED}", "NULL", "NULL", "nullif(scope, '')"),
    ("interactions", "occurred_us", None, "kind", "touchpoint", "channel", "outcome"),
    ("cases", "opened_us", None, "'case opened'", "NULL", "channel", "category"),
    ("cases", "resolved_us", None, "'case resolved'", "NULL", "channel", "category"),
    ("deals", "created_us", "opened_day", "'deal opened'", "NULL", "NULL", "coalesce(product, pipeline)"),
    ("deals", "closed_us", "closed_day", "'deal ' || status", "NULL", "NULL", "coalesce(product, pipeline)"),
    ("orders", "placed_us", None, "'order ' || status", "NULL", "channel", "number"),
    ("feedback", "submitted_us", None, "'feedback'", "touchpoint", "channel", "instrument"),
)


@frozen(kw_only=True)
class TimelineEntry:
    """One thing that happened."""

    at: datetime
    """When, in UTC; the beginning of the day where only that is known."""
    precision: str
    """`instant`, or `day` where the source knows only days."""
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
    parts = [
        f"""SELECT coalesce({at}, {f"{day} * {_DAY_US}" if day else "NULL"}) AS us, {number} AS place,
            {at} IS NULL AS by_day, source, '{table}' AS "table", {kind} AS kind, {touchpoint} AS touchpoint,
            {channel} AS channel, {words} AS words, source || '/' || source_id AS ref, key,
            {"scope" if table == "stage_changes" else "NULL"} AS scope,
            {"CASE WHEN mode <> 'predicted' THEN stage END" if table == "stage_changes" else "NULL"} AS stage
        FROM main.{table} WHERE customer_key IN (SELECT unnest($1))
            AND ({at} IS NOT NULL{f" OR {day} IS NOT NULL" if day else ""})"""
        for number, (table, at, day, kind, touchpoint, channel, words) in enumerate(_EVENTS)
    ]
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
                precision="day" if row["by_day"] else "instant",
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
