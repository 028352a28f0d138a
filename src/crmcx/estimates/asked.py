"""What an estimate was asked with, so that the same can be asked again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen


@frozen
class _Mapping:
    pairs: tuple[tuple[Any, Any], ...]


def _kept(value: Any) -> Any:  # noqa: ANN401 - any argument
    """An argument that nobody can change afterwards."""
    if isinstance(value, Mapping):
        return _Mapping(tuple((name, _kept(each)) for name, each in value.items()))
    return tuple(map(_kept, value)) if isinstance(value, list | tuple) else value


def _given(value: Any) -> Any:  # noqa: ANN401 - any argument
    if isinstance(value, _Mapping):
        return {name: _given(each) for name, each in value.pairs}
    return tuple(map(_given, value)) if isinstance(value, tuple) else value


def _keep(options: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, _kept(value)) for name, value in options.items())


@frozen
class Asked:
    """A metric with its arguments, beside its tables; and which group of the answer is meant."""

    metric: Callable[..., Any]
    """The function, or the definition, that was asked."""
    kept: tuple[tuple[str, Any], ...] = field(converter=_keep)
    """The arguments that were given by name."""
    cell: tuple[tuple[str, Any], ...] = ()
    """Column to value, of the group; empty for a question without groups."""

    @property
    def options(self) -> dict[str, Any]:
        """The arguments that were given by name."""
        return {name: _given(value) for name, value in self.kept}
