"""Reading one stream: page after page, mapped as they come, with where to go on after each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import cast

from attrs import define, field, frozen

from crmcx.connectors import Mapping, Page, Stream
from crmcx.connectors.drift import Drift, FieldWatch
from crmcx.connectors.meter import Meter, metered
from crmcx.connectors.streams import Parents
from crmcx.errors import ConnectorError
from crmcx.store import StagedPage, Store, StreamState
from crmcx.sync.passes import Course, Pass, begin
from crmcx.sync.staging import Stager

_PARENTS_AT_A_TIME = 1_000


@frozen(kw_only=True)
class Fetched:
    """A page, mapped, or a parent that was read to its end; and as JSON where the pass stands behind it."""

    page: StagedPage | None
    """The page; None where a parent was passed that has no children."""
    cursor: str
    """The pass."""


@define(kw_only=True)
class Reading:
    """One stream as it is read in a run; its pages are made in one thread, and committed in another."""

    store: Store
    """Where the records go."""
    source: str
    """Name of the connection."""
    stream: Stream
    """The stream."""
    maps: tuple[Mapping, ...]
    """What its records become, with what plugins added."""
    run_id: int
    """Number of the run."""
    whole: bool
    """Whether everything is to be read, whatever was read before."""
    stop: threading.Event
    """Set when no further page is to be asked for."""
    meter: Meter
    """Counts requests and waits."""
    parent_tables: dict[str, str] = field(factory=dict)
    """Streams of the connector to the table of their first class."""
    stager: Stager = field(init=False)
    begun_us: int = field(init=False, default=0)
    """When it began to be read; 0 before."""
    pass_id: int = field(init=False, default=0)
    """The run that began the pass."""
    resumed: bool = field(init=False, default=False)
    """Whether an earlier run did."""
    given_up: bool = field(init=False, default=False)
    """Whether nobody takes its pages any more."""
    _course: Course | None = field(init=False, default=None)
    _state: StreamState | None = field(init=False, default=None)
    _any: bool = field(init=False, default=False)
    _fields: FieldWatch = field(init=False, factory=FieldWatch)

    def __attrs_post_init__(self) -> None:
        self.stager = Stager(self.stream, self.maps, source=self.source)

    def begin(self) -> None:
        """Find where to begin."""
        self.begun_us = self.store.now_us()
        self._state = self.store.stream_state(self.source, self.stream.name)
        begun, self.resumed = begin(
            self.stream, self._state, now_us=self.begun_us, run_id=self.run_id, whole=self.whole
        )
        known = None if self._state is None else self._state.pass_id
        self.pass_id = known if self.resumed and known is not None else self.run_id
        self._course = Course(self.stream, begun)

    def _begin_anew(self) -> Course:
        """A pass of its own, since the connector began again where it was told to go on."""
        self.pass_id, self.resumed = self.run_id, False
        begun, _ = begin(self.stream, None, now_us=self.store.now_us(), run_id=self.run_id, whole=self.whole)
        self._course = Course(self.stream, begun)
        return self._course

    @property
    def mapping_hashes(self) -> str:
        """The hashes of the mappings."""
        return " ".join(each.hash for each in self.maps)

    @property
    def versioned(self) -> frozenset[str]:
        """The tables whose rows have a version."""
        return frozenset(each.cls.table for each in self.maps if each.version is not None)

    @property
    def course(self) -> Course:
        """The pass, which must have begun."""
        if self._course is None:
            msg = f"the stream {self.stream.name} has not begun"
            raise ConnectorError(msg, hint="report it")
        return self._course

    @property
    def now(self) -> Pass:
        """The pass as it stands."""
        return self.course.now

    @property
    def reads_all(self) -> bool:
        """Whether the pass reads everything, not only what is new."""
        return self._course is None or self._course.now.whole

    def drift(self) -> Drift:
        """What of the fields is other than in earlier runs; the next one is told."""
        if not self.maps:
            return Drift()
        earlier = None if self._state is None else self._state.fields
        drift, told = self._fields.since(earlier)
        if told != earlier:
            self.store.keep_fields(self.source, self.stream.name, told)
        return drift

    def pages(self) -> Iterator[Fetched]:
        """The pages, until there are no more or the run is to stop.

        Raises:
            ConnectorError: The stream does not keep its contract.
            PagingError: A page leads back to an earlier one, or may have been cut off.
        """
        try:
            yield from self._all()
        except SystemExit:
            ended = f"the stream {self.stream.name} was to end the whole program"
        else:
            return
        raise ConnectorError(ended, hint="have it raise an error of its own")

    def _all(self) -> Iterator[Fetched]:
        with metered(self.meter):
            if self.stream.parents is None:
                yield from self._read()
                if not self._ends:
                    self.course.finish()
                return
            for parent in self._parents(self.stream.parents):
                self.course.parent(parent)
                yield from self._read(parent)
                if self._ends:
                    return
                self.course.leave(parent)
                yield Fetched(page=None, cursor=self.now.as_json())

    @property
    def _ends(self) -> bool:
        return self.given_up or self.stop.is_set()

    def _read(self, *parent: str) -> Iterator[Fetched]:
        course = self.course
        pages = self.stream.read(course.now.cursor(self.stream), *parent)
        try:
            for said in pages:
                page = checked(said)
                fetched_us = self.store.now_us()
                if self.resumed and not self._any and _starts_anew(page):
                    course = self._begin_anew()
                self._any = True
                made = course.take(page, fetched_us=fetched_us)
                if self.maps:
                    self._fields.see(page)
                yield Fetched(page=self.stager.stage(page, fetched_us), cursor=made.as_json())
                if self._ends:
                    return
        finally:
            close: Callable[[], None] = getattr(pages, "close", _nothing)
            close()

    def _parents(self, parents: Parents) -> Iterator[str]:
        """The ids of the parents that are to be asked, in their order, from where the pass stands."""
        table = self.parent_tables[parents.stream]
        after = self.now.after
        while found := self.store.ids_of(
            self.source,
            parents.stream,
            table,
            after=after,
            since_run=self.now.since_run,
            limit=_PARENTS_AT_A_TIME,
        ):
            yield from found
            after = found[-1]


def _starts_anew(page: Page) -> bool:
    """Whether a connector that was told where to go on began again, as it must when a file has become another."""
    return page.origin is not None and page.first_row == 1


def _nothing() -> None:
    """There is nothing to close."""


def checked(page: object) -> Page:
    """What a stream yielded, as a page.

    Raises:
        ConnectorError: It is none.
    """
    if not isinstance(page, Page):
        msg = f"the stream yielded {type(page).__name__}, expected Page"
        raise ConnectorError(msg, hint="yield Page(records, next=...)")
    body = cast("object", page.body)
    if not isinstance(body, bytes | None):
        msg = f"the stream yielded a page with body={type(body).__name__}, expected bytes or None"
        raise ConnectorError(msg, hint='yield Page(reply.rows("tickets")), which brings the body with it')
    return page
