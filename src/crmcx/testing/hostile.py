"""The ways in which a source is hostile, as a table: what it does, and how a run over it may end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

from attrs import evolve, field, frozen

from crmcx.connectors.conversions import as_path
from crmcx.connectors.replies import ABSENT, found_at
from crmcx.errors import (
    CrmcxError,
    ForeignHostError,
    OversizeError,
    PagingError,
    RequestError,
    SignInError,
    SourceError,
    ThrottledError,
    UnreachableError,
)
from crmcx.testing.loopback import Asked, Says
from crmcx.testing.platform import Platform
from crmcx.testing.still import StillClock
from crmcx.testing.world import put_at

_SECOND_PAGE = 2
_HUGE = 10 << 20
_DAY = 86_400


class Spoiled:
    """A hostility that counts the pages of each kind, and does something to some of them.

    Args:
        platform: The platform whose answers it spoils.
        spoil: What it does to a page, given its number within its kind.
    """

    def __init__(self, platform: Platform, spoil: Callable[[Spoiled, int, Asked, Says], Says]) -> None:
        self.platform = platform
        self.fired: Counter[str] = Counter()
        """How many answers were spoiled, by kind."""
        self.kept: dict[str, list[Says]] = {}
        """The answers in calm, by kind."""
        self.marked: dict[str, str] = {}
        """The record that is said wrong, by kind."""
        self._spoil = spoil
        self._pages: Counter[str] = Counter()

    def __call__(self, asked: Asked, calm: Says) -> Says:
        """What is sent in the place of an answer."""
        if calm.rows is None or calm.status != 200:  # noqa: PLR2004 - no page
            return calm
        kind = calm.kind or asked.path
        self._pages[kind] += 1
        says = self._spoil(self, self._pages[kind], asked, calm)
        self.kept.setdefault(kind, []).append(calm)
        if says is not calm:
            self.fired[kind] += 1
        return says


@frozen(kw_only=True)
class Mode:
    """One way in which a source is hostile."""

    name: str
    """Its name."""
    does: str
    """What the server does, in one sentence."""
    make: Callable[[Platform], Spoiled] = field(repr=False)
    """Makes the hostility for one run."""
    ends: tuple[type[CrmcxError], ...] = ()
    """The errors with which a run may end; none where it must not."""
    passes: bool = True
    """Whether a run may also end without an error, having stored all."""
    later: bool = False
    """Whether what it does to the world need not be seen before the next run."""
    mends: bool = False
    """Whether it says what is wrong of some records, and says it right, with a new stamp, later."""
    unordered: bool = False
    """Whether it is about kinds alone whose stream promises no order."""

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the errors with which a run may end."""
        return frozenset(code for each in self.ends for code in _codes(each))


def _codes(error: type[CrmcxError]) -> Iterator[str]:
    yield error.code
    for each in error.__subclasses__():
        yield from _codes(each)


def _once(answer: Callable[[Spoiled, Says], Says]) -> Callable[[Platform], Spoiled]:
    """The second page of each kind is answered so, the first time that it is asked for."""

    def spoil(spoiled: Spoiled, number: int, _asked: Asked, calm: Says) -> Says:
        return answer(spoiled, calm) if number == _SECOND_PAGE else calm

    return lambda platform: Spoiled(platform, spoil)


def _from_then_on(answer: Callable[[Spoiled, Says], Says]) -> Callable[[Platform], Spoiled]:
    """The second page of each kind and all later ones are answered so."""

    def spoil(spoiled: Spoiled, number: int, _asked: Asked, calm: Says) -> Says:
        return answer(spoiled, calm) if number >= _SECOND_PAGE else calm

    return lambda platform: Spoiled(platform, spoil)


def _records(calm: Says) -> list[Any]:
    found = found_at(calm.data, calm.rows or ())
    return found if isinstance(found, list) else []


def _with(calm: Says, records: list[Any]) -> Says:
    """A page with other records."""
    where: tuple[str | int, ...] = calm.rows or ()
    if where == ():
        return evolve(calm, data=records)
    data = deepcopy(calm.data)
    put_at(data, where, records)
    return evolve(calm, data=data)


