"""crmcx: customer records and customer experience in one typed model."""

from typing import TYPE_CHECKING

from crmcx._lazy import lazy

if TYPE_CHECKING:
    from crmcx import connectors, estimates, identity, journey, metrics, models, tables
    from crmcx.errors import CrmcxError
    from crmcx.instants import Window
    from crmcx.workspace import Workspace

__all__ = [
    "CrmcxError",
    "Window",
    "Workspace",
    "connectors",
    "estimates",
    "identity",
    "journey",
    "metrics",
    "models",
    "tables",
]

__getattr__, __dir__ = lazy(
    "crmcx",
    {
        "CrmcxError": "errors",
        "Window": "instants",
        "Workspace": "workspace",
        "connectors": "connectors",
        "estimates": "estimates",
        "identity": "identity",
        "journey": "journey",
        "metrics": "metrics",
        "models": "models",
        "tables": "tables",
    },
)
