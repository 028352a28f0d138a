"""What a source says and no mapping reads: told from what is read, and written as the `extra` of a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any

from crmcx.connectors.plan import ListPlan
from crmcx.models.extra import write_extra

_EACH = object()
"""The name under which a tree has what is read of each item of a list."""
_MOST_SHAPES = 4_096
_LARGEST = 2**63
_WORDS = {True: "true", False: "false", None: "null"}


class Unread:
    """Writes what no mapping reads of records by name.

    Records of one source mostly have the same names: which of them are unread is found once for each set of names.

    Args:
        tree: What is read.
        nested: Whether it is part of another, and its names stay as the source ordered them.
    """

    def __init__(self, tree: Mapping[Any, Any], *, nested: bool = False) -> None:
        self._tree = tree
        self._nested = nested
        self._left: dict[tuple[Any, ...], tuple[tuple[str, str], ...] | None] = {}
        self._inner = {name: Unread(node, nested=True) for name, node in tree.items() if isinstance(node, dict)}

    def of(self, records: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each record what is left of it as JSON; None where that is nothing."""
        return [self._json(record) for record in records]

    def _json(self, record: Mapping[str, Any]) -> str | None:
        quick = self.quick(record)
        return write_extra(rest_of(record, self._tree)) if quick is None else quick or None

    def quick(self, record: Mapping[str, Any]) -> str | None:
        """What is left as JSON, empty where that is nothing; None where it must be looked at closely."""
        names = tuple(record)
        try:
            left = self._left[names]
        except KeyError:
            left = self._names_left(names)
        if left is None:
            return None
        said = []
        for name, head in left:
            value = record[name]
            kind = type(value)
            if name in self._inner:
                inner = "" if value is None else self._inner[name].quick(value) if kind is dict else None
                if inner is None:
                    return None
                said += [head + inner] if inner else []
                continue
            if kind is str and value.isascii():
                said.append(head + encode_basestring(value))
            elif kind is bool or value is None:
                said.append(head + _WORDS[value])
            elif kind is int and -_LARGEST < value < _LARGEST:
                said.append(f"{head}{value}")
            else:
                return None
        return f"{{{','.join(said)}}}" if said else ""

    def _names_left(self, names: tuple[Any, ...]) -> tuple[tuple[str, str], ...] | None:
        """Which of a record's names have something that may be unread, each as JSON."""
        found = None
        left = [name for name in names if self._tree.get(name) is not True]
        if all(type(name) is str and name.isascii() and not name.startswith("$") for name in left):
            found = tuple((name, f"{encode_basestring(name)}:") for name in (left if self._nested else sorted(left)))
        if len(self._left) < _MOST_SHAPES:
            self._left[names] = found
        return found


def tree_of(paths: Iterable[tuple[str | int, ...]]) -> dict[str | int, Any]:
    """What is read of a record, by name; True where a value is read whole."""
    tree: dict[str | int, Any] = {}
    for path in paths:
        node: Any = tree
        for step in path[:-1]:
            node = node.setdefault(step, {})
            if node is True:
                break
        else:
            node[path[-1]] = True
    return tree


def read_each(tree: dict[Any, Any], plan: ListPlan) -> None:
    """Note in a tree what is read of each item of a list."""
    node = tree
    for step in plan.path:
        inner = node.setdefault(step, {})
        if inner is True:
            return
        node = inner
    node[_EACH] = _merged(node.get(_EACH, {}), tree_of(path for ask in plan.asks for path in ask.paths))


def _merged(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> dict[Any, Any]:
    found = dict(one)
    for name, node in other.items():
        both = isinstance(node, dict) and isinstance(found.get(name), dict)
        found[name] = _merged(found[name], node) if both else True if found.get(name) is True else node
    return found


def rest_of(record: Any, tree: Mapping[str | int, Any]) -> dict[str, Any]:  # noqa: ANN401 - a record by name
    """The record without what the mappings read."""
    rest: dict[str, Any] = {}
    for name, value in record.items():
        node = tree.get(name)
        if node is None:
            rest[name] = value
        elif isinstance(node, dict):
            inner = rest_of(value, node) if isinstance(value, dict) else _rest_of_each(value, node)
            if inner not in ({}, None):
                rest[name] = inner
    return rest


def _rest_of_each(value: Any, node: Mapping[Any, Any]) -> Any:  # noqa: ANN401 - a value of a record
    """A value that is no object; of a list whose items are read what is left of them, None when that is nothing."""
    if _EACH not in node or not isinstance(value, list):
        return value
    rests = [rest_of(item, node[_EACH]) if isinstance(item, dict) else item for item in value]
    return rests if any(rest not in ({}, None) for rest in rests) else None
