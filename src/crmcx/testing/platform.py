"""A platform in small on loopback: what an author says in twenty lines, so that a connector can be tested on it."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self, overload

from crmcx.connectors.conversions import Path, as_path
from crmcx.testing.loopback import Asked, Loopback, Says
from crmcx.testing.still import StillClock
from crmcx.testing.world import Kept, Kind, World, in_order, put_at

Hostility = Callable[[Asked, Says], Says]
"""What stands between a platform and its answers: it gets a request and the answer in calm, and says what is sent."""


class Found(Sequence[dict[str, Any]]):
    """Records in the order in which they are told, each with a key by which a page token can point behind it.

    Args:
        kind: Their kind.
        told: Keys with records, or with what `say` makes one of.
        say: Makes the record; it is asked only for what a page shows.
    """

    def __init__(
        self, kind: str, told: Iterable[tuple[str, Any]], say: Callable[[Any], dict[str, Any]] | None = None
    ) -> None:
        pairs = tuple(told)
        self.kind = kind
        self.keys = tuple(key for key, _ in pairs)
        self.things = tuple(thing for _, thing in pairs)
        self.say = say

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(place, slice):
            return [self._said(each) for each in self.things[place]]
        return self._said(self.things[place])

    def __len__(self) -> int:
        return len(self.things)

    def _said(self, thing: Any) -> dict[str, Any]:  # noqa: ANN401 - a record, or what one is made of
        record: dict[str, Any] = thing if self.say is None else self.say(thing)
        return record


class Platform:
    """Base of platforms in small: says which kinds of record there are, and what is answered to a request.

    It answers on loopback from `start` to `close`, or within a `with`. The world behind it is `world`.

    Args:
        still: The clock by which it stamps records.

    Example:
        >>> class Shop(Platform):
        ...     kinds = {"orders": Kind(record={"id": "{n}", "at": "{stamp}"}, stamp="at", change="note")}
        ...
        ...     def answer(self, asked):
        ...         found = self.since("orders", asked.query.get("since"))
        ...         return self.page(found, asked.query.get("page"), rows="orders")
        >>> shop = Shop()
        >>> shop.world.add("orders", 1)
        >>> shop.answer(Asked("GET", "/orders", {}, {}, b"")).data
        {'orders': [{'id': 1, 'at': '2026-03-01T12:00:01Z'}], 'next': None}
    """

    kinds: ClassVar[Mapping[str, Kind]] = {}
    """The kinds of record, each under the name of the stream that reads it."""

    def __init__(self, still: StillClock | None = None) -> None:
        self.still = still or StillClock()
        self.world = World(self.kinds, self.still)
        self.page_size = 3
        """The most records on a page."""
        self.order: int | None = None
        """A number that draws an order of records in the place of that of their stamps."""
        self.scattered: frozenset[str] = frozenset()
        """The kinds that are told in that order."""
        self.again = 0
        """How many of the first records are told a second time, behind themselves."""
        self.hostility: Hostility | None = None
        """What stands between its answers and the client."""
        self.pages: Counter[str] = Counter()
        """How many pages were asked for, by kind."""
        self.log: list[tuple[str, Asked]] = []
        """Every page that was asked for, with its kind."""
        self.most = 0
        """The most pages of a kind that are answered, so that a client in a loop comes to an end; 0 for no bound."""
        self.faults: list[Exception] = []
        """What went wrong in `answer` itself."""
        self._loopback: Loopback | None = None

    def answer(self, asked: Asked) -> Says:
        """What is answered to a request; an author's own."""
        raise NotImplementedError

    # -- what an answer is made of -------------------------------------------------------------------------------

    def since(self, kind: str, since: str | int | None = None, *, parent: str | None = None) -> Found:
        """The records of a kind as they stand, in the order of stamp, then number.

        Args:
            kind: The kind.
            since: The stamp from which on, as the kind writes it; None for all.
            parent: The id of the record that they belong to; None for those of all.
        """
        there = [each for each in self._from(kind, since) if not each.gone or self.kinds[kind].deleted is not None]
        return self._told(kind, [each for each in there if parent is None or each.parent == parent], self.world.said)

    def deletions(self, kind: str, since: str | int | None = None) -> Found:
        """The tombstones of the records of a kind that are gone, since a stamp."""
        return self._told(kind, [each for each in self._from(kind, since) if each.gone], self.world.tombstone)

    def cut(self, found: Found, token: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """The records of one page, and the token of the next; None at the end."""
        behind = urlsafe_b64decode(token).decode() if token else ""
        left = [place for place, key in enumerate(found.keys) if key > behind]
        taken = left[: self.page_size]
        more = urlsafe_b64encode(found.keys[taken[-1]].encode()).decode() if len(left) > len(taken) else None
        return [found[place] for place in taken], more

    def page(
        self,
        found: Found,
        token: str | None = None,
        *,
        rows: Path,
        next: Path | None = "next",  # noqa: A002 - the word that sources use
        **more: Any,  # noqa: ANN401 - JSON
    ) -> Says:
        """One page as an answer.

        Args:
            found: All that is asked for.
            token: What the page before named as the next; None for the first.
            rows: Where the records stand; `()` where the answer itself is the list.
            next: Where the token of the next page stands; None for a source that says it otherwise.
            more: What else stands in the answer.
        """
        records, following = self.cut(found, token)
        data: Any = dict(more)
        if rows == ():
            data = records
        else:
            put_at(data, rows, records)
            if next is not None:
                put_at(data, next, following)
        return Says(data=data, rows=as_path(rows) if rows != () else (), kind=found.kind)

    def _from(self, kind: str, since: str | int | None) -> list[Kept]:
        read = self.world.kind(kind).read
        return [each for each in self.world.kept(kind) if since in {None, ""} or each.stamp >= read(since or 0)]

    def _told(self, kind: str, kept: list[Kept], say: Callable[[Kept], dict[str, Any]]) -> Found:
        def key(each: Kept) -> str:
            if self.order is not None and kind in self.scattered:
                return hashlib.sha256(f"{self.order} {each.n}".encode()).hexdigest()
            return f"{each.stamp.isoformat()} {each.n:08}"

        told = sorted(((key(each), each) for each in in_order(kept)), key=lambda pair: pair[0])
        again = (
            [(f"{told[self.again - 1][0]}~{key}", said) for key, said in told[: self.again]]
            if told[self.again :]
            else []
        )
        return Found(kind, [*told[: self.again], *again, *told[self.again :]] if again else told, say)

    # -- serving -------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it answers."""
        return self._serving().url

    @property
    def asked(self) -> list[Asked]:
        """Every request, in the order of arrival."""
        return self._serving().asked

    def start(self) -> Self:
        """Answer from now on."""
        self._serving()
        return self

    def close(self) -> None:
        """Answer no more."""
        if self._loopback is not None:
            self._loopback.close()
            self._loopback = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def calm(self) -> None:
        """End all hostility, and forget what was asked."""
        self.hostility, self.most, self.order, self.again = None, 0, None, 0
        self.pages.clear()

    def _answered(self, asked: Asked) -> Says:
        with self.world.lock:
            try:
                says = self.answer(asked)
            except Exception as error:  # noqa: BLE001 - whatever an author's code raises is told by the suite
                self.faults.append(error)
                return Says(500)
            if says.status == 200 and says.rows is not None:  # noqa: PLR2004 - a page
                kind = says.kind or asked.path
                self.pages[kind] += 1
                self.log.append((kind, asked))
                if self.most and self.pages[kind] > self.most:
                    return Says(410)
            return says if self.hostility is None else self.hostility(asked, says)

    def _serving(self) -> Loopback:
        if self._loopback is None:
            self._loopback = Loopback(self._answered, now=self.still.now)
        return self._loopback
