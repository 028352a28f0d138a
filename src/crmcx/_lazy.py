"""The one helper that makes a package lazy: its names are imported when they are first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a lazy package.

    Args:
        package: Name of the package.
        homes: Public name to the module that holds it; a name that is a module itself maps to itself.
    """

    def get(name: str) -> Any:  # noqa: ANN401 - whatever the package offers
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - rarely asked for

            return version(package)
        home = homes.get(name)
        if home is None:
            msg = f"{package} has no {name!r}; it has: {', '.join(sorted(homes))}"
            raise AttributeError(msg)
        module = importlib.import_module(f"{package}.{home}")
        return module if home == name else getattr(module, name)

    return get, lambda: sorted([*homes, "__version__"])
