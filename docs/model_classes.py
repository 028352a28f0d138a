"""What the page of the model says of the classes, read from the classes themselves."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from enum import Enum
from functools import cache

from attrs import frozen

from crmcx.models.base import Model, Part, Record
from crmcx.models.fields import Leaf, leaves, parts
from crmcx.tables.schema import RECORDS, leaf_columns

CODED = {cls.__name__: cls for cls in RECORDS if "code" in cls.model_fields}
"""The classes whose records are named by a code of their own."""


@frozen
class Field:
    """One field of a class."""

    name: str
    """Its name."""
    annotation: ast.expr
    """Its type as the class writes it, without None and without what `Annotated` adds."""
    meaning: str
    """Its docstring."""
    leaves: tuple[Leaf, ...]
    """Its scalars; none for parts."""
    part: type[Part] | None
    """The class of its parts."""
    named: type[Record] | None
    """The class of which it holds a code."""
    enum: type[Enum] | None
    """The class of its words."""

    @property
    def word(self) -> str:
        """The name of its type."""
        return ast.unparse(self.annotation)

    @property
    def columns(self) -> list[tuple[str, str | None]]:
        """Its columns, each with the unit of its numbers."""
        return [(column.name, column.unit) for leaf in self.leaves for column in leaf_columns(leaf)]


@frozen
class Relation:
    """That records of one class name records of another."""

    source: type[Record]
    target: type[Record]
    fields: tuple[str, ...]
    """By which fields; those of a part after its name."""
    by_code: bool
    """By a code, not by a reference."""


@cache
def fields_of(cls: type[Model]) -> tuple[Field, ...]:
    """The fields of a class in their order, for a record without the envelope."""
    found: dict[str, type[Model]] = {}
    for owner in reversed(cls.__mro__):
        if issubclass(owner, Model) and owner not in {Model, Part, Record}:
            found |= dict.fromkeys(_written(owner), owner)
    return tuple(_field(cls, name, owner) for name, owner in found.items() if name in cls.model_fields)


def _field(cls: type[Model], name: str, owner: type[Model]) -> Field:
    annotation, meaning = _written(owner)[name]
    bare = _bare(annotation)
    words = getattr(sys.modules[owner.__module__], ast.unparse(bare), None)
    return Field(
        name=name,
        annotation=bare,
        meaning=meaning,
        leaves=tuple(leaf for leaf in leaves(cls) if leaf.path[0] == name),
        part=parts(cls).get(name),
        named=_named(cls, name) if ast.unparse(bare) == "Code" else None,
        enum=words if isinstance(words, type) and issubclass(words, Enum) else None,
    )


@cache
def _written(owner: type) -> dict[str, tuple[ast.expr, str]]:
    """The fields that a class writes itself: how, and the docstring below."""
    (node,) = ast.parse(inspect.getsource(owner)).body
    return documented(node.body) if isinstance(node, ast.ClassDef) else {}


def documented(body: list[ast.stmt]) -> dict[str, tuple[ast.expr, str]]:
    """The annotations (or values) of names, each with the docstring that follows."""
    found = {}
    for statement, below in zip(body, [*body[1:], None], strict=True):
        if not (isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)):
            continue
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = statement.annotation, str(below.value.value)
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            found[statement.targets[0].id] = statement.value, str(below.value.value)
    return found


def _bare(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        return _bare(node.slice.elts[0])  # Annotated[X, ...] and tuple[X, ...]
    if isinstance(node, ast.BinOp):
        return _bare(node.left)  # X | None
    return node


def _named(cls: type[Model], field: str) -> type[Record] | None:
    """The class that a code names, where the field is called like the class or like its last word."""
    if field == "parent" and cls.__name__ in CODED:
        return CODED[cls.__name__]
    found = (each for name, each in CODED.items() if snake(name) == field or snake(name).endswith(f"_{field}"))
    return next(found, None) if field != "code" else None


def snake(name: str) -> str:
    """The name of a class as the name of a field."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def room_of(cls: type[Model]) -> str:
    """The module of a class."""
    return cls.__module__.rpartition(".")[2]


def rooms() -> dict[str, list[type[Record]]]:
    """The classes of records by room, in their order."""
    found: dict[str, list[type[Record]]] = {}
    for cls in RECORDS:
        found.setdefault(room_of(cls), []).append(cls)
    return found


def relations() -> tuple[Relation, ...]:
    """Which class names which, once per pair; what can point anywhere is left out."""
    tables = {cls.table: cls for cls in RECORDS}
    found: dict[tuple[type[Record], type[Record]], list[str]] = {}
    sure = set()
    for cls in RECORDS:
        for prefix, owner in (("", cls), *((f"{name}.", part) for name, part in parts(cls).items())):
            for field in fields_of(owner):
                target = field.named or next((tables[leaf.target] for leaf in field.leaves if leaf.target), None)
                if target is not None:
                    found.setdefault((cls, target), []).append(prefix + field.name)
                    sure |= set() if field.named else {(cls, target)}
    return tuple(
        Relation(source, target, tuple(names), (source, target) not in sure)
        for (source, target), names in found.items()
    )
