"""One connector, one platform in small and one store, and what a run over them left."""

from __future__ import annotations

import io
import logging
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self, TypeAlias

from attrs import field, frozen
from pydantic import BaseModel, SecretBytes, SecretStr

from crmcx.connectors import Compiled, Connector, Stream
from crmcx.connectors.clock import held
from crmcx.connectors.naming import Namer
from crmcx.errors import CrmcxError, UsageError
from crmcx.store import Counts, Store
from crmcx.sync import Run, RunReport, sync
from crmcx.tables import TABLES
from crmcx.testing.platform import Hostility, Platform
from crmcx.testing.still import StillClock

SOURCE = "trial"
"""The source of the records of a trial."""
Settings: TypeAlias = Mapping[str, Any] | Callable[[str], Mapping[str, Any]]
"""A connector's settings: a function of the platform's address, or texts in which `{url}` stands for it."""
_RECORDED = frozenset({"known_us", "raw_ref", "content_hash"})
_PAGES_IN_ALL = 60
_CODE = re.compile(r"\[([a-z-]+)\]$")


@frozen(kw_only=True)
class Subject:
    """What is tested."""

    connector: type[Connector]
    """The connector."""
    settings: Settings = field(repr=False)
    """Its settings."""
    server: type[Platform]
    """The platform in small that it reads."""
    records: int = 8
    """How many records of each kind there are at first."""
    keep: tuple[str, ...] = ()
    """Names of fields that stay on its cassettes, such as that of the state of an export."""

    def settings_at(self, url: str) -> dict[str, Any]:
        """The settings for a platform at an address."""
        if callable(self.settings):
            return dict(self.settings(url))
        return {
            name: value.replace("{url}", url) if isinstance(value, str) else value
            for name, value in self.settings.items()
        }


