"""`crmcx sandbox`: a local server that speaks a vendor's protocol, until somebody ends it."""

from __future__ import annotations

import json
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcx.testing.platform import Platform

SYSTEMS = ("hubspot", "qualtrics")
"""The systems that there is a sandbox of."""


def sandbox(system: str, *, records: int) -> tuple[Platform, str]:
    """A sandbox with invented records, and the token that it takes.

    Args:
        system: Whose.
        records: How many records of each kind.
    """
    from crmcx.sandbox import HubSpotSandbox, QualtricsSandbox  # noqa: PLC0415 - only this command needs them

    cls: type[HubSpotSandbox | QualtricsSandbox] = HubSpotSandbox if system == "hubspot" else QualtricsSandbox
    made = cls()
    for kind in made.kinds:
        made.world.add(kind, records)
    return made, made.token


def serve(system: str, *, records: int, as_json: bool, until: Event | None = None) -> None:
    """Answer until Ctrl-C; prints the address and the token first.

    Args:
        system: Whose sandbox.
        records: How many records of each kind.
        as_json: Whether to print data.
        until: Ends it too.
    """
    made, token = sandbox(system, records=records)
    with made:
        said = {"system": system, "url": made.url, "token": token}
        print(
            json.dumps(said) if as_json else "\n".join(f"{name}: {value}" for name, value in said.items()), flush=True
        )
        try:
            (until or Event()).wait()
        except KeyboardInterrupt:
            return
