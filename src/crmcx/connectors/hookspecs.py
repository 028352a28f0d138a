"""The hooks of crmcx. A plugin implements those it needs, marked with `crmcx.connectors.hookimpl`."""

from __future__ import annotations

from collections.abc import Mapping as Named
from typing import TYPE_CHECKING

import pluggy
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcx.connectors.mapping import Mapping
    from crmcx.connectors.sdk import Connector
    from crmcx.sync import RunReport

hookspec = pluggy.HookspecMarker("crmcx")
hookimpl = pluggy.HookimplMarker("crmcx")


@frozen(kw_only=True)
class Gathered:
    """What the next commit of a stream is to write."""

    source: str
    """Name of the connection."""
    stream: str
    """Name of the stream."""
    read: int
    """Records that the source brought."""
    rows: Named[str, int]
    """Rows by table, before it is known which of them say something new."""
    deleted: int
    """Records of which the source says that they are gone."""
    rejected: Named[str, int]
    """Records that could not be mapped, by field."""


# Connectors


@hookspec
def crmcx_register_connectors() -> Sequence[type[Connector]]:  # type: ignore[empty-body]  # a specification
    """Return the connector classes of a plugin; called once, when connectors are first looked up; all answers count."""


# Syncs


@hookspec(firstresult=True)
def crmcx_map_custom_fields(connector: str, stream: str, mapping: Mapping) -> Mapping | None:
    """Return a stream's mapping with fields of your own, or None to leave it; called before a run; the first counts."""


@hookspec
def crmcx_before_commit(gathered: Gathered) -> None:
    """Look at what is to be committed; called before each commit; an error stops the stream, and nothing is written."""


@hookspec
def crmcx_after_run(report: RunReport) -> None:
    """Hear how a run over one connection ended; called once after it; an error is logged, and changes nothing."""
