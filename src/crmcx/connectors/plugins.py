"""The plugin manager: built-in connectors and those of third parties come through the same door."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy
from attrs import frozen

from crmcx.connectors import builtin, hookspecs
from crmcx.connectors.sdk import Connector
from crmcx.errors import ConnectorError

ENTRY_POINTS = "crmcx"
"""The entry-point group in which packages announce their plugins."""


@frozen
class Failed:
    """A plugin that could not be loaded."""

    plugin: str
    """Its name."""
    reason: str
    """The class of the error and its message."""


class Plugins:
    """Connector classes by name, from the built-in plugin and from installed packages.

    Args:
        found: The entry points to load; None for those of the installed packages.
    """

    def __init__(self, found: tuple[EntryPoint, ...] | None = None) -> None:
        self.manager = pluggy.PluginManager("crmcx")
        self.manager.add_hookspecs(hookspecs)
        self.failed: tuple[Failed, ...] = ()
        self._classes: dict[str, type[Connector]] = {}
        self._add("crmcx", builtin)
        for entry in tuple(entry_points(group=ENTRY_POINTS)) if found is None else found:
            try:
                self._add(entry.name, entry.load())
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything; it is named, and not in the way
                self.failed += (Failed(entry.name, f"{type(error).__name__}: {error}"),)

    def _add(self, name: str, plugin: Any) -> None:  # noqa: ANN401 - a module or an object
        self.manager.register(plugin, name=name)
        try:
            implementation = self.manager.subset_hook_caller(
                "crmcx_register_connectors",
                [other for other in self.manager.get_plugins() if other is not plugin],
            )
            classes = [cls for answer in implementation() for cls in answer]
            taken = set(self._classes)
            for cls in classes:
                if not (isinstance(cls, type) and issubclass(cls, Connector)):
                    msg = f"registered {cls!r}, which is no Connector class"
                    raise ConnectorError(msg, hint="return connector classes from crmcx_register_connectors")
                if cls.name in taken:
                    msg = f"the connector name {cls.name!r} is taken"
                    raise ConnectorError(msg, hint="choose another name")
                taken.add(cls.name)
        except Exception:
            self.manager.unregister(plugin)
            raise
        self._classes.update({cls.name: cls for cls in classes})

    def names(self) -> tuple[str, ...]:
        """The names of all connectors, in order."""
        return tuple(sorted(self._classes))

    def connector(self, name: str) -> type[Connector]:
        """The connector class of a name.

        Raises:
            ConnectorError: None has this name, or the plugin that should bring it failed to load.
        """
        if name in self._classes:
            return self._classes[name]
        broken = next((failed for failed in self.failed if failed.plugin == name), None)
        if broken is not None:
            msg = f"the plugin {name!r} failed to load ({broken.reason})"
            raise ConnectorError(msg, hint="repair or reinstall it")
        msg = f"no connector is called {name!r}; there are: {', '.join(self.names())}"
        raise ConnectorError(msg, hint="check the spelling, or install the package that brings it")


@cache
def installed() -> Plugins:
    """The plugins of this Python environment, loaded at the first call."""
    return Plugins()