@frozen(kw_only=True)
class Outcome:
    """How a run ended."""

    report: RunReport | None
    """What it brought; None where it ended with an error."""
    error: CrmcxError | None
    """The error."""
    logged: str = field(repr=False)
    """All that was logged."""
    requests: int
    """How many requests the platform saw."""
    waited: float
    """Seconds that the clock was slept by."""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the errors: of each stream that failed, or of the run."""
        if self.error is None:
            return ()
        report = self.error.data.get("report")
        failed = [each.error or "" for each in report.streams if each.error] if isinstance(report, RunReport) else []
        return tuple(code for told in failed for code in _CODE.findall(told)) or (self.error.code,)

    @property
    def counts(self) -> Counts:
        """The records of the run."""
        return Counts() if self.report is None else self.report.counts

    @property
    def told(self) -> str:
        """All that a run says to people: its report, its error with the way it took, its log."""
        error = "" if self.error is None else "".join(traceback.format_exception(self.error)) + repr(self.error)
        return "\n".join([repr(self.report), error, self.logged])


class Trial:
    """A connector that reads a platform in small into a store, with no waiting.

    Args:
        subject: What is tested.
        page_size: The most records on a page of the platform.
        path: The store.
    """

    def __init__(self, subject: Subject, *, page_size: int = 3, path: str = ":memory:") -> None:
        self.subject = subject
        self.still = StillClock()
        self.platform = subject.server(self.still)
        self.platform.page_size = page_size
        with held(self.still.clock):
            self.connector = subject.connector(**subject.settings_at(self.platform.url))
        self.streams = self.connector.streams()
        self.platform.scattered = frozenset(each.name for each in self.streams if each.order == "any")
        self.step: Callable[[str], None] = lambda _name: None
        """Called at each step of the store."""
        self.store = Store(path, clock=self.still.now, step=self._step, threads=1)
        for name in self.platform.kinds:
            self.platform.world.add(name, subject.records)

    def _step(self, name: str) -> None:
        self.step(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def one_by_one(self) -> None:
        """Read the streams one after the other from now on, so that the steps of a sync are the same each time."""
        vars(self.connector)["threads"] = 0

    def close(self) -> None:
        """Close the store and the platform."""
        self.store.close()
        self.platform.close()

    def kinds_read(self) -> Iterator[tuple[Stream, str]]:
        """The streams, with the kinds of record that they read."""
        yield from ((each, each.name) for each in self.streams if each.name in self.platform.kinds)

    def sync(self, hostility: Hostility | None = None, *, rows_per_commit: int = 4) -> Outcome:
        """Read all that is new.

        Args:
            hostility: What stands between the platform's answers and the connector.
            rows_per_commit: Records that one transaction takes.
        """
        platform = self.platform
        asked, slept = len(platform.asked), len(self.still.slept)
        platform.hostility, platform.most = hostility, _PAGES_IN_ALL
        platform.pages.clear()
        report = error = None
        run = Run(store=self.store, source=SOURCE, connector=self.connector, rows_per_commit=rows_per_commit)
        with logged() as written, held(self.still.clock):
            try:
                report = sync(run)
            except CrmcxError as raised:
                error = raised
            finally:
                platform.hostility, platform.most = None, 0
        if platform.faults:
            raise platform.faults[0]
        return Outcome(
            report=report,
            error=error,
            logged=written.getvalue(),
            requests=len(platform.asked) - asked,
            waited=sum(self.still.slept[slept:]),
        )

    def mend(self) -> None:
        """Change every record of the world, as a source does that mends what it said wrong."""
        for name in self.platform.kinds:
            for n in self.platform.world.numbers(name):
                self.platform.world.change(name, n)

    # -- what there is to find, and what was found ---------------------------------------------------------------

    def expected(self, stream: Stream) -> Counter[tuple[str, str]]:
        """The records that a stream owes, as table and id: told by the mappings alone, from the world as it stands."""
        namer = Namer(Compiled(stream.maps, source=SOURCE))
        records = self.platform.world.records(stream.name)
        return Counter({(each.cls.table, each.source_id) for said in records for each in namer.names(said, None)})

    def found(self, table: str) -> Counter[tuple[str, str]]:
        """The records of a table, as table and id."""
        return Counter((table, str(row["source_id"])) for row in self._rows(table))

    def lost_and_doubled(self) -> tuple[int, int]:
        """How many of the world's records are not in the store, and how many are there more than once."""
        owed: Counter[tuple[str, str]] = Counter()
        for stream, _ in self.kinds_read():
            owed |= self.expected(stream)
        found: Counter[tuple[str, str]] = Counter()
        for table in {table for table, _ in owed}:
            found += self.found(table)
        return (owed - found).total(), sum(count - 1 for count in found.values())

    def content(self) -> dict[str, list[str]]:
        """All that the store says of its records, table by table, without the steps that they took."""
        told = {}
        for name, schema in TABLES.items():
            if "after_us" not in schema:
                rows = [{key: row[key] for key in row if key not in _RECORDED} for row in self._rows(name)]
                told[name] = sorted(map(repr, rows))
        return {name: rows for name, rows in told.items() if rows}

    def _rows(self, table: str) -> list[dict[str, Any]]:
        snapshot = self.store.snapshot()
        try:
            return snapshot.table(table).rows()
        finally:
            snapshot.close()

    def books_add_up(self) -> bool:
        """Whether every stream's counts say that nothing was lost."""
        return all(each.counts.adds_up for each in self.store.status().streams)

    def secrets(self) -> tuple[str, ...]:
        """The secrets of the connector's settings, as they are sent."""
        settings = self.connector.settings
        return tuple(_secrets(settings)) if isinstance(settings, BaseModel) else ()


def fresh(subject: Subject, like: Trial, *, page_size: int = 100) -> Trial:
    """A trial with a store of its own over the world of another, as it stands.

    Raises:
        UsageError: The two are not of one platform.
    """
    made = Trial(subject, page_size=page_size)
    if type(made.platform) is not type(like.platform):
        msg = "found two platforms, expected one"
        raise UsageError(msg)
    made.still.move(like.still.now() - made.still.now())
    made.platform.world = like.platform.world
    return made


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """All that is logged meanwhile, from every logger."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def _secrets(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever settings hold
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode(errors="replace")
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _secrets(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _secrets(each)
