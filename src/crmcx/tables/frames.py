"""Checked frames: the way every metric and journey function takes its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from textwrap import fill
from typing import Any

import narwhals.stable.v2 as nw
from attrs import evolve, field, frozen
from narwhals.stable.v2.typing import IntoFrame

from crmcx import engines
from crmcx._html import html_table
from crmcx.errors import ColumnTypeError, MissingColumnError, UnsupportedEngineError, UsageError
from crmcx.models.base import Model, Part
from crmcx.tables.asked import AskedTable
from crmcx.tables.cells import to_columns
from crmcx.tables.schema import INSTANTS, Column, DType, TableSchema, parent_key, schema_of

_LARGEST_WHOLE_FLOAT = 2**53
_PAGE = 100


@frozen
class StoredTable:
    """A table of a workspace at one snapshot; wherever crmcx takes a table it takes this. Prints as its columns."""

    relation: Any
    """The DuckDB relation, for work of your own."""
    schema: TableSchema
    """Its columns."""
    snapshot: str
    """Id of the snapshot, as it stands in receipts."""
    ask_known_since: Callable[[], dict[str, datetime]] = field(default=dict, repr=False, eq=False)
    """Asks the store since when each source of its rows is known; see `known_since`."""
    ask_first_seen: Callable[[], Any] | None = field(default=None, repr=False, eq=False)
    """Asks the store when each of its rows was first seen: a relation of `key` and `first_us`."""

    def known_since(self) -> dict[str, datetime]:
        """Since when each source that has rows here is known: before that, nobody watched for its changes."""
        return self.ask_known_since()

    def __repr__(self) -> str:
        return "\n".join(
            [self._caption, *fill(", ".join(self.schema.names), _PAGE, break_on_hyphens=False).splitlines()]
        )

    @property
    def _caption(self) -> str:
        return f"{self.schema.name} of snapshot {self.snapshot}: {len(self.schema.columns)} columns"

    def _repr_html_(self) -> str:
        alike: dict[tuple[str, str], list[str]] = {}
        for column in self.schema.columns:
            alike.setdefault((column.dtype.value, column.unit or ""), []).append(column.name)
        rows = [(*kind, ", ".join(names)) for kind, names in alike.items()]
        return html_table(["type", "unit", "columns"], rows, self._caption)

    def rows(self) -> list[dict[str, Any]]:
        """All rows as dictionaries; for small tables."""
        return engines.rows(engines.to_lazy(self.relation))


@frozen
class KeyedTable:
    """A table whose rows are to be told by their keys: `take` brings the key along where the table has one."""

    data: Any
    """The table."""


@frozen
class Frame:
    """A table with known columns of known types, lazy on whatever engine it came from."""

    lazy: nw.LazyFrame[Any]
    """The needed and the wanted columns that exist, under their canonical names."""
    columns: frozenset[str]
    """The names present."""
    engine: str
    """The engine that works on it, in lower case."""
    snapshot: str | None
    """Id of the workspace snapshot it is a part of."""
    traced: bool = False
    """Whether its rows are to be told by their keys."""
    key: str | None = None
    """The column of the keys; None where nobody asked for them, or the table has none."""

    def having(self, condition: nw.Expr) -> Frame:
        """The rows for which a condition holds."""
        return evolve(self, lazy=self.lazy.filter(condition))


class MadeColumn(str):  # noqa: SLOT000 - it carries what it is made of
    """The name of a column to group by that `take` makes of another."""

    of: str
    """The column that it is made of."""

    def add(self, frame: Frame) -> Frame:
        """The frame with this column."""
        raise NotImplementedError


Table = Sequence[Model] | StoredTable | AskedTable | KeyedTable | IntoFrame
"""What functions take as a table: models, a table of a workspace or an answer of it, or a frame of any engine."""


def take(
    data: Table,
    cls: type[Model],
    *,
    needs: Sequence[str],
    wants: Sequence[str] = (),
    also: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
) -> Frame:
    """Check a table and bring it into the canonical form.

    Args:
        data: A list of objects of `cls` (for a part: of its parents), a pandas, Polars, PyArrow, DuckDB, PySpark or
            Narwhals frame, or a table of a workspace.
        cls: The class whose rows are expected.
        needs: Canonical names of columns that must be there.
        wants: Canonical names of columns that are taken when they are there.
        also: Names to group by. Needed too; where the class has no such column, the table's own is taken as it is.
        columns: Canonical name to the table's own name. An instant such as `occurred_us` may also be given as an
            aware datetime column, under the name `occurred_at`.

    Returns:
        A frame with exactly those columns, of type int64, float64, string or bool; those of `also` that the class does
        not have keep their type.

    Raises:
        MissingColumnError: A needed column is not there; names both what is missing and what is there.
        ColumnTypeError: A column has a type that cannot be read as the canonical one.
        UsageError: `columns` names a column that the class does not have.
        UnsupportedEngineError: It is no table.
    """
    data, key = _keyed(data, cls)
    made = [name for name in dict.fromkeys(also) if isinstance(name, MadeColumn)]
    also = [name for name in also if name not in made]
    needs = [*needs, *(name.of for name in made)]
    wants = [*wants, *([key] if key else [])]
    given = engines.to_lazy(_native(data, cls, {*needs, *wants, *also, *(columns or {}), *(columns or {}).values()}))
    frame, renames, own = _found(given, cls, needs=needs, wants=wants, also=also, columns=columns)
    selected = frame.select(*(nw.col(theirs).alias(name) for name, theirs in renames.items()))
    lazy, cast = _canonical(selected, cls, {name: name for name in renames if name not in own}, renames)
    snapshot = data.snapshot if isinstance(data, StoredTable | AskedTable) else None
    taken = Frame(
        lazy.select(*cast, *map(nw.col, own)),
        frozenset(renames),
        engines.engine_name(frame),
        snapshot,
        key is not None,
        key if key in renames else None,
    )
    for column in made:
        taken = column.add(taken)
    return taken


def _keyed(data: Any, cls: type[Model]) -> tuple[Any, str | None]:  # noqa: ANN401 - a table of any engine
    """The table itself, and the column of its key where the key is asked for."""
    if not isinstance(data, KeyedTable):
        return data, None
    return data.data, parent_key(cls) if issubclass(cls, Part) else "key"


@frozen
class Whole:
    """A table with all its columns as they are, and beside them some in the canonical form."""

    frame: Frame
    """The table."""
    own: tuple[str, ...]
    """Its own columns, in order."""
    held: Mapping[str, str]
    """Canonical name to the column beside that holds it; no column of its own is called so, whatever the case."""


def take_whole(
    data: Table,
    cls: type[Model],
    *,
    needs: Sequence[str],
    also: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
) -> Whole:
    """Check a table and keep all of it; arguments and errors are those of `take`."""
    given = engines.to_lazy(_native(data, cls))
    own = tuple(given.collect_schema().names())
    frame, renames, strangers = _found(given, cls, needs=needs, also=also, columns=columns)
    longest = max(map(len, frame.collect_schema().names()))
    held = {name: f"{'held':_<{longest}}_{number}" for number, name in enumerate(renames)}
    added = frame.with_columns(*(nw.col(theirs).alias(held[name]) for name, theirs in renames.items()))
    lazy, cast = _canonical(
        added,
        cls,
        {name: column for name, column in held.items() if name not in strangers},
        renames,
        only=list(held.values()),
    )
    lazy = lazy.with_columns(*cast).select(*own, *held.values())
    snapshot = data.snapshot if isinstance(data, StoredTable | AskedTable) else None
    made = Frame(lazy, frozenset([*own, *held.values()]), engines.engine_name(frame), snapshot)
    return Whole(made, own, held)


def _found(
    frame: nw.LazyFrame[Any],
    cls: type[Model],
    *,
    needs: Sequence[str],
    wants: Sequence[str] = (),
    also: Sequence[str],
    columns: Mapping[str, str] | None,
) -> tuple[nw.LazyFrame[Any], dict[str, str], list[str]]:
    """The frame, canonical name to the column that holds it, and the names to group by that the class lacks."""
    schema = schema_of(cls)
    own = [name for name in dict.fromkeys(also) if name not in schema]
    needs = [*needs, *(name for name in also if name in schema)]
    frame, renames = _rename(frame, schema, [*needs, *wants], columns or {})
    present = frame.collect_schema().names()
    renames |= {name: name for name in own if name in present}
    missing = [name for name in [*needs, *own] if name not in renames]
    if missing:
        there = ", ".join(sorted(present)) or "none"
        msg = f"the {schema.name} table lacks {', '.join(missing)}; it has: {there}"
        remedy = f'columns={{"{missing[0]}": "your column"}}'
        raise MissingColumnError(msg, hint=f"rename the columns, or pass {remedy}", missing=tuple(missing))
    return frame, renames, own


def _canonical(
    frame: nw.LazyFrame[Any],
    cls: type[Model],
    held: Mapping[str, str],
    renames: Mapping[str, str],
    only: Sequence[str] | None = None,
) -> tuple[nw.LazyFrame[Any], list[nw.Expr]]:
    """A frame whose columns have been checked, and the expressions that cast them.

    Args:
        frame: The frame.
        cls: The class.
        held: Canonical name to the column that holds it.
        renames: Canonical name to the table's own name, for errors.
        only: The columns that may change their type; all unless given.
    """
    schema = schema_of(cls)
    _demand_whole(frame, {n: column for n, column in held.items() if schema[n].dtype is DType.INT64}, renames)
    lazy = engines.nullable(frame, {column: schema[n].dtype.value for n, column in held.items()}, only)
    types = lazy.collect_schema()
    return lazy, [
        _cast(schema[name], renames[name], nw.col(column), types[column]).alias(column) for name, column in held.items()
    ]


def native_of(data: Any) -> Any:  # noqa: ANN401 - a table of any engine
    """The relation of a table or an answer of a workspace; anything else as it is."""
    return data.relation if isinstance(data, StoredTable | AskedTable) else data


def _native(data: Any, cls: type[Model], only: AbstractSet[str] | None = None) -> Any:  # noqa: ANN401 - of any engine
    """A frame or relation as it is; of a list of objects a frame, of those columns at least where all of them exist."""
    data = native_of(data)
    if isinstance(data, Model):
        data = [data]
    if not isinstance(data, Iterable) or hasattr(data, "columns") or hasattr(data, "__arrow_c_stream__"):
        return data
    objects = list(data)
    schema = schema_of(cls)
    owner = schema.parent if issubclass(cls, Part) else cls
    strangers = sorted({type(item).__name__ for item in objects if not isinstance(item, owner or cls)})
    if strangers:
        msg = f"the list holds {', '.join(strangers)}, expected {(owner or cls).__name__}"
        raise UnsupportedEngineError(msg, hint="pass models of one class, or a table")
    found: set[type[Model]] = {type(item) for item in objects}
    if len(found) == 1 and not issubclass(cls, Part):
        (cls,) = found  # which may be a class of one's own
        schema = schema_of(cls)
    if only is not None and not only <= set(schema.names):
        only = None  # so that whoever asks for a column that is not there hears of all that are
    made = to_columns(cls, objects, only)
    dtypes = {column.name: column.dtype.value for column in schema.columns if column.name in made}
    return engines.from_columns(made, dtypes)


def _rename(
    frame: nw.LazyFrame[Any], schema: TableSchema, names: Sequence[str], columns: Mapping[str, str]
) -> tuple[nw.LazyFrame[Any], dict[str, str]]:
    """The frame, and for each canonical name that is there the name of the column that holds it."""
    present = frame.collect_schema()
    instants: dict[str, str] = {}
    renames: dict[str, str] = {}
    for name in columns:
        if name not in schema and not _is_instant(name, schema):
            there = ", ".join(schema.names)
            msg = f"columns= names {name!r}, which the {schema.name} table does not have; it has: {there}"
            raise UsageError(msg, hint="use the canonical name as the key and your own as the value")
    for name in names:
        theirs = columns.get(name, name)
        if theirs in present.names():
            renames[name] = theirs
            continue
        spoken = f"{name.removesuffix('_us')}_at" if name.endswith("_us") else None
        theirs = columns.get(spoken, spoken) if spoken else ""
        if theirs in present.names():
            _demand_aware(theirs, present[theirs])
            instants[f"__{name}"] = theirs
            renames[name] = f"__{name}"
        elif columns.get(name) or (spoken and columns.get(spoken)):
            wanted = columns.get(name) or columns[spoken or ""]
            msg = f"columns= says {name} is {wanted!r}, which the table lacks; it has: {', '.join(present.names())}"
            raise MissingColumnError(msg, hint="check the spelling", missing=(wanted,))
    return engines.with_instants(frame, instants), renames


def _is_instant(name: str, schema: TableSchema) -> bool:
    """Whether a name such as `occurred_at` stands for a column of instants."""
    column = f"{name.removesuffix('_at')}_us"
    return name.endswith("_at") and column in schema and schema[column].unit == INSTANTS


def _demand_aware(name: str, dtype: nw.dtypes.DType) -> None:
    if not isinstance(dtype, nw.Datetime):
        msg = f"column {name!r} has type {dtype}, expected an aware datetime"
        raise ColumnTypeError(msg, hint="convert it, or pass integer microseconds since 1970 in UTC")
    if dtype.time_zone is None:
        msg = f"column {name!r} holds datetimes without a zone, expected aware ones"
        raise ColumnTypeError(
            msg, hint="attach the zone they were written in, e.g. dt.replace_time_zone('UTC') in Polars"
        )


def _demand_whole(frame: nw.LazyFrame[Any], held: Mapping[str, str], renames: Mapping[str, str]) -> None:
    """Demand that whole numbers that come as floats are whole, and so small that they kept their last digit."""
    types = frame.collect_schema()
    floats = [name for name, column in held.items() if types[column].is_float()]
    if not floats:
        return
    values = {name: nw.col(held[name]) for name in floats}
    (found,) = engines.rows(
        frame.select(
            *(value.abs().max().alias(f"{name}_largest") for name, value in values.items()),
            *((value - value.round()).abs().max().alias(f"{name}_part") for name, value in values.items()),
        )
    )
    for name in floats:
        if found[f"{name}_part"]:
            msg = f"column {renames[name]!r} holds numbers with a fraction, expected whole ones"
            raise ColumnTypeError(msg, hint=f"round them before the call; {name} is what it is taken for")
        if (found[f"{name}_largest"] or 0) >= _LARGEST_WHOLE_FLOAT:
            msg = f"column {renames[name]!r} holds whole numbers as floats, and they are so large that digits are lost"
            raise ColumnTypeError(msg, hint="read them as integers that can be missing, such as Int64 in pandas")


def _cast(column: Column, theirs: str, values: nw.Expr, dtype: nw.dtypes.DType) -> nw.Expr:
    fits_text = isinstance(dtype, nw.String | nw.Categorical | nw.Enum)
    fits = {
        DType.INT64: dtype.is_integer(),
        DType.FLOAT64: dtype.is_numeric(),
        DType.STRING: fits_text or isinstance(dtype, nw.Object),
        DType.BOOL: isinstance(dtype, nw.Boolean | nw.Object),
    }[column.dtype]
    if not fits and column.dtype is DType.INT64 and (dtype.is_float() or isinstance(dtype, nw.Object | nw.Unknown)):
        fits = True  # pandas writes integers with gaps as floats or objects
    if column.is_key and fits_text:
        return values.cast(nw.String())  # other people's ids are often text, and are only compared
    if not fits and not isinstance(dtype, nw.Unknown):
        msg = f"column {theirs!r} has type {dtype}, expected {column.dtype}{f' ({column.unit})' if column.unit else ''}"
        raise ColumnTypeError(msg, hint=f"convert it before the call; {column.name} is what it is taken for")
    kind = {DType.INT64: nw.Int64(), DType.FLOAT64: nw.Float64(), DType.STRING: nw.String(), DType.BOOL: nw.Boolean()}
    if dtype.is_float():
        values = nw.when(~values.is_nan()).then(values)  # to some engines, not a number is more than any
    return values.cast(kind[column.dtype])
