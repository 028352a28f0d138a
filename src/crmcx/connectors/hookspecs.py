"""The hooks of crmcx. A plugin implements those it needs, marked with `crmcx.connectors.hookimpl`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcx.connectors.sdk import Connector

hookspec = pluggy.HookspecMarker("crmcx")
hookimpl = pluggy.HookimplMarker("crmcx")


# Connectors


@hookspec
def crmcx_register_connectors() -> Sequence[type[Connector]]:  # type: ignore[empty-body]  # a specification
    """Return the connector classes of a plugin; called once, when connectors are first looked up; all answers count."""
