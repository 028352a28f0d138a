"""What metrics of your own share: what they are about, and how they are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self, overload

import narwhals.stable.v2 as nw
from attrs import field, fields, frozen

from crmcx.errors import UsageError, demand_one_of
from crmcx.estimates import Estimate, EstimateTable, Receipt
from crmcx.instants import Window
from crmcx.metrics._asking import By, Groups, answered, noted
from crmcx.metrics._conditions import Rows
from crmcx.metrics._grouping import Group, empty_group, grouped
from crmcx.metrics._question import Question, names_of
from crmcx.metrics._repeats import weighed, weight_reasons
from crmcx.models.base import Entity, Model
from crmcx.tables import TABLES, Frame, KeyedTable, Table, in_window, known_by, take

_PERSON = "person_id"
NOTHING = "no rows count"


def _table(given: type[Model] | str) -> str:
    name = given if isinstance(given, str) else str(getattr(given, "table", given.__name__))
    demand_one_of("of", name, TABLES)
    return name


def rows_as_given(given: Any) -> Rows:  # noqa: ANN401 - what `Rows` takes
    """The rows of a definition."""
    return given if isinstance(given, Rows) else Rows(given)


def _reasons(given: Any) -> tuple[tuple[str, Rows], ...]:  # noqa: ANN401 - reasons to what `Rows` takes
    pairs = given.items() if isinstance(given, Mapping) else given
    return tuple((reason, rows_as_given(rows)) for reason, rows in pairs)


@frozen(kw_only=True)
class Own:
    """What metrics of your own share."""

    name: str
    """Its name, as it stands in receipts."""
    of: str = field(converter=_table)
    """The class of its rows, or the name of their table."""
    version: int = 1
    """To be raised when the same definition is to give another number, as after a change in the source."""
    among: Rows = field(factory=Rows, converter=rows_as_given)
    """The rows it is about: column to words, or to a `Span`. Others are not looked at at all."""
    left_out: tuple[tuple[str, Rows], ...] = field(default=(), converter=_reasons)
    """Reason to rows that are left out under it, and counted there."""
    clock: str | None = None
    """The column of instants for `window`, `as_of` and `per`; when the rows happened unless given."""
    cluster: str | None = _PERSON
    """The column by which observations belong together; None where all are independent."""

    kind: ClassVar[str]

    def __attrs_post_init__(self) -> None:
        if self.clock is not None and self.clock not in TABLES[self.of]:
            msg = f"found clock={self.clock!r}, which the {self.of} table does not have"
            known = ", ".join(name for name in TABLES[self.of].names if name.endswith("_us"))
            raise UsageError(msg, hint=f"it has the instants {known}")

    def to_dict(self) -> dict[str, Any]:
        """The definition as JSON can hold it; `from_dict` makes the same of it."""
        told: dict[str, Any] = {"kind": self.kind}
        for each in fields(type(self)):
            value = getattr(self, each.name)
            if isinstance(value, Rows):
                value = value.to_dict()
            elif each.name == "left_out":
                value = {reason: rows.to_dict() for reason, rows in value}
            told[each.name] = value
        return told

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """The definition that `to_dict` told.

        Raises:
            UsageError: It is of another kind, or names something unknown.
        """
        given = dict(told)
        demand_one_of("kind", str(given.pop("kind", cls.kind)), (cls.kind,))
        known = {each.name for each in fields(cls)}
        if strangers := sorted(given.keys() - known):
            msg = f"found {', '.join(strangers)} in the definition of a {cls.kind}, which it does not have"
            raise UsageError(msg, hint=f"it has: {', '.join(sorted(known))}")
        return cls(**given)

    @overload
    def __call__(
        self,
        table: Table,
        *,
        by: None = None,
        window: Window | None = None,
        as_of: datetime | None = None,
        weights: str | None = None,
        level: float = 0.95,
        min_n: int | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> Estimate: ...
    @overload
    def __call__(
        self,
        table: Table,
        *,
        by: Groups,
        window: Window | None = None,
        as_of: datetime | None = None,
        weights: str | None = None,
        level: float = 0.95,
        min_n: int | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> EstimateTable: ...
    def __call__(self, table: Table, **options: Any) -> Estimate | EstimateTable:
        """Ask it of a table.

        Args:
            table: A list of models, a frame or a table of a workspace.
            options: `by`, `window`, `as_of` (of events only), `weights` (a column), `level`, `min_n`, `columns`, as of
                every metric.

        Raises:
            UsageError: `as_of` is asked of things that last: ask of them as they stood, such as of `deals_at`.
        """
        return noted(self._answer(table, options), self, (table,), options)

    def trace(self, table: Table, **options: Any) -> Estimate | EstimateTable:  # noqa: ANN401 - as of the call
        """The same with the rows behind it; `evidence` asks for it."""
        return self._answer(KeyedTable(table), options)

    def _answer(self, table: Any, options: Mapping[str, Any]) -> Estimate | EstimateTable:  # noqa: ANN401 - a table
        return answered(self._asked, (table,), options, self._clock or "")

    @property
    def _clock(self) -> str | None:
        return self.clock or TABLES[self.of].happened

    def _asked(
        self,
        table: Table,
        *,
        by: By = None,
        window: Window | None = None,
        as_of: datetime | None = None,
        weights: str | None = None,
        level: float = 0.95,
        min_n: int | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> Estimate | EstimateTable:
        told = {name: value for name, value in self.to_dict().items() if name not in {"name", "version", "cluster"}}
        question = Question(
            name=self.name,
            version=self.version,
            unit=self._unit,
            parameters={**told, "weights": weights},
            by=names_of(by),
            window=window,
            as_of=as_of,
            level=level,
            cluster=self.cluster,
            min_n=min_n,
        )
        frame = self._frame(table, question, weights, columns)
        receipt = question.receipt(frame)
        excluded = {reason: rows.holds() for reason, rows in self.left_out} | self._excluded
        if weights is not None:
            excluded |= weight_reasons(weights)
        groups, empty = self._grouped(frame, question, excluded, weights)
        return question.answer(groups, empty, lambda group: self._estimate(group, receipt, level))

    def _grouped(
        self, frame: Frame, question: Question, excluded: Mapping[str, nw.Expr], weights: str | None
    ) -> tuple[dict[tuple[Any, ...], Any], Any]:
        """The sums by group, and those of nothing."""
        return self._summed(frame, question, excluded, weights, self._value), self._empty(frame)

    def _summed(
        self,
        frame: Frame,
        question: Question,
        excluded: Mapping[str, nw.Expr],
        weights: str | None,
        value: nw.Expr,
    ) -> dict[tuple[Any, ...], Group]:
        return grouped(
            frame,
            by=question.by,
            cluster=self.cluster,
            excluded=excluded,
            value=value,
            counts=self._counts,
            real=self._real,
            weight=weights,
        )

    def _empty(self, frame: Frame) -> Group:
        return empty_group(tuple(self._counts), clustered=self.cluster is not None and self.cluster in frame.columns)

    def _frame(self, table: Table, question: Question, weights: str | None, columns: Mapping[str, str] | None) -> Frame:
        schema = TABLES[self.of]
        if question.as_of is not None and issubclass(schema.parent or schema.cls, Entity):
            msg = f"found as_of=, and {self.of} last: the table tells how they stand, not how they stood"
            raise UsageError(msg, hint="ask of the table as it stood then, such as what deals_at or cases_at gives")
        clock = self._clock
        dated = question.window is not None or question.as_of is not None
        if dated and clock is None:
            msg = f"found a date, and {self.name} has no clock"
            raise UsageError(msg, hint="name the column of instants in the definition, with clock=")
        named = [*self._columns, *self.among.columns, *(name for _, rows in self.left_out for name in rows.columns)]
        named += [*([clock] if dated and clock else []), *([weights] if weights else [])]
        own = [name for name in named if name not in schema]
        wants = ["known_us"]
        if self.cluster is not None:
            (wants if self.cluster in schema else own).append(self.cluster)
        needs = [name for name in dict.fromkeys(named) if name in schema]
        frame = take(table, schema.cls, needs=needs, wants=wants, also=[*question.by, *own], columns=columns)
        if self.among.parts:
            frame = frame.having(self.among.holds())
        if dated and clock:
            frame = frame if question.window is None else frame.having(in_window(frame, question.window, clock))
            frame = known_by(frame, question.as_of, clock)
        return frame if weights is None else weighed(frame, weights)

    @property
    def _unit(self) -> str:
        raise NotImplementedError

    @property
    def _columns(self) -> Sequence[str]:
        raise NotImplementedError

    @property
    def _value(self) -> nw.Expr:
        raise NotImplementedError

    @property
    def _real(self) -> bool:
        return True

    @property
    def _counts(self) -> dict[str, nw.Expr]:
        return {}

    @property
    def _excluded(self) -> dict[str, nw.Expr]:
        return {}

    def _estimate(self, group: Any, receipt: Receipt, level: float) -> Estimate:  # noqa: ANN401 - of `_grouped`
        raise NotImplementedError