def _half(_spoiled: Spoiled, calm: Says) -> Says:
    return evolve(calm, body=calm.written[: len(calm.written) // 2])


def _cut(_spoiled: Spoiled, calm: Says) -> Says:
    return evolve(calm, cut=len(calm.written) // 2)


def dripping(still: StillClock) -> Callable[[], None]:
    """Lets a minute pass after each piece of an answer, once the client has looked at the clock for the one before."""
    looks = still.looks

    def drip() -> None:
        nonlocal looks
        looks = still.wait_for_a_look(looks)
        still.move(timedelta(minutes=1))

    return drip


def _page_of_a_proxy(_spoiled: Spoiled, _calm: Says) -> Says:
    return Says(body=b"<html><body>Please sign in to the network.</body></html>", headers={"content-type": "text/html"})


def _elsewhere(_spoiled: Spoiled, _calm: Says) -> Says:
    return Says(302, headers={"location": "http://localhost:9/tickets"})


def _repeated(spoiled: Spoiled, number: int, asked: Asked, calm: Says) -> Says:
    before = spoiled.kept.get(calm.kind or asked.path, ())
    return before[0] if number > _SECOND_PAGE and before else calm


def _page_twice(platform: Platform) -> Spoiled:
    platform.again = platform.page_size
    return Spoiled(platform, lambda _spoiled, number, _asked, calm: evolve(calm) if number == _SECOND_PAGE else calm)


def _scattered(platform: Platform) -> Spoiled:
    platform.order = 7

    def spoil(_spoiled: Spoiled, _number: int, _asked: Asked, calm: Says) -> Says:
        return evolve(calm) if calm.kind in platform.scattered else calm

    return Spoiled(platform, spoil)


def _late(spoiled: Spoiled, calm: Says) -> Says:
    world = spoiled.platform.world
    if calm.kind in world.kinds:
        world.commit_late(calm.kind, world.kinds[calm.kind].late)
    return evolve(calm)


def _moved(spoiled: Spoiled, calm: Says) -> Says:
    world = spoiled.platform.world
    if calm.kind in world.kinds:
        world.change(calm.kind, world.numbers(calm.kind)[0])
    return evolve(calm)


def _first_record(change: Callable[[Spoiled, str, dict[str, Any]], Any]) -> Callable[[Platform], Spoiled]:
    """The first record of the second page is said wrong, whenever it is said."""

    def spoil(spoiled: Spoiled, number: int, _asked: Asked, calm: Says) -> Says:
        kind, records = calm.kind, _records(calm)
        if kind not in spoiled.platform.kinds:
            return calm
        said = [json.dumps(each, sort_keys=True) for each in records]
        if number == _SECOND_PAGE and said:
            spoiled.marked[kind] = said[0]
        if spoiled.marked.get(kind) not in said:
            return calm
        place = said.index(spoiled.marked[kind])
        return _with(calm, [*records[:place], change(spoiled, kind, deepcopy(records[place])), *records[place + 1 :]])

    return _plainly(spoil)


def _without_id(spoiled: Spoiled, kind: str, record: dict[str, Any]) -> dict[str, Any]:
    put_at(record, spoiled.platform.kinds[kind].id, None)
    return record


def _without_stamp(spoiled: Spoiled, kind: str, record: dict[str, Any]) -> dict[str, Any]:
    stamp = spoiled.platform.kinds[kind].stamp
    if stamp is not None and found_at(record, as_path(stamp)) is not ABSENT:
        put_at(record, stamp, None)
    return record


def _huge(_spoiled: Spoiled, _kind: str, record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "attachment": "x" * _HUGE}


def _new_fields(_spoiled: Spoiled, calm: Says) -> Says:
    news = {"brand_new": {"since": "today", "kinds": [1, None, "two"]}, "": 0}
    return _with(calm, [{**each, **news} for each in _records(calm)])


def _plainly(spoil: Callable[[Spoiled, int, Asked, Says], Says]) -> Callable[[Platform], Spoiled]:
    return lambda platform: Spoiled(platform, spoil)


def _says(status: int, **headers: str) -> Callable[[Spoiled, Says], Says]:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _spoiled, _calm: Says(status, {"message": "not now"}, headers=said)


MODES: tuple[Mode, ...] = (
    Mode(
        name="asked too often",
        does="answers a page with 429 and `Retry-After: 30`, once",
        make=_once(_says(429, retry_after="30")),
    ),
    Mode(
        name="asked too often, silently",
        does="answers a page with 429 and says nothing of when, once",
        make=_once(_says(429)),
    ),
    Mode(
        name="closed for the day",
        does="answers every page but the first with 429 and `Retry-After: 86400`",
        make=_from_then_on(_says(429, retry_after=str(_DAY))),
        ends=(ThrottledError,),
        passes=False,
    ),
    Mode(name="in trouble", does="answers a page with 500, once", make=_once(_says(500))),
    Mode(
        name="down",
        does="answers every page but the first with 503",
        make=_from_then_on(_says(503)),
        ends=(UnreachableError,),
        passes=False,
    ),
    Mode(
        name="reset",
        does="resets the connection in the place of a page, once",
        make=_once(lambda _spoiled, calm: evolve(calm, reset=True)),
    ),
    Mode(name="cut off", does="ends the connection in the middle of a page, once", make=_once(_cut)),
    Mode(
        name="slow drip",
        does="sends a page byte by byte, one a minute, once",
        make=_once(lambda spoiled, calm: evolve(calm, drip=dripping(spoiled.platform.still))),
    ),
    Mode(
        name="truncated JSON",
        does="sends half of a page as if it were the whole, once",
        make=_once(_half),
        ends=(SourceError,),
    ),
    Mode(
        name="wrong content type",
        does="sends a page of HTML with 200, as a proxy does, once",
        make=_once(_page_of_a_proxy),
        ends=(SourceError,),
    ),
    Mode(
        name="expired token",
        does="refuses the token with 401 in the middle of a list, once",
        make=_once(_says(401)),
        ends=(SignInError,),
    ),
    Mode(
        name="not allowed",
        does="answers every page but the first with 403",
        make=_from_then_on(_says(403)),
        ends=(RequestError,),
        passes=False,
    ),
    Mode(
        name="sent elsewhere",
        does="redirects every page but the first to another host",
        make=_from_then_on(_elsewhere),
        ends=(ForeignHostError,),
        passes=False,
    ),
    Mode(
        name="repeated cursor",
        does="answers every page from the third on with the first one, and so with its cursor",
        make=_plainly(_repeated),
        ends=(PagingError,),
        passes=False,
    ),
    Mode(
        name="page given twice",
        does="gives the records of the first page again on the second",
        make=_page_twice,
        ends=(PagingError,),
    ),
    Mode(
        name="pages reordered",
        does="gives the records in an order of its own, where none is promised",
        make=_scattered,
        unordered=True,
    ),
    Mode(
        name="late commit",
        does="shows, between two pages, a record with a stamp from before the page",
        make=_once(_late),
        later=True,
    ),
    Mode(
        name="changed between pages",
        does="changes a record of the first page while the second is asked for",
        make=_once(_moved),
        later=True,
    ),
    Mode(
        name="null id",
        does="says null where the id of a record stands",
        make=_first_record(_without_id),
        mends=True,
    ),
    Mode(
        name="null stamp",
        does="says null where the stamp of a record stands",
        make=_first_record(_without_stamp),
        mends=True,
    ),
    Mode(
        name="no object",
        does="gives a text in the place of a record",
        make=_first_record(lambda _spoiled, _kind, _record: "see attachment"),
        mends=True,
    ),
    Mode(
        name="unknown fields",
        does="adds fields to every record that nobody told of",
        make=_from_then_on(_new_fields),
        mends=True,
    ),
    Mode(
        name="10 MB field",
        does="gives a record a field of 10 MB",
        make=_first_record(_huge),
        ends=(OversizeError,),
        mends=True,
    ),
)
"""The table."""

refused = Mode(
    name="refusing the token",
    does="answers every page with 401",
    make=_plainly(lambda _spoiled, _number, _asked, _calm: Says(401, {"message": "who are you?"})),
    ends=(SignInError,),
    passes=False,
)
"""A source that does not take the credentials at all."""
