"""What a stream declares: what its records become, how it is asked for what is new, and how it tells of deletions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal, TypeAlias, TypeVar

from attrs import field, frozen

from crmcx.connectors.conversions import InstantAs, Path, Plain, as_path
from crmcx.connectors.mapping import Mapping
from crmcx.connectors.pages import Page, Said
from crmcx.errors import ConnectorError

Order: TypeAlias = Literal["any", "ascending"]
"""How a stream's records come: in any order, or in that of the cursor's field."""


class Way(StrEnum):
    """How a source tells that a record is gone."""

    FLAG = "flag"
    ENDPOINT = "endpoint"
    SWEEP = "sweep"
    WEBHOOK = "webhook"
    UNKNOWN = "unknown"


@frozen(kw_only=True)
class Deletes:
    """How a stream tells that a record is gone; made by the methods of this class.

    Example:
        >>> Deletes.flag("is_deleted").way
        <Way.FLAG: 'flag'>
    """

    way: Way
    """How."""
    at: tuple[str | int, ...] = ()
    """Of a flag where it stands, of an endpoint where the id stands."""
    values: tuple[Any, ...] = ()
    """The values of a flag that say so; none for any that says yes."""
    every: timedelta | None = None
    """How often a stream with a cursor is read as a whole, for a sweep."""

    @classmethod
    def flag(cls, path: Path, *values: object) -> Deletes:
        """A record says of itself that it is gone; nothing of it is needed but its id.

        Args:
            path: Where it says so.
            values: What it says; without values, anything but null, false, 0 and an empty text, such as a date.
        """
        return cls(way=Way.FLAG, at=as_path(path), values=values)

    @classmethod
    def endpoint(cls, *, id: Path) -> Deletes:  # noqa: A002 - the word that mappings use
        """The source lists what is gone; the stream yields those lists as `Page(rows, deleted=True)`.

        Args:
            id: Where in such a record the id stands.
        """
        return cls(way=Way.ENDPOINT, at=as_path(id))

    @classmethod
    def sweep(cls, *, every: timedelta | None = None) -> Deletes:
        """What a whole pass over the stream did not show is gone.

        Nothing is swept unless every page of the pass was seen, the id of each record could be read, and there was one.

        Args:
            every: How often to make a whole pass; needed by a stream with a cursor, whose other passes show only news.
        """
        return cls(way=Way.SWEEP, every=every)

    @classmethod
    def webhook(cls) -> Deletes:
        """The source tells only those who listen; a sync does not learn of it."""
        return cls(way=Way.WEBHOOK)

    @classmethod
    def unknown(cls) -> Deletes:
        """The source does not say; what it has deleted stays."""
        return cls(way=Way.UNKNOWN)


@frozen
class Parents:
    """The stream whose records are asked one by one for those of a child stream."""

    stream: str
    """Its name in the same connector."""
    changed_only: bool = field(default=True, kw_only=True)
    """Whether to ask only those that are new or changed since the child stream was last read to its end."""


@frozen(kw_only=True)
class Stream:
    """One kind of record that a connector reads, bound to a connection."""

    name: str
    """Its name, unique in the connector."""
    maps: tuple[Mapping, ...]
    """What each record becomes."""
    read: Callable[..., Iterator[Page]] = field(repr=False)
    """Yields the pages from a cursor on; of a child stream, those of the parent whose id it is also given."""
    cursor: Plain | InstantAs | None = None
    """Where in a record the stamp stands by which a source is asked for what is new; None to read all each time."""
    lookback: timedelta = timedelta()
    """How far before the newest stamp the next pass begins, for what a source shows late."""
    order: Order = "any"
    """How the records come."""
    deletes: Deletes = field(factory=Deletes.unknown)
    """How the source tells that a record is gone."""
    cap: int | None = None
    """The most records that one query shows; None for no bound."""
    volatile: tuple[tuple[str | int, ...], ...] = ()
    """Fields that change by themselves: they make no change of a record, and stay in its raw page."""
    parents: Parents | None = None
    """The stream whose records are asked for these."""
    keeps_history: bool = False
    """Whether the source itself tells the dated steps; if not, a changed entity yields a change of our own."""
    resumes: bool = True
    """Whether a broken run goes on where it stood; if not, it starts again."""
    unpack: Callable[[bytes, tuple[str, ...] | None], list[Said]] | None = field(default=None, repr=False)
    """Takes the records out of the body of a page again, by the names of their cells; for bodies of its own making."""

    def __attrs_post_init__(self) -> None:
        _demand_sense(self)

    @property
    def sweeps(self) -> bool:
        """Whether what a whole pass does not show is gone."""
        return self.deletes.way is Way.SWEEP


def _demand_sense(stream: Stream) -> None:
    """Demand that what a stream declares goes together."""
    faults = {
        "lookback= is for a stream with cursor=": stream.cursor is None and stream.lookback,
        'order="ascending" is for a stream with cursor=': stream.cursor is None and stream.order == "ascending",
        "lookback= is below nothing": stream.lookback < timedelta(),
        "order= is neither 'any' nor 'ascending'": stream.order not in {"any", "ascending"},
        "cap= is below 1": stream.cap is not None and stream.cap < 1,
        "a child stream has no cursor= of its own": stream.parents is not None and stream.cursor is not None,
        "a child stream cannot be swept": stream.parents is not None and stream.sweeps,
        "a stream with cursor= that is swept needs Deletes.sweep(every=...)": (
            stream.cursor is not None and stream.sweeps and stream.deletes.every is None
        ),
        "Deletes.sweep(every=...) is above nothing": (
            stream.deletes.every is not None and stream.deletes.every <= timedelta()
        ),
    }
    found = [fault for fault, there in faults.items() if there]
    if found:
        msg = f"the stream {stream.name} cannot be read so: {'; '.join(found)}"
        raise ConnectorError(msg, hint="change what @stream(...) declares")


MARK = "__crmcx_stream__"
"""The attribute of a method that holds what it declares."""
_Method = TypeVar("_Method", bound=Callable[..., Iterator[Page]])


def stream(
    *maps: Mapping,
    cursor: Path | InstantAs | None = None,
    lookback: timedelta = timedelta(),
    order: Order = "any",
    deletes: Deletes | None = None,
    cap: int | None = None,
    volatile: tuple[Path, ...] = (),
    parents: str | Parents | None = None,
    keeps_history: bool = False,
    resumes: bool = True,
) -> Callable[[_Method], _Method]:
    """Declare a generator method of a connector as a stream.

    The method takes what `Connector.open` returns and a cursor, of a child stream also the id of a parent, and yields
    pages.

    Args:
        maps: What each record becomes.
        cursor: Where the stamp of a record's last change stands: text in ISO 8601 with its offset, or a whole number
            that only grows; `instant(path, unit="ms")` for other spellings. The method finds the newest one of earlier
            passes in `cursor.watermark`, as a datetime or a number.
        lookback: How far before it to ask again, for what the source shows late.
        order: `ascending` where records come in the order of the stamp.
        deletes: How the source tells that a record is gone; unless given, it does not.
        cap: The most records that one query shows. One that shows as many is taken as cut off, and ends the run with an
            error; halve such queries with `windows`.
        volatile: Fields that change by themselves, such as a time of the last visit or a formula: alone they make no
            change of a record, and where no mapping reads them they stay in its raw page.
        parents: The stream whose records are asked one by one.
        keeps_history: Whether the source itself tells the dated steps of its records.
        resumes: Whether a broken run goes on where it stood.
    """

    def declare(method: _Method) -> _Method:
        declared = Stream(
            name=method.__name__,
            maps=maps,
            read=method,
            cursor=cursor if isinstance(cursor, InstantAs | None) else Plain(cursor),
            lookback=lookback,
            order=order,
            deletes=deletes or Deletes.unknown(),
            cap=cap,
            volatile=tuple(map(as_path, volatile)),
            parents=Parents(parents) if isinstance(parents, str) else parents,
            keeps_history=keeps_history,
            resumes=resumes,
        )
        setattr(method, MARK, declared)
        return method

    return declare
