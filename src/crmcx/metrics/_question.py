"""What every metric is asked with, and how its groups become an estimate or a table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from attrs import evolve, frozen

from crmcx.errors import UsageError
from crmcx.estimates import Definition, Estimate, EstimateTable, Receipt, table_of
from crmcx.instants import Window
from crmcx.metrics._asking import By
from crmcx.metrics._trail import Traced
from crmcx.tables import Frame, Period

Group = TypeVar("Group")
__all__ = ["By", "Question", "names_of"]


def names_of(by: By) -> tuple[str, ...]:
    """The columns to group by.

    Raises:
        UsageError: One is named twice.
    """
    parts = () if by is None else (by,) if isinstance(by, str | Period) else tuple(by)
    names = tuple(part.kind if isinstance(part, Period) else part for part in parts)
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
    cluster: str | None = None
    min_n: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.min_n is not None and self.min_n < 1:
            msg = f"found min_n={self.min_n}, expected 1 or more"
            raise UsageError(msg, hint="say how many observations a value must rest on at least, or leave it out")

    def receipt(self, frame: Frame) -> Receipt:
        """The receipt of the numbers made from a frame."""
        definition = Definition(self.name, self.version, self.parameters)
        return Receipt(
            definition=definition,
            unit=self.unit,
            window=self.window,
            as_of=self.as_of,
            snapshot=frame.snapshot,
            cluster=self.cluster if self.cluster in frame.columns else None,
        )

    def answer(
        self, groups: Mapping[tuple[Any, ...], Group], empty: Group, make: Callable[[Group], Estimate]
    ) -> Estimate | EstimateTable:
        """One estimate, or a table of them where groups were asked for."""
        if not self.by:
            return self._told(groups, (), make(groups.get((), empty)))
        return table_of(self.by, {key: self._told(groups, key, make(group)) for key, group in groups.items()})

    def _told(self, groups: Mapping[tuple[Any, ...], Group], key: tuple[Any, ...], made: Estimate) -> Estimate:
        """The estimate, without its value where it rests on too little, and with its trail where one was laid."""
        if self.min_n is not None and made.value is not None and made.n < self.min_n:
            made = evolve(made, value=None, interval=None, reason=f"fewer than {self.min_n} observations")
        return evolve(made, trail=groups.trail_of(key)) if isinstance(groups, Traced) else made
