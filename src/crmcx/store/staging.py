"""What a sync hands to the store: pages whose records are mapped, to be committed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from crmcx.models.base import Model, Record


@frozen(kw_only=True)
class StagedRows:
    """Rows of one class, as cells of its columns."""

    cls: type[Model]
    """The class."""
    indices: Sequence[int]
    """For a record's row its place in the page; for a part's row the place of its parent among the parent's rows."""
    cells: Mapping[str, Sequence[Any]]
    """Column to cells; for records also `source_id`, `version`, `known_us` and `extra`."""
    parts: tuple[StagedRows, ...] = ()
    """Rows of the nested parts."""


@frozen(kw_only=True)
class StagedGone:
    """A record of which its source says that it is gone."""

    index: int
    """Its place in the page."""
    cls: type[Record]
    """The class in whose table it is, or would be."""
    source_id: str
    """Its id in the source."""
    version: int | None
    """Its version, where one is said."""


@frozen(kw_only=True)
class StagedReject:
    """A record that could not be mapped."""

    index: int
    """Its place in the page."""
    field: str
    """What is wrong, as class and field."""
    reason: str
    """Why, without a customer's words."""
    raw: str
    """The record as the source said it."""
    ids: tuple[tuple[type[Record], str], ...] = ()
    """The records that it is about, as far as that can be told."""
    named: bool = False
    """Whether these are all."""


@frozen(kw_only=True)
class StagedPage:
    """One page, mapped."""

    read: int
    """How many records it brought."""
    rows: tuple[StagedRows, ...]
    """What they became."""
    gone: tuple[StagedGone, ...] = ()
    """Those of which the source says that they are gone."""
    rejected: tuple[StagedReject, ...]
    """Those that could not be mapped."""
    body: bytes = field(repr=False)
    """The page as the source sent it."""
    fetched_us: int
    """When it came, in microseconds since 1970."""
    origin: str | None
    """The file or address it came from."""
    first_row: int
    """Number of the first record at its origin."""
    form: str | None = None
    """How its records are found in the body again, as JSON."""
    page_id: int | None = None
    """Its number in the store, where it is replayed."""


@frozen(kw_only=True)
class Unit:
    """What one transaction writes: some pages of one stream and the cursor behind them."""

    run_id: int
    """The run."""
    run_started_us: int
    """When the run began."""
    pass_id: int
    """The run that began to read the stream from its start: an earlier one when that was broken off."""
    source: str
    """Name of the connection."""
    stream: str
    """Name of the stream."""
    mappings: str
    """Hashes of the mappings that made the rows."""
    versioned: frozenset[str] = frozenset()
    """Tables whose rows have a version by their mapping; a row without one is then older than any with one."""
    volatile: frozenset[tuple[str, str]] = frozenset()
    """Columns, by table and name, that alone make no change."""
    keeps_history: bool
    """Whether the source itself tells the dated steps."""
    sweeps: bool = False
    """Whether the pass shows everything, and what it does not show is gone at its end."""
    replay: bool = False
    """Whether the pages were read before: where the stream stands, and what changed when, stays as it was."""
    pages: tuple[StagedPage, ...]
    """The pages in their order."""
    cursor: str | None
    """Where the stream goes on, as JSON."""


@frozen(kw_only=True)
class Counts:
    """Source records, each counted once and each number by its own count."""

    read: int = 0
    """Records that the source brought."""
    stored: int = 0
    """Records of which something was written."""
    unchanged: int = 0
    """Records that said nothing new: as stored, a repeat, or an older version."""
    quarantined: int = 0
    """Records that could not be mapped."""
    deleted: int = 0
    """Rows that went because the source deleted them; not part of the sum."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            read=self.read + other.read,
            stored=self.stored + other.stored,
            unchanged=self.unchanged + other.unchanged,
            quarantined=self.quarantined + other.quarantined,
            deleted=self.deleted + other.deleted,
        )

    @property
    def adds_up(self) -> bool:
        """Whether nothing is lost: read = stored + unchanged + quarantined."""
        return self.read == self.stored + self.unchanged + self.quarantined
