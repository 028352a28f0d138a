"""The rows behind a group: kept only while evidence is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import narwhals.stable.v2 as nw
from attrs import field, frozen

from crmcx.tables import Frame, rows

G = TypeVar("G")


@frozen
class Trail:
    """The rows of all groups, each with its group, its key and why it does not count."""

    lazy: nw.LazyFrame[Any] = field(eq=False)
    """Columns `by_0` and so on, `record`, `why` (0 where it counts) and `part_0` and so on."""
    record: str
    """The column of the table that the keys come from."""
    reasons: tuple[str, ...]
    """Names of the reasons, in order; the first is number 1."""
    parts: tuple[str, ...]
    """Names of the parts, in order."""
    group: tuple[Any, ...] = ()
    """The group that is meant."""

    def keys(self, *, part: str | None, left_out: str | None) -> list[Any]:
        """The keys of the records of the group, in order."""
        wanted = nw.col("why") == (0 if left_out is None else self.reasons.index(left_out) + 1)
        for number, value in enumerate(self.group):
            name = nw.col(f"by_{number}")
            wanted &= name.is_null() if value is None else ~name.is_null() & (name == value)
        if part is not None:
            wanted &= nw.col(f"part_{self.parts.index(part)}") != 0
        found = [row["record"] for row in rows(self.lazy.filter(wanted).select("record"))]
        return sorted(found, key=lambda key: (key is None, str(type(key)), key if key is not None else 0))


class Traced(dict[tuple[Any, ...], G]):
    """Groups with the trail of their rows."""

    def __init__(self, groups: Mapping[tuple[Any, ...], G], trail: Trail | None, raw: Mapping[Any, Any]) -> None:
        super().__init__(groups)
        self.trail = trail
        self.raw = raw

    def trail_of(self, key: tuple[Any, ...]) -> Trail | None:
        """The trail of one group."""
        trail = self.trail
        if trail is None:
            return None
        return Trail(trail.lazy, trail.record, trail.reasons, trail.parts, self.raw.get(key, key))


def traced(
    frame: Frame,
    groups: dict[tuple[Any, ...], G],
    staged: nw.LazyFrame[Any],
    *,
    reasons: Sequence[str],
    parts: Mapping[str, str],
) -> dict[tuple[Any, ...], G]:
    """The groups with a trail, where the frame is traced.

    Args:
        frame: The frame that they were made of.
        groups: The groups.
        staged: The rows with `by_0` and so on, `record` (see `record_of`), `why`, and the columns of the parts.
        reasons: Names of the reasons, in order.
        parts: Name of a part to its column, which is not 0 for rows of it.
    """
    record = record_of(frame)
    if not frame.traced:
        return groups
    if record is None:
        return Traced(groups, None, {})
    told = [nw.col(column).alias(f"part_{number}") for number, column in enumerate(parts.values())]
    keyed = staged.with_columns(*told) if told else staged
    return Traced(groups, Trail(keyed, record, tuple(reasons), tuple(parts)), {})


def renamed(
    groups: dict[tuple[Any, ...], G], name: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> dict[tuple[Any, ...], G]:
    """The groups under other names, still with their trail."""
    named = {name(key): group for key, group in groups.items()}
    if not isinstance(groups, Traced):
        return named
    return Traced(named, groups.trail, {name(key): groups.raw.get(key, key) for key in groups})


def made_of(groups: dict[tuple[Any, ...], Any], make: Callable[[tuple[Any, ...], Any], G]) -> dict[tuple[Any, ...], G]:
    """Something made of each group, still with the trail."""
    made = {key: make(key, group) for key, group in groups.items()}
    return Traced(made, groups.trail, groups.raw) if isinstance(groups, Traced) else made


def widened(groups: dict[tuple[Any, ...], G], keys: Iterable[tuple[Any, ...]], empty: G) -> dict[tuple[Any, ...], G]:
    """The groups, and empty ones for further keys, still with the trail."""
    wide = {**dict.fromkeys(keys, empty), **groups}
    return Traced(wide, groups.trail, groups.raw) if isinstance(groups, Traced) else wide


def record_of(frame: Frame) -> str | None:
    """The column that tells the records of a traced frame: their key, else the unit that they were put together by."""
    if not frame.traced:
        return None
    return next((name for name in (frame.key, "unit") if name is not None and name in frame.columns), None)
