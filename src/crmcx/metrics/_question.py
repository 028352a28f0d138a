"""What every metric is asked with, and how its groups become an estimate or a table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from attrs import frozen

from crmcx.errors import UsageError
from crmcx.estimates import Definition, Estimate, EstimateTable, Receipt, table_of
from crmcx.instants import Window
from crmcx.tables import Frame

By = str | Sequence[str] | None
Group = TypeVar("Group")


def names_of(by: By) -> tuple[str, ...]:
    """The columns to group by.

    Raises:
        UsageError: One is named twice.
    """
    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    if len({name.lower() for name in names}) != len(names):
        msg = f"by names a column twice: {', '.join(names)}"
        raise UsageError(msg, hint="name each column once, whatever its case")
    return names


@frozen(kw_only=True)
class Question:
    """What one call asks, beside its tables."""

    name: str
    unit: str
    parameters: Mapping[str, Any]
    version: int = 1
    by: tuple[str, ...] = ()
    window: Window | None = None
    as_of: datetime | None = None
    level: float = 0.95

    def receipt(self, frame: Frame) -> Receipt:
        """The receipt of the numbers made from a frame."""
        definition = Definition(self.name, self.version, self.parameters)
        return Receipt(
            definition=definition, unit=self.unit, window=self.window, as_of=self.as_of, snapshot=frame.snapshot
        )

    def answer(
        self, groups: Mapping[tuple[Any, ...], Group], empty: Group, make: Callable[[Group], Estimate]
    ) -> Estimate | EstimateTable:
        """One estimate, or a table of them where groups were asked for."""
        if not self.by:
            return make(groups.get((), empty))
        return table_of(self.by, {key: make(group) for key, group in groups.items()})
