"""One column schema per class, derived from the class."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from attrs import frozen

from crmcx import models
from crmcx.models.base import Model, Part, Record
from crmcx.models.extension import custom_leaves
from crmcx.models.fields import Kind, Leaf, leaves, parts
from crmcx.models.values import Privacy


class DType(StrEnum):
    """The four types of columns."""

    INT64 = "int64"
    FLOAT64 = "float64"
    STRING = "string"
    BOOL = "bool"


_DTYPES = {
    Kind.INSTANT: DType.INT64,
    Kind.DAY: DType.INT64,
    Kind.DURATION: DType.INT64,
    Kind.EXACT: DType.INT64,
    Kind.WHOLE: DType.INT64,
    Kind.REAL: DType.FLOAT64,
    Kind.FLAG: DType.BOOL,
    Kind.WORD: DType.STRING,
}
INSTANTS = "microseconds since 1970, UTC"
"""The unit of columns of instants."""
_UNITS = {
    Kind.INSTANT: INSTANTS,
    Kind.DAY: "days since 1970",
    Kind.DURATION: "microseconds",
    Kind.EXACT: "millionths",
}


@frozen
class Column:
    """One column of a table."""

    name: str
    """Its name."""
    dtype: DType
    """Its type."""
    nullable: bool = True
    """Whether it may be empty."""
    unit: str | None = None
    """What one stands for, when it is a number with a unit."""
    privacy: Privacy = Privacy.NONE
    """How far a value may be shown."""
    leaf: Leaf | None = None
    """The leaf of the class it holds; None for keys and the envelope."""

    @property
    def is_key(self) -> bool:
        """Whether it only tells records apart."""
        return self.name in {"key", "person_id"} or self.name.endswith("_key")


@frozen
class TableSchema:
    """The columns of the table of one class."""

    name: str
    """Name of the table."""
    cls: type[Model]
    """The class whose objects are its rows."""
    columns: tuple[Column, ...]
    """Its columns in order."""
    parent: type[Record] | None = None
    """The class that a part belongs to."""

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in order."""
        return tuple(column.name for column in self.columns)

    @property
    def happened(self) -> str | None:
        """The column that says when a row happened; None for things that last."""
        owner = self.parent or self.cls
        field = getattr(owner, "happened", None)
        return next((leaf.column for leaf in leaves(owner) if leaf.path == (field,)), None)


ENVELOPE = (
    Column("key", DType.INT64, nullable=False),
    Column("source", DType.STRING, nullable=False),
    Column("source_id", DType.STRING, nullable=False),
    Column("known_us", DType.INT64, unit=_UNITS[Kind.INSTANT]),
    Column("version", DType.INT64),
    Column("raw_ref", DType.INT64),
    Column("content_hash", DType.INT64),
    Column("extra", DType.STRING, privacy=Privacy.SENSITIVE),
)
PERSON = Column("person_id", DType.INT64)


def leaf_columns(leaf: Leaf) -> tuple[Column, ...]:
    """The columns of one leaf: a reference has its text and its key."""
    column = Column(
        leaf.column,
        _DTYPES[leaf.kind],
        nullable=leaf.nullable,
        unit=_UNITS.get(leaf.kind),
        privacy=leaf.privacy,
        leaf=leaf,
    )
    if leaf.key_column is None:
        return (column,)
    return (column, Column(leaf.key_column, DType.INT64, nullable=leaf.nullable))


@cache
def schema_of(cls: type[Model]) -> TableSchema:
    """The schema of the table of a class.

    Args:
        cls: A class of records, or of the parts of records; a class of your own that adds fields has their columns too.

    Returns:
        For a record the envelope, then the columns of its leaves, then `person_id` when it has a customer (or is one).
        For a part the key of its parent, its position there, the parent's source and `known_us`, what it inherits,
        its own leaves, then `person_id` when it has a customer.
    """
    custom_leaves(cls)  # which refuses what a table cannot hold
    own = [column for leaf in leaves(cls) for column in leaf_columns(leaf)]
    if issubclass(cls, Part):
        parent = parent_of(cls)
        inherited = [column for leaf in leaves(parent) if leaf.path[0] in cls.inherits for column in leaf_columns(leaf)]
        head = [
            Column(parent_key(cls), DType.INT64, nullable=False),
            Column("position", DType.INT64, nullable=False),
            *(column for column in ENVELOPE if column.name in {"source", "known_us"}),
        ]
        columns = head + inherited + own
        return TableSchema(cls.table, cls, (*columns, *_person(columns)), parent=parent)
    if not issubclass(cls, Record):
        msg = f"{cls.__name__} has no table"
        raise TypeError(msg)
    person = (PERSON,) if cls.table == models.Customer.table else _person(own)
    return TableSchema(cls.table, cls, (*ENVELOPE, *own, *person))


def _person(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The column of the person, where there is a customer."""
    return (PERSON,) if any(column.name == "customer_key" for column in columns) else ()


@cache
def parent_of(part: type[Part]) -> type[Record]:
    """The class that has this part."""
    return next(cls for cls in RECORDS if part in parts(cls).values())


@cache
def parent_key(part: type[Part]) -> str:
    """The column of a part's table that holds the key of its parent."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parent_of(part).__name__).lower() + "_key"


RECORDS: tuple[type[Record], ...] = (
    models.Customer,
    models.Account,
    models.AccountChange,
    models.Touchpoint,
    models.Interaction,
    models.StageChange,
    models.Instrument,
    models.Invitation,
    models.Feedback,
    models.Lead,
    models.Deal,
    models.DealChange,
    models.DealLine,
    models.Pipeline,
    models.Case,
    models.CaseChange,
    models.Order,
    models.OrderLine,
    models.Payment,
    models.Subscription,
    models.SubscriptionChange,
    models.Product,
    models.Campaign,
    models.CampaignTouch,
    models.Consent,
    models.Preference,
    models.Employee,
    models.Team,
    models.BusinessCalendar,
    models.RateTable,
    models.Initiative,
)
"""Every class of records, in the order a reader would name them."""
PARTS: tuple[type[Part], ...] = tuple(part for cls in RECORDS for part in parts(cls).values())
"""Every class of parts."""
TABLES: dict[str, TableSchema] = {schema.name: schema for schema in map(schema_of, (*RECORDS, *PARTS))}
"""Every table by name."""


def key_of(table: str, ref: str) -> int:
    """The 63-bit key of a record: the low half of the MD5 of table and reference, without the sign bit.

    The same on every machine and engine; DuckDB computes it as `md5_number_lower(text) & 9223372036854775807`.

    Example:
        >>> key_of("customers", "crm:bank/4711") == key_of("customers", "crm:bank/4711")
        True
    """
    digest = hashlib.md5(f"{table}/{ref}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little") & (2**63 - 1)
