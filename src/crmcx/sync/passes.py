"""One pass over a stream: from which watermark on it asks, how far it has come, and what it leaves to the next one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from attrs import asdict, evolve, frozen

from crmcx.connectors import Cursor, Page, Stream
from crmcx.connectors.stamps import Stamps, Watermark
from crmcx.errors import ConnectorError, PagingError
from crmcx.instants import MICROSECOND
from crmcx.store import StreamState


@frozen(kw_only=True)
class Pass:
    """Where a pass stands; it is kept as JSON beside the rows that were read so far."""

    began_us: int
    """When it began."""
    whole: bool
    """Whether it reads everything, not only what is new."""
    since: Watermark | None = None
    """From where on it asks, before the lookback."""
    newest: Watermark | None = None
    """The newest stamp that it may leave to the next pass."""
    in_order: bool = True
    """Whether the records came as the stream promised."""
    token: Any = None
    """The next page."""
    window: Any = None
    """The part of time that is being read."""
    shown: int = 0
    """Records of the present query so far."""
    parent: str | None = None
    """Of a child stream the parent that is being read."""
    after: str | None = None
    """Of a child stream the last parent that was read to its end."""
    since_run: int | None = None
    """Of a child stream the first run whose parents it asks."""

    def cursor(self, stream: Stream) -> Cursor:
        """What the stream is told."""
        watermark = None if self.since is None else self.since.back(stream.lookback)
        return Cursor(watermark=watermark, token=self.token, window=self.window)

    @property
    def has_place(self) -> bool:
        """Whether it stands somewhere between its beginning and its end."""
        return not (self.token is None and self.window is None and self.after is None)

    def as_json(self) -> str:
        """The pass as JSON.

        Raises:
            ConnectorError: A token or a window cannot be written so.
        """
        return _written(asdict(self))

    @classmethod
    def from_json(cls, text: str, *, now_us: int) -> Pass:
        """A pass that was broken off; of one that an earlier version kept, with what it kept."""
        said = json.loads(text)
        said.pop("watermark", None)
        marks = {name: Watermark(**said[name]) for name in ("since", "newest") if said.get(name)}
        return cls(**{"began_us": now_us, "whole": True, **said, **marks})


def begin(stream: Stream, state: StreamState | None, *, now_us: int, run_id: int, whole: bool) -> tuple[Pass, bool]:
    """The pass that a run makes over a stream.

    Args:
        stream: The stream.
        state: What the store knows of it.
        now_us: The present.
        run_id: Number of the run.
        whole: Whether everything is to be read from the beginning, whatever was read before.

    Returns:
        The pass, and whether it is an earlier one that was broken off.
    """
    if state is not None and state.cursor is not None and stream.resumes and not whole:
        kept = Pass.from_json(state.cursor, now_us=now_us)
        if kept.has_place or (stream.sweeps and kept.since is not None):
            return kept, True
        if kept.since is not None:  # in order: what is newer than the last stamp is a pass of its own
            return evolve(kept, began_us=now_us), False
    watermark = None if state is None or state.watermark is None else Watermark(**json.loads(state.watermark))
    if stream.parents is not None:
        told = None if watermark is None or whole or not stream.parents.changed_only else watermark.value + 1
        return Pass(
            began_us=now_us, whole=told is None, since_run=told, newest=Watermark(value=run_id, dated=False)
        ), False
    every = stream.deletes.every
    due = stream.sweeps and (
        every is None or state is None or state.whole_us is None or now_us - state.whole_us >= every // MICROSECOND
    )
    if stream.cursor is None or watermark is None or due or whole:
        return Pass(began_us=now_us, whole=True, newest=watermark), False
    return Pass(began_us=now_us, whole=False, since=watermark, newest=watermark), False


class Course:
    """Follows a pass page by page, and sees that the stream keeps what it promised.

    Args:
        stream: The stream.
        begun: The pass as it stands.
    """

    def __init__(self, stream: Stream, begun: Pass) -> None:
        self.now = begun
        self._stream = stream
        self._stamps = None if stream.cursor is None else Stamps(stream.cursor)
        self._last: int | None = None
        self._told = {self._key(begun)} if begun.token is not None else set()

    @staticmethod
    def _key(stands: Pass) -> str:
        return _written([stands.token, stands.window, stands.parent])

    def take(self, page: Page, *, fetched_us: int) -> Pass:
        """The pass behind a page.

        Raises:
            PagingError: The page leads back to where the pass was, or its query showed as many records as it can.
        """
        made = self._newer(page, fetched_us)
        made = evolve(made, shown=made.shown + len(page.records))
        if page.next is None or page.next.window != made.window:
            self._demand_below_cap(made)
        if page.next is not None:
            self._demand_own_watermark(page.next)
            fresh = page.next.window != made.window
            made = evolve(made, token=page.next.token, window=page.next.window, shown=0 if fresh else made.shown)
            self._demand_new(made)
        elif self._stream.order == "ascending" and made.in_order and made.newest is not None:
            # Where no page leads on, the stamps do: what is older than the newest one was read.
            made = evolve(made, since=made.newest, token=None, window=None, shown=0)
        self.now = made
        return made

    def finish(self) -> None:
        """See at the end that the last query was not cut off."""
        self._demand_below_cap(self.now)

    def parent(self, parent: str) -> Pass:
        """Begin with another parent."""
        self._told.clear()
        again = self.now.parent == parent
        self.now = evolve(self.now if again else evolve(self.now, token=None, window=None, shown=0), parent=parent)
        return self.now

    def leave(self, parent: str) -> None:
        """A parent was read to its end."""
        self.finish()
        self.now = evolve(self.now, after=parent, parent=None, token=None, window=None, shown=0)

    def _newer(self, page: Page, fetched_us: int) -> Pass:
        """The pass with the newest stamp, and whether the order was kept.

        A stamp that lies after the pass began says nothing of what was changed meanwhile on pages that had been read;
        in order, one that lies after the page came says nothing, since it is not of this world.
        """
        if self._stamps is None or page.deleted:
            return self.now
        values, latest_said = self._stamps.of(page)
        in_order = self.now.in_order and self._rises(values)
        ascending = self._stream.order == "ascending" and in_order
        latest = fetched_us if ascending else self.now.began_us
        found = [
            evolve(each, value=min(each.value, latest)) if each.dated else each
            for each in ([latest_said] if latest_said else [])
        ]
        if self.now.newest is not None and found and found[0].dated == self.now.newest.dated:
            found.append(self.now.newest)
        newest = max(found, key=lambda mark: mark.value) if found else self.now.newest
        return evolve(self.now, newest=newest, in_order=in_order)

    def _rises(self, values: Sequence[int]) -> bool:
        if self._stream.order != "ascending" or not values:
            return True
        rises = all(a <= b for a, b in pairwise(values)) and (self._last is None or values[0] >= self._last)
        self._last = values[-1]
        return rises

    def _demand_own_watermark(self, next_: Cursor) -> None:
        if next_.watermark not in {None, self.now.cursor(self._stream).watermark}:
            msg = f"the stream {self._stream.name} yielded a page with a watermark of its own"
            raise ConnectorError(msg, hint="declare cursor=, by which the engine keeps it, or put it into the token")

    def _demand_new(self, made: Pass) -> None:
        if made.token is None:
            return
        key = self._key(made)
        if key in self._told:
            msg = f"the stream {self._stream.name} leads back to a page that was read before"
            raise PagingError(msg, hint="what was committed stands; the next run begins again from the first page")
        self._told.add(key)

    def _demand_below_cap(self, made: Pass) -> None:
        if self._stream.cap is not None and made.shown >= self._stream.cap:
            msg = (
                f"a query of the stream {self._stream.name} showed {made.shown} records, as many as it can show:"
                " more may have been cut off"
            )
            raise PagingError(msg, hint="have it ask for shorter windows, such as by crmcx.connectors.windows")


def _written(data: Any) -> str:  # noqa: ANN401 - what a stream says of where it goes on
    try:
        return json.dumps(data, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        msg = "the stream yielded a page whose cursor cannot be written as JSON"
    raise ConnectorError(msg, hint="put texts, numbers, lists and dictionaries into the Cursor")
