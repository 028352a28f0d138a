"""The journey log: who took which step when, with the recipe that made steps of interactions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw

from crmcx.errors import demand_one_of
from crmcx.estimates import Definition, Receipt
from crmcx.instants import Window, to_us
from crmcx.models import Interaction
from crmcx.tables import Table, in_window, known_by, rows, take, visible_to_customers

UNIT, AT, STEP, ID = "unit", "us", "step", "id"


class JourneyLog:
    """Interactions as steps of journeys.

    A row counts when it has a unit, an instant and a step; the functions say how many do not. Rows of one instant are
    ordered by what a function names, then by id; rows without an id that are equal in all used columns are
    interchangeable.

    Args:
        interactions: Interactions. Needs `occurred_us` and the columns of unit and step.
        step: Column that tells the step, such as `touchpoint`, `channel` or `kind`.
        unit: Column that tells whose journey it is: `person_id`, `session`, `case_key`.
        visibility: `customer` for what the customer could see, `all` for internal steps too.
        window: Days in which interactions count.
        as_of: Only what had happened, and was known, by then.
        columns: Canonical column name to the table's own.

    Raises:
        MissingColumnError: The table lacks a column.

    Example:
        >>> import polars as pl
        >>> log = JourneyLog(pl.DataFrame({"person_id": [1, 1], "occurred_us": [0, 5], "touchpoint": ["a", "b"]}))
        >>> log
        <journey log: touchpoint by person_id>
    """

    def __init__(
        self,
        interactions: Table,
        *,
        step: str = "touchpoint",
        unit: str = "person_id",
        visibility: str = "customer",
        window: Window | None = None,
        as_of: datetime | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        demand_one_of("visibility", visibility, ("customer", "all"))
        wants = ("key", "visibility", "known_us")
        frame = take(interactions, Interaction, needs=("occurred_us",), wants=wants, also=(unit, step), columns=columns)
        if visibility == "customer":
            frame = visible_to_customers(frame)
        if window is not None:
            frame = frame.having(in_window(frame, window, "occurred_us"))
        self._all = known_by(frame, as_of, "occurred_us")
        self._step = step
        self._unit = unit
        self._window = window
        self._as_of = as_of
        self.recipe: dict[str, str] = {"step": step, "unit": unit, "visibility": visibility}

    @property
    def as_of_us(self) -> int | None:
        """The knowledge date in microseconds; None for all that is there."""
        return None if self._as_of is None else to_us(self._as_of)

    @property
    def lazy(self) -> nw.LazyFrame[Any]:
        """The steps: `unit`, `us`, `step`, and `id` where the table has a key; only rows that count."""
        kept = [~nw.col(name).is_null() for name in (self._unit, "occurred_us", self._step)]
        named = [
            nw.col(self._unit).alias(UNIT),
            nw.col("occurred_us").alias(AT),
            nw.col(self._step).cast(nw.String()).alias(STEP),
        ]
        if "key" in self._all.columns:
            named.append(nw.col("key").alias(ID))
        return self._all.lazy.filter(*kept).select(*named)

    @property
    def tie_break(self) -> list[str]:
        """The column that orders rows of one instant, after what a function names."""
        return [ID] if "key" in self._all.columns else [STEP]

    def left_out(self) -> dict[str, int]:
        """How many rows do not count, under the first reason that holds."""
        unit, at, step = (nw.col(name).is_null() for name in (self._unit, "occurred_us", self._step))
        reasons = {"no_unit": unit, "no_instant": ~unit & at, "no_step": ~unit & ~at & step}
        ((row),) = rows(
            self._all.lazy.select(*(reason.cast(nw.Int64()).alias(name) for name, reason in reasons.items())).select(
                *(nw.col(name).sum() for name in reasons)
            )
        )
        return {name: int(row[name]) for name in reasons if row[name]}

    def receipt(self, name: str, version: int, unit: str, parameters: Mapping[str, object]) -> Receipt:
        """The receipt of a number made from this log."""
        definition = Definition(name, version, {**self.recipe, **parameters})
        return Receipt(
            definition=definition, unit=unit, window=self._window, as_of=self._as_of, snapshot=self._all.snapshot
        )

    def __repr__(self) -> str:
        return f"<journey log: {self._step} by {self._unit}>"
