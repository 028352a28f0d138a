"""An estimate: a value with its unit, its denominator, its interval and its receipt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from crmcx._html import html_table
from crmcx.estimates.asked import Asked
from crmcx.estimates.words import amount_words, count_words, level_words, share_words, time_words
from crmcx.instants import Window
from crmcx.models.values import Money

Value = float | timedelta | Money
"""What an estimate can be: a share, a score, a length of time or an amount."""


Pairs = tuple[tuple[str, Any], ...]
"""Names with values; a mapping is taken too."""


_CLUSTERS = {"person_id": "people", "account_key": "accounts", "customer_key": "customers"}


@frozen
class Interval:
    """Where the value may lie."""

    low: float | timedelta
    """Lower end."""
    high: float | timedelta | None
    """Upper end; None when the data do not bound it, as when too many cases are still open."""
    level: float
    """Confidence level, between 0 and 1."""
    method: str
    """How it was made."""


def _in_order(given: Mapping[str, Any] | Pairs) -> Pairs:
    return tuple(sorted(dict(given).items()))


def _as_given(given: Mapping[str, Any] | Pairs) -> Pairs:
    return tuple(dict(given).items())


@frozen
class Definition:
    """What a number means: a name, a version and the parameters after defaults."""

    name: str
    """Name of the metric."""
    version: int
    """Raised when the same parameters would give another number."""
    parameters: Pairs = field(default=(), converter=_in_order)
    """Every parameter that decides what the number means, as plain JSON values."""

    @property
    def hash(self) -> str:
        """SHA-256 over the canonical JSON of name, version and parameters: equal meaning, equal hash.

        Example:
            >>> Definition("nps", 1).hash[:12]
            'e10d0b5c1aac'
        """
        told = {"name": self.name, "version": self.version, "parameters": dict(self.parameters)}
        canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


@frozen(kw_only=True, repr=False)
class Receipt:
    """On what data, over which time and under which definition a number was made. Prints as a list."""

    definition: Definition
    """What it means."""
    unit: str
    """`share`, `points`, `score`, `duration`, `money`, `count`, or `per order` and the like (a rate)."""
    window: Window | None = None
    """The days that count; None for all."""
    as_of: datetime | None = None
    """The knowledge date; None when it plays no part."""
    snapshot: str | None = None
    """Id of the workspace snapshot; None when the table came from elsewhere."""
    periods: str | None = None
    """Of which instant and in which zone periods made the groups; None without periods."""
    cluster: str | None = None
    """The column by which observations belong together; None when all count as independent, or none is a sample."""

    def _told(self) -> list[tuple[str, str]]:
        made = self.definition
        return [
            ("definition", f"{made.name}, version {made.version}, hash {made.hash[:12]}"),
            *((f"  {name}", _parameter(value)) for name, value in made.parameters),
            ("unit", self.unit),
            ("window", "all days" if self.window is None else str(self.window)),
            ("as of", "all that is there" if self.as_of is None else self.as_of.isoformat()),
            *([] if self.periods is None else [("periods", self.periods)]),
            *([] if self.cluster is None else [("clusters", self.cluster)]),
            ("snapshot", self.snapshot or "none: the table came from elsewhere"),
        ]

    def __repr__(self) -> str:
        told = self._told()
        width = max(len(name) for name, _ in told)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in told)

    def _repr_html_(self) -> str:
        return html_table((), self._told())


@frozen(kw_only=True, repr=False)
class Estimate:
    """A value that says how it came to be.

    A number over nothing is None with a reason, never zero. Prints as one line; a notebook shows it as HTML.
    """

    value: Value | None
    """The value, or None."""
    reason: str | None = None
    """Why there is no value."""
    n: int
    """How many observations it rests on."""
    n_clusters: int | None = None
    """How many people, or other clusters, they come from; None when that was not looked at."""
    excluded: Pairs = field(default=(), converter=_in_order)
    """What was left out: reason and number of rows."""
    counts: Pairs = field(default=(), converter=_as_given)
    """What the value is made of, such as promoters, passives and detractors."""
    interval: Interval | None = None
    """Where the value may lie; None for a plain fact, or when there is no value."""
    receipt: Receipt
    """Where it comes from."""
    asked: Asked | None = field(default=None, eq=False)
    """What was asked, for `metrics.evidence`; None when it was not made of a table."""
    trail: Any = field(default=None, eq=False)
    """The rows that it was made of, while evidence is looked for."""

    @property
    def unit(self) -> str:
        """The unit of the value."""
        return self.receipt.unit

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values; durations as seconds, amounts as text."""
        found, made = self.receipt, self.interval
        return {
            "value": _plain(self.value),
            "currency": self.value.currency if isinstance(self.value, Money) else None,
            "reason": self.reason,
            "unit": found.unit,
            "n": self.n,
            "n_clusters": self.n_clusters,
            "excluded": dict(self.excluded),
            "counts": dict(self.counts),
            "interval": None
            if made is None
            else {"low": _plain(made.low), "high": _plain(made.high), "level": made.level, "method": made.method},
            "definition": {
                "name": found.definition.name,
                "version": found.definition.version,
                "parameters": dict(found.definition.parameters),
                "hash": found.definition.hash,
            },
            "window": None if found.window is None else str(found.window),
            "as_of": None if found.as_of is None else found.as_of.isoformat(),
            "periods": found.periods,
            "cluster": found.cluster,
            "snapshot": found.snapshot,
        }

    @property
    def value_words(self) -> str:
        """The value for people: `39.8`, `63.4 %`, `2 h 10 min`, `1,234.50 EUR`, or a dash."""
        return _words(self.value, self.unit)

    @property
    def interval_words(self) -> str:
        """The interval for people, or nothing."""
        if self.interval is None:
            return ""
        high = "unbounded" if self.interval.high is None else _words(self.interval.high, self.unit)
        return f"{_words(self.interval.low, self.unit)} to {high}"

    @property
    def _clusters(self) -> str:
        """What the clusters are called."""
        return _CLUSTERS.get(self.receipt.cluster or "person_id", "clusters")

    def _left_out(self) -> str:
        left_out = sum(number for _, number in self.excluded)
        reasons = ", ".join(f"{reason} {count_words(number)}" for reason, number in self.excluded if number)
        return f"{count_words(left_out)}: {reasons}" if left_out else ""

    def _repr_html_(self) -> str:
        level = f"{level_words(self.interval.level)} " if self.interval else ""
        told = [
            (self.receipt.definition.name, self.value_words),
            (f"{level}interval", self.interval_words or (self.reason or "")),
            ("n", count_words(self.n)),
            *([] if self.n_clusters is None else [(self._clusters, count_words(self.n_clusters))]),
            ("left out", self._left_out() or "0"),
        ]
        return html_table([name for name, _ in told], [[cell for _, cell in told]])

    def __repr__(self) -> str:
        definition = self.receipt.definition
        said = [f"{definition.name}: {self.value_words}"]
        if self.reason:
            said[0] += f" ({self.reason})"
        if self.interval is not None:
            said.append(f"{level_words(self.interval.level)} interval {self.interval_words}")
        said.append(f"n = {count_words(self.n)}")
        if self.n_clusters is not None and self.n_clusters != self.n:
            said.append(f"from {count_words(self.n_clusters)} {self._clusters}")
        if self._left_out():
            said.append(f"left out {self._left_out()}")
        return "; ".join(said)


def _parameter(value: object) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(value: object) -> float | str | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Money):
        return str(value.amount)
    return value if isinstance(value, float | int) else None


def _words(value: Value | None, unit: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, timedelta):
        return time_words(value)
    if isinstance(value, Money):
        return amount_words(value)
    if unit in _SPELLED:
        return _SPELLED[unit](value)
    return f"{value:.3g}" if unit.startswith("per ") else f"{value:.1f}"


_SPELLED: Mapping[str, Callable[[float], str]] = {
    "count": lambda value: count_words(round(value)),
    "money": lambda value: f"{value:,.2f}",
    "ratio": lambda value: f"{value:.2f}",
    "score": lambda value: f"{value:.2f}",
    "share": share_words,
}
"""How values of some units are spelled; others with one digit behind the point."""
