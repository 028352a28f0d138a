"""The plugin manager: built-in connectors and those of third parties come through the same door."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

import pluggy
from attrs import frozen

from crmcx.connectors import builtin, hookspecs
from crmcx.connectors.hookspecs import Gathered
from crmcx.connectors.mapping import Mapping
from crmcx.connectors.sdk import Connector
from crmcx.errors import ConnectorError
from crmcx.models.extension import stored_class

if TYPE_CHECKING:
    from crmcx.sync import RunReport

_LOG = logging.getLogger("crmcx.connectors.plugins")

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
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything; it is named
                self.failed += (Failed(entry.name, f"{type(error).__name__}: {error}"),)
                _LOG.warning("the plugin %s failed to load and is skipped: %s", entry.name, type(error).__name__)

    def _add(self, name: str, plugin: Any) -> None:  # noqa: ANN401 - a module or an object
        self.manager.register(plugin, name=name)
        try:
            implementation = self.manager.subset_hook_caller(
                "crmcx_register_connectors",
                [other for other in self.manager.get_plugins() if other is not plugin],
            )
            classes = [cls for answer in implementation() for cls in answer]
            taken = {*self._classes, *builtin.SYSTEMS}
            for cls in classes:
                if not (isinstance(cls, type) and issubclass(cls, Connector)):
                    msg = f"registered {cls!r}, which is no Connector class"
                    raise ConnectorError(msg, hint="return connector classes from crmcx_register_connectors")
                if cls.name in taken:
                    msg = f"the connector name {cls.name!r} is taken"
                    raise ConnectorError(msg, hint="choose another name")
                taken.add(cls.name)
        except BaseException:
            self.manager.unregister(plugin)
            raise
        self._classes.update({cls.name: cls for cls in classes})

    def mapped(self, connector: str, stream: str, mapping: Mapping) -> Mapping:
        """A stream's mapping with the fields that plugins add.

        Raises:
            ConnectorError: A plugin raised an error, or gave something else than a mapping into the same table.
        """
        for name, call in self._each("crmcx_map_custom_fields"):
            try:
                found = call(connector=connector, stream=stream, mapping=mapping)
            except (Exception, SystemExit) as error:
                raise _raised(name, "crmcx_map_custom_fields", error) from error
            if found is None:
                continue
            if not isinstance(found, Mapping) or stored_class(found.cls) is not stored_class(mapping.cls):
                given = found.cls.__name__ if isinstance(found, Mapping) else type(found).__name__
                msg = f"the plugin {name} gave {given} in the place of the mapping of {mapping.cls.__name__}"
                raise ConnectorError(msg, hint="return mapping.extended(YourClass, ...), or None")
            return found
        return mapping

    def before_commit(self, gathered: Gathered) -> None:
        """Show plugins what is to be committed.

        Raises:
            ConnectorError: One of them raised an error.
        """
        for name, call in self._each("crmcx_before_commit"):
            try:
                call(gathered=gathered)
            except (Exception, SystemExit) as error:
                raise _raised(name, "crmcx_before_commit", error) from error

    def after_run(self, report: RunReport) -> None:
        """Tell plugins how a run ended; what they raise is logged."""
        for name, call in self._each("crmcx_after_run"):
            try:
                call(report=report)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the run has ended; what came after it is not its error
                _LOG.warning("the plugin %s raised %s in crmcx_after_run", name, type(error).__name__)

    def _each(self, hook: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        """Each plugin that implements a hook, so that the one that raises can be named."""
        for name, plugin in self.manager.list_name_plugin():
            if hasattr(plugin, hook):
                others = [other for other in self.manager.get_plugins() if other is not plugin]
                yield name, self.manager.subset_hook_caller(hook, others)

    def names(self) -> tuple[str, ...]:
        """The names of all connectors, in order."""
        return tuple(sorted({*self._classes, *builtin.SYSTEMS}))

    def connector(self, name: str) -> type[Connector]:
        """The connector class of a name.

        Raises:
            ConnectorError: None has this name, or the plugin that should bring it failed to load.
        """
        if name in builtin.SYSTEMS:
            found: type[Connector] = getattr(import_module("crmcx.connectors"), builtin.SYSTEMS[name])
            return found
        if name in self._classes:
            return self._classes[name]
        broken = next((failed for failed in self.failed if failed.plugin == name), None)
        if broken is not None:
            msg = f"the plugin {name!r} failed to load ({broken.reason})"
            raise ConnectorError(msg, hint="repair or reinstall it")
        msg = f"no connector is called {name!r}; there are: {', '.join(self.names())}"
        raise ConnectorError(msg, hint="check the spelling, or install the package that brings it")


def _raised(plugin: str, hook: str, error: BaseException) -> ConnectorError:
    msg = f"the plugin {plugin} raised {type(error).__name__} in {hook}"
    return ConnectorError(msg, hint="repair or uninstall it; nothing was written of what it was shown")


@cache
def installed() -> Plugins:
    """The plugins of this Python environment, loaded at the first call."""
    return Plugins()
