"""The kit for authors: what tests of connectors, and of programs that use crmcx, are made with."""

from typing import TYPE_CHECKING

from crmcx._lazy import lazy

if TYPE_CHECKING:
    from crmcx.testing import cassettes, kills, strategies
    from crmcx.testing.hostile import MODES, Mode
    from crmcx.testing.loopback import Asked, Says
    from crmcx.testing.platform import Found, Platform
    from crmcx.testing.still import StillClock
    from crmcx.testing.suite import connector_suite
    from crmcx.testing.world import Kind

__all__ = [
    "MODES",
    "Asked",
    "Found",
    "Kind",
    "Mode",
    "Platform",
    "Says",
    "StillClock",
    "cassettes",
    "connector_suite",
    "kills",
    "strategies",
]

# Loaded by pytest at its start, in every environment that holds crmcx: cheap, and without hypothesis.
__getattr__, __dir__ = lazy(
    "crmcx.testing",
    {
        "MODES": "hostile",
        "Asked": "loopback",
        "Found": "platform",
        "Kind": "world",
        "Mode": "hostile",
        "Platform": "platform",
        "Says": "loopback",
        "StillClock": "still",
        "cassettes": "cassettes",
        "connector_suite": "suite",
        "kills": "kills",
        "strategies": "strategies",
    },
)
